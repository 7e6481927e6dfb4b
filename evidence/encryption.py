"""Encryption of the copies that leave the machine: the age format, with a key that is kept away from the store.

age (https://age-encryption.org/v1) is a file key of its own for every object, sealed for an X25519 public key, and
chunks of ChaCha20-Poly1305: no byte can be changed, left out or moved unnoticed. A key file is what `age-keygen`
writes, one secret key a line, and any program that reads age opens the copies with it. Digests are always of the plain
bytes.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pyrage
from pyrage import x25519

from evidence.errors import SealedBytesChanged, StoreKeyUnusable, WrongStoreKey
from models.whole_file import whole_file

SUFFIX = ".age"
READ_BY_OTHERS = 0o077
NO_KEY_FITS = "No matching keys found"  # pyrage has one error for all, and says so in its text


@dataclass(frozen=True)
class StoreKeys:
    """The first key is the one that is encrypted for; the others open what was encrypted for them earlier."""

    identities: Sequence[x25519.Identity] = field(repr=False)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises StoreKeyUnusable."""
        try:
            mode, text = path.stat().st_mode, path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StoreKeyUnusable(path, f"it cannot be read ({error})") from error
        if mode & READ_BY_OTHERS:
            raise StoreKeyUnusable(path, "others than its owner may read it (chmod 600)")
        lines = (line.strip() for line in text.splitlines())
        try:
            identities = [x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
        except pyrage.IdentityError as error:
            raise StoreKeyUnusable(path, f"a line of it is no age secret key ({error})") from error
        if not identities:
            raise StoreKeyUnusable(path, "there is none in it")
        return cls(identities)

    @property
    def public(self) -> str:
        """The public key new copies are encrypted for."""
        return str(self.identities[0].to_public())

    def encrypted(self, plain: bytes) -> bytes:
        sealed: bytes = pyrage.encrypt(plain, [self.identities[0].to_public()])
        return sealed

    def decrypted(self, sealed: bytes, name: str) -> bytes:
        """Raises WrongStoreKey where no key opens it, SealedBytesChanged where one does and they are not whole."""
        try:
            plain: bytes = pyrage.decrypt(sealed, list(self.identities))
        except pyrage.DecryptError as error:
            if str(error) == NO_KEY_FITS:
                raise WrongStoreKey(name) from error
            raise SealedBytesChanged(name, str(error)) from error
        return plain


def make_key_file(path: Path) -> str:
    """Writes a new key, readable by its owner alone, and returns its public half. Raises StoreKeyUnusable.

    Where a file is there already, its keys are kept: the new one goes first and is the one used from then on.
    """
    before = path.read_text("utf-8") if path.exists() else ""
    if before:
        StoreKeys.open(path)
    identity = x25519.Identity.generate()
    try:
        with whole_file(path) as file:
            file.write(f"# public key: {identity.to_public()}\n{identity}\n{before}".encode())
            os.fchmod(file.fileno(), 0o600)
    except OSError as error:
        raise StoreKeyUnusable(path, f"it cannot be written ({error.strerror})") from error
    return str(identity.to_public())
