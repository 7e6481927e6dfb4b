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
from models.appeals import Appeal, CourtRequest, Demand
from models.case_files import CaseFile, DefencePoint, FileApproval, FileHearing, PaperService
from models.derivatives import Derivative
from models.dispatch import Area
from models.enums import Offence
from models.exhibits import Exhibit
from models.fence_proposals import FenceProposal
from models.fence_trials import FenceTrial
from models.incidents import Incident, Recording
from models.papers import FilePaper, NumberedSheet
from models.parties import (
    FileParty,
    GoodsItem,
    GoodsMeasure,
    GoodsRequest,
    GoodsStore,
    Party,
    PartyNote,
    Witness,
)
from models.payments import Payment, PaymentOrder, PaymentPlan, Refund
from models.places import Camera, Geofence, Loudspeaker
from models.promises import OutboxMessage
from models.reasons import Permission
from models.recorders import FootageRequest
from models.records import FileRecord
from models.retention import LegalHold
from models.serving import ServiceConsent
from models.statements import OwnerStatement
from models.uploads import Upload
from models.volumes import FileVolume

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


def files_within(scope: Scope) -> Condition:
    """For a query that holds CaseFile. A matter that lies in no area, or is of no offence that roles are granted for,
    is only within reach of who may everywhere, or for any.
    """
    if scope.is_everything:
        return true()
    own = or_(
        false(),
        *(
            and_(
                true() if offence is None else CaseFile.offence == offence,
                true() if areas is None else CaseFile.area_id.in_(_below(areas)),
            )
            for offence, areas in _by_offence(scope).items()
        ),
    )
    return own if scope.also is None else and_(own, files_within(scope.also))


def of_files_within(scope: Scope, file_id: SQLColumnExpression[Any]) -> Condition:
    """For a query that holds no CaseFile, over its column that names one."""
    return true() if scope.is_everything else file_id.in_(select(CaseFile.id).where(files_within(scope)))


def messages_within(scope: Scope) -> Condition:
    """For a query that holds OutboxMessage, which names its incident in its payload."""
    if scope.is_everything:
        return true()
    named = func.replace(OutboxMessage.payload["incident_id"].as_string(), "-", "")
    within = select(func.replace(cast(Incident.id, String(36)), "-", "")).where(incidents_within(scope))
    return named.in_(within)


def parties_within(scope: Scope) -> Condition:
    """For a query that holds Party: who takes part in a case file within, and what they were joined into."""
    if scope.is_everything:
        return true()
    taking_part = select(FileParty.party_id).where(of_files_within(scope, FileParty.file_id))
    found = select(Party.id, Party.merged_into_id).where(Party.id.in_(taking_part)).cte(recursive=True)
    found = found.union(select(Party.id, Party.merged_into_id).where(Party.id == found.c.merged_into_id))
    return Party.id.in_(select(found.c.id))


def stores_within(scope: Scope) -> Condition:
    """For a query that holds GoodsStore; one of no area is the whole bureau's."""
    areas = {limit.area_id for limit in scope.limits}
    own = true() if None in areas else GoodsStore.area_id.in_(_below({area for area in areas if area is not None}))
    return own if scope.also is None else and_(own, stores_within(scope.also))


def areas_within(scope: Scope) -> Condition:
    """For a query that holds Area."""
    areas = {limit.area_id for limit in scope.limits}
    own = true() if None in areas else Area.id.in_(_below({area for area in areas if area is not None}))
    return own if scope.also is None else and_(own, areas_within(scope.also))


def permissions_within(scope: Scope) -> Condition:
    """For a query that holds Permission; one that names no place is the whole site's."""
    areas = {limit.area_id for limit in scope.limits}
    own = true() if None in areas else _permitted_in({area for area in areas if area is not None})
    return own if scope.also is None else and_(own, permissions_within(scope.also))


def permissions_seen(scope: Scope) -> Condition:
    """The same, with those from above and of the whole site, which hold there too."""
    areas = {limit.area_id for limit in scope.limits}
    if None in areas:
        own: Condition = true()
    else:
        named = {area for area in areas if area is not None}
        everywhere = and_(Permission.geofence_id.is_(None), Permission.area_id.is_(None))
        own = or_(_permitted_in(named), Permission.area_id.in_(_above(named)), everywhere)
    return own if scope.also is None else and_(own, permissions_seen(scope.also))


