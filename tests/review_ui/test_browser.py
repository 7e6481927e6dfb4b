"""The desk in a real Chromium: what a reviewer sees, plays and decides by keyboard. Screenshots stay with the test."""

import re
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from cases import accounts, claims, review, viewing
from cases.plate_record import ReadAt, record_plate
from detectors.geometry import Box
from evidence.sealing import PendingExhibit
from evidence.vault import Vault
from models.database import reading, transaction
from models.enums import Asker, Decision, ExhibitKind, ExhibitMoment, IncidentState, Role
from models.escalation import LookRequest
from models.incidents import Incident, ReviewDecision
from models.people import User, UserSession
from models.places import Loudspeaker
from review_ui.desk import now
from tests.patience import PATIENCE_S
from tests.review_ui.conftest import (
    CLIP_S,
    PASSWORD,
    RunningDesk,
    pending_clip,
    pending_still,
)
from tests.rows import after

pytestmark = pytest.mark.browser

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
    expect(page.locator("#record")).to_be_focused()
    page.keyboard.press("Enter")
    problem = page.locator("#decision-problem")
    expect(problem).to_have_text("Write the reason or choose a ground, then record the decision.")
    assert desk.state() is IncidentState.DRAFTED

    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(problem).to_contain_text("tick all four")
    for key in "1234":
        page.keyboard.press(key)
    page.keyboard.press("w")
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
    expect(page.locator("#record")).to_be_focused()
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
    page.evaluate("HTMLFormElement.prototype.submit.call(document.querySelector('#decision'))")  # past its own check
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


# --- a monitor's day


@pytest.fixture
def busy(page: Page, desk: RunningDesk) -> Page:
    """The desk with more that waits: of the same vehicle soon after, and of two others."""
    with transaction(desk.database.sessions) as session:
        incident = session.get_one(Incident, desk.incident_id)
        facts = {column.key: getattr(incident, column.key) for column in Incident.__table__.columns}
        for number, plate in enumerate(["浙J12345", "浙J00001", "浙J00002"]):
            at = after(100 + number)
            differs = {"id": uuid.uuid4(), "conduct_key": f"more-{number}", "plate": plate, "confirmed_at": at}
            session.add(Incident(**(facts | differs)))
        reads = [
            ReadAt(after(70.4), "浙J12345", 0.97, "small", "blue", Box(240, 240, 320, 265)),
            ReadAt(after(72.4), "浙J1Z345", 0.41, "small", "blue", Box(240, 240, 320, 265)),
        ]
        record_plate(session, incident, reads, "浙J12345", 0.97)
        session.add(Loudspeaker(id="horn-1", camera_id="gate-3", driver="onvif"))
        session.add(LookRequest(incident_id=incident.id, asked_by=Asker.OWNER, asked_at=after(71.5)))
    return page


