"""The desk over HTTP: who has what in hand, decisions with their grounds, taking back, plates, the filter in the
address, and the queue as it changes.
"""

import html
import json
import re
import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from cases import accounts, claims
from cases.plate_record import ReadAt, record_plate
from cases.queue import Narrowed
from detectors.geometry import Box
from models.announcements import Announcement
from models.database import reading, transaction
from models.enums import Act, AnnouncementState, CustodyAct, IncidentState, Offence, Role, Utterance
from models.exhibits import CustodyEvent
from models.incidents import CaseEvent, Incident, ReviewDecision
from models.people import User
from models.places import Loudspeaker, Site
from review_ui.desk import now
from review_ui.errors import ReviewError
from review_ui.narrowing import address, asked, understood
from tests.review_ui.conftest import PASSWORD, RunningDesk, token_in
from tests.rows import NOON, add_camera, after

ALL_POINTS = ["true", "clear", "complete", "accurate"]


@pytest.fixture
def second(desk: RunningDesk) -> httpx.Client:
    """A colleague at another browser."""
    with transaction(desk.database.sessions) as session:
        accounts.add_user(session, name="wang.wei", display_name="王伟", password=PASSWORD, role=Role.LEADER, at=NOON)
    return desk.signed_in("wang.wei", looking=False)


def add_more(desk: RunningDesk, count: int = 1) -> list[uuid.UUID]:
    """Incidents beside the first that wait, in the order in which they are due."""
    with transaction(desk.database.sessions) as session:
        known = session.get_one(Incident, desk.incident_id)
        facts = {column.key: getattr(known, column.key) for column in Incident.__table__.columns}
        more = [
            Incident(
                **facts
                | {
                    "id": uuid.uuid4(),
                    "conduct_key": f"more-{number}",
                    "plate": f"浙J{number:05}",
                    "confirmed_at": after(80 + number),
                }
            )
            for number in range(count)
        ]
        session.add_all(more)
        return [incident.id for incident in more]


def post(browser: httpx.Client, path: str, **typed: Any) -> httpx.Response:
    return browser.post(path, data={"csrf_token": token_in(browser.get("/").text), "draft_version": "1"} | typed)


def holder(desk: RunningDesk, incident_id: uuid.UUID | None = None) -> str | None:
    with reading(desk.database.sessions) as session:
        held = claims.holder(session, incident_id or desk.incident_id, at=now())
        return None if held is None else held.user.name


# --- in hand


def test_taking_it_on_says_with_it_what_for_and_opens_the_pictures(desk: RunningDesk) -> None:
    browser = desk.signed_in(looking=False)
    path = f"/incidents/{desk.incident_id}"
    assert f'action="{path}/claim"' in browser.get("/").text
    answer = post(browser, f"{path}/claim", within="state=drafted")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?within=state%3Ddrafted")
    assert holder(desk) == "li.na"
    page = browser.get(answer.headers["location"]).text
    assert "<video" in page
    assert "In your hand" in page
    assert 'href="/?state=drafted"' in page
    with reading(desk.database.sessions) as session:
        looked = session.query(CustodyEvent).filter_by(act=CustodyAct.VIEWED).one()
    assert (looked.actor, looked.reason) == ("li.na", "Review of this incident")


def test_a_colleague_sees_who_has_it_cannot_decide_and_may_take_it_over_with_a_reason(
    desk: RunningDesk, second: httpx.Client
) -> None:
    path = f"/incidents/{desk.incident_id}"
    post(desk.signed_in(looking=False), f"{path}/claim")
    assert "in hand: 李娜" in second.get("/").text
    assert f'action="{path}/claim"' not in second.get("/").text
    late = post(second, f"{path}/claim")
    assert late.status_code == 409
    assert "李娜 has it in hand" in late.text
    assert "<video" not in late.text
    refused = post(second, f"{path}/decision", decision="dismiss", ground="no_offence")
    assert refused.status_code == 409
    assert "李娜 has it in hand" in refused.text
    assert post(second, f"{path}/take-over", reason=" ").status_code == 409
    assert holder(desk) == "li.na"
    assert post(second, f"{path}/take-over", reason="she has gone home").status_code == 303
    assert holder(desk) == "wang.wei"
    assert "taken over" in second.get(path).text


