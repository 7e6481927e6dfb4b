"""Claims of the queue, what is passed on, decisions that can be taken back, plates a person corrected.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime
from models.migrations import closed_lists

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ACTS = (
    "confirmed",
    "grace_started",
    "vehicle_left",
    "step_taken",
    "grace_expired",
    "warned_only",
    "sight_lost",
    "sent_back",
    "redrafted",
    "accepted",
    "dismissed",
    "held_back",
    "released",
)
OPEN = sa.text("ended_at IS NULL")


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "claim",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        _at("taken_at"),
        _at("until_at"),
        _at("changed_at"),
        sa.CheckConstraint("fence >= 1", name=op.f("ck_claim_fence_counts_from_one")),
        sa.CheckConstraint("until_at >= taken_at", name=op.f("ck_claim_ends_after_start")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_claim_incident_id_incident")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_claim_user_id_user")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_claim")),
    )
    op.create_index("ix_claim_changed_at", "claim", ["changed_at"])
    op.create_index(op.f("ix_claim_user_id"), "claim", ["user_id"])
    op.create_table(
        "passed_on",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("ground", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _at("at"),
        _at("ended_at", nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_passed_on_has_reason")),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= at", name=op.f("ck_passed_on_ends_after_start")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_passed_on_incident_id_incident")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_passed_on_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passed_on")),
    )
    op.create_index(op.f("ix_passed_on_incident_id"), "passed_on", ["incident_id"])
    op.create_index(
        "uq_passed_on_open",
        "passed_on",
        ["incident_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.add_column("incident", sa.Column("plate_confirmed_by", sa.String(length=100), nullable=True))
    op.create_index("ix_incident_camera_id_confirmed_at", "incident", ["camera_id", "confirmed_at"])
    op.add_column("review_decision", sa.Column("ground", sa.String(length=32), nullable=True))
    added = ("passed_on", "taken_back", "taken_over", "plate_corrected")
    closed_lists.hold("case_event", "act", "act", (*ACTS, *added))


def downgrade() -> None:
    closed_lists.hold("case_event", "act", "act", ACTS)
    op.drop_column("review_decision", "ground")
    op.drop_index("ix_incident_camera_id_confirmed_at", "incident")
    op.drop_column("incident", "plate_confirmed_by")
    op.drop_table("passed_on")
    op.drop_table("claim")
