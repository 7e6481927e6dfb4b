"""Housekeeping: what nothing keeps any longer is deleted, at the start and every ten minutes, by one process at a time;
uploads that a killed server left are finished.

The purge itself is evidence/purge.py; what it was at when the last process died is finished first.
"""

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from cases import fence_trials, newest_pictures
from cases.part_files import PartFiles
from cases.uploads import tidy
from evidence.errors import EvidenceError, PurgeRunning
from evidence.purge import PurgeReport, purge
from models.database import transaction
from streetwitness.fence_trials import forget_pictures
from streetwitness.workplace import Workplace, now

log = logging.getLogger(__name__)

PURGE_EVERY_S = 600.0
FIRST_AFTER_S = 5.0  # the site is up before anything else is done


class Housekeeper:
    """`run` until `stop` is set. What fails is said and tried again the next time."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def keep_house(self) -> PurgeReport | None:
        """One round; None where another process is at it, or it failed."""
        data = self._workplace.data
        self._tidy_uploads()
        self._forget_pictures()
        try:
            report = purge(self._workplace.sessions, data.vault, data.drafts, at=now())
        except PurgeRunning:
            return None
        except (EvidenceError, SQLAlchemyError, OSError):
            log.exception("what may go was not deleted; it is tried again")
            return None
        if report.deleted:
            log.info("%s objects deleted by rule, %s bytes", len(report.deleted), report.bytes_deleted)
        return report

    def _tidy_uploads(self) -> None:
        """What a killed server left half done is finished, what its sender forgot goes."""
        data = self._workplace.data
        try:
            tidied = tidy(self._workplace.sessions, PartFiles(data.uploads), data.vault, at=now())
        except (EvidenceError, SQLAlchemyError, OSError):
            log.exception("uploads were not tidied; it is tried again")
            return
        if tidied.given_up:
            log.info("%s uploads given up, nothing came for them", len(tidied.given_up))

    def _forget_pictures(self) -> None:
        """What is shown and never kept: old pictures of cameras, trials of fences that are over."""
        try:
            newest_pictures.forget_old(self._workplace.data.pictures.newest, at=now())
            with transaction(self._workplace.sessions) as session:
                fence_trials.forget_old(session, at=now())
            forget_pictures(self._workplace)
        except (SQLAlchemyError, OSError):
            log.exception("old pictures were not taken away; it is tried again")

    def run(self, stop: threading.Event) -> None:
        wait_s = FIRST_AFTER_S
        while not stop.wait(wait_s):
            self.keep_house()
            wait_s = PURGE_EVERY_S
