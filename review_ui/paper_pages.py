"""Papers of a case file at the desk: made, signed, printed; each with what it rests on and who stands behind it."""

import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from cases import accounts
from cases.casework.errors import FileError
from cases.casework.steps import By
from cases.entitlements import Right
from cases.papers import documents, signature_images, signing
from cases.papers.documents import DOCX_TYPE, PDF_TYPE, Possible, Press
from cases.papers.errors import PaperDamaged, PaperRefused
from cases.papers.kinds import OF, Place
from cases.papers.matter import load
from evidence.errors import VaultError
from models.database import reading, transaction
from models.enums import PaperKind
from models.papers import FilePaper
from models.people import UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import BytesMissing, NotFound, TooBusy
from review_ui.file_head import file_head
from review_ui.file_words import refusal
from review_ui.permissions import needs, own
from review_ui.sign_in_pages import WAIT_FOR_A_TURN_S

log = logging.getLogger(__name__)
routes = APIRouter()

REFUSED = 409
OWN = own("one's own signature")
SEES, WORKS = needs(Right.SEE_FILES), needs(Right.WORK_FILES)
# who signs: officers, legal reviewers and leaders alike; at which place, the paper says
SIGNS = needs(Right.APPROVE_FILES)
TYPES = {"docx": DOCX_TYPE, "pdf": PDF_TYPE, "slip": PDF_TYPE}


@dataclass(frozen=True)
class Shown:
    """A paper there is or can be. signed: by whom, at which place. mine: where who looks may still sign it.

    record: of one that is filled from a record, which of its kind that is.
    """

    possible: Possible
    signed: tuple[tuple[Place, str], ...]
    mine: tuple[Place, ...]
    open_places: tuple[Place, ...]
    record: int | None = None

    @property
    def newest(self) -> FilePaper | None:
        return self.possible.newest


@routes.get("/cases/{file_id}/papers", dependencies=[SEES])
def papers(request: Request, desk: TheDesk, opened: SignedIn, at: Now, file_id: uuid.UUID) -> HTMLResponse:
    return _page(request, desk, opened, at, file_id)


@routes.post("/cases/{file_id}/papers", dependencies=[WORKS])
def make(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    kind: Annotated[PaperKind | None, Form()] = None,
    about: Annotated[str | None, Form(max_length=64)] = None,
) -> Response:
    """kind: None: every paper the case file allows now."""

    def act(session: Session, press: Press) -> None:
        by = By.person(opened.user)
        if kind is None:
            documents.make_all(session, file_id, by=by, at=at, press=press)
        else:
            documents.make(session, file_id, kind, by=by, at=at, press=press, of=about)

    return _done(request, desk, opened, at, file_id, act)


@routes.post("/cases/{file_id}/papers/sign", dependencies=[SIGNS])
def sign(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    password: Annotated[str, Form(max_length=1000)] = "",
    paper: Annotated[list[uuid.UUID] | None, Form()] = None,
) -> Response:
    """Every paper that was ticked, in one go: all of them or none."""
    if not desk.hashing.acquire(timeout=WAIT_FOR_A_TURN_S):
        raise TooBusy
    try:
        with transaction(desk.settings.sessions) as session:
            confirmed = accounts.confirms(session, opened, password, at=at)
        if not confirmed:
            return _page(request, desk, opened, at, file_id, PaperRefused("wrong_password"), ticked=paper or [])

        def act(session: Session, press: Press) -> None:
            if not paper:
                raise PaperRefused("nothing_ticked")
            for paper_id in paper:
                _of(session, paper_id, file_id)
            signing.sign_all(session, paper, user=opened.user, password=password, at=at, press=press)

        return _done(request, desk, opened, at, file_id, act, ticked=paper or [])
    finally:
        desk.hashing.release()


@routes.get("/cases/{file_id}/papers/{paper_id}", dependencies=[SEES])
def paper(
    request: Request, desk: TheDesk, opened: SignedIn, at: Now, file_id: uuid.UUID, paper_id: uuid.UUID
) -> HTMLResponse:
    """What it rests on, its versions, and whether each signature holds."""
    verdicts, damaged = [], None
    with reading(desk.settings.sessions) as session:
        shown = _of(session, paper_id, file_id)
        versions = [
            each
            for each in documents.papers_of(session, file_id)
            if each.kind is shown.kind and each.about == shown.about
        ]
        try:
            verdicts = signing.verify(session, paper_id, desk.settings.bytes)
        except PaperDamaged as error:
            log.exception("a paper is damaged", extra={"paper": str(paper_id), "sha256": shown.sha256})
            damaged = error
    head = file_head(desk, request, opened, file_id, at)
    return desk.page(
        request,
        "file_paper.html",
        opened,
        head=head,
        paper=shown,
        kind=OF[shown.kind],
        versions=versions,
        verdicts=verdicts,
        damaged=None if damaged is None else refusal(desk.catalog_for(request), damaged),
    )


