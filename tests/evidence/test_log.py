"""The log: entered with what happens or not at all, one order for everybody, heads that go on from each other."""

import hashlib
import subprocess
import threading
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from cases import lifecycle
from evidence import custody, log, tree_heads
from evidence.audit_tree import Checkpoint, Leaf, compare
from evidence.audit_verdict import FaultCode
from evidence.canonical import read_canonical
from evidence.errors import LogBroken, NotAHead, NotCanonical, SigningKeyFailed
from evidence.growing_tree import GrowingTree
from evidence.keys import key_in_use, replace_key
from evidence.merkle import leaf_hash, root
from evidence.signature import SigningKey, check
from models.database import Sessions
from models.enums import Act, CustodyAct, LogKind
from models.proof import LogEntry, SealStatement, SigningKeyRow, TreeHead
from tests.conftest import Database
from tests.evidence.log_scene import logged_scene, seal_still, without_guards
from tests.rows import NOON, add_street, after


def deletion(number: int) -> tuple[LogKind, str, Mapping[str, Any]]:
    return LogKind.DELETION, f"deletion/{number}", {"sha256": f"{number:064x}"}


def references(sessions: Sessions) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(LogEntry.reference).order_by(LogEntry.leaf_index, LogEntry.id)))


def test_a_seal_a_look_and_a_step_are_entered_where_they_happen(database: Database, tmp_path) -> None:
    with database.sessions.begin() as session:
        incident = add_street(session).incident
    exhibit = seal_still(database, tmp_path / "vault", incident.id, b"a still", after(80))
    with database.sessions.begin() as session:
        custody.record(session, incident.id, CustodyAct.VIEWED, actor="li.na", at=after(90), reason="to review")
        lifecycle.advance(session, session.merge(incident), Act.GRACE_STARTED, actor="streetwitness", at=after(91))
    assert references(database.sessions) == [
        f"transition/{incident.id}/1",
        f"custody/{incident.id}/1",
        f"seal/{exhibit}",
        f"custody/{incident.id}/2",
        f"transition/{incident.id}/2",
    ]


def test_a_site_that_asks_for_sm3_states_it_beside_sha_256_and_openssl_agrees(
    sqlite_database: Database, tmp_path
) -> None:
    with sqlite_database.sessions.begin() as session:
        incident_id = add_street(session).incident.id
    seal_still(sqlite_database, tmp_path / "vault", incident_id, b"a still", after(80), sm3=True)
    (tmp_path / "still").write_bytes(b"a still")
    said = subprocess.run(["openssl", "dgst", "-sm3", "-r", tmp_path / "still"], capture_output=True, check=True)
    with sqlite_database.sessions() as session:
        stated = read_canonical(session.scalars(select(SealStatement.content)).one())
    assert stated["sm3"] == said.stdout.split()[0].decode()
    assert stated["sha256"] == hashlib.sha256(b"a still").hexdigest()


def test_what_was_rolled_back_left_nothing(database: Database) -> None:
    with database.sessions() as session:
        log.append(session, *deletion(1), at=NOON)
        session.rollback()
    assert references(database.sessions) == []


def test_the_log_takes_a_reference_once_and_no_words_that_json_cannot_hold(database: Database) -> None:
    with database.sessions.begin() as session:
        log.append(session, *deletion(1), at=NOON)
    with database.sessions() as session:
        log.append(session, *deletion(1), at=NOON)
        with pytest.raises(IntegrityError):
            session.flush()
    with database.sessions() as session, pytest.raises(NotCanonical):
        log.append(session, LogKind.DELETION, "deletion/2", {"size": float("nan")}, at=NOON)


