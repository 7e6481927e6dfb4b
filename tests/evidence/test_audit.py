"""The audit, against somebody who owns the database, and against somebody who has the signing key as well."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cases.incidents import Conduct, open_incident
from detectors.geometry import Box
from evidence import custody, custody_chain, keys, log
from evidence.audit import Brought, audit
from evidence.audit_verdict import FaultCode
from evidence.canonical import canonical, instant
from evidence.deletion import proof_of
from evidence.digest import sha256_of_bytes
from evidence.merkle import leaf_hash, root
from evidence.retention_rows import lift_hold, put_hold, record_served
from evidence.signature import SigningKey
from evidence.tree_heads import FORMAT
from evidence.vault import Vault
from models.enums import Act, CustodyAct, Decision, IncidentState, LogKind
from models.exhibits import CustodyEvent, Exhibit, SealedObject
from models.incidents import CaseEvent, DraftCase, Incident, ReviewDecision
from models.places import Camera, GeofenceVersion
from models.proof import LogEntry, SealStatement, SigningKeyRow, Timestamp, TreeHead
from models.retention import Deletion, LegalHold, ServedDecision
from tests.conftest import postgres_copy, sqlite_copy
from tests.evidence.log_scene import LogScene, logged_scene
from tests.rows import NOON, add_recording, after

Tamper = Callable[[Session], object]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogScene]:
    """One for the whole file: each test undoes what it did."""
    folder = tmp_path_factory.mktemp("log")
    if request.param == "sqlite":
        databases = sqlite_copy(request.getfixturevalue("migrated_sqlite"), folder)
    else:
        databases = postgres_copy(request.getfixturevalue("migrated_postgres"))
    with contextmanager(lambda: databases)() as database:
        yield logged_scene(database, folder)


def entry_like(session: Session, pattern: str) -> LogEntry:
    return session.scalars(select(LogEntry).where(LogEntry.reference.like(pattern))).one()


def replace_entry(session: Session, entry: LogEntry, content: bytes) -> None:
    """An entry that fits other words, its leaf made anew: nothing but a head can tell."""
    sha256 = sha256_of_bytes(content)
    leaf = leaf_hash(log.leaf_data(entry.kind, entry.reference, sha256, entry.at))
    session.execute(update(LogEntry).where(LogEntry.id == entry.id).values(sha256=sha256, leaf=leaf))


def renumber(session: Session) -> None:
    """Closes the gaps that a dropped entry leaves."""
    rows = session.scalars(select(LogEntry.id).where(LogEntry.leaf_index.is_not(None)).order_by(LogEntry.leaf_index))
    for leaf_index, row in enumerate(rows.all()):
        session.execute(update(LogEntry).where(LogEntry.id == row).values(leaf_index=leaf_index))


def reason_changed(session: Session) -> None:
    session.execute(update(CustodyEvent).where(CustodyEvent.seq == 3).values(reason="never looked"))


def reason_changed_and_everything_after_it_made_to_fit(session: Session) -> None:
    previous = None
    for event in session.scalars(select(CustodyEvent).order_by(CustodyEvent.seq)).all():
        event.reason = "never looked" if event.seq == 3 else event.reason
        event.previous = previous
        event.digest = previous = custody_chain.digest_of(custody.entry_of(event))
        entry = entry_like(session, f"custody/%/{event.seq}")
        replace_entry(session, entry, canonical(custody.entry_of(event)))
    session.flush()


def swap(session: Session, one: int, other: int) -> None:
    for now, then in ((one, 1000), (other, one), (1000, other)):
        session.execute(update(LogEntry).where(LogEntry.leaf_index == now).values(leaf_index=then))


def swapped_with_their_rows(session: Session) -> None:
    """Two entries change places altogether, the database's own numbers too."""
    first, second = (entry_like(session, f"custody/%/{seq}") for seq in (3, 4))
    for one, other in ((first.id, 9000), (second.id, first.id), (9000, second.id)):
        session.execute(update(LogEntry).where(LogEntry.id == one).values(id=other))
    swap(session, first.leaf_index or 0, second.leaf_index or 0)


def last_custody_event_dropped(session: Session) -> None:
    session.execute(delete(CustodyEvent).where(CustodyEvent.reason == "look 5"))


