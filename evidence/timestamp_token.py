"""Timestamp tokens (RFC 3161): what is asked of an authority, and whether its answer holds for a message.

Pure: bytes in, bytes or a moment out; who asks over the network and when is decided elsewhere. A token here is the
whole TimeStampResp as the authority sent it, which is also what `openssl ts -verify -in` reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from evidence.errors import TokenRefused

SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")


@dataclass(frozen=True)
class TokenRequest:
    """der: to be posted as application/timestamp-query. nonce: must come back in the answer."""

    der: bytes
    nonce: int


def request_of(message: bytes) -> TokenRequest:
    """Asks for the time of this message by its SHA-256, and for the authority's certificate."""
    request = (
        TimestampRequestBuilder()
        .data(message)
        .hash_algorithm(HashAlgorithm.SHA256)
        .cert_request(cert_request=True)
        .build()
    )
    if request.nonce is None:
        raise TokenRefused("the request was built without a nonce; update rfc3161-client")
    return TokenRequest(request.as_bytes(), request.nonce)


def roots_of(pem: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file. Raises TokenRefused."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise TokenRefused(f"the authority's certificates are not PEM: {error}") from error


def checked(token: bytes, message: bytes, *, roots: Sequence[x509.Certificate], nonce: int | None = None) -> datetime:
    """When the authority saw the message; its certificates need to have been valid then, not now.

    nonce: of the request, where the token has just come back (RFC 3161, 2.4.2). Raises TokenRefused.
    """
    answer = _read(token)
    if not roots:
        raise TokenRefused("no certificate of an authority is given that it could be checked by")
    verifier = VerifierBuilder(roots=list(roots), nonce=nonce).build()
    try:
        verifier.verify(answer, _imprinted(answer, message))
    except (VerificationError, ValueError) as error:
        raise TokenRefused(f"the timestamp token does not hold: {error}") from error
    return _time_of(answer)


def claimed(token: bytes, message: bytes) -> datetime:
    """The time it names for this very message, nobody's signature being checked. Raises TokenRefused."""
    answer = _read(token)
    _imprinted(answer, message)
    return _time_of(answer)


def _read(token: bytes) -> TimeStampResponse:
    try:
        answer = decode_timestamp_response(token)
        granted = answer.status == PKIStatus.GRANTED
        if granted:
            _ = answer.tst_info.message_imprint, answer.tst_info.gen_time  # parsed only when they are asked for
    except ValueError as error:
        raise TokenRefused(f"not a timestamp token: {error}") from error
    if not granted:
        raise TokenRefused(f"the authority answered {answer.status} {answer.status_string} and gave no token")
    return answer


def _imprinted(answer: TimeStampResponse, message: bytes) -> bytes:
    """The digest the token speaks of, which must be the message's."""
    imprint, digest = answer.tst_info.message_imprint, sha256(message).digest()
    if (imprint.hash_algorithm, imprint.message) != (SHA256, digest):
        raise TokenRefused("the timestamp token is for another message, or by another digest than SHA-256")
    return digest


def _time_of(answer: TimeStampResponse) -> datetime:
    return answer.tst_info.gen_time.astimezone(UTC)
