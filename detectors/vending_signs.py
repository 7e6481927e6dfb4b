"""The signs of a sale in the street: what is seen at one place, weighed by vending.toml.

Pure: things, persons and times in, a judgement out. COCO knows no stall, so it is a sum: what stands there, somebody
who stays with it, others who come and stop. With weights that know `stall` one thing says nearly all of it. Which
tracks these are, and in which fence, is detectors/street_vending.py.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from detectors.geometry import Box
from detectors.left_objects import LEFT_OBJECT
from detectors.sightings import ObjectRole
from detectors.tracker import Track

DATA = Path(__file__).with_name("vending.toml")
CARRIED_SHARE = 0.5  # of a thing that a person's box covers
SAME_THING = 0.6  # of the smaller box: what no class names is what a class names there
ONE_THING_IOU = 0.4  # of a person's box and a thing's: one thing under two names, and nobody beside it
STOPPED_LOOKS = 3  # a person seen beside it at so many looks has stopped there, whatever the box did


@dataclass(frozen=True)
class Sign:
    """What one thing of a class is worth; the keys are explained in vending.toml."""

    weight: float
    least_width: float = 0.0
    hangs: bool = False
    carried: bool = False
    own: bool = False


@dataclass(frozen=True)
class Limits:
    enough: float
    enough_over_line: float
    least_things: float
    attended: float
    customer: float
    customers_counted: int
    again: float
    least_attended: float
    least_stay: float
    too_small: float
    reach: float
    feet: float
    under: float


@cache
def limits() -> Limits:
    return Limits(**_data()["limits"])


def sign_of(track: Track) -> Sign:
    return _sign(track.role, track.class_name.lower())


@cache
def _sign(role: ObjectRole, class_name: str) -> Sign:
    data = _data()
    return Sign(**(data["class"].get(class_name) or data["role"].get(role.value) or {"weight": 0.0}))


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def is_beside(person: Box, thing: Box, sign: Sign) -> bool:
    """Does the person stand with the thing, and not far before or behind it?"""
    limit, tall = limits(), person.height
    if person.iou(thing) >= ONE_THING_IOU:
        return False
    apart = max(thing.x1 - person.x2, person.x1 - thing.x2, 0.0)
    if apart > limit.reach * tall:
        return False
    if sign.hangs:
        return thing.y2 - limit.feet * tall <= person.y2 <= thing.y2 + limit.under * tall
    # of who stands behind it, only what looks over it is seen
    behind = max(limit.feet * tall, thing.height / 2)
    return thing.y2 - behind <= person.y2 <= thing.y2 + limit.feet * tall


def is_carried(thing: Track, persons: Iterable[Track]) -> bool:
    return sign_of(thing).carried and any(thing.place.covered_by(each.box) > CARRIED_SHARE for each in persons)


def named_once(things: Sequence[Track]) -> list[Track]:
    """Without what is found twice: by its class, and by the background as something that was left there."""
    kept: list[Track] = []
    for one in sorted(things, key=lambda each: sign_of(each).weight, reverse=True):
        twice = any(
            one.place.share_of_smaller(other.place) > SAME_THING
            and LEFT_OBJECT in (one.class_name, other.class_name)
            and one.class_name != other.class_name
            for other in kept
        )
        if not twice:
            kept.append(one)
    return kept


@dataclass
class Visit:
    """One person beside the pitch: first and last look, how many, and whether the person stopped there."""

    first_s: float
    last_s: float
    tall_px: float
    looks: int = 1
    stopped: bool = False
    in_company: bool = False


@dataclass(frozen=True)
class Judgement:
    """What was seen, and what it comes to. things: class -> how many, and what they are worth together."""

    score: float
    enough: float
    things: dict[str, tuple[int, float]]
    attended_share: float
    stayed_s: float
    customers: int
    over_line: bool
    holds: bool

    def as_facts(self) -> dict[str, Any]:
        return {
            "score": round(self.score, 3),
            "enough": self.enough,
            "things": [
                {"class": name, "count": count, "worth": round(worth, 3)}
                for name, (count, worth) in sorted(self.things.items(), key=lambda each: -each[1][1])
            ],
            "attended_share": round(self.attended_share, 3),
            "stayed_s": round(self.stayed_s, 1),
            "customers": self.customers,
            "over_line": self.over_line,
        }


@dataclass
class Pitch:
    """What was seen of the persons at one place since it came under suspicion."""

    visits: dict[int, Visit] = field(default_factory=dict)
    looks: list[tuple[float, bool]] = field(default_factory=list)  # when, and whether somebody stayed

    def look(self, beside: Sequence[Track], *, at_s: float, hidden: bool) -> None:
        """One look. hidden: what stands there could not be seen, so that nobody beside it says nothing."""
        for person in beside:
            visit = self.visits.get(person.id)
            if visit is None:
                visit = self.visits[person.id] = Visit(at_s, at_s, person.box.height)
            else:
                visit.last_s, visit.tall_px, visit.looks = at_s, person.box.height, visit.looks + 1
            visit.stopped |= person.stands or visit.looks >= STOPPED_LOOKS
            visit.in_company |= len(beside) > 1
        stays = any(self.visits[person.id].stopped for person in beside)
        if stays or not hidden:
            self.looks.append((at_s, stays))

    def forget_before(self, at_s: float) -> None:
        self.looks = [each for each in self.looks if each[0] >= at_s]
        self.visits = {number: visit for number, visit in self.visits.items() if visit.last_s >= at_s}

    @property
    def tall_px(self) -> float | None:
        """How tall a person is there."""
        heights = [visit.tall_px for visit in self.visits.values()]
        return median(heights) if heights else None

    @property
    def last_attended_s(self) -> float | None:
        return next((at_s for at_s, stays in reversed(self.looks) if stays), None)

    def attended_share(self) -> float:
        return sum(stays for _, stays in self.looks) / len(self.looks) if self.looks else 0.0

    def watched_s(self) -> float:
        return self.looks[-1][0] - self.looks[0][0] if self.looks else 0.0

    def seller(self) -> Visit | None:
        """Who stayed longest."""
        stayed = [visit for visit in self.visits.values() if visit.stopped]
        return max(stayed, key=lambda each: each.last_s - each.first_s, default=None)

    def customers(self) -> int:
        """Others who stopped while somebody else was there: one person under two numbers is never two at once."""
        seller = self.seller()
        return sum(visit is not seller and visit.stopped and visit.in_company for visit in self.visits.values())


def worth_of(things: Sequence[Track], tall_px: float | None, *, over_line: bool) -> dict[str, tuple[int, float]]:
    """Class -> how many of it, and what they are worth together."""
    limit = limits()
    by_class: dict[str, list[float]] = defaultdict(list)
    for thing in things:
        sign = sign_of(thing)
        if sign.weight == 0 or (over_line and sign.own):
            continue
        small = sign.least_width > 0 and (tall_px is None or thing.place.width < sign.least_width * tall_px)
        by_class[thing.class_name].append(sign.weight * (limit.too_small if small else 1.0))
    return {
        name: (
            len(weights),
            sum(weight * limit.again**n for n, weight in enumerate(sorted(weights, reverse=True))),
        )
        for name, weights in by_class.items()
    }


def judge(things: Sequence[Track], pitch: Pitch, *, dwell_s: float, over_line: bool) -> Judgement:
    """Whether what was seen there is a sale, or goods that a shop has put over its line."""
    limit = limits()
    worth = worth_of(things, pitch.tall_px, over_line=over_line)
    of_things = sum(each for _, each in worth.values())
    share, seller = pitch.attended_share(), pitch.seller()
    stayed_s = 0.0 if seller is None else seller.last_s - seller.first_s
    attended = share >= limit.least_attended and stayed_s >= limit.least_stay * dwell_s
    customers = pitch.customers() if attended else 0
    score = of_things
    if attended:
        score += limit.attended + limit.customer * min(customers, limit.customers_counted)
    enough = limit.enough_over_line if over_line else limit.enough
    holds = score >= enough and of_things >= limit.least_things and (attended or over_line)
    return Judgement(score, enough, worth, share, stayed_s, customers, over_line, holds)
