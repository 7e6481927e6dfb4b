"""Signatures: the site's Ed25519 key on disk, and the check of what was signed with such a key.

A key is made on first use, whole or not at all, readable by its owner alone; who comes second gets the first one's.
Rotation is moving the file away: the next start makes another, and the rows keep the old public keys with their dates.
"""

import os
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from evidence.errors import NotAKey, SigningKeyFailed

OPEN_TO_OTHERS = 0o077


class SigningKey:
    """key_id: the digest of its SubjectPublicKeyInfo in DER, in hex; public_pem: what others check with."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        public = private.public_key()
        self.public_pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.key_id = _id_of(public)

    @classmethod
    def make_or_open(cls, path: Path) -> "SigningKey":
        """The key of this file, made where there is none. Raises SigningKeyFailed."""
        try:
            if not path.exists():
                _make(path)
            return cls._opened(path)
        except OSError as error:
            raise SigningKeyFailed(path, error.strerror or str(error)) from error

    @classmethod
    def _opened(cls, path: Path) -> "SigningKey":
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if os.fstat(handle).st_mode & OPEN_TO_OTHERS:
                raise SigningKeyFailed(path, "others than its owner may read it; treat it as known to them")
            pem = file.read()
        try:
            private = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise SigningKeyFailed(path, f"it does not hold a private key: {error}") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise SigningKeyFailed(path, "it holds a key of another kind than Ed25519")
        return cls(private)

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def key_id_of(public_pem: bytes) -> str:
    """Raises NotAKey."""
    return _id_of(_public(public_pem))


def check(public_pem: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key's owner signed exactly this. Raises NotAKey."""
    try:
        _public(public_pem).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _public(pem: bytes) -> Ed25519PublicKey:
    try:
        public = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NotAKey(f"not a public key in PEM: {error}") from error
    if not isinstance(public, Ed25519PublicKey):
        raise NotAKey("a key of another kind than Ed25519")
    return public


def _id_of(public: Ed25519PublicKey) -> str:
    return sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _make(path: Path) -> None:
    """Under its name only when it is on disk; a link, unlike a rename, leaves a key that came first where it is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".part") as part:  # made 0600
        part.write(pem)
        part.flush()
        os.fsync(part.fileno())
        try:
            os.link(part.name, path)
        except FileExistsError:
            return
    folder = os.open(path.absolute().parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
