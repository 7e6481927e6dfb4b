"""Labelled pictures for training: the same generator gives the same, and every label is one that can be learned."""

import numpy as np
import pytest

from detectors.rendered_street.scenes import CLASSES, SMALLEST_PX, labelled_scene, scenes


@pytest.fixture(scope="module")
def some() -> list:
    return list(scenes(seed=8, count=3))


def test_labels_lie_in_the_picture_and_are_of_the_classes(some: list) -> None:
    labels = [label for _, labels in some for label in labels]
    assert len(labels) > 8
    for picture, labels in some:
        height, width = picture.shape[:2]
        assert picture.dtype == np.uint8
        for name, x1, y1, x2, y2 in labels:
            assert name in CLASSES
            assert 0 <= x1 < x2 <= width
            assert 0 <= y1 < y2 <= height
            assert min(x2 - x1, y2 - y1) >= SMALLEST_PX


def test_no_two_pictures_are_alike(some: list) -> None:
    assert len({(picture.shape, round(float(picture.mean()), 3)) for picture, _ in some}) == len(some)


def test_the_same_seed_gives_the_same_pictures(some: list) -> None:
    picture, labels = labelled_scene(np.random.default_rng(8))
    assert np.array_equal(picture, some[0][0])
    assert labels == some[0][1]
