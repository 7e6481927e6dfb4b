"""The stories of the demo: one parks and stays, one parks and leaves in time, one has a stall and a bag left behind."""

from dataclasses import replace
from math import pi

from detectors.rendered_street import vehicles
from detectors.rendered_street.body_shape import Finish
from detectors.rendered_street.camera import View
from detectors.rendered_street.light import DAY, OVERCAST
from detectors.rendered_street.motion import Drive, Walk
from detectors.rendered_street.persons import Looks, standing, walking
from detectors.rendered_street.roadside import rubbish_bag, stall
from detectors.rendered_street.scene import Scene, Tree
from detectors.rendered_street.story import Actor, Shape, Stop, Story
from detectors.rendered_street.street_plan import StreetPlan
from detectors.rendered_street.thing import Thing
from detectors.rendered_street.two_wheelers import scooter, three_wheeler
from detectors.rendered_street.vehicles import PAINTS

KERB_X, LANE_X, ONCOMING_X = 4.25, 1.35, -1.5
NO_STOPPING = ((2.95, 9.5), (5.4, 9.5), (5.4, 30.0), (2.95, 30.0))
FROM_BEHIND_Y, FAR_Y = 3.0, 85.0


def driven(make: vehicles.Maker, finish: Finish) -> Shape:
    return lambda gone_m, _stands: [make(finish, gone_m)]


def on_foot(looks: Looks, busy: float = 0.0) -> Shape:
    def shape(gone_m: float, stands: bool) -> list[Thing]:
        if stands:
            return [Thing("person", standing(looks, busy), 0.5, 0.5)]
        return [Thing("person", walking(looks, gone_m), 0.5, 0.5)]

    return shape


def _passes(
    name: str, shape: Shape, enters_s: float, *, takes_s: float, oncoming: bool = False, x: float | None = None
) -> Actor:
    ends = (FAR_Y, -2.0) if oncoming else (FROM_BEHIND_Y, FAR_Y)
    at_x = x if x is not None else ONCOMING_X if oncoming else LANE_X
    along = ((enters_s, ends[0]), (enters_s + takes_s, ends[1]))
    return Actor(name, shape, Drive(along, ((-10.0, at_x), (100.0, at_x)), -1.0 if oncoming else 1.0))


def _stays() -> Story:
    car = Drive(
        along=((1.5, 1.5), (4.0, 9.0), (6.9, 16.2), (7.8, 17.45), (8.0, 17.5), (200.0, 17.5)),
        aside=((-10.0, LANE_X), (5.0, LANE_X), (14.5, KERB_X), (100.0, KERB_X)),
    )
    driver = Walk(
        (
            (10.5, 3.05, 17.6),
            (11.5, 3.0, 17.4),
            (13.5, 3.1, 14.4),
            (15.8, 5.7, 14.2),
            (17.2, 7.3, 15.5),
            (46.0, 7.6, 47.0),
        )
    )
    return Story(
        name="parks-and-stays",
        seconds=48.0,
        scene=lambda: Scene(
            StreetPlan(seed=11, crossing_at=46.0),
            View(at=(-6.6, 0.0, 5.8), yaw_deg=-24.0, pitch_deg=16.0, field_deg=58.0),
            replace(DAY, azimuth_deg=205.0, elevation_deg=58.0, exposure=1.1),
            trees=[Tree(6.3, y, seed) for seed, y in enumerate((30.0, 46.0, 62.0))],
            posts=[(6.2, 38.0)],
        ),
        actors=(
            Actor("car", driven(vehicles.saloon, Finish(PAINTS["silver"], seed=3)), car),
            Actor("driver", on_foot(Looks(jacket=(0.05, 0.07, 0.20), trousers=(0.20, 0.17, 0.12))), driver),
            Actor(
                "walker",
                on_foot(Looks(jacket=(0.42, 0.05, 0.06), skirt=True)),
                Walk(((0.0, 8.2, 40.0), (26.0, 7.9, 8.0))),
            ),
            _passes(
                "red car", driven(vehicles.hatchback, Finish(PAINTS["red"], seed=5)), 0.0, takes_s=8.0, oncoming=True
            ),
            _passes("taxi", driven(vehicles.saloon, Finish(PAINTS["light blue"], seed=6)), 17.0, takes_s=7.0),
            _passes(
                "scooter",
                lambda _gone_m, _stands: scooter(PAINTS["black"], Looks(jacket=(0.5, 0.4, 0.05))),
                24.0,
                takes_s=9.0,
            ),
            _passes("bus", driven(vehicles.bus, Finish(PAINTS["green"], seed=8)), 31.0, takes_s=9.0, oncoming=True),
        ),
        fence=NO_STOPPING,
        stops=(Stop("car", 8.0, None),),
        seed=1,
    )


