"""The ladder climbed on rows: who is told, from when the ten minutes run, and where every matter ends.

The clock is an argument, so a day passes in milliseconds. The camera's part is played by the functions it calls.
"""

import threading
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from cases import deadlines, escalation, incidents
from cases.incidents import Conduct
from detectors.geometry import Box
from models.database import Sessions, reading, transaction
from models.enums import (
    Act,
    Asker,
    CameraState,
    IncidentState,
    LadderAct,
    NoticeStatus,
    Offence,
    OutboxState,
    ReplyMeaning,
    StepOutcome,
)
from models.escalation import LookRequest
from models.incidents import CaseEvent, DraftCase, Incident
from models.people import Officer, Owner, User, Vehicle
from models.places import GeofenceVersion, Loudspeaker
from models.promises import Notice, OutboxMessage
from models.replies import DoNotContact, InboundReply
from models.watching import CameraCondition
from notify.errors import GatewayRefused
from tests import rows
from tests.cases.horn_scene import Device, Square, failing
from tests.conftest import Database
from tests.rows import after

PLATE = "浙J12345"
GRACE_S = 600.0


@dataclass
class Loop:
    """One street, one clock, and everything a test says about both."""

    sessions: Sessions
    version: uuid.UUID
    at: datetime
    seen: int = 0

    def opened(self, **differs: Any) -> uuid.UUID:
        """A vehicle is confirmed by the camera."""
        self.seen += 1
        conduct = Conduct(
            camera_id="gate-3",
            geofence_version_id=self.version,
            recording_id=None,
            offence=Offence.ILLEGAL_PARKING,
            first_seen_at=self.at - timedelta(seconds=63),
            stopped_at=self.at - timedelta(seconds=61),
            confirmed_at=self.at - timedelta(seconds=1),
            last_seen_at=self.at - timedelta(seconds=1),
            box=Box(100 * self.seen, 600, 100 * self.seen + 90, 900),
            confidence=0.9,
            seen_with=rows.SEEN_LIVE,
            plate=PLATE,
            plate_confidence=0.97,
        )
        with transaction(self.sessions) as session:
            incident, _ = incidents.open_incident(
                session, replace(conduct, **differs), grace_s=GRACE_S, at=self.at, facts={}
            )
            return incident.id

    def passes(self, seconds: float) -> None:
        """Time passes, and the deadlines are worked off as they come."""
        end = self.at + timedelta(seconds=seconds)
        while True:
            with reading(self.sessions) as session:
                due_at = session.scalar(
                    select(Incident.next_step_at)
                    .where(Incident.next_step_at.is_not(None), Incident.next_step_at <= end)
                    .order_by(Incident.next_step_at)
                    .limit(1)
                )
            self.at = max(self.at, due_at or end)
            deadlines.work_off(self.sessions, lambda: self.at)
            if due_at is None:
                return

    def receipt(self, incident: uuid.UUID, status: NoticeStatus) -> None:
        with transaction(self.sessions) as session:
            notice = session.scalars(select(Notice).where(Notice.incident_id == incident)).one()
            notice.status = status
            notice.delivered_at = self.at if status is NoticeStatus.DELIVERED else None
        deadlines.work_off(self.sessions, lambda: self.at)

    def camera_sees_it(self, incident: uuid.UUID) -> None:
        with transaction(self.sessions) as session:
            row = session.get_one(Incident, incident)
            row.last_seen_at = self.at
            incidents.still_there(session, row, seen_at=self.at, at=self.at)

    def drives_off(self, incident: uuid.UUID) -> None:
        with transaction(self.sessions) as session:
            incidents.vehicle_left(session, session.get_one(Incident, incident), left_at=self.at, at=self.at)

    def steps(self, incident: uuid.UUID) -> list[tuple[LadderAct, StepOutcome | None]]:
        with reading(self.sessions) as session:
            return [(step.act, step.outcome) for step in escalation.steps_of(session, incident)]

    def row(self, incident: uuid.UUID) -> Incident:
        with reading(self.sessions) as session:
            return session.get_one(Incident, incident)

    def promised(self, kind: str) -> list[OutboxMessage]:
        with reading(self.sessions) as session:
            return list(session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)))

    def acts(self, incident: uuid.UUID) -> list[Act]:
        with reading(self.sessions) as session:
            return list(
                session.scalars(select(CaseEvent.act).where(CaseEvent.incident_id == incident).order_by(CaseEvent.seq))
            )


