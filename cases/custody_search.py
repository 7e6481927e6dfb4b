"""Searching the register of custody over all incidents: who did what, to which object, when. Reading only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases.entitlements import Scope
from cases.scope import of_incidents_within
from models.enums import CustodyAct
from models.exhibits import CustodyEvent
from models.incidents import Incident
from models.places import Camera, Site


@dataclass(frozen=True)
class Asked:
    """What to look for; what is left out narrows nothing. person: part of a name. digest: how it begins."""

    person: str = ""
    act: CustodyAct | None = None
    digest: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None  # the first moment that is not asked for


@dataclass(frozen=True)
class Entry:
    """timezone: of the site, for showing the time."""

    event: CustodyEvent
    camera: str
    timezone: str


@dataclass(frozen=True)
class FoundEntries:
    entries: Sequence[Entry]
    total: int
    page: int
    pages: int


def search(session: Session, asked: Asked, scope: Scope, *, page: int = 1, page_size: int = 50) -> FoundEntries:
    """Of incidents within the scope, the newest first; a page past the end is the last one."""
    conditions = [of_incidents_within(scope, CustodyEvent.incident_id)]
    if asked.person:
        conditions.append(func.lower(CustodyEvent.actor).contains(asked.person.lower(), autoescape=True))
    if asked.act is not None:
        conditions.append(CustodyEvent.act == asked.act)
    if asked.digest:
        conditions.append(CustodyEvent.sha256.startswith(asked.digest.lower().removeprefix("sha256:"), autoescape=True))
    if asked.from_at is not None:
        conditions.append(CustodyEvent.at >= asked.from_at)
    if asked.to_at is not None:
        conditions.append(CustodyEvent.at < asked.to_at)
    total = session.scalar(select(func.count()).select_from(CustodyEvent).where(*conditions)) or 0
    pages = max(-(-total // page_size), 1)
    page = min(max(page, 1), pages)
    rows = session.execute(
        select(CustodyEvent, Camera.name, Site.timezone)
        .join(Incident, Incident.id == CustodyEvent.incident_id)
        .join(Camera, Camera.id == Incident.camera_id)
        .join(Site, Site.id == Camera.site_id)
        .where(*conditions)
        .order_by(CustodyEvent.at.desc(), CustodyEvent.incident_id, CustodyEvent.seq.desc())
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    return FoundEntries([Entry(event, camera, timezone) for event, camera, timezone in rows], total, page, pages)


def timezones(session: Session) -> list[str]:
    """Of the sites there are: in which one a day begins."""
    return sorted(set(session.scalars(select(Site.timezone))))
