"""The time-line of a draft: every look is in it once, gaps stand alone, and moments cut the rows."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from cases.draft_content import When
from cases.draft_timeline import Look, gap_seconds, standing, timeline
from models.enums import SightingKind
from tests.rows import after

SEEN, KEPT, HIDDEN, ABSENT, GAP = SightingKind


def a_day(**differs: datetime | None) -> When:
    return When.model_validate(
        {
            "timezone": "Asia/Shanghai",
            "first_seen": after(0),
            "stopped": after(4),
            "dwell_complete": after(64),
            "grace_ends": None,
            "last_seen": after(100),
            "left": None,
        }
        | differs
    )


def seen_rows(looks: list[Look], when: When) -> list[tuple[str, float, float, int]]:
    return [(row.kind, row.from_s, row.to_s, row.looks) for row in timeline(looks, when) if row.kind != "moment"]


def test_equal_looks_are_one_row_and_the_rest_stand_alone() -> None:
    looks = [
        *(Look(after(at), SEEN, confidence=0.9) for at in (10, 12, 14)),
        Look(after(16), HIDDEN, note="bus"),
        Look(after(18), KEPT),
        Look(after(20), KEPT),
        Look(after(22), GAP, until_at=after(30), note="packets lost"),
        Look(after(30), GAP, until_at=after(31), note="packets lost"),
        Look(after(32), ABSENT),
    ]
    assert seen_rows(looks, a_day()) == [
        (SEEN, 10, 14, 3),
        (HIDDEN, 16, 16, 1),
        (KEPT, 18, 20, 2),
        (GAP, 22, 30, 0),
        (GAP, 30, 31, 0),
        (ABSENT, 32, 32, 1),
    ]


def test_a_moment_of_the_case_cuts_a_row() -> None:
    looks = [Look(after(at), SEEN) for at in range(0, 101, 2)]
    rows = timeline(looks, a_day())
    assert [(row.moment or row.kind, row.from_s, row.to_s) for row in rows] == [
        ("first_seen", 0, 0),
        (SEEN, 0, 2),
        ("stopped", 4, 4),
        (SEEN, 4, 62),
        ("confirmed", 64, 64),
        (SEEN, 64, 98),
        ("last_seen", 100, 100),
        (SEEN, 100, 100),
    ]


def test_a_row_tells_the_least_and_the_longest_of_its_looks() -> None:
    looks = [
        Look(after(10), SEEN, confidence=0.9, share_inside=0.8),
        Look(after(12), SEEN, confidence=0.4, share_inside=1.0),
        Look(after(19), SEEN, confidence=0.7),
    ]
    (row,) = [row for row in timeline(looks, a_day()) if row.kind is SEEN]
    assert (row.least_confidence, row.least_share_inside, row.longest_s) == (0.4, 0.8, 7.0)


@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.sampled_from([SEEN, KEPT, HIDDEN, ABSENT]), st.sampled_from([None, "bus"])),
        unique_by=lambda look: look[0],
    )
)
def test_no_look_is_lost_and_none_counted_twice(looks: list[tuple[int, SightingKind, str | None]]) -> None:
    given_looks = [Look(after(at), kind, note=note) for at, kind, note in looks]
    rows = [row for row in timeline(given_looks, a_day()) if row.kind != "moment"]
    assert sum(row.looks for row in rows) == len(looks)
    for row in rows:
        inside = [look for look in given_looks if row.from_at <= look.at <= row.to_at]
        assert {(look.kind, look.note) for look in inside} == {(row.kind, row.note)}


def test_time_that_was_not_shown_is_not_counted() -> None:
    looks = [
        Look(after(0), SEEN),
        Look(after(10), SEEN),
        Look(after(12), HIDDEN),
        Look(after(15), SEEN),
        Look(after(40), KEPT),
        Look(after(40), GAP, until_at=after(50)),
        Look(after(50), SEEN),
        Look(after(70), SEEN),
    ]
    stood = standing(looks, after(4), after(60))
    assert (stood.shown_s, stood.not_shown_s) == (6 + 25, 5 + 10)


def test_gaps_count_once_and_only_inside_the_time() -> None:
    looks = [
        Look(after(-20), GAP, until_at=after(5)),
        Look(after(40), GAP, until_at=after(50)),
        Look(after(95), GAP, until_at=after(200)),
    ]
    assert gap_seconds(looks, after(0), after(100)) == 20
