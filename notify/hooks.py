"""Webhooks out: what happens to incidents, told to the systems whose addresses an administrator entered.

Each hook is a gateway of its own for the breaker, and a relay of their own carries them all, so one that is slow or
away holds up neither people's messages nor, for longer than a few tries, the other hooks. A receiver cannot be asked
what it has: it gets the same event again where its answer was lost, with the same id and the same body.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from models.case_files import CaseFile
from models.database import Sessions, reading
from models.hooks import Hook
from models.incidents import CaseEvent, Incident
from models.personal_data import PersonalDataError, PersonalDataKey
from models.promises import OutboxMessage
from notify.errors import DestinationRefused, GatewayRefused, GatewayUnavailable, GatewayUnreachable, MessageImpossible
from notify.gateway import Gateway, Letter
from notify.gateway_http import GatewayHttp, GatewayNetworks, check
from notify.messages import Composing
from notify.outbox import FOR_HOOKS
from notify.relay import Claim, Relay
from notify.routes import EVERY_OTHER, Routes
from notify.webhook_gateway import JSON, signature

HOOK_EVENT, HOOK_TEST = FOR_HOOKS
TEST_ACT = "test"
DEADLINE_S = 5.0  # a receiver takes note and answers; what it does with it comes after
MOST_BYTES = 65_536  # of an answer nobody reads
LONGEST_ADDRESS = 500
EVERY_HOOK = "hooks"
ID_CHARACTERS = 24  # of a hook's id in the name of its gateway, whose column holds 32


def gateway_name(hook_id: uuid.UUID) -> str:
    return f"hook-{hook_id.hex[:ID_CHARACTERS]}"


def event_id(incident_id: uuid.UUID, seq: int) -> str:
    """The same for every receiver and for every try."""
    return f"{incident_id}:{seq}"


def host_of(address: str, networks: GatewayNetworks) -> str:
    """The host of an address that may be dialled. Raises DestinationRefused, GatewayUnreachable."""
    try:
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise DestinationRefused("that is no address; write https://host/path") from error
    printable = address.isascii() and address.isprintable() and " " not in address
    sound = parts.scheme in ("http", "https") and parts.hostname and parts.username is None and not parts.fragment
    if not printable or not sound or len(address) > LONGEST_ADDRESS or parts.hostname is None:
        raise DestinationRefused("that is no address; write https://host/path")
    networks.address_of(parts.hostname, port, secret=parts.scheme == "https")
    return parts.netloc


def address_of(hook: Hook, key: PersonalDataKey) -> str:
    """Raises PersonalDataError."""
    return key.open(hook.address_sealed, f"hook.address:{hook.id}")


def secret_of(hook: Hook, key: PersonalDataKey) -> str:
    """Raises PersonalDataError."""
    return key.open(hook.secret_sealed, f"hook.secret:{hook.id}")


@dataclass(frozen=True)
class HookGateway:
    """Posts a letter to the hook that it names. clock: the time now, aware."""

    sessions: Sessions
    key: PersonalDataKey
    http: GatewayHttp
    clock: Callable[[], datetime]

    def send(self, key: str, letter: Letter) -> str:  # noqa: ARG002 - the receiver knows the event by its own id
        with reading(self.sessions) as session:
            hook = session.get(Hook, uuid.UUID(letter.facts["hook"]))
        if hook is None:
            raise GatewayRefused("the webhook is not on record any more")
        try:
            address, secret = address_of(hook, self.key), secret_of(hook, self.key)
        except PersonalDataError as error:
            raise GatewayUnreachable(str(error)) from error
        body, timestamp = letter.text.encode(), str(round(self.clock().timestamp()))
        headers = JSON | {
            "Idempotency-Key": letter.facts["event"],
            "X-StreetWitness-Timestamp": timestamp,
            "X-StreetWitness-Signature": signature(secret, timestamp, body),
        }
        check(self.http.exchange("POST", address, body=body, headers=headers), hook.host)
        return letter.facts["event"]

    def find(self, key: str, letter: Letter, since: datetime) -> str | None:  # noqa: ARG002
        """It cannot be asked: the receiver knows the id of what it has."""
        return None


def hook_relay(sessions: Sessions, key: PersonalDataKey, http: GatewayHttp, clock: Callable[[], datetime]) -> Relay:
    """The relay of all hooks."""
    gateways: dict[str, Gateway] = {EVERY_HOOK: HookGateway(sessions, key, http, clock)}
    return _HookRelay(sessions, gateways, Routes({EVERY_OTHER: (EVERY_HOOK,)}), Composing(key, "en"), clock)


class _HookRelay(Relay):
    """As the relay of people's messages, with each hook as a gateway, and its last answer on its row."""

    def _carried(self) -> ColumnElement[bool]:
        return OutboxMessage.kind.in_(FOR_HOOKS)

    def _written(self, session: Session, message: OutboxMessage, now: datetime) -> Letter:  # noqa: ARG002
        hook = _hook(session, message)
        told = _told(session, message)
        body = json.dumps(told, ensure_ascii=False)
        return Letter(hook.host, body, message.kind, {"hook": str(hook.id), "event": str(told["event"])})

    def _why_withheld(
        self, session: Session, message: OutboxMessage, letter: Letter, now: datetime
    ) -> MessageImpossible | None:
        if _hook(session, message).switched_off_at is not None:
            return MessageImpossible("the webhook was switched off; switch it on, then have this sent again")
        return super()._why_withheld(session, message, letter, now)

    def _route_of(self, message: OutboxMessage) -> tuple[str, ...]:
        return (gateway_name(_hook_id(message)),)

    def _gateway_named(self, name: str) -> Gateway | None:  # noqa: ARG002 - one gateway posts to every hook
        return self.gateways[EVERY_HOOK]

    def _sent(self, session: Session, message: OutboxMessage, claim: Claim, *, provider_id: str) -> None:
        super()._sent(session, message, claim, provider_id=provider_id)
        self._remember(session, message, None)

    def _refused(self, session: Session, message: OutboxMessage, claim: Claim, *, error: Exception) -> None:
        super()._refused(session, message, claim, error=error)
        if not isinstance(error, MessageImpossible):  # withheld is not an answer of theirs
            self._remember(session, message, error)

    def _unavailable(
        self, session: Session, message: OutboxMessage, claim: Claim, *, error: GatewayUnavailable
    ) -> None:
        super()._unavailable(session, message, claim, error=error)
        self._remember(session, message, error)

    def _remember(self, session: Session, message: OutboxMessage, error: Exception | None) -> None:
        said = None if error is None else str(error)
        session.execute(update(Hook).where(Hook.id == _hook_id(message)).values(tried_at=self.clock(), last_error=said))


