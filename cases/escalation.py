"""Escalation: the ladder of an incident climbed, each step in one transaction with its row, its promise and its event.

The rows say how far it is; cases/ladder.py says what follows. Whoever calls `proceed` may be killed at any
instruction and may not be alone: the row of the incident is locked first, and what was not committed did not happen.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from cases import dispatch, draft_case, telling
from cases.ladder import Do, Expire, Ladder, Over, Taken, Wait, ladder_of, next_step, waits_out_the_grace
from cases.lifecycle import PROGRAM, advance
from models.announcements import Announcement
from models.enums import Act, Asker, CameraState, IncidentState, LadderAct, NoticeStatus, OutboxState, StepOutcome
from models.escalation import LadderStep, LookRequest
from models.incidents import OPEN_STATES, Incident
from models.places import Camera, GeofenceVersion
from models.promises import Notice, OutboxMessage
from models.watching import CameraCondition

CLOCK_OF_LIVE = "capture times of the camera's pictures"
OWNER_ASKS_AGAIN_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Begun:
    """What doing a step came to so far. outcome None: its answer is waited for."""

    outcome: StepOutcome | None
    effective_at: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def begin(session: Session, incident: Incident, *, at: datetime) -> None:
    """The first step, in the transaction that opens the incident: who can be told is promised a message at once."""
    _climb(session, _loaded(session, incident.id), at=at)


def proceed(session: Session, incident_id: uuid.UUID, *, at: datetime) -> None:
    """Takes in what came back, and does what is due. Where nothing is due, nothing happens."""
    _climb(session, _loaded(session, incident_id), at=at)


def due(session: Session, at: datetime) -> list[uuid.UUID]:
    """Incidents whose ladder is to be looked at: their time has come, or an answer that they wait for."""
    told = exists().where(
        LadderStep.incident_id == Incident.id,
        LadderStep.outcome.is_(None),
        LadderStep.act == LadderAct.TELL_OWNER,
        Notice.incident_id == Incident.id,
        OutboxMessage.id == Notice.outbox_message_id,
        or_(
            Notice.status.in_((NoticeStatus.DELIVERED, NoticeStatus.UNDELIVERED)),
            OutboxMessage.state == OutboxState.DEAD,
        ),
    )
    announced = exists().where(
        LadderStep.incident_id == Incident.id,
        LadderStep.outcome.is_(None),
        LadderStep.act == LadderAct.ANNOUNCE,
        Announcement.incident_id == Incident.id,
        OutboxMessage.id == Announcement.outbox_message_id,
        OutboxMessage.created_at >= LadderStep.began_at,  # the promise of this step, and of none before
        OutboxMessage.state.in_((OutboxState.SENT, OutboxState.DEAD)),
    )
    waiting = and_(Incident.next_step_at.is_not(None), or_(Incident.next_step_at <= at, told, announced))
    return list(session.scalars(select(Incident.id).where(waiting).order_by(Incident.next_step_at, Incident.id)))


def owners_wanted(session: Session) -> list[tuple[uuid.UUID, str]]:
    """Incidents whose vehicle our own rows do not know, with its plate: its owner is to be asked for elsewhere."""
    waiting = (
        select(Incident.id, Incident.plate)
        .join(LadderStep, LadderStep.incident_id == Incident.id)
        .where(
            LadderStep.outcome.is_(None),
            LadderStep.act == LadderAct.TELL_OWNER,
            ~exists().where(Notice.incident_id == Incident.id),
        )
        .order_by(LadderStep.began_at)
    )
    return [(incident_id, plate) for incident_id, plate in session.execute(waiting) if plate is not None]


def owner_asked_for(session: Session, incident_id: uuid.UUID, *, at: datetime) -> None:
    """The register was asked for the owner: who is known now is told, and otherwise the ladder goes on."""
    incident = _loaded(session, incident_id)
    step = _open_step(session, incident_id)
    if step is None or step.act is not LadderAct.TELL_OWNER or "notice" in step.facts:
        return
    told = telling.tell_owner(session, incident, at=at, register_asked=True)
    step.facts = told.facts
    if told.outcome is not None:
        _settled(session, incident, step, told.outcome, effective_at=told.effective_at or at, at=at)
    _climb(session, incident, at=at)


def look_answered(
    session: Session, incident: Incident, answer: StepOutcome, *, seen_at: datetime, at: datetime
) -> None:
    """The camera looked: still there, as of `seen_at`. The ladder goes on where it was the ladder that asked."""
    incident = _loaded(session, incident.id)
    for request in _open_requests(session, incident.id):
        if request.asked_at <= seen_at:
            request.answer, request.answered_at = answer, at
    step = _open_step(session, incident.id)
    if step is not None and step.act is LadderAct.LOOK_AGAIN and step.began_at <= seen_at:
        _end(session, incident, step, answer, effective_at=seen_at, at=at)
    _climb(session, incident, at=at)


def call_off(session: Session, incident: Incident, outcome: StepOutcome, *, at: datetime) -> None:
    """The matter ended outside of the ladder: nobody waits for anything any more."""
    for request in _open_requests(session, incident.id):
        request.answer, request.answered_at = outcome, at
    step = _open_step(session, incident.id)
    if step is not None:
        step.outcome, step.effective_at = outcome, at
    incident.next_step_at = None
    telling.no_use_any_more(session, incident.id, at=at)
    if outcome is StepOutcome.GONE:
        dispatch.withdraw(session, incident.id)
        _thank(session, incident, at)
    session.flush()


def _thank(session: Session, incident: Incident, at: datetime) -> None:
    version = session.get_one(GeofenceVersion, incident.geofence_version_id)
    if ladder_of(incident.offence, version.offences[incident.offence.value]).thanks:
        telling.thank_owner(session, incident, at=at)


def ask_to_look(session: Session, incident_id: uuid.UUID, by: Asker, *, at: datetime) -> bool:
    """Asks the camera to look now; False where there is nothing to look for, or the same was asked a moment ago."""
    incident = _loaded(session, incident_id)
    if incident.state not in OPEN_STATES or incident.recording_id is not None:
        return False
    newest = session.scalar(
        select(LookRequest.asked_at)
        .where(LookRequest.incident_id == incident_id, LookRequest.asked_by == by)
        .order_by(LookRequest.asked_at.desc())
        .limit(1)
    )
    if newest is not None and at - newest < OWNER_ASKS_AGAIN_AFTER:
        return False
    session.add(LookRequest(incident_id=incident_id, asked_by=by, asked_at=at))
    session.flush()
    return True


@dataclass(frozen=True)
class LookWanted:
    """asked_at: only a look at or after it answers. ends_grace: the answer decides what becomes of the incident."""

    incident_id: uuid.UUID
    asked_at: datetime
    ends_grace: bool


def looks_wanted(session: Session, incident_ids: Sequence[uuid.UUID]) -> list[LookWanted]:
    """What the camera that watches these incidents is asked, one line an incident; the ladder's wish comes first."""
    rows = session.execute(
        select(LookRequest.incident_id, LookRequest.asked_at, LookRequest.asked_by).where(
            LookRequest.incident_id.in_(incident_ids), LookRequest.answer.is_(None)
        )
    )
    wanted: dict[uuid.UUID, LookWanted] = {}
    for incident_id, asked_at, by in rows:
        if incident_id not in wanted or by is Asker.LADDER:
            wanted[incident_id] = LookWanted(incident_id, asked_at, by is Asker.LADDER)
    return list(wanted.values())


