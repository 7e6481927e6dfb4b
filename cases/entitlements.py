"""Entitlements: which role may do what few may. What is not named here, everybody who is signed in may do."""

from enum import StrEnum

from cases.errors import NotEntitled
from models.enums import Role
from models.people import User


class Right(StrEnum):
    HOLD = "hold"  # put and lift a legal hold
    RECORD_SERVICE = "record_service"  # say when the decision was served: from then on appeal periods run
    SEND_AGAIN = "send_again"  # a message that was given up
    SPEAK = "speak"  # through a loudspeaker
    SEARCH_CUSTODY = "search_custody"  # who held or opened what, over all incidents
    RELEARN_VIEW = "relearn_view"  # say that a camera was turned on purpose


ROLES: dict[Right, frozenset[Role]] = {
    Right.HOLD: frozenset({Role.LEGAL_REVIEWER, Role.LEADER}),
    Right.RECORD_SERVICE: frozenset({Role.OFFICER, Role.LEGAL_REVIEWER, Role.LEADER}),
    Right.SEND_AGAIN: frozenset({Role.OPERATOR, Role.OFFICER, Role.LEADER, Role.ADMINISTRATOR}),
    Right.SPEAK: frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
    Right.SEARCH_CUSTODY: frozenset({Role.LEGAL_REVIEWER, Role.LEADER, Role.ADMINISTRATOR}),
    Right.RELEARN_VIEW: frozenset({Role.MONITOR, Role.ADMINISTRATOR}),
}


def may(user: User, right: Right) -> bool:
    return user.role in ROLES[right]


def require(user: User, right: Right) -> None:
    """Raises NotEntitled."""
    if not may(user, right):
        raise NotEntitled(user.role, right.value, sorted(ROLES[right]))
