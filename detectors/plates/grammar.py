"""The grammar of plates: which strings a country's plates can say, in which colour and in how many rows.

Pure; the rules are data in grammars/*.toml. A grammar tells what may follow a prefix, so that a reading is decoded
along it, and refuses what cannot be a plate, saying why.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from detectors.errors import NoSuchGrammar, PlateRefused

FOLDER = Path(__file__).with_name("grammars")
REMEMBERED = 20_000  # answers of one grammar
COLOURS = ("blue", "green", "yellow", "white", "black")


@dataclass(frozen=True)
class PlateKind:
    """One kind of plate. slots: the characters each place may hold. prior: log of how often it is met.

    colour_must_fit: it is not thought of where the ground looks like another colour; else that only costs.

    serial_from: place where a serial begins that holds few letters; None: no such limit.
    """

    country: str
    code: str
    colours: tuple[str, ...]
    rows: tuple[int, ...]
    slots: tuple[frozenset[str], ...]
    prior: float
    serial_from: int | None = None
    letters_at_most: int = 0
    letter_too_many: float = 0.0
    colour_must_fit: bool = False

    def fits(self, text: str) -> bool:
        return len(text) == len(self.slots) and self.may_begin(text)

    def may_begin(self, prefix: str) -> bool:
        return len(prefix) <= len(self.slots) and all(c in slot for c, slot in zip(prefix, self.slots, strict=False))

    def log_prior(self, text: str) -> float:
        """Of a text that fits."""
        if self.serial_from is None:
            return self.prior
        letters = sum(character.isalpha() for character in text[self.serial_from :])
        return self.prior + self.letter_too_many * max(letters - self.letters_at_most, 0)


@dataclass(frozen=True)
class Grammar:
    """Kinds of plates. What it was asked before it remembers: decoding asks for the same prefixes again and again."""

    kinds: tuple[PlateKind, ...]
    _fitting: dict[str, tuple[PlateKind, ...]] = field(default_factory=dict, compare=False, repr=False)
    _following: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    def kinds_of(self, text: str) -> tuple[PlateKind, ...]:
        if text not in self._fitting:
            _make_room(self._fitting)
            self._fitting[text] = tuple(kind for kind in self.kinds if kind.fits(text))
        return self._fitting[text]

    def check(self, text: str, colour: str | None = None) -> PlateKind:
        """The kind of this plate, the most usual one where several fit. Raises PlateRefused.

        colour: one of COLOURS; None where it could not be seen.
        """
        fitting = self.kinds_of(text)
        if not fitting:
            raise PlateRefused(text, self._why_not(text))
        coloured = [kind for kind in fitting if colour is None or colour in kind.colours]
        if not coloured:
            may = sorted({each for kind in fitting for each in kind.colours})
            raise PlateRefused(text, f"a plate with {len(text)} such characters is {' or '.join(may)}, not {colour}")
        return max(coloured, key=lambda kind: kind.log_prior(text))

    def _why_not(self, text: str) -> str:
        lengths = sorted({len(kind.slots) for kind in self.kinds})
        if len(text) not in lengths:
            return f"it has {len(text)} characters, plates have {' or '.join(map(str, lengths))}"
        right = max(self._right_places(text), default=0)
        return f"no plate has `{text[right]}` as its character {right + 1}"

    def _right_places(self, text: str) -> Iterator[int]:
        for kind in self.kinds:
            if len(kind.slots) == len(text):
                yield next(place for place in range(len(text) + 1) if not kind.may_begin(text[: place + 1]))

    def next_slots(self, prefix: str) -> tuple[str, ...]:
        """What may follow, for each of the different places that kinds that may begin like this have next."""
        if prefix not in self._following:
            _make_room(self._following)
            place = len(prefix)
            follow = {kind.slots[place] for kind in self.kinds if place < len(kind.slots) and kind.may_begin(prefix)}
            self._following[prefix] = tuple(sorted("".join(sorted(slot)) for slot in follow))
        return self._following[prefix]

    @property
    def characters(self) -> frozenset[str]:
        return frozenset().union(*(slot for kind in self.kinds for slot in kind.slots))


@cache
def grammar_of(country: str) -> Grammar:
    """The grammar of a country. Raises NoSuchGrammar."""
    return Grammar(tuple(_kinds(country)))


@cache
def grammar_seen(country: str, rows: int, colours: tuple[str, ...]) -> Grammar:
    """Of a country's kinds those that are written in so many rows, where the ground may be of these colours."""
    return Grammar(
        tuple(
            kind
            for kind in grammar_of(country).kinds
            if rows in kind.rows and not (kind.colour_must_fit and set(colours).isdisjoint(kind.colours))
        )
    )


def _make_room(remembered: dict[str, Any]) -> None:
    if len(remembered) >= REMEMBERED:
        remembered.clear()


def countries_known() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def _kinds(country: str) -> Iterator[PlateKind]:
    if country not in countries_known():
        raise NoSuchGrammar(country, countries_known())
    data = tomllib.loads((FOLDER / f"{country}.toml").read_text("utf-8"))
    sets: Mapping[str, str] = data["set"]
    for entry in data["kind"]:
        yield PlateKind(
            country=country,
            code=entry["code"],
            colours=tuple(entry["colours"]),
            rows=tuple(entry["rows"]),
            slots=tuple(_slots(entry["slots"], sets)),
            prior=entry["prior"],
            serial_from=entry.get("serial_from"),
            **_limits(data),
        )


def _slots(names: Iterable[str], sets: Mapping[str, str]) -> Iterator[frozenset[str]]:
    for name in names:
        yield frozenset(sets.get(name, name))


def _limits(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("letters_at_most", "letter_too_many", "colour_must_fit") if name in data}
