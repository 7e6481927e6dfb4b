"""A promise to tell an officer, a gateway whose faults a test chooses, and a clock that is turned by hand."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import Sessions, reading, transaction
from models.enums import NoticeStatus
from models.people import Officer, Owner, Vehicle
from models.personal_data import PersonalDataKey
from models.promises import Notice, OutboxMessage
from notify import outbox
from notify.gateway import Gateway, Letter
from notify.messages import KINDS, Composing
from notify.relay import Relay
from notify.routes import read_routes
from tests import rows

KEY = PersonalDataKey(b"k" * 32)
PHONE = "+8613900000017"
OWNERS_PHONE = "+8613800000042"
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

    def send(self, key: str, letter: Letter) -> str:
        self.before(key)
        self.taken.append((key, letter.to, letter.text))
        self.after(key)
        return f"provider-{len(self.taken)}"

    def find(self, key: str, letter: Letter, since: datetime) -> str | None:  # noqa: ARG002 - it knows keys
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


def add_owner(session: Session, phone: str = OWNERS_PHONE, plate: str = "浙J12345") -> Owner:
    owner = Owner(id=uuid.uuid4(), name_sealed=b"-", phone_sealed=b"-", phone_index=KEY.index(phone))
    owner.name_sealed = KEY.seal("车主甲", f"owner.name:{owner.id}")
    owner.phone_sealed = KEY.seal(phone, f"owner.phone:{owner.id}")
    session.add(owner)
    session.flush()
    session.add(Vehicle(plate=plate, owner_id=owner.id))
    session.flush()
    return owner


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


def promise_notice(session: Session, *, useful_until: datetime | None = None, **differs: Any) -> Notice:
    """The promise that an incident makes to the owner of the vehicle, with its notice."""
    incident = rows.add_street(session, **differs).incident
    owner, notice_id = add_owner(session), uuid.uuid4()
    message = outbox.promise(
        session,
        key=f"move_vehicle:{incident.id}",
        kind="move_vehicle",
        payload={"incident_id": str(incident.id), "notice_id": str(notice_id)},
        at=AT,
        useful_until=useful_until,
    )
    notice = Notice(
        id=notice_id,
        incident_id=incident.id,
        owner_id=owner.id,
        outbox_message_id=message.id,
        wording="move_vehicle",
        status=NoticeStatus.PROMISED,
        promised_at=AT,
    )
    session.add(notice)
    session.flush()
    return notice


def promised(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        promise_case(session)


def noticed(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        promise_notice(session)


def relay_of(
    sessions: Sessions,
    gateways: Gateway | Mapping[str, Gateway],
    clock: Callable[[], datetime],
    key: PersonalDataKey = KEY,
    routes: str | None = None,
) -> Relay:
    """Of one gateway, or of several with the routes between them."""
    named = gateways if isinstance(gateways, Mapping) else {"provider": gateways}
    written = routes or f"*={next(iter(named))}"
    return Relay(sessions, named, read_routes(written, named, KINDS), Composing(key, "zh"), clock)


def the_message(sessions: Sessions) -> OutboxMessage:
    with reading(sessions) as session:
        return session.scalars(select(OutboxMessage)).one()


def the_notice(sessions: Sessions) -> Notice:
    with reading(sessions) as session:
        return session.scalars(select(Notice)).one()
