"""A site has one key: made once whatever happens, kept to its owner, and its signatures checked by anybody."""

import multiprocessing
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import NotAKey, SigningKeyFailed
from evidence.signature import SigningKey, check, key_id_of

# RFC 8032, 7.1, test 2
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC_PEM = b"""\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=
-----END PUBLIC KEY-----
"""
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def key_id_made_by(path: Path) -> str:
    return SigningKey.make_or_open(path).key_id


def test_a_key_is_made_once_and_opened_ever_after(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "signing.pem"
    first = SigningKey.make_or_open(path)
    again = SigningKey.make_or_open(path)
    assert (again.key_id, again.public_pem) == (first.key_id, first.public_pem)
    assert check(first.public_pem, b"a car stood there", again.sign(b"a car stood there"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [left.name for left in path.parent.iterdir()] == ["signing.pem"]
    assert b"BEGIN PRIVATE KEY" in path.read_bytes()


def test_processes_that_start_at_once_get_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        ids = set(pool.map(key_id_made_by, [tmp_path / "signing.pem"] * 12))
    assert ids == {SigningKey.make_or_open(tmp_path / "signing.pem").key_id}
    assert [left.name for left in tmp_path.iterdir()] == ["signing.pem"]


def test_the_known_signature_of_the_rfc_holds_and_openssl_reads_our_key(tmp_path: Path) -> None:
    assert check(PUBLIC_PEM, b"\x72", SIGNATURE)
    (tmp_path / "seed.der").write_bytes(bytes.fromhex("302e020100300506032b657004220420") + SEED)
    private = subprocess.run(
        ["openssl", "pkey", "-inform", "DER", "-in", tmp_path / "seed.der"], capture_output=True, check=True
    ).stdout
    path = tmp_path / "signing.pem"
    path.write_bytes(private)
    path.chmod(0o600)
    key = SigningKey.make_or_open(path)
    assert key.sign(b"\x72") == SIGNATURE
    assert key.public_pem == PUBLIC_PEM
    assert key.key_id == key_id_of(PUBLIC_PEM)


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=511))
def test_no_flipped_bit_of_a_signature_or_message_passes(message: bytes, bit: int) -> None:
    flipped = bytearray(SIGNATURE)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not check(PUBLIC_PEM, b"\x72", bytes(flipped))
    assert check(PUBLIC_PEM, message, SIGNATURE) is (message == b"\x72")


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_of_another_length_does_not_hold(length: int) -> None:
    assert not check(PUBLIC_PEM, b"\x72", (SIGNATURE + b"\0")[:length])


@pytest.mark.parametrize("what", ["open_to_others", "garbage", "empty", "public", "another_kind", "folder"])
def test_a_key_file_that_cannot_be_relied_on_is_refused_and_left_as_it_is(tmp_path: Path, what: str) -> None:
    path = tmp_path / "signing.pem"
    key = SigningKey.make_or_open(path)
    match what:
        case "open_to_others":
            path.chmod(0o640)
        case "garbage" | "empty":
            path.write_bytes(b"-----BEGIN nothing" if what == "garbage" else b"")
        case "public":
            path.write_bytes(key.public_pem)
        case "another_kind":
            other = generate_private_key(SECP256R1())
            path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        case "folder":
            path.unlink()
            path.mkdir()
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(SigningKeyFailed, match="restore it, or begin another"):
        SigningKey.make_or_open(path)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_what_is_no_ed25519_key_is_not_checked_by() -> None:
    other = generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for pem in (b"", b"garbage", other):
        with pytest.raises(NotAKey):
            check(pem, b"", SIGNATURE)
