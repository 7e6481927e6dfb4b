"""Every step of every procedure from every state by every role: what the table contains happens, the rest is refused.

The rows are those of cases in which nothing else stands against any step; only where they stand is moved, in one
database, each try rolled back.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from cases.casework import approvals
from cases.casework.chains import chain_for
from cases.casework.errors import StepRefused
from cases.casework.table import MAY_TAKE, STEPS, next_state
from cases.errors import NotEntitled
from models.case_files import CaseFile
from models.database import reading
from models.enums import (
    FileAct,
    FileState,
    Offence,
    OutcomeKind,
    Procedure,
    Role,
    ServedPaper,
    SpareGround,
)
from models.people import User
from tests.cases.casework.case_scene import REASON, Bureau
from tests.conftest import sqlite_copy

ONE_OF_EACH = {
    Role.MONITOR: "feng",
    Role.OPERATOR: "chen",
    Role.OFFICER: "li",
    Role.LEGAL_REVIEWER: "sun",
    Role.LEADER: "wu",
    Role.ADMINISTRATOR: "chu",
}
REPOSITORY = Path(__file__).parents[3]
REFUSALS = frozenset({"not entitled", "not in the table"})
UNPAID = frozenset({FileAct.ENFORCE})
DECIDED = frozenset({FileAct.SERVE, FileAct.PERFORM, FileAct.CLOSE, FileAct.ARCHIVE, FileAct.REVOKE})


@dataclass(frozen=True)
class Ready:
    """Cases in which every gate is open: undecided, decided and paid, decided and not paid."""

    bureau: Bureau
    undecided: uuid.UUID
    paid: uuid.UUID
    unpaid: uuid.UUID

    def file_for(self, step: FileAct) -> uuid.UUID:
        return self.unpaid if step in UNPAID else self.paid if step in DECIDED else self.undecided


@pytest.fixture(scope="module")
def ready(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    for database in sqlite_copy(migrated_sqlite, tmp_path_factory.mktemp("steps")):
        bureau = Bureau(database.sessions)
        undecided = bureau.heard(place="府前街 1 号")
        bureau.noted(undecided, FileAct.CORRECTED)
        unpaid, paid = (bureau.decided(place=place) for place in ("府前街 2 号", "府前街 3 号"))
        for file_id in (unpaid, paid):
            bureau.serve(file_id, ServedPaper.DECISION)
        bureau.pay(paid, 10_000)
        for act in (FileAct.CORRECTED, FileAct.REPORTED, FileAct.VOLUME_MADE):
            bureau.noted(paid, act)
        bureau.day = 30
        yield Ready(bureau, undecided, paid, unpaid)


def facts_of(bureau: Bureau, step: FileAct) -> dict[str, object] | None:
    if step in (FileAct.NOTIFY, FileAct.DECIDE):
        return bureau.outcome().as_facts()
    if step is FileAct.SPARE:
        ground = SpareGround.SLIGHT_AND_CORRECTED
        return bureau.outcome(outcome=OutcomeKind.NO_PENALTY, fine_fen=None, spare_ground=ground).as_facts()
    return {"to": "市场监督管理局"} if step is FileAct.TRANSFER else None


def stands(session: Session, ready: Ready, procedure: Procedure, state: FileState) -> None:
    cases = (ready.undecided, ready.paid, ready.unpaid)
    session.execute(update(CaseFile).where(CaseFile.id.in_(cases)).values(procedure=procedure, state=state))


def tried(session: Session, ready: Ready, step: FileAct, user: User) -> str:
    """What came of it, as a word; who is refused has written nothing."""
    file_id = ready.file_for(step)
    try:
        asked = approvals.ask(
            session, file_id, step, by=user, reason=REASON, facts=facts_of(ready.bureau, step), at=ready.bureau.now
        )
    except NotEntitled:
        return "not entitled"
    except StepRefused:
        return "not in the table"
    return "asked for" if asked is not None else session.get_one(CaseFile, file_id).state.value


def expected(procedure: Procedure, state: FileState, step: FileAct, role: Role) -> str:
    if role not in MAY_TAKE.get(step, ()):
        return "not entitled"
    after = next_state(procedure, state, step)
    if after is None:
        return "not in the table"
    return "asked for" if chain_for(procedure, step, Offence.ILLEGAL_PARKING) else after.value


@pytest.mark.parametrize("procedure", Procedure)
def test_only_what_the_table_contains_happens_and_only_by_whom_it_may(ready: Ready, procedure: Procedure) -> None:
    wrong = []
    with reading(ready.bureau.sessions) as session:
        users = {role: ready.bureau.user(session, name) for role, name in ONE_OF_EACH.items()}
    with ready.bureau.sessions() as session:
        for state in FileState:
            stands(session, ready, procedure, state)
            for step in sorted(STEPS):
                for role, user in users.items():
                    wanted = expected(procedure, state, step, role)
                    point = session.begin_nested() if wanted not in REFUSALS else None
                    came = tried(session, ready, step, user)
                    if point is not None:
                        point.rollback()
                    if came != wanted:
                        wrong.append((state.value, step.value, role.value, came))
        session.rollback()
    assert wrong == []


def test_the_gates_stand_before_the_one_writer_of_the_state() -> None:
    """Whoever else named it would go past them."""
    folders = ("cases", "ingest", "review_ui", "streetwitness", "evidence", "notify")
    sources = (path for folder in folders for path in (REPOSITORY / folder).rglob("*.py"))
    naming = {str(path.relative_to(REPOSITORY)) for path in sources if "take_step" in path.read_text("utf-8")}
    assert naming == {"cases/casework/steps.py", "cases/casework/taking.py"}
