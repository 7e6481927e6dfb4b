"""Timetables: which days and hours a geofence forbids something.

An entry is {"days": "mon-fri,sun", "from": "07:00", "to": "22:00"}; `to` may be 24:00, and one that is not after
`from` means the next morning. An empty timetable means always. Hours are local time of the site.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
MINUTES_A_DAY = 24 * 60


def days_of(text: str) -> frozenset[int]:
    """`mon-fri,sun` as {0, 1, 2, 3, 4, 6}; `sat-mon` runs over the weekend. Raises ValueError with a sentence."""
    days: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        for name in (first, last or first):
            if name not in DAYS:
                raise ValueError(f"`{name}` is not a day; write {', '.join(DAYS)} or a range such as mon-fri")
        start, length = DAYS.index(first), (DAYS.index(last or first) - DAYS.index(first)) % 7
        days |= {(start + step) % 7 for step in range(length + 1)}
    return frozenset(days)


def minutes_of(text: str) -> int:
    """`07:30` as 450 minutes after midnight, up to 24:00. Raises ValueError with a sentence."""
    match = CLOCK.fullmatch(text)
    minutes = int(match[1]) * 60 + int(match[2]) if match else MINUTES_A_DAY + 1
    if minutes > MINUTES_A_DAY:
        raise ValueError(f'`{text}` is not a time of day; write "HH:MM", for example "07:00"')
    return minutes


def covers(timetable: Sequence[Mapping[str, str]], local: datetime) -> bool:
    """Whether the timetable is in force at a local time; an empty one always is."""
    if not timetable:
        return True
    minute = local.hour * 60 + local.minute
    today, yesterday = local.weekday(), (local.weekday() - 1) % 7
    for entry in timetable:
        days, start, end = days_of(entry["days"]), minutes_of(entry["from"]), minutes_of(entry["to"])
        if start < end:
            if today in days and start <= minute < end:
                return True
        elif (today in days and minute >= start) or (yesterday in days and minute < end):
            return True
    return False
