"""Reasons against: what each is judged by, what holds an incident back, and what a person makes of it."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import escalation, holding_back, incidents, plate_record, reasons
from cases.errors import DecisionRefused, TransitionRefused
from cases.incidents import Conduct, open_incident
from cases.languages import LANGUAGES
from cases.permits import permissions_in_force
from cases.reason_checks import Known, Permitted, effects_of, judge
from cases.reasons import reasons_of
from cases.site_file import read
from cases.site_rows import apply, dump
from detectors.geometry import Box
from evidence.audit import Brought, audit
from models.database import reading, transaction
from models.enums import Act, IncidentState, Offence, ReasonKind, ReasonVerdict
from models.escalation import LadderStep
from models.incidents import CaseEvent, DraftCase, Incident
from models.personal_data import PersonalDataKey
from models.places import Site
from models.promises import OutboxMessage
from models.reasons import Permission
from tests import rows
from tests.cases.test_site_file import SOUND, refusal, written
from tests.conftest import Database
from tests.rows import SEEN_LIVE, after

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=SHANGHAI)
BOX = Box(600, 500, 900, 700)
NOTHING_AROUND: dict[str, Any] = {"queue": [], "shut_in_by": [], "persons": [], "unknown": 0}
HOLDS, DOUBT, NOTHING, CANNOT = ReasonVerdict
BAY = [[0.2, 0.4], [0.4, 0.4], [0.4, 0.5], [0.2, 0.5]]
DAYTIME = [{"days": "mon-sun", "from": "07:00", "to": "22:00"}]


def permit(plate: str | None = "浙J12345", **differs: Any) -> Permitted:
    values: dict[str, Any] = {
        "from_on": date(2026, 1, 1),
        "to_on": date(2026, 12, 31),
        "hours": (),
        "paper": "No. 7 of the district",
    }
    return Permitted(plate, **(values | differs))


def known(**differs: Any) -> Known:
    values: dict[str, Any] = {
        "first_seen": NOON - timedelta(minutes=4),
        "confirmed": NOON,
        "box": BOX,
        "size": (2560, 1440),
        "class_name": "car",
        "around": NOTHING_AROUND,
    }
    return Known(**(values | differs))


SURE_PLATE = {"plate": "浙J12345", "plate_is_sure": True}
CASES: list[tuple[str, ReasonKind, dict[str, Any], ReasonVerdict]] = [
    ("an_ambulance_by_its_class", ReasonKind.EMERGENCY_VEHICLE, {"class_name": "ambulance"}, HOLDS),
    ("police_by_its_plate", ReasonKind.EMERGENCY_VEHICLE, {"plate": "浙A1234警", "plate_is_sure": True}, HOLDS),
    ("police_by_a_plate_badly_read", ReasonKind.EMERGENCY_VEHICLE, {"plate": "浙A1234警"}, DOUBT),
    ("a_plain_plate", ReasonKind.EMERGENCY_VEHICLE, SURE_PLATE, NOTHING),
    ("no_plate", ReasonKind.EMERGENCY_VEHICLE, {}, CANNOT),
    ("three_in_a_line", ReasonKind.QUEUE, {"around": NOTHING_AROUND | {"queue": [[1, 2, 3, 4]] * 2}}, DOUBT),
    ("alone", ReasonKind.QUEUE, {}, NOTHING),
    ("stops_not_shown", ReasonKind.QUEUE, {"around": NOTHING_AROUND | {"unknown": 2}}, CANNOT),
    ("nobody_looked_round", ReasonKind.QUEUE, {"around": None}, CANNOT),
    ("in_a_bay", ReasonKind.BAY, {"bays": [BAY]}, HOLDS),
    ("partly_in_a_bay", ReasonKind.BAY, {"bays": [[[0.2, 0.4], [0.28, 0.4], [0.28, 0.5], [0.2, 0.5]]]}, DOUBT),
    ("beside_a_bay", ReasonKind.BAY, {"bays": [[[0.6, 0.4], [0.8, 0.4], [0.8, 0.5], [0.6, 0.5]]]}, NOTHING),
    ("no_bays", ReasonKind.BAY, {}, NOTHING),
    ("size_unknown", ReasonKind.BAY, {"bays": [BAY], "size": None}, CANNOT),
    ("permitted", ReasonKind.PERMIT, SURE_PLATE | {"permitted": [permit()]}, HOLDS),
    ("exempt_from_the_fence", ReasonKind.PERMIT, SURE_PLATE | {"exemptions": ["浙J12345"]}, HOLDS),
    ("permitted_and_badly_read", ReasonKind.PERMIT, {"plate": "浙J12345", "permitted": [permit()]}, DOUBT),
    ("one_sign_off_badly_read", ReasonKind.PERMIT, {"plate": "浙J12346", "permitted": [permit()]}, DOUBT),
    (
        "one_sign_off_and_surely_read",
        ReasonKind.PERMIT,
        {"plate": "浙J12346", "plate_is_sure": True, "permitted": [permit()]},
        NOTHING,
    ),
    ("its_last_day", ReasonKind.PERMIT, SURE_PLATE | {"permitted": [permit(to_on=date(2026, 3, 2))]}, HOLDS),
    ("run_out_yesterday", ReasonKind.PERMIT, SURE_PLATE | {"permitted": [permit(to_on=date(2026, 3, 1))]}, NOTHING),
    ("not_yet", ReasonKind.PERMIT, SURE_PLATE | {"permitted": [permit(from_on=date(2026, 3, 3))]}, NOTHING),
    (
        "not_at_this_hour",
        ReasonKind.PERMIT,
        SURE_PLATE | {"permitted": [permit(hours=[{"days": "mon", "from": "20:00", "to": "23:00"}])]},
        NOTHING,
    ),
    ("permits_and_no_plate", ReasonKind.PERMIT, {"permitted": [permit()]}, CANNOT),
    ("no_permits_and_no_plate", ReasonKind.PERMIT, {}, NOTHING),
    ("always_forbidden", ReasonKind.TIMETABLE, {}, NOTHING),
    ("well_within_the_hours", ReasonKind.TIMETABLE, {"timetable": DAYTIME}, NOTHING),
    (
        "came_before_the_hours",
        ReasonKind.TIMETABLE,
        {"timetable": [{"days": "mon-sun", "from": "11:58", "to": "22:00"}]},
        DOUBT,
    ),
    (
        "the_hours_are_nearly_over",
        ReasonKind.TIMETABLE,
        {"timetable": [{"days": "mon-sun", "from": "07:00", "to": "12:05"}]},
        DOUBT,
    ),
    (
        "outside_the_hours",
        ReasonKind.TIMETABLE,
        {"timetable": [{"days": "sun", "from": "07:00", "to": "22:00"}]},
        HOLDS,
    ),
    ("everybody_may", ReasonKind.TEMPORARY_PERMISSION, {"permitted": [permit(None)]}, HOLDS),
    (
        "everybody_may_in_five_minutes",
        ReasonKind.TEMPORARY_PERMISSION,
        {"permitted": [permit(None, hours=[{"days": "mon", "from": "12:05", "to": "14:00"}])]},
        DOUBT,
    ),
    ("a_permit_is_not_for_everybody", ReasonKind.TEMPORARY_PERMISSION, {"permitted": [permit()]}, NOTHING),
    ("shut_in", ReasonKind.OBSTRUCTION, {"around": NOTHING_AROUND | {"shut_in_by": [[1, 2, 3, 4]]}}, DOUBT),
    ("free_to_go", ReasonKind.OBSTRUCTION, {}, NOTHING),
    ("somebody_by_it", ReasonKind.OFFICER_DIRECTING, {"around": NOTHING_AROUND | {"persons": [[1, 2, 3, 4]]}}, DOUBT),
    ("nobody_by_it", ReasonKind.OFFICER_DIRECTING, {}, NOTHING),
]


@pytest.mark.parametrize(("kind", "differs", "verdict"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_each_reason_is_judged_by_what_is_known(
    kind: ReasonKind, differs: dict[str, Any], verdict: ReasonVerdict
) -> None:
    (judged,) = judge(Offence.ILLEGAL_PARKING, {}, known(**differs), [kind])
    assert judged.verdict is verdict


def test_every_kind_is_tried_with_an_answer_of_its_own() -> None:
    assert {each[1] for each in CASES} == set(ReasonKind)


def test_a_geofence_says_what_a_reason_does() -> None:
    queue = {"around": NOTHING_AROUND | {"queue": [[1, 2, 3, 4]] * 2}}
    permitted = SURE_PLATE | {"permitted": [permit()]}
    doubted = {"reasons": {"permit": "doubt", "queue": "off"}}
    found = {each.kind: each.verdict for each in judge(Offence.ILLEGAL_PARKING, doubted, known(**queue, **permitted))}
    assert found[ReasonKind.PERMIT] is DOUBT
    assert ReasonKind.QUEUE not in found
    assert effects_of(Offence.ILLEGAL_PARKING, {})[ReasonKind.PERMIT] == "hold_if_sure"


@pytest.mark.parametrize(("effect", "verdict"), [("hold", HOLDS), ("hold_if_sure", DOUBT), ("doubt", DOUBT)], ids=str)
def test_what_is_not_sure_holds_back_only_where_the_geofence_says_so(effect: str, verdict: ReasonVerdict) -> None:
    facts = known(around=NOTHING_AROUND | {"queue": [[1, 2, 3, 4]] * 2})
    (judged,) = judge(Offence.ILLEGAL_PARKING, {"reasons": {"queue": effect}}, facts, [ReasonKind.QUEUE])
    assert judged.verdict is verdict


@pytest.mark.parametrize("verdict", ReasonVerdict)
@pytest.mark.parametrize("kind", ReasonKind)
def test_there_are_words_for_every_answer(kind: ReasonKind, verdict: ReasonVerdict) -> None:
    words = reasons._words()[kind.value]
    assert all(words[verdict.value].in_(language) and words["title"].in_(language) for language in LANGUAGES)


# --- on record


def conduct_of(street: rows.Street, **differs: Any) -> Conduct:
    values: dict[str, Any] = {
        "camera_id": street.camera.id,
        "geofence_version_id": street.version.id,
        "recording_id": None,
        "offence": Offence.ILLEGAL_PARKING,
        "first_seen_at": after(600),
        "stopped_at": after(602),
        "confirmed_at": after(790),
        "last_seen_at": after(790),
        "box": Box(1300, 900, 1600, 1100),
        "confidence": 0.8,
        "seen_with": SEEN_LIVE,
    }
    return Conduct(**(values | differs))


def give_permit(session: Session, plate: str | None, geofence: str | None = None, **differs: Any) -> Permission:
    values: dict[str, Any] = {
        "site_id": session.scalars(select(Site.id)).one(),
        "plate": plate,
        "geofence_id": geofence,
        "offences": [],
        "from_on": date(2026, 1, 1),
        "to_on": date(2026, 12, 31),
        "hours": [],
        "paper": "No. 7 of the district",
        "given_at": after(0),
        "given_by": "wang.wei",
    }
    permission = Permission(**(values | differs))
    session.add(permission)
    session.flush()
    return permission


def opened(session: Session, street: rows.Street, **differs: Any) -> Incident:
    incident, new = open_incident(
        session,
        conduct_of(street, **differs),
        grace_s=600,
        at=after(791),
        facts={"class": "car", "around": NOTHING_AROUND},
    )
    assert new
    return incident


def test_who_has_a_permit_is_held_back_and_nobody_is_told(database: Database) -> None:
    with transaction(database.sessions) as session:
        street = rows.add_street(session)
        give_permit(session, "浙J12345")
        incident = opened(session, street, plate="浙J12345", plate_confidence=0.99)
        assert incident.state is IncidentState.UNCERTAIN
        acts = [event.act for event in _events(session, incident)]
        assert acts == [Act.CONFIRMED, Act.HELD_BACK]
        facts = _events(session, incident)[0].facts
        assert facts["reasons"]["permit"] == "holds_back"
        assert facts["reasons"]["bay"] == "nothing_found"
        assert escalation.steps_of(session, incident.id) == []
        assert session.scalars(select(OutboxMessage)).all() == []
        first = reasons_of(session, incident)[0]
        assert (first.kind, first.verdict, first.speaks) == (ReasonKind.PERMIT, HOLDS, True)
        assert "No. 7 of the district" in first.text.en


def test_a_doubt_stands_beside_an_incident_that_goes_on(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        street = rows.add_street(session)
        give_permit(session, "浙J12345")
        incident = opened(session, street, plate="浙J12345", plate_confidence=0.5)
        assert incident.state is not IncidentState.UNCERTAIN
        assert reasons_of(session, incident)[0].verdict is DOUBT


@pytest.mark.parametrize(
    "differs",
    [
        {"geofence": "other-fence"},
        {"withdrawn_at": after(700)},
        {"offences": ["dumping"]},
        {"to_on": date(2026, 3, 1)},
    ],
    ids=["of_another_place", "withdrawn_before", "for_something_else", "run_out"],
)
def test_a_permit_that_does_not_apply_holds_nothing_back(sqlite_database: Database, differs: dict[str, Any]) -> None:
    with transaction(sqlite_database.sessions) as session:
        street = rows.add_street(session)
        rows.add_geofence(session, street.camera, "other-fence")
        give_permit(session, "浙J12345", **differs)
        incident = opened(session, street, plate="浙J12345", plate_confidence=0.99)
        assert incident.state is not IncidentState.UNCERTAIN


def test_a_plate_that_a_person_corrects_holds_back_what_was_under_way(database: Database) -> None:
    with transaction(database.sessions) as session:
        street = rows.add_street(session)
        user = rows.add_user(session)
        give_permit(session, "浙J12345")
        incident = opened(session, street, plate="浙J99999", plate_confidence=0.99)
        assert incident.state in (IncidentState.OBSERVED, IncidentState.NOTIFIED)
        plate_record.correct_plate(session, incident.id, "浙J12345", user=user, at=after(850))
        assert incident.state is IncidentState.UNCERTAIN
        assert [event.act for event in _events(session, incident)][-2:] == [Act.PLATE_CORRECTED, Act.HELD_BACK]
        open_steps = session.scalars(select(LadderStep).where(LadderStep.outcome.is_(None))).all()
        assert open_steps == []
        assert incident.next_step_at is None
        kinds = [row.kind for row in reasons.rows_of(session, incident.id)]
        assert kinds.count(ReasonKind.PERMIT) == 2, "the earlier answer stays on record"
        assert kinds.count(ReasonKind.BAY) == 1


def test_a_person_releases_what_was_held_back_and_then_it_is_drafted(sqlite_database: Database, tmp_path: Path) -> None:
    with transaction(sqlite_database.sessions) as session:
        street = rows.add_street(session)
        user = rows.add_user(session)
        give_permit(session, "浙J12345")
        incident = opened(session, street, plate="浙J12345", plate_confidence=0.99)
        incident_id = incident.id
        with pytest.raises(DecisionRefused):
            holding_back.release(session, incident_id, user=user, reason="  ", at=after(900))
        holding_back.release(session, incident_id, user=user, reason="the permit is for unloading", at=after(900))
        assert incident.state is IncidentState.DRAFTED
        last = _events(session, incident)[-1]
        assert (last.act, last.actor, last.facts["reason"]) == (
            Act.RELEASED,
            user.name,
            "the permit is for unloading",
        )
        draft = session.scalars(select(DraftCase).where(DraftCase.incident_id == incident_id)).one()
        assert "permit" in {each["code"] for each in draft.content["against"]}


def test_what_nothing_holds_back_cannot_be_released(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        street = rows.add_street(session)
        user = rows.add_user(session)
        going_on = opened(session, street)
        with pytest.raises(TransitionRefused):
            holding_back.release(session, going_on.id, user=user, reason="why not", at=after(900))
        incidents.sight_lost(session, going_on, last_seen_at=after(800), why="the camera is dark", at=after(901))
        with pytest.raises(TransitionRefused):
            holding_back.release(session, going_on.id, user=user, reason="why not", at=after(902))


def test_said_twice_it_is_one_incident_with_one_set_of_answers(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        street = rows.add_street(session)
        incident = opened(session, street)
        before = len(reasons.rows_of(session, incident.id))
        again, new = open_incident(session, conduct_of(street), grace_s=600, at=after(795), facts={})
        assert (again.id, new) == (incident.id, False)
        assert len(reasons.rows_of(session, incident.id)) == before == len(ReasonKind)


def test_a_queue_that_went_together_is_on_record_beside_what_was_seen_before(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        street = rows.add_street(session)
        incident = opened(session, street)
        incidents.vehicle_left(session, incident, left_at=after(830), at=after(831), left_with=2)
        assert incident.state is IncidentState.RESOLVED
        queue = next(each for each in reasons_of(session, incident) if each.kind is ReasonKind.QUEUE)
        assert (queue.verdict, queue.at) == (DOUBT, after(830))
        assert "went off when it did" in queue.text.en
    with reading(sqlite_database.sessions) as session:
        assert audit(session, Brought(), at=after(900)).faults == []


def _events(session: Session, incident: Incident) -> list[CaseEvent]:
    return list(session.scalars(select(CaseEvent).where(CaseEvent.incident_id == incident.id).order_by(CaseEvent.seq)))


# --- in the site file

PERMISSIONS = """
permissions:
  - {plate: 浙J·12345, valid_from: 2026-01-01, valid_to: 2026-12-31, paper: "No. 7 of the district"}
  - geofence: no-stopping-7
    valid_from: 2026-05-01
    valid_to: 2026-05-03
    hours: [{days: mon-sun, from: "06:00", to: "10:00"}]
    offences: [street_vending]
    paper: "flower market, No. 9"
