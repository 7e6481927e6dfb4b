"""Telling: who is to be told of an incident, and the promise to tell them; and what became of it.

Which step comes when is not decided here (cases/ladder.py), and nothing is sent here: a promise is a row of the
outbox, and notify/relay.py keeps it.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from cases import dispatch
from cases.timetable import covers
from evidence.sufficiency import plate_is_sure
from models.announcements import Announcement
from models.enums import AnnouncementState, DispatchPurpose, NoticeStatus, OutboxState, StepOutcome
from models.incidents import OPEN_STATES, Incident
from models.people import Vehicle
from models.places import GeofenceVersion, Loudspeaker
from models.promises import Notice, OutboxMessage
from models.replies import DoNotContact
from notify import outbox

MOVE_VEHICLE = "move_vehicle"
THANK_YOU = "thank_you"
ANNOUNCE = "announce"


@dataclass(frozen=True)
class Told:
    """outcome None: promised, and the answer is waited for."""

    outcome: StepOutcome | None
    effective_at: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def tell_owner(session: Session, incident: Incident, *, at: datetime, register_asked: bool = False) -> Told:
    """Promises the owner a message, where the plate is sure, the owner known, and not told of this stop already.

    A vehicle of which our own rows know nothing is asked for elsewhere first, outside of any transaction
    (cases/deadlines.py); register_asked: that has been done.
    """
    if not plate_is_sure(incident.plate, incident.plate_confidence, confirmed=incident.plate_confirmed_by is not None):
        return Told(StepOutcome.NO_PLATE, at)
    vehicle = session.scalar(
        select(Vehicle)
        .where(Vehicle.plate == incident.plate)
        .options(joinedload(Vehicle.owner))
        .with_for_update(of=Vehicle)
    )
    if vehicle is None or vehicle.owner is None:
        return Told(StepOutcome.NO_PHONE if register_asked else None, at if register_asked else None)
    if session.scalar(select(DoNotContact.id).where(DoNotContact.phone_index == vehicle.owner.phone_index)) is not None:
        return Told(StepOutcome.DO_NOT_CONTACT, at)
    earlier = _told_already(session, incident)
    if earlier is not None:
        return Told(StepOutcome.ALREADY_TOLD, earlier.delivered_at or at, {"notice": str(earlier.id)})
    notice_id = uuid.uuid4()
    message = outbox.promise(
        session,
        key=f"{MOVE_VEHICLE}:{incident.id}",
        kind=MOVE_VEHICLE,
        payload={"incident_id": str(incident.id), "notice_id": str(notice_id)},
        at=at,
    )
    session.add(
        Notice(
            id=notice_id,
            incident_id=incident.id,
            owner_id=vehicle.owner.id,
            outbox_message_id=message.id,
            wording=MOVE_VEHICLE,
            status=NoticeStatus.PROMISED,
            promised_at=at,
        )
    )
    session.flush()
    return Told(None, None, {"notice": str(notice_id)})


def _told_already(session: Session, incident: Incident) -> Notice | None:
    """The notice of another open matter of this vehicle at this place."""
    return session.scalar(
        select(Notice)
        .join(Incident, Incident.id == Notice.incident_id)
        .join(GeofenceVersion, GeofenceVersion.id == Incident.geofence_version_id)
        .where(
            Incident.id != incident.id,
            Incident.plate == incident.plate,
            Incident.state.in_(OPEN_STATES),
            GeofenceVersion.geofence_id == incident.geofence_version.geofence_id,
        )
        .order_by(Notice.promised_at.desc())
        .limit(1)
    )


def no_use_any_more(session: Session, incident_id: uuid.UUID, *, at: datetime) -> None:
    """The matter is over: what was promised to the owner and not handed over by now is better not sent."""
    session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.id.in_(select(Notice.outbox_message_id).where(Notice.incident_id == incident_id)),
            OutboxMessage.state.in_((OutboxState.PENDING, OutboxState.SENDING)),
        )
        .values(useful_until=at)
        .execution_options(synchronize_session=False)
    )


def answer_of_notice(session: Session, notice_id: uuid.UUID, at: datetime) -> tuple[StepOutcome, datetime] | None:
    """What became of the notice, and from when on it counts: the delivery receipt, not the sending."""
    notice = session.get_one(Notice, notice_id, options=[joinedload(Notice.outbox_message)], populate_existing=True)
    if notice.status is NoticeStatus.DELIVERED:
        assert notice.delivered_at is not None, "the schema says so"
        return StepOutcome.DELIVERED, notice.delivered_at
    if notice.status is NoticeStatus.UNDELIVERED or notice.outbox_message.state is OutboxState.DEAD:
        return StepOutcome.UNDELIVERED, at
    return None


def thank_owner(session: Session, incident: Incident, *, at: datetime) -> None:
    """The owner who was reached, and moved in time, is thanked."""
    owner_id = session.scalar(
        select(Notice.owner_id).where(Notice.incident_id == incident.id, Notice.status == NoticeStatus.DELIVERED)
    )
    if owner_id is not None:
        outbox.promise(
            session,
            key=f"{THANK_YOU}:{incident.id}",
            kind=THANK_YOU,
            payload={"incident_id": str(incident.id), "owner_id": str(owner_id)},
            at=at,
        )


def announce(session: Session, incident: Incident, seq: int, *, at: datetime) -> Told:
    """Promises an announcement on the loudspeaker by the camera, where there is one and it may speak now."""
    loudspeaker = session.scalar(
        select(Loudspeaker).where(Loudspeaker.camera_id == incident.camera_id).order_by(Loudspeaker.id).limit(1)
    )
    if loudspeaker is None:
        return Told(StepOutcome.NO_LOUDSPEAKER, at)
    if loudspeaker.quiet and covers(loudspeaker.quiet, at.astimezone(ZoneInfo(incident.camera.site.timezone))):
        return Told(StepOutcome.QUIET_HOURS, at)
    message = outbox.promise(
        session,
        key=f"{ANNOUNCE}:{incident.id}:{seq}",
        kind=ANNOUNCE,
        payload={"incident_id": str(incident.id), "loudspeaker_id": loudspeaker.id},
        at=at,
    )
    return Told(None, None, {"message": str(message.id), "loudspeaker": loudspeaker.id})


def answer_of_announcement(
    session: Session, message_id: uuid.UUID, at: datetime
) -> tuple[StepOutcome, datetime] | None:
    """What became of it: played where the device said so; where nothing was said for certain, as without a horn."""
    message = session.get_one(OutboxMessage, message_id, populate_existing=True)
    if message.state is OutboxState.SENT:
        assert message.answered_at is not None, "the schema says so"
        return StepOutcome.PLAYED, message.answered_at
    if message.state is not OutboxState.DEAD:
        return None
    handed_over = session.scalar(
        select(Announcement.ended_at)
        .where(Announcement.outbox_message_id == message_id, Announcement.state == AnnouncementState.UNCONFIRMED)
        .order_by(Announcement.asked_at.desc())
        .limit(1)
    )
    return (StepOutcome.NO_LOUDSPEAKER, at) if handed_over is None else (StepOutcome.UNCONFIRMED, handed_over)


def tell_officers(session: Session, incident: Incident, *, at: datetime) -> Told:
    """Asks the officers on duty to come; before the owner had time, with a slip for the window."""
    purpose = DispatchPurpose.WINDOW_SLIP if incident.grace_ends_at is None else DispatchPurpose.STILL_THERE
    sent = dispatch.send(session, incident.id, purpose, at=at)
    if sent is None:
        return Told(StepOutcome.NO_OFFICER, at)
    return Told(StepOutcome.TOLD, at, {"dispatch": str(sent.id), "purpose": purpose.value})
