"""Reading a file of the catalogue of offences, CSV or YAML, in UTF-8 or GB18030, with or without a byte order mark.

Every fault of the file is told at once, each with its line and a sentence; what has one fault is refused whole. Rows
are written in cases/law/catalogue.py.

A CSV has one line a band; the lines of one item stand together, and what is the same as above is left empty. Amounts
are in yuan there. A YAML has the words of cases/law/items.py, under `source:` and `items:`, and amounts in fen.
"""

import csv
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cases.errors import LawDataUnusable
from cases.law.errors import LawFileRefused
from cases.law.items import LawItem
from cases.site_yaml import Document, NotYaml, Problem, named, read_yaml
from cases.site_yaml import Path as FieldPath

MAX_BYTES = 8_000_000
MOST_TOLD = 200  # problems; a file that is wrong throughout is wrong in one way
STARTING = Path(__file__).parent / "starting_catalogue.toml"
OFFENCES = Path(__file__).parent / "offences"

# a column of the CSV by either of its names
COLUMNS = {
    "code": "编码",
    "class": "大类",
    "class_en": "大类英文",
    "power": "权力事项",
    "power_en": "权力事项英文",
    "act": "违法行为",
    "act_en": "违法行为英文",
    "offence": "识别类型",
    "valid_from": "生效日期",
    "valid_to": "失效日期",
    "keywords": "关键词",
    "violation_law": "违则名称",
    "violation_article": "违则条款",
    "violation_text": "违则原文",
    "penalty_law": "罚则名称",
    "penalty_article": "罚则条款",
    "penalty_text": "罚则原文",
    "subjects": "处罚对象",
    "warning": "可以警告",
    "citizen_min": "公民最低罚款",
    "citizen_max": "公民最高罚款",
    "organisation_min": "单位最低罚款",
    "organisation_max": "单位最高罚款",
    "lookback_days": "回溯天数",
    "long_limitation": "五年时效",
    "correction": "责令内容",
    "standard": "裁量基准",
    "band": "档次编码",
    "band_name": "档次",
    "band_name_en": "档次英文",
    "band_subject": "档次对象",
    "band_when": "适用情形",
    "band_outcome": "处理",
    "band_min": "档次最低罚款",
    "band_max": "档次最高罚款",
    "band_ground": "不予处罚理由",
}
NEEDED = ("code", "class", "power", "act", "valid_from", "violation_law", "violation_article", "penalty_law")
OF_A_BAND = tuple(name for name in COLUMNS if name.startswith("band"))
SAID = {
    "citizen": "citizen",
    "公民": "citizen",
    "个人": "citizen",
    "organisation": "organisation",
    "单位": "organisation",
    "法人或者其他组织": "organisation",
    "no_penalty": "no_penalty",
    "不予处罚": "no_penalty",
    "warning": "warning",
    "警告": "warning",
    "fine": "fine",
    "罚款": "fine",
    "yes": "yes",
    "是": "yes",
    "no": "no",
    "否": "no",
}
EXPECTED = {
    "missing": "this is missing",
    "string_type": "text is expected here",
    "int_type": "a whole number is expected here",
    "int_parsing": "a whole number is expected here",
    "bool_type": "true or false is expected here",
    "tuple_type": "a list is expected here",
    "dict_type": "a group of keys is expected here",
    "model_type": "a group of keys is expected here",
    "extra_forbidden": "there is no such key; look for a typing error",
    "date_from_datetime_parsing": "a day is expected here, as 2026-12-01",
    "date_type": "a day is expected here, as 2026-12-01",
}


@dataclass(frozen=True)
class LawFile:
    """A file without a fault. source: where its content is published."""

    name: str
    sha256: str
    source: str
    items: tuple[LawItem, ...]


def read_import(path: Path, *, source: str | None = None) -> LawFile:
    """Raises LawFileRefused, OSError. source: needed for a CSV, which has no place for it."""
    return read_bytes(path.read_bytes(), path.name, source=source)