def test_the_page_keeps_a_claim_and_is_told_when_it_is_lost_and_putting_back_frees_it(
    desk: RunningDesk, second: httpx.Client
) -> None:
    path = f"/incidents/{desk.incident_id}"
    browser = desk.signed_in(looking=False)
    post(browser, f"{path}/claim")
    assert post(browser, f"{path}/keep").status_code == 204
    assert post(second, f"{path}/keep").status_code == 409
    answer = post(browser, f"{path}/put-back", within="camera=gate-3")
    assert answer.headers["location"] == "/?camera=gate-3"
    assert holder(desk) is None
    assert post(browser, f"{path}/keep").status_code == 409


def test_what_no_longer_waits_is_shown_and_not_taken(desk: RunningDesk) -> None:
    browser = desk.signed_in(looking=False)
    with transaction(desk.database.sessions) as session:
        session.get_one(Incident, desk.incident_id).state = IncidentState.DISMISSED
    path = f"/incidents/{desk.incident_id}"
    assert post(browser, f"{path}/claim").headers["location"] == path
    assert holder(desk) is None
    assert "What do you look at this for?" in browser.get(path).text


def test_who_may_not_decide_is_offered_no_taking_and_refused_it(desk: RunningDesk) -> None:
    with transaction(desk.database.sessions) as session:
        accounts.add_user(session, name="horn", display_name="喊话员", password=PASSWORD, role=Role.OPERATOR, at=NOON)
    browser = desk.signed_in("horn", looking=False)
    path = f"/incidents/{desk.incident_id}"
    assert "/claim" not in browser.get("/").text
    assert "/claim" not in browser.get(path).text
    for act in ("claim", "keep", "put-back", "take-over", "take-back", "plate", "decision"):
        assert post(browser, f"{path}/{act}", reason="x").status_code == 403, act


def test_leaving_one_undecided_for_another_puts_it_back(desk: RunningDesk) -> None:
    (other,) = add_more(desk)
    browser = desk.signed_in(looking=False)
    post(browser, f"/incidents/{desk.incident_id}/claim")
    post(browser, f"/incidents/{other}/claim", instead=str(desk.incident_id))
    assert (holder(desk), holder(desk, other)) == (None, "li.na")


# --- deciding


def test_a_decision_leads_to_the_next_that_is_free_within_the_same_filter_and_takes_it_in_hand(
    desk: RunningDesk, second: httpx.Client
) -> None:
    taken, following, _ = add_more(desk, 3)
    post(second, f"/incidents/{taken}/claim")
    browser = desk.signed_in()
    answer = post(
        browser,
        f"/incidents/{desk.incident_id}/decision",
        decision="dismiss",
        ground="no_offence",
        within="state=drafted&camera=gate-3",
    )
    location = httpx.URL(answer.headers["location"])
    assert location.path == f"/incidents/{following}"
    assert dict(location.params) == {"within": "state=drafted&camera=gate-3", "decided": str(desk.incident_id)}
    assert holder(desk, following) == "li.na"
    page = browser.get(str(location)).text
    assert "浙J12345: dismissed." in page
    assert f'action="/incidents/{desk.incident_id}/take-back"' in page


