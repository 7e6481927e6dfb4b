"""A street under one camera: clips go in at one end of the road, and what came out is read back from the rows."""

import itertools
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from detectors.sightings import Detector
from evidence.custody import entry_of
from evidence.custody_chain import breaks
from evidence.vault import DiskCalls, Vault
from ingest.recordings import AnalysisReport, analyze_recording, take_recording
from ingest.sampler import Sampling
from models.database import Sessions, reading, transaction
from models.digest import sha256_of
from models.enums import Act, ExhibitKind, ExhibitMoment, SightingKind
from models.exhibits import CustodyEvent, Exhibit, SealedObject
from models.incidents import CaseEvent, DraftCase, Incident, Sighting
from tests.detectors.stand_in import StandInDetector
from tests.rows import NOON, add_camera, add_geofence, add_geofence_version, add_site

KERB = [[0.15, 0.55], [0.9, 0.55], [0.9, 0.98], [0.15, 0.98]]
DWELL_S, GRACE_S = 10.0, 10.0
IS_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CAMERA_OFFSET_S = 0.25  # as tests/rows.py gives it to the camera


def open_street(
    sessions: Sessions,
    *,
    timetable: Sequence[Mapping[str, str]] = (),
    dwell_s: float = DWELL_S,
    grace_s: float = GRACE_S,
    offences: Mapping[str, Any] | None = None,
    **fences: Any,
) -> None:
    """The rows of a site with one camera and its fences: name and polygon; without any, the kerb.

    offences: what they forbid; without it, parking.
    """
    parking = {"illegal_parking": {"dwell_s": dwell_s, "grace_s": grace_s, "roles": ["vehicle"]}}
    with transaction(sessions) as session:
        camera = add_camera(session, add_site(session))
        for name, polygon in (fences or {"kerb": KERB}).items():
            add_geofence_version(
                session,
                add_geofence(session, camera, name),
                polygon=polygon,
                offences=dict(offences or parking),
                timetable=list(timetable),
            )


@dataclass(frozen=True)
class Street:
    sessions: Sessions
    vault_root: Path

    def take(self, clip: Path, started_at: datetime | None = NOON) -> uuid.UUID:
        with transaction(self.sessions) as session:
            return take_recording(session, "gate-3", clip, started_at).id

    def watch(
        self, clip: Path, *, look_s: float = 2.0, detector: Detector | None = None, disk: DiskCalls | None = None
    ) -> "Seen":
        """Takes the clip down the whole road."""
        return self.analyze(self.take(clip), look_s=look_s, detector=detector, disk=disk)

    def analyze(
        self,
        recording_id: uuid.UUID,
        *,
        look_s: float = 2.0,
        detector: Detector | None = None,
        disk: DiskCalls | None = None,
    ) -> "Seen":
        report = analyze_recording(
            self.sessions,
            recording_id,
            detector=lambda: detector or StandInDetector(),
            vault_root=self.vault_root,
            sampling=Sampling(look_s=look_s),
            on_progress=lambda _done_s, _total_s: None,
            disk=disk,
        )
        return Seen(self, report)

    def everything(self) -> dict[str, Any]:
        """All that is on record, ids and the program's own clock apart: two runs that say the same are equal."""
        with reading(self.sessions) as session:
            return {"incidents": sorted((_told(session, each) for each in session.scalars(select(Incident))), key=str)}

    def objects_on_disk(self) -> dict[str, str]:
        """Digest of the bytes -> name of the file in the vault."""
        found = {}
        for path in (self.vault_root / "objects").glob("*/*"):
            sha256 = sha256_of(path)
            assert path.parent.name + path.name.partition(".")[0] == sha256, f"{path} is not what its name says"
            found[sha256] = path.name
        return found

    def objects_in_rows(self) -> set[str]:
        with reading(self.sessions) as session:
            cited = set(session.scalars(select(Exhibit.sha256)))
            assert cited == set(session.scalars(select(SealedObject.sha256))), "a sealed object that nobody cites"
            return cited

    def incoming(self) -> list[Path]:
        return sorted((self.vault_root / "incoming").rglob("*"))

    def assert_whole(self) -> None:
        """The vault holds exactly the objects of the rows, nothing waits, and every chain of events holds."""
        assert set(self.objects_on_disk()) == self.objects_in_rows()
        assert self.incoming() == []
        with reading(self.sessions) as session:
            for incident in session.scalars(select(Incident)):
                events = _events(session, incident.id)
                assert [event.seq for event in events] == list(range(1, len(events) + 1))
                assert events[0].from_state is None
                for earlier, later in itertools.pairwise(events):
                    assert later.from_state is earlier.to_state
                assert events[-1].to_state is incident.state
                custody = session.scalars(
                    select(CustodyEvent).where(CustodyEvent.incident_id == incident.id).order_by(CustodyEvent.seq)
                )
                assert breaks([entry_of(event) for event in custody], str(incident.id)) == []


