"""Handing in by browser; what came and what it is; a recording dated, called off and marked by hand; other bodies."""

import hashlib
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select

from cases import accounts, recorders
from cases.recorders import Reading
from ingest.marked_incidents import carry_out_marks
from ingest.sampler import Sampling
from ingest.upload_intake import take_in_all, uploads_to_do
from models.database import reading, transaction
from models.enums import (
    CameraKind,
    ClockSource,
    FootageRequestState,
    RecordingState,
    Role,
    UploadState,
)
from models.incidents import Incident, Recording
from models.recorders import FootageRequest, RecorderEvent, RecordingMark
from models.uploads import Upload
from review_ui.desk import now
from review_ui.settings import ReviewSettings
from tests.conftest import Database
from tests.media.make_clips import Film, Films, parks
from tests.patience import PATIENCE_S
from tests.review_ui.conftest import PASSWORD, RunningDesk, serve, token_in
from tests.review_ui.test_browser import CHROMIUM, QUIET
from tests.review_ui.test_uploads import PIECE, begun, noise
from tests.rows import NOON, add_camera, add_site

MEGABYTE = 1024 * 1024
PEOPLE = {"wang.qiang": Role.OFFICER, "zhao.min": Role.LEADER, "he.jie": Role.OPERATOR}


@dataclass(frozen=True)
class Counter(RunningDesk):
    """A desk at which recordings are handed in."""

    def worker_looks(self) -> None:
        with reading(self.database.sessions) as session:
            waiting = uploads_to_do(session)
        take_in_all(self.database.sessions, waiting, self.settings.vault_root, at=now())

    def worker_marks(self, recording_id: uuid.UUID) -> None:
        carry_out_marks(self.database.sessions, recording_id, self.settings.vault_root, sampling=Sampling(), clock=now)

    def uploads(self) -> list[Upload]:
        with reading(self.database.sessions) as session:
            return list(session.scalars(select(Upload).order_by(Upload.file_name)))

    def recording(self) -> Recording:
        with reading(self.database.sessions) as session:
            return session.scalars(select(Recording)).one()

    def people(self, name: str) -> httpx.Client:
        return self.signed_in(name, looking=False)

    def hands_in(self, browser: httpx.Client, name: str, data: bytes, recorder: str = "cam-17") -> str:
        """As the page's script does, in one piece."""
        page = browser.get("/handed-in").text
        headers = {"x-csrf-token": re.search(r'data-token="([^"]+)"', page)[1], "tus-resumable": "1.0.0"}  # type: ignore[index]
        browser.headers.update(headers)
        location = begun(browser, len(data), name, recorder=recorder)
        answer = browser.patch(location, content=data, headers={**PIECE, "upload-offset": "0"})
        assert answer.status_code == 204, answer.text
        return location

    def does(self, browser: httpx.Client, page: str, act: str, **fields: str) -> httpx.Response:
        """A form of the page, sent."""
        token = token_in(browser.get(page).text)
        return browser.post(act, data={"csrf_token": token, **fields}, follow_redirects=True)


@pytest.fixture
def counter(sqlite_database: Database, tmp_path: Path) -> Iterator[Counter]:
    settings = ReviewSettings(
        sqlite_database.sessions, tmp_path / "vault", tmp_path / "drafts", uploads_dir=tmp_path / "uploads"
    )
    with transaction(sqlite_database.sessions) as session:
        site = add_site(session)
        add_camera(session, site, id="cam-17", name="Recorder 17", kind=CameraKind.BODY_WORN)
        add_camera(session, site, id="police-4", name="Car 4", kind=CameraKind.VEHICLE)
        recorders.set_reading(session, "police-4", Reading(body="Traffic Police"), actor="tests", at=NOON)
        for name, role in PEOPLE.items():
            accounts.add_user(session, name=name, display_name=name, password=PASSWORD, role=role, at=NOON)
    for url in serve(settings):
        with ExitStack() as closing:
            yield Counter(url, sqlite_database, settings, uuid.uuid4(), closing)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return Films(tmp_path_factory.mktemp("films"))(Film((parks("red"),), seconds=20)).read_bytes()


