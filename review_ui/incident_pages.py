"""One incident: the page it is judged on, its draft as page and document, the decision, the bundle."""

import logging
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, StreamingResponse

from cases import draft_documents, holds, loop_shown, plate_record, queue, review, viewing
from cases.entitlements import Right, may
from cases.errors import DecisionRefused, DocumentFailed, TransitionRefused
from cases.languages import Language
from cases.lifecycle import NEXT
from cases.queue import IncidentPage
from evidence import bundle, case_rows, custody, remedies, sufficiency
from evidence.digest import shown as digest_shown
from evidence.errors import EvidenceError, NoSuchIncident
from evidence.vault import Vault
from models.database import reading, transaction
from models.digest import sha256_of
from models.enums import Act, CustodyAct, Decision, ExhibitKind, SightingKind
from models.people import UserSession
from review_ui.derivative_pages import offers
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import BytesMissing, DocumentNotMade, ExportNotMade, NoExportReason, NotFound
from review_ui.looking import Looking, Purpose, ask_reason, stated_reason
from review_ui.picture import boxes_over_time, clips_on_page, pictures_on_page, runs_of, timeline_of

log = logging.getLogger(__name__)
routes = APIRouter()

MARKS = ("stopped", "dwell_complete", "grace_end", "left")
POINTS = ("true", "clear", "complete", "accurate")
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MAX_REASON = 4000
MAX_EXPORT_REASON = 500
CHUNK_BYTES = 1 << 18
REFUSED = 409

# The draft is a whole page with its own style sheet inside, shown in a frame: it may bring that, and nothing else.
DRAFT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'"


@dataclass(frozen=True)
class Typed:
    """What a person had put into the decision form when it was refused."""

    decision: Decision | None = None
    reason: str = ""
    points: frozenset[str] = frozenset()


@routes.get("/incidents/{incident_id}")
def incident_page(request: Request, desk: TheDesk, opened: SignedIn, at: Now, incident_id: uuid.UUID) -> HTMLResponse:
    """The page; its pictures only to who said what for, and that they were shown goes on record and on the page."""
    if stated_reason(desk, opened, incident_id) is not None:
        ask_reason(desk, opened, at, incident_id)
    return _page(request, desk, opened, at, incident_id, Typed(), None)


@routes.get("/incidents/{incident_id}/draft")
def draft_page(request: Request, desk: TheDesk, looking: Looking, incident_id: uuid.UUID) -> HTMLResponse:  # noqa: ARG001
    with reading(desk.settings.sessions) as session:
        draft = queue.newest_draft(session, incident_id)
    if draft is None:
        raise NotFound
    text = draft_documents.render_html(draft.content, desk.catalog_for(request).language)
    return HTMLResponse(text, headers={"content-security-policy": DRAFT_POLICY})


@routes.get("/incidents/{incident_id}/draft.docx")
def draft_document(
    request: Request, desk: TheDesk, opened: SignedIn, looking: Looking, at: Now, incident_id: uuid.UUID
) -> FileResponse:
    """The draft on paper. It leaves the desk with copies of the pictures, so that is an entry of custody."""
    with reading(desk.settings.sessions) as session:
        shown = queue.incident_page(session, incident_id)
    if shown.rows.draft is None:
        raise NotFound
    language = desk.catalog_for(request).language
    name = f"draft-{str(incident_id)[:8]}-v{shown.rows.draft.version}-{language}.docx"
    desk.settings.drafts_dir.mkdir(parents=True, exist_ok=True)
    path = desk.settings.drafts_dir / name
    pictures = {
        exhibit.sha256: Vault.path_of(desk.settings.vault_root, exhibit.sha256, exhibit.sealed.suffix)
        for exhibit in shown.rows.exhibits
        if exhibit.kind in {ExhibitKind.STILL, ExhibitKind.CLOSE_UP}
    }
    try:
        with reading(desk.settings.sessions) as session:
            desk.settings.bytes.bring_back(session, incident_id)
        draft_documents.write_docx(shown.rows.draft.content, path, language, pictures)
    except (DocumentFailed, EvidenceError) as error:
        log.exception("document not made", extra={"incident": str(incident_id)})
        raise DocumentNotMade from error
    with transaction(desk.settings.sessions) as session:
        custody.record(
            session,
            incident_id,
            CustodyAct.PRINTED,
            actor=opened.user.name,
            at=at,
            reason=f"{looking}; {name} {digest_shown(sha256_of(path))}"[:MAX_EXPORT_REASON],
        )
    return FileResponse(path, media_type=DOCX, filename=name)


