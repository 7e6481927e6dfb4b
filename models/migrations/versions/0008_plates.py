"""Plates: what was read, picture by picture.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plate_read",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(length=16), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("colour", sa.String(length=16), nullable=False),
        sa.Column("x1", sa.Double(), nullable=False),
        sa.Column("y1", sa.Double(), nullable=False),
        sa.Column("x2", sa.Double(), nullable=False),
        sa.Column("y2", sa.Double(), nullable=False),
        sa.CheckConstraint("text <> ''", name=op.f("ck_plate_read_has_text")),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_plate_read_confidence_is_share")),
        sa.CheckConstraint("x2 > x1 AND y2 > y1", name=op.f("ck_plate_read_box_has_area")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_plate_read_incident_id_incident")),
        sa.PrimaryKeyConstraint("incident_id", "at", name=op.f("pk_plate_read")),
    )


def downgrade() -> None:
    op.drop_table("plate_read")
