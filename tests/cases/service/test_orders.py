"""Orders at the cashier: handed over once, asked after before they are repeated, paid once whoever brings the news."""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL

from cases.casework.errors import FileRefused
from cases.service import orders, paying
from cases.service.cashier import OrderAnswer, RefundAnswer
from cases.service.cashier_http import TIME
from cases.service.errors import AnswerWrong, CashierUnavailable, NotFromTheCashier, UnknownOrder
from cases.service.order_keeper import OrderKeeper
from models.database import Sessions, reading, transaction
from models.enums import FileAct, OrderState, PaymentMeans, RefundGround, RefundState, ServedPaper
from models.payments import Payment, PaymentOrder, Refund
from tests.cases.casework.case_scene import Bureau
from tests.cases.service.cashier_server import CashierServer
from tests.cases.service.conftest import FINE_FEN, SPOT_FINE_FEN, Decided, decide_both
from tests.cases.service.test_paying import Till
from tests.conftest import postgres_copy


class Counter(Till):
    """A till with a cashier beside it."""

    def __init__(self, bureau: Bureau, file_id: uuid.UUID, cashier: CashierServer) -> None:
        super().__init__(bureau, file_id)
        self.cashier = cashier
        self.cashier.now = bureau.now
        self.keeper = OrderKeeper(bureau.sessions, cashier.adapter(), lambda: self.cashier.now)

    @property
    def sessions(self) -> Sessions:
        return self.bureau.sessions

    def later(self, **much: int) -> None:
        self.cashier.now += timedelta(**much)

    def ask_for(self, fen: int = FINE_FEN, means: PaymentMeans = PaymentMeans.QR, **more: Any) -> PaymentOrder:
        with transaction(self.sessions) as session:
            by, at = self.by(session), self.cashier.now
            return orders.ask_for(session, self.file_id, fen, means, by=by, at=at, **more)

    def order(self, order_id: uuid.UUID) -> PaymentOrder:
        with reading(self.sessions) as session:
            return session.get_one(PaymentOrder, order_id)

    def payments(self) -> list[Payment]:
        with reading(self.sessions) as session:
            return list(session.scalars(select(Payment)))

    def told(self, body: bytes, **differs: str) -> OrderAnswer | RefundAnswer:
        """What the adapter makes of a webhook."""
        headers = self.cashier.headers("webhook", body) | differs
        return self.cashier.adapter().told(headers, body, self.cashier.now)

    def take(self, answer: OrderAnswer | RefundAnswer) -> None:
        assert isinstance(answer, OrderAnswer)
        with transaction(self.sessions) as session:
            orders.told_of_order(session, answer, at=self.cashier.now)


@pytest.fixture
def cashier(decided: Decided) -> Iterator[CashierServer]:
    with CashierServer(decided.bureau.now).running() as running:
        yield running


@pytest.fixture
def counter(decided: Decided, cashier: CashierServer) -> Counter:
    decided.bureau.serve(decided.fined, ServedPaper.DECISION)
    return Counter(decided.bureau, decided.fined, cashier)


def test_an_order_becomes_a_picture_then_money_and_one_receipt(counter: Counter) -> None:
    order = counter.ask_for()
    counter.keeper.keep(order.id)
    shown = counter.order(order.id)
    assert (shown.state, shown.pay_url) == (OrderState.OPEN, "https://pay.example/C1")
    body = counter.cashier.is_paid(order.key)
    for _ in range(3):  # providers tell it until they hear that it was heard
        counter.take(counter.told(body))
    (payment,) = counter.payments()
    assert (payment.reference, payment.amount_fen, payment.receipt) == ("T1", FINE_FEN, "〔2026〕城管收字第000001号")
    assert counter.order(order.id).state is OrderState.PAID
    told = [each for each in counter.bureau.events(counter.file_id) if each.act is FileAct.PAYMENT_MADE]
    assert len(told) == 1
    assert counter.owed().is_paid


def test_a_webhook_that_never_comes_is_not_missed(counter: Counter) -> None:
    order = counter.ask_for()
    assert counter.keeper.deliver_due() == 1
    counter.cashier.is_paid(order.key)
    assert counter.keeper.deliver_due() == 0
    counter.later(seconds=30)
    assert counter.keeper.deliver_due() == 1
    assert [each.reference for each in counter.payments()] == ["T1"]
    counter.later(days=1)
    assert counter.keeper.deliver_due() == 0


