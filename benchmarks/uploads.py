"""A large file over tus while the server is killed: does it arrive whole and once, and does the memory stay flat?

    python -m benchmarks.uploads [--gigabytes 1] [--kills 5]

The client is tuspy, which others wrote; the server is the review desk as a process of its own, on loopback, with
SQLite. A JSON line with the figures is printed last.
"""

import argparse
import hashlib
import json
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

from tusclient.client import TusClient

from models.database import open_database, reading, sessions_of, sqlite_url, upgrade
from models.enums import UploadState
from models.exhibits import SealedObject
from models.uploads import Upload
from tests.conftest import Database
from tests.review_ui.mortal_site import Mortal, add_station

MEGABYTE = 1024 * 1024
PIECE = 256 * MEGABYTE


def write_file(path: Path, megabytes: int) -> None:
    """No two megabytes are the same, so that one out of place shows."""
    block = random.Random(3).randbytes(MEGABYTE)
    with path.open("wb") as file:
        for number in range(megabytes):
            file.write(number.to_bytes(8, "big") + block[8:])


def main(gigabytes: float, kills: int) -> int:
    with tempfile.TemporaryDirectory(prefix="uploads-") as folder:
        root = Path(folder)
        url = sqlite_url(root / "streetwitness.db")
        engine = open_database(url)
        upgrade(engine)
        sessions = sessions_of(engine)
        token = add_station(Database(engine, sessions, url))
        file = root / "0001.mp4"
        write_file(file, round(gigabytes * 1024))
        size = file.stat().st_size
        site = Mortal(Database(engine, sessions, url), root)

        def offset() -> int:
            with reading(sessions) as session:
                return session.query(Upload.offset).scalar() or 0

        client = TusClient(f"http://127.0.0.1:{site.port}/uploads", headers={"authorization": f"Bearer {token}"})
        began = time.monotonic()
        with file.open("rb") as stream:
            sending = client.uploader(
                file_stream=stream, chunk_size=PIECE, metadata={"filename": file.name}, retries=10_000, retry_delay=0.1
            )
            thread = threading.Thread(target=sending.upload)
            thread.start()
            for killed in range(kills):
                while thread.is_alive() and offset() < size * (killed + 0.5) / kills:
                    time.sleep(0.01)
                site.kill()
                site.start()
            thread.join()
        took_s = time.monotonic() - began
        site.kill()
        with reading(sessions) as session:
            uploads, sealed = session.query(Upload).all(), session.query(SealedObject).all()
        with file.open("rb") as sent:
            sha256 = hashlib.file_digest(sent, "sha256").hexdigest()
        kept = [path for path in (root / "vault" / "objects").rglob("*") if path.is_file()]
        engine.dispose()
    whole = len(uploads) == len(sealed) == len(kept) == 1 and uploads[0].state is UploadState.SEALED
    figures = {
        "bytes": size,
        "kills": kills,
        "whole_and_once": whole and sealed[0].sha256 == sha256,
        "server_grew_mb": round(site.grown_kb / 1024, 1),
        "took_s": round(took_s, 1),
    }
    print(json.dumps(figures))
    return 0 if figures["whole_and_once"] else 1


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--gigabytes", type=float, default=1.0)
    asked.add_argument("--kills", type=int, default=5)
    given = asked.parse_args()
    sys.exit(main(given.gigabytes, given.kills))