def open_first(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/incidents/"))
    page.wait_for_load_state("load")


def test_from_opening_to_decided_in_three_keys_on_to_the_next_and_back_by_one(
    busy: Page, desk: RunningDesk, tmp_path: Path
) -> None:
    open_first(busy)
    expect(busy.locator("#in-hand-now")).to_have_text("In your hand")
    for key in ("a", "0", "Enter", "Enter", "Enter"):  # a key that is held down decides once
        busy.keyboard.press(key)
    busy.wait_for_url(re.compile(r"decided="))
    assert desk.state() is IncidentState.ACCEPTED
    with reading(desk.database.sessions) as session:
        assert session.query(ReviewDecision).count() == 1
    expect(busy.locator(".done")).to_contain_text("浙J12345: accepted.")
    expect(busy.locator("#in-hand-now")).to_have_text("In your hand")
    busy.screenshot(path=tmp_path / "decided.png")
    busy.keyboard.press("u")
    busy.wait_for_url(re.compile(rf"/incidents/{desk.incident_id}$"))
    expect(busy.locator("h1 .badge")).to_have_text("To review")
    expect(busy.locator(".decided .badge")).to_have_text("taken back")

    busy.wait_for_load_state("load")
    for key in ("d", "2", "Enter"):
        busy.keyboard.press(key)
    expect(busy.locator(".done")).to_contain_text("浙J12345: dismissed.")
    assert desk.state() is IncidentState.DISMISSED


def test_speed_moments_and_plate_by_keyboard(busy: Page, desk: RunningDesk, tmp_path: Path) -> None:
    open_first(busy)
    wait_until(busy, "document.querySelector('video').readyState >= 2")
    busy.keyboard.press(">")
    expect(busy.locator("#speed")).to_have_value("2")
    assert busy.evaluate("document.querySelector('video').playbackRate") == 2
    busy.keyboard.press("<")
    busy.keyboard.press("<")
    assert busy.evaluate("document.querySelector('video').playbackRate") == 0.5

    busy.keyboard.press("]")  # the look the owner asked for, at 71.5; the clip begins at 70
    expect(busy.locator("#moment")).to_have_text("12:01:11.50")
    busy.keyboard.press("]")
    expect(busy.locator("#moment")).to_have_text("12:01:12.00")
    busy.keyboard.press("[")
    expect(busy.locator("#moment")).to_have_text("12:01:11.50")

    busy.locator(".sign[data-kind='look_again'][data-at]").focus()
    busy.keyboard.press("Enter")
    expect(busy.locator("#moment")).to_have_text("12:01:11.50")
    expect(busy.locator("#loupe")).to_be_visible()
    red, green = busy.evaluate(
        "[...document.querySelector('#loupe').getContext('2d').getImageData(176, 56, 1, 1).data]"
    )[:2]
    assert (red > 150, green < 100) == (True, True), "the loupe shows the red car where the plate was read"
    busy.screenshot(path=tmp_path / "loupe.png")

    busy.locator(".stills .picture").nth(1).click()
    expect(busy.locator("#moment")).to_have_text("12:01:12.00")

    busy.keyboard.press("p")
    expect(busy.locator("#plate-said")).to_be_focused()
    busy.keyboard.type("浙J54321")
    busy.keyboard.press("Enter")
    expect(busy.locator("#plate-title .badge")).to_have_text("confirmed by li.na")
    expect(busy.locator(".plate.large")).to_have_text("浙J54321")
    expect(busy.locator(".plate-text")).to_have_text(["浙J12345", "浙J1Z345"])


def test_the_queue_is_live_shows_hands_and_counts_and_keeps_the_place(
    busy: Page, desk: RunningDesk, tmp_path: Path
) -> None:
    busy.goto("/?camera=gate-3")
    expect(busy.locator("#live")).to_have_text("live")
    expect(busy.locator(".queue .row")).to_have_count(3)
    busy.locator("details.alike summary").click()
    busy.keyboard.press("k")
    busy.locator(".queue .row").nth(1).focus()
    with transaction(desk.database.sessions) as session:
        colleague = accounts.add_user(
            session, name="wang.wei", display_name="王伟", password=PASSWORD, role=Role.MONITOR, at=now()
        )
        claims.take(session, desk.incident_id, colleague, at=now())
    first = busy.locator(".queue .row").first
    expect(first.locator("[data-state='claimed']")).to_have_text("in hand: 王伟")
    expect(busy.locator("li .take")).to_have_count(2)
    expect(busy.locator(".queue .row").nth(1)).to_be_focused()
    expect(busy.locator("details.alike")).to_have_attribute("open", "")
    busy.screenshot(path=tmp_path / "live.png")
    with transaction(desk.database.sessions) as session:
        user = session.query(User).filter_by(name="wang.wei").one()
        review.decide(
            session,
            desk.incident_id,
            user=user,
            decision=Decision.DISMISS,
            reason="no vehicle",
            four_points=review.FourPoints(False, False, False, False),
            at=now(),
        )
    expect(busy.locator(".state-tabs a", has_text="For a person").locator("b")).to_have_text("3")
    expect(busy.locator(".state-tabs a", has_text="Dismissed").locator("b")).to_have_text("1")
    # what a colleague has in hand is looked at, not taken: with a reason of one's own
    busy.locator(".queue .row").last.click()
    busy.wait_for_url(re.compile(rf"/incidents/{desk.incident_id}"))


# of a group of radio buttons Tab reaches one, the arrows the others
PRESSED = (
    "[...document.querySelectorAll(\"a[href], button, input:not([type='hidden'], [type='radio']), select, textarea, "
    "summary, [role='button'], video\")].filter((one) => one.checkVisibility() && !one.closest('dialog'))"
)


def test_keys_are_listed_and_everything_that_can_be_pressed_is_reached_by_tab(
    busy: Page, desk: RunningDesk, tmp_path: Path
) -> None:
    for path in ("/", f"/incidents/{desk.incident_id}"):
        busy.goto(path)
        busy.wait_for_load_state("load")
        busy.keyboard.press("?")
        expect(busy.locator("#keys")).to_be_visible()
        busy.keyboard.press("d")
        busy.screenshot(path=tmp_path / f"keys-{path.strip('/')[:8] or 'queue'}.png")
        busy.keyboard.press("Escape")
        expect(busy.locator("#keys")).to_be_hidden()
        assert busy.locator("[name='decision']:checked").count() == 0

        busy.evaluate(f"{PRESSED}.forEach((one, place) => {{ one.dataset.place = place; }})")
        count = busy.evaluate(f"{PRESSED}.length")
        reached: set[str] = set()
        for _ in range(count + 40):  # the controls of a player are stops as well
            busy.keyboard.press("Tab")
            reached.add(busy.evaluate("document.activeElement.dataset?.place ?? ''"))
        assert {str(place) for place in range(count)} <= reached, path


def serious(page: Page, rules: list[str] | None = None) -> list[tuple[str, str]]:
    """What axe-core finds to be serious or critical: the rule, and where."""
    options = {"resultTypes": ["violations"]} | ({} if rules is None else {"runOnly": rules})
    return [
        (one["id"], str(node["target"]))
        for one in Axe().run(page, options=options).response["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


def test_axe_finds_nothing_serious_on_queue_and_incident_in_both_themes(busy: Page, desk: RunningDesk) -> None:
    open_first(busy)
    found = []
    for scheme, rules in (("light", None), ("dark", ["color-contrast"])):  # all that colours change
        busy.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] - its two words
        for path, keys in (("/", ""), (f"/incidents/{desk.incident_id}", "d"), (f"/incidents/{desk.incident_id}", "?")):
            busy.goto(path)
            busy.wait_for_load_state("load")
            for key in keys:
                busy.keyboard.press(key)
            found += [(scheme, path, *one) for one in serious(busy, rules)]
    assert found == []


def test_axe_finds_what_is_serious(page: Page) -> None:
    page.evaluate("document.body.append(Object.assign(document.createElement('button'), {id: 'nameless'}))")
    assert [rule for rule, _ in serious(page)] == ["button-name"]
