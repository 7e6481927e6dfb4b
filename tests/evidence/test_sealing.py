"""Sealing: object, exhibit and custody entry stand or fall together."""

import threading
from pathlib import Path

from sqlalchemy import func, select

from evidence.sealing import PendingExhibit, seal
from evidence.vault import PendingObject, Vault
from models.enums import CustodyAct, ExhibitKind, ExhibitMoment
from models.exhibits import CustodyEvent, Exhibit, SealedObject
from tests.conftest import Database
from tests.patience import PATIENCE_S
from tests.rows import add_incident, add_street, after


def still(pending: PendingObject, moment: ExhibitMoment = ExhibitMoment.ENTRY) -> PendingExhibit:
    return PendingExhibit(pending, ExhibitKind.STILL, moment, "image/jpeg", after(10), after(10), {"how": "decode"})


def write_picture(path: Path) -> None:
    path.write_bytes(b"a picture")


def count(session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table))


def known(database: Database):
    def is_known(sha256: str) -> bool:
        with database.sessions() as session:
            return session.get(SealedObject, sha256) is not None

    return is_known


def test_an_exhibit_is_sealed_with_its_object_and_its_custody(database: Database, tmp_path: Path) -> None:
    with Vault.open(tmp_path / "vault") as vault:
        pending = vault.take(write_picture, ".jpg")
        with database.sessions.begin() as session:
            incident = add_street(session).incident
            exhibit = seal(session, vault, incident.id, still(pending), actor="streetwitness", at=after(20))
        vault.settle(pending)
    assert exhibit.sealed.size_bytes == len(b"a picture")
    with database.sessions() as session:
        event = session.scalars(select(CustodyEvent)).one()
        assert (event.act, event.sha256, event.actor) == (CustodyAct.SEALED, pending.sha256, "streetwitness")
    assert Vault.path_of(tmp_path / "vault", pending.sha256, ".jpg").read_bytes() == b"a picture"


def test_the_same_bytes_for_two_incidents_are_one_object(database: Database, tmp_path: Path) -> None:
    with Vault.open(tmp_path / "vault") as vault:
        first, second = vault.take(write_picture, ".jpg"), vault.take(write_picture, ".jpeg")
        with database.sessions.begin() as session:
            street = add_street(session)
            other = add_incident(session, street.version, street.camera, conduct_key="another")
            seal(session, vault, street.incident.id, still(first), actor="streetwitness", at=after(20))
            seal(session, vault, other.id, still(second), actor="streetwitness", at=after(20))
        vault.settle(first)
        vault.settle(second)
    with database.sessions() as session:
        assert (count(session, SealedObject), count(session, Exhibit)) == (1, 2)
    assert [path.suffix for path in (tmp_path / "vault" / "objects").glob("*/*")] == [".jpg"]


def test_a_transaction_that_fails_leaves_no_row_and_after_recovery_no_object(
    database: Database, tmp_path: Path
) -> None:
    with Vault.open(tmp_path / "vault") as vault:
        pending = vault.take(write_picture, ".jpg")
        with database.sessions() as session:
            seal(session, vault, add_street(session).incident.id, still(pending), actor="streetwitness", at=after(20))
            session.rollback()
        vault.discard(pending)
        assert vault.recover(known(database)).orphans == (pending.sha256,)
    with database.sessions() as session:
        assert count(session, SealedObject) == 0
    assert list((tmp_path / "vault").glob("objects/*/*")) == []


def test_two_processes_that_seal_the_same_bytes_at_once_both_succeed(database: Database, tmp_path: Path) -> None:
    with database.sessions.begin() as session:
        street = add_street(session)
        other = add_incident(session, street.version, street.camera, conduct_key="another")
    together = threading.Barrier(2, timeout=PATIENCE_S)

    def work(incident_id) -> None:
        with Vault.open(tmp_path / "vault") as vault:
            pending = vault.take(write_picture, ".jpg")
            together.wait()
            with database.sessions.begin() as session:
                seal(session, vault, incident_id, still(pending), actor="streetwitness", at=after(20))
            vault.settle(pending)

    workers = [threading.Thread(target=work, args=(incident.id,)) for incident in (street.incident, other)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with database.sessions() as session:
        assert (count(session, SealedObject), count(session, Exhibit)) == (1, 2)
    assert len(list((tmp_path / "vault").glob("objects/*/*"))) == 1
    assert list((tmp_path / "vault" / "incoming").iterdir()) == []