@dataclass(frozen=True)
class SeenIncident:
    """One incident with all its rows; times in seconds of the clip."""

    row: Incident
    events: list[CaseEvent]
    sightings: list[Sighting]
    exhibits: list[Exhibit]
    drafts: list[DraftCase]

    @property
    def state(self) -> str:
        return self.row.state.value

    @property
    def stopped_s(self) -> float | None:
        return None if self.row.stopped_at is None else seconds(self.row.stopped_at)

    @property
    def confirmed_s(self) -> float:
        return seconds(self.row.confirmed_at)

    @property
    def last_seen_s(self) -> float:
        return seconds(self.row.last_seen_at)

    @property
    def left_s(self) -> float | None:
        return None if self.row.left_at is None else seconds(self.row.left_at)

    @property
    def acts(self) -> list[Act]:
        return [event.act for event in self.events]

    @property
    def opened_with(self) -> dict[str, Any]:
        return self.events[0].facts

    def sightings_of(self, kind: SightingKind) -> list[Sighting]:
        return [each for each in self.sightings if each.kind is kind]

    def exhibit(self, kind: ExhibitKind, moment: ExhibitMoment) -> Exhibit:
        (found,) = [each for each in self.exhibits if each.kind is kind and each.moment is moment]
        return found

    def moments(self) -> set[tuple[str, str]]:
        return {(each.kind.value, each.moment.value) for each in self.exhibits}


def seconds(at: datetime) -> float:
    return (at - NOON).total_seconds() - CAMERA_OFFSET_S


def of_second(media_s: float) -> datetime:
    return NOON + timedelta(seconds=media_s + CAMERA_OFFSET_S)


@dataclass(frozen=True)
class Seen:
    """What a run put on record."""

    street: Street
    report: AnalysisReport

    @property
    def analysis(self) -> Mapping[str, Any]:
        return self.report.analysis

    @property
    def incidents(self) -> list[SeenIncident]:
        with reading(self.street.sessions) as session:
            rows = session.scalars(
                select(Incident)
                .where(Incident.recording_id == self.report.recording_id)
                .order_by(Incident.first_seen_at, Incident.id)
            ).all()
            return [_seen(session, row) for row in rows]

    @property
    def incident(self) -> SeenIncident:
        (only,) = self.incidents
        return only

    def path_of(self, exhibit: Exhibit) -> Path:
        return Vault.path_of(self.street.vault_root, exhibit.sha256, exhibit.sealed.suffix)


def _events(session: Session, incident_id: uuid.UUID) -> list[CaseEvent]:
    return list(session.scalars(select(CaseEvent).where(CaseEvent.incident_id == incident_id).order_by(CaseEvent.seq)))


def _seen(session: Session, row: Incident) -> SeenIncident:
    return SeenIncident(
        row,
        _events(session, row.id),
        list(session.scalars(select(Sighting).where(Sighting.incident_id == row.id).order_by(Sighting.at))),
        list(
            session.scalars(
                select(Exhibit)
                .where(Exhibit.incident_id == row.id)
                .order_by(Exhibit.from_at, Exhibit.kind)
                .options(joinedload(Exhibit.sealed))
            )
        ),
        list(session.scalars(select(DraftCase).where(DraftCase.incident_id == row.id))),
    )


def _told(session: Session, row: Incident) -> dict[str, Any]:
    seen = _seen(session, row)
    return {
        "state": seen.state,
        "key": row.conduct_key,
        "times": [
            row.first_seen_at,
            row.stopped_at,
            row.confirmed_at,
            row.last_seen_at,
            row.grace_ends_at,
            row.left_at,
        ],
        "box": [row.box_x1, row.box_y1, row.box_x2, row.box_y2],
        "seen_with": row.seen_with,
        "events": [
            (event.act, event.from_state, event.to_state, event.conduct_at, event.facts) for event in seen.events
        ],
        "sightings": [(each.at, each.kind, each.until_at, each.x1, each.y1, each.note) for each in seen.sightings],
        "exhibits": [
            (each.kind, each.moment, each.sha256, each.from_at, each.to_at, each.recipe) for each in seen.exhibits
        ],
        "drafts": [_without_ids(draft.content) for draft in seen.drafts],
    }


def _without_ids(value: Any) -> Any:
    """JSON without what differs between two runs that say the same: ids, and when the program did something."""
    if isinstance(value, dict):
        return {
            key: "its own clock" if key == "made_at" or (key == "at" and "actor" in value) else _without_ids(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_without_ids(each) for each in value]
    return IS_ID.sub("an id", value) if isinstance(value, str) else value
