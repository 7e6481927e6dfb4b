"""The ten-minute loop.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

import models.base
from models.migrations import closed_lists

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATES = ("observed", "notified", "resolved", "uncertain", "drafted", "returned", "accepted", "dismissed")
ACTS = (
    "confirmed",
    "grace_started",
    "vehicle_left",
    "grace_expired",
    "sight_lost",
    "sent_back",
    "redrafted",
    "accepted",
    "dismissed",
)


def upgrade() -> None:
    _escalation_up()
    _messages_up()


def downgrade() -> None:
    _messages_down()
    _escalation_down()


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _escalation_up() -> None:
    outcomes = (
        "delivered",
        "undelivered",
        "unanswered",
        "no_plate",
        "no_phone",
        "do_not_contact",
        "already_told",
        "quiet_hours",
        "played",
        "unconfirmed",
        "no_loudspeaker",
        "still_there",
        "gone",
        "cannot_see",
        "told",
        "no_officer",
        "done",
    )
    op.create_table(
        "ladder_step",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column(
            "act",
            _words("tell_owner", "announce", "look_again", "tell_officer", "draft", name="ladder_act"),
            nullable=False,
        ),
        sa.Column("began_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer_by", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("outcome", _words(*outcomes, name="step_outcome"), nullable=True),
        sa.Column("effective_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_ladder_step_seq_counts_from_one")),
        sa.CheckConstraint("rung >= 0", name=op.f("ck_ladder_step_rung_counts_from_zero")),
        sa.CheckConstraint("answer_by >= began_at", name=op.f("ck_ladder_step_answered_after_asked")),
        sa.CheckConstraint("(outcome IS NULL) = (effective_at IS NULL)", name=op.f("ck_ladder_step_ended_whole")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_ladder_step_incident_id_incident")),
        sa.PrimaryKeyConstraint("incident_id", "seq", name=op.f("pk_ladder_step")),
    )
    op.create_index(
        "uq_ladder_step_open",
        "ladder_step",
        ["incident_id"],
        unique=True,
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_table(
        "look_request",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", _words("ladder", "owner", "desk", name="asker"), nullable=False),
        sa.Column("asked_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer", _words(*outcomes, name="look_answer"), nullable=True),
        sa.Column("answered_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_look_request_answered_whole")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_look_request_incident_id_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look_request")),
    )
    op.create_index(
        "ix_look_request_open",
        "look_request",
        ["incident_id"],
        unique=False,
        sqlite_where=sa.text("answer IS NULL"),
        postgresql_where=sa.text("answer IS NULL"),
    )
    op.add_column("incident", sa.Column("next_step_at", models.base.UtcDateTime(timezone=True), nullable=True))
    op.create_index("ix_incident_next_step_at", "incident", ["next_step_at"])
    _hold((*STATES, "warned"), (*ACTS, "step_taken", "warned_only"))


def _escalation_down() -> None:
    _hold(STATES, ACTS)
    op.drop_index("ix_incident_next_step_at", "incident")
    op.drop_column("incident", "next_step_at")
    op.drop_table("look_request")
    op.drop_table("ladder_step")


def _hold(states: tuple[str, ...], acts: tuple[str, ...]) -> None:
    closed_lists.hold("incident", "state", "incident_state", states)
    closed_lists.hold("case_event", "from_state", "event_from_state", states)
    closed_lists.hold("case_event", "to_state", "event_to_state", states)
    closed_lists.hold("case_event", "act", "act", acts)


ADDED_COLUMNS = {
    "outbox_message": ("gateway", "letter_sealed", "first_tried_at", "useful_until"),
    "notice": ("status_at",),
    "vehicle": ("checked_at",),
}
MESSAGE_TABLES = (
    "register_lookup",
    "do_not_contact",
    "inbound_reply",
    "gateway_state",
    "outbox_retry",
    "delivery_receipt",
)


def _messages_up() -> None:
    at = models.base.UtcDateTime(timezone=True)
    meanings = ("stop", "wrong_number", "start", "other")
    op.add_column("outbox_message", sa.Column("gateway", sa.String(length=32), nullable=True))
    op.add_column("outbox_message", sa.Column("letter_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("outbox_message", sa.Column("first_tried_at", at, nullable=True))
    op.add_column("outbox_message", sa.Column("useful_until", at, nullable=True))
    op.create_index("ix_outbox_message_provider_id", "outbox_message", ["provider_id"])
    op.add_column("notice", sa.Column("status_at", at, nullable=True))
    op.add_column("vehicle", sa.Column("checked_at", at, nullable=True))
    op.create_table(
        "delivery_receipt",
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("provider_id", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("outbox_message_id", sa.Uuid(), nullable=False),
        sa.Column("provider_at", at, nullable=True),
        sa.Column("received_at", at, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outbox_message_id"],
            ["outbox_message.id"],
            name=op.f("fk_delivery_receipt_outbox_message_id_outbox_message"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_receipt")),
        sa.UniqueConstraint(
            "gateway", "provider_id", "status", name=op.f("uq_delivery_receipt_gateway_provider_id_status")
        ),
    )
    op.create_index(op.f("ix_delivery_receipt_outbox_message_id"), "delivery_receipt", ["outbox_message_id"])
    op.create_table(
        "outbox_retry",
        sa.Column("outbox_message_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", at, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_outbox_retry_has_reason")),
        sa.ForeignKeyConstraint(
            ["outbox_message_id"], ["outbox_message.id"], name=op.f("fk_outbox_retry_outbox_message_id_outbox_message")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_outbox_retry_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_retry")),
    )
    op.create_index(op.f("ix_outbox_retry_outbox_message_id"), "outbox_retry", ["outbox_message_id"])
    op.create_table(
        "gateway_state",
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", at, nullable=True),
        sa.Column("probing_until", at, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("changed_at", at, nullable=False),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_gateway_state_failures_count")),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_gateway_state")),
    )
    op.create_table(
        "inbound_reply",
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.Column("provider_id", sa.String(length=200), nullable=False),
        sa.Column("meaning", _words(*meanings, name="reply_meaning"), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.String(length=64), nullable=False),
        sa.Column("received_at", at, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_reply")),
        sa.UniqueConstraint("gateway", "provider_id", name=op.f("uq_inbound_reply_gateway_provider_id")),
    )
    op.create_index(op.f("ix_inbound_reply_phone_index"), "inbound_reply", ["phone_index"])
    op.create_table(
        "do_not_contact",
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.String(length=64), nullable=False),
        sa.Column("why", _words(*meanings, name="do_not_contact_why"), nullable=False),
        sa.Column("reply_id", sa.Uuid(), nullable=False),
        sa.Column("since_at", at, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reply_id"], ["inbound_reply.id"], name=op.f("fk_do_not_contact_reply_id_inbound_reply")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_do_not_contact")),
        sa.UniqueConstraint("phone_index", name=op.f("uq_do_not_contact_phone_index")),
    )
    op.create_table(
        "register_lookup",
        sa.Column("plate", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("asked_by", sa.String(length=100), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("source", _words("own_register", "http", "import", name="lookup_source"), nullable=False),
        sa.Column(
            "outcome", _words("found", "no_phone", "unknown", "unavailable", name="lookup_outcome"), nullable=False
        ),
        sa.Column("at", at, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("purpose <> ''", name=op.f("ck_register_lookup_has_purpose")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_register_lookup_incident_id_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_lookup")),
    )
    op.create_index("ix_register_lookup_plate_at", "register_lookup", ["plate", "at"])
    op.create_index(op.f("ix_register_lookup_incident_id"), "register_lookup", ["incident_id"])


def _messages_down() -> None:
    for table in MESSAGE_TABLES:
        op.drop_table(table)
    op.drop_index("ix_outbox_message_provider_id", "outbox_message")
    for table, columns in ADDED_COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)
