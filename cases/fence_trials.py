"""What if: trials of an edited fence on a recording; who asked, how far it is, and what the fence would change.

A trial is asked for here and worked off by streetwitness/fence_trials.py. Both fences are looked at in one go, through
the same pictures and the same detections, so that every difference comes from the fence.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from cases import fences
from cases.errors import FenceRefused, UnknownFence
from cases.fence_proposals import check_place
from cases.site_file import GeofenceEntry
from detectors.geometry import Box
from models.enums import Offence, RecordingState, TrialState
from models.fence_trials import FenceTrial
from models.incidents import Recording
from models.people import User
from models.places import Camera

MOST_OF_ONE, MOST_OF_ALL = 2, 6  # that wait or run: each costs a core as long as an analysis
MOST_TRIES = 2
SILENT = timedelta(seconds=60)  # a worker says every second or two that it lives
KEPT = timedelta(days=7)
MOST_KEPT = 100
RECORDINGS_OFFERED = 30
SAME_OBJECT = 0.5  # intersection over union of what stands at the same place at the same time
MAX_WHY = 300
WAITING = (TrialState.ASKED, TrialState.RUNNING)


@dataclass(frozen=True)
class Found:
    """An incident of a trial. Seconds from the start of the recording; box in pixels of the picture.

    picture: its name among the trial's pictures; None: none could be made.
    """

    offence: Offence
    first_seen_s: float
    stopped_s: float | None
    confirmed_s: float
    last_seen_s: float
    state: str
    box: tuple[float, float, float, float]
    picture: str | None

    def is_the_same_as(self, other: "Found") -> bool:
        together = self.first_seen_s <= other.last_seen_s and other.first_seen_s <= self.last_seen_s
        return self.offence is other.offence and together and Box(*self.box).iou(Box(*other.box)) >= SAME_OBJECT


@dataclass(frozen=True)
class Difference:
    """stays: each as the fence in force has it, and as the edited one would."""

    appear: tuple[Found, ...]
    vanish: tuple[Found, ...]
    stay: tuple[tuple[Found, Found], ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "appear": [asdict(each) for each in self.appear],
            "vanish": [asdict(each) for each in self.vanish],
            "stay": [[asdict(now), asdict(then)] for now, then in self.stay],
        }


def compare(now: Sequence[Found], edited: Sequence[Found]) -> Difference:
    """What the fence in force found beside what the edited one did; each incident is one of the other at most."""
    left, stay, appear = list(now), [], []
    for each in sorted(edited, key=lambda found: (found.confirmed_s, found.box)):
        same = next((one for one in left if one.is_the_same_as(each)), None)
        if same is None:
            appear.append(each)
        else:
            left.remove(same)
            stay.append((same, each))
    return Difference(tuple(appear), tuple(left), tuple(stay))


def ask(session: Session, entry: GeofenceEntry, recording_id: uuid.UUID, *, user: User, at: datetime) -> FenceTrial:
    """Raises FenceRefused, UnknownFence."""
    check_place(session, entry)
    recording = session.get(Recording, recording_id)
    if recording is None or recording.camera_id != entry.camera or recording.state is not RecordingState.ANALYSED:
        raise FenceRefused("no_such_recording", f"there is no analysed recording {recording_id} of {entry.camera}")
    waiting = select(func.count()).select_from(FenceTrial).where(FenceTrial.state.in_(WAITING))
    if (session.scalar(waiting.where(FenceTrial.asked_by_id == user.id)) or 0) >= MOST_OF_ONE:
        raise FenceRefused("enough_of_yours", f"{MOST_OF_ONE} trials of yours wait or run; cancel one, or wait")
    if (session.scalar(waiting) or 0) >= MOST_OF_ALL:
        raise FenceRefused("enough_waiting", f"{MOST_OF_ALL} trials wait or run; try again later")
    before = fences.newest_version(session, entry.id)
    trial = FenceTrial(
        id=uuid.uuid4(),
        camera_id=entry.camera,
        recording_id=recording.id,
        geofence_id=entry.id,
        terms=fences.terms_of_entry(entry),
        against_id=before.id if before is not None and before.valid_to is None else None,
        asked_by_id=user.id,
        asked_at=at,
        touched_at=at,
        state=TrialState.ASKED,
    )
    session.add(trial)
    session.flush()
    return trial


def cancel(session: Session, trial_id: uuid.UUID, *, user: User, at: datetime) -> FenceTrial:
    """By who asked; its worker stops within seconds. One that is over already stays as it is. Raises UnknownFence."""
    trial = session.get(FenceTrial, trial_id, with_for_update=True)
    if trial is None or trial.asked_by_id != user.id:
        raise UnknownFence(trial_id)
    if trial.state in WAITING:
        trial.state, trial.touched_at = TrialState.CANCELLED, at
        session.flush()
    return trial


def recordings_of(session: Session, camera_id: str) -> Sequence[Recording]:
    """What a fence of this camera can be tried on, newest first."""
    return session.scalars(
        select(Recording)
        .where(Recording.camera_id == camera_id, Recording.state == RecordingState.ANALYSED)
        .order_by(Recording.started_at.desc(), Recording.id)
        .limit(RECORDINGS_OFFERED)
    ).all()


def find(session: Session, trial_id: uuid.UUID) -> FenceTrial:
    """With its recording, camera and site, the version it is held against, and who asked. Raises UnknownFence."""
    loaded = [
        joinedload(FenceTrial.recording).joinedload(Recording.camera).joinedload(Camera.site),
        joinedload(FenceTrial.against),
        joinedload(FenceTrial.asked_by),
    ]
    wanted = select(FenceTrial).where(FenceTrial.id == trial_id).options(*loaded)
    found = session.scalar(wanted, execution_options={"populate_existing": True})
    if found is None:
        raise UnknownFence(trial_id)
    return found


def trials_of(session: Session, geofence_id: str) -> Sequence[FenceTrial]:
    """Newest first, with recording and who asked."""
    return session.scalars(
        select(FenceTrial)
        .where(FenceTrial.geofence_id == geofence_id)
        .options(joinedload(FenceTrial.recording), joinedload(FenceTrial.asked_by))
        .order_by(FenceTrial.asked_at.desc(), FenceTrial.id)
    ).all()


# --- what its worker does with the row


def to_do(session: Session, at: datetime) -> list[uuid.UUID]:
    """Asked for, or lost by their worker; oldest first."""
    waiting = select(FenceTrial.id).where(
        or_(
            FenceTrial.state == TrialState.ASKED,
            (FenceTrial.state == TrialState.RUNNING) & (FenceTrial.touched_at < at - SILENT),
        )
    )
    return list(session.scalars(waiting.order_by(FenceTrial.asked_at, FenceTrial.id)))


def begin(session: Session, trial_id: uuid.UUID, *, at: datetime) -> FenceTrial | None:
    """The trial, taken on by the caller; None: nothing is to be done about it. With recording, camera and site."""
    trial = session.get(FenceTrial, trial_id, with_for_update=True)
    if trial is None or trial.id not in to_do(session, at):
        return None
    if trial.tries >= MOST_TRIES:
        fail(session, trial_id, f"it was cut short {MOST_TRIES} times", at=at)
        return None
    trial.state, trial.touched_at, trial.tries = TrialState.RUNNING, at, trial.tries + 1
    session.flush()
    return find(session, trial_id)


def still_wanted(
    session: Session, trial_id: uuid.UUID, *, done_s: float | None, total_s: float | None, at: datetime
) -> bool:
    """Says how far it is; whether somebody still wants it."""
    trial = session.get(FenceTrial, trial_id, with_for_update=True)
    if trial is None or trial.state is not TrialState.RUNNING:
        return False
    trial.touched_at = at
    if done_s is not None:
        trial.done_s, trial.total_s = done_s, total_s
    session.flush()
    return True


def finish(session: Session, trial_id: uuid.UUID, findings: dict[str, Any], *, at: datetime) -> None:
    """Nothing, where it was cancelled meanwhile."""
    trial = session.get(FenceTrial, trial_id, with_for_update=True)
    if trial is not None and trial.state is TrialState.RUNNING:
        trial.findings, trial.state, trial.touched_at = findings, TrialState.DONE, at
        session.flush()


def fail(session: Session, trial_id: uuid.UUID, why: str, *, at: datetime) -> None:
    trial = session.get(FenceTrial, trial_id, with_for_update=True)
    if trial is not None and trial.state in WAITING:
        trial.state, trial.why, trial.touched_at = TrialState.FAILED, why[:MAX_WHY], at
        session.flush()


def forget_old(session: Session, *, at: datetime) -> None:
    """Rows of trials that are over and old, or too many."""
    over = session.scalars(
        select(FenceTrial).where(FenceTrial.state.not_in(WAITING)).order_by(FenceTrial.touched_at.desc(), FenceTrial.id)
    )
    for number, trial in enumerate(over):
        if number >= MOST_KEPT or trial.touched_at < at - KEPT:
            session.delete(trial)
    session.flush()


def known(session: Session) -> set[uuid.UUID]:
    """Every trial there is, by id: pictures of any other may go."""
    return set(session.scalars(select(FenceTrial.id)))
