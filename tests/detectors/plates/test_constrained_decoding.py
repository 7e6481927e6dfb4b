"""Decoding along the grammar, with probabilities written by hand."""

from itertools import product

import numpy as np
import pytest

from detectors.plates.constrained_decoding import Steps, decode, log_likelihoods, propose
from detectors.plates.grammar import COLOURS, Grammar, grammar_seen

CN = grammar_seen("cn", 1, COLOURS)
CHARACTERS = "".join(sorted(CN.characters))
UNSEEN = dict.fromkeys(COLOURS, 0.0)
BLUE = dict.fromkeys(COLOURS, -4.0) | {"blue": 0.0}
GREEN = dict.fromkeys(COLOURS, -4.0) | {"green": 0.0}


def saying(*steps: dict[str, float], weight: float = 1.0) -> Steps:
    """A recogniser that says this, each character one step and blanks between; what is left is spread over the rest."""
    rows = []
    for step in steps:
        for said in (step, {"": 0.97}):
            rest = (1.0 - sum(said.values())) / (len(CHARACTERS) + 1 - len(said))
            row = np.full(len(CHARACTERS) + 1, rest)
            for character, share in said.items():
                row[CHARACTERS.index(character) + 1 if character else 0] = share
            rows.append(row)
    table = np.array(rows)
    return Steps(CHARACTERS, np.log(table), float(np.log(table.max(axis=1)).sum()), weight)


def sure(text: str, share: float = 0.9) -> list[dict[str, float]]:
    return [{character: share} for character in text]


def best(steps: Steps, grammar: Grammar = CN, colours: dict[str, float] = UNSEEN) -> str:
    return decode([steps], grammar, colours)[0].text


def test_what_is_plain_is_read_as_it_stands() -> None:
    (first, *_) = decode([saying(*sure("浙J12345"))], CN, BLUE)
    assert (first.text, first.kind.code) == ("浙J12345", "small_car")
    assert first.share > 0.7
    assert first.cost == pytest.approx(0.0, abs=0.05)
    assert first.agreement == 1.0


def test_a_letter_that_no_place_may_hold_gives_way_to_what_may_stand_there() -> None:
    """The recogniser likes a province in the middle better; the grammar does not."""
    steps = sure("浙J12345")
    steps[4] = {"京": 0.6, "3": 0.3}
    assert best(saying(*steps)) == "浙J12345"


def test_doubled_characters_are_two_only_with_a_blank_between_them() -> None:
    assert best(saying(*sure("浙J11122"))) == "浙J11122"


def test_colour_decides_where_length_is_in_doubt() -> None:
    steps = sure("苏ED51712")
    steps[3] = {"5": 0.42, "": 0.5}
    assert best(saying(*steps), colours=GREEN) == "苏ED51712"
    assert best(saying(*steps), colours=BLUE) == "苏ED1712"


def test_one_recogniser_knows_the_province_and_the_other_the_serial() -> None:
    province = saying({"豫": 0.9}, *sure("RM6"), {"3": 0.4, "8": 0.5}, {"9": 0.5, "0": 0.4}, {"6": 0.9})
    serial = saying({"皖": 0.3, "豫": 0.2}, *sure("RM6396"))
    (first, *_) = decode([province, serial], CN, BLUE)
    assert first.text == "豫RM6396"


def test_a_character_nobody_saw_leaves_the_best_in_doubt() -> None:
    unseen = saying({}, *sure("A12345"))
    ranked = decode([unseen], CN, BLUE)
    assert {each.text[1:] for each in ranked} == {"A12345"}
    assert ranked[0].share < 0.2, "thirty-one provinces are equally likely"
    assert ranked[0].score - ranked[1].score == pytest.approx(0.0, abs=1e-6)


def test_a_view_that_disagrees_takes_from_the_agreement() -> None:
    views = [saying(*sure("浙J12345")), saying(*sure("浙J12345")), saying(*sure("浙J12346", 0.6))]
    (first, *_) = decode(views, CN, BLUE)
    assert first.text == "浙J12345"
    assert first.agreement == pytest.approx(2 / 3)


def test_nothing_is_decoded_where_the_grammar_is_empty() -> None:
    assert decode([saying(*sure("浙J12345"))], Grammar(()), BLUE) == []
    assert decode([], CN, BLUE) == []


def test_every_proposal_is_a_plate() -> None:
    random = np.random.default_rng(3)
    table = random.dirichlet(np.full(len(CHARACTERS) + 1, 0.05), 24)
    proposals = propose(Steps(CHARACTERS, np.log(np.maximum(table, 1e-9)), 0.0), CN)
    assert proposals
    assert all(CN.kinds_of(text) for text in proposals)


def test_likelihoods_are_those_of_all_the_ways_to_spell_it() -> None:
    """Against the definition: the sum over every path of steps that collapses to the text."""
    random = np.random.default_rng(4)
    table = random.dirichlet(np.ones(3), 5)
    steps = Steps("AB", np.log(table), 0.0)
    texts = ["A", "AA", "AB", "BAB", "BB"]
    for text, found in zip(texts, log_likelihoods(steps, texts), strict=True):
        total = sum(
            np.prod([table[step, each] for step, each in enumerate(path)])
            for path in product(range(3), repeat=5)
            if _collapsed(path) == text
        )
        assert found == pytest.approx(np.log(total))


def _collapsed(path: tuple[int, ...]) -> str:
    kept = [each for place, each in enumerate(path) if place == 0 or path[place - 1] != each]
    return "".join("AB"[each - 1] for each in kept if each)
