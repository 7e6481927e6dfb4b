"""The draft: on a page of its own, as DOCX and PDF, and at work: edited beside the evidence, read by a second one."""

import logging
import uuid
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from cases import claims, draft_documents, draft_edits, queue, second_review
from cases.draft_content import DraftContent, Pointer, Section
from cases.draft_edits import Add, Change, LeaveOut, SayOtherwise
from cases.entitlements import Right, may
from cases.errors import (
    CaseError,
    DocumentFailed,
    DraftEditRefused,
    InHandOfAnother,
    SecondReviewRefused,
    TransitionRefused,
)
from cases.languages import Language
from cases.lifecycle import NEEDS_A_PERSON
from evidence import custody
from evidence.digest import shown as digest_shown
from evidence.errors import EvidenceError
from evidence.vault import Vault
from models.database import reading, transaction
from models.digest import sha256_of
from models.enums import CustodyAct, ExhibitKind, SecondVerdict
from models.people import UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import DocumentNotMade, NotFound
from review_ui.looking import Looking
from review_ui.permissions import needs
from review_ui.picture import clips_on_page, pictures_on_page, track_of

log = logging.getLogger(__name__)
routes = APIRouter()

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
MAX_REASON = 500
MAX_SECOND_REASON = 4000
MAX_TYPED = 4000  # of one sentence, before it is judged
MOST_FIELDS = 1000
REFUSED = 409
SECTIONS: tuple[Section, ...] = get_args(Section)

# The draft is a whole page with its own style sheet inside, shown in a frame: it may bring that, and nothing else.
DRAFT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'"


async def whole_form(request: Request) -> FormData:
    """Every field that came: how many sentences there are, only the draft knows."""
    return await request.form(max_fields=MOST_FIELDS)


WholeForm = Annotated[FormData, Depends(whole_form)]
Writer = Callable[[Mapping[str, Any], Path, Language, Mapping[str, Path]], None]
PAPERS: dict[str, tuple[str, Writer]] = {
    "docx": (DOCX, draft_documents.write_docx),
    "pdf": (PDF, draft_documents.write_pdf),
}


@routes.get("/incidents/{incident_id}/draft", dependencies=[needs(Right.LOOK)])
def draft_page(request: Request, desk: TheDesk, looking: Looking, incident_id: uuid.UUID) -> HTMLResponse:  # noqa: ARG001
    with reading(desk.settings.sessions) as session:
        draft = queue.newest_draft(session, incident_id)
    if draft is None:
        raise NotFound
    text = draft_documents.render_html(draft.content, desk.catalog_for(request).language)
    return HTMLResponse(text, headers={"content-security-policy": DRAFT_POLICY})


@routes.get("/incidents/{incident_id}/draft.docx", dependencies=[needs(Right.EXPORT)])
def draft_docx(
    request: Request, desk: TheDesk, opened: SignedIn, looking: Looking, at: Now, incident_id: uuid.UUID
) -> FileResponse:
    return _on_paper("docx", request, desk, opened, looking, at, incident_id)


@routes.get("/incidents/{incident_id}/draft.pdf", dependencies=[needs(Right.EXPORT)])
def draft_pdf(
    request: Request, desk: TheDesk, opened: SignedIn, looking: Looking, at: Now, incident_id: uuid.UUID
) -> FileResponse:
    return _on_paper("pdf", request, desk, opened, looking, at, incident_id)


def _on_paper(
    kind: Literal["docx", "pdf"],
    request: Request,
    desk: Desk,
    opened: UserSession,
    looking: str,
    at: Now,
    incident_id: uuid.UUID,
) -> FileResponse:
    """The draft on paper. It leaves the desk with copies of the pictures, so that is an entry of custody."""
    media_type, write = PAPERS[kind]
    with reading(desk.settings.sessions) as session:
        shown = queue.incident_page(session, incident_id)
    if shown.rows.draft is None:
        raise NotFound
    language = desk.catalog_for(request).language
    name = f"draft-{incident_id}-v{shown.rows.draft.version}-{language}.{kind}"
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
        write(shown.rows.draft.content, path, language, pictures)
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
            reason=f"{looking}; {name} {digest_shown(sha256_of(path))}"[:MAX_REASON],
        )
    return FileResponse(path, media_type=media_type, filename=name)


@routes.get("/incidents/{incident_id}/drafting", dependencies=[needs(Right.LOOK)])
def drafting_page(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    looking: Looking,  # noqa: ARG001 - it asks
    at: Now,
    incident_id: uuid.UUID,
) -> HTMLResponse:
    """What would be filed, each sentence beside what carries it."""
    return _page(request, desk, opened, at, incident_id)


@routes.post("/incidents/{incident_id}/drafting", dependencies=[needs(Right.DECIDE)])
def edit_draft(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    looking: Looking,  # noqa: ARG001 - it asks
    at: Now,
    incident_id: uuid.UUID,
    form: WholeForm,
    version: Annotated[int, Form()],
) -> Response:
    """The changes of the whole form as one new version. A refusal gives the page back with what was typed."""
    typed = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    carried_by = tuple(value for value in form.getlist("carried_by") if isinstance(value, str))
    try:
        _edit(desk, request, opened, incident_id, version, typed, carried_by, at)
    except (DraftEditRefused, InHandOfAnother, TransitionRefused) as error:
        said = _why_not(desk, request, error)
        return _page(request, desk, opened, at, incident_id, typed | {"carried_by": "\n".join(carried_by)}, said)
    return RedirectResponse(f"/incidents/{incident_id}/drafting", 303)


