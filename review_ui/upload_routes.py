"""Handing in files: tus 1.0.0 with creation, checksum, expiration and termination (tus.io), for programs and our page.

Who sends is known by a token, or a sign-in, before the first byte is read. How pieces become files is in
cases/uploads.py. What is refused is said in a sentence of plain text. No browser sends such a token by itself, so no
page of another site can.
"""

import asyncio
import base64
import binascii
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from cases import upload_tokens, uploads
from cases.entitlements import Right, require, scope_of
from cases.errors import UploadRefused
from cases.part_files import PartFiles
from cases.uploads import Checksum, Receiving, Wanted
from evidence.digest import is_sha256
from evidence.errors import VaultError
from models.database import reading, transaction
from models.people import User
from models.uploads import Upload
from review_ui.desk import Desk, Now, TheDesk, desk_of, now
from review_ui.doorkeeper import checked_form, signed_in, who_is_asking
from review_ui.errors import NotFound, NoUploadToken, PasswordDue
from review_ui.permissions import proof

log = logging.getLogger(__name__)
routes = APIRouter()

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,expiration,termination"
PIECE = "application/offset+octet-stream"
FORM_TOKEN = "x-csrf-token"  # noqa: S105 - the name of a header
HELD_BYTES = 1024 * 1024  # gathered before a thread is asked to write them
QUIET_S = 60.0  # a sender that says nothing for so long has gone
WAIT_S = 60  # of who began too much

# what each refusal is in HTTP; 460 is tus' own, for a checksum
STATUS = {
    "unknown": 404,
    "ended": 410,
    "bytes_missing": 410,
    "whole": 409,
    "other_offset": 409,
    "busy": 423,
    "too_long": 413,
    "too_large": 413,
    "checksum_differs": 460,
    "not_as_claimed": 460,
    "kind_not_taken": 415,
    "not_a_piece": 415,
    "other_version": 412,
    "too_many_begun": 429,
    "too_many_open": 429,
    "too_much_today": 429,
    "no_room": 507,
}


@dataclass(frozen=True)
class Door:
    """Where files are handed in at this desk, and who is doing so."""

    desk: Desk
    parts: PartFiles
    user: User

    @property
    def vault_root(self) -> Path:
        return self.desk.settings.vault_root


@proof("an upload token, or the sign-in of a page with its form's token")
def uploader(request: Request, desk: TheDesk, at: Now) -> Door:
    """Raises NotFound where no files are taken, NoUploadToken for who brings no good token.

    Our own page brings its session, and in a header, which no page of another site can send, the token of its forms.
    """
    folder = desk.settings.uploads_dir
    if folder is None:
        raise NotFound
    if FORM_TOKEN in request.headers:
        opened = checked_form(request, signed_in(who_is_asking(request, desk, at)), request.headers[FORM_TOKEN])
        if opened.user.must_change_password:
            raise PasswordDue
        require(opened.user, Right.UPLOAD)
        return Door(desk, PartFiles(folder), opened.user)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NoUploadToken
    with reading(desk.settings.sessions) as session:
        user = upload_tokens.holder_of(session, token.strip(), at=at)
    if user is None:
        raise NoUploadToken
    return Door(desk, PartFiles(folder), user)


TheDoor = Annotated[Door, Depends(uploader)]


@routes.options("/uploads")
def capabilities(door: TheDoor) -> Response:
    headers = {
        "tus-version": VERSION,
        "tus-extension": EXTENSIONS,
        "tus-max-size": str(door.desk.settings.upload_rules.max_bytes),
        "tus-checksum-algorithm": ",".join(uploads.CHECKSUMS),
    }
    return _answer(204, headers)


