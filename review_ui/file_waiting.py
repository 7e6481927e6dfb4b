"""What waits for whoever asks: the approvals that are at their turn, and the clocks of their own case files.

Approvals first, then what is over or more than half gone, by the day on which it ends.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from cases.casework import approvals, due, file_list
from cases.casework.clocks import Light
from cases.entitlements import Right, Scope, may, scope_of
from models.case_files import CaseFile
from models.enums import FileAct
from models.people import User


@dataclass(frozen=True)
class Waiting:
    """step: what the reader is to agree to; clock: the name of what runs out; one of them is there."""

    file: CaseFile
    address: str
    step: FileAct | None = None
    clock: str | None = None
    due_on: date | None = None
    light: Light | None = None


def waiting_for(session: Session, user: User, scope: Scope, at: datetime) -> list[Waiting]:
    """scope: what the user sees."""
    found = []
    if may(user, Right.APPROVE_FILES):
        found += [
            Waiting(each.file, f"/approvals/{each.id}", step=each.step)
            for each in approvals.waiting_for(session, user, scope_of(user, Right.APPROVE_FILES))
        ]
    own = file_list.files_of_officer(session, user, scope)
    clocks = due.next_due(session, own, at)
    pressing = [(file, clocks[file.id]) for file in own if file.id in clocks and clocks[file.id].light != Light.GREEN]
    found += [
        Waiting(file, f"/cases/{file.id}/clocks", clock=clock.name, due_on=clock.due_on, light=clock.light)
        for file, clock in sorted(pressing, key=lambda each: each[1].due_on)
    ]
    return found
