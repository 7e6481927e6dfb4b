"""The relay: keeps the promises in the outbox, each once, whoever dies when.

1. Claim: one statement takes a due message, with a lease and a fence that counts up; the try is on record with it.
2. Ask: from the second try on, the gateway is asked whether it took the message in a try whose answer was lost.
3. Send, outside any transaction.
4. Record the answer under the same fence: one who comes back after the lease was lost changes nothing.

The lease is longer than a gateway may take to answer, so that a slow first try cannot land after the asking.
"""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, and_, or_, select, update

from models.database import Sessions, reading, transaction
from models.enums import OutboxState
from models.personal_data import PersonalDataError, PersonalDataKey
from models.promises import OutboxMessage
from notify import messages
from notify.errors import GatewayRefused, GatewayUnavailable, MessageImpossible
from notify.gateway import Gateway
from notify.messages import Language

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
MAX_TRIES = 6
# before the 2nd, 3rd, … try; an hour in all
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (60, 120, 300, 900, 2220))


@dataclass(frozen=True)
class Claim:
    """A message taken for one try. fence: what the answer has to be recorded under."""

    id: uuid.UUID
    key: str
    kind: str
    payload: dict[str, Any]
    fence: int
    tries: int


@dataclass(frozen=True)
class Relay:
    """clock: the time now, aware; each step asks it, because sending takes a while."""

    sessions: Sessions
    gateway: Gateway
    personal_data_key: PersonalDataKey
    language: Language
    clock: Callable[[], datetime]

    def deliver_due(self) -> int:
        """Tries every message that is due; how many were tried."""
        tried = 0
        while self.deliver_one():
            tried += 1
        return tried

    def deliver_one(self) -> bool:
        """Tries the message that has been due longest; False where none is."""
        claim = self._claim()
        if claim is None:
            return False
        try:
            provider_id = self._hand_over(claim)
        except (GatewayRefused, MessageImpossible) as error:
            self._give_up(claim, error)
        except (GatewayUnavailable, PersonalDataError) as error:
            self._put_off(claim, error)
        else:
            self._record_sent(claim, provider_id)
        return True

    def _claim(self) -> Claim | None:
        now = self.clock()
        due = or_(
            and_(OutboxMessage.state == OutboxState.PENDING, OutboxMessage.next_at <= now),
            and_(OutboxMessage.state == OutboxState.SENDING, OutboxMessage.lease_until < now),
        )
        # SKIP LOCKED: two relays on PostgreSQL take two messages; on SQLite the one writer there is needs no lock
        oldest = select(OutboxMessage.id).where(due).order_by(OutboxMessage.next_at).limit(1)
        with transaction(self.sessions) as session:
            row = session.execute(
                update(OutboxMessage)
                .where(OutboxMessage.id == oldest.with_for_update(skip_locked=True).scalar_subquery(), due)
                .values(
                    state=OutboxState.SENDING,
                    lease_until=now + LEASE,
                    fence=OutboxMessage.fence + 1,
                    tries=OutboxMessage.tries + 1,
                )
                .returning(
                    OutboxMessage.id,
                    OutboxMessage.key,
                    OutboxMessage.kind,
                    OutboxMessage.payload,
                    OutboxMessage.fence,
                    OutboxMessage.tries,
                )
                .execution_options(synchronize_session=False)
            ).one_or_none()
        return Claim(*row) if row is not None else None

    def _hand_over(self, claim: Claim) -> str:
        if claim.tries > 1:
            found = self.gateway.find(claim.key)
            if found is not None:
                return found
        if claim.tries > MAX_TRIES:
            raise GatewayRefused("the last try was cut off and the gateway does not know the message; look into it")
        with reading(self.sessions) as session:
            letter = messages.compose(
                session, claim.kind, claim.payload, key=self.personal_data_key, language=self.language
            )
        log.info(
            "message handed over",
            extra={
                "outbox_message": str(claim.id),
                "kind": claim.kind,
                "to": messages.masked(letter.to),
                "try": claim.tries,
            },
        )
        return self.gateway.send(claim.key, letter.to, letter.text)

    def _record_sent(self, claim: Claim, provider_id: str) -> None:
        now = self.clock()
        self._record(
            claim,
            state=OutboxState.SENT,
            provider_id=provider_id,
            answered_at=now,
            lease_until=None,
            last_error=None,
        )

    def _put_off(self, claim: Claim, error: Exception) -> None:
        """For the next try; after the last one there is none."""
        if claim.tries >= MAX_TRIES:
            self._give_up(claim, error)
            return
        log.warning("message put off", extra={"outbox_message": str(claim.id), "try": claim.tries, "why": str(error)})
        self._record(
            claim,
            state=OutboxState.PENDING,
            next_at=self.clock() + BACK_OFF[claim.tries - 1],
            lease_until=None,
            last_error=str(error),
        )

    def _give_up(self, claim: Claim, error: Exception) -> None:
        log.error("message given up", extra={"outbox_message": str(claim.id), "try": claim.tries, "why": str(error)})
        self._record(claim, state=OutboxState.DEAD, lease_until=None, last_error=str(error))

    def _record(self, claim: Claim, **values: Any) -> None:
        with transaction(self.sessions) as session:
            result = session.execute(
                update(OutboxMessage)
                .where(
                    OutboxMessage.id == claim.id,
                    OutboxMessage.fence == claim.fence,
                    OutboxMessage.state == OutboxState.SENDING,
                )
                .values(**values)
                .execution_options(synchronize_session=False)
            )
        assert isinstance(result, CursorResult)
        if result.rowcount == 0:
            log.warning("answer came too late, another relay has the message", extra={"outbox_message": str(claim.id)})
