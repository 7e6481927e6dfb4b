"""Outcome: what is intended, or decided, as a value.

Pure. Its shape is that of the `facts` with which NOTIFY, DECIDE and SPARE are asked for. The rows are written in
cases/casework/outcomes.py.
"""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.enums import OutcomeKind, SpareGround

HEAVIER = (OutcomeKind.NO_PENALTY, OutcomeKind.WARNING, OutcomeKind.FINE)


class Outcome(BaseModel):
    """proposed: what the program had proposed, with its reasons. departs_because: needed where the person chose
    otherwise (`departs`). hearing_offered: only said by a notice. provision_id: `version_id` of the item.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    outcome: OutcomeKind
    fine_fen: int | None = Field(default=None, gt=0, le=100_000_000_00)
    spare_ground: SpareGround | None = None
    provision_id: str = Field(min_length=1, max_length=64)
    band: str | None = Field(default=None, max_length=64)
    correction: str = ""
    reasons: str = Field(min_length=1)
    proposed: dict[str, Any] = Field(default_factory=dict)
    departs_because: str | None = None
    hearing_offered: bool = False

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.outcome is OutcomeKind.FINE) != (self.fine_fen is not None):
            raise ValueError("a fine has an amount, and nothing else has")
        if (self.outcome is OutcomeKind.NO_PENALTY) != (self.spare_ground is not None):
            raise ValueError("no penalty has a ground, and a penalty has none")
        return self

    @property
    def weight(self) -> tuple[int, int]:
        """For comparing: the kind first, then the amount."""
        return HEAVIER.index(self.outcome), self.fine_fen or 0

    @property
    def departs(self) -> bool:
        """Whether the person chose otherwise than the program proposed. Within the range of the proposed band nobody
        departs from anything; without a proposal there is nothing to depart from.
        """
        told = self.proposed
        if "outcome" not in told:
            return False
        if told["outcome"] != self.outcome or told.get("spare_ground") != self.spare_ground:
            return True
        if self.outcome is OutcomeKind.NO_PENALTY:
            return False
        least, most = told.get("fine_min_fen"), told.get("fine_max_fen")
        amount = self.fine_fen or 0
        return told.get("band") != self.band or (
            self.fine_fen is not None
            and ((least is not None and amount < least) or (most is not None and amount > most))
        )

    def as_facts(self) -> dict[str, Any]:
        return self.model_dump(mode="json")