def test_the_page_lists_what_came_with_its_state_and_the_reason_of_what_is_quarantined(
    counter: Counter, film: bytes
) -> None:
    officer = counter.people("wang.qiang")
    counter.hands_in(officer, "20260302_120000.mp4", film)
    counter.hands_in(officer, "<b>holiday</b>.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n")
    counter.worker_looks()
    page = officer.get("/handed-in").text
    assert "20260302_120000.mp4" in page
    assert "from the file&#39;s name" in page
    assert "&lt;b&gt;holiday&lt;/b&gt;.mp4" not in page  # the last part of the name: what stands behind the slash
    assert "quarantined" in page
    assert "one of the containers" in page
    assert "one of the containers" in officer.get("/handed-in/list?state=quarantined").text
    assert "20260302_120000.mp4" not in officer.get("/handed-in/list?state=quarantined").text
    assert str(counter.settings.vault_root) not in page


def test_a_page_of_another_site_and_a_role_that_may_not_hand_in_nothing(counter: Counter) -> None:
    officer, operator = counter.people("wang.qiang"), counter.people("he.jie")
    assert operator.get("/handed-in").status_code == 403
    assert operator.get("/footage-requests").status_code == 403
    token = re.search(r'data-token="([^"]+)"', officer.get("/handed-in").text)[1]  # type: ignore[index]
    sent = {"tus-resumable": "1.0.0", "upload-length": "5", "upload-metadata": "filename MDAwMS5tcDQ="}
    assert officer.post("/uploads", headers=sent).status_code == 401  # a cookie alone is no token
    assert officer.post("/uploads", headers=sent | {"x-csrf-token": "x" * 43}).status_code == 403
    foreign = sent | {"x-csrf-token": token, "sec-fetch-site": "cross-site"}
    assert officer.post("/uploads", headers=foreign).status_code == 403
    own = re.search(r'name="csrf_token" value="([^"]+)"', operator.get("/").text)[1]  # type: ignore[index]
    assert operator.post("/uploads", headers=sent | {"x-csrf-token": own}).status_code == 403
    assert counter.browser().post("/uploads", headers=sent | {"x-csrf-token": token}).status_code == 401
    assert counter.uploads() == []


def test_a_recording_is_dated_by_hand_called_off_and_begun_again(counter: Counter, film: bytes) -> None:
    officer = counter.people("wang.qiang")
    counter.hands_in(officer, "0001.mp4", film)
    counter.worker_looks()
    row = counter.recording()
    page = f"/recordings/{row.id}"
    assert "Nobody knows when it began" in officer.get(page).text
    said = counter.does(
        officer, page, f"{page}/start", began="2026-03-02T12:00:05", error_s="30", why="the clock on the wall"
    )
    assert "said by a person, ± 30 s" in said.text
    assert (counter.recording().started_at, counter.recording().clock_source) == (
        NOON + timedelta(seconds=5),
        ClockSource.GIVEN,
    )
    refused = counter.does(officer, page, f"{page}/start", began="soon", error_s="30", why="x")
    assert "cannot be read" in refused.text
    assert "called off" in counter.does(officer, page, f"{page}/cancel").text
    assert counter.recording().state is RecordingState.CANCELLED
    assert "nothing to call off" in counter.does(officer, page, f"{page}/cancel").text
    assert "waits" in counter.does(officer, page, f"{page}/again").text
    assert counter.recording().state is RecordingState.QUEUED


def test_a_recording_is_shown_to_who_says_what_for_and_marked(counter: Counter, film: bytes) -> None:
    officer = counter.people("wang.qiang")
    counter.hands_in(officer, "20260302_120000.mp4", film)
    counter.worker_looks()
    page = f"/recordings/{counter.recording().id}"
    assert officer.get(f"{page}/video").status_code == 403
    counter.does(officer, page, f"{page}/look", reason="to mark what the patrol filmed")
    shown = officer.get(f"{page}/video", headers={"range": "bytes=0-99"})
    assert (shown.status_code, shown.content) == (206, film[:100])
    assert shown.headers["content-type"] == "video/mp4"
    assert counter.people("zhao.min").get(f"{page}/video").status_code == 403  # each says it for himself
    marked = counter.does(
        officer, page, f"{page}/marks", offence="dumping", from_s="4", to_s="9.5", note="a sofa", box="0.1,0.2,0.5,0.9"
    )
    assert "being made" in marked.text
    counter.worker_marks(counter.recording().id)
    with reading(counter.database.sessions) as session:
        incident = session.scalars(select(Incident)).one()
        viewed = session.scalars(select(RecorderEvent).where(RecorderEvent.act == "viewed")).one()
    assert f"/incidents/{incident.id}" in officer.get(page).text
    assert (viewed.actor, viewed.facts) == ("wang.qiang", {"reason": "to mark what the patrol filmed"})
    wrong = counter.does(officer, page, f"{page}/marks", offence="dumping", from_s="19", to_s="99", note="x")
    assert "lie within the recording" in wrong.text
    assert officer.get(f"/incidents/{incident.id}").status_code == 200


