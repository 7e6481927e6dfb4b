"""The queue of a loudspeaker: said once or not known, whoever dies when; a person first, nobody in quiet hours."""

import threading
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from cases import speaking, telling
from cases.horn_queue import AGAIN_AFTER, LEASE, MAX_TRIES
from evidence.deletion import deletions_that_count
from evidence.purge import purge
from evidence.sealing import PendingExhibit, keep_object, seal
from evidence.vault import DiskCalls, Vault
from models.announcements import Announcement
from models.database import reading, transaction
from models.enums import (
    AnnouncementState,
    CustodyAct,
    ExhibitKind,
    ExhibitMoment,
    IncidentState,
    OutboxState,
    StepOutcome,
)
from models.exhibits import CustodyEvent, SealedObject
from models.incidents import Incident
from models.places import Loudspeaker
from models.promises import OutboxMessage
from models.watching import CameraConnection
from notify import outbox
from notify.errors import GatewayRefused, GatewayUnavailable, GatewayUnreachable
from notify.sound import read_wav
from notify.speech import Voice, find_voice
from tests.cases.horn_scene import AT, HORN, KEY, TONE, Device, Killed, Square, failing, make_square
from tests.conftest import Database

S = AnnouncementState


@pytest.fixture
def square(database: Database, tmp_path: Path) -> Square:
    return make_square(database.sessions, tmp_path)


@pytest.fixture
def sqlite_square(sqlite_database: Database, tmp_path: Path) -> Square:
    return make_square(sqlite_database.sessions, tmp_path)


def the_incident(square: Square) -> uuid.UUID:
    with reading(square.sessions) as session:
        return session.scalars(select(Incident.id)).one()


def promise(square: Square, seq: int = 1) -> uuid.UUID:
    """As a ladder does."""
    with transaction(square.sessions) as session:
        payload = {"incident_id": str(the_incident(square)), "loudspeaker_id": HORN}
        return outbox.promise(session, key=f"announce:{seq}", kind="announce", payload=payload, at=square.at).id


def answer(square: Square, message: uuid.UUID) -> Any:
    with reading(square.sessions) as session:
        return telling.answer_of_announcement(session, message, square.at)


def states(square: Square) -> list[AnnouncementState]:
    return [each.state for each in square.said()]


def test_a_press_is_spoken_sealed_with_its_words_played_once_and_confirmed(square: Square) -> None:
    incident = the_incident(square)
    asked = square.press("请马上离开", incident_id=incident)
    square.works(voice=find_voice(None))
    [row] = square.said()
    assert (row.state, row.detail, row.ended_at) == (S.PLAYED, "it was played", AT)
    assert (row.asked_by, row.voice) == ("wang.wei", "espeak-ng (packaged)")
    [(horn, name, seconds)] = square.device.played
    assert (horn, name) == (HORN, str(asked.id))
    assert seconds > 0.5
    with reading(square.sessions) as session:
        sealed = session.get_one(SealedObject, row.sha256)
        held = session.scalars(
            select(CustodyEvent).where(CustodyEvent.incident_id == incident, CustodyEvent.act == CustodyAct.SEALED)
        ).one()
    raw = Vault.path_of(square.folder / "vault", sealed.sha256, sealed.suffix).read_bytes()
    assert "请马上离开".encode() in raw
    assert read_wav(raw).seconds == pytest.approx(seconds)
    assert (held.sha256, str(asked.id) in held.reason) == (row.sha256, True)
    square.passes(3600)
    square.works()
    assert len(square.device.played) == 1


def test_killed_while_it_plays_it_is_not_known_and_never_said_again(square: Square) -> None:
    square.press()
    square.device.after = failing(Killed())
    with pytest.raises(Killed):
        square.works()
    assert states(square) == [S.PLAYING]
    square.works()
    assert states(square) == [S.PLAYING], "the lease still holds"
    square.passes(LEASE.total_seconds() + 1)
    square.works()
    assert states(square) == [S.UNCONFIRMED]
    square.passes(3600)
    square.works()
    assert len(square.device.played) == 1


