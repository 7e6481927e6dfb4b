"""Tokens of the API with scopes.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OFFENCES = ("illegal_parking", "street_vending", "dumping")


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("area_id", sa.String(length=64), nullable=True),
        sa.Column(
            "offence",
            sa.Enum(*OFFENCES, name="offence", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("used_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_api_token_expires_after_start")),
        sa.CheckConstraint("label <> ''", name=op.f("ck_api_token_has_label")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_api_token_user_id_user"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_api_token_area_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_api_token_token_digest")),
    )
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"])


def downgrade() -> None:
    op.drop_table("api_token")
