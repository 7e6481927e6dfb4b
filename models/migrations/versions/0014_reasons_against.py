"""Reasons against an incident, permits, and temporary permissions.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime
from models.migrations import closed_lists

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ACTS = (
    "confirmed",
    "grace_started",
    "vehicle_left",
    "step_taken",
    "grace_expired",
    "warned_only",
    "sight_lost",
    "sent_back",
    "redrafted",
    "accepted",
    "dismissed",
)
OUTCOMES = (
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
KINDS = (
    "emergency_vehicle",
    "queue",
    "bay",
    "permit",
    "timetable",
    "temporary_permission",
    "obstruction",
    "officer_directing",
)
VERDICTS = ("holds_back", "doubt", "nothing_found", "cannot_be_judged")


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "incident_reason",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", _words(*KINDS, name="reason_kind"), nullable=False),
        sa.Column("verdict", _words(*VERDICTS, name="reason_verdict"), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        _at("at"),
        _at("noted_at"),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_incident_reason_seq_counts_from_one")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_reason_incident_id_incident")),
        sa.PrimaryKeyConstraint("incident_id", "seq", name=op.f("pk_incident_reason")),
    )
    op.create_table(
        "permission",
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
        sa.CheckConstraint(
            "plate IS NOT NULL OR geofence_id IS NOT NULL", name=op.f("ck_permission_of_a_vehicle_or_a_place")
        ),
        sa.CheckConstraint("paper <> ''", name=op.f("ck_permission_has_paper")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_permission_site_id_site")),
        sa.ForeignKeyConstraint(["geofence_id"], ["geofence.id"], name=op.f("fk_permission_geofence_id_geofence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permission")),
    )
    op.create_index("ix_permission_site_id", "permission", ["site_id"])
    closed_lists.hold("case_event", "act", "act", (*ACTS, "held_back", "released"))
    closed_lists.hold("ladder_step", "outcome", "step_outcome", (*OUTCOMES, "held_back"))
    closed_lists.hold("look_request", "answer", "look_answer", (*OUTCOMES, "held_back"))


def downgrade() -> None:
    closed_lists.hold("look_request", "answer", "look_answer", OUTCOMES)
    closed_lists.hold("ladder_step", "outcome", "step_outcome", OUTCOMES)
    closed_lists.hold("case_event", "act", "act", ACTS)
    op.drop_table("permission")
    op.drop_table("incident_reason")