def _leaves() -> Story:
    van = Drive(
        along=(
            (0.0, 2.0),
            (2.5, 9.5),
            (5.3, 17.6),
            (6.2, 18.95),
            (6.5, 19.0),
            (30.0, 19.0),
            (30.5, 19.4),
            (31.5, 22.0),
            (35.0, 38.0),
            (39.0, 72.0),
        ),
        aside=((-10.0, LANE_X), (6.0, LANE_X), (15.5, KERB_X), (20.5, KERB_X), (30.0, LANE_X), (100.0, LANE_X)),
    )
    waiting = Drive(
        along=((11.0, 3.0), (14.0, 10.0), (15.5, 11.0), (20.0, 11.0), (22.0, 13.0), (24.5, 26.0), (29.0, 80.0)),
        aside=((-10.0, LANE_X), (4.0, LANE_X), (9.0, 3.6), (11.0, 3.6), (16.0, LANE_X), (100.0, LANE_X)),
    )
    return Story(
        name="parks-and-leaves",
        seconds=42.0,
        scene=lambda: Scene(
            StreetPlan(seed=24, pavement_m=5.0),
            View(at=(-6.9, 0.0, 5.4), yaw_deg=-27.0, pitch_deg=15.0, field_deg=60.0),
            replace(OVERCAST, exposure=1.35, haze_m=900.0),
            trees=[Tree(6.3, y, seed) for seed, y in enumerate((33.0, 50.0), 40)],
        ),
        actors=(
            Actor("van", driven(vehicles.panel_van, Finish(PAINTS["silver"], seed=12)), van),
            Actor("waiting car", driven(vehicles.off_roader, Finish(PAINTS["blue"], seed=13)), waiting),
            Actor(
                "walker",
                on_foot(Looks(jacket=(0.05, 0.05, 0.05), bag=(0.3, 0.1, 0.1))),
                Walk(((3.0, 8.6, 9.0), (34.0, 8.3, 46.0))),
            ),
            _passes(
                "oncoming", driven(vehicles.saloon, Finish(PAINTS["black"], seed=15)), 8.0, takes_s=8.0, oncoming=True
            ),
            _passes("lorry", driven(vehicles.lorry, Finish(PAINTS["blue"], seed=16)), 24.0, takes_s=9.0, oncoming=True),
        ),
        fence=NO_STOPPING,
        stops=(Stop("van", 6.5, 30.0),),
        seed=2,
    )


def _stall() -> Story:
    cart = Walk(((0.0, 7.6, 34.0), (12.0, 7.4, 18.0), (200.0, 7.4, 18.0)), faces=-pi / 2)
    vendor = Walk(((0.0, 7.6, 35.3), (12.0, 7.4, 19.3), (14.5, 8.7, 16.5), (200.0, 8.7, 16.5)), faces=pi)
    carrier = Walk(((9.0, 6.6, 7.0), (17.0, 6.6, 13.4), (19.0, 6.6, 13.4), (20.0, 7.0, 12.6), (29.0, 7.4, 3.5)))
    bag = Walk(((9.0, 6.25, 7.2), (17.0, 6.25, 13.6), (200.0, 6.25, 13.6)))
    return Story(
        name="stall-and-bag",
        seconds=40.0,
        scene=lambda: Scene(
            StreetPlan(seed=37, pavement_m=5.4),
            View(at=(-3.0, 0.0, 5.2), yaw_deg=-26.0, pitch_deg=16.0, field_deg=58.0),
            replace(DAY, azimuth_deg=170.0, elevation_deg=62.0, exposure=1.1),
            trees=[Tree(6.3, y, seed) for seed, y in enumerate((27.0, 44.0), 70)],
        ),
        actors=(
            Actor("stall", lambda _gone_m, _stands: [stall(4)], cart),
            Actor("vendor", on_foot(Looks(jacket=(0.10, 0.22, 0.14), hat=(0.5, 0.45, 0.3)), busy=0.7), vendor),
            Actor("carrier", on_foot(Looks(jacket=(0.36, 0.36, 0.38), trousers=(0.05, 0.08, 0.18))), carrier),
            Actor("bag", lambda _gone_m, _stands: [rubbish_bag(0)], bag, carried_until=17.6, carried_m=0.25),
            _passes("grey car", driven(vehicles.hatchback, Finish(PAINTS["grey"], seed=21)), 3.0, takes_s=7.0),
            _passes(
                "three-wheeler",
                lambda _gone_m, _stands: [three_wheeler(PAINTS["red"], (0.4, 0.4, 0.35))],
                22.0,
                takes_s=13.0,
            ),
        ),
        fence=((2.95, 9.0), (5.4, 9.0), (5.4, 28.0), (2.95, 28.0)),
        pavement=((5.6, 11.0), (10.5, 12.5), (10.5, 24.0), (5.6, 24.0)),
        seed=3,
    )


STORIES = {story.name: story for story in (_stays(), _leaves(), _stall())}