def read_bytes(raw: bytes, name: str, *, source: str | None = None) -> LawFile:
    """Of a file that was handed in. Raises LawFileRefused with everything that is wrong with it."""
    if len(raw) > MAX_BYTES:
        raise LawFileRefused(name, [Problem(1, "", f"larger than {MAX_BYTES // 1_000_000} MB; bring it in parts")])
    text = _decoded(raw, name)
    digest = sha256(raw).hexdigest()
    if name.lower().endswith((".yaml", ".yml")):
        told, items = _of_yaml(text, name)
    elif name.lower().endswith(".csv"):
        told, items = None, _of_csv(text, name)
    else:
        raise LawFileRefused(name, [Problem(1, "", "the name of the file ends in .csv, .yaml or .yml")])
    source = (source or told or "").strip()
    if not source:
        raise LawFileRefused(name, [Problem(1, "source", "say where this is published (a CSV: with the import)")])
    return LawFile(name, digest, source[:400], items)


def starting_catalogue() -> LawFile:
    """The one that comes with the program: the offences that cameras see. Raises LawDataUnusable."""
    raw = STARTING.read_bytes()
    try:
        read = tomllib.loads(raw.decode("utf-8"))
        articles = _articles()
        items = tuple(LawItem.model_validate(_with_articles(each, articles)) for each in read["items"])
        return LawFile(STARTING.name, sha256(raw).hexdigest(), read["source"], items)
    except (tomllib.TOMLDecodeError, ValidationError, KeyError) as error:
        raise LawDataUnusable(STARTING, str(error)) from error


def _articles() -> dict[str, dict[str, Any]]:
    """Every article of the files in offences/, which the starting catalogue names by id."""
    found = {}
    for path in sorted(OFFENCES.glob("*.toml")):
        for provision in tomllib.loads(path.read_text("utf-8"))["provision"]:
            for article in provision["article"]:
                found[article["id"]] = {name: value for name, value in article.items() if name != "cited_for"}
    return found


def _with_articles(item: Mapping[str, Any], articles: Mapping[str, Any]) -> dict[str, Any]:
    whole = dict(item)
    for part in ("violation", "penalty"):
        whole[part] = [articles[each] if isinstance(each, str) else each for each in item[part]]
    return whole


