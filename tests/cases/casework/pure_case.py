"""Facts of a case in which nothing stands against any step, as values: the tests take one thing away at a time."""

import uuid
from datetime import date
from typing import Any

from cases.casework.gates import (
    CaseFacts,
    DecisionFact,
    ItemFact,
    NoticeFact,
    OfficerFact,
    Span,
    Taker,
)
from cases.casework.limits import limits_on
from cases.casework.outcome import Outcome
from models.enums import CaseSource, FileState, OutcomeKind, Procedure, SpareGround

MONDAY = date(2026, 3, 2)
LI, WANG, SUN = (uuid.UUID(int=number) for number in (1, 2, 3))
CERTIFIED = (Span(date(2025, 1, 1), date(2027, 12, 31)),)
FINE = Outcome(outcome=OutcomeKind.FINE, fine_fen=10_000, provision_id="item-1", reasons="停了一小时")
WARNING = Outcome(outcome=OutcomeKind.WARNING, provision_id="item-1", reasons="停了一小时")
NOTHING = Outcome(
    outcome=OutcomeKind.NO_PENALTY,
    spare_ground=SpareGround.SLIGHT_AND_CORRECTED,
    provision_id="item-1",
    reasons="及时驶离",
)
ITEM = ItemFact(
    provision_id="item-1",
    least_fen=2_000,
    most_fen=20_000,
    outcomes=frozenset({OutcomeKind.NO_PENALTY, OutcomeKind.WARNING, OutcomeKind.FINE}),
)
BY_LI = Taker(LI)
BY_SUN = Taker(SUN, (Span(date(2020, 1, 1)),))


def case(**differs: Any) -> CaseFacts:
    """Told on that Monday, the time to speak over, decided, served, paid, reported, bound."""
    values: dict[str, Any] = {
        "procedure": Procedure.ORDINARY,
        "state": FileState.HEARD,
        "source": CaseSource.CAMERA,
        "timezone": "Asia/Shanghai",
        "limits": limits_on(MONDAY),
        "registered_on": MONDAY,
        "conduct_from_on": MONDAY,
        "conduct_to_on": MONDAY,
        "item": ITEM,
        "item_now": ITEM,
        "officers": (OfficerFact(LI, "李", CERTIFIED), OfficerFact(WANG, "王", CERTIFIED)),
        "ever_officers": frozenset({LI, WANG}),
        "notice": NoticeFact(FINE, MONDAY, MONDAY, date(2026, 3, 5), date(2026, 3, 9)),
        "points": 1,
        "decision": DecisionFact(FINE, date(2026, 3, 10), date(2026, 3, 25)),
        "reported": True,
        "is_corrected": True,
        "volume_made": True,
    }
    return CaseFacts(**(values | differs))
