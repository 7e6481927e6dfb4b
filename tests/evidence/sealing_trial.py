"""Seals that meet trouble, one after the other in one database and one vault, and what is left each time."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select

from evidence import custody, custody_chain
from evidence.vault import Vault
from models.database import Sessions
from models.enums import CustodyAct
from models.exhibits import CustodyEvent, Exhibit, SealedObject
from models.incidents import Incident
from tests.evidence.sealing_driver import KINDS

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Trial:
    """Seals in a child of a driver, one incident after the other, in one database and one vault."""

    sessions: Sessions
    root: Path
    driver: subprocess.Popen[str] | None

    def run(self, how: str, step: int) -> str:
        assert self.driver is not None
        assert self.driver.stdin is not None
        assert self.driver.stdout is not None
        incident_id = self.new_incident()
        self.driver.stdin.write(f"{incident_id} {how} {step}\n")
        self.driver.stdin.flush()
        ended = self.driver.stdout.readline().strip()
        self.assert_whole(incident_id, ended)
        return ended

    def new_incident(self) -> uuid.UUID:
        """Another one like the street's own."""
        with self.sessions.begin() as session:
            first = session.scalars(select(Incident).order_by(Incident.conduct_key).limit(1)).one()
            incident = Incident(**_facts(first), conduct_key=f"z:{uuid.uuid4()}")
            session.add(incident)
        return incident.id

    def assert_whole(self, incident_id: uuid.UUID, ended: str) -> None:
        with Vault.open(self.root) as vault:
            vault.recover(self.knows)
        assert list((self.root / "incoming").iterdir()) == []
        held = {path.parent.name + path.stem: path for path in (self.root / "objects").glob("*/*")}
        with self.sessions() as session:
            known = set(session.scalars(select(SealedObject.sha256)))
            exhibits = set(session.scalars(select(Exhibit.sha256).where(Exhibit.incident_id == incident_id)))
            events = session.scalars(
                select(CustodyEvent).where(CustodyEvent.incident_id == incident_id).order_by(CustodyEvent.seq)
            ).all()
        assert set(held) == known
        assert all(sha256(path.read_bytes()).hexdigest() == digest for digest, path in held.items())
        assert len(exhibits) in ({len(KINDS)} if ended == "sealed" else {0, len(KINDS)})
        assert {event.sha256 for event in events if event.act is CustodyAct.SEALED} == exhibits
        assert custody_chain.breaks([custody.entry_of(event) for event in events], str(incident_id)) == []
        reported_file = self.root.parent / "reported"
        reported = set(reported_file.read_text("utf-8").split()) if reported_file.exists() else set()
        assert reported <= known, "lost what had been reported as sealed"

    def knows(self, digest: str) -> bool:
        with self.sessions() as session:
            return session.get(SealedObject, digest) is not None


def _facts(like: Incident) -> dict[str, Any]:
    names = (
        "camera_id",
        "geofence_version_id",
        "recording_id",
        "offence",
        "state",
        "first_seen_at",
        "confirmed_at",
        "last_seen_at",
        "confidence",
    )
    boxes = ("box_x1", "box_y1", "box_x2", "box_y2")
    return {name: getattr(like, name) for name in (*names, *boxes)}


@contextmanager
def driven(url: str, root: Path) -> Iterator[subprocess.Popen[str]]:
    driver = subprocess.Popen(
        [sys.executable, "-m", "tests.evidence.sealing_driver", url, str(root)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with driver:
        yield driver
        assert driver.stdin is not None
        driver.stdin.close()
