"""The page of serving and paying of a case file: what it shows, and how every form on it is answered.

What is refused comes back as the same page with its sentence beside the form, and nothing typed is lost. The acts are
in review_ui/service_pages.py, payment_pages.py and appeal_pages.py.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import credit_notes
from cases.casework.days import local_date
from cases.casework.errors import FileRefused
from cases.casework.table import ENDED
from cases.party_numbers import masked_address, masked_name
from cases.service import addresses, appeals, corrections, enforcement, orders, plans, serving
from cases.service.late_fee import Account
from cases.service.order_keeper import OrderKeeper
from cases.service.owed import ON_THEIR_WAY, Owed, owed
from cases.service.paying import cash_due_on
from cases.service.serving import Served
from cases.service.terms import late_fee_rate
from models.appeals import Demand
from models.case_files import CaseFile, FileEvent
from models.database import reading
from models.enums import (
    AppealKind,
    AppealResult,
    CashGround,
    ConsentChannel,
    CourtResult,
    FileAct,
    FileState,
    OrderState,
    PaymentMeans,
    PlanState,
    Procedure,
    RefundState,
    ServedPaper,
    ServedTo,
    ServiceMode,
)
from models.payments import FeeRemission, Payment, Refund
from models.personal_data import PersonalDataKey
from review_ui.asking import Answer, Asking, Typed
from review_ui.desk import Desk
from review_ui.errors import NotFound
from review_ui.file_words import article, yuan
from review_ui.people_pages import key_of

BAR = 1000  # the drawn bar is so wide, in its own units
FEN = Decimal(100)
LARGEST_FEN = 10**11
HALF_A_MESSAGE = 60

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True)
class Stretch:
    """A piece of the drawn bar. kind: paid, owed, fee_paid, fee."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True)
class PaperTrack:
    """A paper with its attempts, oldest first. served_on: when it reached the party."""

    paper: ServedPaper
    attempts: list[Served]
    served_on: date | None


def act(asks: Asking, file_id: uuid.UUID, form: str, put: Callable[[Session, CaseFile], object]) -> Response:
    return asks.act_on(file_id, form, put, "/service", page)


def page(asks: Asking, file_id: uuid.UUID, answer: Answer) -> HTMLResponse:
    desk, key, head = asks.desk, key_of(asks.desk), asks.head(file_id)
    catalog = asks.catalog
    with reading(desk.settings.sessions) as session:
        file = session.get_one(CaseFile, file_id)
        today = local_date(asks.at, file.timezone)
        facts = _facts(session, key, file, today)
    return asks.page(
        "file_service.html",
        answer,
        head=head,
        today=today,
        yuan=yuan,
        article=lambda article_id: article(catalog, article_id),
        has_cashier=desk.settings.cashier is not None,
        states=OrderState,
        plan_states=PlanState,
        refund_states=RefundState,
        means=PaymentMeans,
        modes=tuple(ServiceMode),
        takers=tuple(each for each in ServedTo if each is not ServedTo.NOBODY),
        channels=tuple(ConsentChannel),
        grounds=tuple(CashGround),
        appeal_kinds=tuple(AppealKind),
        appeal_results=tuple(AppealResult),
        court_results=tuple(CourtResult),
        short_error=lambda said: said[:HALF_A_MESSAGE],
        **facts,
    )


def _facts(session: Session, key: PersonalDataKey, file: CaseFile, today: date) -> dict[str, Any]:
    stands = owed(session, file, today)
    attempts = serving.attempts_of(session, file)
    requests = enforcement.requests_of(session, file)
    demand = enforcement.newest_demand(session, file)
    window = enforcement.window_of(session, file, stands)
    return {
        "owed": stands,
        "bar": bar(stands.account),
        "rate": late_fee_rate(today),
        "can_pay": stands.decision is not None and stands.fine_fen > 0 and file.state not in ENDED,
        "tracks": _tracks(session, file, attempts),
        "papers": serving.can_be_served(session, file),
        "address": addresses.address_of(session, file),
        "party": _party(session, key, file),
        "consents": addresses.consents_of(session, file),
        "orders": orders.orders_of(session, file),
        "on_their_way": ON_THEIR_WAY,
        "payments": _payments(session, file),
        "refunds": session.scalars(select(Refund).where(Refund.file_id == file.id).order_by(Refund.made_at)).all(),
        "cash_due_on": cash_due_on,
        "let_go": session.scalars(select(FeeRemission).where(FeeRemission.file_id == file.id)).all(),
        "plans": plans.plans_of(session, file),
        "hardship": credit_notes.hardship_of(session, key, file.id, today),
        "corrected": corrections.recorded(session, file),
        "shown_gone": corrections.shown_gone(session, file),
        "appeals": appeals.appeals_of(session, file),
        "ways": appeals.ways(session, file),
        "to_be_revoked": appeals.to_be_revoked(session, file),
        "demand": demand,
        "demand_from": None if window.why is not None else window.from_on,
        "court_until": window.until,
        "court_refused": window.refusal(today),
        "courts": requests,
        "can_demand": file.state in enforcement.ENFORCEABLE and stands.is_overdue and not _is_demanded(demand, stands),
        "can_ask_court": file.state is FileState.ENFORCING and not any(each.result is None for each in requests),
        "must_report": _must_report(session, file, stands),
    }


