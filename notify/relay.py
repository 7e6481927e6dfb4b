"""The relay: keeps the promises in the outbox, each once, whoever dies when.

1. Claim: in one transaction a due message is taken, with a lease and a fence that counts up; the first time its letter
   is written and sealed, and the gateway chosen: the first of its route that is not left alone just now.
2. Ask: a gateway that was handed the message before, and whose answer was lost, is asked whether it has it. Until it
   has said no, no other gateway gets the message.
3. Send, outside any transaction: the same letter as the first time.
4. Record the answer under the same fence: one who comes back after the lease was lost changes nothing.

The lease is longer than a gateway may take to answer both, so that a slow first try cannot land after the asking.
"""

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from models.database import Sessions, reading, transaction
from models.enums import NoticeStatus, OutboxState
from models.personal_data import PersonalDataError
from models.promises import OutboxMessage
from notify import breaker, messages, notices, replies
from notify.errors import GatewayRefused, GatewayUnavailable, GatewayUnreachable, MessageImpossible
from notify.gateway import Gateway, Letter, masked
from notify.messages import Composing
from notify.notices import NoticeChange
from notify.outbox import FOR_HOOKS, SPOKEN
from notify.routes import Routes

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
MAX_TRIES = 6
# before the 2nd, 3rd, … try; an hour in all
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (60, 120, 300, 900, 2220))
NOT_SET_UP = timedelta(minutes=5)  # until the settings are looked at again for a gateway that is not in them

OnNotice = Callable[[Session, NoticeChange], None]


def nothing_follows(_session: Session, _change: NoticeChange) -> None:
    """For those who read the rows later."""


@dataclass(frozen=True)
class Claim:
    """A message taken for one try. fence: what the answer has to be recorded under. asked_before: this gateway may
    have it already, since first_tried_at. withheld: why it is not sent any more where the gateway does not have it.
    """

    id: uuid.UUID
    key: str
    kind: str
    letter: Letter
    gateway: str
    asked_before: bool
    first_tried_at: datetime
    withheld: MessageImpossible | None
    fence: int
    tries: int


