"""Dispatch: which officers are asked to come, who takes it on, what is done when nobody does, and what came of it.

Asked are those on duty in the area of the camera; where there is nobody, those of the area above it, and so on. While
nobody takes it on they are urged, and those above are asked besides.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from cases.errors import DispatchRefused
from cases.timetable import covers
from models.dispatch import Area, Dispatch, DispatchedTo
from models.enums import DispatchPurpose, DispatchState, HandledAs, OutboxState
from models.incidents import Incident
from models.people import Officer
from models.places import Camera
from models.promises import OutboxMessage
from notify import outbox

URGE_AFTER = timedelta(minutes=3)
MOST_URGES = 3
WORDING = {
    DispatchPurpose.WINDOW_SLIP: "officer_told",
    DispatchPurpose.STILL_THERE: "officer_told",
    DispatchPurpose.CASE_READY: "case_ready",
}


def send(
    session: Session,
    incident_id: uuid.UUID,
    purpose: DispatchPurpose,
    *,
    at: datetime,
    not_before: datetime | None = None,
) -> Dispatch | None:
    """Asks those on duty; None where there is nobody. Asked for the same a second time, it is one dispatch.

    not_before: when they are told at the earliest, where whoever decided may still take it back.
    """
    known = session.scalar(
        select(Dispatch).where(Dispatch.incident_id == incident_id, Dispatch.purpose == purpose).with_for_update()
    )
    if known is not None:
        return known
    camera = _camera_of(session, incident_id)
    area_id, officers = on_duty(session, camera, at)
    if not officers:
        return None
    dispatch = Dispatch(
        id=uuid.uuid4(),
        incident_id=incident_id,
        purpose=purpose,
        state=DispatchState.ASKED,
        area_id=area_id,
        made_at=at,
        urged=0,
        urge_at=at + URGE_AFTER,
    )
    session.add(dispatch)
    session.flush()
    _ask(session, dispatch, officers, at, not_before)
    return dispatch


def on_duty(session: Session, camera: Camera, at: datetime) -> tuple[str | None, list[Officer]]:
    """The officers nearest to what the camera sees, and their area; `camera.site` is loaded.

    A camera in no area has everybody who is on duty.
    """
    local = at.astimezone(ZoneInfo(camera.site.timezone))
    for area_id in areas_upward(session, camera.area_id):
        officers = _on_duty_in(session, area_id, local)
        if officers:
            return area_id, officers
    if camera.area_id is not None:
        return None, []
    everybody = session.scalars(select(Officer).order_by(Officer.name)).all()
    return None, [officer for officer in everybody if covers(officer.duty or [], local)]


def areas_upward(session: Session, area_id: str | None) -> list[str]:
    """The area, the one it lies in, and so on up to the city."""
    found: list[str] = []
    while area_id is not None and area_id not in found:
        found.append(area_id)
        area_id = session.scalar(select(Area.parent_id).where(Area.id == area_id))
    return found


def _on_duty_in(session: Session, area_id: str, local: datetime) -> list[Officer]:
    officers = session.scalars(select(Officer).where(Officer.grid == area_id).order_by(Officer.name))
    return [officer for officer in officers if covers(officer.duty or [], local)]


def take(session: Session, dispatch_id: uuid.UUID, officer_id: uuid.UUID, *, at: datetime) -> Dispatch:
    """The officer takes it on. Raises DispatchRefused where somebody else has it, or there is nothing left to do."""
    dispatch = _locked(session, dispatch_id)
    if dispatch.state is DispatchState.TAKEN and dispatch.officer_id == officer_id:
        return dispatch
    if dispatch.state is not DispatchState.ASKED:
        raise DispatchRefused(f"it is {dispatch.state.value} already")
    if session.get(DispatchedTo, (dispatch_id, officer_id)) is None:
        raise DispatchRefused("this officer was not asked")
    dispatch.state, dispatch.officer_id, dispatch.taken_at, dispatch.urge_at = (
        DispatchState.TAKEN,
        officer_id,
        at,
        None,
    )
    session.flush()
    return dispatch


def hand_over(
    session: Session, dispatch_id: uuid.UUID, officer_id: uuid.UUID, to: uuid.UUID, *, at: datetime
) -> Dispatch:
    """Who has it asks a colleague instead, who is told. Raises DispatchRefused."""
    dispatch = _locked(session, dispatch_id)
    if dispatch.state is not DispatchState.TAKEN or dispatch.officer_id != officer_id:
        raise DispatchRefused("only who has taken it on can hand it over")
    colleague = session.get(Officer, to)
    if colleague is None or to == officer_id:
        raise DispatchRefused("there is no such colleague")
    dispatch.state, dispatch.officer_id, dispatch.taken_at = DispatchState.ASKED, None, None
    dispatch.urge_at = at + URGE_AFTER
    session.flush()
    _ask(session, dispatch, [colleague], at)
    return dispatch


def handled(
    session: Session, dispatch_id: uuid.UUID, officer_id: uuid.UUID, handled_as: HandledAs, note: str, *, at: datetime
) -> Dispatch:
    """What came of it on site. It decides nothing about the case; whoever decides sees it. Raises DispatchRefused."""
    dispatch = _locked(session, dispatch_id)
    if dispatch.state is not DispatchState.TAKEN or dispatch.officer_id != officer_id:
        raise DispatchRefused("only who has taken it on can say what came of it")
    said = note.strip()
    if handled_as in (HandledAs.DEALT_WITH, HandledAs.NO_OFFENCE, HandledAs.NOT_REACHED) and not said:
        raise DispatchRefused("this needs a sentence: what was done, or why not")
    dispatch.state, dispatch.handled_as, dispatch.handled_at = DispatchState.HANDLED, handled_as, at
    dispatch.note = said[:500] or None
    session.flush()
    return dispatch


def withdraw(session: Session, incident_id: uuid.UUID) -> list[tuple[uuid.UUID, DispatchState]]:
    """It stopped by itself, or was dismissed: whoever is not on the spot yet need not come.

    Which dispatches that were, and what they had been.
    """
    open_ones = session.scalars(
        select(Dispatch).where(
            Dispatch.incident_id == incident_id, Dispatch.state.in_((DispatchState.ASKED, DispatchState.TAKEN))
        )
    )
    withdrawn = []
    for dispatch in open_ones:
        withdrawn.append((dispatch.id, dispatch.state))
        dispatch.state, dispatch.urge_at = DispatchState.WITHDRAWN, None
    session.flush()
    return withdrawn


def ask_again(session: Session, dispatch_id: uuid.UUID, *, at: datetime) -> None:
    """A withdrawn dispatch is asked for as before: what withdrew it was taken back."""
    dispatch = _locked(session, dispatch_id)
    dispatch.state, dispatch.urge_at = DispatchState.ASKED, at + URGE_AFTER
    session.flush()


def is_told(session: Session, incident_id: uuid.UUID, purpose: DispatchPurpose) -> bool:
    """Whether anybody may have heard of this dispatch: a message of it was tried, or an officer took it on."""
    dispatch = _of(session, incident_id, purpose)
    if dispatch is None:
        return False
    return dispatch.state is not DispatchState.ASKED or any(
        message.state is not OutboxState.PENDING or message.tries for message in _letters(session, dispatch)
    )


def call_back(session: Session, incident_id: uuid.UUID, purpose: DispatchPurpose) -> None:
    """A dispatch that nobody was told of is as if it had never been. Raises DispatchRefused where somebody was."""
    dispatch = _of(session, incident_id, purpose)
    if dispatch is None:
        return
    if is_told(session, incident_id, purpose):
        raise DispatchRefused("officers were told of it already")
    for message in _letters(session, dispatch):
        session.delete(message)
    session.execute(delete(DispatchedTo).where(DispatchedTo.dispatch_id == dispatch.id))
    session.flush()
    session.delete(dispatch)
    session.flush()


def _of(session: Session, incident_id: uuid.UUID, purpose: DispatchPurpose) -> Dispatch | None:
    return session.scalar(
        select(Dispatch).where(Dispatch.incident_id == incident_id, Dispatch.purpose == purpose).with_for_update()
    )


def _letters(session: Session, dispatch: Dispatch) -> Sequence[OutboxMessage]:
    """Locked: a relay that is about to send one comes before or after, and not in between."""
    return session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.key.startswith(f"dispatch:{dispatch.id}:"))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def due(session: Session, at: datetime) -> Sequence[uuid.UUID]:
    """Dispatches that nobody has taken on for too long."""
    return session.scalars(select(Dispatch.id).where(Dispatch.urge_at <= at).order_by(Dispatch.urge_at)).all()


def urge(session: Session, dispatch_id: uuid.UUID, *, at: datetime) -> None:
    """Asks again, and those of the next area above besides; after the last time it is left to the desk."""
    dispatch = _locked(session, dispatch_id)
    if dispatch.state is not DispatchState.ASKED or dispatch.urge_at is None or dispatch.urge_at > at:
        return
    dispatch.urged += 1
    dispatch.urge_at = at + URGE_AFTER if dispatch.urged < MOST_URGES else None
    asked = session.scalars(
        select(Officer)
        .join(DispatchedTo, DispatchedTo.officer_id == Officer.id)
        .where(DispatchedTo.dispatch_id == dispatch_id)
        .order_by(Officer.name)
    ).all()
    local = at.astimezone(ZoneInfo(_camera_of(session, dispatch.incident_id).site.timezone))
    above = areas_upward(session, dispatch.area_id)[1 : dispatch.urged + 1]
    more = [officer for area_id in above for officer in _on_duty_in(session, area_id, local)]
    _ask(session, dispatch, [*asked, *(officer for officer in more if officer not in asked)], at)


def _ask(
    session: Session,
    dispatch: Dispatch,
    officers: Sequence[Officer],
    at: datetime,
    not_before: datetime | None = None,
) -> None:
    for officer in officers:
        if session.get(DispatchedTo, (dispatch.id, officer.id)) is None:
            session.add(DispatchedTo(dispatch_id=dispatch.id, officer_id=officer.id, asked_at=at))
        message = outbox.promise(
            session,
            # one letter an officer and round; a hand-over is a round of its own
            key=f"dispatch:{dispatch.id}:{officer.id}:{at.isoformat()}",
            kind=WORDING[dispatch.purpose],
            payload={
                "incident_id": str(dispatch.incident_id),
                "officer_id": str(officer.id),
                "dispatch_id": str(dispatch.id),
            },
            at=at,
        )
        if not_before is not None:
            message.next_at = not_before
    session.flush()


def _locked(session: Session, dispatch_id: uuid.UUID) -> Dispatch:
    dispatch = session.get(Dispatch, dispatch_id, with_for_update=True, populate_existing=True)
    if dispatch is None:
        raise DispatchRefused(f"there is no dispatch {dispatch_id}")
    return dispatch


def _camera_of(session: Session, incident_id: uuid.UUID) -> Camera:
    return session.execute(
        select(Camera)
        .join(Incident, Incident.camera_id == Camera.id)
        .where(Incident.id == incident_id)
        .options(joinedload(Camera.site, innerjoin=True))
    ).scalar_one()
