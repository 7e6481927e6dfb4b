"""How long an SMS is: counted as networks count it."""

import pytest

from notify.messages import samples
from notify.sms_length import Parts, parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Parts("GSM-7", 0, 1)),
        ("a" * 160, Parts("GSM-7", 160, 1)),
        ("a" * 161, Parts("GSM-7", 161, 2)),
        ("a" * 306, Parts("GSM-7", 306, 2)),
        ("a" * 307, Parts("GSM-7", 307, 3)),
        ("€" * 80, Parts("GSM-7", 160, 1)),
        ("a" * 152 + "€" + "a" * 152, Parts("GSM-7", 306, 3)),
        ("车" * 70, Parts("UCS-2", 70, 1)),
        ("车" * 71, Parts("UCS-2", 71, 2)),
        ("车" * 134, Parts("UCS-2", 134, 2)),
        ("车" * 135, Parts("UCS-2", 135, 3)),
        ("a" * 70 + "车", Parts("UCS-2", 71, 2)),
        ("车" * 66 + "🚗" + "车" * 66, Parts("UCS-2", 134, 3)),
        ("`" * 70, Parts("UCS-2", 70, 1)),
    ],
    ids=[
        "empty",
        "one_latin",
        "two_latin",
        "two_full",
        "three_latin",
        "escaped_are_two",
        "an_escape_is_not_torn",
        "one_chinese",
        "two_chinese",
        "two_full_chinese",
        "three_chinese",
        "one_chinese_character_makes_all_of_it_so",
        "a_pair_is_not_torn",
        "a_backtick_is_not_in_the_alphabet",
    ],
)
def test_parts_are_counted_as_the_standard_says(text: str, expected: Parts) -> None:
    assert parts(text) == expected


def test_the_chinese_wordings_for_owners_travel_in_one_part_with_a_short_link() -> None:
    lengths = {
        sample.kind: parts(sample.text) for sample in samples("https://sw.cn/x/AbCdEfGhJk") if sample.language == "zh"
    }
    assert {kind: length.count for kind, length in lengths.items()} == dict.fromkeys(lengths, 1)
    assert lengths["move_vehicle"].units <= 70