def test_killed_before_it_was_handed_over_it_is_not_said_by_itself_either(square: Square) -> None:
    """Nobody can tell this from the case above, so it ends the same: a person may press again."""
    square.press()
    square.device.before = failing(Killed())
    with pytest.raises(Killed):
        square.works()
    square.passes(LEASE.total_seconds() + 1)
    square.works()
    assert (states(square), square.device.played) == ([S.UNCONFIRMED], [])


@pytest.mark.parametrize("at", ["before_the_commit", "after_the_commit"])
def test_killed_while_it_becomes_sound_it_is_made_again_and_said_once(square: Square, at: str) -> None:
    square.press()
    die = failing(Killed())
    disk = (
        DiskCalls(link=lambda _from, _to: die(""))
        if at == "before_the_commit"
        else DiskCalls(remove=lambda path: die("") or path.unlink(missing_ok=True))
    )
    with square.queue(disk=disk) as queue, pytest.raises(Killed):
        queue.play_next(HORN)
    assert square.said()[0].state is S.WAITING
    square.works()
    assert states(square) == [S.PLAYED]
    assert len(square.device.played) == 1


@pytest.mark.parametrize(
    ("error", "state", "plays"),
    [
        (GatewayUnavailable("broke off"), S.UNCONFIRMED, 0),
        (GatewayRefused("wrong password"), S.FAILED, 0),
        (GatewayUnreachable("away"), S.PLAYED, 1),
    ],
    ids=["no_answer", "refused", "away_for_a_moment"],
)
def test_what_each_answer_of_the_device_comes_to(
    square: Square, error: Exception, state: AnnouncementState, plays: int
) -> None:
    square.press()
    square.device.before = failing(error)
    square.works()
    square.passes(AGAIN_AFTER.total_seconds())
    square.works()
    assert (states(square), len(square.device.played)) == ([state], plays)


def test_a_horn_that_stays_away_is_given_up_and_says_why(sqlite_square: Square) -> None:
    square = sqlite_square
    square.press()
    square.device.before = failing(GatewayUnreachable("no connection"), times=99)
    for _ in range(MAX_TRIES):
        square.works()
        square.works()  # before its time nothing is tried
        square.passes(AGAIN_AFTER.total_seconds())
    [row] = square.said()
    assert (row.state, row.tries, row.detail) == (S.FAILED, MAX_TRIES, "no connection")


def test_one_who_comes_back_after_its_lease_changes_nothing(square: Square) -> None:
    square.press()

    def slow(_name: str) -> None:
        square.passes(LEASE.total_seconds() + 1)
        square.works(device=Device())

    square.device.after = slow
    square.works()
    assert states(square) == [S.UNCONFIRMED]


def test_two_processes_at_one_loudspeaker_say_everything_once_and_one_at_a_time(square: Square) -> None:
    for number in range(speaking.MOST_WAITING):
        square.press(f"第{number}句")
    at_once, most = [0], [0]

    def speaks(_name: str) -> None:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])

    def falls_silent(_name: str) -> None:
        at_once[0] -= 1

    square.device.before, square.device.after = speaks, falls_silent
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(6):
                square.works()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert states(square) == [S.PLAYED] * speaking.MOST_WAITING
    assert len({name for _, name, _ in square.device.played}) == len(square.device.played) == speaking.MOST_WAITING
    assert most == [1]


def test_a_person_goes_before_the_program_and_the_program_keeps_its_silence(sqlite_square: Square) -> None:
    square = sqlite_square
    first = promise(square, 1)
    with square.queue() as queue:
        queue.take_up_promises()
    square.passes(1)
    square.press("人先说")
    square.works()
    assert [name for _, name, _ in square.device.played] == [str(square.said()[1].id)]
    square.passes(10)
    square.works()
    assert len(square.device.played) == 1, "cooldown_s has not passed"
    square.press("再说一次")
    square.works()
    assert len(square.device.played) == 2, "a person does not wait for it"
    square.passes(21)
    square.works()
    assert len(square.device.played) == 3
    assert answer(square, first)[0] is StepOutcome.PLAYED


def test_what_comes_too_late_is_not_said(sqlite_square: Square) -> None:
    square = sqlite_square
    square.press()
    message = promise(square)
    square.passes(speaking.USEFUL_FOR.total_seconds() + 1)
    square.works()
    assert states(square) == [S.SKIPPED]
    assert square.device.played == []
    assert answer(square, message) == (StepOutcome.NO_LOUDSPEAKER, square.at)


