"""Requests for other bodies' footage, how far an analysis has come, and what people mark on a recording.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime
from models.migrations.closed_lists import hold

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATES = ("queued", "analysing", "analysed", "failed")
MORE_STATES = (*STATES, "cancelled", "held_back")
OFFENCES = ("illegal_parking", "street_vending", "dumping")


def upgrade() -> None:
    hold("recording", "state", "recording_state", MORE_STATES)
    op.add_column("recording", sa.Column("length_s", sa.Double(), nullable=True))
    op.add_column("recording", sa.Column("analysed_s", sa.Double(), nullable=True))
    _requests()
    _marks()


def downgrade() -> None:
    op.drop_table("recording_mark")
    op.drop_table("footage_request")
    op.drop_column("recording", "analysed_s")
    op.drop_column("recording", "length_s")
    hold("recording", "state", "recording_state", STATES)


def _words(name: str, words: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _requests() -> None:
    op.create_table(
        "footage_request",
        sa.Column("recorder_id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.String(length=200), nullable=False),
        sa.Column("from_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("to_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("legal_basis", sa.String(length=500), nullable=False),
        sa.Column("purpose", sa.String(length=500), nullable=False),
        sa.Column(
            "state", _words("footage_request_state", ("asked", "approved", "refused", "withdrawn")), nullable=False
        ),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("valid_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("to_at > from_at", name=op.f("ck_footage_request_covers_some_time")),
        sa.CheckConstraint("legal_basis <> '' AND purpose <> ''", name=op.f("ck_footage_request_says_why")),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> asked_by_id", name=op.f("ck_footage_request_decided_by_another")
        ),
        sa.CheckConstraint(
            "(state IN ('approved', 'refused')) = (decided_by_id IS NOT NULL)",
            name=op.f("ck_footage_request_decided_by_somebody"),
        ),
        sa.CheckConstraint("(state = 'asked') = (ended_at IS NULL)", name=op.f("ck_footage_request_ended_says_when")),
        sa.CheckConstraint(
            "state <> 'approved' OR valid_until IS NOT NULL", name=op.f("ck_footage_request_approval_runs_out")
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR reason IS NOT NULL", name=op.f("ck_footage_request_refusal_says_why")
        ),
        sa.ForeignKeyConstraint(["recorder_id"], ["camera.id"], name=op.f("fk_footage_request_recorder_id_camera")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user.id"], name=op.f("fk_footage_request_asked_by_id_user")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user.id"], name=op.f("fk_footage_request_decided_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_footage_request")),
    )
    op.create_index("ix_footage_request_recorder_id_state", "footage_request", ["recorder_id", "state"])


def _marks() -> None:
    op.create_table(
        "recording_mark",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("offence", _words("mark_offence", OFFENCES), nullable=False),
        sa.Column("from_s", sa.Double(), nullable=False),
        sa.Column("to_s", sa.Double(), nullable=False),
        sa.Column("x1", sa.Double(), nullable=False),
        sa.Column("y1", sa.Double(), nullable=False),
        sa.Column("x2", sa.Double(), nullable=False),
        sa.Column("y2", sa.Double(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("from_s >= 0 AND to_s > from_s", name=op.f("ck_recording_mark_covers_some_time")),
        sa.CheckConstraint(
            "x1 >= 0 AND y1 >= 0 AND x2 <= 1 AND y2 <= 1 AND x2 > x1 AND y2 > y1",
            name=op.f("ck_recording_mark_box_in_picture"),
        ),
        sa.CheckConstraint("note <> ''", name=op.f("ck_recording_mark_says_what")),
        sa.CheckConstraint("incident_id IS NULL OR failure IS NULL", name=op.f("ck_recording_mark_one_outcome")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_recording_mark_recording_id_recording")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_recording_mark_made_by_id_user")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_recording_mark_incident_id_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_mark")),
    )
    op.create_index(op.f("ix_recording_mark_recording_id"), "recording_mark", ["recording_id"])
    op.create_index(op.f("ix_recording_mark_incident_id"), "recording_mark", ["incident_id"])
