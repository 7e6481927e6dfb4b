"""A row of every table that is logged, made from its columns: nobody's street, and whatever the schema asks for."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Enum, Integer, LargeBinary, String, Table, Uuid

from evidence import custody, custody_chain
from evidence.log_contents import LoggedRow
from models.base import UtcDateTime
from models.enums import GoodsMove, PartyAct
from models.exhibits import CustodyEvent
from models.incidents import ReviewDecision
from models.parties import GoodsMovement, PartyEvent
from tests.rows import NOON

# where a CHECK asks for more than the type says
AS_ASKED: dict[type[LoggedRow], dict[str, Any]] = {
    PartyEvent: {"party_id": uuid.uuid4(), "act": PartyAct.ENTERED},
    GoodsMovement: {"kind": GoodsMove.TAKEN_IN},
    ReviewDecision: {"draft_case_id": uuid.uuid4()},
}
OF_TYPE: dict[type[Any], Any] = {
    Integer: 1,
    Boolean: True,
    LargeBinary: b"said",
    UtcDateTime: NOON,
    Date: NOON.date(),
    JSON: {"fact": 1.5},
}


def row_of(row_type: type[LoggedRow]) -> LoggedRow:
    asked = AS_ASKED.get(row_type, {})
    given = {
        name: asked.get(name, _value(column))
        for name, column in columns_of(row_type)
        if column is not column.table.autoincrement_column
    }
    row = row_type(**given)
    if isinstance(row, CustodyEvent):
        row.digest = custody_chain.digest_of(custody.entry_of(row))
    return row


def columns_of(row_type: type[LoggedRow]) -> Iterator[tuple[str, Column[Any]]]:
    table = row_type.__table__
    assert isinstance(table, Table)
    for column in table.columns:
        yield column.name, column


def another(column: Column[Any], value: Any) -> Any:
    """What the column may hold as well."""
    match value:
        case None | uuid.UUID():
            changed = _of_the_type(column)
        case StrEnum():
            changed = next((word for word in type(value) if word is not value), None)
        case bool():
            changed = not value
        case int():
            changed = value + 1
        case str():
            changed = "y" * len(value)
        case bytes():
            changed = b"unsaid"
        case dict():
            changed = value | {"changed": 1}
        case _:
            changed = value + timedelta(days=1)
    return changed


def _value(column: Column[Any]) -> Any:
    return None if column.nullable else _of_the_type(column)


def _of_the_type(column: Column[Any]) -> Any:
    match column.type:
        case Uuid():
            return uuid.uuid4()
        case Enum(enum_class=list_of_words) if list_of_words is not None:
            return next(iter(list_of_words))
        case String(length=length):
            return "x" * (length or 10)
    return OF_TYPE[type(column.type)]