"""
KEY = PersonalDataKey(b"k" * 32)


def test_permissions_come_with_the_site_file_and_go_with_it(sqlite_database: Database, tmp_path: Path) -> None:
    def import_at(text: str, at: datetime) -> list[tuple[str | None, str | None]]:
        with transaction(sqlite_database.sessions) as session:
            apply(session, read(written(tmp_path, text)), KEY, actor="wang.wei", at=at)
            site = session.scalars(select(Site)).one()
            return [(each.plate, each.geofence_id) for each in permissions_in_force(session, site)]

    assert import_at(SOUND + PERMISSIONS, after(0)) == [("浙J12345", None), (None, "no-stopping-7")]
    assert import_at(SOUND + PERMISSIONS, after(60)) == [("浙J12345", None), (None, "no-stopping-7")]
    with transaction(sqlite_database.sessions) as session:
        assert len(session.scalars(select(Permission)).all()) == 2, "the same again adds nothing"
        dump(session, KEY, tmp_path / "out.yaml")
    assert (
        read(tmp_path / "out.yaml").values.permissions
        == read(written(tmp_path, SOUND + PERMISSIONS)).values.permissions
    )
    assert import_at(SOUND, after(120)) == []
    with reading(sqlite_database.sessions) as session:
        assert {row.withdrawn_at for row in session.scalars(select(Permission))} == {after(120)}


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{valid_from: 2026-01-01, valid_to: 2026-01-02, paper: x}", "write `plate`, `geofence` or both"),
        ("{plate: 浙J12345, valid_from: 2026-01-02, valid_to: 2026-01-01, paper: x}", "lies before valid_from"),
        ("{plate: 浙J12345, valid_from: 2026-01-02, valid_to: 2026-01-03}", "this is missing"),
        (
            "{geofence: nowhere, valid_from: 2026-01-02, valid_to: 2026-01-03, paper: x}",
            "there is no geofence `nowhere`",
        ),
        ("{plate: 浙J12345, valid_from: soon, valid_to: 2026-01-03, paper: x}", "valid_from"),
    ],
    ids=["of_nobody", "backwards", "without_paper", "of_no_place", "no_day"],
)
def test_a_permission_that_makes_no_sense_is_refused_with_its_line(tmp_path: Path, entry: str, says: str) -> None:
    (problem,) = refusal(tmp_path, SOUND + f"permissions:\n  - {entry}\n")
    assert says in problem
    assert "permissions" in problem


def test_bays_and_what_reasons_do_are_part_of_the_rule(tmp_path: Path) -> None:
    rule = "{illegal_parking: {dwell_s: 60, bays: [[[0.1, 0.6], [0.2, 0.6], [0.2, 0.7]]], reasons: {queue: hold}}}"
    text = SOUND.replace("{illegal_parking: {dwell_s: 60}}", rule)
    parameters = read(written(tmp_path, text)).values.geofences[0].offences.as_parameters()["illegal_parking"]
    assert parameters["bays"] == [[[0.1, 0.6], [0.2, 0.6], [0.2, 0.7]]]
    assert effects_of(Offence.ILLEGAL_PARKING, parameters)[ReasonKind.QUEUE] == "hold"
