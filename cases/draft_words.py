"""The words of the draft case: sentences, labels and terms from draft_words.toml, and how values are written in them.

Pure. A sentence is made in both languages at once, so that neither can fall behind the other. draft_words.toml speaks
of a vehicle; an offence that is about something else has its own words in draft_words.OFFENCE.toml, for what differs.
"""

import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from cases.languages import Bilingual, Language
from models.enums import Offence

Chapter = Literal["statement", "against", "pointer", "term", "label", "signs"]
Value = str | int | Bilingual


@cache
def _chapters(offence: Offence | None = None) -> dict[str, dict[str, Bilingual]]:
    path = Path(__file__).with_name("draft_words.toml" if offence is None else f"draft_words.{offence.value}.toml")
    if offence is not None and not path.exists():
        return {}
    read = tomllib.loads(path.read_text("utf-8"))
    return {
        chapter: {code: Bilingual.model_validate(texts) for code, texts in codes.items()}
        for chapter, codes in read.items()
    }


def say(chapter: Chapter, code: str, **values: Value) -> Bilingual:
    """The sentence in both languages, its values filled in."""
    return _said(_chapters()[chapter][code], values)


def say_of(of: Offence, chapter: Chapter, code: str, /, **values: Value) -> Bilingual:
    """As `say`, in the words of that offence where it has its own."""
    own = _chapters(of).get(chapter, {})
    return _said(own[code] if code in own else _chapters()[chapter][code], values)


def _said(words: Bilingual, values: dict[str, Value]) -> Bilingual:
    return Bilingual(zh=_fill(words.zh, values, "zh"), en=_fill(words.en, values, "en"))


def term(word: str) -> Bilingual:
    """A word of the closed lists. One that nobody translated (a class of a site's own weights) stands as it is."""
    return _chapters()["term"].get(word) or Bilingual(zh=word, en=word)


def labels(language: Language, offence: Offence | None = None) -> dict[str, str]:
    own = {} if offence is None else _chapters(offence).get("label", {})
    return {code: words.in_(language) for code, words in (_chapters()["label"] | own).items()}


def _fill(template: str, values: dict[str, Value], language: Language) -> str:
    said = {name: value.in_(language) if isinstance(value, Bilingual) else value for name, value in values.items()}
    return template.format(**said)


def duration(seconds: float) -> Bilingual:
    """Whole seconds, rounded down: a length is never claimed that was not there."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "小时", "h"), (minutes, "分", "min"), (rest, "秒", "s")]
    said = [part for part in parts if part[0]] or [parts[-1]]
    return Bilingual(
        zh="".join(f"{count}{unit}" for count, unit, _ in said),
        en=" ".join(f"{count} {unit}" for count, _, unit in said),
    )


def percent(share: float) -> str:
    return f"{share * 100:.1f}%"


def two_places(value: float) -> str:
    return f"{value:.2f}"


def local_time(at: datetime, timezone: str) -> str:
    """To the tenth of a second, cut and not rounded; with the offset, so that it can be read without our tables."""
    local = at.astimezone(ZoneInfo(timezone))
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 100_000} UTC{offset[:3]}:{offset[3:]}"


def clock_time(at: datetime, timezone: str) -> str:
    local = at.astimezone(ZoneInfo(timezone))
    return f"{local:%H:%M:%S}.{local.microsecond // 100_000}"


def utc_time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 100_000}Z"
