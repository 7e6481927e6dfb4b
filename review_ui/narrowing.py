"""The filter of the queue in the address: what it is narrowed to, there and back.

The address is the whole of it, so that a page can be kept, sent to a colleague, and come back to from an incident.
"""

from typing import Annotated, Literal
from urllib.parse import parse_qs, urlencode

from fastapi import Depends, Query

from cases.queue import Narrowed, Place
from models.enums import IncidentState, Offence
from review_ui.errors import ReviewError

MAX_NAME = 64
MAX_TEXT = 100
MAX_WITHIN = 1000


def narrowed(
    state: Annotated[list[IncidentState] | None, Query()] = None,
    camera: Annotated[str, Query(max_length=MAX_NAME)] = "",
    area: Annotated[str, Query(max_length=MAX_NAME)] = "",
    offence: Annotated[Offence | Literal[""], Query()] = "",
    q: Annotated[str, Query(max_length=MAX_TEXT)] = "",
    plate: Annotated[str, Query(max_length=MAX_TEXT)] = "",
) -> Narrowed:
    return Narrowed(tuple(state or ()), camera, area, offence or None, q.strip(), plate.strip())


NarrowedBy = Annotated[Narrowed, Depends(narrowed)]


def asked(by: Narrowed) -> str:
    """As a query string; empty: not narrowed."""
    named = {
        "camera": by.camera_id,
        "area": by.area_id,
        "offence": by.offence.value if by.offence else "",
        "q": by.text,
        "plate": by.plate,
    }
    states = [("state", state.value) for state in by.states]
    return urlencode([*states, *((name, value) for name, value in named.items() if value)])


def address(by: Narrowed, **place: Place | None) -> str:
    """Of the queue so narrowed; place: `after` or `before` a row."""
    turned = urlencode({name: str(at) for name, at in place.items() if at is not None})
    query = "&".join(part for part in (asked(by), turned) if part)
    return f"/?{query}" if query else "/"


def understood(within: str) -> Narrowed:
    """What `asked` wrote, as it comes back with a form. Raises ReviewError for what it did not write."""
    said = parse_qs(within[:MAX_WITHIN])

    def one(name: str) -> str:
        return said.get(name, [""])[0][:MAX_TEXT]

    try:
        return narrowed(
            [IncidentState(word) for word in said.get("state", [])],
            one("camera"),
            one("area"),
            Offence(one("offence")) if one("offence") else "",
            one("q"),
            one("plate"),
        )
    except ValueError as error:
        raise ReviewError from error


def place(text: str) -> Place | None:
    """Raises ReviewError."""
    try:
        return Place.parse(text) if text else None
    except ValueError as error:
        raise ReviewError from error
