"""Purge: bytes that nothing keeps go, their digest and the proof stay; holds, sharing, sealing again, kill -9."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from evidence import custody, custody_chain, retention_rows
from evidence.deletion import deletions_that_count
from evidence.errors import HoldRefused, NoSuchIncident, PurgeRunning
from evidence.purge import LOCK, ONLY_NAMING, PurgeReport, due, purge
from evidence.retention import Reason
from evidence.sealing import PendingExhibit, seal
from evidence.vault import DiskCalls, Vault
from models.base import Base
from models.copies import ObjectCopy
from models.database import open_database, sessions_of, sqlite_url
from models.enums import Act, CopyState, CustodyAct, ExhibitKind, ExhibitMoment, IncidentState, LogKind
from models.exhibits import CustodyEvent, SealedObject
from models.incidents import Incident
from models.proof import LogEntry
from models.retention import Deletion, LegalHold
from tests.compiled_once import compiled_once
from tests.conftest import Database
from tests.evidence.scene import Scene, sealed_scene
from tests.rows import add_event, after

LATER = after(40 * 86400)
DISMISSED = {"state": IncidentState.DISMISSED}


@pytest.fixture
def dismissed(database: Database, tmp_path: Path) -> Scene:
    """A clip, a still and a close-up of an incident that a person dismissed, on both engines."""
    return sealed_scene(database, tmp_path, **DISMISSED)


@pytest.fixture
def dismissed_on_sqlite(sqlite_database: Database, tmp_path: Path) -> Scene:
    return sealed_scene(sqlite_database, tmp_path, **DISMISSED)


def purge_at(scene: Scene, at: datetime = LATER, disk: DiskCalls | None = None) -> PurgeReport:
    return purge(scene.database.sessions, scene.vault_root, scene.vault_root.parent / "drafts", at=at, disk=disk)


def objects(scene: Scene) -> list[SealedObject]:
    with scene.database.sessions() as session:
        return list(session.scalars(select(SealedObject).order_by(SealedObject.sha256)))


def place(scene: Scene, row: SealedObject) -> Path:
    return Vault.path_of(scene.vault_root, row.sha256, row.suffix)


def bytes_there(scene: Scene) -> int:
    return sum(place(scene, row).exists() for row in objects(scene))


def change(scene: Scene, incident_id: uuid.UUID, **differs: Any) -> None:
    with scene.database.sessions.begin() as session:
        incident = session.get_one(Incident, incident_id)
        for name, value in differs.items():
            setattr(incident, name, value)


def custody_acts(scene: Scene, incident_id: uuid.UUID | None = None) -> list[CustodyEvent]:
    with scene.database.sessions() as session:
        asked = select(CustodyEvent).where(CustodyEvent.incident_id == (incident_id or scene.incident_id))
        return list(session.scalars(asked.order_by(CustodyEvent.seq)))


def another_incident(session: Session, scene: Scene, **differs: Any) -> Incident:
    known = session.get_one(Incident, scene.incident_id)
    facts = {column.key: getattr(known, column.key) for column in Incident.__table__.columns}
    other = Incident(**(facts | {"id": uuid.uuid4(), "conduct_key": str(uuid.uuid4())} | differs))
    session.add(other)
    session.flush()
    return other


def cite_the_clip_again(scene: Scene, **differs: Any) -> uuid.UUID:
    """Another vehicle in the same clip: the same bytes, sealed for another incident."""
    (clip,) = (row for row in objects(scene) if row.suffix == ".mp4")
    bytes_of_clip = (scene.vault_root.parent / "kept.mp4").read_bytes()
    with Vault.open(scene.vault_root) as vault, scene.database.sessions.begin() as session:
        pending = vault.take(lambda path: path.write_bytes(bytes_of_clip) and None, ".mp4")
        assert pending.sha256 == clip.sha256
        other = another_incident(session, scene, **differs)
        exhibit = PendingExhibit(
            pending, ExhibitKind.CLIP, ExhibitMoment.ENTRY, "video/mp4", after(10), after(20), {"how": "remux"}
        )
        seal(session, vault, other.id, exhibit, actor="streetwitness", at=after(100))
        session.commit()
        vault.settle(pending)
        return other.id


@pytest.fixture
def kept_clip(dismissed: Scene) -> None:
    shutil.copyfile(dismissed.object_path(ExhibitKind.CLIP), dismissed.vault_root.parent / "kept.mp4")


def test_what_was_dismissed_goes_after_thirty_days_and_digest_and_proof_stay(dismissed: Scene) -> None:
    assert purge_at(dismissed, after(20 * 86400)).deleted == []
    assert bytes_there(dismissed) == 3
    report = purge_at(dismissed)
    rows = objects(dismissed)
    assert sorted(report.deleted) == [(row.sha256, row.size_bytes) for row in rows]
    assert bytes_there(dismissed) == 0
    with dismissed.database.sessions() as session:
        proofs = deletions_that_count(session, [row.sha256 for row in rows])
        logged = session.scalars(select(LogEntry.reference).where(LogEntry.kind == LogKind.DELETION)).all()
    for row in rows:
        proof = proofs[row.sha256]
        assert (proof.size_bytes, proof.why, proof.done_at) == (row.size_bytes, Reason.DISMISSED.value, LATER)
        assert "Decree 799" in proof.rule
        (cited,) = proof.belonged_to
        assert cited["incident"] == str(dismissed.incident_id)
    assert sorted(logged) == sorted(f"deletion/{proof.id}" for proof in proofs.values())
    entries = custody_acts(dismissed)
    deleted = [entry for entry in entries if entry.act is CustodyAct.DELETED]
    assert {entry.sha256 for entry in deleted} == {row.sha256 for row in rows}
    assert all("dismissed" in entry.reason and entry.actor == "streetwitness" for entry in deleted)
    assert custody_chain.breaks([custody.entry_of(entry) for entry in entries], str(dismissed.incident_id)) == []


def test_a_second_purge_finds_nothing_left_to_do(dismissed_on_sqlite: Scene) -> None:
    purge_at(dismissed_on_sqlite)
    before = len(custody_acts(dismissed_on_sqlite))
    again = purge_at(dismissed_on_sqlite, LATER + timedelta(days=1))
    assert (again.deleted, again.left, again.given_up) == ([], [], [])
    assert len(custody_acts(dismissed_on_sqlite)) == before


@pytest.mark.parametrize("state", [IncidentState.NOTIFIED, IncidentState.DRAFTED, IncidentState.ACCEPTED])
def test_what_is_not_over_stays_for_years(dismissed_on_sqlite: Scene, state: IncidentState) -> None:
    change(dismissed_on_sqlite, dismissed_on_sqlite.incident_id, state=state)
    assert purge_at(dismissed_on_sqlite, after(4000 * 86400)).deleted == []
    assert bytes_there(dismissed_on_sqlite) == 3


def test_an_accepted_case_goes_when_the_appeals_against_the_decision_served_are_over(
    dismissed_on_sqlite: Scene,
) -> None:
    change(dismissed_on_sqlite, dismissed_on_sqlite.incident_id, state=IncidentState.ACCEPTED)
    with dismissed_on_sqlite.database.sessions.begin() as session:
        for day in (date(2025, 6, 1), date(2026, 3, 10)):  # said wrongly first: the newest counts
            retention_rows.record_served(
                session,
                dismissed_on_sqlite.incident_id,
                served_on=day,
                document="城管罚决〔2026〕7号",
                actor="li.na",
                at=after(9 * 86400 + day.year),
            )
    assert purge_at(dismissed_on_sqlite, datetime.fromisoformat("2027-01-09T15:59:59+00:00")).deleted == []
    assert len(purge_at(dismissed_on_sqlite, datetime.fromisoformat("2027-01-09T16:00:00+00:00")).deleted) == 3


def test_a_decision_of_yesterday_is_not_followed_by_a_deletion_today(dismissed_on_sqlite: Scene) -> None:
    with dismissed_on_sqlite.database.sessions.begin() as session:
        incident = session.get_one(Incident, dismissed_on_sqlite.incident_id)
        add_event(session, incident, seq=3, act=Act.DISMISSED, at=LATER - timedelta(days=1))
    assert purge_at(dismissed_on_sqlite).deleted == []
    assert len(purge_at(dismissed_on_sqlite, LATER + timedelta(days=6)).deleted) == 3


def test_old_footage_that_was_sealed_only_now_is_kept_for_thirty_days_from_now(dismissed_on_sqlite: Scene) -> None:
    with dismissed_on_sqlite.database.sessions.begin() as session:
        for row in session.scalars(select(SealedObject)):
            row.sealed_at = LATER
    assert purge_at(dismissed_on_sqlite).deleted == []
    assert len(purge_at(dismissed_on_sqlite, LATER + timedelta(days=30)).deleted) == 3


def test_a_legal_hold_keeps_everything_until_it_is_lifted_and_two_are_lifted_one_by_one(dismissed: Scene) -> None:
    with dismissed.database.sessions.begin() as session:
        holds = [
            retention_rows.put_hold(session, dismissed.incident_id, actor="li.na", at=after(3000), reason=reason).id
            for reason in (" asked for by the court ", "the owner's lawyer wrote")
        ]
    assert purge_at(dismissed).deleted == []
    with dismissed.database.sessions.begin() as session:
        retention_rows.lift_hold(session, holds[0], actor="zhao.lei", at=LATER, reason="case withdrawn")
    assert purge_at(dismissed).deleted == []
    with dismissed.database.sessions.begin() as session:
        retention_rows.lift_hold(session, holds[1], actor="zhao.lei", at=LATER, reason="settled")
    assert len(purge_at(dismissed).deleted) == 3
    acts = [(entry.act, entry.actor, entry.reason) for entry in custody_acts(dismissed)]
    assert (CustodyAct.HELD, "li.na", "asked for by the court") in acts
    assert (CustodyAct.RELEASED, "zhao.lei", "settled") in acts


def test_a_hold_is_refused_without_a_reason_and_lifted_only_once(dismissed_on_sqlite: Scene) -> None:
    with dismissed_on_sqlite.database.sessions.begin() as session:
        hold = retention_rows.put_hold(
            session, dismissed_on_sqlite.incident_id, actor="li.na", at=LATER, reason="court"
        )
        for refused in ("", "  \n", "x" * 401):
            with pytest.raises(HoldRefused):
                retention_rows.put_hold(
                    session, dismissed_on_sqlite.incident_id, actor="li.na", at=LATER, reason=refused
                )
            with pytest.raises(HoldRefused):
                retention_rows.lift_hold(session, hold.id, actor="li.na", at=LATER, reason=refused)
        retention_rows.lift_hold(session, hold.id, actor="li.na", at=LATER, reason="settled")
        with pytest.raises(HoldRefused, match="was lifted by"):
            retention_rows.lift_hold(session, hold.id, actor="zhao.lei", at=LATER, reason="settled")
        with pytest.raises(HoldRefused, match="no legal hold"):
            retention_rows.lift_hold(session, uuid.uuid4(), actor="li.na", at=LATER, reason="settled")
        with pytest.raises(NoSuchIncident):
            retention_rows.put_hold(session, uuid.uuid4(), actor="li.na", at=LATER, reason="court")
        with pytest.raises(HoldRefused, match="has not come yet"):
            retention_rows.record_served(
                session,
                dismissed_on_sqlite.incident_id,
                served_on=date(2030, 1, 1),
                document="7",
                actor="li.na",
                at=LATER,
            )


@pytest.mark.usefixtures("kept_clip")
def test_bytes_that_another_incident_still_needs_stay_until_it_is_released_too(dismissed: Scene) -> None:
    other = cite_the_clip_again(dismissed, state=IncidentState.DRAFTED)
    assert len(purge_at(dismissed).deleted) == 2  # the still and the close-up were of the first alone
    assert bytes_there(dismissed) == 1
    change(dismissed, other, state=IncidentState.DISMISSED)
    report = purge_at(dismissed)
    assert len(report.deleted) == 1
    for incident_id in (dismissed.incident_id, other):
        acts = custody_acts(dismissed, incident_id)
        assert [entry.sha256 for entry in acts if entry.act is CustodyAct.DELETED].count(report.deleted[0][0]) == 1


@pytest.mark.usefixtures("kept_clip")
def test_bytes_sealed_again_after_their_deletion_are_there_again_and_the_old_proof_stays(dismissed: Scene) -> None:
    purge_at(dismissed)
    cite_the_clip_again(dismissed, state=IncidentState.DRAFTED)
    (clip,) = (row for row in objects(dismissed) if row.suffix == ".mp4")
    assert place(dismissed, clip).exists()
    with dismissed.database.sessions() as session:
        assert deletions_that_count(session, [clip.sha256]) == {}
        (void,) = session.scalars(select(Deletion).where(Deletion.sha256 == clip.sha256))
        assert (void.done_at, void.void_why) == (LATER, "the same bytes were sealed again")
    assert purge_at(dismissed).deleted == []


def test_an_object_that_nothing_cites_goes_within_the_hour(dismissed_on_sqlite: Scene) -> None:
    with Vault.open(dismissed_on_sqlite.vault_root) as vault, dismissed_on_sqlite.database.sessions.begin() as session:
        pending = vault.take(lambda path: path.write_bytes(b"a suspicion") and None, ".mp4")
        vault.keep(pending)
        session.add(
            SealedObject(
                sha256=pending.sha256, size_bytes=11, media_type="video/mp4", suffix=".mp4", sealed_at=after(0)
            )
        )
        session.commit()
        vault.settle(pending)
    assert purge_at(dismissed_on_sqlite, after(3000 - 1)).deleted == []
    assert purge_at(dismissed_on_sqlite, after(3000)).deleted == [(pending.sha256, 11)]
    with dismissed_on_sqlite.database.sessions() as session:
        proof = session.scalars(select(Deletion)).one()
        assert (proof.why, proof.belonged_to) == (Reason.CITED_BY_NOTHING.value, [])


def test_a_process_that_does_nothing_but_purge_knows_everything_that_cites() -> None:
    """By hand, `streetwitness purge` loads no worker and no desk; derivatives and what owners sent stay there."""
    asks = "from evidence import purge; print(*sorted(table.name for table, _ in purge._citing_columns()))"
    said = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True, timeout=300).stdout
    citing = {
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.target_fullname == "sealed_object.sha256"
    }
    assert set(said.split()) == citing - ONLY_NAMING
    assert {"derivative", "statement_attachment"} <= citing


def test_what_a_dead_writer_left_goes_with_the_next_purge(dismissed_on_sqlite: Scene) -> None:
    left = dismissed_on_sqlite.vault_root / "incoming" / "dead"
    left.mkdir(parents=True)
    (left / "half.part").write_bytes(b"half a clip")
    assert purge_at(dismissed_on_sqlite, after(0)).recovered.parts == ("half.part",)
    assert not left.exists()


def test_bytes_that_a_writer_waits_with_are_left_for_the_next_time(dismissed_on_sqlite: Scene) -> None:
    path = dismissed_on_sqlite.object_path(ExhibitKind.CLIP)
    with Vault.open(dismissed_on_sqlite.vault_root) as vault:
        pending = vault.take(lambda out: shutil.copyfile(path, out) and None, ".mp4")
        report = purge_at(dismissed_on_sqlite)
        assert (report.left, len(report.deleted)) == ([pending.sha256], 2)
        assert path.exists()
        vault.discard(pending)
    assert purge_at(dismissed_on_sqlite).deleted == [(pending.sha256, path_size(dismissed_on_sqlite, pending.sha256))]


def path_size(scene: Scene, sha256: str) -> int:
    return next(row.size_bytes for row in objects(scene) if row.sha256 == sha256)


def test_documents_that_hold_copies_of_the_pictures_go_with_them(dismissed_on_sqlite: Scene) -> None:
    drafts = dismissed_on_sqlite.vault_root.parent / "drafts"
    drafts.mkdir()
    own, others = (
        drafts / f"draft-{str(dismissed_on_sqlite.incident_id)[:8]}-v1-zh.docx",
        drafts / "draft-00000000-v1-zh.docx",
    )
    own.write_bytes(b"pictures")
    others.write_bytes(b"pictures")
    purge_at(dismissed_on_sqlite)
    assert (own.exists(), others.exists()) == (False, True)


def test_looking_what_would_go_changes_nothing(dismissed: Scene) -> None:
    with dismissed.database.sessions() as session:
        found = due(session, LATER)
        assert {each.verdict.reason for each in found} == {Reason.DISMISSED}
        assert [each.sha256 for each in due(session, LATER, most=2)] == [each.sha256 for each in found[:2]]
        assert session.scalars(select(Deletion)).all() == []
    assert len(found) == bytes_there(dismissed) == 3


def test_two_purges_of_one_vault_do_not_run_at_once(dismissed_on_sqlite: Scene) -> None:
    inside: list[BaseException] = []

    def remove(path: Path) -> None:
        try:
            purge_at(dismissed_on_sqlite)
        except PurgeRunning as error:
            inside.append(error)
        path.unlink(missing_ok=True)

    assert len(purge_at(dismissed_on_sqlite, disk=DiskCalls(remove=remove)).deleted) == 3
    assert len(inside) >= 3
    assert (dismissed_on_sqlite.vault_root / LOCK).exists()


def test_a_hold_put_while_the_purge_has_begun_stops_it(dismissed: Scene) -> None:
    """The intent is on record, the process died; then somebody puts a hold: the bytes stay."""
    with dismissed.database.sessions.begin() as session:
        first = due(session, LATER)[0]
        session.add(
            Deletion(
                sha256=first.sha256,
                size_bytes=first.size_bytes,
                belonged_to=list(first.belonged_to),
                why="dismissed",
                rule="a rule",
                actor="streetwitness",
                intended_at=LATER,
            )
        )
        retention_rows.put_hold(session, dismissed.incident_id, actor="li.na", at=LATER, reason="court")
    report = purge_at(dismissed)
    assert (report.given_up, report.deleted) == ([first.sha256], [])
    assert bytes_there(dismissed) == 3


def test_a_hold_stops_the_purge_also_of_what_lies_in_the_store_alone(dismissed: Scene) -> None:
    """That it is not in the vault does not say that it was deleted: the copier would remove the last copy."""
    with dismissed.database.sessions.begin() as session:
        first = due(session, LATER)[0]
        session.add(
            Deletion(
                sha256=first.sha256,
                size_bytes=first.size_bytes,
                belonged_to=list(first.belonged_to),
                why="dismissed",
                rule="a rule",
                actor="streetwitness",
                intended_at=LATER,
            )
        )
        session.add(
            ObjectCopy(
                sha256=first.sha256,
                store="s3://far",
                key=f"objects/{first.sha256}",
                state=CopyState.VERIFIED,
                tries=0,
                at=after(95),
                again_at=after(95),
                verified_at=after(95),
            )
        )
        retention_rows.put_hold(session, dismissed.incident_id, actor="li.na", at=LATER, reason="court")
    Vault.path_of(dismissed.vault_root, first.sha256, first.suffix).unlink()
    report = purge_at(dismissed)
    assert (report.given_up, report.deleted) == ([first.sha256], [])
    with dismissed.database.sessions() as session:
        assert deletions_that_count(session, [first.sha256]) == {}


def test_bytes_that_come_back_after_their_deletion_go_again_without_a_second_proof(dismissed: Scene) -> None:
    """Another machine's vault held them too, or somebody was just reading them from the store."""
    clip = dismissed.object_path(ExhibitKind.CLIP)
    content = clip.read_bytes()
    purge_at(dismissed)
    clip.write_bytes(content)
    report = purge_at(dismissed, LATER + timedelta(hours=1))
    assert (len(report.swept), report.deleted, bytes_there(dismissed)) == (1, [], 0)
    assert [entry.act for entry in custody_acts(dismissed)].count(CustodyAct.DELETED) == 3


