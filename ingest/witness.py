"""The witness: what the camera worker has established, put on record.

The thin shell between media seconds and rows. One call is one transaction: the incident, its events, its exhibits
and their custody come together or not at all, and the vault's waiting names go only after the commit.
"""

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import escalation, holding_back, incidents
from cases.escalation import LookWanted
from cases.incidents import Conduct, SightingAt
from cases.lifecycle import PROGRAM
from cases.plate_record import ReadAt, record_plate
from detectors.sightings import Sighting, Violation
from evidence.sealing import PendingExhibit, seal
from evidence.seen_with import ClockThen, SeenWith, Weights
from evidence.vault import Vault
from ingest.packet_source import StreamFacts
from ingest.plate_look import PlateSeen
from ingest.sampler import Sampling
from models.database import Sessions, reading, transaction
from models.exhibits import Exhibit, SealedObject
from models.incidents import Incident

# rows of one incident are told apart by their time; a gap may begin at the very look it follows
LEAST_STEP = timedelta(microseconds=1)
SOFTWARE = f"streetwitness {version('streetwitness')}"


def seen_through(facts: StreamFacts, sampling: Sampling, model: Weights, clock: ClockThen) -> SeenWith:
    """What is to be said of everything that is seen in this stream."""
    return SeenWith(
        software=SOFTWARE,
        model=model,
        look_s=sampling.look_s,
        width=facts.width,
        height=facts.height,
        fps=round(float(facts.frame_rate), 3),
        codec=facts.codec,
        clock=clock,
    )


