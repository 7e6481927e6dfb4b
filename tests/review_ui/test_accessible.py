"""Every page of the desk, found from the routes: for who does not see well, uses no mouse, or has a phone.

Each is looked at in light on a desk, then in dark on a phone. A new page is in it from the start.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import cv2
import httpx
import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, Page, ViewportSize

from cases import accounts, dispatch, newest_pictures, page_links
from cases.accounts import Granted
from cases.newest_pictures import PictureFolders
from evidence.vault import Vault
from models.database import transaction
from models.derivatives import Derivative
from models.enums import DerivativeState, DispatchPurpose, IncidentState, Role
from models.incidents import Incident
from models.law_catalogue import LawEdition
from models.people import Officer
from models.promises import Notice
from models.retention import ViewingReason
from review_ui.app import ReviewSettings, make_app
from review_ui.desk import now
from tests.conftest import sqlite_copy
from tests.review_ui.chromium import grave, keep, launched, listened_to
from tests.review_ui.conftest import PASSWORD, draw_frame, serve
from tests.review_ui.two_areas import EAST, KEY, LAW_CODE, WEST, Desk, Hand, add_areas, add_place, browser
from tests.rows import add_site

pytestmark = pytest.mark.browser

# addresses that answer with something else than a page to everybody here, and why
NO_PAGE_HERE = {
    "/sign-in/elsewhere": "the site takes nobody else's word",
    "/sign-in/elsewhere/back": "the site takes nobody else's word",
    "/metrics": "the site has no token for a scraper",
    "/account/signature/picture": "who looks put no picture of a signature there",
    "/fence-proposals/{proposal_id}/picture": "the proposal was drawn on no picture",
    "/fence-trials/{trial_id}/pictures/{position}": "the trial has not begun",
    "/recordings/{recording_id}/video": "the file of the recording is not on this machine",
    "/incidents/{incident_id}/beside/{exhibit_id}": "beside an incident stand pictures of other cameras alone",
    "/incidents/{incident_id}/beside/recordings/{recording_id}": "beside an incident stand pictures of other cameras",
    "/uploads/{upload_id}": "opened by a token and by no session",
}
# a document in a frame of the page: it has no bar to skip, and nothing to press
PAPER = "/incidents/{incident_id}/draft"
# what is pressed; of a group of radio buttons Tab reaches one, the arrows the others
PRESSED = """
[...document.querySelectorAll("a[href], button, input:not([type='hidden'], [type='radio']), select, textarea, summary, "
  + "[role='button'], [tabindex='0'], video, audio")]
  .filter((one) => !one.disabled)
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("dialog"))
"""
# what of an element, of its label or of what lies in it is otherwise when it has the focus
WATCH_THE_FOCUS = f"""
(() => {{
  const look = (one) => [one, one.parentElement, ...one.children].map((each) => {{
    const style = getComputedStyle(each);
    return [style.outline, style.boxShadow, style.borderColor, style.stroke, style.strokeWidth, style.backgroundColor];
  }}).join();
  const pressed = {PRESSED};
  document.activeElement?.blur();
  const before = new Map(pressed.map((one) => [one, look(one)]));
  window.reached = new Set();
  window.shown = new Set();
  window.waiting = () => pressed.filter((one) => !window.reached.has(one) && one.isConnected && one.checkVisibility());
  document.addEventListener("focusin", (event) => {{
    if (!before.has(event.target)) return;
    window.reached.add(event.target);
    if (look(event.target) !== before.get(event.target)) window.shown.add(event.target);
  }});
  return pressed.length;
}})()
"""
NAMED = "(one) => one.outerHTML.slice(0, 140).replace(/\\s+/g, ' ')"
BARE = {"/m/", "/o/"}  # pages behind messages have no bar
OTHER_STOPS = 150  # at most: parts of a player and of a date, what a frame holds, what can be scrolled
DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)


@dataclass(frozen=True)
class Site:
    desk: Desk
    hand: Hand  # of who may everything
    addresses: dict[str, str]  # by the path of the route; each is a page
    not_pages: dict[str, int]  # what answers neither with a page nor with anything that is none, and how


@dataclass
class Seen:
    light: list[tuple[str, str]] = field(default_factory=list)
    dark: list[tuple[str, str]] = field(default_factory=list)
    never_reached: list[str] = field(default_factory=list)
    focus_unseen: list[str] = field(default_factory=list)
    first_stop: str = ""
    headings: int = 0
    width: int = 0


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    yield from launched()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Site]:
    """One of everything, somebody who may everything, the links that an owner and an officer hold."""
    folder = tmp_path_factory.mktemp("accessible")
    pictures = PictureFolders(folder / "pictures")
    _, encoded = cv2.imencode(".jpg", draw_frame(0))
    newest_pictures.keep(pictures.newest, "east-camera", encoded.tobytes(), now())
    for database in sqlite_copy(migrated_sqlite, folder):
        settings = ReviewSettings(
            database.sessions,
            folder / "vault",
            folder / "drafts",
            personal_data_key=KEY,
            pictures=pictures,
            uploads_dir=folder / "uploads",
        )
        with Vault.open(settings.vault_root) as vault, transaction(database.sessions) as session:
            place = add_site(session)
            add_areas(session)
            wu = accounts.add_user(session, name="wu", display_name="吴", password=PASSWORD, role=None, at=now())
            places = {area: add_place(session, vault, place, area, wu) for area in (EAST, WEST)}
            edition = session.query(LawEdition).one()
        routes = [route for route in make_app(settings).routes if isinstance(route, APIRoute)]
        with ExitStack() as closing:
            for url in serve(settings):
                desk = Desk(url, database.sessions, routes, places, {}, closing)
                hand = desk.enter(desk.user("everything", *(Granted(role) for role in Role)))
                ids = dict(places[EAST].ids) | {"user_id": str(wu.id), "position": "1", "language": "en"}
                ids |= {"session_id": "0" * 64, "grant_id": str(wu.id), "token_id": str(wu.id)}
                ids |= {"code": LAW_CODE, "edition_id": str(edition.id)}
                yield found(desk, hand, ids, links(desk))
                closing.close()


def links(desk: Desk) -> dict[str, str]:
    """What is in an owner's message of the west, and in an officer's of the east."""
    at = now()
    with transaction(desk.sessions) as session:
        for made in session.query(Derivative).filter_by(state=DerivativeState.MADE):
            made.recipe = {
                "parts": [{"original_sha256": made.sha256, "caption": None}],
                "encoder": "libjpeg",
                "same_bytes": True,
            }
        west, east = (uuid.UUID(desk.places[area].ids["incident_id"]) for area in (WEST, EAST))
        incident = session.get_one(Incident, west)
        incident.recording_id = None
        incident.state, incident.grace_ends_at = IncidentState.NOTIFIED, at + timedelta(seconds=500)
        notice = session.query(Notice).filter_by(incident_id=west).one()
        session.add(Officer(name="Zhao", phone_sealed=b"sealed", grid=EAST, duty=[]))
        session.flush()
        sent = dispatch.send(session, east, DispatchPurpose.STILL_THERE, at=at)
        assert sent is not None
        officer = session.query(Officer).one()
        give = page_links.PageLinks("")
        owners = give(session, "move_vehicle", {"incident_id": str(west), "notice_id": str(notice.id)}, at)
        told = {"incident_id": str(east), "dispatch_id": str(sent.id), "officer_id": str(officer.id)}
        officers = give(session, "officer_told", told, at)
    assert owners
    assert officers
    return {"/m/{token}": owners, "/o/{token}": officers}


def found(desk: Desk, hand: Hand, ids: dict[str, str], links: dict[str, str]) -> Site:
    """Every page that there is: of each route that answers to GET what it answers, to somebody or to a stranger."""
    addresses, not_pages = {}, {}
    for route in desk.routes:
        if "GET" not in (route.methods or ()) or route.path.startswith("/api/"):
            continue
        holder = next((link for path, link in links.items() if route.path.startswith(path)), None)
        path = route.path if holder is None else route.path.replace(route.path[: len("/m/{token}")], holder)
        answers = [answer(client, path.format(**ids)) for client in (hand.browser, browser(desk.url))]
        for status, kind, begins in answers:
            if status == 200 and (kind != "text/html" or not begins.startswith("<!doctype")):
                break  # a picture, a document, or a piece of another page
            if status == 200:
                addresses[route.path] = path.format(**ids)
                break
        else:
            if answers[0][0] not in {302, 303, 307}:
                not_pages[route.path] = answers[0][0]
    west = uuid.UUID(desk.places[WEST].ids["incident_id"])
    with transaction(desk.sessions) as session:
        session.query(ViewingReason).filter_by(incident_id=west).delete()
    addresses["what for is asked first"] = f"/incidents/{west}"
    addresses["nothing there"] = "/nothing/there"
    return Site(desk, hand, addresses, not_pages)


def answer(client: httpx.Client, path: str) -> tuple[int, str, str]:
    """Status, what it is, and how it begins; what streams on is not waited for."""
    with client.stream("GET", path, headers={"accept": "text/html"}) as given:
        kind = given.headers.get("content-type", "").partition(";")[0]
        begins = next(given.iter_text(), "") if kind == "text/html" else ""
        return given.status_code, kind, begins.lstrip().lower()


@pytest.fixture(scope="module")
def seen(chromium: Browser, site: Site) -> Iterator[dict[str, Seen]]:
    """Each page opened once, with what was noticed on it."""
    complaints: list[str] = []
    context = chromium.new_context(base_url=site.desk.url, locale="zh-CN", viewport=DESK)
    stranger = chromium.new_context(base_url=site.desk.url, locale="zh-CN", viewport=DESK)
    context.add_cookies([{"name": "session", "value": site.hand.token, "url": site.desk.url}])
    page, outside = (listened_to(each.new_page(), complaints) for each in (context, stranger))
    noticed = {}
    for path, address in site.addresses.items():
        opened = outside if path.startswith(("/m/", "/o/", "/sign-in")) else page
        noticed[path] = look_at(opened, path, address)
    yield noticed
    for each in (context, stranger):
        each.close()
    refused = ("/nothing/there:", "/draft:")  # the paper names no icon, so the browser asks where there is none
    assert [said for said in complaints if not any(each in said for each in refused)] == []


def look_at(page: Page, path: str, address: str) -> Seen:
    noticed = Seen()
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    page.goto(address)
    page.wait_for_load_state("load")
    keep(page, f"page-light-{picture_name(path)}")
    noticed.headings = page.locator("h1").count()
    noticed.light = grave(page)
    noticed.first_stop = page.evaluate(f"({PRESSED.strip()})[0]?.className ?? ''")
    count = page.evaluate(WATCH_THE_FOCUS)
    for pressed in range(count + OTHER_STOPS):
        page.keyboard.press("Tab")
        if pressed >= count and pressed % 10 == 0 and not page.evaluate("window.waiting().length"):
            break
    noticed.never_reached = page.evaluate(f"window.waiting().map({NAMED})")
    noticed.focus_unseen = page.evaluate(f"[...window.reached].filter((one) => !window.shown.has(one)).map({NAMED})")

    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    keep(page, f"page-phone-{picture_name(path)}")
    noticed.dark = grave(page, ["color-contrast", "scrollable-region-focusable", "link-in-text-block"])
    noticed.width = page.evaluate("document.documentElement.scrollWidth")
    return noticed


def picture_name(path: str) -> str:
    return re.sub(r"[^a-z]+", "-", path).strip("-") or "queue"


def test_every_address_that_is_asked_for_is_a_page_or_a_reason_says_why_it_is_none_here(site: Site) -> None:
    assert site.not_pages.keys() == NO_PAGE_HERE.keys()
    assert len(site.addresses) > 25


def test_axe_finds_nothing_grave_on_any_page_in_light_or_dark(seen: dict[str, Seen]) -> None:
    found = [(path, *each) for path, noticed in seen.items() for each in (*noticed.light, *noticed.dark)]
    assert found == [], "\n".join(map(str, found))


def test_everything_that_can_be_pressed_is_reached_by_tab(seen: dict[str, Seen]) -> None:
    missed = [(path, each) for path, noticed in seen.items() for each in noticed.never_reached]
    assert missed == [], "\n".join(map(str, missed))


def test_what_has_the_focus_looks_otherwise_than_without(seen: dict[str, Seen]) -> None:
    unseen = [(path, each) for path, noticed in seen.items() for each in noticed.focus_unseen]
    assert unseen == [], "\n".join(map(str, unseen))


def test_every_page_has_one_heading_and_begins_with_the_way_past_the_bar(seen: dict[str, Seen]) -> None:
    assert {path: noticed.headings for path, noticed in seen.items() if noticed.headings != 1} == {}
    barred = {path: noticed.first_stop for path, noticed in seen.items() if path != PAPER and path[:3] not in BARE}
    assert {path: stop for path, stop in barred.items() if stop != "skip"} == {}


def test_no_page_is_wider_than_a_phone(seen: dict[str, Seen]) -> None:
    assert {path: noticed.width for path, noticed in seen.items() if noticed.width > PHONE["width"]} == {}
