"""The moments of stopping and leaving, from pictures that show the object at its place or do not."""

import pytest

from detectors.stop_moment import Shown, leave_moment, stop_moment


def pictures(text: str, step_s: float = 0.1) -> list[Shown]:
    return [Shown(round(number * step_s, 3), each == "x") for number, each in enumerate(text)]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("....xxxx", 0.4, id="stops"),
        pytest.param("xxxxxxxx", None, id="stood_there_all_along"),
        pytest.param("....xx..xxxx", 0.4, id="somebody_walks_through_the_picture"),
        pytest.param("x...................xxxx", 2.0, id="another_like_it_stood_there_long_before"),
        pytest.param(".......x", 0.7, id="only_the_last_picture"),
        pytest.param("x", None, id="one_picture"),
    ],
)
def test_the_moment_of_stopping(text: str, moment: float | None) -> None:
    assert stop_moment(pictures(text)) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("xxxx....", 0.3, id="leaves"),
        pytest.param("xxxxxxxx", 0.7, id="is_there_to_the_end"),
        pytest.param("xx..xxx.....", 0.6, id="somebody_walks_through_the_picture"),
        pytest.param("xxx.................xx", 0.2, id="another_like_it_comes_long_after"),
    ],
)
def test_the_moment_of_leaving(text: str, moment: float) -> None:
    assert leave_moment(pictures(text)) == moment
