"""Sharing: that something of a case file was handed to somebody outside the desk, on record before it leaves."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.steps import By
from cases.volume.errors import VolumeRefused
from models.case_files import CaseFile, FileEvent
from models.enums import FileAct

LONGEST_REASON = 400


def reason_of(typed: str) -> str:
    """In one line. Raises VolumeRefused for none, and for one that is too long."""
    said = " ".join(typed.split())
    if not 0 < len(said) <= LONGEST_REASON:
        raise VolumeRefused("volume_reason", most=LONGEST_REASON)
    return said


def shared(
    session: Session, file: CaseFile, what: str, *, by: By, to: str, reason: str, at: datetime, **facts: Any
) -> FileEvent:
    """what: case, paper, volume. to: who gets it: the desk, or the label of a token. Raises VolumeRefused."""
    told = {"what": what, "to": to, "reason": reason_of(reason)} | facts
    return steps.note(session, file, FileAct.SHARED, by=by, at=at, facts=told)
