"""The desk in a real Chromium: what a reviewer sees, plays and decides by keyboard. Screenshots stay with the test."""

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from cases import viewing
from evidence.sealing import PendingExhibit
from evidence.vault import Vault
from models.database import transaction
from models.enums import ExhibitKind, ExhibitMoment, IncidentState
from models.people import UserSession
from review_ui.desk import now
from tests.review_ui.conftest import (
    CLIP_S,
    PASSWORD,
    RunningDesk,
    pending_clip,
    pending_still,
)
from tests.rows import after

pytestmark = pytest.mark.browser

PATIENCE_S = 20.0
CHROMIUM = shutil.which("chromium")
QUIET = [
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: install the package chromium to drive the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, desk: RunningDesk) -> Iterator[Page]:
    """A signed-in reviewer's page on the queue; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    context = chromium.new_context(base_url=desk.url, locale="en-GB", viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.goto("/")
    opened.fill("#name", "li.na")
    opened.fill("#password", PASSWORD)
    opened.press("#password", "Enter")
    expect(opened.locator(".queue .row")).to_have_count(1)
    say_what_for(desk)
    yield opened
    context.close()
    # a refused decision is a 409, which the console lists as an error; that answer is the refusal, not a fault
    assert [said for said in complaints if "409" not in said] == []


def say_what_for(desk: RunningDesk) -> None:
    """As if everybody who is signed in had said it on the page."""
    with transaction(desk.database.sessions) as session:
        for opened in session.scalars(select(UserSession).options(joinedload(UserSession.user))):
            viewing.state_reason(session, opened, desk.incident_id, reason="to review", at=now())


def wait_until(page: Page, condition: str) -> None:
    """Playwright's own wait compiles the condition in the page, which the content policy rightly forbids."""
    deadline = time.monotonic() + PATIENCE_S
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"never came true: {condition}"
        page.wait_for_timeout(20)


def test_reviewer_finds_plays_and_decides_by_keyboard(page: Page, desk: RunningDesk, tmp_path: Path) -> None:
    expect(page.locator(".thumbnail img")).to_have_js_property("complete", value=True)
    page.screenshot(path=tmp_path / "queue.png")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/incidents/"))

    wait_until(page, "document.querySelector('video').readyState >= 2")
    page.keyboard.press("Space")
    wait_until(page, "document.querySelector('video').currentTime > 0.2")
    page.keyboard.press("Space")
    wait_until(page, "document.querySelector('video').paused")

    expect(page.locator(".clip .overlay .fence")).to_be_visible()
    page.keyboard.press("o")
    expect(page.locator(".clip .overlay")).to_be_hidden()
    page.keyboard.press("o")
    expect(page.locator(".clip .overlay .box")).to_be_visible()
    page.screenshot(path=tmp_path / "incident.png", full_page=True)

    page.keyboard.press("d")
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#decision-problem")).to_have_text("Write the reason, then record the decision.")
    assert desk.state() is IncidentState.DRAFTED

    page.keyboard.press("Escape")
    for key in "1234":
        page.keyboard.press(key)
    page.keyboard.press("a")
    page.keyboard.type("parked on the yellow line all the while")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1 .badge")).to_have_text("Accepted")
    assert desk.state() is IncidentState.ACCEPTED


