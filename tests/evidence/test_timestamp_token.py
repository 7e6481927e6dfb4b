"""A timestamp token holds for one message, by one authority, at its own time; anything else is refused in words."""

from pathlib import Path

import pytest
from cryptography import x509

from evidence.errors import TokenRefused
from evidence.timestamp_token import checked, claimed, request_of, roots_of
from tests.evidence.timestamp_authority import TimestampAuthority

MESSAGE = b"a car stood there"


@pytest.fixture(scope="module")
def roots(authority: TimestampAuthority) -> list[x509.Certificate]:
    return roots_of(authority.roots.read_bytes())


@pytest.fixture(scope="module")
def token(authority: TimestampAuthority) -> bytes:
    return authority.token_for(request_of(MESSAGE).der)


def test_a_token_tells_when_the_authority_saw_the_message(
    authority: TimestampAuthority, roots: list[x509.Certificate]
) -> None:
    request = request_of(MESSAGE)
    token = authority.token_for(request.der)
    at = checked(token, MESSAGE, roots=roots, nonce=request.nonce)
    assert at.tzinfo is not None
    assert claimed(token, MESSAGE) == at
    assert authority.token_for(request_of(MESSAGE).der) != token


def test_a_token_for_another_message_or_nonce_is_refused(token: bytes, roots: list[x509.Certificate]) -> None:
    with pytest.raises(TokenRefused, match="another message"):
        checked(token, MESSAGE + b".", roots=roots)
    with pytest.raises(TokenRefused, match="another message"):
        claimed(token, MESSAGE + b".")
    with pytest.raises(TokenRefused, match="Nonce mismatch"):
        checked(token, MESSAGE, roots=roots, nonce=1)


def test_a_token_of_another_authority_is_refused(token: bytes, tmp_path: Path) -> None:
    stranger = TimestampAuthority(tmp_path / "stranger")
    with pytest.raises(TokenRefused, match="does not hold"):
        checked(token, MESSAGE, roots=roots_of(stranger.roots.read_bytes()))
    with pytest.raises(TokenRefused, match="no certificate"):
        checked(token, MESSAGE, roots=[])


def test_a_changed_token_never_tells_another_time(token: bytes, roots: list[x509.Certificate]) -> None:
    """A few bits of a token's envelope carry nothing and may differ; what it says and who says it may not."""
    at = checked(token, MESSAGE, roots=roots)
    refused = 0
    for position in range(len(token)):
        changed = token[:position] + bytes([token[position] ^ 1 << position % 8]) + token[position + 1 :]
        try:
            assert checked(changed, MESSAGE, roots=roots) == at
        except TokenRefused:
            refused += 1
    assert refused > 0.97 * len(token)


def test_a_changed_token_is_refused_in_words_also_where_nobody_can_check_who_signed_it(token: bytes) -> None:
    """A bundle without an authority's certificate may hold anything in the place of a token."""
    claimed_at = claimed(token, MESSAGE)
    date = token.index(b"\x18\x0f20") + 2
    changed = [token[:at] + bytes([token[at] ^ 0xFF]) + token[at + 1 :] for at in range(len(token))]
    changed += [token[:date] + text + token[date + 15 :] for text in (b"00000101000000Z", b"20261332000000Z")]
    times = set()
    for each in changed:
        try:
            times.add(claimed(each, MESSAGE))
        except TokenRefused:
            continue
    assert times == {claimed_at}


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>Sign in to the network</html>", bytes.fromhex("30093007020102030203 0780".replace(" ", ""))],
    ids=["empty", "a_page", "rejection"],
)
def test_what_is_no_token_is_refused(answer: bytes, roots: list[x509.Certificate]) -> None:
    for check in (lambda: checked(answer, MESSAGE, roots=roots), lambda: claimed(answer, MESSAGE)):
        with pytest.raises(TokenRefused):
            check()


@pytest.mark.parametrize("pem", [b"", b"words", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_certificates_that_are_none_are_refused(pem: bytes) -> None:
    with pytest.raises(TokenRefused, match="not PEM"):
        roots_of(pem)
