"""What a person decides on an incident: accept, return, dismiss, pass on; take it back; correct the plate.

After a decision the next incident that waits and is free opens, in the hand of whoever decided.
"""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from cases import plate_record, queue, review
from cases.entitlements import Right, Scope
from cases.errors import (
    CaseError,
    DecisionRefused,
    InHandOfAnother,
    LeftToAnother,
    PlateUnwritable,
    TakeBackRefused,
    TransitionRefused,
)
from cases.grounds import GROUNDS, Choice
from cases.queue import Narrowed
from models.database import transaction
from models.enums import Ground
from models.people import UserSession
from review_ui.claim_routes import Instead, Within, page_of, put_back, take_in_hand
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm
from review_ui.incident_pages import MAX_REASON, POINTS, Typed, refused
from review_ui.narrowing import asked, understood
from review_ui.permissions import needs

routes = APIRouter()

MAX_PLATE = 32
TRIES = 5  # to take the next one in hand, where colleagues come at the same moment

Decides = Annotated[Scope, needs(Right.DECIDE)]


@routes.post("/incidents/{incident_id}/decision")
def decide(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    scope: Decides,
    at: Now,
    incident_id: uuid.UUID,
    decision: Annotated[Choice | None, Form()] = None,
    ground: Annotated[Ground | Literal[""], Form()] = "",
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
    points: Annotated[list[str] | None, Form()] = None,
    draft_version: Annotated[int, Form()] = 0,
    within: Within = "",
) -> Response:
    """A named person's decision. A refusal gives the page back with a sentence and everything that was typed."""
    by = understood(within)
    typed = Typed(decision, reason, frozenset(points or ()), ground or None, asked(by))
    try:
        with transaction(desk.settings.sessions) as session:
            _decide(session, desk, request, opened, incident_id, typed, draft_version, at)
    except CaseError as error:
        return refused(request, desk, opened, at, incident_id, typed, _why_not(desk, request, typed, error), error)
    following = _next_in_hand(request, desk, opened, scope, by, incident_id, at)
    if following is None:
        return RedirectResponse(page_of(incident_id, typed.within), 303)
    return RedirectResponse(page_of(following, typed.within, decided=str(incident_id)), 303)


def _next_in_hand(
    request: Request, desk: Desk, opened: UserSession, scope: Scope, by: Narrowed, decided: uuid.UUID, at: datetime
) -> uuid.UUID | None:
    """The next one that waits, taken in hand; None: there is none, or others are faster every time."""
    for _ in range(TRIES):
        try:
            with transaction(desk.settings.sessions) as session:
                following = queue.next_unclaimed(session, scope, opened.user, by, at=at, besides=[decided])
                if following is not None:
                    take_in_hand(session, request, desk, opened, following, at)
        except (InHandOfAnother, TransitionRefused):
            continue
        return following
    return None


def _decide(
    session: Session,
    desk: Desk,
    request: Request,
    opened: UserSession,
    incident_id: uuid.UUID,
    typed: Typed,
    draft_version: int,
    at: datetime,
) -> None:
    if typed.decision is None:
        raise DecisionRefused("nothing was chosen")
    reason = typed.reason.strip()
    if typed.ground not in (None, Ground.OTHER):
        worded = desk.catalog_for(request).say(f"ground.{typed.ground.value}")
        reason = f"{worded}: {reason}" if reason else worded
    decision = typed.decision.decision
    if decision is None:
        if typed.ground is None:
            raise DecisionRefused("what is passed on needs its ground")
        review.pass_on(session, incident_id, user=opened.user, ground=typed.ground, reason=reason, at=at)
        return
    review.decide(
        session,
        incident_id,
        user=opened.user,
        decision=decision,
        reason=reason,
        four_points=review.FourPoints(*(point in typed.points for point in POINTS)),
        at=at,
        draft_version=draft_version,
        ground=typed.ground,
    )


def _why_not(desk: Desk, request: Request, typed: Typed, error: CaseError) -> str:
    """The sentence of a refused decision. Raises what was raised where that is no refusal."""
    match error:
        case InHandOfAnother():
            return desk.catalog_for(request).say("refused.in_hand", who=error.who)
        case LeftToAnother():
            return "refused.left_to_another"
        case TransitionRefused():
            return "refused.state"
        case DecisionRefused():
            return _lacking(typed)
    raise error


def _lacking(typed: Typed) -> str:
    """Which sentence tells what a refused decision lacks; what the form cannot lack lies with the draft."""
    if typed.decision is None:
        return "refused.choice"
    if typed.decision is Choice.ESCALATE and typed.ground not in GROUNDS[Choice.ESCALATE]:
        return "refused.ground"
    if not typed.reason.strip() and typed.ground in (None, Ground.OTHER):
        return "refused.reason"
    if typed.decision is Choice.ACCEPT and not typed.points.issuperset(POINTS):
        return "refused.points"
    return "refused.draft_changed"


@routes.post("/incidents/{incident_id}/take-back", dependencies=[needs(Right.DECIDE)])
def take_back(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    within: Within = "",
    instead: Instead = None,
) -> Response:
    """The decision as if it had not been made; on record all the same."""
    kept = asked(understood(within))
    try:
        with transaction(desk.settings.sessions) as session:
            review.take_back(session, incident_id, user=opened.user, at=at)
            take_in_hand(session, request, desk, opened, incident_id, at)
            put_back(session, opened, instead, at)
    except TakeBackRefused as error:
        return refused(request, desk, opened, at, incident_id, Typed(within=kept), f"take_back.{error.why}")
    except TransitionRefused as error:
        return refused(request, desk, opened, at, incident_id, Typed(within=kept), "refused.state", error)
    return RedirectResponse(page_of(incident_id, kept), 303)


@routes.post("/incidents/{incident_id}/redraft", dependencies=[needs(Right.DECIDE)])
def redraft(request: Request, desk: TheDesk, opened: CheckedForm, at: Now, incident_id: uuid.UUID) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            review.redraft(session, incident_id, user=opened.user, at=at)
    except TransitionRefused as error:
        return refused(request, desk, opened, at, incident_id, Typed(), "refused.state", error)
    return RedirectResponse(f"/incidents/{incident_id}", 303)


@routes.post("/incidents/{incident_id}/plate", dependencies=[needs(Right.DECIDE)])
def correct_plate(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    plate: Annotated[str, Form(max_length=MAX_PLATE)] = "",
    within: Within = "",
) -> Response:
    """The plate as a person reads it, or confirms it; what the program read stays on record."""
    kept = asked(understood(within))
    try:
        with transaction(desk.settings.sessions) as session:
            plate_record.correct_plate(session, incident_id, plate, user=opened.user, at=at)
    except PlateUnwritable:
        return refused(request, desk, opened, at, incident_id, Typed(within=kept), "refused.plate")
    except TransitionRefused as error:
        return refused(request, desk, opened, at, incident_id, Typed(within=kept), "refused.state", error)
    return RedirectResponse(page_of(incident_id, kept), 303)
