"""Matters walked in a real Chromium by the roles concerned.

From the register to the archive: parking (ordinary procedure, with a defence), vending (goods taken and given back),
dumping (a hearing). The short ways: decided on the spot and paid there, a reconsideration that keeps the decision and
one that changes it, a fine that is never paid until the court has it. They stand on one site, whose time is set to the
day on which something is done. Where STREETWITNESS_SCREENSHOTS names a folder, what they saw on the way is kept there.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from cases import sign_in
from cases.volume import volumes
from cases.volume.making import Bindery, make
from cases.volume.order import read_order
from evidence.vault import Vault
from models.case_files import CaseFile
from models.database import reading, transaction
from models.enums import FileState
from tests.review_ui.case_site import CaseSite, case_site, fined_on_the_spot
from tests.review_ui.chromium import REFUSALS, grave, keep, launched, listened_to
from tests.review_ui.conftest import PASSWORD
from tests.rows import NOON

pytestmark = pytest.mark.browser

DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
MOST_PRESSES = 10
AWAKE = timedelta(minutes=20)  # a session sleeps after half an hour


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    yield from launched()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[CaseSite]:
    yield from case_site(tmp_path_factory.mktemp("case_desk"), migrated_sqlite)


@dataclass
class Bureau:
    """The people of the site, each with a browser of their own; presses counts what they clicked and keyed."""

    chromium: Browser
    site: CaseSite
    complaints: list[str] = field(default_factory=list)
    pages: dict[str, tuple[Page, datetime]] = field(default_factory=dict)
    contexts: list[BrowserContext] = field(default_factory=list)
    presses: int = 0

    def on(self, days: int, hour: int = 10) -> None:
        """So many days after the conduct, at this hour of the site."""
        self.site.clock.set(NOON + timedelta(days=days, hours=hour - 12))

    def page(self, name: str, **differs: Any) -> Page:
        """Their page, signed in; anew where they were away for long."""
        at = self.site.clock()
        known = self.pages.get(name)
        if known is not None and not differs and abs(at - known[1]) < AWAKE:
            return known[0]
        if known is None or differs:
            shape: dict[str, Any] = {"locale": "zh-CN", "viewport": DESK} | differs
            context = self.chromium.new_context(base_url=self.site.desk.url, **shape)
            self.contexts.append(context)
            page = listened_to(context.new_page(), self.complaints)
        else:
            page = known[0]
        with transaction(self.site.desk.database.sessions) as session:
            opened = sign_in.sign_in(session, name, PASSWORD, at=at)
        assert opened is not None
        page.context.add_cookies([{"name": "session", "value": opened[1], "url": self.site.desk.url}])
        self.pages[name] = (page, at)
        return page

    def at(self, name: str, address: str, **differs: Any) -> Page:
        page = self.page(name, **differs)
        page.goto(address)
        return page

    def step(self, name: str, address: str, comes_to: FileState, *agreeing: str) -> None:
        """The next step of the case file by one key, and by those who have to agree."""
        self.key(self.at(name, address), "g")
        self.agree(address, *agreeing)
        assert self.state(address) is comes_to

    def key(self, page: Page, key: str) -> None:
        """One key, and the page it leads to."""
        self.presses += 1
        with page.expect_navigation():
            page.keyboard.press(key)

    def click(self, page: Page, what: str) -> None:
        """One click, and the page it leads to."""
        self.presses += 1
        with page.expect_navigation():
            page.locator(what).click()

    def agree(self, address: str, *names: str) -> None:
        """Each opens what waits for them of this case file and agrees by one key."""
        for name in names:
            page = self.at(name, address)
            page.goto(page.locator("#primary").get_attribute("href") or "")
            self.key(page, "a")
            expect(page.locator("[role='status']")).to_be_visible()

    def state(self, address: str) -> FileState:
        with reading(self.site.desk.database.sessions) as session:
            return session.get_one(CaseFile, file_id(address)).state


def file_id(address: str) -> uuid.UUID:
    return uuid.UUID(address.rsplit("/", 1)[-1])


@pytest.fixture
def bureau(chromium: Browser, site: CaseSite) -> Iterator[Bureau]:
    made = Bureau(chromium, site)
    yield made
    for context in made.contexts:
        context.close()
    assert [said for said in made.complaints if not any(refusal in said for refusal in REFUSALS)] == []


def test_a_parked_car_from_the_accepted_incident_to_the_archive(bureau: Bureau) -> None:
    address = parking_is_filed(bureau)
    parking_is_told(bureau, address)
    parking_is_heard_and_decided(bureau, address)
    parking_is_performed_and_closed(bureau, address)
    archive(bureau, "wang.lei", address, "case-parking")


def parking_is_filed(bureau: Bureau) -> str:
    """From the accepted incident to its papers ready for signature: counted, everybody's clicks and keys together."""
    bureau.on(1)
    bureau.page("wang.min", viewport=PHONE, color_scheme="dark", locale="en-GB")  # the leader is on the road
    page = bureau.at("wang.lei", f"/incidents/{bureau.site.desk.incident_id}")
    bureau.presses = 0
    bureau.click(page, "#to-case button")
    address = re.sub(r"^.*(/cases/[^?#]+).*$", r"\1", page.url)
    keep(page, "case-parking-01-registered")
    bureau.click(page, "#assign button")
    bureau.key(page, "g")
    keep(page, "case-parking-02-filing-asked")
    keep(bureau.at("chen.qiang", "/approvals"), "case-parking-03-approvals")
    bureau.agree(address, "chen.qiang", "li.na", "wang.min")
    assert bureau.state(address) is FileState.FILED
    page = bureau.at("wang.lei", address)
    bureau.key(page, "5")
    bureau.click(page, "form[action$='/people/keeper'] button")
    keep(page, "case-parking-04-people")
    bureau.key(page, "4")
    bureau.click(page, ".paper-head button")
    keep(page, "case-parking-05-papers")
    expect(page.locator(".paper-list [data-there='yes']")).not_to_have_count(0)
    assert bureau.presses <= MOST_PRESSES
    return address


