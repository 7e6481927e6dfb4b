"""A clip holds the camera's own bits: every packet of the range and nothing else, playable from its first picture."""

import hashlib
import itertools
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest

from ingest.clip_cut import ClipRange, clip_range, clip_recipe, container_of, payload_sha256, write_clip
from ingest.decoding import FrameDecoder
from ingest.errors import CutFailed
from ingest.media_clock import utc_since
from ingest.packet_ring import PacketRing
from ingest.packet_source import PacketSource, open_file
from ingest.stills import write_still
from models.enums import ExhibitKind
from tests.conftest import Database
from tests.media.make_clips import Film, Films, parks, rewrap, shifted
from tests.scenarios.street import Street, open_street

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
VAN = parks("red", stops_s=4.0)
ENCODED = [
    pytest.param(Film((VAN,), 20), id="h264"),
    pytest.param(Film((VAN,), 20, b_frames=2), id="h264_with_b_frames"),
    pytest.param(Film((VAN,), 20, b_frames=2, container="matroska"), id="b_frames_without_decoding_times"),
    pytest.param(Film((VAN,), 20, b_frames=2, open_gop=True), id="open_gops"),
    pytest.param(Film((VAN,), 20, gop=200), id="one_keyframe"),
    pytest.param(Film((VAN,), 20, codec="mpeg4", container="avi"), id="mpeg4"),
    pytest.param(Film((VAN,), 20, codec="mpeg4", b_frames=2, container="avi"), id="mpeg4_with_b_frames"),
    pytest.param(Film((VAN,), 20, codec="mjpeg", container="avi", pixels="yuvj420p"), id="motion_jpeg"),
]
WITH_START_CODES = pytest.param(Film((VAN,), 20, b_frames=2, container="mpegts"), id="transport_stream")


def cut(source: PacketSource, from_s: float, to_s: float, path: Path) -> ClipRange:
    ring = PacketRing(seconds=60)
    for packet in source.packets():
        ring.add(packet)
    clip = clip_range(ring, from_s, to_s)
    write_clip(clip.packets, source.stream, container_of(source.facts)[0], path)
    return clip


