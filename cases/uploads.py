"""Uploads: files handed in piece by piece, over a connection that breaks, into a server that may be killed.

The offset in the row is what counts: bytes are on disk (fsync) before the row says so, and what lies behind it is cut
off before anything is added. Once whole, the file is sealed as an original; opening it is the worker's business, in a
process of its own (ingest/upload_intake.py). Nothing here looks into a file, and no name somebody gave becomes a path.
"""

import hashlib
import logging
import os
import shutil
import unicodedata
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath, PureWindowsPath

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cases.entitlements import EVERYTHING, Scope
from cases.errors import UploadRefused
from cases.part_files import PartFile, PartFiles
from cases.scope import cameras_within, is_within
from evidence.sealing import keep_object
from evidence.vault import NO_ROOM, Vault
from models.database import Sessions, reading, transaction
from models.enums import CameraKind, UploadState
from models.places import Camera
from models.uploads import Upload

log = logging.getLogger(__name__)

MEGABYTE = 1_000_000
SETTLED_EVERY = 8 * 1024 * 1024  # bytes; what a kill may cost a sender
MAX_NAME = 255
FORGOTTEN_AFTER = timedelta(days=3)
CHECKSUMS = ("sha1", "sha256")
RECORDERS = (CameraKind.BODY_WORN, CameraKind.VEHICLE, CameraKind.DRONE)
# what recorders write, by ending, and the type it is kept under; what it really is shows when it is opened
KINDS = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".3gp": "video/3gpp",
    ".mkv": "video/matroska",
    ".webm": "video/webm",
    ".avi": "video/x-msvideo",
    ".ts": "video/mp2t",
    ".mts": "video/mp2t",
    ".m2ts": "video/mp2t",
    ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg",
    ".flv": "video/x-flv",
    ".asf": "video/x-ms-asf",
    ".wmv": "video/x-ms-wmv",
    ".dav": "video/x-dav",
    ".mxf": "application/mxf",
    ".ogv": "video/ogg",
    # beside the recording of the same name: where it was filmed
    ".srt": "application/x-subrip",
    ".gpx": "application/gpx+xml",
    ".nmea": "text/plain",
}
SIDE_FILES = frozenset({".srt", ".gpx", ".nmea"})
NOT_AS_CLAIMED = "the bytes that came are not those its sender had: their SHA-256 is another; send it again"