def test_an_answer_that_was_lost_is_asked_after_before_the_order_is_made_again(counter: Counter) -> None:
    counter.cashier.lose_answers = 1
    order = counter.ask_for()
    counter.keeper.keep(order.id)
    assert counter.order(order.id).state is OrderState.ASKED
    assert "502" in (counter.order(order.id).last_error or "")
    counter.later(seconds=20)
    counter.keeper.deliver_due()
    assert counter.order(order.id).state is OrderState.OPEN
    assert counter.cashier.calls == ["orders", "orders/query"]
    assert len(counter.cashier.orders) == 1


def test_who_dies_after_handing_over_leaves_an_order_that_is_asked_after(counter: Counter) -> None:
    """Claimed, made at the cashier, and never recorded: the lease runs out, and another asks first."""
    order = counter.ask_for()
    dying = replace(counter.keeper, cashier=_Dying(counter.cashier))
    with pytest.raises(KeyboardInterrupt):
        dying.keep(order.id)
    assert counter.order(order.id).state is OrderState.ASKED
    assert counter.keeper.deliver_due() == 0
    counter.later(seconds=61)
    assert counter.keeper.deliver_due() == 1
    assert counter.cashier.calls == ["orders", "orders/query"]
    assert counter.order(order.id).state is OrderState.OPEN


class _Dying:
    """As the adapter, and then killed before anything is recorded."""

    def __init__(self, cashier: CashierServer) -> None:
        self.adapter = cashier.adapter()

    def order(self, asked: Any) -> OrderAnswer:
        self.adapter.order(asked)
        raise KeyboardInterrupt

    def __getattr__(self, name: str) -> Any:
        return getattr(self.adapter, name)


def test_a_final_no_ends_the_order_and_what_is_owed_can_be_asked_for_again(counter: Counter) -> None:
    counter.cashier.refuses = True
    order = counter.ask_for()
    counter.keeper.keep(order.id)
    assert counter.order(order.id).state is OrderState.REFUSED
    counter.cashier.refuses = False
    again = counter.ask_for()
    assert again.key != order.key
    counter.keeper.keep(again.id)
    assert counter.order(again.id).state is OrderState.OPEN


def test_never_more_is_asked_for_than_is_owed(counter: Counter) -> None:
    with pytest.raises(FileRefused, match="more than owed"):
        counter.ask_for(FINE_FEN + 1)
    counter.ask_for(5_000)
    with pytest.raises(FileRefused, match="order on its way"):
        counter.ask_for(FINE_FEN)
    counter.ask_for(FINE_FEN - 5_000)
    with pytest.raises(FileRefused, match="no amount"):
        counter.ask_for(0)
    with pytest.raises(FileRefused, match="no terminal"):
        counter.ask_for(1, PaymentMeans.POS)


def test_an_order_that_was_called_off_frees_its_amount_and_money_that_comes_all_the_same_is_taken(
    counter: Counter,
) -> None:
    order = counter.ask_for()
    counter.keeper.keep(order.id)
    assert counter.keeper.call_off(order.id) is OrderState.CLOSED
    assert counter.owed().may_be_asked_fen == FINE_FEN
    counter.take(counter.told(counter.cashier.is_paid(order.key)))
    assert counter.order(order.id).state is OrderState.PAID
    with pytest.raises(FileRefused, match="more than owed"):
        counter.ask_for(1)


def test_what_does_not_fit_the_order_is_not_believed(counter: Counter) -> None:
    order = counter.ask_for()
    counter.keeper.keep(order.id)
    answer = counter.told(counter.cashier.is_paid(order.key))
    assert isinstance(answer, OrderAnswer)
    wrong = [
        replace(answer, amount_fen=FINE_FEN - 1),
        replace(answer, provider_id="C99"),
        replace(answer, transaction=None),
        replace(answer, paid_at=None),
    ]
    for each in wrong:
        with pytest.raises(AnswerWrong):
            counter.take(each)
    assert counter.payments() == []
    with pytest.raises(UnknownOrder):
        counter.take(replace(answer, key="fine:somebody-elses:1"))
    counter.take(answer)
    with pytest.raises(AnswerWrong, match="paid twice"):
        counter.take(replace(answer, transaction="T2"))
    assert [each.reference for each in counter.payments()] == ["T1"]


def test_an_order_answered_with_another_amount_waits_for_a_person(counter: Counter) -> None:
    counter.cashier.wrong_amount = 1
    order = counter.ask_for()
    counter.keeper.keep(order.id)
    assert counter.order(order.id).state is OrderState.ASKED
    assert "answered with 1" in (counter.order(order.id).last_error or "")


