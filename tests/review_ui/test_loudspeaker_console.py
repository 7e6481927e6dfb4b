"""The loudspeakers' console: the street beside the presses, the own voice, and what became of what was said."""

import shutil
import struct
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select, update

from cases import accounts, newest_pictures
from cases.accounts import Granted
from models.announcements import Announcement
from models.database import reading, transaction
from models.dispatch import Area
from models.enums import AnnouncementState, AreaLevel, IncidentState, Role, Utterance
from models.incidents import Incident
from models.places import Loudspeaker
from notify.sound import Sound, read_wav
from review_ui.desk import now
from tests.cases.horn_scene import Device, Square
from tests.patience import PATIENCE_MS
from tests.review_ui.conftest import PASSWORD, RunningDesk, draw_frame, token_in
from tests.review_ui.test_browser import CHROMIUM, QUIET, serious
from tests.rows import NOON

VOICE = Sound(16_000, (9000 * np.sin(np.arange(16_000) / 9)).astype(np.int16))


@pytest.fixture
def horned(desk: RunningDesk) -> RunningDesk:
    """Two loudspeakers by one camera, which has a picture; the van is still in its grace. wang.wei operates."""
    with transaction(desk.database.sessions) as session:
        accounts.add_user(session, name="wang.wei", display_name="王伟", password=PASSWORD, role=Role.OPERATOR, at=NOON)
        for name in ("horn-1", "horn-2"):
            session.add(Loudspeaker(id=name, camera_id="gate-3", driver="file"))
        session.execute(update(Incident).values(state=IncidentState.NOTIFIED, plate="浙J12345", next_step_at=now()))
    show(desk)
    return desk


def show(desk: RunningDesk, number: int = 0, age_s: float = 4) -> None:
    """The camera has a new picture."""
    assert desk.settings.pictures is not None
    _, jpeg = cv2.imencode(".jpg", draw_frame(number))
    captured_at = now() - timedelta(seconds=age_s)
    assert newest_pictures.keep(desk.settings.pictures.newest, "gate-3", jpeg.tobytes(), captured_at)


def said(desk: RunningDesk) -> list[Announcement]:
    with reading(desk.database.sessions) as session:
        return list(session.scalars(select(Announcement).order_by(Announcement.asked_at)))


def played(desk: RunningDesk) -> None:
    """The process of the loudspeakers comes by."""
    Square(desk.database.sessions, desk.settings.vault_root.parent, Device(), None, at=now()).works()  # type: ignore[arg-type]


def test_the_console_shows_its_street_and_asks_again_for_what_has_changed(horned: RunningDesk) -> None:
    browser = horned.signed_in("wang.wei")
    page = browser.get("/loudspeakers")
    assert page.headers["permissions-policy"].endswith("microphone=(self)")
    assert "microphone=()" in browser.get("/cameras").headers["permissions-policy"]
    assert "浙J12345" in page.text
    first = browser.get("/loudspeakers/horn-1/state")
    picture = first.json()["street"]["picture"]
    assert picture in page.text
    assert browser.get(picture).headers["content-type"] == "image/jpeg"
    known = {"if-none-match": first.headers["etag"]}
    assert browser.get("/loudspeakers/horn-1/state", headers=known).status_code == 304
    show(horned, number=7, age_s=0)
    again = browser.get("/loudspeakers/horn-1/state", headers=known)
    assert again.status_code == 200
    assert again.json()["street"]["picture"] != picture


def test_who_may_not_see_cameras_live_gets_the_console_without_its_street(horned: RunningDesk) -> None:
    browser = horned.signed_in()  # a legal reviewer
    assert browser.get("/loudspeakers/horn-1/state").json()["street"] is None
    page = browser.get("/loudspeakers").text
    assert 'id="street"' not in page
    assert 'id="talk"' not in page


def test_who_speaks_in_another_area_is_offered_no_press_here(horned: RunningDesk) -> None:
    with transaction(horned.database.sessions) as session:
        session.add(Area(id="east", name="east", level=AreaLevel.CITY))
        session.flush()
        watcher = accounts.add_user(
            session, name="zhao.min", display_name="赵敏", password=PASSWORD, role=Role.MONITOR, at=NOON
        )
        accounts.grant(session, watcher, Granted(Role.OPERATOR, "east"), by="streetwitness", at=NOON)
    browser = horned.signed_in("zhao.min")
    page = browser.get("/loudspeakers").text
    assert 'id="street"' in page
    assert 'id="talk"' not in page
    assert "Own words" not in page
    answer = browser.post(
        "/loudspeakers/horn-1/talk", data={"csrf_token": token_in(page)}, files={"voice": ("v", VOICE.as_wav())}
    )
    assert answer.status_code == 404
    assert said(horned) == []


