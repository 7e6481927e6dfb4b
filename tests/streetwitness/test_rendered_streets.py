"""The rendered streets of the demo: their fences are where the geometry puts them, their day begins in the morning."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from cases.site_file import SiteValues, read
from detectors.rendered_street.stories import STORIES
from streetwitness.demo import DEMO_SITE
from streetwitness.rendered_streets import clip_of, last_begin, render, story_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def site() -> SiteValues:
    return read(DEMO_SITE).values


def test_every_story_is_a_camera_of_the_demo_site(site: SiteValues) -> None:
    assert [story for camera in site.cameras if (story := story_of(camera.source)) is not None] == list(STORIES)


@pytest.mark.parametrize("name", STORIES)
def test_fences_of_the_site_follow_from_the_geometry(site: SiteValues, name: str) -> None:
    (camera,) = [each.id for each in site.cameras if story_of(each.source) == name]
    drawn = {each.id.removeprefix(f"{camera}-"): each.polygon for each in site.geofences if each.camera == camera}
    story = STORIES[name]
    meant = {"kerb": story.fence_in_picture()}
    if story.pavement:
        meant["pavement"] = story.pavement_in_picture()
    assert drawn.keys() - {"dumping"} == meant.keys(), "where the bag is left, a part of the pavement is drawn by hand"
    for fence, polygon in meant.items():
        assert np.array(drawn[fence]) == pytest.approx(np.array(polygon), abs=0.002)


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        pytest.param((2026, 3, 2, 2, 30), (2026, 3, 2, 2, 0), id="later_on_the_same_day"),
        pytest.param((2026, 3, 2, 1, 59), (2026, 3, 1, 2, 0), id="before_it_begins"),
        pytest.param((2026, 3, 2, 17, 0), (2026, 3, 2, 2, 0), id="after_midnight_there"),
    ],
)
def test_the_stories_begin_at_the_last_ten_o_clock_of_the_place(now: tuple[int, ...], begins: tuple[int, ...]) -> None:
    assert last_begin(datetime(*now, tzinfo=UTC), SHANGHAI) == datetime(*begins, tzinfo=UTC)


def test_what_an_earlier_start_rendered_is_left_alone(tmp_path: Path) -> None:
    def not_again(share: float) -> None:
        raise AssertionError(share)

    clip = clip_of(tmp_path, "parks-and-stays")
    clip.write_bytes(b"rendered before")
    assert render(tmp_path, "parks-and-stays", datetime(2026, 3, 2, tzinfo=UTC), not_again) == clip
    assert clip.read_bytes() == b"rendered before"
