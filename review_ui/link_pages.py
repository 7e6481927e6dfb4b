"""The pages behind messages, for who holds the link and is not signed in: the owner's, and the dispatched officer's.

A link that is not known or has run out gets the same answer as any page that is not there, and an address that tries
many of them gets none at all for a while. No page here needs a script.
"""

import logging
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from limits import RateLimitItemPerMinute

from cases import dispatch, officer_page, owner_page, page_links
from cases.errors import DispatchRefused, StatementRefused
from evidence import custody
from evidence.errors import EvidenceError, VaultFailed
from evidence.vault import Vault
from models.database import reading, transaction
from models.derivatives import Derivative
from models.dispatch import PageLink
from models.enums import CustodyAct, HandledAs, StatementKind
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import same_origin
from review_ui.errors import BytesMissing, NotFound, TooManyTries, TooMuchSaid
from review_ui.permissions import proof

log = logging.getLogger(__name__)
routes = APIRouter()

TRIES_A_MINUTE = 30  # links that lead nowhere, of one address
FORMS_A_MINUTE = 12  # of one link
LONGEST_TOKEN = 64
NEVER_INDEXED = {"x-robots-tag": "noindex, nofollow"}

_misses, _forms = RateLimitItemPerMinute(TRIES_A_MINUTE), RateLimitItemPerMinute(FORMS_A_MINUTE)


def _opened(request: Request, desk: Desk, token: str, at: datetime) -> PageLink:
    """Raises TooManyTries, NotFound."""
    who = request.client.host if request.client else ""
    wait_s = desk.counting.wait_s(_misses, "misses", who)
    if wait_s is not None:
        raise TooManyTries(wait_s)
    if len(token) <= LONGEST_TOKEN:
        with reading(desk.settings.sessions) as session:
            link = page_links.opened(session, token, at)
        if link is not None:
            return link
    desk.counting.take(_misses, "misses", who)
    raise NotFound


@proof("the token in the link, sent to the owner")
def owner_link(request: Request, desk: TheDesk, at: Now, token: str) -> PageLink:
    link = _opened(request, desk, token, at)
    if link.notice_id is None:
        raise NotFound
    return link


@proof("the token in the link, sent to the officer")
def officer_link(request: Request, desk: TheDesk, at: Now, token: str) -> PageLink:
    link = _opened(request, desk, token, at)
    if link.dispatch_id is None:
        raise NotFound
    return link


OwnerLink = Annotated[PageLink, Depends(owner_link)]
OfficerLink = Annotated[PageLink, Depends(officer_link)]


def own_form(request: Request, desk: TheDesk, token: str) -> None:
    """A form of our own page, and not too many of them: the link itself is the secret that goes with it."""
    same_origin(request)
    wait_s = desk.counting.take(_forms, "forms", page_links.digest_of(token))
    if wait_s is not None:
        raise TooManyTries(wait_s)


OwnForm = Depends(own_form)


@routes.get("/m/{token}")  # noqa: FAST003 - the guard takes the token
def owner(request: Request, desk: TheDesk, at: Now, link: OwnerLink, refused: str | None = None) -> HTMLResponse:
    with transaction(desk.settings.sessions) as session:
        owner_page.wants_picture(session, link, at=at)
        page = owner_page.shown(session, link, at=at)
    answer = desk.page(
        request,
        "owner.html",
        None,
        page=page,
        at=at,
        path=request.url.path,
        kinds=list(StatementKind),
        refused=refused if refused in owner_page.REFUSALS else None,
        can_say=desk.settings.personal_data_key is not None,
    )
    answer.headers.update(NEVER_INDEXED)
    return answer


@routes.get("/m/{token}/picture")  # noqa: FAST003
def owner_picture(desk: TheDesk, link: OwnerLink) -> Response:
    with reading(desk.settings.sessions) as session:
        picture = owner_page.picture(session, link.incident_id)
    return _bytes_of(desk, picture)


@routes.post("/m/{token}/moved", dependencies=[OwnForm])
def owner_moved(desk: TheDesk, at: Now, link: OwnerLink, token: str) -> RedirectResponse:
    with transaction(desk.settings.sessions) as session:
        owner_page.moved(session, link, at=at)
    return RedirectResponse(f"/m/{token}#moved", 303)


