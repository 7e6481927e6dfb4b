"""What loudspeakers say: a queue for each, and how each is reached, how loud, and when it is silent.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PLAYING = sa.text("state = 'playing'")


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.add_column("loudspeaker", sa.Column("username", sa.String(length=100), nullable=True))
    op.add_column("loudspeaker", sa.Column("password_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("loudspeaker", sa.Column("volume", sa.Integer(), nullable=False, server_default="100"))
    op.add_column("loudspeaker", sa.Column("cooldown_s", sa.Integer(), nullable=False, server_default="20"))
    op.add_column("loudspeaker", sa.Column("quiet", sa.JSON(), nullable=True))
    op.create_table(
        "announcement",
        sa.Column("loudspeaker_id", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("outbox_message_id", sa.Uuid(), nullable=True),
        sa.Column("utterance", _words("sentence", "typed", "recorded", name="utterance"), nullable=False),
        sa.Column("sentence", sa.String(length=64), nullable=True),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("asked_by", sa.String(length=100), nullable=False),
        _at("asked_at"),
        sa.Column("priority", sa.Integer(), nullable=False),
        _at("next_at"),
        _at("useful_until"),
        sa.Column(
            "state",
            _words("waiting", "playing", "played", "unconfirmed", "skipped", "failed", name="announcement_state"),
            nullable=False,
        ),
        _at("lease_until", nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("voice", sa.String(length=60), nullable=True),
        _at("began_at", nullable=True),
        _at("ended_at", nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("tries >= 0 AND fence >= 0", name=op.f("ck_announcement_counts_up")),
        sa.CheckConstraint("useful_until > asked_at", name=op.f("ck_announcement_useful_for_a_while")),
        sa.CheckConstraint(
            "state <> 'playing' OR (lease_until IS NOT NULL AND began_at IS NOT NULL)",
            name=op.f("ck_announcement_playing_needs_lease"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('playing', 'played', 'unconfirmed') OR sha256 IS NOT NULL",
            name=op.f("ck_announcement_heard_needs_sound"),
        ),
        sa.CheckConstraint(
            "(state IN ('waiting', 'playing')) = (ended_at IS NULL)", name=op.f("ck_announcement_ended_whole")
        ),
        sa.CheckConstraint(
            "utterance <> 'recorded' OR sha256 IS NOT NULL", name=op.f("ck_announcement_recording_is_sealed")
        ),
        sa.ForeignKeyConstraint(
            ["loudspeaker_id"], ["loudspeaker.id"], name=op.f("fk_announcement_loudspeaker_id_loudspeaker")
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_announcement_incident_id_incident")),
        sa.ForeignKeyConstraint(
            ["outbox_message_id"], ["outbox_message.id"], name=op.f("fk_announcement_outbox_message_id_outbox_message")
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["sealed_object.sha256"], name=op.f("fk_announcement_sha256_sealed_object")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
    )
    op.create_index("ix_announcement_queue", "announcement", ["loudspeaker_id", "state", "priority", "asked_at"])
    for column in ("incident_id", "outbox_message_id", "sha256"):
        op.create_index(op.f(f"ix_announcement_{column}"), "announcement", [column])
    op.create_index(
        "uq_announcement_playing",
        "announcement",
        ["loudspeaker_id"],
        unique=True,
        sqlite_where=PLAYING,
        postgresql_where=PLAYING,
    )


def downgrade() -> None:
    op.drop_table("announcement")
    for column in ("quiet", "cooldown_s", "volume", "password_sealed", "username"):
        op.drop_column("loudspeaker", column)