def _permitted_in(areas: set[str]) -> Condition:
    fences = select(Geofence.id).where(Geofence.camera_id.in_(_cameras_in(areas)))
    return or_(Permission.geofence_id.in_(fences), Permission.area_id.in_(_below(areas)))


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


def _above(areas: set[str]) -> Select[Any]:
    """These areas and what they lie in."""
    found = select(Area.id, Area.parent_id).where(Area.id.in_(areas)).cte(recursive=True)
    found = found.union(select(Area.id, Area.parent_id).where(Area.id == found.c.parent_id))
    return select(found.c.id)


def _incident(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
    return select(Incident.id).where(Incident.id == wanted, incidents_within(scope))


def _of_an_incident(table: Any) -> Callable[[Scope, uuid.UUID], Select[Any]]:
    def asked(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
        return select(table.id).where(table.id == wanted, of_incidents_within(scope, table.incident_id))

    return asked


def _file(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
    return select(CaseFile.id).where(CaseFile.id == wanted, files_within(scope))


def _of_a_file(table: Any) -> Callable[[Scope, uuid.UUID], Select[Any]]:
    def asked(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
        return select(table.id).where(table.id == wanted, of_files_within(scope, table.file_id))

    return asked


def _party(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
    return select(Party.id).where(Party.id == wanted, parties_within(scope))


def _party_note(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
    return (
        select(PartyNote.id)
        .join(Party, Party.id == PartyNote.party_id)
        .where(PartyNote.id == wanted, parties_within(scope))
    )


def _permission(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
    return select(Permission.id).where(Permission.id == wanted, permissions_within(scope))


def _store(scope: Scope, wanted: uuid.UUID) -> Select[Any]:
    return select(GoodsStore.id).where(GoodsStore.id == wanted, stores_within(scope))


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
    "file_id": (uuid.UUID, _file),
    "volume_id": (uuid.UUID, _of_a_file(FileVolume)),
    "approval_id": (uuid.UUID, _of_a_file(FileApproval)),
    "hearing_id": (uuid.UUID, _of_a_file(FileHearing)),
    "service_id": (uuid.UUID, _of_a_file(PaperService)),
    "point_id": (uuid.UUID, _of_a_file(DefencePoint)),
    "paper_id": (uuid.UUID, _of_a_file(FilePaper)),
    "sheet_id": (uuid.UUID, _of_a_file(NumberedSheet)),
    "party_id": (uuid.UUID, _party),
    "party_note_id": (uuid.UUID, _party_note),
    "file_party_id": (uuid.UUID, _of_a_file(FileParty)),
    "consent_id": (uuid.UUID, _of_a_file(ServiceConsent)),
    "order_id": (uuid.UUID, _of_a_file(PaymentOrder)),
    "payment_id": (uuid.UUID, _of_a_file(Payment)),
    "refund_id": (uuid.UUID, _of_a_file(Refund)),
    "plan_id": (uuid.UUID, _of_a_file(PaymentPlan)),
    "appeal_id": (uuid.UUID, _of_a_file(Appeal)),
    "demand_id": (uuid.UUID, _of_a_file(Demand)),
    "court_request_id": (uuid.UUID, _of_a_file(CourtRequest)),
    "witness_id": (uuid.UUID, _of_a_file(Witness)),
    "record_id": (uuid.UUID, _of_a_file(FileRecord)),
    "measure_id": (uuid.UUID, _of_a_file(GoodsMeasure)),
    "item_id": (uuid.UUID, _of_a_file(GoodsItem)),
    "goods_request_id": (uuid.UUID, _of_a_file(GoodsRequest)),
    "store_id": (uuid.UUID, _store),
    "permission_id": (uuid.UUID, _permission),
}


def is_within(session: Session, scope: Scope, thing: str, wanted: str) -> bool:
    """Whether there is such a thing, named as in a path, within the scope. What is not there is within nothing."""
    kind, asked = THINGS[thing]
    try:
        named = kind(wanted)
    except ValueError:
        return False
    return session.scalar(asked(scope, named)) is not None
