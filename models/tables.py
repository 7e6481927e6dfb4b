"""Every table, in one import, for those who need the whole schema (migrations, tests)."""

from models import (
    copies,
    derivatives,
    dispatch,
    escalation,
    exhibits,
    incidents,
    people,
    places,
    plate_reads,
    promises,
    proof,
    register,
    replies,
    retention,
    statements,
    watching,
)

__all__ = [
    "copies",
    "derivatives",
    "dispatch",
    "escalation",
    "exhibits",
    "incidents",
    "people",
    "places",
    "plate_reads",
    "promises",
    "proof",
    "register",
    "replies",
    "retention",
    "statements",
    "watching",
]
