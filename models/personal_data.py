"""Names and phone numbers at rest: AES-256-GCM, bound to the row they belong to, under keys that are changed.

The keys are a file outside the database (0600), made on first use: 32 bytes each, the one in use first, those before
it after it. Values are sealed with the first and opened with whichever sealed them; models/resealing.py brings the
old ones up to date. The place (table, column, row id) is part of what is authenticated, so a ciphertext copied into
another row does not open there.

Layout of a stored value: one byte version (2), 4 bytes key id, 12 bytes nonce, ciphertext with its 16-byte tag
(NIST SP 800-38D). Version 1, of before keys were changed, has no key id.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.whole_file import whole_file

WITHOUT_KEY_ID = b"\x01"
VERSION = b"\x02"
KEY_ID_BYTES = 4
NONCE_BYTES = 12
KEY_BYTES = 32


class PersonalDataError(Exception):
    """A protected value could not be read, or the key is not usable."""


@dataclass(frozen=True)
class PersonalDataKey:
    """The key in use, and those before it.

    path: the file they are from. It is read again when it has changed, so that a process which runs for months seals
    with the key of today.
    """

    secret: bytes = field(repr=False)
    retired: tuple[bytes, ...] = field(default=(), repr=False)
    path: Path | None = None

    @property
    def key_id(self) -> str:
        """Names the key in use without showing it, hex."""
        return _id_of(self._secrets()[0]).hex()

    @property
    def retired_ids(self) -> list[str]:
        return [_id_of(secret).hex() for secret in self._secrets()[1:]]

    @property
    def prefix(self) -> bytes:
        """What every value begins with that is sealed by the key in use."""
        return VERSION + _id_of(self._secrets()[0])

    def seal(self, text: str, where: str) -> bytes:
        """`where` names the place, for example `owner.phone:<row id>`."""
        secret = self._secrets()[0]
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + _id_of(secret) + nonce + AESGCM(secret).encrypt(nonce, text.encode(), where.encode())

    def open(self, sealed: bytes, where: str) -> str:
        """Raises PersonalDataError."""
        version, rest = sealed[:1], sealed[1:]
        if version == WITHOUT_KEY_ID:
            candidates: Sequence[bytes] = self._secrets()
        elif version == VERSION:
            named, rest = rest[:KEY_ID_BYTES], rest[KEY_ID_BYTES:]
            candidates = [secret for secret in self._secrets() if _id_of(secret) == named]
            if not candidates:
                raise PersonalDataError(
                    f"{where}: wrong key, the value is sealed with key {named.hex()}; restore the key file that has it"
                )
        else:
            raise PersonalDataError(f"{where}: unknown layout {version.hex()}; a newer program wrote it")
        for secret in candidates:
            try:
                return AESGCM(secret).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], where.encode()).decode()
            except (InvalidTag, ValueError):
                continue  # ValueError: cut below the length of a nonce
        raise PersonalDataError(f"{where}: wrong key, or the value belongs to another row")

    def index(self, text: str) -> str:
        """A keyed digest that finds equal values without showing them."""
        return _index(self._secrets()[0], text)

    def indexes(self, text: str) -> list[str]:
        """Every digest under which `text` may stand while old rows are brought up to date: for looking up."""
        return [_index(secret, text) for secret in self._secrets()]

    def _secrets(self) -> tuple[bytes, ...]:
        if self.path is not None:
            try:
                return _read(self.path)
            except FileNotFoundError:
                pass  # taken away under a running process: what it has still opens what is stored
        return (self.secret, *self.retired)


def load_or_make_key(path: Path) -> PersonalDataKey:
    """The keys in `path`; one is made there when absent. Raises PersonalDataError where they are not 32 bytes each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secrets = _read(path)
    else:
        secrets = (os.urandom(KEY_BYTES),)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets[0])
            file.flush()
            os.fsync(file.fileno())
    return PersonalDataKey(secrets[0], secrets[1:], path)


def rotate(path: Path) -> PersonalDataKey:
    """A new key in front of those in `path`. Whoever is killed here leaves the old file or the new one, whole."""
    secrets = (os.urandom(KEY_BYTES), *_read(path))
    _write(path, secrets)
    return load_or_make_key(path)


def forget_retired(path: Path) -> PersonalDataKey:
    """Leaves the key in use alone in `path`: what an older one sealed never opens again."""
    _write(path, _read(path)[:1])
    return load_or_make_key(path)


def _write(path: Path, secrets: Sequence[bytes]) -> None:
    with whole_file(path) as file:
        file.write(b"".join(secrets))


# what was last read of each file, by the marks of the file it was read from
_KNOWN: dict[Path, tuple[tuple[int, int, int], tuple[bytes, ...]]] = {}


def _read(path: Path) -> tuple[bytes, ...]:
    status = path.stat()
    marks = (status.st_ino, status.st_mtime_ns, status.st_size)
    known = _KNOWN.get(path)
    if known is not None and known[0] == marks:
        return known[1]
    raw = path.read_bytes()
    if not raw or len(raw) % KEY_BYTES:
        raise PersonalDataError(f"{path}: not a {KEY_BYTES}-byte key; restore it from its own backup")
    secrets = tuple(raw[start : start + KEY_BYTES] for start in range(0, len(raw), KEY_BYTES))
    _KNOWN[path] = marks, secrets
    return secrets


def _id_of(secret: bytes) -> bytes:
    return hashlib.sha256(b"key id:" + secret).digest()[:KEY_ID_BYTES]


def _index(secret: bytes, text: str) -> str:
    return hmac.new(secret, b"index:" + text.encode(), hashlib.sha256).hexdigest()
