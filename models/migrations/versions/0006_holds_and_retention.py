"""Holds and retention: legal holds, decisions served, deletions, and for what a person looked.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "legal_hold",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("put_by", sa.String(length=100), nullable=False),
        sa.Column("put_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("lifted_by", sa.String(length=100), nullable=True),
        sa.Column("lifted_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lift_reason", sa.String(length=400), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("put_by <> '' AND reason <> ''", name=op.f("ck_legal_hold_says_who_and_why")),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL)",
            name=op.f("ck_legal_hold_lifted_says_who_and_why"),
        ),
        sa.CheckConstraint("lifted_by <> '' AND lift_reason <> ''", name=op.f("ck_legal_hold_lifted_with_words")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_legal_hold_incident_id_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index(op.f("ix_legal_hold_incident_id"), "legal_hold", ["incident_id"])
    op.create_table(
        "served_decision",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("recorded_by <> '' AND document <> ''", name=op.f("ck_served_decision_says_who_and_which")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_served_decision_incident_id_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_served_decision")),
    )
    op.create_index(op.f("ix_served_decision_incident_id"), "served_decision", ["incident_id"])
    op.create_table(
        "deletion",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("belonged_to", sa.JSON(), nullable=False),
        sa.Column("why", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=300), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("intended_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("done_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("void_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("void_why", sa.String(length=200), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_deletion_not_empty")),
        sa.CheckConstraint("actor <> '' AND why <> '' AND rule <> ''", name=op.f("ck_deletion_says_who_and_why")),
        sa.CheckConstraint("done_at IS NULL OR done_at >= intended_at", name=op.f("ck_deletion_intended_first")),
        sa.CheckConstraint("(void_at IS NULL) = (void_why IS NULL)", name=op.f("ck_deletion_void_says_why")),
        sa.ForeignKeyConstraint(["sha256"], ["sealed_object.sha256"], name=op.f("fk_deletion_sha256_sealed_object")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion")),
    )
    op.create_index(
        "uq_deletion_counts",
        "deletion",
        ["sha256"],
        unique=True,
        sqlite_where=sa.text("void_at IS NULL"),
        postgresql_where=sa.text("void_at IS NULL"),
    )
    op.create_table(
        "viewing_reason",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_viewing_reason_has_words")),
        sa.ForeignKeyConstraint(
            ["token_digest"],
            ["user_session.token_digest"],
            name=op.f("fk_viewing_reason_token_digest_user_session"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_viewing_reason_incident_id_incident")),
        sa.PrimaryKeyConstraint("token_digest", "incident_id", name=op.f("pk_viewing_reason")),
    )


def downgrade() -> None:
    for table in ("viewing_reason", "deletion", "served_decision", "legal_hold"):
        op.drop_table(table)
