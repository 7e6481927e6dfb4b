"""Facts for a review: what the rows say of an archived file, read for the checks of the score sheet."""

from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, joinedload

from cases.casework import steps
from cases.casework.clocks import Clock, ClockState
from cases.casework.days import local_date
from cases.casework.due import clocks_of, is_watched
from cases.casework.limits import limits_on
from cases.papers.kinds import KINDS
from cases.volume.checks import Pointer, ReviewFacts, Said, Served
from cases.volume.order import Order
from evidence import custody, custody_chain
from models.case_files import CaseFile, DefencePoint, FileDecision, FileHearing, FileNotice, FileOfficer, PaperService
from models.enums import Procedure
from models.exhibits import CustodyEvent, Exhibit
from models.papers import FilePaper
from models.retention import Deletion


def load(session: Session, file: CaseFile, order: Order, *, at: datetime) -> ReviewFacts:
    notice = session.scalar(
        select(FileNotice).where(FileNotice.file_id == file.id).order_by(FileNotice.version.desc()).limit(1)
    )
    decision = session.scalar(
        select(FileDecision)
        .where(FileDecision.file_id == file.id)
        .order_by(FileDecision.revoked_at.is_not(None), FileDecision.made_at.desc())
        .limit(1)
    )
    points = session.execute(
        select(DefencePoint.number, DefencePoint.answer).where(DefencePoint.file_id == file.id).order_by("number")
    ).all()
    papers = session.scalars(select(FilePaper.kind).where(FilePaper.file_id == file.id)).all()
    clocks = [clock for clock in clocks_of(session, file, at) if is_watched(clock)]
    exhibits, deleted, breaks = _evidence(session, file)
    return ReviewFacts(
        procedure=file.procedure,
        acts=tuple(
            (event.seq, event.act, event.done_on or local_date(event.at, file.timezone))
            for event in steps.events_of(session, file)
        ),
        officers=_officers(session, file),
        notice=Said(notice.outcome, notice.fine_fen, local_date(notice.made_at, file.timezone)) if notice else None,
        decision=Said(decision.outcome, decision.fine_fen, decision.decided_on) if decision else None,
        review_due=_review_due(session, file, decision),
        unanswered=tuple(number for number, answer in points if answer is None),
        points=len(points),
        served=_served(session, file),
        missed=tuple(_missed(clock) for clock in clocks if clock.state is ClockState.MISSED or clock.is_over),
        clocks=len(clocks),
        exhibits=exhibits,
        deleted=deleted,
        breaks=breaks,
        missing=order.missing(file.procedure, papers),
        names={kind.kind: kind.name for kind in KINDS},
    )


def _review_due(session: Session, file: CaseFile, decision: FileDecision | None) -> bool:
    """行政处罚法 art. 58: for a ground that a person named, after a hearing, or from an amount on."""
    if decision is None or file.procedure is Procedure.SIMPLE:
        return False
    held = exists().where(FileHearing.file_id == file.id, FileHearing.held_on.is_not(None))
    bound = limits_on(decision.decided_on).review_fen.value
    return bool(file.review_grounds) or (decision.fine_fen or 0) >= bound or bool(session.scalar(select(held)))


def _officers(session: Session, file: CaseFile) -> tuple[str, ...]:
    asked = (
        select(FileOfficer)
        .where(FileOfficer.file_id == file.id, FileOfficer.ended_at.is_(None))
        .order_by(FileOfficer.place)
        .options(joinedload(FileOfficer.user))
    )
    return tuple(f"{each.user.display_name} ({each.certificate})" for each in session.scalars(asked))


def _served(session: Session, file: CaseFile) -> tuple[Served, ...]:
    asked = (
        select(PaperService.paper, PaperService.served_on, PaperService.reference)
        .where(PaperService.file_id == file.id, PaperService.served_on.is_not(None))
        .order_by(PaperService.served_on, PaperService.id)
    )
    return tuple(Served(paper.value, on, reference) for paper, on, reference in session.execute(asked) if on)


def _missed(clock: Clock) -> Pointer:
    return Pointer("clock", clock.name, clock.due_on)


def _evidence(session: Session, file: CaseFile) -> tuple[int, int, tuple[str, ...]]:
    """How many exhibits, how many of them are deleted, and where the register breaks."""
    if file.incident_id is None:
        return 0, 0, ()
    gone = exists().where(Deletion.sha256 == Exhibit.sha256, Deletion.void_at.is_(None), Deletion.done_at.is_not(None))
    cited = select(func.count()).select_from(Exhibit).where(Exhibit.incident_id == file.incident_id)
    register = session.scalars(
        select(CustodyEvent).where(CustodyEvent.incident_id == file.incident_id).order_by(CustodyEvent.seq)
    )
    breaks = custody_chain.breaks([custody.entry_of(event) for event in register], str(file.incident_id))
    return session.scalar(cited) or 0, session.scalar(cited.where(gone)) or 0, tuple(breaks)
