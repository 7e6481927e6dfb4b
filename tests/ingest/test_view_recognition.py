"""A dome says that it has turned; only the picture is believed."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.view_fingerprint import STEADY_LOOKS, Fingerprint, Glance, glance
from ingest.view_recognition import ViewRecognition
from tests.media.make_clips import RATE, Film, parks, passes

STREET = Film(vehicles=(parks("red"), passes("blue", 0.5)), size=(640, 480))


def look(second: float, change: str = "") -> Glance:
    """A picture of the street; upside down it is another one, from near a part of it."""
    picture: NDArray[np.uint8] = cv2.cvtColor(STREET.picture(round(second * RATE)), cv2.COLOR_BGR2GRAY).astype(np.uint8)
    if change == "other":
        picture = np.ascontiguousarray(picture[::-1])
    if change == "on the way":
        picture = np.roll(picture, picture.shape[1] // 3, axis=1)
    return glance(picture)


def learnt(change: str = "") -> Fingerprint:
    view = Fingerprint()
    for number in range(STEADY_LOOKS):
        view.learn(look(number / RATE, change), 2.0)
    return view


@pytest.fixture(scope="module")
def both() -> dict[str, Fingerprint]:
    return {"street": learnt(), "other": learnt("other")}


def test_a_view_that_was_learnt_is_recognised_by_one_picture(both: dict[str, Fingerprint]):
    assert ViewRecognition(both, "street").shows(look(2.0))
    assert ViewRecognition(both, "other").shows(look(2.0, "other"))


def test_a_dome_that_stayed_where_it_was_is_not_where_it_was_sent(both: dict[str, Fingerprint]):
    turn = ViewRecognition(both, "other")
    assert not any(turn.shows(look(second)) for second in (1.0, 2.0, 3.0))


def test_a_picture_on_the_way_is_not_the_view(both: dict[str, Fingerprint]):
    assert not ViewRecognition(both, "street").shows(look(2.0, "on the way"))


def test_a_view_that_was_never_seen_is_believed_when_the_picture_stands_still():
    turn = ViewRecognition({"street": learnt(), "other": Fingerprint()}, "other")
    assert not turn.shows(look(1.0, "other")), "one picture does not tell whether it stands"
    assert turn.shows(look(2.0, "other"))


def test_a_view_that_was_never_seen_is_not_learnt_from_a_picture_of_another():
    turn = ViewRecognition({"street": learnt(), "other": Fingerprint()}, "other")
    assert not any(turn.shows(look(second)) for second in (1.0, 2.0, 3.0))


def test_a_picture_that_still_moves_is_not_learnt():
    turn = ViewRecognition({"street": Fingerprint()}, "street")
    assert not turn.shows(look(1.0))
    assert not turn.shows(look(2.0, "other"))
    assert not turn.shows(look(3.0, "on the way"))
