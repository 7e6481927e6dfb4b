"""The loudspeakers' page: one press speaks, others may only look, and what was played can be listened to."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update

from cases import accounts
from models.announcements import Announcement
from models.database import reading, transaction
from models.enums import AnnouncementState, Role, Utterance
from models.places import Loudspeaker
from notify.sound import chime
from review_ui.desk import now
from tests.cases.horn_scene import Device, Square
from tests.review_ui.conftest import PASSWORD, RunningDesk, token_in
from tests.rows import NOON


@pytest.fixture
def horned(desk: RunningDesk) -> RunningDesk:
    """One loudspeaker; li.na reviews, wang.wei operates."""
    with transaction(desk.database.sessions) as session:
        accounts.add_user(session, name="wang.wei", display_name="王伟", password=PASSWORD, role=Role.OPERATOR, at=NOON)
        session.add(Loudspeaker(id="horn-1", camera_id="gate-3", driver="file"))
    return desk


def asked(desk: RunningDesk) -> list[Announcement]:
    with reading(desk.database.sessions) as session:
        return list(session.scalars(select(Announcement).order_by(Announcement.asked_at)))


def played(desk: RunningDesk) -> None:
    """The process of the loudspeakers comes by."""
    Square(desk.database.sessions, desk.settings.vault_root.parent, Device(), None, at=now()).works()  # type: ignore[arg-type]


def test_an_operator_presses_once_and_sees_and_hears_that_it_was_played(horned: RunningDesk) -> None:
    browser = horned.signed_in("wang.wei")
    page = browser.get("/loudspeakers", params={"incident": str(horned.incident_id)}).text
    assert "Please keep the way clear" in page
    form = {"csrf_token": token_in(page), "sentence": "keep_clear", "incident": str(horned.incident_id)}
    answer = browser.post("/loudspeakers/horn-1/say", data=form)
    assert answer.status_code == 303
    waiting = browser.get(answer.headers["location"]).text
    assert 'http-equiv="refresh"' in waiting
    assert "waits" in waiting
    [row] = asked(horned)
    assert (row.sentence, row.asked_by, row.incident_id) == ("keep_clear", "wang.wei", horned.incident_id)
    assert browser.get(f"/announcements/{row.id}/sound").status_code == 404
    played(horned)
    done = browser.get(answer.headers["location"]).text
    assert 'data-state="played"' in done
    assert 'http-equiv="refresh"' not in done
    sound = browser.get(f"/announcements/{row.id}/sound")
    assert (sound.status_code, sound.headers["content-type"], sound.content[:4]) == (200, "audio/wav", b"RIFF")


def test_own_words_are_typed_and_what_cannot_be_said_is_answered_with_a_sentence(horned: RunningDesk) -> None:
    browser = horned.signed_in("wang.wei")
    token = token_in(browser.get("/loudspeakers").text)
    path = "/loudspeakers/horn-1/say"
    assert browser.post(path, data={"csrf_token": token, "text": "<b>Hello</b>"}).status_code == 303
    assert asked(horned) == []
    refused = browser.post(path, data={"csrf_token": token, "text": "x" * 200})
    assert "without brackets" in browser.get(refused.headers["location"]).text
    assert "不含括号" in browser.get(refused.headers["location"], headers={"accept-language": "zh"}).text
    assert browser.post(path, data={"csrf_token": token, "text": "Move on & thank you"}).status_code == 303
    assert [(each.utterance, each.text) for each in asked(horned)] == [(Utterance.TYPED, "Move on & thank you")]
    assert "Move on &amp; thank you" in browser.get("/loudspeakers").text
    assert browser.post("/loudspeakers/horn-9/say", data={"csrf_token": token, "text": "Hello"}).status_code == 404
    assert "refused.x" not in browser.get("/loudspeakers", params={"refused": "x"}).text


def test_an_own_voice_is_sent_sealed_and_played(horned: RunningDesk) -> None:
    browser = horned.signed_in("wang.wei")
    form = {"csrf_token": token_in(browser.get("/loudspeakers").text), "text": "my own words"}
    path, raw = "/loudspeakers/horn-1/recording", chime().as_wav() + b"\0" * 200_000  # larger than other forms may be
    noise = browser.post(path, data=form, files={"recording": ("a.mp3", b"ID3 noise")})
    assert "WAV file" in browser.get(noise.headers["location"]).text
    assert asked(horned) == []
    assert browser.post(path, data=form, files={"recording": ("a.wav", raw)}).status_code == 303
    played(horned)
    [row] = asked(horned)
    assert (row.state, row.text, row.voice) == (AnnouncementState.PLAYED, "my own words", "wang.wei")
    assert browser.get(f"/announcements/{row.id}/sound").content == raw


def test_who_may_not_speak_looks_only(horned: RunningDesk) -> None:
    browser = horned.signed_in()
    page = browser.get("/loudspeakers").text
    assert "horn-1" in page
    assert "Own words" not in page
    token = token_in(page)
    form = {"csrf_token": token, "text": "Hello"}
    assert browser.post("/loudspeakers/horn-1/say", data=form).status_code == 403
    files = {"recording": ("a.wav", chime().as_wav())}
    assert browser.post("/loudspeakers/horn-1/recording", data=form, files=files).status_code == 403
    operator = horned.signed_in("wang.wei")
    assert operator.post("/loudspeakers/horn-1/say", data={"csrf_token": "x", "text": "Hello"}).status_code == 403
    stranger = horned.browser()
    assert stranger.get("/loudspeakers").status_code == 303
    assert asked(horned) == []


def test_in_quiet_hours_the_page_offers_nothing_and_a_late_press_is_refused(horned: RunningDesk) -> None:
    browser = horned.signed_in("wang.wei")
    token = token_in(browser.get("/loudspeakers").text)
    with transaction(horned.database.sessions) as session:
        always = [{"days": "mon-sun", "from": "00:00", "to": "24:00"}]
        session.execute(update(Loudspeaker).values(quiet=always))
    page = browser.get("/loudspeakers").text
    assert "Quiet hours" in page
    assert "Own words" not in page
    answer = browser.post("/loudspeakers/horn-1/say", data={"csrf_token": token, "text": "Hello"})
    assert "quiet hours now" in browser.get(answer.headers["location"]).text
    assert asked(horned) == []


def test_a_sound_that_is_gone_is_said_to_be(horned: RunningDesk, vault_objects: Callable[[], list[Path]]) -> None:
    browser = horned.signed_in("wang.wei")
    form = {"csrf_token": token_in(browser.get("/loudspeakers").text), "text": "Hello"}
    browser.post("/loudspeakers/horn-1/say", data=form)
    played(horned)
    for path in vault_objects():
        path.unlink()
    [row] = asked(horned)
    assert "vault does not hold" in browser.get(f"/announcements/{row.id}/sound").text


@pytest.fixture
def vault_objects(desk: RunningDesk) -> Callable[[], list[Path]]:
    return lambda: list((desk.settings.vault_root / "objects").rglob("*.wav"))
