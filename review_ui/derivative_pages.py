"""Derivatives at the desk: what can be asked for, what is made, taking it along, and finding an original by its code.

The desk draws nothing: it writes the row, and a worker makes it (ingest/derive.py).
"""

import hashlib
import logging
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session

from cases.entitlements import Right, Scope
from cases.scope import is_within
from evidence import custody
from evidence.content_credentials import ContentCredentials
from evidence.deletion import deletions_that_count
from evidence.derivatives import requests
from evidence.derivatives.anti_forgery import as_typed
from evidence.errors import CredentialsUnusable, DerivativeRefused, EvidenceError, NoSuchIncident
from models.database import reading, transaction
from models.derivatives import Derivative
from models.enums import CustodyAct, DerivativeForm, DerivativeState, ExhibitKind
from models.exhibits import Exhibit, SealedObject
from review_ui.desk import Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import BytesMissing, DeletedByRule, ExportNotMade, NoDerivativeReason, NotDerivable, NotFound
from review_ui.permissions import needs

log = logging.getLogger(__name__)
routes = APIRouter()

MAX_REASON = 400  # what it is for is quoted in the custody record, beside what was made
LONGEST_CODE = 40
LONGEST_ENTRY = 500


@dataclass(frozen=True)
class Offer:
    """One thing that can be made. derivative: its row, where somebody asked for it already."""

    form: DerivativeForm
    exhibit: Exhibit | None
    masked: bool
    derivative: Derivative | None

    @property
    def what(self) -> str:
        """As the page's button says it to `wanted`."""
        return f"{self.form.value}:{self.exhibit.id if self.exhibit else ''}:{'masked' if self.masked else 'plain'}"


def offers(session: Session, incident_id: uuid.UUID, exhibits: Sequence[Exhibit], language: str) -> list[Offer]:
    """What the page offers of an incident whose `exhibits` are there: masked, and for the file with a caption alone."""
    asked: dict[tuple[DerivativeForm, uuid.UUID | None, bool], Derivative] = {}
    for row in requests.of_incident(session, incident_id):
        if row.language == language or (row.form, row.exhibit_id, row.masked) not in asked:
            asked[row.form, row.exhibit_id, row.masked] = row
    pictures = [each for each in exhibits if each.kind in {ExhibitKind.STILL, ExhibitKind.CLOSE_UP}]
    clips = [each for each in exhibits if each.kind is ExhibitKind.CLIP]
    wanted: list[tuple[DerivativeForm, Exhibit | None, bool]] = [
        *((DerivativeForm.STILL, each, masked) for each in pictures for masked in (True, False)),
        *((DerivativeForm.CLIP, each, True) for each in clips),
        *((DerivativeForm.PREVIEW, each, True) for each in clips),
    ]
    if pictures:
        wanted.append((DerivativeForm.CONTACT_SHEET, None, True))
    return [
        Offer(form, exhibit, masked, asked.get((form, exhibit.id if exhibit else None, masked)))
        for form, exhibit, masked in wanted
    ]


def wanted(what: str) -> tuple[DerivativeForm, uuid.UUID | None, bool]:
    """What a button of the page asked for. Raises NotDerivable for what none of ours says."""
    form, _, rest = what.partition(":")
    exhibit, _, masked = rest.partition(":")
    try:
        return DerivativeForm(form), uuid.UUID(exhibit) if exhibit else None, {"masked": True, "plain": False}[masked]
    except (ValueError, KeyError) as error:
        raise NotDerivable from error


