"""What the teacher may add to hand-made labels, and what it sees of an enlarged part."""

from collections.abc import Sequence

import pytest

from detectors.geometry import Box
from detectors.sightings import Detection, Look, ObjectRole
from detectors.training.labelled_picture import Label
from detectors.training.teacher import completed, cut_by_part, merged, parts_of, teach
from tests.training.drawn_streets import road


def car(x1: float, y1: float, x2: float, y2: float, confidence: float = 0.9) -> Detection:
    return Detection(Box(x1, y1, x2, y2), ObjectRole.VEHICLE, "car", confidence)


class TeacherOfOneRegion:
    """Answers each region with what the test says it sees there."""

    name, digest = "drawn", "0" * 64

    def __init__(self, seen: dict[Box, list[Detection]]) -> None:
        self.seen = seen

    def detect(self, looks: Sequence[Look]) -> list[list[Detection]]:
        return [self.seen.get(look.regions[0], []) for look in looks]


@pytest.mark.parametrize(
    ("label", "taught", "added"),
    [
        (Label("truck", Box(0, 0, 100, 60)), Label("car", Box(2, 2, 98, 60)), False),
        (Label("motorcycle", Box(0, 0, 60, 60)), Label("car", Box(0, 0, 60, 58)), False),
        (Label("motorcycle", Box(0, 0, 50, 100)), Label("person", Box(5, 0, 45, 80)), True),
        (Label("person", Box(0, 0, 50, 100)), Label("person", Box(5, 0, 45, 100)), False),
        (Label("car", Box(0, 0, 100, 60)), Label("car", Box(200, 0, 300, 60)), True),
    ],
    ids=["truck_called_car", "three_wheeler_called_car", "rider", "same_person", "another_car"],
)
def test_the_teacher_adds_only_what_no_label_stands_for(label: Label, taught: Label, added: bool):
    assert completed([label], [taught]) == ([label, taught] if added else [label])


def test_what_the_inner_edge_of_a_part_cuts_is_not_believed():
    left_part = Box(0, 0, 192, 144)
    assert cut_by_part(Box(150, 50, 191, 80), left_part, 320, 240)
    assert not cut_by_part(Box(0, 50, 60, 80), left_part, 320, 240)  # that edge is the picture's own


def test_an_object_seen_whole_and_in_a_part_is_one_object():
    assert merged([car(10, 10, 60, 40, 0.6)], [car(11, 10, 61, 41, 0.9), car(100, 10, 120, 25, 0.8)]) == [
        car(100, 10, 120, 25, 0.8),
        car(10, 10, 60, 40, 0.6),
    ]


def test_the_teacher_is_believed_where_it_is_sure():
    picture = road(320, 240)
    whole, part = Box(0, 0, 320, 240), parts_of(320, 240)[0]
    seen = {
        whole: [car(10, 100, 90, 150, 0.46), car(200, 100, 260, 150, 0.44)],
        part: [car(120, 20, 140, 32, 0.56), car(60, 20, 80, 32, 0.5)],
    }
    assert [label.box for label in teach(TeacherOfOneRegion(seen), picture)] == [
        Box(120, 20, 140, 32),
        Box(10, 100, 90, 150),
    ]


def test_a_class_we_do_not_train_is_not_taught():
    suitcase = Detection(Box(10, 10, 50, 50), ObjectRole.GOODS, "suitcase", 0.9)
    assert teach(TeacherOfOneRegion({Box(0, 0, 320, 240): [suitcase]}), road(320, 240)) == []
