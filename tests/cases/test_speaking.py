"""The operator's press: who may, what is refused with which sentence, and what stands in the queue then."""

import uuid
from pathlib import Path

import pytest

from cases import speaking
from cases.entitlements import EVERYTHING
from cases.errors import AnnouncementRefused, NotEntitled, UnknownIncident, UnknownLoudspeaker
from models.database import reading, transaction
from models.enums import AnnouncementState, Role, Utterance
from notify.announcements import LONGEST_TYPED
from tests import rows
from tests.cases.horn_scene import AT, HORN, Square, make_square
from tests.conftest import Database


@pytest.fixture
def square(sqlite_database: Database, tmp_path: Path) -> Square:
    return make_square(sqlite_database.sessions, tmp_path)


def test_a_sentence_for_one_press_goes_before_the_program_and_not_for_long(square: Square) -> None:
    row = square.press(speaking.Sentence("move_vehicle"))
    assert (row.utterance, row.sentence, row.priority) == (
        Utterance.SENTENCE,
        "move_vehicle",
        speaking.BEFORE_THE_PROGRAM,
    )
    assert "禁止停车" in row.text
    assert (row.state, row.useful_until) == (AnnouncementState.WAITING, AT + speaking.USEFUL_FOR)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.OPERATOR, Role.ADMINISTRATOR)])
def test_only_operators_and_administrators_speak(square: Square, role: Role) -> None:
    with transaction(square.sessions) as session:
        other = rows.add_user(session, "other", role=role)
    with pytest.raises(NotEntitled):
        square.press(by=other)
    assert square.said() == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", speaking.NOT_SPEAKABLE),
        ("走" * (LONGEST_TYPED + 1), speaking.NOT_SPEAKABLE),
        ("[[x]]", speaking.NOT_SPEAKABLE),
        (speaking.Sentence("rm -rf"), speaking.NOT_A_SENTENCE),
    ],
    ids=["nothing", "too_long", "markup", "no_such_sentence"],
)
def test_what_cannot_be_said_is_refused_with_its_sentence(
    square: Square, words: speaking.Words | str, why: str
) -> None:
    with pytest.raises(AnnouncementRefused) as refused:
        square.press(words)
    assert refused.value.why == why
    assert why in speaking.REFUSALS


def test_a_loudspeaker_is_not_filled_up_with_presses(square: Square) -> None:
    for _ in range(speaking.MOST_WAITING):
        square.press()
    with pytest.raises(AnnouncementRefused) as refused:
        square.press()
    assert refused.value.why == speaking.TOO_MANY
    square.passes(speaking.USEFUL_FOR.total_seconds() + 1)
    square.press()  # what nobody will hear any more is in nobody's way


def test_what_is_not_there_is_not_spoken_through_or_about(square: Square) -> None:
    with pytest.raises(UnknownLoudspeaker, match="site file"):
        square.press(loudspeaker_id="horn-9")
    with pytest.raises(UnknownIncident):
        square.press(incident_id=uuid.uuid4())


def test_the_page_is_told_what_each_horn_last_said(square: Square) -> None:
    for number in range(8):
        square.passes(61)
        square.press(f"第{number}句")
    with reading(square.sessions) as session:
        shown = speaking.horns_shown(session, EVERYTHING, at=square.at, language="en")
        of_an_incident = speaking.horns_shown(
            session, EVERYTHING, at=square.at, language="en", incident_id=uuid.uuid4()
        )
    [horn] = shown.horns
    assert (horn.id, horn.camera, horn.quiet) == (HORN, "North gate", False)
    assert [each.text for each in horn.last] == [f"第{number}句" for number in (7, 6, 5, 4, 3, 2)]
    assert shown.sentences["thank_you"] == "Thank you for your cooperation."
    assert of_an_incident.horns == []