def _hook_id(message: OutboxMessage) -> uuid.UUID:
    return uuid.UUID(message.payload["hook_id"])


def _hook(session: Session, message: OutboxMessage) -> Hook:
    hook = session.get(Hook, _hook_id(message))
    if hook is None:
        raise MessageImpossible(f"webhook {message.payload['hook_id']} is not on record; nobody to tell")
    return hook


def _told(session: Session, message: OutboxMessage) -> dict[str, str]:
    if message.kind == HOOK_TEST:
        return _test(message)
    return _clock(session, message) if "clock" in message.payload else _event(session, message)


def _clock(session: Session, message: OutboxMessage) -> dict[str, str]:
    """Of a case file's clock: which one and its last day, never whose case it is."""
    file = session.get(CaseFile, uuid.UUID(message.payload["file_id"]))
    if file is None:
        raise MessageImpossible(f"case file {message.payload['file_id']} is not on record; nothing to tell")
    return {
        "event": message.payload["event"],
        "file": str(file.id),
        "number": file.number or "",
        "act": message.payload["act"],
        "state": file.state.value,
        "clock": message.payload["clock"],
        "due_on": message.payload["due_on"],
        "at": message.created_at.isoformat(),
    }


def _event(session: Session, message: OutboxMessage) -> dict[str, str]:
    """Never plate, number, name or picture: these are fetched over the API, by who may."""
    incident_id, seq = uuid.UUID(message.payload["incident_id"]), int(message.payload["seq"])
    incident, event = session.get(Incident, incident_id), session.get(CaseEvent, (incident_id, seq))
    if incident is None or event is None:
        raise MessageImpossible(f"event {incident_id}:{seq} is not on record; nothing to tell")
    return {
        "event": event_id(incident_id, seq),
        "incident": str(incident_id),
        "act": message.payload["act"],
        "state": event.to_state.value,
        "offence": incident.offence.value,
        "camera": incident.camera_id,
        "at": event.at.isoformat(),
    }


def _test(message: OutboxMessage) -> dict[str, str]:
    return {"event": message.key, "act": TEST_ACT, "at": message.created_at.isoformat()}