def parking_is_told(bureau: Bureau, address: str) -> None:
    bureau.step("wang.lei", address, FileState.INVESTIGATED)
    page = bureau.page("wang.lei")
    keep(page, "case-parking-06-investigated")
    bureau.on(3)
    bureau.key(bureau.at("wang.lei", address), "g")
    page.fill("[name='fine']", "100")
    keep(page, "case-parking-07-proposal")
    bureau.click(page, "button[name='step'][value='notify']")
    waits = bureau.at("chen.qiang", address)
    waits.goto(waits.locator("#primary").get_attribute("href") or "")
    keep(waits, "case-parking-08-approval")
    bureau.agree(address, "chen.qiang", "wang.min")
    assert bureau.state(address) is FileState.NOTICED


def parking_is_heard_and_decided(bureau: Bureau, address: str) -> None:
    page = bureau.at("wang.lei", address)
    keep(page, "case-parking-09-noticed")
    make_papers(bureau, "wang.lei", address)
    sign_papers(bureau, address, "wang.lei", "liu.fang")
    keep(bureau.page("liu.fang"), "case-parking-10-papers-signed")
    hand_over(page, address, "notice", "张三")
    keep(page, "case-parking-11-notice-served")
    keep(bureau.at("wang.lei", f"{address}/clocks"), "case-parking-11-clocks")
    page.goto(address)
    expect(page.locator(".usual .unmet")).to_contain_text("行政处罚法第45条")  # the party may still speak
    opened_form(page, "/defence")
    page.fill("#point-text", "停车时在装卸货物。")
    bureau.click(page, "form[action$='/defence'] button")
    page.locator("#point-1 textarea").fill("现场录像未见装卸，停留超过十分钟。")
    bureau.click(page, "#point-1 button[value='false']")
    keep(page, "case-parking-12-defence-answered")

    bureau.on(10)
    bureau.step("wang.lei", address, FileState.HEARD)
    bureau.key(page, "g")
    keep(page, "case-parking-13-as-told")
    bureau.click(page, "button[name='step'][value='decide']")
    bureau.agree(address, "chen.qiang", "li.na")
    leader = bureau.at("wang.min", address)
    leader.goto(leader.locator("#primary").get_attribute("href") or "")
    keep(leader, "case-parking-14-leader-phone-en-dark")
    bureau.agree(address, "wang.min")
    assert bureau.state(address) is FileState.DECIDED


