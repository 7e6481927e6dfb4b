"""When a recording began: what each source says of it, and which is gone by."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ingest.start_time import (
    UNCHECKED_CLOCK_S,
    RecorderClock,
    best,
    guessed,
    name_patterns,
    of_container,
    of_name,
)
from models.enums import ClockSource, ContainerClock

SHANGHAI = RecorderClock(ZoneInfo("Asia/Shanghai"))
HANDED_IN = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    [
        "DJI_20260302120005_0001_D.MP4",
        "VID_20260302_120005.mp4",
        "PXL_20260302_120005123.mp4",
        "WIN_20260302_12_00_05_Pro.mp4",
        "2026_0302_120005_0001F.MP4",
        "NO20260302-120005-000123F.MP4",
        "ch01_20260302120005_20260302123000.mp4",
        "8A1234567_012345_20260302120005_0001.mp4",
        "2026-03-02 12-00-05.mkv",
        "20260302_120005_NF.mp4",
        "2026年03月02日12时00分05秒.mp4",
    ],
)
def test_names_of_many_makers_say_the_same_local_time(name: str) -> None:
    claim = of_name(name, SHANGHAI)
    assert claim is not None
    assert claim.at == datetime(2026, 3, 2, 4, 0, 5, tzinfo=UTC)
    assert claim.source is ClockSource.FILE_NAME


@pytest.mark.parametrize("name", ["GX010123.MP4", "holiday.mp4", "20261399_250000.mp4", "1772424005.mp4"])
def test_a_name_without_a_time_says_none(name: str) -> None:
    assert of_name(name, SHANGHAI) is None


def test_every_pattern_of_the_data_file_names_all_parts_and_its_error() -> None:
    assert len(name_patterns()) >= 9
    for pattern in name_patterns():
        assert set("YmdHMS") == set(pattern.name.groupindex), pattern.maker
        assert pattern.error_s > 0


def test_a_recorder_that_writes_local_time_as_utc_is_read_so_where_that_is_known() -> None:
    written = datetime(2026, 3, 2, 12, 0, 5, tzinfo=UTC)
    as_utc = of_container(written, SHANGHAI)
    as_local = of_container(written, RecorderClock(SHANGHAI.zone, ContainerClock.LOCAL, 2.0))
    assert as_utc is not None
    assert as_local is not None
    assert as_utc.at - as_local.at == timedelta(hours=8)
    assert (as_utc.error_s, as_local.error_s) == (1.0 + UNCHECKED_CLOCK_S, 3.0)
    assert of_container(written, RecorderClock(SHANGHAI.zone, ContainerClock.IGNORED)) is None
    assert of_container(None, SHANGHAI) is None


def test_the_container_is_gone_by_before_the_name_and_both_before_a_guess() -> None:
    by_container = of_container(datetime(2026, 3, 2, 4, 0, tzinfo=UTC), SHANGHAI)
    by_name = of_name("DJI_20260302130005_0001_D.MP4", SHANGHAI)
    guess = guessed(HANDED_IN, 60.0)
    assert best([guess, by_name, by_container], by=HANDED_IN) is by_container
    assert best([guess, by_name, None], by=HANDED_IN) is by_name
    assert best([guess, None], by=HANDED_IN) is guess
    assert guess.error_s is None


@pytest.mark.parametrize("year", [1999, 2031], ids=["a_clock_that_was_lost", "a_clock_far_ahead"])
def test_a_time_that_cannot_be_is_no_claim(year: int) -> None:
    impossible = of_container(datetime(year, 1, 1, tzinfo=UTC), SHANGHAI)
    guess = guessed(HANDED_IN, 60.0)
    assert best([impossible, guess], by=HANDED_IN) is guess
