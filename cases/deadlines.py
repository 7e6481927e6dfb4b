"""Deadlines: works off what has come due, an incident, dispatch or case file a transaction, as often as called."""

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import update

from cases import dispatch, escalation
from cases.casework import reminders
from models.database import Sessions, reading, transaction
from models.incidents import Incident

log = logging.getLogger(__name__)

PUT_OFF = timedelta(seconds=60)


# asks a register elsewhere for the owner of a plate, on behalf of an incident, and writes what it says into our rows
AskRegister = Callable[[str, uuid.UUID], object]


def nobody_to_ask(_plate: str, _incident_id: uuid.UUID) -> None:
    """Where our own rows are the only register."""


def work_off(sessions: Sessions, clock: Callable[[], datetime], ask_register: AskRegister = nobody_to_ask) -> int:
    """Everything that is due by now; how much it was. What fails is put off, and holds nothing else up."""
    _ask_for_owners(sessions, clock, ask_register)
    with reading(sessions) as session:
        waiting, unanswered = escalation.due(session, clock()), dispatch.due(session, clock())
        files = reminders.due(session, clock())
    for incident_id in waiting:
        try:
            with transaction(sessions) as session:
                escalation.proceed(session, incident_id, at=clock())
        except Exception:
            log.exception("a ladder could not be climbed, it is tried again", extra={"incident": str(incident_id)})
            _put_off(sessions, incident_id, clock() + PUT_OFF)
    for dispatch_id in unanswered:
        with transaction(sessions) as session:
            dispatch.urge(session, dispatch_id, at=clock())
    return len(waiting) + len(unanswered) + _remind(sessions, clock, files)


def _remind(sessions: Sessions, clock: Callable[[], datetime], files: Sequence[uuid.UUID]) -> int:
    """Of the clocks of these case files; how many messages were promised."""
    promised = 0
    for file_id in files:
        try:
            with transaction(sessions) as session:
                promised += reminders.remind(session, file_id, at=clock())
        except Exception:
            log.exception("the clocks of a case file could not be looked at", extra={"file": str(file_id)})
            with transaction(sessions) as session:
                reminders.put_off(session, file_id, clock() + PUT_OFF)
    return promised


def _ask_for_owners(sessions: Sessions, clock: Callable[[], datetime], ask_register: AskRegister) -> None:
    """The register is waited for outside of any transaction."""
    with reading(sessions) as session:
        wanted = escalation.owners_wanted(session)
    for incident_id, plate in wanted:
        ask_register(plate, incident_id)
        with transaction(sessions) as session:
            escalation.owner_asked_for(session, incident_id, at=clock())


def _put_off(sessions: Sessions, incident_id: uuid.UUID, until: datetime) -> None:
    with transaction(sessions) as session:
        session.execute(
            update(Incident)
            .where(Incident.id == incident_id, Incident.next_step_at.is_not(None))
            .values(next_step_at=until)
            .execution_options(synchronize_session=False)
        )
