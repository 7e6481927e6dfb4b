"""Escalation: the ladder of an incident climbed, each step in one transaction with its row, its promise and its event.

The rows say how far it is; cases/ladder.py says what follows. Whoever calls `proceed` may be killed at any
instruction and may not be alone: the row of the incident is locked first, and what was not committed did not happen.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from cases.telling import Told
from models.announcements import Announcement
from models.enums import (
    Act,
    Asker,
    CameraState,
    IncidentState,
    LadderAct,
    NoticeStatus,
    Offence,
    OutboxState,
    StepOutcome,
)
from models.escalation import LadderStep, LookRequest
from models.incidents import OPEN_STATES, Incident
from models.places import Camera, GeofenceVersion
from models.promises import Notice, OutboxMessage
from models.watching import CameraCondition

CLOCK_OF_LIVE = "capture times of the camera's pictures"
OWNER_ASKS_AGAIN_AFTER = timedelta(seconds=30)


def begin(session: Session, incident: Incident, *, at: datetime) -> None:
    """The first step, in the transaction that opens the incident: who can be told is promised a message at once."""
    _Climb.of(session, incident.id, at).go_on()


def proceed(session: Session, incident_id: uuid.UUID, *, at: datetime) -> None:
    """Takes in what came back, and does what is due. Where nothing is due, nothing happens."""
    _Climb.of(session, incident_id, at).go_on()


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
    climb = _Climb.of(session, incident_id, at)
    step = _open_step(session, incident_id)
    if step is None or step.act is not LadderAct.TELL_OWNER or "notice" in step.facts:
        return
    told = telling.tell_owner(session, climb.incident, at=at, register_asked=True)
    step.facts = told.facts
    if told.outcome is not None:
        climb.came_to(step, told.outcome, told.effective_at or at)
    climb.go_on()


def look_answered(
    session: Session, incident: Incident, answer: StepOutcome, *, seen_at: datetime, at: datetime
) -> None:
    """The camera looked: still there, as of `seen_at`. The ladder goes on where it was the ladder that asked."""
    climb = _Climb.of(session, incident.id, at)
    for request in _open_requests(session, incident.id):
        if request.asked_at <= seen_at:
            request.answer, request.answered_at = answer, at
    step = _open_step(session, incident.id)
    if step is not None and step.act is LadderAct.LOOK_AGAIN and step.began_at <= seen_at:
        climb.came_to(step, answer, seen_at)
    climb.go_on()


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
        select(
            LookRequest.incident_id,
            LookRequest.asked_at,
            LookRequest.asked_by,
            Incident.offence,
            GeofenceVersion.offences,
            LadderStep.rung,
        )
        .join(Incident, Incident.id == LookRequest.incident_id)
        .join(GeofenceVersion, GeofenceVersion.id == Incident.geofence_version_id)
        .outerjoin(LadderStep, and_(LadderStep.incident_id == Incident.id, LadderStep.outcome.is_(None)))
        .where(LookRequest.incident_id.in_(incident_ids), LookRequest.answer.is_(None))
    )
    wanted: dict[uuid.UUID, LookWanted] = {}
    for incident_id, asked_at, by, offence, offences, rung in rows:
        if incident_id not in wanted or by is Asker.LADDER:
            is_last = by is Asker.LADDER and rung is not None and _last_look(offence, offences[offence.value], rung)
            wanted[incident_id] = LookWanted(incident_id, asked_at, is_last)
    return list(wanted.values())


def _last_look(offence: Offence, rule: Mapping[str, Any], rung: int) -> bool:
    """A stall is looked at after each warning; only what the last look shows decides what becomes of it."""
    later = ladder_of(offence, rule).rungs[rung + 1 :]
    return not any(each.act is LadderAct.LOOK_AGAIN for each in later)


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


@dataclass(frozen=True)
class _Climb:
    """An incident on its ladder at one moment: its row is locked, and what its place says of the ladder is at hand."""

    session: Session
    incident: Incident
    ladder: Ladder
    grace_s: float
    at: datetime

    @classmethod
    def of(cls, session: Session, incident_id: uuid.UUID, at: datetime) -> "_Climb":
        incident = _loaded(session, incident_id)
        rule = incident.geofence_version.offences[incident.offence.value]
        return cls(session, incident, ladder_of(incident.offence, rule), float(rule.get("grace_s", 0.0)), at)

    def go_on(self) -> None:
        """As far up as it goes at this moment."""
        zone = ZoneInfo(self.incident.camera.site.timezone)
        quiet = self.ladder.is_quiet(self.at.astimezone(zone), _is_holiday_in(self.ladder.holidays))
        while self.incident.state in OPEN_STATES:
            steps = steps_of(self.session, self.incident.id)
            if steps and steps[-1].outcome is None:
                self._take_in(steps[-1])
            taken = [_taken(step) for step in steps]
            verdict = next_step(self.ladder, taken, grace_s=self.grace_s, at=self.at, is_quiet=quiet)
            match verdict:
                case Wait(until):
                    self.incident.next_step_at = until
                    self.session.flush()
                    return
                case Over():
                    break
                case Expire(outcome):
                    self.came_to(steps[-1], outcome, self.at)
                case Do():
                    self._do(verdict, len(steps) + 1)
        self.incident.next_step_at = None
        self.session.flush()

    def _take_in(self, step: LadderStep) -> None:
        """The answer to an open step, where there is one."""
        answer = None
        if step.act is LadderAct.TELL_OWNER and "notice" in step.facts:
            answer = telling.answer_of_notice(self.session, uuid.UUID(step.facts["notice"]), self.at)
        elif step.act is LadderAct.ANNOUNCE:
            answer = telling.answer_of_announcement(self.session, uuid.UUID(step.facts["message"]), self.at)
        if answer is not None:
            self.came_to(step, *answer)

    def _do(self, step: Do, seq: int) -> None:
        told = Told(step.outcome, self.at) if step.outcome is not None else self._done(step.act, seq)
        row = LadderStep(
            incident_id=self.incident.id,
            seq=seq,
            rung=step.rung,
            act=step.act,
            began_at=self.at,
            answer_by=self.at + timedelta(seconds=step.answer_within_s),
            facts=told.facts,
        )
        self.session.add(row)
        self.session.flush()
        if told.outcome is not None:
            self.came_to(row, told.outcome, told.effective_at or self.at)

    def _done(self, act: LadderAct, seq: int) -> Told:
        match act:
            case LadderAct.TELL_OWNER:
                return telling.tell_owner(self.session, self.incident, at=self.at)
            case LadderAct.ANNOUNCE:
                return telling.announce(self.session, self.incident, seq, at=self.at)
            case LadderAct.TELL_OFFICER:
                return telling.tell_officers(self.session, self.incident, at=self.at)
            case LadderAct.LOOK_AGAIN:
                self.session.add(LookRequest(incident_id=self.incident.id, asked_by=Asker.LADDER, asked_at=self.at))
                return Told(None)
            case LadderAct.DRAFT:
                return self._draft()

    def _draft(self) -> Told:
        """A person takes over; where the place only warns in this phase, the matter ends with the warnings."""
        if self.incident.geofence_version.warning_only:
            self._advance(Act.WARNED_ONLY, self.incident.last_seen_at)
        else:
            self._advance(Act.GRACE_EXPIRED, self.incident.last_seen_at)
            draft_case.compose(self.session, self.incident.id, at=self.at)
        return Told(StepOutcome.DONE, self.at)

    def came_to(self, step: LadderStep, outcome: StepOutcome, effective_at: datetime) -> None:
        """The step has ended; where the grace begins with it, it begins; where sight is lost, a person is asked."""
        step.outcome, step.effective_at = outcome, effective_at
        self.session.flush()
        if step.act is not LadderAct.DRAFT:  # its event is that of the draft itself
            facts = {"act": step.act.value, "outcome": outcome.value, **step.facts}
            self._advance(Act.STEP_TAKEN, effective_at, facts)
        if outcome is StepOutcome.CANNOT_SEE:
            why = _why_not_seen(self.session, self.incident.camera_id)
            self._advance(Act.SIGHT_LOST, self.incident.last_seen_at, {"why": why})
            call_off(self.session, self.incident, StepOutcome.CANNOT_SEE, at=self.at)
            return
        taken = [_taken(each) for each in steps_of(self.session, self.incident.id)]
        if self.incident.state is IncidentState.OBSERVED and waits_out_the_grace(self.ladder, taken):
            self.incident.grace_ends_at = effective_at + timedelta(seconds=self.grace_s)
            facts = {"grace_s": self.grace_s, "clock": CLOCK_OF_LIVE, "after": step.act.value, "outcome": outcome.value}
            self._advance(Act.GRACE_STARTED, effective_at, facts)

    def _advance(self, act: Act, conduct_at: datetime, facts: dict[str, Any] | None = None) -> None:
        advance(self.session, self.incident, act, actor=PROGRAM, at=self.at, conduct_at=conduct_at, facts=facts)


def _taken(step: LadderStep) -> Taken:
    return Taken(step.rung, step.act, step.answer_by, step.outcome, step.effective_at)


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
