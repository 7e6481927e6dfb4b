"""What a gateway has to do to carry our messages, whoever runs it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Letter:
    """Number and words. kind and facts: for gateways that fill in a template of their own."""

    to: str
    text: str
    kind: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Never the number and never the words: a letter may end up in a log."""
        return f"Letter(to={masked(self.to)!r}, kind={self.kind!r})"

    def as_json(self) -> str:
        return json.dumps(
            {"to": self.to, "text": self.text, "kind": self.kind, "facts": dict(self.facts)}, ensure_ascii=False
        )

    @classmethod
    def of(cls, stored: str) -> "Letter":
        """A letter as `as_json` wrote it."""
        return cls(**json.loads(stored))


class Gateway(Protocol):
    """Carries text messages. Raises GatewayUnavailable or GatewayRefused (notify/errors.py) and nothing foreign."""

    def send(self, key: str, letter: Letter) -> str:
        """Hands the message over; the gateway's own id of it."""
        ...

    def find(self, key: str, letter: Letter, since: datetime) -> str | None:
        """The id of this message, where it was taken at `since` or later; None where it was not.

        A gateway that cannot be asked says None and has to know a repeated key by itself.
        """
        ...


SHOWN_AT_START, SHOWN_AT_END = 3, 2


def masked(number: str) -> str:
    """A phone number for logs: its first three and last two characters."""
    hidden = max(len(number) - SHOWN_AT_START - SHOWN_AT_END, 4)
    if len(number) <= SHOWN_AT_START + SHOWN_AT_END:
        return "*" * hidden
    return f"{number[:SHOWN_AT_START]}{'*' * hidden}{number[-SHOWN_AT_END:]}"