@pytest.fixture
def loop(database: Database) -> Loop:
    with transaction(database.sessions) as session:
        camera = rows.add_camera(session, rows.add_site(session))
        version = rows.add_geofence_version(session, rows.add_geofence(session, camera))
        owner = Owner(name_sealed=b"sealed", phone_sealed=b"sealed", phone_index="index-of-the-owner")
        session.add(owner)
        session.flush()
        session.add_all(
            [
                Vehicle(plate=PLATE, owner_id=owner.id),
                Officer(name="Li Na", phone_sealed=b"sealed", grid="dongcheng-02"),
            ]
        )
        return Loop(database.sessions, version.id, after(73))


def add_loudspeaker(loop: Loop) -> None:
    with transaction(loop.sessions) as session:
        session.add(Loudspeaker(id="horn-1", camera_id="gate-3", driver="file"))


def test_told_delivered_still_there_after_ten_minutes_is_a_draft(loop: Loop) -> None:
    van = loop.opened()
    assert loop.row(van).state is IncidentState.OBSERVED
    [message] = loop.promised("move_vehicle")
    assert message.created_at == loop.at, "promised in the transaction that opened the incident"
    loop.passes(40)
    loop.receipt(van, NoticeStatus.DELIVERED)
    told_at = loop.at
    assert loop.row(van).state is IncidentState.NOTIFIED
    assert loop.row(van).grace_ends_at == told_at + timedelta(seconds=GRACE_S)
    loop.passes(599)
    assert loop.steps(van) == [(LadderAct.TELL_OWNER, StepOutcome.DELIVERED)]
    loop.passes(3)
    assert loop.steps(van)[-1] == (LadderAct.LOOK_AGAIN, None)
    loop.camera_sees_it(van)
    assert loop.row(van).state is IncidentState.DRAFTED
    assert [act for act, _ in loop.steps(van)] == [
        LadderAct.TELL_OWNER,
        LadderAct.LOOK_AGAIN,
        LadderAct.TELL_OFFICER,
        LadderAct.DRAFT,
    ]
    assert len(loop.promised("officer_told")) == 1
    assert loop.row(van).next_step_at is None
    assert loop.acts(van) == [
        Act.CONFIRMED,
        Act.STEP_TAKEN,
        Act.GRACE_STARTED,
        Act.STEP_TAKEN,
        Act.STEP_TAKEN,
        Act.GRACE_EXPIRED,
    ]
    with reading(loop.sessions) as session:
        assert session.scalars(select(DraftCase).where(DraftCase.incident_id == van)).one()
    before = loop.steps(van)
    loop.passes(3600)
    assert loop.steps(van) == before


@pytest.mark.parametrize(
    "after_s", [10.0, 300.0, 645.0], ids=["before_the_receipt", "in_the_grace", "while_looked_for"]
)
def test_who_leaves_in_time_is_left_alone(loop: Loop, after_s: float) -> None:
    van = loop.opened()
    if after_s > 20:
        loop.passes(20)
        loop.receipt(van, NoticeStatus.DELIVERED)
        after_s -= 20
    loop.passes(after_s)
    loop.drives_off(van)
    assert loop.row(van).state is IncidentState.RESOLVED
    loop.passes(7200)
    assert loop.row(van).state is IncidentState.RESOLVED
    assert loop.promised("officer_told") == []
    assert None not in [outcome for _, outcome in loop.steps(van)], "nobody waits for anything any more"


@pytest.mark.parametrize("status", [NoticeStatus.UNDELIVERED, None], ids=["undelivered", "given_up_by_the_relay"])
def test_an_owner_who_cannot_be_reached_is_not_the_end_of_it(loop: Loop, status: NoticeStatus | None) -> None:
    van = loop.opened()
    loop.passes(15)
    if status is not None:
        loop.receipt(van, status)
    else:
        with transaction(loop.sessions) as session:
            session.scalars(
                select(OutboxMessage).where(OutboxMessage.kind == "move_vehicle")
            ).one().state = OutboxState.DEAD
        deadlines.work_off(loop.sessions, lambda: loop.at)
    assert loop.steps(van) == [
        (LadderAct.TELL_OWNER, StepOutcome.UNDELIVERED),
        (LadderAct.TELL_OFFICER, StepOutcome.TOLD),
    ]
    row = loop.row(van)
    assert (row.state, row.grace_ends_at) == (IncidentState.NOTIFIED, loop.at + timedelta(seconds=GRACE_S))


