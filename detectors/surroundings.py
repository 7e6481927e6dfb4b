"""What stands round a parked vehicle that may speak for it: a queue, another that shuts it in, a person by it.

Pure: tracks come in, a value goes out that can be written down. What it means for the case is decided in
cases/reasons.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import hypot
from typing import Any

from detectors.geometry import Box
from detectors.sightings import ObjectRole
from detectors.tracker import Track
from models.enums import SightingKind

QUEUE_OTHERS = 2  # in a line with it, from which it may be a queue
QUEUE_STEP_S = 15.0  # between the stops of two neighbours of a queue; who parks comes when he likes
QUEUE_STEP = 1.5  # of the larger of the two sides of both: how far the next in the line stands at most
LINE_OFF = 0.5  # of the mean height: how far the vehicles of a line stand off it
SHUT_IN_WIDE = 0.6  # of its width, covered by one that stands before it
SHUT_IN_NEAR = 1.5  # of its height: so far below its lower edge stands at most who shuts it in
BESIDE = 0.5  # of its sides: a person so near stands by it


@dataclass(frozen=True)
class Surroundings:
    """Boxes in pixels. queue: of the others that came to stand in a line with it at about its time.

    shut_in_by: of who came later and stands before it. persons: of who stands by it. unknown: vehicles near it of
    which the stop is not shown, so that of a queue nothing can be said.
    """

    queue: tuple[Box, ...] = ()
    shut_in_by: tuple[Box, ...] = ()
    persons: tuple[Box, ...] = ()
    unknown: int = 0
    queue_ids: frozenset[int] = field(default=frozenset(), repr=False)

    def as_facts(self) -> dict[str, Any]:
        return {
            "queue": [box.as_list() for box in self.queue],
            "shut_in_by": [box.as_list() for box in self.shut_in_by],
            "persons": [box.as_list() for box in self.persons],
            "unknown": self.unknown,
        }


def surroundings(track: Track, tracks: Iterable[Track], *, watching_since_s: float) -> Surroundings:
    """As of the newest look. watching_since_s: what stood then already stopped nobody knows when."""
    others = [each for each in tracks if each is not track and each.stands]
    vehicles = [each for each in others if each.role is ObjectRole.VEHICLE]
    line = _line_through(track, vehicles)
    known = [each for each in line if _stop_is_known(each, watching_since_s)]
    queue = _stopped_one_after_the_other(track, known) if _stop_is_known(track, watching_since_s) else []
    if len(queue) < QUEUE_OTHERS:
        queue = []
    return Surroundings(
        queue=tuple(each.place for each in queue),
        shut_in_by=tuple(each.place for each in vehicles if _shuts_in(each, track)),
        persons=tuple(
            each.place
            for each in others
            if each.role is ObjectRole.PERSON and each.place.intersection(track.place.padded(BESIDE)) > 0
        ),
        unknown=len(line) - len(known) if not queue else 0,
        queue_ids=frozenset(each.id for each in queue),
    )


def left_with(queue_ids: Iterable[int], tracks: Iterable[Track]) -> int:
    """How many of a queue do not stand at their places any more."""
    standing = {each.id for each in tracks if each.stands and each.sightings[-1].kind is not SightingKind.ABSENT}
    return sum(number not in standing for number in queue_ids)


def _stop_is_known(track: Track, watching_since_s: float) -> bool:
    return track.standing_from_s > watching_since_s


def _line_through(track: Track, vehicles: Sequence[Track]) -> list[Track]:
    """The vehicles that stand one behind the other with it, each near the next and none far off the line."""
    line, waiting = [track], list(vehicles)
    while waiting:
        following = [each for each in waiting if any(_is_next_to(each, one) for one in line)]
        fitting = [each for each in following if _is_straight([*line, each])]
        if not fitting:
            break
        line.append(fitting[0])
        waiting.remove(fitting[0])
    return line[1:]


def _is_next_to(one: Track, other: Track) -> bool:
    (x1, y1), (x2, y2) = one.place.ground_point, other.place.ground_point
    side_px = max(one.place.width, one.place.height, other.place.width, other.place.height)
    return hypot(x1 - x2, y1 - y2) <= QUEUE_STEP * side_px


def _is_straight(line: Sequence[Track]) -> bool:
    """Off the line from the first to the last by less than half a height."""
    points = sorted(each.place.ground_point for each in line)
    (x1, y1), (x2, y2) = points[0], points[-1]
    length_px = hypot(x2 - x1, y2 - y1)
    if not length_px:
        return False
    off_px = max(abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length_px for x, y in points)
    return off_px <= LINE_OFF * sum(each.place.height for each in line) / len(line)


def _stopped_one_after_the_other(track: Track, line: Sequence[Track]) -> list[Track]:
    """Those of the line that are joined to it by stops that follow closely upon one another."""
    ordered = sorted([track, *line], key=lambda each: each.standing_from_s)
    place = ordered.index(track)
    first = last = place
    while first > 0 and ordered[first].standing_from_s - ordered[first - 1].standing_from_s <= QUEUE_STEP_S:
        first -= 1
    while last + 1 < len(ordered) and ordered[last + 1].standing_from_s - ordered[last].standing_from_s <= QUEUE_STEP_S:
        last += 1
    return [each for each in ordered[first : last + 1] if each is not track]


def _shuts_in(other: Track, track: Track) -> bool:
    """It came later and stands right before it, nearer to the camera: in a second row."""
    place, before = track.place, other.place
    shared_px = min(place.x2, before.x2) - max(place.x1, before.x1)
    below_px = before.y2 - place.y2
    return (
        other.standing_from_s > track.standing_from_s
        and shared_px >= SHUT_IN_WIDE * place.width
        and 0 < below_px <= SHUT_IN_NEAR * place.height
    )