def steps_of(session: Session, incident_id: uuid.UUID) -> list[LadderStep]:
    return list(
        session.scalars(select(LadderStep).where(LadderStep.incident_id == incident_id).order_by(LadderStep.seq))
    )


def _loaded(session: Session, incident_id: uuid.UUID) -> Incident:
    """The incident with its row locked and read again, and what the ladder needs of its place."""
    session.flush()
    return session.execute(
        select(Incident)
        .where(Incident.id == incident_id)
        .options(
            joinedload(Incident.camera, innerjoin=True).joinedload(Camera.site, innerjoin=True),
            joinedload(Incident.geofence_version, innerjoin=True).joinedload(GeofenceVersion.geofence, innerjoin=True),
        )
        .with_for_update(of=Incident)
        .execution_options(populate_existing=True)
    ).scalar_one()


def _settled(
    session: Session,
    incident: Incident,
    step: LadderStep,
    outcome: StepOutcome,
    *,
    effective_at: datetime,
    at: datetime,
) -> None:
    rule = incident.geofence_version.offences[incident.offence.value]
    _came_to(
        session,
        incident,
        ladder_of(incident.offence, rule),
        step,
        outcome,
        grace_s=float(rule.get("grace_s", 0.0)),
        effective_at=effective_at,
        at=at,
    )


