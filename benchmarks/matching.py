"""Matching: what was reported against what stood there, and the figures that follow.

Pure: boxes and seconds in, counts out. Running the road is benchmarks/road.py, printing is benchmarks/accuracy.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf

from detectors.geometry import Box

SAME_IOU = 0.4
SMALL_PX = 32  # height under which a vehicle is counted apart: a plate on it could never be read


@dataclass(frozen=True)
class Standing:
    """A vehicle that stood, by eye. to_s is inf where it stood to the end. `extra`: looked at after it was reported."""

    id: str
    what: str
    box: Box
    from_s: float
    to_s: float = inf
    extra: bool = False

    @property
    def small(self) -> bool:
        return self.box.height < SMALL_PX

    def stood(self, dwell_s: float, video_s: float) -> bool:
        return min(self.to_s, video_s) - self.from_s >= dwell_s


@dataclass(frozen=True)
class Reported:
    """An incident as the command prints it, the part that is compared."""

    id: str
    geofence: str
    box: Box
    first_seen_s: float
    stopped_s: float | None
    last_seen_s: float
    left_s: float | None
    state: str

    def is_of(self, vehicle: Standing) -> bool:
        overlap = self.first_seen_s <= vehicle.to_s and self.last_seen_s >= vehicle.from_s
        return overlap and self.box.iou(vehicle.box) >= SAME_IOU


@dataclass(frozen=True)
class Found:
    vehicle: Standing
    incident: Reported

    @property
    def stop_error_s(self) -> float | None:
        """None where the vehicle stood there from the first picture, or no stop time was given."""
        if self.vehicle.from_s == 0 or self.incident.stopped_s is None:
            return None
        return self.incident.stopped_s - self.vehicle.from_s

    @property
    def stop_not_given(self) -> bool:
        return self.vehicle.from_s > 0 and self.incident.stopped_s is None

    @property
    def leave_error_s(self) -> float | None:
        """Against the moment of leaving, or where a draft had ended the watching, the last moment it was shown."""
        if self.vehicle.to_s == inf:
            return None
        left_s = self.incident.last_seen_s if self.incident.left_s is None else self.incident.left_s
        return left_s - self.vehicle.to_s


@dataclass(frozen=True)
class ClipResult:
    """expected: stood the whole dwell. extra: found, and seen by eye to stand, in a clip whose list is not complete."""

    expected: tuple[Standing, ...]
    found: tuple[Found, ...]
    extra: tuple[Found, ...]
    twice: tuple[Found, ...]  # further incidents of a vehicle that was found already
    missed: tuple[Standing, ...]
    false: tuple[Reported, ...]


def match(vehicles: Iterable[Standing], incidents: Iterable[Reported], dwell_s: float, video_s: float) -> ClipResult:
    """Each incident to the vehicle it overlaps best, each vehicle to its best incident; the rest is twice or false.

    An incident of a vehicle that did not stand the whole dwell is false.
    """
    stood = [vehicle for vehicle in vehicles if vehicle.stood(dwell_s, video_s)]
    pairs = sorted(
        (Found(vehicle, incident) for incident in incidents for vehicle in stood if incident.is_of(vehicle)),
        key=lambda pair: -pair.incident.box.iou(pair.vehicle.box),
    )
    first: dict[str, Found] = {}
    used: set[str] = set()
    for pair in pairs:
        if pair.vehicle.id not in first and pair.incident.id not in used:
            first[pair.vehicle.id] = pair
            used.add(pair.incident.id)
    twice = []
    for pair in pairs:
        if pair.incident.id not in used:
            twice.append(pair)
            used.add(pair.incident.id)
    expected = tuple(vehicle for vehicle in stood if not vehicle.extra)
    return ClipResult(
        expected=expected,
        found=tuple(pair for pair in first.values() if not pair.vehicle.extra),
        extra=tuple(pair for pair in first.values() if pair.vehicle.extra),
        twice=tuple(twice),
        missed=tuple(vehicle for vehicle in expected if vehicle.id not in first),
        false=tuple(incident for incident in incidents if incident.id not in used),
    )


@dataclass
class Totals:
    """Counts over clips, of vehicles of one class of size."""

    expected: int = 0
    found: int = 0
    extra: int = 0
    twice: int = 0
    missed: int = 0
    false: int = 0
    stop_errors_s: list[float] = field(default_factory=list)
    stops_not_given: int = 0
    leave_errors_s: list[float] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Of the incidents, the share that is the first of a vehicle that stood. 1 where there are none."""
        right = self.found + self.extra
        reported = right + self.twice + self.false
        return right / reported if reported else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.expected if self.expected else 1.0

    @property
    def worst_stop_error_s(self) -> float:
        return max((abs(error_s) for error_s in self.stop_errors_s), default=0.0)

    @property
    def worst_leave_error_s(self) -> float:
        return max((abs(error_s) for error_s in self.leave_errors_s), default=0.0)


def totals(results: Sequence[ClipResult], *, small: bool) -> Totals:
    """The sum over clips; of an incident that belongs to no vehicle its own box says whether it is small."""
    total = Totals()
    for result in results:
        found = [pair for pair in result.found if pair.vehicle.small is small]
        total.expected += sum(vehicle.small is small for vehicle in result.expected)
        total.found += len(found)
        total.extra += sum(pair.vehicle.small is small for pair in result.extra)
        total.twice += sum(pair.vehicle.small is small for pair in result.twice)
        total.missed += sum(vehicle.small is small for vehicle in result.missed)
        total.false += sum((incident.box.height < SMALL_PX) is small for incident in result.false)
        total.stops_not_given += sum(pair.stop_not_given for pair in found)
        total.stop_errors_s += [pair.stop_error_s for pair in found if pair.stop_error_s is not None]
        total.leave_errors_s += [pair.leave_error_s for pair in found if pair.leave_error_s is not None]
    return total