def custody_event_dropped_with_its_entry(session: Session) -> None:
    session.execute(delete(CustodyEvent).where(CustodyEvent.seq == 4))
    session.execute(delete(LogEntry).where(LogEntry.reference.like("custody/%/4")))


def custody_event_dropped_and_numbers_closed(session: Session) -> None:
    custody_event_dropped_with_its_entry(session)
    renumber(session)


def event_slipped_in(session: Session) -> None:
    incident_id = session.scalars(select(Incident.id)).one()
    event = CaseEvent(
        incident_id=incident_id,
        seq=5,
        act=Act.DISMISSED,
        from_state=IncidentState.DISMISSED,
        to_state=IncidentState.DISMISSED,
        actor="nobody",
        at=after(99),
        facts={},
    )
    session.add(event)
    session.flush()


def entry_slipped_in_between(session: Session) -> None:
    """The log of the first hour gets an entry more, in place."""
    session.execute(update(LogEntry).values(leaf_index=LogEntry.leaf_index + 1000))
    size = log.size_of(session) - 1000
    for leaf_index in range(size):
        place = leaf_index if leaf_index < 2 else leaf_index + 1
        session.execute(update(LogEntry).where(LogEntry.leaf_index == leaf_index + 1000).values(leaf_index=place))
    entry = log.append(session, LogKind.DELETION, "deletion/made-up", {"sha256": "a" * 64}, at=NOON)
    session.flush()
    session.execute(update(LogEntry).where(LogEntry.id == entry.id).values(leaf_index=2))


def object_deleted_by_a_deletion_nobody_made(session: Session) -> None:
    sealed = session.scalars(select(SealedObject)).one()
    deletion = Deletion(
        sha256=sealed.sha256,
        size_bytes=sealed.size_bytes,
        belonged_to=[],
        why="moved in time",
        rule="made up",
        actor="nobody",
        intended_at=NOON,
        done_at=NOON,
    )
    session.add(deletion)
    session.flush()


def public_key_replaced(session: Session) -> None:
    another = SigningKey(Ed25519PrivateKey.generate())
    session.execute(update(SigningKeyRow).values(public_pem=another.public_pem.decode()))


def head_for_another_root(session: Session) -> None:
    session.execute(update(TreeHead).where(TreeHead.number == 1).values(root=bytes(32)))


def head_with_another_time(session: Session) -> None:
    head = session.scalars(select(TreeHead).where(TreeHead.number == 1)).one()
    session.execute(update(TreeHead).where(TreeHead.number == 1).values(body=head.body.replace(b"2026", b"2025")))


def head_signature_of_the_other_head(session: Session) -> None:
    other = session.scalars(select(TreeHead.signature).where(TreeHead.number == 2)).one()
    session.execute(update(TreeHead).where(TreeHead.number == 1).values(signature=other))


def statement_rewritten(session: Session) -> None:
    statement = session.scalars(select(SealStatement)).one()
    session.execute(update(SealStatement).values(content=statement.content.replace(b"gate-3", b"gate-4")))


def hold(session: Session) -> LegalHold:
    incident_id = session.scalars(select(Incident.id)).one()
    return put_hold(session, incident_id, actor="zhao.law", at=after(4900), reason="asked for by the court")


def hold_dropped(session: Session) -> None:
    hold(session)
    session.execute(delete(LegalHold))


def hold_lifted_by_nobody(session: Session) -> None:
    """So that the purge may go on; the register of custody has no word of it."""
    hold(session)
    session.execute(update(LegalHold).values(lifted_by="zhao.law", lifted_at=after(4950), lift_reason="withdrawn"))


def hold_made_up(session: Session) -> None:
    incident_id = session.scalars(select(Incident.id)).one()
    session.add(LegalHold(incident_id=incident_id, put_by="nobody", put_at=NOON, reason="none"))
    session.flush()


def service_made_up(session: Session) -> None:
    """A day of service long ago, after which no appeal can come and the evidence may go."""
    incident_id = session.scalars(select(Incident.id)).one()
    served = {"served_on": NOON.date(), "document": "no. 1", "recorded_by": "nobody", "recorded_at": NOON}
    session.add(ServedDecision(incident_id=incident_id, **served))
    session.flush()


