"""Messages as people see them: what waits, what was tried, what is dead, and having a dead one sent again.

Numbers are shown nowhere: what is on the page is the kind, the incident and what became of it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases.entitlements import Right, Scope, require
from cases.errors import MessageNotDead, ReasonMissing, UnknownMessage
from cases.scope import messages_within
from models.enums import NoticeStatus, OutboxState
from models.people import User
from models.places import Site
from models.promises import GatewayState, Notice, OutboxMessage, OutboxRetry
from notify import notices

SHOWN = 200


@dataclass(frozen=True)
class MessageLine:
    """notice: of a message to an owner, what became of it. again: how often a person had it sent again."""

    id: uuid.UUID
    kind: str
    state: OutboxState
    incident_id: uuid.UUID | None
    created_at: datetime
    next_at: datetime
    answered_at: datetime | None
    tries: int
    gateway: str | None
    notice: NoticeStatus | None
    last_error: str | None
    again: int


@dataclass(frozen=True)
class MessageDesk:
    """lines: newest first, of the states asked for. counts: of all states. gateways: those with failures in a row."""

    lines: Sequence[MessageLine]
    counts: dict[OutboxState, int]
    gateways: Sequence[GatewayState]
    timezone: str


def messages_shown(session: Session, scope: Scope, states: Sequence[OutboxState]) -> MessageDesk:
    again = (
        select(func.count())
        .select_from(OutboxRetry)
        .where(OutboxRetry.outbox_message_id == OutboxMessage.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(OutboxMessage, Notice.status, again)
        .outerjoin(Notice, Notice.outbox_message_id == OutboxMessage.id)
        .where(OutboxMessage.state.in_(states), messages_within(scope))
        .order_by(OutboxMessage.created_at.desc(), OutboxMessage.key)
        .limit(SHOWN)
    )
    counts = dict.fromkeys(OutboxState, 0)
    counted = select(OutboxMessage.state, func.count()).where(messages_within(scope)).group_by(OutboxMessage.state)
    for state, count in session.execute(counted):
        counts[state] = count
    failing = select(GatewayState).where(GatewayState.failures > 0).order_by(GatewayState.gateway)
    return MessageDesk(
        lines=[_line(message, notice, times) for message, notice, times in rows],
        counts=counts,
        gateways=session.scalars(failing).all(),
        timezone=session.scalar(select(Site.timezone).order_by(Site.id).limit(1)) or "UTC",
    )


def send_again(session: Session, message_id: uuid.UUID, *, user: User, reason: str, at: datetime) -> None:
    """Has a dead message tried anew. A gateway that may have taken it after all is asked first.

    Raises NotEntitled, ReasonMissing, UnknownMessage, MessageNotDead.
    """
    require(user, Right.SEND_AGAIN)
    if not reason.strip():
        raise ReasonMissing
    message = session.scalar(select(OutboxMessage).where(OutboxMessage.id == message_id).with_for_update())
    if message is None:
        raise UnknownMessage(message_id)
    if message.state is not OutboxState.DEAD:
        raise MessageNotDead(message.state)
    session.add(OutboxRetry(outbox_message_id=message.id, user_id=user.id, reason=reason.strip(), at=at))
    message.state, message.next_at, message.tries = OutboxState.PENDING, at, 0
    # a person decided that it is still of use, and may have corrected what it says or whom it goes to
    message.useful_until = None
    if message.gateway is None:
        message.letter_sealed = None
    session.flush()
    notices.promise_again(session, message.id, at)


def _line(message: OutboxMessage, notice: NoticeStatus | None, again: int) -> MessageLine:
    named = message.payload.get("incident_id")
    return MessageLine(
        id=message.id,
        kind=message.kind,
        state=message.state,
        incident_id=uuid.UUID(named) if named else None,
        created_at=message.created_at,
        next_at=message.next_at,
        answered_at=message.answered_at,
        tries=message.tries,
        gateway=message.gateway,
        notice=notice,
        last_error=message.last_error,
        again=again,
    )
