"""How a paper writes what it says: words of the closed lists, days and times of the place, sums of money.

Pure. Chinese, since a paper is served in the language of the authority.
"""

import tomllib
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

PATH = Path(__file__).with_name("paper_words.toml")
DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")


def word(chapter: str, code: StrEnum | str) -> str:
    return _chapters()[chapter][str(code)]


@cache
def _chapters() -> dict[str, dict[str, str]]:
    return tomllib.loads(PATH.read_text("utf-8"))


def day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"


def minute(at: datetime, timezone: str) -> str:
    local = at.astimezone(ZoneInfo(timezone))
    return f"{day(local.date())}{local.hour}时{local.minute:02}分"


def yuan(fen: int) -> str:
    """`200元`, `12.50元`."""
    whole, rest = divmod(fen, 100)
    return f"{whole}元" if rest == 0 else f"{whole}.{rest:02}元"


def milli(quantity: int) -> str:
    """A quantity in thousandths of its unit: `3`, `2.5`."""
    whole, rest = divmod(quantity, 1000)
    return str(whole) if rest == 0 else f"{whole}.{rest:03}".rstrip("0")


def capitals(fen: int) -> str:
    """The sum in the characters that nobody alters: 人民币贰佰元整."""
    whole, rest = divmod(fen, 100)
    said = f"人民币{_whole(whole)}元"
    jiao, cents = divmod(rest, 10)
    if rest == 0:
        return f"{said}整"
    said += f"{DIGITS[jiao]}角" if jiao else "零"
    return f"{said}{DIGITS[cents]}分" if cents else f"{said}整"


def _whole(number: int) -> str:
    if number == 0:
        return DIGITS[0]
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    said = ""
    for position in range(len(groups) - 1, -1, -1):
        group = groups[position]
        if group == 0:
            continue
        # a gap inside a number is one 零, however wide it is
        gap = "零" if said and (group < 1000 or groups[position + 1] == 0) else ""
        said += f"{gap}{_group(group)}{GROUPS[position]}"
    return said


def _group(group: int) -> str:
    said, gap = "", False
    for position in (3, 2, 1, 0):
        digit = group // 10**position % 10
        if digit == 0:
            gap = bool(said)
            continue
        said += f"{'零' if gap else ''}{DIGITS[digit]}{PLACES[position]}"
        gap = False
    return said
