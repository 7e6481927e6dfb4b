"""What is remembered of a view, so that another worker can go on with its dwells: as values, and as bytes for a row.

JSON, compressed; never a format that could run code when it is read. Boxes are pixels of `size`, times are media
seconds, which go on from one watcher of a camera to the next.
"""

import base64
import json
import uuid
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from detectors.appearance import PATCH_HEIGHT, PATCH_WIDTH, Appearance
from detectors.geometry import Box
from detectors.sightings import ObjectRole, Sighting
from detectors.tracker import Track
from ingest.errors import MemoryUnreadable
from models.enums import Offence, SightingKind
from models.watching import HOME

LAYOUT = 2
VIEWS_LAYOUT = "views"
LOOKS_OF_OTHERS = 20  # sightings remembered of what stands where no rule forbids it
LARGEST_BYTES = 64_000_000  # of the text; a row that claims more is not ours


@dataclass(frozen=True)
class SuspectMemory:
    version_id: uuid.UUID
    offence: Offence
    track_id: int
    from_s: float
    not_before_s: float | None
    stopped_s: float | None
    confirmed: bool


@dataclass(frozen=True)
class StayMemory:
    version_id: uuid.UUID
    offence: Offence
    track_id: int
    incident_id: uuid.UUID | None
    grace_ends_s: float | None
    drafted: bool


@dataclass(frozen=True)
class CameraMemory:
    """began_at: UTC of media second 0. size: of the picture whose pixels the boxes are in."""

    began_at: datetime
    size: tuple[int, int] | None
    last_look_s: float | None
    tracks: tuple[Track, ...]
    suspects: tuple[SuspectMemory, ...]
    stays: tuple[StayMemory, ...]


def encode(memory: CameraMemory) -> bytes:
    """Of tracks that no rule is about, only the newest sightings."""
    followed = {each.track_id for each in memory.suspects} | {each.track_id for each in memory.stays}
    value = {
        "layout": LAYOUT,
        "began_at": memory.began_at.isoformat(),
        "size": memory.size,
        "last_look_s": memory.last_look_s,
        "tracks": [_track_out(track if track.id in followed else _lately(track)) for track in memory.tracks],
        "suspects": [vars(each) | {"version_id": str(each.version_id)} for each in memory.suspects],
        "stays": [
            vars(each)
            | {
                "version_id": str(each.version_id),
                "incident_id": None if each.incident_id is None else str(each.incident_id),
            }
            for each in memory.stays
        ],
    }
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)


def encode_views(memories: Mapping[str, CameraMemory]) -> bytes:
    """Of all views of a camera, by preset."""
    views = {preset: base64.b64encode(encode(memory)).decode() for preset, memory in memories.items()}
    return zlib.compress(json.dumps({"layout": VIEWS_LAYOUT, "views": views}, separators=(",", ":")).encode(), 1)


def decode_views(content: bytes) -> dict[str, CameraMemory]:
    """What another watcher wrote; one that knew a single view wrote of that alone. Raises MemoryUnreadable."""
    value = _unpacked(content)
    if value.get("layout") != VIEWS_LAYOUT:
        return {HOME: decode(content)}
    try:
        return {preset: decode(base64.b64decode(view)) for preset, view in value["views"].items()}
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise MemoryUnreadable(f"what was remembered cannot be read ({error!r})") from error


def _lately(track: Track) -> Track:
    """Every sighting costs time whenever it is written, and a street full of parked cars has thousands."""
    copy = replace(track, sightings=track.sightings[:])
    copy.forget(LOOKS_OF_OTHERS)
    return copy


def decode(content: bytes) -> CameraMemory:
    """Of one view. Raises MemoryUnreadable."""
    value = _unpacked(content)
    try:
        return _memory_in(value)
    except (ValueError, KeyError, TypeError) as error:
        raise MemoryUnreadable(f"what was remembered cannot be read ({error!r})") from error


