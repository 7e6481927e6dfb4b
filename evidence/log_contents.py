"""What a row of the histories says, as the log digests it: one place for writing it down and for checking it.

`LoggedRow` is the list of what is logged: the check of everything and the tests go through it. What is appended to it
without a form of its own below is entered column by column. Custody entries have their form in evidence/custody.py,
statements of seals in evidence/statements.py.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, get_args

from sqlalchemy.orm import Session

from evidence import custody, log
from evidence.canonical import canonical, instant, instant_or_none
from models.case_files import FileEvent
from models.enums import LogKind
from models.exhibits import CustodyEvent
from models.fence_proposals import FenceEvent
from models.incidents import CaseEvent, ReviewDecision
from models.law_catalogue import LawEnding, LawEvent, LawVersion
from models.papers import SheetEvent
from models.parties import GoodsMovement, PartyEvent
from models.people import AccountEvent
from models.proof import LogEntry, SealStatement
from models.reasons import IncidentReason, PermissionEvent
from models.recorders import RecorderEvent
from models.records import RecordLook
from models.retention import ServedDecision

LoggedRow = (
    CustodyEvent
    | CaseEvent
    | ReviewDecision
    | ServedDecision
    | SealStatement
    | AccountEvent
    | FenceEvent
    | FileEvent
    | LawEvent
    | SheetEvent
    | PartyEvent
    | GoodsMovement
    | RecorderEvent
    | IncidentReason
    | PermissionEvent
    | RecordLook
    | LawVersion
    | LawEnding
)
LOGGED: tuple[type[LoggedRow], ...] = get_args(LoggedRow)


@dataclass(frozen=True)
class Said:
    """reference: how the log names the row. content: canonical bytes of everything the row says.

    at: None where the row has no moment of its own. earlier: the content as it was entered before there was more of it.
    """

    kind: LogKind
    reference: str
    content: bytes
    at: datetime | None
    earlier: bytes | None = None


def said_by(row: LoggedRow) -> Said:
    return FORMS.get(type(row), _as_it_is)(row)


def enter(session: Session, row: LoggedRow, *, at: datetime | None = None) -> LogEntry:
    """The log entry of a row just written and flushed, in its transaction. at: where the row has no moment of its own,
    or is entered long after it.
    """
    said = said_by(row)
    dated = at or said.at
    assert dated is not None, "who writes a row without a moment says when"
    return log.append(session, said.kind, said.reference, said.content, at=dated)


def _custody(event: CustodyEvent) -> Said:
    return Said(LogKind.CUSTODY, custody.reference_of(event), canonical(custody.entry_of(event)), event.at)


def _seal(statement: SealStatement) -> Said:
    return Said(LogKind.SEAL, f"seal/{statement.exhibit_id}", statement.content, statement.stated_at)


def _event(event: CaseEvent) -> Said:
    content = {
        "incident": str(event.incident_id),
        "seq": event.seq,
        "act": event.act.value,
        "from_state": event.from_state.value if event.from_state else None,
        "to_state": event.to_state.value,
        "actor": event.actor,
        "at": instant(event.at),
        "conduct_at": instant_or_none(event.conduct_at),
        "facts": event.facts,
    }
    return Said(LogKind.TRANSITION, f"transition/{event.incident_id}/{event.seq}", canonical(content), event.at)


def _decision(decision: ReviewDecision) -> Said:
    content = {
        "id": str(decision.id),
        "incident": str(decision.incident_id),
        "draft_case": str(decision.draft_case_id) if decision.draft_case_id else None,
        "user": str(decision.user_id),
        "decision": decision.decision.value,
        "reason": decision.reason,
        "four_points": [decision.is_true, decision.is_clear, decision.is_complete, decision.is_accurate],
        "at": instant(decision.at),
    }
    if decision.ground is not None:  # what was decided before there were grounds says what it said then
        content["ground"] = decision.ground
    return Said(LogKind.DECISION, f"decision/{decision.id}", canonical(content), decision.at)


def _served(served: ServedDecision) -> Said:
    """From that day the appeal periods run, and after them the evidence goes."""
    content = {
        "id": str(served.id),
        "incident": str(served.incident_id),
        "served_on": served.served_on.isoformat(),
        "document": served.document,
        "recorded_by": served.recorded_by,
        "recorded_at": instant(served.recorded_at),
    }
    return Said(LogKind.DECISION, f"served/{served.id}", canonical(content), served.recorded_at)


def _account(event: AccountEvent) -> Said:
    content = {
        "user": str(event.user_id),
        "act": event.act.value,
        "actor": event.actor,
        "at": instant(event.at),
        "facts": event.facts,
    }
    return Said(LogKind.ACCOUNT, f"account/{event.id}", canonical(content), event.at)


def _fence(event: FenceEvent) -> Said:
    content = {
        "proposal": str(event.proposal_id),
        "seq": event.seq,
        "act": event.act.value,
        "actor": event.actor,
        "at": instant(event.at),
        "reason": event.reason,
        "terms_sha256": event.terms_sha256,
    }
    return Said(LogKind.FENCE, f"fence/{event.proposal_id}/{event.seq}", canonical(content), event.at)


def _file_event(event: FileEvent) -> Said:
    content = {
        "file": str(event.file_id),
        "seq": event.seq,
        "act": event.act.value,
        "from_state": event.from_state.value if event.from_state else None,
        "to_state": event.to_state.value,
        "actor": event.actor,
        "at": instant(event.at),
        "done_on": event.done_on.isoformat() if event.done_on else None,
        "facts": event.facts,
    }
    return _with_who(LogKind.CASE_FILE, f"case_file/{event.file_id}/{event.seq}", content, event)


def _law_event(event: LawEvent) -> Said:
    content = {
        "edition": str(event.edition_id),
        "seq": event.seq,
        "act": event.act.value,
        "actor": event.actor,
        "at": instant(event.at),
        "reason": event.reason,
        "facts": event.facts,
    }
    return _with_who(LogKind.LAW, f"law/{event.edition_id}/{event.seq}", content, event)


def _with_who(kind: LogKind, reference: str, content: dict[str, Any], event: FileEvent | LawEvent) -> Said:
    """Which account it was, beside its name: entries from before revision 0033 do not have it."""
    if event.actor_id is None:
        return Said(kind, reference, canonical(content), event.at)
    whole = canonical(content | {"actor_id": str(event.actor_id)})
    return Said(kind, reference, whole, event.at, earlier=canonical(content))


def _as_it_is(row: LoggedRow) -> Said:
    """Every column by its name; what is NULL is left out, so that a column that comes later changes nothing here."""
    table = type(row).__table__
    content = {column.name: _plain(getattr(row, column.name)) for column in table.columns}
    key = "/".join(str(content[column.name]) for column in table.primary_key)
    said = canonical({name: value for name, value in content.items() if value is not None})
    kind = LogKind(row.__tablename__)
    return Said(kind, f"{kind.value}/{key}", said, getattr(row, "at", None))


def _plain(value: Any) -> Any:
    """As JSON has it. A type that has no canonical form is refused when the row is entered."""
    match value:
        case StrEnum():
            return value.value
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case uuid.UUID():
            return str(value)
    return value


FORMS: Mapping[type[LoggedRow], Callable[[Any], Said]] = {
    CustodyEvent: _custody,
    CaseEvent: _event,
    ReviewDecision: _decision,
    ServedDecision: _served,
    SealStatement: _seal,
    AccountEvent: _account,
    FenceEvent: _fence,
    FileEvent: _file_event,
    LawEvent: _law_event,
}