@routes.post("/uploads")
def begin(request: Request, door: TheDoor, at: Now) -> Response:
    try:
        _speaks_tus(request)
        wanted = _wanted(request.headers)
        with transaction(door.desk.settings.sessions) as session:
            rules = door.desk.settings.upload_rules
            scope = scope_of(door.user, Right.UPLOAD)
            upload = uploads.begin(session, door.parts, rules, wanted, user_id=door.user.id, at=at, scope=scope)
    except UploadRefused as error:
        return refusal(request, error)
    return _answer(201, {"location": f"/uploads/{upload.id}", **_expiry(upload)})


@routes.head("/uploads/{upload_id}")
def standing(request: Request, door: TheDoor, upload_id: uuid.UUID) -> Response:
    try:
        _speaks_tus(request)
        upload = _own(door, upload_id)
        if upload.offset == upload.length:  # a server killed in this moment leaves it whole and not sealed
            _seal(door, upload_id)
    except UploadRefused as error:
        return refusal(request, error)
    headers = {"upload-offset": str(upload.offset), "upload-length": str(upload.length)}
    return _answer(200, {**headers, **_expiry(upload)})


@routes.get("/uploads/{upload_id}")
def what_became_of_it(request: Request, door: TheDoor, upload_id: uuid.UUID) -> Response:
    """For our own command: tus itself ends when the last byte is there."""
    try:
        upload = _own(door, upload_id)
    except UploadRefused as error:
        return refusal(request, error)
    return JSONResponse(
        {
            "upload": str(upload.id),
            "state": upload.state.value,
            "offset": upload.offset,
            "length": upload.length,
            "sha256": upload.sha256,
            "recording": str(upload.recording_id) if upload.recording_id else None,
            "why": upload.why,
        }
    )


@routes.patch("/uploads/{upload_id}")
async def add(request: Request, door: TheDoor, upload_id: uuid.UUID) -> Response:
    try:
        _speaks_tus(request)
        _is_a_piece(request)
        offset = _number(request.headers, "upload-offset")
        claimed = _number(request.headers, "content-length") if "content-length" in request.headers else None
        checksum = _checksum(request.headers)
        if claimed == 0 and await run_in_threadpool(_is_there_already, door, upload_id, offset):
            return _answer(204, {"upload-offset": str(offset)})
        came = await _received(request, door, upload_id, offset, checksum, claimed)
    except UploadRefused as error:
        return refusal(request, error)
    except (ClientDisconnect, TimeoutError):
        log.info("a sender went away in mid-piece", extra={"upload": str(upload_id)})
        return _answer(408, {})
    return _answer(204, {"upload-offset": str(came.offset), **_expiry(came)})


@routes.delete("/uploads/{upload_id}")
def give_up(request: Request, door: TheDoor, at: Now, upload_id: uuid.UUID) -> Response:
    try:
        _speaks_tus(request)
        sessions, why = door.desk.settings.sessions, "its sender ended it"
        uploads.give_up(sessions, door.parts, upload_id, user_id=door.user.id, why=why, at=at)
    except UploadRefused as error:
        return refusal(request, error)
    return _answer(204, {})


async def _received(
    request: Request, door: Door, upload_id: uuid.UUID, offset: int, checksum: Checksum | None, claimed: int | None
) -> Upload:
    """Takes the piece in, and seals the file where that was the last one. Raises UploadRefused."""
    sessions = door.desk.settings.sessions

    def open_piece() -> Receiving:
        return Receiving(sessions, door.parts, upload_id, user_id=door.user.id, offset=offset, checksum=checksum)

    receiving = await run_in_threadpool(open_piece)
    try:
        if claimed is not None and offset + claimed > receiving.length:
            raise UploadRefused("too_long", length=receiving.length)
        await _take_all(request, receiving)
    finally:
        await run_in_threadpool(receiving.close)
    if receiving.offset == receiving.length:
        await run_in_threadpool(_seal, door, upload_id)
    return await run_in_threadpool(_own, door, upload_id)