@dataclass(frozen=True)
class Relay:
    """clock: the time now, aware; each step asks it, because sending takes a while. on_notice: called in the
    transaction in which a notice changes.
    """

    sessions: Sessions
    gateways: Mapping[str, Gateway]
    routes: Routes
    composing: Composing
    clock: Callable[[], datetime]
    on_notice: OnNotice = nothing_follows

    def deliver_due(self) -> int:
        """Tries every message that is due; how many were tried."""
        tried = 0
        while self.deliver_one():
            tried += 1
        return tried

    def deliver_one(self) -> bool:
        """Tries the message that has been due longest; False where none is."""
        with reading(self.sessions) as session:
            if session.scalar(self._due().with_only_columns(OutboxMessage.id)) is None:
                return False  # most of the time; on SQLite a reader holds nobody up
        with transaction(self.sessions) as session:
            # SKIP LOCKED: two relays on PostgreSQL take two messages; on SQLite the one writer there is needs no lock
            message = session.scalar(self._due().with_for_update(skip_locked=True))
            if message is None:
                return False
            claim = self._claim(session, message)
        if claim is None:
            return True  # put off or given up without a try
        try:
            provider_id = self._hand_over(claim)
        except (GatewayRefused, MessageImpossible) as error:
            self._record(claim, partial(self._refused, error=error))
        except GatewayUnavailable as error:
            self._record(claim, partial(self._unavailable, error=error))
        else:
            self._record(claim, partial(self._sent, provider_id=provider_id))
        return True

    def _due(self) -> Select[OutboxMessage]:
        """The message that has been due longest."""
        now = self.clock()
        due = or_(
            and_(OutboxMessage.state == OutboxState.PENDING, OutboxMessage.next_at <= now),
            and_(OutboxMessage.state == OutboxState.SENDING, OutboxMessage.lease_until < now),
        )
        return select(OutboxMessage).where(due, self._carried()).order_by(OutboxMessage.next_at).limit(1)

    def _carried(self) -> ColumnElement[bool]:
        """Of which messages this relay is the one."""
        return OutboxMessage.kind.not_in((*SPOKEN, *FOR_HOOKS))

    def _claim(self, session: Session, message: OutboxMessage) -> Claim | None:
        """None: there is nothing to try just now, and the row says why."""
        now, asked_before = self.clock(), message.gateway is not None
        try:
            letter = self._letter(session, message, now)
        except MessageImpossible as error:
            self._give_up(session, message, error)
            return None
        except PersonalDataError as error:
            message.tries += 1
            self._put_off(session, message, error)
            return None
        withheld = self._why_withheld(session, message, letter, now)
        if withheld is not None and not asked_before:
            self._give_up(session, message, withheld)
            return None
        gateway = self._gateway_for(session, message, now)
        if gateway is None:
            return None
        message.gateway, message.first_tried_at = gateway, message.first_tried_at or now
        message.state, message.lease_until = OutboxState.SENDING, now + LEASE
        message.fence += 1
        message.tries += 1
        return Claim(
            id=message.id,
            key=message.key,
            kind=message.kind,
            letter=letter,
            gateway=gateway,
            asked_before=asked_before,
            first_tried_at=message.first_tried_at,
            withheld=withheld,
            fence=message.fence,
            tries=message.tries,
        )

    def _letter(self, session: Session, message: OutboxMessage, now: datetime) -> Letter:
        """As it was written the first time."""
        key, where = self.composing.key, f"outbox_message.letter:{message.id}"
        if message.letter_sealed is not None:
            return Letter.of(key.open(message.letter_sealed, where))
        letter = self._written(session, message, now)
        message.letter_sealed = key.seal(letter.as_json(), where)
        return letter

    def _written(self, session: Session, message: OutboxMessage, now: datetime) -> Letter:
        """Raises MessageImpossible, PersonalDataError."""
        return messages.compose(session, message.kind, message.payload, self.composing, at=now)

    def _why_withheld(
        self, session: Session, message: OutboxMessage, letter: Letter, now: datetime
    ) -> MessageImpossible | None:
        if message.useful_until is not None and message.useful_until < now:
            return MessageImpossible("it came to its turn too late to be of any use; the matter has gone on")
        if replies.is_silenced(session, self.composing.key, letter.to):
            return MessageImpossible("the recipient has asked for no messages; tell them in another way")
        return None

    def _gateway_for(self, session: Session, message: OutboxMessage, now: datetime) -> str | None:
        """Who is to have it now. None: all are left alone for a while, which is no try of the message."""
        wanted = (message.gateway,) if message.gateway is not None else self._route_of(message)
        waits = []
        for name in wanted:
            if self._gateway_named(name) is None:
                waits.append((now + NOT_SET_UP, f"the gateway {name} is not set up; see docs/messages.md"))
                continue
            until = breaker.closed_until(session, name, now)
            if until is None:
                return name
            waits.append((until, f"the gateway {name} does not answer and is left alone"))
        until, why = min(waits)
        message.state, message.next_at, message.lease_until, message.last_error = OutboxState.PENDING, until, None, why
        log.warning("message waits for a gateway", extra={"outbox_message": str(message.id), "why": why})
        return None

    def _route_of(self, message: OutboxMessage) -> tuple[str, ...]:
        return self.routes.gateways_for(message.kind)

    def _gateway_named(self, name: str) -> Gateway | None:
        return self.gateways.get(name)

    def _hand_over(self, claim: Claim) -> str:
        gateway = self._gateway_named(claim.gateway)
        assert gateway is not None, "the claim took one that is set up"
        if claim.asked_before:
            found = gateway.find(claim.key, claim.letter, claim.first_tried_at)
            if found is not None:
                return found
            if claim.withheld is not None:
                raise claim.withheld
        if claim.tries > MAX_TRIES:
            raise GatewayRefused("the last try was cut off and the gateway does not know the message; look into it")
        log.info(
            "message handed over",
            extra={
                "outbox_message": str(claim.id),
                "kind": claim.kind,
                "gateway": claim.gateway,
                "to": masked(claim.letter.to),
                "try": claim.tries,
            },
        )
        return gateway.send(claim.key, claim.letter)

    def _record(self, claim: Claim, answer: Callable[[Session, OutboxMessage, Claim], None]) -> None:
        with transaction(self.sessions) as session:
            message = session.scalar(
                select(OutboxMessage)
                .where(
                    OutboxMessage.id == claim.id,
                    OutboxMessage.fence == claim.fence,
                    OutboxMessage.state == OutboxState.SENDING,
                )
                .with_for_update()
            )
            if message is not None:
                answer(session, message, claim)
                return
        log.warning("answer came too late, another has settled the message", extra={"outbox_message": str(claim.id)})

    def _sent(self, session: Session, message: OutboxMessage, claim: Claim, *, provider_id: str) -> None:
        now = self.clock()
        breaker.answered(session, claim.gateway, now)
        message.state, message.provider_id, message.answered_at = OutboxState.SENT, provider_id, now
        message.lease_until = message.last_error = None
        self._note(session, message, NoticeStatus.SENT, now)

    def _refused(self, session: Session, message: OutboxMessage, claim: Claim, *, error: Exception) -> None:
        """It has not taken it and will not; sent again by a person, it may go another way."""
        breaker.answered(session, claim.gateway, self.clock())
        message.gateway = None
        self._give_up(session, message, error)

    def _unavailable(
        self, session: Session, message: OutboxMessage, claim: Claim, *, error: GatewayUnavailable
    ) -> None:
        breaker.silent(session, claim.gateway, str(error), self.clock())
        if isinstance(error, GatewayUnreachable) and not claim.asked_before:
            message.gateway = None  # nothing was handed over, so another one may have it
        self._put_off(session, message, error)

    def _put_off(self, session: Session, message: OutboxMessage, error: Exception) -> None:
        """For the next try; after the last one there is none."""
        if message.tries >= MAX_TRIES:
            self._give_up(session, message, error)
            return
        log.warning(
            "message put off", extra={"outbox_message": str(message.id), "try": message.tries, "why": str(error)}
        )
        message.state, message.lease_until, message.last_error = OutboxState.PENDING, None, str(error)
        message.next_at = self.clock() + BACK_OFF[message.tries - 1]

    def _give_up(self, session: Session, message: OutboxMessage, error: Exception) -> None:
        log.error(
            "message given up", extra={"outbox_message": str(message.id), "try": message.tries, "why": str(error)}
        )
        message.state, message.lease_until, message.last_error = OutboxState.DEAD, None, str(error)
        self._note(session, message, NoticeStatus.UNDELIVERED, self.clock())

    def _note(self, session: Session, message: OutboxMessage, status: NoticeStatus, at: datetime) -> None:
        session.flush()
        change = notices.note(session, message.id, status, at)
        if change is not None:
            self.on_notice(session, change)
