"""Clocks of case files: stops, extensions, when they are looked at, and the numbers of who wants to be reminded.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "reminder_phone",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.String(length=64), nullable=False),
        _at("entered_at"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_reminder_phone_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_reminder_phone")),
    )
    op.create_index(op.f("ix_reminder_phone_phone_index"), "reminder_phone", ["phone_index"], unique=False)
    op.create_table(
        "file_clock_extension",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("clock", sa.String(length=32), nullable=False),
        sa.Column("of", sa.String(length=64), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("extended_on", sa.Date(), nullable=False),
        _at("extended_at"),
        sa.Column("approved_by_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("clock <> '' AND reason <> ''", name=op.f("ck_file_clock_extension_says_which_and_why")),
        sa.CheckConstraint("days > 0", name=op.f("ck_file_clock_extension_extends")),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["user.id"], name=op.f("fk_file_clock_extension_approved_by_id_user")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_clock_extension_file_id_case_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_clock_extension")),
    )
    op.create_index(op.f("ix_file_clock_extension_file_id"), "file_clock_extension", ["file_id"], unique=False)
    op.create_table(
        "file_clock_look",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        _at("next_at"),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_clock_look_file_id_case_file")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_file_clock_look")),
    )
    op.create_index(op.f("ix_file_clock_look_next_at"), "file_clock_look", ["next_at"], unique=False)
    op.create_table(
        "file_clock_stop",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("clock", sa.String(length=32), nullable=False),
        sa.Column("of", sa.String(length=64), nullable=False),
        sa.Column(
            "cause",
            _words("hearing", "appraisal", "public_notice", "obstacle", "not_due", name="stop_cause"),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("stopped_on", sa.Date(), nullable=False),
        _at("stopped_at"),
        sa.Column("stopped_by_id", sa.Uuid(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        _at("started_at", nullable=True),
        sa.Column("started_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("clock <> '' AND reason <> ''", name=op.f("ck_file_clock_stop_says_which_and_why")),
        sa.CheckConstraint(
            "(started_at IS NULL) = (started_on IS NULL) AND (started_at IS NULL) = (started_by_id IS NULL)",
            name=op.f("ck_file_clock_stop_started_whole"),
        ),
        sa.CheckConstraint(
            "started_on IS NULL OR started_on >= stopped_on", name=op.f("ck_file_clock_stop_started_after_stopped")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_clock_stop_file_id_case_file")),
        sa.ForeignKeyConstraint(["started_by_id"], ["user.id"], name=op.f("fk_file_clock_stop_started_by_id_user")),
        sa.ForeignKeyConstraint(["stopped_by_id"], ["user.id"], name=op.f("fk_file_clock_stop_stopped_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_clock_stop")),
    )
    op.create_index(op.f("ix_file_clock_stop_file_id"), "file_clock_stop", ["file_id"], unique=False)
    op.create_index(
        "uq_file_clock_stop_stands",
        "file_clock_stop",
        ["file_id", "clock", "of"],
        unique=True,
        sqlite_where=sa.text("started_at IS NULL"),
        postgresql_where=sa.text("started_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("file_clock_stop")
    op.drop_table("file_clock_look")
    op.drop_table("file_clock_extension")
    op.drop_table("reminder_phone")