def parking_is_performed_and_closed(bureau: Bureau, address: str) -> None:
    make_papers(bureau, "wang.lei", address)
    sign_papers(bureau, address, "wang.lei", "liu.fang", "wang.min")
    page = bureau.at("wang.lei", f"{address}/papers")
    keep(page, "case-parking-15-decision-signed")
    printed = page.request.get(page.locator("a[href*='form=pdf']").last.get_attribute("href") or "")
    assert printed.body().startswith(b"%PDF")
    hand_over(bureau.at("wang.lei", address), address, "decision", "张三")
    bureau.step("wang.lei", address, FileState.SERVED)
    bureau.on(14)
    page = bureau.at("wang.lei", f"{address}/service")
    fill(page, "/service/payments", reference="工行 20260316-0088")
    fill(page, "/service/correction", reference="现场复核照片")
    keep(page, "case-parking-17-paid-and-put-right")
    bureau.step("wang.lei", address, FileState.PERFORMED)
    bureau.step("wang.lei", address, FileState.CLOSED, "wang.min")
    keep(bureau.at("wang.lei", address), "case-parking-18-closed")


def test_a_street_stall_whose_goods_go_back_to_a_vendor_who_is_spared(bureau: Bureau) -> None:
    address = stall_is_registered(bureau)
    stall_vendor_is_asked(bureau, address)
    stall_goods_are_taken(bureau, address)
    bureau.step("wang.lei", address, FileState.FILED, "chen.qiang", "li.na", "wang.min")
    bureau.step("wang.lei", address, FileState.INVESTIGATED)
    stall_goods_go_back(bureau, address)
    stall_is_spared(bureau, address)
    archive(bureau, "wang.lei", address, "case-vending")


def stall_is_registered(bureau: Bureau) -> str:
    bureau.on(20)
    page = bureau.at("wang.lei", "/cases")
    with page.expect_navigation():
        page.keyboard.press("c")
    page.locator("[name='source'][value='complaint']").check()
    page.fill("[name='source_note']", "12345 热线 20260322-118")
    page.fill("[name='law_code']", "01.01.001")
    page.fill("[name='place']", "东海路菜场门口")
    page.fill("[name='facts']", "一辆三轮车在人行道上摆卖水果，占道约三平方米。")
    page.fill("[name='conduct_from']", "2026-03-22T08:30")
    page.fill("[name='conduct_to']", "2026-03-22T09:10")
    keep(page, "case-vending-01-register")
    bureau.click(page, ".file-form .primary")
    address = re.sub(r"^.*(/cases/[^?#]+).*$", r"\1", page.url)
    bureau.click(page, "#assign button")
    page.goto(f"{address}/people")
    enter_party(page, "李四", "13900000002")
    return address