def test_no_receipt_in_time_is_announced_and_a_late_receipt_changes_nothing(loop: Loop) -> None:
    add_loudspeaker(loop)
    van = loop.opened()
    loop.passes(119)
    assert loop.row(van).state is IncidentState.OBSERVED
    loop.passes(2)
    assert loop.steps(van) == [(LadderAct.TELL_OWNER, StepOutcome.UNANSWERED), (LadderAct.ANNOUNCE, None)]
    with transaction(loop.sessions) as session:
        [message] = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "announce"))
        message.state, message.answered_at = OutboxState.SENT, loop.at + timedelta(seconds=4)
    loop.passes(150)
    ends_at = loop.row(van).grace_ends_at
    loop.receipt(van, NoticeStatus.DELIVERED)
    loop.passes(5)
    assert loop.row(van).grace_ends_at == ends_at


def test_an_announcement_that_was_played_counts_from_when_it_was_heard(loop: Loop, tmp_path: Path) -> None:
    add_loudspeaker(loop)
    van = loop.opened(plate=None, plate_confidence=None)
    assert loop.steps(van) == [(LadderAct.TELL_OWNER, StepOutcome.NO_PLATE), (LadderAct.ANNOUNCE, None)]
    loop.passes(3)
    heard_at = loop.at
    square = Square(loop.sessions, tmp_path, Device(), User(name="nobody"), at=heard_at)
    square.works()
    assert [name for name, _, _ in square.device.played] == ["horn-1"]
    loop.passes(0)
    assert loop.steps(van)[-1] == (LadderAct.ANNOUNCE, StepOutcome.PLAYED), "at once, not when the waiting is over"
    assert loop.row(van).grace_ends_at == heard_at + timedelta(seconds=GRACE_S)


def test_a_horn_that_certainly_said_nothing_is_as_good_as_none(loop: Loop, tmp_path: Path) -> None:
    add_loudspeaker(loop)
    van = loop.opened(plate=None, plate_confidence=None)
    device = Device(before=failing(GatewayRefused("wrong password")))
    Square(loop.sessions, tmp_path, device, User(name="nobody"), at=loop.at).works()
    loop.passes(0)
    assert loop.steps(van)[1] == (LadderAct.ANNOUNCE, StepOutcome.NO_LOUDSPEAKER)


@pytest.mark.parametrize(
    ("differs", "outcome", "then"),
    [
        ({"plate": None, "plate_confidence": None}, StepOutcome.NO_PLATE, LadderAct.ANNOUNCE),
        ({"plate_confidence": 0.6}, StepOutcome.NO_PLATE, LadderAct.ANNOUNCE),
        ({"plate": "浙J99999"}, StepOutcome.NO_PHONE, LadderAct.TELL_OFFICER),
    ],
    ids=["no_plate", "a_plate_to_be_confirmed", "not_in_the_register"],
)
def test_nobody_is_written_to_who_is_not_known_for_sure(
    loop: Loop, differs: dict[str, Any], outcome: StepOutcome, then: LadderAct
) -> None:
    van = loop.opened(**differs)
    loop.passes(0)
    assert loop.promised("move_vehicle") == []
    assert loop.steps(van)[0] == (LadderAct.TELL_OWNER, outcome)
    assert loop.steps(van)[1][0] is then
    assert loop.row(van).state is IncidentState.NOTIFIED, "the grace runs, whoever was told"


def test_an_owner_known_to_a_register_elsewhere_is_asked_for_and_told(loop: Loop) -> None:
    van = loop.opened(plate="浙J77777")
    assert loop.steps(van) == [(LadderAct.TELL_OWNER, None)]
    asked: list[tuple[str, uuid.UUID]] = []

    def register(plate: str, incident_id: uuid.UUID) -> None:
        asked.append((plate, incident_id))
        with transaction(loop.sessions) as session:
            owner = session.scalars(select(Owner)).one()
            session.add(Vehicle(plate=plate, owner_id=owner.id))

    for _ in range(2):
        deadlines.work_off(loop.sessions, lambda: loop.at, register)
    assert asked == [("浙J77777", van)], "once"
    assert len(loop.promised("move_vehicle")) == 1
    loop.receipt(van, NoticeStatus.DELIVERED)
    assert loop.row(van).state is IncidentState.NOTIFIED


