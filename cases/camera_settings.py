"""What a live camera looks at: its main or its small stream and, of a dome, which preset when and for how long.

Changed here by a person, while the camera is watched; how it comes into the rows at first is cases/camera_register.py.
Each change is on record in the camera's history with who made it. The watcher notices it within seconds and begins the
camera anew with what it remembers (ingest/watcher.py).
"""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.camera_entry import LONGEST_STAY_S, Hours, ViewEntry
from cases.camera_history import put_on_record
from cases.camera_register import fences_left, set_views, views_of
from cases.errors import CameraChangeRefused, UnknownCamera
from cases.tour_text import hours_text, read_hours, tour_text
from models.places import Camera, Geofence, GeofenceVersion
from models.watching import CameraConnection


@dataclass(frozen=True)
class TypedView:
    """A preset as it stands in the fields of a form. stay_s: empty: not toured; hours: empty: always."""

    preset: str
    stay_s: str
    hours: str


@dataclass(frozen=True)
class CameraSettings:
    """As they are. views: those of the tour in its order, then the others. base: what a change was made from.

    fences: names of those in force, by the preset they were drawn on; under None those that name none.
    """

    has_small_stream: bool
    looks_at_sub: bool
    can_be_turned: bool  # it has an ONVIF address
    views: tuple[ViewEntry, ...]
    fences: Mapping[str | None, tuple[str, ...]]
    base: str

    @property
    def toured(self) -> frozenset[str]:
        """As the watcher does it: with an address to ask at, and what the camera calls the preset."""
        return frozenset(
            view.preset
            for view in self.views
            if self.can_be_turned and view.stay_s is not None and view.token is not None
        )

    @property
    def asleep(self) -> list[str]:
        """Fences drawn on a preset that is not toured."""
        return [name for preset, names in self.fences.items() if preset and preset not in self.toured for name in names]

    @property
    def round_s(self) -> float:
        """Seconds of all stays together."""
        return sum(view.stay_s or 0.0 for view in self.views if view.preset in self.toured)

    @property
    def typed(self) -> tuple[TypedView, ...]:
        return tuple(
            TypedView(view.preset, "" if view.stay_s is None else f"{view.stay_s:g}", hours_text(view.hours))
            for view in self.views
        )

    @property
    def without_token(self) -> frozenset[str]:
        return frozenset(view.preset for view in self.views if view.token is None)


def settings_of(session: Session, camera_id: str) -> CameraSettings | None:
    """None for a camera that nobody dials."""
    connection = session.get(CameraConnection, camera_id)
    if connection is None:
        return None
    fences: dict[str | None, tuple[str, ...]] = defaultdict(tuple)
    drawn = session.execute(
        select(GeofenceVersion.preset, Geofence.name)
        .join(Geofence)
        .where(Geofence.camera_id == camera_id, GeofenceVersion.valid_to.is_(None))
        .order_by(Geofence.name)
    )
    for preset, name in drawn:
        fences[preset or None] += (name,)
    views = views_of(session, camera_id)
    return CameraSettings(
        has_small_stream=connection.sub_source is not None,
        looks_at_sub=connection.looks_at_sub,
        can_be_turned=connection.onvif_url is not None,
        views=views,
        fences=dict(fences),
        base=_base(views),
    )


def _base(views: Sequence[ViewEntry]) -> str:
    written = [view.model_dump(mode="json", by_alias=True) for view in views]
    return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()[:16]


def look_at_small_stream(session: Session, camera_id: str, *, on: bool, actor: str, at: datetime) -> bool:
    """Has what stands looked for in the small stream from now on, or in the main one; whether that is a change.

    Raises UnknownCamera, CameraChangeRefused.
    """
    connection = _connection(session, camera_id)
    if on and connection.sub_source is None:
        raise CameraChangeRefused(
            "no_small_stream", f"camera {camera_id} has no small stream; give it one with `camera import` (sub_source)"
        )
    if connection.looks_at_sub is on:
        return False
    connection.looks_at_sub = on
    session.flush()
    put_on_record(session, camera_id, f"looked at in its {'small' if on else 'main'} stream, says {actor}", at)
    return True


