"""Publishing tree heads where the site's own database cannot reach: a file, a folder, a webhook, or a mailbox.

A head counts for as much as the place is out of reach of whoever can write to the database: another host, a
write-once share, somebody else's mailbox.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update

from evidence.bounded_post import PostFailed, post
from evidence.digest import sha256_of_bytes
from evidence.errors import NotPublished
from evidence.tree_heads import published_form
from models.database import Sessions, transaction
from models.proof import TreeHead
from models.whole_file import whole_file

DEADLINE_S = 20.0
MOST_BYTES = 64 * 1024
CLAIM = timedelta(minutes=2)
SAID = 500
MOST_HEADS = 100


# sends a line to an address, under a key that makes it one mail however often it is sent; raises NotPublished
Mail = Callable[[str, str, bytes], None]


def no_mail(_address: str, _key: str, _line: bytes) -> None:
    """Where no mail server is named."""
    raise NotPublished("the mailbox of the heads", "the settings name no mail server")


def publish(head: TreeHead, to: str, mail: Mail = no_mail) -> None:
    """One line to the end of a file, one file in a folder, one POST, or one mail. Raises NotPublished."""
    line = published_form(head)
    try:
        if to.startswith("mailto:"):
            mail(to.removeprefix("mailto:"), f"tree-head:{sha256_of_bytes(line)}", line)
        elif to.startswith(("http://", "https://")):
            headers = {"Content-Type": "application/json"}
            post(to, line, headers, deadline_s=DEADLINE_S, most_bytes=MOST_BYTES)
        elif to.endswith("/") or Path(to).is_dir():
            Path(to).mkdir(parents=True, exist_ok=True)
            # A database that was set back gives the same number again: the head that is there must stay.
            with whole_file(Path(to) / f"head-{head.number:08}-{sha256_of_bytes(line)[:16]}.json") as file:
                file.write(line)
        else:
            _add_line(Path(to), line)
    except PostFailed as error:
        raise NotPublished("the webhook of the heads", str(error)) from error
    except OSError as error:
        raise NotPublished(to, error.strerror or str(error)) from error


def publish_due(
    sessions: Sessions, to: str, shown: str, clock: Callable[[], datetime], mail: Mail = no_mail
) -> NotPublished | None:
    """Publishes the heads that have not been, the oldest first, until one fails. shown: `to` as it may be recorded."""
    for _ in range(MOST_HEADS):
        head = _claim(sessions, clock())
        if head is None:
            return None
        try:
            publish(head, to, mail)
        except NotPublished as error:
            _note(sessions, head.number, publish_failure=str(error)[:SAID], publish_next_at=clock())
            return error
        _note(sessions, head.number, published_to=shown, published_at=clock(), publish_failure=None)
    return None


def _add_line(path: Path, line: bytes) -> None:
    """A line that a kill or a full disk cut short is ended first, so that it spoils none but itself."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
        begin = b"\n" if size and file.read(1) != b"\n" else b""
        written = begin + line + b"\n"
        if file.write(written) != len(written):
            raise OSError(f"only a part of the line could be written to {path.name}")
        os.fsync(handle)


def _claim(sessions: Sessions, at: datetime) -> TreeHead | None:
    with transaction(sessions) as session:
        head = session.scalar(
            select(TreeHead)
            .where(TreeHead.published_at.is_(None), TreeHead.publish_next_at <= at)
            .order_by(TreeHead.number)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if head is not None:
            head.publish_tries, head.publish_next_at = head.publish_tries + 1, at + CLAIM
        return head


def _note(sessions: Sessions, number: int, **values: object) -> None:
    with transaction(sessions) as session:
        session.execute(
            update(TreeHead).where(TreeHead.number == number, TreeHead.published_at.is_(None)).values(**values)
        )
