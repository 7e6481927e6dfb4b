"""A watcher in a process of its own, to be killed: `python -m tests.scenarios.watcher_driver DATABASE_URL VAULT`."""

import sys
import time
from pathlib import Path

from models.database import open_database, sessions_of
from tests.scenarios.live_street import watching


def main() -> None:
    url, vault = sys.argv[1:]
    with watching(sessions_of(open_database(url)), Path(vault)):
        while True:
            time.sleep(60)


if __name__ == "__main__":
    main()
