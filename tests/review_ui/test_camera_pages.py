"""The cameras as people see them: the state with since when, the clock, who watches, and no password anywhere."""

import re
from contextlib import contextmanager
from datetime import timedelta
from html import escape

import httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from cases import accounts
from cases.cameras import Pulse, StreamNoted, note_clock, note_condition, note_pulses
from evidence.seen_with import Weights
from ingest.errors import StreamLost
from models.database import transaction
from models.enums import CameraState, ClockMeasure, Role
from models.places import Camera, Site
from models.watching import HOME, CameraConnection, CameraLease, CameraView
from review_ui.desk import now
from tests.review_ui.chromium import keep, launched, listened_to, sign_in
from tests.review_ui.conftest import PASSWORD, RunningDesk, token_in
from tests.rows import NOON, add_camera, add_geofence, add_geofence_version


@pytest.fixture
def watched(desk: RunningDesk) -> RunningDesk:
    """gate-3 is watched and its clock is off; gate-4 has lost its watcher; lot is one for recordings."""
    at = now()
    with transaction(desk.database.sessions) as session:
        gate = session.get_one(Camera, "gate-3")
        # a row as an older program wrote it, with the password in it
        gate.source = "rtsp://viewer:secret@camera.example/main?key=secret"
        site = session.get_one(Site, gate.site_id)
        for camera_id, name in (("gate-4", "East gate"), ("lot", "Car park")):
            add_camera(session, site, id=camera_id, name=name, source="rtsp://10.0.0.4/main")
        for camera_id, runs_for in (("gate-3", timedelta(hours=1)), ("gate-4", -timedelta(hours=2))):
            session.add(CameraConnection(camera_id=camera_id, username="viewer", password_sealed=b"sealed"))
            session.add(
                CameraLease(
                    camera_id=camera_id,
                    holder="box-1:77",
                    fence=3,
                    taken_at=at - timedelta(hours=9),
                    expires_at=at + runs_for,
                )
            )
            note_condition(session, camera_id, CameraState.CONNECTING, None, at - timedelta(hours=9))
            note_condition(session, camera_id, CameraState.WATCHING, None, at - timedelta(hours=8))
        note_condition(session, "gate-3", CameraState.FROZEN, "the same picture <12 s>", at - timedelta(hours=3))
        for preset, position in (("kerb", 0), ("corner", 1), ("spare", None), ("attic", None)):
            view = CameraView(camera_id="gate-3", preset=preset, position=position)
            view.token, view.stay_s = None if preset == "attic" else preset[0], None if position is None else 20.0
            session.add(view)
        connection = session.get_one(CameraConnection, "gate-3")
        connection.sub_source, connection.onvif_url = "rtsp://camera.example/sub?key=secret", "http://camera.example/"
        spare = add_geofence(session, gate, "at-spare", name="Spare kerb")
        add_geofence_version(session, spare, preset="spare")
        note_clock(session, "gate-3", offset_s=-7.5, error_s=0.25, measure=ClockMeasure.ONVIF, at=at, last=None)
        pulse = Pulse(
            last_packet_at=at - timedelta(seconds=1),
            last_look_at=at - timedelta(seconds=80),
            connections=4,
            packets=25_000,
            packet_bytes=50_000_000,
            looks=500,
            looks_dropped=17,
            gaps=2,
            gap_s=75.0,
            dwelling=1,
            ring_bytes=15_000_000,
            stream=StreamNoted("hevc", 2560, 1440, 25.0, 4.0, 4_200_000.0),
            model=Weights("own-weights", "ab" * 32),
        )
        note_pulses(session, {"gate-3": (pulse, at)})
    return desk


def row_of(page: str, camera_id: str) -> str:
    return next(row for row in page.split("<tr>") if f'<span class="faint">{camera_id}</span>' in row)