def service_moved_to_an_earlier_day(session: Session) -> None:
    incident_id = session.scalars(select(Incident.id)).one()
    record_served(session, incident_id, served_on=NOON.date(), document="no. 1", actor="zhao.law", at=after(4900))
    session.execute(update(ServedDecision).values(served_on=date(2020, 1, 1)))


def fence_moved_after_the_fact(session: Session) -> None:
    """So that the car stands inside it."""
    before = session.scalars(select(Incident)).one()
    camera = session.get_one(Camera, before.camera_id)
    conduct = Conduct(
        camera_id=camera.id,
        geofence_version_id=before.geofence_version_id,
        recording_id=add_recording(session, camera, sha256="e" * 64, path="/recordings/other.mp4").id,
        offence=before.offence,
        first_seen_at=after(2000),
        stopped_at=after(2000),
        confirmed_at=after(2060),
        last_seen_at=after(2060),
        box=Box(10, 10, 60, 60),
        confidence=0.9,
    )
    incident, _ = open_incident(session, conduct, grace_s=600, at=after(4600), facts={})
    session.flush()
    polygon = [[0, 0], [0.5, 0], [0.5, 0.5]]
    fence = update(GeofenceVersion).where(GeofenceVersion.id == incident.geofence_version_id)
    session.execute(fence.values(polygon=polygon))


def exhibit_dropped_and_its_statement_left(session: Session) -> None:
    session.execute(delete(Exhibit))


def written_after_the_clock_was_set_back(session: Session) -> None:
    """A look of which it is said that it was before the second head was signed, which does not have it."""
    incident_id = session.scalars(select(Incident.id)).one()
    at = after(900)
    custody.record(session, incident_id, CustodyAct.VIEWED, actor="li.na", at=at, reason="long ago")


def all_signed_anew_by_a_key_of_ones_own(session: Session) -> None:
    """By somebody who has the database and not the signing key: every key, signature and head is made again."""
    forger = SigningKey(Ed25519PrivateKey.generate())
    row = session.scalars(select(SigningKeyRow)).one()
    entry = entry_like(session, "key/%")
    site = row.key_id
    row.key_id, row.public_pem = forger.key_id, forger.public_pem.decode()
    content = canonical(keys.content_of(row, None))
    replace_entry(session, entry, content)
    values = {"content": content, "reference": f"key/{forger.key_id}"}
    session.execute(update(LogEntry).where(LogEntry.id == entry.id).values(values))
    session.expire(entry)
    replace_entry(session, entry, content)
    for statement in session.scalars(select(SealStatement)).all():
        statement.key_id, statement.signature = forger.key_id, forger.sign(statement.content)
    session.flush()
    for head in session.scalars(select(TreeHead)).all():
        head.root = root(log.leaves_of(session, head.size))
        said = {"format": FORMAT, "size": head.size, "root": head.root.hex(), "at": instant(head.at)}
        head.body = canonical(said | {"key": forger.key_id})
        head.key_id, head.signature = forger.key_id, forger.sign(head.body)
    session.flush()
    assert site != forger.key_id


