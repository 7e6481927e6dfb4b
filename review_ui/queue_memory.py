"""The queue's pages as they were a moment ago: who asks the same when nothing has happened gets the same answer.

Putting ten thousand incidents in order takes longer than all the rest of a request, and a hundred open browsers ask at
the same change. A page is remembered by what it was asked for, with the rights of who asked, and is the answer only
while the stamp of cases/queue_changes.py, read anew for each, is the same: another's decision is never hidden by it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from cases import queue
from cases.entitlements import Scope
from cases.queue import Narrowed, Place, QueuePage
from cases.queue_changes import Stamp, stamp
from review_ui.remembering import Remembering

AS_LONG_AS = timedelta(seconds=5)  # what runs out by itself, as somebody's claim, changes no stamp

_Asked = tuple[Scope, Narrowed, Place | None, Place | None]


@dataclass(frozen=True)
class _Shown:
    page: QueuePage
    seen: Stamp
    at: datetime


class QueueMemory:
    def __init__(self) -> None:
        self._remembering: Remembering[_Asked, _Shown] = Remembering()

    def page(
        self,
        session: Session,
        scope: Scope,
        by: Narrowed,
        *,
        at: datetime,
        after: Place | None = None,
        before: Place | None = None,
    ) -> QueuePage:
        """As `queue.queue_page`; the rows are not of this session, and are only to be read."""

        def holds(shown: _Shown) -> bool:
            return shown.seen == seen and timedelta(0) <= at - shown.at < AS_LONG_AS

        def look() -> _Shown:
            page = queue.queue_page(session, scope, by, at=at, after=after, before=before)
            session.expunge_all()
            return _Shown(page, seen, at)

        seen = stamp(session, at=at)  # before the page: what happens in between makes it old and is never hidden
        return self._remembering.recall((scope, by, after, before), holds, look).page


def memory_of(request: Request) -> QueueMemory:
    memory = request.app.state.queue_memory
    assert isinstance(memory, QueueMemory)
    return memory


TheMemory = Annotated[QueueMemory, Depends(memory_of)]