def test_every_camera_is_a_line_with_state_since_when_clock_and_watcher(watched: RunningDesk) -> None:
    page = watched.signed_in().get("/cameras").text
    gate = row_of(page, "gate-3")
    assert "Frozen" in gate
    assert "the same picture &lt;12 s&gt;" in gate
    assert "3 h 0 min" in gate
    assert '<span class="off">-7.50 ± 0.25 s</span>' in gate
    assert "hevc 2560×1440" in gate
    assert "box-1:77" in gate
    assert "<td>17</td>" in gate
    lost = row_of(page, "gate-4")
    assert "Not watched" in lost
    assert "no watcher has it" in lost
    assert "2 h 0 min" in lost
    assert "Recordings" in row_of(page, "lot")
    assert page.index(">gate-3<") < page.index(">gate-4<") < page.index(">lot<"), "what needs a hand stands first"


def test_one_camera_shows_what_it_was_in_and_what_its_watcher_says(watched: RunningDesk) -> None:
    page = watched.signed_in().get("/cameras/gate-3").text
    history = page[page.index("What it was in") :]
    assert [history.index(state) for state in ("Frozen", "Watching", "Connecting")] == sorted(
        history.index(state) for state in ("Frozen", "Watching", "Connecting")
    )
    assert "5 h 0 min" in history
    for said in ("rtsp://***@camera.example/main?***", "4.20 Mbit/s", "by ONVIF", "corner", "1 min 15 s"):
        assert said in page
    assert f'own-weights <code class="digest" title="sha256:{"ab" * 32}">sha256:abababababab…</code>' in page


