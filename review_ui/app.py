"""The review desk as a web application: routes, guards, and a page with a sentence for everything that goes wrong."""

import logging
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount

from cases.errors import NotEntitled, UnknownCamera, UnknownFence, UnknownIncident
from review_ui import (
    account_pages,
    api_custody,
    api_fences,
    api_files,
    api_routes,
    api_uploads,
    appeal_pages,
    approval_pages,
    beside_pages,
    camera_pages,
    cashier_webhook,
    certificate_pages,
    claim_routes,
    custody_pages,
    decision_routes,
    derivative_pages,
    draft_pages,
    due_pages,
    fence_pages,
    file_acts,
    file_pages,
    file_search_pages,
    goods_pages,
    hold_routes,
    hook_pages,
    incident_pages,
    law_pages,
    link_pages,
    live_pictures,
    looking,
    loudspeaker_pages,
    media,
    message_pages,
    metrics,
    paper_pages,
    party_pages,
    payment_pages,
    people_pages,
    permit_pages,
    proposal_pages,
    public_pages,
    queue_page,
    reason_routes,
    record_pages,
    recording_pages,
    registry_pages,
    request_pages,
    score_pages,
    service_pages,
    sign_in_pages,
    upload_pages,
    upload_routes,
    user_pages,
    volume_pages,
    wall_pages,
    webhook_routes,
)
from review_ui.api_guard import is_api
from review_ui.desk import desk_of, make_desk
from review_ui.doorkeeper import SECURITY_HEADERS, EveryAnswer, EveryBody
from review_ui.errors import (
    ApiRefused,
    FormNotOurs,
    NotFound,
    NotSignedIn,
    PasswordDue,
    ReviewError,
    RightMissing,
    TooManyRequests,
    TooManyTries,
)
from review_ui.queue_feed import QueueFeed
from review_ui.queue_memory import QueueMemory
from review_ui.remembering import Remembering
from review_ui.settings import ReviewSettings

__all__ = ["ReviewSettings", "make_app"]

log = logging.getLogger(__name__)
STATIC = Path(__file__).parent / "static"
MOST_SAID = 500


def make_app(settings: ReviewSettings) -> FastAPI:
    app = FastAPI(
        title="StreetWitness",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # the routes themselves and not include_router: what a request can reach is then one flat list to check
        routes=[
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
            *public_pages.routes.routes,
            *sign_in_pages.routes.routes,
            *account_pages.routes.routes,
            *user_pages.routes.routes,
            *certificate_pages.routes.routes,
            *hook_pages.routes.routes,
            *queue_page.routes.routes,
            *incident_pages.routes.routes,
            *draft_pages.routes.routes,
            *decision_routes.routes.routes,
            *reason_routes.routes.routes,
            *claim_routes.routes.routes,
            *looking.routes.routes,
            *hold_routes.routes.routes,
            *custody_pages.routes.routes,
            *derivative_pages.routes.routes,
            *media.routes.routes,
            *beside_pages.routes.routes,
            *camera_pages.routes.routes,
            *fence_pages.routes.routes,
            *permit_pages.routes.routes,
            *wall_pages.routes.routes,
            *live_pictures.routes.routes,
            *metrics.routes.routes,
            *message_pages.routes.routes,
            *loudspeaker_pages.routes.routes,
            *link_pages.routes.routes,
            *webhook_routes.routes.routes,
            *api_routes.routes.routes,
            *api_fences.routes.routes,
            *api_uploads.routes.routes,
            *api_custody.routes.routes,
            *api_files.routes.routes,
            *upload_routes.routes.routes,
            *upload_pages.routes.routes,
            *recording_pages.routes.routes,
            *request_pages.routes.routes,
            *approval_pages.routes.routes,
            *people_pages.routes.routes,
            *record_pages.routes.routes,
            *goods_pages.routes.routes,
            *party_pages.routes.routes,
            *paper_pages.routes.routes,
            *registry_pages.routes.routes,
            *service_pages.routes.routes,
            *payment_pages.routes.routes,
            *appeal_pages.routes.routes,
            *cashier_webhook.routes.routes,
            *file_acts.routes.routes,
            *law_pages.routes.routes,
            *proposal_pages.routes.routes,
            *due_pages.routes.routes,
            *file_search_pages.routes.routes,
            *score_pages.routes.routes,
            *volume_pages.routes.routes,
            *file_pages.routes.routes,  # last: /cases/search is a page and no case file
        ],
        middleware=[
            Middleware(EveryAnswer, secure=settings.secure_cookies),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(settings.public_hosts), www_redirect=False),
            Middleware(EveryBody),
        ],
    )
    app.state.desk = make_desk(settings)
    app.state.queue_feed = QueueFeed(settings.sessions)
    app.state.queue_memory = QueueMemory()
    app.state.wall_memory = Remembering()
    app.add_exception_handler(ReviewError, _refused)
    app.add_exception_handler(UnknownIncident, _unknown)
    app.add_exception_handler(UnknownCamera, _unknown)
    app.add_exception_handler(UnknownFence, _unknown)
    app.add_exception_handler(NotEntitled, _not_entitled)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _refused_below)
    app.add_exception_handler(DataError, _unstorable)
    app.add_exception_handler(Exception, _failed)
    return app


