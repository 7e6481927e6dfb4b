"""What a watcher leaves for the next one: whole, small, and refused where it is not what was written."""

import json
import uuid
import zlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import numpy as np
import pytest

from detectors.appearance import Appearance
from detectors.frame import Frame
from detectors.geometry import Box
from detectors.sightings import ObjectRole, Sighting
from detectors.tracker import Track
from ingest.camera_memory import (
    CameraMemory,
    StayMemory,
    SuspectMemory,
    decode,
    decode_views,
    encode,
    encode_views,
)
from ingest.errors import MemoryUnreadable
from models.enums import Offence, SightingKind
from models.watching import HOME

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)
FENCE, INCIDENT = uuid.uuid4(), uuid.uuid4()


def street(seed: int = 1) -> Frame:
    planes = np.random.default_rng(seed).integers(0, 255, (360, 320), np.uint8)
    return Frame(planes, 12.0, 12, Fraction(1, 1), NOON)


def parked(number: int = 7) -> Track:
    box = Box(40.0, 50.0, 120.0, 110.0)
    return Track(
        id=number,
        role=ObjectRole.VEHICLE,
        first_seen_s=3.5,
        box=box,
        place=box,
        appearance=Appearance.of(street(), box),
        standing_from_s=4.0,
        classes=Counter(car=3, truck=1),
        sightings=[
            Sighting(4.0, SightingKind.SEEN, box, 0.9),
            Sighting(6.0, SightingKind.GAP, until_s=9.0, note="no connection to the camera"),
            Sighting(12.0, SightingKind.KEPT, box, note="same picture"),
        ],
        steady=[box, box],
    )


def remembered() -> CameraMemory:
    return CameraMemory(
        began_at=NOON,
        size=(320, 240),
        last_look_s=12.0,
        tracks=(parked(),),
        suspects=(SuspectMemory(FENCE, Offence.ILLEGAL_PARKING, 7, 4.0, None, 3.75, confirmed=True),),
        stays=(StayMemory(FENCE, Offence.ILLEGAL_PARKING, 7, INCIDENT, 64.0, drafted=False),),
    )


def test_what_stands_is_the_same_after_being_written_and_read():
    again = decode(encode(remembered()))
    track, before = again.tracks[0], parked()
    assert again.began_at == NOON
    assert (again.size, again.last_look_s, again.suspects, again.stays) == (
        remembered().size,
        remembered().last_look_s,
        remembered().suspects,
        remembered().stays,
    )
    assert track.sightings == before.sightings
    assert (track.class_name, track.stands, track.place) == ("car", True, before.place)
    assert np.array_equal(track.appearance.patch, before.appearance.patch)
    assert track.appearance.likeness(street()).same
    assert track.appearance.likeness(street(seed=2)).other


def test_the_views_of_a_dome_are_remembered_each_for_itself():
    kerb, wall = remembered(), replace(remembered(), last_look_s=90.0, tracks=(), suspects=(), stays=())
    again = decode_views(encode_views({"kerb": kerb, "wall": wall}))
    assert set(again) == {"kerb", "wall"}
    assert again["kerb"].stays == kerb.stays
    assert (again["wall"].last_look_s, again["wall"].tracks) == (90.0, ())


def test_what_a_watcher_wrote_that_knew_one_view_is_remembered_of_that():
    assert decode_views(encode(remembered()))[HOME].stays == remembered().stays


@pytest.mark.parametrize(
    "content",
    [b"", b"SWF1", zlib.compress(b"[1]"), zlib.compress(b'{"layout": "views", "views": {"kerb": "AAAA"}}')],
    ids=["nothing", "something_else", "a_list", "a_view_that_is_none"],
)
def test_memories_of_views_that_are_none_are_refused(content: bytes):
    with pytest.raises(MemoryUnreadable):
        decode_views(content)


def test_twenty_vehicles_that_stood_for_ten_minutes_take_little_room():
    tracks = tuple(parked(number) for number in range(20))
    for track in tracks:
        track.sightings = [Sighting(2.0 * look, SightingKind.SEEN, track.box, 0.8) for look in range(300)]
    assert len(encode(CameraMemory(NOON, (320, 240), 600.0, tracks, (), ()))) < 120_000


def stood_for(looks: int, number: int) -> Track:
    track = parked(number)
    seen = [Sighting(2.0 * look, SightingKind.SEEN, track.box, 0.8) for look in range(looks)]
    hidden = [Sighting(2.0 * (looks + look), SightingKind.HIDDEN) for look in range(40)]
    track.sightings = seen + hidden
    return track


def test_of_what_no_rule_is_about_only_the_newest_sightings_are_written_and_when_it_was_last_shown():
    tracks = (stood_for(100, 7), stood_for(100, 8))
    suspect = SuspectMemory(FENCE, Offence.ILLEGAL_PARKING, 7, 4.0, None, None, confirmed=False)
    memory = CameraMemory(NOON, (320, 240), 280.0, tracks, (suspect,), ())
    suspect, other = decode(encode(memory)).tracks
    assert suspect.sightings == tracks[0].sightings, "a dwell is shown by every one of them"
    assert len(other.sightings) < 30
    assert (other.last_shown_s, other.mean_confidence()) == (198.0, pytest.approx(0.8))
    assert len(tracks[1].sightings) == 140, "what is remembered is written, and what is known stays"


def unlike(**changes: object) -> bytes:
    value = json.loads(zlib.decompress(encode(remembered())))
    return zlib.compress(json.dumps(value | changes).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not compressed",
        encode(remembered())[:-20],
        zlib.compress(b"not json"),
        zlib.compress(b"[1, 2]"),
        zlib.compress(b'{"layout": 2}'),
        unlike(layout=3),
        unlike(tracks=[{"id": 1}]),
        unlike(suspects=[{"version_id": "no uuid"}]),
        unlike(stays=[{"version_id": str(FENCE), "incident_id": None, "unheard": 1}]),
        unlike(tracks=[json.loads(zlib.decompress(encode(remembered())))["tracks"][0] | {"role": "aeroplane"}]),
    ],
    ids=[
        "empty",
        "not_compressed",
        "cut_off",
        "not_json",
        "another_shape",
        "nothing_in_it",
        "newer_layout",
        "track_without_place",
        "fence_without_name",
        "unheard_of",
        "unknown_role",
    ],
)
def test_what_was_not_written_here_is_refused(content: bytes):
    with pytest.raises(MemoryUnreadable):
        decode(content)