# what is done: (the tampering, what the audit must call it, part of the place it must name)
FOUND: dict[str, tuple[Tamper, FaultCode, str]] = {
    "custody_reason_changed": (reason_changed, FaultCode.REWRITTEN, "custody/"),
    "custody_changed_and_made_to_fit": (
        reason_changed_and_everything_after_it_made_to_fit,
        FaultCode.REWRITTEN,
        "log entries",
    ),
    "custody_actor_changed": (
        lambda session: session.execute(update(CustodyEvent).where(CustodyEvent.seq == 2).values(actor="x")),
        FaultCode.REWRITTEN,
        "/2)",
    ),
    "event_facts_changed": (
        lambda session: session.execute(update(CaseEvent).where(CaseEvent.seq == 1).values(facts={"dwell_s": 1})),
        FaultCode.REWRITTEN,
        "transition/",
    ),
    "event_time_changed_by_a_microsecond": (
        lambda session: session.execute(update(CaseEvent).where(CaseEvent.seq == 2).values(at=after(1000.000001))),
        FaultCode.REWRITTEN,
        "transition/",
    ),
    "decision_turned_round": (
        lambda session: session.execute(update(ReviewDecision).values(decision=Decision.ACCEPT)),
        FaultCode.REWRITTEN,
        "decision/",
    ),
    "incident_put_into_another_state": (
        lambda session: session.execute(update(Incident).values(state=IncidentState.ACCEPTED)),
        FaultCode.STATE,
        "incident ",
    ),
    "last_custody_event_dropped": (last_custody_event_dropped, FaultCode.DROPPED, "custody/"),
    "decision_dropped": (lambda session: session.execute(delete(ReviewDecision)), FaultCode.DROPPED, "decision/"),
    "custody_event_dropped_with_its_entry": (
        custody_event_dropped_with_its_entry,
        FaultCode.DROPPED,
        "log entries",
    ),
    "custody_event_dropped_and_numbers_closed": (
        custody_event_dropped_and_numbers_closed,
        FaultCode.REWRITTEN,
        "log entries",
    ),
    "end_of_the_log_dropped": (
        lambda session: session.execute(delete(LogEntry).where(LogEntry.leaf_index >= 9)),
        FaultCode.TRUNCATED,
        "log entry 9",
    ),
    "two_entries_swapped": (lambda session: swap(session, 7, 9), FaultCode.REORDERED, "log entry 7 "),
    "two_entries_swapped_with_their_rows": (swapped_with_their_rows, FaultCode.REORDERED, "custody/"),
    "event_slipped_in": (event_slipped_in, FaultCode.INSERTED, "transition/"),
    "entry_slipped_in_between": (entry_slipped_in_between, FaultCode.INSERTED, "deletion/made-up"),
    "entry_for_other_words": (
        lambda session: session.execute(update(LogEntry).where(LogEntry.leaf_index == 3).values(sha256="b" * 64)),
        FaultCode.REWRITTEN,
        "log entry 3 ",
    ),
    "entry_at_another_time": (
        lambda session: session.execute(update(LogEntry).where(LogEntry.leaf_index == 3).values(at=NOON)),
        FaultCode.REWRITTEN,
        "log entry 3 ",
    ),
    "recipe_of_an_exhibit_changed": (
        lambda session: session.execute(update(Exhibit).values(recipe={"how": "painted"})),
        FaultCode.REWRITTEN,
        "exhibit ",
    ),
    "size_of_an_object_changed": (
        lambda session: session.execute(update(SealedObject).values(size_bytes=7)),
        FaultCode.REWRITTEN,
        "exhibit ",
    ),
    "statement_rewritten": (statement_rewritten, FaultCode.REWRITTEN, "seal/"),
    "statement_dropped": (
        lambda session: (session.execute(delete(Timestamp)), session.execute(delete(SealStatement))),
        FaultCode.DROPPED,
        "seal/",
    ),
    "statement_with_another_signature": (
        lambda session: session.execute(update(SealStatement).values(signature=bytes(64))),
        FaultCode.SIGNATURE,
        "exhibit ",
    ),
    "statement_signed_before_the_key_was": (
        lambda session: session.execute(update(SealStatement).values(signed_at=NOON)),
        FaultCode.SIGNATURE,
        "exhibit ",
    ),
    "head_for_another_root": (head_for_another_root, FaultCode.HEAD, "tree head 1 "),
    "head_with_another_time": (head_with_another_time, FaultCode.HEAD, "tree head 1 "),
    "head_signature_of_another_head": (head_signature_of_the_other_head, FaultCode.SIGNATURE, "tree head 1 "),
    "head_dropped": (
        lambda session: (
            session.execute(delete(Timestamp)),
            session.execute(delete(TreeHead).where(TreeHead.number == 1)),
        ),
        FaultCode.DROPPED,
        "published head",
    ),
    "public_key_replaced": (public_key_replaced, FaultCode.REWRITTEN, "signing key"),
    "deletion_made_up": (object_deleted_by_a_deletion_nobody_made, FaultCode.INSERTED, "deletion/"),
    "hold_dropped": (hold_dropped, FaultCode.DROPPED, "legal hold"),
    "hold_lifted_by_nobody": (hold_lifted_by_nobody, FaultCode.INSERTED, "legal hold"),
    "hold_made_up": (hold_made_up, FaultCode.INSERTED, "legal hold"),
    "service_made_up": (service_made_up, FaultCode.INSERTED, "served/"),
    "service_moved_to_an_earlier_day": (service_moved_to_an_earlier_day, FaultCode.REWRITTEN, "served/"),
    "exhibit_dropped_and_its_statement_left": (
        exhibit_dropped_and_its_statement_left,
        FaultCode.DROPPED,
        "exhibit ",
    ),
    "fence_moved_after_the_fact": (fence_moved_after_the_fact, FaultCode.REWRITTEN, "incident "),
    "draft_changed_after_the_decision": (
        lambda session: session.execute(update(DraftCase).values(content={"plate": "浙J99999"})),
        FaultCode.REWRITTEN,
        "incident ",
    ),
    "draft_dropped_after_the_decision": (
        lambda session: (
            session.execute(update(ReviewDecision).values(draft_case_id=None)),
            session.execute(delete(DraftCase)),
        ),
        FaultCode.REWRITTEN,
        "incident ",
    ),
    "timestamps_dropped": (
        lambda session: session.execute(delete(Timestamp)),
        FaultCode.DROPPED,
        "timestamp of ",
    ),
    "written_after_the_clock_was_set_back": (written_after_the_clock_was_set_back, FaultCode.CLOCK, "custody/"),
    "token_of_nothing": (
        lambda session: session.execute(update(Timestamp).values(token=b"no token", stamped_at=NOON, answered_at=NOON)),
        FaultCode.TIMESTAMP,
        "timestamp",
    ),
}


