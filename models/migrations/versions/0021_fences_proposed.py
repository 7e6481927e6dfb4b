"""Versions of a fence that wait for a second person, and trials of what they would change.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime
from models.migrations.closed_lists import hold

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")
LOGGED = ("seal", "custody", "transition", "decision", "deletion", "key", "opening", "account")


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _proposals()
    _events()
    _trials()
    hold("log_entry", "kind", "log_kind", (*LOGGED, "fence"))


def downgrade() -> None:
    hold("log_entry", "kind", "log_kind", LOGGED)
    op.drop_table("fence_trial")
    op.drop_table("fence_event")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION fence_event_append_only()")
    op.drop_table("fence_proposal")


def _proposals() -> None:
    op.create_table(
        "fence_proposal",
        sa.Column("geofence_id", sa.String(length=64), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=True),
        sa.Column("ends", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=False),
        _at("proposed_at"),
        sa.Column(
            "state", _words("open", "in_force", "declined", "withdrawn", name="fence_proposal_state"), nullable=False
        ),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        _at("ended_at", nullable=True),
        sa.Column("became_version", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_fence_proposal_has_reason")),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_fence_proposal_ended_whole")),
        sa.CheckConstraint(
            "state = 'open' OR ended_by_id IS NOT NULL", name=op.f("ck_fence_proposal_ended_by_somebody")
        ),
        sa.CheckConstraint(
            "state <> 'in_force' OR ended_by_id <> proposed_by_id", name=op.f("ck_fence_proposal_approved_by_another")
        ),
        sa.CheckConstraint(
            "state <> 'withdrawn' OR ended_by_id = proposed_by_id",
            name=op.f("ck_fence_proposal_withdrawn_by_the_same"),
        ),
        sa.CheckConstraint(
            "(state = 'in_force') = (became_version IS NOT NULL)",
            name=op.f("ck_fence_proposal_in_force_as_a_version"),
        ),
        sa.CheckConstraint("NOT ends OR base_version IS NOT NULL", name=op.f("ck_fence_proposal_ends_what_is_there")),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_fence_proposal_camera_id_camera")),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["user.id"], name=op.f("fk_fence_proposal_proposed_by_id_user")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["user.id"], name=op.f("fk_fence_proposal_ended_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fence_proposal")),
    )
    for column in ("geofence_id", "camera_id"):
        op.create_index(op.f(f"ix_fence_proposal_{column}"), "fence_proposal", [column])
    op.create_index(
        "uq_fence_proposal_open",
        "fence_proposal",
        ["geofence_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def _events() -> None:
    op.create_table(
        "fence_event",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("act", _words("proposed", "approved", "declined", "withdrawn", name="fence_act"), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        _at("at"),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("terms_sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_fence_event_seq_counts_from_one")),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_fence_event_has_actor")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_fence_event_has_reason")),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["fence_proposal.id"], name=op.f("fk_fence_event_proposal_id_fence_proposal")
        ),
        sa.PrimaryKeyConstraint("proposal_id", "seq", name=op.f("pk_fence_event")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER fence_event_no_{verb.lower()} BEFORE {verb} ON fence_event "
                "BEGIN SELECT RAISE(ABORT, 'fence_event is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION fence_event_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'fence_event is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER fence_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fence_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION fence_event_append_only()"
    )


def _trials() -> None:
    op.create_table(
        "fence_trial",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("geofence_id", sa.String(length=64), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("against_id", sa.Uuid(), nullable=True),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        _at("asked_at"),
        _at("touched_at"),
        sa.Column(
            "state", _words("asked", "running", "done", "failed", "cancelled", name="trial_state"), nullable=False
        ),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done_s", sa.Double(), nullable=True),
        sa.Column("total_s", sa.Double(), nullable=True),
        sa.Column("why", sa.String(length=300), nullable=True),
        # SQL NULL and not JSON's null while it is not done
        sa.Column("findings", sa.JSON(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_fence_trial_tries_count")),
        sa.CheckConstraint("(state = 'done') = (findings IS NOT NULL)", name=op.f("ck_fence_trial_done_with_findings")),
        sa.CheckConstraint("state <> 'failed' OR why IS NOT NULL", name=op.f("ck_fence_trial_failed_says_why")),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_fence_trial_camera_id_camera")),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_fence_trial_recording_id_recording")),
        sa.ForeignKeyConstraint(
            ["against_id"], ["geofence_version.id"], name=op.f("fk_fence_trial_against_id_geofence_version")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user.id"], name=op.f("fk_fence_trial_asked_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fence_trial")),
    )
    for column in ("recording_id", "geofence_id", "asked_by_id"):
        op.create_index(op.f(f"ix_fence_trial_{column}"), "fence_trial", [column])
    op.create_index("ix_fence_trial_state_asked_at", "fence_trial", ["state", "asked_at"])