def test_what_was_not_sent_when_the_vehicle_left_is_not_sent_any_more(loop: Loop) -> None:
    van = loop.opened()
    assert loop.promised("move_vehicle")[0].useful_until is None
    loop.drives_off(van)
    assert loop.promised("move_vehicle")[0].useful_until == loop.at


def test_who_asked_not_to_be_written_to_is_not(loop: Loop) -> None:
    with transaction(loop.sessions) as session:
        reply = InboundReply(
            gateway="twilio",
            provider_id="SM1",
            meaning=next(iter(ReplyMeaning)),
            text_sealed=b"sealed",
            phone_sealed=b"sealed",
            phone_index="index-of-the-owner",
            received_at=loop.at,
        )
        session.add(reply)
        session.flush()
        session.add(
            DoNotContact(
                phone_sealed=b"sealed",
                phone_index="index-of-the-owner",
                why=reply.meaning,
                reply_id=reply.id,
                since_at=loop.at,
            )
        )
    van = loop.opened()
    assert loop.promised("move_vehicle") == []
    assert loop.steps(van)[0] == (LadderAct.TELL_OWNER, StepOutcome.DO_NOT_CONTACT)


def test_one_stop_is_one_message_however_often_it_is_reported(loop: Loop) -> None:
    van = loop.opened()
    loop.passes(10)
    loop.receipt(van, NoticeStatus.DELIVERED)
    delivered_at = loop.at
    loop.passes(20)
    again = loop.opened()
    assert again != van
    assert len(loop.promised("move_vehicle")) == 1
    assert loop.steps(again) == [(LadderAct.TELL_OWNER, StepOutcome.ALREADY_TOLD)]
    assert loop.row(again).grace_ends_at == delivered_at + timedelta(seconds=GRACE_S)


@pytest.mark.parametrize("thanks", [True, False])
def test_who_was_told_and_moved_is_thanked_where_the_ladder_says_so(loop: Loop, thanks: bool) -> None:
    rungs = [{"act": "tell_owner", "answer_within_s": 60, "wait": "grace"}, {"act": "draft"}]
    with transaction(loop.sessions) as session:
        session.get_one(GeofenceVersion, loop.version).offences = {
            "illegal_parking": {"dwell_s": 60, "grace_s": 600, "ladder": {"rungs": rungs, "thanks": thanks}}
        }
    van, untold = loop.opened(), loop.opened(plate=None, plate_confidence=None)
    loop.receipt(van, NoticeStatus.DELIVERED)
    for each in (van, untold):
        loop.drives_off(each)
    assert [message.key for message in loop.promised("thank_you")] == ([f"thank_you:{van}"] if thanks else [])


def test_a_camera_that_cannot_see_asks_a_person_and_says_why(loop: Loop) -> None:
    van = loop.opened()
    loop.receipt(van, NoticeStatus.DELIVERED)
    loop.passes(601)
    with transaction(loop.sessions) as session:
        session.add(CameraCondition(camera_id="gate-3", state=CameraState.COVERED, since_at=loop.at, detail=None))
    loop.passes(61)
    assert loop.row(van).state is IncidentState.UNCERTAIN
    with reading(loop.sessions) as session:
        event = session.scalars(
            select(CaseEvent).where(CaseEvent.incident_id == van, CaseEvent.act == Act.SIGHT_LOST)
        ).one()
        assert event.facts == {"why": "the camera is covered"}
        assert session.scalars(select(LookRequest).where(LookRequest.answer.is_(None))).all() == []


def test_the_owner_says_moved_and_the_camera_looks_at_once(loop: Loop) -> None:
    van = loop.opened()
    loop.receipt(van, NoticeStatus.DELIVERED)
    loop.passes(120)
    asked_at = loop.at
    with transaction(loop.sessions) as session:
        assert escalation.ask_to_look(session, van, Asker.OWNER, at=loop.at)
        assert not escalation.ask_to_look(session, van, Asker.OWNER, at=loop.at + timedelta(seconds=5)), "asked already"
    with reading(loop.sessions) as session:
        [wanted] = escalation.looks_wanted(session, [van])
        assert (wanted.asked_at, wanted.ends_grace) == (asked_at, False)
    loop.passes(2)
    loop.camera_sees_it(van)  # it has not moved: that is said, and the ten minutes run on
    assert loop.row(van).state is IncidentState.NOTIFIED
    with reading(loop.sessions) as session:
        assert session.scalars(select(LookRequest.answer)).all() == [StepOutcome.STILL_THERE]
        assert escalation.looks_wanted(session, [van]) == []
    loop.passes(60)
    with transaction(loop.sessions) as session:
        assert escalation.ask_to_look(session, van, Asker.OWNER, at=loop.at)
    loop.drives_off(van)
    with transaction(loop.sessions) as session:
        assert session.scalars(select(LookRequest.answer).order_by(LookRequest.asked_at)).all()[-1] is StepOutcome.GONE
        assert not escalation.ask_to_look(session, van, Asker.OWNER, at=loop.at + timedelta(hours=1))