def _climb(session: Session, incident: Incident, *, at: datetime) -> None:
    rule = incident.geofence_version.offences[incident.offence.value]
    ladder = ladder_of(incident.offence, rule)
    grace_s = float(rule.get("grace_s", 0.0))
    quiet = ladder.is_quiet(at.astimezone(ZoneInfo(incident.camera.site.timezone)), _is_holiday_in(ladder.holidays))
    while incident.state in OPEN_STATES:
        steps = steps_of(session, incident.id)
        if steps and steps[-1].outcome is None:
            _take_in(session, incident, ladder, steps[-1], grace_s=grace_s, at=at)
        verdict = next_step(ladder, [_taken(step) for step in steps], grace_s=grace_s, at=at, is_quiet=quiet)
        match verdict:
            case Wait(until):
                incident.next_step_at = until
                session.flush()
                return
            case Over():
                break
            case Expire(outcome):
                _came_to(session, incident, ladder, steps[-1], outcome, grace_s=grace_s, effective_at=at, at=at)
            case Do():
                _do(session, incident, ladder, verdict, len(steps) + 1, grace_s=grace_s, at=at)
    incident.next_step_at = None
    session.flush()


def _taken(step: LadderStep) -> Taken:
    return Taken(step.rung, step.act, step.answer_by, step.outcome, step.effective_at)


def _do(
    session: Session, incident: Incident, ladder: Ladder, step: Do, seq: int, *, grace_s: float, at: datetime
) -> None:
    begun = Begun(step.outcome, at) if step.outcome is not None else _DOING[step.act](session, incident, seq, at)
    row = LadderStep(
        incident_id=incident.id,
        seq=seq,
        rung=step.rung,
        act=step.act,
        began_at=at,
        answer_by=at + timedelta(seconds=step.answer_within_s),
        facts=begun.facts,
    )
    session.add(row)
    session.flush()
    if begun.outcome is not None:
        _came_to(
            session, incident, ladder, row, begun.outcome, grace_s=grace_s, effective_at=begun.effective_at or at, at=at
        )


def _take_in(
    session: Session, incident: Incident, ladder: Ladder, step: LadderStep, *, grace_s: float, at: datetime
) -> None:
    """The answer to an open step, where there is one."""
    answer = None
    if step.act is LadderAct.TELL_OWNER and "notice" in step.facts:
        answer = telling.answer_of_notice(session, uuid.UUID(step.facts["notice"]), at)
    elif step.act is LadderAct.ANNOUNCE:
        answer = telling.answer_of_announcement(session, uuid.UUID(step.facts["message"]), at)
    if answer is not None:
        outcome, effective_at = answer
        _came_to(session, incident, ladder, step, outcome, grace_s=grace_s, effective_at=effective_at, at=at)


def _came_to(
    session: Session,
    incident: Incident,
    ladder: Ladder,
    step: LadderStep,
    outcome: StepOutcome,
    *,
    grace_s: float,
    effective_at: datetime,
    at: datetime,
) -> None:
    """The step has ended; where the grace begins with it, it begins; where sight is lost, a person is asked."""
    _end(session, incident, step, outcome, effective_at=effective_at, at=at)
    if outcome is StepOutcome.CANNOT_SEE:
        why = _why_not_seen(session, incident.camera_id)
        advance(
            session,
            incident,
            Act.SIGHT_LOST,
            actor=PROGRAM,
            at=at,
            conduct_at=incident.last_seen_at,
            facts={"why": why},
        )
        call_off(session, incident, StepOutcome.CANNOT_SEE, at=at)
        return
    taken = [_taken(each) for each in steps_of(session, incident.id)]
    if incident.state is IncidentState.OBSERVED and waits_out_the_grace(ladder, taken):
        incident.grace_ends_at = effective_at + timedelta(seconds=grace_s)
        advance(
            session,
            incident,
            Act.GRACE_STARTED,
            actor=PROGRAM,
            at=at,
            conduct_at=effective_at,
            facts={"grace_s": grace_s, "clock": CLOCK_OF_LIVE, "after": step.act.value, "outcome": outcome.value},
        )


