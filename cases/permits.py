"""Permits of vehicles and temporary permissions of places: entered and ended at the desk, or as a site file has them.

A row is never edited: what is to be otherwise is ended and entered anew, so that a decision can be read with what was
permitted on the day. Each act is an event with a name. A file ends what files brought and it names no more; what a
person entered at the desk a person ends.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from cases import holding_back
from cases.entitlements import Scope
from cases.errors import PermissionRefused, ReasonMissing
from cases.scope import areas_within, cameras_within, permissions_seen, permissions_within
from cases.site_file import PermissionEntry, PermissionUnsound
from evidence import log_contents
from models.dispatch import Area
from models.enums import PermissionAct
from models.people import User
from models.places import Camera, Geofence, Site
from models.reasons import Permission, PermissionEvent

MAX_REASON = 400
MOST_SHOWN = 200
FROM_A_FILE = "as the site file has it"
# fields of an entry whose problems have a sentence of their own
FIELDS = ("plate", "stall", "place", "offences", "days", "hours", "paper", "legal_basis")
NAMES = ("plate", "stall", "geofence_id", "area_id", "offences", "from_on", "to_on", "hours", "paper", "legal_basis")


@dataclass(frozen=True)
class Applied:
    """What was written, in words such as `permission 浙J12345`."""

    added: tuple[str, ...]
    withdrawn: tuple[str, ...]
    unchanged: int


def read_entry(terms: Mapping[str, Any]) -> PermissionEntry:
    """As a site file would have it. Raises PermissionRefused: one of FIELDS, for the first thing that is wrong."""
    try:
        return PermissionEntry.model_validate(terms)
    except ValidationError as error:
        first = error.errors()[0]
        cause = first.get("ctx", {}).get("error")
        field = cause.field if isinstance(cause, PermissionUnsound) else str(first["loc"][0])
        field = {"valid_from": "days", "valid_to": "days", "geofence": "place", "area": "place"}.get(field, field)
        raise PermissionRefused(field, first["msg"]) from error


def enter(session: Session, entry: PermissionEntry, scope: Scope, *, by: User, at: datetime) -> Permission:
    """It permits from now on, and speaks for what waits for a decision. scope: for which places `by` may enter one.

    Raises PermissionRefused: `place`, `elsewhere`, `legal_basis`, `already`.
    """
    if entry.legal_basis is None:
        raise PermissionRefused("legal_basis", "write on what legal basis it was given")
    site = _site_of(session, entry)
    values = _values(entry)
    if any(_said(row) == values for row in permissions_in_force(session, site)):
        raise PermissionRefused("already", "just this is permitted already; there is nothing to enter")
    row = _given(session, site, values, actor=by.name, reason=entry.paper, at=at, entered_by=by.id)
    if session.scalar(select(Permission.id).where(Permission.id == row.id, permissions_within(scope))) is None:
        raise PermissionRefused("elsewhere", "its place lies outside of what this account may enter permissions for")
    holding_back.permission_is_known(session, row, at=at)
    return row


def end_early(session: Session, permission_id: uuid.UUID, *, by: User, reason: str, at: datetime) -> Permission:
    """From now on it permits nothing; what was judged by it stays as it is.

    Raises PermissionRefused: `unknown`, `ended`; ReasonMissing.
    """
    row = session.get(Permission, permission_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise PermissionRefused("unknown", f"there is no permission {permission_id}")
    if row.withdrawn_at is not None:
        raise PermissionRefused("ended", "it was ended already; reload the page")
    if not reason.strip():
        raise ReasonMissing
    _ended(session, row, actor=by.name, reason=reason.strip()[:MAX_REASON], at=at)
    return row


def _site_of(session: Session, entry: PermissionEntry) -> Site:
    """Raises PermissionRefused: `place`."""
    wanted = select(Site)
    if entry.geofence is not None:
        wanted = wanted.join(Camera).join(Geofence).where(Geofence.id == entry.geofence)
    sites = session.scalars(wanted.order_by(Site.id).limit(2)).all()
    if len(sites) != 1 or (entry.area is not None and session.get(Area, entry.area) is None):
        raise PermissionRefused("place", "there is no such place, or it could be of several sites; choose a geofence")
    return sites[0]


def apply_permissions(
    session: Session, site: Site, entries: Sequence[PermissionEntry], *, actor: str, at: datetime
) -> Applied:
    """Makes the permissions that came with site files those of the entries."""
    there = list(permissions_in_force(session, site))
    added = []
    for entry in entries:
        values = _values(entry)
        same = next((row for row in there if _said(row) == values), None)
        if same is not None:
            there.remove(same)
            continue
        _given(session, site, values, actor=actor, reason=FROM_A_FILE, at=at)
        added.append(_named(entry.plate, entry.geofence or entry.area))
    gone = [row for row in there if row.entered_by_id is None]
    for row in gone:
        _ended(session, row, actor=actor, reason=FROM_A_FILE, at=at)
    withdrawn = tuple(_named(row.plate, row.geofence_id or row.area_id) for row in gone)
    return Applied(tuple(added), withdrawn, len(entries) - len(added))


def permissions_in_force(session: Session, site: Site) -> Sequence[Permission]:
    return session.scalars(
        select(Permission)
        .where(Permission.site_id == site.id, Permission.withdrawn_at.is_(None))
        .order_by(Permission.from_on, Permission.plate, Permission.geofence_id, Permission.id)
    ).all()


def permissions_shown(
    session: Session, scope: Scope, *, text: str = "", over: bool = False, on: date
) -> Sequence[Permission]:
    """What permits something within the scope, with its place; the newest first, MOST_SHOWN at most.

    over: those too that permit nothing from that day on. text: part of a plate, stall, place, paper or legal basis.
    """
    wanted = (
        select(Permission)
        .outerjoin(Geofence, Geofence.id == Permission.geofence_id)
        .outerjoin(Area, Area.id == Permission.area_id)
        .where(permissions_seen(scope))
        .options(joinedload(Permission.geofence), joinedload(Permission.area))
        .order_by(Permission.given_at.desc(), Permission.id)
        .limit(MOST_SHOWN)
    )
    if not over:
        wanted = wanted.where(Permission.withdrawn_at.is_(None), Permission.to_on >= on)
    if text.strip():
        columns = (Permission.plate, Permission.stall, Permission.paper, Permission.legal_basis)
        sought = (*columns, Geofence.name, Area.name, Permission.geofence_id)
        wanted = wanted.where(or_(*(column.icontains(text.strip(), autoescape=True) for column in sought)))
    return session.scalars(wanted).all()


def those_of(session: Session, scope: Scope, rows: Sequence[Permission]) -> frozenset[uuid.UUID]:
    """Which of them lie within a scope."""
    ids = [row.id for row in rows]
    within = select(Permission.id).where(Permission.id.in_(ids), permissions_within(scope))
    return frozenset(session.scalars(within))


def places_for(session: Session, scope: Scope) -> tuple[Sequence[Area], Sequence[Geofence]]:
    """Areas and geofences that a permission can be entered for."""
    areas = session.scalars(select(Area).where(areas_within(scope)).order_by(Area.name, Area.id)).all()
    fences = session.scalars(
        select(Geofence)
        .join(Camera, Camera.id == Geofence.camera_id)
        .where(cameras_within(scope))
        .options(joinedload(Geofence.camera))
        .order_by(Geofence.name, Geofence.id)
    ).all()
    return areas, fences


def permission_entry(row: Permission) -> dict[str, Any]:
    """As it stands in a site file; what is empty is left out."""
    entry: dict[str, Any] = {
        "plate": row.plate,
        "stall": row.stall,
        "geofence": row.geofence_id,
        "area": row.area_id,
        "offences": row.offences,
        "valid_from": row.from_on.isoformat(),
        "valid_to": row.to_on.isoformat(),
        "hours": row.hours,
        "paper": row.paper,
        "legal_basis": row.legal_basis,
    }
    return {name: value for name, value in entry.items() if value not in (None, [])}


def _given(
    session: Session,
    site: Site,
    values: Mapping[str, Any],
    *,
    actor: str,
    reason: str,
    at: datetime,
    entered_by: uuid.UUID | None = None,
) -> Permission:
    row = Permission(id=uuid.uuid4(), site_id=site.id, given_at=at, given_by=actor, entered_by_id=entered_by, **values)
    session.add(row)
    session.flush()
    _note(session, row, PermissionAct.GIVEN, actor=actor, reason=reason, at=at)
    return row


def _ended(session: Session, row: Permission, *, actor: str, reason: str, at: datetime) -> None:
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason = at, actor, reason
    session.flush()
    _note(session, row, PermissionAct.ENDED, actor=actor, reason=reason, at=at)


def _note(session: Session, row: Permission, act: PermissionAct, *, actor: str, reason: str, at: datetime) -> None:
    taken = session.scalar(select(func.max(PermissionEvent.seq)).where(PermissionEvent.permission_id == row.id)) or 0
    event = PermissionEvent(
        permission_id=row.id, seq=taken + 1, act=act, actor=actor, at=at, reason=reason, facts=permission_entry(row)
    )
    session.add(event)
    session.flush()
    log_contents.enter(session, event)


def _values(entry: PermissionEntry) -> dict[str, Any]:
    return {
        "plate": entry.plate,
        "stall": entry.stall,
        "geofence_id": entry.geofence,
        "area_id": entry.area,
        "offences": list(entry.offences),
        "from_on": entry.valid_from,
        "to_on": entry.valid_to,
        "hours": [each.model_dump(mode="json", by_alias=True) for each in entry.hours],
        "paper": entry.paper,
        "legal_basis": entry.legal_basis,
    }


def _said(row: Permission) -> dict[str, Any]:
    return {name: getattr(row, name) for name in NAMES}


def _named(plate: str | None, place: str | None) -> str:
    return f"permission {plate or place}"