def test_what_is_quarantined_or_another_bodys_is_not_shown(counter: Counter, film: bytes) -> None:
    officer, leader = counter.people("wang.qiang"), counter.people("zhao.min")
    counter.hands_in(officer, "20260302_120000.mp4", film, recorder="police-4")
    counter.worker_looks()
    recording = counter.recording()
    page = f"/recordings/{recording.id}"
    assert recording.state is RecordingState.HELD_BACK
    assert "another body&#39;s" in officer.get(page).text
    for act, fields in {
        "look": {"reason": "x"},
        "marks": {"offence": "dumping", "from_s": "1", "to_s": "5", "note": "x"},
        "again": {},
    }.items():
        token = {"csrf_token": token_in(officer.get("/footage-requests").text)}
        officer.post(f"{page}/{act}", data=token | fields)
    assert officer.get(f"{page}/video").status_code == 404
    with reading(counter.database.sessions) as session:
        assert session.scalars(select(RecordingMark)).all() == []
    asked = counter.does(
        officer,
        "/footage-requests",
        "/footage-requests",
        recorder="police-4",
        first="2026-03-02T11:00",
        last="2026-03-02T13:00",
        legal_basis="行政处罚法 第五十四条",
        purpose="case 7",
    )
    assert "Another person decides" in asked.text
    with reading(counter.database.sessions) as session:
        request = session.scalars(select(FootageRequest)).one()
    act = f"/footage-requests/{request.id}"
    until = f"{now() + timedelta(days=30):%Y-%m-%d}"
    token = token_in(officer.get("/footage-requests").text)
    assert officer.post(f"{act}/approve", data={"csrf_token": token, "until": until}).status_code == 403
    assert (
        "within the next year" in counter.does(leader, "/footage-requests", f"{act}/approve", until="2020-01-01").text
    )
    assert counter.recording().state is RecordingState.HELD_BACK
    assert "approved" in counter.does(leader, "/footage-requests", f"{act}/approve", until=until).text
    assert counter.recording().state is RecordingState.QUEUED
    assert "decided already" in counter.does(leader, "/footage-requests", f"{act}/refuse", reason="x").text
    with reading(counter.database.sessions) as session:
        assert session.scalars(select(FootageRequest)).one().state is FootageRequestState.APPROVED
    counter.does(officer, page, f"{page}/look", reason="x")
    assert officer.get(f"{page}/video").status_code == 200
    with transaction(counter.database.sessions) as session:
        upload = session.scalars(select(Upload)).one()
        upload.state, upload.why = UploadState.QUARANTINED, "it crashes the decoder"
    assert officer.get(f"{page}/video").status_code == 404


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: install the package chromium to drive the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, counter: Counter) -> Iterator[Page]:
    """An officer's page; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    context = chromium.new_context(base_url=counter.url, locale="en-GB", viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console", lambda said: complaints.append(f"{said.text} {said.location}") if said.type == "error" else None
    )
    opened.on("dialog", lambda dialog: dialog.accept())  # it is asked before a page with files on their way is left
    opened.goto("/sign-in?next=/handed-in")
    opened.fill("#name", "wang.qiang")
    opened.fill("#password", PASSWORD)
    opened.press("#password", "Enter")
    expect(opened.locator("#sender")).to_be_visible()
    yield opened
    context.close()
    # what a test broke off, or wanted refused, the console lists as an error too
    assert [said for said in complaints if "ERR_FAILED" not in said and "415" not in said] == []


@pytest.mark.browser
def test_files_go_on_their_way_pause_and_go_on_after_a_reload(page: Page, counter: Counter, tmp_path: Path) -> None:
    large, small = tmp_path / "large.mp4", tmp_path / "small.mp4"
    large.write_bytes(noise(30 * MEGABYTE))
    small.write_bytes(noise(MEGABYTE, seed=8))
    page.select_option("#recorder", "cam-17")
    page.route(
        "**/uploads/*",
        lambda route: route.abort() if route.request.headers.get("upload-offset") == "16777216" else route.continue_(),
    )
    page.set_input_files("#files", [large, small])
    expect(page.locator("#sending li", has_text="small.mp4")).to_contain_text("whole")
    expect(page.locator("#sending li", has_text="large.mp4").locator("progress")).to_have_js_property("value", 16777216)
    page.locator("#sending li", has_text="large.mp4").get_by_role("button", name="Pause").click()
    expect(page.locator("#sending li", has_text="large.mp4")).to_contain_text("paused")
    page.screenshot(path=tmp_path / "sending.png")
    assert [each.offset for each in counter.uploads()] == [16777216, MEGABYTE]
    page.unroute("**/uploads/*")
    page.reload()
    expect(page.locator("#left-before")).to_contain_text("large.mp4")
    page.select_option("#recorder", "cam-17")
    page.set_input_files("#files", [large])
    expect(page.locator("#sending li")).to_contain_text("whole")
    expect(page.locator("#list tr", has_text="large.mp4")).to_contain_text("sealed")
    rows = counter.uploads()
    assert [(each.file_name, each.sha256) for each in rows] == [
        (file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in (large, small)
    ]
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.browser
def test_what_the_site_does_not_take_is_said_and_what_is_ended_is_gone(
    page: Page, counter: Counter, tmp_path: Path
) -> None:
    (tmp_path / "notes.docx").write_bytes(b"x")
    (tmp_path / "large.mp4").write_bytes(noise(20 * MEGABYTE))
    page.select_option("#recorder", "cam-17")
    page.route("**/uploads/*", lambda route: route.abort() if route.request.method == "PATCH" else route.continue_())
    page.set_input_files("#files", [tmp_path / "notes.docx", tmp_path / "large.mp4"])
    expect(page.locator("#sending li", has_text="notes.docx")).to_contain_text("Recordings are taken here")
    page.locator("#sending li", has_text="large.mp4").get_by_role("button", name="End").click()
    expect(page.locator("#sending li", has_text="large.mp4")).to_contain_text("ended")
    until = time.monotonic() + PATIENCE_S
    while counter.uploads()[0].state is UploadState.RECEIVING and time.monotonic() < until:
        time.sleep(0.05)
    assert [(each.file_name, each.state) for each in counter.uploads()] == [("large.mp4", UploadState.GIVEN_UP)]
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.browser
def test_an_incident_is_marked_from_the_player(page: Page, counter: Counter, film: bytes, tmp_path: Path) -> None:
    counter.hands_in(counter.people("wang.qiang"), "20260302_120000.mp4", film)
    counter.worker_looks()
    page.reload()
    page.screenshot(path=tmp_path / "list.png", full_page=True)
    page.get_by_role("link", name="20260302_120000.mp4").click()
    page.fill("#reason", "to mark what the patrol filmed")
    page.press("#reason", "Enter")
    expect(page.locator("#video")).not_to_have_js_property("videoWidth", 0)
    for second, key in ((4, "i"), (9.5, "o")):
        page.locator("#video").evaluate("(video, second) => { video.currentTime = second; }", second)
        page.keyboard.press(key)
    place = page.locator("#video").bounding_box()
    assert place is not None
    assert place["width"] / place["height"] == pytest.approx(4 / 3, abs=0.02)  # the picture alone, without bars
    page.mouse.move(place["x"] + place["width"] * 0.2, place["y"] + place["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.6, place["y"] + place["height"] * 0.7)
    page.mouse.up()
    page.fill("[name='note']", "a van on the blind track")
    page.screenshot(path=tmp_path / "marking.png", full_page=True)
    page.get_by_role("button", name="Mark", exact=True).click()
    expect(page.locator("tbody tr", has_text="a van on the blind track")).to_contain_text("being made")
    with reading(counter.database.sessions) as session:
        mark = session.scalars(select(RecordingMark)).one()
    assert (mark.from_s, mark.to_s) == (4.0, 9.5)
    assert [round(side, 1) for side in (mark.x1, mark.y1, mark.x2, mark.y2)] == [0.2, 0.3, 0.6, 0.7]


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440], ids=["phone", "desk"])
def test_the_pages_fit_the_screen_in_light_and_dark(
    page: Page, counter: Counter, film: bytes, tmp_path: Path, width: int, scheme: str
) -> None:
    officer = counter.people("wang.qiang")
    counter.hands_in(officer, "8A1234567_012345_20260302120000_0001_a_long_name_of_a_recorder.mp4", film)
    counter.hands_in(officer, "police.mp4", b"no recording", recorder="police-4")
    counter.worker_looks()
    fields = {"recorder": "police-4", "first": "2026-03-02T11:00", "last": "2026-03-02T13:00"}
    words = {"legal_basis": "行政处罚法 第五十四条", "purpose": "case 7"}
    counter.does(officer, "/footage-requests", "/footage-requests", **fields, **words)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 844})
    for path in ("/handed-in", f"/recordings/{counter.recording().id}", "/footage-requests"):
        page.goto(path)
        page.screenshot(path=tmp_path / f"{path.split('/')[1]}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