def test_what_a_killed_export_left_with_pictures_in_it_goes(dismissed_on_sqlite: Scene) -> None:
    drafts = dismissed_on_sqlite.vault_root.parent / "drafts"
    old, new = drafts / "export-dead", drafts / "export-alive"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "incident.zip").write_bytes(b"pictures")
    part, document = drafts / ".draft-1-v1-zh.docx.abc.part", drafts / "draft-1-v1-zh.docx"
    for file in (part, document):
        file.write_bytes(b"pictures")
    for left, at in ((old, after(0)), (new, after(7100)), (part, after(0)), (document, after(0))):
        os.utime(left, (at.timestamp(), at.timestamp()))
    report = purge_at(dismissed_on_sqlite, after(7200))
    assert report.loose == [part.name, old.name]
    assert sorted(path.name for path in drafts.iterdir()) == [document.name, new.name]


def test_sealing_and_purging_at_once_never_lose_bytes_that_are_cited(dismissed: Scene) -> None:
    shutil.copyfile(dismissed.object_path(ExhibitKind.CLIP), dismissed.vault_root.parent / "kept.mp4")
    together = threading.Barrier(2)
    sealed: list[uuid.UUID] = []

    def seal_again() -> None:
        together.wait()
        sealed.append(cite_the_clip_again(dismissed, state=IncidentState.DRAFTED))

    sealing = threading.Thread(target=seal_again)
    sealing.start()
    together.wait()
    purge_at(dismissed)
    sealing.join()
    assert len(sealed) == 1
    (clip,) = (row for row in objects(dismissed) if row.suffix == ".mp4")
    assert place(dismissed, clip).exists()
    purge_at(dismissed)
    with dismissed.database.sessions() as session:
        assert deletions_that_count(session, [clip.sha256]) == {}
    assert place(dismissed, clip).exists()


