"""What other systems are promised of an event, in the transaction that writes it, and of a clock that runs out.

Who they are and what they asked for is in cases/hooks.py; how they are told, in notify/hooks.py.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.entitlements import Limit, Scope
from cases.scope import files_within, incidents_within
from models.case_files import CaseFile
from models.enums import Act, HookAct
from models.hooks import Hook
from models.incidents import CaseEvent, Incident
from notify import outbox
from notify.hooks import HOOK_EVENT, event_id

# what could not be told by then is given up: a receiver that is gone for good must not gather messages for ever
USEFUL_FOR = timedelta(days=3)

TOLD: dict[Act, HookAct] = {
    Act.CONFIRMED: HookAct.OPENED,
    Act.GRACE_STARTED: HookAct.NOTIFIED,
    Act.WARNED_ONLY: HookAct.WARNED,
    Act.VEHICLE_LEFT: HookAct.RESOLVED,
    Act.SIGHT_LOST: HookAct.UNCERTAIN,
    Act.HELD_BACK: HookAct.UNCERTAIN,
    Act.GRACE_EXPIRED: HookAct.DRAFTED,
    Act.RELEASED: HookAct.DRAFTED,
    Act.REDRAFTED: HookAct.DRAFTED,
    Act.ACCEPTED: HookAct.ACCEPTED,
    Act.SENT_BACK: HookAct.RETURNED,
    Act.SECOND_REFUSED: HookAct.RETURNED,
    Act.DISMISSED: HookAct.DISMISSED,
    Act.TAKEN_BACK: HookAct.TAKEN_BACK,
}


def promise(session: Session, incident: Incident, event: CaseEvent) -> None:
    """A message for each hook that is on, wants this act, and for whose place and offence it is."""
    act = TOLD.get(event.act)
    if act is None:
        return
    for hook in session.scalars(select(Hook).where(Hook.switched_off_at.is_(None)).order_by(Hook.made_at, Hook.id)):
        if act.value in hook.acts and _is_for(session, hook, incident):
            told = event_id(incident.id, event.seq)
            payload = {"hook_id": str(hook.id), "incident_id": str(incident.id), "seq": event.seq, "act": act.value}
            outbox.promise(
                session,
                key=f"hook:{hook.id}:{told}",
                kind=HOOK_EVENT,
                payload=payload,
                at=event.at,
                useful_until=event.at + USEFUL_FOR,
            )


def promise_clock(session: Session, file: CaseFile, key: str, facts: Mapping[str, Any], *, at: datetime) -> int:
    """The same of a clock of a case file; to how many. key: once for each clock, last day and stage."""
    promised = 0
    for hook in session.scalars(select(Hook).where(Hook.switched_off_at.is_(None)).order_by(Hook.made_at, Hook.id)):
        if HookAct.CLOCK_DUE.value not in hook.acts or not _is_for_file(session, hook, file):
            continue
        outbox.promise(
            session,
            key=f"hook:{hook.id}:{key}",
            kind=HOOK_EVENT,
            payload={"hook_id": str(hook.id), "event": key, "act": HookAct.CLOCK_DUE.value, **facts},
            at=at,
            useful_until=at + USEFUL_FOR,
        )
        promised += 1
    return promised


def _is_for_file(session: Session, hook: Hook, file: CaseFile) -> bool:
    scope = Scope(frozenset({Limit(hook.area_id, hook.offence)}))
    found = select(CaseFile.id).where(CaseFile.id == file.id, files_within(scope))
    return scope.is_everything or session.scalar(found) is not None


def _is_for(session: Session, hook: Hook, incident: Incident) -> bool:
    scope = Scope(frozenset({Limit(hook.area_id, hook.offence)}))
    found = select(Incident.id).where(Incident.id == incident.id, incidents_within(scope))
    return scope.is_everything or session.scalar(found) is not None
