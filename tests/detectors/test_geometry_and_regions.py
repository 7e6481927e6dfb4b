"""Boxes, polygons, and which parts of a picture are looked at."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.class_roles import roles_of
from detectors.geometry import Box, Polygon
from detectors.look_region import GAP_PX, look_regions, pack
from detectors.sightings import ObjectRole

WIDTH, HEIGHT = 1920, 1080


def fence(x: float, y: float, width: float, height: float) -> Polygon:
    return Polygon.of_fractions([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], WIDTH, HEIGHT)


fences = st.lists(
    st.builds(fence, st.floats(0, 0.8), st.floats(0, 0.8), st.floats(0.02, 0.2), st.floats(0.02, 0.2)),
    min_size=1,
    max_size=5,
)


def test_without_a_fence_the_whole_picture_is_looked_at() -> None:
    assert look_regions([], WIDTH, HEIGHT) == (Box(0, 0, WIDTH, HEIGHT),)


def test_a_fence_far_away_is_looked_at_larger_than_the_whole_picture_would_show_it() -> None:
    (region,) = look_regions([fence(0.4, 0.4, 0.1, 0.1)], WIDTH, HEIGHT)
    assert region.width < WIDTH / 3
    assert Box(768, 432, 960, 540).covered_by(region) == pytest.approx(1.0)


@given(fences)
def test_every_fence_is_looked_at_whole_and_no_part_twice(polygons: list[Polygon]) -> None:
    regions = look_regions(polygons, WIDTH, HEIGHT)
    for polygon in polygons:
        assert max(polygon.bounds.covered_by(region) for region in regions) == pytest.approx(1.0, abs=1e-6)
    for number, region in enumerate(regions):
        assert region == region.within(WIDTH, HEIGHT)
        assert all(region.intersection(other) < 1e-6 for other in regions[:number])


@given(fences)
def test_the_parts_lie_beside_each_other_in_the_input(polygons: list[Polygon]) -> None:
    regions = look_regions(polygons, WIDTH, HEIGHT)
    placed = pack(regions, 640, 640)
    assert {each.region for each in placed} == set(regions)
    boxes = [Box(each.left, each.top, each.left + each.size[0], each.top + each.size[1]) for each in placed]
    for number, box in enumerate(boxes):
        assert box == box.within(640, 640)
        for other in boxes[:number]:
            apart = Box(box.x1 - GAP_PX, box.y1 - GAP_PX, box.x2 + GAP_PX, box.y2 + GAP_PX)
            assert apart.intersection(other) == 0


@pytest.mark.parametrize(
    ("one", "other", "iou", "covered"),
    [
        pytest.param(Box(0, 0, 10, 10), Box(0, 0, 10, 10), 1.0, 1.0, id="the_same"),
        pytest.param(Box(0, 0, 10, 10), Box(5, 0, 15, 10), 1 / 3, 0.5, id="half_over"),
        pytest.param(Box(2, 2, 4, 4), Box(0, 0, 10, 10), 0.04, 1.0, id="within"),
        pytest.param(Box(0, 0, 10, 10), Box(20, 20, 30, 30), 0.0, 0.0, id="apart"),
        pytest.param(Box(5, 5, 5, 5), Box(0, 0, 10, 10), 0.0, 0.0, id="of_no_area"),
    ],
)
def test_how_much_two_boxes_share(one: Box, other: Box, iou: float, covered: float) -> None:
    assert one.iou(other) == other.iou(one) == pytest.approx(iou)
    assert one.covered_by(other) == pytest.approx(covered)


def test_classes_play_the_roles_of_the_data_file_whatever_their_case() -> None:
    roles = roles_of({0: "person", 2: "Car", 3: "motorcycle", 24: "backpack", 15: "cat"})
    assert roles == {
        0: ObjectRole.PERSON,
        2: ObjectRole.VEHICLE,
        3: ObjectRole.TWO_WHEELER,
        24: ObjectRole.GOODS,
    }


SQUARE = Polygon(((0, 0), (100, 0), (100, 100), (0, 100)))


@pytest.mark.parametrize(
    ("line", "inside", "outside"),
    [
        pytest.param([(0, 30), (100, 30)], Box(40, 60, 60, 80), Box(40, 5, 60, 25), id="across"),
        pytest.param([(100, 30), (0, 30)], Box(40, 60, 60, 80), Box(40, 5, 60, 25), id="the_other_way_round"),
        pytest.param([(40, 30), (60, 30)], Box(0, 60, 10, 80), Box(0, 5, 10, 25), id="it_goes_on_beyond_its_ends"),
        pytest.param([(0, 20), (80, 100)], Box(70, 10, 90, 30), Box(2, 60, 22, 95), id="slanting"),
        pytest.param(
            [(0, 300), (100, 300)], Box(40, 60, 60, 80), Box(40, 110, 60, 120), id="beside_it_changes_nothing"
        ),
    ],
)
def test_beyond_a_line_lies_the_larger_part(line: list[tuple[float, float]], inside: Box, outside: Box) -> None:
    beyond = SQUARE.beyond(line)
    assert beyond.share_of(inside) == pytest.approx(1.0)
    assert beyond.share_of(outside) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("line", "shop", "inside", "outside"),
    [
        pytest.param([(0, 30), (100, 30)], "right", Box(40, 5, 60, 25), Box(40, 60, 60, 80), id="the_smaller_part"),
        pytest.param([(100, 30), (0, 30)], "left", Box(40, 5, 60, 25), Box(40, 60, 60, 80), id="walked_the_other_way"),
        pytest.param([(0, 70), (100, 70)], "left", Box(40, 75, 60, 95), Box(40, 60, 60, 65), id="left_is_above"),
        pytest.param(
            [(0, 60), (50, 60), (50, 0)], "left", Box(60, 10, 90, 50), Box(10, 10, 40, 50), id="round_a_corner"
        ),
        pytest.param(
            [(0, 60), (50, 60), (50, 0)], None, Box(60, 10, 90, 50), Box(10, 10, 40, 50), id="round_it_by_size"
        ),
    ],
)
def test_the_shop_lies_on_the_side_that_was_said(
    line: list[tuple[float, float]], shop: Any, inside: Box, outside: Box
) -> None:
    beyond = SQUARE.beyond(line, shop)
    assert beyond.share_of(inside) == pytest.approx(1.0)
    assert beyond.share_of(outside) == pytest.approx(0.0)


def test_what_is_cut_out_lies_outside_and_the_line_leaves_it_so() -> None:
    hole = Polygon(((40, 40), (60, 40), (60, 60), (40, 60)))
    without = SQUARE.without([hole])
    assert without.share_of(Box(40, 40, 60, 60)) == 0.0
    assert without.share_of(Box(30, 40, 50, 60)) == pytest.approx(0.5)
    assert without.bounds == Box(0, 0, 100, 100)
    assert without.beyond([(0, 10), (100, 10)]).share_of(Box(40, 40, 60, 60)) == 0.0
    assert SQUARE.without([]) == SQUARE
