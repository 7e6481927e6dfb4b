"""Whatever timestamps a recording carries, the times on record are those of the street, and jumps are said."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from models.enums import ExhibitKind, ExhibitMoment, SightingKind
from tests.media.make_clips import (
    RATE,
    Change,
    Film,
    Films,
    Parcel,
    damaged,
    parks,
    rewrap,
    shifted,
)
from tests.scenarios.street import DWELL_S, SeenIncident, Street

HOUR_S = 3600.0
VAN = parks("red", stops_s=4.0)
CONTAINERS = {"mp4": "mp4", "matroska": "mkv", "mpegts": "ts", "avi": "avi"}
ENCODED = [
    pytest.param({}, "mp4", id="keyframe_every_second"),
    pytest.param({"b_frames": 2}, "mp4", id="b_frames"),
    pytest.param({"b_frames": 2}, "matroska", id="b_frames_without_decoding_times"),
    pytest.param({"b_frames": 2, "open_gop": True}, "mp4", id="open_gops"),
    pytest.param({"b_frames": 2}, "mpegts", id="transport_stream"),
    pytest.param({"gop": 400}, "mp4", id="one_keyframe"),
    pytest.param({"gop": 400, "b_frames": 2}, "mp4", id="one_keyframe_and_b_frames"),
    pytest.param({"gop": 30}, "mp4", id="keyframe_every_three_seconds"),
    pytest.param({"codec": "mpeg4"}, "avi", id="mpeg4_in_avi"),
    pytest.param({"codec": "mpeg4", "b_frames": 2}, "avi", id="mpeg4_with_b_frames"),
    pytest.param({"pixels": "yuv444p", "size": (321, 241)}, "matroska", id="odd_sides"),
]


def assert_times_of_the_van(van: SeenIncident) -> None:
    assert van.state == "drafted"
    assert van.stopped_s == pytest.approx(4.0, abs=0.5)
    assert 4.0 + DWELL_S <= van.confirmed_s <= 4.0 + DWELL_S + 2.5
    looks = [each.at for each in van.sightings_of(SightingKind.SEEN)]
    steps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(looks)]
    assert max(steps) <= 2.0 * 1.05 + 2 / RATE


@pytest.mark.parametrize(("encoded", "container"), ENCODED)
def test_times_hold_however_it_is_encoded(
    street: Street, films: Films, tmp_path: Path, encoded: dict[str, object], container: str
) -> None:
    clip = films(Film((VAN,), seconds=40, container=container, **encoded))  # type: ignore[arg-type]
    seen = street.watch(clip)
    assert_times_of_the_van(seen.incident)
    assert seen.analysis["gaps"] == []
    assert seen.analysis["broken_at_s"] is None
    assert seen.analysis["video_s"] == pytest.approx(40, abs=0.3)
    street.assert_whole()


def test_a_clock_that_jumps_an_hour_is_on_record_and_adds_no_dwell(
    street: Street, films: Films, tmp_path: Path
) -> None:
    """Two seconds after the stop an hour passes in the timestamps. It passed in no picture."""
    clip = tmp_path / "jump.mkv"
    rewrap(films(Film((VAN,), seconds=40)), clip, shifted(9.0, HOUR_S), "matroska")
    seen = street.watch(clip)
    van = seen.incident
    assert van.stopped_s == pytest.approx(4.0, abs=0.5)
    assert 4.0 + DWELL_S + 1.5 <= van.confirmed_s <= 4.0 + DWELL_S + 5.0
    assert van.opened_with["not_shown_s"] == pytest.approx(2.0, abs=0.5)
    (gap,) = van.sightings_of(SightingKind.GAP)
    assert gap.note == "timestamps jumped by +3600.0 s"
    ((from_s, to_s, why),) = seen.analysis["gaps"]
    assert from_s == to_s == pytest.approx(9.0, abs=0.2)
    assert why == gap.note
    assert seen.analysis["broken_at_s"] is None
    assert seen.analysis["video_s"] == pytest.approx(40, abs=0.3)


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("gop", [RATE, 400])
@pytest.mark.parametrize("container", ["mp4", "mpegts"])
def test_a_jump_in_the_middle_of_a_gop_is_not_taken_for_time(
    street: Street, films: Films, tmp_path: Path, b_frames: int, gop: int, container: str
) -> None:
    clip = tmp_path / f"jump.{container}"
    rewrap(films(Film((VAN,), seconds=40, gop=gop, b_frames=b_frames)), clip, shifted(20.55, HOUR_S), container)
    seen = street.watch(clip)
    assert seen.incident.stopped_s == pytest.approx(4.0, abs=0.5)
    assert [why for _, _, why in seen.analysis["gaps"]] == ["timestamps jumped by +3600.0 s"]
    assert seen.analysis["broken_at_s"] is None
    assert seen.incident.last_seen_s <= 40.5
    for each in seen.incident.exhibits:
        assert 0 <= (each.to_at - each.from_at).total_seconds() <= 41


def test_a_recorder_that_sets_its_clock_back(street: Street, films: Films, tmp_path: Path) -> None:
    """Two parts of a transport stream, one after the other, and the times of the second begin again at nothing."""
    whole = films(Film((VAN,), seconds=40))
    rewrap(whole, tmp_path / "first.ts", lambda parcels: parcels[:200], "mpegts")
    rewrap(whole, tmp_path / "second.ts", lambda parcels: shifted(-1, -20.0)(parcels[200:]), "mpegts")
    clip = tmp_path / "both.ts"
    clip.write_bytes((tmp_path / "first.ts").read_bytes() + (tmp_path / "second.ts").read_bytes())
    seen = street.watch(clip)
    assert seen.incident.stopped_s == pytest.approx(4.0, abs=0.5)
    ((from_s, _, why),) = seen.analysis["gaps"]
    assert from_s == pytest.approx(20.0, abs=0.2)
    assert why.startswith("timestamps jumped by -")
    assert seen.analysis["video_s"] == pytest.approx(40, abs=0.3)


def test_times_that_wrap_at_33_bits_go_on(street: Street, films: Films, tmp_path: Path) -> None:
    wrap_s = 2**33 / 90_000
    clip = tmp_path / "wrap.ts"
    rewrap(films(Film((VAN,), seconds=40)), clip, shifted(-1.0, wrap_s - 12.0), "mpegts")
    seen = street.watch(clip)
    assert_times_of_the_van(seen.incident)
    assert seen.analysis["gaps"] == []


def test_pictures_without_a_time_get_the_time_between_their_neighbours(
    street: Street, films: Films, tmp_path: Path
) -> None:
    def change(parcels: list[Parcel]) -> list[Parcel]:
        return [
            replace(each, pts=None, dts=None) if number % 3 == 1 and number > 3 else each
            for number, each in enumerate(parcels)
        ]

    clip = tmp_path / "missing.ts"
    rewrap(films(Film((VAN,), seconds=40)), clip, change, "mpegts")
    assert_times_of_the_van(street.watch(clip).incident)


def sparse(parcels: list[Parcel]) -> list[Parcel]:
    """Keyframes alone: one picture a second, of a stream that says ten."""
    return [each for each in parcels if each.keyframe]


def uneven(parcels: list[Parcel]) -> list[Parcel]:
    """Every picture up to 80 ms late, as a camera that encodes when it can."""
    return [
        replace(each, pts=(each.pts or 0) + late, dts=(each.dts or 0) + late)
        for number, each in enumerate(parcels)
        for late in [(number * 37) % 80]
    ]


def held(parcels: list[Parcel]) -> list[Parcel]:
    """The same time on two pictures in a row."""
    return [
        replace(each, pts=parcels[number - number % 2].pts, dts=parcels[number - number % 2].dts)
        for number, each in enumerate(parcels)
    ]


@pytest.mark.parametrize("change", [sparse, uneven], ids=["sparse", "uneven"])
def test_a_variable_frame_rate_is_not_a_clock(street: Street, films: Films, tmp_path: Path, change: Change) -> None:
    clip = tmp_path / "vfr.mkv"
    rewrap(films(Film((VAN,), seconds=40)), clip, change, "matroska")
    seen = street.watch(clip)
    assert seen.incident.state == "drafted"
    # one picture a second shows a stop to the second
    assert seen.incident.stopped_s == pytest.approx(4.0, abs=1.1 if change is sparse else 0.5)
    assert seen.analysis["gaps"] == []


def test_times_that_stand_still_for_a_picture_cost_no_evidence(street: Street, films: Films, tmp_path: Path) -> None:
    clip = tmp_path / "held.mkv"
    rewrap(films(Film((VAN,), seconds=40)), clip, held, "matroska")
    van = street.watch(clip).incident
    assert_times_of_the_van(van)
    assert {moment for kind, moment in van.moments() if kind == "clip"} == {"entry", "dwell_complete", "grace_end"}


def test_a_last_picture_that_is_shown_long_is_not_a_recording_broken_off(
    street: Street, films: Films, tmp_path: Path
) -> None:
    def change(parcels: list[Parcel]) -> list[Parcel]:
        return [*parcels[:-1], replace(parcels[-1], duration=8000)]

    clip = tmp_path / "long.mp4"
    rewrap(films(Film((VAN,), seconds=20)), clip, change, "mp4")
    seen = street.watch(clip)
    assert seen.analysis["broken_at_s"] is None
    assert seen.incident.events[-1].facts == {"why": "the recording ends here"}


def test_a_still_is_from_a_moment_after_a_jump_too(street: Street, films: Films, tmp_path: Path) -> None:
    clip = tmp_path / "jump.ts"
    rewrap(films(Film((VAN,), seconds=40, b_frames=2)), clip, shifted(11.55, HOUR_S), "mpegts")
    van = street.watch(clip).incident
    for moment in (ExhibitMoment.ENTRY, ExhibitMoment.DWELL_COMPLETE, ExhibitMoment.GRACE_END):
        still, of_clip = van.exhibit(ExhibitKind.STILL, moment), van.exhibit(ExhibitKind.CLIP, moment)
        assert of_clip.from_at <= still.from_at <= of_clip.to_at


def test_a_recording_without_any_damage_says_so(street: Street, films: Films, tmp_path: Path) -> None:
    clip = tmp_path / "sound.mkv"
    rewrap(films(Film((VAN,), seconds=40)), clip, damaged([]), "matroska")
    assert street.watch(clip).analysis["packets_refused"] == 0