def test_what_happened_after_stands_beside_what_was_said(horned: RunningDesk) -> None:
    browser = horned.signed_in("wang.wei")
    address = {"incident": str(horned.incident_id)}
    token = token_in(browser.get("/loudspeakers", params=address).text)
    form = {"csrf_token": token, "sentence": "move_vehicle"} | address
    answer = browser.post("/loudspeakers/horn-2/say", data=form, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()) == (201, {"asked": str(said(horned)[0].id)})
    waiting = browser.get("/loudspeakers/horn-2/state").json()
    assert waiting["waits"]
    assert "not looked at since" not in waiting["rows"][0]["html"]
    played(horned)
    assert "not looked at since" in browser.get("/loudspeakers/horn-2/state").json()["rows"][0]["html"]
    left_at = said(horned)[0].ended_at + timedelta(seconds=42)  # type: ignore[operator]
    with transaction(horned.database.sessions) as session:
        session.execute(update(Incident).values(state=IncidentState.RESOLVED, left_at=left_at))
    now_ = browser.get("/loudspeakers/horn-2/state").json()
    assert "left 42 s after" in now_["rows"][0]["html"]
    assert str(horned.incident_id) not in now_["matters"]
    in_chinese = browser.get("/loudspeakers/horn-2/state", headers={"accept-language": "zh"}).json()
    assert "42 秒后离开" in in_chinese["rows"][0]["html"]
    assert browser.get("/loudspeakers/horn-9/state").status_code == 404


def test_what_was_spoken_is_kept_and_played_and_about_the_matter_chosen(horned: RunningDesk) -> None:
    browser = horned.signed_in("wang.wei")
    form = {"csrf_token": token_in(browser.get("/loudspeakers").text), "incident": str(horned.incident_id)}
    answer = browser.post("/loudspeakers/horn-1/talk", data=form, files={"voice": ("voice.wav", VOICE.as_wav())})
    assert answer.status_code == 303
    played(horned)
    [row] = said(horned)
    assert (row.utterance, row.state, row.voice) == (Utterance.RECORDED, AnnouncementState.PLAYED, "wang.wei")
    assert row.incident_id == horned.incident_id
    assert browser.get(f"/announcements/{row.id}/sound").content == VOICE.as_wav()


LONG = Sound(16_000, np.tile(VOICE.samples, 16))
HUSH = Sound(16_000, (np.arange(16_000) % 90).astype(np.int16))


@pytest.mark.parametrize(
    ("raw", "status", "why"),
    [
        (b"\x1aE\xdf\xa3 a browser's own format", 409, "not_a_recording"),
        (VOICE.as_wav()[:40] + struct.pack("<I", 0), 409, "not_a_recording"),
        (LONG.as_wav(), 409, "too_long"),
        (HUSH.as_wav(), 409, "silent"),
        (b"RIFF" * 300_000, 413, None),
    ],
    ids=["another_type", "no_sound_in_it", "longer_than_may_be", "a_muted_microphone", "larger_than_may_be"],
)
def test_what_may_not_be_spoken_is_refused_with_a_sentence_and_leaves_nothing(
    horned: RunningDesk, raw: bytes, status: int, why: str | None
) -> None:
    browser = horned.signed_in("wang.wei")
    form = {"csrf_token": token_in(browser.get("/loudspeakers").text)}
    answer = browser.post(
        "/loudspeakers/horn-1/talk", data=form, files={"voice": ("v", raw)}, headers={"accept": "application/json"}
    )
    assert answer.status_code == status
    if why is not None:
        assert answer.json()["refused"] == why
        assert answer.json()["sentence"].startswith("Nothing was said: ")
    assert said(horned) == []
    assert list(horned.settings.vault_root.rglob("*.wav")) == []


def test_in_quiet_hours_nobody_speaks_and_what_was_spoken_is_not_kept(horned: RunningDesk) -> None:
    browser = horned.signed_in("wang.wei")
    form = {"csrf_token": token_in(browser.get("/loudspeakers").text)}
    with transaction(horned.database.sessions) as session:
        session.execute(update(Loudspeaker).values(quiet=[{"days": "mon-sun", "from": "00:00", "to": "24:00"}]))
    sent: dict[str, Any] = {"data": form, "files": {"voice": ("v", VOICE.as_wav())}}
    answer = browser.post("/loudspeakers/horn-1/talk", **sent, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["refused"]) == (409, "quiet")
    assert browser.get("/loudspeakers/horn-1/state").json()["quiet"]
    assert said(horned) == []
    assert list(horned.settings.vault_root.rglob("*.wav")) == []


# --- in a browser with a microphone that beeps


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None or shutil.which(CHROMIUM) is None:
        pytest.skip("no Chromium here: install the package chromium to drive the pages")
    beeps = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET + beeps)
        yield browser
        browser.close()