def test_no_page_of_cameras_shows_a_password(watched: RunningDesk) -> None:
    browser = watched.signed_in()
    for path in ("/cameras", "/cameras/gate-3", "/cameras/gate-4"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "secret" not in answer.text
        assert "sealed" not in answer.text


def test_the_pages_are_chinese_for_who_asks_for_it(watched: RunningDesk) -> None:
    with transaction(watched.database.sessions) as session:
        note_condition(session, "gate-4", CameraState.UNREACHABLE, str(StreamLost("gate-4", "<no> reason")), NOON)
    browser = watched.signed_in()
    browser.headers["accept-language"] = "zh-CN"
    page = browser.get("/cameras").text
    for said in ("摄像机", "画面冻结", "没有观察进程接管", "3 小时 0 分", "录像"):
        assert said in page
    assert "按 ONVIF" in browser.get("/cameras/gate-3").text
    assert "gate-4：连接中断（&lt;no&gt; reason），正在重新连接" in browser.get("/cameras/gate-4").text


def test_a_camera_that_is_switched_off_says_so(watched: RunningDesk) -> None:
    with transaction(watched.database.sessions) as session:
        session.get_one(CameraConnection, "gate-4").watched = False
    page = watched.signed_in().get("/cameras").text
    assert "switched off" in row_of(page, "gate-4")


def test_a_camera_that_is_for_recordings_and_nothing_else_has_a_page_too(desk: RunningDesk) -> None:
    page = desk.signed_in().get("/cameras/gate-3")
    assert page.status_code == 200
    assert "Nothing is on record yet." in page.text


def with_role(desk: RunningDesk, role: Role) -> httpx.Client:
    with transaction(desk.database.sessions) as session:
        accounts.add_user(session, name="wu", display_name="吴", password=PASSWORD, role=role, at=NOON)
    return desk.signed_in("wu", looking=False)


def relearnt(desk: RunningDesk) -> bool:
    with desk.database.sessions() as session:
        return session.get(CameraView, ("gate-3", HOME)) is not None


def test_a_camera_that_was_turned_on_purpose_learns_its_view_anew_with_the_reason_on_record(
    watched: RunningDesk,
) -> None:
    browser = with_role(watched, Role.MONITOR)
    page = browser.get("/cameras/gate-3").text
    form = {"csrf_token": token_in(page[page.index('id="relearn"') :]), "reason": "the mast was moved <east>"}
    answer = browser.post("/cameras/gate-3/relearn", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cameras/gate-3")
    assert relearnt(watched)
    assert "to be learnt anew, says wu: the mast was moved &lt;east&gt;" in browser.get("/cameras/gate-3").text


@pytest.mark.parametrize(
    ("differs", "status", "said"),
    [
        ({"reason": "  "}, 400, "write why the camera was turned"),
        ({"csrf_token": "another"}, 403, "did not come from a page of this desk"),
        ({"reason": "x" * 201}, 400, "cannot be read"),
    ],
    ids=["no_reason", "not_our_form", "too_long"],
)
def test_a_form_without_its_reason_or_not_from_our_page_changes_nothing(
    watched: RunningDesk, differs: dict[str, str], status: int, said: str
) -> None:
    browser = with_role(watched, Role.ADMINISTRATOR)
    form = {"csrf_token": token_in(browser.get("/cameras/gate-3").text), "reason": "new mast"}
    answer = browser.post("/cameras/gate-3/relearn", data=form | differs)
    assert answer.status_code == status
    assert said in answer.text
    assert not relearnt(watched)


def test_other_roles_see_no_form_and_are_refused(watched: RunningDesk) -> None:
    browser = watched.signed_in()  # a legal reviewer
    page = browser.get("/cameras/gate-3").text
    assert "corner" in page
    for form_id in ("relearn", "stream", "tour"):
        assert f'id="{form_id}"' not in page
    form = {"csrf_token": token_in(browser.get("/cameras/gate-3").text), "reason": "new mast"}
    assert browser.post("/cameras/gate-3/relearn", data=form).status_code == 403
    assert not relearnt(watched)


def test_a_camera_without_a_watcher_of_its_own_has_no_view_to_learn(watched: RunningDesk) -> None:
    browser = with_role(watched, Role.MONITOR)
    page = browser.get("/cameras/lot").text
    assert 'id="relearn"' not in page
    form = {"csrf_token": token_in(page), "reason": "new mast"}
    assert browser.post("/cameras/lot/relearn", data=form).status_code == 404


def tour_form(browser: httpx.Client) -> dict[str, str | list[str]]:
    """What the browser sends of the form as it stands."""
    page = browser.get("/cameras/gate-3").text
    tour = page[page.index('id="tour"') :]
    fields: dict[str, str | list[str]] = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', tour))
    fields["preset"] = re.findall(r'name="preset" value="([^"]*)"', tour)
    return fields


def views(desk: RunningDesk) -> list[tuple[str, int | None, float | None, object]]:
    with desk.database.sessions() as session:
        rows = session.scalars(select(CameraView).where(CameraView.preset != HOME).order_by(CameraView.preset))
        return [(row.preset, row.position, row.stay_s, row.hours) for row in rows]


def test_an_administrator_has_the_small_stream_looked_at_and_the_tour_go_otherwise_with_the_name_on_record(
    watched: RunningDesk,
) -> None:
    browser = with_role(watched, Role.ADMINISTRATOR)
    page = browser.get("/cameras/gate-3").text
    assert "One round is 40 s" in page
    assert "preset that is not toured bind nobody: Spare kerb" in page
    assert "without a preset bind nobody on a tour: No stopping" in page
    form: dict[str, str | list[str]] = {"csrf_token": token_in(page), "small": "1"}
    answer = browser.post("/cameras/gate-3/stream", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cameras/gate-3#settings")
    typed = {"preset": ["spare", "kerb", "attic", "corner"], "stay_s:spare": "30", "stay_s:corner": ""}
    form = tour_form(browser) | typed | {"hours:kerb": "Mon-Fri 7:00-12:00 ＋ sat 08：00－09：00"}
    assert browser.post("/cameras/gate-3/tour", data=form).status_code == 303
    hours = [{"days": "mon-fri", "from": "07:00", "to": "12:00"}, {"days": "sat", "from": "08:00", "to": "09:00"}]
    changed = [
        ("attic", None, None, None),
        ("corner", None, None, None),
        ("kerb", 1, 20, hours),
        ("spare", 0, 30, None),
    ]
    assert views(watched) == changed
    said = "wu 更改了巡航：spare 30 s; kerb 20 s mon-fri 07:00-12:00 + sat 08:00-09:00"
    browser.headers["accept-language"] = "zh-CN"
    page = browser.get("/cameras/gate-3").text
    for line in ("wu 改为用子码流查看", said, "改用主码流查看", "一轮 50 秒"):
        assert line in page
    assert "secret" not in page
    assert "未参加巡航的预置位上" not in page, "the spare is toured now"
    assert browser.post("/cameras/gate-3/tour", data=tour_form(browser)).status_code == 303
    assert browser.get("/cameras/gate-3").text.count("更改了巡航") == 1, "what changes nothing is not on record"


def test_what_no_dome_can_do_comes_back_as_it_was_typed_and_changes_nothing(watched: RunningDesk) -> None:
    browser = with_role(watched, Role.ADMINISTRATOR)
    before, form = views(watched), tour_form(browser)
    for differs, said in (
        ({"stay_s:kerb": "soon <"}, "the seconds of kerb are no number"),
        ({"stay_s:kerb": "86401"}, "the seconds of kerb are no number"),
        ({"stay_s:kerb": "nan"}, "the seconds of kerb are no number"),
        ({"hours:kerb": "mornings <"}, "the hours of kerb cannot be read"),
        ({"hours:kerb": "mon-fry 07:00-12:00"}, "the hours of kerb cannot be read"),
        ({"hours:kerb": "mon 07:00-07:00"}, "the hours of kerb cannot be read"),
        ({"hours:spare": "mon 07:00-12:00"}, "spare has hours and no seconds"),
        ({"stay_s:attic": "20"}, "attic cannot be toured"),
        ({"base": "older", "stay_s:kerb": "33"}, "somebody else changed the tour meanwhile"),
    ):
        answer = browser.post("/cameras/gate-3/tour", data=form | differs)
        assert answer.status_code == 409
        assert said in answer.text
        field, typed = list(differs.items())[-1]
        assert f'name="{field}" value="{escape(typed)}"' in answer.text
    with transaction(watched.database.sessions) as session:
        session.get_one(CameraConnection, "gate-3").plate_zoom = 0.5
    none = {"stay_s:kerb": "", "stay_s:corner": ""}
    answer = browser.post("/cameras/gate-3/tour", data=form | none)
    assert (answer.status_code, "goes near for plates" in answer.text) == (409, True)
    assert views(watched) == before
    token = {"csrf_token": form["csrf_token"]}
    for path, said in (
        ("/cameras/gate-4/stream", "has no small stream"),
        ("/cameras/lot/stream", "is for recordings"),
        ("/cameras/lot/tour", "is for recordings"),
    ):
        refused = browser.post(path, data=token | {"small": "1"})
        assert (refused.status_code, said in refused.text) == (409, True), path
    assert "says wu" not in browser.get("/cameras/gate-3").text


@pytest.mark.browser
def test_a_tour_is_put_in_another_order_by_keyboard_on_a_phone(watched: RunningDesk) -> None:
    with transaction(watched.database.sessions) as session:
        accounts.add_user(session, name="wu", display_name="吴", password=PASSWORD, role=Role.ADMINISTRATOR, at=NOON)
    complaints: list[str] = []
    with contextmanager(launched)() as chromium:
        context = chromium.new_context(base_url=watched.url, locale="zh-CN", viewport={"width": 390, "height": 844})
        page = listened_to(context.new_page(), complaints)
        sign_in(page, "wu", on_to="/cameras/gate-3")
        later = page.get_by_role("button", name="kerb 推后")
        later.press("Enter")
        expect(page.locator("#tour [role='status']")).to_have_text("kerb 现为第 2 个，共 4 个")
        expect(later).to_be_focused()
        page.locator("[name='stay_s:kerb']").fill("95")
        keep(page, "camera-tour-phone")
        page.keyboard.press("Enter")
        expect(page.locator("#settings dl")).to_contain_text("corner 20 秒 · kerb 1 分 35 秒")
        page.set_viewport_size({"width": 1440, "height": 900})
        keep(page, "camera-tour-desk")
    assert complaints == []
