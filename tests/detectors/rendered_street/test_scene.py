"""What is drawn and what is said of it agree: labels with pixels, hidden shares with what stands in front."""

import numpy as np
import pytest

from detectors.rendered_street import vehicles
from detectors.rendered_street.body_shape import Finish
from detectors.rendered_street.camera import View
from detectors.rendered_street.light import DAY, OVERCAST, SODIUM, night_with
from detectors.rendered_street.persons import Looks, walking
from detectors.rendered_street.raster import Pose
from detectors.rendered_street.roadside import rubbish_bag, stall
from detectors.rendered_street.scene import Placed, Scene, Tree
from detectors.rendered_street.street_plan import StreetPlan
from detectors.rendered_street.thing import Thing
from detectors.rendered_street.two_wheelers import bicycle, scooter, three_wheeler

UP_THE_STREET = np.pi / 2
VIEW = View(480, 270, at=(-4.0, 0.0, 5.0), yaw_deg=-16.0, pitch_deg=16.0)
RED = vehicles.PAINTS["red"]


@pytest.fixture(scope="module")
def street() -> Scene:
    """Under a grey sky: there is hardly a shadow that could be taken for a part of the thing."""
    return Scene(StreetPlan(), VIEW, OVERCAST)


def difference(scene: Scene, picture: np.ndarray) -> np.ndarray:
    empty, _ = scene.picture([])
    return np.abs(picture.astype(int) - empty).max(axis=2)


THINGS = {
    "saloon": lambda: [vehicles.saloon(Finish(RED), 0.0)],
    "hatchback": lambda: [vehicles.hatchback(Finish(RED), 0.0)],
    "off_roader": lambda: [vehicles.off_roader(Finish(RED), 0.0)],
    "van": lambda: [vehicles.van(Finish(RED), 0.0)],
    "panel_van": lambda: [vehicles.panel_van(Finish(RED), 0.0)],
    "bus": lambda: [vehicles.bus(Finish(RED), 0.0)],
    "lorry": lambda: [vehicles.lorry(Finish(RED), 0.0)],
    "three_wheeler": lambda: [three_wheeler(RED)],
    "bicycle_and_rider": lambda: bicycle(RED, Looks()),
    "scooter_and_rider": lambda: scooter(RED, Looks()),
    "walker": lambda: [Thing("person", walking(Looks(), 0.4), 0.5, 0.5)],
    "stall": lambda: [stall(1)],
    "bag": lambda: [rubbish_bag(0)],
}


@pytest.mark.parametrize("make", THINGS.values(), ids=THINGS)
@pytest.mark.parametrize("heading", [UP_THE_STREET, -UP_THE_STREET, 0.4], ids=["away", "towards", "across"])
def test_a_label_lies_where_the_picture_differs_from_the_empty_street(street: Scene, make, heading: float) -> None:
    things = [Placed(thing, Pose(2.0, 17.0, heading)) for thing in make()]
    picture, labels = street.picture(things)
    assert [label.class_name for label in labels] == [each.thing.class_name for each in things]
    changed = difference(street, picture)
    explained = np.zeros_like(changed, bool)
    for label in labels:
        box = label.box
        dark = 0.2 * max(box.width, box.height) + 3  # how far the dark under it spreads
        low, high = int((box.y1 + box.y2) / 2), int(box.y2 + dark)
        explained[int(box.y1) - 1 : int(box.y2) + 1, int(box.x1) - 1 : int(box.x2) + 1] = True  # thinly covered edges
        explained[low:high, int(box.x1 - dark) : int(box.x2 + dark)] = True
    assert not (changed[~explained] > 12).any()
    x1, y1 = min(label.box.x1 for label in labels), min(label.box.y1 for label in labels)
    x2, y2 = max(label.box.x2 for label in labels), max(label.box.y2 for label in labels)
    shown = changed[int(y1) : int(y2), int(x1) : int(x2)] > 6
    for axis in (0, 1):
        blank = (~shown.any(axis=axis)).sum()
        assert blank <= 1 + 0.04 * shown.shape[1 - axis], "the box is no larger than what is seen"


