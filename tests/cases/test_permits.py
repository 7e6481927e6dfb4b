"""Permits and temporary permissions: entered and ended with a name, within one's area, and what waits looks again."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import accounts, permits, reasons
from cases.entitlements import Right, scope_of
from cases.errors import PermissionRefused, ReasonMissing
from cases.site_file import PermissionEntry, read
from cases.site_rows import apply, dump
from evidence.audit import Brought, audit
from models.database import transaction
from models.dispatch import Area
from models.enums import AreaLevel, IncidentState, PermissionAct, ReasonKind, ReasonVerdict, Role
from models.incidents import Incident
from models.people import User
from models.personal_data import PersonalDataKey
from models.places import Camera, Site
from models.reasons import Permission, PermissionEvent
from tests import rows
from tests.cases.test_reasons import opened
from tests.cases.test_site_file import SOUND, written
from tests.conftest import Database
from tests.rows import after

KEY = PersonalDataKey(b"k" * 32)
PASSWORD = "a long enough password 7"
TERMS: dict[str, Any] = {
    "valid_from": "2026-03-01",
    "valid_to": "2026-03-31",
    "paper": "street office, No. 9",
    "legal_basis": "Regulation on city appearance, art. 14",
}


def add_streets(session: Session) -> tuple[User, User, rows.Street]:
    """Leaders of street-1, where the camera stands, and of street-2, both in one city."""
    street = rows.add_street(session)
    session.add(Area(id="city", name="Taizhou", level=AreaLevel.CITY, parent_id=None))
    session.flush()
    for number in (1, 2):
        session.add(Area(id=f"street-{number}", name=f"Street {number}", level=AreaLevel.DISTRICT, parent_id="city"))
    session.flush()
    session.get_one(Camera, street.camera.id).area_id = "street-1"
    here, there = (
        accounts.add_user(
            session,
            name=name,
            display_name=name,
            password=PASSWORD,
            role=Role.LEADER,
            area_id=area,
            at=after(0),
        )
        for name, area in (("zhao.yi", "street-1"), ("sun.wu", "street-2"))
    )
    return here, there, street


def read_terms(**differs: Any) -> PermissionEntry:
    return permits.read_entry({name: value for name, value in (TERMS | differs).items() if value is not None})


def entered(session: Session, by: User, *, at: int = 0, **differs: Any) -> Permission:
    return permits.enter(session, read_terms(**differs), scope_of(by, Right.APPROVE_FENCE), by=by, at=after(at))


def answers(session: Session, incident: Incident) -> dict[ReasonKind, tuple[ReasonVerdict, Any]]:
    return {row.kind: (row.verdict, row.facts.get("paper")) for row in reasons.rows_of(session, incident.id)}


def test_what_is_permitted_in_an_area_above_holds_back_what_waits_there_and_what_comes_later(
    database: Database,
) -> None:
    with transaction(database.sessions) as session:
        here, _, street = add_streets(session)
        incident = opened(session, street)
        assert incident.state is not IncidentState.UNCERTAIN
        permission = entered(session, here, at=800, area="street-1")
        assert incident.state is IncidentState.UNCERTAIN, "a paper that is entered late permits all the same"
        assert answers(session, incident)[ReasonKind.TEMPORARY_PERMISSION] == (
            ReasonVerdict.HOLDS_BACK,
            "street office, No. 9",
        )
        assert (permission.given_by, permission.entered_by_id) == ("zhao.yi", here.id)
        with pytest.raises(PermissionRefused, match="permitted already"):
            entered(session, here, area="street-1")


def test_whose_stall_it_is_no_picture_shows_so_it_is_a_doubt(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        here, _, street = add_streets(session)
        entered(session, here, geofence="no-stopping-7", stall="stall 12, Wu Fang")
        incident = opened(session, street)
        assert answers(session, incident)[ReasonKind.TEMPORARY_PERMISSION] == (
            ReasonVerdict.DOUBT,
            "street office, No. 9, stall 12, Wu Fang",
        )
        assert incident.state is not IncidentState.UNCERTAIN


def test_it_is_ended_with_a_reason_and_both_acts_are_in_the_log(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        here, _, street = add_streets(session)
        permission = entered(session, here, geofence="no-stopping-7")
        with pytest.raises(ReasonMissing):
            permits.end_early(session, permission.id, by=here, reason=" ", at=after(10))
        permits.end_early(session, permission.id, by=here, reason="the fair was called off", at=after(10))
        with pytest.raises(PermissionRefused, match="ended already"):
            permits.end_early(session, permission.id, by=here, reason="again", at=after(20))
        assert answers(session, opened(session, street))[ReasonKind.TEMPORARY_PERMISSION][0] is (
            ReasonVerdict.NOTHING_FOUND
        )
        events = session.scalars(select(PermissionEvent).order_by(PermissionEvent.seq)).all()
        assert [(each.act, each.actor, each.reason) for each in events] == [
            (PermissionAct.GIVEN, "zhao.yi", "street office, No. 9"),
            (PermissionAct.ENDED, "zhao.yi", "the fair was called off"),
        ]
        assert events[0].facts["legal_basis"] == "Regulation on city appearance, art. 14"
        said = [fault for fault in audit(session, Brought(), at=after(30)).faults if "permission" in fault.where]
        assert said == []


def test_nobody_permits_anything_outside_of_their_area_or_ends_what_is_not_theirs(sqlite_database: Database) -> None:
    places: list[dict[str, Any]] = [
        {"geofence": "no-stopping-7"},
        {"area": "street-1"},
        {"area": "city"},
        {"plate": "浙J12345"},
    ]
    with transaction(sqlite_database.sessions) as session:
        _, there, _ = add_streets(session)
        for place in places:
            with pytest.raises(PermissionRefused, match="outside of what this account"), session.begin_nested():
                entered(session, there, **place)
        assert session.scalars(select(Permission)).all() == [], "a refusal leaves nothing behind"


def test_each_sees_what_holds_for_their_area_from_below_and_from_above(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        here, there, _ = add_streets(session)
        chief = accounts.add_user(
            session, name="chief", display_name="chief", password=PASSWORD, role=Role.LEADER, at=after(0)
        )
        for number, place in enumerate(
            ({"area": "street-1"}, {"area": "street-2"}, {"area": "city"}, {"plate": "浙J12345"})
        ):
            entered(session, chief, at=number, **place)

        def seen(user: User, **asked: Any) -> list[str]:
            scope = scope_of(user, Right.SEE_FENCES)
            shown = permits.permissions_shown(session, scope, on=asked.pop("on", date(2026, 3, 2)), **asked)
            return [each.area_id or each.plate or "" for each in reversed(shown)]

        assert seen(here) == ["street-1", "city", "浙J12345"]
        assert seen(there) == ["street-2", "city", "浙J12345"]
        assert seen(chief, text="Taizhou") == ["city"]
        assert seen(chief, text="j123") == ["浙J12345"]
        assert seen(chief, text="%") == []
        assert seen(chief, on=date(2026, 4, 1)) == []
        assert len(seen(chief, on=date(2026, 4, 1), over=True)) == 4
        own = permits.those_of(session, scope_of(here, Right.APPROVE_FENCE), session.scalars(select(Permission)).all())
        assert len(own) == 1, "the city's and the site's are seen, and not ended, from below"


@pytest.mark.parametrize(
    ("differs", "why"),
    [
        ({"plate": "no plate!"}, "plate"),
        ({}, "place"),
        ({"stall": "stall 12"}, "place"),
        ({"plate": "浙J12345", "stall": "stall 12"}, "stall"),
        ({"area": "city", "geofence": "no-stopping-7"}, "place"),
        ({"area": "city", "valid_to": "2026-02-01"}, "days"),
        ({"area": "city", "valid_to": "soon"}, "days"),
        ({"area": "city", "valid_from": None}, "days"),
        ({"area": "city", "hours": ({"days": "someday", "from": "06:00", "to": "10:00"},)}, "hours"),
        ({"area": "city", "offences": ("noise",)}, "offences"),
        ({"area": "city", "paper": None}, "paper"),
    ],
)
def test_what_permits_nothing_is_refused_by_its_field(differs: dict[str, Any], why: str) -> None:
    with pytest.raises(PermissionRefused) as refused:
        read_terms(**differs)
    assert refused.value.why == why


def test_without_a_place_that_is_there_and_a_legal_basis_nothing_is_entered(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        here, _, _ = add_streets(session)
        for differs, why in (
            ({"geofence": "nowhere"}, "place"),
            ({"area": "nowhere"}, "place"),
            ({"area": "street-1", "legal_basis": None}, "legal_basis"),
        ):
            with pytest.raises(PermissionRefused) as refused:
                entered(session, here, **differs)
            assert refused.value.why == why
        assert session.scalars(select(Permission)).all() == []


def test_a_site_file_brings_and_ends_its_own_and_leaves_what_a_person_entered(
    sqlite_database: Database, tmp_path: Path
) -> None:
    of_a_stall = (
        "permissions:\n  - {geofence: no-stopping-7, stall: stall 12, valid_from: 2026-03-01, valid_to: 2026-03-31, "
        "paper: No. 3, legal_basis: art. 14}\n"
    )
    with transaction(sqlite_database.sessions) as session:
        apply(session, read(written(tmp_path, SOUND + of_a_stall)), KEY, actor="wang.wei", at=after(0))
        chief = accounts.add_user(
            session, name="chief", display_name="chief", password=PASSWORD, role=Role.LEADER, at=after(0)
        )
        entered(session, chief, plate="浙J99999")
        dump(session, KEY, tmp_path / "out.yaml")
        assert {each.plate or each.stall for each in read(tmp_path / "out.yaml").values.permissions} == {
            "stall 12",
            "浙J99999",
        }
        report = apply(session, read(tmp_path / "out.yaml"), KEY, actor="wang.wei", at=after(60))
        assert report.changed_nothing, "what the desk entered comes back unchanged"
        apply(session, read(written(tmp_path, SOUND)), KEY, actor="wang.wei", at=after(120))
        site = session.scalars(select(Site)).one()
        assert [each.plate for each in permits.permissions_in_force(session, site)] == ["浙J99999"]
        ended = session.scalars(select(Permission).where(Permission.withdrawn_at.is_not(None))).one()
        assert (ended.withdrawn_by, ended.withdrawn_reason) == ("wang.wei", "as the site file has it")
