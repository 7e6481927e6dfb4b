"""Rows to start from: a street with one camera, one geofence, one recording, one incident.

Each builder adds a row with sound values, takes what a test wants different as keywords, and flushes.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from evidence import fence_terms, log_contents
from evidence.seen_with import ClockThen, SeenWith, Weights
from models.enums import (
    Act,
    CameraKind,
    ClockMeasure,
    ClockSource,
    IncidentState,
    Offence,
    RecordingState,
    Role,
    SightingKind,
)
from models.incidents import CaseEvent, Incident, Recording, Sighting
from models.people import RoleGrant, User
from models.places import Camera, Geofence, GeofenceVersion, Site

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # 12:00 on a Monday in Shanghai
PAPERS_IN_ORDER: dict[str, Any] = {
    "legal_review_on": date(2026, 1, 5),
    "technical_review_on": date(2026, 1, 6),
    "verified_until": date(2027, 1, 1),
    "sign_photographed_on": date(2026, 1, 7),
    "announced_on": date(2026, 1, 8),
}
NO_PAPERS: dict[str, Any] = dict.fromkeys(PAPERS_IN_ORDER)
# what a watcher writes with the incident of a live camera
SEEN_LIVE = SeenWith(
    software="streetwitness 0.1.0",
    model=Weights("own-weights", hashlib.sha256(b"own weights").hexdigest()),
    look_s=1.5,
    width=2560,
    height=1440,
    fps=12.5,
    codec="hevc",
    clock=ClockThen(-3.25, 0.75, ClockMeasure.RTCP),
)


def after(seconds: float) -> datetime:
    """That many seconds after noon, when the recording starts."""
    return NOON + timedelta(seconds=seconds)


def add_site(session: Session, **differs: Any) -> Site:
    site = Site(**({"name": "Dongcheng demo", "timezone": "Asia/Shanghai"} | differs))
    session.add(site)
    session.flush()
    return site


def add_camera(session: Session, site: Site, **differs: Any) -> Camera:
    values: dict[str, Any] = {
        "id": "gate-3",
        "site_id": site.id,
        "name": "North gate",
        "source": "rtsp://viewer:secret@camera.example/main",
        "kind": CameraKind.FIXED,
        "device_number": "330101000013200001",
        "lat": 28.65,
        "lon": 121.26,
        "clock_offset_s": 0.25,
        "clock_error_s": 0.4,
    }
    camera = Camera(**(values | PAPERS_IN_ORDER | differs))
    session.add(camera)
    session.flush()
    return camera


def add_geofence(session: Session, camera: Camera, geofence_id: str = "no-stopping-7", **differs: Any) -> Geofence:
    geofence = Geofence(**({"id": geofence_id, "camera_id": camera.id, "name": "No stopping"} | differs))
    session.add(geofence)
    session.flush()
    return geofence


def add_geofence_version(session: Session, geofence: Geofence, **differs: Any) -> GeofenceVersion:
    values: dict[str, Any] = {
        "geofence_id": geofence.id,
        "version": 1,
        "preset": None,
        "polygon": [[0.10, 0.55], [0.60, 0.50], [0.70, 0.95], [0.08, 0.98]],
        "offences": {"illegal_parking": {"dwell_s": 60, "grace_s": 600, "roles": ["vehicle"]}},
        "timetable": [],
        "exemptions": [],
        "warning_only": False,
        "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
        "valid_to": None,
        "changed_by": "streetwitness",
        "reason": "imported",
    }
    version = GeofenceVersion(**(values | differs))
    session.add(version)
    session.flush()
    return version


def add_recording(session: Session, camera: Camera, **differs: Any) -> Recording:
    values: dict[str, Any] = {
        "camera_id": camera.id,
        "path": "/recordings/gate-3/noon.mp4",
        "sha256": hashlib.sha256(b"noon.mp4").hexdigest(),
        "size_bytes": 1_000_000,
        "started_at": NOON,
        "clock_source": ClockSource.GIVEN,
        "state": RecordingState.ANALYSED,
        "failure": None,
        "analysis": {
            "software": "streetwitness 0.1.0",
            "model": {"name": "yolo11n", "digest": hashlib.sha256(b"weights").hexdigest()},
            "look_s": 2.0,
            "frames_decoded": 400,
            "looks": 400,
            "video_s": 800.0,
            "width": 1920,
            "height": 1080,
            "fps": 25.0,
            "codec": "h264",
            "gaps": [[100.0, 104.0, "packets lost"]],
            "wall_s": 12.5,
        },
    }
    recording = Recording(**(values | differs))
    session.add(recording)
    session.flush()
    return recording


def add_incident(
    session: Session, version: GeofenceVersion, camera: Camera, recording: Recording | None = None, **differs: Any
) -> Incident:
    values: dict[str, Any] = {
        "camera_id": camera.id,
        "geofence_version_id": version.id,
        "recording_id": recording.id if recording else None,
        "offence": Offence.ILLEGAL_PARKING,
        "state": IncidentState.OBSERVED,
        "conduct_key": f"{version.geofence_id}:illegal_parking:12",
        "first_seen_at": after(10),
        "stopped_at": after(12),
        "confirmed_at": after(72),
        "last_seen_at": after(72),
        "grace_ends_at": None,
        "left_at": None,
        "box_x1": 400.0,
        "box_y1": 600.0,
        "box_x2": 800.5,
        "box_y2": 900.0,
        "confidence": 0.88,
        "plate": "浙J12345",
        "plate_confidence": 0.97,
    }
    incident = Incident(**(values | differs))
    session.add(incident)
    session.flush()
    return incident


def add_event(session: Session, incident: Incident, **differs: Any) -> CaseEvent:
    values: dict[str, Any] = {
        "incident_id": incident.id,
        "seq": 1,
        "act": Act.CONFIRMED,
        "from_state": None,
        "to_state": IncidentState.OBSERVED,
        "actor": "streetwitness",
        "at": after(73),
        "conduct_at": after(72),
        "facts": {},
    }
    event = CaseEvent(**(values | differs))
    session.add(event)
    session.flush()
    log_contents.enter(session, event)
    return event


def add_sighting(session: Session, incident: Incident, **differs: Any) -> Sighting:
    values: dict[str, Any] = {
        "incident_id": incident.id,
        "at": after(12),
        "kind": SightingKind.SEEN,
        "until_at": None,
        "note": None,
        "x1": 400.0,
        "y1": 600.0,
        "x2": 800.5,
        "y2": 900.0,
        "confidence": 0.88,
        "share_inside": 1.0,
    }
    sighting = Sighting(**(values | differs))
    session.add(sighting)
    session.flush()
    return sighting


def add_user(session: Session, name: str = "li.na", **differs: Any) -> User:
    values: dict[str, Any] = {
        "name": name,
        "display_name": "李娜",
        "password_hash": "never matches",
        "created_at": NOON,
    }
    role = differs.pop("role", Role.LEGAL_REVIEWER)
    user = User(grants=[RoleGrant(role=role, granted_at=NOON, granted_by="streetwitness")], **(values | differs))
    session.add(user)
    session.flush()
    return user


@dataclass(frozen=True)
class Street:
    site: Site
    camera: Camera
    geofence: Geofence
    version: GeofenceVersion
    recording: Recording
    incident: Incident


def add_street(session: Session, **incident_differs: Any) -> Street:
    """Everything an incident stands on, and the incident, with its first event and two sightings and a gap."""
    site = add_site(session)
    camera = add_camera(session, site)
    geofence = add_geofence(session, camera)
    version = add_geofence_version(session, geofence)
    recording = add_recording(session, camera)
    incident = add_incident(session, version, camera, recording, **incident_differs)
    add_event(session, incident, facts={fence_terms.FACT: fence_terms.digest_of(fence_terms.terms_of(version))})
    add_sighting(session, incident)
    add_sighting(
        session,
        incident,
        at=after(30),
        kind=SightingKind.GAP,
        until_at=after(34),
        note="packets lost",
        x1=None,
        y1=None,
        x2=None,
        y2=None,
        confidence=None,
        share_inside=None,
    )
    add_sighting(session, incident, at=after(72), confidence=0.91)
    return Street(site, camera, geofence, version, recording, incident)
