"""What must hold always is in the schema: each row here is refused by the database itself, on both engines."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from models.database import reading
from models.enums import (
    CustodyAct,
    Decision,
    ExhibitKind,
    ExhibitMoment,
    IncidentState,
    NoticeStatus,
    OutboxState,
    SightingKind,
)
from models.exhibits import CustodyEvent, Exhibit, SealedObject
from models.incidents import CaseEvent, DraftCase, Incident, ReviewDecision
from models.people import Owner, User, UserSession, Vehicle
from models.places import Camera
from models.promises import Notice, OutboxMessage
from tests.conftest import Database
from tests.rows import (
    NOON,
    Street,
    add_camera,
    add_event,
    add_geofence_version,
    add_incident,
    add_recording,
    add_sighting,
    add_street,
    add_user,
    after,
)

SHA256 = "a" * 64
Refused = Callable[[Session, Street], object]


def incident(**differs: object) -> Refused:
    return lambda session, street: add_incident(
        session, street.version, street.camera, **({"conduct_key": "another"} | differs)
    )


def sighting(**differs: object) -> Refused:
    return lambda session, street: add_sighting(session, street.incident, **({"at": after(99)} | differs))


def event(**differs: object) -> Refused:
    return lambda session, street: add_event(session, street.incident, **({"seq": 2} | differs))


def camera(**differs: object) -> Refused:
    return lambda session, street: add_camera(session, street.site, **({"id": "gate-4"} | differs))


def version(**differs: object) -> Refused:
    return lambda session, street: add_geofence_version(
        session, street.geofence, **({"version": 2, "valid_to": datetime(2030, 1, 1, tzinfo=UTC)} | differs)
    )


def recording(**differs: object) -> Refused:
    return lambda session, street: add_recording(session, street.camera, **differs)


def added(make: Callable[[Street], object]) -> Refused:
    def add(session: Session, street: Street) -> None:
        session.add(make(street))
        session.flush()

    return add


def sealed(**differs: object) -> SealedObject:
    values = {"sha256": SHA256, "size_bytes": 1, "media_type": "image/jpeg", "suffix": ".jpg", "sealed_at": NOON}
    return SealedObject(**(values | differs))


def exhibit(sha256: str = SHA256, **differs: object) -> Refused:
    def add(session: Session, street: Street) -> None:
        session.add(sealed())
        session.flush()
        values = {
            "incident_id": street.incident.id,
            "sha256": sha256,
            "kind": ExhibitKind.STILL,
            "moment": ExhibitMoment.ENTRY,
            "from_at": NOON,
            "to_at": NOON,
            "recipe": {},
        }
        session.add(Exhibit(**(values | differs)))
        session.flush()

    return add


def custody(**differs: object) -> Refused:
    values = {"seq": 1, "act": CustodyAct.VIEWED, "actor": "li.na", "at": NOON, "reason": "r", "digest": SHA256}
    return added(lambda street: CustodyEvent(incident_id=street.incident.id, **(values | differs)))


def outbox(**differs: object) -> Refused:
    values = {
        "key": "k",
        "kind": "sms",
        "payload": {},
        "state": OutboxState.PENDING,
        "created_at": NOON,
        "next_at": NOON,
    }
    return added(lambda _: OutboxMessage(**(values | differs)))


def decision(**differs: object) -> Refused:
    def add(session: Session, street: Street) -> None:
        draft = DraftCase(incident_id=street.incident.id, version=1, content={}, made_at=NOON, software="s")
        session.add(draft)
        session.flush()
        values = {
            "incident_id": street.incident.id,
            "draft_case_id": draft.id,
            "user_id": add_user(session).id,
            "decision": Decision.ACCEPT,
            "reason": "all in order",
            "is_true": True,
            "is_clear": True,
            "is_complete": True,
            "is_accurate": True,
            "at": NOON,
        }
        session.add(ReviewDecision(**(values | differs)))
        session.flush()

    return add


def notice_delivered_at_no_time(session: Session, street: Street) -> None:
    owner = Owner(name_sealed=b"x", phone_sealed=b"x", phone_index="x")
    message = OutboxMessage(key="n", kind="sms", payload={}, state=OutboxState.PENDING, created_at=NOON, next_at=NOON)
    session.add_all([owner, message])
    session.flush()
    session.add(
        Notice(
            incident_id=street.incident.id,
            owner_id=owner.id,
            outbox_message_id=message.id,
            wording="move_vehicle",
            status=NoticeStatus.DELIVERED,
            promised_at=NOON,
        )
    )
    session.flush()


def session_that_ends_before_it_starts(session: Session, _: Street) -> None:
    user = add_user(session)
    session.add(
        UserSession(token_digest="t", user_id=user.id, csrf_token="c", created_at=NOON, seen_at=NOON, expires_at=NOON)
    )
    session.flush()


def two_users_of_one_name(session: Session, _: Street) -> None:
    add_user(session)
    add_user(session)


REFUSED: dict[str, Refused] = {
    "incident_confirmed_before_seen": incident(confirmed_at=after(9)),
    "incident_last_before_first": incident(last_seen_at=after(9)),
    "incident_stopped_before_seen": incident(stopped_at=after(9)),
    "incident_confidence_above_one": incident(confidence=1.01),
    "incident_confidence_below_zero": incident(confidence=-0.01),
    "incident_plate_confidence_without_plate": incident(plate=None),
    "incident_box_without_width": incident(box_x2=400.0),
    "incident_box_upside_down": incident(box_y2=599.0),
    "incident_resolved_without_leaving": incident(state=IncidentState.RESOLVED),
    "incident_of_no_camera": incident(camera_id="nowhere"),
    "incident_of_no_geofence_version": incident(geofence_version_id=uuid.uuid4()),
    "incident_twice_open_for_one_conduct": incident(conduct_key="no-stopping-7:illegal_parking:12"),
    "sighting_seen_without_box": sighting(x1=None),
    "sighting_gap_backwards": sighting(kind=SightingKind.GAP, until_at=after(98)),
    "sighting_twice_at_one_moment": sighting(at=after(12)),
    "event_numbered_zero": event(seq=0),
    "event_twice_one_number": event(seq=1),
    "event_by_nobody": event(actor=""),
    "camera_beyond_the_pole": camera(lat=90.01),
    "camera_beyond_the_date_line": camera(lon=-180.01),
    "camera_half_a_place": camera(lat=None),
    "version_zero": version(version=0),
    "version_twice": version(version=1),
    "version_ends_before_it_starts": version(valid_to=datetime(2025, 1, 1, tzinfo=UTC)),
    "version_second_in_force": version(valid_to=None),
    "recording_empty": recording(size_bytes=0, sha256="b" * 64),
    "recording_twice": recording(),
    "object_empty": added(lambda _: sealed(size_bytes=0)),
    "object_with_half_a_digest": added(lambda _: sealed(sha256="a" * 32)),
    "exhibit_backwards": exhibit(to_at=NOON - timedelta(seconds=1)),
    "exhibit_of_no_object": exhibit(sha256="b" * 64),
    "custody_numbered_zero": custody(seq=0),
    "custody_by_nobody": custody(actor=""),
    "custody_first_with_previous": custody(previous=SHA256),
    "custody_second_without_previous": custody(seq=2),
    "outbox_sending_without_lease": outbox(state=OutboxState.SENDING),
    "outbox_sent_without_answer": outbox(state=OutboxState.SENT),
    "outbox_negative_tries": outbox(tries=-1),
    "notice_delivered_at_no_time": notice_delivered_at_no_time,
    "draft_version_zero": added(
        lambda street: DraftCase(incident_id=street.incident.id, version=0, content={}, made_at=NOON, software="s")
    ),
    "decision_without_reason": decision(reason=""),
    "decision_accepts_what_is_not_true": decision(is_true=False),
    "decision_accepts_what_is_not_clear": decision(is_clear=False),
    "decision_accepts_what_is_not_complete": decision(is_complete=False),
    "decision_accepts_what_is_not_accurate": decision(is_accurate=False),
    "decision_accepts_no_draft": decision(draft_case_id=None),
    "user_twice": two_users_of_one_name,
    "user_with_negative_attempts": lambda session, _: add_user(session, failed_attempts=-1),
    "session_ends_before_it_starts": session_that_ends_before_it_starts,
    "vehicle_of_no_owner_that_is_there": added(lambda _: Vehicle(plate="浙J00001", owner_id=uuid.uuid4())),
}


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED.keys())
def test_the_schema_refuses(database: Database, refused: Refused) -> None:
    with database.sessions() as session:
        street = add_street(session)
        with pytest.raises(IntegrityError):
            refused(session, street)


ALLOWED: dict[str, Refused] = {
    "incident": incident(),
    "incident_that_stood_there_already": incident(stopped_at=None),
    "incident_closed_for_the_same_conduct": incident(
        conduct_key="no-stopping-7:illegal_parking:12", state=IncidentState.DRAFTED
    ),
    "sighting": sighting(),
    "event": event(),
    "camera": camera(),
    "camera_of_no_place": camera(lat=None, lon=None),
    "version": version(),
    "recording": recording(sha256="b" * 64),
    "exhibit": exhibit(),
    "custody": custody(),
    "outbox": outbox(),
    "decision": decision(),
    "decision_that_returns_what_is_unclear": decision(decision=Decision.RETURN, is_clear=False),
    "decision_that_dismisses_without_a_draft": decision(decision=Decision.DISMISS, draft_case_id=None, is_true=False),
}


@pytest.mark.parametrize("allowed", ALLOWED.values(), ids=ALLOWED.keys())
def test_the_schema_allows(database: Database, allowed: Refused) -> None:
    """The rows that the refusals above differ from in one thing."""
    with database.sessions() as session:
        allowed(session, add_street(session))


@pytest.mark.parametrize("closed", [IncidentState.DRAFTED, IncidentState.DISMISSED], ids=str)
def test_a_conduct_may_open_again_once_it_is_closed(database: Database, closed: IncidentState) -> None:
    with database.sessions.begin() as session:
        street = add_street(session, state=closed)
        add_incident(session, street.version, street.camera)


def test_words_outside_the_closed_lists_are_refused_by_the_database_itself(database: Database) -> None:
    with database.sessions.begin() as session:
        add_street(session)
    for statement in ("UPDATE incident SET state = 'forgotten'", "UPDATE camera SET kind = 'toy'"):
        with pytest.raises(IntegrityError), database.engine.begin() as connection:
            connection.execute(text(statement))


@pytest.mark.parametrize("verb", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}"], ids=["update", "delete"])
@pytest.mark.parametrize("table", ["case_event", "custody_event"])
def test_a_history_is_appended_to_and_never_edited(database: Database, table: str, verb: str) -> None:
    with database.sessions.begin() as session:
        street = add_street(session)
        custody()(session, street)
    with pytest.raises(DBAPIError, match=f"{table} is append-only"), database.engine.begin() as connection:
        connection.execute(text(verb.format(table)))
    with database.sessions() as session:
        assert session.query(CaseEvent if table == "case_event" else CustodyEvent).one().actor in (
            "streetwitness",
            "li.na",
        )


def test_the_orm_cannot_edit_a_history_either(database: Database) -> None:
    with database.sessions.begin() as session:
        add_street(session)
    for statement in (update(CaseEvent).values(actor="x"), delete(CaseEvent)):
        with pytest.raises(DBAPIError, match="append-only"), database.sessions.begin() as session:
            session.execute(statement)


def test_a_naive_time_is_refused(database: Database) -> None:
    with database.sessions() as session:
        with pytest.raises(StatementError, match="naive time"):
            add_user(session, created_at=datetime(2026, 3, 2, 4, 0))  # noqa: DTZ001 - the refusal is what is tested
        session.rollback()
        assert session.query(User).count() == 0


def test_times_come_back_aware_and_to_the_microsecond(database: Database) -> None:
    at = datetime(2026, 3, 2, 4, 0, 0, 123_457, tzinfo=UTC)
    with database.sessions.begin() as session:
        user_id = add_user(session, created_at=at).id
    with database.sessions() as session:
        assert session.get_one(User, user_id).created_at == at
        assert session.get_one(User, user_id).created_at.tzinfo is UTC


def test_relationships_are_named_by_the_query_or_not_loaded(database: Database) -> None:
    with database.sessions.begin() as session:
        incident_id = add_street(session).incident.id
    with database.sessions() as session, pytest.raises(Exception, match="lazy='raise'"):
        _ = session.get_one(Incident, incident_id).camera


def test_a_reader_changes_nothing(database: Database) -> None:
    with reading(database.sessions) as session:
        add_user(session)
    with database.sessions() as session:
        assert session.query(User).count() == 0


def test_papers_that_lapsed_are_named_for_the_day_that_is_asked(sqlite_database: Database) -> None:
    with sqlite_database.sessions() as session:
        street = add_street(session)
        gate: Camera = street.camera
        assert gate.discovery_only(NOON.date()) == []
        assert gate.discovery_only(gate.verified_until + timedelta(days=1)) == ["verification"]
        assert gate.discovery_only(gate.announced_on - timedelta(days=1)) == ["announced"]
