"""The late fee, and what of a fine is paid and owed on a day (行政处罚法 art. 66, 67, 72, 73).

Pure: whole fen and days in, whole fen out; no session, no "today". How much a day costs is data (terms.toml).

A day late is each day after the last on which could be paid, until the day of payment, that one included; what is
unpaid at its beginning counts. Days of a reconsideration or a suit do not count (art. 73), nor do those of a part that
was put off (art. 66). The law says "of the fine"; where a part of it was paid, only the rest is counted, which is our
reading and never the dearer one. Money that comes goes to the fine first, then to the late fee.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
WHOLE = 100  # percent


@dataclass(frozen=True)
class LateFeeRate:
    """daily_percent: of what is unpaid of the fine. at_most_percent: of the fine, however long it takes."""

    daily_percent: int
    at_most_percent: int


@dataclass(frozen=True)
class Days:
    """From the first to the last, both within. last: None while it goes on."""

    first: date
    last: date | None

    def hold(self, on: date) -> bool:
        return self.first <= on and (self.last is None or on <= self.last)


@dataclass(frozen=True)
class Part:
    """So much of the fine until that day. put_off: days in which it is not late, whatever the day."""

    due_on: date
    amount_fen: int
    put_off: tuple[Days, ...] = ()

    def is_late(self, on: date) -> bool:
        return on > self.due_on and not any(days.hold(on) for days in self.put_off)

    @property
    def last_day(self) -> date:
        """Until when it can be paid and is not late."""
        return max([self.due_on, *(days.last for days in self.put_off if days.last is not None)])


@dataclass(frozen=True)
class Paid:
    on: date
    amount_fen: int


@dataclass(frozen=True)
class Account:
    """What is paid and owed on a day. late_fee_fen: what has arisen, paid or not, without what was let go.

    over_fen: more than was owed.
    """

    fine_fen: int
    late_fee_fen: int
    paid_fine_fen: int
    paid_late_fee_fen: int
    over_fen: int
    days_late: int
    next_due_on: date | None
    next_due_fen: int

    @property
    def owed_fine_fen(self) -> int:
        return self.fine_fen - self.paid_fine_fen

    @property
    def owed_late_fee_fen(self) -> int:
        return self.late_fee_fen - self.paid_late_fee_fen

    @property
    def owed_fen(self) -> int:
        return self.owed_fine_fen + self.owed_late_fee_fen


NOTHING_OWED = Account(0, 0, 0, 0, 0, 0, None, 0)


def late_fee_fen(fine_fen: int, due_on: date, paid_on: date, stopped: Iterable[Days] = (), *, rate: LateFeeRate) -> int:
    """Of a fine that was paid whole on one day."""
    counted = account([Part(due_on, fine_fen)], [], stopped, rate=rate, on=paid_on)
    return counted.late_fee_fen


def account(
    parts: Sequence[Part],
    paid: Iterable[Paid],
    stopped: Iterable[Days],
    *,
    rate: LateFeeRate,
    on: date,
    let_go_fen: int = 0,
) -> Account:
    """As it stands on the evening of `on`. The parts together are the fine. let_go_fen: of the late fee."""
    fine_fen = sum(part.amount_fen for part in parts)
    stops, payments = tuple(stopped), sorted((each for each in paid if each.on <= on), key=lambda each: each.on)
    arisen_fen, days_late = _fee(parts, payments, stops, rate, on)
    fee_fen = max(0, arisen_fen - let_go_fen)
    paid_fen = sum(each.amount_fen for each in payments)
    paid_fine = min(paid_fen, fine_fen)
    paid_fee = min(paid_fen - paid_fine, fee_fen)
    unpaid = [(part, rest) for part, rest in _unpaid(parts, paid_fine) if rest]
    return Account(
        fine_fen=fine_fen,
        late_fee_fen=fee_fen,
        paid_fine_fen=paid_fine,
        paid_late_fee_fen=paid_fee,
        over_fen=paid_fen - paid_fine - paid_fee,
        days_late=days_late,
        next_due_on=unpaid[0][0].last_day if unpaid else None,
        next_due_fen=unpaid[0][1] if unpaid else 0,
    )


def _fee(
    parts: Sequence[Part], payments: Sequence[Paid], stopped: Sequence[Days], rate: LateFeeRate, on: date
) -> tuple[int, int]:
    """The fee, and on how many days it grew. Parts of a fen are dropped once, at the end."""
    first_due_on = min((part.due_on for part in parts), default=on)
    if on <= first_due_on:
        return 0, 0
    at_most = sum(part.amount_fen for part in parts) * rate.at_most_percent
    day, hundredths, days_late, came, paid_fen = first_due_on + ONE_DAY, 0, 0, list(payments), 0
    while day <= on and hundredths < at_most:
        while came and came[0].on < day:
            paid_fen += came.pop(0).amount_fen
        late = sum(rest for part, rest in _unpaid(parts, paid_fen) if part.is_late(day))
        if late and not any(days.hold(day) for days in stopped):
            hundredths += late * rate.daily_percent
            days_late += 1
        if not late and not came and day > max(part.last_day for part in parts):
            break  # all is paid: nothing grows any more
        day += ONE_DAY
    return min(hundredths, at_most) // WHOLE, days_late


def _unpaid(parts: Sequence[Part], paid_fen: int) -> list[tuple[Part, int]]:
    """What is left of each part: money goes to the one that is due first."""
    left = []
    for part in sorted(parts, key=lambda each: each.last_day):
        taken = min(paid_fen, part.amount_fen)
        paid_fen -= taken
        left.append((part, part.amount_fen - taken))
    return left