@dataclass(frozen=True)
class UploadRules:
    """How much one user may hand in, and how much room must be left."""

    max_bytes: int = 64_000 * MEGABYTE
    daily_bytes: int = 500_000 * MEGABYTE
    open_at_once: int = 64
    begun_a_minute: int = 600
    keep_free_bytes: int = 2_000 * MEGABYTE


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to hand in."""

    file_name: str
    length: int
    recorder_id: str | None = None
    sha256: str | None = None
    doubt: str | None = None  # what speaks against the bytes already: they are kept, and not opened


@dataclass(frozen=True)
class Standing:
    """How a user stands towards the rules just now."""

    open_at_once: int
    begun_this_minute: int
    bytes_today: int
    free_bytes: int


def shown_name(file_name: str) -> str:
    """The last part of a name, fit to be shown: no folders, no control or direction characters."""
    last = PurePosixPath(PureWindowsPath(file_name).name).name
    shown = "".join(each if unicodedata.category(each)[0] != "C" else "�" for each in last).strip()
    return shown[-MAX_NAME:] or "�"


def suffix_of(file_name: str) -> str:
    """The ending, where it is one that recorders write. Raises UploadRefused."""
    suffix = PurePosixPath(shown_name(file_name)).suffix.lower()
    if suffix not in KINDS:
        raise UploadRefused("kind_not_taken", kinds=" ".join(KINDS))
    return suffix


def check(wanted: Wanted, standing: Standing, rules: UploadRules) -> None:
    """Raises UploadRefused for what is more than the rules give."""
    suffix_of(wanted.file_name)
    if wanted.length < 1:
        raise UploadRefused("empty")
    if wanted.length > rules.max_bytes:
        raise UploadRefused("too_large", megabytes=rules.max_bytes // MEGABYTE)
    if standing.begun_this_minute >= rules.begun_a_minute:
        raise UploadRefused("too_many_begun", number=rules.begun_a_minute)
    if standing.open_at_once >= rules.open_at_once:
        raise UploadRefused("too_many_open", number=rules.open_at_once)
    if standing.bytes_today + wanted.length > rules.daily_bytes:
        raise UploadRefused("too_much_today", megabytes=rules.daily_bytes // MEGABYTE)
    if standing.free_bytes - wanted.length < rules.keep_free_bytes:
        raise UploadRefused("no_room")


def begin(
    session: Session,
    parts: PartFiles,
    rules: UploadRules,
    wanted: Wanted,
    *,
    user_id: uuid.UUID,
    at: datetime,
    scope: Scope = EVERYTHING,
) -> Upload:
    """The row of a file to be handed in. What this user began or handed in before, by digest, is that same row.

    scope: in which the recorder has to lie.
    Raises UploadRefused.
    """
    recorder_id = _recorder(session, wanted.recorder_id, scope)
    if wanted.sha256 is not None:
        known = session.scalar(
            select(Upload)
            .where(
                Upload.user_id == user_id,
                Upload.recorder_id == recorder_id,
                Upload.claimed_sha256 == wanted.sha256,
                Upload.length == wanted.length,
                Upload.state != UploadState.GIVEN_UP,
                # whose bytes were doubted is not what came without a doubt
                Upload.doubt.is_(None) if wanted.doubt is None else Upload.doubt.is_not(None),
            )
            .order_by(Upload.created_at)
            .limit(1)
        )
        if known is not None:
            return known
    check(wanted, _standing(session, parts, user_id, at), rules)
    upload = Upload(
        id=uuid.uuid4(),
        user_id=user_id,
        recorder_id=recorder_id,
        file_name=shown_name(wanted.file_name),
        suffix=suffix_of(wanted.file_name),
        length=wanted.length,
        offset=0,
        claimed_sha256=wanted.sha256,
        doubt=wanted.doubt,
        state=UploadState.RECEIVING,
        created_at=at,
        touched_at=at,
    )
    session.add(upload)
    session.flush()
    return upload


def _recorder(session: Session, named: str | None, scope: Scope) -> str:
    """The recorder it is from: the one named, else the only one there is. Raises UploadRefused."""
    if named is not None:
        if not is_within(session, scope, "camera_id", named):
            raise UploadRefused("no_such_recorder")
        return named
    recorders = select(Camera.id).where(Camera.kind.in_(RECORDERS), cameras_within(scope))
    known = session.scalars(recorders.limit(2)).all()
    if len(known) != 1:
        raise UploadRefused("which_recorder")
    return known[0]


def _standing(session: Session, parts: PartFiles, user_id: uuid.UUID, at: datetime) -> Standing:
    mine = select(func.count()).where(Upload.user_id == user_id)
    today = select(func.coalesce(func.sum(Upload.length), 0)).where(
        Upload.user_id == user_id,
        Upload.created_at > at - timedelta(days=1),
        Upload.state != UploadState.GIVEN_UP,
    )
    to_come = select(func.coalesce(func.sum(Upload.length - Upload.offset), 0))
    promised = session.scalar(to_come.where(Upload.state == UploadState.RECEIVING)) or 0
    return Standing(
        open_at_once=session.scalar(mine.where(Upload.state == UploadState.RECEIVING)) or 0,
        begun_this_minute=session.scalar(mine.where(Upload.created_at > at - timedelta(minutes=1))) or 0,
        bytes_today=int(session.scalar(today) or 0),
        free_bytes=parts.free_bytes() - int(promised),
    )


def upload_of(session: Session, upload_id: uuid.UUID, user_id: uuid.UUID) -> Upload:
    """An upload as its own sender may know it. Raises UploadRefused: `unknown`, another's included."""
    upload = session.get(Upload, upload_id)
    if upload is None or upload.user_id != user_id:
        raise UploadRefused("unknown")
    return upload


def expires_at(upload: Upload) -> datetime | None:
    return upload.touched_at + FORGOTTEN_AFTER if upload.state is UploadState.RECEIVING else None


