"""A view that was turned on purpose: what was learnt of it is forgotten, and the watcher learns it anew.

Who said so and why stays in the camera's history. What stood in the old view is not in the new one: the watcher says
of its incidents that sight of them was lost (ingest/live_camera.py). Fences are drawn on a picture; nobody but a
person can know where they lie in the new one.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.camera_history import put_on_record
from cases.entitlements import Right, require
from cases.errors import ReasonMissing, UnknownCamera
from models.people import User
from models.watching import FORGOTTEN, HOME, CameraConnection, CameraMemory, CameraView


def relearn(session: Session, camera_id: str, *, user: User, reason: str, at: datetime) -> None:
    """Raises NotEntitled, ReasonMissing, UnknownCamera."""
    require(user, Right.RELEARN_VIEW)
    forget(session, camera_id, actor=user.name, reason=reason, at=at)


def forget(session: Session, camera_id: str, *, actor: str, reason: str, at: datetime) -> None:
    """Has the view of a live camera learnt anew, from the next look on. Raises ReasonMissing, UnknownCamera."""
    said = " ".join(reason.split())
    if not said:
        raise ReasonMissing
    if session.get(CameraConnection, camera_id) is None:
        raise UnknownCamera(camera_id)
    # the view first: a watcher that writes what it knows asks for this row before, and for the memory after
    view = session.get(CameraView, (camera_id, HOME), with_for_update=True)
    if view is None:
        view = CameraView(camera_id=camera_id, preset=HOME)
        session.add(view)
    presets = session.scalars(select(CameraView).where(CameraView.camera_id == camera_id, CameraView.preset != HOME))
    for each in (view, *presets):  # a dome that stands elsewhere, or turned on its mast, shows nothing where it did
        each.fingerprint, each.learnt_at = FORGOTTEN, at
    session.flush()
    memory = session.get(CameraMemory, camera_id)
    if memory is not None:
        session.delete(memory)
    put_on_record(session, camera_id, f"to be learnt anew, says {actor}: {said}", at)
