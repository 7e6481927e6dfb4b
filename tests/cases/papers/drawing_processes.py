"""Processes that draw numbers at once and are killed at random moments; run as a program by test_registry.py.

    python -m tests.cases.papers.drawing_processes DATABASE_URL PROCESSES SEED

Each draws sheet after sheet, uses some of them, and takes some transactions back; nobody cleans up after it. What was
committed is printed, a line each: what is printed must be in the registry.
"""

import os
import random
import signal
import sys
import time
from datetime import UTC, datetime

from sqlalchemy.exc import OperationalError

from cases.casework.steps import By
from cases.papers import registry
from models.database import open_database, sessions_of, transaction
from models.enums import SheetKind

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
PAUSE_S = 0.004


def draw_until_killed(url: str, number: int, seed: int, tell: int) -> None:
    chance = random.Random(f"{seed}:{number}")
    sessions = sessions_of(open_database(url))
    by = By(f"process {number}")
    for _ in range(1000):
        try:
            with transaction(sessions) as session:
                sheet = registry.draw(session, SheetKind.DECISION, by=by, at=AT)
                time.sleep(chance.random() * PAUSE_S)  # so that many are killed between the counter and the commit
                if chance.random() < 0.5:
                    registry.use(session, sheet, f"case_file:{sheet.id}", by=by, at=AT)
                if chance.random() < 0.2:
                    session.rollback()
                    continue
        except OperationalError:
            continue  # SQLite's patience with so many writers is over; nothing happened, and it is tried again
        os.write(tell, f"{sheet.number}\n".encode())


def main(url: str, processes: int, seed: int) -> None:
    """After every number one of those that live is killed, wherever it is, until none is left."""
    chance = random.Random(seed)
    told, tell = os.pipe()
    children = []
    for number in range(processes):
        child = os.fork()
        if child == 0:
            os.close(told)
            draw_until_killed(url, number, seed, tell)
            os._exit(0)
        children.append(child)
    os.close(tell)
    living = list(children)
    with os.fdopen(told) as lines:
        for line in lines:
            sys.stdout.write(line)
            if living:
                time.sleep(chance.random() * PAUSE_S)
                os.kill(living.pop(chance.randrange(len(living))), signal.SIGKILL)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
