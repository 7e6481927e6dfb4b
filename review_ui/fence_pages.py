"""Geofences at the desk: the ones of a camera, the editor on its picture, proposals, their approval, and what if.

Nothing drawn here is in force before somebody else has approved it (cases/fence_proposals.py). A trial on a recording
is asked for here and made elsewhere; this page looks at its row.
"""

import logging
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from starlette.datastructures import UploadFile

from cases import fence_proposals, fence_trials, fences, newest_pictures
from cases.entitlements import Right, may
from cases.errors import FenceRefused, FenceUnsound, ReasonMissing, SiteConflict, UnknownCamera
from cases.fences import FenceProblem
from models.database import reading, transaction
from models.enums import FenceProposalState, Offence, TrialState
from models.fence_proposals import FenceProposal
from models.fence_trials import FenceTrial
from models.people import UserSession
from models.places import Camera, Geofence, GeofenceVersion
from review_ui import fence_form, live_pictures
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NotFound
from review_ui.fence_form import FenceForm
from review_ui.permissions import needs

log = logging.getLogger(__name__)
routes = APIRouter()

MAX_REASON = fence_proposals.MAX_REASON
KEEP = "private, no-cache"  # the browser may keep the bytes, and asks each time whether there are newer ones
USUAL_DAYS = ("mon-sun", "mon-fri", "sat-sun")
# parts of a fence whose problems have a sentence of their own in both languages
FIELDS = ("id", "name", "preset", "offences", "number", *fences.PARTS, "ladder", "timetable", "exemptions")
REFUSALS = (
    "unchanged",
    "other_camera",
    "no_such_preset",
    "another_open",
    "changed_meanwhile",
    "same_person",
    "not_yours",
    "not_open",
    "overtaken",
    "no_such_recording",
    "enough_of_yours",
    "enough_waiting",
    "no_reason",
    "conflict",
)
OUTLINES = ("few", "many", "crosses", "flat", "tiny")
LINES = ("few", "many", "crosses", "no_street")


async def whole_form(request: Request) -> Mapping[str, Sequence[str]]:
    """Every field with its values: how many lines a timetable has is known to the page alone."""
    typed = await request.form()
    return {name: [each for each in typed.getlist(name) if not isinstance(each, UploadFile)] for name in typed}


WholeForm = Annotated[Mapping[str, Sequence[str]], Depends(whole_form)]


# --- the fences of a camera, and the editor


@routes.get("/cameras/{camera_id}/fences", dependencies=[needs(Right.SEE_FENCES)])
def fences_of_camera(request: Request, desk: TheDesk, opened: SignedIn, camera_id: str) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        camera = _camera(session, camera_id)
        in_force = fences.in_force_on(session, camera_id)
        ended = [
            each
            for each in session.scalars(select(Geofence).where(Geofence.camera_id == camera_id).order_by(Geofence.id))
            if each.id not in {version.geofence_id for version in in_force}
        ]
        waiting = fence_proposals.open_at(session, camera_id)
    return desk.page(
        request,
        "fences.html",
        opened,
        camera=camera,
        in_force=in_force,
        ended=ended,
        waiting=waiting,
        picture=live_pictures.newest(desk, opened, camera_id, ""),
        points_of=fence_form.points_of,
        marks=[mark for each in in_force for mark in fence_form.marks_of(fences.terms_of(each))],
        may_edit=may(opened.user, Right.EDIT_FENCE),
    )


@routes.get("/cameras/{camera_id}/fences/new", dependencies=[needs(Right.EDIT_FENCE)])
def new_fence(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    camera_id: str,
    trial: Annotated[uuid.UUID | None, Query()] = None,
) -> HTMLResponse:
    """trial: go on from the fence that was tried."""
    with reading(desk.settings.sessions) as session:
        _camera(session, camera_id)
        form = _tried(session, trial, camera_id) if trial else FenceForm(id=_free_id(session, camera_id))
    return _editor(request, desk, opened, camera_id, form)


