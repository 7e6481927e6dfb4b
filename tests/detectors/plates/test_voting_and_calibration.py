"""What several readings come to, and what the signs of one reading are worth."""

from dataclasses import replace

import pytest

from detectors.plates.calibration import Signs, confidence_of
from detectors.plates.voting import vote

GOOD = Signs(margin=7.0, agreement=1.0, grammar_cost=0.1, found=1.0, height_px=40.0, colour=0.0)


def test_a_single_reading_keeps_its_confidence() -> None:
    result = vote([("浙J12345", 0.8)])
    assert result is not None
    assert (result.text, result.confidence, result.agreeing) == ("浙J12345", 0.8, 1)


def test_of_no_reading_nothing_comes() -> None:
    assert vote([]) is None


def test_agreement_adds_to_the_surest_and_is_never_certainty() -> None:
    confidences = [vote([("浙J12345", 0.8)] * count) for count in (1, 2, 3, 4, 20)]
    found = [each.confidence for each in confidences if each is not None]
    assert found == sorted(found)
    assert found[0] < found[1] < found[2]
    assert found[3] == found[4] < 0.95, "twenty pictures of a parked car are not twenty witnesses"


def test_contradiction_takes_more_than_agreement_gives() -> None:
    alone, against = vote([("浙J12345", 0.95)]), vote([("浙J12345", 0.95), ("浙J12346", 0.9)])
    assert alone is not None
    assert against is not None
    assert against.text == "浙J12345"
    assert against.confidence < 0.6 < alone.confidence


def test_several_that_are_less_sure_outvote_one() -> None:
    result = vote([("浙J12346", 0.9), ("浙J12345", 0.8), ("浙J12345", 0.7)])
    assert result is not None
    assert result.text == "浙J12345"
    assert result.confidence < 0.9, "the contradiction stays"


def test_guesses_neither_help_nor_harm() -> None:
    result = vote([("浙J12345", 0.9), ("皖A00000", 0.2), ("鲁B11111", 0.1)])
    assert result is not None
    assert (result.text, result.confidence, result.share) == ("浙J12345", 0.9, 1.0)


@pytest.mark.parametrize(
    ("sign", "values"),
    [
        ("margin", (0.0, 1.0, 3.0, 7.0, 20.0)),
        ("agreement", (0.0, 0.3, 0.6, 1.0)),
        ("grammar_cost", (4.0, 2.0, 1.0, 0.3, 0.0, -0.2)),
        ("found", (0.3, 0.6, 1.0)),
        ("height_px", (9.0, 13.0, 20.0, 40.0, 150.0)),
        ("colour", (-3.0, -1.0, 0.0)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_better_sign_never_makes_a_reading_less_sure(sign: str, values: tuple[float, ...]) -> None:
    found = [confidence_of(replace(GOOD, **{sign: value})) for value in values]
    assert found == sorted(found)
    assert all(0.0 <= each <= 1.0 for each in found)


def test_all_good_signs_are_above_the_sending_threshold_and_a_near_tie_is_far_below() -> None:
    assert confidence_of(GOOD) > 0.9
    assert confidence_of(replace(GOOD, margin=0.2, agreement=0.5)) < 0.6
    assert confidence_of(Signs(0.1, 0.2, 2.5, 0.5, 10.0, -2.5)) < 0.05
