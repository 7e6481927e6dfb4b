"""The tab of serving and paying: what it refuses and keeps, the picture of an order, and the cashier's own word."""

import inspect
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from playwright.sync_api import Browser

from cases import accounts
from cases.accounts import Granted
from cases.languages import LANGUAGES
from cases.service import acts, addresses, appeals, corrections, enforcement, orders, paying, plans, serving
from models.case_files import PaperService
from models.database import Sessions, reading, transaction
from models.enums import (
    AppealKind,
    AppealResult,
    CashGround,
    ConsentChannel,
    CourtResult,
    OrderState,
    PaymentMeans,
    PlanState,
    RefundGround,
    RefundState,
    Role,
    ServedPaper,
    ServedTo,
    ServiceMode,
)
from models.payments import Payment
from models.personal_data import PersonalDataKey
from review_ui import payment_pages, service_page, service_pages
from review_ui.catalog import load
from review_ui.desk import now
from review_ui.settings import ReviewSettings
from tests.cases.casework.case_scene import Bureau
from tests.cases.service.cashier_server import CashierServer
from tests.cases.service.conftest import Decided, decide_both
from tests.conftest import sqlite_copy
from tests.patience import PATIENCE_S
from tests.review_ui.chromium import grave, keep, launched, listened_to, sign_in
from tests.review_ui.conftest import PASSWORD, serve, token_in

KEY = PersonalDataKey(b"s" * 32)
WORDED = {
    "served_to": ServedTo,
    "served_paper": ServedPaper,
    "service_mode": ServiceMode,
    "consent_channel": ConsentChannel,
    "payment_means": PaymentMeans,
    "order_state": OrderState,
    "cash_ground": CashGround,
    "plan_state": PlanState,
    "refund_state": RefundState,
    "refund_ground": RefundGround,
    "appeal_kind": AppealKind,
    "appeal_result": AppealResult,
    "court_result": CourtResult,
}
MODULES = (acts, addresses, appeals, corrections, enforcement, orders, paying, plans, serving)
PAGES = (payment_pages, service_page, service_pages)
RAISED = re.compile(
    r"""(?:FileRefused|DatedWrongly)\(\s*"(\w+)"|"(\w+)" if |else "(\w+)"\)|return "(\w+)"$"""
    r"""|Window\(None, \w+, "(\w+)"\)|said\([^"]*"[^"]*", "(\w+)"|said\([\w.]+, "(\w+)"|in_state\([^"]*"(\w+)"\)"""
    r"""|answer, "(\w+)"\)""",
    re.MULTILINE,
)


def refusals(modules: tuple[ModuleType, ...]) -> set[str]:
    """Every key that these modules refuse something with."""
    return {why for module in modules for found in RAISED.findall(inspect.getsource(module)) for why in found if why}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_and_every_word_has_its_sentence(language: str) -> None:
    sentences = load("zh" if language == "zh" else "en").sentences
    wanted = {f"{section}.{word.value}" for section, kind in WORDED.items() for word in kind}
    found = refusals(MODULES + PAGES)
    assert len(found) > 80
    assert {"no_waybill", "cash_too_much", "too_early_for_the_court", "order_is_paid", "no_fine_to_pay"} <= found
    wanted |= {f"file_refused.{why}" for why in found}
    assert wanted - sentences.keys() == set()


@dataclass(frozen=True)
class Counter:
    """A desk with a cashier, and a decision of each procedure."""

    url: str
    sessions: Sessions
    made: Decided
    cashier: CashierServer
    closing: ExitStack

    @property
    def page(self) -> str:
        return f"/cases/{self.made.fined}/service"

    def signed_in(self, language: str = "en") -> "Clerk":
        headers = {"sec-fetch-site": "same-origin", "accept-language": language}
        client = httpx.Client(
            base_url=self.url, headers=headers, trust_env=False, timeout=PATIENCE_S, follow_redirects=True
        )
        browser = self.closing.enter_context(client)
        form = {"csrf_token": token_in(browser.get("/sign-in").text), "name": "han", "password": PASSWORD}
        browser.post("/sign-in", data=form)
        return Clerk(browser, token_in(browser.get(self.page).text))


@dataclass(frozen=True)
class Clerk:
    browser: httpx.Client
    csrf_token: str

    def sends(self, path: str, **typed: str) -> httpx.Response:
        return self.browser.post(path, data={"csrf_token": self.csrf_token, **typed})