def test_what_was_not_touched_holds(scene: LogScene) -> None:
    verdict = scene.audited()
    assert verdict.holds, [str(fault) for fault in verdict.faults]
    assert (verdict.heads, verdict.published, verdict.objects) == (2, 2, 1)
    # an opening event, three transitions, six custody entries, a seal, a decision, the key
    assert verdict.entries == 13
    assert verdict.waiting == 0


def test_taking_the_guards_away_is_no_fault_by_itself(scene: LogScene) -> None:
    assert scene.audited_after(lambda _session: None).holds


@pytest.mark.parametrize(("tamper", "code", "where"), FOUND.values(), ids=FOUND.keys())
def test_whoever_owns_the_database_is_found(scene: LogScene, tamper: Tamper, code: FaultCode, where: str) -> None:
    faults = scene.audited_after(tamper).faults
    assert any(fault.code is code and where in fault.where for fault in faults), [str(fault) for fault in faults]
    assert scene.audited().holds


def test_swapped_entries_are_both_named(scene: LogScene) -> None:
    faults = scene.audited_after(lambda session: swap(session, 7, 9)).faults
    assert {fault.where.split(" (")[0] for fault in faults} == {"log entry 7", "log entry 9"}


def set_back(session: Session) -> None:
    """The database as it was after the first head: everything later is gone, and what is left fits together."""
    size = session.scalars(select(TreeHead.size).where(TreeHead.number == 1)).one()
    later = session.scalars(select(LogEntry.reference).where(LogEntry.leaf_index >= size)).all()
    assert any(reference.startswith("custody/") for reference in later)
    session.execute(delete(LogEntry).where(LogEntry.leaf_index >= size))
    session.execute(delete(CustodyEvent).where(CustodyEvent.seq > 1))
    session.execute(delete(ReviewDecision))
    session.execute(delete(CaseEvent).where(CaseEvent.seq > 2))
    session.execute(delete(Timestamp).where(Timestamp.head_number == 2))
    session.execute(delete(TreeHead).where(TreeHead.number == 2))
    session.execute(update(Incident).values(state=IncidentState.NOTIFIED))


def test_a_database_set_back_is_found_by_the_published_heads_alone(scene: LogScene) -> None:
    assert scene.audited_after(set_back, heads=False).holds
    faults = scene.audited_after(set_back).faults
    assert {fault.code for fault in faults} == {FaultCode.TRUNCATED, FaultCode.DROPPED}
    assert any(fault.where == "log entry 5 and after" for fault in faults)


