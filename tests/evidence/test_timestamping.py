"""Timestamps from an authority that really signs, and from one that misbehaves: never waited for, always on record."""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from evidence.errors import AuthorityFailed
from evidence.notary import Outside
from evidence.timestamp_token import roots_of
from evidence.timestamping import Authority, owed, work_off
from models.proof import SealStatement, Timestamp, TreeHead
from tests.conftest import Database
from tests.evidence.log_scene import LogScene, logged_scene
from tests.evidence.timestamp_authority import Manner, TimestampAuthority


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[TimestampAuthority]:
    with TimestampAuthority(tmp_path / "authority").answering() as simulator:
        yield simulator


def authority(simulator: TimestampAuthority) -> Authority:
    return Authority(simulator.url, roots_of(simulator.roots.read_bytes()))


def stamps(scene: LogScene) -> list[Timestamp]:
    with scene.database.sessions() as session:
        return list(session.scalars(select(Timestamp).order_by(Timestamp.promised_at, Timestamp.head_number)))


def test_what_is_owed_is_worked_off_and_openssl_agrees(
    database: Database, simulator: TimestampAuthority, tmp_path: Path
) -> None:
    scene = logged_scene(database, tmp_path)
    assert len(owed(database.sessions)) == 3
    assert work_off(database.sessions, authority(simulator), scene.clock) == (3, None)
    assert owed(database.sessions) == []
    assert simulator.asked == 3
    with database.sessions() as session:
        statement = session.scalars(select(SealStatement)).one()
        head = session.scalars(select(TreeHead).where(TreeHead.number == 1)).one()
    for stamp in stamps(scene):
        assert stamp.asked_at == stamp.answered_at == scene.clock()
        message = statement.content if stamp.exhibit_id else head.body if stamp.head_number == 1 else None
        if message is None:
            continue
        (tmp_path / "message").write_bytes(message)
        (tmp_path / "token.tsr").write_bytes(stamp.token or b"")
        words = f"openssl ts -verify -data message -in token.tsr -CAfile {simulator.roots}"
        said = subprocess.run(words.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "Verification: OK" in said.stdout, said.stderr
    verdict = scene.audited()
    assert verdict.holds
    # the scene lives in March, the authority does not
    assert any("by 3 timestamps the site's clock was off" in note for note in verdict.notes)
    assert work_off(database.sessions, authority(simulator), scene.clock) == (0, None)


@pytest.mark.parametrize(
    ("manner", "why"),
    [
        (Manner.IS_DOWN, "status 503"),
        (Manner.REFUSES, "gave no token"),
        (Manner.REPEATS, "another message"),
        (Manner.SENDS_TOO_MUCH, "larger than"),
        (Manner.REDIRECTS, "not followed"),
        (Manner.TALKS_NONSENSE, "not a timestamp token"),
    ],
    ids=str,
)
def test_an_authority_that_misbehaves_gives_no_token(simulator: TimestampAuthority, manner: Manner, why: str) -> None:
    authority(simulator).stamp(b"something else")  # so that there is a token to repeat
    simulator.manner = manner
    with pytest.raises(AuthorityFailed, match=why):
        authority(simulator).stamp(b"message")


def test_an_authority_that_drips_is_left_at_the_deadline(simulator: TimestampAuthority) -> None:
    simulator.manner = Manner.DRIPS  # and would break off after ten seconds
    with pytest.raises(AuthorityFailed, match="did not answer within"):
        authority(simulator).stamp(b"message", deadline_s=0.4)


def test_a_token_of_another_authority_is_refused(simulator: TimestampAuthority, tmp_path: Path) -> None:
    another = TimestampAuthority(tmp_path / "another")
    mistaken = Authority(simulator.url, roots_of(another.roots.read_bytes()))
    with pytest.raises(AuthorityFailed, match="does not hold"):
        mistaken.stamp(b"message")


def test_sealing_does_not_wait_for_the_authority_and_the_delay_is_on_record(
    sqlite_database: Database, simulator: TimestampAuthority, tmp_path: Path
) -> None:
    simulator.manner = Manner.IS_DOWN
    scene = logged_scene(sqlite_database, tmp_path)
    notary = scene.notary(outside=Outside(authority=authority(simulator)))
    notary.round()
    notary.round()
    assert simulator.asked == 1  # it rests after a failure, and does not go on to the next
    scene.clock.goes_on(timedelta(seconds=16))
    notary.round()
    assert simulator.asked == 2
    first = owed(sqlite_database.sessions)
    assert [stamp.tries for stamp in first] == [1, 1, 0]
    assert "status 503" in (first[0].failure or "")
    assert any("3 timestamps are still owed" in note for note in scene.audited().notes)
    simulator.manner = Manner.SIGNS
    scene.clock.goes_on(timedelta(seconds=40))
    notary.round()
    assert owed(sqlite_database.sessions) == []
    for stamp in stamps(scene):
        assert stamp.answered_at is not None
        assert stamp.promised_at < stamp.answered_at
        assert stamp.failure is None


def test_nobody_answers_at_all(tmp_path: Path, simulator: TimestampAuthority) -> None:
    nobody = Authority("http://127.0.0.1:9/tsa", authority(simulator).roots)
    with pytest.raises(AuthorityFailed, match="cannot be reached"):
        nobody.stamp(b"message")
    with pytest.raises(AuthorityFailed, match="no http"):
        Authority("ftp://127.0.0.1/", authority(simulator).roots).stamp(b"message")
