"""What the API says and takes, as types: its documentation is made from these (GET /api/v1/openapi.json).

Times are UTC; boxes are fractions of nothing but pixels of the main stream, as evidence has them.
"""

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cases.grounds import Choice
from models.enums import (
    Act,
    AnnouncementState,
    CameraState,
    Decision,
    ExhibitKind,
    ExhibitMoment,
    Ground,
    IncidentState,
    Offence,
)

# what a column of text on every engine can hold
Words = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00]*$")]


class Said(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Asked(BaseModel):
    """Fields that nobody knows are a mistake of the sender, and said so."""

    model_config = ConfigDict(extra="forbid")


class Refusal(BaseModel):
    error: str
    sentence: str


class Me(BaseModel):
    name: str
    display_name: str
    token: str
    rights: list[str]
    area: str | None
    offence: Offence | None
    expires_at: datetime


class IncidentLine(Said):
    id: uuid.UUID
    camera_id: str
    offence: Offence
    state: IncidentState
    first_seen_at: datetime
    stopped_at: datetime | None
    confirmed_at: datetime
    last_seen_at: datetime
    grace_ends_at: datetime | None
    left_at: datetime | None
    box: tuple[float, float, float, float]
    confidence: float
    plate: str | None
    plate_confidence: float | None
    geofence_id: str


class Incidents(BaseModel):
    """total: of all pages. after: what to ask the next page by; null: there is none."""

    incidents: list[IncidentLine]
    total: int
    counts: dict[IncidentState, int]
    after: str | None


class Event(Said):
    seq: int
    act: Act
    from_state: IncidentState | None
    to_state: IncidentState
    actor: str
    at: datetime
    conduct_at: datetime | None


class ExhibitLine(Said):
    """By its digest it is found in a bundle; pictures leave the house in bundles alone."""

    id: uuid.UUID
    kind: ExhibitKind
    moment: ExhibitMoment
    sha256: str
    from_at: datetime
    to_at: datetime


class DecisionLine(Said):
    decision: Decision
    ground: Ground | None
    reason: str
    at: datetime
    by: str


class IncidentDetail(BaseModel):
    """draft_version: of the newest draft; a decision names the one that was read. missing: of the evidence."""

    incident: IncidentLine
    events: list[Event]
    exhibits: list[ExhibitLine]
    decisions: list[DecisionLine]
    draft_version: int | None
    missing: list[str]


class FourPoints(Asked):
    """行政处罚法 art. 41: true, clear, complete, accurate."""

    is_true: bool = False
    is_clear: bool = False
    is_complete: bool = False
    is_accurate: bool = False


class Deciding(Asked):
    """The decision of the person whose token it is. Accepting needs all four points and the draft that was read."""

    decision: Choice
    reason: Annotated[Words, Field(min_length=1, max_length=4000)]
    ground: Ground | None = None
    four_points: FourPoints = FourPoints()
    draft_version: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class Decided(BaseModel):
    incident: uuid.UUID
    state: IncidentState


class Exporting(Asked):
    """Why it leaves the house goes into the custody record."""

    reason: Annotated[Words, Field(min_length=1, max_length=500)]


class CameraLine(BaseModel):
    """state: null for one whose recordings are brought in. Ages are seconds; null: never, or not known."""

    id: str
    name: str
    state: CameraState | None
    since_at: datetime | None
    watched: bool
    packet_age_s: float | None
    look_age_s: float | None
    clock_offset_s: float | None
    clock_error_s: float | None
    fences: int
    open_incidents: int


class Cameras(BaseModel):
    cameras: list[CameraLine]


class AnnouncementLine(Said):
    id: uuid.UUID
    loudspeaker_id: str
    incident_id: uuid.UUID | None
    text: str
    language: str
    asked_by: str
    asked_at: datetime
    state: AnnouncementState
    ended_at: datetime | None


class LoudspeakerLine(BaseModel):
    """quiet: nothing can be said through it now."""

    id: str
    camera_id: str
    driver: str
    quiet: bool
    last: list[AnnouncementLine]


class Loudspeakers(BaseModel):
    """sentences: what can be said by name, in the language that was asked for."""

    loudspeakers: list[LoudspeakerLine]
    sentences: dict[str, str]


class Speaking(Asked):
    """One of the two: the name of a sentence, or words to be spoken."""

    sentence: Annotated[Words, Field(max_length=64)] = ""
    text: Annotated[Words, Field(max_length=400)] = ""
    incident_id: uuid.UUID | None = None
