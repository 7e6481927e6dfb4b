"""Payments: orders at who collects fines, the money that came, plans to pay it later or in parts, refunds.

Money is in fen. An order and a refund are promises: written with the decision that caused them, kept by
cases/service/order_keeper.py, unique by `key`, asked after before they are repeated.
"""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.case_files import CaseFile
from models.enums import CashGround, OrderState, PaymentMeans, PlanState, RefundGround, RefundState

ASKED_PLAN = text("state = 'asked'")
GRANTED_PLAN = text("state = 'granted'")


class _Promise:
    """What is handed over to somebody outside, once. fence: counts up with each claim; an answer is recorded under it.

    first_tried_at: since then they may have it. next_at: when it is looked at again; None: no more.
    """

    key: Mapped[str] = mapped_column(String(80), unique=True)
    provider_id: Mapped[str | None] = mapped_column(String(100), unique=True)
    tries: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    lease_until: Mapped[datetime | None]
    first_tried_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(400))


class PaymentOrder(_Promise, Base, WithId):
    """An order for an amount. pay_url: what a QR picture leads to. terminal: the POS that is to show it."""

    __tablename__ = "payment_order"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="is_for_something"),
        CheckConstraint("means IN ('qr', 'pos')", name="is_by_a_provider"),
        CheckConstraint("(means = 'pos') = (terminal IS NOT NULL)", name="pos_has_terminal"),
        CheckConstraint("state <> 'open' OR provider_id IS NOT NULL", name="open_at_somebody"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    decision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("file_decision.id"))
    means: Mapped[PaymentMeans] = mapped_column(words(PaymentMeans, "payment_means"))
    terminal: Mapped[str | None] = mapped_column(String(64))
    amount_fen: Mapped[int]
    state: Mapped[OrderState] = mapped_column(words(OrderState, "order_state"))
    pay_url: Mapped[str | None] = mapped_column(String(500))
    expires_at: Mapped[datetime | None]
    made_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]

    file: Mapped[CaseFile] = relationship(lazy="raise")


class Payment(Base, WithId):
    """Money that came. reference: the transaction at the bank or provider, unique; of cash the number of the ticket.

    paid_on: the day on which it counts. receipt: its number in our registry; None: the ticket of cash is the receipt.
    Cash goes on to the bureau and from there to the bank (行政处罚法 art. 71).
    """

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("means", "reference"),
        CheckConstraint("amount_fen > 0", name="is_something"),
        CheckConstraint("reference <> ''", name="has_reference"),
        CheckConstraint("(order_id IS NOT NULL) = (means IN ('qr', 'pos'))", name="order_is_by_a_provider"),
        CheckConstraint("(cash_ground IS NOT NULL) = (means = 'cash')", name="cash_has_a_ground"),
        CheckConstraint("(taken_by_id IS NOT NULL) = (means = 'cash')", name="cash_was_taken_by_somebody"),
        CheckConstraint("handed_in_on IS NULL OR handed_in_on >= paid_on", name="handed_in_after_taken"),
        CheckConstraint("banked_on IS NULL OR banked_on >= handed_in_on", name="banked_after_handed_in"),
        CheckConstraint("banked_on IS NULL OR handed_in_on IS NOT NULL", name="banked_by_the_bureau"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    decision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("file_decision.id"))
    order_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_order.id"), unique=True)
    means: Mapped[PaymentMeans] = mapped_column(words(PaymentMeans, "payment_means"))
    amount_fen: Mapped[int]
    paid_on: Mapped[date]
    reference: Mapped[str] = mapped_column(String(100))
    receipt: Mapped[str | None] = mapped_column(String(100), unique=True)
    cash_ground: Mapped[CashGround | None] = mapped_column(words(CashGround, "cash_ground"))
    taken_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    handed_in_on: Mapped[date | None]
    banked_on: Mapped[date | None]
    recorded_at: Mapped[datetime]


class PaymentPlan(Base, WithId):
    """A party's request to pay later or in parts (行政处罚法 art. 66), and what a named person said to it."""

    __tablename__ = "payment_plan"
    __table_args__ = (
        CheckConstraint("because <> ''", name="says_why"),
        CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name="decided_by_somebody",
        ),
        CheckConstraint("decided_by_id <> recorded_by_id", name="decided_by_another"),
        CheckConstraint("(decided_at IS NULL) = (said IS NULL)", name="decided_with_a_reason"),
        Index("uq_payment_plan_asked", "file_id", unique=True, sqlite_where=ASKED_PLAN, postgresql_where=ASKED_PLAN),
        Index(
            "uq_payment_plan_granted", "file_id", unique=True, sqlite_where=GRANTED_PLAN, postgresql_where=GRANTED_PLAN
        ),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    decision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("file_decision.id"))
    state: Mapped[PlanState] = mapped_column(words(PlanState, "plan_state"))
    asked_on: Mapped[date]
    because: Mapped[str] = mapped_column(Text)
    recorded_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime]
    decided_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    said: Mapped[str | None] = mapped_column(Text)

    parts: Mapped[list["PlanPart"]] = relationship(lazy="raise", order_by="PlanPart.number")


class PlanPart(Base):
    """One part of a plan: so much until that day. All parts together are what was owed of the fine."""

    __tablename__ = "plan_part"
    __table_args__ = (
        CheckConstraint("number >= 1", name="number_counts_from_one"),
        CheckConstraint("amount_fen > 0", name="is_something"),
    )

    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_plan.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    due_on: Mapped[date]
    amount_fen: Mapped[int]


class FeeRemission(Base, WithId):
    """Late fee that a named person lets go, once the fine is paid: the law lets it be asked for and does not bid it."""

    __tablename__ = "fee_remission"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="is_something"),
        CheckConstraint("because <> ''", name="says_why"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    decision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("file_decision.id"))
    amount_fen: Mapped[int]
    because: Mapped[str] = mapped_column(String(400))
    granted_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    granted_at: Mapped[datetime]


class Refund(_Promise, Base, WithId):
    """Money to be given back. payment_id: of which payment. by hand, where no provider took the payment."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="is_something"),
        CheckConstraint("because <> ''", name="says_why"),
        CheckConstraint("(state = 'done') = (done_on IS NOT NULL)", name="done_on_a_day"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_fen: Mapped[int]
    ground: Mapped[RefundGround] = mapped_column(words(RefundGround, "refund_ground"))
    because: Mapped[str] = mapped_column(String(400))
    state: Mapped[RefundState] = mapped_column(words(RefundState, "refund_state"))
    made_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]
    done_on: Mapped[date | None]

    file: Mapped[CaseFile] = relationship(lazy="raise")
    payment: Mapped[Payment] = relationship(lazy="raise")
