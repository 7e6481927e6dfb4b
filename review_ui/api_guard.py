"""The door of the API: a bearer token, what it and its user both may, and refusals as JSON.

No browser sends such a token by itself, so no page of another site can ask in somebody's name. A cookie opens nothing
here, and a token opens no page.
"""

from typing import Annotated, Any

from fastapi import Depends, Request
from limits import RateLimitItemPerMinute

from cases import api_tokens
from cases.api_tokens import Holder
from cases.entitlements import Right, Scope
from cases.scope import THINGS
from models.database import reading, transaction
from review_ui.desk import Desk, Now, TheDesk
from review_ui.errors import NoApiToken, TooManyRequests
from review_ui.permissions import Declared, within

PREFIX = "/api/"


def token_holder(request: Request, desk: TheDesk, at: Now) -> Holder:
    """Raises NoApiToken, TooManyRequests."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NoApiToken
    with reading(desk.settings.sessions) as session:
        holder = api_tokens.holder_of(session, token.strip(), at=at)
    if holder is None:
        raise NoApiToken
    _count(desk, holder)
    if api_tokens.is_due_to_be_seen(holder.token, at=at):
        with transaction(desk.settings.sessions) as session:
            api_tokens.note_use(session, holder.token, at=at)
    return holder


def _count(desk: Desk, holder: Holder) -> None:
    """The token first: what one program asks too much is not counted against the others of its user."""
    allowed = desk.settings.api_limits
    for most, who in (
        (allowed.of_token, ("api token", str(holder.token.id))),
        (allowed.of_user, ("api user", str(holder.user.id))),
    ):
        wait_s = desk.counting.take(RateLimitItemPerMinute(most), *who)
        if wait_s is not None:
            raise TooManyRequests(wait_s)


TheHolder = Annotated[Holder, Depends(token_holder)]


class ByToken(Declared):
    """Only tokens with the right, for what lies in the scope of both the token and its user."""

    def __init__(self, right: Right | None, why: str = "") -> None:
        self.right, self.why = right, why

    def __call__(self, request: Request, desk: TheDesk, holder: TheHolder) -> Scope | None:
        """Raises NotEntitled, NotFound."""
        if self.right is None:
            return None
        scope = holder.scope(self.right)
        for name, wanted in request.path_params.items():
            if name in THINGS:
                within(desk, scope, name, str(wanted))
        return scope


def by_token(right: Right) -> Any:
    return Depends(ByToken(right))


def any_token(why: str) -> Any:
    """Whatever the token opens: for what tells its holder about nobody else."""
    return Depends(ByToken(None, why))


def is_api(request: Request) -> bool:
    return request.url.path.startswith(PREFIX)
