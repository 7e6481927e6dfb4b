"""The circuit breaker: a gateway that does not answer is left alone for a while, by every relay at once.

After a few failures in a row it is open, for longer each time; when that time is over, one message tries whether the
gateway is back, and the others wait for what comes of it. The state is a row, so relays on several machines agree.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models.database import insert_into
from models.promises import GatewayState

FAILURES_IN_A_ROW = 5
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
PROBE = timedelta(seconds=60)  # as long as the relay's lease: by then the answer is on record


def closed_until(session: Session, gateway: str, at: datetime) -> datetime | None:
    """Until when the gateway is left alone; None: it may be tried now, and who asked is the one to try it."""
    state = session.get(GatewayState, gateway)
    if state is None or state.open_until is None:
        return None
    state = session.get_one(GatewayState, gateway, with_for_update=True, populate_existing=True)
    if state.open_until is None:
        return None
    if at < state.open_until:
        return state.open_until
    if state.probing_until is not None and at < state.probing_until:
        return state.probing_until
    state.probing_until = at + PROBE
    session.flush()
    return None


def answered(session: Session, gateway: str, at: datetime) -> None:
    """It gave an answer, be it a no."""
    state = session.get(GatewayState, gateway)
    if state is None or (state.failures == 0 and state.open_until is None):
        return  # the usual case writes nothing
    state = session.get_one(GatewayState, gateway, with_for_update=True, populate_existing=True)
    state.failures, state.open_until, state.probing_until = 0, None, None
    state.last_error, state.changed_at = None, at
    session.flush()


def silent(session: Session, gateway: str, why: str, at: datetime) -> None:
    """It gave no answer, or said "not now"."""
    session.execute(
        insert_into(session, GatewayState)
        .values(gateway=gateway, failures=0, changed_at=at)
        .on_conflict_do_nothing(index_elements=[GatewayState.gateway])
    )
    state = session.get_one(GatewayState, gateway, with_for_update=True, populate_existing=True)
    state.failures += 1
    state.last_error, state.changed_at, state.probing_until = why, at, None
    over = state.failures - FAILURES_IN_A_ROW
    if over >= 0:
        # the exponent is bounded: a gateway may be away for months
        state.open_until = at + min(FIRST_PAUSE * 2 ** min(over, 10), LONGEST_PAUSE)
    session.flush()
