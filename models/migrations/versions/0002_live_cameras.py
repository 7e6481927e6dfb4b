"""Live cameras: connection, views, conditions, leases, pulse, clock and memory.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "camera_clock",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("offset_s", sa.Double(), nullable=False),
        sa.Column("error_s", sa.Double(), nullable=False),
        sa.Column(
            "measure",
            sa.Enum(
                "arrival", "rtcp", "onvif", name="clock_measure", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.CheckConstraint("error_s >= 0", name=op.f("ck_camera_clock_error_is_a_bound")),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_camera_clock_camera_id_camera")),
        sa.PrimaryKeyConstraint("camera_id", "at", name=op.f("pk_camera_clock")),
    )
    op.create_table(
        "camera_condition",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("since_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "connecting",
                "watching",
                "unreachable",
                "refused",
                "no_packets",
                "frozen",
                "black",
                "covered",
                "blurred",
                "turned",
                "stopped",
                name="camera_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("detail", sa.String(length=300), nullable=True),
        sa.CheckConstraint(
            "until_at IS NULL OR until_at >= since_at", name=op.f("ck_camera_condition_ends_after_start")
        ),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_camera_condition_camera_id_camera")),
        sa.PrimaryKeyConstraint("camera_id", "since_at", name=op.f("pk_camera_condition")),
    )
    op.create_index(
        "uq_camera_condition_now",
        "camera_condition",
        ["camera_id"],
        unique=True,
        sqlite_where=sa.text("until_at IS NULL"),
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.create_table(
        "camera_connection",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("sub_source", sa.String(length=1000), nullable=True),
        sa.Column(
            "transport",
            sa.Enum("tcp", "udp", name="transport", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("username", sa.String(length=100), nullable=True),
        sa.Column("password_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("onvif_url", sa.String(length=1000), nullable=True),
        sa.Column("watched", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "password_sealed IS NULL OR username IS NOT NULL", name=op.f("ck_camera_connection_password_needs_user")
        ),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_camera_connection_camera_id_camera")),
        sa.PrimaryKeyConstraint("camera_id", name=op.f("pk_camera_connection")),
    )
    op.create_table(
        "camera_lease",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("taken_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("fence >= 1", name=op.f("ck_camera_lease_fence_counts_from_one")),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_camera_lease_camera_id_camera")),
        sa.PrimaryKeyConstraint("camera_id", name=op.f("pk_camera_lease")),
    )
    op.create_index(op.f("ix_camera_lease_holder"), "camera_lease", ["holder"], unique=False)
    op.create_table(
        "camera_memory",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_camera_memory_camera_id_camera")),
        sa.PrimaryKeyConstraint("camera_id", name=op.f("pk_camera_memory")),
    )
    op.create_table(
        "camera_pulse",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_packet_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_look_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_camera_pulse_camera_id_camera")),
        sa.PrimaryKeyConstraint("camera_id", name=op.f("pk_camera_pulse")),
    )
    op.create_table(
        "camera_view",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("preset", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("stay_s", sa.Double(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("learnt_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(fingerprint IS NULL) = (learnt_at IS NULL)", name=op.f("ck_camera_view_learnt_once")),
        sa.CheckConstraint("(position IS NULL) = (stay_s IS NULL)", name=op.f("ck_camera_view_toured_whole")),
        sa.CheckConstraint("stay_s IS NULL OR stay_s > 0", name=op.f("ck_camera_view_stays_a_while")),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_camera_view_camera_id_camera")),
        sa.PrimaryKeyConstraint("camera_id", "preset", name=op.f("pk_camera_view")),
    )


def downgrade() -> None:
    op.drop_table("camera_view")
    op.drop_table("camera_pulse")
    op.drop_table("camera_memory")
    op.drop_index(op.f("ix_camera_lease_holder"), table_name="camera_lease")
    op.drop_table("camera_lease")
    op.drop_table("camera_connection")
    op.drop_index(
        "uq_camera_condition_now",
        table_name="camera_condition",
        sqlite_where=sa.text("until_at IS NULL"),
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.drop_table("camera_condition")
    op.drop_table("camera_clock")