@routes.post("/incidents/{incident_id}/second-review", dependencies=[needs(Right.SECOND_REVIEW)])
def second(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    looking: Looking,  # noqa: ARG001 - it asks
    at: Now,
    incident_id: uuid.UUID,
    verdict: Annotated[SecondVerdict, Form()],
    reason: Annotated[str, Form(max_length=MAX_SECOND_REASON)] = "",
    no_stake: Annotated[bool, Form()] = False,
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            second_review.say(session, incident_id, verdict, user=opened.user, reason=reason, no_stake=no_stake, at=at)
    except (SecondReviewRefused, TransitionRefused) as error:
        typed = {"reason": reason}
        return _page(request, desk, opened, at, incident_id, typed, _why_not(desk, request, error))
    return RedirectResponse(f"/incidents/{incident_id}/drafting", 303)


def _edit(
    desk: Desk,
    request: Request,
    opened: UserSession,
    incident_id: uuid.UUID,
    version: int,
    typed: Mapping[str, str],
    carried_by: tuple[str, ...],
    at: Now,
) -> None:
    language = desk.catalog_for(request).language
    with transaction(desk.settings.sessions) as session:
        draft = queue.newest_draft(session, incident_id)
        if draft is None:
            raise DraftEditRefused("no_draft")
        changes = changes_of(DraftContent.model_validate(draft.content), language, typed, carried_by)
        draft_edits.edit(session, incident_id, changes, user=opened.user, draft_version=version, at=at)


def changes_of(
    draft: DraftContent, language: Language, typed: Mapping[str, str], carried_by: tuple[str, ...]
) -> list[Change]:
    """What the form changes of the draft as it is shown in this language. A field that did not come changes nothing."""
    changes: list[Change] = []
    for number, statement in enumerate(draft.statements, start=1):
        said = typed.get(f"text-{number}")
        if f"leave-{number}" in typed:
            changes.append(LeaveOut(number, typed.get(f"why-{number}", "")))
        elif said is not None and " ".join(said.split()) != " ".join(statement.text.in_(language).split()):
            changes.append(SayOtherwise(number, " ".join(said.split())))
    section, added = typed.get("section"), " ".join(typed.get("added", "").split())
    if added and section in SECTIONS:
        changes.append(Add(section, added, carried_by))
    return changes


def _why_not(desk: Desk, request: Request, error: CaseError) -> str:
    catalog = desk.catalog_for(request)
    match error:
        case SecondReviewRefused():
            return catalog.say(f"second.{error.why}")
        case DraftEditRefused():
            return catalog.say(f"drafting.refused.{error.why}", **error.facts)
        case InHandOfAnother():
            return catalog.say("drafting.in_hand")
        case TransitionRefused():
            return catalog.say("drafting.decided")
        case _:
            raise error


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: Now,
    incident_id: uuid.UUID,
    typed: Mapping[str, str] | None = None,
    refusal: str | None = None,
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        shown = queue.incident_page(session, incident_id)
        if shown.rows.draft is None:
            raise NotFound
        held = claims.holder(session, incident_id, at=at)
        second_one = _second(session, opened, incident_id)
        reviews = second_review.reviews_of(session, incident_id)
    incident, draft = shown.rows.incident, DraftContent.model_validate(shown.rows.draft.content)
    polygon = incident.geofence_version.polygon
    numbered = list(enumerate(draft.statements, start=1))
    edits = (
        may(opened.user, Right.DECIDE)
        and incident.state in NEEDS_A_PERSON
        and (held is None or held.user_id == opened.user.id)
    )
    return desk.page(
        request,
        "drafting.html",
        opened,
        status=REFUSED if refusal else 200,
        shown=shown,
        draft=draft,
        made=shown.rows.draft,
        sections=[(section, list(each)) for section, each in groupby(numbered, key=lambda one: one[1].section)],
        all_sections=SECTIONS,
        cited=draft_edits.pointers_of(draft),
        named=draft_edits.named,
        moment_of=moment_of,
        clips=clips_on_page(shown.rows.exhibits, incident, polygon, track_of(shown.rows.sightings)),
        pictures=pictures_on_page(shown.rows.exhibits, incident, polygon),
        edits=edits,
        held=held,
        second=second_one,
        reviews=reviews,
        verdicts=tuple(SecondVerdict),
        typed=typed or {},
        refusal=refusal,
    )


def _second(session: Session, opened: UserSession, incident_id: uuid.UUID) -> dict[str, Any] | None:
    """Who accepted the case, and why this person is not the second one; None: nobody is waited for."""
    decided = second_review.waited_for(session, incident_id)
    if decided is None:
        return None
    against = second_review.stands_against(session, decided, opened.user)
    if against is None and not may(opened.user, Right.SECOND_REVIEW):
        against = "no_right"
    return {"first": decided, "against": against}


def moment_of(pointer: Pointer) -> str | None:
    """ISO 8601 of the moment that a sighting speaks of, or the first of several."""
    return pointer.ref.partition("/")[0] if pointer.kind == "sighting" else None