@routes.get("/cases/{file_id}/papers/{paper_id}/file", dependencies=[SEES])
def printed(
    desk: TheDesk,
    opened: SignedIn,
    at: Now,
    file_id: uuid.UUID,
    paper_id: uuid.UUID,
    form: documents.Form = "pdf",
) -> Response:
    """As a DOCX, a PDF or a slip. It has the party's name in clear, so that this person saw it goes on record."""
    try:
        with _press(desk) as press, transaction(desk.settings.sessions) as session:
            found = _of(session, paper_id, file_id)
            held = documents.look(session, found, form, by=By.person(opened.user), at=at, press=press)
            name = documents.file_name_of(found, form)
    except PaperDamaged as error:
        log.exception("a paper is damaged", extra={"paper": str(paper_id)})
        raise BytesMissing from error
    except PaperRefused as error:
        raise NotFound from error
    shown_as, ending = ("attachment", "docx") if form == "docx" else ("inline", "pdf")
    # RFC 6266: the plain name for programs that know no other, the real one beside it
    named = f"filename=\"paper.{ending}\"; filename*=UTF-8''{quote(name)}"
    headers = {"content-disposition": f"{shown_as}; {named}", "cache-control": "no-store"}
    return Response(held, media_type=TYPES[form], headers=headers)


# --- how one signs by hand


@routes.get("/account/signature", dependencies=[OWN])
def signature(request: Request, desk: TheDesk, opened: SignedIn) -> HTMLResponse:
    return _signature_page(request, desk, opened)


@routes.get("/account/signature/picture", dependencies=[OWN])
def signature_picture(desk: TheDesk, opened: SignedIn) -> Response:
    """To its user alone."""
    key = desk.settings.personal_data_key
    with reading(desk.settings.sessions) as session:
        row = signature_images.in_use(session, opened.user_id)
    if row is None or key is None:
        raise NotFound
    headers = {"cache-control": "no-store"}
    return Response(signature_images.png_of(row, key), media_type="image/png", headers=headers)


@routes.post("/account/signature", dependencies=[OWN])
def put_signature(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    picture: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """No picture: the one there is, is taken away."""
    key = desk.settings.personal_data_key
    if key is None:
        raise NotFound
    content = picture.file.read(signature_images.LARGEST_BYTES + 1) if picture else b""
    try:
        with transaction(desk.settings.sessions) as session:
            if content:
                signature_images.put(session, opened.user, content, key=key, at=at)
            else:
                signature_images.remove(session, opened.user, at=at)
    except PaperRefused as error:
        return _signature_page(request, desk, opened, error)
    return RedirectResponse("/account/signature", 303)


def _signature_page(request: Request, desk: Desk, opened: UserSession, error: FileError | None = None) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        row = signature_images.in_use(session, opened.user_id)
    return desk.page(
        request,
        "signature.html",
        opened,
        status=REFUSED if error else 200,
        row=row,
        refused=refusal(desk.catalog_for(request), error) if error else None,
        most_width=signature_images.MOST_WIDTH,
        most_height=signature_images.MOST_HEIGHT,
        most_kb=signature_images.LARGEST_BYTES // 1000,
    )


# --- the tab


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    file_id: uuid.UUID,
    error: FileError | None = None,
    *,
    ticked: list[uuid.UUID] | None = None,
) -> HTMLResponse:
    head = file_head(desk, request, opened, file_id, at)
    with reading(desk.settings.sessions) as session:
        matter = load(session, file_id, key=desk.settings.personal_data_key, at=at)
        numbers = {record.about: record.row.number for record in matter.records}
        possible = documents.possible(session, matter)
        shown = [replace(_shown(session, each, opened), record=numbers.get(each.about)) for each in possible]
        has_picture = signature_images.in_use(session, opened.user_id) is not None
    return desk.page(
        request,
        "file_papers.html",
        opened,
        status=REFUSED if error else 200,
        head=head,
        shown=shown,
        mine=[each for each in shown if each.mine],
        ticked=None if ticked is None else {str(each) for each in ticked},
        can_make=[each for each in shown if not each.possible.lacks and not each.possible.kind.on_request],
        has_picture=has_picture,
        refused=refusal(desk.catalog_for(request), error) if error else None,
    )


def _shown(session: Session, possible: Possible, opened: UserSession) -> Shown:
    if possible.newest is None:
        return Shown(possible, (), (), ())
    signed = tuple((Place(each.place), each.user.display_name) for each in possible.newest.signatures)
    by_whom = {each.user_id for each in possible.newest.signatures}
    mine = () if opened.user_id in by_whom else signing.places_for(session, possible.newest, opened.user)
    taken = {place for place, _ in signed}
    still = tuple(place for place in possible.kind.places if place not in taken)
    return Shown(possible, signed, mine, still)


def _done(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    file_id: uuid.UUID,
    act: Callable[[Session, Press], None],
    *,
    ticked: list[uuid.UUID] | None = None,
) -> Response:
    try:
        with _press(desk) as press, transaction(desk.settings.sessions) as session:
            act(session, press)
    except FileError as error:
        return _page(request, desk, opened, at, file_id, error, ticked=ticked)
    return RedirectResponse(f"/cases/{file_id}/papers", 303)


@contextmanager
def _press(desk: Desk) -> Iterator[Press]:
    """Raises BytesMissing where the vault cannot be written."""
    settings = desk.settings
    try:
        with documents.opened(settings.bytes, folder=settings.papers_dir, key=settings.personal_data_key) as press:
            yield press
    except VaultError as error:
        log.exception("the vault cannot be written")
        raise BytesMissing from error


def _of(session: Session, paper_id: uuid.UUID, file_id: uuid.UUID) -> FilePaper:
    """Raises NotFound for a paper of another case file."""
    found = documents.find(session, paper_id)
    if found is None or found.file_id != file_id:
        raise NotFound
    return found
