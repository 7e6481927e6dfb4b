"""The rail: the stations of a case file from its registration to the archive, which it passed and which lie ahead.

Pure. What is behind comes from the events; a step that led back takes what it undid off again. What is ahead is the
usual way from here; branches (not filed, withdrawn, transferred, revoked) are shown once they were taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from models.case_files import FileEvent
from models.enums import FileState, Procedure

ONWARD = {
    FileState.REGISTERED: FileState.FILED,
    FileState.FILED: FileState.INVESTIGATED,
    FileState.INVESTIGATED: FileState.NOTICED,
    FileState.REVIEWED: FileState.NOTICED,
    FileState.NOTICED: FileState.HEARD,
    FileState.HEARD: FileState.DECIDED,
    FileState.DECIDED: FileState.SERVED,
    FileState.SPARED: FileState.SERVED,
    FileState.SERVED: FileState.PERFORMED,
    FileState.ENFORCING: FileState.PERFORMED,
    FileState.PERFORMED: FileState.CLOSED,
    FileState.CLOSED: FileState.ARCHIVED,
    FileState.NOT_FILED: FileState.ARCHIVED,
    FileState.WITHDRAWN: FileState.ARCHIVED,
    FileState.TRANSFERRED: FileState.ARCHIVED,
    FileState.REVOKED: FileState.ARCHIVED,
}


@dataclass(frozen=True)
class Station:
    """at, actor: when it was come to, and by whom; None: it lies ahead."""

    state: FileState
    is_: Literal["done", "now", "next", "ahead"]
    at: datetime | None = None
    actor: str | None = None


def rail(procedure: Procedure, events: Sequence[FileEvent], *, legal_review_due: bool) -> tuple[Station, ...]:
    """events: oldest first, of one case file; the first is its registration."""
    passed: list[FileEvent] = []
    for event in events:
        states = [each.to_state for each in passed]
        if event.to_state not in states:
            passed.append(event)
        elif event.from_state is not event.to_state:
            passed = [*passed[: states.index(event.to_state)], event]
    stations = [Station(each.to_state, "done", each.at, each.actor) for each in passed[:-1]]
    stations += [Station(each.to_state, "now", each.at, each.actor) for each in passed[-1:]]
    spared = any(station.state is FileState.SPARED for station in stations)
    ahead = _ahead(procedure, stations[-1].state, legal_review_due=legal_review_due, spared=spared)
    return (*stations, *(Station(state, "ahead" if place else "next") for place, state in enumerate(ahead)))


def _ahead(procedure: Procedure, state: FileState, *, legal_review_due: bool, spared: bool) -> list[FileState]:
    ahead: list[FileState] = []
    while state is not FileState.ARCHIVED:
        following = ONWARD[state]
        if state is FileState.REGISTERED and procedure is Procedure.SIMPLE:
            following = FileState.NOTICED
        if state is FileState.INVESTIGATED and legal_review_due:
            following = FileState.REVIEWED
        if state is FileState.SERVED and spared:
            following = FileState.CLOSED  # nothing is to be performed
        ahead.append(following)
        state = following
    return ahead