def stall_vendor_is_asked(bureau: Bureau, address: str) -> None:
    """Taken down on a phone at the kerb, by keys; what two officers may not do at once is refused and nothing lost."""
    page = bureau.at("wang.lei", f"{address}/records")
    page.set_viewport_size(PHONE)
    bureau.click(page, "button:has-text('询问')")
    answers = page.locator("#lines [name='say']")
    answers.first.click()
    for said in ("清楚了。", "不申请。", "李四，卖水果。", "早上八点半开始摆的。", "没有意见。", "我马上收。"):
        page.keyboard.type(said)
        page.keyboard.press("Enter")
    page.locator(".record-stock summary").click()
    page.locator("[name='pick'][value='licence']").click()
    page.keyboard.type("没有。")
    expect(page.locator("#saved")).to_have_text("已保存")
    keep(page, "case-vending-01a-inquiry-on-a-phone")
    assert grave(page) == []
    page.locator("[name='told']").check()
    bureau.click(page, "button[formaction$='/read']")
    expect(page.locator("[role='alert']")).to_contain_text("执法人员应当先出示执法证件（行政处罚法第55条）")
    expect(answers.nth(6)).to_have_value("没有。")
    page.locator("[name='shown']").check()
    bureau.click(page, "button[formaction$='/read']")
    page.locator("[name='corrects']").select_option("4")
    page.fill("form[action$='/correct'] textarea", "应该是八点。")
    bureau.click(page, "form[action$='/correct'] button")
    keep(page, "case-vending-01b-read-over")
    bureau.click(page, "form[action$='/finish'] button")
    expect(page.locator(".record-known")).to_contain_text("李*")
    assert "早上八点半" not in page.content()
    keep(page, "case-vending-01c-finished")
    page.set_viewport_size(DESK)


def stall_goods_are_taken(bureau: Bureau, address: str) -> None:
    page = bureau.at("wang.lei", "/stores")
    fill(page, "/stores", name="一号库房", place="东海路派出点")
    page.goto(f"{address}/goods")
    fill(
        page,
        "/goods/measures",
        kind="seizure",
        document="扣 2026-0031",
        legal_basis="行政强制法第二十二条",
        reason="当场不能固定证据",
    )
    bureau.click(bureau.at("wang.min", f"{address}/goods"), "form[action$='/approve'] button")
    page = bureau.at("wang.lei", f"{address}/goods")
    fill(page, "/items", name="苹果", kind="perishable", quantity="30", unit="千克")
    keep(page, "case-vending-03-goods")


def stall_goods_go_back(bureau: Bureau, address: str) -> None:
    page = bureau.at("wang.lei", f"{address}/goods")
    fill(page, "/rule", fate="return", document="解扣 2026-0012", reason="已改正，无继续扣押必要")
    fill(page, "/ask", fate="return", receiver="李四", reason="退还当事人")
    keep(page, "case-vending-04-out-of-store-asked")
    bureau.click(bureau.at("wang.min", f"{address}/goods"), "button[name='agrees'].primary")
    page = bureau.at("wang.lei", f"{address}/goods")
    bureau.click(page, "form[action$='/carry-out'] button")
    keep(page, "case-vending-05-given-back")


def stall_is_spared(bureau: Bureau, address: str) -> None:
    page = bureau.at("wang.lei", f"{address}/service")
    fill(page, "/service/correction", reference="当场清理照片")
    page.goto(f"{address}/proposal")
    page.locator("[name='corrected']").select_option("1")
    page.locator("[name='slight']").select_option("1")
    page.locator("[name='harm']").select_option("none")
    page.fill("[name='shown_by']", "现场笔录、清理照片")
    bureau.click(page, "form[action$='/circumstances'] button")
    keep(page, "case-vending-06-spared-is-proposed")
    bureau.click(page, "button[name='step'][value='spare']")
    bureau.agree(address, "li.na", "wang.min")
    assert bureau.state(address) is FileState.SPARED
    make_papers(bureau, "wang.lei", address)
    sign_papers(bureau, address, "wang.lei", "liu.fang")
    keep(bureau.at("wang.lei", f"{address}/papers"), "case-vending-07-papers-signed")
    hand_over(bureau.at("wang.lei", address), address, "decision", "李四")
    bureau.step("wang.lei", address, FileState.SERVED)
    bureau.step("wang.lei", address, FileState.CLOSED, "wang.min")
    keep(bureau.at("wang.lei", address), "case-vending-08-closed")


