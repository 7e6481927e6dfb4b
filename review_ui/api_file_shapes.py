"""What the API says of case files and takes about them, as types. Money is in fen; whoever is named is masked."""

import uuid
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from cases.casework.clocks import ClockState, Light
from cases.volume.sharing import LONGEST_REASON
from models.enums import (
    CaseSource,
    FileAct,
    FileState,
    Offence,
    OutcomeKind,
    PaperKind,
    PartyKind,
    PartyRole,
    Procedure,
    SpareGround,
    VolumeState,
)
from review_ui.api_shapes import Asked, Said, Words


class FileLine(Said):
    """A case file; incident_id: of the camera's matter that became it. plate: as the incident has it."""

    id: uuid.UUID
    number: str | None
    source: CaseSource
    incident_id: uuid.UUID | None
    procedure: Procedure
    state: FileState
    offence: Offence | None
    law_code: str
    title: str
    place: str
    camera_id: str | None
    area_id: str | None
    timezone: str
    conduct_from_at: datetime
    conduct_to_at: datetime
    registered_at: datetime
    plate: str | None


class Files(BaseModel):
    """total: within what the token reaches, of all pages."""

    cases: list[FileLine]
    total: int
    page: int
    pages: int


class FileEventLine(Said):
    """at: when it was put on record; done_on: the day it happened, where that is another."""

    seq: int
    act: FileAct
    from_state: FileState | None
    to_state: FileState
    actor: str
    at: datetime
    done_on: date | None


class PaperLine(BaseModel):
    """sha256: of the DOCX. signed_by: accounts, in the order in which they signed."""

    id: uuid.UUID
    kind: PaperKind
    number: str | None
    version: int
    made_by: str
    made_at: datetime
    sha256: str
    signed_by: list[str]


class PartyLine(BaseModel):
    """name: of a person masked, of a company in clear."""

    role: PartyRole
    kind: PartyKind
    name: str


class ClockLine(BaseModel):
    """light: of one that runs or stands. left: days of its kind that are left; below zero: over."""

    name: str
    article: str
    begins_on: date
    due_on: date
    state: ClockState
    light: Light | None
    left: int


class DecisionTold(Said):
    outcome: OutcomeKind
    fine_fen: int | None
    spare_ground: SpareGround | None
    provision_id: str
    decided_on: date
    revoked_at: datetime | None


class VolumeLine(Said):
    id: uuid.UUID
    version: int
    state: VolumeState
    asked_at: datetime
    made_at: datetime | None
    pages: int | None
    sha256: str | None


class FileDetail(BaseModel):
    case: FileLine
    facts: str
    officers: list[str]
    events: list[FileEventLine]
    decision: DecisionTold | None
    papers: list[PaperLine]
    parties: list[PartyLine]
    clocks: list[ClockLine]
    volumes: list[VolumeLine]


class PartySearch(Asked):
    """party: the whole name, number or phone of a person; part of the name of a company."""

    party: Annotated[Words, Field(min_length=1, max_length=200)]
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class Sharing(Asked):
    """Why it is handed out. It stands in the record of the case file."""

    reason: Annotated[Words, StringConstraints(min_length=1, max_length=LONGEST_REASON)]


class VolumeWanted(Sharing):
    language: Annotated[str, Field(pattern="^(zh|en)$")] = "zh"
