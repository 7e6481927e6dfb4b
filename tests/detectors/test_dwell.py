"""The dwell with numbers: only what was shown counts, and what was not is said."""

import pytest

from detectors.dwell import Dwell, dwell_of
from detectors.sightings import Sighting
from models.enums import SightingKind

LETTERS = {
    "s": SightingKind.SEEN,
    "k": SightingKind.KEPT,
    "h": SightingKind.HIDDEN,
    "a": SightingKind.ABSENT,
    "g": SightingKind.GAP,
    ".": None,
}


def looks(kinds: str, step_s: float = 2.0) -> list[Sighting]:
    """One letter a look."""
    return [
        Sighting(number * step_s, kind) for number, letter in enumerate(kinds) if (kind := LETTERS[letter]) is not None
    ]


@pytest.mark.parametrize(
    ("kinds", "shown_s", "not_shown_s"),
    [
        pytest.param("ssssss", 10, 0, id="seen_all_the_time"),
        pytest.param("skkskk", 10, 0, id="missed_by_the_detector_but_the_same_picture"),
        pytest.param("sshhss", 4, 6, id="hidden_for_two_looks"),
        pytest.param("ssgsss", 6, 4, id="a_gap_breaks_the_step_it_lies_in"),
        pytest.param("sas", 0, 4, id="absent_once_and_back"),
        pytest.param("ss.ss", 8, 0, id="one_look_missing_is_within_the_longest_step"),
        pytest.param("ss..ss", 4, 6, id="two_looks_missing_are_not"),
        pytest.param("sshhhh", 2, 0, id="hidden_at_the_end_is_not_counted_yet"),
        pytest.param("s", 0, 0, id="one_look"),
    ],
)
def test_what_counts(kinds: str, shown_s: float, not_shown_s: float) -> None:
    dwell = dwell_of(looks(kinds), 0.0, longest_step_s=5.0)
    assert (dwell.shown_s, dwell.not_shown_s) == (shown_s, not_shown_s)


def test_it_runs_from_the_moment_of_stopping_between_two_looks() -> None:
    assert dwell_of(looks("sss"), 0.7, longest_step_s=5.0) == Dwell(0.7, 4.0, 3.3, 0.0)


def test_what_was_seen_before_it_stood_does_not_count() -> None:
    assert dwell_of(looks("ssssss"), 6.0, longest_step_s=5.0).shown_s == 4.0