def test_rubbish_dumped_by_a_company_that_asks_for_a_hearing(bureau: Bureau) -> None:
    address = dumping_is_filed(bureau)
    dumping_is_reviewed_and_told(bureau, address)
    dumping_is_heard(bureau, address)
    dumping_is_decided(bureau, address)
    dumping_is_performed_and_closed(bureau, address)
    archive(bureau, "chen.qiang", address, "case-dumping")


def dumping_is_filed(bureau: Bureau) -> str:
    bureau.on(40)
    page = bureau.at("chen.qiang", "/cases/new")
    page.locator("[name='source'][value='digital_city']").check()
    page.fill("[name='source_note']", "平台工单 2026-04-11-0075")
    page.fill("[name='law_code']", "01.02.003")
    page.fill("[name='place']", "环城河东岸")
    page.fill("[name='facts']", "一辆货车在河岸倾倒装修垃圾约两吨。")
    page.fill("[name='conduct_from']", "2026-04-10T22:10")
    page.fill("[name='conduct_to']", "2026-04-10T22:25")
    bureau.click(page, ".file-form .primary")
    address = re.sub(r"^.*(/cases/[^?#]+).*$", r"\1", page.url)
    bureau.click(page, "#assign button")
    page.goto(f"{address}/people")
    enter_party(page, "东海装修有限公司", "13900000003", kind="company")
    bureau.step("chen.qiang", address, FileState.FILED, "liu.fang", "li.na", "wang.min")
    bureau.step("chen.qiang", address, FileState.INVESTIGATED)
    return address


def dumping_is_reviewed_and_told(bureau: Bureau, address: str) -> None:
    page = bureau.at("chen.qiang", f"{address}/proposal")
    page.fill("[name='fine']", "60000")
    bureau.click(page, "button[name='step'][value='notify']")
    expect(page.locator("[role='alert']")).to_contain_text("法制审核")
    expect(page.locator("[name='fine']")).to_have_value("60000")  # what was typed is still there
    keep(page, "case-dumping-02-review-comes-first")
    reviewer = bureau.at("li.na", address)
    reviewer.locator("summary", has_text="法制审核通过").click()
    bureau.click(reviewer, "form:has([value='pass_legal_review']) button")
    assert bureau.state(address) is FileState.REVIEWED
    page = bureau.at("chen.qiang", f"{address}/proposal")
    page.fill("[name='fine']", "60000")
    bureau.click(page, "button[name='step'][value='notify']")
    bureau.agree(address, "wang.lei", "wang.min")
    assert bureau.state(address) is FileState.NOTICED
    hand_over(bureau.at("chen.qiang", address), address, "notice", "东海装修有限公司", "representative")


def dumping_is_heard(bureau: Bureau, address: str) -> None:
    bureau.on(42)
    page = bureau.at("chen.qiang", address)
    fill(page, "/hearings")
    fill(
        page, "/announce", to_be_held_at="2026-04-27T09:00", place="一号会议室", chair=bureau.site.user_id("zhang.wei")
    )
    keep(page, "case-dumping-04-hearing-announced")
    bureau.on(56, 11)
    chair = bureau.at("zhang.wei", address)
    fill(chair, "/held", opinion="事实清楚，当事人对倾倒行为无异议，请求减轻，无法定情形。")
    keep(chair, "case-dumping-05-hearing-held")
    bureau.step("chen.qiang", address, FileState.HEARD)
    page = bureau.at("chen.qiang", address)
    expect(page.locator("#ways")).to_contain_text("听证后须先经法制审核")
    bureau.step("li.na", address, FileState.HEARD)


def dumping_is_decided(bureau: Bureau, address: str) -> None:
    page = bureau.at("chen.qiang", f"{address}/proposal")
    page.fill("[name='fine']", "80000")
    bureau.click(page, "button[name='step'][value='decide']")
    expect(page.locator("[role='alert']")).to_contain_text("不得因申辩加重处罚")
    page.fill("[name='fine']", "60000")
    bureau.click(page, "button[name='step'][value='decide']")
    bureau.agree(address, "wang.lei", "li.na", "wang.min")
    assert bureau.state(address) is FileState.DECIDED
    keep(bureau.at("chen.qiang", address), "case-dumping-07-decided")


