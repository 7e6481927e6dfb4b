"""The pages behind messages: what the holder of a link sees and can do, and what everybody else does not."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from cases import dispatch, owner_page, page_links
from evidence.vault import Vault
from models.database import reading, transaction
from models.derivatives import Derivative
from models.dispatch import Dispatch, PageLink
from models.enums import DispatchPurpose, IncidentState, NoticeStatus, StepOutcome
from models.escalation import LookRequest
from models.incidents import Incident
from models.people import Officer, Owner
from models.personal_data import PersonalDataKey
from models.promises import Notice
from models.statements import OwnerStatement
from notify import outbox
from review_ui import link_pages
from tests.review_ui.conftest import RunningDesk

KEY = PersonalDataKey(b"k" * 32)
JPEG = b"\xff\xd8\xff\xe0" + bytes(200)


@pytest.fixture
def owners_link(desk: RunningDesk) -> str:
    """The path of the page of an owner whose ten minutes run."""
    now = datetime.now(UTC)
    with transaction(desk.database.sessions) as session:
        incident = session.get_one(Incident, desk.incident_id)
        incident.recording_id = None
        incident.state, incident.grace_ends_at = IncidentState.NOTIFIED, now + timedelta(seconds=500)
        owner = Owner(name_sealed=b"sealed", phone_sealed=b"sealed", phone_index="index")
        session.add(owner)
        session.flush()
        payload: dict[str, Any] = {"incident_id": str(incident.id), "notice_id": str(uuid.uuid4())}
        message = outbox.promise(session, key="move", kind="move_vehicle", payload=payload, at=now)
        session.add(
            Notice(
                id=uuid.UUID(payload["notice_id"]),
                incident_id=incident.id,
                owner_id=owner.id,
                outbox_message_id=message.id,
                wording="move_vehicle",
                status=NoticeStatus.DELIVERED,
                promised_at=now,
                delivered_at=now,
            )
        )
        session.flush()
        link = page_links.PageLinks("")(session, "move_vehicle", payload, now)
    assert link is not None
    return link


@pytest.fixture
def officers_link(desk: RunningDesk) -> str:
    now = datetime.now(UTC)
    with transaction(desk.database.sessions) as session:
        for name in ("Zhao", "Qian"):
            session.add(Officer(name=name, phone_sealed=b"sealed", grid="north-02"))
        session.flush()
        sent = dispatch.send(session, desk.incident_id, DispatchPurpose.STILL_THERE, at=now)
        assert sent is not None
        officer = session.scalars(select(Officer).where(Officer.name == "Zhao")).one()
        payload = {
            "incident_id": str(desk.incident_id),
            "dispatch_id": str(sent.id),
            "officer_id": str(officer.id),
        }
        link = page_links.PageLinks("")(session, "officer_told", payload, now)
    assert link is not None
    return link


def say(browser: httpx.Client, link: str, text: str = "我在卸货", **more: Any) -> httpx.Response:
    return browser.post(f"{link}/statement", data={"kind": "defence", "text": text}, **more)


def test_the_owner_sees_the_matter_the_countdown_and_no_more_of_the_plate_than_the_owner_knows(
    desk: RunningDesk, owners_link: str
) -> None:
    answer = desk.browser().get(owners_link)
    assert answer.status_code == 200
    assert "浙J***45" in answer.text
    assert "浙J12345" not in answer.text
    assert 'data-left-s="49' in answer.text
    assert "I have moved it" in answer.text
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["cache-control"] == "no-store"
    with reading(desk.database.sessions) as session:
        pictures = session.scalars(select(Derivative)).all()
    assert pictures, "asked for as the page was opened, if not before"
    assert all(picture.masked for picture in pictures)


def test_the_owner_says_moved_and_the_page_says_what_the_camera_answered(desk: RunningDesk, owners_link: str) -> None:
    browser = desk.browser()
    assert browser.post(f"{owners_link}/moved").status_code == 303
    assert "The camera is looking" in browser.get(owners_link).text
    with transaction(desk.database.sessions) as session:
        [request] = session.scalars(select(LookRequest)).all()
        request.answer, request.answered_at = StepOutcome.STILL_THERE, datetime.now(UTC)
    assert "still sees the vehicle there" in browser.get(owners_link).text


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (IncidentState.RESOLVED, "There is no fine"),
        (IncidentState.DRAFTED, "passed on to officers"),
        (IncidentState.DISMISSED, "closed without a fine"),
    ],
)
def test_the_page_says_how_the_matter_ended(
    desk: RunningDesk, owners_link: str, state: IncidentState, said: str
) -> None:
    with transaction(desk.database.sessions) as session:
        incident = session.get_one(Incident, desk.incident_id)
        incident.state, incident.left_at = state, incident.last_seen_at
    page = desk.browser().get(owners_link).text
    assert said in page
    assert "I have moved it" not in page


def test_a_defence_with_a_picture_gets_a_receipt_and_nobody_reads_it_in_the_database(
    desk: RunningDesk, owners_link: str
) -> None:
    browser = desk.browser()
    answer = say(browser, owners_link, files=[("files", ("../../卸货.jpg", JPEG, "image/jpeg"))])
    assert answer.status_code == 303
    with reading(desk.database.sessions) as session:
        [(said, text)] = owner_page.statements_of(session, desk.incident_id, KEY)
        [attached] = said.attachments
        assert Vault.path_of(desk.settings.vault_root, attached.sha256, ".jpg").read_bytes() == JPEG
    assert (text, attached.name) == ("我在卸货", "卸货.jpg")
    assert "卸货".encode() not in said.text_sealed
    assert f"receipt {said.receipt}" in browser.get(owners_link).text
    reviewer = desk.signed_in()
    assert "我在卸货" in reviewer.get(f"/incidents/{desk.incident_id}").text
    file = f"/incidents/{desk.incident_id}/statements/{said.id}/1"
    assert reviewer.get(file).content == JPEG
    assert reviewer.get(file).headers["content-disposition"].startswith("attachment")
    assert reviewer.get(file[:-1] + "2").status_code == 404
    assert browser.get(file).status_code == 303, "nobody who is not signed in"
    hasty = desk.signed_in(looking=False)
    assert hasty.get(file).status_code == 403
    assert "我在卸货" not in hasty.get(f"/incidents/{desk.incident_id}").text


@pytest.mark.parametrize(
    ("text", "files", "why"),
    [
        ("   ", [], "no_text"),
        ("a" * 4001, [], "text_too_long"),
        ("see", [("files", ("x.jpg", b"MZ\x90\x00", "image/jpeg"))], "unknown_file"),
        ("see", [("files", ("x.jpg", JPEG, "image/jpeg"))] * 4, "too_many_files"),
        ("see", [("files", ("x.jpg", JPEG + bytes(5_000_000), "image/jpeg"))], "file_too_large"),
    ],
    ids=["nothing_said", "too_long", "a_program_called_jpg", "too_many", "too_large"],
)
def test_what_cannot_be_taken_is_refused_with_a_sentence_and_nothing_is_kept(
    desk: RunningDesk, owners_link: str, text: str, files: list[Any], why: str
) -> None:
    browser = desk.browser()
    waiting = set((desk.settings.vault_root / "incoming").glob("*/*"))
    answer = say(browser, owners_link, text, files=files or None)
    assert (answer.status_code, f"refused={why}" in answer.headers["location"]) == (303, True)
    assert 'role="alert"' in browser.get(answer.headers["location"]).text
    with reading(desk.database.sessions) as session:
        assert session.scalars(select(OwnerStatement)).all() == []
    assert set((desk.settings.vault_root / "incoming").glob("*/*")) == waiting


def test_a_body_larger_than_any_statement_is_not_read(desk: RunningDesk, owners_link: str) -> None:
    answer = say(desk.browser(), owners_link, files=[("files", ("x.jpg", JPEG + bytes(17_000_000), "image/jpeg"))])
    assert answer.status_code == 413


def test_strangers_learn_nothing(desk: RunningDesk, owners_link: str, officers_link: str) -> None:
    browser = desk.browser()

    def told(path: str) -> tuple[int, str]:
        answer = browser.get(path)
        return answer.status_code, answer.text.replace(path, "")  # the change of language leads back to it

    unknown = told("/m/AAAAAAAAAAAAAAAA")
    assert unknown[0] == 404
    assert told("/m/" + "A" * 5000) == unknown
    assert told(owners_link.replace("/m/", "/o/")) == unknown, "a link opens its own page alone"
    assert told(officers_link.replace("/o/", "/m/")) == unknown
    with transaction(desk.database.sessions) as session:
        for link in session.scalars(select(PageLink)):
            link.made_at = datetime(2026, 1, 1, tzinfo=UTC)
            link.expires_at = datetime(2026, 1, 2, tzinfo=UTC)
    assert told(owners_link) == unknown, "it has run out"


def test_who_tries_links_is_left_without_an_answer_for_a_while(desk: RunningDesk, owners_link: str) -> None:
    browser = desk.browser()
    tries = [browser.get(f"/m/guess{number:011}").status_code for number in range(link_pages.TRIES_A_MINUTE + 5)]
    assert tries == [404] * link_pages.TRIES_A_MINUTE + [429] * 5
    waits = browser.get(owners_link)
    assert waits.status_code == 429
    assert 1 <= int(waits.headers["retry-after"]) <= 60


def test_a_link_does_not_carry_more_forms_than_a_person_sends(desk: RunningDesk, owners_link: str) -> None:
    browser = desk.browser()
    answers = [browser.post(f"{owners_link}/moved").status_code for _ in range(link_pages.FORMS_A_MINUTE + 3)]
    assert answers == [303] * link_pages.FORMS_A_MINUTE + [429] * 3
    with reading(desk.database.sessions) as session:
        assert len(session.scalars(select(LookRequest)).all()) == 1


def test_another_site_cannot_press_the_buttons(desk: RunningDesk, owners_link: str, officers_link: str) -> None:
    browser = desk.browser()
    browser.headers["sec-fetch-site"] = "cross-site"
    assert browser.post(f"{owners_link}/moved").status_code == 403
    assert say(browser, owners_link).status_code == 403
    assert browser.post(f"{officers_link}/take").status_code == 403


def test_an_officer_takes_it_on_and_says_what_came_of_it(desk: RunningDesk, officers_link: str) -> None:
    browser = desk.browser()
    page = browser.get(officers_link).text
    assert "浙J12345" in page
    assert "I take it on" in page
    assert browser.post(f"{officers_link}/take").status_code == 303
    assert "Taken on by" in browser.get(officers_link).text
    refused = browser.post(f"{officers_link}/handled", data={"handled_as": "no_offence", "note": ""})
    assert "refused" in refused.headers["location"], "it needs a sentence"
    browser.post(f"{officers_link}/handled", data={"handled_as": "moved", "note": "司机已到"})
    assert "the driver came and moved it" in browser.get(officers_link).text
    with reading(desk.database.sessions) as session:
        assert session.scalars(select(Dispatch.note)).one() == "司机已到"
    assert browser.post(f"{officers_link}/take").headers["location"].endswith("refused=yes")


def test_an_officer_hands_it_over(desk: RunningDesk, officers_link: str) -> None:
    browser = desk.browser()
    browser.post(f"{officers_link}/take")
    with reading(desk.database.sessions) as session:
        qian = session.scalars(select(Officer.id).where(Officer.name == "Qian")).one()
    assert browser.post(f"{officers_link}/hand-over", data={"to": str(qian)}).status_code == 303
    assert "I take it on" in browser.get(officers_link).text
