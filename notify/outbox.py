"""The outbox: a promise to tell somebody, written in the transaction of the decision that caused it.

Unique by key: the same promise made twice is one message. notify/relay.py keeps it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import insert_into
from models.enums import OutboxState
from models.promises import OutboxMessage
from notify.errors import KeyReused

# kinds that a loudspeaker says; the queue of each horn keeps these promises, and not the relay
SPOKEN = ("announce",)
# kinds that other systems are told, by a relay of their own (notify/hooks.py): none holds up what people wait for
FOR_HOOKS = ("hook_event", "hook_test")


def promise(
    session: Session,
    *,
    key: str,
    kind: str,
    payload: dict[str, Any],
    at: datetime,
    useful_until: datetime | None = None,
) -> OutboxMessage:
    """The message of that key, new or already promised. payload: identifiers only, names are read when it is sent.

    useful_until: what was not handed over by then is better not sent at all; None: it keeps its use.

    Raises KeyReused where the key already promises something else.
    """
    # ON CONFLICT, because two may promise the same at once and neither decision may fail for it
    session.execute(
        insert_into(session, OutboxMessage)
        .values(
            key=key,
            kind=kind,
            payload=payload,
            state=OutboxState.PENDING,
            created_at=at,
            next_at=at,
            useful_until=useful_until,
        )
        .on_conflict_do_nothing(index_elements=[OutboxMessage.key])
    )
    message = session.scalars(select(OutboxMessage).where(OutboxMessage.key == key)).one()
    if (message.kind, message.payload) != (kind, payload):
        raise KeyReused(key)
    return message