def dumping_is_performed_and_closed(bureau: Bureau, address: str) -> None:
    make_papers(bureau, "chen.qiang", address)
    sign_papers(bureau, address, "chen.qiang", "liu.fang", "wang.min")
    keep(bureau.at("chen.qiang", f"{address}/papers"), "case-dumping-08-papers-signed")
    hand_over(bureau.at("chen.qiang", address), address, "decision", "东海装修有限公司", "representative")
    bureau.step("chen.qiang", address, FileState.SERVED)
    bureau.on(63)
    page = bureau.at("chen.qiang", f"{address}/service")
    fill(page, "/service/payments", reference="建行 20260504-0113")
    fill(page, "/service/correction", reference="清运后照片")
    keep(page, "case-dumping-09-paid-and-put-right")
    bureau.step("chen.qiang", address, FileState.PERFORMED)
    bureau.step("chen.qiang", address, FileState.CLOSED, "wang.min")


def test_a_driver_who_is_fined_on_the_spot_and_pays_there(bureau: Bureau) -> None:
    address = spot_is_registered(bureau)
    spot_is_decided(bureau, address)
    spot_is_paid_and_closed(bureau, address)


def spot_is_registered(bureau: Bureau) -> str:
    bureau.on(70)
    page = bureau.at("wang.lei", "/cases/new")
    page.locator("[name='source'][value='patrol']").check()
    page.locator("[name='procedure'][value='simple']").check()
    page.fill("[name='source_note']", "巡查 2026-05-11")
    page.fill("[name='law_code']", "03.01.001")
    page.fill("[name='place']", "中山路5号门前")
    page.fill("[name='facts']", "一辆小型轿车停在人行道上，驾驶人在场，经劝告不驶离。")
    page.fill("[name='conduct_from']", "2026-05-11T09:20")
    page.fill("[name='conduct_to']", "2026-05-11T09:40")
    bureau.click(page, ".file-form .primary")
    address = re.sub(r"^.*(/cases/[^?#]+).*$", r"\1", page.url)
    bureau.click(page, "#assign button")
    page.goto(f"{address}/people")
    enter_party(page, "孙七", "13900000007")
    return address


def spot_is_decided(bureau: Bureau, address: str) -> None:
    """Told, heard and decided within the same quarter of an hour (行政处罚法 art. 44, 45, 51, 52)."""
    page = bureau.at("wang.lei", address)
    bureau.key(page, "g")
    page.fill("[name='fine']", "50")
    bureau.click(page, "button[name='step'][value='notify']")
    assert bureau.state(address) is FileState.NOTICED
    page.goto(address)
    keep(page, "case-spot-01-told")
    fill(page, "/defence/waive", reference="现场笔录：当事人表示无异议")
    bureau.step("wang.lei", address, FileState.HEARD)
    bureau.key(page, "g")
    bureau.click(page, "button[name='step'][value='decide']")
    assert bureau.state(address) is FileState.DECIDED
    make_papers(bureau, "wang.lei", address)
    sign_papers(bureau, address, "wang.lei", "liu.fang")
    keep(bureau.at("wang.lei", f"{address}/papers"), "case-spot-02-papers-signed")


