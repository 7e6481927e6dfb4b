"""For what somebody looks: nothing is shown before it is said, and what was said is in the register."""

import uuid

import httpx
import pytest

from models.enums import CustodyAct
from models.exhibits import CustodyEvent
from tests.review_ui.conftest import RunningDesk, token_in


def looks(desk: RunningDesk) -> list[tuple[str, str]]:
    with desk.database.sessions() as session:
        entries = session.query(CustodyEvent).filter_by(incident_id=desk.incident_id, act=CustodyAct.VIEWED)
        return [(entry.actor, entry.reason) for entry in entries.order_by(CustodyEvent.seq)]


def say(desk: RunningDesk, browser: httpx.Client, **typed: str) -> httpx.Response:
    form = {"csrf_token": token_in(browser.get(f"/incidents/{desk.incident_id}").text)} | typed
    return browser.post(f"/incidents/{desk.incident_id}/looking", data=form)


def shown_only_with_a_reason(desk: RunningDesk) -> list[str]:
    incident = f"/incidents/{desk.incident_id}"
    exhibits = [*desk.exhibits_of_kind("clip"), *desk.exhibits_of_kind("still")]
    return [f"{incident}/draft", f"{incident}/draft.docx", *(f"/media/{exhibit.id}" for exhibit in exhibits)]


def test_clip_still_and_draft_are_refused_with_a_sentence_until_the_reason_is_said(desk: RunningDesk) -> None:
    browser = desk.signed_in(looking=False)
    for path in shown_only_with_a_reason(desk):
        refused = browser.get(path)
        assert refused.status_code == 403, path
        assert "Say first what you look at this for" in refused.text
        assert browser.get(path, headers={"range": "bytes=0-9"}).status_code == 403, path
    assert looks(desk) == []
    assert say(desk, browser, purpose="review").status_code == 303
    for path in shown_only_with_a_reason(desk):
        assert browser.get(path).status_code == 200, path
    assert looks(desk) == [("li.na", "Review of this incident")]


def test_the_page_shows_facts_and_asks_before_it_shows_pictures(desk: RunningDesk) -> None:
    browser = desk.signed_in(looking=False)
    path = f"/incidents/{desk.incident_id}"
    before = browser.get(path).text
    assert "What do you look at this for?" in before
    assert "浙J12345" in before
    for hidden in ("<video", 'src="/media/', "<iframe", 'href="/media/'):
        assert hidden not in before
    say(desk, browser, purpose="objection", detail="letter of 3 March")
    after = browser.get(path).text
    assert "What do you look at this for?" not in after
    assert "<video" in after
    assert looks(desk) == [("li.na", "Objection or complaint by the person concerned: letter of 3 March")]


def test_one_persons_reason_is_nobody_elses_and_not_that_of_the_next_session(desk: RunningDesk) -> None:
    desk.signed_in()
    clip = desk.exhibits_of_kind("clip")[0]
    assert desk.signed_in(looking=False).get(f"/media/{clip.id}").status_code == 403


def test_signing_out_ends_the_reason(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    assert browser.post("/sign-out", data={"csrf_token": token_in(browser.get("/").text)}).status_code == 303
    again = desk.signed_in(looking=False)
    assert again.get(f"/incidents/{desk.incident_id}/draft").status_code == 403


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"purpose": "other"}, 403),
        ({"purpose": "other", "detail": "  "}, 403),
        ({"purpose": "curious"}, 400),
        ({}, 400),
    ],
    ids=["other_without_words", "other_with_blanks", "no_such_purpose", "says_nothing"],
)
def test_a_reason_that_says_nothing_opens_nothing(desk: RunningDesk, typed: dict[str, str], status: int) -> None:
    browser = desk.signed_in(looking=False)
    assert say(desk, browser, **typed).status_code == status
    assert browser.get(f"/incidents/{desk.incident_id}/draft").status_code == 403
    assert looks(desk) == []


def test_another_reason_is_another_entry(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    say(desk, browser, purpose="other", detail="asked by the deputy head")
    assert [reason for _, reason in looks(desk)] == ["Review of this incident", "asked by the deputy head"]


def test_of_an_incident_that_is_not_there_nothing_is_said(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    form = {"csrf_token": token_in(browser.get("/").text), "purpose": "review"}
    assert browser.post(f"/incidents/{uuid.uuid4()}/looking", data=form).status_code == 404


def test_a_document_that_leaves_is_an_entry_with_its_digest(desk: RunningDesk) -> None:
    desk.signed_in().get(f"/incidents/{desk.incident_id}/draft.docx")
    with desk.database.sessions() as session:
        (printed,) = session.query(CustodyEvent).filter_by(act=CustodyAct.PRINTED)
    assert printed.reason.startswith("Review of this incident; draft-")
    assert "sha256:" in printed.reason
