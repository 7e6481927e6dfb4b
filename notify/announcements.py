"""Announcements: the sentences loudspeakers say, by offence and occasion, and a plate as it is said.

Pure; the sentences are in notify/announcements.toml. What is typed by an operator is checked here too.
"""

import tomllib
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Literal

from models.enums import Offence
from notify.errors import SoundRefused

Language = Literal["zh", "en"]

LONGEST_TYPED = 120  # characters: half a minute of Chinese
PAUSE = {"zh": "，", "en": ", "}


@cache
def wordings() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "announcements.toml").read_text("utf-8"))


def warning(
    offence: Offence, *, place: str, plate: str | None, warned_before: bool, language: Language
) -> tuple[str, str]:
    """The name of the sentence, and its words."""
    sentences = wordings()["warning"][offence.value]
    occasion = "again" if warned_before else "first"
    if plate is None and f"{occasion}_without_plate" in sentences:
        occasion = f"{occasion}_without_plate"
    said = spoken_plate(plate, language) if plate is not None else ""
    return f"{offence.value}.{occasion}", str(sentences[occasion][language]).format(plate=said, place=place)


def press_sentences(language: Language) -> dict[str, str]:
    """What an operator has for one press each: words by name."""
    return {name: str(words[language]) for name, words in wordings()["press"].items()}


def spoken_plate(plate: str, language: Language) -> str:
    """Sign by sign: 浙，J，一，二，三 …; a province by its name where the voice reads no Chinese."""
    digits, provinces = wordings()["digits"], wordings()["province"]
    signs = [
        digits[language][int(sign)]
        if sign in "0123456789" and language in digits
        else provinces.get(sign, sign)
        if language == "en"
        else sign
        for sign in plate
    ]
    return PAUSE[language].join(signs)


def typed(text: str) -> str:
    """What an operator typed, as it is spoken: one line of printing characters. Raises SoundRefused."""
    said = " ".join(unicodedata.normalize("NFC", text).split())
    if not said:
        raise SoundRefused("there is nothing to say; type a sentence")
    if len(said) > LONGEST_TYPED:
        raise SoundRefused(f"it is longer than {LONGEST_TYPED} characters; say it in fewer words")
    # voices read marks such as <voice> or [[phonemes]] as orders
    if not said.isprintable() or any(sign in said for sign in "<>[]{}"):
        raise SoundRefused("it holds signs that cannot be spoken; leave out brackets")
    return said
