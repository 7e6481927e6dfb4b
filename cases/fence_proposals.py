"""Proposed changes of geofences: proposed with a reason, in force only when somebody else has approved them.

What was proposed is what is approved: the terms are never edited, and their digest stands in every event. A change
made meanwhile by another way (a site file was imported) makes a proposal void: it was about another fence.
"""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from cases import fences
from cases.entitlements import Right, may, scope_of
from cases.errors import FenceRefused, ReasonMissing, UnknownFence
from cases.scope import is_within
from cases.site_file import GeofenceEntry
from evidence import log_contents
from evidence.canonical import canonical
from models.enums import FenceAct, FenceProposalState
from models.fence_proposals import FenceEvent, FenceProposal
from models.people import User
from models.places import Camera, Geofence, GeofenceVersion
from models.watching import HOME, CameraView

MAX_REASON = 400
OPEN = FenceProposalState.OPEN


def propose(
    session: Session, entry: GeofenceEntry, *, seen_version: int | None, user: User, reason: str, at: datetime
) -> FenceProposal:
    """A fence as it is to be, a new one or another version.

    seen_version: the newest one the proposer has seen; None: there was none. Raises ReasonMissing, FenceRefused,
    UnknownFence.
    """
    check_place(session, entry)
    before = fences.newest_version(session, entry.id)
    if (before.version if before else None) != seen_version:
        raise FenceRefused("changed_meanwhile", f"geofence {entry.id} is another than the one that was edited")
    terms = fences.terms_of_entry(entry)
    if before is not None and before.valid_to is None and fences.says_the_same(before, entry):
        raise FenceRefused("unchanged", f"geofence {entry.id} is in force just so; there is nothing to propose")
    return _proposed(session, entry.id, entry.camera, terms, before, user=user, reason=reason, at=at, ends=False)


def propose_end(session: Session, geofence_id: str, *, user: User, reason: str, at: datetime) -> FenceProposal:
    """The fence is to forbid nothing any more. Raises as `propose`."""
    before = fences.newest_version(session, geofence_id)
    if before is None:
        raise UnknownFence(geofence_id)
    if before.valid_to is not None:
        raise FenceRefused("unchanged", f"geofence {geofence_id} forbids nothing as it is")
    camera_id, terms = before.geofence.camera_id, fences.terms_of(before)
    return _proposed(session, geofence_id, camera_id, terms, before, user=user, reason=reason, at=at, ends=True)


def check_place(session: Session, entry: GeofenceEntry) -> None:
    """The entry fits what is there. Raises FenceRefused, UnknownFence."""
    if session.get(Camera, entry.camera) is None:
        raise UnknownFence(entry.camera)
    known = session.get(Geofence, entry.id)
    if known is not None and known.camera_id != entry.camera:
        # its incidents were judged on the picture of that camera
        raise FenceRefused("other_camera", f"geofence {entry.id} belongs to camera {known.camera_id}; take another id")
    presets = presets_of(session, entry.camera)
    if presets and entry.preset is not None and entry.preset not in presets:
        raise FenceRefused("no_such_preset", f"camera {entry.camera} has no preset {entry.preset}")


def presets_of(session: Session, camera_id: str) -> Sequence[str]:
    views = select(CameraView.preset).where(CameraView.camera_id == camera_id, CameraView.preset != HOME)
    return session.scalars(views.order_by(CameraView.position, CameraView.preset)).all()


def _proposed(
    session: Session,
    geofence_id: str,
    camera_id: str,
    terms: dict[str, Any],
    before: GeofenceVersion | None,
    *,
    user: User,
    reason: str,
    at: datetime,
    ends: bool,
) -> FenceProposal:
    why = _reason(reason)
    if open_on(session, geofence_id) is not None:
        raise _another_open(geofence_id)
    proposal = FenceProposal(
        id=uuid.uuid4(),
        geofence_id=geofence_id,
        camera_id=camera_id,
        terms=terms,
        base_version=before.version if before else None,
        ends=ends,
        reason=why,
        proposed_by_id=user.id,
        proposed_at=at,
        state=OPEN,
    )
    try:
        with session.begin_nested():
            session.add(proposal)
            session.flush()
    except IntegrityError as error:  # somebody else's came between the question and the answer
        raise _another_open(geofence_id) from error
    _event(session, proposal, FenceAct.PROPOSED, user, why, at)
    return proposal


def _another_open(geofence_id: str) -> FenceRefused:
    return FenceRefused("another_open", f"another change of geofence {geofence_id} waits to be looked at")


def approve(session: Session, proposal_id: uuid.UUID, *, user: User, reason: str, at: datetime) -> GeofenceVersion:
    """In force from now on; the version written, or the one ended. Raises FenceRefused, ReasonMissing, SiteConflict."""
    proposal = _still_open(session, proposal_id)
    why = _reason(reason)
    if proposal.proposed_by_id == user.id:
        raise FenceRefused("same_person", "who proposed a change does not approve it; a second person looks at it")
    newest = fences.newest_version(session, proposal.geofence_id)
    if (newest.version if newest else None) != proposal.base_version or (
        proposal.ends and newest is not None and newest.valid_to is not None
    ):
        raise FenceRefused(
            "overtaken",
            f"geofence {proposal.geofence_id} was changed after this was proposed; decline it, and propose it anew",
        )
    proposer = session.get_one(User, proposal.proposed_by_id)
    version = _ended(newest, at) if proposal.ends else _written(session, proposal, proposer, user, at)
    proposal.state, proposal.became_version = FenceProposalState.IN_FORCE, version.version
    proposal.ended_by_id, proposal.ended_at = user.id, at
    session.flush()
    _event(session, proposal, FenceAct.APPROVED, user, why, at)
    return version


