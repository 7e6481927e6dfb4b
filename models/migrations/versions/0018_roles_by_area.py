"""Roles by area and offence, sessions that can be ended, first passwords, sign-in elsewhere.

Revision ID: 0018
Revises: 0017
"""

import uuid

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime
from models.migrations.closed_lists import hold, let_go

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ROLES = ("monitor", "operator", "officer", "legal_reviewer", "leader", "administrator")
LOGGED = ("seal", "custody", "transition", "decision", "deletion", "key", "opening")
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


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _grants()
    _accounts()
    _events()


def downgrade() -> None:
    _forget_events()
    for table in ("sign_in_origin", "sign_in_identity"):
        op.drop_table(table)
    for column in ("agent", "address", "issuer"):
        op.drop_column("user_session", column)
    op.drop_index("uq_user_email", "user")
    for column in ("must_change_password", "email"):
        op.drop_column("user", column)
    _roles_of_users()
    op.drop_table("role_grant")


def _grants() -> None:
    """The one role of a user becomes a grant everywhere, for every offence."""
    grants = op.create_table(
        "role_grant",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", _words(*ROLES, name="role"), nullable=False),
        sa.Column("area_id", sa.String(length=64), nullable=True),
        sa.Column("offence", _words(*OFFENCES, name="offence"), nullable=True),
        _at("granted_at"),
        sa.Column("granted_by", sa.String(length=100), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_role_grant_user_id_user"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_role_grant_area_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    op.create_index(op.f("ix_role_grant_user_id"), "role_grant", ["user_id"])
    op.create_index(op.f("ix_role_grant_area_id"), "role_grant", ["area_id"])
    users = sa.table("user", sa.column("id", sa.Uuid()), sa.column("role", sa.String()), _at("created_at"))
    connection = op.get_bind()
    for user_id, role, created_at in connection.execute(sa.select(users.c.id, users.c.role, users.c.created_at)).all():
        row = {"id": uuid.uuid4(), "user_id": user_id, "role": role, "granted_at": created_at}
        connection.execute(grants.insert().values(**row, granted_by="streetwitness"))
    let_go("user", "role")
    op.drop_column("user", "role")


def _roles_of_users() -> None:
    """Back to one role each: the one that was granted first."""
    condition = f"role IN ({', '.join(map(repr, ROLES))})"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE \"user\" ADD COLUMN role VARCHAR(32) NOT NULL DEFAULT 'monitor' "
            f"CONSTRAINT ck_user_role CHECK ({condition})"
        )
    else:
        op.add_column("user", sa.Column("role", sa.String(length=32), nullable=False, server_default="monitor"))
        op.create_check_constraint(op.f("ck_user_role"), "user", condition)
    op.execute(
        'UPDATE "user" SET role = COALESCE((SELECT role_grant.role FROM role_grant WHERE role_grant.user_id = "user".id'
        " ORDER BY role_grant.granted_at LIMIT 1), role)"
    )


def _accounts() -> None:
    op.add_column("user", sa.Column("email", sa.String(length=254), nullable=True))
    op.create_index("uq_user_email", "user", ["email"], unique=True)
    op.add_column(
        "user", sa.Column("must_change_password", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.add_column("user_session", sa.Column("issuer", sa.String(length=300), nullable=True))
    op.add_column("user_session", sa.Column("address", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("user_session", sa.Column("agent", sa.String(length=200), nullable=False, server_default=""))
    op.create_table(
        "sign_in_identity",
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        _at("linked_at"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_sign_in_identity_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_sign_in_identity")),
    )
    op.create_index(op.f("ix_sign_in_identity_user_id"), "sign_in_identity", ["user_id"])
    op.create_table(
        "sign_in_origin",
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        _at("locked_until", nullable=True),
        _at("failed_at"),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_sign_in_origin_failures_count")),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_sign_in_origin")),
    )
    op.create_index(op.f("ix_sign_in_origin_failed_at"), "sign_in_origin", ["failed_at"])


def _events() -> None:
    op.create_table(
        "account_event",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("act", _words(*ACTS, name="account_act"), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        _at("at"),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_account_event_has_actor")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_account_event_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_event")),
    )
    op.create_index(op.f("ix_account_event_user_id"), "account_event", ["user_id"])
    hold("log_entry", "kind", "log_kind", (*LOGGED, "account"))
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER account_event_no_{verb.lower()} BEFORE {verb} ON account_event "
                "BEGIN SELECT RAISE(ABORT, 'account_event is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION account_event_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'account_event is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER account_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON account_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION account_event_append_only()"
    )


def _forget_events() -> None:
    hold("log_entry", "kind", "log_kind", LOGGED)
    op.drop_table("account_event")  # its triggers go with it
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION account_event_append_only()")
