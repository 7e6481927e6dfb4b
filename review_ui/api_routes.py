"""The API: what the pages do, as JSON under /api/v1, by a bearer token with rights of its own (docs/accounts.md).

The same calls into cases as the pages make, under the same rules; what is refused comes with a sentence. Pictures are
not among it: they are looked at on the page, where the reason is asked for, or leave in a bundle.
"""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from cases import cameras as watched
from cases import queue, review, speaking
from cases.entitlements import Right, Scope
from cases.errors import AnnouncementRefused, CaseError, UnknownLoudspeaker
from cases.review import FourPoints
from evidence import sufficiency
from models.database import reading, transaction
from models.enums import Ground
from models.incidents import Incident
from review_ui.api_guard import TheHolder, any_token, by_token
from review_ui.api_shapes import (
    AnnouncementLine,
    CameraLine,
    Cameras,
    Decided,
    Deciding,
    DecisionLine,
    Event,
    ExhibitLine,
    Exporting,
    IncidentDetail,
    IncidentLine,
    Incidents,
    LoudspeakerLine,
    Loudspeakers,
    Me,
    Refusal,
    Speaking,
)
from review_ui.desk import Now, TheDesk
from review_ui.errors import ApiRefused, NotFound
from review_ui.incident_pages import exported
from review_ui.narrowing import NarrowedBy, place
from review_ui.permissions import public, within

VERSION = "1"
MAX_PLACE = 100
MOST_AT_ONCE = 200
LONGEST_ID = 64
REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "What was asked cannot be read."},
    401: {"model": Refusal, "description": "No token, or one that opens nothing."},
    403: {"model": Refusal, "description": "The token or its user may not."},
    404: {"model": Refusal, "description": "Not there, or outside what the token reaches."},
    409: {"model": Refusal, "description": "It may not be done as things are."},
    422: {"model": Refusal, "description": "A field is missing, unknown or out of bounds."},
    429: {
        "model": Refusal,
        "description": "More requests within a minute than the token, or all tokens of its user, may make.",
        "headers": {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "In so many seconds."}},
    },
}

routes = APIRouter(prefix="/api/v1", responses=REFUSALS)

SeesIncidents = Annotated[Scope, by_token(Right.SEE_INCIDENTS)]
SeesLoudspeakers = Annotated[Scope, by_token(Right.SEE_LOUDSPEAKERS)]
Named = Annotated[str, Path(max_length=LONGEST_ID)]


@routes.get("/openapi.json", include_in_schema=False, dependencies=[public("the description holds nothing of a site")])
def description(request: Request) -> JSONResponse:
    return JSONResponse(described(request.app.routes))


def described(all_routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """As OpenAPI 3.1."""
    told = get_openapi(
        title="StreetWitness",
        version=VERSION,
        description="What the pages of the desk do. Ask for a token on the page of your account.",
        routes=[each for each in all_routes if isinstance(each, APIRoute) and each.path.startswith(routes.prefix)],
    )
    bearer = {"type": "http", "scheme": "bearer", "description": "A token of the API; it begins with swa_."}
    told.setdefault("components", {})["securitySchemes"] = {"token": bearer}
    told["security"] = [{"token": []}]
    return told


@routes.get("/me", dependencies=[any_token("tells a token's holder what the token is")])
def me(holder: TheHolder) -> Me:
    """Whose token this is, and what it opens; of that only what its user may just then."""
    token = holder.token
    return Me(
        name=holder.user.name,
        display_name=holder.user.display_name,
        token=token.label,
        rights=token.rights,
        area=token.area_id,
        offence=token.offence,
        expires_at=token.expires_at,
    )


@routes.get("/incidents")
def incidents(
    desk: TheDesk,
    scope: SeesIncidents,
    at: Now,
    by: NarrowedBy,
    after: Annotated[str, Query(max_length=MAX_PLACE)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE)] = 50,
) -> Incidents:
    """The most urgent first. Incidents that look alike stand together: the one that leads is listed."""
    with reading(desk.settings.sessions) as session:
        shown = queue.queue_page(session, scope, by, at=at, after=place(after), page_size=limit)
    return Incidents(
        incidents=[line_of(row.incident) for row in shown.rows],
        total=shown.total,
        counts=shown.counts,
        after=str(shown.later) if shown.later else None,
    )


@routes.get("/incidents/{incident_id}", dependencies=[by_token(Right.SEE_INCIDENTS)])
def incident(desk: TheDesk, incident_id: uuid.UUID) -> IncidentDetail:
    with reading(desk.settings.sessions) as session:
        shown = queue.incident_page(session, incident_id)
    rows = shown.rows
    return IncidentDetail(
        incident=line_of(rows.incident),
        events=[Event.model_validate(each) for each in rows.events],
        exhibits=[ExhibitLine.model_validate(each) for each in rows.exhibits],
        decisions=[
            DecisionLine(
                decision=each.decision,
                ground=Ground(each.ground) if each.ground else None,
                reason=each.reason,
                at=each.at,
                by=each.user.name,
            )
            for each in rows.decisions
        ],
        draft_version=rows.draft.version if rows.draft else None,
        missing=[sufficiency.say(finding, "en") for finding in shown.findings],
    )