@routes.post("/incidents/{incident_id}/derivatives", dependencies=[needs(Right.DERIVE)])
def ask(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    what: Annotated[str, Form(max_length=100)],
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> RedirectResponse:
    """Asks for one derivative. What it is for goes into the custody record when it is made."""
    if not reason.strip():
        raise NoDerivativeReason
    form, exhibit_id, masked = wanted(what)
    try:
        with transaction(desk.settings.sessions) as session:
            requests.ask(
                session,
                incident_id,
                form,
                exhibit_id,
                masked=masked,
                language=desk.catalog_for(request).language,
                by=opened.user.name,
                reason=reason.strip(),
                at=at,
            )
    except NoSuchIncident as error:
        raise NotFound from error
    except DerivativeRefused as error:
        raise NotDerivable from error
    return RedirectResponse(f"/incidents/{incident_id}#derivatives", 303)


@routes.post("/derivatives/{derivative_id}", dependencies=[needs(Right.DERIVE)])
def take_along(
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    derivative_id: uuid.UUID,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
    credentials: Annotated[bool, Form()] = False,
) -> Response:
    """The derivative as a file, on request with Content Credentials inside.

    It leaves the desk, so who takes it and what for is an entry of custody; of a file that was signed, with its digest.
    """
    if not reason.strip():
        raise NoDerivativeReason
    with reading(desk.settings.sessions) as session:
        row = requests.find(session, derivative_id)
        if row is None or row.state is not DerivativeState.MADE or row.sealed is None:
            raise NotFound
        if deletions_that_count(session, [row.sealed.sha256]):
            raise DeletedByRule
    try:
        path = desk.settings.bytes.path(row.sealed.sha256, row.sealed.suffix)
    except EvidenceError as error:
        log.exception("derivative missing", extra={"derivative": str(derivative_id), "sha256": row.sealed.sha256})
        raise BytesMissing from error
    moment = f"-{row.exhibit.moment.value}" if row.exhibit else ""
    masked = "-masked" if row.masked else ""
    name = f"{row.form.value}{moment}{masked}-{row.sealed.sha256[:12]}{row.sealed.suffix}"
    what = f"{row.form.value}, {'masked' if row.masked else 'not masked'}"
    signed: bytes | None = None
    if credentials and desk.settings.credentials is not None:
        signed = _signed(desk.settings.credentials, desk.settings.drafts_dir, row, row.sealed, path, name)
        what += f", with Content Credentials sha256:{hashlib.sha256(signed).hexdigest()}"
    with transaction(desk.settings.sessions) as session:
        custody.record(
            session,
            row.incident_id,
            CustodyAct.EXPORTED,
            actor=opened.user.name,
            at=at,
            reason=f"{what}: {reason.strip()}"[:LONGEST_ENTRY],
            sha256=row.sealed.sha256,
        )
    if signed is None:
        return FileResponse(path, media_type=row.sealed.media_type, filename=name)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(signed, media_type=row.sealed.media_type, headers=headers)


def _signed(
    credentials: ContentCredentials, folder: Path, row: Derivative, sealed: SealedObject, path: Path, name: str
) -> bytes:
    """The file with its credentials inside. Raises ExportNotMade."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="credentials-", dir=folder) as waiting:
        out = Path(waiting) / name
        try:
            credentials.attach(path, sealed.media_type, out, title=name, recipe=row.recipe or {})
        except CredentialsUnusable as error:
            log.exception("no Content Credentials", extra={"derivative": str(row.id)})
            raise ExportNotMade from error
        return out.read_bytes()


@routes.get("/codes")
def codes(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    scope: Annotated[Scope, needs(Right.SEE_INCIDENTS)],
    code: Annotated[str, Query(max_length=LONGEST_CODE)] = "",
) -> HTMLResponse:
    """Which original a print was made from, by the anti-forgery code in its strip."""
    known = as_typed(code)
    with reading(desk.settings.sessions) as session:
        found = _within(session, scope, requests.by_code(session, known)) if known else []
        originals = {
            exhibit.sha256: exhibit for row in found for exhibit in requests.originals_with(session, row, known)
        }
    return desk.page(
        request, "codes.html", opened, typed=code, is_code=known is not None, originals=list(originals.values())
    )


def _within(session: Session, scope: Scope, rows: Sequence[Derivative]) -> list[Derivative]:
    return [row for row in rows if is_within(session, scope, "incident_id", str(row.incident_id))]
