"""What was done to a camera on purpose, put among the states it was in: who did it, what, and when.

The states themselves are noted by its watcher (cases/cameras.py `note_condition`).
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.cameras import LONGEST_DETAIL
from models.enums import CameraState
from models.watching import CameraCondition

LEAST_STEP = timedelta(microseconds=1)


def put_on_record(session: Session, camera_id: str, said: str, at: datetime) -> None:
    """The state of now ends with what was said, where no watcher writes any more, and goes on in a row of its own."""
    now = session.scalar(
        select(CameraCondition)
        .where(CameraCondition.camera_id == camera_id, CameraCondition.until_at.is_(None))
        .with_for_update()
    )
    detail = said[:LONGEST_DETAIL]
    if now is None:  # nobody has watched it yet
        last = session.scalar(
            select(CameraCondition.since_at)
            .where(CameraCondition.camera_id == camera_id)
            .order_by(CameraCondition.since_at.desc())
            .limit(1)
        )
        at = at if last is None else max(at, last + LEAST_STEP)
        session.add(
            CameraCondition(camera_id=camera_id, since_at=at, until_at=at, state=CameraState.STOPPED, detail=detail)
        )
        session.flush()
        return
    at = max(at, now.since_at + LEAST_STEP)
    going_on = CameraCondition(camera_id=camera_id, since_at=at, state=now.state, detail=now.detail)
    now.until_at, now.detail = at, detail
    session.flush()  # the index allows one open condition: the old one ends before the new one is written
    session.add(going_on)
    session.flush()
