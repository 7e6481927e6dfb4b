"""The catalogue of offences: editions, versions, endings, and what was done with each.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime
from models.migrations.closed_lists import hold

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

LOGGED = ("seal", "custody", "transition", "decision", "deletion", "key", "opening", "account", "fence", "case_file")
APPENDED = ("law_version", "law_ending", "law_event")  # never edited, never deleted


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=False)


def upgrade() -> None:
    op.create_table(
        "law_edition",
        sa.Column("source", sa.String(length=400), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("state", _words("read", "in_force", "discarded", name="law_edition_state"), nullable=False),
        _at("read_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("source <> '' AND file_name <> ''", name=op.f("ck_law_edition_says_where_from")),
        sa.CheckConstraint("items >= 1", name=op.f("ck_law_edition_brings_something")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_law_edition_digest_is_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_edition")),
    )
    op.create_table(
        "law_event",
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("act", _words("read", "brought_into_force", "discarded", "ended", name="law_act"), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        _at("at"),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_law_event_has_actor")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_law_event_has_reason")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_law_event_seq_counts_from_one")),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_law_event_actor_id_user")),
        sa.ForeignKeyConstraint(["edition_id"], ["law_edition.id"], name=op.f("fk_law_event_edition_id_law_edition")),
        sa.PrimaryKeyConstraint("edition_id", "seq", name=op.f("pk_law_event")),
    )
    op.create_table(
        "law_version",
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("offence", _words("illegal_parking", "street_vending", "dumping", name="offence"), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("initials", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("code <> ''", name=op.f("ck_law_version_has_code")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_law_version_runs_forward")),
        sa.ForeignKeyConstraint(["edition_id"], ["law_edition.id"], name=op.f("fk_law_version_edition_id_law_edition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_version")),
        sa.UniqueConstraint("edition_id", "code", "valid_from", name=op.f("uq_law_version_edition_id_code_valid_from")),
    )
    op.create_index("ix_law_version_code_valid_from", "law_version", ["code", "valid_from"])
    op.create_table(
        "law_ending",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("followed_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        _at("ended_at"),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_law_ending_has_reason")),
        sa.ForeignKeyConstraint(
            ["followed_by_id"], ["law_version.id"], name=op.f("fk_law_ending_followed_by_id_law_version")
        ),
        sa.ForeignKeyConstraint(["version_id"], ["law_version.id"], name=op.f("fk_law_ending_version_id_law_version")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_law_ending")),
    )
    for table in APPENDED:
        _append_only(table)
    hold("log_entry", "kind", "log_kind", (*LOGGED, "law"))


def _append_only(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )


def downgrade() -> None:
    hold("log_entry", "kind", "log_kind", LOGGED)
    op.drop_table("law_ending")
    op.drop_table("law_version")
    op.drop_table("law_event")
    if op.get_bind().dialect.name != "sqlite":
        for table in APPENDED:
            op.execute(f"DROP FUNCTION {table}_append_only()")
    op.drop_table("law_edition")
