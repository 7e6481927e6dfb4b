"""The manifest: what is claimed about one incident, and by which bytes it can be checked.

Pure: rows in, a value out; evidence/canonical.py turns it into bytes. It holds nothing personal beyond the plate: no
owner, no phone number, and a camera's address without what opens it. A reader that meets a format it does not know
says so.
"""

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from evidence import custody, fence_terms
from evidence.bundle_files import FORMAT
from evidence.canonical import instant, instant_or_none
from evidence.case_rows import CaseRows, sufficiency_facts
from evidence.sufficiency import check
from models.exhibits import Exhibit
from models.incidents import CaseEvent, DraftCase, Incident, Recording, ReviewDecision, Sighting
from models.places import Camera, GeofenceVersion
from models.retention import Deletion


def compose(
    rows: CaseRows,
    *,
    made_at: datetime,
    software: str,
    exhibit_files: Mapping[Exhibit, str],
    draft_file: str,
    proofs: Mapping[str, Any],
    sealed_at: Mapping[uuid.UUID, str],
) -> dict[str, Any]:
    """exhibit_files: the name of each exhibit inside the bundle. proofs: as evidence/proofs.py writes them.
    sealed_at: as the statement of each exhibit says it; the same bytes may have been sealed for another case before.
    """
    incident = rows.incident
    recording = incident.recording
    return {
        "format": FORMAT,
        "made_at": instant(made_at),
        "software": software,
        "incident": _incident(incident),
        "camera": _camera(incident.camera, rows),
        "geofence": _geofence(incident.geofence_version),
        "recording": _recording(recording) if recording else None,
        "analysis": recording.analysis if recording else None,
        "seen_with": incident.seen_with,
        "sightings": [_sighting(sighting) for sighting in rows.sightings],
        "events": [_event(event) for event in rows.events],
        "decisions": [_decision(decision) for decision in rows.decisions],
        "exhibits": [_exhibit(each, exhibit_files[each], sealed_at.get(each.id)) for each in rows.exhibits],
        "deleted": [_deleted(exhibit, deletion) for exhibit, deletion in rows.deleted],
        "draft": _draft(rows.draft, draft_file) if rows.draft else None,
        "custody": [custody.entry_of(event) for event in rows.custody],
        "sufficiency": [
            {"code": finding.code, "ok": finding.ok, "detail": dict(finding.detail)}
            for finding in check(sufficiency_facts(rows))
        ],
        "proofs": dict(proofs),
    }


def redacted_source(source: str) -> str:
    """Where a camera's picture comes from, without what opens it.

    Of an address only scheme, host and port stay: vendors put passwords into user part, path and query alike.
    Of a file only its name.
    """
    scheme, separator, rest = source.partition("://")
    if not separator:
        return PurePosixPath(source.replace("\\", "/")).name
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if rest.count("@") > 1 or rest.count("@") > authority.count("@"):
        return f"{scheme}://"  # an @ that is not escaped: which part is the host cannot be told for certain
    return f"{scheme}://{authority.rpartition('@')[2]}"


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "id": str(incident.id),
        "offence": incident.offence.value,
        "state": incident.state.value,
        "first_seen_at": instant(incident.first_seen_at),
        "stopped_at": instant_or_none(incident.stopped_at),
        "confirmed_at": instant(incident.confirmed_at),
        "last_seen_at": instant(incident.last_seen_at),
        "grace_ends_at": instant_or_none(incident.grace_ends_at),
        "left_at": instant_or_none(incident.left_at),
        "box": [incident.box_x1, incident.box_y1, incident.box_x2, incident.box_y2],
        "confidence": incident.confidence,
        "plate": incident.plate,
        "plate_confidence": incident.plate_confidence,
    }


def _camera(camera: Camera, rows: CaseRows) -> dict[str, Any]:
    return {
        "id": camera.id,
        "name": camera.name,
        "site": camera.site.name,
        "timezone": camera.site.timezone,
        "kind": camera.kind.value,
        "device_number": camera.device_number,
        "lat": camera.lat,
        "lon": camera.lon,
        "source": redacted_source(camera.source),
        "clock_offset_s": rows.seen_with.clock.offset_s,
        "clock_error_s": rows.seen_with.clock.error_s,
        "papers": {"on": rows.day.isoformat(), "missing": camera.discovery_only(rows.day)},
    }


def _geofence(version: GeofenceVersion) -> dict[str, Any]:
    return fence_terms.terms_of(version) | {
        "name": version.geofence.name,
        "valid_to": instant_or_none(version.valid_to),
    }


def _recording(recording: Recording) -> dict[str, Any]:
    return {
        "file": PurePosixPath(recording.path).name,
        "sha256": recording.sha256,
        "size_bytes": recording.size_bytes,
        "started_at": instant(recording.started_at),
        "clock_source": recording.clock_source.value,
    }


def _sighting(sighting: Sighting) -> dict[str, Any]:
    box = [sighting.x1, sighting.y1, sighting.x2, sighting.y2]
    return {
        "at": instant(sighting.at),
        "until": instant_or_none(sighting.until_at),
        "kind": sighting.kind.value,
        "box": None if sighting.x1 is None else box,
        "confidence": sighting.confidence,
        "share_inside": sighting.share_inside,
        "note": sighting.note,
    }


def _event(event: CaseEvent) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "act": event.act.value,
        "from_state": event.from_state.value if event.from_state else None,
        "to_state": event.to_state.value,
        "actor": event.actor,
        "at": instant(event.at),
        "conduct_at": instant_or_none(event.conduct_at),
        "facts": event.facts,
    }


def _decision(decision: ReviewDecision) -> dict[str, Any]:
    return {
        "id": str(decision.id),
        "draft_case": str(decision.draft_case_id) if decision.draft_case_id else None,
        "user": str(decision.user_id),
        "decision": decision.decision.value,
        "reviewer": decision.user.name,
        "reviewer_name": decision.user.display_name,
        "reason": decision.reason,
        "four_points": {
            "true": decision.is_true,
            "clear": decision.is_clear,
            "complete": decision.is_complete,
            "accurate": decision.is_accurate,
        },
        "at": instant(decision.at),
    }


def _exhibit(exhibit: Exhibit, file: str, sealed_at: str | None) -> dict[str, Any]:
    return {
        "id": str(exhibit.id),
        "file": file,
        "kind": exhibit.kind.value,
        "moment": exhibit.moment.value,
        "sha256": exhibit.sha256,
        "size_bytes": exhibit.sealed.size_bytes,
        "media_type": exhibit.sealed.media_type,
        "sealed_at": sealed_at or instant(exhibit.sealed.sealed_at),
        "from_at": instant(exhibit.from_at),
        "to_at": instant(exhibit.to_at),
        "recipe": exhibit.recipe,
    }


def _deleted(exhibit: Exhibit, deletion: Deletion) -> dict[str, Any]:
    """What was sealed and is gone by rule: its digest stays, and the log has the deletion."""
    return {
        "exhibit": str(exhibit.id),
        "kind": exhibit.kind.value,
        "moment": exhibit.moment.value,
        "sha256": exhibit.sha256,
        "deletion": str(deletion.id),
        "why": deletion.why,
        "rule": deletion.rule,
        "done_at": instant_or_none(deletion.done_at),
    }


def _draft(draft: DraftCase, file: str) -> dict[str, Any]:
    return {"file": file, "version": draft.version, "made_at": instant(draft.made_at), "software": draft.software}
