"""Copies: every sealed object, once more, in a store beside the vault.

Works off rows, never in the way of sealing: an object is sealed when it is in the vault and its row is committed; what
has no copy yet is found by its row, whenever that is. The row of a copy is written before its bytes, the bytes are put
under a name that takes no second put, and a copy counts when it was read back, opened and found to be what was sealed.
So it may be killed anywhere, and run twice at once, and comes to the same.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evidence.digest import sha256_of_bytes
from evidence.encryption import SUFFIX, StoreKeys
from evidence.errors import (
    DigestMismatch,
    NotInStore,
    OtherBytesInStore,
    SealedBytesChanged,
    StoreError,
    StoreRefused,
    StoreUnreachable,
    WrongStoreKey,
)
from evidence.store import Store
from evidence.vault import Vault
from models.copies import ObjectCopy
from models.database import Sessions, reading, transaction
from models.enums import CopyState
from models.exhibits import SealedObject
from models.retention import Deletion

log = logging.getLogger(__name__)

PAGE = 500
FIRST_WAIT_S, LONGEST_WAIT_S = 30.0, 3600.0
LONGEST_NOTE = 500
BEGUN_WAIT_S = 300.0  # what was begun and not finished is somebody else's for so long
KEPT_VERSION = "the store keeps versions: this one is hidden, and goes when the store's own rule takes it"


@dataclass
class CopyRound:
    """What one round came to, by digest. here: bytes that are not in this machine's vault are another's to copy."""

    copied: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    not_here: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    moved_away: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Due:
    sha256: str
    suffix: str
    media_type: str


def counts(session: Session, store: str) -> dict[str, int]:
    """How many objects are sealed, and how many copies in this store are in which state."""
    sealed = session.scalar(select(func.count()).select_from(SealedObject)) or 0
    counted: dict[str, int] = {"sealed": sealed}
    for state, count in session.execute(
        select(ObjectCopy.state, func.count())
        .where(ObjectCopy.store == store)
        .group_by(ObjectCopy.state)
        .order_by(ObjectCopy.state)
    ):
        counted[state.value] = count
    return counted


def opened_copy(stored: bytes, keys: StoreKeys | None, store: str, key: str, sha256: str) -> bytes:
    """The plain bytes of a copy, if they are what was sealed. Raises WrongStoreKey, OtherBytesInStore."""
    plain = stored
    if key.endswith(SUFFIX):
        if keys is None:
            raise WrongStoreKey(f"{store}: {key}")
        try:
            plain = keys.decrypted(stored, f"{store}: {key}")
        except SealedBytesChanged as error:
            raise OtherBytesInStore(store, key, error.what) from error
    actual = sha256_of_bytes(plain)
    if actual != sha256:
        raise OtherBytesInStore(store, key, f"the bytes are sha256:{actual}")
    return plain


@dataclass(frozen=True)
class Copier:
    """Copies what one vault holds into one store. keys: None: the copies are plain."""

    sessions: Sessions
    vault_root: Path
    store: Store
    keys: StoreKeys | None
    clock: Callable[[], datetime]

    def copy_due(self, done: CopyRound | None = None) -> CopyRound:
        """Copies everything that is due and at hand. Raises StoreUnreachable or StoreRefused with the round cut short:
        what was noted is noted, and the rest stays due.
        """
        done = done or CopyRound()
        for due in self._due(self.clock()):
            if not self._place(due).is_file():
                done.not_here.append(due.sha256)
                continue
            try:
                self._copy(due)
            except (StoreUnreachable, StoreRefused):
                done.failed.append(due.sha256)
                raise
            except OtherBytesInStore:
                done.differing.append(due.sha256)
            except (DigestMismatch, StoreError):
                done.failed.append(due.sha256)
            else:
                done.copied.append(due.sha256)
        return done

    def remove_deleted(self, done: CopyRound | None = None) -> CopyRound:
        """Removes the copies of objects that were deleted by rule."""
        done = done or CopyRound()
        deleted = exists().where(
            Deletion.sha256 == ObjectCopy.sha256, Deletion.void_at.is_(None), Deletion.done_at.isnot(None)
        )
        for copy in self._copies(deleted, ObjectCopy.state != CopyState.REMOVED):
            self.store.remove(copy.key)
            kept = copy.version is not None or copy.locked_until is not None
            self._note(copy.sha256, CopyState.REMOVED, note=KEPT_VERSION if kept else None)
            done.removed.append(copy.sha256)
        return done

    def check(self, done: CopyRound | None = None) -> CopyRound:
        """Reads every copy back. What is not what was sealed, or is not there any more, is noted and reported."""
        done = done or CopyRound()
        for copy in self._copies(ObjectCopy.state.in_((CopyState.VERIFIED, CopyState.DIFFERS))):
            try:
                self._verify(copy.sha256, copy.key)
            except OtherBytesInStore:
                done.differing.append(copy.sha256)
            except NotInStore as error:
                self._note_failure(copy.sha256, error)
                done.failed.append(copy.sha256)
            except WrongStoreKey:  # says nothing about the copy
                done.failed.append(copy.sha256)
            else:
                done.checked.append(copy.sha256)
        return done

    def move_away(self, older_than: timedelta, done: CopyRound | None = None) -> CopyRound:
        """Lets the vault's bytes of old objects go, each only after its copy was read back once more."""
        done = done or CopyRound()
        before_s = (self.clock() - older_than).timestamp()
        with Vault.open(self.vault_root) as vault:
            for copy in self._copies(ObjectCopy.state == CopyState.VERIFIED):
                with reading(self.sessions) as session:
                    suffix = session.get_one(SealedObject, copy.sha256).suffix
                place = Vault.path_of(self.vault_root, copy.sha256, suffix)
                if not place.is_file() or place.stat().st_mtime > before_s:
                    continue
                try:
                    self._verify(copy.sha256, copy.key)
                except (OtherBytesInStore, NotInStore, WrongStoreKey) as error:
                    if isinstance(error, NotInStore):
                        self._note_failure(copy.sha256, error)
                    log.error("not moved away: %s", error)  # noqa: TRY400 - the sentence says it all
                    continue
                if vault.delete(copy.sha256, suffix, lambda: True):
                    done.moved_away.append(copy.sha256)
        return done

    def _place(self, due: _Due) -> Path:
        return Vault.path_of(self.vault_root, due.sha256, due.suffix)

    def _due(self, at: datetime) -> Iterator[_Due]:
        """Objects whose copy is not verified, page by page; deleted ones are not copied."""
        mine = and_(ObjectCopy.sha256 == SealedObject.sha256, ObjectCopy.store == self.store.name)
        open_states = (CopyState.COPYING, CopyState.FAILED, CopyState.REMOVED)
        waits = and_(ObjectCopy.state.in_(open_states), ObjectCopy.again_at <= at)
        deletion = exists().where(Deletion.sha256 == SealedObject.sha256, Deletion.void_at.is_(None))
        last = ""
        while True:
            with reading(self.sessions) as session:
                page = session.execute(
                    select(SealedObject.sha256, SealedObject.suffix, SealedObject.media_type)
                    .outerjoin(ObjectCopy, mine)
                    .where(SealedObject.sha256 > last, or_(ObjectCopy.sha256.is_(None), waits), ~deletion)
                    .order_by(SealedObject.sha256)
                    .limit(PAGE)
                ).all()
            yield from (_Due(*row) for row in page)
            if len(page) < PAGE:
                return
            last = page[-1].sha256

    def _copies(self, *conditions: Any) -> Iterator[ObjectCopy]:
        """The copies in this store of which all of this is true, page by page."""
        last = ""
        while True:
            with reading(self.sessions) as session:
                page = session.scalars(
                    select(ObjectCopy)
                    .where(ObjectCopy.store == self.store.name, ObjectCopy.sha256 > last, *conditions)
                    .order_by(ObjectCopy.sha256)
                    .limit(PAGE)
                ).all()
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1].sha256

    def _copy(self, due: _Due) -> None:
        key = Store.key_of(due.sha256, due.suffix + (SUFFIX if self.keys else ""))
        try:
            before = self._begin(due.sha256, key)
            if before is not None and before != key:
                self.store.remove(before)  # encryption was turned on or off since it was begun
            plain = _sealed_bytes(self._place(due), due.sha256)
            self.store.put_new(key, self.keys.encrypted(plain) if self.keys else plain, due.media_type)
            self._verify(due.sha256, key)
        except OtherBytesInStore:
            raise
        except (DigestMismatch, StoreError) as error:
            self._note_failure(due.sha256, error)
            raise

    def _begin(self, sha256: str, key: str) -> str | None:
        """The row comes first. Returns the name under which an earlier try may have left something."""
        with transaction(self.sessions) as session:
            copy = session.get(ObjectCopy, (sha256, self.store.name))
            before = copy.key if copy is not None and copy.state is not CopyState.REMOVED else None
            self._write(session, sha256, CopyState.COPYING, key=key, again_at=self.clock() + _seconds(BEGUN_WAIT_S))
        return before

    def _verify(self, sha256: str, key: str) -> None:
        """Reads the copy back and notes what it is. Raises OtherBytesInStore after noting that."""
        stored = self.store.read(key)
        try:
            opened_copy(stored, self.keys, self.store.name, key, sha256)
        except OtherBytesInStore as error:
            self._note(sha256, CopyState.DIFFERS, note=str(error)[:LONGEST_NOTE])
            raise
        said = self.store.look(key)
        self._note(
            sha256,
            CopyState.VERIFIED,
            note=None,
            sealed_for=self.keys.public if self.keys and key.endswith(SUFFIX) else None,
            stored_bytes=len(stored),
            etag=said.etag,
            version=said.version,
            locked_until=said.locked_until,
            tries=0,
            verified_at=self.clock(),
        )

    def _note_failure(self, sha256: str, error: Exception) -> None:
        with transaction(self.sessions) as session:
            copy = session.get_one(ObjectCopy, (sha256, self.store.name))
            wait_s = min(FIRST_WAIT_S * 2.0 ** min(copy.tries, 20), LONGEST_WAIT_S)
            again_at = self.clock() + _seconds(wait_s)
            self._write(
                session,
                sha256,
                CopyState.FAILED,
                note=str(error)[:LONGEST_NOTE],
                tries=copy.tries + 1,
                again_at=again_at,
            )

    def _note(self, sha256: str, state: CopyState, **facts: Any) -> None:
        with transaction(self.sessions) as session:
            self._write(session, sha256, state, **facts)

    def _write(self, session: Session, sha256: str, state: CopyState, **facts: Any) -> None:
        """The row as it is from now on; made where there is none yet."""
        values: dict[str, Any] = {"state": state, "at": self.clock()} | facts
        copy = session.get(ObjectCopy, (sha256, self.store.name))
        if copy is None:
            try:
                with session.begin_nested():
                    session.add(ObjectCopy(sha256=sha256, store=self.store.name, tries=0, **values))
            except IntegrityError:  # another copier began a moment ago
                copy = session.get_one(ObjectCopy, (sha256, self.store.name))
        if copy is not None:
            for name, value in values.items():
                setattr(copy, name, value)


def _sealed_bytes(place: Path, sha256: str) -> bytes:
    """What rotted on this disk is not spread. Raises DigestMismatch."""
    plain = place.read_bytes()
    actual = sha256_of_bytes(plain)
    if actual != sha256:
        raise DigestMismatch(place, sha256, actual)
    return plain


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
