"""Permissions: what each route of the desk asks for, declared on the route itself.

Exactly one of these stands on every route, and a test walks them all:

    @routes.get("/incidents/{incident_id}", dependencies=[needs(Right.SEE_INCIDENTS)])      a right, and its scope
    def queue_page(scope: Annotated[Scope, needs(Right.SEE_INCIDENTS)], ...)                the same, with the scope
    @routes.get("/account", dependencies=[own("one's own account")])                        anybody who is signed in
    @routes.get("/healthz", dependencies=[public("a monitor asks without signing in")])      anybody at all
    @proof("who holds the link")                                                            on a guard of its own
    @routes.get("/api/v1/cameras", dependencies=[by_token(Right.SEE_CAMERAS)])              review_ui/api_guard.py

`needs` also refuses every thing that the path names and that lies outside the scope, in the words for what is not
there. What comes by query or form, and lists, the route narrows itself: `within`, or a condition of cases/scope.py.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant

from cases.entitlements import Right, Scope, scope_of
from cases.scope import THINGS, is_within
from models.database import reading
from review_ui.desk import Desk, TheDesk
from review_ui.doorkeeper import SignedIn
from review_ui.errors import NotFound, PasswordDue

Guard = TypeVar("Guard", bound=Callable[..., Any])

PROOFS: dict[Callable[..., Any], str] = {}  # guards that know by something else than a sign-in who asks, and by what

# names in a path that name no row of an area: pieces of a thing that the path names before, what a guard of its own
# reads, and the catalogue of offences, which is the whole site's
NO_THINGS = frozenset(
    {
        "position",
        "language",
        "token",
        "session_id",
        "token_id",
        "grant_id",
        "user_id",
        "hook_id",
        "code",
        "edition_id",
    }
)


class Declared:
    """What stands on a route, of whatever kind."""


class Needs(Declared):
    """Only those with the right, and for what lies in their scope of it."""

    def __init__(self, right: Right) -> None:
        self.right = right

    def __call__(self, request: Request, desk: TheDesk, opened: SignedIn) -> Scope:
        """Raises PasswordDue, NotEntitled, NotFound."""
        if opened.user.must_change_password:
            raise PasswordDue
        scope = scope_of(opened.user, self.right)
        for name, wanted in request.path_params.items():
            if name in THINGS:
                within(desk, scope, name, str(wanted))
        return scope


class Own(Declared):
    """Whoever is signed in, about nobody but themselves."""

    def __init__(self, why: str) -> None:
        self.why = why

    def __call__(self, opened: SignedIn) -> None:
        """Asks for the sign-in, and for nothing else."""


class Public(Declared):
    """Anybody, for the reason given."""

    def __init__(self, why: str) -> None:
        self.why = why

    def __call__(self) -> None:
        """Nothing is asked."""


def needs(right: Right) -> Any:
    return Depends(Needs(right))


def own(why: str) -> Any:
    return Depends(Own(why))


def public(why: str) -> Any:
    return Depends(Public(why))


def proof(by: str) -> Callable[[Guard], Guard]:
    """Marks a guard that believes no session but something of its own; `by` says what."""

    def mark(guard: Guard) -> Guard:
        PROOFS[guard] = by
        return guard

    return mark


def within(desk: Desk, scope: Scope, thing: str, wanted: str) -> None:
    """Raises NotFound for what is not there, or lies outside: the same answer, so that guessing tells nothing."""
    with reading(desk.settings.sessions) as session:
        if not is_within(session, scope, thing, wanted):
            raise NotFound


def declarations(dependant: Dependant) -> Iterator[Declared | str]:
    """What a route asks for; of a guard of its own the words of its proof."""
    if isinstance(dependant.call, Declared):
        yield dependant.call
    elif dependant.call in PROOFS:
        yield PROOFS[dependant.call]
    for below in dependant.dependencies:
        yield from declarations(below)
