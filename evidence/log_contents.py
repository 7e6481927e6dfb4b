"""What a row of the histories says, as the log digests it: one place for writing it down and for checking it.

Custody entries have their form in evidence/custody.py, statements of seals in evidence/statements.py.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from evidence import custody, log
from evidence.canonical import canonical, instant, instant_or_none
from models.case_files import FileEvent
from models.enums import LogKind
from models.exhibits import CustodyEvent
from models.fence_proposals import FenceEvent
from models.incidents import CaseEvent, ReviewDecision
from models.law_catalogue import LawEvent
from models.people import AccountEvent
from models.proof import LogEntry, SealStatement
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
)


@dataclass(frozen=True)
class Said:
    """reference: how the log names the row. content: canonical bytes of everything the row says."""

    kind: LogKind
    reference: str
    content: bytes
    at: datetime


def said_by(row: LoggedRow) -> Said:
    match row:
        case CustodyEvent():
            said = Said(LogKind.CUSTODY, custody.reference_of(row), canonical(custody.entry_of(row)), row.at)
        case CaseEvent():
            said = _event(row)
        case ReviewDecision():
            said = _decision(row)
        case ServedDecision():
            said = _served(row)
        case SealStatement():
            said = Said(LogKind.SEAL, f"seal/{row.exhibit_id}", row.content, row.stated_at)
        case AccountEvent():
            said = _account(row)
        case FenceEvent():
            said = _fence(row)
        case FileEvent():
            said = _file_event(row)
        case LawEvent():
            said = _law_event(row)
    return said


def enter(session: Session, row: LoggedRow) -> LogEntry:
    """The log entry of a row just written, in its transaction."""
    said = said_by(row)
    return log.append(session, said.kind, said.reference, said.content, at=said.at)


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
    return Said(LogKind.CASE_FILE, f"case_file/{event.file_id}/{event.seq}", canonical(content), event.at)


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
    return Said(LogKind.LAW, f"law/{event.edition_id}/{event.seq}", canonical(content), event.at)
