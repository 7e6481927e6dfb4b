"""Agreements that are killed with SIGKILL: `python -m tests.cases.casework.killed_driver DATABASE APPROVAL EVERY`.

A child gives the last agreement of a round and is killed before its n-th statement, for every n of a step of EVERY, and
at the commit; after each a line says how the rows stand. The last child is left alone. Forked from here, where no
thread was ever started.
"""

import os
import signal
import sys
import uuid

from sqlalchemy import event, func, select
from sqlalchemy.orm import configure_mappers, selectinload

from cases.casework import approvals
from models.case_files import ApprovalMark, CaseFile, FileApproval, FileDecision, FileEvent
from models.database import open_database, reading, sessions_of, transaction
from models.enums import ApprovalVerdict
from models.people import User
from models.proof import LogEntry
from tests.cases.casework.case_scene import noon

LEADER = "wu"


def agree(url: str, approval_id: uuid.UUID, die_at: int) -> None:
    """die_at: the statement before which it is killed, the commit counted as one."""
    left = die_at

    def step(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    engine = open_database(url)
    event.listen(engine, "before_cursor_execute", step)
    event.listen(engine, "commit", step)
    with transaction(sessions_of(engine)) as session:
        by = session.scalars(select(User).where(User.name == LEADER).options(selectinload(User.grants))).one()
        approvals.mark(session, approval_id, ApprovalVerdict.AGREES, by=by, reason="同意", at=noon(5))


def how_it_stands(url: str) -> str:
    engine = open_database(url)
    with reading(sessions_of(engine)) as session:
        counted = [
            session.scalar(select(func.count()).select_from(table))
            for table in (ApprovalMark, FileEvent, FileDecision, LogEntry)
        ]
        state = session.scalars(select(CaseFile.state)).one()
        newest = session.scalars(select(FileApproval.state).order_by(FileApproval.asked_at.desc()).limit(1)).one()
    engine.dispose()
    return " ".join([state.value, newest.value, *(str(count) for count in counted)])


def main(url: str, approval_id: uuid.UUID, every: int) -> None:
    configure_mappers()  # once, and not in every child
    die_at = 1
    while True:
        child = os.fork()
        if child == 0:
            agree(url, approval_id, die_at)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status) != 0:
            raise SystemExit(f"an agreement failed with {os.WEXITSTATUS(status)}")
        sys.stdout.write(f"{how_it_stands(url)}\n")
        sys.stdout.flush()
        if not os.WIFSIGNALED(status):
            return
        die_at += every


if __name__ == "__main__":
    main(sys.argv[1], uuid.UUID(sys.argv[2]), int(sys.argv[3]))
