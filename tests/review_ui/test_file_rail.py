"""The rail of a case file: what its events say was passed, and what lies ahead."""

from datetime import timedelta

import pytest

from models.case_files import FileEvent
from models.enums import FileAct, FileState, Procedure
from review_ui.file_rail import ONWARD, rail
from tests.rows import NOON


def story(*states: str) -> list[FileEvent]:
    """Events that lead through these states; a state said twice is a note."""
    events: list[FileEvent] = []
    for number, word in enumerate(states):
        state = FileState(word)
        before = events[-1].to_state if events else None
        act = FileAct.REGISTER if before is None else FileAct.FACTS_SAID if before is state else FileAct.FILE
        at = NOON + timedelta(days=number)
        events.append(FileEvent(seq=number + 1, act=act, from_state=before, to_state=state, actor="wu", at=at))
    return events


def drawn(events: list[FileEvent], procedure: str = "ordinary", *, legal_review_due: bool = False) -> str:
    signs = {"done": "+", "now": "*", "next": ">", "ahead": "-"}
    stations = rail(Procedure(procedure), events, legal_review_due=legal_review_due)
    return " ".join(f"{signs[station.is_]}{station.state.value}" for station in stations)


REST = "-decided -served -performed -closed -archived"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["registered"], f"*registered >filed -investigated -noticed -heard {REST}"),
        (["registered", "registered", "filed"], f"+registered *filed >investigated -noticed -heard {REST}"),
        (["registered", "filed", "investigated", "filed"], f"+registered *filed >investigated -noticed -heard {REST}"),
        (
            ["registered", "filed", "investigated", "reviewed", "noticed", "heard", "filed", "filed"],
            f"+registered *filed >investigated -noticed -heard {REST}",
        ),
        (
            ["registered", "filed", "investigated", "spared"],
            "+registered +filed +investigated *spared >served -closed -archived",
        ),
        (
            ["registered", "filed", "investigated", "spared", "served"],
            "+registered +filed +investigated +spared *served >closed -archived",
        ),
        (["registered", "not_filed"], "+registered *not_filed >archived"),
        (["registered", "filed", "withdrawn", "archived"], "+registered +filed +withdrawn *archived"),
    ],
    ids=[
        "just_registered",
        "a_note_moves_nothing",
        "returned_by_the_legal_reviewer",
        "reopened_after_the_defence",
        "spared",
        "spared_and_served",
        "not_filed",
        "withdrawn_and_archived",
    ],
)
def test_the_rail_shows_what_was_passed_and_what_lies_ahead(states: list[str], expected: str) -> None:
    assert drawn(story(*states)) == expected


def test_a_legal_review_that_is_due_is_a_station_ahead() -> None:
    assert "*filed >investigated -reviewed -noticed" in drawn(story("registered", "filed"), legal_review_due=True)


def test_on_the_spot_the_party_is_told_at_once() -> None:
    assert drawn(story("registered"), "simple") == f"*registered >noticed -heard {REST}"


def test_a_station_says_when_it_was_come_to_and_by_whom() -> None:
    now = next(
        station for station in rail(Procedure.ORDINARY, story("registered", "filed"), legal_review_due=False)[1:]
    )
    assert (now.is_, now.at, now.actor) == ("now", NOON + timedelta(days=1), "wu")


def test_from_every_state_a_way_leads_to_the_archive() -> None:
    assert ONWARD.keys() == set(FileState) - {FileState.ARCHIVED}
    for state in ONWARD:
        assert drawn(story("registered", state.value)).endswith("archived")
