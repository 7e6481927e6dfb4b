"""The first road: every table of the road from camera to decision.

Revision ID: 0001
Revises: none
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Histories that are appended to, never edited: the database itself refuses, whoever asks.
APPEND_ONLY = ("case_event", "custody_event")


def make_append_only(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    else:
        op.execute(
            f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
        )


def upgrade() -> None:
    op.create_table(
        "officer",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("grid", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer")),
        sa.UniqueConstraint("name", name=op.f("uq_officer_name")),
    )
    with op.batch_alter_table("officer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_officer_grid"), ["grid"], unique=False)

    op.create_table(
        "outbox_message",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "sending",
                "sent",
                "dead",
                name="outbox_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("next_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lease_until", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column("answered_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state <> 'sending' OR lease_until IS NOT NULL",
            name=op.f("ck_outbox_message_sending_needs_lease"),
        ),
        sa.CheckConstraint(
            "state <> 'sent' OR answered_at IS NOT NULL", name=op.f("ck_outbox_message_sent_needs_answer")
        ),
        sa.CheckConstraint("tries >= 0 AND fence >= 0", name=op.f("ck_outbox_message_counts_up")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_message_key")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_message_due", ["state", "next_at"], unique=False)

    op.create_table(
        "owner",
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner")),
    )
    with op.batch_alter_table("owner", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_owner_phone_index"), ["phone_index"], unique=False)

    op.create_table(
        "sealed_object",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("suffix", sa.String(length=10), nullable=False),
        sa.Column("sealed_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_sealed_object_digest_is_sha256")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_sealed_object_not_empty")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_sealed_object")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", name=op.f("uq_site_name")),
    )
    op.create_table(
        "user",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "monitor",
                "operator",
                "officer",
                "legal_reviewer",
                "leader",
                "administrator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("locked_until", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("failed_attempts >= 0", name=op.f("ck_user_failed_attempts_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("name", name=op.f("uq_user_name")),
    )
    op.create_table(
        "camera",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=1000), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "fixed",
                "dome",
                "high_point",
                "vehicle",
                "drone",
                "body_worn",
                name="camera_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("device_number", sa.String(length=64), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("clock_offset_s", sa.Double(), nullable=False),
        sa.Column("clock_error_s", sa.Double(), nullable=True),
        sa.Column("legal_review_on", sa.Date(), nullable=True),
        sa.Column("technical_review_on", sa.Date(), nullable=True),
        sa.Column("verified_until", sa.Date(), nullable=True),
        sa.Column("sign_photographed_on", sa.Date(), nullable=True),
        sa.Column("announced_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(lat IS NULL) = (lon IS NULL)", name=op.f("ck_camera_place_whole")),
        sa.CheckConstraint("lat IS NULL OR (lat BETWEEN -90 AND 90)", name=op.f("ck_camera_lat_in_range")),
        sa.CheckConstraint("lon IS NULL OR (lon BETWEEN -180 AND 180)", name=op.f("ck_camera_lon_in_range")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_camera_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera")),
    )
    op.create_table(
        "user_session",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_user_session_expires_after_start")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_user_session_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_user_session")),
    )
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "vehicle",
        sa.Column("plate", sa.String(length=16), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_vehicle_owner_id_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle")),
        sa.UniqueConstraint("plate", name=op.f("uq_vehicle_plate")),
    )
    op.create_table(
        "geofence",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_geofence_camera_id_camera")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_geofence")),
    )
    with op.batch_alter_table("geofence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_geofence_camera_id"), ["camera_id"], unique=False)

    op.create_table(
        "loudspeaker",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("driver", sa.String(length=32), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=True),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_loudspeaker_camera_id_camera")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loudspeaker")),
    )
    op.create_table(
        "recording",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=1000), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("started_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "clock_source",
            sa.Enum(
                "given",
                "container",
                "file_time",
                "camera",
                name="clock_source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "analysing",
                "analysed",
                "failed",
                name="recording_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("failure", sa.String(length=500), nullable=True),
        sa.Column("analysis", sa.JSON(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_recording_not_empty")),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_recording_camera_id_camera")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint("camera_id", "sha256", "started_at", name=op.f("uq_recording_camera_id_sha256_started_at")),
    )
    op.create_table(
        "geofence_version",
        sa.Column("geofence_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("preset", sa.String(length=64), nullable=True),
        sa.Column("polygon", sa.JSON(), nullable=False),
        sa.Column("offences", sa.JSON(), nullable=False),
        sa.Column("timetable", sa.JSON(), nullable=False),
        sa.Column("exemptions", sa.JSON(), nullable=False),
        sa.Column("warning_only", sa.Boolean(), nullable=False),
        sa.Column("valid_from", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("valid_to", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("changed_by", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_geofence_version_ends_after_start")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_geofence_version_version_counts_from_one")),
        sa.ForeignKeyConstraint(
            ["geofence_id"], ["geofence.id"], name=op.f("fk_geofence_version_geofence_id_geofence")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_geofence_version")),
        sa.UniqueConstraint("geofence_id", "version", name=op.f("uq_geofence_version_geofence_id_version")),
    )
    with op.batch_alter_table("geofence_version", schema=None) as batch_op:
        batch_op.create_index(
            "uq_geofence_version_in_force",
            ["geofence_id"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )

    op.create_table(
        "incident",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("geofence_version_id", sa.Uuid(), nullable=False),
        sa.Column("recording_id", sa.Uuid(), nullable=True),
        sa.Column(
            "offence",
            sa.Enum(
                "illegal_parking",
                "street_vending",
                "dumping",
                name="offence",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "observed",
                "notified",
                "resolved",
                "uncertain",
                "drafted",
                "returned",
                "accepted",
                "dismissed",
                name="incident_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("conduct_key", sa.String(length=200), nullable=False),
        sa.Column("first_seen_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("grace_ends_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("left_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("box_x1", sa.Double(), nullable=False),
        sa.Column("box_y1", sa.Double(), nullable=False),
        sa.Column("box_x2", sa.Double(), nullable=False),
        sa.Column("box_y2", sa.Double(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("plate", sa.String(length=16), nullable=True),
        sa.Column("plate_confidence", sa.Double(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state <> 'resolved' OR left_at IS NOT NULL", name=op.f("ck_incident_resolved_needs_left")),
        sa.CheckConstraint("box_x2 > box_x1 AND box_y2 > box_y1", name=op.f("ck_incident_box_has_area")),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_incident_confidence_is_share")),
        sa.CheckConstraint("confirmed_at >= first_seen_at", name=op.f("ck_incident_confirmed_after_seen")),
        sa.CheckConstraint("last_seen_at >= first_seen_at", name=op.f("ck_incident_last_after_first")),
        sa.CheckConstraint(
            "plate_confidence IS NULL OR plate IS NOT NULL", name=op.f("ck_incident_confidence_needs_plate")
        ),
        sa.CheckConstraint(
            "stopped_at IS NULL OR stopped_at >= first_seen_at", name=op.f("ck_incident_stopped_after_seen")
        ),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_incident_camera_id_camera")),
        sa.ForeignKeyConstraint(
            ["geofence_version_id"],
            ["geofence_version.id"],
            name=op.f("fk_incident_geofence_version_id_geofence_version"),
        ),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_incident_recording_id_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incident_recording_id"), ["recording_id"], unique=False)
        batch_op.create_index("ix_incident_state_confirmed_at", ["state", "confirmed_at"], unique=False)
        batch_op.create_index(
            "uq_incident_open_conduct",
            ["camera_id", "conduct_key"],
            unique=True,
            sqlite_where=sa.text("state IN ('observed', 'notified')"),
            postgresql_where=sa.text("state IN ('observed', 'notified')"),
        )

    op.create_table(
        "case_event",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "confirmed",
                "grace_started",
                "vehicle_left",
                "grace_expired",
                "sight_lost",
                "sent_back",
                "redrafted",
                "accepted",
                "dismissed",
                name="act",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "from_state",
            sa.Enum(
                "observed",
                "notified",
                "resolved",
                "uncertain",
                "drafted",
                "returned",
                "accepted",
                "dismissed",
                name="event_from_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "observed",
                "notified",
                "resolved",
                "uncertain",
                "drafted",
                "returned",
                "accepted",
                "dismissed",
                name="event_to_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("conduct_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_case_event_has_actor")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_case_event_seq_counts_from_one")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_case_event_incident_id_incident")),
        sa.PrimaryKeyConstraint("incident_id", "seq", name=op.f("pk_case_event")),
    )
    op.create_table(
        "custody_event",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "sealed",
                "viewed",
                "exported",
                name="custody_act",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("previous", sa.String(length=64), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_custody_event_has_actor")),
        sa.CheckConstraint("(seq = 1) = (previous IS NULL)", name=op.f("ck_custody_event_chained")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_custody_event_seq_counts_from_one")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_custody_event_incident_id_incident")),
        sa.ForeignKeyConstraint(
            ["sha256"], ["sealed_object.sha256"], name=op.f("fk_custody_event_sha256_sealed_object")
        ),
        sa.PrimaryKeyConstraint("incident_id", "seq", name=op.f("pk_custody_event")),
    )
    op.create_table(
        "draft_case",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("made_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("software", sa.String(length=100), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_draft_case_version_counts_from_one")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_draft_case_incident_id_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_case")),
        sa.UniqueConstraint("incident_id", "version", name=op.f("uq_draft_case_incident_id_version")),
    )
    op.create_table(
        "exhibit",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "clip",
                "still",
                "close_up",
                "derivative",
                name="exhibit_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "moment",
            sa.Enum(
                "entry",
                "dwell_complete",
                "grace_end",
                "sharpest",
                name="exhibit_moment",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("from_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("to_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recipe", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("to_at >= from_at", name=op.f("ck_exhibit_runs_forward")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_exhibit_incident_id_incident")),
        sa.ForeignKeyConstraint(["sha256"], ["sealed_object.sha256"], name=op.f("fk_exhibit_sha256_sealed_object")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exhibit")),
        sa.UniqueConstraint("incident_id", "kind", "moment", name=op.f("uq_exhibit_incident_id_kind_moment")),
    )
    with op.batch_alter_table("exhibit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exhibit_sha256"), ["sha256"], unique=False)

    op.create_table(
        "notice",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("outbox_message_id", sa.Uuid(), nullable=False),
        sa.Column("wording", sa.String(length=64), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "promised",
                "sent",
                "delivered",
                "undelivered",
                name="notice_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("promised_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status <> 'delivered' OR delivered_at IS NOT NULL", name=op.f("ck_notice_delivered_needs_time")
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_notice_incident_id_incident")),
        sa.ForeignKeyConstraint(
            ["outbox_message_id"],
            ["outbox_message.id"],
            name=op.f("fk_notice_outbox_message_id_outbox_message"),
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.id"], name=op.f("fk_notice_owner_id_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("outbox_message_id", name=op.f("uq_notice_outbox_message_id")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_incident_id"), ["incident_id"], unique=False)

    op.create_table(
        "sighting",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "seen",
                "kept",
                "hidden",
                "absent",
                "gap",
                name="sighting_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("until_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("x1", sa.Double(), nullable=True),
        sa.Column("y1", sa.Double(), nullable=True),
        sa.Column("x2", sa.Double(), nullable=True),
        sa.Column("y2", sa.Double(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("share_inside", sa.Double(), nullable=True),
        sa.CheckConstraint("kind <> 'seen' OR x1 IS NOT NULL", name=op.f("ck_sighting_seen_needs_box")),
        sa.CheckConstraint("until_at IS NULL OR until_at >= at", name=op.f("ck_sighting_gap_runs_forward")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_sighting_incident_id_incident")),
        sa.PrimaryKeyConstraint("incident_id", "at", name=op.f("pk_sighting")),
    )
    op.create_table(
        "review_decision",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("draft_case_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "accept",
                "return",
                "dismiss",
                name="decision",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_true", sa.Boolean(), nullable=False),
        sa.Column("is_clear", sa.Boolean(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("is_accurate", sa.Boolean(), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "decision <> 'accept' OR (is_true AND is_clear AND is_complete AND is_accurate)",
            name=op.f("ck_review_decision_accept_needs_four_points"),
        ),
        sa.CheckConstraint(
            "decision = 'dismiss' OR draft_case_id IS NOT NULL",
            name=op.f("ck_review_decision_decides_on_a_draft"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_review_decision_has_reason")),
        sa.ForeignKeyConstraint(
            ["draft_case_id"], ["draft_case.id"], name=op.f("fk_review_decision_draft_case_id_draft_case")
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_review_decision_incident_id_incident")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_review_decision_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_decision")),
    )
    with op.batch_alter_table("review_decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_decision_incident_id"), ["incident_id"], unique=False)

    for table in APPEND_ONLY:
        make_append_only(table)


def downgrade() -> None:
    with op.batch_alter_table("review_decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_decision_incident_id"))

    op.drop_table("review_decision")
    op.drop_table("sighting")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_incident_id"))

    op.drop_table("notice")
    with op.batch_alter_table("exhibit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exhibit_sha256"))

    op.drop_table("exhibit")
    op.drop_table("draft_case")
    op.drop_table("custody_event")
    op.drop_table("case_event")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_incident_open_conduct",
            sqlite_where=sa.text("state IN ('observed', 'notified')"),
            postgresql_where=sa.text("state IN ('observed', 'notified')"),
        )
        batch_op.drop_index("ix_incident_state_confirmed_at")
        batch_op.drop_index(batch_op.f("ix_incident_recording_id"))

    op.drop_table("incident")
    with op.batch_alter_table("geofence_version", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_geofence_version_in_force",
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )

    op.drop_table("geofence_version")
    op.drop_table("recording")
    op.drop_table("loudspeaker")
    with op.batch_alter_table("geofence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_geofence_camera_id"))

    op.drop_table("geofence")
    op.drop_table("vehicle")
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_session_user_id"))

    op.drop_table("user_session")
    op.drop_table("camera")
    op.drop_table("user")
    op.drop_table("site")
    op.drop_table("sealed_object")
    with op.batch_alter_table("owner", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_owner_phone_index"))

    op.drop_table("owner")
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_message_due")

    op.drop_table("outbox_message")
    with op.batch_alter_table("officer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_officer_grid"))

    op.drop_table("officer")

    if op.get_bind().dialect.name != "sqlite":
        for table in APPEND_ONLY:
            op.execute(f"DROP FUNCTION {table}_append_only()")
