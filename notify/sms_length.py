"""How long an SMS is: in how many parts it travels, which is how often it is paid for.

3GPP TS 23.038: 160 characters of the GSM alphabet, or 70 of UCS-2 as soon as one character is not of that alphabet;
in several parts each loses a header (TS 23.040), and 153 or 67 remain.
"""

from dataclasses import dataclass
from typing import Literal

# TS 23.038 6.2.1; the escape itself apart
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")  # 6.2.1.1: two units each

ONE_GSM, EACH_GSM = 160, 153
ONE_UCS2, EACH_UCS2 = 70, 67


@dataclass(frozen=True)
class Parts:
    """units: septets, or UTF-16 code units. count: parts in which it travels."""

    alphabet: Literal["GSM-7", "UCS-2"]
    units: int
    count: int


def parts(text: str) -> Parts:
    if all(character in BASIC or character in EXTENDED for character in text):
        widths = [2 if character in EXTENDED else 1 for character in text]
        return Parts("GSM-7", sum(widths), _count(widths, ONE_GSM, EACH_GSM))
    widths = [2 if ord(character) > 0xFFFF else 1 for character in text]
    return Parts("UCS-2", sum(widths), _count(widths, ONE_UCS2, EACH_UCS2))


def _count(widths: list[int], one: int, each: int) -> int:
    """A character of two units is not torn apart, so a part may end one unit early."""
    if sum(widths) <= one:
        return 1
    count, room = 1, each
    for width in widths:
        if width > room:
            count, room = count + 1, each
        room -= width
    return count
