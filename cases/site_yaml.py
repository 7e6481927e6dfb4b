"""YAML with line numbers: text to plain values, and the line every value stands on.

Built on ruamel.yaml's event stream, which is read without recursion and expands nothing: depth, aliases and size
are checked before anything is built. Scalars follow the YAML 1.2 core schema, so `07:00` and `no` stay text.
What the values mean is in cases/site_file.py.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

MAX_DEPTH = 20
MAX_VALUES = 100_000  # with every alias counted as often as it is used
MAX_ANCHORS = 100
LONGEST_NUMBER = 40  # characters; int() of a million digits takes minutes

Path = tuple[str | int, ...]

INTEGER = re.compile(r"[-+]?[0-9]+")
DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with a file; line counts from 1, `field` is written as `cameras[0].id`."""

    line: int
    field: str
    sentence: str

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"line {self.line}: {where}{self.sentence}"


class NotYaml(Exception):
    """The text cannot be read at all; `problem` says where it stops making sense."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Document:
    """lines: the line of every key and every list item, by its path. problems: keys written twice."""

    value: Any
    lines: dict[Path, int]
    problems: tuple[Problem, ...]

    def line_of(self, path: Path) -> int:
        """The line of `path`, or of the nearest thing around it that is written in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def named(path: Path) -> str:
    """`("cameras", 0, "id")` as `cameras[0].id`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_yaml(text: str) -> Document | None:
    """The one document in `text`; None where there is nothing in it. Raises NotYaml."""
    reader = _Reader()
    try:
        events = iter(YAML(typ="safe", pure=True).parse(text))
        return reader.document(events)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        raise NotYaml(Problem(line, "", f"this is not YAML: {error.problem or error.context}")) from error
    except YAMLError as error:  # characters that YAML does not allow carry no mark
        raise NotYaml(Problem(1, "", "this is not YAML: it holds control characters; save it as UTF-8 text")) from error


@dataclass(frozen=True)
class _Anchored:
    value: Any
    lines: dict[Path, int]
    size: int


@dataclass
class _Reader:
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, _Anchored] = field(default_factory=dict)
    size: int = 0

    def document(self, events: Iterator[Event]) -> Document | None:
        found: Document | None = None
        for event in events:
            if not isinstance(event, DocumentStartEvent):
                continue
            line = event.start_mark.line + 1
            if found is not None:
                raise NotYaml(Problem(line, "", "a second document starts here (---); keep one site in one file"))
            value = self._value(next(events), events, ())
            found = None if value is None else Document(value, self.lines, tuple(self.problems))
        return found

    def _value(self, event: Event, events: Iterator[Event], path: Path) -> Any:
        line = event.start_mark.line + 1
        self.lines.setdefault(path, line)
        self.size += 1
        if self.size > MAX_VALUES:
            raise NotYaml(Problem(line, "", f"more than {MAX_VALUES} values; a site file does not grow like that"))
        if len(path) > MAX_DEPTH:
            raise NotYaml(Problem(line, "", f"nested deeper than {MAX_DEPTH} levels"))
        if isinstance(event, AliasEvent):
            return self._repeat(str(event.anchor), line, path)
        before, known = self.size, len(self.lines)
        value = self._fresh(event, events, path)
        if isinstance(event, NodeEvent) and event.anchor:
            if len(self.anchors) == MAX_ANCHORS:
                raise NotYaml(Problem(line, named(path), f"more than {MAX_ANCHORS} anchors (&)"))
            below = {at[len(path) :]: on for at, on in list(self.lines.items())[known:]}
            self.anchors[event.anchor] = _Anchored(value, below, self.size - before + 1)
        return value

    def _fresh(self, event: Event, events: Iterator[Event], path: Path) -> Any:
        if isinstance(event, ScalarEvent):
            return _scalar(event)
        if isinstance(event, SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(item := next(events), SequenceEndEvent):
                items.append(self._value(item, events, (*path, len(items))))
            return tuple(items)
        if isinstance(event, MappingStartEvent):
            return self._mapping(events, path)
        raise AssertionError(f"{type(event).__name__} is not the start of a value")

    def _mapping(self, events: Iterator[Event], path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(key := next(events), MappingEndEvent):
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarEvent):
                raise NotYaml(Problem(line, named(path), "a key must be a plain word"))
            name = str(key.value)
            twice = name in mapping
            if twice:
                first = self.lines[(*path, name)]
                self.problems.append(
                    Problem(line, named((*path, name)), f"this key is written twice (first on line {first}); keep one")
                )
            self.lines.setdefault((*path, name), line)
            value = self._value(next(events), events, (*path, name))
            if not twice:
                mapping[name] = value
        return mapping

    def _repeat(self, anchor: str, line: int, path: Path) -> Any:
        known = self.anchors.get(anchor)
        if known is None:
            raise NotYaml(Problem(line, named(path), f"*{anchor} repeats something that is not defined above"))
        self.size += known.size
        if self.size > MAX_VALUES:
            raise NotYaml(Problem(line, named(path), f"*{anchor} makes more than {MAX_VALUES} values"))
        for below, at in known.lines.items():
            self.lines.setdefault((*path, *below), at)
        return known.value


def _scalar(event: ScalarEvent) -> Any:
    text = str(event.value)
    if not event.implicit[0]:  # quoted, or a block of text
        return text
    if text in WORDS:
        return WORDS[text]
    if len(text) <= LONGEST_NUMBER:
        if INTEGER.fullmatch(text):
            return int(text)
        if DECIMAL.fullmatch(text):
            return float(text)
    return text