@pytest.fixture(scope="module")
def counter(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    folder = tmp_path_factory.mktemp("counter")
    for database in sqlite_copy(migrated_sqlite, folder):
        made = decide_both(Bureau(database.sessions))
        with transaction(database.sessions) as session:
            user = accounts.add_user(session, name="han", display_name="韩", password=PASSWORD, role=None, at=now())
            accounts.grant(session, user, Granted(Role.OFFICER), by="streetwitness", at=now())
        with CashierServer(now()).running() as cashier, ExitStack() as closing:
            settings = ReviewSettings(
                database.sessions,
                folder / "vault",
                folder / "drafts",
                personal_data_key=KEY,
                cashier=cashier.adapter(),
            )
            for url in serve(settings):
                yield Counter(url, database.sessions, made, cashier, closing)
                closing.close()


def test_a_refused_form_comes_back_with_its_sentence_and_everything_typed(counter: Counter) -> None:
    clerk = counter.signed_in()
    typed = {
        "paper": "decision",
        "mode": "mail",
        "begun_on": "2026-03-03",
        "receiver": "张三丰",
        "address": "府前街 12 号",
    }
    refused = clerk.sends(f"{counter.page}/begin", **typed)
    assert refused.status_code == 409
    assert "Write the number of the waybill." in refused.text
    assert 'value="张三丰"' in refused.text
    taken = clerk.sends(f"{counter.page}/begin", **typed, waybill="EMS 1")
    assert taken.status_code == 200
    assert "张**" in taken.text
    assert "三丰" not in taken.text
    with reading(counter.sessions) as session:
        service = session.query(PaperService).filter_by(reference="EMS 1").one()
    served = {"on": "2026-03-05", "taken_by": "party", "reference": "receipt 7"}
    reached = clerk.sends(f"{counter.page}/attempts/{service.id}/served", **served)
    assert "served 2026-03-05" in reached.text
    again = clerk.sends(f"{counter.page}/attempts/{service.id}/served", **served)
    assert again.status_code == 409
    assert "This attempt has ended." in again.text


def test_the_form_of_one_case_reaches_nothing_of_another(counter: Counter) -> None:
    clerk = counter.signed_in()
    other = f"/cases/{counter.made.on_the_spot}/service"
    with reading(counter.sessions) as session:
        service = session.query(PaperService).filter_by(file_id=counter.made.fined).first()
    assert service is not None
    answer = clerk.sends(f"{other}/attempts/{service.id}/failed", on="2026-03-05", failure="nobody")
    assert answer.status_code == 404


def test_amounts_and_days_that_cannot_be_read_are_told(counter: Counter) -> None:
    clerk = counter.signed_in("zh")
    for amount in ("abc", "1.234", "-5", "1e99", "NaN", ""):
        answer = clerk.sends(f"{counter.page}/payments", amount=amount, paid_on="2026-03-10", reference="1")
        assert answer.status_code == 409, amount
        assert "请填写金额" in answer.text, amount
    answer = clerk.sends(f"{counter.page}/payments", amount="1", paid_on="yesterday", reference="1")
    assert answer.status_code == 409


def test_an_order_is_shown_as_a_picture_and_paid_by_the_cashiers_word_alone(counter: Counter) -> None:
    clerk = counter.signed_in()
    page = clerk.sends(f"{counter.page}/orders", amount="50", means="qr")
    picture = re.search(rf'src="({counter.page}/orders/[0-9a-f-]+/qr\.svg)"', page.text)
    assert picture is not None or "can be paid" in clerk.browser.get(counter.page).text
    page = clerk.browser.get(counter.page)
    picture = re.search(rf'src="({counter.page}/orders/[0-9a-f-]+/qr\.svg)"', page.text)
    assert picture is not None
    drawn = clerk.browser.get(picture[1])
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert drawn.content.startswith(b"<svg")
    hook = f"{counter.url}/webhooks/cashier"
    counter.cashier.now = now()
    (key,) = counter.cashier.orders
    body = counter.cashier.is_paid(key, "T-77")
    forged = {"x-streetwitness-signature": "v1=" + "0" * 64}
    assert counter.cashier.tell(hook, body, **forged) == 403
    assert counter.cashier.tell(hook, body, **{"x-streetwitness-timestamp": "1"}) == 403
    assert counter.cashier.tell(hook, body.replace(b"fine:", b"fire:")) == 404
    assert counter.cashier.tell(hook, b"{}") == 400
    with reading(counter.sessions) as session:
        assert session.query(Payment).count() == 0
    assert [counter.cashier.tell(hook, body) for _ in range(2)] == [200, 200]
    with reading(counter.sessions) as session:
        assert [each.reference for each in session.query(Payment)] == ["T-77"]
    assert "receipt" in clerk.browser.get(counter.page).text
    assert clerk.browser.get(picture[1]).status_code == 404


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    yield from launched()


@pytest.mark.browser
def test_on_a_phone_the_page_that_shows_a_picture_says_by_itself_that_it_is_paid(
    counter: Counter, chromium: Browser
) -> None:
    complaints: list[str] = []
    context = chromium.new_context(
        base_url=counter.url, viewport={"width": 390, "height": 844}, locale="en-GB", color_scheme="dark"
    )
    page = listened_to(context.new_page(), complaints)
    sign_in(page, "han", on_to=counter.page)
    page.locator("summary", has_text="Order a payment").click()
    order = page.locator("form[action$='/service/orders']")
    if not order.locator("[name=amount]").is_visible():
        page.locator("summary", has_text="Order a payment").click()
    order.locator("[name=amount]").fill("30")
    order.locator("button").click()
    page.goto(counter.page)
    page.wait_for_selector("img.qr")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert grave(page) == []
    keep(page, "service-order-phone")
    counter.cashier.now = now()
    key = list(counter.cashier.orders)[-1]
    assert counter.cashier.tell(f"{counter.url}/webhooks/cashier", counter.cashier.is_paid(key, "T-78")) == 200
    page.wait_for_selector("text=T-78")
    keep(page, "service-paid-phone")
    assert page.locator("img.qr").count() == 0
    assert complaints == []
    context.close()
