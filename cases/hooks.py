"""Webhooks out, as administrators keep them: who is told of what, switched on and off, tried out.

Each act is an AccountEvent of who did it, and an entry of the log. What is promised to a hook is written by
cases/hook_promises.py.
"""

import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases import accounts
from cases.entitlements import Right, require
from cases.errors import HookRefused
from cases.hook_promises import USEFUL_FOR
from models.dispatch import Area
from models.enums import AccountAct, HookAct, Offence
from models.hooks import Hook
from models.people import User
from models.personal_data import PersonalDataKey
from models.promises import GatewayState
from notify import outbox
from notify.errors import DestinationRefused, GatewayUnreachable
from notify.gateway_http import GatewayNetworks
from notify.hooks import HOOK_TEST, gateway_name, host_of

PREFIX = "swh_"  # so that whoever finds one in a log knows what it is
MAX_LABEL, MOST_HOOKS = 100, 20


@dataclass(frozen=True)
class Wanted:
    """What a new hook is to be told. area_id, offence: None is everywhere, for all."""

    label: str
    address: str
    acts: Collection[HookAct]
    area_id: str | None = None
    offence: Offence | None = None


def check(wanted: Wanted, networks: GatewayNetworks) -> str:
    """The host of the address, which may take a moment to be looked up: outside of any transaction.

    Raises HookRefused.
    """
    if not 0 < len(wanted.label.strip()) <= MAX_LABEL:
        raise HookRefused("label", f"say whose system it is, in up to {MAX_LABEL} characters")
    if not wanted.acts:
        raise HookRefused("acts", "choose what the system is to be told")
    try:
        return host_of(wanted.address.strip(), networks)
    except DestinationRefused as error:
        raise HookRefused("address", str(error)) from error
    except GatewayUnreachable as error:
        raise HookRefused("name", str(error)) from error


def add(
    session: Session, key: PersonalDataKey, wanted: Wanted, host: str, *, user: User, at: datetime
) -> tuple[Hook, str]:
    """A new hook, and its secret, told this once. host: from `check`. Raises NotEntitled, HookRefused."""
    require(user, Right.ADMINISTER)
    if wanted.area_id is not None and session.get(Area, wanted.area_id) is None:
        raise HookRefused("unknown_area", f"there is no area {wanted.area_id}; add it to the site file")
    if (
        session.scalar(select(func.count()).select_from(Hook).where(Hook.switched_off_at.is_(None))) or 0
    ) >= MOST_HOOKS:
        raise HookRefused("number", f"{MOST_HOOKS} webhooks are on already: switch one off")
    secret, hook_id = PREFIX + secrets.token_urlsafe(32), uuid.uuid4()
    hook = Hook(
        id=hook_id,
        label=wanted.label.strip(),
        host=host,
        address_sealed=key.seal(wanted.address.strip(), f"hook.address:{hook_id}"),
        secret_sealed=key.seal(secret, f"hook.secret:{hook_id}"),
        acts=[act.value for act in HookAct if act in wanted.acts],
        area_id=wanted.area_id,
        offence=wanted.offence,
        made_by=user.name,
        made_at=at,
    )
    session.add(hook)
    session.flush()
    _put_on_record(session, user, AccountAct.HOOK_MADE, hook, at)
    return hook, secret


def switch(session: Session, hook_id: uuid.UUID, *, on: bool, user: User, at: datetime) -> None:
    """Off: nothing is promised to it any more, and what was promised is given up in its turn.

    Raises NotEntitled, HookRefused.
    """
    hook = _hook(session, hook_id, user)
    if on == (hook.switched_off_at is None):
        return
    hook.switched_off_at = None if on else at
    session.flush()
    _put_on_record(session, user, AccountAct.HOOK_SWITCHED_ON if on else AccountAct.HOOK_SWITCHED_OFF, hook, at)


def try_out(session: Session, hook_id: uuid.UUID, *, user: User, at: datetime) -> None:
    """Promises a message of no incident. Raises NotEntitled, HookRefused."""
    hook = _hook(session, hook_id, user)
    if hook.switched_off_at is not None:
        raise HookRefused("off", "the webhook is switched off; switch it on first")
    key = f"hook-test:{uuid.uuid4()}"
    outbox.promise(
        session, key=key, kind=HOOK_TEST, payload={"hook_id": str(hook.id)}, at=at, useful_until=at + USEFUL_FOR
    )
    _put_on_record(session, user, AccountAct.HOOK_TESTED, hook, at)


@dataclass(frozen=True)
class HookShown:
    """left_alone_until: it gave no answer several times in a row; None: it is told of everything at once."""

    hook: Hook
    left_alone_until: datetime | None


def shown(session: Session, at: datetime) -> Sequence[HookShown]:
    """Those that are on first, the newest first."""
    hooks = session.scalars(select(Hook).order_by(Hook.switched_off_at.isnot(None), Hook.made_at.desc(), Hook.id)).all()
    found = []
    for hook in hooks:
        state = session.get(GatewayState, gateway_name(hook.id))
        until = state.open_until if state is not None else None
        found.append(HookShown(hook, until if until is not None and until > at else None))
    return found


def _hook(session: Session, hook_id: uuid.UUID, user: User) -> Hook:
    """Locked. Raises NotEntitled, HookRefused."""
    require(user, Right.ADMINISTER)
    hook = session.get(Hook, hook_id, with_for_update=True)
    if hook is None:
        raise HookRefused("unknown", f"there is no webhook {hook_id}")
    return hook


def _put_on_record(session: Session, user: User, act: AccountAct, hook: Hook, at: datetime) -> None:
    told = {"label": hook.label, "host": hook.host, "hook": str(hook.id)}
    accounts.put_on_record(session, user, act, actor=user.name, at=at, **told)