def test_many_writers_and_two_sequencers_come_to_one_order_without_gaps(database: Database) -> None:
    writers, each = 4, 12
    done = threading.Event()

    def write(writer: int) -> None:
        for number in range(each):
            with database.sessions.begin() as session:
                log.append(session, *deletion(writer * 100 + number), at=NOON)

    def sequence() -> None:
        while not done.is_set():
            with database.sessions.begin() as session:
                log.sequence(session)

    writing = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    sequencing = [threading.Thread(target=sequence) for _ in range(2)]
    for thread in (*writing, *sequencing):
        thread.start()
    for thread in writing:
        thread.join()
    done.set()
    for thread in sequencing:
        thread.join()
    with database.sessions.begin() as session:
        log.sequence(session)
        places = session.scalars(select(LogEntry.leaf_index).order_by(LogEntry.leaf_index)).all()
    assert places == list(range(writers * each))


@given(st.integers(0, 200))
@settings(max_examples=60, deadline=None)
def test_a_growing_tree_has_the_roots_of_the_rfc(size: int) -> None:
    leaves = [leaf_hash(bytes([number % 256])) for number in range(size)]
    tree = GrowingTree()
    for leaf in leaves:
        tree.append(leaf)
    assert (tree.size, tree.root) == (size, root(leaves))


def test_a_stretch_too_long_to_try_is_named_with_the_numbers_it_leaves_out() -> None:
    leaves = [Leaf(leaf_hash(b"%d" % number), number, f"custody/x/{number}") for number in range(100)]
    heads = [Checkpoint(10, root([leaf.hash for leaf in leaves[:10]]), "head 1")]
    heads.append(Checkpoint(99, root([leaf.hash for leaf in leaves[:99]]), "head 2"))
    assert compare(leaves, heads) == []
    fault = compare(leaves[:50] + leaves[51:], heads)[0]
    assert fault.where == "log entries 10 to 98"
    assert "leaves out 50 there" in fault.what


def test_a_head_is_signed_over_what_waits_too_and_reads_back_as_published(database: Database, tmp_path) -> None:
    with database.sessions.begin() as session:
        key = key_in_use(session, tmp_path / "signing.pem", at=NOON)
        log.append(session, *deletion(1), at=NOON)
        head = tree_heads.sign_head(session, key, at=NOON)
        assert (head.size, head.root) == (2, root(log.leaves_of(session)))
        published = tree_heads.read_published(tree_heads.published_form(head))
    assert check(key.public_pem, published.body, published.signature)
    assert (published.size, published.root, published.key_id) == (head.size, head.root, key.key_id)
    with pytest.raises(NotAHead):
        tree_heads.read_published(b'{"head":{},"signature":""}')
    with pytest.raises(NotAHead):
        tree_heads.read_published(b"half a li")


def test_no_head_vouches_for_a_log_that_was_changed_behind_the_last_one(database: Database, tmp_path) -> None:
    scene = logged_scene(database, tmp_path)
    with database.sessions() as session:
        without_guards(session)
        session.execute(update(LogEntry).where(LogEntry.leaf_index == 2).values(leaf=bytes(32)))
        with pytest.raises(LogBroken, match="streetwitness audit"):
            tree_heads.sign_head(session, key_in_use(session, scene.key_path, at=scene.clock()), at=scene.clock())
        session.rollback()
    with database.sessions() as session:
        without_guards(session)
        session.execute(delete(LogEntry).where(LogEntry.leaf_index >= 3))
        with pytest.raises(LogBroken):
            tree_heads.sign_head(session, key_in_use(session, scene.key_path, at=scene.clock()), at=scene.clock())


def test_the_notary_signs_every_hour_and_says_so_when_it_cannot(
    sqlite_database: Database, tmp_path, caplog: pytest.LogCaptureFixture
) -> None:
    scene = logged_scene(sqlite_database, tmp_path)

    def heads() -> int:
        with sqlite_database.sessions() as session:
            return len(session.scalars(select(TreeHead.number)).all())

    scene.notary().round()
    assert heads() == 2  # five minutes after the last
    scene.clock.goes_on()
    scene.notary().round()
    scene.notary().round()
    assert heads() == len(scene.published()) == 3
    with sqlite_database.sessions.begin() as session:
        without_guards(session)
        session.execute(update(LogEntry).where(LogEntry.leaf_index == 2).values(leaf=bytes(32)))
    scene.clock.goes_on()
    scene.notary().round()
    assert heads() == 3
    assert "no tree head was signed" in caplog.text


