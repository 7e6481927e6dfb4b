"""What a draft case consists of: the typed form of `draft_case.content`, from which every document is made.

Values only. It is put together in cases/draft_case.py and printed in cases/draft_documents.py. A statement cannot
be made without a pointer to what carries it.
"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cases.languages import Bilingual
from cases.law.provisions import Provision
from models.enums import Act, ExhibitKind, ExhibitMoment, IncidentState, Offence, SightingKind

Section = Literal["who", "what", "where", "when", "after"]


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pointer(_Value):
    """What carries a statement. ref: exhibit id, seq of an event, id of an article or record; for sightings the time
    of one, or of the first and the last with a stroke between.
    """

    kind: Literal["exhibit", "sighting", "event", "record", "article"]
    ref: str
    label: Bilingual


Pointers = Annotated[tuple[Pointer, ...], Field(min_length=1)]


class Statement(_Value):
    """by: the person whose words these are; None: the program's."""

    code: str
    section: Section
    text: Bilingual
    pointers: Pointers
    by: str | None = None


class Reason(_Value):
    """A reason against, with what it is read from."""

    code: str
    text: Bilingual
    pointers: Pointers


class Who(_Value):
    """Never the owner: who that is, the case officer looks up by law once a case is filed."""

    plate: str | None
    plate_confidence: float | None
    vehicle_class: str | None


class Where(_Value):
    """polygon: fractions of the picture. box: x1, y1, x2, y2 in pixels of a picture of picture_width × _height."""

    site: str
    camera_id: str
    camera: str
    device_number: str | None
    lat: float | None
    lon: float | None
    geofence_id: str
    geofence: str
    geofence_version: int
    polygon: tuple[tuple[float, float], ...]
    box: tuple[float, float, float, float]
    picture_width: int | None
    picture_height: int | None


class When(_Value):
    """UTC. stopped None: it already stood there when the watching began."""

    timezone: str
    first_seen: datetime
    stopped: datetime | None
    dwell_complete: datetime
    grace_ends: datetime | None
    last_seen: datetime
    left: datetime | None


class ExhibitEntry(_Value):
    """label: how the draft names it (E1, E2, …)."""

    label: str
    id: UUID
    kind: ExhibitKind
    moment: ExhibitMoment
    sha256: str
    size_bytes: int
    media_type: str
    from_at: datetime
    to_at: datetime


class TimelineRow(_Value):
    """Consecutive equal sightings in one row; a moment of the case (stopped, last seen, …) is a row of its own.

    from_s, to_s: seconds from the first sight. longest_s: the longest time between two looks of the row.
    """

    kind: SightingKind | Literal["moment"]
    moment: str | None = None
    from_at: datetime
    to_at: datetime
    from_s: float
    to_s: float
    looks: int = 0
    longest_s: float | None = None
    least_confidence: float | None = None
    least_share_inside: float | None = None
    note: str | None = None


class Checked(_Value):
    """A finding of the sufficiency check, in words as they were that day."""

    code: str
    ok: bool
    title: Bilingual
    text: Bilingual
    source: str


class EventEntry(_Value):
    seq: int
    act: Act
    to_state: IncidentState
    actor: str
    at: datetime


class DraftContent(_Value):
    """conduct_on: the day whose law counts. provision None: the law data have none for it.

    shown_s: how long it was shown to stand. unseen_share: of the time until the last sight of it that was not shown.
    """

    format: Literal[1] = 1
    incident_id: UUID
    version: int
    made_at: datetime
    software: str
    offence: Offence
    conduct_on: date
    who: Who
    where: Where
    when: When
    provision: Provision | None
    statements: tuple[Statement, ...]
    exhibits: tuple[ExhibitEntry, ...]
    timeline: tuple[TimelineRow, ...]
    shown_s: float
    unseen_share: float
    sufficiency: tuple[Checked, ...]
    against: tuple[Reason, ...]
    events: tuple[EventEntry, ...]