def _unpacked(content: bytes) -> dict[str, Any]:
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(content, LARGEST_BYTES)
        value = json.loads(text if unpacking.eof else b"")
    except (ValueError, zlib.error) as error:
        raise MemoryUnreadable(f"what was remembered cannot be read ({error!r})") from error
    if not isinstance(value, dict):
        raise MemoryUnreadable("what was remembered is no memory")
    return value


def _memory_in(value: dict[str, Any]) -> CameraMemory:
    if value["layout"] != LAYOUT:
        raise MemoryUnreadable(f"what was remembered has layout {value['layout']}; another version wrote it")
    return CameraMemory(
        began_at=datetime.fromisoformat(value["began_at"]).astimezone(UTC),
        size=None if value["size"] is None else (int(value["size"][0]), int(value["size"][1])),
        last_look_s=value["last_look_s"],
        tracks=tuple(_track_in(each) for each in value["tracks"]),
        suspects=tuple(
            SuspectMemory(**each | {"version_id": uuid.UUID(each["version_id"]), "offence": Offence(each["offence"])})
            for each in value["suspects"]
        ),
        stays=tuple(_stay_in(each) for each in value["stays"]),
    )


def _stay_in(value: dict[str, Any]) -> StayMemory:
    incident_id = None if value["incident_id"] is None else uuid.UUID(value["incident_id"])
    known = {"version_id": uuid.UUID(value["version_id"]), "offence": Offence(value["offence"])}
    return StayMemory(**value | known | {"incident_id": incident_id})


def _track_out(track: Track) -> dict[str, Any]:
    look = track.appearance
    return {
        "id": track.id,
        "role": track.role.value,
        "first_seen_s": track.first_seen_s,
        "box": track.box.as_list(),
        "place": track.place.as_list(),
        "appearance": {
            "box": look.box.as_list(),
            "patch": base64.b64encode(look.patch.tobytes()).decode(),
            "colour": look.colour,
            "light": look.light,
            "around": look.around,
            "without": None if look.without is None else base64.b64encode(look.without.tobytes()).decode(),
        },
        "standing_from_s": track.standing_from_s,
        "classes": dict(track.classes),
        "sightings": [_sighting_out(each) for each in track.sightings],
        "steady": [box.as_list() for box in track.steady],
        "velocity": track.velocity,
        "missed": track.missed,
        "inside_another": track.inside_another,
        "sure": track.sure,
        "returned_from_s": track.returned_from_s,
    }


def _track_in(value: dict[str, Any]) -> Track:
    look = value["appearance"]
    patch, without = (
        np.frombuffer(base64.b64decode(each), np.uint8).reshape(PATCH_HEIGHT, PATCH_WIDTH).copy() if each else None
        for each in (look["patch"], look.get("without"))
    )
    assert patch is not None, "every appearance has its patch"
    tone, u, v = look["colour"]
    around = None
    if look.get("around") is not None:
        above, below, left, right = look["around"]
        around = (above, below, left, right)
    return Track(
        id=int(value["id"]),
        role=ObjectRole(value["role"]),
        first_seen_s=value["first_seen_s"],
        box=Box(*value["box"]),
        place=Box(*value["place"]),
        appearance=Appearance(Box(*look["box"]), patch, (tone, u, v), look["light"], around, without),
        standing_from_s=value["standing_from_s"],
        classes=Counter(value["classes"]),
        sightings=[_sighting_in(each) for each in value["sightings"]],
        steady=[Box(*box) for box in value["steady"]],
        velocity=(value["velocity"][0], value["velocity"][1]),
        missed=int(value["missed"]),
        inside_another=int(value["inside_another"]),
        sure=value["sure"],
        returned_from_s=value.get("returned_from_s"),
    )


def _sighting_out(each: Sighting) -> list[Any]:
    box = None if each.box is None else each.box.as_list()
    return [each.at_s, each.kind.value, box, each.confidence, each.share_inside, each.until_s, each.note]


def _sighting_in(value: list[Any]) -> Sighting:
    at_s, kind, box, confidence, share_inside, until_s, note = value
    placed = None if box is None else Box(*box)
    return Sighting(at_s, SightingKind(kind), placed, confidence, share_inside, until_s, note)
