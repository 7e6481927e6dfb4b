"""Tours of domes and their presets; which stream of a camera is looked at.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "camera_connection", sa.Column("looks_at_sub", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("camera_connection", sa.Column("plate_zoom", sa.Double(), nullable=True))
    op.add_column("camera_view", sa.Column("hours", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("camera_view", "hours")
    for column in ("plate_zoom", "looks_at_sub"):
        op.drop_column("camera_connection", column)
