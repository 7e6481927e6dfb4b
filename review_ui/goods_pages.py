"""The goods of a case file: measures, things, what is decided about them, and how they leave; and the stores."""

import logging
import uuid
from dataclasses import dataclass
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
from review_ui.asking import Acts, Answer, Asking, Asks
from review_ui.desk import TheDesk
from review_ui.doorkeeper import SignedIn
from review_ui.errors import BytesMissing, NotFound, TooMuchSaid
from review_ui.people_pages import Choice, Sees, Words, Works, day_of, key_of, uuid_or_none
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


@routes.get("/cases/{file_id}/goods", dependencies=[SEE])
def shown(asks: Asks, file_id: uuid.UUID) -> HTMLResponse:
    return _page(asks, file_id, Answer())


@routes.post("/cases/{file_id}/goods/measures", dependencies=[WORK])
def take(
    asks: Acts,
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

    def put(session: Session, file: CaseFile) -> None:
        wanted = Taking(kind, document, legal_basis, reason, day_of(taken_on), uuid_or_none(from_party), urgent)
        before = uuid_or_none(replaces)
        if before is None:
            goods.take(session, file, wanted, by=asks.user, at=asks.at)
        else:
            measure = _of(session, GoodsMeasure, before, file)
            goods.follow_on(session, file, measure, wanted, by=asks.user, at=asks.at)

    return asks.act_on(file_id, "take", put, "/goods", _page)


@routes.post("/cases/{file_id}/goods/measures/{measure_id}/approve", dependencies=[APPROVE])
def approve(asks: Acts, file_id: uuid.UUID, measure_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        goods.approve(session, file, _of(session, GoodsMeasure, measure_id, file), by=asks.user, at=asks.at)

    return asks.act_on(file_id, f"approve-{measure_id}", put, "/goods", _page)


@routes.post("/cases/{file_id}/goods/measures/{measure_id}/lengthen", dependencies=[APPROVE])
def lengthen(asks: Acts, file_id: uuid.UUID, measure_id: uuid.UUID, until: Choice = "", reason: Words = "") -> Response:
    def put(session: Session, file: CaseFile) -> None:
        measure = _of(session, GoodsMeasure, measure_id, file)
        goods.lengthen(session, file, measure, until=day_of(until), reason=reason, by=asks.user, at=asks.at)

    return asks.act_on(file_id, f"lengthen-{measure_id}", put, "/goods", _page)


@routes.post("/cases/{file_id}/goods/measures/{measure_id}/end", dependencies=[WORK])
def end(asks: Acts, file_id: uuid.UUID, measure_id: uuid.UUID, document: Words = "", on: Choice = "") -> Response:
    def put(session: Session, file: CaseFile) -> None:
        measure = _of(session, GoodsMeasure, measure_id, file)
        goods.end(session, file, measure, document=document, on=day_of(on), by=asks.user, at=asks.at)

    return asks.act_on(file_id, f"end-{measure_id}", put, "/goods", _page)


@routes.post("/cases/{file_id}/goods/measures/{measure_id}/items")
def enter_item(
    asks: Acts,
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
    def put(session: Session, file: CaseFile) -> None:
        measure = _of(session, GoodsMeasure, measure_id, file)
        thing = Thing(name, kind, quantity, unit, condition, remarks)
        goods.enter_item(session, file, measure, thing, _store(session, scope, store), by=asks.user, at=asks.at)

    return asks.act_on(file_id, f"item-{measure_id}", put, "/goods", _page)


@routes.post("/cases/{file_id}/goods/items/{item_id}/pictures", dependencies=[WORK])
def add_picture(
    asks: Acts, file_id: uuid.UUID, item_id: uuid.UUID, picture: Annotated[UploadFile | None, File()] = None
) -> Response:
    desk = asks.desk
    content = picture.file.read(goods.LARGEST_PICTURE + 1) if picture else b""
    try:
        with Vault.open(desk.settings.vault_root) as vault:
            pending = goods.take_picture(vault, content)
            try:
                with transaction(desk.settings.sessions) as session:
                    file = session.get_one(CaseFile, file_id)
                    item = _of(session, GoodsItem, item_id, file)
                    goods.add_picture(session, vault, file, item, pending, by=asks.user, at=asks.at)
            except BaseException:
                vault.discard(pending)
                raise
            vault.settle(pending)
    except FileError as error:
        return _page(asks, file_id, Answer(f"picture-{item_id}", error=error))
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


@routes.post("/cases/{file_id}/goods/items/{item_id}/rule", dependencies=[WORK])
def rule(
    asks: Acts,
    file_id: uuid.UUID,
    item_id: uuid.UUID,
    fate: Annotated[GoodsFate, Form()],
    quantity: Choice = "",
    document: Words = "",
    reason: Words = "",
    on: Choice = "",
) -> Response:
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
            by=asks.user,
            at=asks.at,
        )

    return asks.act_on(file_id, f"rule-{item_id}", put, "/goods", _page)


@routes.post("/cases/{file_id}/goods/items/{item_id}/ask", dependencies=[WORK])
def ask(
    asks: Acts,
    file_id: uuid.UUID,
    item_id: uuid.UUID,
    fate: Choice = "",
    quantity: Choice = "",
    reason: Words = "",
    receiver: Words = "",
    back_due_on: Choice = "",
) -> Response:
    """fate: empty where it comes back."""
    key = key_of(asks.desk)
    if fate and fate not in set(GoodsFate):
        raise NotFound

    def put(session: Session, file: CaseFile) -> None:
        back = day_of(back_due_on) if back_due_on.strip() else None
        leaving = Leaving(quantity, reason, receiver, GoodsFate(fate) if fate else None, back)
        goods.ask(session, key, file, _of(session, GoodsItem, item_id, file), leaving, by=asks.user, at=asks.at)

    return asks.act_on(file_id, f"ask-{item_id}", put, "/goods", _page)


@routes.post("/cases/{file_id}/goods/items/{item_id}/move")
def move(
    asks: Acts, scope: Works, file_id: uuid.UUID, item_id: uuid.UUID, store: Choice = "", on: Choice = ""
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        item = _of(session, GoodsItem, item_id, file)
        goods.move(session, file, item, _store(session, scope, store), on=day_of(on), by=asks.user, at=asks.at)

    return asks.act_on(file_id, f"move-{item_id}", put, "/goods", _page)


@routes.post("/cases/{file_id}/goods/requests/{goods_request_id}/decide", dependencies=[APPROVE])
def decide(
    asks: Acts, file_id: uuid.UUID, goods_request_id: uuid.UUID, agrees: Ticked = False, reason: Words = ""
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        row = _of(session, GoodsRequest, goods_request_id, file)
        goods.decide(session, file, row, agrees=agrees, reason=reason, by=asks.user, at=asks.at)

    return asks.act_on(file_id, f"decide-{goods_request_id}", put, "/goods", _page)


@routes.post("/cases/{file_id}/goods/requests/{goods_request_id}/withdraw", dependencies=[WORK])
def withdraw(asks: Acts, file_id: uuid.UUID, goods_request_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        goods.withdraw(session, file, _of(session, GoodsRequest, goods_request_id, file), by=asks.user, at=asks.at)

    return asks.act_on(file_id, f"request-{goods_request_id}", put, "/goods", _page)


@routes.post("/cases/{file_id}/goods/requests/{goods_request_id}/carry-out", dependencies=[WORK])
def carry_out(asks: Acts, file_id: uuid.UUID, goods_request_id: uuid.UUID, on: Choice = "") -> Response:
    def put(session: Session, file: CaseFile) -> None:
        row = _of(session, GoodsRequest, goods_request_id, file)
        goods.carry_out(session, file, row, on=day_of(on), by=asks.user, at=asks.at)

    return asks.act_on(file_id, f"request-{goods_request_id}", put, "/goods", _page)


@routes.post("/cases/{file_id}/goods/requests/{goods_request_id}/back", dependencies=[WORK])
def bring_back(
    asks: Acts, file_id: uuid.UUID, goods_request_id: uuid.UUID, quantity: Choice = "", on: Choice = ""
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        row = _of(session, GoodsRequest, goods_request_id, file)
        goods.bring_back(session, file, row, quantity=quantity, on=day_of(on), by=asks.user, at=asks.at)

    return asks.act_on(file_id, f"request-{goods_request_id}", put, "/goods", _page)


@routes.get("/stores")
def stores(asks: Asks, scope: Sees) -> HTMLResponse:
    return _stores_page(asks, scope, Answer())


@routes.post("/stores")
def open_store(asks: Acts, scope: Keeps, name: Words = "", place: Words = "", area: Choice = "") -> Response:
    """Who has the right for one area opens a store of that area, and none of the whole bureau."""

    def put(session: Session) -> None:
        row = goods.open_store(session, name=name, place=place, area_id=area or None, by=asks.user, at=asks.at)
        if session.scalar(select(GoodsStore.id).where(GoodsStore.id == row.id, stores_within(scope))) is None:
            raise FileRefused("store_of_another_area")

    return asks.act("store", put, "/stores", lambda answer: _stores_page(asks, scope, answer))


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


def _page(asks: Asking, file_id: uuid.UUID, answer: Answer) -> HTMLResponse:
    key, head = key_of(asks.desk), asks.head(file_id)
    sees = scope_of(asks.user, Right.SEE_FILES)
    with reading(asks.desk.settings.sessions) as session:
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
            "findings": goods_findings.findings(session, sees, asks.at, file_id=file_id),
        }
        today = local_date(asks.at, file.timezone)
    return asks.page(
        "file_goods.html",
        answer,
        head=head,
        measure_kinds=tuple(MeasureKind),
        goods_kinds=tuple(GoodsKind),
        fates=tuple(GoodsFate),
        states=GoodsRequestState,
        leads=Role.LEADER in asks.user.roles,
        told=goods.told,
        today=today,
        longest={
            each.id: goods_terms.term_of(each.kind, each.taken_on).longest(each.due_on) for each in facts["measures"]
        },
        **facts,
    )


def _stores_page(asks: Asking, scope: Scope, answer: Answer) -> HTMLResponse:
    with reading(asks.desk.settings.sessions) as session:
        counts = goods_findings.stores(session, scope)
        findings = goods_findings.findings(session, scope, asks.at)
        areas = accounts.areas(session)
    return asks.page(
        "stores.html",
        answer,
        counts=counts,
        findings=findings,
        areas=areas,
        area_names={area.id: area.name for area in areas},
    )
