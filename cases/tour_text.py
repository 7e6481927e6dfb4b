"""The views of a dome as people write them in one line: in a cell of a table, behind an option, in a field of a page.

    gate=1 60s; market=2 40s mon-fri 06:00-20:00 + sat 08:00-12:00; spare=3

Our name of the preset, what the camera calls it, how long the tour stays (absent: not toured), and when it is toured
(absent: always). Whether that is a view that can be is asked of cases/camera_entry.py; a name with `=` or `;` and a
token with a blank in it are for YAML.
"""

import re
from collections.abc import Iterable
from typing import Any

from cases.camera_entry import Hours, ViewEntry

NONE = "-"  # for a camera that has no views any more: an empty cell says nothing
BETWEEN_VIEWS, BETWEEN_HOURS = ";", "+"
EXAMPLE = "gate=1 60s; market=2 40s mon-fri 06:00-20:00"
VIEW = re.compile(r"(?P<preset>[^=;]*[^=;\s])\s*=\s*(?P<token>\S+)(?:\s+(?P<stay>[0-9.]+)\s*s?(?:\s+(?P<hours>.+))?)?")
HOURS = re.compile(r"(?P<days>[a-z, -]*[a-z])\s+(?P<from>[0-9]+:[0-9]+)\s*[-~]\s*(?P<to>[0-9]+:[0-9]+)", re.IGNORECASE)
# what a Chinese keyboard writes for the signs between words; a preset's name is left as it is
HALF_WIDTH = str.maketrans({"：": ":", "，": ",", "＋": "+", "－": "-", "–": "-", "～": "~", "\u3000": " "})


def read_views(text: str) -> tuple[dict[str, Any], ...]:
    """As a site file has them below `views`. Raises ValueError with a sentence."""
    if text.strip() == NONE:
        return ()
    return tuple(_read_view(each.strip()) for each in re.split("[;；]", text) if each.strip())


def _read_view(text: str) -> dict[str, Any]:
    found = VIEW.fullmatch(text.replace("＝", "=", 1))
    if found is None:
        raise ValueError(f"`{text[:40]}` cannot be read as a preset of a tour; write {EXAMPLE}")
    view: dict[str, Any] = {"preset": found["preset"], "token": found["token"]}
    if found["stay"] is not None:
        view["stay_s"] = _seconds(found["stay"])
    if found["hours"] is not None:
        view["hours"] = read_hours(found["hours"])
    return view


def _seconds(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text  # the schema says what is wrong with it


def read_hours(text: str) -> tuple[dict[str, str], ...]:
    """`mon-fri 06:00-20:00 + sat 08:00-12:00` as a timetable; nothing is none. Raises ValueError with a sentence."""
    if not text.strip():
        return ()
    return tuple(_read_some_hours(each.strip()) for each in text.translate(HALF_WIDTH).split(BETWEEN_HOURS))


def _read_some_hours(text: str) -> dict[str, str]:
    found = HOURS.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text[:40]}` cannot be read as hours; write mon-fri 06:00-20:00, several with a + between")
    return {"days": found["days"], "from": found["from"].zfill(5), "to": found["to"].zfill(5)}


def hours_text(hours: Iterable[Hours]) -> str:
    return f" {BETWEEN_HOURS} ".join(f"{each.days} {each.from_}-{each.to}" for each in hours)


def tour_text(views: Iterable[ViewEntry]) -> str:
    """What is toured, in its order, for the record; without what the camera calls the presets."""
    return f"{BETWEEN_VIEWS} ".join(
        " ".join(part for part in (view.preset, f"{view.stay_s:g} s", hours_text(view.hours)) if part)
        for view in views
        if view.stay_s is not None
    )