def test_whoever_has_the_key_too_is_found_by_the_published_heads_alone(scene: LogScene) -> None:
    def rebuilt(session: Session) -> None:
        reason_changed_and_everything_after_it_made_to_fit(session)
        session.expire_all()
        key = SigningKey.make_or_open(scene.key_path)
        for head in session.scalars(select(TreeHead)).all():
            head.root = root(log.leaves_of(session, head.size))
            said = head.body.partition(b'"root":"')
            head.body = said[0] + said[1] + head.root.hex().encode() + said[2][64:]
            head.signature = key.sign(head.body)
        session.flush()

    assert scene.audited_after(rebuilt, heads=False).holds
    codes = {fault.code for fault in scene.audited_after(rebuilt).faults}
    assert codes == {FaultCode.REWRITTEN, FaultCode.DROPPED}


def test_whoever_makes_a_key_of_their_own_is_found_by_the_key_that_was_handed_over(scene: LogScene) -> None:
    pinned = frozenset({SigningKey.make_or_open(scene.key_path).key_id})
    assert scene.audited_after(all_signed_anew_by_a_key_of_ones_own, heads=False).holds
    faults = scene.audited_after(all_signed_anew_by_a_key_of_ones_own, heads=False, keys=pinned).faults
    assert [(fault.code, fault.where.split()[0]) for fault in faults] == [(FaultCode.SIGNATURE, "signing")]
    assert scene.audited(keys=pinned).holds


def test_holds_and_services_on_record_are_no_fault(scene: LogScene) -> None:
    def held_lifted_and_served(session: Session) -> None:
        put = hold(session)
        hold(session)
        lift_hold(session, put.id, actor="zhao.law", at=after(4950), reason="the court is done")
        record_served(
            session, put.incident_id, served_on=NOON.date(), document="no. 1", actor="zhao.law", at=after(4950)
        )

    assert scene.audited_after(held_lifted_and_served).holds


def test_what_is_on_record_as_deleted_and_lies_in_the_vault_is_found(scene: LogScene) -> None:
    def said_to_be_gone(session: Session) -> None:
        object_deleted_by_a_deletion_nobody_made(session)
        deletion = session.scalars(select(Deletion)).one()
        log.append(session, LogKind.DELETION, f"deletion/{deletion.id}", proof_of(deletion), at=scene.clock())
        session.flush()

    faults = scene.audited_after(said_to_be_gone).faults
    assert [fault.code for fault in faults] == [FaultCode.OBJECT]
    assert "the vault holds it" in faults[0].what


def test_a_head_signed_by_somebody_else_is_not_taken_for_ours(scene: LogScene) -> None:
    forged = [replace(head, signature=bytes(64)) for head in scene.published()]
    with scene.database.sessions() as session:
        faults = audit(session, Brought(heads=forged), at=scene.clock()).faults
    assert [fault.code for fault in faults] == [FaultCode.SIGNATURE] * 2


def test_a_flipped_bit_in_the_vault_and_a_missing_object_are_found(scene: LogScene) -> None:
    with scene.database.sessions() as session:
        sealed = session.scalars(select(SealedObject)).one()
    path = Vault.path_of(scene.vault_root, sealed.sha256, sealed.suffix)
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    flipped = scene.audited().faults
    path.unlink()
    missing = scene.audited().faults
    path.write_bytes(whole)
    assert [(fault.code, sealed.sha256 in fault.where) for fault in flipped] == [(FaultCode.OBJECT, True)]
    assert [(fault.code, sealed.sha256 in fault.where) for fault in missing] == [(FaultCode.OBJECT, True)]
    assert scene.audited().holds


def test_the_triggers_stand_in_the_way_of_everybody_else(scene: LogScene) -> None:
    for statement in (
        "UPDATE log_entry SET reference = reference || '!'",
        "UPDATE log_entry SET leaf_index = leaf_index + 100 WHERE leaf_index = 1",
        "UPDATE tree_head SET size = size + 1",
        "UPDATE seal_statement SET signature = NULL, key_id = NULL, signed_at = NULL",
        "UPDATE signing_key SET valid_from = '2020-01-01'",
        "DELETE FROM log_entry",
        "DELETE FROM timestamp",
        "DELETE FROM tree_head",
    ):
        with scene.database.sessions() as session, pytest.raises(DBAPIError, match="append-only"):
            session.execute(text(statement))
    with scene.database.sessions() as session:
        assert session.scalar(select(func.count()).select_from(LogEntry)) == 13
        assert session.scalar(select(func.count()).where(CustodyEvent.act == CustodyAct.VIEWED)) == 5
