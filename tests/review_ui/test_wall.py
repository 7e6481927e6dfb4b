"""The wall and the map: what is newer is fetched and nothing else, each sees their own cameras, places stand in the
datum of the map."""

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from cases import accounts, newest_pictures
from cases.cameras import note_clock, note_condition
from cases.map_datum import MapDatum, gcj02_of, on_map
from cases.newest_pictures import PictureFolders
from models.database import transaction
from models.dispatch import Area
from models.enums import AreaLevel, CameraState, ClockMeasure, IncidentState, Role
from models.incidents import Incident
from models.places import Camera, Site
from models.watching import CameraConnection, CameraLease
from review_ui.desk import now
from review_ui.settings import MapTiles
from tests.patience import PATIENCE_MS
from tests.review_ui.conftest import PASSWORD, RunningDesk, draw_frame, serve
from tests.review_ui.test_browser import CHROMIUM, QUIET
from tests.rows import NOON, add_camera


def jpeg(number: int) -> bytes:
    _, encoded = cv2.imencode(".jpg", draw_frame(number))
    return encoded.tobytes()


@pytest.fixture
def streets(desk: RunningDesk) -> RunningDesk:
    """gate-3 in street-1 is watched, with a picture and a wrong clock; gate-4 in street-2 has no place entered."""
    assert desk.settings.pictures is not None
    at = now()
    newest_pictures.keep(desk.settings.pictures.newest, "gate-3", jpeg(0), at - timedelta(seconds=5))
    with transaction(desk.database.sessions) as session:
        session.add(Area(id="city", name="Taizhou", level=AreaLevel.CITY, parent_id=None))
        session.flush()
        for number in (1, 2):
            session.add(
                Area(id=f"street-{number}", name=f"Street {number}", level=AreaLevel.DISTRICT, parent_id="city")
            )
        session.flush()
        gate = session.get_one(Camera, "gate-3")
        gate.area_id = "street-1"
        site = session.get_one(Site, gate.site_id)
        nowhere: dict[str, Any] = {"lat": None, "lon": None, "area_id": "street-2"}
        add_camera(session, site, id="gate-4", name="East gate", **nowhere)
        add_camera(session, site, id="gate-5", name="South gate", lat=28.652, lon=121.263, area_id="street-1")
        session.add(CameraConnection(camera_id="gate-3", username="viewer", password_sealed=b"sealed"))
        lease = {"fence": 1, "taken_at": at - timedelta(hours=1), "expires_at": at + timedelta(hours=1)}
        session.add(CameraLease(camera_id="gate-3", holder="box", **lease))
        note_condition(session, "gate-3", CameraState.COVERED, None, at - timedelta(minutes=9))
        note_clock(session, "gate-3", offset_s=-7.5, error_s=0.25, measure=ClockMeasure.ONVIF, at=at, last=None)
        session.get_one(Incident, desk.incident_id).state = IncidentState.NOTIFIED
        for name, area in (("chen.bo", None), ("lin.li", "street-2")):
            accounts.add_user(
                session, name=name, display_name=name, password=PASSWORD, role=Role.MONITOR, area_id=area, at=NOON
            )
    return desk


def wall_of(browser: httpx.Client) -> dict[str, Any]:
    return {each["id"]: each for each in browser.get("/wall/state").json()["cameras"]}


def test_a_picture_is_sent_once_until_there_is_a_newer_one(streets: RunningDesk) -> None:
    browser = streets.signed_in("chen.bo", looking=False)
    state = browser.get("/wall/state")
    gate = wall_of(browser)["gate-3"]
    assert (gate["words"], gate["trouble"], gate["clock"], gate["clock_off"]) == (
        "Covered",
        True,
        "-7.50 ± 0.25 s",
        True,
    )
    assert wall_of(browser)["gate-4"]["picture"] is None
    assert browser.get("/wall/state", headers={"if-none-match": state.headers["etag"]}).status_code == 304
    first = browser.get(gate["picture"])
    assert first.headers["content-type"] == "image/jpeg"
    assert browser.get(gate["picture"], headers={"if-none-match": first.headers["etag"]}).status_code == 304
    assert streets.settings.pictures is not None
    newest_pictures.keep(streets.settings.pictures.newest, "gate-3", jpeg(200), now())
    newer = browser.get("/wall/state", headers={"if-none-match": state.headers["etag"]})
    assert newer.status_code == 200
    assert wall_of(browser)["gate-3"]["picture"] != gate["picture"]
    assert browser.get(gate["picture"], headers={"if-none-match": first.headers["etag"]}).status_code == 200


def test_nobody_sees_cameras_of_an_area_that_is_not_theirs(streets: RunningDesk) -> None:
    browser = streets.signed_in("lin.li", looking=False)
    assert list(wall_of(browser)) == ["gate-4"]
    assert browser.get("/cameras/gate-3/picture").status_code == 404
    assert browser.get("/map/places").json() == {"cameras": [], "areas": []}
    assert streets.browser().get("/wall/state", headers={"accept": "application/json"}).status_code == 401


def test_a_role_that_sees_no_street_without_an_incident_has_no_wall(streets: RunningDesk) -> None:
    reviewer = streets.signed_in()
    assert reviewer.get("/wall").status_code == 403
    assert reviewer.get("/cameras/gate-3/picture").status_code == 403
    assert "/cameras/gate-3/picture" not in reviewer.get("/cameras/gate-3").text


