"""Tree heads: the size and root of the log, signed. Whoever keeps one can show later that nothing before it changed.

A head is what is published outside (evidence/publication.py) and timestamped (evidence/timestamping.py). None is
signed for a log that does not go on from the last head: that would be the site vouching for the change.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence import log
from evidence.canonical import canonical, instant, read_canonical
from evidence.errors import LogBroken, NotAHead, NotCanonical
from evidence.growing_tree import GrowingTree
from evidence.signature import SigningKey
from models.proof import Timestamp, TreeHead

FORMAT = "streetwitness-head-1"
FIELDS = {"format", "size", "root", "at", "key"}


@dataclass(frozen=True)
class PublishedHead:
    """A head as somebody outside keeps it. body: what was signed."""

    size: int
    root: bytes
    at: str
    key_id: str
    body: bytes
    signature: bytes


def sign_head(session: Session, key: SigningKey, *, at: datetime) -> TreeHead:
    """Sequences what waits, this transaction's own entries included, and signs the tree as it is then.

    `key` is the one in use (evidence/keys.py). Raises LogBroken where the tree does not go on from the last head.
    """
    log.sequence(session)
    last = newest_head(session)
    tree = GrowingTree()
    fits = last is None or (last.size == 0 and last.root == tree.root)
    for leaf in log.leaves_of(session):
        tree.append(leaf)
        if last is not None and tree.size == last.size:
            fits = tree.root == last.root
    if not fits or tree.size != log.size_of(session):
        raise LogBroken("its tree does not go on from the last signed head, and no further head is signed")
    body = canonical(
        {"format": FORMAT, "size": tree.size, "root": tree.root.hex(), "at": instant(at), "key": key.key_id}
    )
    head = TreeHead(
        size=tree.size,
        root=tree.root,
        at=at,
        body=body,
        signature=key.sign(body),
        key_id=key.key_id,
        publish_next_at=at,
    )
    session.add(head)
    session.flush()
    session.add(Timestamp(head_number=head.number, promised_at=at, next_at=at))
    session.flush()
    return head


def newest_head(session: Session) -> TreeHead | None:
    return session.scalar(select(TreeHead).order_by(TreeHead.number.desc()).limit(1))


def published_form(head: TreeHead) -> bytes:
    """One line for outside: canonical JSON of what was signed and the signature."""
    return canonical({"head": read_canonical(head.body), "signature": base64.b64encode(head.signature).decode("ascii")})


def read_published(line: bytes) -> PublishedHead:
    """A line of `published_form`, from anybody's hands. Raises NotAHead."""
    try:
        value = read_canonical(line.strip())
        body = value["head"]
        signature = base64.b64decode(value["signature"], validate=True)
        return PublishedHead(*_read_body(body), canonical(body), signature)
    except (NotCanonical, KeyError, TypeError, binascii.Error) as error:
        raise NotAHead(f"a published head does not read as one: {error}") from error


def read_body(body: bytes) -> tuple[int, bytes, str, str]:
    """Size, root, time and key of a head's signed bytes. Raises NotAHead."""
    try:
        return _read_body(read_canonical(body))
    except NotCanonical as error:
        raise NotAHead(f"the signed bytes of a head do not read as one: {error}") from error


def _read_body(body: Any) -> tuple[int, bytes, str, str]:
    if not isinstance(body, Mapping) or set(body) != FIELDS or body["format"] != FORMAT:
        raise NotAHead(f"not a head in the form {FORMAT}")
    size, root, at, key = body["size"], body["root"], body["at"], body["key"]
    if type(size) is not int or not all(isinstance(each, str) for each in (root, at, key)):
        raise NotAHead("a head has a size, a root, a time and a key")
    try:
        return size, bytes.fromhex(root), at, key
    except ValueError as error:
        raise NotAHead("the root of a head is written in hex") from error