def test_the_box_of_a_car_has_the_size_that_geometry_gives_it(street: Scene) -> None:
    _, (label,) = street.picture([Placed(vehicles.saloon(Finish(), 0.0), Pose(2.0, 20.0, UP_THE_STREET))])
    corners = np.array([(2 + x, 20 + y, z) for x in (-0.92, 0.92) for y in (-2.32, 2.32) for z in (0.0, 1.46)])
    pixels, _ = VIEW.project(corners)
    (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
    assert [label.box.x1, label.box.x2] == pytest.approx([left, right], abs=7)
    assert bottom - 8 <= label.box.y2 <= bottom + 1
    assert top <= label.box.y1 <= top + 10, "its roof ends before its bumpers do"


def test_hidden_is_what_something_nearer_covers(street: Scene) -> None:
    car = Placed(vehicles.saloon(Finish(RED), 0.0), Pose(3.0, 22.0, UP_THE_STREET))
    bus = Placed(vehicles.bus(Finish(), 0.0), Pose(1.0, 14.0, UP_THE_STREET))
    _, (alone,) = street.picture([car])
    assert alone.hidden == 0
    assert alone.seen == alone.box
    for order in ([car, bus], [bus, car]):
        labels = {label.class_name: label for label in street.picture(order)[1]}
        assert labels["bus"].hidden == 0
        hidden = labels["car"]
        assert hidden.box == alone.box, "of all of it, hidden or not"
        assert hidden.hidden > 0.3
        assert hidden.seen is None or hidden.seen.area < alone.box.area
    behind = Placed(vehicles.hatchback(Finish(RED), 0.0), Pose(2.6, 22.0, UP_THE_STREET))
    _, labels = street.picture([behind, bus])
    assert labels[0].hidden == pytest.approx(1, abs=0.35)


def test_what_is_out_of_the_picture_has_no_label(street: Scene) -> None:
    for pose in (Pose(2.0, -20.0, 0.0), Pose(-60.0, 20.0, 0.0), Pose(0.0, 0.5, 0.0)):
        picture, labels = street.picture([Placed(vehicles.saloon(Finish(), 0.0), pose)])
        assert labels == []
        assert not difference(street, picture).any()


def test_the_edge_of_the_picture_cuts_a_box(street: Scene) -> None:
    _, (label,) = street.picture([Placed(vehicles.bus(Finish(), 0.0), Pose(7.0, 12.0, UP_THE_STREET))])
    assert label.box.x2 == VIEW.width
    assert label.box == label.box.within(VIEW.width, VIEW.height)


def test_the_same_scene_is_the_same_picture() -> None:
    def drawn() -> np.ndarray:
        scene = Scene(StreetPlan(seed=5), VIEW, DAY, trees=[Tree(6.3, 25.0, 3)], posts=[(-6.2, 20.0)])
        return scene.picture([Placed(vehicles.van(Finish(seed=4), 3.0), Pose(2.0, 18.0, 1.3))])[0]

    assert np.array_equal(drawn(), drawn())


def test_a_part_of_a_picture_is_that_part_of_it(street: Scene) -> None:
    layer = street.layer(Placed(vehicles.saloon(Finish(RED), 0.0), Pose(2.0, 18.0, 1.4)))
    window = (slice(90, 170), slice(200, 331))
    assert layer is not None
    assert np.array_equal(street.part([layer], window), street.part([layer], street.whole)[window])


def test_the_sun_casts_a_shadow_on_the_side_away_from_it() -> None:
    car = Placed(vehicles.saloon(Finish(), 0.0), Pose(2.0, 18.0, UP_THE_STREET))
    for azimuth, darker in ((180.0, "right"), (0.0, "left")):
        light = DAY.__class__(azimuth_deg=azimuth, elevation_deg=60.0)
        scene = Scene(StreetPlan(half_m=9.0, pavement_m=9.0), VIEW, light)
        picture, (label,) = scene.picture([car])
        fallen = picture.astype(int).sum(axis=2) - scene.picture([])[0].astype(int).sum(axis=2)
        bottom, reach = int(label.box.y2) - 4, 14
        left = fallen[bottom - 8 : bottom, int(label.box.x1) - reach : int(label.box.x1)].mean()
        right = fallen[bottom - 30 : bottom - 10, int(label.box.x2) : int(label.box.x2) + reach].mean()
        assert (right < left) == (darker == "right")


def test_by_night_it_is_dark_but_under_the_lamps() -> None:
    posts = [(6.2, 14.0)]
    lit = Scene(StreetPlan(), VIEW, night_with(posts, SODIUM, 1.6), posts=posts).picture([])[0]
    unlit = Scene(StreetPlan(), VIEW, night_with([], SODIUM, 1.6), posts=posts).picture([])[0]
    x, y = (round(each) for each in VIEW.pixel_of_ground(4.0, 14.0))
    below = (slice(y - 8, y + 8), slice(x - 8, x + 8))
    assert lit[below].mean() > 3 * unlit[below].mean()
    assert unlit[below].mean() < 40
