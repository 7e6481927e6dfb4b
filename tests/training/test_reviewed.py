"""What people reviewed, as a folder to learn from: read back as written, split by incident, and refused where wrong."""

from pathlib import Path

import pytest

from detectors.geometry import Box
from detectors.training.errors import TooFewReviewed, UnusableMaterial
from detectors.training.reviewed import FILE, Reviewed, read_reviewed, split, write_reviewed


def line(incident: int, picture: int = 0, *, camera: str = "gate-3", there: bool = True) -> Reviewed:
    return Reviewed(f"pictures/{incident}-{picture}.jpg", f"i{incident}", camera, there, "car", Box(10, 20, 110, 80))


STREET = [
    line(incident, picture, camera=f"gate-{incident % 2}", there=incident % 3 > 0)
    for incident in range(40)
    for picture in range(3)
]


def test_what_was_written_is_read(tmp_path: Path):
    write_reviewed(tmp_path, STREET)
    assert read_reviewed(tmp_path) == STREET


def test_an_incident_is_learned_from_or_judged_on_and_never_both():
    learn, back = split(STREET)
    assert {each.incident for each in learn}.isdisjoint(each.incident for each in back)
    assert sorted(learn + back, key=STREET.index) == STREET
    assert 0.2 <= len(back) / len(STREET) <= 0.3


def test_each_camera_and_each_answer_is_on_both_sides():
    for side in split(STREET):
        assert {(each.camera, each.there) for each in side} == {(each.camera, each.there) for each in STREET}


def test_the_same_incidents_are_kept_back_whatever_came_since():
    _, before = split(STREET)
    _, after = split(list(reversed(STREET)))
    assert {each.incident for each in before} == {each.incident for each in after}


def test_of_a_handful_nothing_can_be_judged():
    with pytest.raises(TooFewReviewed, match="8 reviewed incidents leave 2"):
        split([line(incident) for incident in range(8)])


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("no json\n", "line 1 is not a reviewed picture"),
        ('{"picture": "pictures/a.jpg"}\n', "line 1 is not"),
        (
            '{"picture":"../a.jpg","incident":"i","camera":"c","there":true,"class":"car","box":[1,2,3,4]}\n',
            "outside of the folder",
        ),
        (
            '{"picture":"/etc/a.jpg","incident":"i","camera":"c","there":true,"class":"car","box":[1,2,3,4]}\n',
            "outside of the folder",
        ),
        ('{"picture":"a.jpg","incident":"i","camera":"c","there":true,"class":"car","box":[1,2,3]}\n', "line 1 is not"),
    ],
    ids=["not json", "incomplete", "above the folder", "elsewhere", "three sides"],
)
def test_what_was_not_gathered_is_refused(tmp_path: Path, written: str, says: str):
    (tmp_path / FILE).write_text(written)
    with pytest.raises(UnusableMaterial, match=says):
        read_reviewed(tmp_path)


def test_an_empty_folder_says_how_to_fill_it(tmp_path: Path):
    with pytest.raises(UnusableMaterial, match="streetwitness train gather"):
        read_reviewed(tmp_path)
