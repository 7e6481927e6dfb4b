"""Leases: which watcher has which camera, and how cameras pass from one watcher to the next.

A lease runs out unless its holder renews it; then anybody may take the camera, under a fence that is one higher.
Whoever writes for a camera asks `holds` in the same transaction, so a watcher that lost its lease commits nothing.
Every claim is one statement. Times are arguments, the database's clock is never asked; where the clocks of two hosts
differ a camera changes hands early or late, and the fence still lets only the newest holder write.

A watcher that comes when every camera is taken has no row by which the others could know of it. It knocks: it takes
one camera from the watcher that has most, is counted from then on, and the others give back what is above their share.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select, tuple_, update
from sqlalchemy.orm import Session

from ingest.errors import LeaseLost
from models.database import insert_into
from models.incidents import OPEN_STATES, Incident
from models.watching import CameraConnection, CameraLease

LEASE_S = 15.0  # with a look at the leases every RENEW_EVERY_S, a dead watcher's cameras are taken within 20 s
RENEW_EVERY_S = 5.0


@dataclass(frozen=True)
class TakenCamera:
    """fence: what has to be named when something is written for the camera."""

    camera_id: str
    fence: int


def take(
    session: Session, *, holder: str, at: datetime, lease_s: float = LEASE_S, most: int | None = None
) -> list[TakenCamera]:
    """Takes watched cameras that nobody has, or whose lease ran out; at most `most` of them, None: all there are."""
    if most is not None and most <= 0:
        return []
    until = at + timedelta(seconds=lease_s)
    free = (
        select(CameraConnection.camera_id, literal(holder), literal(1), literal(at), literal(until))
        .outerjoin(CameraLease, CameraLease.camera_id == CameraConnection.camera_id)
        .where(CameraConnection.watched, or_(CameraLease.camera_id.is_(None), CameraLease.expires_at <= at))
        # always in the same order, so that two who take several never wait for each other in a ring
        .order_by(CameraConnection.camera_id)
        .limit(most)
        # two watchers on PostgreSQL take different cameras; on SQLite there is one writer at a time
        .with_for_update(of=CameraConnection, skip_locked=True)
    )
    columns = ["camera_id", "holder", "fence", "taken_at", "expires_at"]
    inserted = insert_into(session, CameraLease).from_select(columns, free)
    taken = inserted.on_conflict_do_update(
        index_elements=[CameraLease.camera_id],
        set_={
            "holder": inserted.excluded.holder,
            "fence": CameraLease.fence + 1,
            "taken_at": inserted.excluded.taken_at,
            "expires_at": inserted.excluded.expires_at,
        },
        where=CameraLease.expires_at <= at,  # asked again of the row as it is now: somebody may have been quicker
    ).returning(CameraLease.camera_id, CameraLease.fence)
    rows = session.execute(taken, execution_options={"synchronize_session": False})
    return sorted((TakenCamera(*row) for row in rows), key=lambda camera: camera.camera_id)


def renew(
    session: Session, *, holder: str, fences: Mapping[str, int], at: datetime, lease_s: float = LEASE_S
) -> set[str]:
    """Puts off the end of these leases; which of the cameras are still this holder's.

    A lease that ran out and that nobody took meanwhile is renewed. A camera that is not to be watched any more is not.
    """
    watched = select(CameraConnection.camera_id).where(CameraConnection.watched)
    own = _own(holder, fences)
    return _write(session, [*own, CameraLease.camera_id.in_(watched)], expires_at=at + timedelta(seconds=lease_s))


def release(session: Session, *, holder: str, fences: Mapping[str, int], at: datetime) -> set[str]:
    """Gives cameras back; anybody may take them at once. Which of them were still this holder's."""
    return _write(session, _own(holder, fences), expires_at=at)


