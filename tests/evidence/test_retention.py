"""How long evidence is kept: every state, the periods of the law by the calendar, and the hold that beats them all."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import RetentionDataUnusable
from evidence.retention import (
    Reason,
    RetentionFacts,
    earliest_release,
    keep_uncited_until,
    keep_until,
    period_in_force,
    read_periods,
)
from models.enums import IncidentState

CAPTURED = datetime(2026, 3, 2, 4, 10, tzinfo=UTC)
FLOOR = CAPTURED + timedelta(days=30)
SECOND = timedelta(seconds=1)
# served on 10 March 2026: six months for a suit, three more for execution, thirty days of our own, in Shanghai
APPEALS_END = datetime(2027, 1, 9, 16, 0, tzinfo=UTC)


def facts(state: IncidentState, **differs: Any) -> RetentionFacts:
    return RetentionFacts(state, CAPTURED, "Asia/Shanghai", **differs)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (IncidentState.OBSERVED, Reason.OPEN),
        (IncidentState.NOTIFIED, Reason.OPEN),
        (IncidentState.UNCERTAIN, Reason.UNDECIDED),
        (IncidentState.DRAFTED, Reason.UNDECIDED),
        (IncidentState.RETURNED, Reason.UNDECIDED),
        (IncidentState.ACCEPTED, Reason.NOT_SERVED),
    ],
)
def test_what_is_not_over_is_kept_however_old_it_is(state: IncidentState, reason: Reason) -> None:
    verdict = keep_until(facts(state), CAPTURED + timedelta(days=4000))
    assert (verdict.kept, verdict.until, verdict.reason) == (True, None, reason)


@pytest.mark.parametrize(
    ("state", "released_as"),
    [
        (IncidentState.RESOLVED, Reason.MOVED_IN_TIME),
        (IncidentState.DISMISSED, Reason.DISMISSED),
        (IncidentState.WARNED, Reason.WARNED_ONLY),
    ],
)
@pytest.mark.parametrize(
    ("at", "kept"), [(CAPTURED, True), (FLOOR - SECOND, True), (FLOOR, False)], ids=["at_once", "last_second", "over"]
)
def test_what_came_to_nothing_goes_after_the_floor_of_thirty_days(
    state: IncidentState, released_as: Reason, at: datetime, *, kept: bool
) -> None:
    verdict = keep_until(facts(state), at)
    assert (verdict.kept, verdict.until) == (kept, FLOOR)
    assert verdict.reason is (Reason.FLOOR if kept else released_as)


def test_what_was_dismissed_long_after_its_pictures_is_kept_a_week_for_second_thoughts() -> None:
    dismissed_at = FLOOR + timedelta(days=100)
    late = facts(IncidentState.DISMISSED, acted_at=dismissed_at)
    verdict = keep_until(late, dismissed_at + timedelta(days=7) - SECOND)
    assert (verdict.kept, verdict.reason) == (True, Reason.SECOND_THOUGHTS)
    assert keep_until(late, dismissed_at + timedelta(days=7)).reason is Reason.DISMISSED
    early = keep_until(facts(IncidentState.DISMISSED, acted_at=CAPTURED), CAPTURED)
    assert (early.until, early.reason) == (FLOOR, Reason.FLOOR)


@pytest.mark.parametrize(
    ("at", "kept", "reason"),
    [
        (FLOOR + SECOND, True, Reason.APPEALS_RUN),
        (datetime(2026, 5, 12, tzinfo=UTC), True, Reason.APPEALS_RUN),
        (datetime(2026, 9, 11, tzinfo=UTC), True, Reason.APPEALS_RUN),
        (APPEALS_END - SECOND, True, Reason.APPEALS_RUN),
        (APPEALS_END, False, Reason.APPEALS_OVER),
    ],
    ids=["floor_over", "reconsideration_over", "suit_over", "last_second_of_execution", "all_over"],
)
def test_an_accepted_case_is_kept_until_every_appeal_is_over(at: datetime, reason: Reason, *, kept: bool) -> None:
    verdict = keep_until(facts(IncidentState.ACCEPTED, served_on=date(2026, 3, 10)), at)
    assert (verdict.kept, verdict.until, verdict.reason) == (kept, APPEALS_END, reason)
    assert "行政诉讼法" in verdict.rule


def test_pictures_younger_than_the_appeals_are_kept_by_the_floor() -> None:
    verdict = keep_until(facts(IncidentState.ACCEPTED, served_on=date(2025, 5, 1)), CAPTURED)
    assert (verdict.kept, verdict.until, verdict.reason) == (True, FLOOR, Reason.FLOOR)


@pytest.mark.parametrize("state", IncidentState)
def test_a_legal_hold_beats_every_rule(state: IncidentState) -> None:
    verdict = keep_until(
        facts(state, served_on=date(2026, 3, 10), holds=1),
        CAPTURED + timedelta(days=4000),
    )
    assert (verdict.kept, verdict.until, verdict.reason) == (True, None, Reason.LEGAL_HOLD)


@pytest.mark.parametrize(
    ("served_on", "ends_on"),
    [
        (date(2026, 8, 31), date(2027, 6, 27)),  # 28 February, 28 May, thirty days
        (date(2027, 8, 31), date(2028, 6, 28)),  # 29 February of a leap year
        (date(2026, 3, 15), date(2027, 1, 14)),
    ],
    ids=["end_of_august", "before_a_leap_day", "mid_month"],
)
def test_months_are_those_of_the_calendar_and_the_last_day_counts_whole(served_on: date, ends_on: date) -> None:
    verdict = keep_until(facts(IncidentState.ACCEPTED, served_on=served_on), CAPTURED)
    assert verdict.until is not None
    assert (verdict.until + timedelta(hours=8)).date() == ends_on + timedelta(days=1)
    assert (verdict.until + timedelta(hours=8)).time() == datetime.min.time()


@pytest.mark.parametrize(("minutes", "kept"), [(0, True), (49, True), (50, False)])
def test_what_nothing_cites_goes_within_the_hour(minutes: int, *, kept: bool) -> None:
    verdict = keep_uncited_until(CAPTURED, CAPTURED + timedelta(minutes=minutes))
    assert (verdict.kept, verdict.reason) == (kept, Reason.CITED_BY_NOTHING)
    assert verdict.until == CAPTURED + timedelta(minutes=50)


def test_nothing_younger_than_the_earliest_release_can_be_released() -> None:
    assert keep_until(facts(IncidentState.RESOLVED), FLOOR).kept is False
    assert earliest_release(FLOOR) == CAPTURED


def test_the_period_is_that_of_the_day_and_a_day_without_one_deletes_nothing() -> None:
    assert "our own choice" in period_in_force("footage_floor", date(2025, 3, 31)).source
    assert "Decree 799" in period_in_force("footage_floor", date(2025, 4, 1)).source
    with pytest.raises(RetentionDataUnusable, match="no period 'suit' holds on 2001-01-01"):
        keep_until(facts(IncidentState.ACCEPTED, served_on=date(2001, 1, 1)), CAPTURED)


@pytest.mark.parametrize(
    "text",
    [
        "[[period]\n",
        '[[period]]\nid = "suit"\nmonts = 6\nvalid_from = 2015-05-01\nverified = false\nsource = "x"\n',
        '[[period]]\nid = "suit"\nvalid_from = 2015-05-01\nverified = false\nsource = "x"\n',
        '[[period]]\nid = "suit"\ndays = -1\nvalid_from = 2015-05-01\nverified = false\nsource = "x"\n',
    ],
    ids=["no_toml", "misspelt_key", "lasts_no_time", "ends_before_it_begins"],
)
def test_a_file_of_periods_that_cannot_be_read_for_certain_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "periods.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(RetentionDataUnusable, match="nothing is deleted on a guess"):
        read_periods(path)
