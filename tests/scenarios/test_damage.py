"""Lost and damaged packets: the run goes on, the times hold, and no still is made from a picture with damage in it."""

import random
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from models.enums import ExhibitKind
from tests.media.make_clips import RATE, Change, Film, Films, broken_off, damaged, parks, rewrap, stumps, without
from tests.scenarios.street import DWELL_S, SeenIncident, Street, seconds

VAN = parks("red", stops_s=4.0)
CODECS = [
    pytest.param({}, "matroska", id="h264"),
    pytest.param({"b_frames": 2}, "matroska", id="h264_with_b_frames"),
    pytest.param({"codec": "mpeg4", "container": "avi"}, "avi", id="mpeg4"),
]


def assert_stills_are_whole(van: SeenIncident, film: Film, street: Street) -> None:
    """Every still shows the street as it was drawn at that moment, up to what encoding loses."""
    stills = [each for each in van.exhibits if each.kind is ExhibitKind.STILL]
    assert stills
    for still in stills:
        path = street.vault_root / "objects" / still.sha256[:2] / f"{still.sha256[2:]}.jpg"
        shown = np.asarray(cv2.imread(str(path)), dtype=np.int16)
        drawn = film.picture(round(seconds(still.from_at) * RATE)).astype(np.int16)
        blurred = [cv2.blur(each, (9, 9)) for each in (shown, drawn)]
        assert np.abs(blurred[0] - blurred[1]).max() < 40, f"{still.moment} of {seconds(still.from_at)} s"
        assert not still.recipe["concealed_errors"]


@pytest.mark.parametrize(("encoded", "container"), CODECS)
def test_damage_in_a_tenth_of_all_packets_ends_nothing(
    street: Street, films: Films, tmp_path: Path, encoded: dict[str, object], container: str
) -> None:
    film = Film((VAN,), seconds=40, **encoded)  # type: ignore[arg-type]
    clip = tmp_path / f"damaged.{container}"
    bad = random.Random(4).sample(range(400), 40)
    rewrap(films(film), clip, damaged(bad), container)
    seen = street.watch(clip)
    van = seen.incident
    assert van.state == "drafted"
    assert van.stopped_s is None or van.stopped_s == pytest.approx(4.0, abs=1.5)
    assert van.confirmed_s + 0.05 >= 4.0 + DWELL_S
    assert seen.analysis["video_s"] == pytest.approx(40, abs=0.3)
    assert_stills_are_whole(van, film, street)
    street.assert_whole()


@pytest.mark.parametrize(("encoded", "container"), CODECS)
def test_no_still_is_taken_from_a_picture_that_is_built_on_a_damaged_one(
    street: Street, films: Films, tmp_path: Path, encoded: dict[str, object], container: str
) -> None:
    """In long GOPs one bad packet spoils all that comes after it, and only the first of them looks bad to a decoder."""
    film = Film((VAN,), seconds=44, gop=110, **encoded)  # type: ignore[arg-type]
    clip = tmp_path / f"damaged.{container}"
    rewrap(films(film), clip, damaged([30, 41, 52, 125, 240]), container)
    seen = street.watch(clip)
    for van in seen.incidents:
        assert_stills_are_whole(van, film, street)
    street.assert_whole()


@pytest.mark.parametrize("change", [stumps([60]), damaged([60])], ids=["not_decodable", "half_of_it"])
def test_a_damaged_keyframe_is_no_proof_that_the_vehicle_stood_there(
    street: Street, films: Films, tmp_path: Path, change: Change
) -> None:
    """The stop at 6.4 s lies in the GOP of a keyframe that cannot be decoded, or not whole."""
    clip = tmp_path / "damaged.mov"
    film = Film((parks("red", stops_s=6.4),), seconds=40, codec="mpeg4", container="avi")
    rewrap(films(film), clip, change, "mov")
    van = street.watch(clip).incident
    assert van.stopped_s is None or van.stopped_s >= 6.4 - 0.15


@pytest.mark.parametrize("lost", [[0], [0, 1, 2], [60], [200], [60, 61, 62, 63, 64, 65, 66, 67, 68, 69]], ids=str)
def test_lost_keyframes_move_no_times(street: Street, films: Films, tmp_path: Path, lost: list[int]) -> None:
    clip = tmp_path / "lost.mkv"
    rewrap(films(Film((VAN,), seconds=40)), clip, without(lost), "matroska")
    van = street.watch(clip).incident
    started_s = 0.1 * next(number for number in range(400) if number not in lost)
    assert van.state == "drafted"
    assert van.stopped_s == pytest.approx(4.0 - started_s, abs=0.5)
    street.assert_whole()


def test_half_a_minute_without_packets_is_a_gap_and_no_dwell(street: Street, films: Films, tmp_path: Path) -> None:
    clip = tmp_path / "lost.mkv"
    rewrap(films(Film((VAN,), seconds=50)), clip, without(range(90, 170)), "matroska")
    seen = street.watch(clip)
    ((from_s, to_s, why),) = seen.analysis["gaps"]
    assert (from_s, to_s) == (pytest.approx(8.0, abs=1.1), pytest.approx(17.0, abs=1.1))
    assert why == "no usable picture"
    assert seen.incident.opened_with["not_shown_s"] >= 8.0
    assert seen.incident.confirmed_s >= 4.0 + DWELL_S + 8.0


@pytest.mark.parametrize("container", ["matroska", "avi", "mpegts"])
def test_of_a_file_that_breaks_off_what_is_there_is_analysed(
    street: Street, films: Films, tmp_path: Path, container: str
) -> None:
    clip = tmp_path / f"half.{container}"
    broken_off(films(Film((VAN,), seconds=40, container=container)), clip, 0.5)
    seen = street.watch(clip)
    assert 15 < seen.analysis["video_s"] < 25
    assert seen.incident.state == "uncertain"
    assert seen.incident.stopped_s == pytest.approx(4.0, abs=0.5)
    if container == "mpegts":  # it never said how long it is
        assert seen.incident.events[-1].facts == {"why": "the recording ends here"}
    else:
        assert seen.analysis["broken_at_s"] == pytest.approx(seen.analysis["video_s"], abs=0.3)
        assert seen.incident.events[-1].facts == {"why": "the recording breaks off here"}


def test_an_mp4_with_its_index_first_breaks_off_likewise(street: Street, films: Films, tmp_path: Path) -> None:
    whole, half = tmp_path / "whole.mp4", tmp_path / "half.mp4"
    with (
        av.open(str(films(Film((VAN,), seconds=40)))) as read,
        av.open(str(whole), "w", format="mp4", options={"movflags": "+faststart"}) as written,
    ):
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.size:
                packet.stream = stream
                written.mux(packet)
    broken_off(whole, half, 0.5)
    seen = street.watch(half)
    assert seen.analysis["broken_at_s"] == pytest.approx(20, abs=4)
    assert seen.incident.events[-1].facts == {"why": "the recording breaks off here"}
