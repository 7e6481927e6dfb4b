"""The geofence editor in a real Chromium: drawn by mouse and by keyboard, proposed, approved by a second person.

Screenshots stay with the test.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select

from cases import accounts, newest_pictures
from models.database import reading, transaction
from models.enums import Role
from models.fence_proposals import FenceEvent, FenceProposal
from models.places import GeofenceVersion
from review_ui.desk import now
from tests.review_ui.conftest import PASSWORD, RunningDesk, draw_frame
from tests.review_ui.test_browser import CHROMIUM, QUIET
from tests.rows import NOON

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None or shutil.which(CHROMIUM) is None:
        pytest.skip("no Chromium here: install the package chromium to drive the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def watched(desk: RunningDesk) -> RunningDesk:
    """gate-3 has a picture of just now; two people who may propose, one of whom may approve."""
    assert desk.settings.pictures is not None
    _, encoded = cv2.imencode(".jpg", draw_frame(0))
    newest_pictures.keep(desk.settings.pictures.newest, "gate-3", encoded.tobytes(), now())
    with transaction(desk.database.sessions) as session:
        for name, shown, role in (("chen.bo", "陈波", Role.MONITOR), ("wang.min", "王敏", Role.LEADER)):
            accounts.add_user(session, name=name, display_name=shown, password=PASSWORD, role=role, at=NOON)
    return desk


@pytest.fixture
def sign_in(chromium: Browser, watched: RunningDesk) -> Iterator[Callable[..., Page]]:
    """A page of whoever is named; whatever the browser complains of fails the test."""
    complaints: list[str] = []

    def opened(name: str, **differs: Any) -> Page:
        shape: dict[str, Any] = {"locale": "en-GB", "viewport": {"width": 1440, "height": 900}} | differs
        page = chromium.new_context(base_url=watched.url, **shape).new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto("/sign-in?next=/cameras/gate-3/fences")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url("**/fences")
        return page

    yield opened
    for context in chromium.contexts:
        context.close()
    # what is refused is a 409 or a 422, which the console lists as an error; that answer is the refusal, not a fault
    assert [said for said in complaints if "409" not in said and "422" not in said] == []


def draw_by_mouse(page: Page) -> None:
    """Four corners, one of them dragged elsewhere, and that undone."""
    expect(page.locator("html[data-editor='ready']")).to_have_count(1)
    box = page.locator(".fence-stage svg").bounding_box()
    assert box is not None

    def at(x: float, y: float) -> tuple[float, float]:
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    wanted = [(0.2, 0.4), (0.8, 0.4), (0.8, 0.9), (0.2, 0.9)]
    for corner in wanted:
        page.mouse.click(*at(*corner))
    page.keyboard.press("Enter")
    for drawn, corner in zip(corners(page), wanted, strict=True):
        assert drawn == pytest.approx(corner, abs=0.003)
    page.mouse.move(*at(0.8, 0.9))
    page.mouse.down()
    page.mouse.move(*at(0.7, 0.8), steps=4)
    page.mouse.up()
    assert corners(page)[2] == pytest.approx([0.7, 0.8], abs=0.003)
    page.get_by_role("button", name="Undo").click()
    assert corners(page)[2] == pytest.approx([0.8, 0.9], abs=0.003)


def corners(page: Page, field: str = "polygon") -> Any:
    return json.loads(page.locator(f"#{field}").input_value())


def draw_bay_and_door_line(page: Page) -> None:
    """A bay by mouse, a line of three points by mouse and keyboard, the shop turned to its other side and back."""
    box = page.locator(".fence-stage svg").bounding_box()
    assert box is not None

    def click(x: float, y: float) -> None:
        assert box is not None
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])

    page.get_by_role("button", name="+ Parking bay").click()
    expect(page.locator("#outline-said")).to_contain_text("Parking bay 1: Click the picture")
    for corner in ((0.3, 0.6), (0.5, 0.6), (0.5, 0.8), (0.3, 0.8)):
        click(*corner)
    page.get_by_role("button", name="Finish").click()
    assert corners(page, "bays") == [
        [pytest.approx(each, abs=0.003) for each in ((0.3, 0.6), (0.5, 0.6), (0.5, 0.8), (0.3, 0.8))]
    ]
    assert len(corners(page)) == 4, "the outline is as it was"
    page.get_by_role("button", name="+ Door line").click()
    click(0.2, 0.5)
    click(0.5, 0.5)
    page.keyboard.press("Enter")
    page.keyboard.press("a")
    page.keyboard.press("Alt+ArrowRight")
    page.keyboard.press("ArrowDown")
    assert corners(page, "line") == [pytest.approx(each, abs=0.003) for each in ((0.2, 0.5), (0.5, 0.5), (0.65, 0.505))]
    expect(page.get_by_role("button", name="+ Door line")).to_be_hidden()
    assert page.locator(".hatch").count() > 10
    page.keyboard.press("s")
    assert page.locator("#shop-side").input_value() == "right", "the smaller part lies above, left of the line"
    page.keyboard.press("s")
    assert page.locator("#shop-side").input_value() == "left"
    page.keyboard.press("o")
    expect(page.locator("#shapes [aria-pressed='true']")).to_have_text("Outline")
    click(0.4, 0.7)
    expect(page.locator("#shapes [aria-pressed='true']")).to_have_text("Parking bay 1")


def test_a_fence_is_drawn_by_mouse_proposed_and_approved_by_a_second_person(
    sign_in: Callable[..., Page], watched: RunningDesk, tmp_path: Path
) -> None:
    page = sign_in("chen.bo")
    page.goto("/cameras/gate-3/fences")
    page.screenshot(path=tmp_path / "fences.png")
    page.get_by_role("link", name="New geofence").click()
    draw_by_mouse(page)
    page.fill("#name", "Kerb by the school")
    page.check("[name='offence'][value='illegal_parking']")
    page.fill("[name='illegal_parking.dwell_s']", "90")
    page.check("[name='illegal_parking.role'][value='two_wheeler']")
    page.check("[name='offence'][value='street_vending']")
    page.uncheck("[name='street_vending.role'][value='litter']")
    draw_bay_and_door_line(page)
    page.get_by_role("button", name="Add hours").click()
    page.fill("#hours .line [name='days']", "mon-fri")
    page.fill("#exemptions", "浙J12345")
    page.screenshot(path=tmp_path / "editor.png", full_page=True)
    page.get_by_role("button", name="Propose").click()
    expect(page.locator("[role='alert']")).to_contain_text("Write the reason")
    page.fill("#reason", "children walk on the road because of parked cars")
    page.get_by_role("button", name="Propose").click()
    expect(page.locator("#second-person")).to_contain_text("王敏")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    page.screenshot(path=tmp_path / "proposed.png", full_page=True)
    with reading(watched.database.sessions) as session:
        assert session.scalars(select(GeofenceVersion).where(GeofenceVersion.geofence_id == "gate-3-1")).all() == []

    second = sign_in("wang.min")
    second.goto("/cameras/gate-3/fences")
    second.get_by_role("link", name="Kerb by the school").click()
    second.fill("#decide-reason", "looked at the picture; the bus stop is outside")
    second.screenshot(path=tmp_path / "to-approve.png", full_page=True)
    second.get_by_role("button", name="Approve").click()
    second.wait_for_url("**/fences/gate-3-1")
    expect(second.locator(".versions tbody tr")).to_have_count(1)
    expect(second.locator(".versions tbody tr")).to_contain_text("chen.bo, wang.min")
    second.screenshot(path=tmp_path / "history.png", full_page=True)
    with reading(watched.database.sessions) as session:
        version = session.scalars(select(GeofenceVersion).where(GeofenceVersion.geofence_id == "gate-3-1")).one()
        parking, vending = version.offences["illegal_parking"], version.offences["street_vending"]
        assert (parking["dwell_s"], parking["roles"]) == (90.0, ["vehicle", "two_wheeler"])
        assert [len(bay) for bay in parking["bays"]] == [4]
        assert (len(vending["line"]), vending["shop_side"], "litter" in vending["roles"]) == (3, "left", False)
        assert version.timetable == [{"days": "mon-fri", "from": "07:00", "to": "22:00"}]
        assert version.exemptions == ["浙J12345"]
        events = session.scalars(select(FenceEvent).order_by(FenceEvent.seq)).all()
        assert [(each.act.value, each.actor) for each in events] == [("proposed", "chen.bo"), ("approved", "wang.min")]


def test_a_fence_is_changed_by_keyboard_alone(
    sign_in: Callable[..., Page], watched: RunningDesk, tmp_path: Path
) -> None:
    page = sign_in("chen.bo")
    page.goto("/fences/no-stopping-7/edit")
    expect(page.locator("html[data-editor='ready']")).to_have_count(1)
    before = corners(page)
    page.locator(".fence-stage svg").focus()
    page.keyboard.press("n")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    assert corners(page)[1] == pytest.approx([before[1][0] + 0.001, before[1][1] - 0.005])
    page.keyboard.press("a")
    assert len(corners(page)) == 5
    page.keyboard.press("Delete")
    page.keyboard.press("Control+z")
    assert len(corners(page)) == 5
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert corners(page) == before
    page.keyboard.press("Control+y")
    assert corners(page)[1] == pytest.approx([before[1][0], before[1][1] - 0.005])
    page.keyboard.press("n")
    page.keyboard.press("n")
    for _ in range(15):
        page.keyboard.press("Alt+ArrowRight")
    expect(page.locator("#outline-said")).to_contain_text("crosses itself")
    assert page.locator(".crossing").count() > 0
    page.screenshot(path=tmp_path / "crossing.png")
    page.fill("#reason", "past the page's own words")
    page.get_by_role("button", name="Propose").press("Enter")
    expect(page.locator("[role='alert']")).to_contain_text("crosses itself")
    with reading(watched.database.sessions) as session:
        assert session.scalars(select(FenceProposal)).all() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440], ids=["phone", "desk"])
def test_the_pages_of_fences_fit_the_screen(
    sign_in: Callable[..., Page], tmp_path: Path, width: int, scheme: Any
) -> None:
    page = sign_in("chen.bo", color_scheme=scheme, has_touch=width == 390)
    page.set_viewport_size({"width": width, "height": 844})
    for path in ("/cameras/gate-3/fences", "/fences/no-stopping-7", "/fences/no-stopping-7/edit"):
        page.goto(path)
        page.screenshot(path=tmp_path / f"{path.strip('/').replace('/', '-')}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    if width == 390:
        between = page.locator("circle.hold[data-between='0']").bounding_box()
        assert between is not None
        page.touchscreen.tap(between["x"] + between["width"] / 2, between["y"] + between["height"] / 2)
        assert len(corners(page)) == 5
