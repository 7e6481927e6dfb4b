"""The anti-forgery code: only the original's digest gives it, and a person can type it from a print."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.derivatives.anti_forgery import ALPHABET, as_typed, code_of, with_code

NOON, DUSK = (hashlib.sha256(text).hexdigest() for text in (b"noon", b"dusk"))
DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)


def test_the_code_is_the_first_sixty_bits_of_a_digest_over_the_digest() -> None:
    """Worked out a second way, from the words of the documentation."""
    digest = hashlib.sha256(b"streetwitness anti-forgery code 1\n" + NOON.encode()).hexdigest()
    bits = f"{int(digest, 16):0256b}"[:60]
    signs = "".join(ALPHABET[int(bits[at : at + 5], 2)] for at in range(0, 60, 5))
    assert code_of(NOON) == f"{signs[:4]}-{signs[4:8]}-{signs[8:]}"


@given(DIGESTS)
def test_a_code_typed_as_printed_or_carelessly_is_the_same_code(digest: str) -> None:
    code = code_of(digest)
    careless = code.lower().replace("-", " ").replace("1", "l").replace("0", "o")
    assert as_typed(code) == as_typed(careless) == as_typed(f"  {code} ") == code


@pytest.mark.parametrize(
    "text", ["", "7KQ2", "7KQ2-M9XA-40T", "7KQ2-M9XA-40TPX", "7KQ2-M9XA-40TU", "防伪码防伪码防伪码防伪码"]
)
def test_what_cannot_be_a_code_is_none(text: str) -> None:
    assert as_typed(text) is None


@given(DIGESTS, st.integers(0, 255))
def test_another_original_has_another_code(digest: str, bit: int) -> None:
    other = f"{int(digest, 16) ^ 1 << bit:064x}"
    assert code_of(other) != code_of(digest)


def test_a_code_finds_its_original_among_others() -> None:
    assert with_code(code_of(NOON), [DUSK, NOON]) == [NOON]
    assert with_code(code_of(NOON), [DUSK]) == []
