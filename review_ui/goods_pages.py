"""The goods of a case file: measures, things, what is decided about them, and how they leave; and the stores."""

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi import Path as InPath
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import accounts, goods, goods_findings, goods_terms, parties
from cases.casework.days import local_date
from cases.casework.errors import FileError, FileRefused
from cases.entitlements import Right, Scope, scope_of
from cases.goods import Leaving, Standing, Taking, Thing
from cases.scope import stores_within
from evidence.errors import EvidenceError, VaultFailed
from evidence.vault import Vault
from models.case_files import CaseFile
from models.database import reading, transaction
from models.enums import GoodsFate, GoodsKind, GoodsRequestState, MeasureKind, Role
from models.parties import GoodsItem, GoodsMeasure, GoodsMovement, GoodsPicture, GoodsRequest, GoodsStore
from models.people import User, UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import BytesMissing, NotFound, TooMuchSaid
from review_ui.file_head import file_head
from review_ui.file_words import refusal
from review_ui.people_pages import REFUSED, Choice, Sees, Words, Works, day_of, key_of, uuid_or_none
from review_ui.permissions import needs

log = logging.getLogger(__name__)
routes = APIRouter()

SEE, WORK, APPROVE = needs(Right.SEE_FILES), needs(Right.WORK_FILES), needs(Right.APPROVE_FILES)
Approves = Annotated[Scope, APPROVE]
Keeps = Annotated[Scope, needs(Right.KEEP_REGISTRY)]
Text = Annotated[str, Form(max_length=4000)]
Ticked = Annotated[bool, Form()]


@dataclass(frozen=True)
class Line:
    """One thing as the page shows it."""

    stands: Standing
    measure: GoodsMeasure
    pictures: list[GoodsPicture]
    movements: list[GoodsMovement]


@dataclass(frozen=True)
class Answer:
    """What a form is answered with on the page. form: which; typed: what stood in it, so that nothing is lost."""

    form: str = ""
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)
    error: FileError | None = None


@dataclass(frozen=True)
class Asking:
    """Who asks for what to be done, and when."""

    request: Request
    desk: Desk
    opened: UserSession
    at: datetime
    scope: Scope
    file_id: uuid.UUID

    @property
    def user(self) -> User:
        return self.opened.user


@routes.get("/cases/{file_id}/goods")
def shown(request: Request, desk: TheDesk, opened: SignedIn, at: Now, scope: Sees, file_id: uuid.UUID) -> HTMLResponse:
    return _page(Asking(request, desk, opened, at, scope, file_id), Answer())


@routes.post("/cases/{file_id}/goods/measures")
def take(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    kind: Annotated[MeasureKind, Form()],
    document: Words = "",
    legal_basis: Words = "",
    reason: Words = "",
    taken_on: Choice = "",
    from_party: Choice = "",
    urgent: Ticked = False,
    replaces: Choice = "",
) -> Response:
    """replaces: the measure that this one follows on, over the same things."""
    typed = {
        "kind": kind.value,
        "document": document,
        "legal_basis": legal_basis,
        "reason": reason,
        "taken_on": taken_on,
        "from_party": from_party,
        "urgent": "yes" if urgent else "",
        "replaces": replaces,
    }

    def put(session: Session, file: CaseFile) -> None:
        wanted = Taking(kind, document, legal_basis, reason, day_of(taken_on), uuid_or_none(from_party), urgent)
        before = uuid_or_none(replaces)
        if before is None:
            goods.take(session, file, wanted, by=opened.user, at=at)
        else:
            measure = _of(session, GoodsMeasure, before, file)
            goods.follow_on(session, file, measure, wanted, by=opened.user, at=at)

    return _done(Asking(request, desk, opened, at, scope, file_id), Answer("take", typed), put)