async def _take_all(request: Request, receiving: Receiving) -> None:
    held = bytearray()
    try:
        async with asyncio.timeout(QUIET_S) as quiet:
            async for part in request.stream():
                held += part
                if len(held) >= HELD_BYTES:
                    await run_in_threadpool(receiving.take, bytes(held), now())
                    held.clear()
                quiet.reschedule(asyncio.get_running_loop().time() + QUIET_S)
    except (ClientDisconnect, TimeoutError):
        if not receiving.needs_all:
            await run_in_threadpool(receiving.take, bytes(held), now())
            await run_in_threadpool(receiving.end, now())
        raise
    await run_in_threadpool(receiving.take, bytes(held), now())
    await run_in_threadpool(receiving.end, now())


def _seal(door: Door, upload_id: uuid.UUID) -> None:
    """All of it is there for certain; sealed before: nothing. Where it cannot be just now, the worker does it later."""
    try:
        uploads.seal_whole(door.desk.settings.sessions, door.parts, door.vault_root, upload_id, at=now())
    except VaultError:
        log.exception("an upload is whole and waits to be sealed", extra={"upload": str(upload_id)})
    except UploadRefused as error:
        if error.why != "busy":
            raise


def _own(door: Door, upload_id: uuid.UUID) -> Upload:
    with reading(door.desk.settings.sessions) as session:
        return uploads.upload_of(session, upload_id, door.user.id)


def _is_there_already(door: Door, upload_id: uuid.UUID, offset: int) -> bool:
    """A sender whose last answer was lost asks once more with nothing left to send."""
    upload = _own(door, upload_id)
    return upload.offset == offset == upload.length


def _speaks_tus(request: Request) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise UploadRefused("other_version")


def _is_a_piece(request: Request) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != PIECE:
        raise UploadRefused("not_a_piece")


def _wanted(headers: Mapping[str, str]) -> Wanted:
    """What a request wants to begin. Raises UploadRefused."""
    named = _metadata(headers.get("upload-metadata", ""))
    sha256 = named.get("sha256") or None
    if sha256 is not None and not is_sha256(sha256):
        raise UploadRefused("header_unreadable", header="Upload-Metadata")
    return Wanted(
        file_name=named.get("filename") or named.get("name", ""),
        length=_number(headers, "upload-length"),
        recorder_id=named.get("recorder") or None,
        sha256=sha256,
    )


def _metadata(text: str) -> dict[str, str]:
    """`key base64,key base64`; a key may stand alone. Raises UploadRefused."""
    named = {}
    try:
        for pair in filter(None, (each.strip() for each in text.split(","))):
            key, _, value = pair.partition(" ")
            named[key] = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise UploadRefused("header_unreadable", header="Upload-Metadata") from error
    return named


def _checksum(headers: Mapping[str, str]) -> Checksum | None:
    """Raises UploadRefused."""
    text = headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    try:
        return Checksum(algorithm.lower(), base64.b64decode(value, validate=True))
    except binascii.Error as error:
        raise UploadRefused("header_unreadable", header="Upload-Checksum") from error


def _number(headers: Mapping[str, str], name: str) -> int:
    """Raises UploadRefused."""
    text = headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise UploadRefused("header_unreadable", header=name.title())
    return int(text)


def _expiry(upload: Upload) -> dict[str, str]:
    until: datetime | None = uploads.expires_at(upload)
    return {} if until is None else {"upload-expires": format_datetime(until.astimezone(UTC), usegmt=True)}


def _answer(status: int, headers: dict[str, str]) -> Response:
    return Response(status_code=status, headers={"tus-resumable": VERSION, **headers})


def refusal(request: Request, error: UploadRefused) -> Response:
    status = STATUS.get(error.why, 400)
    headers = {"tus-resumable": VERSION, "tus-version": VERSION}
    if status == 429:
        headers["retry-after"] = str(WAIT_S)
    if "offset" in error.facts:
        headers["upload-offset"] = str(error.facts["offset"])
    log.info("upload refused: %s", error.why, extra={"path": request.url.path})
    sentence = desk_of(request).catalog_for(request).say(f"upload.{error.why}", **error.facts)
    return PlainTextResponse(sentence, status, headers)
