"""A wide street costs no grey: the program's own weights in a lower input find what they find in a square one."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import openvino as ov
import pytest

from detectors.frame import Bytes, Frame
from detectors.geometry import Box
from detectors.input_size import FixedSize, resized
from detectors.look_region import pack, packed_at
from detectors.openvino_engine import OpenVinoDetector
from detectors.rendered_street.scenes import labelled_scene
from detectors.sightings import Look
from detectors.weights import OWN
from tests.rows import NOON

[FOLDER] = OWN.glob("*_openvino_model")
[GRAPH] = FOLDER.glob("*.xml")
WIDE = Box(0, 0, 960, 544)


@pytest.fixture(scope="module")
def streets() -> list[Bytes]:
    """(544, 960, 3) BGR."""
    return [labelled_scene(np.random.default_rng(seed))[0] for seed in (0, 2, 3, 7)]


def look_at(picture: Bytes, *regions: Box) -> Look:
    planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
    return Look(Frame(planes, 0.0, 0, Fraction(1, 25), NOON), regions)


def with_own_size_alone(detector: OpenVinoDetector) -> OpenVinoDetector:
    detector._inputs = detector._inputs[-1:]
    return detector


def compiled_sizes(detector: OpenVinoDetector) -> list[tuple[int, int]]:
    return [(each.width, each.height) for each in detector._inputs if "queue" in vars(each)]


def test_what_is_surely_seen_in_a_square_is_seen_in_a_low_input(streets: Sequence[Bytes]) -> None:
    low, square = OpenVinoDetector(FOLDER), with_own_size_alone(OpenVinoDetector(FOLDER))
    looks = [look_at(street, WIDE) for street in streets]
    sure = 0
    for now, before in zip(low.detect(looks), square.detect(looks), strict=True):
        for one in before:
            if one.confidence >= 0.5:
                sure += 1
                best = max(now, key=lambda other: one.box.iou(other.box))
                assert best.box.iou(one.box) > 0.8
                assert best.role is one.role
    assert sure >= 5, "too little is seen in these streets to compare"
    assert compiled_sizes(low) == [(576, 352)]
    assert compiled_sizes(square) == [(576, 576)]


def test_looks_of_different_shapes_share_a_batch_and_keep_their_places(streets: Sequence[Bytes]) -> None:
    detector = OpenVinoDetector(FOLDER)
    tall = Box(200, 0, 744, 544)
    wide, upright, old = (look_at(streets[0], region) for region in (WIDE, tall, Box(120, 0, 840, 540)))
    together = detector.detect([upright, wide, old])
    assert compiled_sizes(detector) == [(576, 352), (576, 480), (576, 576)]
    assert together == [detector.detect([each])[0] for each in (upright, wide, old)]


def test_parts_are_never_shown_smaller_for_a_lower_input() -> None:
    side_by_side = [Box(0, 0, 300, 200), Box(500, 300, 800, 500)]
    at_best = pack(side_by_side, 576, 576)[0].scale
    assert packed_at(side_by_side, at_best, 576, 352) is None
    flat = [Box(0, 0, 500, 100), Box(0, 300, 500, 400)]
    assert packed_at(flat, pack(flat, 576, 576)[0].scale, 576, 352) is not None


def test_brought_to_the_size_it_has_a_graph_says_the_same() -> None:
    picture = np.random.default_rng(1).random((1, 3, 576, 576), np.float32)
    as_it_is, brought = (
        ov.Core().compile_model(model, "CPU")(picture)[0]
        for model in (ov.Core().read_model(GRAPH), resized(ov.Core().read_model(GRAPH), 576, 576))
    )
    assert np.array_equal(as_it_is, brought)


def test_boxes_are_where_they_were_in_a_larger_input(streets: Sequence[Bytes]) -> None:
    """Beyond the size of the export, too: the points of the grids are made, not cut from those that are there."""
    larger = ov.Core().compile_model(resized(ov.Core().read_model(GRAPH), 608, 960), "CPU")
    canvas = np.full((608, 960, 3), 114, np.uint8)
    canvas[:544] = streets[0][..., ::-1]
    table = larger(np.ascontiguousarray(canvas.transpose(2, 0, 1)[None], np.float32) / 255)[0][0]
    x, y, width, height = table[:4, table[4:].max(axis=0).argmax()]
    surest = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    [found] = OpenVinoDetector(FOLDER).detect([look_at(streets[0], WIDE)])
    assert max(surest.iou(each.box) for each in found) > 0.8


def test_a_graph_of_another_kind_keeps_its_size(tmp_path: Path) -> None:
    given = ov.opset13.parameter([1, 3, 64, 64], np.float32)
    points = ov.opset13.constant(np.zeros((1, 2, 84), np.float32))  # as many as the grids of 64 x 64, but others
    made = ov.opset13.add(ov.opset13.reshape(given, np.array([1, 2, -1]), special_zero=False), np.float32(0))
    with pytest.raises(FixedSize, match="nothing is known of its constant"):
        resized(ov.Model([made, ov.opset13.relu(points)], [given]), 96, 64)
    fixed = ov.Model([ov.opset13.reshape(given, np.array([3, 4096]), special_zero=False)], [given])
    with pytest.raises(FixedSize, match="its graph is not one"):
        resized(fixed, 96, 64)
    with pytest.raises(FixedSize, match="multiple of 32"):
        resized(ov.Core().read_model(GRAPH), 300, 576)
