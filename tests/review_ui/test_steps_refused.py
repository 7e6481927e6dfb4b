"""What the table of the procedure does not contain is answered by the desk: 409, or 403 to whose role it is not, with a
sentence, and nothing is written. That every step of every role is refused so below the pages is in
tests/cases/casework/test_every_step.py; here each step is asked for over HTTP, in states spread over the table.
"""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from cases.casework.table import MAY_TAKE, NEXT
from models.case_files import CaseFile, FileEvent
from models.database import reading, transaction
from models.enums import FileAct, FileState, Procedure, Role
from tests.review_ui.two_areas import EAST, Desk, running_desk

STEPS = sorted(MAY_TAKE.keys() - {FileAct.REGISTER})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Desk]:
    yield from running_desk(tmp_path_factory.mktemp("steps"), migrated_sqlite)


def asked(desk: Desk, role: Role, procedure: Procedure, state: FileState, step: FileAct) -> tuple[int, str]:
    """The status, and the sentence; nothing has become of it."""
    file_id = desk.places[EAST].ids["file_id"]
    with transaction(desk.sessions) as session:
        session.execute(
            update(CaseFile).where(CaseFile.id == uuid.UUID(file_id)).values(procedure=procedure, state=state)
        )
        before = session.scalar(select(func.count()).select_from(FileEvent))
    hand = desk.hands[role, EAST]
    said = {"csrf_token": hand.csrf_token, "step": step.value, "reason": "because"}
    answer = hand.browser.post(f"/cases/{file_id}/steps", data=said)
    with reading(desk.sessions) as session:
        assert session.get_one(CaseFile, uuid.UUID(file_id)).state is state
        assert session.scalar(select(func.count()).select_from(FileEvent)) == before
    said_in = r'role="alert"[^>]*>(.*?)</' if answer.status_code == 409 else r"<main[^>]*>(.*?)</main>"
    sentence = re.search(said_in, answer.text, re.DOTALL)
    return answer.status_code, re.sub(r"<[^>]+>", "", sentence[1]).strip() if sentence else ""


def not_in_the_table(step: FileAct) -> list[tuple[Procedure, FileState]]:
    return [
        (procedure, state) for procedure, steps in NEXT.items() for state in FileState if (state, step) not in steps
    ]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_is_not_in_the_table_is_a_409_with_a_sentence(desk: Desk, step: FileAct) -> None:
    nowhere = not_in_the_table(step)
    for procedure, state in (nowhere[0], nowhere[len(nowhere) // 2], nowhere[-1]):
        status, sentence = asked(desk, min(MAY_TAKE[step]), procedure, state, step)
        assert status == 409, (procedure, state)
        assert len(sentence) > 3, (procedure, state)


@pytest.mark.parametrize("role", Role)
def test_a_step_that_is_another_roles_is_a_403_with_a_sentence(desk: Desk, role: Role) -> None:
    for step in STEPS:
        if role in MAY_TAKE[step]:
            continue
        procedure, state = next((each, before) for each, steps in NEXT.items() for before, act in steps if act is step)
        status, sentence = asked(desk, role, procedure, state, step)
        assert status == 403, (role, step)
        assert len(sentence) > 3, (role, step)
