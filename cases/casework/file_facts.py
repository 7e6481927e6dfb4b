"""File facts: what the rows say of a case file, as the values that the gates are asked with.

Reading only. Last days are those that the clocks show (cases/casework/clocks.toml).
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from cases import goods
from cases.casework import outcomes
from cases.casework.clock_facts import clock_facts
from cases.casework.clocks import clocks
from cases.casework.days import local_date
from cases.casework.gates import (
    CaseFacts,
    DecisionFact,
    HearingFact,
    ItemFact,
    NoticeFact,
    OfficerFact,
    Span,
    Taker,
)
from cases.casework.limits import Limits, limits_on
from cases.casework.steps import events_of
from cases.casework.table import STEPS
from cases.law import catalogue
from cases.law.items import LawItem, Subject
from cases.service.owed import owed
from models.case_files import (
    CaseFile,
    DefencePoint,
    FileDecision,
    FileEvent,
    FileHearing,
    FileNotice,
    FileOfficer,
    PaperService,
    Qualification,
)
from models.enums import (
    CaseSource,
    FileAct,
    FileState,
    OutcomeKind,
    PartyKind,
    PartyRole,
    QualificationKind,
    ServedPaper,
)
from models.incidents import Incident
from models.parties import FileParty, FileVehicle, Party
from models.people import User
from models.places import Camera

# where a matter stands on which nobody is fined any more, or not yet: no second one is barred by it
BARS_NO_OTHER = (
    FileState.REGISTERED,
    FileState.NOT_FILED,
    FileState.WITHDRAWN,
    FileState.TRANSFERRED,
    FileState.REVOKED,
)
# steps that lead back into the investigation: what was reviewed before counts no longer
BACK_TO_FILED = frozenset({FileAct.REOPEN, FileAct.FAIL_LEGAL_REVIEW, FileAct.MAKE_ORDINARY})


def load(session: Session, file: CaseFile, at: datetime) -> CaseFacts:
    """What is known of the case file at that time."""
    on = local_date(at, file.timezone)
    limits = limits_on(on)
    events = events_of(session, file)
    conduct_on = local_date(file.conduct_to_at, file.timezone)
    officers = _officers(session, file)
    organisation = _is_organisation(session, file)
    notice = outcomes.newest_notice(session, file)
    decision = outcomes.holding_decision(session, file)
    points = session.execute(
        select(DefencePoint.number, DefencePoint.answer)
        .where(DefencePoint.file_id == file.id)
        .order_by(DefencePoint.number)
    ).all()
    seq = _Seqs(events)
    last_days = last_days_of(session, file, on) if notice or decision else {}
    return CaseFacts(
        procedure=file.procedure,
        state=file.state,
        source=file.source,
        timezone=file.timezone,
        limits=limits,
        registered_on=local_date(file.registered_at, file.timezone),
        conduct_from_on=local_date(file.conduct_from_at, file.timezone),
        conduct_to_on=conduct_on,
        organisation=organisation,
        item=_item(catalogue.item(session, file.law_code, conduct_on), organisation=organisation),
        item_now=_item(catalogue.item(session, file.law_code, on), organisation=organisation),
        officers=tuple(_officer_fact(session, each) for each in officers if each.ended_at is None),
        ever_officers=frozenset(each.user_id for each in officers),
        recused=recused_in(session, file.id),
        pursued_elsewhere=_pursued_elsewhere(session, file, limits),
        camera_lacks=_camera_lacks(session, file),
        review_asked=tuple(file.review_grounds),
        reviewed=seq.last(FileAct.PASS_LEGAL_REVIEW) > seq.last(*BACK_TO_FILED),
        review_due_after_hearing=seq.last(FileAct.HEARING_HELD) > seq.last(FileAct.PASS_LEGAL_REVIEW),
        notice=None if notice is None else _notice_fact(session, file, notice, last_days),
        defence_waived=_waived(events, since=seq.last(FileAct.NOTIFY), right="defence"),
        hearing_waived=_waived(events, since=seq.last(FileAct.NOTIFY), right="hearing"),
        points=len(points),
        unanswered=tuple(number for number, answer in points if answer is None),
        hearing=None if notice is None else _hearing(session, notice),
        decision=None if decision is None else _decision_fact(session, file, decision, last_days),
        owed_fen=owed(session, file, on).account.owed_fen,
        is_corrected=_is_corrected(session, file, seq),
        court_asked=seq.last(FileAct.COURT_ASKED) > 0,
        reported=seq.last(FileAct.REPORTED) > seq.last(FileAct.DECIDE),
        goods_held=tuple(each.item.number for each in goods.still_held(session, file.id)),
        volume_made=seq.last(FileAct.VOLUME_MADE) > seq.last(*STEPS),
    )


def taker_of(session: Session, user: User) -> Taker:
    return Taker(user.id, _spans(session, user.id, QualificationKind.LEGAL))


def recused_in(session: Session, file_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Who has stood back, or was made to, in this matter: for good."""
    asked = select(FileEvent.facts).where(FileEvent.file_id == file_id, FileEvent.act == FileAct.OFFICER_RECUSED)
    return frozenset(uuid.UUID(facts["user"]) for facts in session.scalars(asked))


