"""The owner's page: what it shows of one notice, and what an owner can do there.

It speaks of this notice alone: no other matter, no name and no number, a plate only masked, a picture only one in which
everybody else was made unrecognisable.
"""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path, PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from cases import escalation
from cases.errors import StatementRefused
from evidence.derivatives import requests
from evidence.sealing import keep_object
from evidence.vault import PendingObject, Vault
from models.derivatives import Derivative
from models.dispatch import PageLink
from models.enums import Asker, DerivativeForm, ExhibitKind, ExhibitMoment, IncidentState, StatementKind, StepOutcome
from models.escalation import LookRequest
from models.exhibits import Exhibit
from models.incidents import Incident
from models.personal_data import PersonalDataKey
from models.places import Camera, GeofenceVersion
from models.promises import Notice
from models.statements import OwnerStatement, StatementAttachment
from notify.messages import masked_plate

LONGEST_TEXT = 4000
MOST_STATEMENTS = 5  # of one notice
MOST_ATTACHMENTS = 3
LARGEST_ATTACHMENT = 5_000_000
# by their first bytes: what a file calls itself says nothing
KNOWN_FILES = {
    b"\xff\xd8\xff": ("image/jpeg", ".jpg"),
    b"\x89PNG\r\n\x1a\n": ("image/png", ".png"),
    b"%PDF-": ("application/pdf", ".pdf"),
}
REFUSALS = ("no_text", "text_too_long", "too_many_statements", "too_many_files", "file_too_large", "unknown_file")
RECEIPT_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is read as another
RECEIPT_LENGTH = 10


class Stands(StrEnum):
    """How the matter stands, in the words of the page."""

    CLOCK_RUNS = "clock_runs"
    LOOKED_FOR = "looked_for"  # the time is over, and the camera looks
    MOVED = "moved"
    PASSED_ON = "passed_on"
    ENDED = "ended"


@dataclass(frozen=True)
class OwnerPage:
    """ends_at: until when moving ends the matter; None: not running. answered: what the camera said when the owner
    last had it look; None while it has not answered, or was not asked.
    """

    plate: str
    place: str
    timezone: str
    since: datetime
    stands: Stands
    ends_at: datetime | None
    left_at: datetime | None
    asked_at: datetime | None
    answered: StepOutcome | None
    picture: Derivative | None
    statements: Sequence[OwnerStatement]


@dataclass(frozen=True)
class Attachment:
    name: str
    content: bytes


def shown(session: Session, link: PageLink, *, at: datetime) -> OwnerPage:
    """What the page of this notice says now."""
    incident = _incident(session, link.incident_id)
    request = session.scalar(
        select(LookRequest)
        .where(LookRequest.incident_id == incident.id, LookRequest.asked_by == Asker.OWNER)
        .order_by(LookRequest.asked_at.desc())
        .limit(1)
    )
    return OwnerPage(
        plate=masked_plate(incident.plate) if incident.plate else "",
        place=incident.geofence_version.geofence.name,
        timezone=incident.camera.site.timezone,
        since=incident.stopped_at or incident.first_seen_at,
        stands=_stands(incident, at),
        ends_at=incident.grace_ends_at if incident.state is IncidentState.NOTIFIED else None,
        left_at=incident.left_at,
        asked_at=request.asked_at if request else None,
        answered=request.answer if request else None,
        picture=picture(session, incident.id),
        statements=session.scalars(
            select(OwnerStatement)
            .where(OwnerStatement.notice_id == link.notice_id)
            .options(selectinload(OwnerStatement.attachments))
            .order_by(OwnerStatement.made_at)
        ).all(),
    )


def _stands(incident: Incident, at: datetime) -> Stands:
    match incident.state:
        case IncidentState.OBSERVED:
            return Stands.CLOCK_RUNS
        case IncidentState.NOTIFIED:
            ended = incident.grace_ends_at is not None and incident.grace_ends_at <= at
            return Stands.LOOKED_FOR if ended else Stands.CLOCK_RUNS
        case IncidentState.RESOLVED:
            return Stands.MOVED
        case IncidentState.DISMISSED | IncidentState.WARNED:
            return Stands.ENDED
        case _:
            return Stands.PASSED_ON


def wants_picture(session: Session, link: PageLink, *, at: datetime) -> None:
    """Has the masked picture made, where there is a still and nobody asked for it yet."""
    stills = select(Exhibit.moment, Exhibit.id).where(
        Exhibit.incident_id == link.incident_id, Exhibit.kind == ExhibitKind.STILL
    )
    by_moment = {moment: exhibit_id for moment, exhibit_id in session.execute(stills)}  # noqa: C416 - rows are no pairs
    still = by_moment.get(ExhibitMoment.DWELL_COMPLETE) or by_moment.get(ExhibitMoment.ENTRY)
    if still is not None:
        requests.ask(
            session,
            link.incident_id,
            DerivativeForm.STILL,
            still,
            by="streetwitness",
            reason="the page of the vehicle's owner",
            at=at,
        )


