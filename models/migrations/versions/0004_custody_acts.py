"""More that can be done to evidence: sharing, printing, deriving, holding, releasing, deleting.

Revision ID: 0004
Revises: 0003
"""

from models.migrations import closed_lists

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BEFORE = ("sealed", "viewed", "exported")


def upgrade() -> None:
    closed_lists.hold(
        "custody_event",
        "act",
        "custody_act",
        (*BEFORE, "shared", "printed", "derived", "held", "released", "deleted"),
    )


def downgrade() -> None:
    closed_lists.hold("custody_event", "act", "custody_act", BEFORE)
