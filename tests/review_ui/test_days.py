"""Each role's day at the desk, in a real Chromium: what they come for, done as they do it.

Where STREETWITNESS_SCREENSHOTS names a folder, what they saw on the way is kept there.
"""

import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect
from sqlalchemy import select

from cases import accounts, newest_pictures
from models.announcements import Announcement
from models.database import reading, transaction
from models.dispatch import Area
from models.enums import AreaLevel, FenceProposalState, IncidentState, Role, SecondVerdict
from models.fence_proposals import FenceProposal
from models.incidents import DraftCase
from models.places import GeofenceVersion, Loudspeaker
from models.second_reviews import SecondReview
from review_ui.desk import now
from tests.review_ui.chromium import REFUSALS, keep, launched, listened_to, sign_in
from tests.review_ui.conftest import PASSWORD, RunningDesk, draw_frame
from tests.review_ui.test_browser import wait_until
from tests.review_ui.test_desk import add_more
from tests.review_ui.test_loudspeaker_pages import played
from tests.rows import NOON

pytestmark = pytest.mark.browser

COLLEAGUES = (
    ("chen.bo", "陈波", Role.MONITOR),
    ("liu.yang", "刘洋", Role.OPERATOR),
    ("wang.lei", "王磊", Role.OFFICER),
    ("wang.min", "王敏", Role.LEADER),
    ("zhao.jing", "赵静", Role.ADMINISTRATOR),
)
DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
OWN_WORDS = "a walk by the west lake"
Opens = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    yield from launched()


@pytest.fixture
def house(desk: RunningDesk) -> RunningDesk:
    """The desk with its people: one of each role, a picture of just now, a loudspeaker, and a second incident."""
    assert desk.settings.pictures is not None
    _, encoded = cv2.imencode(".jpg", draw_frame(0))
    newest_pictures.keep(desk.settings.pictures.newest, "gate-3", encoded.tobytes(), now())
    with transaction(desk.database.sessions) as session:
        for name, shown, role in COLLEAGUES:
            user = accounts.add_user(
                session, name=name, display_name=shown, password="of no use to anybody", role=role, at=NOON
            )
            user.password_hash = accounts.user_named(session, "li.na").password_hash  # hashing again takes its time
        session.add(Area(id="east", name="东城", level=AreaLevel.CITY))
        session.add(Loudspeaker(id="horn-1", camera_id="gate-3", driver="file"))
    add_more(desk)
    return desk