def test_the_usual_reason_is_one_key_and_then_the_clip_plays(
    chromium: Browser, desk: RunningDesk, tmp_path: Path
) -> None:
    context = chromium.new_context(base_url=desk.url, locale="zh-CN", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/sign-in?next=/incidents/{desk.incident_id}")
    page.fill("#name", "li.na")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    expect(page.locator(".looking button").first).to_be_focused()
    page.screenshot(path=tmp_path / "asked.png", full_page=True)
    assert [url for url in asked if "/media/" in url or "/draft" in url] == []
    page.keyboard.press("v")
    expect(page.locator(".looking")).to_have_count(0)
    wait_until(page, "document.querySelector('video')?.readyState >= 2")
    page.wait_for_load_state("load")  # the page answers to keys once its script has run
    page.keyboard.press("d")
    expect(page.locator("#reason")).to_be_focused()
    page.fill("#hold-reason", "法院来函调取")
    page.press("#hold-reason", "Enter")
    expect(page.locator(".standing-hold")).to_contain_text("法院来函调取")
    page.locator("#kept").screenshot(path=tmp_path / "kept.png")
    for name, path in (("register", f"/incidents/{desk.incident_id}/custody"), ("search", "/custody?person=li")):
        page.goto(path)
        expect(page.locator(".register tbody tr").first).to_be_visible()
        page.screenshot(path=tmp_path / f"{name}.png")
    context.close()


def test_the_server_refuses_on_the_page_what_the_page_itself_let_through(page: Page, desk: RunningDesk) -> None:
    page.goto(f"/incidents/{desk.incident_id}")
    page.check("[name='decision'][value='accept']")
    page.fill("#reason", "parked on the yellow line")
    page.evaluate("document.querySelector('#decision').submit()")  # past the page's own check
    expect(page.locator(".decide [role='alert']").first).to_contain_text("tick all four")
    expect(page.locator("#reason")).to_have_value("parked on the yellow line")
    assert desk.state() is IncidentState.DRAFTED


def test_overlay_lies_exactly_over_the_picture(page: Page, desk: RunningDesk) -> None:
    page.goto(f"/incidents/{desk.incident_id}")
    wait_until(page, "document.querySelector('video').readyState >= 2")
    video, overlay = (page.locator(selector).first.bounding_box() for selector in (".clip video", ".clip .overlay"))
    assert video == overlay
    assert video is not None
    assert video["width"] / video["height"] == pytest.approx(16 / 9, rel=0.01)
    still, drawn = (page.locator(f".stills .picture >> {part}").first.bounding_box() for part in ("img", "svg"))
    assert still == drawn


def test_frames_are_stepped_and_moments_jumped_to(page: Page, desk: RunningDesk) -> None:
    page.goto(f"/incidents/{desk.incident_id}")
    wait_until(page, "document.querySelector('video').readyState >= 2")
    page.keyboard.press(".")
    wait_until(page, "Math.abs(document.querySelector('video').currentTime - 0.04) < 0.001")
    page.keyboard.press(",")
    wait_until(page, "document.querySelector('video').currentTime === 0")
    # the dwell was complete at second 72; the clip begins at 70
    page.locator(".facts .jump", has_text="12:01:12").first.click()
    wait_until(page, "Math.abs(document.querySelector('video').currentTime - 2) < 0.001")
    expect(page.locator("#moment")).to_have_text("12:01:12.00")


def test_timeline_leads_to_the_moment_clicked_or_says_that_no_clip_shows_it(page: Page, desk: RunningDesk) -> None:
    page.goto(f"/incidents/{desk.incident_id}")
    wait_until(page, "document.querySelector('video').readyState >= 2")
    covered = page.locator(".timeline .covered").bounding_box()
    assert covered is not None
    page.mouse.click(covered["x"] + covered["width"] / 2, covered["y"] - 10)
    wait_until(page, f"Math.abs(document.querySelector('video').currentTime - {CLIP_S / 2}) < 0.5")
    expect(page.locator("#no-clip-there")).to_be_hidden()
    page.mouse.click(covered["x"] - 200, covered["y"] - 10)
    expect(page.locator("#no-clip-there")).to_be_visible()


def test_the_draft_is_shown_in_its_frame_with_its_own_style(page: Page, desk: RunningDesk) -> None:
    page.goto(f"/incidents/{desk.incident_id}")
    page.locator("iframe.draft").scroll_into_view_if_needed()
    title = page.frame_locator("iframe.draft").locator("h1")
    expect(title).to_be_visible()
    assert title.evaluate("heading => getComputedStyle(heading).textAlign") == "center"


def clip_of_another_codec(vault: Vault) -> list[PendingExhibit]:
    original = pending_clip(vault, ExhibitMoment.ENTRY, 10, codec="mpeg4", plays_in_browser=False)
    copied = PendingExhibit(
        original.pending,
        ExhibitKind.DERIVATIVE,
        ExhibitMoment.ENTRY,
        "video/mp4",
        after(10),
        after(10 + CLIP_S),
        {"how": "transcode", "original_sha256": original.pending.sha256},
    )
    still = pending_still(vault, ExhibitMoment.ENTRY, 12, original)
    return [original, copied, still, pending_clip(vault, ExhibitMoment.DWELL_COMPLETE, 70, frame_rate="25/1")]


@pytest.mark.parametrize("exhibits", [clip_of_another_codec], ids=["derivative_beside_clip"])
def test_a_derivative_plays_in_place_of_its_clip_and_the_page_says_so(page: Page, desk: RunningDesk) -> None:
    page.goto(f"/incidents/{desk.incident_id}")
    (derivative,) = desk.exhibits_of_kind("derivative")
    original = desk.exhibits_of_kind("clip")[0]
    entry, complete = page.locator("#clip-entry"), page.locator("#clip-dwell_complete")
    expect(entry.locator("video")).to_have_attribute("src", f"/media/{derivative.id}")
    expect(entry.locator(".notice")).to_contain_text("The evidence is the original")
    expect(entry.locator(".notice a")).to_have_attribute("href", f"/media/{original.id}")
    expect(complete).to_be_hidden()
    page.get_by_role("button", name="Dwell complete").click()
    expect(complete).to_be_visible()
    expect(entry).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440], ids=["phone", "desk"])
def test_pages_fit_the_screen_in_light_and_dark(
    page: Page, desk: RunningDesk, tmp_path: Path, width: int, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    grounds = set()
    for path in ("/", f"/incidents/{desk.incident_id}", "/about", "/custody", f"/incidents/{desk.incident_id}/custody"):
        page.goto(path)
        page.screenshot(path=tmp_path / f"{path.strip('/').replace('/', '-')[:60] or 'queue'}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == {"rgb(244, 245, 247)" if scheme == "light" else "rgb(20, 23, 27)"}
