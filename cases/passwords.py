"""Passwords: which are taken, how they are kept, and whether one fits.

Kept as argon2id hashes. What is taken follows NIST SP 800-63B 5.1.1.2: length, and a list of what everybody tries
first, instead of rules about kinds of characters.
"""

import re
import secrets
import tomllib
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import Type

from cases.errors import PasswordRefused

MIN_CHARACTERS = 12
MAX_CHARACTERS = 200  # more is no person typing, and hashing it costs us
FEWEST_DIFFERENT = 5
GUESSED_FIRST = Path(__file__).with_name("passwords_guessed_first.toml")
LONGEST_TAIL = 6  # of digits and signs behind a word of the list: Password2026!

# OWASP Password Storage Cheat Sheet: argon2id with m=19 MiB, t=2, p=1
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
NOBODYS_HASH = HASHER.hash(secrets.token_urlsafe(32))  # checked where there is no such user


def check(password: str, *, names: tuple[str, ...]) -> None:
    """names: of its user; a password made of one is the first that is tried. Raises PasswordRefused."""
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        raise PasswordRefused(
            "length",
            f"a password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters, this one has {len(password)}: "
            "choose another; a few words in a row are easy to remember",
        )
    plain = password.lower()
    if len(set(plain)) < FEWEST_DIFFERENT or _repeats(plain):
        raise PasswordRefused("repeats", "this password says the same again and again: choose another")
    if _bare(plain) in guessed_first() or plain in guessed_first():
        raise PasswordRefused("guessed_first", "this password is among those that are tried first: choose another")
    for name in names:
        if name and plain.replace(name.lower(), "", 1) != plain and len(plain) - len(name) < MIN_CHARACTERS // 2:
            raise PasswordRefused("name", "this password is little more than the name of its user: choose another")


def made() -> str:
    """A first password, to be handed over and changed: easy to read out, and no two characters alike to the eye."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


def hashed(password: str) -> str:
    return HASHER.hash(password)


def fits(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password[:MAX_CHARACTERS]) and len(password) <= MAX_CHARACTERS
    except VerifyMismatchError:
        return False


def is_dated(password_hash: str) -> bool:
    """Whether it was hashed with less work than today."""
    return HASHER.check_needs_rehash(password_hash)


@cache
def guessed_first() -> frozenset[str]:
    lists: dict[str, list[str]] = tomllib.loads(GUESSED_FIRST.read_text(encoding="utf-8"))
    return frozenset(word for words in lists.values() for word in words)


def _bare(plain: str) -> str:
    """Without the digits and signs that people put behind a word to satisfy a rule."""
    return re.sub(rf"[\W\d_]{{1,{LONGEST_TAIL}}}$", "", plain)


def _repeats(plain: str) -> bool:
    """As abcabcabcabc does."""
    return any(
        len(plain) % size == 0 and plain == plain[:size] * (len(plain) // size)
        for size in range(1, len(plain) // 2 + 1)
    )
