"""Purge: deletes the bytes that no rule keeps any longer; the digest, the row and the proof of deletion stay.

Objects are shared by digest: one goes when every incident that cites it is released. Three steps, so that a kill at
any instruction leaves neither bytes gone without a record nor a record that lies: the intent is committed, the bytes
go, that they went is committed. What was intended and not done is finished at the next start, or given up where
something needs the bytes again.
"""

import fcntl
import os
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Column, Exists, String, Table, cast, exists, func, select
from sqlalchemy.orm import Session

import models.tables  # noqa: F401 - registers every table: what one of them names must not look cited by nothing
from evidence import custody, log
from evidence.deletion import deletions_that_count, proof_of
from evidence.errors import PurgeRunning
from evidence.loose_copies import clear_loose_copies
from evidence.retention import ENDED, Verdict, earliest_release, keep_uncited_until, keep_until
from evidence.retention_rows import facts_of
from evidence.vault import DiskCalls, Recovered, Vault
from models.base import Base
from models.copies import ObjectCopy
from models.database import Sessions, reading, transaction
from models.enums import CopyState, CustodyAct, ExhibitKind, LogKind
from models.exhibits import CustodyEvent, Exhibit, SealedObject
from models.incidents import Incident
from models.retention import Deletion

PROGRAM = "streetwitness"
LOCK = "purge.lock"
AT_ONCE = 500  # incidents and objects looked at in one go
NEEDED_AGAIN = "something needs the bytes again"
# they name objects and do not need their bytes
ONLY_NAMING = {CustodyEvent.__tablename__, Deletion.__tablename__, ObjectCopy.__tablename__}
MAX_REASON = 500
IN_DOCUMENTS = {ExhibitKind.STILL.value, ExhibitKind.CLOSE_UP.value}

T = TypeVar("T")


@dataclass(frozen=True)
class Releasable:
    """An object that nothing keeps. belonged_to: as Deletion.belonged_to. verdict: of whoever kept it longest."""

    sha256: str
    size_bytes: int
    suffix: str
    belonged_to: tuple[dict[str, str | None], ...]
    verdict: Verdict


