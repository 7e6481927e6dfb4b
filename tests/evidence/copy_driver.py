"""Copies that are killed with SIGKILL: `python -m tests.evidence.copy_driver DATABASE VAULT STORE KEYS`.

Each line on standard input is the number of a step; a child runs a round of copying and is killed there. A step is the
moment before and after each put, before each reading back, and before and after each commit. The answer is the signal
that ended the child, 0 where it came to its end. The children are forked from here, where nothing of the store's own
threads was ever started.
"""

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import configure_mappers

from evidence.copies import Copier
from evidence.encryption import StoreKeys
from evidence.store import Store, StoreAddress
from models.database import open_database, sessions_of
from tests.evidence.s3_server import ACCESS_KEY, SECRET_KEY
from tests.rows import after


def copy_until(last: int, database: str, vault: Path, url: str, keys: Path) -> None:
    left = last

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    class Stepping(Store):
        def put_new(self, key: str, data: bytes, media_type: str) -> bool:
            step()
            new = super().put_new(key, data, media_type)
            step()
            return new

        def read(self, key: str) -> bytes:
            step()
            return super().read(key)

    engine = open_database(database)
    event.listen(engine, "commit", lambda _connection: step())
    event.listen(engine, "checkin", lambda _connection, _record: step())  # the first thing after a commit
    store = Stepping.open(StoreAddress(url, ACCESS_KEY, SECRET_KEY))
    Copier(sessions_of(engine), vault, store, StoreKeys.open(keys), lambda: after(3000)).copy_due()


def main(database: str, vault: Path, url: str, keys: Path) -> None:
    configure_mappers()  # once, and not in every child
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            copy_until(int(line), database, vault, url, keys)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status) != 0:
            raise SystemExit(f"the round before step {line.strip()} failed by itself")
        sys.stdout.write(f"{os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