def _ended(newest: GeofenceVersion | None, at: datetime) -> GeofenceVersion:
    assert newest is not None, "an end is proposed of what is there"
    fences.end(newest, at)
    return newest


def _written(session: Session, proposal: FenceProposal, proposer: User, user: User, at: datetime) -> GeofenceVersion:
    entry = fences.read_entry(proposal.terms)
    check_place(session, entry)
    geofence = session.get(Geofence, entry.id)
    name = entry.name or entry.id
    if geofence is None:
        session.add(Geofence(id=entry.id, camera_id=entry.camera, name=name))
        session.flush()
    else:
        geofence.name = name
    return fences.put_in_force(
        session,
        entry,
        actor=f"{proposer.name}, {user.name}"[:100],
        reason=proposal.reason,
        at=at,
        # nobody was told before today that this place is forbidden
        first_from=at,
    ).version


def decline(session: Session, proposal_id: uuid.UUID, *, user: User, reason: str, at: datetime) -> FenceProposal:
    """It will not be so. By anybody who might have approved it. Raises FenceRefused, ReasonMissing."""
    proposal = _still_open(session, proposal_id)
    if proposal.proposed_by_id == user.id:
        raise FenceRefused("same_person", "who proposed a change withdraws it; declining is the second person's")
    return _over(session, proposal, FenceProposalState.DECLINED, FenceAct.DECLINED, user, reason, at)


def withdraw(session: Session, proposal_id: uuid.UUID, *, user: User, reason: str, at: datetime) -> FenceProposal:
    """By who proposed it. Raises FenceRefused, ReasonMissing."""
    proposal = _still_open(session, proposal_id)
    if proposal.proposed_by_id != user.id:
        raise FenceRefused("not_yours", "a change is withdrawn by who proposed it; another person declines it")
    return _over(session, proposal, FenceProposalState.WITHDRAWN, FenceAct.WITHDRAWN, user, reason, at)


def _over(
    session: Session,
    proposal: FenceProposal,
    state: FenceProposalState,
    act: FenceAct,
    user: User,
    reason: str,
    at: datetime,
) -> FenceProposal:
    why = _reason(reason)
    proposal.state, proposal.ended_by_id, proposal.ended_at = state, user.id, at
    session.flush()
    _event(session, proposal, act, user, why, at)
    return proposal


def find(session: Session, proposal_id: uuid.UUID) -> FenceProposal:
    """With who proposed and ended it. Raises UnknownFence."""
    people = [joinedload(FenceProposal.proposed_by), joinedload(FenceProposal.ended_by)]
    found = session.get(FenceProposal, proposal_id, options=people)
    if found is None:
        raise UnknownFence(proposal_id)
    return found


def open_on(session: Session, geofence_id: str) -> FenceProposal | None:
    return session.scalar(
        select(FenceProposal)
        .where(FenceProposal.geofence_id == geofence_id, FenceProposal.state == OPEN)
        .options(joinedload(FenceProposal.proposed_by))
    )


def open_at(session: Session, camera_id: str) -> Sequence[FenceProposal]:
    """Of the fences of a camera, longest waiting first."""
    return session.scalars(
        select(FenceProposal)
        .where(FenceProposal.camera_id == camera_id, FenceProposal.state == OPEN)
        .options(joinedload(FenceProposal.proposed_by))
        .order_by(FenceProposal.proposed_at)
    ).all()


def proposals_of(session: Session, geofence_id: str) -> Sequence[FenceProposal]:
    """Every one there ever was, newest first, with the people."""
    return session.scalars(
        select(FenceProposal)
        .where(FenceProposal.geofence_id == geofence_id)
        .options(joinedload(FenceProposal.proposed_by), joinedload(FenceProposal.ended_by))
        .order_by(FenceProposal.proposed_at.desc(), FenceProposal.id)
    ).all()


def events_of(session: Session, proposal_id: uuid.UUID) -> Sequence[FenceEvent]:
    """What was done to a proposal, in order."""
    return session.scalars(
        select(FenceEvent).where(FenceEvent.proposal_id == proposal_id).order_by(FenceEvent.seq)
    ).all()


def who_may_approve(session: Session, camera_id: str, proposer_id: uuid.UUID) -> list[User]:
    """Everybody but the proposer who may bring a change at this camera into force; by name."""
    people = session.scalars(
        select(User).where(User.active, User.id != proposer_id).options(selectinload(User.grants)).order_by(User.name)
    )
    return [
        each
        for each in people
        if may(each, Right.APPROVE_FENCE)
        and is_within(session, scope_of(each, Right.APPROVE_FENCE), "camera_id", camera_id)
    ]


def _still_open(session: Session, proposal_id: uuid.UUID) -> FenceProposal:
    """The proposal, for this transaction alone. Raises UnknownFence, FenceRefused."""
    proposal = session.get(FenceProposal, proposal_id, with_for_update=True)
    if proposal is None:
        raise UnknownFence(proposal_id)
    if proposal.state is not OPEN:
        raise FenceRefused("not_open", f"this change is {proposal.state.value.replace('_', ' ')} already")
    return proposal


def _reason(text: str) -> str:
    if not text.strip():
        raise ReasonMissing
    return text.strip()[:MAX_REASON]


def _event(session: Session, proposal: FenceProposal, act: FenceAct, user: User, reason: str, at: datetime) -> None:
    taken = session.scalar(select(func.max(FenceEvent.seq)).where(FenceEvent.proposal_id == proposal.id)) or 0
    event = FenceEvent(
        proposal_id=proposal.id,
        seq=taken + 1,
        act=act,
        actor=user.name,
        at=at,
        reason=reason,
        terms_sha256=hashlib.sha256(canonical(proposal.terms)).hexdigest(),
    )
    session.add(event)
    session.flush()
    log_contents.enter(session, event)
