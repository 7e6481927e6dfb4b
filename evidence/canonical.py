"""Canonical JSON (RFC 8785): one value, one sequence of bytes, so that a digest of it means something.

Times are written in UTC with microseconds and a Z, so that equal moments are equal text.
"""

import json
from datetime import UTC, datetime
from typing import Any, NoReturn

import rfc8785

from evidence.errors import NotCanonical

EXACT_INTEGER_DIGITS = 15  # below 2**53; longer ones are doubles, as RFC 8785 3.2.2.3 reads every number


def canonical(value: Any) -> bytes:
    """Raises NotCanonical for what JSON cannot hold exactly: NaN, integers beyond 2**53, lone surrogates."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise NotCanonical(f"this value has no canonical form: {error}") from error


def instant(at: datetime) -> str:
    if at.tzinfo is None:
        raise NotCanonical(f"{at.isoformat()} has no zone; evidence is dated in UTC")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant_or_none(at: datetime | None) -> str | None:
    return None if at is None else instant(at)


def read_canonical(data: bytes) -> Any:
    """The value, if these bytes are its canonical form. Raises NotCanonical; the bytes may come from anybody."""
    try:
        value = json.loads(
            data.decode("utf-8"),
            parse_int=_number,
            parse_constant=_no_constant,
            object_pairs_hook=_without_doubles,
        )
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"not JSON: {error}") from error
    if canonical(value) != data:
        raise NotCanonical("JSON, but not in canonical form (RFC 8785)")
    return value


def _number(text: str) -> int | float:
    return int(text) if len(text.lstrip("-")) <= EXACT_INTEGER_DIGITS else float(text)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return value
