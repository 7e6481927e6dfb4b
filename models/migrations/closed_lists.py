"""Closed lists that grow: the CHECK of a column that holds words, changed where it is, on both engines.

SQLite has no ALTER for a CHECK, and building the table anew would drop triggers and break references to it, so the
text of the schema is changed as https://www.sqlite.org/lang_altertable.html, section 7, allows for constraints that
do not touch what is stored.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op


def hold(table: str, column: str, constraint: str, words: Sequence[str]) -> None:
    """`column` may hold these words from now on. Raises ValueError where the table has no such constraint."""
    name = f"ck_{table}_{constraint}"
    condition = f"{column} IN ({', '.join(map(repr, words))})"
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, condition)
        return
    _rewrite(table, name, condition)


def _rewrite(table: str, name: str, condition: str) -> None:
    connection = op.get_bind()
    schema = connection.scalar(
        sa.text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = :t"), {"t": table}
    )
    before, found, rest = (schema or "").partition(f"CONSTRAINT {name} CHECK (")
    if not found:
        raise ValueError(f"{table} has no constraint {name}")
    depth = 1
    for length, character in enumerate(rest):  # noqa: B007 - where it ends is what is asked
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            break
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    connection.execute(sa.text("PRAGMA writable_schema = ON"))
    connection.execute(
        sa.text("UPDATE sqlite_schema SET sql = :sql WHERE type = 'table' AND name = :t"),
        {"sql": f"{before}{found}{condition}{rest[length:]}", "t": table},
    )
    connection.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))  # every open connection reads it anew
    connection.execute(sa.text("PRAGMA writable_schema = OFF"))
