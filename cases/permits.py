"""Permits of vehicles and temporary permissions of places, between the site file and their rows.

A row is never edited: what the file does not name any more is withdrawn, and what it names anew is a row of its own,
so that a decision can be read with what was permitted on the day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.site_file import PermissionEntry
from models.places import Site
from models.reasons import Permission


@dataclass(frozen=True)
class Applied:
    """What was written, in words such as `permission 浙J12345`."""

    added: tuple[str, ...]
    withdrawn: tuple[str, ...]
    unchanged: int


def apply_permissions(
    session: Session, site: Site, entries: Sequence[PermissionEntry], *, actor: str, at: datetime
) -> Applied:
    """Makes the permissions in force those of the entries."""
    there = list(permissions_in_force(session, site))
    added = []
    for entry in entries:
        values = _values(entry)
        same = next((row for row in there if _said(row) == values), None)
        if same is not None:
            there.remove(same)
            continue
        session.add(Permission(site_id=site.id, given_at=at, given_by=actor, **values))
        added.append(_named(entry.plate, entry.geofence))
    for row in there:
        row.withdrawn_at = at
    session.flush()
    return Applied(tuple(added), tuple(_named(row.plate, row.geofence_id) for row in there), len(entries) - len(added))


def permissions_in_force(session: Session, site: Site) -> Sequence[Permission]:
    return session.scalars(
        select(Permission)
        .where(Permission.site_id == site.id, Permission.withdrawn_at.is_(None))
        .order_by(Permission.from_on, Permission.plate, Permission.geofence_id, Permission.id)
    ).all()


def permission_entry(row: Permission) -> dict[str, Any]:
    """As it stands in a site file; what is empty is left out."""
    entry: dict[str, Any] = {
        "plate": row.plate,
        "geofence": row.geofence_id,
        "offences": row.offences,
        "valid_from": row.from_on.isoformat(),
        "valid_to": row.to_on.isoformat(),
        "hours": row.hours,
        "paper": row.paper,
    }
    return {name: value for name, value in entry.items() if value not in (None, [])}


def _values(entry: PermissionEntry) -> dict[str, Any]:
    return {
        "plate": entry.plate,
        "geofence_id": entry.geofence,
        "offences": list(entry.offences),
        "from_on": entry.valid_from,
        "to_on": entry.valid_to,
        "hours": [each.model_dump(mode="json", by_alias=True) for each in entry.hours],
        "paper": entry.paper,
    }


def _said(row: Permission) -> dict[str, Any]:
    names = ("plate", "geofence_id", "offences", "from_on", "to_on", "hours", "paper")
    return {name: getattr(row, name) for name in names}


def _named(plate: str | None, geofence_id: str | None) -> str:
    return f"permission {plate or geofence_id}"
