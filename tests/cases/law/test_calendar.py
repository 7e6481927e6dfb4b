"""Working days and the ends of terms, against days counted by hand on the notices of three years."""

import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest

from cases.errors import LawDataUnusable
from cases.law import calendar
from cases.law.calendar import (
    add_days,
    add_months,
    days_before,
    is_settled,
    is_working_day,
    notices,
    rests_on_settled_days,
    term_end,
    working_days_between,
)


@pytest.mark.parametrize(
    ("on", "worked"),
    [
        pytest.param(date(2025, 1, 26), True, id="sunday_worked_before_spring_festival_2025"),
        pytest.param(date(2025, 1, 28), False, id="new_years_eve_2025"),
        pytest.param(date(2025, 2, 4), False, id="last_day_of_spring_festival_2025"),
        pytest.param(date(2025, 2, 5), True, id="first_day_after_spring_festival_2025"),
        pytest.param(date(2025, 2, 8), True, id="saturday_worked_after_spring_festival_2025"),
        pytest.param(date(2025, 9, 28), True, id="sunday_worked_before_national_day_2025"),
        pytest.param(date(2025, 10, 8), False, id="eighth_day_of_national_day_2025"),
        pytest.param(date(2025, 10, 11), True, id="saturday_worked_after_national_day_2025"),
        pytest.param(date(2026, 1, 2), False, id="friday_off_after_new_year_2026"),
        pytest.param(date(2026, 1, 4), True, id="sunday_worked_after_new_year_2026"),
        pytest.param(date(2026, 2, 14), True, id="saturday_worked_before_spring_festival_2026"),
        pytest.param(date(2026, 2, 23), False, id="ninth_day_of_spring_festival_2026"),
        pytest.param(date(2026, 2, 28), True, id="saturday_worked_after_spring_festival_2026"),
        pytest.param(date(2026, 9, 20), True, id="sunday_worked_before_national_day_2026"),
        pytest.param(date(2026, 10, 7), False, id="last_day_of_national_day_2026"),
        pytest.param(date(2026, 10, 8), True, id="first_day_after_national_day_2026"),
        pytest.param(date(2026, 10, 10), True, id="saturday_worked_after_national_day_2026"),
        pytest.param(date(2026, 11, 21), False, id="plain_saturday"),
        pytest.param(date(2026, 11, 23), True, id="plain_monday"),
    ],
)
def test_a_day_is_worked_as_the_notice_of_its_year_says(on: date, *, worked: bool) -> None:
    assert is_working_day(on) is worked


@pytest.mark.parametrize("year", sorted(notices()))
def test_another_source_counts_the_same_days_of_each_year_on_record(year: int) -> None:
    theirs, day = holidays.country_holidays("CN", years=year), date(year, 1, 1)
    differing = []
    while day.year == year:
        if theirs.is_working_day(day) != is_working_day(day):
            differing.append(day)
        day += timedelta(days=1)
    assert differing == []


@pytest.mark.parametrize(
    ("on", "days", "last"),
    [
        # Thu 12 Feb: Fri 13, Sat 14 (worked) | 15-23 off | Tue 24, Wed 25, Thu 26, Fri 27, Sat 28 (worked)
        pytest.param(date(2026, 2, 12), 2, date(2026, 2, 14), id="art_85_two_days_end_on_a_worked_saturday"),
        pytest.param(date(2026, 2, 12), 3, date(2026, 2, 24), id="art_85_three_days_over_spring_festival_2026"),
        pytest.param(date(2026, 2, 12), 5, date(2026, 2, 26), id="art_85_five_days_over_spring_festival_2026"),
        pytest.param(date(2026, 2, 12), 7, date(2026, 2, 28), id="art_85_seven_days_over_spring_festival_2026"),
        # Fri 24 Jan: Sun 26 (worked), Mon 27 | 28 Jan - 4 Feb off | Wed 5, Thu 6, Fri 7, Sat 8 (worked), Mon 10
        pytest.param(date(2025, 1, 24), 5, date(2025, 2, 7), id="art_85_five_days_over_spring_festival_2025"),
        pytest.param(date(2025, 1, 24), 7, date(2025, 2, 10), id="art_85_seven_days_over_spring_festival_2025"),
        # Fri 26 Sep: Sun 28 (worked), Mon 29, Tue 30 | 1-8 Oct off | Thu 9, Fri 10, Sat 11 (worked), Mon 13
        pytest.param(date(2025, 9, 26), 5, date(2025, 10, 10), id="art_85_five_days_over_national_day_2025"),
        pytest.param(date(2025, 9, 26), 7, date(2025, 10, 13), id="art_85_seven_days_over_national_day_2025"),
        # begun on a day off: the first day that counts is the first worked one
        pytest.param(date(2026, 10, 3), 2, date(2026, 10, 9), id="art_71_cash_taken_on_national_day_2026"),
    ],
)
def test_working_days_are_counted_from_the_day_after(on: date, days: int, last: date) -> None:
    assert add_days(on, days, "working") == last
    assert working_days_between(on, last) == days


