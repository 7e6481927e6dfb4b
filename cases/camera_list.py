"""Cameras in bulk: a CSV table or a YAML list, read into entries, with everything that is wrong and its line.

A table comes from a spreadsheet: UTF-8 with or without a byte order mark, or GB18030 as Excel writes it in China;
columns in any order, separated by commas, semicolons or tabs. A YAML file holds `cameras:` as a site file does.
Writing the entries into rows is `enter`.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from cases.camera_entry import PART, CameraEntry
from cases.camera_register import Registered, completed, fences_left, register_camera
from cases.errors import CameraListRefused, SiteConflict
from cases.site_file import recording_path, sentence_of
from cases.site_yaml import NotYaml, Problem, named, read_yaml
from cases.tour_text import read_views
from models.personal_data import PersonalDataKey
from models.places import Site

MAX_BYTES = 10_000_000
MAX_CAMERAS = 20_000
COLUMNS = (
    "id",
    "name",
    "source",
    "sub_source",
    "username",
    "password",
    "transport",
    "lat",
    "lon",
    "device_number",
    "onvif",
    "looks_at_sub",
    "views",
)
NEEDED = ("id", "name", "source")
SEPARATORS = ",;\t"
# what a spreadsheet makes of true and false, and what people write for them
YES, NO = ("true", "yes", "1", "是"), ("false", "no", "0", "否")
# what a spreadsheet makes of a device number of twenty digits
ROUNDED = re.compile(r"[0-9](\.[0-9]+)?[eE]\+[0-9]+")


@dataclass(frozen=True)
class Listed:
    """One camera of the file, and the line it begins on."""

    line: int
    entry: CameraEntry


@dataclass(frozen=True)
class CameraList:
    """problems: of the lines that are not among the cameras, sorted."""

    path: Path
    cameras: tuple[Listed, ...]
    problems: tuple[Problem, ...]


def read_cameras(path: Path) -> CameraList:
    """Raises CameraListRefused where nothing of the file can be read; wrong lines are problems of the result."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CameraListRefused(path, [Problem(1, "", f"cannot be read: {error.strerror}")]) from error
    if len(raw) > MAX_BYTES:
        raise CameraListRefused(path, [Problem(1, "", f"larger than {MAX_BYTES} bytes; split it")])
    try:
        text = _text_of(raw)
        found = list(_yaml_entries(text) if path.suffix.lower() in (".yaml", ".yml") else _csv_entries(text))
    except NotYaml as error:
        raise CameraListRefused(path, [error.problem]) from error
    if not found:
        raise CameraListRefused(path, [Problem(1, "", "names no camera")])
    if len(found) > MAX_CAMERAS:
        raise CameraListRefused(path, [Problem(1, "", f"more than {MAX_CAMERAS} cameras; split it")])
    return _checked(path, found)


@dataclass(frozen=True)
class Entered:
    """done: what became of each camera. problems: of the lines that were skipped, sorted."""

    done: dict[str, Registered]
    problems: tuple[Problem, ...]


def enter(session: Session, key: PersonalDataKey, site: Site, listed: CameraList, *, skip_bad: bool) -> Entered:
    """Registers the cameras: all or none of them, unless bad lines are to be skipped.

    What the file does not say of a camera that is there already stays as it is.

    Raises CameraListRefused with everything that is wrong.
    """
    problems = list(listed.problems)
    done: dict[str, Registered] = {}
    for camera in listed.cameras:
        entry = completed(session, camera.entry)
        wrong = _disagreement(session, entry)
        if wrong is not None:
            problems.append(Problem(camera.line, "", wrong))
            continue
        source = entry.source if entry.live else recording_path(listed.path, entry.source)
        try:
            with session.begin_nested():
                done[entry.id] = register_camera(session, key, site, entry, source)
        except SiteConflict as error:
            problems.append(Problem(camera.line, "", str(error)))
    if problems and not skip_bad:
        raise CameraListRefused(listed.path, sorted(problems))
    return Entered(done, tuple(sorted(problems)))


def _disagreement(session: Session, entry: CameraEntry) -> str | None:
    """What is wrong with an entry beside what is there already; None: nothing."""
    left = fences_left(session, entry.id, entry.views) if "views" in entry.model_fields_set else []
    if left:
        geofence_id, preset = left[0]
        return f"geofence {geofence_id} is drawn on the preset `{preset}`; keep it among the views, or end the geofence"
    return entry.what_is_missing()


