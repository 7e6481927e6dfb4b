"""What the detectors hand on: detection, sighting, violation. Values only.

Times are media seconds of the source; ingest turns them into UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from detectors.frame import Frame
from detectors.geometry import Box
from models.enums import Offence, SightingKind


class ObjectRole(StrEnum):
    """What a class means to the rules, whatever the weights call it."""

    VEHICLE = "vehicle"
    PERSON = "person"
    TWO_WHEELER = "two_wheeler"
    STALL = "stall"
    GOODS = "goods"
    LITTER = "litter"
    FURNITURE = "furniture"  # of a stall or a shop's front: parasol, table, seat
    WARES = "wares"  # what is sold from it, bowl by bowl


@dataclass(frozen=True, slots=True)
class Detection:
    """One object in one frame. confidence is the model's score, not a probability of guilt."""

    box: Box
    role: ObjectRole
    class_name: str
    confidence: float


@dataclass(frozen=True)
class Look:
    """A frame and the parts of it that matter, in pixels of the full picture; the parts do not overlap."""

    frame: Frame
    regions: tuple[Box, ...]


class Detector(Protocol):
    """Anything that finds objects in looks: the YOLO engine, or a stand-in that a test draws for."""

    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str:
        """SHA-256 of the weights, hex; part of every manifest."""
        ...

    def detect(self, looks: Sequence[Look]) -> list[list[Detection]]:
        """The objects of each look; boxes are in pixels of the full picture."""
        ...


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a rule saw of one object at one look; for a gap, `until_s` is its end."""

    at_s: float
    kind: SightingKind
    box: Box | None = None
    confidence: float | None = None
    share_inside: float | None = None
    until_s: float | None = None
    note: str | None = None


@dataclass(frozen=True)
class Violation:
    """Sightings that satisfy a rule.

    stopped_s is None where the object already stood when the watching began.
    box is the median of the boxes seen while it stood.
    """

    offence: Offence
    geofence_id: str
    track_id: int
    role: ObjectRole
    class_name: str
    first_seen_s: float
    stopped_s: float | None
    confirmed_s: float
    last_seen_s: float
    box: Box
    confidence: float
    sightings: tuple[Sighting, ...] = field(repr=False)