@pytest.mark.parametrize(
    ("on", "days", "last"),
    [
        pytest.param(date(2026, 11, 2), 15, date(2026, 11, 17), id="art_67_on_a_plain_tuesday"),
        pytest.param(date(2026, 11, 6), 15, date(2026, 11, 23), id="art_67_on_a_saturday_rolls_to_monday"),
        pytest.param(date(2026, 9, 18), 15, date(2026, 10, 8), id="art_67_in_national_day_rolls_behind_it"),
        pytest.param(date(2026, 9, 25), 15, date(2026, 10, 10), id="art_67_on_a_worked_saturday_stays"),
        pytest.param(date(2026, 1, 31), 15, date(2026, 2, 24), id="art_67_in_spring_festival_2026"),
        pytest.param(date(2026, 2, 20), 90, date(2026, 5, 21), id="art_60_ninety_days"),
        pytest.param(date(2026, 2, 1), 90, date(2026, 5, 6), id="art_60_ninety_days_end_in_labour_day"),
        pytest.param(date(2024, 1, 1), 60, date(2024, 3, 1), id="reconsideration_20_over_29_february"),
        pytest.param(date(2025, 1, 1), 60, date(2025, 3, 3), id="reconsideration_20_rolls_from_a_sunday"),
    ],
)
def test_calendar_days_end_on_a_worked_day(on: date, days: int, last: date) -> None:
    assert add_days(on, days, "calendar") == last


def test_a_limit_that_does_not_roll_ends_in_the_holidays() -> None:
    assert add_days(date(2026, 9, 3), 30, "calendar", rolls=False) == date(2026, 10, 3)


@pytest.mark.parametrize(
    ("on", "months", "last"),
    [
        pytest.param(date(2025, 8, 31), 6, date(2026, 2, 28), id="no_31_february"),
        pytest.param(date(2023, 8, 31), 6, date(2024, 2, 29), id="leap_year"),
        pytest.param(date(2024, 2, 29), 24, date(2026, 2, 28), id="two_years_from_a_leap_day"),
        pytest.param(date(2026, 11, 30), 3, date(2027, 2, 28), id="over_the_turn_of_the_year"),
        pytest.param(date(2026, 1, 30), 1, date(2026, 2, 28), id="one_month_from_a_30th"),
    ],
)
def test_months_end_on_the_same_number_or_the_last_of_the_month(on: date, months: int, last: date) -> None:
    assert add_months(on, months) == last


def test_months_roll_like_days() -> None:
    # litigation art. 46: six months from 15 August 2025 are 15 February 2026, the first day off of Spring Festival
    assert term_end(date(2025, 8, 15), 6, "months") == date(2026, 2, 24)