@routes.get("/incidents/{incident_id}/statements/{statement_id}/{position}")
def statement_attachment(
    desk: TheDesk,
    looking: Looking,  # noqa: ARG001 - it asks
    incident_id: uuid.UUID,
    statement_id: uuid.UUID,
    position: int,
) -> FileResponse:
    """What an owner attached; never shown inside a page of ours, since anybody may have made it."""
    with reading(desk.settings.sessions) as session:
        found = loop_shown.attachment(session, incident_id, statement_id, position)
    if found is None:
        raise NotFound
    try:
        path = desk.settings.bytes.path(found.sha256, found.sealed.suffix)
    except EvidenceError as error:
        raise BytesMissing from error
    return FileResponse(path, media_type=found.sealed.media_type, filename=found.name)


@routes.post("/incidents/{incident_id}/decision")
def decide(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    decision: Annotated[Decision | None, Form()] = None,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
    points: Annotated[list[str] | None, Form()] = None,
    draft_version: Annotated[int, Form()] = 0,
) -> Response:
    """A named person's decision. A refusal gives the page back with a sentence and everything that was typed."""
    typed = Typed(decision, reason, frozenset(points or ()))
    if decision is None:
        return _refused(request, desk, opened, at, incident_id, typed, "refused.choice")
    try:
        with transaction(desk.settings.sessions) as session:
            review.decide(
                session,
                incident_id,
                user=opened.user,
                decision=decision,
                reason=reason,
                four_points=review.FourPoints(*(point in typed.points for point in POINTS)),
                at=at,
                draft_version=draft_version,
            )
    except DecisionRefused:
        return _refused(request, desk, opened, at, incident_id, typed, _lacking(typed))
    except TransitionRefused as error:
        return _refused(request, desk, opened, at, incident_id, typed, "refused.state", error)
    return RedirectResponse(f"/incidents/{incident_id}", 303)


@routes.post("/incidents/{incident_id}/redraft")
def redraft(request: Request, desk: TheDesk, opened: CheckedForm, at: Now, incident_id: uuid.UUID) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            review.redraft(session, incident_id, user=opened.user, at=at)
    except TransitionRefused as error:
        return _refused(request, desk, opened, at, incident_id, Typed(), "refused.state", error)
    return RedirectResponse(f"/incidents/{incident_id}", 303)


@routes.post("/incidents/{incident_id}/bundle")
def export(
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    reason: Annotated[str, Form(max_length=MAX_EXPORT_REASON)] = "",
) -> StreamingResponse:
    """The bundle that proves itself elsewhere. Why it leaves is in its custody record, so it must be said."""
    if not reason.strip():
        raise NoExportReason
    desk.settings.drafts_dir.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="export-", dir=desk.settings.drafts_dir))
    path = folder / f"incident-{incident_id}.zip"
    try:
        with reading(desk.settings.sessions) as session:
            desk.settings.bytes.bring_back(session, incident_id)
        with transaction(desk.settings.sessions) as session:
            bundle.export_bundle(
                session,
                desk.settings.vault_root,
                incident_id,
                path,
                actor=opened.user.name,
                at=at,
                reason=reason.strip(),
                signing=desk.settings.signing,
            )
    except NoSuchIncident as error:
        shutil.rmtree(folder)
        raise NotFound from error
    except EvidenceError as error:
        shutil.rmtree(folder)
        log.exception("bundle not made", extra={"incident": str(incident_id)})
        raise ExportNotMade from error
    size, parts = path.stat().st_size, _parts(path.open("rb"))
    shutil.rmtree(folder)  # what is open can be sent all the same, and nothing stays however the sending ends
    headers = {"content-length": str(size), "content-disposition": f'attachment; filename="{path.name}"'}
    return StreamingResponse(parts, media_type="application/zip", headers=headers)


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while part := file.read(CHUNK_BYTES):
            yield part


