"""A review desk as a process of its own, so that it can be killed: `python -m tests.review_ui.upload_server`.

Arguments: the database's URL, the folder of the site, the port.
"""

import sys
from pathlib import Path

import uvicorn

from models.database import open_database, sessions_of
from review_ui.app import ReviewSettings, make_app


def main(database_url: str, folder: str, port: str) -> None:
    sessions = sessions_of(open_database(database_url))
    root = Path(folder)
    settings = ReviewSettings(sessions, root / "vault", root / "drafts", uploads_dir=root / "uploads")
    uvicorn.run(make_app(settings), host="127.0.0.1", port=int(port), log_level="warning", ws="none")


if __name__ == "__main__":
    main(*sys.argv[1:])