@pytest.fixture
def opens(chromium: Browser, house: RunningDesk) -> Iterator[Opens]:
    """A page of whoever is named, signed in; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def opened(name: str, password: str = PASSWORD, **differs: Any) -> Page:
        shape: dict[str, Any] = {"locale": "zh-CN", "viewport": DESK} | differs
        contexts.append(chromium.new_context(base_url=house.url, **shape))
        page = listened_to(contexts[-1].new_page(), complaints)
        sign_in(page, name, password)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [said for said in complaints if not any(refusal in said for refusal in REFUSALS)] == []


def take_first(page: Page) -> None:
    page.goto("/")
    page.wait_for_load_state("load")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/incidents/"))
    page.wait_for_load_state("load")


def test_the_monitor_decides_with_three_keys_and_the_next_one_opens(opens: Opens, house: RunningDesk) -> None:
    page = opens("chen.bo")
    expect(page.locator(".queue .row")).to_have_count(2)
    keep(page, "monitor-1-queue-zh")
    take_first(page)
    wait_until(page, "document.querySelector('video').readyState >= 2")
    keep(page, "monitor-2-incident-zh")
    for key in ("d", "1", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(re.compile(r"decided="))
    assert house.state() is IncidentState.DISMISSED
    expect(page.locator("#in-hand-now")).to_be_visible()
    expect(page.locator(".plate").first).to_have_text("浙J00000")
    keep(page, "monitor-3-the-next-zh")
    page.goto("/wall")
    expect(page.locator(".wall img")).to_have_js_property("complete", value=True)
    keep(page, "monitor-4-wall-zh")


def test_the_operator_presses_once_and_sees_that_it_was_heard(opens: Opens, house: RunningDesk) -> None:
    page = opens("liu.yang", locale="en-GB", color_scheme="dark")
    page.goto(f"/incidents/{house.incident_id}")
    page.locator(".onward").get_by_role("link", name="Loudspeakers").click()
    page.wait_for_url(re.compile(r"/loudspeakers"))
    page.wait_for_load_state("load")
    keep(page, "operator-1-console-en-dark")
    page.locator(".presses button").first.click()
    expect(page.locator("#announced [data-state='waiting']")).to_be_visible()
    played(house)
    expect(page.locator("#announced [data-state='played']")).to_be_visible()
    keep(page, "operator-2-heard-en-dark")
    with reading(house.database.sessions) as session:
        said = session.scalars(select(Announcement)).one()
    assert (said.asked_by, said.incident_id) == ("liu.yang", house.incident_id)


def test_the_officer_reads_the_case_and_its_draft_on_a_phone_and_takes_the_bundle_along(
    opens: Opens, house: RunningDesk
) -> None:
    page = opens("wang.lei", viewport=PHONE, has_touch=True)
    keep(page, "officer-1-queue-zh-phone")
    page.locator(".queue .row").first.tap()
    page.wait_for_url(re.compile(r"/incidents/"))
    expect(page.locator("video")).to_have_count(1)
    expect(page.locator("#in-hand-now")).to_be_visible()
    keep(page, "officer-2-incident-zh-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    with page.expect_download() as papers:
        page.locator("a[href$='draft.docx']").first.tap()
    assert papers.value.suggested_filename.endswith(".docx")
    page.fill("#export-reason", "交法院")
    with page.expect_download() as bundle:
        page.locator(".export button").first.tap()
    with zipfile.ZipFile(bundle.value.path()) as taken:
        assert taken.testzip() is None
        assert any(name.endswith(".mp4") for name in taken.namelist())
    page.goto(f"/incidents/{house.incident_id}/custody")
    expect(page.locator(".register")).to_contain_text("交法院")
    keep(page, "officer-3-register-zh-phone")


def test_the_legal_reviewer_words_the_draft_and_accepts_and_another_reads_it_too(
    opens: Opens, house: RunningDesk
) -> None:
    page = opens("li.na", locale="en-GB")
    take_first(page)
    page.goto(f"/incidents/{house.incident_id}/drafting")
    sentence = page.locator("[name='text-1']")
    sentence.fill("The vehicle bears the plate 浙J12345, read with certainty.")
    keep(page, "reviewer-1-drafting-en")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_contain_text("2")
    expect(page.locator("[name='text-1']")).to_have_value("The vehicle bears the plate 浙J12345, read with certainty.")
    page.goto(f"/incidents/{house.incident_id}")
    page.wait_for_load_state("load")
    for key in ("a", "0", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(re.compile(r"decided="))
    assert house.state() is IncidentState.ACCEPTED
    page.goto(f"/incidents/{house.incident_id}/drafting")
    expect(page.locator("[name='verdict']")).to_have_count(0)  # who accepted is not the second person

    second = opens("wang.min", locale="en-GB", color_scheme="dark")
    second.goto(f"/incidents/{house.incident_id}")
    second.locator(".looking button").first.click()
    second.goto(f"/incidents/{house.incident_id}/drafting")
    second.check("[name='no_stake']")
    second.fill("#second-reason", "read beside the clip")
    keep(second, "reviewer-2-second-person-en-dark")
    second.locator("[name='verdict'].primary").click()
    expect(second.locator(".second .decided")).to_contain_text("read beside the clip")
    with reading(house.database.sessions) as session:
        assert session.scalars(select(SecondReview.verdict)).all() == [SecondVerdict.AGREES]
        assert session.scalars(select(DraftCase.version).order_by(DraftCase.version)).all()[-1] >= 2


def test_the_leader_approves_what_the_monitor_proposed_for_a_fence(opens: Opens, house: RunningDesk) -> None:
    monitor = opens("chen.bo")
    monitor.goto("/fences/no-stopping-7/edit")
    expect(monitor.locator("html[data-editor='ready']")).to_have_count(1)
    monitor.fill("[name='illegal_parking.dwell_s']", "90")
    monitor.fill("#reason", "上下学时段临时停车较多")
    monitor.locator("[name='act'][value='propose']").click()
    monitor.wait_for_url(re.compile(r"/fence-proposals/"))

    leader = opens("wang.min", color_scheme="dark")
    leader.goto("/cameras/gate-3/fences")
    keep(leader, "leader-1-fences-zh-dark")
    leader.locator("a[href^='/fence-proposals/']").click()
    leader.fill("#decide-reason", "已核对画面")
    keep(leader, "leader-2-proposal-zh-dark")
    leader.locator(".decide .primary").click()
    leader.wait_for_url("**/fences/no-stopping-7")
    expect(leader.locator(".versions tbody tr")).to_have_count(2)
    keep(leader, "leader-3-history-zh-dark")
    with reading(house.database.sessions) as session:
        assert session.scalars(select(FenceProposal.state)).one() is FenceProposalState.IN_FORCE
        newest = session.scalars(select(GeofenceVersion).order_by(GeofenceVersion.version.desc())).first()
        assert newest is not None
        assert newest.offences["illegal_parking"]["dwell_s"] == 90


def test_the_administrator_adds_a_user_narrows_the_role_and_ends_the_session(opens: Opens) -> None:
    page = opens("zhao.jing", locale="en-GB")
    page.goto("/users")
    page.fill("#name", "sun.li")
    page.fill("#display_name", "孙丽")
    page.select_option("#role", "monitor")
    page.locator("form[action='/users'] .primary").click()
    first = page.locator(".first-password").inner_text()
    keep(page, "administrator-1-user-added-en")

    newcomer = opens("sun.li", first, viewport=PHONE)
    assert "/account/password" in newcomer.url
    keep(newcomer, "administrator-2-first-password-zh-phone")
    newcomer.fill("#before", first)
    newcomer.fill("#password", OWN_WORDS)
    newcomer.fill("#again", OWN_WORDS)
    newcomer.press("#again", "Enter")
    expect(newcomer.locator(".queue .row")).to_have_count(2)

    page.goto("/users")
    page.get_by_role("link", name="孙丽").click()
    page.locator("form[action$='/withdraw'] button").click()
    page.select_option("#role", "monitor")
    page.select_option("select[name='area']", "east")
    page.locator("form[action$='/grants'] .primary").click()
    expect(page.locator(".spaced li")).to_have_count(1)
    expect(page.locator(".spaced li")).to_contain_text("东城")
    keep(page, "administrator-3-narrowed-en")
    newcomer.goto("/")
    expect(newcomer.locator(".empty")).to_be_visible()  # gate-3 lies in no area

    page.locator("form[action*='/sessions/'] button").click()
    newcomer.goto("/")
    assert "/sign-in" in newcomer.url
