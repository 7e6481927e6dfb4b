"""Derivatives and stores.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FORMS = ("still", "clip", "preview", "contact_sheet")
STATES = ("asked", "made", "failed")
COPY_STATES = ("copying", "verified", "failed", "differs", "removed")


def upgrade() -> None:
    _derivatives()
    _copies()


def downgrade() -> None:
    op.drop_table("object_copy")
    op.drop_table("derivative")


def _derivatives() -> None:
    op.create_table(
        "derivative",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("exhibit_id", sa.Uuid(), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("form", _words("derivative_form", FORMS), nullable=False),
        sa.Column("masked", sa.Boolean(), nullable=False),
        sa.Column("captioned", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", _words("derivative_state", STATES), nullable=False),
        sa.Column("asked_by", sa.String(length=100), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("codes", sa.String(length=500), nullable=True),
        sa.Column("recipe", sa.JSON(), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(form = 'contact_sheet') = (exhibit_id IS NULL)", name=op.f("ck_derivative_sheet_is_of_all")
        ),
        sa.CheckConstraint("(state = 'made') = (sha256 IS NOT NULL)", name=op.f("ck_derivative_made_has_bytes")),
        sa.CheckConstraint("(state = 'made') = (recipe IS NOT NULL)", name=op.f("ck_derivative_made_has_recipe")),
        sa.CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name=op.f("ck_derivative_failed_says_why")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_derivative_has_reason")),
        sa.CheckConstraint("length(key) = 64", name=op.f("ck_derivative_key_is_a_digest")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_derivative_incident_id_incident")),
        sa.ForeignKeyConstraint(["exhibit_id"], ["exhibit.id"], name=op.f("fk_derivative_exhibit_id_exhibit")),
        sa.ForeignKeyConstraint(["sha256"], ["sealed_object.sha256"], name=op.f("fk_derivative_sha256_sealed_object")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_derivative")),
        sa.UniqueConstraint("key", name=op.f("uq_derivative_key")),
    )
    for column in ("incident_id", "state", "sha256", "codes"):
        op.create_index(op.f(f"ix_derivative_{column}"), "derivative", [column])


def _copies() -> None:
    op.create_table(
        "object_copy",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("store", sa.String(length=300), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("state", _words("copy_state", COPY_STATES), nullable=False),
        sa.Column("sealed_for", sa.String(length=100), nullable=True),
        sa.Column("stored_bytes", sa.Integer(), nullable=True),
        sa.Column("etag", sa.String(length=200), nullable=True),
        sa.Column("version", sa.String(length=200), nullable=True),
        sa.Column("locked_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("again_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("verified_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'verified' OR verified_at IS NOT NULL", name=op.f("ck_object_copy_verified_says_when")
        ),
        sa.CheckConstraint(
            "state NOT IN ('failed', 'differs') OR note IS NOT NULL", name=op.f("ck_object_copy_trouble_says_why")
        ),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_object_copy_tries_count")),
        sa.ForeignKeyConstraint(["sha256"], ["sealed_object.sha256"], name=op.f("fk_object_copy_sha256_sealed_object")),
        sa.PrimaryKeyConstraint("sha256", "store", name=op.f("pk_object_copy")),
    )
    op.create_index(op.f("ix_object_copy_state"), "object_copy", ["state"])


def _words(name: str, words: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)
