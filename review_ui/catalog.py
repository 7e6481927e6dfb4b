"""Every word the pages say, by language: one file each in words/, with the same keys.

A key that is missing is an error at once; a page never shows half of it in another language.
"""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cases.languages import Language

WORDS = Path(__file__).parent / "words"


@dataclass(frozen=True)
class Catalog:
    """One language. sentences: text with {places} by dotted key."""

    language: Language
    sentences: dict[str, str]

    def say(self, key: str, **facts: Any) -> str:
        return self.sentences[key].format(**facts)

    def duration(self, seconds: float) -> str:
        """The two largest units, as a person says it."""
        whole = round(seconds)
        if whole < 60:
            return self.say("time.seconds", s=whole)
        if whole < 3600:
            return self.say("time.minutes", m=whole // 60, s=whole % 60)
        return self.say("time.hours", h=whole // 3600, m=whole % 3600 // 60)

    def moment(self, at: datetime, timezone: str) -> str:
        """Date and time of day on the clocks of the site."""
        return f"{at.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M:%S}"

    def clock(self, at: datetime, timezone: str) -> str:
        return f"{at.astimezone(ZoneInfo(timezone)):%H:%M:%S}"


@cache
def load(language: Language) -> Catalog:
    with (WORDS / f"{language}.toml").open("rb") as file:
        return Catalog(language, dict(_flat(tomllib.load(file))))


def choose_language(offered: tuple[Language, ...], chosen: str | None, accepted: str) -> Language:
    """The language chosen on the page; else the browser's first wish that is offered; else the first offered.

    accepted: an Accept-Language header (RFC 9110 12.5.4).
    """
    best_first = sorted(_wishes(accepted), key=lambda wish: -wish[1])
    wished = [chosen, *(tag.split("-")[0] for tag, quality in best_first if quality > 0)]
    return next((language for wish in wished for language in offered if language == wish), offered[0])


def _wishes(accepted: str) -> list[tuple[str, float]]:
    wishes = []
    for part in accepted.split(","):
        tag, _, parameter = part.strip().partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            quality = float(value) if name == "q" else 1.0
        except ValueError:
            quality = 0.0  # a wish that cannot be read is none
        wishes.append((tag.strip().lower(), quality))
    return wishes


def _flat(table: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in table.items():
        flat += _flat(value, f"{before}{key}.") if isinstance(value, dict) else [(before + key, str(value))]
    return flat
