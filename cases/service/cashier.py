"""Who collects fines: a bank, or the pay platform of the treasury. What it is asked and what it says.

The bureau that decides does not collect (行政处罚法 art. 67): it orders, the cashier shows the order as a QR picture
or on a terminal, takes the money, and says so. One of the real ones is cases/service/cashier_http.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models.enums import OrderState, PaymentMeans, RefundState


@dataclass(frozen=True)
class OrderAsked:
    """key: of the order; the same key is the same order. subject: what is paid, without a name."""

    key: str
    amount_fen: int
    means: PaymentMeans
    terminal: str | None
    subject: str


@dataclass(frozen=True)
class OrderAnswer:
    """state: open, paid, closed or refused. transaction: of the money, once it is paid."""

    key: str
    provider_id: str
    state: OrderState
    amount_fen: int
    pay_url: str | None = None
    expires_at: datetime | None = None
    transaction: str | None = None
    paid_at: datetime | None = None
    why: str = ""


@dataclass(frozen=True)
class RefundAsked:
    """transaction: of the payment of which it is given back."""

    key: str
    order_key: str
    transaction: str
    amount_fen: int


@dataclass(frozen=True)
class RefundAnswer:
    """state: asked while the bank is at it, done, or refused."""

    key: str
    provider_id: str
    state: RefundState
    amount_fen: int
    done_at: datetime | None = None
    why: str = ""


class Cashier(Protocol):
    """Raises CashierUnavailable or CashierRefused (cases/service/errors.py) and nothing foreign."""

    def order(self, asked: OrderAsked) -> OrderAnswer:
        """Makes the order, or finds the one of that key."""
        ...

    def look(self, key: str) -> OrderAnswer | None:
        """How the order of that key stands; None: there is none."""
        ...

    def call_off(self, key: str) -> OrderAnswer:
        """Closes the order, unless it was paid."""
        ...

    def give_back(self, asked: RefundAsked) -> RefundAnswer:
        """Gives money back, or finds the refund of that key."""
        ...

    def look_at_refund(self, key: str) -> RefundAnswer | None:
        """How the refund of that key stands; None: there is none."""
        ...

    def told(self, headers: Mapping[str, str], body: bytes, at: datetime) -> OrderAnswer | RefundAnswer:
        """What it says by itself. Raises NotFromTheCashier, AnswerWrong."""
        ...
