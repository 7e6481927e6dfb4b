"""The anti-forgery code of a caption strip: twelve signs that only the original's digest gives.

It says which original a print was made from, and nothing more: with the original at hand, or its digest in a bundle,
anybody can work it out again. That the strip's words are those of the original is seen by comparing, not by the code.
"""

import hashlib
from collections.abc import Iterable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U, which are misread
LENGTH, GROUP = 12, 4
PURPOSE = b"streetwitness anti-forgery code 1\n"
MISREAD = str.maketrans("ILO", "110")


def code_of(sha256: str) -> str:
    """`7KQ2-M9XA-40TP` for the original with this digest: the first 60 bits of a SHA-256 over it."""
    number = int.from_bytes(hashlib.sha256(PURPOSE + sha256.encode("ascii")).digest()[:8]) >> 4
    signs = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(LENGTH)))
    return "-".join(signs[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def as_typed(text: str) -> str | None:
    """What somebody typed from a print, in the form of `code_of`; None where it cannot be a code."""
    signs = "".join(sign for sign in text.upper() if sign.isalnum()).translate(MISREAD)
    if len(signs) != LENGTH or not set(signs) <= set(ALPHABET):
        return None
    return "-".join(signs[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def with_code(code: str, digests: Iterable[str]) -> list[str]:
    """Those of the digests whose code it is: at most one, unless two originals share 60 bits."""
    return [sha256 for sha256 in digests if code_of(sha256) == code]