@dataclass(frozen=True)
class Checksum:
    """What the sender says one piece adds up to."""

    algorithm: str
    digest: bytes


class Receiving:
    """One piece on its way onto the end of an upload. `take` bytes, then `end`; `close` in any case.

    Without a checksum it counts bit by bit as it is on disk; with one it counts when it proves right, or not at all.
    """

    def __init__(
        self,
        sessions: Sessions,
        parts: PartFiles,
        upload_id: uuid.UUID,
        *,
        user_id: uuid.UUID,
        offset: int,
        checksum: Checksum | None = None,
    ) -> None:
        """Raises UploadRefused: `unknown`, `ended`, `whole`, `busy`, `other_offset`, `checksum_unknown`."""
        if checksum is not None and checksum.algorithm not in CHECKSUMS:
            raise UploadRefused("checksum_unknown", algorithms=" ".join(CHECKSUMS))
        self._sessions, self._checksum = sessions, checksum
        self._sum = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        with reading(sessions) as session:
            _check_open(upload_of(session, upload_id, user_id))
        with ExitStack() as closing:
            self._part: PartFile = closing.enter_context(parts.alone(upload_id, make=offset == 0))
            with reading(sessions) as session:  # anew: somebody may have had it until now
                upload = upload_of(session, upload_id, user_id)
                _check_open(upload)
            if upload.offset != offset:
                raise UploadRefused("other_offset", offset=upload.offset)
            if self._part.size < offset:
                raise UploadRefused("bytes_missing")
            self._part.cut(offset)
            self._closing = closing.pop_all()
        self.upload_id, self.length = upload_id, upload.length
        self.offset = self._written = offset

    def take(self, data: bytes, at: datetime) -> None:
        """Raises UploadRefused: `too_long`, `no_room`, `ended`. Raises OSError where the disk does not take it."""
        if self._written + len(data) > self.length:
            self._part.cut(self.offset)
            raise UploadRefused("too_long", length=self.length)
        if self._sum is not None:
            self._sum.update(data)
        try:
            self._part.write(data, self._written)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            raise UploadRefused("no_room") from error
        self._written += len(data)
        if self._sum is None and self._written - self.offset >= SETTLED_EVERY:
            self._count(at)

    def end(self, at: datetime) -> int:
        """What came counts now; how much there is. Raises UploadRefused: `checksum_differs`, and nothing counts."""
        if self._checksum is not None and self._sum is not None and self._sum.digest() != self._checksum.digest:
            self._part.cut(self.offset)
            raise UploadRefused("checksum_differs")
        if self._written > self.offset:
            self._count(at)
        return self.offset

    @property
    def needs_all(self) -> bool:
        """A piece with a checksum that broke off cannot be shown to be right."""
        return self._sum is not None

    def close(self) -> None:
        self._closing.close()

    def _count(self, at: datetime) -> None:
        self._part.settle()
        with transaction(self._sessions) as session:
            moved = session.execute(
                update(Upload)
                .where(
                    Upload.id == self.upload_id,
                    Upload.offset == self.offset,
                    Upload.state == UploadState.RECEIVING,
                )
                .values(offset=self._written, touched_at=at)
                .returning(Upload.id)
            ).one_or_none()
        if moved is None:
            raise UploadRefused("ended")
        self.offset = self._written


def _check_open(upload: Upload) -> None:
    if upload.state is UploadState.GIVEN_UP:
        raise UploadRefused("ended")
    if upload.state is not UploadState.RECEIVING or upload.offset == upload.length:
        raise UploadRefused("whole")


