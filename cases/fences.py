"""Geofences as versions: what is in force, what it was before, and the one way in which a new version is written.

A version is never changed. The site file writes them through here, and so does a proposal that a second person has
approved (cases/fence_proposals.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from cases.errors import FenceUnsound, SiteConflict
from cases.site_file import GeofenceEntry, LineRefused, OutlineRefused, sentence_of
from models.places import Geofence, GeofenceVersion

MAX_REASON = 500
# parts of an offence's rule whose problems are told apart; the rest are its numbers
PARTS = ("roles", "line", "shop_side", "bays", "market_bays")


@dataclass(frozen=True)
class FenceProblem:
    """One thing that is wrong with a fence as it was drawn. field: which part of it; said: in a sentence, English.

    why: of an outline, what is wrong with it in a word; near: where, in fractions of the picture. number: of several
    such outlines, which.
    """

    field: str
    said: str
    why: str | None = None
    near: tuple[float, float] | None = None
    number: int | None = None


@dataclass(frozen=True)
class Written:
    """version: the one in force now. is_new: whether this call wrote it."""

    version: GeofenceVersion
    is_new: bool


def read_entry(terms: Mapping[str, Any]) -> GeofenceEntry:
    """The fence that `terms` describe, checked as in a site file. Raises FenceUnsound with all that is wrong."""
    try:
        return GeofenceEntry.model_validate(_as_read(terms))
    except ValidationError as error:
        raise FenceUnsound([_problem(each) for each in error.errors()]) from error


def _as_read(value: Any) -> Any:
    """As the reader of site files hands values on: what is a list in JSON is a tuple there."""
    if isinstance(value, Mapping):
        return {key: _as_read(each) for key, each in value.items()}
    return tuple(map(_as_read, value)) if isinstance(value, list | tuple) else value


def _problem(error: Any) -> FenceProblem:
    where = [each for each in error["loc"] if isinstance(each, str)]
    field = "ladder" if "ladder" in where else where[0] if where else "fence"
    if field == "offences" and len(where) > 2:
        field = where[2] if where[2] in PARTS else "number"
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, LineRefused):
        return FenceProblem("line", str(cause), cause.why)
    number = next((each + 1 for each in error["loc"] if isinstance(each, int)), None)
    if isinstance(cause, OutlineRefused):
        return FenceProblem(field, str(cause), cause.why, cause.near, number)
    return FenceProblem(field, sentence_of(error), number=number)


def terms_of_entry(entry: GeofenceEntry) -> dict[str, Any]:
    """As JSON: what `read_entry` makes the same entry of."""
    return entry.model_dump(mode="json", by_alias=True, exclude_none=True)


def terms_of(version: GeofenceVersion) -> dict[str, Any]:
    """The version as a site file has it, every key; `version.geofence` is loaded."""
    return {
        "id": version.geofence_id,
        "camera": version.geofence.camera_id,
        "name": version.geofence.name,
        "preset": version.preset,
        "polygon": version.polygon,
        "offences": version.offences,
        "timetable": version.timetable,
        "exemptions": version.exemptions,
        "warning_only": version.warning_only,
    }


def version_values(entry: GeofenceEntry) -> dict[str, Any]:
    """The columns of a version that say the same as the entry."""
    return {
        "preset": entry.preset,
        "polygon": [list(corner) for corner in entry.polygon],
        "offences": entry.offences.as_parameters(),
        "timetable": [hours.model_dump(mode="json", by_alias=True) for hours in entry.timetable],
        "exemptions": list(entry.exemptions),
        "warning_only": entry.warning_only,
    }


def put_in_force(
    session: Session, entry: GeofenceEntry, *, actor: str, reason: str, at: datetime, first_from: datetime
) -> Written:
    """The fence is as `entry` says from now on; `first_from`: since when one holds that never was.

    Its row is there. Nothing is written where the version in force says the same. Raises SiteConflict.
    """
    before = newest_version(session, entry.id)
    if before is not None and before.valid_to is None:
        if _same(before, entry):
            return Written(before, is_new=False)
        end(before, at)
        session.flush()  # the index allows one version in force: the old one ends before the new one is written
    version = GeofenceVersion(
        geofence_id=entry.id,
        version=before.version + 1 if before else 1,
        valid_from=at if before else first_from,
        changed_by=actor,
        reason=reason[:MAX_REASON],
        **version_values(entry),
    )
    session.add(version)
    session.flush()
    return Written(version, is_new=True)


def says_the_same(version: GeofenceVersion, entry: GeofenceEntry) -> bool:
    """Its name too; `version.geofence` is loaded."""
    return _same(version, entry) and version.geofence.name == (entry.name or entry.id)


def _same(version: GeofenceVersion, entry: GeofenceEntry) -> bool:
    return all(getattr(version, column) == value for column, value in version_values(entry).items())


def end(version: GeofenceVersion, at: datetime) -> None:
    """It forbids nothing from now on. Raises SiteConflict."""
    if version.valid_from >= at:
        raise SiteConflict(
            f"geofence {version.geofence_id} changed at {version.valid_from.isoformat()}, which is not before now "
            f"({at.isoformat()}); set the clock of this machine and try again"
        )
    version.valid_to = at


def newest_version(session: Session, geofence_id: str) -> GeofenceVersion | None:
    """Whether in force or not; with its geofence."""
    return session.scalar(
        select(GeofenceVersion)
        .where(GeofenceVersion.geofence_id == geofence_id)
        .options(selectinload(GeofenceVersion.geofence))
        .order_by(GeofenceVersion.version.desc())
        .limit(1)
    )


def versions_of(session: Session, geofence_id: str) -> Sequence[GeofenceVersion]:
    """Newest first, with their geofence."""
    return session.scalars(
        select(GeofenceVersion)
        .where(GeofenceVersion.geofence_id == geofence_id)
        .options(selectinload(GeofenceVersion.geofence))
        .order_by(GeofenceVersion.version.desc())
    ).all()


def in_force_on(session: Session, camera_id: str) -> Sequence[GeofenceVersion]:
    """The fences of a camera as they are now, with their geofence."""
    return session.scalars(
        select(GeofenceVersion)
        .join(Geofence)
        .where(Geofence.camera_id == camera_id, GeofenceVersion.valid_to.is_(None))
        .options(selectinload(GeofenceVersion.geofence))
        .order_by(Geofence.name, Geofence.id)
    ).all()
