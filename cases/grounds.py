"""Grounds: what a person may decide at the desk, and the words that can be counted for why.

A ground stands beside the reason in a person's own words and does not replace it; `other` says nothing by itself.
"""

from enum import StrEnum

from models.enums import Act, Decision, Ground


class Choice(StrEnum):
    """A decision on the draft, or leaving it to somebody who may decide more."""

    ACCEPT = "accept"
    RETURN = "return"
    DISMISS = "dismiss"
    ESCALATE = "escalate"

    @property
    def decision(self) -> Decision | None:
        return None if self is Choice.ESCALATE else Decision(self.value)


ACT_OF = {
    Choice.ACCEPT: Act.ACCEPTED,
    Choice.RETURN: Act.SENT_BACK,
    Choice.DISMISS: Act.DISMISSED,
    Choice.ESCALATE: Act.PASSED_ON,
}

# in the order of the keys 1 to 9; the first of each is the usual one
GROUNDS: dict[Choice, tuple[Ground, ...]] = {
    Choice.ACCEPT: (Ground.AS_DRAFTED, Ground.DOUBTS_WEIGHED, Ground.OTHER),
    Choice.RETURN: (
        Ground.PLATE_UNREADABLE,
        Ground.PICTURE_UNCLEAR,
        Ground.EVIDENCE_MISSING,
        Ground.TIME_UNCERTAIN,
        Ground.PLACE_UNCERTAIN,
        Ground.OTHER,
    ),
    Choice.DISMISS: (
        Ground.NO_OFFENCE,
        Ground.LEFT_IN_TIME,
        Ground.COULD_NOT_GO,
        Ground.EXEMPT_VEHICLE,
        Ground.PERMITTED,
        Ground.WRONGLY_SEEN,
        Ground.DUPLICATE,
        Ground.SLIGHT,  # 行政处罚法 art. 33: slight, corrected in time, no harm
        Ground.OTHER,
    ),
    Choice.ESCALATE: (Ground.CONFLICT_OF_INTEREST, Ground.LAW_UNCLEAR, Ground.SENSITIVE, Ground.OTHER),
}