class _Seqs:
    """The number of the newest event of an act; 0: there is none."""

    def __init__(self, events: Sequence[FileEvent]) -> None:
        self._last = {event.act: event.seq for event in events}

    def last(self, *acts: FileAct) -> int:
        return max(self._last.get(act, 0) for act in acts)


def _officers(session: Session, file: CaseFile) -> list[FileOfficer]:
    """All there ever were; `user` is loaded."""
    asked = select(FileOfficer).where(FileOfficer.file_id == file.id).options(joinedload(FileOfficer.user))
    return list(session.scalars(asked.order_by(FileOfficer.place, FileOfficer.assigned_at)))


def _officer_fact(session: Session, officer: FileOfficer) -> OfficerFact:
    certified = _spans(session, officer.user_id, QualificationKind.ENFORCEMENT)
    return OfficerFact(officer.user_id, officer.user.display_name, certified)


def _spans(session: Session, user_id: uuid.UUID, kind: QualificationKind) -> tuple[Span, ...]:
    asked = select(Qualification.valid_from, Qualification.valid_to).where(
        Qualification.user_id == user_id, Qualification.kind == kind
    )
    return tuple(Span(first, last) for first, last in session.execute(asked.order_by(Qualification.valid_from)))


def _is_organisation(session: Session, file: CaseFile) -> bool:
    """Whether the party is a company. Of a shop the person who runs it is the party; of none the lower limits hold."""
    kinds = session.scalars(
        select(Party.kind)
        .join(FileParty, FileParty.party_id == Party.id)
        .where(FileParty.file_id == file.id, FileParty.role == PartyRole.PARTY, FileParty.ended_at.is_(None))
    ).all()
    return bool(kinds) and all(kind is PartyKind.COMPANY for kind in kinds)


def _item(item: LawItem | None, *, organisation: bool) -> ItemFact | None:
    """What the item allows against such a party; None: nothing."""
    limits = None if item is None else item.limits.get(Subject.ORGANISATION if organisation else Subject.CITIZEN)
    if item is None or limits is None:
        return None
    outcomes_there = {OutcomeKind.NO_PENALTY}
    if limits.warning:
        outcomes_there.add(OutcomeKind.WARNING)
    if limits.fined:
        outcomes_there.add(OutcomeKind.FINE)
    return ItemFact(
        provision_id=item.version_id or item.code,
        least_fen=limits.fine_min_fen,
        most_fen=limits.fine_max_fen,
        outcomes=frozenset(outcomes_there),
        long_limitation=item.long_limitation,
    )


def _pursued_elsewhere(session: Session, file: CaseFile, limits: Limits) -> tuple[str, ...]:
    """Case files on the same act: the same item or offence, party or vehicle, at the same place, and a conduct that
    runs into this one with no more than the gap between.
    """
    gap = timedelta(hours=limits.same_act_hours.value)
    same_place = CaseFile.place == file.place
    if file.camera_id is not None:
        same_place = or_(same_place, CaseFile.camera_id == file.camera_id)
    same_conduct: ColumnElement[bool] = CaseFile.law_code == file.law_code
    if file.offence is not None:
        same_conduct = or_(same_conduct, CaseFile.offence == file.offence)
    others = session.scalars(
        select(CaseFile).where(
            CaseFile.id != file.id,
            CaseFile.state.not_in(BARS_NO_OTHER),
            CaseFile.conduct_from_at <= file.conduct_to_at + gap,
            CaseFile.conduct_to_at >= file.conduct_from_at - gap,
            same_conduct,
            same_place,
        )
    ).all()
    if not others:
        return ()
    own = _whose(session, file)
    return tuple(other.number or other.title for other in others if own & _whose(session, other))


