"""Labelled pictures of streets that are nowhere: for training, in any number, each different.

Streets, light, camera, what stands and drives where: all drawn from the random generator that is given, so that the
same generator gives the same pictures.
"""

from collections.abc import Callable, Iterator
from math import cos, hypot, pi, sin

import numpy as np
from numpy.random import Generator

from detectors.frame import Bytes
from detectors.rendered_street import vehicles
from detectors.rendered_street.body_shape import Finish
from detectors.rendered_street.camera import View
from detectors.rendered_street.light import any_light
from detectors.rendered_street.persons import CLOTHES, anybody, standing, walking
from detectors.rendered_street.raster import Pose
from detectors.rendered_street.roadside import bollard, stall
from detectors.rendered_street.scene import Label, Placed, Scene, Tree
from detectors.rendered_street.sensor import any_sensor, exposed
from detectors.rendered_street.street_plan import StreetPlan
from detectors.rendered_street.thing import Thing
from detectors.rendered_street.two_wheelers import bicycle, scooter, three_wheeler

Place = tuple[float, float, float]  # x, y, heading
Named = tuple[str, float, float, float, float]  # class, x1, y1, x2, y2

CLASSES = ("person", "bicycle", "car", "motorcycle", "bus", "truck")
HIDDEN_MOST = 0.75  # what is hidden farther is not labelled
SMALLEST_PX = 5.0
TRIES = 6
SIZES = ((640, 384), (640, 480), (768, 448), (960, 544))

VEHICLES: tuple[tuple[vehicles.Maker, float], ...] = (
    (vehicles.saloon, 0.30),
    (vehicles.hatchback, 0.17),
    (vehicles.off_roader, 0.20),
    (vehicles.van, 0.11),
    (vehicles.panel_van, 0.06),
    (vehicles.bus, 0.07),
    (vehicles.lorry, 0.09),
)


def scenes(seed: int, count: int) -> Iterator[tuple[Bytes, list[Named]]]:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield labelled_scene(rng)


def labelled_scene(rng: Generator) -> tuple[Bytes, list[Named]]:
    """A picture (BGR) and the boxes of what is seen of everything in it that has one of CLASSES, in pixels."""
    scene = _any_scene(rng)
    picture, labels = scene.picture(_anything(rng, scene))
    sensor = any_sensor(rng, dark=scene.light.dark)
    return exposed(picture, sensor, rng), [named for label in labels for named in _named(label)]


def _named(label: Label) -> list[Named]:
    seen = label.seen
    if label.class_name not in CLASSES or seen is None or label.hidden > HIDDEN_MOST:
        return []
    if min(seen.width, seen.height) < SMALLEST_PX:
        return []
    return [(label.class_name, seen.x1, seen.y1, seen.x2, seen.y2)]


def _any_scene(rng: Generator) -> Scene:
    width, height = SIZES[int(rng.integers(len(SIZES)))]
    plan = StreetPlan(
        seed=int(rng.integers(1, 10_000)),
        half_m=float(rng.uniform(3.6, 8.5)),
        pavement_m=float(rng.uniform(2.6, 6.0)),
        no_stopping=bool(rng.random() < 0.5),
        crossing_at=float(rng.uniform(8, 40)) if rng.random() < 0.4 else None,
        wet=float(rng.uniform(0, 1)) if rng.random() < 0.25 else 0.0,
    )
    high = float(rng.uniform(2.2, 8.5))
    field = float(rng.uniform(30, 80))
    aside = float(rng.uniform(-0.85, 0.85)) * plan.front_m
    view = View(
        width,
        height,
        at=(aside, 0.0, high),
        yaw_deg=float(rng.normal(2.2 * aside, 9)),
        pitch_deg=float(np.clip(rng.normal(6 + 2.2 * high, 5), 2, 38)),
        field_deg=field,
    )
    step, side = float(rng.uniform(9, 18)), plan.half_m + 0.8
    posts = [(side * (-1) ** number, 6 + step * number) for number in range(6)]
    trees = []
    if rng.random() < 0.65:
        every = float(rng.uniform(6, 14))
        trees = [
            Tree(
                sign * side,
                y + 3 * sign,
                int(rng.integers(1 << 30)),
                float(rng.uniform(4.2, 6.5)),
                float(rng.uniform(1.5, 2.6)),
            )
            for y in np.arange(14, 60, every)
            for sign in (-1.0, 1.0)
            if rng.random() < 0.8
        ]
    light = any_light(rng, posts)
    return Scene(plan, view, light, trees=trees, posts=posts if rng.random() < 0.7 else ())


