"""A case that went its whole way, with everything logged, heads signed and published: what an attacker finds."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from cases import lifecycle, review
from cases.review import FourPoints
from evidence import custody
from evidence.audit import Brought, audit
from evidence.audit_verdict import Verdict
from evidence.notary import Notary, Outside
from evidence.sealing import PendingExhibit, seal
from evidence.tree_heads import PublishedHead, read_published
from evidence.vault import Vault
from models.database import reading
from models.enums import Act, CustodyAct, Decision, ExhibitKind, ExhibitMoment
from models.incidents import DraftCase, Incident
from models.proof import LogEntry, SealStatement, SigningKeyRow, Timestamp, TreeHead
from tests.conftest import Database
from tests.rows import add_street, add_user, after

HOUR = timedelta(hours=1)


@dataclass
class Clock:
    at: datetime = field(default_factory=lambda: after(1000))

    def __call__(self) -> datetime:
        return self.at

    def goes_on(self, by: timedelta = HOUR) -> None:
        self.at += by


@dataclass
class LogScene:
    database: Database
    folder: Path
    clock: Clock
    incident_id: uuid.UUID

    @property
    def vault_root(self) -> Path:
        return self.folder / "vault"

    @property
    def heads_file(self) -> Path:
        return self.folder / "elsewhere" / "heads.jsonl"

    @property
    def key_path(self) -> Path:
        return self.folder / "keys" / "signing.pem"

    def notary(self, **differs: object) -> Notary:
        outside = Outside(publish_to=str(self.heads_file), shown=str(self.heads_file))
        return Notary(self.database.sessions, self.key_path, self.clock, HOUR, **({"outside": outside} | differs))

    def published(self) -> list[PublishedHead]:
        return [read_published(line) for line in self.heads_file.read_bytes().splitlines()]

    def viewed(self, reason: str) -> None:
        with self.database.sessions.begin() as session:
            custody.record(session, self.incident_id, CustodyAct.VIEWED, actor="li.na", at=self.clock(), reason=reason)

    def audited(self, *, heads: bool = True, keys: frozenset[str] | None = None) -> Verdict:
        with reading(self.database.sessions) as session:
            return audit(session, self.brought(heads=heads, keys=keys), at=self.clock())

    def audited_after(
        self, tamper: Callable[[Session], object], *, heads: bool = True, keys: frozenset[str] | None = None
    ) -> Verdict:
        """What the audit finds once somebody has done that to the database; afterwards it is as it was."""
        with self.database.sessions() as session:
            without_guards(session)
            tamper(session)
            session.expire_all()
            verdict = audit(session, self.brought(heads=heads, keys=keys), at=self.clock())
            session.rollback()
        return verdict

    def brought(self, *, heads: bool, keys: frozenset[str] | None = None) -> Brought:
        return Brought(heads=self.published() if heads else (), keys=keys, vault=self.vault_root)


def without_guards(session: Session) -> None:
    """The triggers and references that stand in the way of somebody who owns the database: gone, for this once."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
        return
    for name in session.scalars(text("SELECT name FROM sqlite_schema WHERE type = 'trigger'")).all():
        session.execute(text(f"DROP TRIGGER {name}"))
    session.execute(text("PRAGMA defer_foreign_keys = ON"))


def as_before_the_log(database: Database) -> None:
    """The rows stay, and nothing of the log does."""
    with database.sessions.begin() as session:
        without_guards(session)
        for table in (Timestamp, TreeHead, SealStatement, SigningKeyRow, LogEntry):
            session.execute(delete(table))


def pending_still(vault: Vault, content: bytes, moment: ExhibitMoment = ExhibitMoment.ENTRY) -> PendingExhibit:
    def write(path: Path) -> None:
        path.write_bytes(content)

    taken = vault.take(write, ".jpg")
    recipe = {"how": "decode", "pts": 90000, "width": 1920, "height": 1080}
    return PendingExhibit(taken, ExhibitKind.STILL, moment, "image/jpeg", after(10), after(10), recipe)


def seal_still(
    database: Database, vault_root: Path, incident_id: uuid.UUID, content: bytes, at: datetime, *, sm3: bool = False
) -> uuid.UUID:
    with Vault.open(vault_root) as vault:
        exhibit = pending_still(vault, content)
        with database.sessions.begin() as session:
            row = seal(session, vault, incident_id, exhibit, actor="streetwitness", at=at, sm3=sm3)
        vault.settle(exhibit.pending)
        return row.id


def logged_scene(database: Database, folder: Path) -> LogScene:
    """Two heads, an hour apart, both published; then a little more that no head covers yet."""
    clock = Clock()
    with database.sessions.begin() as session:
        incident_id = add_street(session).incident.id
        user = add_user(session)
        session.add(
            DraftCase(incident_id=incident_id, version=1, content={}, made_at=clock(), software="streetwitness 0.1.0")
        )
    scene = LogScene(database, folder, clock, incident_id)
    scene.heads_file.parent.mkdir(parents=True)
    seal_still(database, scene.vault_root, incident_id, b"the still of the entry", clock())
    with database.sessions.begin() as session:
        incident = session.get_one(Incident, incident_id)
        lifecycle.advance(session, incident, Act.GRACE_STARTED, actor="streetwitness", at=clock())
    scene.notary().round()
    clock.goes_on()
    for number in range(1, 5):
        scene.viewed(f"look {number}")
    with database.sessions.begin() as session:
        incident = session.get_one(Incident, incident_id)
        lifecycle.advance(session, incident, Act.GRACE_EXPIRED, actor="streetwitness", at=clock())
        review.decide(
            session,
            incident_id,
            user=user,
            decision=Decision.DISMISS,
            reason="the sign was hidden",
            four_points=FourPoints(is_true=True, is_clear=True, is_complete=True, is_accurate=True),
            at=clock(),
        )
    scene.notary().round()
    clock.goes_on(timedelta(minutes=5))
    scene.viewed("look 5")
    scene.notary().round()
    return scene
