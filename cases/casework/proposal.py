"""The proposal for a case file, with its reasons, and the nearest decided cases beside it.

Read from the rows: what the camera saw, who was warned, what was decided before about the same party or vehicle, what
a person put on record. What follows from it is cases/law/discretion.py's; a person chooses. Nearest cases are ordered
by likeness and never by amount (行政处罚法 art. 74).
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from cases import parties
from cases.casework import limitation
from cases.casework.days import local_date
from cases.casework.errors import FileRefused
from cases.casework.limits import limits_on
from cases.casework.steps import By, events_of, note
from cases.entitlements import EVERYTHING, Scope
from cases.law import catalogue, discretion
from cases.law.discretion import Circumstances, Fact, Pointer, PointsAt, Prior, Proposal, Reason, Sense
from cases.law.items import LawItem, Subject
from cases.scope import files_within
from models.announcements import Announcement
from models.case_files import CaseFile, DefencePoint, FileDecision, FileEvent
from models.enums import (
    Act,
    AnnouncementState,
    FileAct,
    FileState,
    NoticeStatus,
    OutcomeKind,
    PartyKind,
    PartyRole,
    SpareGround,
)
from models.incidents import CaseEvent, Incident
from models.parties import FileParty, FileVehicle
from models.promises import Notice

CIRCUMSTANCES = "circumstances"  # under this key in the facts of FACTS_SAID
LOOKED_AT = 500  # newest decided cases of the same item
NEAR_HOURS = 2
# afterwards it is decided
MAY_BE_SAID = frozenset(
    {
        FileState.REGISTERED,
        FileState.FILED,
        FileState.INVESTIGATED,
        FileState.REVIEWED,
        FileState.NOTICED,
        FileState.HEARD,
    }
)


class SaidCircumstances(BaseModel):
    """What a person says of the conduct and the party. None: not known. shown_by: the exhibit or record that shows it.

    present: codes of circumstances that weigh (of the item, or of 行政处罚法 art. 30-32).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    corrected: bool | None = None
    slight: bool | None = None
    harm: Literal["none", "slight", "serious"] | None = None
    no_fault: bool = False
    under_14: bool = False
    not_accountable: bool = False
    present: tuple[str, ...] = ()
    shown_by: str = Field(min_length=1, max_length=300)


@dataclass(frozen=True)
class Alike:
    """A decided case. same: in what it is like this one. fine_fen: as it was decided; nothing is ordered by it."""

    file_id: uuid.UUID
    number: str | None
    title: str
    decided_on: date
    outcome: OutcomeKind
    fine_fen: int | None
    spare_ground: SpareGround | None
    band: str | None
    provision_id: str
    same: tuple[str, ...]


def law_on_the_day(session: Session, file: CaseFile) -> LawItem | None:
    """The item in force on the day of the conduct, that is on its last (行政处罚法 art. 36, 37)."""
    return catalogue.item(session, file.law_code, local_date(file.conduct_to_at, file.timezone))


def law_now(session: Session, file: CaseFile, at: datetime) -> LawItem | None:
    """The item in force when it is decided: it applies where it is milder (行政处罚法 art. 37)."""
    return catalogue.item(session, file.law_code, local_date(at, file.timezone))


def propose(session: Session, file: CaseFile, at: datetime, *, by_now: bool = False) -> Proposal:
    """By the law of the day of the conduct, and where the law changed since with a word on it; by_now: by the law that
    is in force now. Raises FileRefused where the catalogue has no such item on that day.
    """
    of_the_day, now = law_on_the_day(session, file), law_now(session, file, at)
    item = now if by_now else of_the_day
    if item is None:
        on = local_date(at if by_now else file.conduct_to_at, file.timezone)
        raise FileRefused("no_law_on_the_day", code=file.law_code, on=on.isoformat())
    facts = circumstances(session, file, item)
    proposal = discretion.propose(item, facts, provision_id=item.version_id or "")
    if of_the_day is None or (now is not None and now.version_id == of_the_day.version_id):
        return proposal
    if by_now:
        said = Reason("by_the_law_of_now", Sense.ASIDE, (Pointer(PointsAt.ARTICLE, "penalty-37"),))
    else:
        said = _law_changed(proposal, now, facts)
    return replace(proposal, reasons=(*proposal.reasons, said))


