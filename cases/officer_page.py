"""The page of a dispatched officer: where, what, since when, in pictures; and who of the colleagues has it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cases import dispatch
from evidence.derivatives import requests
from models.derivatives import Derivative
from models.dispatch import Dispatch, PageLink
from models.enums import DerivativeForm
from models.incidents import Incident
from models.people import Officer
from models.places import Camera, GeofenceVersion


@dataclass(frozen=True)
class OfficerPage:
    """mine: whether this officer has taken it on. taken_by: the name of who has. colleagues: who it can be given to."""

    incident: Incident
    dispatch: Dispatch
    name: str
    mine: bool
    taken_by: str | None
    colleagues: Sequence[Officer]
    pictures: Sequence[Derivative]

    @property
    def camera(self) -> Camera:
        return self.incident.camera


def both_of(link: PageLink) -> tuple[uuid.UUID, uuid.UUID]:
    """The dispatch and the officer."""
    assert link.dispatch_id is not None, "a link of an officer leads to a dispatch"
    assert link.officer_id is not None, "the schema says so"
    return link.dispatch_id, link.officer_id


def name_of(session: Session, link: PageLink) -> str:
    return session.get_one(Officer, both_of(link)[1]).name


def shown(session: Session, link: PageLink, *, at: datetime) -> OfficerPage:
    """What the page says now; the masked pictures are asked for where nobody did yet."""
    dispatch_id, officer_id = both_of(link)
    sent = session.get_one(Dispatch, dispatch_id)
    incident = session.execute(
        select(Incident)
        .where(Incident.id == sent.incident_id)
        .options(
            joinedload(Incident.camera, innerjoin=True).joinedload(Camera.site, innerjoin=True),
            joinedload(Incident.geofence_version, innerjoin=True).joinedload(GeofenceVersion.geofence, innerjoin=True),
        )
    ).scalar_one()
    requests.ask_for_outside(session, incident.id, by="streetwitness", reason="the page of the dispatch", at=at)
    _, on_duty = dispatch.on_duty(session, incident.camera, at)
    return OfficerPage(
        incident=incident,
        dispatch=sent,
        name=name_of(session, link),
        mine=sent.officer_id == officer_id,
        taken_by=session.get_one(Officer, sent.officer_id).name if sent.officer_id else None,
        colleagues=[officer for officer in on_duty if officer.id != officer_id],
        pictures=_pictures(session, incident.id),
    )


def _pictures(session: Session, incident_id: uuid.UUID) -> list[Derivative]:
    return [each for each in requests.for_outside(session, incident_id) if each.form is DerivativeForm.STILL]


def picture(session: Session, link: PageLink, derivative_id: uuid.UUID) -> Derivative | None:
    """One of the page's pictures; None for any other."""
    return next((each for each in _pictures(session, link.incident_id) if each.id == derivative_id), None)