@dataclass(frozen=True)
class Witness:
    """Writes for one camera and, where the source is one, one recording."""

    sessions: Sessions
    vault: Vault
    camera_id: str
    recording_id: uuid.UUID | None
    utc: Callable[[float], datetime]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    seen_with: Callable[[], SeenWith | None] = lambda: None  # as of now, where anybody can say
    may_write: Callable[[Session, datetime], None] = lambda _session, _at: None  # raises where another has the camera
    sm3: bool = False  # beside SHA-256, in the statements of what is sealed

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """A transaction of somebody who may write for this camera: asked in the same transaction."""
        with transaction(self.sessions) as session:
            self.may_write(session, self.clock())
            yield session

    def confirmed(
        self,
        violation: Violation,
        geofence_version_id: uuid.UUID,
        *,
        grace_s: float,
        facts: dict[str, Any],
        exhibits: Sequence[PendingExhibit],
        plate: PlateSeen | None = None,
    ) -> uuid.UUID:
        """Opens the incident of a violation with the exhibits there are; returns its id. Said twice it is one."""
        conduct = Conduct(
            camera_id=self.camera_id,
            geofence_version_id=geofence_version_id,
            recording_id=self.recording_id,
            offence=violation.offence,
            first_seen_at=self.utc(violation.first_seen_s),
            stopped_at=None if violation.stopped_s is None else self.utc(violation.stopped_s),
            confirmed_at=self.utc(violation.confirmed_s),
            last_seen_at=self.utc(violation.last_seen_s),
            box=violation.box,
            confidence=violation.confidence,
            seen_with=self.seen_with(),
            plate=None if plate is None else plate.plate,
            plate_confidence=None if plate is None else plate.confidence,
        )
        with self._sealing(exhibits) as session:
            incident, _ = incidents.open_incident(session, conduct, grace_s=grace_s, at=self.clock(), facts=facts)
            incidents.record_sightings(session, incident, self._in_utc(violation.sightings))
            self._seal_new(session, incident.id, exhibits)
            self._record_plate(session, incident, plate)
            return incident.id

    def seen(self, incident_id: uuid.UUID, sightings: Sequence[Sighting]) -> None:
        """What was seen since it was last told."""
        with self._writing() as session:
            incidents.record_sightings(session, session.get_one(Incident, incident_id), self._in_utc(sightings))

    def sealed(
        self, incident_id: uuid.UUID, exhibits: Sequence[PendingExhibit], plate: PlateSeen | None = None
    ) -> None:
        """Further exhibits of a known incident; its plate where it could be looked for only now."""
        with self._sealing(exhibits) as session:
            self._seal_new(session, incident_id, exhibits)
            self._record_plate(session, session.get_one(Incident, incident_id), plate)

    def _record_plate(self, session: Session, incident: Incident, plate: PlateSeen | None) -> None:
        if plate is None:
            return
        reads = [
            ReadAt(
                at=self.utc(each.frame.media_s),
                text=each.reading.text,
                confidence=each.reading.confidence,
                kind=each.reading.kind.code,
                colour=each.reading.colour,
                box=each.reading.box,
            )
            for each in plate.readings
        ]
        before = incident.plate
        record_plate(session, incident, reads, plate.plate, plate.confidence)
        if incident.plate != before:
            holding_back.plate_is_known(session, incident, at=self.clock())

    def still_there(
        self,
        incident_id: uuid.UUID,
        sightings: Sequence[Sighting],
        *,
        seen_s: float,
        exhibits: Sequence[PendingExhibit],
    ) -> None:
        """Shown at `seen_s`, when it mattered. Where that ends the grace, the draft is in the same transaction."""
        with self._sealing(exhibits) as session:
            incident = session.get_one(Incident, incident_id)
            incidents.record_sightings(session, incident, self._in_utc(sightings))
            self._seal_new(session, incident_id, exhibits)
            incidents.still_there(session, incident, seen_at=self.utc(seen_s), at=self.clock())

    def looks_wanted(self, incident_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, LookWanted]:
        """Of which incidents somebody asks this camera whether the vehicle is still there. Nobody asks a recording."""
        if self.recording_id is not None or not incident_ids:
            return {}
        with reading(self.sessions) as session:
            return {each.incident_id: each for each in escalation.looks_wanted(session, list(incident_ids))}

    def left(
        self,
        incident_id: uuid.UUID,
        sightings: Sequence[Sighting],
        *,
        last_seen_s: float,
        left_s: float,
        left_with: int = 0,
        exhibits: Sequence[PendingExhibit] = (),
    ) -> None:
        """left_with: of a queue that it was seen in, those that had gone too. exhibits: its place without it."""
        with self._sealing(exhibits) as session:
            incident = session.get_one(Incident, incident_id)
            incidents.record_sightings(session, incident, self._in_utc(sightings))
            self._seal_new(session, incident_id, exhibits)
            incident.last_seen_at = max(incident.last_seen_at, self.utc(last_seen_s))
            left_at = self.utc(left_s)
            incidents.vehicle_left(session, incident, left_at=left_at, at=self.clock(), left_with=left_with)

    def lost_sight(self, incident_id: uuid.UUID, sightings: Sequence[Sighting], *, why: str) -> None:
        """The watching ended. Whoever was waiting for the end of the grace is told that it was not shown."""
        with self._writing() as session:
            incident = session.get_one(Incident, incident_id)
            incidents.record_sightings(session, incident, self._in_utc(sightings))
            incidents.sight_lost(session, incident, last_seen_at=incident.last_seen_at, why=why, at=self.clock())

    @contextmanager
    def _sealing(self, exhibits: Sequence[PendingExhibit]) -> Iterator[Session]:
        """A transaction that may keep objects; afterwards none of them waits any longer."""
        try:
            with self._writing() as session:
                yield session
        except BaseException:
            for each in exhibits:
                self.vault.discard(each.pending)
            self.vault.recover(self.knows)
            raise
        for each in exhibits:
            self.vault.settle(each.pending)

    def _seal_new(self, session: Session, incident_id: uuid.UUID, exhibits: Sequence[PendingExhibit]) -> None:
        """Seals what the incident does not cite yet: a worker that does its work again adds nothing."""
        cited = {
            (kind, moment)
            for kind, moment in session.execute(
                select(Exhibit.kind, Exhibit.moment).where(Exhibit.incident_id == incident_id)
            )
        }
        for each in exhibits:
            if (each.kind, each.moment) not in cited:
                seal(session, self.vault, incident_id, each, actor=PROGRAM, at=self.clock(), sm3=self.sm3)

    def knows(self, sha256: str) -> bool:
        """Whether a committed row names the object; for the vault's recovery."""
        with reading(self.sessions) as session:
            return session.get(SealedObject, sha256) is not None

    def _in_utc(self, sightings: Sequence[Sighting]) -> list[SightingAt]:
        rows: list[SightingAt] = []
        for each in sightings:
            at = self.utc(each.at_s)
            if rows and at <= rows[-1].at:
                at = rows[-1].at + LEAST_STEP
            until = None if each.until_s is None else max(self.utc(each.until_s), at)
            rows.append(SightingAt(at, each.kind, each.box, each.confidence, each.share_inside, until, each.note))
        return rows
