"""A van that stands for eleven minutes and is drafted: rows, and stills that are real pictures.

It stops at 12 s, a bus hides it from 200 to 210 s, packets are lost from 300 to 306 s, its time is used up at 72 s,
the grace ends at 672 s, and it is seen up to 700 s.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sqlalchemy.orm import Session

from cases import draft_case
from models.digest import sha256_of
from models.enums import Act, ExhibitKind, ExhibitMoment, IncidentState, SightingKind
from models.exhibits import Exhibit, SealedObject
from models.incidents import DraftCase, Incident
from models.people import Officer
from models.personal_data import PersonalDataKey
from tests import rows
from tests.rows import after

MADE_AT = after(720)
KEY = PersonalDataKey(b"k" * 32)
STILLS = {ExhibitMoment.ENTRY: 12.0, ExhibitMoment.DWELL_COMPLETE: 72.0, ExhibitMoment.GRACE_END: 672.0}
SEEN_EVERY_S = 2


@dataclass(frozen=True)
class ParkedVan:
    """incident: DRAFTED, without a draft yet. pictures: the stills by digest."""

    incident: Incident
    pictures: dict[str, Path]

    def draft(self, session: Session, at: datetime = MADE_AT) -> DraftCase:
        return draft_case.compose(session, self.incident.id, at=at)


def park_van(
    session: Session,
    folder: Path,
    *,
    camera: dict[str, Any] | None = None,
    fence: dict[str, Any] | None = None,
    recording: dict[str, Any] | None = None,
    lost_until_s: int = 306,
    **differs: Any,
) -> ParkedVan:
    """camera, fence, recording, and the rest for the incident: what is to differ in that row.

    lost_until_s: when the packets come back that were lost from 300 s on.
    """
    seen_by = rows.add_camera(session, rows.add_site(session), **(camera or {}))
    version = rows.add_geofence_version(session, rows.add_geofence(session, seen_by), **(fence or {}))
    taken = rows.add_recording(session, seen_by, **(recording or {}))
    values: dict[str, Any] = {
        "state": IncidentState.DRAFTED,
        "last_seen_at": after(700),
        "grace_ends_at": after(672),
    }
    incident = rows.add_incident(session, version, seen_by, taken, **(values | differs))
    rows.add_event(session, incident, facts={"class": "van"})
    rows.add_event(
        session,
        incident,
        seq=2,
        act=Act.GRACE_STARTED,
        from_state=IncidentState.OBSERVED,
        to_state=IncidentState.NOTIFIED,
    )
    rows.add_event(
        session,
        incident,
        seq=3,
        act=Act.GRACE_EXPIRED,
        from_state=IncidentState.NOTIFIED,
        to_state=IncidentState.DRAFTED,
        at=after(701),
        conduct_at=after(672),
    )
    _add_sightings(session, incident, lost_until_s)
    pictures = dict(_add_still(session, incident, moment, at_s, folder) for moment, at_s in STILLS.items())
    pictures |= dict([_add_still(session, incident, ExhibitMoment.SHARPEST, 60.0, folder, ExhibitKind.CLOSE_UP)])
    return ParkedVan(incident, pictures)


def _add_sightings(session: Session, incident: Incident, lost_until_s: int) -> None:
    nothing = dict.fromkeys(("x1", "y1", "x2", "y2", "confidence", "share_inside"))
    for at_s in range(10, 701, SEEN_EVERY_S):
        if 300 < at_s < lost_until_s:
            continue
        if at_s == 300:
            gap = {"kind": SightingKind.GAP, "until_at": after(lost_until_s), "note": "packets lost"}
            rows.add_sighting(session, incident, at=after(at_s), **nothing, **gap)
        elif 200 <= at_s < 210:
            rows.add_sighting(session, incident, at=after(at_s), **nothing, kind=SightingKind.HIDDEN, note="bus")
        else:
            rows.add_sighting(session, incident, at=after(at_s), confidence=0.8 + at_s / 7000, share_inside=0.93)


def _add_still(
    session: Session,
    incident: Incident,
    moment: ExhibitMoment,
    at_s: float,
    folder: Path,
    kind: ExhibitKind = ExhibitKind.STILL,
) -> tuple[str, Path]:
    """A street in grey with a white van, another shade for each moment so that no two are the same bytes."""
    picture = np.full((1080, 1920, 3), 90, np.uint8)
    cv2.rectangle(picture, (400, 600), (800, 900), (235, 235, 235 - int(at_s) % 90), -1)
    cv2.putText(picture, f"{at_s:.0f} s {kind.value}", (60, 120), cv2.FONT_HERSHEY_SIMPLEX, 3, (255, 255, 255), 6)
    if kind is ExhibitKind.CLOSE_UP:
        picture = picture[600:900, 400:800]
    path = folder / f"{moment.value}-{kind.value}.jpg"
    assert cv2.imwrite(str(path), picture)
    sha256 = sha256_of(path)
    at = after(at_s)
    session.add(
        SealedObject(
            sha256=sha256, size_bytes=path.stat().st_size, media_type="image/jpeg", suffix=".jpg", sealed_at=at
        )
    )
    session.flush()
    height, width = picture.shape[:2]
    session.add(
        Exhibit(
            incident_id=incident.id,
            sha256=sha256,
            kind=kind,
            moment=moment,
            from_at=at,
            to_at=at,
            recipe={"how": "decode", "width": width, "height": height},
        )
    )
    session.flush()
    return sha256, path


def add_officer(session: Session, name: str = "队员乙", phone: str = "+8613900000017") -> Officer:
    officer = Officer(id=uuid.uuid4(), name=name, grid="dongcheng-02", phone_sealed=b"-")
    officer.phone_sealed = KEY.seal(phone, f"officer.phone:{officer.id}")
    session.add(officer)
    session.flush()
    return officer


def later(minutes: float) -> datetime:
    """That long after the draft was made."""
    return MADE_AT + timedelta(minutes=minutes)