def _end(
    session: Session,
    incident: Incident,
    step: LadderStep,
    outcome: StepOutcome,
    *,
    effective_at: datetime,
    at: datetime,
) -> None:
    """The step's row and its event; of a draft the event is that of the draft itself."""
    step.outcome, step.effective_at = outcome, effective_at
    session.flush()
    if step.act is not LadderAct.DRAFT:
        advance(
            session,
            incident,
            Act.STEP_TAKEN,
            actor=PROGRAM,
            at=at,
            conduct_at=effective_at,
            facts={"act": step.act.value, "outcome": outcome.value, **step.facts},
        )


def _tell_owner(session: Session, incident: Incident, _seq: int, at: datetime) -> Begun:
    told = telling.tell_owner(session, incident, at=at)
    return Begun(told.outcome, told.effective_at, told.facts)


def _announce(session: Session, incident: Incident, seq: int, at: datetime) -> Begun:
    told = telling.announce(session, incident, seq, at=at)
    return Begun(told.outcome, told.effective_at, told.facts)


def _tell_officer(session: Session, incident: Incident, _seq: int, at: datetime) -> Begun:
    told = telling.tell_officers(session, incident, at=at)
    return Begun(told.outcome, told.effective_at, told.facts)


def _look_again(session: Session, incident: Incident, _seq: int, at: datetime) -> Begun:
    session.add(LookRequest(incident_id=incident.id, asked_by=Asker.LADDER, asked_at=at))
    return Begun(None)


def _draft(session: Session, incident: Incident, _seq: int, at: datetime) -> Begun:
    """A person takes over; where the place only warns in this phase, the matter ends with the warnings."""
    if incident.geofence_version.warning_only:
        advance(session, incident, Act.WARNED_ONLY, actor=PROGRAM, at=at, conduct_at=incident.last_seen_at)
    else:
        advance(session, incident, Act.GRACE_EXPIRED, actor=PROGRAM, at=at, conduct_at=incident.last_seen_at)
        draft_case.compose(session, incident.id, at=at)
    return Begun(StepOutcome.DONE, at)


_DOING: dict[LadderAct, Callable[[Session, Incident, int, datetime], Begun]] = {
    LadderAct.TELL_OWNER: _tell_owner,
    LadderAct.ANNOUNCE: _announce,
    LadderAct.LOOK_AGAIN: _look_again,
    LadderAct.TELL_OFFICER: _tell_officer,
    LadderAct.DRAFT: _draft,
}


def _open_step(session: Session, incident_id: uuid.UUID) -> LadderStep | None:
    return session.scalar(select(LadderStep).where(LadderStep.incident_id == incident_id, LadderStep.outcome.is_(None)))


def _open_requests(session: Session, incident_id: uuid.UUID) -> Sequence[LookRequest]:
    return session.scalars(
        select(LookRequest).where(LookRequest.incident_id == incident_id, LookRequest.answer.is_(None))
    ).all()


def _why_not_seen(session: Session, camera_id: str) -> str:
    """What is known of the camera; a healthy one has the vehicle hidden, or out of its picture."""
    state = session.scalar(
        select(CameraCondition.state)
        .where(CameraCondition.camera_id == camera_id, CameraCondition.until_at.is_(None))
        .order_by(CameraCondition.since_at.desc())
        .limit(1)
    )
    if state is None or state is CameraState.WATCHING:
        return "no look showed the vehicle or its empty place"
    return f"the camera is {state.value.replace('_', ' ')}"


@cache
def _is_holiday_in(country: str | None) -> Callable[[date], bool]:
    """Public holidays of a country (ISO 3166), the days worked instead left out."""
    if country is None:
        return lambda _day: False
    known = holidays.country_holidays(country)
    return lambda day: day in known