def payloads(path: Path) -> list[bytes]:
    """As a stranger reads them."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def without_start_codes(payload: bytes) -> bytes:
    return payload.replace(b"\0\0\0\1", b"").replace(b"\0\0\1", b"")


@pytest.mark.parametrize("film", ENCODED)
def test_every_packet_of_the_range_is_in_the_clip_bit_for_bit(films: Films, tmp_path: Path, film: Film) -> None:
    whole = payloads(films(film))
    with open_file(films(film)) as source:
        suffix = container_of(source.facts)[1]
        clip = cut(source, 6.3, 13.0, tmp_path / f"clip{suffix}")
        recipe = clip_recipe(clip, source.facts, None, [])
    cut_out = payloads(tmp_path / f"clip{suffix}")
    assert len(cut_out) == recipe["packets"] == len(clip.packets)
    first = next(number for number in range(len(whole)) if whole[number : number + len(cut_out)] == cut_out)
    assert first >= 0
    assert hashlib.sha256(b"".join(cut_out)).hexdigest() == recipe["payload_sha256"]


def test_of_a_transport_stream_the_units_are_the_same_behind_their_start_codes(films: Films, tmp_path: Path) -> None:
    film = Film((VAN,), 20, container="mpegts")
    with open_file(films(film)) as source:
        clip = cut(source, 6.3, 13.0, tmp_path / "clip.mp4")
    for ours, theirs in zip(payloads(tmp_path / "clip.mp4"), clip.packets, strict=True):
        units, at = [], 0
        while at < len(ours):
            length = int.from_bytes(ours[at : at + 4])
            units.append(ours[at + 4 : at + 4 + length])
            at += 4 + length
        assert b"".join(units) == without_start_codes(bytes(theirs.packet))


@pytest.mark.parametrize("film", [*ENCODED, WITH_START_CODES])
def test_a_clip_begins_with_a_keyframe_and_plays_from_its_first_picture(
    films: Films, tmp_path: Path, film: Film
) -> None:
    with open_file(films(film)) as source:
        path = tmp_path / f"clip{container_of(source.facts)[1]}"
        clip = cut(source, 6.3, 13.0, path)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        first = next(packet for packet in container.demux(stream) if packet.size)
        assert first.is_keyframe
    with av.open(str(path)) as container:
        times = [float(frame.time) for frame in container.decode(video=0) if frame.time is not None]
    # of an open GOP the B-pictures before its keyframe are not whole in the clip, and not shown
    leading = [each for each in clip.gops[0] if each.pts < clip.packets[0].pts]
    assert len(leading) <= film.b_frames * (film.open_gop or film.codec == "mpeg4")
    assert times[0] == pytest.approx(clip.packets[0].media_s - clip.from_s, abs=0.001)
    assert times == sorted(times)
    assert len(times) == len(clip.packets) - len(leading)
    assert times[-1] == pytest.approx(clip.to_s - clip.from_s, abs=0.002)
    assert clip.from_s <= 6.3
    assert clip.to_s >= 13.0 - 0.1


@pytest.mark.parametrize("film", [*ENCODED, WITH_START_CODES])
def test_cutting_the_same_range_twice_gives_the_same_bytes(films: Films, tmp_path: Path, film: Film) -> None:
    made = []
    for name in ("first", "second"):
        with open_file(films(film)) as source:
            cut(source, 6.3, 13.0, tmp_path / name)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


def test_a_clip_over_a_jump_of_the_clock_has_no_hole_of_an_hour(films: Films, tmp_path: Path) -> None:
    rewrap(films(Film((VAN,), 20, b_frames=2)), tmp_path / "jump.ts", shifted(10.05, 3600), "mpegts")
    with open_file(tmp_path / "jump.ts") as source:
        cut(source, 8.0, 12.0, tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as container:
        times = [float(frame.time) for frame in container.decode(video=0) if frame.time is not None]
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) < 0.35


def test_a_range_that_the_ring_has_forgotten_is_refused(films: Films) -> None:
    with open_file(films(Film((VAN,), 20))) as source:
        ring = PacketRing(seconds=3)
        for packet in source.packets():
            ring.add(packet)
    with pytest.raises(CutFailed, match=r"no packets of 1\.0–4\.0 s are left in the ring"):
        clip_range(ring, 1.0, 4.0)


@pytest.mark.parametrize(
    "film",
    [
        pytest.param(Film((parks("red", stops_s=3.5),), 32), id="h264"),
        pytest.param(Film((parks("red", stops_s=3.5),), 32, b_frames=2), id="b_frames"),
        pytest.param(Film((parks("red", stops_s=3.5),), 32, gop=320), id="one_keyframe"),
        pytest.param(Film((parks("red", stops_s=3.5),), 32, b_frames=2, open_gop=True), id="open_gops"),
        pytest.param(Film((parks("red", stops_s=3.5),), 32, codec="mpeg4", container="avi"), id="mpeg4"),
        pytest.param(Film((parks("red", stops_s=3.5),), 32, codec="mpeg4", b_frames=2, container="avi"), id="mpeg4_b"),
    ],
)
def test_every_still_can_be_made_again_from_its_clip(
    films: Films, tmp_path: Path, sqlite_database: Database, film: Film
) -> None:
    """By the recipe alone: the clip it names, the time in it, the same decoder and encoder, the same bytes."""
    open_street(sqlite_database.sessions)
    seen = Street(sqlite_database.sessions, tmp_path / "vault").watch(films(film))
    exhibits = {each.sha256: each for each in seen.incident.exhibits}
    stills = [each for each in exhibits.values() if each.kind is ExhibitKind.STILL]
    assert len(stills) == 3
    for still in stills:
        clip = exhibits[still.recipe["clip_sha256"]]
        from_pts = clip.recipe["first_pts"]
        with open_file(seen.path_of(clip)) as source:
            packets = list(source.packets())
            frames = FrameDecoder(source.facts, utc_since(NOON)).all_of(packets)
            at_s = still.recipe["media_s"] - clip.recipe["from_s"]
            (frame,) = [each for each in frames if abs(float(each.pts * each.time_base) - at_s) < 0.02]
        write_still(frame, tmp_path / "again.jpg")
        assert (tmp_path / "again.jpg").read_bytes() == seen.path_of(still).read_bytes()
        ticks_s = (still.recipe["pts"] - from_pts) * _fraction(clip.recipe["time_base"])
        assert ticks_s == pytest.approx(at_s, abs=0.002)
        assert payload_sha256(packets) == clip.recipe["payload_sha256"]


def _fraction(text: str) -> float:
    over, _, under = text.partition("/")
    return int(over) / int(under)
