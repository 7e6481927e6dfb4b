"""Whole cases: the ordinary and the simple procedure from the register to the archive."""

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from models.case_files import FileEvent
from models.database import transaction
from models.enums import FileAct, FileState, Procedure, ServedPaper
from tests.cases.casework.case_scene import Bureau
from tests.conftest import Database


def test_a_fine_goes_from_the_register_to_the_archive_and_every_step_has_its_name(database: Database) -> None:
    bureau = Bureau(database.sessions)
    file_id = bureau.noticed()
    point = bureau.say(file_id)
    bureau.day += 1
    bureau.answer(point)
    bureau.day += 6
    bureau.step(file_id, FileAct.HEAR)
    bureau.step(file_id, FileAct.DECIDE, "zhao", "sun", "wu", facts=bureau.outcome().as_facts())
    bureau.serve(file_id, ServedPaper.DECISION)
    bureau.step(file_id, FileAct.SERVE)
    bureau.pay(file_id, 10_000)
    bureau.noted(file_id, FileAct.CORRECTED)
    bureau.step(file_id, FileAct.PERFORM)
    bureau.step(file_id, FileAct.CLOSE, "wu")
    bureau.noted(file_id, FileAct.VOLUME_MADE)
    bureau.step(file_id, FileAct.ARCHIVE)
    events = bureau.events(file_id)
    taken = [(each.act, each.actor, each.to_state) for each in events if each.from_state is not each.to_state]
    assert taken == [
        (FileAct.REGISTER, "li", FileState.REGISTERED),
        (FileAct.FILE, "wu", FileState.FILED),
        (FileAct.END_INVESTIGATION, "li", FileState.INVESTIGATED),
        (FileAct.NOTIFY, "wu", FileState.NOTICED),
        (FileAct.HEAR, "li", FileState.HEARD),
        (FileAct.DECIDE, "wu", FileState.DECIDED),
        (FileAct.SERVE, "li", FileState.SERVED),
        (FileAct.PERFORM, "li", FileState.PERFORMED),
        (FileAct.CLOSE, "wu", FileState.CLOSED),
        (FileAct.ARCHIVE, "li", FileState.ARCHIVED),
    ]
    filed = next(each for each in events if each.act is FileAct.FILE)
    assert filed.facts["number"] == bureau.file(file_id).number
    assert filed.facts["asked_by"] == "li"
    for written in (update(FileEvent).values(actor="somebody"), delete(FileEvent)):
        with pytest.raises(DBAPIError, match="append-only"), transaction(database.sessions) as session:
            session.execute(written)


def test_a_decision_on_the_spot_needs_no_chain_and_is_reported_before_it_is_closed(database: Database) -> None:
    bureau = Bureau(database.sessions)
    file_id = bureau.register(procedure=Procedure.SIMPLE)
    bureau.assign(file_id)
    bureau.step(file_id, FileAct.NOTIFY, facts=bureau.outcome(fine_fen=5_000).as_facts())
    bureau.answer(bureau.say(file_id))
    bureau.step(file_id, FileAct.HEAR)
    bureau.step(file_id, FileAct.DECIDE, facts=bureau.outcome(fine_fen=5_000).as_facts())
    bureau.serve(file_id, ServedPaper.DECISION)
    bureau.step(file_id, FileAct.SERVE)
    bureau.pay(file_id, 5_000)
    bureau.noted(file_id, FileAct.CORRECTED)
    bureau.step(file_id, FileAct.PERFORM)
    bureau.noted(file_id, FileAct.REPORTED)
    bureau.step(file_id, FileAct.CLOSE)
    assert bureau.state(file_id) is FileState.CLOSED
    assert bureau.file(file_id).number
