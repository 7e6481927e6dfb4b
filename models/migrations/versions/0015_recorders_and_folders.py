"""Recorders, where a recording's start is known from, its track, watched folders.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime
from models.migrations.closed_lists import hold

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BYTE_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CLOCKS = ("given", "container", "file_time", "camera")
MORE_CLOCKS = (*CLOCKS, "file_name", "track")
SUBJECTS = ("recorder", "recording", "request")


def upgrade() -> None:
    hold("recording", "clock_source", "clock_source", MORE_CLOCKS)
    op.add_column("recording", sa.Column("start_error_s", sa.Double(), nullable=True))
    op.add_column("recording", sa.Column("moves", sa.Boolean(), nullable=True))
    op.add_column("upload", sa.Column("doubt", sa.String(length=500), nullable=True))
    _recorders()
    _tracks()
    _folders()
    _events()


def downgrade() -> None:
    _no_events()
    for table in ("recorder_event", "folder_file", "recording_track", "recorder_assignment", "recorder"):
        op.drop_table(table)
    op.drop_column("upload", "doubt")
    op.drop_column("recording", "moves")
    op.drop_column("recording", "start_error_s")
    hold("recording", "clock_source", "clock_source", CLOCKS)


def _words(name: str, words: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _recorders() -> None:
    op.create_table(
        "recorder",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("container_clock", _words("container_clock", ("utc", "local", "ignored")), nullable=False),
        sa.Column("clock_error_s", sa.Double(), nullable=True),
        sa.Column("body", sa.String(length=200), nullable=True),
        sa.CheckConstraint("clock_error_s IS NULL OR clock_error_s >= 0", name=op.f("ck_recorder_error_is_a_bound")),
        sa.CheckConstraint("body IS NULL OR body <> ''", name=op.f("ck_recorder_body_has_name")),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_recorder_camera_id_camera")),
        sa.PrimaryKeyConstraint("camera_id", name=op.f("pk_recorder")),
    )
    op.create_table(
        "recorder_assignment",
        sa.Column("recorder_id", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("to_on IS NULL OR to_on >= from_on", name=op.f("ck_recorder_assignment_ends_after_start")),
        sa.ForeignKeyConstraint(["recorder_id"], ["camera.id"], name=op.f("fk_recorder_assignment_recorder_id_camera")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_recorder_assignment_officer_id_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recorder_assignment")),
    )
    op.create_index("ix_recorder_assignment_recorder_id_from_on", "recorder_assignment", ["recorder_id", "from_on"])
    op.create_index(op.f("ix_recorder_assignment_officer_id"), "recorder_assignment", ["officer_id"])


def _tracks() -> None:
    op.create_table(
        "recording_track",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("source", _words("track_source", ("container", "srt", "gpx", "nmea")), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("from_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("to_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("spread_m", sa.Double(), nullable=False),
        sa.Column("line", sa.JSON(), nullable=False),
        sa.CheckConstraint("points >= 1", name=op.f("ck_recording_track_has_points")),
        sa.CheckConstraint("spread_m >= 0", name=op.f("ck_recording_track_spread_is_a_length")),
        sa.CheckConstraint(
            "(source = 'container') = (sha256 IS NULL)", name=op.f("ck_recording_track_side_file_is_sealed")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_recording_track_recording_id_recording")
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["sealed_object.sha256"], name=op.f("fk_recording_track_sha256_sealed_object")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_recording_track")),
    )
    op.create_index(op.f("ix_recording_track_sha256"), "recording_track", ["sha256"])


def _folders() -> None:
    op.create_table(
        "folder_file",
        sa.Column("path_sha256", sa.String(length=64), nullable=False),
        sa.Column("shown", sa.String(length=500), nullable=False),
        sa.Column("size_bytes", BYTE_COUNT, nullable=False),
        sa.Column("mtime_ns", BYTE_COUNT, nullable=False),
        sa.Column("md5", sa.String(length=32), nullable=True),
        sa.Column("sha1", sa.String(length=40), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("outcome", _words("folder_outcome", ("taken", "refused")), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=True),
        sa.Column("why", sa.String(length=500), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome <> 'taken' OR upload_id IS NOT NULL", name=op.f("ck_folder_file_taken_has_upload")),
        sa.CheckConstraint("outcome = 'taken' OR why IS NOT NULL", name=op.f("ck_folder_file_refused_says_why")),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_folder_file_upload_id_upload")),
        sa.PrimaryKeyConstraint("path_sha256", name=op.f("pk_folder_file")),
    )
    op.create_index(op.f("ix_folder_file_upload_id"), "folder_file", ["upload_id"])


def _events() -> None:
    table = "recorder_event"
    op.create_table(
        table,
        sa.Column("subject", _words("recorder_subject", SUBJECTS), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_recorder_event_has_actor")),
        sa.CheckConstraint("act <> ''", name=op.f("ck_recorder_event_has_act")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recorder_event")),
    )
    op.create_index("ix_recorder_event_subject", table, ["subject", "subject_id", "at"])
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


def _no_events() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP TRIGGER recorder_event_append_only ON recorder_event")
        op.execute("DROP FUNCTION recorder_event_append_only()")
