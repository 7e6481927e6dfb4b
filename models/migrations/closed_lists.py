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


def let_go(table: str, constraint: str) -> None:
    """The column may hold anything from now on, so that it can be dropped. Raises ValueError as `hold` does."""
    name = f"ck_{table}_{constraint}"
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f(name), table, type_="check")
        return
    before, _, after = _taken_apart(table, name)
    # before or behind it stands the comma that kept it from its neighbour; inside a column's own line there is none
    if before.rstrip().endswith(","):
        before = before.rstrip().removesuffix(",")
    _put(table, before + after.removeprefix(")"))


def _rewrite(table: str, name: str, condition: str) -> None:
    before, _, after = _taken_apart(table, name)
    _put(table, f"{before}CONSTRAINT {name} CHECK ({condition}{after}")


def _taken_apart(table: str, name: str) -> tuple[str, str, str]:
    """The table's text before the constraint, its condition, and the rest from its closing bracket on."""
    schema = op.get_bind().scalar(
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
    return before, rest[:length], rest[length:]


def _put(table: str, schema: str) -> None:
    connection = op.get_bind()
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    connection.execute(sa.text("PRAGMA writable_schema = ON"))
    connection.execute(
        sa.text("UPDATE sqlite_schema SET sql = :sql WHERE type = 'table' AND name = :t"), {"sql": schema, "t": table}
    )
    connection.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))  # every open connection reads it anew
    connection.execute(sa.text("PRAGMA writable_schema = OFF"))