QUIET = [{"days": "mon-sun", "from": "12:00", "to": "13:00"}]  # noon of tests/rows.py lies in it


def test_in_quiet_hours_nobody_speaks(sqlite_square: Square) -> None:
    square = sqlite_square
    square.press("还来得及")
    with transaction(square.sessions) as session:
        session.execute(update(Loudspeaker).values(quiet=QUIET))
    with pytest.raises(speaking.AnnouncementRefused) as refused:
        square.press()
    assert refused.value.why == speaking.QUIET
    square.works()
    assert [(each.state, each.detail) for each in square.said()] == [(S.SKIPPED, "quiet hours of the loudspeaker")]
    assert square.device.played == []
    with transaction(square.sessions) as session:
        incident = session.scalars(select(Incident)).one()
        session.refresh(incident, ["camera"])
        session.refresh(incident.camera, ["site"])
        assert telling.announce(session, incident, 1, at=square.at).outcome is StepOutcome.QUIET_HOURS
    square.passes(3600)
    square.press()
    square.works()
    assert len(square.device.played) == 1


def test_a_ladders_warning_names_the_vehicle_and_the_second_one_says_so(sqlite_square: Square) -> None:
    square = sqlite_square
    first = promise(square, 1)
    square.works()
    square.passes(200)
    second = promise(square, 2)
    square.works()
    rows = square.said()
    assert [each.sentence for each in rows] == ["illegal_parking.first", "illegal_parking.again"]
    assert rows[0].text.startswith("浙，J，一，二，三，四，五车主")
    assert [answer(square, each) for each in (first, second)] == [
        (StepOutcome.PLAYED, AT),
        (StepOutcome.PLAYED, square.at),
    ]
    with reading(square.sessions) as session:
        assert set(session.scalars(select(OutboxMessage.state))) == {OutboxState.SENT}


def test_an_unsure_plate_calls_nobody(sqlite_square: Square) -> None:
    square = sqlite_square
    with transaction(square.sessions) as session:
        session.execute(update(Incident).values(plate_confidence=0.6))
    promise(square)
    square.works()
    assert square.said()[0].sentence == "illegal_parking.first_without_plate"


def test_who_has_left_is_not_shouted_after(sqlite_square: Square) -> None:
    square = sqlite_square
    message, late = promise(square, 1), promise(square, 2)
    with square.queue() as queue:
        queue.take_up_promises()
    promised = promise(square, 3)
    with transaction(square.sessions) as session:
        session.execute(update(Incident).values(state=IncidentState.RESOLVED, left_at=AT, grace_ends_at=AT))
    square.works()
    assert states(square) == [S.SKIPPED, S.SKIPPED]
    assert {answer(square, each)[0] for each in (message, late, promised)} == {StepOutcome.NO_LOUDSPEAKER}
    assert square.device.played == []


def test_handed_over_and_not_confirmed_is_what_the_ladder_hears(sqlite_square: Square) -> None:
    square = sqlite_square
    message = promise(square)
    assert answer(square, message) is None
    square.device.after = failing(GatewayUnavailable("no answer"))
    square.works()
    assert answer(square, message) == (StepOutcome.UNCONFIRMED, AT)
    with transaction(square.sessions) as session:  # a person has it sent again, from the messages' page
        row = session.get_one(OutboxMessage, message)
        row.state, row.next_at, row.tries = OutboxState.PENDING, square.at, 0
    square.passes(30)
    square.works()
    assert len(square.device.played) == 2
    assert answer(square, message) == (StepOutcome.PLAYED, square.at)


def test_where_nothing_can_speak_a_chime_is_played_and_said_so(
    sqlite_square: Square, caplog: pytest.LogCaptureFixture
) -> None:
    square = sqlite_square
    square.press()
    square.works(voice=Voice("broken", ("false",)))
    [row] = square.said()
    assert (row.state, row.voice) == (S.PLAYED, "chime")
    assert square.device.played[0][2] == 2.0
    assert "a chime is played" in caplog.text