@dataclass(frozen=True)
class _Found:
    """An entry as it is written. where: the line and the name of one of its fields."""

    line: int
    values: Any
    where: Callable[[tuple[str | int, ...]], tuple[int, str]]
    problems: tuple[Problem, ...] = ()


def _checked(path: Path, found: list[_Found]) -> CameraList:
    cameras: list[Listed] = []
    problems: list[Problem] = []
    first: dict[str, int] = {}
    for each in found:
        wrong = list(each.problems)
        try:
            entry = CameraEntry.model_validate(each.values, context=PART)
        except ValidationError as error:
            # the input is our own dict: what it holds is said by sentence_of, which hides passwords
            wrong += [Problem(*each.where(one["loc"]), sentence_of(one)) for one in error.errors()]
        else:
            if entry.id in first:
                line, field = each.where(("id",))
                wrong.append(Problem(line, field, f"`{entry.id}` is used twice (first on line {first[entry.id]})"))
            elif not wrong:
                cameras.append(Listed(each.line, entry))
            first.setdefault(entry.id, each.line)
        problems += wrong
    return CameraList(path, tuple(cameras), tuple(sorted(set(problems))))


def _text_of(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass  # not UTF-8; Excel in China writes GB18030
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise NotYaml(Problem(line, "", "neither UTF-8 nor GB18030 text; save it as “CSV UTF-8”")) from error


def _yaml_entries(text: str) -> Iterator[_Found]:
    document = read_yaml(text)
    listed = document.value.get("cameras") if document is not None and isinstance(document.value, dict) else None
    if document is None or not isinstance(listed, tuple):
        raise NotYaml(Problem(1, "", "write the cameras as a list below `cameras:`"))
    for index, values in enumerate(listed):
        here: tuple[str | int, ...] = ("cameras", index)

        def where(path: tuple[str | int, ...], here: tuple[str | int, ...] = here) -> tuple[int, str]:
            return document.line_of((*here, *path)), named((*here, *path))

        twice = tuple(problem for problem in document.problems if problem.field.startswith(f"{named(here)}."))
        yield _Found(document.line_of(here), values, where, twice)


def _csv_entries(text: str) -> Iterator[_Found]:
    header_line = text.partition("\n")[0]
    separator = max(SEPARATORS, key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            if columns is None:
                columns = _columns(cells)
            elif any(cell.strip() for cell in cells):
                yield _row(line, columns, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise NotYaml(Problem(line, "", f"this line cannot be read as a table: {error}")) from error


def _columns(cells: list[str]) -> list[str]:
    columns = [cell.strip().lower() for cell in cells]
    while columns and not columns[-1]:
        columns.pop()  # spreadsheets leave empty columns at the right
    unknown = [column for column in columns if column not in COLUMNS]
    twice = sorted({column for column in columns if columns.count(column) > 1})
    missing = [column for column in NEEDED if column not in columns]
    for wrong, what in ((unknown, "unknown column"), (twice, "written twice:"), (missing, "missing column")):
        if wrong:
            shown = ", ".join(column[:40] for column in wrong[:5])
            raise NotYaml(Problem(1, "", f"{what} {shown}; the first line names the columns, of {', '.join(COLUMNS)}"))
    return columns


def _row(line: int, columns: list[str], cells: list[str]) -> _Found:
    problems: list[Problem] = []
    if any(cell.strip() for cell in cells[len(columns) :]):
        problems.append(
            Problem(line, "", f"{len(cells)} cells for {len(columns)} columns; put text with commas in quotes")
        )
    values: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=False):
        text = cell if column == "password" else cell.strip()
        if text:
            values[column] = text
    place = {name: values.pop(name) for name in ("lat", "lon") if name in values}
    if place:
        values["location"] = {name: _number(text) for name, text in place.items()}
    if "looks_at_sub" in values:
        values["looks_at_sub"] = _truth(values["looks_at_sub"])
    try:
        values |= {"views": read_views(values.pop("views"))} if "views" in values else {}
    except ValueError as error:
        problems.append(Problem(line, "views", str(error)))
    if ROUNDED.fullmatch(values.get("device_number", "")):
        problems.append(
            Problem(
                line,
                "device_number",
                "the spreadsheet has rounded this number; set the column to text and write it again",
            )
        )

    def where(path: tuple[str | int, ...]) -> tuple[int, str]:
        if path[:1] == ("location",):
            path = path[1:]  # lat and lon are columns of their own
        return line, named(path)

    return _Found(line, values, where, tuple(problems))


def _truth(text: str) -> bool | str:
    word = text.lower()
    return True if word in YES else False if word in NO else text  # the schema says what is wrong with another


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text  # the schema says what is wrong with it
