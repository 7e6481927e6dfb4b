"""Every append-only history has entries in the log, from the numbers of papers to the versions of the law.

What these tables hold already is entered by evidence/log_opening.py after the migrations; the opening written here says
when that was and of how many rows, and is the one permission for it.

Revision ID: 0033
Revises: 0032
"""

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime
from models.migrations.closed_lists import hold

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

LOGGED = (
    "seal",
    "custody",
    "transition",
    "decision",
    "deletion",
    "account",
    "fence",
    "case_file",
    "law",
    "key",
    "opening",
)
ADDED = (
    "sheet_event",
    "party_event",
    "goods_movement",
    "recorder_event",
    "incident_reason",
    "permission_event",
    "record_look",
    "law_version",
    "law_ending",
)
ENTRY = sa.table(
    "log_entry",
    sa.column("kind", sa.String),
    sa.column("reference", sa.String),
    sa.column("at", UtcDateTime(timezone=True)),
    sa.column("sha256", sa.String),
    sa.column("content", sa.LargeBinary),
    sa.column("leaf", sa.LargeBinary),
)


def upgrade() -> None:
    hold("log_entry", "kind", "log_kind", (*LOGGED, *ADDED))
    rows = {table: count for table in ADDED if (count := _not_entered(table))}
    if rows:
        _open(rows, datetime.now(UTC))


def _not_entered(table: str) -> int:
    """Rows without an entry: a schema that went back and forth has some."""
    counted = sa.func.count()
    held = op.get_bind().scalar(sa.select(counted).select_from(sa.table(table)))
    entered = op.get_bind().scalar(sa.select(counted).select_from(ENTRY).where(ENTRY.c.kind == table))
    return int(held or 0) - int(entered or 0)


def _open(rows: dict[str, int], at: datetime) -> None:
    """As evidence/log.py `append` makes an entry; ASCII names and whole numbers have one canonical form."""
    said = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    reference = f"opening/{said}"
    content = _canonical({"format": "streetwitness-opening-2", "at": said, "rows": rows})
    sha256 = hashlib.sha256(content).hexdigest()
    leaf = _canonical({"at": said, "kind": "opening", "reference": reference, "sha256": sha256})
    entry = {"kind": "opening", "reference": reference, "at": at, "sha256": sha256, "content": content}
    op.get_bind().execute(ENTRY.insert().values(**entry, leaf=hashlib.sha256(b"\0" + leaf).digest()))


def _canonical(value: dict[str, object]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def downgrade() -> None:
    """The log forgets nothing: where such rows were entered, PostgreSQL refuses to go back."""
    hold("log_entry", "kind", "log_kind", LOGGED)