def _refused(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    incident_id: uuid.UUID,
    typed: Typed,
    words: str,
    refused: TransitionRefused | None = None,
) -> HTMLResponse:
    catalog = desk.catalog_for(request)
    facts = {"state": catalog.say(f"state.{refused.state.value}")} if refused else {}
    return _page(request, desk, opened, at, incident_id, typed, catalog.say(words, **facts))


def _lacking(typed: Typed) -> str:
    """Which sentence tells what a refused decision lacks; what the form cannot lack lies with the draft."""
    if not typed.reason.strip():
        return "refused.reason"
    if typed.decision is Decision.ACCEPT and not typed.points.issuperset(POINTS):
        return "refused.points"
    return "refused.draft_changed"


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    incident_id: uuid.UUID,
    typed: Typed,
    refusal: str | None,
) -> HTMLResponse:
    """The incident page; `refusal` is the sentence of a decision that was not recorded."""
    catalog = desk.catalog_for(request)
    with reading(desk.settings.sessions) as session:
        shown = queue.incident_page(session, incident_id)
        looking = viewing.reason_of(session, opened, incident_id)
        kept = holds.kept(session, incident_id, at)
        derivatives = offers(session, incident_id, shown.rows.exhibits, catalog.language)
        key = desk.settings.personal_data_key if looking is not None else None
        plates = plate_record.plates_read(session, shown.rows.incident)
        what_was_done = loop_shown.shown(session, incident_id, key)
    incident = shown.rows.incident
    polygon = incident.geofence_version.polygon
    clips = clips_on_page(shown.rows.exhibits, incident, polygon)
    runs = runs_of(shown.rows.sightings)
    names = {mark: catalog.say(f"mark.{mark}") for mark in MARKS}
    terms = incident.geofence_version.offences.get(incident.offence.value, {})
    return desk.page(
        request,
        "incident.html",
        opened,
        status=REFUSED if refusal else 200,
        shown=shown,
        clips=clips,
        pictures=pictures_on_page(shown.rows.exhibits, incident, polygon),
        looking=looking,
        purposes=tuple(Purpose),
        kept=kept,
        may_speak=may(opened.user, Right.SPEAK),
        may_hold=may(opened.user, Right.HOLD),
        may_record_service=may(opened.user, Right.RECORD_SERVICE),
        runs=runs,
        timeline=timeline_of(incident, runs, clips, names),
        boxes=boxes_over_time(shown.rows.sightings),
        names=names,
        kinds=tuple(SightingKind),
        stood_s=(incident.last_seen_at - (incident.stopped_at or incident.first_seen_at)).total_seconds(),
        allowed_s=terms.get("dwell_s"),
        seen=shown.rows.seen_with,
        say=sufficiency.say,
        wordings=sufficiency.words(catalog.language),
        remedies=_remedies(shown, at, catalog.language),
        derivatives=derivatives,
        loop_shown=what_was_done,
        plates_read=plates,
        credentials=desk.settings.credentials is not None,
        against=_against(shown, catalog.language),
        allowed=[decision for decision, act in review.ACT_OF.items() if (incident.state, act) in NEXT],
        redraftable=(incident.state, Act.REDRAFTED) in NEXT,
        points=POINTS,
        typed=typed,
        refusal=refusal,
    )


def _against(shown: IncidentPage, language: Language) -> list[str]:
    """The reasons against that the draft found, apart from those that the check beside them says already."""
    said = {sufficiency.say(finding, language) for finding in shown.findings}
    found = [reason.text.in_(language) for reason in shown.draft.against] if shown.draft else []
    return [text for text in found if text not in said]


def _remedies(shown: IncidentPage, at: datetime, language: Language) -> dict[str, str]:
    """Of each missing part, in words, whether it can still be had."""
    chances = case_rows.remedy_chances(shown.rows, at)
    said = {finding.code: remedies.remedy(finding, chances) for finding in shown.findings}
    return {code: remedies.say(word, language) for code, word in said.items() if word is not None}