def circumstances(session: Session, file: CaseFile, item: LawItem) -> Circumstances:
    """What the rows show."""
    events = events_of(session, file)
    said, source = _newest_said(events)
    warnings = _warnings(session, file)
    conduct_on = local_date(file.conduct_to_at, file.timezone)
    return Circumstances(
        conduct_on=conduct_on,
        subject=_subject(session, file),
        corrected=_corrected(session, file, events, said, source),
        slight=_fact(said.slight if said else None, source),
        harm=_fact(said.harm if said else None, source),
        no_fault=_fact((said.no_fault or None) if said else None, source),
        under_14=_fact((said.under_14 or None) if said else None, source),
        not_accountable=_fact((said.not_accountable or None) if said else None, source),
        limitation_over=_limitation(file, item, conduct_on),
        priors=_priors(session, file, conduct_on),
        warnings=warnings,
        warned_by=(Pointer(PointsAt.INCIDENT, str(file.incident_id)),) if warnings else (),
        present=dict.fromkeys(said.present if said else (), source),
        defences=session.scalar(select(func.count()).where(DefencePoint.file_id == file.id)) or 0,
    )


def said_circumstances(session: Session, file: CaseFile) -> SaidCircumstances | None:
    """What a person said last; None: nobody has said anything."""
    return _newest_said(events_of(session, file))[0]


def say_circumstances(
    session: Session, file: CaseFile, given: dict[str, Any], *, by: By, at: datetime
) -> SaidCircumstances:
    """Puts on record what a person says of the conduct and the party; what was said before stays in the history.

    Raises FileRefused, StepRefused, DatedWrongly.
    """
    if file.state not in MAY_BE_SAID:
        raise FileRefused("circumstances_too_late", state=file.state.value)
    try:
        said = SaidCircumstances.model_validate(given)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise FileRefused("circumstances_without_record" if field == "shown_by" else "no_circumstances") from error
    item = law_on_the_day(session, file)
    unknown = [code for code in said.present if item is None or item.circumstance_named(code) is None]
    if unknown:
        raise FileRefused("unknown_circumstance", code=unknown[0])
    note(session, file, FileAct.FACTS_SAID, by=by, at=at, facts={CIRCUMSTANCES: said.model_dump(mode="json")})
    return said


def alike(
    session: Session, file: CaseFile, *, scope: Scope = EVERYTHING, proposal: Proposal | None = None, limit: int = 8
) -> list[Alike]:
    """The nearest decided cases of the same item, most alike first, then newest. What was revoked is left out."""
    rows = session.execute(
        select(FileDecision, CaseFile)
        .join(CaseFile, CaseFile.id == FileDecision.file_id)
        .where(
            CaseFile.law_code == file.law_code,
            CaseFile.id != file.id,
            FileDecision.revoked_at.is_(None),
            files_within(scope),
        )
        .order_by(FileDecision.decided_on.desc(), FileDecision.made_at.desc())
        .limit(LOOKED_AT)
    ).all()
    near = [
        Alike(
            other.id,
            other.number,
            other.title,
            decision.decided_on,
            decision.outcome,
            decision.fine_fen,
            decision.spare_ground,
            decision.band,
            decision.provision_id,
            tuple(_same(file, proposal, other, decision)),
        )
        for decision, other in rows
    ]
    return sorted(near, key=lambda each: -len(each.same))[:limit]  # newest first among equals: the sort is stable


# --- what the rows show


