"""Whose vehicle it is: lists taken in whole or not at all, look-ups on record, other registers asked with patience."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from cases.camera_register import Registered
from cases.errors import ReasonMissing, RegisterRefused
from cases.owners import Answer, Asking, look_up
from cases.vehicle_register import read_register, take_in
from models.database import reading, transaction
from models.enums import LookupOutcome, LookupSource
from models.people import Owner, Vehicle
from models.register import RegisterLookup
from notify.gateway_http import GatewayHttp, GatewayNetworks
from notify.owner_register import HttpRegister
from tests.conftest import Database
from tests.notify.peers import HttpPeer
from tests.notify.scene import AT, KEY, Clock

CHINESE = (
    "车牌号,车主,手机号,备注\n浙J12345,车主甲,13800000042,\n浙J·D12345,车主乙,+86 138-0000-0043,新能源\n浙J00001,,,\n"
)
SECRET = "a secret that both sides know"
KEEP = timedelta(days=30)


def listed(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "vehicles.csv"
    path.write_bytes(text.encode(encoding))
    return path


def taken_in(database: Database, path: Path) -> dict[Registered, int]:
    with transaction(database.sessions) as session:
        return take_in(session, KEY, read_register(path), purpose="parking notices", actor="li.na", at=AT)


def owner_of(database: Database, plate: str) -> tuple[str, str] | None:
    with reading(database.sessions) as session:
        owner_id = session.scalars(select(Vehicle.owner_id).where(Vehicle.plate == plate)).one_or_none()
        if owner_id is None:
            return None
        owner = session.get_one(Owner, owner_id)
        name = KEY.open(owner.name_sealed, f"owner.name:{owner.id}")
        return name, KEY.open(owner.phone_sealed, f"owner.phone:{owner.id}")


def lookups(database: Database) -> list[tuple[str, LookupSource, LookupOutcome]]:
    with reading(database.sessions) as session:
        rows = session.scalars(select(RegisterLookup).order_by(RegisterLookup.at, RegisterLookup.plate))
        return [(row.purpose, row.source, row.outcome) for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_is_taken_in_with_its_purpose_and_again_changes_nothing(
    database: Database, tmp_path: Path, encoding: str
) -> None:
    path = listed(tmp_path, CHINESE, encoding)
    assert taken_in(database, path)[Registered.ADDED] == 3
    assert owner_of(database, "浙J12345") == ("车主甲", "+8613800000042")
    assert owner_of(database, "浙JD12345") == ("车主乙", "+8613800000043")
    assert owner_of(database, "浙J00001") is None
    assert ("parking notices", LookupSource.IMPORT, LookupOutcome.NO_PHONE) in lookups(database)
    assert taken_in(database, path)[Registered.UNCHANGED] == 3


def test_english_headings_in_another_order_with_semicolons_will_do(sqlite_database: Database, tmp_path: Path) -> None:
    taken_in(sqlite_database, listed(tmp_path, "Phone;Owner;Colour;Plate\n13800000042;Li Na;red;浙J12345\n"))
    assert owner_of(sqlite_database, "浙J12345") == ("Li Na", "+8613800000042")


def test_every_bad_line_is_told_with_its_reason_and_nothing_is_taken_in(
    sqlite_database: Database, tmp_path: Path
) -> None:
    rows = [
        "车牌,车主,电话",
        "浙J12345,车主甲,13800000042",
        "not a plate,车主乙,13800000043",
        "浙J22222,车主丙,12345",
        "浙J33333,,13800000044",
        "浙J12345,车主丁,13800000045",
        "浙J44444,车主戊,13800000042",
    ]
    with pytest.raises(RegisterRefused) as refused:
        taken_in(sqlite_database, listed(tmp_path, "\n".join(rows)))
    said = str(refused.value)
    assert [problem.line for problem in refused.value.problems] == [3, 4, 5, 6, 7]
    assert "line 3: plate: `not a plate` does not look like a plate" in said
    assert "line 4: phone: not a phone number" in said
    assert "line 5: owner and phone belong together" in said
    assert "line 6: plate: `浙J12345` stands there twice (first on line 2)" in said
    assert "line 7: phone: stands on line 2 with another owner" in said
    assert "13800000042" not in said
    assert lookups(sqlite_database) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("owner,phone\nLi Na,13800000042\n", "no column is headed plate or 车牌"),
        ("plate,车牌\n浙J12345,浙J12345\n", "two columns are headed so"),
        ("plate\n", "names no vehicle"),
        ('plate,owner\n"浙J12345,Li\n', "cannot be read as a table"),
        ("", "no vehicle"),
    ],
    ids=["no_plate", "twice", "empty", "open_quote", "nothing"],
)
def test_what_is_no_list_says_why(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(RegisterRefused, match=says):
        read_register(listed(tmp_path, text))


def test_a_list_without_a_purpose_is_not_taken_in(sqlite_database: Database, tmp_path: Path) -> None:
    lines = read_register(listed(tmp_path, CHINESE))
    with pytest.raises(ReasonMissing), transaction(sqlite_database.sessions) as session:
        take_in(session, KEY, lines, purpose=" ", actor="li.na", at=AT)
    assert lookups(sqlite_database) == []


def asked(database: Database, clock: Clock, peer: HttpPeer | None, plate: str = "浙J12345") -> Answer:
    http = GatewayHttp(GatewayNetworks.of(["127.0.0.1"]), deadline_s=30.0)
    register = HttpRegister(f"{peer.url}/keeper", SECRET, http, clock) if peer is not None else None
    asking = Asking(plate, "incident 3f2a9c1e", "streetwitness")
    return look_up(database.sessions, KEY, asking, register=register, keep_for=KEEP, clock=clock)


def test_another_register_is_asked_once_its_answer_kept_for_a_while_and_each_look_up_is_on_record(
    database: Database,
) -> None:
    clock = Clock()
    with HttpPeer(lambda _request: (200, {"owner": "车主甲", "phone": "13800000042"})).running() as peer:
        first = asked(database, clock, peer)
        clock.forward(60)
        assert asked(database, clock, peer) == first
        assert len(peer.requests) == 1
        clock.forward(KEEP.total_seconds())
        assert asked(database, clock, peer) == first
    assert first.outcome is LookupOutcome.FOUND
    assert owner_of(database, "浙J12345") == ("车主甲", "+8613800000042")
    assert len(peer.requests) == 2
    assert b"incident 3f2a9c1e" in peer.requests[0].body
    assert peer.requests[0].headers["x-streetwitness-signature"].startswith("v1=")
    found = LookupOutcome.FOUND
    assert [(source, outcome) for _, source, outcome in lookups(database)] == [
        (LookupSource.HTTP, found),
        (LookupSource.OWN_REGISTER, found),
        (LookupSource.HTTP, found),
    ]


def test_a_plate_that_the_register_does_not_know_is_asked_for_again_tomorrow(sqlite_database: Database) -> None:
    clock = Clock()
    with HttpPeer(lambda _request: (404, {})).running() as peer:
        assert asked(sqlite_database, clock, peer).outcome is LookupOutcome.UNKNOWN
        clock.forward(3600)
        assert asked(sqlite_database, clock, peer).outcome is LookupOutcome.UNKNOWN
        assert len(peer.requests) == 1
        clock.forward(86_400)
        asked(sqlite_database, clock, peer)
    assert len(peer.requests) == 2


def test_what_a_list_said_is_not_asked_for_elsewhere(sqlite_database: Database, tmp_path: Path) -> None:
    taken_in(sqlite_database, listed(tmp_path, CHINESE))
    with HttpPeer().running() as peer:
        assert asked(sqlite_database, Clock(), peer).outcome is LookupOutcome.FOUND
        assert asked(sqlite_database, Clock(), peer, "浙J00001").outcome is LookupOutcome.NO_PHONE
    assert peer.requests == []


@pytest.mark.parametrize(
    "answer",
    [(500, {}), (200, b"<html>"), (200, {"owner": "甲", "phone": "call me"}), (200, {"phone": "1"}), (403, {})],
)
def test_a_register_that_gives_no_usable_answer_is_asked_again_and_that_is_on_record(
    sqlite_database: Database, answer: tuple[int, object]
) -> None:
    with HttpPeer(lambda _request: answer).running() as peer:
        assert asked(sqlite_database, Clock(), peer) == Answer(LookupOutcome.UNAVAILABLE)
        asked(sqlite_database, Clock(), peer)
    assert len(peer.requests) == 2
    unavailable = ("incident 3f2a9c1e", LookupSource.HTTP, LookupOutcome.UNAVAILABLE)
    assert lookups(sqlite_database) == [unavailable] * 2


def test_a_keeper_without_a_phone_is_a_vehicle_whose_owner_cannot_be_told(sqlite_database: Database) -> None:
    with HttpPeer(lambda _request: (200, {"owner": "车主甲"})).running() as peer:
        assert asked(sqlite_database, Clock(), peer) == Answer(LookupOutcome.NO_PHONE)


def test_without_another_register_our_own_rows_say_all(sqlite_database: Database) -> None:
    assert asked(sqlite_database, Clock(), None) == Answer(LookupOutcome.UNKNOWN)
    assert lookups(sqlite_database) == [("incident 3f2a9c1e", LookupSource.OWN_REGISTER, LookupOutcome.UNKNOWN)]


def test_a_look_up_without_a_purpose_is_refused(sqlite_database: Database) -> None:
    asking = Asking("浙J12345", " ", "li.na")
    with pytest.raises(ReasonMissing):
        look_up(sqlite_database.sessions, KEY, asking, register=None, keep_for=KEEP, clock=Clock())
