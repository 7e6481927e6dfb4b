"""The reasons against, judged: one function for each kind, from values to an answer.

Pure: no rows, no clock, no pictures. What is asked for which offence, and what a reason does that is found, is data
(reasons.toml, or the rule of a geofence). Rows and words are in cases/reasons.py.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from cases.timetable import covers
from detectors.geometry import Box, Polygon
from detectors.occupancy import share_inside
from models.enums import Offence, ReasonKind, ReasonVerdict

IN_BAY, PARTLY_IN_BAY = 0.5, 0.2  # of the ground contact
LEFT_TOGETHER = 2  # of its line, from which they went as a queue does
ENDS_SOON = timedelta(minutes=10)  # of the hours


class Found(Enum):
    SURE = "sure"
    UNSURE = "unsure"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Permitted:
    """plate None: everybody, or whoever has the stall. Dates are local and included; hours: empty: all day."""

    plate: str | None
    from_on: date
    to_on: date
    hours: Sequence[Mapping[str, str]]
    paper: str
    stall: str | None = None

    def on(self, day: date) -> bool:
        return self.from_on <= day <= self.to_on


@dataclass(frozen=True)
class Known:
    """What is known of an incident. Times are local to the site; boxes and size in pixels of the main stream.

    around: what detectors/surroundings.py saw; None: not on record. bays: fractions of the picture.
    """

    first_seen: datetime
    confirmed: datetime
    box: Box
    size: tuple[int, int] | None = None
    class_name: str | None = None
    plate: str | None = None
    plate_is_sure: bool = False
    around: Mapping[str, Any] | None = None
    timetable: Sequence[Mapping[str, str]] = ()
    bays: Sequence[Sequence[Sequence[float]]] = ()
    exemptions: Sequence[str] = ()
    permitted: Sequence[Permitted] = ()


@dataclass(frozen=True)
class Answer:
    """facts: figures for the words; `boxes` of what speaks for it, in pixels."""

    found: Found
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    kind: ReasonKind
    verdict: ReasonVerdict
    facts: Mapping[str, Any]


def judge(
    offence: Offence, rule: Mapping[str, Any], known: Known, kinds: Sequence[ReasonKind] | None = None
) -> list[Judged]:
    """Every reason that is looked for, answered. rule: the parameters of the geofence's offence."""
    effects = effects_of(offence, rule)
    return [
        _judged(kind, effect, CHECKS[kind](known)) for kind, effect in effects.items() if kinds is None or kind in kinds
    ]


def _judged(kind: ReasonKind, effect: str, answer: Answer) -> Judged:
    verdict = {
        Found.SURE: ReasonVerdict.DOUBT if effect == "doubt" else ReasonVerdict.HOLDS_BACK,
        Found.UNSURE: ReasonVerdict.HOLDS_BACK if effect == "hold" else ReasonVerdict.DOUBT,
        Found.NOTHING: ReasonVerdict.NOTHING_FOUND,
        Found.UNKNOWN: ReasonVerdict.CANNOT_BE_JUDGED,
    }[answer.found]
    return Judged(kind, verdict, answer.facts)


def effects_of(offence: Offence, rule: Mapping[str, Any]) -> dict[ReasonKind, str]:
    """What one that is found does, of every kind that is looked for; the rule's own word goes before the usual one."""
    said = _data()[offence.value] | dict(rule.get("reasons") or {})
    return {ReasonKind(kind): effect for kind, effect in said.items() if effect != "off"}


def left_as_a_queue(offence: Offence, rule: Mapping[str, Any], left_with: int) -> Judged | None:
    """That its whole line went when it did; None where it did not, or nobody asks."""
    effect = effects_of(offence, rule).get(ReasonKind.QUEUE)
    if effect is None or left_with < LEFT_TOGETHER:
        return None
    return _judged(ReasonKind.QUEUE, effect, Answer(Found.SURE, {"others": left_with, "left_together": True}))


def _emergency_vehicle(known: Known) -> Answer:
    data = _data()["emergency"]
    if known.class_name in data["classes"]:
        return Answer(Found.SURE, {"by": known.class_name})
    if known.plate is None:
        return Answer(Found.UNKNOWN)
    if known.plate.endswith(tuple(data["plate_ends"])) or known.plate.startswith(tuple(data["plate_begins"])):
        return Answer(Found.SURE if known.plate_is_sure else Found.UNSURE, {"by": known.plate})
    return Answer(Found.NOTHING if known.plate_is_sure else Found.UNKNOWN)


