"""Keeps orders and refunds: hands each to the cashier once, and asks after those that are open, whoever dies when.

1. Claim: in one transaction one that is due is taken, with a lease and a fence that counts up.
2. Ask: what was handed over before, and whose answer was lost, is asked after first. Only what the cashier does not
   know is handed over (again), under the same key.
3. Record the answer under the same fence. What the cashier tells by itself (a webhook) needs no fence: an order is
   paid once, whoever brings the news.
"""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from cases.service import orders
from cases.service.cashier import Cashier, OrderAnswer, OrderAsked, RefundAnswer, RefundAsked
from cases.service.errors import AnswerWrong, CashierRefused, CashierUnavailable
from models.case_files import CaseFile
from models.database import Sessions, reading, transaction
from models.enums import OrderState, RefundState
from models.payments import PaymentOrder, Refund

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # longer than the cashier may take to answer both asking and handing over
# after the 1st, 2nd, … try without an answer, then every hour: a promise is not given up, a person calls it off
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (15, 60, 300, 900, 3600))
HANDED_OVER = {OrderState.ASKED, OrderState.OPEN}
Promise = type[PaymentOrder] | type[Refund]


@dataclass(frozen=True)
class _Claim:
    """asked: what is handed over. asked_before: the cashier may have it already. is_open: it said that it has it."""

    kind: Promise
    id: uuid.UUID
    asked: OrderAsked | RefundAsked
    asked_before: bool
    is_open: bool
    fence: int


@dataclass(frozen=True)
class OrderKeeper:
    """clock: the time now, aware; each step asks it, because the cashier takes a while."""

    sessions: Sessions
    cashier: Cashier
    clock: Callable[[], datetime]

    def deliver_due(self) -> int:
        """Tries everything that is due; how much it was."""
        tried = 0
        for kind in (PaymentOrder, Refund):
            while self._keep_one(kind, None):
                tried += 1
        return tried

    def keep(self, order_id: uuid.UUID) -> None:
        """This order now, for somebody who waits for its QR picture. What is not answered is tried again later."""
        self._keep_one(PaymentOrder, order_id)

    def call_off(self, order_id: uuid.UUID) -> OrderState:
        """Has the order closed, unless it is paid; how it stands then. Raises CashierUnavailable, CashierRefused,
        AnswerWrong.
        """
        with transaction(self.sessions) as session:
            order = session.get_one(PaymentOrder, order_id, with_for_update=True)
            if order.first_tried_at is None and order.state is OrderState.PROMISED:
                order.state, order.next_at = OrderState.CLOSED, None
            if order.state not in HANDED_OVER:
                return order.state
            key = order.key
        answer = self.cashier.call_off(key)
        with transaction(self.sessions) as session:
            orders.told_of_order(session, answer, at=self.clock())
            return session.get_one(PaymentOrder, order_id).state

    def _keep_one(self, kind: Promise, wanted: uuid.UUID | None) -> bool:
        claim = self._claim(kind, wanted)
        if claim is None:
            return False
        try:
            answer = self._answer(claim)
        except CashierRefused as error:
            self._record_failure(claim, error, is_final=True)
        except CashierUnavailable as error:
            self._record_failure(claim, error, is_final=False)
        else:
            self._record(claim, answer)
        return True

    def _claim(self, kind: Promise, wanted: uuid.UUID | None) -> _Claim | None:
        now = self.clock()
        due: Select[Any] = select(kind).where(
            kind.next_at <= now, or_(kind.lease_until.is_(None), kind.lease_until < now)
        )
        if wanted is not None:
            due = due.where(kind.id == wanted)
        due = due.order_by(kind.next_at).limit(1)
        with reading(self.sessions) as session:
            if session.scalar(due.with_only_columns(kind.id)) is None:
                return None  # most of the time; on SQLite a reader holds nobody up
        with transaction(self.sessions) as session:
            row: PaymentOrder | Refund | None = session.scalar(due.with_for_update(skip_locked=True))
            if row is None:
                return None
            asked_before, is_open = row.first_tried_at is not None, row.state is OrderState.OPEN
            row.first_tried_at = row.first_tried_at or now
            row.lease_until = now + LEASE
            row.fence += 1
            row.tries += 1
            if isinstance(row, PaymentOrder):
                asked: OrderAsked | RefundAsked = orders.asked_as(row, session.get_one(CaseFile, row.file_id))
                row.state = OrderState.ASKED if row.state is OrderState.PROMISED else row.state
            else:
                asked = orders.refund_asked_as(session, row)
                row.state = RefundState.ASKED
            return _Claim(kind, row.id, asked, asked_before, is_open, row.fence)

    def _answer(self, claim: _Claim) -> OrderAnswer | RefundAnswer:
        """Outside any transaction. Only a no to what is handed over is final, never one to a question."""
        known: OrderAnswer | RefundAnswer | None = None
        is_order = isinstance(claim.asked, OrderAsked)
        if claim.asked_before:
            try:
                look = self.cashier.look if is_order else self.cashier.look_at_refund
                known = look(claim.asked.key)
            except CashierRefused as error:
                raise CashierUnavailable(f"asked after it: {error}") from error
            if known is None and claim.is_open:
                raise CashierUnavailable("the cashier does not know the order any more that it had; ask it")
        if known is not None:
            return known
        if isinstance(claim.asked, OrderAsked):
            return self.cashier.order(claim.asked)
        return self.cashier.give_back(claim.asked)

    def _record(self, claim: _Claim, answer: OrderAnswer | RefundAnswer) -> None:
        if answer.key != claim.asked.key:
            self._record_failure(claim, AnswerWrong("it answers for another key; ask the cashier"), is_final=False)
            return
        try:
            with transaction(self.sessions) as session:
                row = self._still_ours(session, claim)
                if row is None:
                    return
                row.lease_until, row.tries = None, 0
                if isinstance(answer, OrderAnswer):
                    orders.told_of_order(session, answer, at=self.clock())
                else:
                    orders.told_of_refund(session, answer, at=self.clock())
        except AnswerWrong as error:
            self._record_failure(claim, error, is_final=False)

    def _record_failure(self, claim: _Claim, error: Exception, *, is_final: bool) -> None:
        log.warning("the cashier does not take it", extra={"promise": str(claim.id), "why": str(error)})
        with transaction(self.sessions) as session:
            row = self._still_ours(session, claim)
            if row is None:
                return
            row.lease_until, row.last_error = None, str(error)[: orders.LONGEST_ERROR]
            row.next_at = None if is_final else self.clock() + BACK_OFF[min(row.tries, len(BACK_OFF)) - 1]
            if is_final and isinstance(row, PaymentOrder):
                row.state = OrderState.REFUSED
            elif is_final and isinstance(row, Refund):
                row.state = RefundState.REFUSED

    def _still_ours(self, session: Session, claim: _Claim) -> PaymentOrder | Refund | None:
        """Locked; None: the lease was lost to another, or the news came by another way and it is done."""
        found: Select[Any] = select(claim.kind).where(claim.kind.id == claim.id).with_for_update()
        row: PaymentOrder | Refund | None = session.scalar(found)
        return row if row is not None and row.fence == claim.fence and row.next_at is not None else None