@routes.get("/fences/{geofence_id}/edit", dependencies=[needs(Right.EDIT_FENCE)])
def edit_fence(request: Request, desk: TheDesk, opened: SignedIn, geofence_id: str) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        newest = _newest_version(session, geofence_id)
    form = fence_form.form_of(fences.terms_of(newest), newest.version)
    return _editor(request, desk, opened, newest.geofence.camera_id, form)


@routes.post("/cameras/{camera_id}/fences", dependencies=[needs(Right.EDIT_FENCE)])
def propose_or_try(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    camera_id: str,
    typed: WholeForm,
    act: Annotated[str, Form(max_length=10)] = "propose",
    recording: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Of the fence as it was drawn. What cannot be comes back as it was typed, with a sentence for each problem."""
    form = fence_form.read_form(typed)
    try:
        with transaction(desk.settings.sessions) as session:
            before = fences.newest_version(session, form.id)
            terms, unread = fence_form.terms_in(form, camera_id, fences.terms_of(before) if before else None)
            entry = _entry(terms, unread)
            if act == "try":
                trial = fence_trials.ask(session, entry, _recording_id(recording), user=opened.user, at=at)
                return RedirectResponse(f"/fence-trials/{trial.id}", 303)
            proposal = fence_proposals.propose(
                session,
                entry,
                seen_version=int(form.base) if form.base.isdecimal() else None,
                user=opened.user,
                reason=form.reason,
                at=at,
            )
            _keep_drawn_on(desk, proposal)
    except FenceUnsound as error:
        return _editor(request, desk, opened, camera_id, form, problems=error.problems)
    except (FenceRefused, ReasonMissing) as error:
        return _editor(request, desk, opened, camera_id, form, refused=_why(error))
    return RedirectResponse(f"/fence-proposals/{proposal.id}", 303)


def _entry(terms: Mapping[str, Any], unread: Sequence[FenceProblem]) -> Any:
    """Raises FenceUnsound with every problem there is."""
    try:
        entry = fences.read_entry(terms)
    except FenceUnsound as error:
        raise FenceUnsound([*unread, *error.problems]) from error
    if unread:
        raise FenceUnsound(unread)
    return entry


@routes.post("/fences/{geofence_id}/end", dependencies=[needs(Right.EDIT_FENCE)])
def propose_end(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    geofence_id: str,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            proposal = fence_proposals.propose_end(session, geofence_id, user=opened.user, reason=reason, at=at)
            _keep_drawn_on(desk, proposal)
    except (FenceRefused, ReasonMissing) as error:
        return _history(request, desk, opened, geofence_id, refused=_why(error))
    return RedirectResponse(f"/fence-proposals/{proposal.id}", 303)


def _editor(
    request: Request,
    desk: Desk,
    opened: UserSession,
    camera_id: str,
    form: FenceForm,
    *,
    problems: Sequence[FenceProblem] = (),
    refused: str | None = None,
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        camera = _camera(session, camera_id)
        others = [each for each in fences.in_force_on(session, camera_id) if each.geofence_id != form.id]
        known = session.get(Geofence, form.id) is not None
        waiting = fence_proposals.open_on(session, form.id)
        presets = fence_proposals.presets_of(session, camera_id)
        recordings = fence_trials.recordings_of(session, camera_id)
    status = 422 if problems else 409 if refused else 200
    return desk.page(
        request,
        "fence_editor.html",
        opened,
        status=status,
        camera=camera,
        form=form,
        is_new=not known,
        waiting=waiting,
        others=others,
        presets=presets,
        recordings=recordings,
        picture=live_pictures.newest(desk, opened, camera_id, form.preset),
        may_see_picture=may(opened.user, Right.SEE_LIVE),
        problems=problems,
        sentence_key=sentence_key,
        refused=refused,
        offences=list(Offence),
        numbers=fence_form.NUMBERS,
        roles=fence_form.ROLES,
        bays=fence_form.BAYS,
        hours=fence_form.without_empty_hours(form).hours,
        usual_days=USUAL_DAYS,
        max_reason=MAX_REASON,
    )


def sentence_key(problem: FenceProblem) -> str:
    """Of the sentence for a problem in both languages; the check's own words stand behind it where it has a place."""
    if problem.field == fence_form.LINE and problem.why in LINES:
        return f"fences.line.{problem.why}"
    if problem.field in fence_form.BAYS.values() and problem.why in OUTLINES:
        return f"fences.bay.{problem.why}"
    if problem.why in OUTLINES:
        return f"fences.outline.{problem.why}"
    return f"fences.unsound.{problem.field if problem.field in FIELDS else 'other'}"


def _why(error: FenceRefused | ReasonMissing | SiteConflict) -> str:
    if isinstance(error, FenceRefused):
        return error.why
    return "no_reason" if isinstance(error, ReasonMissing) else "conflict"


def _recording_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise FenceRefused("no_such_recording", "choose one of the recordings") from error


def _free_id(session: Session, camera_id: str) -> str:
    """The first that nobody has; a person may write another."""
    number = 1
    while (
        session.get(Geofence, f"{camera_id}-{number}") is not None
        or fence_proposals.open_on(session, f"{camera_id}-{number}") is not None
    ):
        number += 1
    return f"{camera_id}-{number}"[:64]


def _tried(session: Session, trial_id: uuid.UUID, camera_id: str) -> FenceForm:
    """Raises UnknownFence; NotFound for a trial at another camera."""
    trial = fence_trials.find(session, trial_id)
    if trial.camera_id != camera_id:
        raise NotFound
    newest = fences.newest_version(session, trial.geofence_id)
    return fence_form.form_of(trial.terms, newest.version if newest else None)


def _camera(session: Session, camera_id: str) -> Camera:
    """With its site. Raises UnknownCamera."""
    found = session.get(Camera, camera_id, options=[joinedload(Camera.site)])
    if found is None:
        raise UnknownCamera(camera_id)
    return found


def _newest_version(session: Session, geofence_id: str) -> GeofenceVersion:
    found = fences.newest_version(session, geofence_id)
    if found is None:
        raise NotFound
    return found


# --- one fence through time


@routes.get("/fences/{geofence_id}", dependencies=[needs(Right.SEE_FENCES)])
def fence(request: Request, desk: TheDesk, opened: SignedIn, geofence_id: str) -> HTMLResponse:
    return _history(request, desk, opened, geofence_id)


def _history(
    request: Request, desk: Desk, opened: UserSession, geofence_id: str, *, refused: str | None = None
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        newest = _newest_version(session, geofence_id)
        camera = _camera(session, newest.geofence.camera_id)
        versions = fences.versions_of(session, geofence_id)
        proposals = fence_proposals.proposals_of(session, geofence_id)
        trials = fence_trials.trials_of(session, geofence_id)
    terms = [fences.terms_of(each) for each in versions]
    changes = [
        fence_form.changes_between(before, after) for after, before in zip(terms, [*terms[1:], None], strict=True)
    ]
    return desk.page(
        request,
        "fence.html",
        opened,
        status=409 if refused else 200,
        camera=camera,
        fence=newest.geofence,
        newest=newest,
        versions=list(zip(versions, changes, strict=True)),
        proposals=proposals,
        waiting=next((each for each in proposals if each.state is FenceProposalState.OPEN), None),
        trials=trials,
        picture=live_pictures.newest(desk, opened, camera.id, newest.preset or ""),
        points_of=fence_form.points_of,
        marks=list(fence_form.marks_of(terms[0])),
        refused=refused,
        may_edit=may(opened.user, Right.EDIT_FENCE),
        max_reason=MAX_REASON,
    )


# --- a proposal


@routes.get("/fence-proposals/{proposal_id}", dependencies=[needs(Right.SEE_FENCES)])
def proposal(request: Request, desk: TheDesk, opened: SignedIn, proposal_id: uuid.UUID) -> HTMLResponse:
    return _proposal(request, desk, opened, proposal_id)


@routes.post("/fence-proposals/{proposal_id}/approve", dependencies=[needs(Right.APPROVE_FENCE)])
def approve(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    proposal_id: uuid.UUID,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            version = fence_proposals.approve(session, proposal_id, user=opened.user, reason=reason, at=at)
    except (FenceRefused, ReasonMissing, SiteConflict) as error:
        return _proposal(request, desk, opened, proposal_id, refused=_why(error))
    return RedirectResponse(f"/fences/{quote(version.geofence_id, safe='')}", 303)


@routes.post("/fence-proposals/{proposal_id}/decline", dependencies=[needs(Right.APPROVE_FENCE)])
def decline(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    proposal_id: uuid.UUID,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> Response:
    return _ended(request, desk, opened, at, proposal_id, reason, fence_proposals.decline)


@routes.post("/fence-proposals/{proposal_id}/withdraw", dependencies=[needs(Right.EDIT_FENCE)])
def withdraw(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    proposal_id: uuid.UUID,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> Response:
    return _ended(request, desk, opened, at, proposal_id, reason, fence_proposals.withdraw)


def _ended(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    proposal_id: uuid.UUID,
    reason: str,
    end: Callable[..., FenceProposal],
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            end(session, proposal_id, user=opened.user, reason=reason, at=at)
    except (FenceRefused, ReasonMissing) as error:
        return _proposal(request, desk, opened, proposal_id, refused=_why(error))
    return RedirectResponse(f"/fence-proposals/{proposal_id}", 303)


@routes.post("/fence-proposals/{proposal_id}/trials", dependencies=[needs(Right.EDIT_FENCE)])
def try_proposal(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    proposal_id: uuid.UUID,
    recording: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            entry = fences.read_entry(fence_proposals.find(session, proposal_id).terms)
            trial = fence_trials.ask(session, entry, _recording_id(recording), user=opened.user, at=at)
    except FenceRefused as error:
        return _proposal(request, desk, opened, proposal_id, refused=_why(error))
    return RedirectResponse(f"/fence-trials/{trial.id}", 303)


@routes.get("/fence-proposals/{proposal_id}/picture", dependencies=[needs(Right.SEE_FENCES)])
def proposal_picture(desk: TheDesk, opened: SignedIn, proposal_id: uuid.UUID) -> Response:  # noqa: ARG001
    """What the proposer drew on."""
    path = _drawn_on(desk, proposal_id)
    if path is None:
        raise NotFound
    return FileResponse(path, media_type="image/jpeg", headers={"cache-control": KEEP})


def _proposal(
    request: Request, desk: Desk, opened: UserSession, proposal_id: uuid.UUID, *, refused: str | None = None
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        shown = fence_proposals.find(session, proposal_id)
        camera = _camera(session, shown.camera_id)
        before = _version_before(session, shown)
        events = fence_proposals.events_of(session, proposal_id)
        others = fence_proposals.who_may_approve(session, shown.camera_id, shown.proposed_by_id)
        trials = [each for each in fence_trials.trials_of(session, shown.geofence_id) if each.terms == shown.terms]
        recordings = fence_trials.recordings_of(session, shown.camera_id)
        there = session.get(Geofence, shown.geofence_id) is not None
    before_terms = fences.terms_of(before) if before else None
    is_own = shown.proposed_by_id == opened.user.id
    is_open = shown.state is FenceProposalState.OPEN
    drawn_on = _drawn_on(desk, proposal_id)
    return desk.page(
        request,
        "fence_proposal.html",
        opened,
        status=409 if refused else 200,
        shown=shown,
        camera=camera,
        there=there,
        changes=[] if shown.ends else fence_form.changes_between(before_terms, shown.terms),
        before=before_terms,
        events=events,
        others=others,
        trials=trials,
        recordings=recordings,
        size=live_pictures.USUAL_SIZE if drawn_on is None else live_pictures.size_of(drawn_on),
        has_picture=drawn_on is not None,
        points_of=fence_form.points_of,
        marks=list(fence_form.marks_of(shown.terms)),
        refused=refused,
        is_own=is_own,
        is_open=is_open,
        may_approve=is_open and not is_own and may(opened.user, Right.APPROVE_FENCE),
        may_withdraw=is_open and is_own and may(opened.user, Right.EDIT_FENCE),
        may_try=may(opened.user, Right.EDIT_FENCE),
        max_reason=MAX_REASON,
    )


def _version_before(session: Session, shown: FenceProposal) -> GeofenceVersion | None:
    versions = fences.versions_of(session, shown.geofence_id)
    return next((each for each in versions if each.version == shown.base_version), None)


def _keep_drawn_on(desk: Desk, proposal: FenceProposal) -> None:
    """The picture of this moment goes with the proposal, so that who approves it sees what it was drawn on."""
    if desk.settings.pictures is None:
        return
    newest = newest_pictures.find(desk.settings.pictures.newest, proposal.camera_id, proposal.terms.get("preset") or "")
    if newest is None:
        return
    folder = desk.settings.pictures.proposals
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(newest.path, folder / f"{proposal.id}.jpg")
    except OSError as error:  # the proposal stands without its picture
        log.warning("a proposal has no picture: %s", error, extra={"proposal": str(proposal.id)})


def _drawn_on(desk: Desk, proposal_id: uuid.UUID) -> Path | None:
    if desk.settings.pictures is None:
        return None
    path = desk.settings.pictures.proposals / f"{proposal_id}.jpg"
    return path if path.is_file() else None


# --- what if


@routes.get("/fence-trials/{trial_id}", dependencies=[needs(Right.SEE_FENCES)])
def trial(request: Request, desk: TheDesk, opened: SignedIn, trial_id: uuid.UUID) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        shown = fence_trials.find(session, trial_id)
        camera = _camera(session, shown.camera_id)
        against = shown.against
        now_terms = None if against is None else against.polygon
    return desk.page(
        request,
        "fence_trial.html",
        opened,
        shown=shown,
        camera=camera,
        now_polygon=now_terms,
        waits=shown.state in fence_trials.WAITING,
        may_cancel=shown.state in fence_trials.WAITING and shown.asked_by_id == opened.user.id,
        may_edit=may(opened.user, Right.EDIT_FENCE),
        failed=shown.state is TrialState.FAILED,
        findings=shown.findings,
        numbered=_numbered(shown),
        points_of=fence_form.points_of,
        marks=list(fence_form.marks_of(shown.terms)),
    )


@routes.post("/fence-trials/{trial_id}/cancel", dependencies=[needs(Right.EDIT_FENCE)])
def cancel_trial(desk: TheDesk, opened: CheckedForm, at: Now, trial_id: uuid.UUID) -> Response:
    with transaction(desk.settings.sessions) as session:
        fence_trials.cancel(session, trial_id, user=opened.user, at=at)
    return RedirectResponse(f"/fence-trials/{trial_id}", 303)


@routes.get("/fence-trials/{trial_id}/pictures/{position}", dependencies=[needs(Right.SEE_FENCES)])
def trial_picture(desk: TheDesk, opened: SignedIn, trial_id: uuid.UUID, position: int) -> Response:  # noqa: ARG001
    """Of one of the incidents it found, in the order of its page."""
    if desk.settings.pictures is None:
        raise NotFound
    with reading(desk.settings.sessions) as session:
        shown = fence_trials.find(session, trial_id)
    listed = _listed(shown)
    name = listed[position]["picture"] if 0 <= position < len(listed) else None
    path = desk.settings.pictures.trials / str(trial_id) / Path(name or "").name
    if name is None or not path.is_file():
        raise NotFound
    return FileResponse(path, media_type="image/jpeg", headers={"cache-control": KEEP})


def _listed(shown: FenceTrial) -> list[dict[str, Any]]:
    """Every incident the page shows a picture of, in its order; of one that stays, as the edited fence has it."""
    if shown.findings is None:
        return []
    return [*shown.findings["appear"], *shown.findings["vanish"], *(pair[1] for pair in shown.findings["stay"])]


def _numbered(shown: FenceTrial) -> dict[str, list[tuple[int, dict[str, Any], dict[str, Any] | None]]]:
    """By what became of them: the number of the picture, the incident, and as the fence in force had it if it stays."""
    if shown.findings is None:
        return {}
    appear, vanish, stay = (shown.findings[name] for name in ("appear", "vanish", "stay"))
    return {
        "appear": [(number, each, None) for number, each in enumerate(appear)],
        "vanish": [(number, each, None) for number, each in enumerate(vanish, start=len(appear))],
        "stay": [(number, pair[1], pair[0]) for number, pair in enumerate(stay, start=len(appear) + len(vanish))],
    }