def killed_at(number: int, database: Path, vault: Path) -> bool:
    """Purges in a child that kill -9 ends at its n-th step, a statement or a change of the disk; whether it was hit."""
    child = os.fork()
    if child == 0:
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1
            if steps == number:
                os.kill(os.getpid(), signal.SIGKILL)

        def before(call: Callable[..., None]) -> Callable[..., None]:
            def counted(*paths: Path) -> None:
                step()
                call(*paths)

            return counted

        engine = compiled_once(open_database(sqlite_url(database)))
        event.listen(engine, "before_cursor_execute", lambda *_: step())
        event.listen(engine, "commit", lambda _: step())
        usual = DiskCalls()
        disk = DiskCalls(fsync=before(usual.fsync), remove=before(usual.remove))
        purge(sessions_of(engine), vault, vault.parent / "drafts", at=LATER, disk=disk)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def opened(database: Path, vault: Path, incident_id: uuid.UUID) -> tuple[Engine, Scene]:
    engine = compiled_once(open_database(sqlite_url(database)))
    return engine, Scene(Database(engine, sessions_of(engine), sqlite_url(database)), vault, incident_id)


def test_killed_at_any_step_no_row_lies_and_the_next_purge_finishes(dismissed_on_sqlite: Scene, tmp_path: Path) -> None:
    dismissed_on_sqlite.database.engine.dispose()
    original = tmp_path / "streetwitness.db"
    number, hit = 0, True
    while hit:
        number += 7  # all of them take half a minute, and hold
        folder = tmp_path / f"killed-{number}"
        folder.mkdir()
        database, vault = folder / "streetwitness.db", folder / "vault"
        shutil.copyfile(original, database)
        shutil.copytree(dismissed_on_sqlite.vault_root, vault)
        hit = killed_at(number, database, vault)
        engine, scene = opened(database, vault, dismissed_on_sqlite.incident_id)
        check_rows(scene)
        purge_at(scene)
        check_finished(scene)
        engine.dispose()
    assert number > 30


def check_rows(scene: Scene) -> None:
    with scene.database.sessions() as session:
        counting = deletions_that_count(session, [row.sha256 for row in objects(scene)])
    for row in objects(scene):
        deletion = counting.get(row.sha256)
        if deletion is None:
            assert place(scene, row).exists()
        elif deletion.done_at is not None:
            assert not place(scene, row).exists()


def check_finished(scene: Scene) -> None:
    assert bytes_there(scene) == 0
    entries = custody_acts(scene)
    assert [entry.act for entry in entries].count(CustodyAct.DELETED) == 3
    assert custody_chain.breaks([custody.entry_of(entry) for entry in entries], str(scene.incident_id)) == []
    with scene.database.sessions() as session:
        assert len(session.scalars(select(LogEntry).where(LogEntry.kind == LogKind.DELETION)).all()) == 3
        assert session.scalars(select(LegalHold)).all() == []
