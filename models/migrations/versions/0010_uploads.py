"""Uploads: files on their way in, and the keys they come with; sizes that pass 2 GiB.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATES = ("receiving", "sealed", "taken", "quarantined", "given_up")
SIZES = (
    ("sealed_object", "size_bytes"),
    ("recording", "size_bytes"),
    ("deletion", "size_bytes"),
    ("object_copy", "stored_bytes"),
)
BYTE_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _change_sizes(sa.Integer(), sa.BigInteger())
    _tokens()
    _uploads()


def downgrade() -> None:
    op.drop_table("upload")
    op.drop_table("upload_token")
    _change_sizes(sa.BigInteger(), sa.Integer())


def _change_sizes(before: sa.Integer, after: sa.Integer) -> None:
    if op.get_bind().dialect.name == "sqlite":
        return  # its INTEGER has 64 bits
    for table, column in SIZES:
        op.alter_column(table, column, existing_type=before, type_=after)


def _tokens() -> None:
    op.create_table(
        "upload_token",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_upload_token_expires_after_start")),
        sa.CheckConstraint("label <> ''", name=op.f("ck_upload_token_has_label")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_upload_token_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_token")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_upload_token_token_digest")),
    )
    op.create_index(op.f("ix_upload_token_user_id"), "upload_token", ["user_id"])


def _uploads() -> None:
    op.create_table(
        "upload",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("recorder_id", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("suffix", sa.String(length=10), nullable=False),
        sa.Column("length", BYTE_COUNT, nullable=False),
        sa.Column("offset", BYTE_COUNT, nullable=False),
        sa.Column("claimed_sha256", sa.String(length=64), nullable=True),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="upload_state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("touched_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("looked_into", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.Uuid(), nullable=True),
        sa.Column("why", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("length > 0", name=op.f("ck_upload_not_empty")),
        sa.CheckConstraint('"offset" >= 0 AND "offset" <= length', name=op.f("ck_upload_offset_within")),
        sa.CheckConstraint("state <> 'sealed' OR sha256 IS NOT NULL", name=op.f("ck_upload_sealed_has_digest")),
        sa.CheckConstraint("state <> 'taken' OR recording_id IS NOT NULL", name=op.f("ck_upload_taken_has_recording")),
        sa.CheckConstraint(
            "state NOT IN ('quarantined', 'given_up') OR why IS NOT NULL", name=op.f("ck_upload_ended_says_why")
        ),
        sa.CheckConstraint("looked_into >= 0", name=op.f("ck_upload_looks_count")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_upload_user_id_user")),
        sa.ForeignKeyConstraint(["recorder_id"], ["camera.id"], name=op.f("fk_upload_recorder_id_camera")),
        sa.ForeignKeyConstraint(["sha256"], ["sealed_object.sha256"], name=op.f("fk_upload_sha256_sealed_object")),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_upload_recording_id_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index("ix_upload_state_touched_at", "upload", ["state", "touched_at"])
    op.create_index("ix_upload_user_id_created_at", "upload", ["user_id", "created_at"])
    op.create_index(op.f("ix_upload_sha256"), "upload", ["sha256"])
    op.create_index(op.f("ix_upload_recording_id"), "upload", ["recording_id"])
