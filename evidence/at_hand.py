"""At hand: where the bytes of a sealed object lie on this machine, brought back from the store where they must be.

They come back whole, opened and digested before anybody sees one of them: of a part that is streamed from somewhere
nobody could say whether it is what was sealed. What needs a file, or a range of it, finds an ordinary file.
"""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from evidence.copies import opened_copy
from evidence.deletion import deletions_that_count
from evidence.encryption import SUFFIX, StoreKeys
from evidence.errors import DigestMismatch, ExhibitMissing, NotInStore
from evidence.store import Store
from evidence.vault import Vault
from models.digest import sha256_of
from models.exhibits import Exhibit


@dataclass(frozen=True)
class AtHand:
    """store: None: what is not in the vault is missing. Not asked: whether anybody may see it, or it was deleted."""

    vault_root: Path
    store: Store | None = None
    keys: StoreKeys | None = None

    def path(self, sha256: str, suffix: str) -> Path:
        """Where the bytes lie, once they are what was sealed. Raises ExhibitMissing, DigestMismatch, StoreError,
        VaultError.
        """
        place = Vault.path_of(self.vault_root, sha256, suffix)
        if place.is_file():
            actual = _digest_of_file(place, _as_it_is(place))
            if actual != sha256:
                raise DigestMismatch(place, sha256, actual)
            return place
        if self.store is None:
            raise ExhibitMissing(place, sha256)
        plain = self._from_store(self.store, place, sha256, suffix)
        with Vault.open(self.vault_root) as vault:
            pending = vault.take(lambda path: _write(path, plain), suffix)
            vault.keep(pending)
            vault.settle(pending)
        return place

    def bring_back(self, session: Session, incident_id: uuid.UUID) -> None:
        """Everything an incident cites, before something that wants it all, such as an export. Raises StoreError.

        What was deleted by rule is not brought back, though its copy may be there still. What is nowhere is left out:
        whoever reads it says so.
        """
        asked = select(Exhibit).where(Exhibit.incident_id == incident_id).options(joinedload(Exhibit.sealed))
        cited = session.scalars(asked).all()
        deleted = deletions_that_count(session, {exhibit.sha256 for exhibit in cited})
        for exhibit in cited:
            if exhibit.sha256 not in deleted:
                with suppress(ExhibitMissing):
                    self.path(exhibit.sha256, exhibit.sealed.suffix)

    def _from_store(self, store: Store, place: Path, sha256: str, suffix: str) -> bytes:
        """Encrypted or not: a store may hold copies from before encryption was turned on."""
        for key in (Store.key_of(sha256, suffix + SUFFIX), Store.key_of(sha256, suffix)):
            try:
                stored = store.read(key)
            except NotInStore:
                continue
            return opened_copy(stored, self.keys, store.name, key, sha256)
        raise ExhibitMissing(place, sha256)


def _as_it_is(place: Path) -> tuple[int, ...]:
    """What changes whenever the file does; the last of them nobody can set by hand."""
    found = place.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@lru_cache(maxsize=4096)
def _digest_of_file(place: Path, _as_it_is: tuple[int, ...]) -> str:
    """A player asks for a clip in many parts; it is digested once, and again when it changed."""
    return sha256_of(place)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
