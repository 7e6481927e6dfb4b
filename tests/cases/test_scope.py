"""Scope: which rows a role reaches, on both engines; and the table of roles in the manual is the one of the code."""

import uuid
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import message_desk
from cases.entitlements import EVERYTHING, ROLES, Limit, Right, Scope, may, scope_of
from cases.errors import NotEntitled
from cases.scope import THINGS, cameras_within, incidents_within, is_within, messages_within, of_cameras_within
from models.database import reading, transaction
from models.dispatch import Area
from models.enums import AreaLevel, Offence, OutboxState, Role
from models.incidents import Incident
from models.people import RoleGrant, User
from models.places import Camera, Geofence
from models.promises import OutboxMessage
from tests import rows
from tests.conftest import Database
from tests.rows import NOON

MANUAL = Path(__file__).parents[2] / "docs" / "accounts.md"
LEVELS = (
    ("city", AreaLevel.CITY, None),
    ("east", AreaLevel.DISTRICT, "city"),
    ("east-1", AreaLevel.STREET, "east"),
    ("west", AreaLevel.DISTRICT, "city"),
)


@pytest.fixture
def streets(database: Database) -> Database:
    """A camera in a street of the east, one in the west, one nowhere; each has seen a parked car and a thing dumped."""
    with transaction(database.sessions) as session:
        site = rows.add_site(session)
        for area, level, parent in LEVELS:
            session.add(Area(id=area, name=area, level=level, parent_id=parent))
            session.flush()
        for camera_id, area in (("east", "east-1"), ("west", "west"), ("nowhere", None)):
            camera = rows.add_camera(session, site, id=camera_id, area_id=area)
            fence = rows.add_geofence(session, camera, f"{camera_id}-fence")
            version = rows.add_geofence_version(session, fence)
            for offence in (Offence.ILLEGAL_PARKING, Offence.DUMPING):
                incident = rows.add_incident(session, version, camera, offence=offence, conduct_key=offence.value)
                _promise(session, str(incident.id))
        _promise(session, None)
    return database


def _promise(session: Session, incident_id: str | None) -> None:
    payload = {"incident_id": incident_id} if incident_id else {}
    session.add(
        OutboxMessage(
            key=f"notice:{uuid.uuid4()}",
            kind="move_vehicle",
            payload=payload,
            state=OutboxState.DEAD,
            created_at=NOON,
            next_at=NOON,
        )
    )


def scope(*limits: tuple[str | None, Offence | None], also: Scope | None = None) -> Scope:
    return Scope(frozenset(Limit(*limit) for limit in limits), also)


P, D = Offence.ILLEGAL_PARKING, Offence.DUMPING
ALL = {(camera, offence) for camera in ("east", "west", "nowhere") for offence in (P, D)}


@pytest.mark.parametrize(
    ("within", "reached"),
    [
        (EVERYTHING, ALL),
        (scope(("east", None)), {("east", P), ("east", D)}),
        (scope(("east-1", None)), {("east", P), ("east", D)}),
        (scope(("city", None)), {("east", P), ("east", D), ("west", P), ("west", D)}),
        (scope((None, D)), {("east", D), ("west", D), ("nowhere", D)}),
        (scope(("east", D), ("west", P)), {("east", D), ("west", P)}),
        (scope(("east", D), (None, P)), {("east", D), ("east", P), ("west", P), ("nowhere", P)}),
        (scope(("atlantis", None)), set()),
        (scope(), set()),
        (scope((None, None), also=scope(("east", D))), {("east", D)}),
        (scope(("city", None), also=scope(("east", None))), {("east", P), ("east", D)}),
        (scope(("west", None), also=scope(("east", None))), set()),
    ],
    ids=[
        "everything",
        "a_district_holds_its_streets",
        "a_street",
        "a_city_holds_everything_but_what_lies_nowhere",
        "one_offence",
        "each_place_with_its_own_offence",
        "a_place_and_an_offence_everywhere",
        "an_area_that_is_not_there",
        "nothing",
        "a_narrower_token",
        "a_token_for_a_part_of_the_area",
        "a_token_for_another_area",
    ],
)
def test_a_scope_reaches_these_incidents_their_cameras_and_their_messages(
    streets: Database, within: Scope, reached: set[tuple[str, Offence]]
) -> None:
    with reading(streets.sessions) as session:
        found = session.scalars(select(Incident).where(incidents_within(within))).all()
        assert {(each.camera_id, each.offence) for each in found} == reached
        cameras = set(session.scalars(select(Camera.id).where(cameras_within(within))))
        assert cameras >= {camera for camera, _ in reached}
        fences = select(Geofence.camera_id).where(of_cameras_within(within, Geofence.camera_id))
        assert set(session.scalars(fences)) == cameras
        named = {
            each.payload.get("incident_id")
            for each in session.scalars(select(OutboxMessage).where(messages_within(within)))
        }
        assert named - {None} == {str(each.id) for each in found}
        assert (None in named) is within.is_everything, "what names no incident is for who may everything"
        shown = message_desk.messages_shown(session, within, [OutboxState.DEAD])
        assert shown.counts[OutboxState.DEAD] == len(shown.lines) == len(named)


def test_things_are_found_within_and_neither_outside_nor_by_a_name_that_is_none(streets: Database) -> None:
    east = scope(("east", None))
    with reading(streets.sessions) as session:
        inside = session.scalar(select(Incident.id).where(Incident.camera_id == "east"))
        outside = session.scalar(select(Incident.id).where(Incident.camera_id == "west"))
        assert is_within(session, east, "incident_id", str(inside))
        assert not is_within(session, east, "incident_id", str(outside))
        assert not is_within(session, east, "incident_id", "not an id")
        assert is_within(session, east, "geofence_id", "east-fence")
        assert not is_within(session, east, "geofence_id", "west-fence")
        for thing in THINGS:
            assert not is_within(session, EVERYTHING, thing, str(uuid.uuid4())), "what is not there is within nothing"


def test_a_right_is_had_by_any_of_the_roles_and_for_the_places_of_those_alone() -> None:
    user = User(
        grants=[
            RoleGrant(role=Role.OPERATOR, area_id="east", offence=None),
            RoleGrant(role=Role.LEGAL_REVIEWER, area_id="west", offence=D),
            RoleGrant(role=Role.ADMINISTRATOR, area_id="west", offence=None),
        ]
    )
    assert scope_of(user, Right.HOLD) == scope(("west", D))
    assert scope_of(user, Right.SPEAK) == scope(("east", None), ("west", None))
    assert not may(user, Right.ADMINISTER), "accounts are administered for the whole site or not at all"
    with pytest.raises(NotEntitled, match="may not administer; ask a administrator"):
        scope_of(user, Right.ADMINISTER)


def test_every_right_has_somebody_and_every_role_something() -> None:
    assert ROLES.keys() == set(Right)
    assert all(ROLES.values())
    assert set().union(*ROLES.values()) == set(Role)


def test_the_table_in_the_manual_is_the_one_of_the_code() -> None:
    told = {}
    for line in MANUAL.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if "(`" in cells[0] and len(cells) == len(Role) + 1:
            name = cells[0].partition("(`")[2].removesuffix("`)")
            told[Right(name)] = frozenset(role for role, cell in zip(Role, cells[1:], strict=True) if cell)
    assert told == ROLES
