"""Limitation: until when a conduct can be penalised at all, 行政处罚法 art. 36.

Pure. The period runs from the end of the conduct to its discovery, which is the day the matter was registered: what
was discovered in time is not lost because the procedure takes long (for that there are other clocks).
"""

from datetime import date


def last_day(conduct_to_on: date, years: int) -> date:
    """The last day on which it can still be discovered; the 29th of February ends on the 28th."""
    try:
        return conduct_to_on.replace(year=conduct_to_on.year + years)
    except ValueError:
        return date(conduct_to_on.year + years, 2, 28)


def is_over(conduct_to_on: date, years: int, discovered_on: date) -> bool:
    return discovered_on > last_day(conduct_to_on, years)
