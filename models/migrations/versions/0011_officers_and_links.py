"""Areas, officers on duty, dispatches, the pages behind messages, and what owners say there.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("level", _words("city", "district", "street", "grid", name="area_level"), nullable=False),
        sa.Column("parent_id", sa.String(length=64), nullable=True),
        sa.CheckConstraint("(level = 'city') = (parent_id IS NULL)", name=op.f("ck_area_lies_in_another")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_area_not_in_itself")),
        sa.ForeignKeyConstraint(["parent_id"], ["area.id"], name=op.f("fk_area_parent_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
    )
    op.create_index(op.f("ix_area_parent_id"), "area", ["parent_id"])
    op.create_table(
        "dispatch",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose", _words("window_slip", "still_there", "case_ready", name="dispatch_purpose"), nullable=False
        ),
        sa.Column("state", _words("asked", "taken", "handled", "withdrawn", name="dispatch_state"), nullable=False),
        sa.Column("area_id", sa.String(length=64), nullable=True),
        _at("made_at"),
        sa.Column("urged", sa.Integer(), nullable=False),
        _at("urge_at", nullable=True),
        sa.Column("officer_id", sa.Uuid(), nullable=True),
        _at("taken_at", nullable=True),
        _at("handled_at", nullable=True),
        sa.Column(
            "handled_as",
            _words("gone", "moved", "slip_left", "dealt_with", "no_offence", "not_reached", name="handled_as"),
            nullable=True,
        ),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("urged >= 0", name=op.f("ck_dispatch_urged_counts")),
        sa.CheckConstraint(
            "state NOT IN ('taken', 'handled') OR (officer_id IS NOT NULL AND taken_at IS NOT NULL)",
            name=op.f("ck_dispatch_taken_by_somebody"),
        ),
        sa.CheckConstraint(
            "(state = 'handled') = (handled_as IS NOT NULL)", name=op.f("ck_dispatch_handled_as_something")
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_dispatch_incident_id_incident")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_dispatch_area_id_area")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_dispatch_officer_id_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch")),
        sa.UniqueConstraint("incident_id", "purpose", name=op.f("uq_dispatch_incident_id_purpose")),
    )
    op.create_index("ix_dispatch_urge_at", "dispatch", ["urge_at"])
    op.create_table(
        "dispatched_to",
        sa.Column("dispatch_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        _at("asked_at"),
        sa.ForeignKeyConstraint(["dispatch_id"], ["dispatch.id"], name=op.f("fk_dispatched_to_dispatch_id_dispatch")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_dispatched_to_officer_id_officer")),
        sa.PrimaryKeyConstraint("dispatch_id", "officer_id", name=op.f("pk_dispatched_to")),
    )
    op.create_table(
        "page_link",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("dispatch_id", sa.Uuid(), nullable=True),
        sa.Column("officer_id", sa.Uuid(), nullable=True),
        _at("made_at"),
        _at("expires_at"),
        sa.CheckConstraint("(notice_id IS NULL) <> (dispatch_id IS NULL)", name=op.f("ck_page_link_leads_to_one")),
        sa.CheckConstraint(
            "(dispatch_id IS NULL) = (officer_id IS NULL)", name=op.f("ck_page_link_officer_of_the_dispatch")
        ),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_page_link_expires_after_start")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_page_link_incident_id_incident")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_page_link_notice_id_notice")),
        sa.ForeignKeyConstraint(["dispatch_id"], ["dispatch.id"], name=op.f("fk_page_link_dispatch_id_dispatch")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_page_link_officer_id_officer")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_page_link")),
    )
    op.create_index(op.f("ix_page_link_incident_id"), "page_link", ["incident_id"])
    op.create_table(
        "owner_statement",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _words("statement", "defence", name="statement_kind"), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", sa.String(length=20), nullable=False),
        _at("made_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_owner_statement_incident_id_incident")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_owner_statement_notice_id_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_statement")),
        sa.UniqueConstraint("receipt", name=op.f("uq_owner_statement_receipt")),
    )
    op.create_index(op.f("ix_owner_statement_incident_id"), "owner_statement", ["incident_id"])
    op.create_table(
        "statement_attachment",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint("position >= 1", name=op.f("ck_statement_attachment_position_counts_from_one")),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["owner_statement.id"],
            name=op.f("fk_statement_attachment_statement_id_owner_statement"),
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["sealed_object.sha256"], name=op.f("fk_statement_attachment_sha256_sealed_object")
        ),
        sa.PrimaryKeyConstraint("statement_id", "position", name=op.f("pk_statement_attachment")),
    )
    op.create_index(op.f("ix_statement_attachment_sha256"), "statement_attachment", ["sha256"])
    op.add_column(
        "camera",
        sa.Column(
            "area_id",
            sa.String(length=64),
            sa.ForeignKey("area.id", name=op.f("fk_camera_area_id_area")),
            nullable=True,
        ),
        inline_references=True,
    )
    op.create_index(op.f("ix_camera_area_id"), "camera", ["area_id"])
    op.add_column("officer", sa.Column("duty", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("officer", "duty")
    op.drop_index(op.f("ix_camera_area_id"), "camera")
    op.drop_column("camera", "area_id")
    for table in ("statement_attachment", "owner_statement", "page_link", "dispatched_to", "dispatch", "area"):
        op.drop_table(table)