@dataclass
class PurgeReport:
    """deleted: digest and size of what went. left: what had to stay this time, because a writer waits with it.

    given_up: what had been intended and is needed again. swept: what had come back after its deletion. loose: files
    that a killed export or document left.
    """

    deleted: list[tuple[str, int]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    swept: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    recovered: Recovered = field(default_factory=Recovered)

    @property
    def bytes_deleted(self) -> int:
        return sum(size for _, size in self.deleted)


def purge(
    sessions: Sessions, vault_root: Path, drafts_dir: Path, *, at: datetime, disk: DiskCalls | None = None
) -> PurgeReport:
    """Finishes what was begun, then deletes what is due. Raises PurgeRunning, VaultError, RetentionDataUnusable.

    drafts_dir: documents written there hold copies of the pictures, and go with them.
    """
    report = PurgeReport()
    with _alone(vault_root), Vault.open(vault_root, disk) as vault:
        report.recovered = vault.recover(lambda sha256: _is_known(sessions, sha256))
        report.loose = clear_loose_copies(drafts_dir, at)
        _sweep(sessions, vault, report)
        _finish_all(sessions, vault, drafts_dir, report, at)
        while True:
            with transaction(sessions) as session:
                intended = [_intend(session, each, at) for each in due(session, at, AT_ONCE)]
            if not intended:
                return report
            _finish_all(sessions, vault, drafts_dir, report, at)


def _sweep(sessions: Sessions, vault: Vault, report: PurgeReport) -> None:
    """Bytes of which the deletion is on record: another machine made it, or somebody who read them from the store at
    that very moment brought them back.
    """
    done = Deletion.done_at.is_not(None) & Deletion.void_at.is_(None)
    with reading(sessions) as session:
        asked = select(Deletion.id, SealedObject.sha256, SealedObject.suffix).join(
            SealedObject, SealedObject.sha256 == Deletion.sha256
        )
        gone = session.execute(asked.where(done)).all()
    for deletion_id, sha256, suffix in gone:
        if not Vault.path_of(vault.root, sha256, suffix).exists():
            continue
        with transaction(sessions) as session:
            # who seals the same bytes at this moment waits with them, or has made the deletion void
            deletion = session.get_one(Deletion, deletion_id, with_for_update=True)
            if deletion.void_at is None and vault.delete(sha256, suffix, lambda: True):
                report.swept.append(sha256)


def due(session: Session, at: datetime, most: int | None = None) -> list[Releasable]:
    """What may go now, in a fixed order; writes nothing. Raises RetentionDataUnusable."""
    return list(islice(chain(_of_ended_incidents(session, at), _uncited(session, at)), most))


def _of_ended_incidents(session: Session, at: datetime) -> Iterator[Releasable]:
    there = exists().where(Exhibit.incident_id == Incident.id, ~_deletion_counts(Exhibit.sha256))
    ended = session.scalars(
        select(Incident.id)
        .where(Incident.state.in_(ENDED), Incident.last_seen_at <= earliest_release(at), there)
        .order_by(Incident.last_seen_at, Incident.id)
    ).all()
    asked: set[str] = set()
    for some in _portions(ended):
        facts = facts_of(session, some)
        released = [each for each, said in facts.items() if not keep_until(said, at).kept]
        cited = sorted(set(_cited_by(session, released)) - asked)
        asked |= set(cited)
        for digests in _portions(cited):
            gone = deletions_that_count(session, digests)
            yield from _judge(session, [digest for digest in digests if digest not in gone], at)


def _uncited(session: Session, at: datetime) -> Iterator[Releasable]:
    """Objects that nothing cites: they came to nothing."""
    asked = select(SealedObject.sha256).where(~_deletion_counts(SealedObject.sha256))
    for _, column in _citing_columns():
        asked = asked.where(~exists().where(column == SealedObject.sha256))
    for digests in _portions(session.scalars(asked.order_by(SealedObject.sealed_at, SealedObject.sha256)).all()):
        yield from _judge(session, digests, at)


def _judge(session: Session, digests: Sequence[str], at: datetime) -> list[Releasable]:
    """Of these objects, those that no incident citing them keeps."""
    citers = _citers(session, digests)
    facts = facts_of(session, {each for cited in citers.values() for each, *_ in cited if each is not None})
    verdicts = {incident_id: keep_until(said, at) for incident_id, said in facts.items()}
    rows = session.scalars(select(SealedObject).where(SealedObject.sha256.in_(digests)).order_by(SealedObject.sha256))
    found = []
    for row in rows:
        cited = citers.get(row.sha256, [])
        said = [verdicts.get(incident_id) if incident_id else None for incident_id, *_ in cited]
        if not cited:
            said = [keep_uncited_until(row.sealed_at, at)]
        judged = [verdict for verdict in said if verdict is not None and not verdict.kept]
        if len(judged) < len(said):
            continue  # one of them keeps it, or nobody can say whose it is
        longest = max(judged, key=lambda verdict: verdict.until or at)
        belonged_to = tuple({"incident": str(each), "kind": kind, "moment": moment} for each, kind, moment in cited)
        found.append(Releasable(row.sha256, row.size_bytes, row.suffix, belonged_to, longest))
    return found


def _portions(many: Sequence[T]) -> Iterator[Sequence[T]]:
    return (many[start : start + AT_ONCE] for start in range(0, len(many), AT_ONCE))


def _deletion_counts(digest: Any) -> Exists:
    return exists().where(Deletion.sha256 == digest, Deletion.void_at.is_(None))


def _citing_columns() -> list[tuple[Table, Column[str]]]:
    """Every column of the schema that needs an object's bytes: a table added later keeps what it names."""
    return [
        (table, column)
        for table in Base.metadata.sorted_tables
        if table.name not in ONLY_NAMING
        for column in table.columns
        if any(key.target_fullname == "sealed_object.sha256" for key in column.foreign_keys)
    ]


def _cited_by(session: Session, incidents: list[uuid.UUID]) -> Iterator[str]:
    for table, column in _citing_columns():
        if "incident_id" in table.columns:
            asked = select(column).where(table.columns["incident_id"].in_(incidents), column.is_not(None))
            yield from session.scalars(asked)


def _citers(session: Session, digests: Sequence[str]) -> Mapping[str, list[tuple[uuid.UUID | None, str, str | None]]]:
    """By digest: the incident that cites it, as what, of which moment. No incident: nobody can say whose it is."""
    cited: dict[str, list[tuple[uuid.UUID | None, str, str | None]]] = defaultdict(list)
    exhibits = select(Exhibit.sha256, Exhibit.incident_id, Exhibit.kind, Exhibit.moment)
    for sha256, incident_id, kind, moment in session.execute(
        exhibits.where(Exhibit.sha256.in_(digests)).order_by(Exhibit.incident_id, Exhibit.kind, Exhibit.moment)
    ):
        cited[sha256].append((incident_id, kind.value, moment.value))
    for table, column in _citing_columns():
        if table.name == Exhibit.__tablename__:
            continue
        incident = table.columns.get("incident_id")
        wanted = (column,) if incident is None else (column, incident)
        for sha256, *rest in session.execute(select(*wanted).where(column.in_(digests))):
            cited[sha256].append((rest[0] if rest else None, table.name, None))
    return cited


def _intend(session: Session, each: Releasable, at: datetime) -> Deletion:
    deletion = Deletion(
        sha256=each.sha256,
        size_bytes=each.size_bytes,
        belonged_to=list(each.belonged_to),
        why=each.verdict.reason.value,
        rule=each.verdict.rule,
        actor=PROGRAM,
        intended_at=at,
    )
    session.add(deletion)
    session.flush()
    return deletion


def _finish_all(sessions: Sessions, vault: Vault, drafts_dir: Path, report: PurgeReport, at: datetime) -> None:
    with reading(sessions) as session:
        begun = session.scalars(
            select(Deletion.id).where(Deletion.done_at.is_(None), Deletion.void_at.is_(None)).order_by(Deletion.sha256)
        ).all()
    for deletion_id in begun:
        with transaction(sessions) as session:
            _finish(session, vault, drafts_dir, deletion_id, report, at)


def _finish(
    session: Session, vault: Vault, drafts_dir: Path, deletion_id: uuid.UUID, report: PurgeReport, at: datetime
) -> None:
    """Deletes the bytes of one intent and says so. Whoever puts a hold or seals the same bytes waits for this, or this
    for them: the incidents and the intent are locked, and the rule is asked again with the vault locked too.
    """
    deletion = session.get_one(Deletion, deletion_id, with_for_update=True)
    if deletion.done_at is not None or deletion.void_at is not None:
        return
    incidents = sorted({uuid.UUID(cited["incident"]) for cited in deletion.belonged_to})
    session.scalars(select(Incident.id).where(Incident.id.in_(incidents)).order_by(Incident.id).with_for_update()).all()

    def may_go() -> bool:
        return bool(_judge(session, [deletion.sha256], at))

    if _lies_in_a_store(session, deletion.sha256) and not may_go():
        # not being in the vault is no sign here that the bytes went before somebody needed them again
        _give_up(deletion, report, at)
        return
    if not vault.delete(deletion.sha256, session.get_one(SealedObject, deletion.sha256).suffix, may_go):
        if may_go():
            report.left.append(deletion.sha256)
        else:
            _give_up(deletion, report, at)
        return
    _delete_documents(session, drafts_dir, deletion)
    deletion.done_at = max(at, deletion.intended_at)
    session.flush()
    log.append(session, LogKind.DELETION, f"deletion/{deletion.id}", proof_of(deletion), at=deletion.done_at)
    for incident_id in incidents:
        custody.record(
            session,
            incident_id,
            CustodyAct.DELETED,
            actor=deletion.actor,
            at=deletion.done_at,
            reason=f"deleted by rule: {deletion.why}; {deletion.rule}"[:MAX_REASON],
            sha256=deletion.sha256,
        )
    report.deleted.append((deletion.sha256, deletion.size_bytes))


def _give_up(deletion: Deletion, report: PurgeReport, at: datetime) -> None:
    deletion.void_at, deletion.void_why = at, NEEDED_AGAIN
    report.given_up.append(deletion.sha256)


def _lies_in_a_store(session: Session, sha256: str) -> bool:
    lies = exists().where(ObjectCopy.sha256 == sha256, ObjectCopy.state != CopyState.REMOVED)
    return session.scalar(select(lies)) or False


def _delete_documents(session: Session, drafts_dir: Path, deletion: Deletion) -> None:
    """Drafts written as documents hold copies of the pictures. Their names begin with the first part of the id."""
    for incident in sorted({cited["incident"] for cited in deletion.belonged_to if cited["kind"] in IN_DOCUMENTS}):
        start = incident[:8]
        namesakes = select(func.count()).where(func.lower(cast(Incident.id, String)).startswith(start))
        if session.scalar(namesakes) != 1:
            continue  # another incident's documents may be among them
        for document in drafts_dir.glob(f"draft-{start}-*"):
            document.unlink(missing_ok=True)


def _is_known(sessions: Sessions, sha256: str) -> bool:
    with reading(sessions) as session:
        return session.get(SealedObject, sha256) is not None


@contextmanager
def _alone(vault_root: Path) -> Iterator[None]:
    """One purge of a vault at a time, whichever process or machine it runs in. Raises PurgeRunning."""
    vault_root.mkdir(parents=True, exist_ok=True)
    handle = os.open(vault_root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PurgeRunning(vault_root) from error
    else:
        yield
    finally:
        os.close(handle)
