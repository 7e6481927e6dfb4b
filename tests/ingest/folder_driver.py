"""A process that takes in a watched folder, to be killed: `python -m tests.ingest.folder_driver DATABASE FOLDER`."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from cases.part_files import PartFiles
from cases.uploads import tidy
from ingest.watched_folder import FolderSettings, WatchedFolder
from models.database import open_database, sessions_of


def main(url: str, folder: Path) -> None:
    sessions = sessions_of(open_database(url))
    parts, vault = PartFiles(folder / "parts"), folder / "vault"
    settings = FolderSettings(folder / "inbox", "station.3", steady_s=0.0)
    watched = WatchedFolder(sessions, parts, vault, settings, clock=lambda: datetime.now(UTC))
    sys.stdout.write("looking\n")
    sys.stdout.flush()
    while watched.look().refused:
        continue
    tidy(sessions, parts, vault, at=datetime.now(UTC))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