def test_a_clock_that_was_set_back_is_found(sqlite_database: Database, tmp_path) -> None:
    scene = logged_scene(sqlite_database, tmp_path)
    scene.clock.goes_on(timedelta(minutes=-30))
    scene.viewed("look 6")
    scene.notary().round()
    assert [(fault.code, fault.where[:11]) for fault in scene.audited().faults] == [(FaultCode.CLOCK, "tree head 3")]


def test_of_two_who_sign_at_once_the_later_may_have_looked_at_the_clock_first(
    sqlite_database: Database, tmp_path
) -> None:
    """Two people export at the same moment: whoever waits for the other began earlier. That is no fault."""
    scene = logged_scene(sqlite_database, tmp_path)
    with scene.database.sessions.begin() as session:
        replace_key(session, scene.key_path, at=scene.clock())
    for waited_s in (0, 8, 3):
        scene.viewed(f"look {waited_s}")
        with scene.database.sessions.begin() as session:
            at = scene.clock() - timedelta(seconds=waited_s)
            tree_heads.sign_head(session, key_in_use(session, scene.key_path, at=at), at=at)
    scene.notary().round()  # publishes them
    verdict = scene.audited()
    assert verdict.holds, [str(fault) for fault in verdict.faults]


def test_a_key_that_counts_only_from_later_does_not_sign(sqlite_database: Database, tmp_path) -> None:
    """Made while the clock was years ahead: what it signed by the right time would be said not to hold."""
    scene = logged_scene(sqlite_database, tmp_path)
    with sqlite_database.sessions() as session, pytest.raises(SigningKeyFailed, match="set the clock"):
        key_in_use(session, scene.key_path, at=NOON)


def test_a_new_key_ends_the_one_before_and_what_that_signed_still_holds(database: Database, tmp_path) -> None:
    scene = logged_scene(database, tmp_path)
    scene.viewed("look 6")
    scene.clock.goes_on()
    with database.sessions.begin() as session:
        replace_key(session, scene.key_path, at=scene.clock())
    scene.notary().round()
    assert scene.audited().holds
    with database.sessions() as session:
        old, new = session.scalars(select(SigningKeyRow).order_by(SigningKeyRow.valid_from)).all()
        assert (old.valid_to, new.valid_to) == (new.valid_from, None)
        signed_by = session.scalars(select(TreeHead.key_id).order_by(TreeHead.number)).all()
        assert signed_by == [old.key_id, old.key_id, new.key_id]
    [kept] = [each for each in scene.key_path.parent.iterdir() if each != scene.key_path]
    assert kept.name == f"signing-{old.key_id[:16]}.pem"
    kept.replace(scene.key_path)
    with database.sessions() as session, pytest.raises(SigningKeyFailed, match="another key since"):
        key_in_use(session, scene.key_path, at=scene.clock())


@pytest.mark.parametrize("another_is_there", [False, True], ids=["no_file", "another_key"])
def test_a_host_without_the_key_of_the_site_does_not_sign_and_ends_nothing(
    sqlite_database: Database, tmp_path, another_is_there: bool
) -> None:
    logged_scene(sqlite_database, tmp_path)
    elsewhere = tmp_path / "another host" / "signing.pem"
    if another_is_there:
        SigningKey.make_or_open(elsewhere)
    with (
        sqlite_database.sessions.begin() as session,
        pytest.raises(SigningKeyFailed, match="that is not here; restore it"),
    ):
        key_in_use(session, elsewhere, at=NOON + timedelta(days=1))
    assert elsewhere.exists() is another_is_there, "none is made"
    with sqlite_database.sessions() as session:
        assert session.scalars(select(SigningKeyRow.valid_to)).all() == [None]


def test_an_incident_that_is_not_there_leaves_no_entry(sqlite_database: Database) -> None:
    with sqlite_database.sessions() as session, pytest.raises(Exception, match="there is no incident"):
        custody.record(session, uuid.uuid4(), CustodyAct.VIEWED, actor="li.na", at=NOON, reason="to review")
    assert references(sqlite_database.sessions) == []