def _newest_said(events: Sequence[FileEvent]) -> tuple[SaidCircumstances | None, tuple[Pointer, ...]]:
    for event in reversed(events):
        if event.act is FileAct.FACTS_SAID and CIRCUMSTANCES in event.facts:
            said = SaidCircumstances.model_validate(event.facts[CIRCUMSTANCES])
            return said, (Pointer(PointsAt.EVENT, str(event.seq)),)
    return None, ()


def _fact(value: object, source: tuple[Pointer, ...]) -> Fact:
    return Fact() if value is None else Fact(value, source)


def _subject(session: Session, file: CaseFile) -> Fact:
    """Of a shop the person who runs it is the party."""
    kinds = [row.party.kind for row in parties.parties_of(session, file.id) if row.role is PartyRole.PARTY]
    if not kinds:
        return Fact()
    is_company = all(kind is PartyKind.COMPANY for kind in kinds)
    return Fact(Subject.ORGANISATION if is_company else Subject.CITIZEN)


def _corrected(
    session: Session,
    file: CaseFile,
    events: Sequence[FileEvent],
    said: SaidCircumstances | None,
    source: tuple[Pointer, ...],
) -> Fact:
    """Put right in time: a person's word first. Else what is on record: that it was put right, unless the grace had run
    out before, where whether it was still in time is a person's to say; that the grace ran out; that it left within it.
    """
    if said is not None and said.corrected is not None:
        return Fact(said.corrected, source)
    put_right = [event for event in events if event.act is FileAct.CORRECTED]
    on_record = tuple(Pointer(PointsAt.EVENT, str(event.seq)) for event in put_right)
    if file.incident_id is None:
        return Fact(value=True, source=on_record) if put_right else Fact()
    shown = (Pointer(PointsAt.INCIDENT, str(file.incident_id)),)
    acts = set(session.scalars(select(CaseEvent.act).where(CaseEvent.incident_id == file.incident_id)))
    if Act.GRACE_EXPIRED in acts:
        return Fact() if put_right else Fact(value=False, source=shown)
    left = session.scalar(select(Incident.left_at).where(Incident.id == file.incident_id))
    if left is not None:
        return Fact(value=True, source=shown)
    return Fact(value=True, source=on_record) if put_right else Fact()


def _limitation(file: CaseFile, item: LawItem, conduct_on: date) -> Fact:
    discovered_on = local_date(file.registered_at, file.timezone)
    limits = limits_on(discovered_on)
    years = limits.limitation_years_long if item.long_limitation else limits.limitation_years
    if not limitation.is_over(conduct_on, years.value, discovered_on):
        return Fact()
    return Fact(value=True, source=(Pointer(PointsAt.EVENT, "1"),))


def _warnings(session: Session, file: CaseFile) -> int:
    """Notices that were delivered and announcements that were played, of the incident."""
    if file.incident_id is None:
        return 0
    told = session.scalar(
        select(func.count()).where(Notice.incident_id == file.incident_id, Notice.status == NoticeStatus.DELIVERED)
    )
    said = session.scalar(
        select(func.count()).where(
            Announcement.incident_id == file.incident_id, Announcement.state == AnnouncementState.PLAYED
        )
    )
    return (told or 0) + (said or 0)


def _priors(session: Session, file: CaseFile, conduct_on: date) -> tuple[Prior, ...]:
    """Penalties that were decided before the conduct, about the same party or vehicle, and that hold."""
    others = _files_of_the_same(session, file)
    rows = session.execute(
        select(CaseFile.id, CaseFile.law_code, FileDecision.decided_on)
        .join(FileDecision, FileDecision.file_id == CaseFile.id)
        .where(
            CaseFile.id.in_(others),
            FileDecision.revoked_at.is_(None),
            FileDecision.outcome != OutcomeKind.NO_PENALTY,
            FileDecision.decided_on <= conduct_on,
        )
        .order_by(FileDecision.decided_on.desc(), CaseFile.id)
    )
    return tuple(Prior(str(file_id), code, decided_on) for file_id, code, decided_on in rows)


