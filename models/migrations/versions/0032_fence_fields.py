"""Permissions of an area and of a stall, with their legal basis, entered and ended at the desk by somebody with a name.

Revision ID: 0032
Revises: 0031
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

SAME = (
    "site_id",
    "plate",
    "geofence_id",
    "offences",
    "from_on",
    "to_on",
    "hours",
    "paper",
    "given_at",
    "given_by",
    "withdrawn_at",
    "id",
)
LISTS = ("offences", "hours")


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _made_anew(_permission_at_the_desk)
    op.create_table(
        "permission_event",
        sa.Column("permission_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("act", _words("given", "ended", name="permission_act"), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        _at("at"),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_permission_event_seq_counts_from_one")),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_permission_event_has_actor")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_permission_event_has_reason")),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["permission.id"], name=op.f("fk_permission_event_permission_id_permission")
        ),
        sa.PrimaryKeyConstraint("permission_id", "seq", name=op.f("pk_permission_event")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER permission_event_no_{verb.lower()} BEFORE {verb} ON permission_event "
                "BEGIN SELECT RAISE(ABORT, 'permission_event is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION permission_event_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'permission_event is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER permission_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON permission_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION permission_event_append_only()"
    )


def _made_anew(create: Callable[[], sa.Table]) -> None:
    """The table as `create` has it, with its rows: nothing refers to them, and SQLite changes no CHECK of a table."""
    table = sa.table("permission", *(sa.column(name, sa.JSON() if name in LISTS else None) for name in SAME))
    kept = op.get_bind().execute(sa.select(table)).mappings().all()
    op.drop_table("permission")
    create()
    for row in kept:
        op.get_bind().execute(table.insert().values(**row))
    op.create_index("ix_permission_site_id", "permission", ["site_id"])


def _columns() -> list[Any]:
    return [
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("plate", sa.String(length=16), nullable=True),
        sa.Column("geofence_id", sa.String(length=64), nullable=True),
        sa.Column("offences", sa.JSON(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("paper", sa.String(length=200), nullable=False),
        _at("given_at"),
        sa.Column("given_by", sa.String(length=100), nullable=False),
        _at("withdrawn_at", nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("to_on >= from_on", name=op.f("ck_permission_ends_after_start")),
        sa.CheckConstraint("paper <> ''", name=op.f("ck_permission_has_paper")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_permission_site_id_site")),
        sa.ForeignKeyConstraint(["geofence_id"], ["geofence.id"], name=op.f("fk_permission_geofence_id_geofence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permission")),
    ]


def _permission_at_the_desk() -> sa.Table:
    return op.create_table(
        "permission",
        *_columns(),
        sa.Column("stall", sa.String(length=200), nullable=True),
        sa.Column("area_id", sa.String(length=64), nullable=True),
        sa.Column("legal_basis", sa.String(length=300), nullable=True),
        sa.Column("entered_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=100), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=400), nullable=True),
        sa.CheckConstraint(
            "plate IS NOT NULL OR geofence_id IS NOT NULL OR area_id IS NOT NULL",
            name=op.f("ck_permission_of_a_vehicle_or_a_place"),
        ),
        sa.CheckConstraint("geofence_id IS NULL OR area_id IS NULL", name=op.f("ck_permission_of_one_place")),
        sa.CheckConstraint(
            "stall IS NULL OR (stall <> '' AND plate IS NULL)", name=op.f("ck_permission_of_a_stall_or_a_vehicle")
        ),
        sa.CheckConstraint(
            "withdrawn_by IS NULL OR withdrawn_at IS NOT NULL", name=op.f("ck_permission_withdrawn_whole")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_permission_area_id_area")),
        sa.ForeignKeyConstraint(["entered_by_id"], ["user.id"], name=op.f("fk_permission_entered_by_id_user")),
    )


def _permission_of_the_site_file() -> sa.Table:
    return op.create_table(
        "permission",
        *_columns(),
        sa.CheckConstraint(
            "plate IS NOT NULL OR geofence_id IS NOT NULL", name=op.f("ck_permission_of_a_vehicle_or_a_place")
        ),
    )


def downgrade() -> None:
    """What was permitted in an area or to a stall has no place in the table of before, and goes."""
    op.drop_table("permission_event")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION permission_event_append_only()")
    op.execute("DELETE FROM permission WHERE area_id IS NOT NULL OR stall IS NOT NULL")
    _made_anew(_permission_of_the_site_file)