@routes.post("/incidents/{incident_id}/decision", dependencies=[by_token(Right.DECIDE)])
def decide(desk: TheDesk, holder: TheHolder, at: Now, incident_id: uuid.UUID, said: Deciding) -> Decided:
    """Decided by the person whose token it is, under the rules of the page."""
    decision, points = said.decision.decision, said.four_points
    try:
        with transaction(desk.settings.sessions) as session:
            if decision is None:
                ground = said.ground or Ground.OTHER
                review.pass_on(session, incident_id, user=holder.user, ground=ground, reason=said.reason, at=at)
            else:
                review.decide(
                    session,
                    incident_id,
                    user=holder.user,
                    decision=decision,
                    reason=said.reason,
                    four_points=FourPoints(points.is_true, points.is_clear, points.is_complete, points.is_accurate),
                    at=at,
                    draft_version=said.draft_version or 0,
                    ground=said.ground,
                )
            state = session.get_one(Incident, incident_id).state
    except CaseError as error:
        raise ApiRefused(error) from error
    return Decided(incident=incident_id, state=state)


@routes.post(
    "/incidents/{incident_id}/bundle",
    dependencies=[by_token(Right.EXPORT)],
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}, "description": "The bundle that proves itself elsewhere."}},
)
def export(desk: TheDesk, holder: TheHolder, at: Now, incident_id: uuid.UUID, said: Exporting) -> StreamingResponse:
    return exported(desk, incident_id, by=holder.user.name, at=at, reason=said.reason)


@routes.get("/cameras")
def cameras(desk: TheDesk, scope: Annotated[Scope, by_token(Right.SEE_CAMERAS)], at: Now) -> Cameras:
    with reading(desk.settings.sessions) as session:
        lines = watched.camera_lines(session, at, scope=scope)
    return Cameras(cameras=[camera_of(line) for line in lines])


@routes.get("/cameras/{camera_id}", dependencies=[by_token(Right.SEE_CAMERAS)])
def camera(desk: TheDesk, at: Now, camera_id: Named) -> CameraLine:
    with reading(desk.settings.sessions) as session:
        (line,) = watched.camera_lines(session, at, only=camera_id)
    return camera_of(line)


@routes.get("/loudspeakers")
def loudspeakers(request: Request, desk: TheDesk, scope: SeesLoudspeakers, at: Now) -> Loudspeakers:
    language = desk.catalog_for(request).language
    with reading(desk.settings.sessions) as session:
        shown = speaking.horns_shown(session, scope, at=at, language=language)
    return Loudspeakers(
        loudspeakers=[
            LoudspeakerLine(
                id=horn.id,
                camera_id=horn.camera_id,
                driver=horn.driver,
                quiet=horn.quiet,
                last=[AnnouncementLine.model_validate(each) for each in horn.last],
            )
            for horn in shown.horns
        ],
        sentences=shown.sentences,
    )


@routes.post("/loudspeakers/{loudspeaker_id}/announcements", status_code=201)
def announce(
    request: Request,
    desk: TheDesk,
    holder: TheHolder,
    scope: Annotated[Scope, by_token(Right.SPEAK)],
    at: Now,
    loudspeaker_id: Named,
    said: Speaking,
) -> AnnouncementLine:
    """Asks for it to be said now; what became of it is told by the loudspeaker's last announcements."""
    if said.incident_id is not None:
        within(desk, scope, "incident_id", str(said.incident_id))
    words = speaking.Sentence(said.sentence) if said.sentence else speaking.Typed(said.text)
    try:
        with transaction(desk.settings.sessions) as session:
            announcement = speaking.say(
                session,
                loudspeaker_id,
                words,
                by=holder.user,
                at=at,
                language=desk.catalog_for(request).language,
                incident_id=said.incident_id,
            )
    except AnnouncementRefused as error:
        raise ApiRefused(error) from error
    except UnknownLoudspeaker as error:
        raise NotFound from error
    return AnnouncementLine.model_validate(announcement)


def line_of(incident: Incident) -> IncidentLine:
    """`incident.geofence_version` is loaded."""
    told = {name: getattr(incident, name) for name in IncidentLine.model_fields if name not in {"box", "geofence_id"}}
    box = (incident.box_x1, incident.box_y1, incident.box_x2, incident.box_y2)
    return IncidentLine(**told, box=box, geofence_id=incident.geofence_version.geofence_id)


def camera_of(line: watched.CameraLine) -> CameraLine:
    return CameraLine(**{name: getattr(line, name) for name in CameraLine.model_fields})
