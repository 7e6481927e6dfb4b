"""Who asks at the case desk, and the one frame in which an act of theirs is done and answered.

A route says who may, reads its fields, and hands one call over:

    @routes.post("/cases/{file_id}/service/demand", dependencies=[needs(Right.WORK_FILES)])
    def demand(asks: Acts, file_id: uuid.UUID) -> Response:
        def put(session: Session, file: CaseFile) -> None:
            enforcement.demand(session, file.id, by=asks.by, at=asks.at)

        return asks.act_on(file_id, "demand", put, "/service", page)

It is one transaction. Done leads back to the page; what is refused is the page again with 409, the sentence, and
everything that was typed.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from cases.casework.errors import FileError
from cases.casework.steps import By
from models.case_files import CaseFile
from models.database import transaction
from models.people import User, UserSession
from review_ui.catalog import Catalog
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.file_head import FileHead, file_head
from review_ui.file_words import refusal

REFUSED, DONE = 409, 303

Typed = Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What a form is answered with on its page. form: which of them; typed: what stood in it."""

    form: str = ""
    typed: Typed = field(default_factory=dict, repr=False)
    error: FileError | None = None


@dataclass(frozen=True)
class Asking:
    """A visit. typed: every field of the form that was sent, once."""

    request: Request
    desk: Desk
    opened: UserSession
    at: datetime
    typed: Typed = field(default_factory=dict, repr=False)

    @property
    def user(self) -> User:
        return self.opened.user

    @property
    def by(self) -> By:
        return By.person(self.opened.user)

    @property
    def catalog(self) -> Catalog:
        return self.desk.catalog_for(self.request)

    def text(self, name: str) -> str:
        """What stood in a field; a field that was not sent is an empty one."""
        return self.typed.get(name, "")

    def head(self, file_id: uuid.UUID) -> FileHead:
        """Raises NotFound."""
        return file_head(self.desk, self.request, self.opened, file_id, self.at)

    def page(self, template: str, answer: Answer, **facts: Any) -> HTMLResponse:
        """With the answer, and as `refused` the sentence of what was refused, if anything was."""
        error = answer.error
        return self.desk.page(
            self.request,
            template,
            self.opened,
            status=REFUSED if error else 200,
            answer=answer,
            refused=refusal(self.catalog, error) if error else "",
            **facts,
        )

    def act(
        self, form: str, put: Callable[[Session], object], done: str, show: Callable[[Answer], Response]
    ) -> Response:
        """done: the address it leads to; show: the page that has the form."""
        try:
            with transaction(self.desk.settings.sessions) as session:
                put(session)
        except FileError as error:
            return show(Answer(form, self.typed, error))
        return RedirectResponse(done, DONE)

    def act_on(
        self,
        file_id: uuid.UUID,
        form: str,
        put: Callable[[Session, CaseFile], object],
        back: str,
        show: Callable[["Asking", uuid.UUID, Answer], Response],
    ) -> Response:
        """The same on a case file. back: what its address ends with where it is done."""
        return self.act(
            form,
            lambda session: put(session, session.get_one(CaseFile, file_id)),
            f"/cases/{file_id}{back}",
            lambda answer: show(self, file_id, answer),
        )


async def asks_to_see(request: Request, desk: TheDesk, opened: SignedIn, at: Now) -> Asking:
    return Asking(request, desk, opened, at)


async def asks_by_form(request: Request, desk: TheDesk, opened: CheckedForm, at: Now) -> Asking:
    form = await request.form()
    typed = {name: value for name, value in form.items() if not isinstance(value, UploadFile)}
    return Asking(request, desk, opened, at, typed)


Asks = Annotated[Asking, Depends(asks_to_see)]
Acts = Annotated[Asking, Depends(asks_by_form)]
