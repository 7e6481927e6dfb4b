"""Names and phone numbers at rest: AES-256-GCM, bound to the row they belong to.

The key is a file outside the database (0600), made on first use. The place (table, column, row id) is part of
what is authenticated, so a ciphertext copied into another row does not open there.
Layout of a stored value: one byte version, 12 bytes nonce, ciphertext with its 16-byte tag (NIST SP 800-38D).
"""

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
NONCE_BYTES = 12
KEY_BYTES = 32


class PersonalDataError(Exception):
    """A protected value could not be read, or the key is not usable."""


@dataclass(frozen=True)
class PersonalDataKey:
    secret: bytes = field(repr=False)

    def seal(self, text: str, where: str) -> bytes:
        """`where` names the place, for example `owner.phone:<row id>`."""
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + AESGCM(self.secret).encrypt(nonce, text.encode(), where.encode())

    def open(self, sealed: bytes, where: str) -> str:
        if sealed[:1] != VERSION:
            raise PersonalDataError(f"{where}: unknown layout {sealed[:1].hex()}; a newer program wrote it")
        nonce, ciphertext = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return AESGCM(self.secret).decrypt(nonce, ciphertext, where.encode()).decode()
        except InvalidTag as error:
            raise PersonalDataError(f"{where}: wrong key, or the value belongs to another row") from error

    def index(self, text: str) -> str:
        """A keyed digest that finds equal values without showing them."""
        return hmac.new(self.secret, b"index:" + text.encode(), hashlib.sha256).hexdigest()


def load_or_make_key(path: Path) -> PersonalDataKey:
    """The key in `path`; made there when absent. Raises PersonalDataError where it is not 32 bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = path.read_bytes()
    else:
        secret = os.urandom(KEY_BYTES)
        with os.fdopen(handle, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
    if len(secret) != KEY_BYTES:
        raise PersonalDataError(f"{path}: not a {KEY_BYTES}-byte key; restore it from its own backup")
    return PersonalDataKey(secret)
