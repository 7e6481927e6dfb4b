"""Webhooks out, and what administrators did with them.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime
from models.migrations.closed_lists import hold

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

OFFENCES = ("illegal_parking", "street_vending", "dumping")
ACTS = (
    "added",
    "changed",
    "role_granted",
    "role_withdrawn",
    "disabled",
    "enabled",
    "password_given",
    "password_changed",
    "signed_in",
    "locked",
    "unlocked",
    "session_ended",
    "identity_linked",
    "token_made",
    "token_revoked",
)
ADDED = ("hook_made", "hook_switched_on", "hook_switched_off", "hook_tested")


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "hook",
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("host", sa.String(length=260), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("acts", sa.JSON(), nullable=False),
        sa.Column("area_id", sa.String(length=64), nullable=True),
        sa.Column(
            "offence",
            sa.Enum(*OFFENCES, name="offence", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        _at("made_at"),
        _at("switched_off_at", nullable=True),
        _at("tried_at", nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("label <> ''", name=op.f("ck_hook_has_label")),
        sa.CheckConstraint("last_error IS NULL OR tried_at IS NOT NULL", name=op.f("ck_hook_error_has_time")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_hook_area_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook")),
    )
    hold("account_event", "act", "account_act", (*ACTS, *ADDED))


def downgrade() -> None:
    hold("account_event", "act", "account_act", ACTS)
    op.drop_table("hook")
