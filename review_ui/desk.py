"""The desk: what every route has at hand, and how a page is made from a template.

One per app. A route asks `Desk` for its sessions, the time, and the page in the visitor's language.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import select

from cases.entitlements import Right, may
from cases.languages import Language
from models.database import reading
from models.people import UserSession
from models.places import Site
from review_ui.catalog import Catalog, choose_language, load
from review_ui.counting import Counting
from review_ui.oidc import SignInElsewhere
from review_ui.retelling import retold
from review_ui.settings import ReviewSettings

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGE_COOKIE = "language"
HASHES_AT_ONCE = 2  # an argon2 check takes 19 MiB and a core; more at once would let anybody stall the desk


@dataclass(frozen=True)
class Desk:
    settings: ReviewSettings
    catalogs: dict[Language, Catalog]
    templates: Environment
    counting: Counting
    hashing: threading.Semaphore
    elsewhere: SignInElsewhere | None = None  # the house's own sign-in
    clock: Callable[[], datetime] = field(default_factory=lambda: now)

    @property
    def software(self) -> str:
        return version("streetwitness")

    def catalog_for(self, request: Request) -> Catalog:
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        accepted = request.headers.get("accept-language", "")
        return self.catalogs[choose_language(self.settings.languages, chosen, accepted)]

    def timezone(self) -> str:
        """In which times are shown that belong to no camera."""
        with reading(self.settings.sessions) as session:
            return session.scalar(select(Site.timezone).order_by(Site.id).limit(1)) or "UTC"

    def page(
        self, request: Request, template: str, opened: UserSession | None, status: int = 200, **facts: Any
    ) -> HTMLResponse:
        """opened: the session of who is asking; None on the pages anybody may see.

        In the template `may("decide")` says whether who asks has that right: nobody is led to what refuses.
        """
        catalog = self.catalog_for(request)
        text = self.templates.get_template(template).render(
            t=catalog.say,
            catalog=catalog,
            retold=partial(retold, catalog),
            languages=[language for language in self.settings.languages if language != catalog.language],
            opened=opened,
            here=_here(request),
            software=self.software,
            may=lambda right: opened is not None and may(opened.user, Right(right)),
            **facts,
        )
        return HTMLResponse(text, status)


def make_desk(settings: ReviewSettings) -> Desk:
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    catalogs = {language: load(language) for language in settings.languages}
    elsewhere = None if settings.issuer is None else SignInElsewhere(settings.issuer)
    return Desk(
        settings,
        catalogs,
        templates,
        Counting(settings.redis_url),
        threading.Semaphore(max(HASHES_AT_ONCE // settings.processes, 1)),
        elsewhere,
    )


def desk_of(request: Request) -> Desk:
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    return desk


def now() -> datetime:
    """The one place in this folder that asks for the time."""
    return datetime.now(UTC)


def _here(request: Request) -> str:
    """Where a change of language comes back to; a form's answer has no address of its own to come back to."""
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


TheDesk = Annotated[Desk, Depends(desk_of)]


def time_of(desk: TheDesk) -> datetime:
    return desk.clock()


Now = Annotated[datetime, Depends(time_of)]