def spot_is_paid_and_closed(bureau: Bureau, address: str) -> None:
    page = bureau.at("wang.lei", f"{address}/service")
    hand_over(page, address, "decision", "孙七")
    bureau.step("wang.lei", address, FileState.SERVED)
    page.goto(f"{address}/service")
    fill(page, "/service/cash", amount="50", ground="small", ticket="浙财票 2026-000117")
    fill(page, "/service/correction", reference="当场驶离，执法记录仪")
    keep(page, "case-spot-03-paid-on-the-spot")
    bureau.step("wang.lei", address, FileState.PERFORMED)
    bureau.on(71)
    page = bureau.at("wang.lei", address)
    expect(page.locator(".usual .unmet")).to_contain_text("行政处罚法第52条")  # the bureau has to be told first
    keep(page, "case-spot-04-not-reported")
    page.goto(f"{address}/service")
    fill(page, "/hand-in")
    fill(page, "/hand-in")
    fill(page, "/service/report")
    keep(page, "case-spot-05-handed-in-and-reported")
    bureau.step("wang.lei", address, FileState.CLOSED)
    keep(bureau.at("wang.lei", address), "case-spot-06-closed")


def test_a_reconsideration_that_keeps_the_decision_and_one_that_changes_it(bureau: Bureau) -> None:
    bureau.on(72)
    kept, changed = (fined_on_the_spot(bureau.site, place, fine_fen=10_000) for place in ("北街1号", "北街2号"))
    bureau.on(75)
    for number, address in enumerate((kept, changed), 1):
        page = bureau.at("wang.lei", f"{address}/service")
        fill(page, "/service/appeals", kind="reconsideration", body="东城区人民政府", reference=f"复〔2026〕{number}号")
    keep(page, "case-appeal-01-under-way")
    bureau.on(130)  # long after the last day to pay: nothing grows meanwhile (行政处罚法 art. 73)
    page = bureau.at("wang.lei", f"{kept}/service")
    expect(page.locator(".owed-sum")).to_contain_text("100")
    fill(page, "/end", result="upheld", told_on="2026-07-10", reference="复决〔2026〕1号")
    keep(page, "case-appeal-02-kept")
    page.goto(f"{changed}/service")
    fill(page, "/end", result="changed", told_on="2026-07-10", reference="复决〔2026〕2号", changed="60")
    expect(page.locator(".owed-sum")).to_contain_text("60")
    keep(page, "case-appeal-03-changed")
    for address, reference in ((kept, "工行 20260710-0001"), (changed, "工行 20260710-0002")):
        page.goto(f"{address}/service")
        fill(page, "/service/payments", reference=reference)
        bureau.step("wang.lei", address, FileState.PERFORMED)
        bureau.step("wang.lei", address, FileState.CLOSED)
    page.goto(changed)
    keep(page, "case-appeal-04-closed-as-changed")


def test_a_fine_that_is_not_paid_is_demanded_and_goes_to_the_court(bureau: Bureau) -> None:
    bureau.on(74)
    address = fined_on_the_spot(bureau.site, "南街3号", fine_fen=10_000)
    fine_is_demanded(bureau, address)
    court_is_asked(bureau, address)


def fine_is_demanded(bureau: Bureau, address: str) -> None:
    bureau.on(135)
    page = bureau.at("wang.lei", f"{address}/service")
    keep(page, "case-court-01-overdue")
    fill(page, "/service/demand")
    make_papers(bureau, "wang.lei", address)
    sign_papers(bureau, address, "wang.lei", "liu.fang")
    hand_over(bureau.page("wang.lei"), address, "demand", "周八")
    keep(bureau.page("wang.lei"), "case-court-02-demanded")


def court_is_asked(bureau: Bureau, address: str) -> None:
    page = bureau.at("wang.lei", address)
    page.locator("summary", has_text="强制执行").click()
    page.fill("#reason-enforce", "经催告仍不履行。")
    bureau.click(page, "form:has([value='enforce']) button")
    bureau.agree(address, "li.na", "wang.min")
    assert bureau.state(address) is FileState.ENFORCING
    page.goto(f"{address}/service")
    opened_form(page, "/service/court").locator("[name='court']").fill("东城区人民法院")
    with page.expect_navigation():
        page.locator("form[action$='/service/court'] button").click()
    expect(page.locator("[role='alert']")).to_be_visible()  # ten working days after the demand, not before
    keep(page, "case-court-03-too-early")
    bureau.on(152)
    page = bureau.at("wang.lei", f"{address}/service")
    fill(page, "/service/court", court="东城区人民法院", reference="申执〔2026〕5号")
    make_papers(bureau, "wang.lei", address)
    sign_papers(bureau, address, "wang.min")
    keep(bureau.at("wang.lei", f"{address}/papers"), "case-court-04-application-signed")
    bureau.on(180)
    page = bureau.at("wang.lei", f"{address}/service")
    fill(page, "/said", result="granted")
    fill(page, "/service/payments", reference="法院执行款 20260828")
    keep(page, "case-court-05-executed")
    bureau.step("wang.lei", address, FileState.PERFORMED)
    bureau.step("wang.lei", address, FileState.CLOSED)
    keep(bureau.at("wang.lei", address), "case-court-06-closed")