def _decoded(raw: bytes, name: str) -> str:
    """Raises LawFileRefused for what is text in neither of the two."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise LawFileRefused(name, [Problem(1, "", "this is UTF-16; save it as CSV in UTF-8 or GB18030")])
    text = None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
    if text is None:
        raise LawFileRefused(name, [Problem(line, "", "this is neither UTF-8 nor GB18030; save the file as UTF-8")])
    for number, line_text in enumerate(text.splitlines(), start=1):
        if any(unicodedata.category(sign) == "Cc" and sign != "\t" for sign in line_text):
            raise LawFileRefused(name, [Problem(number, "", "there is a control character here; take it out")])
    return text


# --- YAML


def _of_yaml(text: str, name: str) -> tuple[str | None, tuple[LawItem, ...]]:
    try:
        document = read_yaml(text)
    except NotYaml as error:
        raise LawFileRefused(name, [error.problem]) from error
    if document is None or not isinstance(document.value, dict):
        raise LawFileRefused(name, [Problem(1, "", "write `source:` and `items:`")])
    unknown = document.value.keys() - {"source", "items"}
    problems = [Problem(document.line_of((key,)), key, EXPECTED["extra_forbidden"]) for key in unknown]
    problems += document.problems
    given = document.value.get("items")
    if not isinstance(given, tuple) or not given:
        raise LawFileRefused(name, [*problems, Problem(document.line_of(("items",)), "items", "a list of items")])
    items: list[tuple[int, LawItem]] = []
    for number, each in enumerate(given):
        where: FieldPath = ("items", number)
        try:
            items.append((document.line_of(where), _item(each)))
        except ValidationError as error:
            problems += [_of_document(document, where, detail) for detail in error.errors()]
    _refuse(name, [*problems, *_overlaps(items)])
    source = document.value.get("source")
    return (source if isinstance(source, str) else None), tuple(item for _, item in items)


def _item(given: Any) -> LawItem:
    if isinstance(given, dict) and "version_id" in given:
        given = {**given, "version": given["version_id"]}  # a key of rows, and no key of a file
    return LawItem.model_validate(given)


def _of_document(document: Document, where: FieldPath, detail: ErrorDetails) -> Problem:
    path = (*where, *detail["loc"])
    return Problem(document.line_of(path), named(path), _sentence(detail))


def _sentence(detail: ErrorDetails) -> str:
    if detail["type"] in EXPECTED:
        return EXPECTED[detail["type"]]
    return detail["msg"].removeprefix("Value error, ")


# --- CSV


@dataclass
class _Line:
    number: int
    cells: dict[str, str]


@dataclass
class _Gathered:
    """The lines of one item."""

    first: _Line
    bands: list[_Line] = field(default_factory=list)


def _of_csv(text: str, name: str) -> tuple[LawItem, ...]:
    problems: list[Problem] = []
    lines = _lines(text, name, problems)
    items: list[tuple[int, LawItem]] = []
    for gathered in _gathered(lines, problems):
        given = _Reading(gathered, problems)
        before = len(problems)
        whole = given.item()
        if len(problems) > before:
            continue
        try:
            items.append((gathered.first.number, LawItem.model_validate(whole)))
        except ValidationError as error:
            problems += [_of_line(gathered, detail) for detail in error.errors()]
    _refuse(name, [*problems, *_overlaps(items)])
    if not items:
        raise LawFileRefused(name, [Problem(1, "", "there is no item in this file")])
    return tuple(item for _, item in items)


def _lines(text: str, name: str, problems: list[Problem]) -> list[_Line]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    by_title = {title: column for column, title in COLUMNS.items()} | {column: column for column in COLUMNS}
    found: list[_Line] = []
    try:
        titles = [by_title.get(cell.strip(), cell.strip()) for cell in next(reader, [])]
        problems += [
            Problem(1, title, "no such column, or twice; docs/casework.md lists them")
            for title in titles
            if title not in COLUMNS or titles.count(title) > 1
        ]
        problems += [Problem(1, each, "this column is missing") for each in NEEDED if each not in titles]
        if problems:
            raise LawFileRefused(name, sorted(set(problems)))
        number = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) != len(titles):
                    told = f"{len(cells)} cells; the first line has {len(titles)}"
                    problems.append(Problem(number, "", told))
                else:
                    found.append(_Line(number, dict(zip(titles, (cell.strip() for cell in cells), strict=True))))
            number = reader.line_num + 1
    except csv.Error as error:
        raise LawFileRefused(name, [Problem(reader.line_num, "", f"this is not CSV: {error}")]) from error
    return found


def _gathered(lines: Iterable[_Line], problems: list[Problem]) -> list[_Gathered]:
    found: list[_Gathered] = []
    for line in lines:
        code, day = line.cells["code"], line.cells["valid_from"]
        same = found and code in ("", found[-1].first.cells["code"])
        if not same or day not in ("", found[-1].first.cells["valid_from"]):
            if not code:
                problems.append(Problem(line.number, "code", EXPECTED["missing"]))
                continue
            found.append(_Gathered(line))
        first = found[-1].first
        problems += [
            Problem(line.number, name, f"this is not what line {first.number} says of the same item; leave it empty")
            for name, cell in line.cells.items()
            if name not in OF_A_BAND and cell and cell != first.cells[name]
        ]
        if any(line.cells.get(name) for name in OF_A_BAND):
            found[-1].bands.append(line)
    return found


@dataclass
class _Reading:
    """The cells of one item, as LawItem has it; what cannot be read is a problem."""

    gathered: _Gathered
    problems: list[Problem]

    def item(self) -> dict[str, Any]:
        line = self.gathered.first
        given: dict[str, Any] = {
            "code": line.cells["code"],
            "class": self._said(line, "class"),
            "power": self._said(line, "power"),
            "act": self._said(line, "act"),
            "valid_from": line.cells["valid_from"],
            "keywords": tuple(re.findall(r"[^\s;；、,，]+", line.cells.get("keywords", ""))),
            "violation": [self._clause(line, "violation")],
            "penalty": [self._clause(line, "penalty")],
            "limits": self._limits(line),
            "long_limitation": self._word(line, "long_limitation") == "yes",
            "band": [self._band(each) for each in self.gathered.bands],
        }
        given |= {name: line.cells[name] for name in ("offence", "valid_to") if line.cells.get(name)}
        if line.cells.get("correction"):
            given["correction"] = {"zh": line.cells["correction"]}
        if line.cells.get("standard"):
            given["standard"] = {"name": {"zh": line.cells["standard"]}, "verified": False}
        if line.cells.get("lookback_days"):
            given["lookback_days"] = self._number(line, "lookback_days")
        return given

    def _band(self, line: _Line) -> dict[str, Any]:
        given: dict[str, Any] = {
            "code": line.cells.get("band", ""),
            "name": self._said(line, "band_name"),
            "outcome": self._word(line, "band_outcome"),
            "when": tuple(each.strip() for each in re.split("[;；]", line.cells.get("band_when", "")) if each.strip()),
        }
        if line.cells.get("band_subject"):
            given["subject"] = self._word(line, "band_subject")
        if line.cells.get("band_ground"):
            given["spare_ground"] = line.cells["band_ground"]
        return given | self._amounts(line, "band")

    def _limits(self, line: _Line) -> dict[str, Any]:
        named_ones = re.findall(r"[^\s;；、,，]+", line.cells.get("subjects", ""))
        subjects = [SAID.get(each, each) for each in named_ones] or ["citizen", "organisation"]
        warning = self._word(line, "warning") == "yes"
        return {subject: {"warning": warning, **self._amounts(line, subject)} for subject in subjects}

    def _amounts(self, line: _Line, of: str) -> dict[str, int]:
        found = {}
        for end in ("min", "max"):
            cell = line.cells.get(f"{of}_{end}", "")
            if not cell:
                continue
            try:
                fen = Decimal(cell) * 100
                whole = fen.is_finite() and fen == int(fen)
            except InvalidOperation:
                whole = False
            if not whole:
                self.problems.append(Problem(line.number, f"{of}_{end}", f"`{cell}` is no amount in yuan"))
                continue
            found[f"fine_{end}_fen"] = int(fen)
        return found

    def _number(self, line: _Line, name: str) -> int:
        cell = line.cells[name]
        if not re.fullmatch("[0-9]{1,9}", cell):
            self.problems.append(Problem(line.number, name, EXPECTED["int_type"]))
            return 1
        return int(cell)

    def _word(self, line: _Line, name: str) -> str:
        cell = line.cells.get(name, "")
        if cell and cell not in SAID:
            self.problems.append(Problem(line.number, name, f"`{cell}` is none of the words of this column"))
        return SAID.get(cell, "")

    def _said(self, line: _Line, name: str) -> dict[str, str]:
        return {"zh": line.cells.get(name, "")} | (
            {"en": line.cells[f"{name}_en"]} if line.cells.get(f"{name}_en") else {}
        )

    def _clause(self, line: _Line, of: str) -> dict[str, Any]:
        return {
            "id": f"{line.cells['code']}-{of}",
            "law": {"zh": line.cells[f"{of}_law"]},
            "article": {"zh": line.cells.get(f"{of}_article", "")},
            "text": line.cells.get(f"{of}_text", ""),
        }


def _of_line(gathered: _Gathered, detail: ErrorDetails) -> Problem:
    """Where in the CSV a fault of the item stands: the line of its band, or its first."""
    path = [str(part) for part in detail["loc"]]
    line = gathered.first
    if len(path) > 1 and path[0] == "band" and path[1].isdecimal():
        line = gathered.bands[int(path[1])]
    return Problem(line.number, ".".join(part for part in path if not part.isdecimal()), _sentence(detail))


# --- both


def _overlaps(items: Sequence[tuple[int, LawItem]]) -> list[Problem]:
    """Two versions of one code that hold on the same day."""
    found = []
    ordered = sorted(items, key=lambda pair: (pair[1].code, pair[1].valid_from, pair[0]))
    for (line, before), (later_line, after) in pairwise(ordered):
        if before.code == after.code and (before.valid_to is None or before.valid_to > after.valid_from):
            told = f"{after.code} holds from {after.valid_from}, and so does line {line}; write valid_to there"
            found.append(Problem(later_line, "valid_from", told))
    return found


def _refuse(name: str, problems: Sequence[Problem]) -> None:
    if problems:
        raise LawFileRefused(name, sorted(set(problems))[:MOST_TOLD])