def seal_whole(sessions: Sessions, parts: PartFiles, vault_root: Path, upload_id: uuid.UUID, *, at: datetime) -> None:
    """Keeps an upload that is whole as an original. Done before: nothing. Killed at any point: done again.

    Raises UploadRefused: `busy`, `not_as_claimed`, `bytes_missing`. Raises VaultFull or VaultFailed, and then it waits.
    """
    with reading(sessions) as session:
        if not _waits_for_seal(session.get_one(Upload, upload_id)):
            return
    with parts.alone(upload_id) as part, Vault.open(vault_root) as vault:
        with reading(sessions) as session:
            upload = session.get_one(Upload, upload_id)
        if not _waits_for_seal(upload):
            return
        if part.size < upload.length:
            raise UploadRefused("bytes_missing")
        part.cut(upload.length)
        pending = vault.take(lambda path: _link_or_copy(part.path, path), upload.suffix)
        if upload.claimed_sha256 not in (None, pending.sha256):
            vault.discard(pending)
            with transaction(sessions) as session:
                _end(session.get_one(Upload, upload_id), NOT_AS_CLAIMED, at)
            parts.remove(upload_id)
            raise UploadRefused("not_as_claimed")
        try:
            with transaction(sessions) as session:
                row = session.get_one(Upload, upload_id)
                row.sha256 = keep_object(session, vault, pending, KINDS[row.suffix], at=at).sha256
                row.state, row.touched_at = UploadState.SEALED, at
        except BaseException:
            vault.discard(pending)
            raise
        vault.settle(pending)
        parts.remove(upload_id)


def _waits_for_seal(upload: Upload) -> bool:
    return upload.state is UploadState.RECEIVING and upload.offset == upload.length


def _link_or_copy(part: Path, path: Path) -> None:
    """The same bytes under the vault's name; written anew only where the vault is on another disk."""
    try:
        os.link(part, path)
    except OSError:
        shutil.copyfile(part, path)


def give_up(
    sessions: Sessions, parts: PartFiles, upload_id: uuid.UUID, *, user_id: uuid.UUID, why: str, at: datetime
) -> None:
    """Its sender ends it: the bytes go. Raises UploadRefused: `unknown`, `ended`, `busy`, `whole` for what is kept."""
    with reading(sessions) as session:
        _check_open(upload_of(session, upload_id, user_id))
    with parts.alone(upload_id, make=True), transaction(sessions) as session:
        upload = upload_of(session, upload_id, user_id)
        _check_open(upload)
        _end(upload, why, at)
    parts.remove(upload_id)


def _end(upload: Upload, why: str, at: datetime) -> None:
    upload.state, upload.why, upload.touched_at = UploadState.GIVEN_UP, why, at


@dataclass(frozen=True)
class Tidied:
    """sealed: were whole and waited. given_up: nothing came for too long. removed: bytes that no open upload has."""

    sealed: tuple[uuid.UUID, ...]
    given_up: tuple[uuid.UUID, ...]
    removed: tuple[uuid.UUID, ...]


def tidy(sessions: Sessions, parts: PartFiles, vault_root: Path, *, at: datetime) -> Tidied:
    """Finishes what a killed server left, and ends what its sender forgot. Raises VaultFull or VaultFailed."""
    if not parts.folder.is_dir():  # nothing was handed in on this machine: another knows about it
        return Tidied((), (), ())
    with reading(sessions) as session:
        receiving = session.scalars(select(Upload).where(Upload.state == UploadState.RECEIVING)).all()
    sealed, given_up, removed = [], [], []
    for upload in receiving:
        try:
            if upload.offset == upload.length:
                seal_whole(sessions, parts, vault_root, upload.id, at=at)
                sealed.append(upload.id)
            elif upload.touched_at + FORGOTTEN_AFTER <= at:
                why = f"nothing came for {FORGOTTEN_AFTER.days} days; send it again"
                give_up(sessions, parts, upload.id, user_id=upload.user_id, why=why, at=at)
                given_up.append(upload.id)
        except UploadRefused as error:  # somebody is at it, or its bytes are gone
            if error.why == "bytes_missing":
                with transaction(sessions) as session:
                    _end(session.get_one(Upload, upload.id), "its bytes are not there any more; send it again", at)
                given_up.append(upload.id)
            log.warning("an upload was left: %s", error, extra={"upload": str(upload.id)})
    there = parts.ids()  # first these and then the rows: a row is committed before its file is made
    with reading(sessions) as session:
        still = set(session.scalars(select(Upload.id).where(Upload.state == UploadState.RECEIVING)))
    for upload_id in there:
        if upload_id not in still:
            parts.remove(upload_id)
            removed.append(upload_id)
    return Tidied(tuple(sealed), tuple(given_up), tuple(removed))