# --- what is done on several of them


def opened_form(page: Page, ending: str) -> Locator:
    """The form that ends so; what it is folded away in is unfolded."""
    form = page.locator(f"form[action$='{ending}']").first
    if not form.is_visible():
        page.locator("details", has=form).last.locator("> summary").click()
    return form


def fill(page: Page, ending: str, **typed: object) -> None:
    """Fills the form in and sends it; it is not refused."""
    form = opened_form(page, ending)
    for name, value in typed.items():
        one = form.locator(f"[name='{name}']")
        if one.evaluate("(each) => each.tagName") == "SELECT":
            one.select_option(str(value))
        else:
            one.fill(str(value))
    with page.expect_navigation():
        form.locator("button").last.click()
    expect(page.locator("[role='alert']")).to_have_count(0)


def enter_party(page: Page, name: str, phone: str, kind: str = "person") -> None:
    """Somebody nobody has entered before."""
    fill(page, "/people/enter", name=name, phone=phone, kind=kind)
    expect(page.locator(".who-row")).to_have_count(1)


def make_papers(bureau: Bureau, name: str, address: str) -> None:
    """Every paper that the case file allows now, by one click."""
    page = bureau.at(name, f"{address}/papers")
    bureau.click(page, ".paper-head button")
    expect(page.locator("[role='alert']")).to_have_count(0)


def sign_papers(bureau: Bureau, address: str, *names: str) -> None:
    """Each signs whatever is theirs to sign, with their own password."""
    for name in names:
        page = bureau.at(name, f"{address}/papers")
        page.fill(".sign-form [name='password']", PASSWORD)
        bureau.click(page, ".sign-form button")
        expect(page.locator("[role='alert']")).to_have_count(0)


def archive(bureau: Bureau, name: str, address: str, kept_as: str) -> None:
    """The volume is asked for at the desk and made by a worker, as on a site; then the file goes to the archive."""
    page = bureau.at(name, f"{address}/volume")
    page.fill("#volume-reason", "归档")
    bureau.click(page, "form[action$='/volume'] button")
    desk = bureau.site.desk
    with reading(desk.database.sessions) as session:
        (asked,) = volumes.to_do(session)
    with Vault.open(desk.settings.vault_root) as vault:
        bindery = Bindery(
            sessions=desk.database.sessions,
            vault=vault,
            hand=desk.settings.bytes,
            order=read_order(),
            software="streetwitness",
            clock=bureau.site.clock,
            key=desk.settings.personal_data_key,
        )
        assert make(bindery, asked)
    page.reload()
    expect(page.locator(".catalogue tbody tr")).not_to_have_count(0)
    keep(page, f"{kept_as}-19-volume")
    bureau.step(name, address, FileState.ARCHIVED)
    keep(bureau.page(name), f"{kept_as}-20-archived")


def hand_over(page: Page, address: str, paper: str, receiver: str, taken_by: str = "party") -> None:
    """A paper given to the party the same day."""
    page.goto(f"{address}/service")
    fill(page, "/service/begin", paper=paper, mode="personal", receiver=receiver, address="东海路1号")
    fill(page, "/served", taken_by=taken_by, reference="送达回证")
