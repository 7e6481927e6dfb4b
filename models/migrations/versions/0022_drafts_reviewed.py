"""Drafts that a person edited, and the second reviewer of an accepted case.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime
from models.migrations import closed_lists

revision = "0022"
down_revision = "0021"
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
    "passed_on",
    "taken_back",
    "taken_over",
    "plate_corrected",
)
ADDED = ("draft_edited", "second_agreed", "second_refused", "second_recused")
SAID = sa.text("verdict <> 'recused'")


def upgrade() -> None:
    op.add_column("draft_case", sa.Column("edited_by", sa.String(length=100), nullable=True))
    op.add_column("draft_case", sa.Column("edited_from", sa.Integer(), nullable=True))
    op.create_table(
        "second_review",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "agrees",
                "refuses",
                "recused",
                name="second_verdict",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_second_review_has_reason")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_second_review_incident_id_incident")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["review_decision.id"], name=op.f("fk_second_review_decision_id_review_decision")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_second_review_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_review")),
        sa.UniqueConstraint("decision_id", "user_id", name=op.f("uq_second_review_decision_id_user_id")),
    )
    op.create_index(op.f("ix_second_review_incident_id"), "second_review", ["incident_id"])
    op.create_index(
        "uq_second_review_said",
        "second_review",
        ["decision_id"],
        unique=True,
        sqlite_where=SAID,
        postgresql_where=SAID,
    )
    closed_lists.hold("case_event", "act", "act", (*ACTS, *ADDED))


def downgrade() -> None:
    closed_lists.hold("case_event", "act", "act", ACTS)
    op.drop_table("second_review")
    op.drop_column("draft_case", "edited_from")
    op.drop_column("draft_case", "edited_by")