def holds(session: Session, camera_id: str, fence: int, at: datetime) -> None:
    """Raises LeaseLost unless `fence` is the newest of the camera and its lease runs at `at`.

    Until the transaction ends nobody can take the camera: the row stays locked (SQLite: the whole database).
    """
    found = session.execute(
        select(CameraLease.holder, CameraLease.fence, CameraLease.expires_at)
        .where(CameraLease.camera_id == camera_id)
        .with_for_update(read=True)
    ).one_or_none()
    if found is None:
        raise LeaseLost(camera_id, "nobody has taken it")
    newest_holder, newest, expires_at = found
    if newest != fence:
        raise LeaseLost(camera_id, f"{newest_holder} took it (fence {newest}, this was {fence})")
    if expires_at <= at:
        raise LeaseLost(camera_id, f"the lease ran out at {expires_at.isoformat()} and was not renewed")


def watched_cameras(session: Session) -> int:
    """How many cameras there are to share out."""
    return session.scalar(select(func.count()).select_from(CameraConnection).where(CameraConnection.watched)) or 0


def holders(session: Session, *, at: datetime) -> dict[str, int]:
    """Who has cameras at `at`, and how many."""
    held = select(CameraLease.holder, func.count()).where(CameraLease.expires_at > at).group_by(CameraLease.holder)
    return dict(session.execute(held.order_by(CameraLease.holder)).all())


def knock(session: Session, *, holder: str, at: datetime, lease_s: float = LEASE_S) -> TakenCamera | None:
    """For a watcher that has nothing and finds nothing free: takes one camera from the one that has most.

    One that carries no open incident, where there is such a one, and among those the one taken last. None where
    nobody has more than its share with the newcomer counted.
    """
    counts = holders(session, at=at)
    if holder in counts or not counts:
        return None
    richest = max(counts, key=lambda name: (counts[name], name))
    if counts[richest] <= fair_share(sum(counts.values()), len(counts) + 1):
        return None
    open_incidents = (
        select(func.count())
        .where(Incident.camera_id == CameraLease.camera_id, Incident.state.in_(OPEN_STATES))
        .scalar_subquery()
    )
    chosen = session.execute(
        select(CameraLease.camera_id, CameraLease.fence)
        .where(CameraLease.holder == richest, CameraLease.expires_at > at)
        .order_by(open_incidents, CameraLease.taken_at.desc(), CameraLease.camera_id.desc())
        .limit(1)
    ).one_or_none()
    if chosen is None:
        return None
    camera_id, fence = chosen
    taken = _write(
        session,
        [CameraLease.camera_id == camera_id, CameraLease.fence == fence],
        holder=holder,
        fence=fence + 1,
        taken_at=at,
        expires_at=at + timedelta(seconds=lease_s),
    )
    return TakenCamera(camera_id, fence + 1) if taken else None


def fair_share(cameras: int, watchers: int) -> int:
    """How many cameras a watcher has at most, so that every camera has one."""
    return -(-cameras // max(watchers, 1))


def surplus(dwelling: Mapping[str, int], share: int) -> list[str]:
    """Which of a watcher's cameras are to be given back; those first on which the fewest vehicles dwell.

    dwelling: for every camera it has, how many dwells would have to go on elsewhere.
    """
    least_first = sorted(dwelling, key=lambda camera_id: (dwelling[camera_id], camera_id))
    return least_first[: max(len(dwelling) - share, 0)]


def _own(holder: str, fences: Mapping[str, int]) -> list[ColumnElement[bool]]:
    pairs = sorted(fences.items())
    return [CameraLease.holder == holder, tuple_(CameraLease.camera_id, CameraLease.fence).in_(pairs)]


def _write(session: Session, where: list[ColumnElement[bool]], **values: Any) -> set[str]:
    """One UPDATE of the leases that fit; which they were. Rows are locked in the order of their ids, see `take`."""
    fitting = select(CameraLease.camera_id).where(*where).order_by(CameraLease.camera_id).with_for_update()
    written = session.scalars(
        update(CameraLease)
        .where(CameraLease.camera_id.in_(fitting), *where)
        .values(**values)
        .returning(CameraLease.camera_id),
        execution_options={"synchronize_session": False},
    )
    return set(written)
