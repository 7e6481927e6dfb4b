"""Content Credentials (C2PA) on a derivative that leaves the house: who made it, from what, and how, inside the file.

An option: without the package, or without a certificate, derivatives leave as they are, and their recipe and custody
say the same. Nothing is asked of a network: no timestamp, no revocation list, no manifest kept elsewhere.
The original is named by its digest and never put in as an ingredient, whose thumbnail would show what is masked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from evidence.errors import CredentialsUnusable

CHAIN, KEY = "chain.pem", "key.pem"
RECIPE = "cn.streetwitness.recipe"
# IPTC: a capture changed by a program without adding anything to it
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"


@dataclass(frozen=True)
class ContentCredentials:
    """chain: the certificate and those above it, PEM, the signer's own first. software: name and version."""

    chain: bytes
    key: bytes = field(repr=False)
    algorithm: str
    software: tuple[str, str]

    @classmethod
    def opened(cls, folder: Path, software: tuple[str, str]) -> "ContentCredentials":
        """From chain.pem and key.pem of a folder. Raises CredentialsUnusable."""
        _library(folder)
        try:
            chain, key = (folder / CHAIN).read_bytes(), (folder / KEY).read_bytes()
            algorithm = _algorithm(load_pem_private_key(key, None))
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise CredentialsUnusable(folder, str(error)) from error
        if algorithm is None:
            raise CredentialsUnusable(folder, "the key is neither Ed25519 nor P-256")
        return cls(chain, key, algorithm, software)

    def attach(self, source: Path, media_type: str, out: Path, *, title: str, recipe: Mapping[str, Any]) -> None:
        """Writes a copy of `source` that carries its credentials. Raises CredentialsUnusable; OSError passes."""
        c2pa = _library(source)
        name, version = self.software
        what = {
            "title": title,
            "format": media_type,
            "claim_generator_info": [{"name": name, "version": version}],
            "assertions": [
                {
                    "label": "c2pa.actions",
                    "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}]},
                },
                {"label": RECIPE, "data": recipe},
            ],
        }
        try:
            signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(self.algorithm.encode(), self.chain, self.key, None))
            with source.open("rb") as original, out.open("w+b") as signed, c2pa.Builder(json.dumps(what)) as builder:
                builder.sign(signer, media_type, original, signed)
        except c2pa.C2paError as error:
            raise CredentialsUnusable(source, str(error)) from error


def read_credentials(path: Path, media_type: str) -> dict[str, Any]:
    """What a file says of itself, with `validation_state`. Raises CredentialsUnusable where it carries nothing."""
    c2pa = _library(path)
    try:
        with path.open("rb") as file, c2pa.Reader(media_type, file) as reader:
            said: dict[str, Any] = json.loads(reader.json())
    except c2pa.C2paError as error:
        raise CredentialsUnusable(path, str(error)) from error
    return said


def _library(path: Path) -> Any:
    """It brings 50 MB of its own, so it is installed only where it is wanted."""
    try:
        import c2pa  # noqa: PLC0415
    except ImportError as error:
        raise CredentialsUnusable(path, "the package is missing: pip install streetwitness[credentials]") from error
    return c2pa


def _algorithm(key: object) -> str | None:
    if isinstance(key, Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return "es256"
    return None
