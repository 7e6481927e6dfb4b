"""The page an incident is judged on: what it shows, what a decision does, what a refusal keeps."""

import html
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from docx import Document

from cases import draft_case, review
from cases.plate_record import ReadAt, record_plate
from detectors.geometry import Box
from evidence.vault import Vault
from evidence.verification import verify
from models.database import transaction
from models.enums import CustodyAct, Decision, IncidentState
from models.exhibits import CustodyEvent
from models.incidents import Incident, ReviewDecision
from models.people import User
from review_ui.desk import now
from tests.review_ui.conftest import RunningDesk, token_in
from tests.rows import SEEN_LIVE, after

ALL_POINTS = ["true", "clear", "complete", "accurate"]


def filled(page: str, **typed: Any) -> dict[str, Any]:
    return {"csrf_token": token_in(page), "draft_version": "1"} | typed


def custody_of(desk: RunningDesk) -> list[tuple[CustodyAct, str, str]]:
    with desk.database.sessions() as session:
        entries = session.query(CustodyEvent).filter_by(incident_id=desk.incident_id).order_by(CustodyEvent.seq)
        return [(entry.act, entry.actor, entry.reason) for entry in entries]


def test_queue_shows_what_waits_with_picture_place_plate_and_state(desk: RunningDesk) -> None:
    page = desk.signed_in().get("/").text
    still = desk.exhibits_of_kind("still")[-1]
    for expected in ("浙J12345", "No stopping", "North gate", "To review", "2026-03-02 12:00:12", "stood 2 min 8 s"):
        assert expected in page
    assert f"/thumbnails/{still.id}" in page
    assert f'href="/incidents/{desk.incident_id}"' in page


def test_queue_narrowed_to_a_state_with_nothing_says_so(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    assert "Nothing here." in browser.get("/?state=accepted").text
    assert str(desk.incident_id) in browser.get("/?state=drafted&camera=gate-3").text
    assert "Nothing here." in browser.get("/?state=drafted&camera=gate-4").text


def test_page_shows_clip_stills_fence_box_timeline_check_draft_and_custody(desk: RunningDesk) -> None:
    page = desk.signed_in().get(f"/incidents/{desk.incident_id}").text
    (clip,) = desk.exhibits_of_kind("clip")
    assert f'src="/media/{clip.id}"' in page
    assert all(f'src="/media/{still.id}"' in page for still in desk.exhibits_of_kind("still"))
    assert 'points="64,198 384,180 448,342 51.2,352.8"' in page
    assert 'class="box" x="200.0" y="180.0" width="160.0" height="100.0"' in page
    assert 'data-kind="gap"' in page
    assert "packets lost" in page
    assert "Grace ends" in page
    assert "there is no close-up" in page
    assert f'src="/incidents/{desk.incident_id}/draft"' in page
    assert clip.sha256 in page


def test_the_page_says_by_which_weights_it_was_seen_how_often_and_what_the_clock_was(desk: RunningDesk) -> None:
    page = desk.signed_in().get(f"/incidents/{desk.incident_id}").text
    for said in ("yolo11n", "a look at least every 2 s", "+0.25 ± 0.40 s", "as entered for the camera"):
        assert said in page


@pytest.mark.parametrize("incident_differs", [{"recording_id": None, "seen_with": SEEN_LIVE.as_json()}], ids=["live"])
def test_the_page_of_a_live_incident_says_what_held_when_it_was_confirmed(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    page = browser.get(f"/incidents/{desk.incident_id}").text
    assert SEEN_LIVE.model is not None
    for said in (
        f'own-weights <code class="digest" title="sha256:{SEEN_LIVE.model.digest}">',
        "a look at least every 1.5 s",
        '<span class="off">-3.25 ± 0.75 s</span>',
        "by RTCP sender reports",
    ):
        assert said in page
    assert "as entered for the camera" not in page
    browser.headers["accept-language"] = "zh-CN"
    page = browser.get(f"/incidents/{desk.incident_id}").text
    assert "至少每 1.5 秒查看一次" in page
    assert "按 RTCP 发送者报告" in page


def test_looking_at_the_page_is_one_entry_in_the_register_however_often_it_is_opened(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    for _ in range(2):
        assert browser.get(f"/incidents/{desk.incident_id}").status_code == 200
        browser.get(f"/media/{desk.exhibits_of_kind('still')[0].id}")
    assert [entry for entry in custody_of(desk) if entry[0] is CustodyAct.VIEWED] == [
        (CustodyAct.VIEWED, "li.na", "Review of this incident")
    ]


@pytest.mark.parametrize(
    ("decision", "points", "state"),
    [
        ("accept", ALL_POINTS, IncidentState.ACCEPTED),
        ("return", ["true"], IncidentState.RETURNED),
        ("dismiss", [], IncidentState.DISMISSED),
    ],
)
def test_a_decision_is_recorded_with_name_reason_and_points_and_shown(
    desk: RunningDesk, decision: str, points: list[str], state: IncidentState
) -> None:
    browser = desk.signed_in()
    path = f"/incidents/{desk.incident_id}"
    form = filled(browser.get(path).text, decision=decision, reason=" 车辆停放 <属实> ", points=points)
    answer = browser.post(f"{path}/decision", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert desk.state() is state
    with desk.database.sessions() as session:
        made = session.query(ReviewDecision).one()
        assert (made.decision.value, made.reason) == (decision, "车辆停放 <属实>")
        assert [made.is_true, made.is_clear, made.is_complete, made.is_accurate] == [p in points for p in ALL_POINTS]
    page = browser.get(path).text
    assert "车辆停放 &lt;属实&gt;" in page
    assert "李娜" in page
    assert ("Draft again" in page) is (state is IncidentState.RETURNED)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"decision": "dismiss", "reason": "  \n"}, "Write the reason"),
        ({"decision": "accept", "reason": "clear enough", "points": ["true", "clear"]}, "tick all four"),
        ({"reason": "clear enough"}, "Choose first"),
        ({"decision": "dismiss", "reason": "seen", "draft_version": "7"}, "newer draft"),
    ],
    ids=["no_reason", "two_points_of_four", "no_choice", "another_draft"],
)
def test_a_decision_that_lacks_something_is_refused_on_the_page_and_nothing_typed_is_lost(
    desk: RunningDesk, typed: dict[str, Any], sentence: str
) -> None:
    browser = desk.signed_in()
    path = f"/incidents/{desk.incident_id}"
    refused = browser.post(f"{path}/decision", data=filled(browser.get(path).text, **typed))
    assert refused.status_code == 409
    alert = refused.text.split('role="alert">')[1].split("</p>")[0]
    assert sentence in alert
    assert desk.state() is IncidentState.DRAFTED
    assert f"{typed['reason'].strip()}</textarea>" in refused.text.replace("  \n</textarea>", "</textarea>")
    for point in typed.get("points", []):
        assert f'value="{point}" checked' in refused.text
    if "decision" in typed:
        assert f'value="{typed["decision"]}" checked' in refused.text