def test_the_camera_page_tells_which_paper_has_lapsed(streets: RunningDesk) -> None:
    with transaction(streets.database.sessions) as session:
        session.get_one(Camera, "gate-3").verified_until = NOON.date()
    page = streets.signed_in("chen.bo", looking=False).get("/cameras/gate-3").text
    assert "Discovery only" in page
    assert re.search(r"Verified until</dt><dd>2026-03-02 <span class=\"off\">missing or lapsed", page)
    assert page.count("missing or lapsed") == 1


def test_places_stand_in_the_datum_of_the_tiles_and_only_their_host_is_let_in(streets: RunningDesk) -> None:
    tiles = MapTiles("https://tiles.example/{z}/{x}/{y}.png", MapDatum.GCJ02, "© the house")
    for url in serve(replace(streets.settings, map_tiles=tiles)):
        browser = replace(streets, url=url).signed_in("chen.bo", looking=False)
        page = browser.get("/map")
        assert "img-src 'self' https://tiles.example" in page.headers["content-security-policy"]
        assert "© the house" in page.text
        assert "East gate" in page.text, "a camera without a place is named"
        assert "tiles.example" not in browser.get("/cameras").headers["content-security-policy"]
        found = {each["id"]: each for each in browser.get("/map/places").json()["cameras"]}
        assert (found["gate-3"]["lat"], found["gate-3"]["lon"]) == gcj02_of(28.65, 121.26)
        assert (found["gate-3"]["open"], found["gate-5"]["open"]) == (1, 0)
    plain = streets.signed_in("chen.bo", looking=False)
    assert "img-src" not in plain.get("/map").headers["content-security-policy"]
    answer = plain.get("/map/places").json()
    assert {each["id"]: each["lat"] for each in answer["cameras"]} == {"gate-3": 28.65, "gate-5": 28.652}
    assert [each["id"] for each in answer["areas"]] == ["city", "street-1"]


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
        ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
        ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
        ((48.8584, 2.2945), (48.8584, 2.2945)),
    ],
    ids=["shanghai", "shenzhen", "beijing", "paris_is_not_shifted"],
)
def test_gcj02_is_that_of_the_published_figures(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    assert on_map(*wgs84, MapDatum.GCJ02) == pytest.approx(gcj02, abs=1e-9)
    assert on_map(*wgs84, MapDatum.WGS84) == wgs84


def test_an_older_picture_never_replaces_a_newer_one_and_old_ones_go(tmp_path: Path) -> None:
    folder = PictureFolders(tmp_path).newest
    assert newest_pictures.keep(folder, "gate-3", b"newer", NOON)
    assert not newest_pictures.keep(folder, "gate-3", b"older", NOON - timedelta(seconds=1))
    assert newest_pictures.keep(folder, "gate-3", b"of a preset", NOON, preset="../corner")
    assert sorted(path.parent for path in folder.rglob("*")) == [folder, folder]
    found = newest_pictures.find(folder, "gate-3")
    assert found is not None
    assert (found.path.read_bytes(), found.captured_at) == (b"newer", NOON)
    assert newest_pictures.forget_old(folder, at=NOON + newest_pictures.KEPT) == 0
    assert newest_pictures.forget_old(folder, at=NOON + newest_pictures.KEPT + timedelta(seconds=1)) == 2
    assert newest_pictures.find(folder, "gate-3") is None


# --- in a real browser


class TileServer(BaseHTTPRequestHandler):
    """Tiles of one colour, as a house might have them."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        _, tile = cv2.imencode(".png", np.full((256, 256, 3), 210, dtype=np.uint8))
        self.send_response(200)
        self.send_header("content-type", "image/png")
        self.send_header("cross-origin-resource-policy", "cross-origin")
        self.end_headers()
        self.wfile.write(tile.tobytes())

    def log_message(self, *said: Any) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def tile_server() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Handler", (TileServer,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.fixture
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: install the package chromium to drive the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.mark.browser
def test_the_wall_shows_the_newer_picture_and_the_map_its_cameras(
    chromium: Browser, streets: RunningDesk, tile_server: tuple[str, list[str]], tmp_path: Path
) -> None:
    host, asked = tile_server
    tiles = MapTiles(host + "/{z}/{x}/{y}.png", attribution="© the house")
    complaints: list[str] = []
    for url in serve(replace(streets.settings, map_tiles=tiles)):
        page = chromium.new_context(base_url=url, locale="en-GB", viewport={"width": 1440, "height": 900}).new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/sign-in?next=/wall")
        page.fill("#name", "chen.bo")
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        picture = page.locator("[data-camera='gate-3'] img")
        expect(picture).to_have_js_property("complete", value=True)
        before = picture.get_attribute("src")
        page.screenshot(path=tmp_path / "wall.png")
        assert streets.settings.pictures is not None
        newest_pictures.keep(streets.settings.pictures.newest, "gate-3", jpeg(200), now())
        expect(picture).not_to_have_attribute("src", before or "", timeout=PATIENCE_MS)

        page.goto("/map")
        expect(page.locator("html[data-map='ready']")).to_have_count(1)
        expect(page.locator(".map-camera")).to_have_count(2)
        expect(page.locator(".map-area-name")).to_have_text(["Taizhou", "Street 1"])
        expect(page.locator("[data-camera='gate-3'] .open-count")).to_have_text("1")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=tmp_path / "map.png")
        assert re.fullmatch(r"/\d+/\d+/\d+\.png", asked[0])
        where = page.locator("[data-camera='gate-3']").get_attribute("transform")
        page.locator(".map-box svg").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("+")
        assert page.locator("[data-camera='gate-3']").get_attribute("transform") != where
        page.keyboard.press("0")
        expect(page.locator("[data-camera='gate-3']")).to_have_attribute("transform", where or "")
        page.locator("[data-camera='gate-3']").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/cameras/gate-3")
        page.context.close()
    assert complaints == []
