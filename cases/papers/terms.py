"""Terms: how long somebody has, as a paper says it, from the same rules by which the clocks of a case file run."""

from datetime import date

from cases.casework.clock_rules import ClockRule, rules
from cases.service.terms import late_fee_rate

# the clocks that papers speak of
NAMES = ("defence", "hearing_request", "payment", "reconsideration", "suit", "demand")
UNITS = {"days": "日", "working_days": "个工作日", "months": "个月", "years": "年"}


def terms_on(on: date) -> dict[str, str]:
    """By the name of the clock: `3个工作日`; and what a day late costs, in percent. Raises LawDataUnusable.

    Of a day before a rule began, its first.
    """
    return {name: _said(_rule(name, on)) for name in NAMES} | {"late_percent": str(late_fee_rate(on).daily_percent)}


def _said(rule: ClockRule) -> str:
    return f"{rule.length}{UNITS[rule.unit]}"


def _rule(name: str, on: date) -> ClockRule:
    of_that_name = sorted((rule for rule in rules().clock if rule.name == name), key=lambda rule: rule.valid_from)
    holding = [rule for rule in of_that_name if rule.valid_from <= on]
    return holding[-1] if holding else of_that_name[0]