def change_views(session: Session, camera_id: str, views: Sequence[ViewEntry], *, actor: str, at: datetime) -> bool:
    """The presets of a dome are these, toured in this order; whether that is a change.

    Raises UnknownCamera, CameraChangeRefused.
    """
    connection = _connection(session, camera_id)
    for geofence_id, preset in fences_left(session, camera_id, views):
        raise CameraChangeRefused(
            "fence_left",
            f"geofence {geofence_id} is drawn on the preset `{preset}`; keep the preset, or end the geofence first",
        )
    if connection.plate_zoom is not None and all(view.stay_s is None for view in views):
        raise CameraChangeRefused(
            "zoom_without_tour",
            f"camera {camera_id} goes near for plates (plate_zoom), and only on a tour; leave it one preset to tour",
        )
    if not set_views(session, camera_id, views):
        return False
    put_on_record(session, camera_id, f"tour changed, says {actor}: {tour_text(views) or 'none'}", at)
    return True


def change_tour(
    session: Session, camera_id: str, typed: Sequence[TypedView], *, base: str, actor: str, at: datetime
) -> bool:
    """The tour of the presets that are known, in the order in which they were sent; whether that is a change.

    Raises UnknownCamera, CameraChangeRefused; also where the tour is another than the one the form was opened on.
    """
    _connection(session, camera_id)
    there = {view.preset: view for view in views_of(session, camera_id)}
    if base != _base(tuple(there.values())) or sorted(each.preset for each in typed) != sorted(there):
        raise CameraChangeRefused(
            "changed_meanwhile", f"the tour of {camera_id} was changed meanwhile; look at it and change it again"
        )
    views = [_view(each, there[each.preset].token) for each in typed]
    return change_views(session, camera_id, views, actor=actor, at=at)


def _connection(session: Session, camera_id: str) -> CameraConnection:
    """Held until the transaction ends: of two who change a camera at once, the second sees what the first did."""
    connection = session.scalar(
        select(CameraConnection).where(CameraConnection.camera_id == camera_id).with_for_update()
    )
    if connection is not None:
        return connection
    if session.get(Camera, camera_id) is None:
        raise UnknownCamera(camera_id)
    raise CameraChangeRefused("not_dialled", f"camera {camera_id} is for recordings; only one that is dialled has this")


def _view(typed: TypedView, token: str | None) -> ViewEntry:
    """Raises CameraChangeRefused."""
    preset, stay_s = typed.preset, _stay_s(typed)
    try:
        hours = tuple(Hours.model_validate(each) for each in read_hours(typed.hours))
    except ValueError as error:  # pydantic's refusals are ValueErrors too
        raise CameraChangeRefused(
            "hours", f"the hours of `{preset}` cannot be read; write mon-fri 06:00-20:00", preset=preset
        ) from error
    if stay_s is not None and token is None:
        raise CameraChangeRefused(
            "no_token",
            f"what the camera calls `{preset}` is not known; write its token with `camera change`",
            preset=preset,
        )
    try:
        return ViewEntry(preset=preset, token=token, stay_s=stay_s, hours=hours)
    except ValidationError as error:
        raise CameraChangeRefused(
            "hours_without_stay", f"`{preset}` has hours and no seconds; write both, or neither", preset=preset
        ) from error


def _stay_s(typed: TypedView) -> float | None:
    """Raises CameraChangeRefused."""
    if not typed.stay_s:
        return None
    try:
        stay_s = float(typed.stay_s)
    except ValueError:
        stay_s = math.nan
    if not 0 < stay_s <= LONGEST_STAY_S:  # false for what is no number, too
        raise CameraChangeRefused(
            "stay",
            f"`{typed.stay_s[:20]}` is no stay of `{typed.preset}`; write seconds, up to a day",
            preset=typed.preset,
        )
    return stay_s
