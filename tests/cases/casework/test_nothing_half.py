"""Nothing half: an agreement killed at any statement left nothing, and the next one finds everything as it was."""

import subprocess
import sys
from pathlib import Path

from models.enums import FileAct
from tests.cases.casework.case_scene import Bureau
from tests.conftest import Database

REPOSITORY = Path(__file__).parents[3]
EVERY = 29


def test_a_decision_killed_at_any_statement_was_not_made_and_is_made_whole_afterwards(
    sqlite_database: Database,
) -> None:
    bureau = Bureau(sqlite_database.sessions)
    file_id = bureau.heard()
    approval_id = bureau.ask(file_id, FileAct.DECIDE, facts=bureau.outcome().as_facts())
    assert approval_id is not None, "three have to agree"
    bureau.mark(approval_id, "zhao")
    bureau.mark(approval_id, "sun")
    sqlite_database.engine.dispose()
    command = [sys.executable, "-m", "tests.cases.casework.killed_driver", sqlite_database.url, str(approval_id)]
    done = subprocess.run([*command, str(EVERY)], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *killed, whole = done.stdout.splitlines()
    assert len(killed) >= 3, "it is killed on its way"
    before = killed[0].split()
    assert set(killed) == {killed[0]}
    state, approval, *counted = whole.split()
    assert (before[:2], [state, approval]) == (["heard", "open"], ["decided", "approved"])
    marks, events, decisions, entries = (int(now) - int(then) for now, then in zip(counted, before[2:], strict=True))
    assert (marks, events, decisions, entries) == (1, 2, 1, 2)
