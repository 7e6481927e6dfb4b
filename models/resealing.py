"""Resealing: what older keys sealed is sealed anew with the key in use, a few rows a transaction.

Which columns hold sealed values follows from their names: `owner.phone_sealed` is sealed under `owner.phone:<row id>`,
and where there is an `owner.phone_index` beside it, that is the keyed digest of the same value. Killed half way it
goes on where it stood: a row that is done does not come up again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, CursorResult, LargeBinary, Table, func, select, update

import models.tables  # noqa: F401 - registers every table
from models.base import Base
from models.database import Sessions, reading, transaction
from models.personal_data import KEY_ID_BYTES, PersonalDataKey

BATCH = 200
SUFFIX = "_sealed"


@dataclass(frozen=True)
class SealedColumn:
    """One column of sealed values. index: the column with their keyed digests, where there is one."""

    table: Table
    row_id: Column[Any]
    sealed: Column[bytes]
    index: Column[str] | None

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.sealed.name.removesuffix(SUFFIX)}"


def sealed_columns() -> list[SealedColumn]:
    """Every column of the schema that holds sealed values, of tables with a key of one column."""
    found = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, LargeBinary) and column.name.endswith(SUFFIX):
                (row_id,) = table.primary_key.columns
                index = table.columns.get(f"{column.name.removesuffix(SUFFIX)}_index")
                found.append(SealedColumn(table, row_id, column, index))
    return found


def older(sessions: Sessions, key: PersonalDataKey) -> dict[str, int]:
    """How many values of each column are not sealed with the key in use; columns without any are left out."""
    with reading(sessions) as session:
        counts = {
            column.name: session.scalar(
                select(func.count()).select_from(column.table).where(_is_older(column, key.prefix))
            )
            or 0
            for column in sealed_columns()
        }
    return {name: count for name, count in counts.items() if count}


def reseal(sessions: Sessions, key: PersonalDataKey, on_progress: Callable[[int], None] = lambda _done: None) -> int:
    """Seals with the key in use what an older one sealed; how many values. Raises PersonalDataError.

    on_progress: called after each batch with how many are done.
    """
    done = 0
    for column in sealed_columns():
        for count in _reseal_column(sessions, key, column):
            done += count
            on_progress(done)
    return done


def _reseal_column(sessions: Sessions, key: PersonalDataKey, column: SealedColumn) -> Iterator[int]:
    while True:
        with transaction(sessions) as session:
            rows = session.execute(
                select(column.row_id, column.sealed).where(_is_older(column, key.prefix)).limit(BATCH)
            ).all()
            changed = 0
            for row_id, sealed in rows:
                where = f"{column.name}:{row_id}"
                text = key.open(sealed, where)
                values: dict[str, bytes | str] = {column.sealed.name: key.seal(text, where)}
                if column.index is not None:
                    values[column.index.name] = key.index(text)
                # only over what was read: who changed the row meanwhile sealed it with the key in use
                result = session.execute(
                    update(column.table).where(column.row_id == row_id, column.sealed == sealed).values(values)
                )
                assert isinstance(result, CursorResult)
                changed += result.rowcount
        if not rows:
            return
        yield changed


def _is_older(column: SealedColumn, prefix: bytes) -> ColumnElement[bool]:
    return func.substr(column.sealed, 1, 1 + KEY_ID_BYTES) != prefix