def test_the_transaction_of_one_order_pays_no_other(counter: Counter, decided: Decided) -> None:
    other = Counter(counter.bureau, decided.on_the_spot, counter.cashier)
    first, second = counter.ask_for(), other.ask_for(SPOT_FINE_FEN)
    counter.keeper.deliver_due()
    counter.take(counter.told(counter.cashier.is_paid(first.key, "T1")))
    with pytest.raises(AnswerWrong, match="payment known"):
        other.take(other.told(counter.cashier.is_paid(second.key, "T1")))
    assert other.order(second.id).state is OrderState.OPEN
    assert len(counter.payments()) == 1


@pytest.mark.parametrize("forged", ["body", "signature", "old", "answer_as_webhook"])
def test_a_forged_or_replayed_webhook_is_not_the_cashiers(counter: Counter, forged: str) -> None:
    order = counter.ask_for()
    counter.keeper.keep(order.id)
    body = counter.cashier.is_paid(order.key)
    headers = counter.cashier.headers("webhook", body)
    adapter, at = counter.cashier.adapter(), counter.cashier.now
    match forged:
        case "body":
            body = body.replace(b"T1", b"T9")
        case "signature":
            headers["x-streetwitness-signature"] = "v1=" + "0" * 64
        case "old":
            at += timedelta(minutes=6)
        case "answer_as_webhook":
            headers = counter.cashier.headers("answer orders/query", body)
    with pytest.raises(NotFromTheCashier):
        adapter.told(headers, body, at)
    assert headers[TIME]


def test_answers_of_somebody_else_are_not_believed(counter: Counter) -> None:
    counter.cashier.signs_with = "the secret of somebody else"
    order = counter.ask_for()
    counter.keeper.keep(order.id)
    assert counter.order(order.id).state is OrderState.ASKED
    with pytest.raises(CashierUnavailable, match="not signed"):
        counter.cashier.adapter().look(order.key)


def test_what_was_paid_twice_goes_back_through_the_cashier_once(counter: Counter) -> None:
    order = counter.ask_for()
    counter.keeper.keep(order.id)
    counter.bank(5_000)
    counter.take(counter.told(counter.cashier.is_paid(order.key)))
    assert counter.owed().account.over_fen == 5_000
    payment = next(each for each in counter.payments() if each.order_id == order.id)
    with transaction(counter.sessions) as session:
        by, at = counter.by(session, "wu"), counter.bureau.now
        refund = paying.give_back(session, payment.id, 5_000, RefundGround.OVERPAID, "多缴", by=by, at=at)
    counter.later(minutes=10)
    counter.cashier.lose_answers = 1
    counter.keeper.deliver_due()
    counter.later(minutes=10)
    counter.keeper.deliver_due()
    assert counter.cashier.calls.count("refunds") == 1
    assert "refunds/query" in counter.cashier.calls
    with reading(counter.sessions) as session:
        done = session.get_one(Refund, refund.id)
        assert (done.state, done.next_at) == (RefundState.DONE, None)
        assert done.done_on is not None
        assert done.done_on >= date(2026, 3, 3)
    with transaction(counter.sessions) as session, pytest.raises(FileRefused, match="refund not by hand"):
        paying.gave_back(session, refund.id, counter.today, "退 1", by=counter.by(session), at=counter.bureau.now)


@pytest.fixture
def on_postgres(migrated_postgres: URL) -> Iterator[Counter]:
    """Where two can really come at once."""
    for database in postgres_copy(migrated_postgres):
        made = decide_both(Bureau(database.sessions))
        made.bureau.serve(made.fined, ServedPaper.DECISION)
        with CashierServer(made.bureau.now).running() as running:
            yield Counter(made.bureau, made.fined, running)


def test_the_webhook_and_the_question_at_once_are_one_payment(on_postgres: Counter) -> None:
    """Twelve times the same news from four threads."""
    counter = on_postgres
    order = counter.ask_for()
    counter.keeper.keep(order.id)
    body = counter.cashier.is_paid(order.key)
    counter.later(seconds=30)
    news, start = counter.told(body), threading.Barrier(4)
    failures: list[Exception] = []

    def tell(*, by_webhook: bool) -> None:
        start.wait()
        try:
            for _ in range(3):
                if by_webhook:
                    counter.take(news)
                else:
                    counter.keeper.deliver_due()
        except Exception as error:  # noqa: BLE001 - shown below, from whichever thread
            failures.append(error)

    threads = [threading.Thread(target=tell, kwargs={"by_webhook": place % 2 == 0}) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [each.reference for each in counter.payments()] == ["T1"]
    told = [each for each in counter.bureau.events(counter.file_id) if each.act is FileAct.PAYMENT_MADE]
    assert len(told) == 1