def _files_of_the_same(session: Session, file: CaseFile) -> set[uuid.UUID]:
    """Other case files of a party of this one, or of its vehicle."""
    own = [row.party for row in parties.parties_of(session, file.id) if row.role is PartyRole.PARTY]
    entries = {entry for party in own for entry in parties.entries_of(session, parties.standing(session, party).id)}
    found = set(
        session.scalars(
            select(FileParty.file_id).where(
                FileParty.party_id.in_(entries), FileParty.role == PartyRole.PARTY, FileParty.ended_at.is_(None)
            )
        )
    )
    return (found | _files_of_plates(session, _plates(session, file))) - {file.id}


def _plates(session: Session, file: CaseFile) -> set[str]:
    plates = set(session.scalars(select(FileVehicle.plate).where(FileVehicle.file_id == file.id)))
    seen = session.scalar(select(Incident.plate).where(Incident.id == file.incident_id))
    return plates | ({seen} if seen else set())


def _files_of_plates(session: Session, plates: Collection[str]) -> set[uuid.UUID]:
    if not plates:
        return set()
    asked = (
        select(CaseFile.id)
        .outerjoin(Incident, Incident.id == CaseFile.incident_id)
        .outerjoin(FileVehicle, FileVehicle.file_id == CaseFile.id)
        .where(or_(Incident.plate.in_(plates), FileVehicle.plate.in_(plates)))
    )
    return set(session.scalars(asked))


def _law_changed(proposal: Proposal, now: LawItem | None, facts: Circumstances) -> Reason:
    """行政处罚法 art. 37: what became milder, or is no offence any more, since the conduct."""
    article = (Pointer(PointsAt.ARTICLE, "penalty-37"),)
    if now is None:
        return Reason("no_offence_any_more", Sense.LIGHTER, article)
    by_now = discretion.propose(now, facts)
    lighter = (
        by_now.outcome is not None
        and proposal.outcome is not None
        and _weight(by_now.outcome, by_now.fine_min_fen) < _weight(proposal.outcome, proposal.fine_min_fen)
    )
    return Reason("law_is_milder_now" if lighter else "law_changed", Sense.LIGHTER if lighter else Sense.ASIDE, article)


def _weight(outcome: OutcomeKind, fen: int | None) -> tuple[int, int]:
    return (OutcomeKind.NO_PENALTY, OutcomeKind.WARNING, OutcomeKind.FINE).index(outcome), fen or 0


# --- likeness


def _same(file: CaseFile, proposal: Proposal | None, other: CaseFile, decision: FileDecision) -> Iterable[str]:
    """In what two cases are like each other, as keys of words."""
    if proposal is not None and proposal.band is not None and decision.band == proposal.band:
        yield "band"
    if proposal is not None and decision.proposed and _weighing(proposal.as_record()) == _weighing(decision.proposed):
        yield "circumstances"
    if other.place == file.place or (file.camera_id is not None and other.camera_id == file.camera_id):
        yield "place"
    elif file.area_id is not None and other.area_id == file.area_id:
        yield "area"
    if _hours_apart(file, other) <= NEAR_HOURS:
        yield "hour"
    if other.source is file.source:
        yield "source"


def _weighing(record: dict[str, Any]) -> set[tuple[str, str]]:
    """The reasons of a proposal that lighten or aggravate."""
    weighing = {Sense.SPARES.value, Sense.LIGHTER.value, Sense.HEAVIER.value}
    return {
        (reason["code"], str(reason["facts"].get("circumstance", "")))
        for reason in record.get("reasons", ())
        if reason["sense"] in weighing
    }


def _hours_apart(file: CaseFile, other: CaseFile) -> float:
    """Between the times of day of two conducts."""
    first, second = ((each.conduct_from_at.astimezone(ZoneInfo(each.timezone)).hour) for each in (file, other))
    apart = abs(first - second)
    return min(apart, 24 - apart)