@routes.post("/cases/{file_id}/goods/measures/{measure_id}/approve")
def approve(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Approves,
    file_id: uuid.UUID,
    measure_id: uuid.UUID,
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        goods.approve(session, file, _of(session, GoodsMeasure, measure_id, file), by=opened.user, at=at)

    return _done(Asking(request, desk, opened, at, scope, file_id), Answer(f"approve-{measure_id}"), put)


@routes.post("/cases/{file_id}/goods/measures/{measure_id}/lengthen")
def lengthen(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Approves,
    file_id: uuid.UUID,
    measure_id: uuid.UUID,
    until: Choice = "",
    reason: Words = "",
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        measure = _of(session, GoodsMeasure, measure_id, file)
        goods.lengthen(session, file, measure, until=day_of(until), reason=reason, by=opened.user, at=at)

    answer = Answer(f"lengthen-{measure_id}", {"until": until, "reason": reason})
    return _done(Asking(request, desk, opened, at, scope, file_id), answer, put)


@routes.post("/cases/{file_id}/goods/measures/{measure_id}/end")
def end(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    measure_id: uuid.UUID,
    document: Words = "",
    on: Choice = "",
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        measure = _of(session, GoodsMeasure, measure_id, file)
        goods.end(session, file, measure, document=document, on=day_of(on), by=opened.user, at=at)

    answer = Answer(f"end-{measure_id}", {"document": document, "on": on})
    return _done(Asking(request, desk, opened, at, scope, file_id), answer, put)


@routes.post("/cases/{file_id}/goods/measures/{measure_id}/items")
def enter_item(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    measure_id: uuid.UUID,
    kind: Annotated[GoodsKind, Form()],
    name: Words = "",
    quantity: Choice = "",
    unit: Choice = "",
    condition: Words = "",
    store: Choice = "",
    remarks: Text = "",
) -> Response:
    typed = {
        "kind": kind.value,
        "name": name,
        "quantity": quantity,
        "unit": unit,
        "condition": condition,
        "store": store,
        "remarks": remarks,
    }

    def put(session: Session, file: CaseFile) -> None:
        measure = _of(session, GoodsMeasure, measure_id, file)
        thing = Thing(name, kind, quantity, unit, condition, remarks)
        goods.enter_item(session, file, measure, thing, _store(session, scope, store), by=opened.user, at=at)

    return _done(Asking(request, desk, opened, at, scope, file_id), Answer(f"item-{measure_id}", typed), put)


@routes.post("/cases/{file_id}/goods/items/{item_id}/pictures")
def add_picture(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    item_id: uuid.UUID,
    picture: Annotated[UploadFile | None, File()] = None,
) -> Response:
    asking = Asking(request, desk, opened, at, scope, file_id)
    content = picture.file.read(goods.LARGEST_PICTURE + 1) if picture else b""
    try:
        with Vault.open(desk.settings.vault_root) as vault:
            pending = goods.take_picture(vault, content)
            try:
                with transaction(desk.settings.sessions) as session:
                    file = session.get_one(CaseFile, file_id)
                    item = _of(session, GoodsItem, item_id, file)
                    goods.add_picture(session, vault, file, item, pending, by=opened.user, at=at)
            except BaseException:
                vault.discard(pending)
                raise
            vault.settle(pending)
    except FileError as error:
        return _page(asking, Answer(f"picture-{item_id}", error=error))
    except VaultFailed as error:
        log.exception("a picture of a thing could not be kept")
        raise TooMuchSaid from error
    return RedirectResponse(f"/cases/{file_id}/goods", 303)


@routes.get("/cases/{file_id}/goods/items/{item_id}/pictures/{position}", dependencies=[SEE])
def picture_of(
    desk: TheDesk,
    file_id: uuid.UUID,
    item_id: uuid.UUID,
    position: Annotated[int, InPath(ge=1, le=goods.MOST_PICTURES)],
) -> FileResponse:
    with reading(desk.settings.sessions) as session:
        _of(session, GoodsItem, item_id, session.get_one(CaseFile, file_id))
        found = goods.picture(session, item_id, position)
    if found is None:
        raise NotFound
    try:
        path = desk.settings.bytes.path(found.sha256, found.sealed.suffix)
    except EvidenceError as error:
        raise BytesMissing from error
    return FileResponse(path, media_type=found.sealed.media_type)


@routes.post("/cases/{file_id}/goods/items/{item_id}/rule")
def rule(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    item_id: uuid.UUID,
    fate: Annotated[GoodsFate, Form()],
    quantity: Choice = "",
    document: Words = "",
    reason: Words = "",
    on: Choice = "",
) -> Response:
    typed = {"fate": fate.value, "quantity": quantity, "document": document, "reason": reason, "on": on}

    def put(session: Session, file: CaseFile) -> None:
        goods.rule(
            session,
            file,
            _of(session, GoodsItem, item_id, file),
            fate,
            quantity=quantity,
            document=document,
            reason=reason,
            on=day_of(on),
            by=opened.user,
            at=at,
        )

    return _done(Asking(request, desk, opened, at, scope, file_id), Answer(f"rule-{item_id}", typed), put)


@routes.post("/cases/{file_id}/goods/items/{item_id}/ask")
def ask(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    item_id: uuid.UUID,
    fate: Choice = "",
    quantity: Choice = "",
    reason: Words = "",
    receiver: Words = "",
    back_due_on: Choice = "",
) -> Response:
    """fate: empty where it comes back."""
    key = key_of(desk)
    typed = {
        "fate": fate,
        "quantity": quantity,
        "reason": reason,
        "receiver": receiver,
        "back_due_on": back_due_on,
    }
    if fate and fate not in set(GoodsFate):
        raise NotFound

    def put(session: Session, file: CaseFile) -> None:
        back = day_of(back_due_on) if back_due_on.strip() else None
        leaving = Leaving(quantity, reason, receiver, GoodsFate(fate) if fate else None, back)
        goods.ask(session, key, file, _of(session, GoodsItem, item_id, file), leaving, by=opened.user, at=at)

    return _done(Asking(request, desk, opened, at, scope, file_id), Answer(f"ask-{item_id}", typed), put)


@routes.post("/cases/{file_id}/goods/items/{item_id}/move")
def move(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    item_id: uuid.UUID,
    store: Choice = "",
    on: Choice = "",
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        item = _of(session, GoodsItem, item_id, file)
        goods.move(session, file, item, _store(session, scope, store), on=day_of(on), by=opened.user, at=at)

    answer = Answer(f"move-{item_id}", {"store": store, "on": on})
    return _done(Asking(request, desk, opened, at, scope, file_id), answer, put)


@routes.post("/cases/{file_id}/goods/requests/{goods_request_id}/decide")
def decide(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Approves,
    file_id: uuid.UUID,
    goods_request_id: uuid.UUID,
    agrees: Ticked = False,
    reason: Words = "",
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        row = _of(session, GoodsRequest, goods_request_id, file)
        goods.decide(session, file, row, agrees=agrees, reason=reason, by=opened.user, at=at)

    answer = Answer(f"decide-{goods_request_id}", {"reason": reason})
    return _done(Asking(request, desk, opened, at, scope, file_id), answer, put)


@routes.post("/cases/{file_id}/goods/requests/{goods_request_id}/withdraw")
def withdraw(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    goods_request_id: uuid.UUID,
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        goods.withdraw(session, file, _of(session, GoodsRequest, goods_request_id, file), by=opened.user, at=at)

    return _done(Asking(request, desk, opened, at, scope, file_id), Answer(f"request-{goods_request_id}"), put)


@routes.post("/cases/{file_id}/goods/requests/{goods_request_id}/carry-out")
def carry_out(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    goods_request_id: uuid.UUID,
    on: Choice = "",
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        row = _of(session, GoodsRequest, goods_request_id, file)
        goods.carry_out(session, file, row, on=day_of(on), by=opened.user, at=at)

    answer = Answer(f"request-{goods_request_id}", {"on": on})
    return _done(Asking(request, desk, opened, at, scope, file_id), answer, put)


@routes.post("/cases/{file_id}/goods/requests/{goods_request_id}/back")
def bring_back(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    goods_request_id: uuid.UUID,
    quantity: Choice = "",
    on: Choice = "",
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        row = _of(session, GoodsRequest, goods_request_id, file)
        goods.bring_back(session, file, row, quantity=quantity, on=day_of(on), by=opened.user, at=at)

    answer = Answer(f"request-{goods_request_id}", {"quantity": quantity, "on": on})
    return _done(Asking(request, desk, opened, at, scope, file_id), answer, put)


@routes.get("/stores")
def stores(request: Request, desk: TheDesk, opened: SignedIn, at: Now, scope: Sees) -> HTMLResponse:
    return _stores_page(request, desk, opened, at, scope, Answer())


@routes.post("/stores")
def open_store(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Keeps,
    name: Words = "",
    place: Words = "",
    area: Choice = "",
) -> Response:
    """Who has the right for one area opens a store of that area, and none of the whole bureau."""
    typed = {"name": name, "place": place, "area": area}
    try:
        with transaction(desk.settings.sessions) as session:
            row = goods.open_store(session, name=name, place=place, area_id=area or None, by=opened.user, at=at)
            if session.scalar(select(GoodsStore.id).where(GoodsStore.id == row.id, stores_within(scope))) is None:
                raise FileRefused("store_of_another_area")
    except FileError as error:
        return _stores_page(request, desk, opened, at, scope, Answer("store", typed, error))
    return RedirectResponse("/stores", 303)


@routes.get("/stores/{store_id}")
def store_list(request: Request, desk: TheDesk, opened: SignedIn, scope: Sees, store_id: uuid.UUID) -> HTMLResponse:
    """Everything on the store's list, also of case files that lie elsewhere: its keeper answers for all of it."""
    with reading(desk.settings.sessions) as session:
        store = session.get_one(GoodsStore, store_id)
        lines = goods_findings.stock(session, store_id)
        reached = goods_findings.files_reached(session, scope, {line.file.id for line in lines})
    return desk.page(request, "store.html", opened, store=store, lines=lines, reached=reached, told=goods.told)


def _of(session: Session, table: Any, wanted: uuid.UUID, file: CaseFile) -> Any:
    """The row, where it belongs to this case file. Raises NotFound."""
    row = session.get(table, wanted)
    if row is None or row.file_id != file.id:
        raise NotFound
    return row


def _store(session: Session, scope: Scope, typed: str) -> GoodsStore:
    """Raises FileRefused where none was chosen, NotFound for one out of reach."""
    wanted = uuid_or_none(typed)
    if wanted is None:
        raise FileRefused("store_missing")
    store = session.scalar(select(GoodsStore).where(GoodsStore.id == wanted, stores_within(scope)))
    if store is None:
        raise NotFound
    return store


def _done(asking: Asking, answer: Answer, put: Callable[[Session, CaseFile], Any]) -> Response:
    """Back to the page, or the page with what stands against it and everything that was typed."""
    try:
        with transaction(asking.desk.settings.sessions) as session:
            put(session, session.get_one(CaseFile, asking.file_id))
    except FileError as error:
        return _page(asking, Answer(answer.form, answer.typed, error))
    return RedirectResponse(f"/cases/{asking.file_id}/goods", 303)


def _page(asking: Asking, answer: Answer) -> HTMLResponse:
    desk, file_id, error = asking.desk, asking.file_id, answer.error
    key = key_of(desk)
    head = file_head(desk, asking.request, asking.opened, file_id, asking.at)
    sees = scope_of(asking.user, Right.SEE_FILES)
    with reading(desk.settings.sessions) as session:
        file = session.get_one(CaseFile, file_id)
        pictures = goods.pictures_of(session, file_id)
        lines = [
            Line(
                each, each.item.measure, pictures.get(each.item.id, []), list(goods.movements_of(session, each.item.id))
            )
            for each in goods.standings(session, file_id)
        ]
        requests = [
            (row, goods.receiver(key, row), goods.out_by(session, row)) for row in goods.requests_of(session, file_id)
        ]
        taking_part = parties.parties_of(session, file_id)
        facts: dict[str, Any] = {
            "measures": goods.measures_of(session, file_id),
            "lines": lines,
            "numbers": {line.stands.item.id: line.stands.item for line in lines},
            "requests": requests,
            "stores": [each.store for each in goods_findings.stores(session, sees)],
            "people": {row.party_id: parties.masked(key, row.party).name for row in taking_part},
            "findings": goods_findings.findings(session, sees, asking.at, file_id=file_id),
        }
        today = local_date(asking.at, file.timezone)
    return desk.page(
        asking.request,
        "file_goods.html",
        asking.opened,
        status=REFUSED if error else 200,
        head=head,
        answer=answer,
        refused=refusal(desk.catalog_for(asking.request), error) if error else "",
        measure_kinds=tuple(MeasureKind),
        goods_kinds=tuple(GoodsKind),
        fates=tuple(GoodsFate),
        states=GoodsRequestState,
        leads=Role.LEADER in asking.user.roles,
        told=goods.told,
        today=today,
        longest={
            each.id: goods_terms.term_of(each.kind, each.taken_on).longest(each.due_on) for each in facts["measures"]
        },
        **facts,
    )


def _stores_page(
    request: Request, desk: Desk, opened: UserSession, at: datetime, scope: Scope, answer: Answer
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        counts = goods_findings.stores(session, scope)
        findings = goods_findings.findings(session, scope, at)
        areas = accounts.areas(session)
    error = answer.error
    return desk.page(
        request,
        "stores.html",
        opened,
        status=REFUSED if error else 200,
        answer=answer,
        refused=refusal(desk.catalog_for(request), error) if error else "",
        counts=counts,
        findings=findings,
        areas=areas,
        area_names={area.id: area.name for area in areas},
    )
