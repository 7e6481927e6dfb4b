"""Corrections: that what was wrong was put right, with what shows it (行政处罚法 art. 28, 33)."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.approvals import lock
from cases.casework.days import local_date
from cases.casework.errors import FileRefused
from cases.casework.steps import By
from cases.casework.table import ENDED
from cases.service.acts import checked_day, said
from models.case_files import CaseFile, FileEvent
from models.enums import ExhibitMoment, FileAct, FileState
from models.exhibits import Exhibit


def record(
    session: Session,
    file_id: uuid.UUID,
    on: date,
    *,
    exhibit_id: uuid.UUID | None = None,
    reference: str = "",
    by: By,
    at: datetime,
) -> FileEvent:
    """exhibit_id: of its incident, what the camera shows; reference: else the record of who looked.

    Raises UnknownFile, FileRefused: nothing that shows it, or another matter's exhibit; DatedWrongly.
    """
    file = lock(session, file_id)
    if file.state in ENDED and file.state is not FileState.CLOSED:
        raise FileRefused("file_has_ended")
    checked_day(file, on, at)
    facts: dict[str, str] = {}
    if exhibit_id is not None:
        exhibit = session.get(Exhibit, exhibit_id)
        if exhibit is None or file.incident_id is None or exhibit.incident_id != file.incident_id:
            raise FileRefused("exhibit_of_another")
        facts["exhibit"] = str(exhibit.id)
    if exhibit_id is None or reference.strip():
        facts["reference"] = said(reference, "nothing_shows_it")
    facts["corrected_on"] = on.isoformat()  # often it was gone before the matter was registered
    done_on = None if on < local_date(file.registered_at, file.timezone) else on
    return steps.note(session, file, FileAct.CORRECTED, by=by, at=at, done_on=done_on, facts=facts)


def shown_gone(session: Session, file: CaseFile) -> Sequence[Exhibit]:
    """What the camera sealed of the place without it, the newest first."""
    if file.incident_id is None:
        return ()
    asked = select(Exhibit).where(Exhibit.incident_id == file.incident_id, Exhibit.moment == ExhibitMoment.LEFT)
    return session.scalars(asked.order_by(Exhibit.from_at.desc())).all()


def recorded(session: Session, file: CaseFile) -> FileEvent | None:
    """The newest word that it was put right."""
    asked = select(FileEvent).where(FileEvent.file_id == file.id, FileEvent.act == FileAct.CORRECTED)
    return session.scalar(asked.order_by(FileEvent.seq.desc()))