def test_of_two_reviewers_the_slower_is_told_what_happened(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    path = f"/incidents/{desk.incident_id}"
    form = filled(browser.get(path).text, decision="accept", reason="parked on the corner", points=ALL_POINTS)
    with transaction(desk.database.sessions) as session:
        review.decide(
            session,
            desk.incident_id,
            user=session.query(User).one(),
            decision=Decision.DISMISS,
            reason="moved for the ambulance",
            four_points=review.FourPoints(False, False, False, False),
            at=now(),
        )
    refused = browser.post(f"{path}/decision", data=form)
    assert refused.status_code == 409
    assert "This incident is now “Dismissed”" in refused.text
    assert desk.state() is IncidentState.DISMISSED


def test_a_returned_case_is_drafted_again_and_only_then(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    path = f"/incidents/{desk.incident_id}"
    page = browser.get(path).text
    assert browser.post(f"{path}/redraft", data=filled(page)).status_code == 409
    browser.post(f"{path}/decision", data=filled(page, decision="return", reason="no close-up"))
    assert browser.post(f"{path}/redraft", data=filled(page)).status_code == 303
    assert desk.state() is IncidentState.DRAFTED
    assert "version 2" in browser.get(path).text


@pytest.mark.parametrize("incident_differs", [{"plate": "<script>alert(1)</script>"[:16], "plate_confidence": None}])
def test_hostile_text_from_rows_is_shown_as_text(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    for path in ("/", f"/incidents/{desk.incident_id}", f"/incidents/{desk.incident_id}/draft"):
        page = browser.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_draft_comes_as_page_and_as_document_in_the_visitors_language(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    path = f"/incidents/{desk.incident_id}/draft"
    assert "违法停车" in browser.get(path, headers={"accept-language": "zh"}).text
    document = browser.get(f"{path}.docx")
    assert 'filename="draft-' in document.headers["content-disposition"]
    words = [cell.text for table in Document(io.BytesIO(document.content)).tables for cell in table._cells]
    assert any("浙J12345" in text for text in words)


def test_an_incident_without_a_draft_says_so(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    with transaction(desk.database.sessions) as session:
        session.query(draft_case.DraftCase).delete()
        session.get_one(Incident, desk.incident_id).state = IncidentState.UNCERTAIN
    path = f"/incidents/{desk.incident_id}"
    page = browser.get(path).text
    assert "There is no draft yet." in page
    assert 'value="dismiss"' in page
    assert 'value="accept"' not in page
    assert browser.get(f"{path}/draft").status_code == 404
    assert browser.get(f"{path}/draft.docx").status_code == 404


def test_the_exported_bundle_verifies_and_the_reason_is_on_record(desk: RunningDesk, tmp_path: Any) -> None:
    browser = desk.signed_in()
    path = f"/incidents/{desk.incident_id}"
    page = browser.get(path).text
    assert browser.post(f"{path}/bundle", data=filled(page, reason=" ")).status_code == 400
    answer = browser.post(f"{path}/bundle", data=filled(page, reason="for the legal office"))
    assert answer.headers["content-type"] == "application/zip"
    assert zipfile.is_zipfile(io.BytesIO(answer.content))
    (tmp_path / "bundle.zip").write_bytes(answer.content)
    assert verify(tmp_path / "bundle.zip").faults == ()
    assert custody_of(desk)[-1] == (CustodyAct.EXPORTED, "li.na", "for the legal office")
    assert list(desk.settings.drafts_dir.glob("export-*")) == []


def test_a_bundle_that_cannot_be_made_says_so_and_leaves_nothing(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    path = f"/incidents/{desk.incident_id}"
    page = browser.get(path).text
    (clip,) = desk.exhibits_of_kind("clip")
    Vault.path_of(desk.settings.vault_root, clip.sha256, ".mp4").unlink()
    answer = browser.post(f"{path}/bundle", data=filled(page, reason="for the legal office"))
    assert answer.status_code == 500
    assert "The bundle was not made" in answer.text
    assert CustodyAct.EXPORTED not in {entry[0] for entry in custody_of(desk)}
    assert list(desk.settings.drafts_dir.glob("export-*")) == []


@pytest.fixture
def many(desk: RunningDesk) -> Callable[[int], None]:
    """Adds so many incidents more, each waiting for a person."""

    def add(count: int) -> None:
        with transaction(desk.database.sessions) as session:
            known = session.get_one(Incident, desk.incident_id)
            facts = {column.key: getattr(known, column.key) for column in Incident.__table__.columns}
            for number in range(count):
                differs = {"id": None, "conduct_key": f"more-{number}", "plate": f"浙J{number:05}"}
                session.add(Incident(**(facts | differs)))

    return add


def test_a_long_queue_is_paged_and_the_page_links_lead_on(desk: RunningDesk, many: Callable[[int], None]) -> None:
    many(30)
    browser = desk.signed_in()
    first = browser.get("/?state=drafted").text
    later = re.search(r'rel="next" href="([^"]+)"', first)
    assert later is not None
    second = browser.get(html.unescape(later[1])).text
    assert (first.count('class="row'), second.count('class="row')) == (25, 6)
    assert "25 shown, 31 incidents in all" in first
    assert "6 shown, 31 incidents in all" in second
    earlier = re.search(r'rel="prev" href="([^"]+)"', second)
    assert earlier is not None
    assert browser.get(html.unescape(earlier[1])).text.count('class="row') == 25
    assert 'rel="next"' not in second


def test_the_page_shows_what_was_read_of_the_plate_picture_by_picture(desk: RunningDesk) -> None:
    reads = [
        ReadAt(after(20), "浙J12345", 0.97, "small", "blue", Box(10, 10, 60, 25)),
        ReadAt(after(22), "浙J1Z345", 0.41, "small", "blue", Box(11, 10, 61, 25)),
    ]
    with transaction(desk.database.sessions) as session:
        record_plate(session, session.get_one(Incident, desk.incident_id), reads, "浙J12345", 0.97)
    page = desk.signed_in().get(f"/incidents/{desk.incident_id}").text
    assert "2 readings" in page
    assert "浙J1Z345" in page
    assert "0.41" in page
