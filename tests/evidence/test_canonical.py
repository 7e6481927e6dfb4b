"""Canonical JSON: one value, one text; anything else is refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import canonical, instant, read_canonical
from evidence.errors import NotCanonical

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_back_and_written_the_same(value: object) -> None:
    text = canonical(value)
    assert canonical(read_canonical(text)) == text


def test_numbers_and_names_are_written_as_rfc_8785_3_2_shows() -> None:
    value = {"€": 1e21, "\r": 333333333.33333329, "1": 4.50, "ö": 2e-3, "</script>": 1e-27, "a": -0.0}
    assert canonical(value) == (
        '{"\\r":333333333.3333333,"1":4.5,"</script>":1e-27,"a":0,"ö":0.002,"€":1e+21}'.encode()
    )


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**53, "\ud800", {1: 2}], ids=["nan", "infinity", "2**53", "surrogate", "key"]
)
def test_what_json_cannot_hold_exactly_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b"1.0",
        b"1e2",
        b"-0",
        b"NaN",
        b'"\\u0041"',
        b'"\\ud800"',
        b"1\n",
        b"\xef\xbb\xbf1",
        b"\xff",
        b"9" * 5000,
        b"[" * 200_000,
        b"[" * 900 + b"]" * 900 + b" ",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_text_in_another_form_is_refused(text: bytes) -> None:
    with pytest.raises(NotCanonical):
        read_canonical(text)


def test_equal_moments_are_equal_text() -> None:
    shanghai = datetime(2026, 3, 2, 12, 0, 0, 120_000, tzinfo=timezone(timedelta(hours=8)))
    assert instant(shanghai) == instant(datetime(2026, 3, 2, 4, 0, 0, 120_000, tzinfo=UTC))
    assert instant(shanghai) == "2026-03-02T04:00:00.120000Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(NotCanonical, match="has no zone"):
        instant(datetime(2026, 3, 2, 4, 0))  # noqa: DTZ001 - the refusal is what is tested
