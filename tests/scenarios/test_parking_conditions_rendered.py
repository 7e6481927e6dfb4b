"""The conditions that break others, in pictures that a network has to look at: rendered streets, the weights of the
project, and the whole road from packets to rows.

Two pictures a second are enough for looks two seconds apart, and are rendered in a fraction of the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

import detectors.weights
from detectors.frame import Bytes
from detectors.rendered_street import vehicles
from detectors.rendered_street.body_shape import Finish
from detectors.rendered_street.camera import View
from detectors.rendered_street.film import RATE, Film
from detectors.rendered_street.light import DUSK, OVERCAST, Light
from detectors.rendered_street.motion import Drive
from detectors.rendered_street.scene import Scene
from detectors.rendered_street.stories import KERB_X, LANE_X, NO_STOPPING, driven
from detectors.rendered_street.story import Actor, Story
from detectors.rendered_street.street_plan import StreetPlan
from detectors.rendered_street.vehicles import PAINTS
from detectors.sightings import Detector
from detectors.weights import find_detector
from models.enums import SightingKind
from tests.conftest import Database
from tests.scenarios.street import Seen, Street, open_street

OWN_WEIGHTS = Path(detectors.weights.__file__).with_suffix("")
EVERY = 6  # pictures of the film to one of the clip
CLIP_RATE = RATE // EVERY
VIEW = View(640, 360, at=(-6.6, 0.0, 5.8), yaw_deg=-24.0, pitch_deg=16.0, field_deg=58.0)
PLACE_Y = 17.5
LOOK_S = 2.0
WHOLE_ROAD = ((-3.0, 8.0), (5.4, 8.0), (5.4, 42.0), (-3.0, 42.0))


@cache
def scene(light: Light) -> Scene:
    return Scene(StreetPlan(seed=11), VIEW, light)


def car(
    name: str, make: vehicles.Maker, paint: str, along: Sequence[tuple[float, float]], x: float, **look: Any
) -> Actor:
    drive = Drive(tuple(along), ((-10.0, x), (100.0, x)))
    return Actor(name, driven(make, Finish(PAINTS[paint], seed=len(name), **look)), drive)


def comes(stops_s: float, y: float = PLACE_Y, leaves_s: float = 500.0) -> tuple[tuple[float, float], ...]:
    """Along the street from behind the camera to `y`, and on from there."""
    return (
        (stops_s - 6.0, y - 25.0),
        (stops_s - 1.2, y - 1.5),
        (stops_s, y),
        (leaves_s, y),
        (leaves_s + 1.0, y + 1.0),
        (leaves_s + 5.0, y + 50.0),
    )


def story(
    name: str, actors: Sequence[Actor], seconds: float, light: Light = OVERCAST, fence: Any = NO_STOPPING
) -> Story:
    return Story(name, seconds, lambda: scene(light), tuple(actors), fence, seed=5)


@dataclass(frozen=True)
class Fading:
    """One street in two lights, the one going over into the other."""

    from_film: Film
    to_film: Film
    from_s: float
    to_s: float

    def planes(self, number: int) -> Bytes:
        share = float(np.interp(number / RATE, (self.from_s, self.to_s), (0.0, 1.0)))
        one, other = self.from_film.planes(number), self.to_film.planes(number)
        return np.asarray(cv2.addWeighted(one, 1 - share, other, share, 0), np.uint8)


def write(film: Film | Fading, seconds: float, path: Path) -> Path:
    """H.264, a keyframe every two seconds."""
    with av.open(str(path), "w", format="mp4") as output:
        options = {"preset": "superfast", "crf": "23", "bf": "0", "g": str(2 * CLIP_RATE), "sc_threshold": "0"}
        stream: Any = output.add_stream("libx264", rate=CLIP_RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = VIEW.width, VIEW.height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, CLIP_RATE)
        for place, number in enumerate(range(0, round(seconds * RATE), EVERY)):
            picture = av.VideoFrame.from_numpy_buffer(film.planes(number), format="yuv420p")
            picture.pts, picture.time_base = place, Fraction(1, CLIP_RATE)
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def detector() -> Detector:
    """With the weights that the program comes with."""
    if not list(OWN_WEIGHTS.glob("*/*.xml")):
        pytest.skip(f"the project has no weights of its own in {OWN_WEIGHTS.name}/ yet")
    return find_detector(str(OWN_WEIGHTS))


@dataclass
class Watch:
    database: Database
    folder: Path
    detector: Detector

    def __call__(
        self, told: Story, *, dwell_s: float, grace_s: float, look_s: float = LOOK_S, film: Fading | None = None
    ) -> Seen:
        open_street(self.database.sessions, dwell_s=dwell_s, grace_s=grace_s, kerb=told.fence_in_picture())
        street = Street(self.database.sessions, self.folder / "vault")
        clip = write(film or Film(told), told.seconds, self.folder / "clip.mp4")
        return street.watch(clip, look_s=look_s, detector=self.detector)


@pytest.fixture
def watch(sqlite_database: Database, tmp_path: Path, detector: Detector) -> Watch:
    return Watch(sqlite_database, tmp_path, detector)


def test_a_car_behind_a_bus_for_thirty_seconds_is_one_stay(watch: Watch) -> None:
    saloon = car("car", vehicles.saloon, "silver", comes(7.0), KERB_X)
    bus = car("bus", vehicles.bus, "green", comes(20.0, PLACE_Y - 1.5, leaves_s=50.0), 0.6)
    incident = watch(story("bus", [saloon, bus], 80.0), dwell_s=26.0, grace_s=4.0).incident
    assert incident.stopped_s == pytest.approx(7.0, abs=2.0)
    hidden = incident.sightings_of(SightingKind.HIDDEN)
    assert len(hidden) >= 8
    assert incident.sightings_of(SightingKind.ABSENT) == []
    facts = incident.opened_with
    assert facts["not_shown_s"] >= 2 * len(hidden)
    assert incident.confirmed_s - (incident.stopped_s or 0) >= 26.0 + facts["not_shown_s"] - 0.1
    assert incident.state == "drafted"


def test_a_car_that_stands_from_dusk_into_the_dark_is_one_stay(watch: Watch) -> None:
    actors = [
        car("car", vehicles.saloon, "red", comes(5.0), KERB_X),
        car("one", vehicles.hatchback, "white", ((24.0, -5.0), (29.0, 70.0)), LANE_X, lamps_on=True),
        car("another", vehicles.off_roader, "grey", ((34.0, -5.0), (40.0, 70.0)), LANE_X, lamps_on=True),
    ]
    dark = replace(DUSK, sun=(0.1, 0.06, 0.04), zenith=(0.05, 0.06, 0.1), horizon=(0.12, 0.1, 0.09))
    told = story("dusk", actors, 52.0, DUSK)
    film = Fading(Film(told), Film(story("dark", actors, 52.0, dark)), 8.0, 30.0)
    incident = watch(told, dwell_s=32.0, grace_s=6.0, film=film).incident
    assert incident.stopped_s == pytest.approx(5.0, abs=2.0)
    assert incident.sightings_of(SightingKind.ABSENT) == []
    assert incident.opened_with["not_shown_s"] <= 3 * LOOK_S
    assert incident.state == "drafted"


def test_a_car_that_takes_the_place_of_another_of_its_colour_between_two_looks_is_another(watch: Watch) -> None:
    """A look every six seconds; both are silver, one a saloon and the other a van."""
    first = car(
        "first", vehicles.saloon, "silver", ((-1.0, PLACE_Y), (24.4, PLACE_Y), (25.4, 19.0), (28.0, 60.0)), KERB_X
    )
    second = car("second", vehicles.van, "silver", comes(29.4), KERB_X)
    told = story("swap", [first, second], 64.0)
    gone, stays = watch(told, dwell_s=16.0, grace_s=14.0, look_s=6.0).incidents
    assert gone.state == "resolved"
    assert gone.left_s == pytest.approx(24.8, abs=2.0)
    assert stays.stopped_s == pytest.approx(29.4, abs=2.0)
    assert stays.confirmed_s >= 29.0 + 16.0


def test_a_queue_at_a_light_that_is_red_for_longer_than_the_dwell_has_its_doubt(watch: Watch) -> None:
    row = [
        car("first", vehicles.saloon, "white", comes(7.0, 27.0, leaves_s=40.0), LANE_X),
        car("second", vehicles.hatchback, "red", comes(9.5, 20.5, leaves_s=41.5), LANE_X),
        car("third", vehicles.off_roader, "blue", comes(12.5, 14.0, leaves_s=43.0), LANE_X),
    ]
    seen = watch(story("queue", row, 58.0, fence=WHOLE_ROAD), dwell_s=20.0, grace_s=60.0)
    assert seen.incidents
    assert {each.state for each in seen.incidents} == {"resolved"}
    assert "doubt" in {each.opened_with["reasons"]["queue"] for each in seen.incidents}


def test_two_rows_are_two_stays(watch: Watch) -> None:
    row = [
        car("first", vehicles.saloon, "white", comes(6.0, 19.0), KERB_X),
        car("second", vehicles.hatchback, "red", comes(12.0, 18.0, leaves_s=38.0), 1.9),
    ]
    fence = ((0.8, 9.5), (5.4, 9.5), (5.4, 30.0), (0.8, 30.0))
    seen = watch(story("rows", row, 50.0, fence=fence), dwell_s=16.0, grace_s=60.0)
    assert len(seen.incidents) == 2
    stopped = sorted(each.stopped_s or 0.0 for each in seen.incidents)
    assert stopped == pytest.approx([6.0, 12.0], abs=2.5)
