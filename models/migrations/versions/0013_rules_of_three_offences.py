"""What vending and dumping need of the rows: an exhibit may show the place before the act.

Revision ID: 0013
Revises: 0012
"""

from models.migrations.closed_lists import hold

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


MOMENTS = ("entry", "dwell_complete", "grace_end", "sharpest")


def upgrade() -> None:
    hold("exhibit", "moment", "exhibit_moment", (*MOMENTS[:3], "left", "before", MOMENTS[3]))


def downgrade() -> None:
    hold("exhibit", "moment", "exhibit_moment", MOMENTS)
