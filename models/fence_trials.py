"""What if: a recording looked at with an edited fence beside the one in force, and what came of it.

Nothing here is about a matter: a trial finds no incidents of the site, and its rows and pictures go after a while.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import TrialState
from models.incidents import Recording
from models.people import User
from models.places import GeofenceVersion


class FenceTrial(Base, WithId):
    """terms: the edited fence as a site file has it. against_id: the version in force; None: the fence is new.

    touched_at: when its worker last said something; a running one that is silent lost its worker. findings: the
    incidents that appear, vanish and stay (cases/fence_trials.py), once it is done.
    """

    __tablename__ = "fence_trial"
    __table_args__ = (
        CheckConstraint("tries >= 0", name="tries_count"),
        CheckConstraint("(state = 'done') = (findings IS NOT NULL)", name="done_with_findings"),
        CheckConstraint("state <> 'failed' OR why IS NOT NULL", name="failed_says_why"),
        Index("ix_fence_trial_state_asked_at", "state", "asked_at"),
    )

    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"))
    recording_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recording.id"), index=True)
    geofence_id: Mapped[str] = mapped_column(String(64), index=True)
    terms: Mapped[dict[str, Any]]
    against_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("geofence_version.id"))
    asked_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), index=True)
    asked_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    state: Mapped[TrialState] = mapped_column(words(TrialState, "trial_state"))
    tries: Mapped[int] = mapped_column(default=0)
    done_s: Mapped[float | None]
    total_s: Mapped[float | None]
    why: Mapped[str | None] = mapped_column(String(300))
    findings: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    recording: Mapped[Recording] = relationship(lazy="raise")
    against: Mapped[GeofenceVersion | None] = relationship(lazy="raise")
    asked_by: Mapped[User] = relationship(lazy="raise")