def test_a_recorded_voice_is_played_as_it_was_recorded_and_as_loud_as_the_horn_is_set(sqlite_square: Square) -> None:
    square = sqlite_square
    with Vault.open(square.folder / "vault") as vault, transaction(square.sessions) as session:
        pending = vault.take(lambda path: path.write_bytes(TONE.as_wav()) and None, ".wav")
        sealed = keep_object(session, vault, pending, "audio/wav", at=AT)
        vault.settle(pending)
    square.press(speaking.Recorded(sealed, "王伟说"))
    square.works()
    [row] = square.said()
    assert (row.state, row.text, row.voice, row.sha256) == (S.PLAYED, "王伟说", "wang.wei", sealed.sha256)
    assert square.device.played[0][2] == TONE.seconds


def test_a_camera_is_spoken_through_as_it_is_watched_and_a_horn_with_its_own_password(sqlite_square: Square) -> None:
    square = sqlite_square
    with transaction(square.sessions) as session:
        session.execute(update(Loudspeaker).values(driver="onvif"))
        sealed = KEY.seal("of the camera", "camera_connection.password:gate-3")
        session.add(CameraConnection(camera_id="gate-3", username="viewer", password_sealed=sealed))
        own = KEY.seal("of the horn", "loudspeaker.password:horn-2")
        session.add(
            Loudspeaker(
                id="horn-2", camera_id="gate-3", driver="axis", url="http://h", username="u", password_sealed=own
            )
        )
    square.press()
    square.press(loudspeaker_id="horn-2")
    square.works()
    found = {each.loudspeaker_id: each for each in square.device.addresses}
    camera, horn = found[HORN], found["horn-2"]
    assert camera.login is not None
    assert horn.login is not None
    assert (camera.url, camera.login.username, camera.login.password) == (
        "rtsp://viewer:secret@camera.example/main",  # the row of these tests; real ones hold no password
        "viewer",
        "of the camera",
    )
    assert (horn.url, horn.login.password) == ("http://h", "of the horn")


def test_a_password_that_cannot_be_opened_is_said_and_holds_nothing_up(sqlite_square: Square) -> None:
    square = sqlite_square
    with transaction(square.sessions) as session:
        session.execute(update(Loudspeaker).values(username="u", password_sealed=b"\x01nonsense"))
    square.press()
    square.works()
    assert states(square) == [S.FAILED]


def test_what_was_said_goes_with_the_evidence_of_its_matter_and_its_row_stays(sqlite_square: Square) -> None:
    square = sqlite_square
    incident = the_incident(square)
    with Vault.open(square.folder / "vault") as vault, transaction(square.sessions) as session:
        pending = vault.take(lambda path: path.write_bytes(b"a clip") and None, ".mp4")
        clip = PendingExhibit(pending, ExhibitKind.CLIP, ExhibitMoment.ENTRY, "video/mp4", AT, AT, {})
        seal(session, vault, incident, clip, actor="streetwitness", at=AT)
        vault.settle(pending)
    square.press("关于此事", incident_id=incident)
    square.works()
    square.passes(30)
    square.press("无关此事")
    square.works(voice=find_voice(None))  # other words are other bytes, as with any real voice
    about, other = square.said()
    with transaction(square.sessions) as session:
        session.execute(update(Incident).values(state=IncidentState.RESOLVED, left_at=AT, grace_ends_at=AT))
    purge(square.sessions, square.folder / "vault", square.folder / "drafts", at=AT + timedelta(days=90))
    with reading(square.sessions) as session:
        assert deletions_that_count(session, [str(about.sha256), str(other.sha256)]).keys() == {about.sha256}
    assert [each.state for each in square.said()] == [S.PLAYED, S.PLAYED]


def test_the_queue_cannot_hold_what_was_never_sound_or_two_that_play(sqlite_square: Square) -> None:
    from sqlalchemy.exc import IntegrityError  # noqa: PLC0415 - of this test alone

    square = sqlite_square
    square.press()
    for values in (
        {"state": S.PLAYED, "ended_at": AT},
        {"state": S.SKIPPED},
        {"state": S.PLAYING, "sha256": None},
    ):
        with pytest.raises(IntegrityError), transaction(square.sessions) as session:
            session.execute(update(Announcement).values(**values))