@pytest.mark.parametrize(
    ("hearing", "last"),
    [
        # Sat 28 Feb (worked), 2-6 March, and Mon 9 itself are seven
        pytest.param(date(2026, 3, 9), date(2026, 2, 27), id="art_64_2_with_a_worked_saturday"),
        # Fri 9, Sat 10 (worked), 12-15, and Fri 16 itself are seven
        pytest.param(date(2026, 10, 16), date(2026, 10, 8), id="art_64_2_behind_national_day"),
        # Thu 8, Fri 9, Sat 10 (worked), 12-14, and Thu 15 itself; before Thu 8 only 30 September is worked
        pytest.param(date(2026, 10, 15), date(2026, 9, 30), id="art_64_2_over_national_day"),
    ],
)
def test_who_is_told_seven_days_before_has_seven_days(hearing: date, last: date) -> None:
    assert days_before(hearing, 7, "working") == last
    assert add_days(last, 7, "working") <= hearing < add_days(last + timedelta(days=1), 8, "working")


def test_a_year_whose_notice_is_not_out_is_assumed_and_provisional() -> None:
    assert is_settled(date(2026, 12, 1))
    assert not is_settled(date(2026, 12, 30))  # a notice may reach back over the turn of the year
    assert not is_settled(date(2027, 2, 8))
    assert not is_working_day(date(2027, 2, 8))  # lunar new year is fixed by law, and computed
    assert not is_working_day(date(2027, 10, 1))
    assert is_working_day(date(2027, 3, 1))
    assert not rests_on_settled_days(date(2026, 12, 25), date(2027, 1, 5))


def write(folder: Path, name: str, **changes: object) -> None:
    values: dict[str, object] = {
        "year": 2031,
        "notice": "a notice",
        "published_on": date(2030, 11, 1),
        "verified": False,
        "worked": [date(2031, 2, 1)],
        "closed": [{"name": "a day", "first": date(2031, 1, 1), "last": date(2031, 1, 1)}],
    } | changes
    lines = [f"{key} = {toml(value)}" for key, value in values.items()]
    (folder / name).write_text("\n".join(lines), "utf-8")
    assert tomllib.loads((folder / name).read_text("utf-8"))


def toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case date():
            return value.isoformat()
        case list():
            return f"[{', '.join(toml(each) for each in value)}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {toml(each)}' for key, each in value.items())} }}"
        case _:
            return f'"{value}"' if isinstance(value, str) else str(value)


@pytest.mark.parametrize(
    ("name", "changes", "why"),
    [
        ("2031.toml", {"worked": [date(2031, 1, 1)]}, "both off and worked"),
        ("2031.toml", {"worked": [date(2031, 2, 3)]}, "worked anyway"),
        ("2031.toml", {"closed": [{"name": "x", "first": date(2031, 3, 2), "last": date(2031, 3, 1)}]}, "before it"),
        ("2031.toml", {"verified": True}, "read_in"),
        ("2031.toml", {"holidays": []}, "holidays"),
        ("2032.toml", {}, "name it 2031.toml"),
    ],
    ids=["off_and_worked", "worked_on_a_monday", "backwards", "verified_without_copy", "misspelt", "wrong_name"],
)
def test_a_notice_that_does_not_hold_together_is_refused(
    tmp_path: Path, name: str, changes: dict[str, object], why: str
) -> None:
    write(tmp_path, name, **changes)
    with pytest.raises(LawDataUnusable, match=why):
        calendar.read_notices(tmp_path)


@pytest.fixture
def on_the_desk() -> Iterator[None]:
    yield
    calendar.use_notices_of(calendar.NOTICES)


@pytest.mark.usefixtures("on_the_desk")
def test_a_bureau_adds_the_notice_of_a_year_as_soon_as_it_is_out(tmp_path: Path) -> None:
    assert is_working_day(date(2031, 1, 28))  # a Tuesday; no notice is out, and the law fixes the days to the 25th
    spring = {"name": "春节", "first": date(2031, 1, 22), "last": date(2031, 1, 29)}
    write(tmp_path, "2031.toml", worked=[date(2031, 1, 18)], closed=[spring])
    calendar.use_notices_of(tmp_path)
    assert not is_working_day(date(2031, 1, 28))
    assert is_working_day(date(2031, 1, 18))
    assert is_settled(date(2031, 1, 28))
    assert not is_working_day(date(2026, 10, 1)), "and ours still hold"
