"""A promise to tell an officer, a gateway whose faults a test chooses, and a clock that is turned by hand."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import Sessions, reading, transaction
from models.people import Officer
from models.personal_data import PersonalDataKey
from models.promises import OutboxMessage
from notify import outbox
from notify.relay import Relay
from tests import rows

KEY = PersonalDataKey(b"k" * 32)
PHONE = "+8613900000017"
AT = rows.after(800)


class Killed(BaseException):
    """Stands for kill -9: nothing in the relay may catch it."""


@dataclass
class Clock:
    now: datetime = AT

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Provider:
    """A gateway as others run it: it takes a message again and again, whatever the key. before and after run
    around the taking, and raise what a test wants to go wrong there.
    """

    before: Callable[[str], None] = lambda _key: None
    after: Callable[[str], None] = lambda _key: None
    taken: list[tuple[str, str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def send(self, key: str, to: str, text: str) -> str:
        self.before(key)
        self.taken.append((key, to, text))
        self.after(key)
        return f"provider-{len(self.taken)}"

    def find(self, key: str) -> str | None:
        self.asked.append(key)
        found = [number for number, (known, _, _) in enumerate(self.taken, start=1) if known == key]
        return f"provider-{found[0]}" if found else None


def failing(error: BaseException, times: int = 1) -> Callable[[str], None]:
    """Raises `error` the first `times` times."""
    left = [error] * times

    def fail(_key: str) -> None:
        if left:
            raise left.pop()

    return fail


def add_officer(session: Session, phone: str = PHONE) -> Officer:
    officer = Officer(id=uuid.uuid4(), name="队员乙", grid="dongcheng-02", phone_sealed=b"-")
    officer.phone_sealed = KEY.seal(phone, f"officer.phone:{officer.id}")
    session.add(officer)
    session.flush()
    return officer


def promise_case(session: Session, **differs: Any) -> OutboxMessage:
    """The promise that an accepted case makes to one officer."""
    incident = rows.add_street(session, **differs).incident
    officer = add_officer(session)
    return outbox.promise(
        session,
        key=f"case_ready:{incident.id}:{officer.id}",
        kind="case_ready",
        payload={"incident_id": str(incident.id), "officer_id": str(officer.id)},
        at=AT,
    )


def promised(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        promise_case(session)


def relay_of(sessions: Sessions, provider: Provider, clock: Clock, key: PersonalDataKey = KEY) -> Relay:
    return Relay(sessions=sessions, gateway=provider, personal_data_key=key, language="zh", clock=clock)


def the_message(sessions: Sessions) -> OutboxMessage:
    with reading(sessions) as session:
        return session.scalars(select(OutboxMessage)).one()