@routes.post("/m/{token}/statement", dependencies=[OwnForm])
def owner_says(
    desk: TheDesk,
    at: Now,
    link: OwnerLink,
    token: str,
    kind: Annotated[StatementKind, Form()],
    text: Annotated[str, Form(max_length=20_000)] = "",
    files: Annotated[list[UploadFile] | None, File()] = None,
) -> RedirectResponse:
    key = desk.settings.personal_data_key
    if key is None:
        raise NotFound
    given = [
        owner_page.Attachment(each.filename or "", each.file.read(owner_page.LARGEST_ATTACHMENT + 1))
        for each in (files or [])[: owner_page.MOST_ATTACHMENTS + 1]
        if each.size
    ]
    try:
        with Vault.open(desk.settings.vault_root) as vault:
            pending = owner_page.take_attachments(vault, given)
            try:
                with transaction(desk.settings.sessions) as session:
                    named = [(each.name, one) for each, one in zip(given, pending, strict=True)]
                    owner_page.say(session, vault, key, link, kind, text, named, at=at)
            except BaseException:
                for one in pending:
                    vault.discard(one)
                raise
            for one in pending:
                vault.settle(one)
    except StatementRefused as error:
        return RedirectResponse(f"/m/{token}?refused={error.why}#say", 303)
    except VaultFailed as error:
        log.exception("an owner's statement could not be kept")
        raise TooMuchSaid from error
    return RedirectResponse(f"/m/{token}#said", 303)


@routes.get("/o/{token}")  # noqa: FAST003
def officer(request: Request, desk: TheDesk, at: Now, link: OfficerLink, refused: str | None = None) -> HTMLResponse:
    with transaction(desk.settings.sessions) as session:
        page = officer_page.shown(session, link, at=at)
    answer = desk.page(
        request,
        "officer.html",
        None,
        page=page,
        at=at,
        path=request.url.path,
        outcomes=list(HandledAs),
        refused=refused == "yes",
    )
    answer.headers.update(NEVER_INDEXED)
    return answer


@routes.get("/o/{token}/pictures/{derivative_id}")  # noqa: FAST003
def officer_picture(desk: TheDesk, at: Now, link: OfficerLink, derivative_id: UUID) -> Response:
    with transaction(desk.settings.sessions) as session:
        picture = officer_page.picture(session, link, derivative_id)
        if picture is not None:
            custody.record(
                session,
                link.incident_id,
                CustodyAct.VIEWED,
                actor=officer_page.name_of(session, link),
                at=at,
                reason="the page of the dispatch",
                sha256=picture.sha256,
            )
    return _bytes_of(desk, picture)


@routes.post("/o/{token}/take", dependencies=[OwnForm])
def officer_takes(desk: TheDesk, at: Now, link: OfficerLink, token: str) -> RedirectResponse:
    dispatch_id, officer_id = officer_page.both_of(link)
    try:
        with transaction(desk.settings.sessions) as session:
            dispatch.take(session, dispatch_id, officer_id, at=at)
    except DispatchRefused:
        return RedirectResponse(f"/o/{token}?refused=yes", 303)
    return RedirectResponse(f"/o/{token}", 303)


@routes.post("/o/{token}/hand-over", dependencies=[OwnForm])
def officer_hands_over(
    desk: TheDesk, at: Now, link: OfficerLink, token: str, to: Annotated[UUID, Form()]
) -> RedirectResponse:
    dispatch_id, officer_id = officer_page.both_of(link)
    try:
        with transaction(desk.settings.sessions) as session:
            dispatch.hand_over(session, dispatch_id, officer_id, to, at=at)
    except DispatchRefused:
        return RedirectResponse(f"/o/{token}?refused=yes", 303)
    return RedirectResponse(f"/o/{token}", 303)


@routes.post("/o/{token}/handled", dependencies=[OwnForm])
def officer_handled(
    desk: TheDesk,
    at: Now,
    link: OfficerLink,
    token: str,
    handled_as: Annotated[HandledAs, Form()],
    note: Annotated[str, Form(max_length=500)] = "",
) -> RedirectResponse:
    dispatch_id, officer_id = officer_page.both_of(link)
    try:
        with transaction(desk.settings.sessions) as session:
            dispatch.handled(session, dispatch_id, officer_id, handled_as, note, at=at)
    except DispatchRefused:
        return RedirectResponse(f"/o/{token}?refused=yes", 303)
    return RedirectResponse(f"/o/{token}", 303)


def _bytes_of(desk: Desk, picture: Derivative | None) -> Response:
    """Raises NotFound, BytesMissing."""
    if picture is None or picture.sealed is None:
        raise NotFound
    try:
        path = desk.settings.bytes.path(picture.sealed.sha256, picture.sealed.suffix)
    except EvidenceError as error:
        raise BytesMissing from error
    return FileResponse(path, media_type=picture.sealed.media_type, headers=NEVER_INDEXED)
