"""Scope: for which places and offences somebody may do a thing, as conditions of a query.

An incident lies where its camera looks. A camera that lies in no area is only within reach of who may everywhere.
Whatever a path of the desk can name stands in THINGS, so that what lies outside is not there for who asks.
"""

import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, String, and_, cast, false, func, or_, select, true
from sqlalchemy.orm import Session

from cases.entitlements import Scope
from models.announcements import Announcement
from models.derivatives import Derivative
from models.dispatch import Area
from models.enums import Offence
from models.exhibits import Exhibit
from models.fence_proposals import FenceProposal
from models.fence_trials import FenceTrial
from models.incidents import Incident, Recording
from models.places import Camera, Geofence, Loudspeaker
from models.promises import OutboxMessage
from models.recorders import FootageRequest
from models.retention import LegalHold
from models.statements import OwnerStatement
from models.uploads import Upload

Condition = ColumnElement[bool]


def incidents_within(scope: Scope) -> Condition:
    """For a query that holds Incident."""
    if scope.is_everything:
        return true()
    own = or_(
        false(),
        *(
            and_(
                true() if offence is None else Incident.offence == offence,
                true() if areas is None else Incident.camera_id.in_(_cameras_in(areas)),
            )
            for offence, areas in _by_offence(scope).items()
        ),
    )
    return own if scope.also is None else and_(own, incidents_within(scope.also))


def cameras_within(scope: Scope) -> Condition:
    """For a query that holds Camera; a camera is there for every offence."""
    areas = {limit.area_id for limit in scope.limits}
    own = true() if None in areas else Camera.area_id.in_(_below({area for area in areas if area is not None}))
    return own if scope.also is None else and_(own, cameras_within(scope.also))


def of_cameras_within(scope: Scope, camera_id: SQLColumnExpression[Any]) -> Condition:
    """For a query that holds no Camera, over its column that names one."""
    areas = {limit.area_id for limit in scope.limits}
    own = true() if None in areas else camera_id.in_(_cameras_in({area for area in areas if area is not None}))
    return own if scope.also is None else and_(own, of_cameras_within(scope.also, camera_id))


def of_incidents_within(scope: Scope, incident_id: SQLColumnExpression[Any]) -> Condition:
    """For a query that holds no Incident, over its column that names one; a row that names none is everybody's or
    nobody's: only who may everything gets it.
    """
    return true() if scope.is_everything else incident_id.in_(select(Incident.id).where(incidents_within(scope)))


def messages_within(scope: Scope) -> Condition:
    """For a query that holds OutboxMessage, which names its incident in its payload."""
    if scope.is_everything:
        return true()
    named = func.replace(OutboxMessage.payload["incident_id"].as_string(), "-", "")
    within = select(func.replace(cast(Incident.id, String(36)), "-", "")).where(incidents_within(scope))
    return named.in_(within)


def _by_offence(scope: Scope) -> dict[Offence | None, set[str] | None]:
    """Of each offence that a limit names (None: any) the areas; None: everywhere."""
    found: dict[Offence | None, set[str] | None] = {}
    for limit in scope.limits:
        areas = found.setdefault(limit.offence, set())
        if limit.area_id is None or areas is None:
            found[limit.offence] = None
        else:
            areas.add(limit.area_id)
    return found


def _cameras_in(areas: set[str]) -> Select[Any]:
    return select(Camera.id).where(Camera.area_id.in_(_below(areas)))


def _below(areas: set[str]) -> Select[Any]:
    """These areas and what lies in them."""
    found = select(Area.id).where(Area.id.in_(areas)).cte(recursive=True)
    found = found.union(select(Area.id).where(Area.parent_id == found.c.id))
    return select(found.c.id)


def _incident(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
    return select(Incident.id).where(Incident.id == wanted, incidents_within(scope))


def _of_an_incident(table: Any) -> Callable[[Scope, uuid.UUID], Select[Any]]:
    def asked(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
        return select(table.id).where(table.id == wanted, of_incidents_within(scope, table.incident_id))

    return asked


def _of_a_camera(table: Any) -> Callable[[Scope, Any], Select[Any]]:
    def asked(scope: Scope, wanted: Any) -> Select[Any]:
        return select(table.id).where(table.id == wanted, of_cameras_within(scope, table.camera_id))

    return asked


def _camera(scope: Scope, wanted: str) -> Select[Any]:
    return select(Camera.id).where(Camera.id == wanted, cameras_within(scope))


def _announcement(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
    camera = select(Loudspeaker.camera_id).where(Loudspeaker.id == Announcement.loudspeaker_id).scalar_subquery()
    return select(Announcement.id).where(Announcement.id == wanted, of_cameras_within(scope, camera))


def _message(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
    return select(OutboxMessage.id).where(OutboxMessage.id == wanted, messages_within(scope))


def _upload(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
    return select(Upload.id).where(Upload.id == wanted, of_cameras_within(scope, Upload.recorder_id))


def _footage_request(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
    within = of_cameras_within(scope, FootageRequest.recorder_id)
    return select(FootageRequest.id).where(FootageRequest.id == wanted, within)


# the name a path gives a thing by -> of which type that is, and the query that finds it where it lies within
THINGS: dict[str, tuple[type[uuid.UUID | str], Callable[[Scope, Any], Select[Any]]]] = {
    "incident_id": (uuid.UUID, _incident),
    "exhibit_id": (uuid.UUID, _of_an_incident(Exhibit)),
    "derivative_id": (uuid.UUID, _of_an_incident(Derivative)),
    "statement_id": (uuid.UUID, _of_an_incident(OwnerStatement)),
    "hold_id": (uuid.UUID, _of_an_incident(LegalHold)),
    "message_id": (uuid.UUID, _message),
    "camera_id": (str, _camera),
    "geofence_id": (str, _of_a_camera(Geofence)),
    "loudspeaker_id": (str, _of_a_camera(Loudspeaker)),
    "announcement_id": (uuid.UUID, _announcement),
    "recording_id": (uuid.UUID, _of_a_camera(Recording)),
    "upload_id": (uuid.UUID, _upload),
    "request_id": (uuid.UUID, _footage_request),
    "proposal_id": (uuid.UUID, _of_a_camera(FenceProposal)),
    "trial_id": (uuid.UUID, _of_a_camera(FenceTrial)),
}


def is_within(session: Session, scope: Scope, thing: str, wanted: str) -> bool:
    """Whether there is such a thing, named as in a path, within the scope. What is not there is within nothing."""
    kind, asked = THINGS[thing]
    try:
        named = kind(wanted)
    except ValueError:
        return False
    return session.scalar(asked(scope, named)) is not None