def picture(session: Session, incident_id: uuid.UUID) -> Derivative | None:
    """The picture of the page, where it has been made."""
    stills = [each for each in requests.for_outside(session, incident_id) if each.form is DerivativeForm.STILL]
    return stills[0] if stills else None


def moved(session: Session, link: PageLink, *, at: datetime) -> bool:
    """The owner says the vehicle has been moved: the camera looks at once. False: there is nothing to look for."""
    return escalation.ask_to_look(session, link.incident_id, Asker.OWNER, at=at)


def take_attachments(vault: Vault, attachments: Sequence[Attachment]) -> list[PendingObject]:
    """Whole files of kinds that can be looked at, into the vault's waiting room. Raises StatementRefused, VaultFull."""
    if len(attachments) > MOST_ATTACHMENTS:
        raise StatementRefused("too_many_files")
    kinds = [_kind_of(each.content) for each in attachments]
    return [
        vault.take(partial(_write, each.content), suffix) for each, (_, suffix) in zip(attachments, kinds, strict=True)
    ]


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _kind_of(content: bytes) -> tuple[str, str]:
    if len(content) > LARGEST_ATTACHMENT:
        raise StatementRefused("file_too_large")
    for first, kind in KNOWN_FILES.items():
        if content.startswith(first):
            return kind
    raise StatementRefused("unknown_file")


def say(
    session: Session,
    vault: Vault,
    key: PersonalDataKey,
    link: PageLink,
    kind: StatementKind,
    text: str,
    attachments: Sequence[tuple[str, PendingObject]],
    *,
    at: datetime,
) -> OwnerStatement:
    """Puts on record what the owner says, with its receipt. attachments: with the names they came under.

    Raises StatementRefused; the caller commits, and then settles the pending objects.
    """
    said = text.strip()
    if not said:
        raise StatementRefused("no_text")
    if len(said) > LONGEST_TEXT:
        raise StatementRefused("text_too_long")
    assert link.notice_id is not None, "a link of an owner leads to a notice"
    session.get_one(Notice, link.notice_id, with_for_update=True)
    there = session.scalars(select(OwnerStatement.id).where(OwnerStatement.notice_id == link.notice_id)).all()
    if len(there) >= MOST_STATEMENTS:
        raise StatementRefused("too_many_statements")
    statement_id = uuid.uuid4()
    statement = OwnerStatement(
        id=statement_id,
        incident_id=link.incident_id,
        notice_id=link.notice_id,
        kind=kind,
        text_sealed=key.seal(said, f"owner_statement.text:{statement_id}"),
        receipt="".join(secrets.choice(RECEIPT_SIGNS) for _ in range(RECEIPT_LENGTH)),
        made_at=at,
    )
    session.add(statement)
    session.flush()
    media_types = {suffix: media_type for media_type, suffix in KNOWN_FILES.values()}
    for position, (name, pending) in enumerate(attachments, start=1):
        sealed = keep_object(session, vault, pending, media_types[pending.suffix], at=at)
        session.add(
            StatementAttachment(statement_id=statement_id, position=position, name=_bare(name), sha256=sealed.sha256)
        )
    session.flush()
    return statement


def _bare(name: str) -> str:
    """A file name to show: no folder, nothing that does not print."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(sign for sign in last if sign.isprintable())[:200] or "-"


def statements_of(
    session: Session, incident_id: uuid.UUID, key: PersonalDataKey | None
) -> list[tuple[OwnerStatement, str | None]]:
    """What owners said of an incident; in clear for who decides on it, and without a key only that they did."""
    rows = session.scalars(
        select(OwnerStatement)
        .where(OwnerStatement.incident_id == incident_id)
        .options(selectinload(OwnerStatement.attachments).joinedload(StatementAttachment.sealed))
        .order_by(OwnerStatement.made_at)
    )
    return [(row, key.open(row.text_sealed, f"owner_statement.text:{row.id}") if key else None) for row in rows]


def _incident(session: Session, incident_id: uuid.UUID) -> Incident:
    return session.execute(
        select(Incident)
        .where(Incident.id == incident_id)
        .options(
            joinedload(Incident.camera, innerjoin=True).joinedload(Camera.site, innerjoin=True),
            joinedload(Incident.geofence_version, innerjoin=True).joinedload(GeofenceVersion.geofence, innerjoin=True),
        )
    ).scalar_one()