def _whose(session: Session, file: CaseFile) -> frozenset[str]:
    """Plates and parties by which two matters are known to be about the same."""
    plates = set(session.scalars(select(FileVehicle.plate).where(FileVehicle.file_id == file.id)))
    plates |= set(
        session.scalars(select(Incident.plate).where(Incident.id == file.incident_id, Incident.plate.is_not(None)))
    )
    parties = session.execute(
        select(Party.id, Party.merged_into_id)
        .join(FileParty, FileParty.party_id == Party.id)
        .where(FileParty.file_id == file.id, FileParty.role == PartyRole.PARTY, FileParty.ended_at.is_(None))
    )
    return frozenset(plates) | {str(merged or party) for party, merged in parties}


def _camera_lacks(session: Session, file: CaseFile) -> tuple[str, ...]:
    """Which papers its camera had not on a day of the conduct."""
    if file.source is not CaseSource.CAMERA or file.camera_id is None:
        return ()
    camera = session.get_one(Camera, file.camera_id)
    days = {local_date(at, file.timezone) for at in (file.conduct_from_at, file.conduct_to_at)}
    return tuple(sorted({paper for day in days for paper in camera.discovery_only(day)}))


def _waived(events: Sequence[FileEvent], *, since: int, right: str) -> bool:
    """Whether the party gave the right up in writing since it was told (行政处罚法 art. 62)."""
    return any(
        each.act is FileAct.DEFENCE_WAIVED and each.seq > since and right in each.facts["rights"] for each in events
    )


def served_on(session: Session, file: CaseFile, paper: ServedPaper, since: datetime) -> date | None:
    """When the paper reached the party first, of the attempts begun since; None: it has not."""
    return session.scalar(
        select(func.min(PaperService.served_on)).where(
            PaperService.file_id == file.id, PaperService.paper == paper, PaperService.recorded_at >= since
        )
    )


def _notice_fact(session: Session, file: CaseFile, notice: FileNotice, last_days: Mapping[str, date]) -> NoticeFact:
    served = served_on(session, file, ServedPaper.NOTICE, notice.made_at)
    return NoticeFact(
        outcome=outcomes.of_notice(notice),
        told_on=local_date(notice.made_at, file.timezone),
        served_on=served,
        defence_until=None if served is None else last_days.get("defence"),
        hearing_until=None if served is None else last_days.get("hearing_request"),
    )


def last_days_of(session: Session, file: CaseFile, on: date) -> dict[str, date]:
    """The last day of the newest clock of each name that has begun; as long as it was extended, where it was."""
    facts = clock_facts(session, [file])[file.id]
    return {each.rule.name: each.due_on for each in clocks(facts, on)}


def _hearing(session: Session, notice: FileNotice) -> HearingFact | None:
    """The one that was asked for on this notice."""
    asked = session.scalar(select(FileHearing).where(FileHearing.notice_id == notice.id))
    return None if asked is None else HearingFact(is_over=asked.held_on is not None or asked.given_up_on is not None)


def _decision_fact(
    session: Session, file: CaseFile, decision: FileDecision, last_days: Mapping[str, date]
) -> DecisionFact:
    served = served_on(session, file, ServedPaper.DECISION, decision.made_at)
    return DecisionFact(
        outcome=outcomes.of_decision(decision),
        served_on=served,
        payment_until=None if served is None else last_days.get("payment"),
    )


def _is_corrected(session: Session, file: CaseFile, seq: _Seqs) -> bool:
    """An officer put it on record, or the camera saw the place without it."""
    if seq.last(FileAct.CORRECTED) > 0:
        return True
    left = select(Incident.left_at).where(Incident.id == file.incident_id)
    return file.incident_id is not None and session.scalar(left) is not None
