"""How a matter went on once a loudspeaker had spoken about it, and which matters stand before one."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cases import speaking
from cases.entitlements import EVERYTHING, Limit, Scope
from cases.spoken_about import After, Went, after_speaking, matters
from evidence.sealing import keep_object
from evidence.vault import Vault
from models.announcements import Announcement
from models.database import reading, transaction
from models.enums import AnnouncementState, CustodyAct, IncidentState, LadderAct, Offence, SightingKind
from models.escalation import LadderStep
from models.exhibits import CustodyEvent
from models.incidents import Incident
from notify.errors import GatewayRefused
from tests.cases.horn_scene import AT, HORN, TONE, Device, Square, failing, make_square
from tests.conftest import Database
from tests.rows import add_sighting, after

NOBODYS = Scope(frozenset())
DUMPING_ONLY = Scope(frozenset({Limit(None, Offence.DUMPING)}))


@pytest.fixture
def square(database: Database, tmp_path: Path) -> Square:
    """The van stands in the fence; the time is 100 s into its story."""
    return make_square(database.sessions, tmp_path)


def the_incident(square: Square) -> uuid.UUID:
    with reading(square.sessions) as session:
        return session.scalars(select(Incident.id)).one()


def spoken(square: Square, **how: Any) -> None:
    """Said about the van, and played at once: the last word falls on AT."""
    square.press(speaking.Sentence("move_vehicle"), incident_id=the_incident(square))
    square.works(**how)


def went_on(square: Square, scope: Scope = EVERYTHING) -> After | None:
    with reading(square.sessions) as session:
        [said] = session.scalars(select(Announcement))
        return after_speaking(session, scope, [said]).get(said.id)


def later(square: Square, **values: Any) -> None:
    with transaction(square.sessions) as session:
        incident = session.scalars(select(Incident)).one()
        for name, value in values.items():
            setattr(incident, name, value)


def seen(square: Square, kind: SightingKind, at_s: float) -> None:
    with transaction(square.sessions) as session:
        add_sighting(session, session.scalars(select(Incident)).one(), at=after(at_s), kind=kind)


def test_before_anybody_has_looked_again_nothing_is_claimed(square: Square) -> None:
    later(square, next_step_at=after(160))
    seen(square, SightingKind.SEEN, 99)  # before the last word
    spoken(square)
    now = went_on(square)
    assert now is not None
    assert (now.went, now.after_s, now.next_step_at) == (Went.NOT_SEEN_SINCE, None, after(160))


def test_a_van_that_left_is_said_to_have_left_so_many_seconds_after(square: Square) -> None:
    spoken(square)
    seen(square, SightingKind.SEEN, 110)
    later(square, state=IncidentState.RESOLVED, left_at=after(142), next_step_at=after(500))
    now = went_on(square)
    assert now is not None
    assert (now.went, now.after_s, now.state) == (Went.LEFT, 42.0, IncidentState.RESOLVED)
    assert now.next_step_at is None  # nothing more is done about it


def test_a_van_that_was_gone_before_the_last_word_did_not_leave_after_it(square: Square) -> None:
    spoken(square)
    later(square, state=IncidentState.RESOLVED, left_at=after(98))
    now = went_on(square)
    assert now is not None
    assert now.went is Went.LEFT_BEFORE


def test_the_next_look_shows_it_still_there_and_the_ladder_goes_on(square: Square) -> None:
    spoken(square)
    seen(square, SightingKind.HIDDEN, 105)  # shows nothing
    seen(square, SightingKind.KEPT, 112)
    seen(square, SightingKind.SEEN, 130)
    with transaction(square.sessions) as session:
        for seq, act, at_s in ((1, LadderAct.TELL_OWNER, 74), (2, LadderAct.TELL_OFFICER, 140)):
            step = LadderStep(
                incident_id=the_incident(square), seq=seq, rung=seq, act=act, began_at=after(at_s), facts={}
            )
            step.answer_by, step.outcome, step.effective_at = after(at_s + 60), None, None
            if seq == 1:
                step.outcome, step.effective_at = "delivered", after(at_s)  # type: ignore[assignment]
            session.add(step)
    now = went_on(square)
    assert now is not None
    assert (now.went, now.after_s, now.last_there_s) == (Went.STILL_THERE, 12.0, 30.0)
    assert now.step == (LadderAct.TELL_OFFICER, after(140))


def test_of_what_nobody_heard_and_of_what_lies_outside_nothing_is_said(square: Square) -> None:
    device = Device(before=failing(GatewayRefused("no such horn")))
    spoken(square, device=device)
    [row] = square.said()
    assert row.state is AnnouncementState.FAILED
    assert went_on(square) is None


@pytest.mark.parametrize("scope", [NOBODYS, DUMPING_ONLY], ids=["nothing", "another_offence"])
def test_who_may_not_see_a_matter_is_not_told_of_it(square: Square, scope: Scope) -> None:
    spoken(square)
    assert went_on(square, scope) is None
    with reading(square.sessions) as session:
        assert matters(session, scope, "gate-3") == []


def test_open_matters_before_a_loudspeaker_are_those_of_its_camera(square: Square) -> None:
    with reading(square.sessions) as session:
        assert [each.id for each in matters(session, EVERYTHING, "gate-3")] == [the_incident(square)]
        assert matters(session, EVERYTHING, "gate-4") == []
    later(square, state=IncidentState.DRAFTED)
    with reading(square.sessions) as session:
        assert matters(session, EVERYTHING, "gate-3") == []


def voice(path: Path) -> None:
    path.write_bytes(TONE.as_wav())


def test_an_own_voice_about_a_matter_stands_in_its_register(square: Square) -> None:
    with Vault.open(square.folder / "vault") as vault:
        pending = vault.take(voice, ".wav")
        with transaction(square.sessions) as session:
            sealed = keep_object(session, vault, pending, "audio/wav", at=AT)
            row = speaking.say(
                session,
                HORN,
                speaking.Recorded(sealed),
                by=square.operator,
                at=AT,
                language="zh",
                incident_id=the_incident(square),
            )
        vault.settle(pending)
    with reading(square.sessions) as session:
        [event] = session.scalars(select(CustodyEvent).where(CustodyEvent.sha256 == row.sha256))
    assert (event.act, event.actor) == (CustodyAct.SEALED, "wang.wei")
    assert str(row.id) in (event.reason or "")
