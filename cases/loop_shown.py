"""What was done about an incident while it lasted, as its page shows it: steps, dispatches, what the owner said."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cases import escalation, owner_page
from models.dispatch import Dispatch
from models.escalation import LadderStep
from models.incidents import Incident
from models.people import Officer
from models.personal_data import PersonalDataKey
from models.statements import OwnerStatement, StatementAttachment


@dataclass(frozen=True)
class LoopShown:
    """dispatches: each with the name of who has it. statements: each in clear, or None for who may not read it."""

    steps: Sequence[LadderStep]
    next_step_at: datetime | None
    dispatches: Sequence[tuple[Dispatch, str | None]]
    statements: Sequence[tuple[OwnerStatement, str | None]]

    @property
    def empty(self) -> bool:
        return not (self.steps or self.dispatches or self.statements)


def shown(session: Session, incident_id: uuid.UUID, key: PersonalDataKey | None) -> LoopShown:
    """key: None for who has not said what for; that something was said is shown all the same."""
    sent = session.execute(
        select(Dispatch, Officer.name)
        .outerjoin(Officer, Officer.id == Dispatch.officer_id)
        .where(Dispatch.incident_id == incident_id)
        .order_by(Dispatch.made_at)
    )
    return LoopShown(
        steps=escalation.steps_of(session, incident_id),
        next_step_at=session.get_one(Incident, incident_id).next_step_at,
        dispatches=[(dispatch, name) for dispatch, name in sent],
        statements=owner_page.statements_of(session, incident_id, key),
    )


def attachment(
    session: Session, incident_id: uuid.UUID, statement_id: uuid.UUID, position: int
) -> StatementAttachment | None:
    """One attachment of this incident's statements, with its bytes' row."""
    return session.scalar(
        select(StatementAttachment)
        .join(OwnerStatement, OwnerStatement.id == StatementAttachment.statement_id)
        .where(
            OwnerStatement.incident_id == incident_id,
            StatementAttachment.statement_id == statement_id,
            StatementAttachment.position == position,
        )
        .options(joinedload(StatementAttachment.sealed))
    )