def _queue(known: Known) -> Answer:
    if known.around is None:
        return Answer(Found.UNKNOWN, {"unknown": 0})
    boxes = known.around["queue"]
    if boxes:
        return Answer(Found.UNSURE, {"others": len(boxes), "boxes": boxes})
    if known.around["unknown"]:
        return Answer(Found.UNKNOWN, {"unknown": known.around["unknown"]})
    return Answer(Found.NOTHING)


def _bay(known: Known) -> Answer:
    if not known.bays:
        return Answer(Found.NOTHING)
    if known.size is None:
        return Answer(Found.UNKNOWN)
    share = max(share_inside(Polygon.of_fractions(bay, *known.size), known.box) for bay in known.bays)
    facts = {"share": round(share, 3), "boxes": [known.box.as_list()]}
    if share >= IN_BAY:
        return Answer(Found.SURE, facts)
    return Answer(Found.UNSURE, facts) if share >= PARTLY_IN_BAY else Answer(Found.NOTHING)


def _permit(known: Known) -> Answer:
    valid = [
        (each.plate, each.paper)
        for each in known.permitted
        if each.plate is not None and each.on(known.confirmed.date()) and covers(each.hours, known.confirmed)
    ]
    valid += [(plate, "") for plate in known.exemptions]
    if not valid:
        return Answer(Found.NOTHING)
    if known.plate is None:
        return Answer(Found.UNKNOWN, {"count": len(valid)})
    for plate, paper in valid:
        if plate == known.plate:
            found = Found.SURE if known.plate_is_sure else Found.UNSURE
            return Answer(found, {"permitted": plate, "paper": paper})
    for plate, paper in valid:
        if not known.plate_is_sure and _differ_in_one(plate, known.plate):
            return Answer(Found.UNSURE, {"permitted": plate, "paper": paper})
    return Answer(Found.NOTHING) if known.plate_is_sure else Answer(Found.UNKNOWN, {"count": len(valid)})


def _differ_in_one(one: str, other: str) -> bool:
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1


def _timetable(known: Known) -> Answer:
    if not covers(known.timetable, known.confirmed):
        return Answer(Found.SURE)
    sure = covers(known.timetable, known.first_seen) and covers(known.timetable, known.confirmed + ENDS_SOON)
    return Answer(Found.NOTHING if sure else Found.UNSURE)


def _temporary_permission(known: Known) -> Answer:
    of_the_day = [each for each in known.permitted if each.plate is None and each.on(known.confirmed.date())]
    for each in of_the_day:
        if each.stall is None and covers(each.hours, known.confirmed):
            return Answer(Found.SURE, {"paper": each.paper})
    for each in of_the_day:
        if any(covers(each.hours, at) for at in (known.confirmed, known.first_seen, known.confirmed + ENDS_SOON)):
            # whose stall it is no picture shows
            of = each.paper if each.stall is None else f"{each.paper}, {each.stall}"
            return Answer(Found.UNSURE, {"paper": of})
    return Answer(Found.NOTHING)


def _obstruction(known: Known) -> Answer:
    return _seen_around(known, "shut_in_by")


def _officer_directing(known: Known) -> Answer:
    """That a person stands there is shown; that it is an officer never is."""
    return _seen_around(known, "persons")


def _seen_around(known: Known, what: str) -> Answer:
    if known.around is None:
        return Answer(Found.UNKNOWN)
    boxes = known.around[what]
    return Answer(Found.UNSURE, {"others": len(boxes), "boxes": boxes}) if boxes else Answer(Found.NOTHING)


CHECKS: Mapping[ReasonKind, Callable[[Known], Answer]] = {
    ReasonKind.EMERGENCY_VEHICLE: _emergency_vehicle,
    ReasonKind.QUEUE: _queue,
    ReasonKind.BAY: _bay,
    ReasonKind.PERMIT: _permit,
    ReasonKind.TIMETABLE: _timetable,
    ReasonKind.TEMPORARY_PERMISSION: _temporary_permission,
    ReasonKind.OBSTRUCTION: _obstruction,
    ReasonKind.OFFICER_DIRECTING: _officer_directing,
}


@cache
def _data() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("reasons.toml").read_text("utf-8"))
