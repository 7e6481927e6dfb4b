"""The API of geofences: what is in force and was before, changes proposed, and the second person's word on them.

A fence is written as in a site file (docs/fences.md), all of it at once: what a proposal leaves out is not forbidden.
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from cases import fence_proposals, fences
from cases.entitlements import Right
from cases.errors import FenceRefused, FenceUnsound, ReasonMissing, SiteConflict
from models.database import reading, transaction
from models.enums import FenceProposalState
from models.fence_proposals import FenceProposal
from models.places import GeofenceVersion
from review_ui.api_guard import TheHolder, by_token
from review_ui.api_routes import LONGEST_ID, REFUSALS
from review_ui.api_shapes import Asked, Words
from review_ui.desk import Desk, Now, TheDesk
from review_ui.errors import ApiRefused

routes = APIRouter(prefix="/api/v1", responses=REFUSALS)

Named = Annotated[str, Path(max_length=LONGEST_ID)]
Reason = Annotated[Words, Field(min_length=1, max_length=fence_proposals.MAX_REASON)]


class FenceVersion(BaseModel):
    """terms: as a site file has them. valid_to: null: in force."""

    version: int
    valid_from: datetime
    valid_to: datetime | None
    written_by: str
    reason: str
    terms: dict[str, Any]


class Fence(BaseModel):
    """versions: the newest first."""

    id: str
    versions: list[FenceVersion]


class Fences(BaseModel):
    """Those in force at one camera."""

    fences: list[Fence]


class Proposal(BaseModel):
    """base_version: the one it is to follow; null: it is new. became_version: since it was approved."""

    id: uuid.UUID
    geofence_id: str
    camera_id: str
    state: FenceProposalState
    ends: bool
    base_version: int | None
    became_version: int | None
    reason: str
    proposed_by: str
    proposed_at: datetime
    ended_by: str | None
    ended_at: datetime | None
    terms: dict[str, Any]


class Proposals(BaseModel):
    proposals: list[Proposal]


class Proposing(Asked):
    """seen_version: the newest that the proposer has seen; null: there was none."""

    terms: dict[str, Any]
    seen_version: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    reason: Reason


class Ending(Asked):
    reason: Reason


@routes.get("/cameras/{camera_id}/fences", dependencies=[by_token(Right.SEE_FENCES)])
def fences_of_camera(desk: TheDesk, camera_id: Named) -> Fences:
    with reading(desk.settings.sessions) as session:
        in_force = fences.in_force_on(session, camera_id)
        return Fences(fences=[Fence(id=each.geofence_id, versions=[_version(each)]) for each in in_force])


@routes.get("/fences/{geofence_id}", dependencies=[by_token(Right.SEE_FENCES)])
def fence(desk: TheDesk, geofence_id: Named) -> Fence:
    with reading(desk.settings.sessions) as session:
        return Fence(id=geofence_id, versions=[_version(each) for each in fences.versions_of(session, geofence_id)])


@routes.get("/cameras/{camera_id}/fence-proposals", dependencies=[by_token(Right.SEE_FENCES)])
def proposals_at(desk: TheDesk, camera_id: Named) -> Proposals:
    """Those that wait for a second person."""
    with reading(desk.settings.sessions) as session:
        waiting = [each.id for each in fence_proposals.open_at(session, camera_id)]
        session.expunge_all()  # they are read again, each with its people
        return Proposals(proposals=[_proposal(session, each) for each in waiting])


@routes.get("/fence-proposals/{proposal_id}", dependencies=[by_token(Right.SEE_FENCES)])
def proposal(desk: TheDesk, proposal_id: uuid.UUID) -> Proposal:
    with reading(desk.settings.sessions) as session:
        return _proposal(session, proposal_id)


@routes.post("/cameras/{camera_id}/fence-proposals", status_code=201, dependencies=[by_token(Right.EDIT_FENCE)])
def propose(desk: TheDesk, holder: TheHolder, at: Now, camera_id: Named, said: Proposing) -> Proposal:
    """It forbids nothing before another person has approved it."""

    def ask(session: Session) -> FenceProposal:
        entry = fences.read_entry({**said.terms, "camera": camera_id})
        return fence_proposals.propose(
            session, entry, seen_version=said.seen_version, user=holder.user, reason=said.reason, at=at
        )

    return _done(desk, ask)


@routes.post("/fences/{geofence_id}/end", status_code=201, dependencies=[by_token(Right.EDIT_FENCE)])
def propose_end(desk: TheDesk, holder: TheHolder, at: Now, geofence_id: Named, said: Ending) -> Proposal:
    """That it is to forbid nothing any more; this too waits for another person."""
    return _done(
        desk,
        lambda session: fence_proposals.propose_end(session, geofence_id, user=holder.user, reason=said.reason, at=at),
    )


@routes.post("/fence-proposals/{proposal_id}/approve", dependencies=[by_token(Right.APPROVE_FENCE)])
def approve(desk: TheDesk, holder: TheHolder, at: Now, proposal_id: uuid.UUID, said: Ending) -> Proposal:
    def agree(session: Session) -> FenceProposal:
        fence_proposals.approve(session, proposal_id, user=holder.user, reason=said.reason, at=at)
        return session.get_one(FenceProposal, proposal_id)

    return _done(desk, agree)


@routes.post("/fence-proposals/{proposal_id}/decline", dependencies=[by_token(Right.APPROVE_FENCE)])
def decline(desk: TheDesk, holder: TheHolder, at: Now, proposal_id: uuid.UUID, said: Ending) -> Proposal:
    return _done(
        desk,
        lambda session: fence_proposals.decline(session, proposal_id, user=holder.user, reason=said.reason, at=at),
    )


@routes.post("/fence-proposals/{proposal_id}/withdraw", dependencies=[by_token(Right.EDIT_FENCE)])
def withdraw(desk: TheDesk, holder: TheHolder, at: Now, proposal_id: uuid.UUID, said: Ending) -> Proposal:
    return _done(
        desk,
        lambda session: fence_proposals.withdraw(session, proposal_id, user=holder.user, reason=said.reason, at=at),
    )


def _done(desk: Desk, act: Callable[[Session], FenceProposal]) -> Proposal:
    """Raises ApiRefused with the sentence of what stood against it."""
    try:
        with transaction(desk.settings.sessions) as session:
            found = act(session).id
    except (FenceRefused, FenceUnsound, ReasonMissing, SiteConflict) as error:
        raise ApiRefused(error) from error
    with reading(desk.settings.sessions) as session:
        return _proposal(session, found)


def _version(version: GeofenceVersion) -> FenceVersion:
    return FenceVersion(
        version=version.version,
        valid_from=version.valid_from,
        valid_to=version.valid_to,
        written_by=version.changed_by,
        reason=version.reason,
        terms=fences.terms_of(version),
    )


def _proposal(session: Session, proposal_id: uuid.UUID) -> Proposal:
    found = fence_proposals.find(session, proposal_id)
    return Proposal(
        **{name: getattr(found, name) for name in Proposal.model_fields if name not in {"proposed_by", "ended_by"}},
        proposed_by=found.proposed_by.name,
        ended_by=found.ended_by.name if found.ended_by else None,
    )