def test_where_the_place_only_warns_there_is_no_case(loop: Loop) -> None:
    with transaction(loop.sessions) as session:
        session.execute(text("UPDATE geofence_version SET warning_only = :yes"), {"yes": True})
    van = loop.opened()
    loop.receipt(van, NoticeStatus.DELIVERED)
    loop.passes(601)
    loop.camera_sees_it(van)
    assert loop.row(van).state is IncidentState.WARNED
    with reading(loop.sessions) as session:
        assert session.scalars(select(DraftCase)).all() == []


def test_at_night_the_phone_stays_silent_and_the_officer_is_told(loop: Loop) -> None:
    add_loudspeaker(loop)
    loop.at = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
    van = loop.opened()
    assert loop.steps(van) == [
        (LadderAct.TELL_OWNER, StepOutcome.QUIET_HOURS),
        (LadderAct.TELL_OFFICER, StepOutcome.TOLD),
    ]
    assert loop.promised("move_vehicle") == loop.promised("announce") == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # the clock is the matter here, not the engine
def test_a_whole_day_every_half_hour_a_vehicle_and_each_ends_where_its_hour_says(loop: Loop) -> None:
    """Time travel: 48 stops in a day, a national holiday, each told or not by the hour of its confirmation."""
    midnight = datetime(2026, 9, 30, 16, 0, tzinfo=UTC)  # the first of October in Shanghai
    told: dict[float, bool] = {}
    for half_hour in range(48):
        loop.at = max(loop.at, midnight + timedelta(minutes=30 * half_hour))
        van = loop.opened(plate="浙J12345")
        told[half_hour / 2] = loop.steps(van)[0] == (LadderAct.TELL_OWNER, None)
        if told[half_hour / 2]:
            loop.receipt(van, NoticeStatus.DELIVERED)
        loop.passes(GRACE_S + 1)
        loop.camera_sees_it(van)
        assert loop.row(van).state is IncidentState.DRAFTED
    assert [hour for hour, was_told in told.items() if was_told] == [hour / 2 for hour in range(18, 44)]


def test_two_workers_at_one_incident_make_one_step(loop: Loop) -> None:
    """Two hundred times two at once: each time one look is asked for."""
    vans = [loop.opened(plate=None, plate_confidence=None) for _ in range(200)]
    loop.at += timedelta(seconds=GRACE_S + 1)
    both = threading.Barrier(2)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for van in vans:
                both.wait()
                with transaction(loop.sessions) as session:
                    escalation.proceed(session, van, at=loop.at)
        except BaseException as error:  # noqa: BLE001 - raised below
            failures.append(error)
            both.abort()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    with reading(loop.sessions) as session:
        asked = session.scalars(select(LookRequest.incident_id)).all()
    assert sorted(asked) == sorted(vans)


def test_a_ladder_that_fails_is_put_off_and_holds_nobody_up(loop: Loop) -> None:
    broken, sound = loop.opened(), loop.opened(plate=None, plate_confidence=None)
    loop.receipt(broken, NoticeStatus.DELIVERED)
    with transaction(loop.sessions) as session:
        session.execute(text("""UPDATE geofence_version SET offences = '{"illegal_parking": {"ladder": {}}}'"""))
    loop.at += timedelta(seconds=GRACE_S + 1)
    deadlines.work_off(loop.sessions, lambda: loop.at)
    put_off = [loop.row(each).next_step_at for each in (broken, sound)]
    assert put_off == [loop.at + deadlines.PUT_OFF] * 2
    with transaction(loop.sessions) as session:
        session.execute(
            text("""UPDATE geofence_version SET offences = '{"illegal_parking": {"dwell_s": 60, "grace_s": 600}}'""")
        )
    loop.passes(61)
    assert [loop.steps(each)[-1][0] for each in (broken, sound)] == [LadderAct.LOOK_AGAIN] * 2