def _anything(rng: Generator, scene: Scene) -> list[Placed]:
    """Traffic, parked vehicles, riders and walkers, crowded or few, nowhere through each other."""
    taken: list[tuple[float, float, float]] = []
    placed: list[Placed] = []
    crowd = float(rng.choice([0.4, 1.0, 1.8]))

    def put(things: list[Thing], x: float, y: float, heading: float) -> None:
        length, width = max(each.length for each in things), max(each.width for each in things)
        discs = _discs(x, y, heading, length, width)
        if all(hypot(x1 - x2, y1 - y2) > r1 + r2 for x1, y1, r1 in discs for x2, y2, r2 in taken):
            taken.extend(discs)
            placed.extend(Placed(thing, Pose(x, y, heading)) for thing in things)

    dark = scene.light.dark
    for _ in range(int(rng.poisson(7 * crowd))):
        put([_any_vehicle(rng, dark=dark)], *_in_sight(_on_the_road, rng, scene))
    for _ in range(int(rng.poisson(3.0 * crowd))):
        put(_any_two_wheeler(rng), *_in_sight(_on_the_road, rng, scene))
    if rng.random() < 0.25:
        put([stall(int(rng.integers(100)))], *_in_sight(_on_the_pavement, rng, scene))
    for _ in range(int(rng.integers(3)) if rng.random() < 0.3 else 0):
        put([bollard()], *_in_sight(_on_the_pavement, rng, scene))
    for _ in range(int(rng.poisson(7 * crowd))):
        looks = anybody(rng)
        mesh = walking(looks, float(rng.uniform(0, 3))) if rng.random() < 0.75 else standing(looks, float(rng.random()))
        where = _on_the_pavement if rng.random() < 0.7 else _on_the_road
        put([Thing("person", mesh, 0.5, 0.5)], *_in_sight(where, rng, scene))
    return placed


def _discs(x: float, y: float, heading: float, length: float, width: float) -> list[tuple[float, float, float]]:
    """The ground a thing covers, as discs along it."""
    count = max(round(length / width), 1)
    radius = width / 2 * 1.08
    steps = [(number + 0.5) / count * length - length / 2 for number in range(count)]
    return [(x + step * cos(heading), y + step * sin(heading), radius) for step in steps]


def _in_sight(where: Callable[[Generator, Scene], Place], rng: Generator, scene: Scene) -> Place:
    """A place that the picture shows, or the last one tried."""
    view = scene.view
    for _ in range(TRIES):
        place = where(rng, scene)
        u, v = view.pixel_of_ground(place[0], place[1])
        if -0.05 * view.width < u < 1.05 * view.width and 0 < v < 1.1 * view.height:
            break
    return place


def _far(rng: Generator, scene: Scene) -> float:
    """Metres along the street: near ones large, far ones down to a few pixels."""
    nearest = max(4.0, scene.view.at[2] * 1.1)
    return float(nearest * (60.0 / nearest) ** rng.random())


def _on_the_road(rng: Generator, scene: Scene) -> Place:
    half, y = scene.plan.half_m, _far(rng, scene)
    kind = rng.random()
    if kind < 0.45:  # driving on the right
        x = float(rng.uniform(1.2, max(half - 1.3, 1.4)))
        return (x, y, pi / 2 + float(rng.normal(0, 0.05))) if rng.random() < 0.5 else (-x, y, -pi / 2)
    if kind < 0.8:  # parked
        side = 1.0 if rng.random() < 0.5 else -1.0
        x = side * (half - float(rng.uniform(0.9, 1.4)))
        return x, y, pi / 2 * float(rng.choice([-1, 1])) + float(rng.normal(0, 0.06))
    return float(rng.uniform(-half + 1, half - 1)), y, float(rng.uniform(-pi, pi))


def _on_the_pavement(rng: Generator, scene: Scene) -> Place:
    plan = scene.plan
    side = 1.0 if rng.random() < 0.5 else -1.0
    x = side * float(rng.uniform(plan.half_m + 0.4, plan.front_m - 0.5))
    turned = pi / 2 * float(rng.choice([-1, 1])) + float(rng.normal(0, 0.5))
    return x, _far(rng, scene), turned if rng.random() < 0.7 else float(rng.uniform(-pi, pi))


def _any_finish(rng: Generator, *, dark: bool) -> Finish:
    names = list(vehicles.PAINTS)
    weights = np.array([5, 4, 4, 5, 1.5, 1.5, 0.7, 0.8, 0.6, 0.5, 0.4, 0.4])
    red, green, blue = vehicles.PAINTS[str(rng.choice(names, p=weights / weights.sum()))]
    shade = float(rng.uniform(0.75, 1.2))
    return Finish(
        paint=(red * shade, green * shade, blue * shade),
        plate=str(rng.choice(["blue", "green", "yellow"], p=[0.7, 0.2, 0.1])),
        lamps_on=bool(rng.random() < (0.75 if dark else 0.08)),
        braking=bool(rng.random() < 0.2),
        seed=int(rng.integers(1 << 20)),
        dark_glass=float(rng.uniform(0.4, 2.0)),
        metallic=float(rng.uniform(0.4, 0.85)),
    )


def _any_vehicle(rng: Generator, *, dark: bool) -> Thing:
    makers, shares = [maker for maker, _ in VEHICLES], [share for _, share in VEHICLES]
    finish = _any_finish(rng, dark=dark)
    maker = makers[int(rng.choice(len(makers), p=shares))]
    if maker is vehicles.lorry:
        loads = ((0.62, 0.63, 0.64), (0.10, 0.18, 0.34), (0.34, 0.35, 0.30), None)
        return vehicles.lorry(finish, load=loads[int(rng.integers(len(loads)))])
    return maker(finish, float(rng.uniform(0, 2)))


def _any_two_wheeler(rng: Generator) -> list[Thing]:
    paint = list(vehicles.PAINTS.values())[int(rng.integers(len(vehicles.PAINTS)))]
    rider = anybody(rng) if rng.random() < 0.6 else None
    kind = rng.random()
    if kind < 0.42:
        return scooter(paint, rider)
    if kind < 0.84:
        return bicycle(paint, rider)
    return [three_wheeler(paint, CLOTHES[int(rng.integers(len(CLOTHES)))] if rng.random() < 0.5 else None)]
