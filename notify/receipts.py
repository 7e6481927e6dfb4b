"""Receipts: what a provider says of a message afterwards, once each, and the notice it changes.

Whether it really is our provider that speaks is checked before, where the request comes in. `take` works in the
caller's transaction and returns what changed, so that what follows from it is decided in the same one.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import insert_into
from models.enums import NoticeStatus, OutboxState
from models.promises import DeliveryReceipt, OutboxMessage
from notify import notices
from notify.errors import Replayed, UnknownMessage, Unreadable
from notify.notices import NoticeChange

# the words of Twilio (Message resource, `status`) and those that our Aliyun door makes of `success`
MEANS = {
    "accepted": NoticeStatus.SENT,
    "scheduled": NoticeStatus.SENT,
    "queued": NoticeStatus.SENT,
    "sending": NoticeStatus.SENT,
    "sent": NoticeStatus.SENT,
    "delivered": NoticeStatus.DELIVERED,
    "read": NoticeStatus.DELIVERED,
    "undelivered": NoticeStatus.UNDELIVERED,
    "failed": NoticeStatus.UNDELIVERED,
    "canceled": NoticeStatus.UNDELIVERED,
}


@dataclass(frozen=True)
class Receipt:
    """key: ours, where the provider brings it back. provider_at: when it happened, as the provider's clock says."""

    gateway: str
    provider_id: str
    status: str
    key: str | None = None
    error_code: str | None = None
    provider_at: datetime | None = None


def take(session: Session, receipt: Receipt, *, at: datetime) -> NoticeChange | None:
    """Puts the receipt on record and does what it says; the change of a notice, if there is one.

    Raises Unreadable, UnknownMessage, Replayed; then nothing is changed.
    """
    means = MEANS.get(receipt.status)
    if means is None or not receipt.provider_id:
        raise Unreadable(f"{receipt.gateway} says {receipt.status[:32]!r}, which is no status of a message")
    message = _message_of(session, receipt)
    written = session.scalar(
        insert_into(session, DeliveryReceipt)
        .values(
            gateway=receipt.gateway,
            provider_id=receipt.provider_id,
            status=receipt.status,
            error_code=receipt.error_code,
            outbox_message_id=message.id,
            provider_at=receipt.provider_at,
            received_at=at,
        )
        .on_conflict_do_nothing()
        .returning(DeliveryReceipt.id)
    )
    if written is None:
        raise Replayed(f"“{receipt.status}” of {receipt.gateway} for this message")
    if message.state is not OutboxState.SENT:
        # the answer to the sending was lost or is still on its way, and the provider has the message
        message.state, message.provider_id, message.answered_at = OutboxState.SENT, receipt.provider_id, at
        message.lease_until = message.last_error = None
    session.flush()
    return notices.note(session, message.id, means, at)


def _message_of(session: Session, receipt: Receipt) -> OutboxMessage:
    """Raises UnknownMessage. Locked: the relay may record its answer at the same moment."""
    named = (
        OutboxMessage.key == receipt.key
        if receipt.key is not None
        else OutboxMessage.provider_id == receipt.provider_id
    )
    message = session.scalar(
        select(OutboxMessage)
        .where(named, OutboxMessage.gateway == receipt.gateway)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if message is None:
        raise UnknownMessage
    return message
