"""The late fee in whole fen: dates worked out by hand, and what holds of any fine, any days and any payments."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.service.late_fee import Account, Days, LateFeeRate, Paid, Part, account, late_fee_fen
from cases.service.terms import late_fee_rate, term

RATE = LateFeeRate(daily_percent=3, at_most_percent=100)
DUE = date(2026, 3, 17)  # a Tuesday


def after(days: int) -> date:
    return DUE + timedelta(days=days)


@pytest.mark.parametrize(
    ("fine_fen", "paid_on", "stopped", "fee_fen"),
    [
        (20_000, DUE, (), 0),
        (20_000, after(-3), (), 0),
        (20_000, after(1), (), 600),
        (20_000, after(10), (), 6_000),
        (20_000, after(33), (), 19_800),
        (20_000, after(34), (), 20_000),
        (20_000, after(1000), (), 20_000),
        (33, after(1), (), 0),
        (34, after(1), (), 1),
        (33, after(2), (), 1),
        (20_000, after(10), (Days(after(3), after(7)),), 3_000),
        (20_000, after(10), (Days(after(3), None),), 1_200),
        (20_000, after(10), (Days(after(-40), after(-20)),), 6_000),
        (20_000, after(10), (Days(after(-5), after(2)), Days(after(2), after(4))), 3_600),
        (20_000, after(10), (Days(after(1), after(1)),), 5_400),
    ],
    ids=[
        "on_the_last_day",
        "before_it",
        "one_day_late",
        "ten_days_late",
        "a_day_before_the_cap",
        "capped_at_the_fine",
        "years_late",
        "less_than_a_fen_is_dropped",
        "a_fen_and_a_bit",
        "dropped_once_and_not_each_day",
        "five_days_of_reconsideration",
        "a_suit_that_goes_on",
        "reconsideration_over_before_it_was_due",
        "two_that_overlap_count_once",
        "one_single_day",
    ],
)
def test_the_fee_of_a_fine_paid_whole(fine_fen: int, paid_on: date, stopped: tuple[Days, ...], fee_fen: int) -> None:
    assert late_fee_fen(fine_fen, DUE, paid_on, stopped, rate=RATE) == fee_fen


def test_what_the_law_says_on_the_day_is_what_is_counted() -> None:
    """行政处罚法 art. 67, 72."""
    assert late_fee_rate(DUE) == RATE
    # served on Monday 2 March: fifteen days later is Tuesday the 17th
    assert term("payment", date(2026, 3, 2)).ends_on(date(2026, 3, 2)) == DUE
    # served on 19 September: the fifteenth day is 4 October, in the holidays; they end with the 7th
    assert term("payment", date(2026, 9, 19)).ends_on(date(2026, 9, 19)) == date(2026, 10, 8)


def test_partial_payments_lower_what_grows_and_never_what_has_grown() -> None:
    half = account([Part(DUE, 20_000)], [Paid(after(5), 10_000)], (), rate=RATE, on=after(10))
    # five days of the whole, five days of the half
    assert half.late_fee_fen == 3_000 + 1_500
    assert (half.owed_fine_fen, half.owed_late_fee_fen, half.days_late) == (10_000, 4_500, 10)
    whole = account([Part(DUE, 20_000)], [Paid(after(5), 25_000)], (), rate=RATE, on=after(90))
    assert (whole.late_fee_fen, whole.paid_late_fee_fen, whole.over_fen) == (3_000, 3_000, 2_000)
    assert whole.owed_fen == 0


def test_a_part_that_was_put_off_is_late_from_its_own_day() -> None:
    """Two days late when the plan was granted: these two stay, and the parts run to their own days."""
    parts = [Part(DUE, 10_000, (Days(after(3), after(30)),)), Part(DUE, 10_000, (Days(after(3), after(60)),))]
    assert account(parts, [], (), rate=RATE, on=after(30)).late_fee_fen == 1_200
    first_missed = account(parts, [], (), rate=RATE, on=after(31))
    assert first_missed.late_fee_fen == 1_200 + 300
    kept = account(parts, [Paid(after(30), 10_000), Paid(after(60), 10_000)], (), rate=RATE, on=after(90))
    assert (kept.late_fee_fen, kept.owed_late_fee_fen) == (1_200, 1_200)
    assert account(parts, [], (), rate=RATE, on=after(3)).next_due_on == after(30)


fines = st.integers(min_value=1, max_value=5_000_000)
moments = st.integers(min_value=-40, max_value=200)
stops = st.lists(
    st.tuples(moments, st.integers(0, 60)).map(lambda s: Days(after(s[0]), after(s[0] + s[1]))), max_size=3
)
payments = st.lists(st.tuples(moments, fines).map(lambda p: Paid(after(p[0]), p[1])), max_size=4)


@given(fine=fines, days=moments, stopped=stops, more=st.integers(0, 50))
@settings(max_examples=60, deadline=None)
def test_the_fee_never_exceeds_the_fine_never_falls_and_a_stop_never_raises_it(
    fine: int, days: int, stopped: list[Days], more: int
) -> None:
    fee = late_fee_fen(fine, DUE, after(days), stopped, rate=RATE)
    assert 0 <= fee <= fine
    assert fee <= late_fee_fen(fine, DUE, after(days + more), stopped, rate=RATE)
    assert fee <= late_fee_fen(fine, DUE, after(days), rate=RATE)
    assert fee <= max(0, days) * fine * 3 // 100


@given(fine=fines, days=moments, stopped=stops, paid=payments)
@settings(max_examples=60, deadline=None)
def test_every_fen_that_came_is_accounted_for_and_paying_never_costs_more(
    fine: int, days: int, stopped: list[Days], paid: list[Paid]
) -> None:
    stands: Account = account([Part(DUE, fine)], paid, stopped, rate=RATE, on=after(days))
    came = sum(each.amount_fen for each in paid if each.on <= after(days))
    assert came == stands.paid_fine_fen + stands.paid_late_fee_fen + stands.over_fen
    assert stands.owed_fine_fen >= 0
    assert 0 <= stands.owed_late_fee_fen <= fine
    assert stands.over_fen == 0 or stands.owed_fen == 0
    assert stands.late_fee_fen <= late_fee_fen(fine, DUE, after(days), stopped, rate=RATE)


@given(amounts=st.lists(fines, min_size=1, max_size=4), days=moments, stopped=stops)
@settings(max_examples=40, deadline=None)
def test_parts_that_are_due_together_cost_what_the_whole_costs(
    amounts: list[int], days: int, stopped: list[Days]
) -> None:
    in_parts = account([Part(DUE, each) for each in amounts], [], stopped, rate=RATE, on=after(days))
    assert in_parts.late_fee_fen == late_fee_fen(sum(amounts), DUE, after(days), stopped, rate=RATE)
