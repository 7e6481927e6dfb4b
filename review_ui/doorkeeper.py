"""Who is asking: the sign-in guard, the check of every form, the limits of a request, the headers of every answer.

What a route asks for is declared on it (review_ui/permissions.py). Each form depends on `checked_form`, or on
`first_form` before the sign-in. A test walks the routes and fails for one that does neither.
"""

import hmac
import math
import re
import secrets
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Form, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cases import sign_in
from models.database import reading, transaction
from models.people import UserSession
from review_ui.desk import Now, TheDesk
from review_ui.errors import FormNotOurs, NotSignedIn
from review_ui.settings import ReviewSettings

FIRST_FORM_COOKIE = "first_form"
MAX_BODY_BYTES = 64 * 1024  # the largest form is a decision with its reason
MAX_STATEMENT_BYTES = 16_000_000  # what an owner says, with pictures
STATEMENTS = re.compile(r"/m/[^/]+/statement")
MAX_RECORDING_BYTES = 9_000_000  # an operator's own voice, half a minute of it
RECORDINGS = re.compile(r"/loudspeakers/[^/]+/recording")
MAX_TALK_BYTES = 1_000_000  # a quarter of a minute at the rate the page sends, twice over
TALKS = re.compile(r"/loudspeakers/[^/]+/talk")
MAX_LAW_BYTES = 9_000_000  # a catalogue of offences
LAW_FILES = re.compile(r"/law/editions")
MAX_PICTURE_BYTES = 10_100_000  # of a thing that was taken, with the form round it
PICTURES = re.compile(r"/cases/[^/]+/goods/items/[^/]+/pictures")
MAX_RECORD_BYTES = 2_000_000  # what officers take down of an inquiry or a hearing: nine bytes for a Chinese character
RECORDS = re.compile(r"/cases/[^/]+/records/[^/]+(/read)?")
# a piece of a recording: counted against the length it was begun with, and never held in memory
PIECES = re.compile(r"/uploads/[0-9a-f-]{36}")

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    # Nothing leaves the site. Not no-referrer: under that browsers send `Origin: null` with our own forms
    # (Fetch, "append a request Origin header"), and by plain HTTP they send no Sec-Fetch-Site to go by.
    "referrer-policy": "same-origin",
    # a page that needs one of these says so itself
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def session_cookie(settings: ReviewSettings) -> str:
    """Browsers keep a __Host- cookie to this host, this scheme and no other path (RFC 6265bis 4.1.3.2)."""
    return own_cookie(settings, "session")


def own_cookie(settings: ReviewSettings, name: str) -> str:
    """A cookie that no neighbouring host can plant, where visitors come by HTTPS."""
    return f"__Host-{name}" if settings.secure_cookies else name


def browser_of(request: Request) -> sign_in.Browser:
    return sign_in.Browser(request.client.host if request.client else "", request.headers.get("user-agent", ""))


def set_cookie(response: Response, settings: ReviewSettings, name: str, value: str) -> None:
    response.set_cookie(name, value, path="/", secure=settings.secure_cookies, httponly=True, samesite="lax")


def who_is_asking(request: Request, desk: TheDesk, at: Now) -> UserSession | None:
    """The open session of the browser, if it has one."""
    token = request.cookies.get(session_cookie(desk.settings))
    if not token:
        return None
    with reading(desk.settings.sessions) as session:
        opened = sign_in.session_of(session, token, at=at)
    if opened is not None and sign_in.is_due_to_be_seen(opened, at=at):
        with transaction(desk.settings.sessions) as session:
            sign_in.keep_awake(session, token, at=at)
    return opened


Visitor = Annotated[UserSession | None, Depends(who_is_asking)]


def signed_in(opened: Visitor) -> UserSession:
    if opened is None:
        raise NotSignedIn
    return opened


SignedIn = Annotated[UserSession, Depends(signed_in)]


def same_origin(request: Request) -> None:
    """Refuses a form that another site's page sent. Raises FormNotOurs.

    Sec-Fetch-Site is the browser's own word; browsers leave it out by plain HTTP, there Origin must name this host.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise FormNotOurs
        return
    origin = request.headers.get("origin")
    if origin is None or urlsplit(origin).netloc != request.headers.get("host"):
        raise FormNotOurs


def checked_form(
    request: Request,
    opened: SignedIn,
    csrf_token: Annotated[str, Form(max_length=100)],
) -> UserSession:
    """The session of a form that came from our own page, in that session."""
    same_origin(request)
    if not hmac.compare_digest(csrf_token.encode(), opened.csrf_token.encode()):
        raise FormNotOurs
    return opened


CheckedForm = Annotated[UserSession, Depends(checked_form)]


def first_form(request: Request, csrf_token: Annotated[str, Form(max_length=100)]) -> None:
    """Before the sign-in there is no session to tie a form to: its token must equal the cookie set with it."""
    same_origin(request)
    expected = request.cookies.get(FIRST_FORM_COOKIE, "")
    if not expected or not hmac.compare_digest(csrf_token.encode(), expected.encode()):
        raise FormNotOurs


def first_form_token(request: Request) -> str:
    """The token for a form shown before the sign-in; the one the browser already has, so that two tabs both work."""
    return request.cookies.get(FIRST_FORM_COOKIE) or secrets.token_urlsafe(32)


class EveryAnswer:
    """Adds the security headers to whatever is answered; a route's own choice of one of them stands."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        self.headers = SECURITY_HEADERS | (
            {"strict-transport-security": "max-age=31536000; includeSubDomains"} if secure else {}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class EveryBody:
    """Stops reading a body that is larger than any form of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        received = 0
        path, method = scope.get("path", ""), scope.get("method")
        most: float = MAX_STATEMENT_BYTES if STATEMENTS.fullmatch(path) else MAX_BODY_BYTES
        if RECORDINGS.fullmatch(path):
            most = MAX_RECORDING_BYTES
        if TALKS.fullmatch(path):
            most = MAX_TALK_BYTES
        if LAW_FILES.fullmatch(path):
            most = MAX_LAW_BYTES
        if PICTURES.fullmatch(path):
            most = MAX_PICTURE_BYTES
        if RECORDS.fullmatch(path):
            most = MAX_RECORD_BYTES
        if method == "PATCH" and PIECES.fullmatch(path):
            most = math.inf

        async def receive_some() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_some, send)
