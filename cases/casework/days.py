"""Days: on which day of a place a moment lies. Which of them are working days is in cases/law/calendar.py."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def local_date(at: datetime, timezone: str) -> date:
    return at.astimezone(ZoneInfo(timezone)).date()