def console(chromium: Browser, desk: RunningDesk, complaints: list[str], **how: Any) -> Page:
    """The operator's page, signed in."""
    context = chromium.new_context(
        base_url=desk.url, **({"locale": "en-GB", "viewport": {"width": 1280, "height": 900}} | how)
    )
    desk.closing.callback(context.close)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.goto(f"/sign-in?next=/loudspeakers?incident={desk.incident_id}")
    page.fill("#name", "wang.wei")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    expect(page.locator("#talk")).to_be_visible()
    return page


@pytest.mark.browser
def test_one_key_says_a_sentence_and_the_held_space_bar_what_is_spoken(
    chromium: Browser, horned: RunningDesk, tmp_path: Path
) -> None:
    complaints: list[str] = []
    page = console(chromium, horned, complaints)
    expect(page.locator(".street img")).to_have_js_property("complete", value=True)
    expect(page.locator(".street .age")).to_contain_text("s ago")
    page.keyboard.press("1")
    expect(page.locator(".announced tbody tr")).to_have_count(1)
    expect(page.locator(".announced .badge").first).to_have_text("waits")
    played(horned)
    expect(page.locator("#said")).to_have_text("played")

    page.keyboard.down(" ")
    expect(page.locator("#said")).to_have_text("Speak now.")
    page.wait_for_timeout(1300)
    page.screenshot(path=tmp_path / "speaking.png")
    page.keyboard.up(" ")
    expect(page.locator(".announced tbody tr")).to_have_count(2)
    played(horned)
    expect(page.locator(".announced .badge[data-state='played']")).to_have_count(2)
    sentence, spoken = said(horned)
    assert (sentence.sentence, sentence.incident_id) == ("move_vehicle", horned.incident_id)
    assert (spoken.utterance, spoken.incident_id) == (Utterance.RECORDED, horned.incident_id)
    sound = read_wav(horned.signed_in("wang.wei").get(f"/announcements/{spoken.id}/sound").content)
    assert 1.0 < sound.seconds < 4.0
    assert np.abs(sound.samples.astype(int)).max() > 1000  # the beeps of the pretended microphone

    page.keyboard.down(" ")
    expect(page.locator("#said")).to_have_text("Speak now.")
    page.keyboard.press("Escape")
    expect(page.locator("#said")).to_have_text("Dropped; nothing was said.")
    page.keyboard.up(" ")
    page.locator("#talk").hover()
    page.mouse.down()
    expect(page.locator("#said")).to_have_text("Speak now.")
    page.mouse.move(5, 5)
    page.mouse.up()
    expect(page.locator("#said")).to_have_text("Dropped; nothing was said.")
    show(horned, number=30, age_s=1)
    expect(page.locator(".street img")).not_to_have_attribute(
        "src", page.locator(".street img").get_attribute("src") or ""
    )
    page.screenshot(path=tmp_path / "console.png", full_page=True)
    assert len(said(horned)) == 2
    assert complaints == []


@pytest.mark.browser
def test_without_leave_or_microphone_the_page_says_what_to_do(chromium: Browser, horned: RunningDesk) -> None:
    page = console(chromium, horned, [])
    refusing = "(name) => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name); }; }"
    for name, sentence in (("NotAllowedError", "Allow it in the address bar"), ("NotFoundError", "Plug one in")):
        page.evaluate(refusing, name)
        page.locator("#talk").press("Enter")
        expect(page.locator("#problem")).to_contain_text(sentence)
    with transaction(horned.database.sessions) as session:
        session.execute(update(Loudspeaker).values(quiet=[{"days": "mon-sun", "from": "00:00", "to": "24:00"}]))
    page.keyboard.press("2")
    expect(page.get_by_text("Quiet hours: nothing is said")).to_be_visible()
    assert said(horned) == []


@pytest.mark.browser
@pytest.mark.parametrize(
    "how",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark", "locale": "zh-CN"},
        {"viewport": {"width": 390, "height": 844}, "locale": "zh-CN", "has_touch": True},
    ],
    ids=["light", "dark_zh", "phone_zh"],
)
def test_axe_finds_nothing_serious_on_the_console(
    chromium: Browser, horned: RunningDesk, tmp_path: Path, how: dict[str, Any]
) -> None:
    browser = horned.signed_in("wang.wei")
    form = {"csrf_token": token_in(browser.get("/loudspeakers").text), "incident": str(horned.incident_id)}
    browser.post("/loudspeakers/horn-1/say", data=form | {"sentence": "move_vehicle"})
    browser.post("/loudspeakers/horn-1/talk", data=form, files={"voice": ("v", VOICE.as_wav())})
    played(horned)
    browser.post("/loudspeakers/horn-1/say", data=form | {"text": "请把车移开"})
    page = console(chromium, horned, [], **how)
    expect(page.locator(".announced tbody tr")).to_have_count(3)
    page.wait_for_timeout(300)
    page.screenshot(path=tmp_path / "console.png", full_page=True)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