def bar(account: Account) -> list[Stretch]:
    """Paid and owed of the fine, then of the late fee, side by side."""
    whole = account.fine_fen + account.late_fee_fen
    if not whole:
        return []
    pieces = [
        ("paid", account.paid_fine_fen),
        ("owed", account.owed_fine_fen),
        ("fee_paid", account.paid_late_fee_fen),
        ("fee", account.owed_late_fee_fen),
    ]
    stretches, x = [], 0.0
    for kind, fen in pieces:
        width = round(BAR * fen / whole, 2)
        if fen:
            stretches.append(Stretch(kind, round(x, 2), width))
        x += width
    return stretches


def _tracks(session: Session, file: CaseFile, attempts: list[Served]) -> list[PaperTrack]:
    there = serving.can_be_served(session, file)
    tried = {each.service.paper for each in attempts}
    # an order to put right, or a seizure, is listed once somebody serves one: there is none in most matters
    optional = {ServedPaper.CORRECTION_ORDER, ServedPaper.MEASURE}
    if file.procedure is Procedure.SIMPLE:
        optional.add(ServedPaper.NOTICE)  # told by word of mouth, as the decision on the spot says
    tracks = []
    for paper in ServedPaper:
        if paper not in tried and (paper not in there or paper in optional):
            continue
        of_this = [each for each in attempts if each.service.paper is paper]
        days = [each.service.served_on for each in of_this if each.service.served_on is not None]
        tracks.append(PaperTrack(paper, of_this, min(days, default=None)))
    return tracks


def _party(session: Session, key: PersonalDataKey, file: CaseFile) -> tuple[str, str] | None:
    """Whom a paper goes to where nothing is typed, masked."""
    place = addresses.place_of_party(session, key, file)
    return None if place is None else (masked_name(place.receiver), masked_address(place.address))


def _payments(session: Session, file: CaseFile) -> list[Payment]:
    asked = select(Payment).where(Payment.file_id == file.id)
    return list(session.scalars(asked.order_by(Payment.recorded_at)))


def _is_demanded(demand: Demand | None, stands: Owed) -> bool:
    """Whether the newest demand says what is owed today: another one would only begin the wait for the court anew."""
    if demand is None or stands.decision is None or demand.decision_id != stands.decision.id:
        return False
    account = stands.account
    return (demand.fine_fen, demand.late_fee_fen) == (account.owed_fine_fen, account.owed_late_fee_fen)


def _must_report(session: Session, file: CaseFile, stands: Owed) -> bool:
    """A decision on the spot is reported to the bureau (行政处罚法 art. 52)."""
    if file.procedure is not Procedure.SIMPLE or stands.decision is None or file.state in ENDED:
        return False
    reported = select(FileEvent.seq).where(FileEvent.file_id == file.id, FileEvent.act == FileAct.REPORTED)
    return session.scalar(reported.limit(1)) is None


def keeper_of(desk: Desk) -> OrderKeeper:
    """Raises FileRefused where the site has no cashier."""
    if desk.settings.cashier is None:
        raise FileRefused("no_cashier")
    return OrderKeeper(desk.settings.sessions, desk.settings.cashier, desk.clock)


def day(typed: Typed, name: str) -> date:
    """Raises FileRefused."""
    found = day_or_none(typed, name)
    if found is None:
        raise FileRefused("no_day")
    return found


def day_or_none(typed: Typed, name: str) -> date | None:
    """Raises FileRefused for what is no day."""
    text = typed.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FileRefused("no_day") from error


def fen(typed: Typed, name: str) -> int:
    """An amount that was written in yuan. Raises FileRefused."""
    return fen_of(typed.get(name, ""))


def fen_of(text: str) -> int:
    """Raises FileRefused."""
    try:
        amount = Decimal(text.strip().replace(",", "")) * FEN
    except InvalidOperation as error:
        raise FileRefused("no_yuan") from error
    if not amount.is_finite() or amount != amount.to_integral_value() or not 0 <= amount <= LARGEST_FEN:
        raise FileRefused("no_yuan")
    return int(amount)


def word(typed: Typed, name: str, kind: type[Word]) -> Word:
    """One of the words of a list. Raises FileRefused."""
    try:
        return kind(typed.get(name, ""))
    except ValueError as error:
        raise FileRefused("no_choice") from error


def uuid_or_none(typed: Typed, name: str) -> uuid.UUID | None:
    """Raises FileRefused for what names nothing."""
    text = typed.get(name, "").strip()
    try:
        return uuid.UUID(text) if text else None
    except ValueError as error:
        raise FileRefused("no_choice") from error


def belongs(session: Session, file: CaseFile, row_type: Any, row_id: uuid.UUID) -> None:
    """Raises NotFound for a thing of another case file."""
    row = session.get(row_type, row_id)
    if row is None or row.file_id != file.id:
        raise NotFound
