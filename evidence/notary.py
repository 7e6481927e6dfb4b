"""The notary: signs what was sealed, orders the log, signs its heads, has them published and timestamped.

One round after the other, in a process of its own: it alone needs the signing key, and no picture from the street is
ever decoded in it. Several may run; rows and the log's lock keep them apart. What it cannot do now it does later, and
nothing else waits for it.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from evidence import keys, log, publication, statements, timestamping, tree_heads
from evidence.errors import LogBroken
from models.database import Sessions, reading, transaction
from models.proof import LogEntry, SealStatement, Timestamp, TreeHead

logger = logging.getLogger(__name__)

ROUND_EVERY_S = 2.0
FIRST_REST, LONGEST_REST = timedelta(seconds=15), timedelta(minutes=15)


@dataclass(frozen=True)
class Outside:
    """Who else is told. publish_to: file, folder/, URL or mailto:; shown: the same without what opens it."""

    authority: timestamping.Authority | None = None
    publish_to: str | None = None
    shown: str = ""
    mail: publication.Mail = publication.no_mail


@dataclass
class Rest:
    """After a failure nothing is asked for a while, and for longer each time."""

    until: datetime | None = None
    failures: int = 0

    def is_over(self, at: datetime) -> bool:
        return self.until is None or at >= self.until

    def failed(self, at: datetime) -> None:
        self.until = at + min(FIRST_REST * 2**self.failures, LONGEST_REST)
        self.failures = min(self.failures + 1, 10)

    def went_well(self) -> None:
        self.until, self.failures = None, 0


@dataclass
class Notary:
    sessions: Sessions
    key_path: Path
    clock: Callable[[], datetime]
    head_every: timedelta = timedelta(hours=1)
    outside: Outside = field(default_factory=Outside)
    _heads: Rest = field(default_factory=Rest)
    _authority: Rest = field(default_factory=Rest)
    _publication: Rest = field(default_factory=Rest)

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(ROUND_EVERY_S):
            self.round()

    def round(self) -> None:
        """Everything that is due. Raises SigningKeyFailed; what outside does not answer is logged and on record."""
        self.sign_and_order()
        self.head_if_due()
        self._publish()
        self._timestamp()

    def sign_and_order(self) -> None:
        """Signatures for the statements that wait, and leaves for the entries that do."""
        if not self._asks(_unsigned) and not self._asks(_unsequenced):
            return
        with transaction(self.sessions) as session:
            at = self.clock()
            statements.sign_waiting(session, keys.key_in_use(session, self.key_path, at=at), at=at)
            log.sequence(session)

    def head_if_due(self) -> None:
        at = self.clock()
        if not self._heads.is_over(at) or not self._asks(lambda session: self._head_is_due(session, at)):
            return
        try:
            with transaction(self.sessions) as session:
                key = keys.key_in_use(session, self.key_path, at=at)
                log.alone(session)
                if self._head_is_due(session, at):  # another notary may have been quicker
                    tree_heads.sign_head(session, key, at=at)
        except LogBroken:
            logger.exception("no tree head was signed")
            self._heads.failed(at)
        else:
            self._heads.went_well()

    def _head_is_due(self, session: Session, at: datetime) -> bool:
        last = tree_heads.newest_head(session)
        if last is None:
            return session.scalar(select(exists().where(LogEntry.id.is_not(None)))) or False
        return not last.at <= at < last.at + self.head_every  # also where the clock was set back

    def _publish(self) -> None:
        at, to = self.clock(), self.outside.publish_to
        if to is None or not self._publication.is_over(at) or not self._asks(lambda each: _unpublished(each, at)):
            return
        failure = publication.publish_due(self.sessions, to, self.outside.shown, self.clock, self.outside.mail)
        if failure is None:
            self._publication.went_well()
            return
        logger.warning("a tree head could not be published", extra={"why": str(failure)})
        self._publication.failed(at)

    def _timestamp(self) -> None:
        at, authority = self.clock(), self.outside.authority
        if authority is None or not self._authority.is_over(at) or not self._asks(lambda each: _unstamped(each, at)):
            return
        _, failure = timestamping.work_off(self.sessions, authority, self.clock)
        if failure is None:
            self._authority.went_well()
            return
        logger.warning("no timestamp", extra={"why": str(failure)})
        self._authority.failed(at)

    def _asks(self, question: Callable[[Session], bool]) -> bool:
        """Looked at first in a transaction that reads: a round with nothing to do holds nobody up."""
        with reading(self.sessions) as session:
            return question(session)


def _unsigned(session: Session) -> bool:
    return session.scalar(select(exists().where(SealStatement.signature.is_(None)))) or False


def _unsequenced(session: Session) -> bool:
    return session.scalar(select(exists().where(LogEntry.leaf_index.is_(None)))) or False


def _unpublished(session: Session, at: datetime) -> bool:
    due = TreeHead.published_at.is_(None) & (TreeHead.publish_next_at <= at)
    return session.scalar(select(exists().where(due))) or False


def _unstamped(session: Session, at: datetime) -> bool:
    due = Timestamp.token.is_(None) & (Timestamp.next_at <= at)
    return session.scalar(select(exists().where(due))) or False