def test_a_ground_alone_is_a_reason_and_other_needs_words(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    path = f"/incidents/{desk.incident_id}"
    refused = post(browser, f"{path}/decision", decision="dismiss", ground="other")
    assert refused.status_code == 409
    assert "Write the reason" in refused.text
    assert re.search(r'value="other" checked', refused.text)
    browser.headers["accept-language"] = "zh"
    post(browser, f"{path}/decision", decision="dismiss", ground="no_offence", reason="在泊位内")
    with reading(desk.database.sessions) as session:
        decided = session.scalars(select(ReviewDecision)).one()
    assert (decided.ground, decided.reason) == ("no_offence", "不构成违法: 在泊位内")


def test_a_ground_that_does_not_go_with_the_choice_is_refused(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    for typed, status in (
        ({"decision": "dismiss", "ground": "as_drafted"}, 409),
        ({"decision": "escalate", "reason": "hard"}, 409),
        ({"decision": "escalate", "ground": "duplicate"}, 409),
        ({"decision": "dismiss", "ground": "because"}, 400),
        ({"decision": "hang", "ground": "other"}, 400),
    ):
        assert post(browser, f"/incidents/{desk.incident_id}/decision", **typed).status_code == status, typed
    assert desk.state() is IncidentState.DRAFTED


def test_passing_on_leaves_it_to_a_leader_and_says_so_on_queue_and_page(
    desk: RunningDesk, second: httpx.Client
) -> None:
    browser = desk.signed_in()
    path = f"/incidents/{desk.incident_id}"
    answer = post(browser, f"{path}/decision", decision="escalate", ground="sensitive", reason="diplomatic plate")
    assert answer.status_code == 303
    assert "passed on by 李娜" in browser.get("/").text
    page = browser.get(path).text
    assert "Sensitive: diplomatic plate" in page
    assert 'id="decision"' not in page
    assert "a legal reviewer or leader who did not pass it on decides it" in page
    assert post(browser, f"{path}/decision", decision="dismiss", ground="no_offence").status_code == 409
    assert post(second, f"{path}/decision", decision="dismiss", ground="no_offence").status_code == 303
    assert desk.state() is IncidentState.DISMISSED


def test_a_decision_is_taken_back_on_the_page_and_what_had_an_effect_stands_with_a_sentence(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    path = f"/incidents/{desk.incident_id}"
    post(browser, f"{path}/decision", decision="dismiss", ground="no_offence")
    assert "Take it back" in browser.get(path).text
    assert post(browser, f"{path}/take-back").status_code == 303
    assert desk.state() is IncidentState.DRAFTED
    page = browser.get(path).text
    assert "taken back" in page
    assert 'id="decision"' in page
    post(browser, f"{path}/decision", decision="dismiss", ground="no_offence")
    assert post(browser, f"{path}/bundle", reason="for the court").status_code == 200
    assert "Take it back" not in browser.get(path).text
    refused = post(browser, f"{path}/take-back")
    assert refused.status_code == 409
    assert "copies left the house" in refused.text
    assert desk.state() is IncidentState.DISMISSED


def test_the_plate_is_corrected_on_the_page_with_a_name(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    path = f"/incidents/{desk.incident_id}"
    refused = post(browser, f"{path}/plate", plate="?")
    assert refused.status_code == 409
    assert "That is no plate" in refused.text
    assert post(browser, f"{path}/plate", plate="浙J 54321").status_code == 303
    page = browser.get(path).text
    assert "confirmed by li.na" in page
    assert "浙J54321" in page
    assert "version 2" in page
    with reading(desk.database.sessions) as session:
        event = session.query(CaseEvent).filter_by(act=Act.PLATE_CORRECTED).one()
    assert (event.actor, event.facts["before"], event.facts["plate"]) == ("li.na", "浙J12345", "浙J54321")


# --- what the page shows


def test_the_page_shows_readings_for_the_loupe_neighbours_and_what_was_said_aloud(desk: RunningDesk) -> None:
    with transaction(desk.database.sessions) as session:
        incident = session.get_one(Incident, desk.incident_id)
        read = ReadAt(after(71), "浙J12345", 0.97, "small", "blue", Box(240, 240, 320, 265))
        record_plate(session, incident, [read], "浙J12345", 0.97)
        near = add_camera(session, session.query(Site).one(), id="gate-4", name="South gate", lat=28.6505)
        session.add(Loudspeaker(id="horn-1", camera_id="gate-3", driver="onvif"))
        session.flush()
        session.add(
            Announcement(
                loudspeaker_id="horn-1",
                incident_id=incident.id,
                utterance=Utterance.TYPED,
                text="请驶离",
                language="zh",
                asked_by="horn",
                asked_at=after(80),
                priority=1,
                next_at=after(80),
                useful_until=after(300),
                state=AnnouncementState.FAILED,
                ended_at=after(90),
            )
        )
        other = Incident(
            **{column.key: getattr(incident, column.key) for column in Incident.__table__.columns}
            | {"id": uuid.uuid4(), "camera_id": near.id, "conduct_key": "near", "plate": "浙J99999"}
        )
        session.add(other)
    page = desk.signed_in().get(f"/incidents/{desk.incident_id}").text
    reads = re.search(r'data-reads="([^"]+)"', page)
    assert reads is not None
    assert json.loads(html.unescape(reads[1])) == [[after(71).timestamp() * 1000, 240, 240, 80, 25]]
    assert "South gate" in page
    assert "56 m" in page
    assert f'href="/incidents/{other.id}"' in page
    sign = re.search(r'class="sign" data-kind="announcement" data-at="(\d+)"', page)
    assert sign is not None
    assert int(sign[1]) == after(90).timestamp() * 1000


# --- the filter in the address


def test_the_filter_goes_into_the_address_and_comes_back() -> None:
    by = Narrowed((IncidentState.DRAFTED, IncidentState.UNCERTAIN), "gate 3", "北区", Offence.DUMPING, "a&b=c", "浙J")
    assert understood(asked(by)) == by
    assert address(Narrowed()) == "/"
    assert understood("") == Narrowed()


def test_a_filter_or_a_place_that_we_did_not_write_is_refused(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    for within in ("state=lost", "offence=theft"):
        with pytest.raises(ReviewError):
            understood(within)
        assert browser.get(f"/incidents/{desk.incident_id}", params={"within": within}).status_code == 400
    for address_asked in ("/?after=nonsense", "/?offence=theft", "/queue/rows?before=0~x~y"):
        assert browser.get(address_asked).status_code == 400


def test_the_filter_stays_in_links_tabs_and_forms(desk: RunningDesk) -> None:
    page = desk.signed_in().get("/?camera=gate-3&q=stopping&offence=illegal_parking&plate=j123").text
    assert 'name="within" value="camera=gate-3&amp;offence=illegal_parking&amp;q=stopping&amp;plate=j123"' in page
    assert 'href="/?state=drafted&amp;camera=gate-3&amp;offence=illegal_parking&amp;q=stopping&amp;plate=j123"' in page
    assert f'href="/incidents/{desk.incident_id}?within=camera%3Dgate-3' in page


def test_the_rows_alone_are_the_rows_of_the_page(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    rows = browser.get("/queue/rows?state=drafted").text
    assert "<html" not in rows
    assert rows.strip() in browser.get("/?state=drafted").text
    assert "Nothing here." in browser.get("/queue/rows?state=accepted").text


# --- the queue as it changes


def events_of(stream: httpx.Response) -> Any:
    """(kind, id) of each event, as they come."""
    said: dict[str, str] = {}
    for line in stream.iter_lines():
        name, _, value = line.partition(": ")
        if line == "" and "event" in said:
            yield said["event"], said["id"]
            said = {}
        elif name:
            said[name] = value


def test_every_listener_is_told_of_a_change_by_one_poller_and_missed_ones_after_coming_back(
    desk: RunningDesk, second: httpx.Client
) -> None:
    browser, path = desk.signed_in(), "/queue/events"
    with browser.stream("GET", path) as one, second.stream("GET", path) as other:
        assert one.headers["content-type"].startswith("text/event-stream")
        mine, theirs = events_of(one), events_of(other)
        first = next(mine)
        assert first[0] == "here"
        assert next(theirs) == first
        with transaction(desk.database.sessions) as session:
            claims.take(session, desk.incident_id, session.query(User).filter_by(name="li.na").one(), at=now())
        changed = next(mine)
        assert changed[0] == "changed"
        assert changed[1] != first[1]
        assert next(theirs) == changed
    with browser.stream("GET", path, headers={"last-event-id": first[1]}) as again:
        assert next(events_of(again)) == ("changed", changed[1])
    with browser.stream("GET", path, headers={"last-event-id": changed[1]}) as again:
        assert next(events_of(again)) == ("here", changed[1])


def test_nobody_listens_without_signing_in(desk: RunningDesk) -> None:
    assert desk.browser().get("/queue/events", headers={"accept": "text/event-stream"}).status_code == 401
    assert desk.browser().get("/queue/rows", headers={"accept": "*/*"}).status_code == 401