def _page(request: Request, status: int, words: str) -> Response:
    if is_api(request):
        sentence = desk_of(request).catalog_for(request).say(words)
        return JSONResponse({"error": words.removeprefix("error."), "sentence": sentence}, status)
    return desk_of(request).page(request, "error.html", None, status=status, words=words)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ReviewError)
    wants_a_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if isinstance(error, NotSignedIn) and wants_a_page:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(wanted, safe='')}", 303)
    if isinstance(error, PasswordDue) and wants_a_page:
        return RedirectResponse(account_pages.password_address(request.url.path), 303)
    if isinstance(error, ApiRefused):
        return JSONResponse({"error": "refused", "sentence": str(error)}, error.status)
    if isinstance(error, FormNotOurs):
        log.warning("form refused", extra={"path": request.url.path})
    if isinstance(error, TooManyRequests):
        sentence = desk_of(request).catalog_for(request).say(error.words, seconds=error.wait_s)
        response: Response = JSONResponse({"error": "too_many_requests", "sentence": sentence}, error.status)
    else:
        response = _page(request, error.status, error.words)
    if isinstance(error, TooManyTries):
        response.headers["retry-after"] = str(error.wait_s)
    return response


def _unknown(request: Request, _error: Exception) -> Response:
    return _page(request, NotFound.status, NotFound.words)


def _not_entitled(request: Request, error: Exception) -> Response:
    log.warning("refused to a role: %s", error, extra={"path": request.url.path})
    return _page(request, RightMissing.status, RightMissing.words)


def _unreadable(request: Request, error: Exception) -> Response:
    """An id that does not parse names nothing, so it is 404; anything else was not asked by a page of ours."""
    assert isinstance(error, RequestValidationError)
    refusal = NotFound if any(detail["loc"][0] == "path" for detail in error.errors()) else ReviewError
    if is_api(request) and refusal is not NotFound:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors())
        return JSONResponse({"error": "unreadable", "sentence": wrong[:MOST_SAID]}, 422)
    return _page(request, refusal.status, refusal.words)


def _unstorable(request: Request, error: Exception) -> Response:
    """A character or number that no column can hold (a NUL, on PostgreSQL): no page of ours sends such."""
    log.warning("what was sent cannot be stored: %s", type(error).__name__, extra={"path": request.url.path})
    return _page(request, ReviewError.status, ReviewError.words)


def _refused_below(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself: no such page, wrong method, too large."""
    assert isinstance(error, HTTPException)
    words = {
        HTTPStatus.NOT_FOUND: NotFound.words,
        HTTPStatus.METHOD_NOT_ALLOWED: "error.method_not_allowed",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "error.too_large",
    }.get(HTTPStatus(error.status_code), ReviewError.words)
    response = _page(request, error.status_code, words)
    response.headers.update(error.headers or {})
    return response


def _failed(request: Request, _error: Exception) -> Response:
    """The outermost net, outside every middleware: the server logs the traceback, the visitor gets a sentence."""
    response = _page(request, HTTPStatus.INTERNAL_SERVER_ERROR, "error.failed")
    response.headers.update(SECURITY_HEADERS)
    return response
