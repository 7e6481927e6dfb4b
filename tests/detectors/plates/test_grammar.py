"""What a plate can say: every kind of it, and what none can."""

import pytest

from detectors.errors import NoSuchGrammar, PlateRefused
from detectors.plates.grammar import countries_known, grammar_of, grammar_seen

CN = grammar_of("cn")


@pytest.mark.parametrize(
    ("text", "colour", "code"),
    [
        ("浙J12345", "blue", "small_car"),
        ("皖AG0S33", "blue", "small_car"),
        ("粤A82349", "yellow", "large_vehicle"),
        ("苏ED51712", "green", "small_new_energy"),
        ("沪AFA1234", "green", "small_new_energy"),
        ("京A12345D", "green", "large_new_energy"),
        ("京A12345D", "yellow", "large_new_energy"),
        ("鲁B1234挂", "yellow", "trailer"),
        ("京A1234学", "yellow", "driving_school"),
        ("京A1234警", "white", "police"),
        ("粤Z1234港", "black", "hong_kong_macau"),
        ("粤Z1A34澳", "black", "hong_kong_macau"),
        ("沪A0023领", "black", "consulate"),
        ("使198476", "black", "embassy"),
        ("198476使", "green", "embassy_new"),
        ("WJ京12345", "white", "armed_police"),
    ],
    ids=str,
)
def test_every_kind_of_plate_is_known_with_its_colour(text: str, colour: str, code: str) -> None:
    assert CN.check(text, colour).code == code
    assert CN.check(text).fits(text)


@pytest.mark.parametrize(
    ("text", "colour", "why"),
    [
        ("浙J1234I", "blue", "`I` as its character 7"),
        ("浙JO2345", "blue", "`O` as its character 3"),
        ("浙I12345", "blue", "`I` as its character 2"),
        ("浙112345", "blue", "`1` as its character 2"),
        ("Z112345", "blue", "`Z` as its character 1"),
        ("浙J1234", "blue", "has 6 characters"),
        ("浙J123456789", "blue", "has 11 characters"),
        ("浙J12345", "green", "is blue or yellow, not green"),
        ("苏ED51712", "blue", "is green, not blue"),
        ("粤A1234港", "black", "`港` as its character 7"),
        ("", None, "has 0 characters"),
    ],
    ids=["i_in_serial", "o_in_serial", "i_as_city", "digit_as_city", "no_province", "too_short", "too_long",
         "seven_on_green", "eight_on_blue", "hong_kong_from_elsewhere", "nothing"],
)  # fmt: skip
def test_what_cannot_be_a_plate_is_refused_with_the_reason(text: str, colour: str | None, why: str) -> None:
    with pytest.raises(PlateRefused, match="look at the picture again") as refused:
        CN.check(text, colour)
    assert why in str(refused.value)
    assert refused.value.text == text


def test_a_serial_with_many_letters_is_rarer_than_one_with_few() -> None:
    (car,) = (kind for kind in CN.kinds_of("浙J12345") if kind.code == "small_car")
    assert (
        car.log_prior("浙J12345") == car.log_prior("浙JAB345") > car.log_prior("浙JABC45") > car.log_prior("浙JABCD5")
    )


def test_two_rows_and_colours_choose_among_the_kinds() -> None:
    in_two_rows = {kind.code for kind in grammar_seen("cn", 2, ("yellow",)).kinds}
    assert {"large_vehicle", "trailer"} <= in_two_rows
    assert "small_car" not in in_two_rows
    other = grammar_of("other")
    assert grammar_seen("other", 1, ("blue", "yellow")).kinds == (), (
        "a blue plate that shows no province is still Chinese"
    )
    assert grammar_seen("other", 1, ("white", "blue")).kinds
    assert other.kinds_of("O0I1BB")[0].country == "other", "elsewhere I and O are letters like others"


def test_every_grammar_that_is_there_can_be_read_and_no_other() -> None:
    assert countries_known() == ["cn", "other"]
    assert all(grammar_of(country).kinds for country in countries_known())
    with pytest.raises(NoSuchGrammar, match="there are cn, other"):
        grammar_of("atlantis")
