"""Goods: what was taken, by which measure, what was decided about it, and how it left the bureau's hands.

Everything pairs up. A thing is taken by a measure, in a quantity; what is decided about it adds up to no more than
was taken, and when all of it is decided the measure ends that day. Nothing leaves a store without a request that
somebody else approved, of no more than is there; what leaves for good, leaves as was decided. What is not impossible
here is listed in cases/goods_findings.py.

Whoever changes anything holds the lock of the case file, so that of two who come at once the second sees what the
first did. The quantities after each movement are in its row, and the schema refuses less than nothing.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from cases import goods_terms, parties
from cases.casework import steps
from cases.casework.days import local_date
from cases.casework.errors import DatedWrongly, FileRefused
from cases.casework.steps import By
from cases.casework.table import ENDED
from cases.papers import registry
from evidence import log_contents
from evidence.sealing import keep_object
from evidence.vault import PendingObject, Vault
from models.case_files import CaseFile
from models.enums import FileAct, GoodsFate, GoodsKind, GoodsMove, GoodsRequestState, MeasureKind, Role, SheetKind
from models.parties import (
    GoodsItem,
    GoodsMeasure,
    GoodsMovement,
    GoodsPicture,
    GoodsRequest,
    GoodsRuling,
    GoodsStore,
)
from models.people import User
from models.personal_data import PersonalDataKey

# whose papers are numbered by the registry; the others carry the number of the bureau's own forms
SERIES = {MeasureKind.SEIZURE: SheetKind.SEIZURE_DECISION, MeasureKind.SEALING: SheetKind.SEIZURE_DECISION}
MILLI = 1000
QUANTITY = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3})?")
MOST = 1_000_000  # units of one thing
LONGEST = 400
LONGEST_NUMBER = 100
MOST_PICTURES = 12
LARGEST_PICTURE = 10_000_000
# by their first bytes: what a file calls itself says nothing
PICTURES = {b"\xff\xd8\xff": ("image/jpeg", ".jpg"), b"\x89PNG\r\n\x1a\n": ("image/png", ".png")}
OPEN_REQUESTS = (GoodsRequestState.ASKED, GoodsRequestState.APPROVED)
APPROVED_WITHIN = timedelta(hours=24)  # 行政强制法 art. 19: of a measure taken on the spot


@dataclass(frozen=True)
class Taking:
    """A measure as it is typed. document: the number of the paper that orders it, and of its list; left empty, one of
    the registry is drawn where there is a series.
    """

    kind: MeasureKind
    document: str
    legal_basis: str
    reason: str
    taken_on: date
    from_party_id: uuid.UUID | None = None
    urgent: bool = False


@dataclass(frozen=True)
class Thing:
    """A thing as it is typed. condition: how it was found. quantity: as written, with at most three decimals."""

    name: str
    kind: GoodsKind
    quantity: str
    unit: str
    condition: str = ""
    remarks: str = ""


@dataclass(frozen=True)
class Leaving:
    """A request as it is typed. fate: None: it comes back by back_due_on."""

    quantity: str
    reason: str
    receiver: str = field(repr=False)
    fate: GoodsFate | None = None
    back_due_on: date | None = None


@dataclass(frozen=True)
class Held:
    """A thing of which the bureau still has some. milli: in the store and out of it, to come back."""

    item: GoodsItem
    milli: int


@dataclass(frozen=True)
class Standing:
    """How one thing stands. asked: what open requests ask for. undecided: what nothing was decided about yet."""

    item: GoodsItem
    in_store: int
    out: int
    store: GoodsStore
    undecided: int
    decided: dict[GoodsFate, int]
    asked: dict[GoodsFate | None, int]

    @property
    def held(self) -> int:
        return self.in_store + self.out

    @property
    def free(self) -> int:
        """What is in the store and nobody asked for."""
        return self.in_store - sum(self.asked.values())


def milli_of(quantity: str) -> int:
    """Thousandths of a unit. Raises FileRefused."""
    typed = quantity.strip()
    if not QUANTITY.fullmatch(typed):
        raise FileRefused("quantity_unreadable")
    whole = int(Decimal(typed) * MILLI)
    if not 0 < whole <= MOST * MILLI:
        raise FileRefused("quantity_unreadable")
    return whole


def told(milli: int) -> str:
    """A quantity as people write it."""
    return f"{Decimal(milli) / MILLI:f}"


def take(session: Session, file: CaseFile, taking: Taking, *, by: User, at: datetime) -> GoodsMeasure:
    """Records a measure. It stands as long as goods_terms.toml lets it, and the head of the bureau has to approve it.

    Raises FileRefused, DatedWrongly; StepRefused in the archive.
    """
    _lock(session, file)
    _not_ended(file)
    _day(file, taking.taken_on, at)
    basis = _words(taking.legal_basis, "basis_missing", 300)
    document = _document(session, file, taking.document, SERIES.get(taking.kind), by=by, at=at)
    if session.scalar(select(GoodsMeasure.id).where(GoodsMeasure.document == document)) is not None:
        raise FileRefused("document_known", document=document)
    if taking.from_party_id is not None and taking.from_party_id not in {
        each.party_id for each in parties.parties_of(session, file.id)
    }:
        raise FileRefused("taken_from_nobody_here")
    row = GoodsMeasure(
        file_id=file.id,
        kind=taking.kind,
        document=document,
        legal_basis=basis,
        reason=_words(taking.reason, "reason_missing", LONGEST),
        from_party_id=taking.from_party_id,
        urgent=taking.urgent,
        taken_on=taking.taken_on,
        due_on=goods_terms.term_of(taking.kind, taking.taken_on).ends(taking.taken_on),
        recorded_by_id=by.id,
        recorded_at=at,
    )
    _put_new(session, row, FileRefused("document_known", document=document))
    _note(session, file, FileAct.MEASURE_TAKEN, by, at, on=taking.taken_on, measure=str(row.id), kind=row.kind.value)
    return row


def approve(session: Session, file: CaseFile, measure: GoodsMeasure, *, by: User, at: datetime) -> None:
    """The head of the bureau approves it: before, or of an urgent one within a day. Raises FileRefused."""
    _lock(session, file, measure)
    _leader(by)
    if measure.approved_at is not None:
        raise FileRefused("approved_before")
    if measure.recorded_by_id == by.id:
        raise FileRefused("own_measure")
    measure.approved_at, measure.approved_by_id = at, by.id
    session.flush()
    _note(session, file, FileAct.MEASURE_TAKEN, by, at, measure=str(measure.id), approved=True)


def lengthen(
    session: Session, file: CaseFile, measure: GoodsMeasure, *, until: date, reason: str, by: User, at: datetime
) -> None:
    """Once, while it stands, by the head of the bureau, and no longer than the law lets. Raises FileRefused."""
    _lock(session, file, measure)
    _leader(by)
    said = _words(reason, "reason_missing", LONGEST)
    _standing_measure(measure)
    if measure.extended_until is not None:
        raise FileRefused("lengthened_before")
    if local_date(at, file.timezone) > measure.due_on:
        raise FileRefused("lengthened_too_late", due_on=measure.due_on.isoformat())
    longest = goods_terms.term_of(measure.kind, measure.taken_on).longest(measure.due_on)
    if longest is None or not measure.due_on < until <= longest:
        raise FileRefused("not_so_long", most=longest.isoformat() if longest else measure.due_on.isoformat())
    measure.extended_until, measure.extend_reason = until, said
    session.flush()
    _note(session, file, FileAct.MEASURE_TAKEN, by, at, measure=str(measure.id), until=until.isoformat())


def follow_on(
    session: Session, file: CaseFile, measure: GoodsMeasure, taking: Taking, *, by: User, at: datetime
) -> GoodsMeasure:
    """Another measure in the place of this one, over the same things: a registration that becomes a seizure.

    Raises FileRefused, DatedWrongly.
    """
    _lock(session, file, measure)
    _standing_measure(measure)
    if taking.kind is measure.kind:
        raise FileRefused("same_measure_again")  # else a term could be begun anew for ever
    if taking.taken_on < measure.taken_on:
        raise DatedWrongly("before_the_last", measure.taken_on)
    newer = take(session, file, taking, by=by, at=at)
    newer.replaces_id = measure.id
    moved = [each for each in items_of(session, file.id) if each.measure_id == measure.id]
    for item in moved:
        item.measure_id = newer.id
    _end(session, file, measure, document=newer.document, on=taking.taken_on, by=by, at=at)
    return newer


def end(
    session: Session, file: CaseFile, measure: GoodsMeasure, *, document: str, on: date, by: User, at: datetime
) -> None:
    """Ends a measure that took nothing away, as of a sealed place. Raises FileRefused while something is undecided."""
    _lock(session, file, measure)
    _standing_measure(measure)
    _day(file, on, at)
    paper = _document(session, file, document, SheetKind.RELEASE_DECISION, by=by, at=at)
    if any(each.item.measure_id == measure.id and each.undecided for each in standings(session, file.id)):
        raise FileRefused("things_undecided")
    _end(session, file, measure, document=paper, on=on, by=by, at=at)


def enter_item(
    session: Session, file: CaseFile, measure: GoodsMeasure, thing: Thing, store: GoodsStore, *, by: User, at: datetime
) -> GoodsItem:
    """A line of the measure's list: numbered in its order, and in the store from the day it was taken.

    Raises FileRefused; StepRefused in the archive.
    """
    _lock(session, file, measure)
    _not_ended(file)
    _standing_measure(measure)
    milli = milli_of(thing.quantity)
    item = GoodsItem(
        file_id=file.id,
        measure_id=measure.id,
        number=_next_number(session, measure.document),
        name=_words(thing.name, "thing_without_name", 200),
        kind=thing.kind,
        unit=_words(thing.unit, "thing_without_unit", 20),
        taken_milli=milli,
        condition=" ".join(thing.condition.split())[:300],
        remarks=thing.remarks.strip(),
        entered_at=at,
    )
    session.add(item)
    session.flush()
    movement = GoodsMovement(
        item_id=item.id,
        seq=1,
        kind=GoodsMove.TAKEN_IN,
        milli=milli,
        store_id=store.id,
        in_store_milli=milli,
        out_milli=0,
        moved_on=measure.taken_on,
        actor=by.name,
        at=at,
    )
    session.add(movement)
    session.flush()
    log_contents.enter(session, movement)
    _note(session, file, FileAct.GOODS_ENTERED, by, at, item=str(item.id), milli=milli, store=str(store.id))
    return item


def take_picture(vault: Vault, content: bytes) -> PendingObject:
    """Into the vault's waiting room. Raises FileRefused, VaultFull."""
    if len(content) > LARGEST_PICTURE:
        raise FileRefused("picture_too_large")
    suffix = next((suffix for first, (_, suffix) in PICTURES.items() if content.startswith(first)), None)
    if suffix is None:
        raise FileRefused("no_picture")

    return vault.take(lambda path: _write(path, content), suffix)


def add_picture(
    session: Session, vault: Vault, file: CaseFile, item: GoodsItem, pending: PendingObject, *, by: User, at: datetime
) -> GoodsPicture:
    """Seals a picture of the thing, with its digest in the event. The caller commits, and then settles the object."""
    _lock(session, file)
    there = session.scalars(select(GoodsPicture.sha256).where(GoodsPicture.item_id == item.id)).all()
    if pending.sha256 in there:
        raise FileRefused("picture_there")
    if len(there) >= MOST_PICTURES:
        raise FileRefused("too_many_pictures", most=MOST_PICTURES)
    media_types = {suffix: media_type for media_type, suffix in PICTURES.values()}
    sealed = keep_object(session, vault, pending, media_types[pending.suffix], at=at)
    row = GoodsPicture(item_id=item.id, position=len(there) + 1, sha256=sealed.sha256, added_by=by.name, added_at=at)
    session.add(row)
    session.flush()
    _note(session, file, FileAct.GOODS_ENTERED, by, at, item=str(item.id), picture=sealed.sha256)
    return row


def rule(
    session: Session,
    file: CaseFile,
    item: GoodsItem,
    fate: GoodsFate,
    *,
    quantity: str,
    document: str,
    reason: str,
    on: date,
    by: User,
    at: datetime,
) -> GoodsRuling:
    """Records what was decided about how much of a thing; the measure ends with the last of what it took.

    Raises FileRefused: more than was taken, or than is undecided; DatedWrongly.
    """
    _lock(session, file)
    milli = milli_of(quantity)
    said = _words(reason, "reason_missing", LONGEST)
    _day(file, on, at)
    measure = session.get_one(GoodsMeasure, item.measure_id)
    if on < measure.taken_on:
        raise DatedWrongly("before_the_measure", measure.taken_on)
    stands = standing_of(session, item)
    if milli > stands.undecided:
        raise FileRefused("more_than_undecided", most=told(stands.undecided))
    series = SheetKind.RELEASE_DECISION if fate is GoodsFate.RETURN else None
    paper = _document(session, file, document, series, by=by, at=at)
    row = GoodsRuling(
        item_id=item.id,
        fate=fate,
        milli=milli,
        document=paper,
        reason=said,
        ruled_on=on,
        ruled_by_id=by.id,
        recorded_at=at,
    )
    session.add(row)
    session.flush()
    _note(session, file, FileAct.GOODS_MOVED, by, at, on=on, item=str(item.id), ruling=fate.value, milli=milli)
    left = [each for each in standings(session, file.id) if each.item.measure_id == measure.id and each.undecided]
    if measure.ended_on is None and not left:
        _end(session, file, measure, document=paper, on=on, by=by, at=at)
    return row


def ask(
    session: Session, key: PersonalDataKey, file: CaseFile, item: GoodsItem, leaving: Leaving, *, by: User, at: datetime
) -> GoodsRequest:
    """Asks that something may leave its store. Raises FileRefused: more than is there, or than was decided so."""
    _lock(session, file)
    milli = milli_of(leaving.quantity)
    said = _words(leaving.reason, "reason_missing", LONGEST)
    receiver = _words(leaving.receiver, "receiver_missing", 200)
    if (leaving.fate is None) != (leaving.back_due_on is not None):
        raise FileRefused("back_or_not")
    if leaving.back_due_on is not None and leaving.back_due_on < local_date(at, file.timezone):
        raise FileRefused("back_before_out")
    stands = standing_of(session, item)
    if milli > stands.free:
        raise FileRefused("more_than_there", most=told(max(stands.free, 0)))
    if leaving.fate is not None:
        decided = stands.decided.get(leaving.fate, 0) - _left(session, item, leaving.fate)
        most = decided - stands.asked.get(leaving.fate, 0)
        if milli > most:
            raise FileRefused("more_than_decided", most=told(max(most, 0)))
    request_id = uuid.uuid4()
    row = GoodsRequest(
        id=request_id,
        file_id=file.id,
        item_id=item.id,
        fate=leaving.fate,
        milli=milli,
        reason=said,
        receiver_sealed=key.seal(receiver, f"goods_request.receiver:{request_id}"),
        back_due_on=leaving.back_due_on,
        state=GoodsRequestState.ASKED,
        asked_by_id=by.id,
        asked_at=at,
        decide_reason="",
    )
    session.add(row)
    session.flush()
    fate = leaving.fate.value if leaving.fate else "comes_back"
    _note(session, file, FileAct.GOODS_MOVED, by, at, item=str(item.id), request=str(row.id), asked=fate, milli=milli)
    return row


def decide(
    session: Session, file: CaseFile, request: GoodsRequest, *, agrees: bool, reason: str, by: User, at: datetime
) -> None:
    """Somebody else than who asked approves or refuses. Raises FileRefused."""
    _lock(session, file)
    session.refresh(request)
    if request.state is not GoodsRequestState.ASKED:
        raise FileRefused("request_decided")
    if request.asked_by_id == by.id:
        raise FileRefused("own_request")
    said = " ".join(reason.split())[:LONGEST]
    if not agrees and not said:
        raise FileRefused("reason_missing")
    request.state = GoodsRequestState.APPROVED if agrees else GoodsRequestState.REFUSED
    request.decided_by_id, request.decided_at, request.decide_reason = by.id, at, said
    session.flush()
    _note(session, file, FileAct.GOODS_MOVED, by, at, request=str(request.id), decided=request.state.value)


def withdraw(session: Session, file: CaseFile, request: GoodsRequest, *, by: User, at: datetime) -> None:
    """What is not carried out is taken back. Raises FileRefused."""
    _lock(session, file)
    session.refresh(request)
    if request.state not in OPEN_REQUESTS:
        raise FileRefused("request_decided")
    request.state = GoodsRequestState.WITHDRAWN
    session.flush()
    _note(session, file, FileAct.GOODS_MOVED, by, at, request=str(request.id), decided="withdrawn")


def carry_out(
    session: Session, file: CaseFile, request: GoodsRequest, *, on: date, by: User, at: datetime
) -> GoodsMovement:
    """The thing leaves its store, once, as it was approved. Raises FileRefused, DatedWrongly."""
    _lock(session, file)
    session.refresh(request)
    if request.state is not GoodsRequestState.APPROVED:
        raise FileRefused("request_not_approved")
    _day(file, on, at)
    kind = GoodsMove.OUT if request.fate is None else GoodsMove.LEFT
    row = _move(session, request.item_id, kind, request.milli, on=on, by=by, at=at, request=request)
    request.state = GoodsRequestState.DONE
    session.flush()
    _note(
        session,
        file,
        FileAct.GOODS_MOVED,
        by,
        at,
        on=on,
        item=str(request.item_id),
        request=str(request.id),
        moved=kind.value,
        milli=request.milli,
    )
    return row


def bring_back(
    session: Session,
    file: CaseFile,
    request: GoodsRequest,
    *,
    quantity: str,
    on: date,
    by: User,
    at: datetime,
) -> GoodsMovement:
    """What went out comes back, all of it or some. Raises FileRefused: more than is out by this request."""
    _lock(session, file)
    session.refresh(request)
    milli = milli_of(quantity)
    _day(file, on, at)
    out = out_by(session, request)
    if milli > out:
        raise FileRefused("more_than_out", most=told(out))
    row = _move(session, request.item_id, GoodsMove.BACK, milli, on=on, by=by, at=at, request=request)
    _note(
        session,
        file,
        FileAct.GOODS_MOVED,
        by,
        at,
        on=on,
        item=str(request.item_id),
        request=str(request.id),
        moved="back",
        milli=milli,
    )
    return row


def move(
    session: Session, file: CaseFile, item: GoodsItem, store: GoodsStore, *, on: date, by: User, at: datetime
) -> GoodsMovement:
    """What is in the store goes to another one. Raises FileRefused: it is there, or some of it is out."""
    _lock(session, file)
    _day(file, on, at)
    stands = standing_of(session, item)
    if stands.out:
        raise FileRefused("some_is_out")
    if not stands.in_store:
        raise FileRefused("nothing_there")
    if stands.store.id == store.id:
        raise FileRefused("same_store")
    row = _move(session, item.id, GoodsMove.MOVED, stands.in_store, on=on, by=by, at=at, store=store)
    _note(session, file, FileAct.GOODS_MOVED, by, at, on=on, item=str(item.id), moved="moved", store=str(store.id))
    return row


def open_store(session: Session, *, name: str, place: str, area_id: str | None, by: User, at: datetime) -> GoodsStore:
    """Raises FileRefused."""
    named = _words(name, "store_without_name", 100)
    if session.scalar(select(GoodsStore.id).where(GoodsStore.name == named)) is not None:
        raise FileRefused("store_known")
    row = GoodsStore(name=named, place=" ".join(place.split())[:200], area_id=area_id, opened_by=by.name, opened_at=at)
    _put_new(session, row, FileRefused("store_known"))
    return row


def items_of(session: Session, file_id: uuid.UUID) -> Sequence[GoodsItem]:
    return session.scalars(
        select(GoodsItem)
        .where(GoodsItem.file_id == file_id)
        .options(joinedload(GoodsItem.measure))
        .order_by(GoodsItem.entered_at, GoodsItem.number)
    ).all()


def measures_of(session: Session, file_id: uuid.UUID) -> Sequence[GoodsMeasure]:
    return session.scalars(
        select(GoodsMeasure).where(GoodsMeasure.file_id == file_id).order_by(GoodsMeasure.recorded_at)
    ).all()


def measures_standing(session: Session, file_id: uuid.UUID) -> tuple[GoodsMeasure, ...]:
    return tuple(each for each in measures_of(session, file_id) if each.ended_on is None)


def requests_of(session: Session, file_id: uuid.UUID) -> Sequence[GoodsRequest]:
    return session.scalars(
        select(GoodsRequest)
        .where(GoodsRequest.file_id == file_id)
        .options(joinedload(GoodsRequest.asked_by))
        .order_by(GoodsRequest.asked_at.desc())
    ).all()


def pictures_of(session: Session, file_id: uuid.UUID) -> dict[uuid.UUID, list[GoodsPicture]]:
    """By thing."""
    rows = session.scalars(
        select(GoodsPicture)
        .join(GoodsItem, GoodsItem.id == GoodsPicture.item_id)
        .where(GoodsItem.file_id == file_id)
        .order_by(GoodsPicture.item_id, GoodsPicture.position)
    )
    found: dict[uuid.UUID, list[GoodsPicture]] = {}
    for row in rows:
        found.setdefault(row.item_id, []).append(row)
    return found


def picture(session: Session, item_id: uuid.UUID, position: int) -> GoodsPicture | None:
    return session.scalar(
        select(GoodsPicture)
        .where(GoodsPicture.item_id == item_id, GoodsPicture.position == position)
        .options(joinedload(GoodsPicture.sealed))
    )


def movements_of(session: Session, item_id: uuid.UUID) -> Sequence[GoodsMovement]:
    """Oldest first."""
    return session.scalars(
        select(GoodsMovement)
        .where(GoodsMovement.item_id == item_id)
        .options(joinedload(GoodsMovement.store))
        .order_by(GoodsMovement.seq)
    ).all()


def still_held(session: Session, file_id: uuid.UUID) -> tuple[Held, ...]:
    """The things of a case file that the bureau still has, in a store or out of it. A file with any is not closed."""
    return tuple(Held(each.item, each.held) for each in standings(session, file_id) if each.held)


def standings(session: Session, file_id: uuid.UUID) -> list[Standing]:
    """How each thing of a case file stands."""
    return [standing_of(session, item) for item in items_of(session, file_id)]


def standing_of(session: Session, item: GoodsItem) -> Standing:
    last = session.scalars(
        select(GoodsMovement)
        .where(GoodsMovement.item_id == item.id)
        .options(joinedload(GoodsMovement.store))
        .order_by(GoodsMovement.seq.desc())
        .limit(1)
    ).one()
    decided = {
        fate: int(milli)
        for fate, milli in session.execute(
            select(GoodsRuling.fate, func.sum(GoodsRuling.milli))
            .where(GoodsRuling.item_id == item.id)
            .group_by(GoodsRuling.fate)
        )
    }
    asked = {
        fate: int(milli)
        for fate, milli in session.execute(
            select(GoodsRequest.fate, func.sum(GoodsRequest.milli))
            .where(GoodsRequest.item_id == item.id, GoodsRequest.state.in_(OPEN_REQUESTS))
            .group_by(GoodsRequest.fate)
        )
    }
    undecided = item.taken_milli - sum(decided.values())
    return Standing(item, last.in_store_milli, last.out_milli, last.store, undecided, decided, asked)


def out_by(session: Session, request: GoodsRequest) -> int:
    """What went out by this request and has not come back."""
    moved = {
        kind: int(milli)
        for kind, milli in session.execute(
            select(GoodsMovement.kind, func.sum(GoodsMovement.milli))
            .where(GoodsMovement.request_id == request.id)
            .group_by(GoodsMovement.kind)
        )
    }
    return moved.get(GoodsMove.OUT, 0) - moved.get(GoodsMove.BACK, 0)


def receiver(key: PersonalDataKey, request: GoodsRequest) -> str:
    return key.open(request.receiver_sealed, f"goods_request.receiver:{request.id}")


def _document(session: Session, file: CaseFile, typed: str, series: SheetKind | None, *, by: User, at: datetime) -> str:
    """The number that was written, or the next of the series. Raises FileRefused where there is neither."""
    if typed.strip() or series is None:
        return _words(typed, "document_missing", LONGEST_NUMBER)
    return registry.draw(session, series, by=By.person(by), at=at, file_id=file.id).text


def _put_new(session: Session, row: GoodsMeasure | GoodsStore, known: FileRefused) -> None:
    """Of two who write the same number or name at the same moment the second is told: raises `known`."""
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        raise known from error


def _next_number(session: Session, document: str) -> str:
    """The next line of that list; what followed on from another measure keeps the number it was taken under."""
    there = session.scalars(
        select(GoodsItem.number).where(GoodsItem.number.startswith(f"{document}-", autoescape=True))
    )
    lines = [int(line) for line in (number.removeprefix(f"{document}-") for number in there) if line.isdigit()]
    return f"{document}-{max(lines, default=0) + 1:02d}"


def _left(session: Session, item: GoodsItem, fate: GoodsFate) -> int:
    """How much of it left for good in this way."""
    moved = session.scalar(
        select(func.sum(GoodsMovement.milli))
        .join(GoodsRequest, GoodsRequest.id == GoodsMovement.request_id)
        .where(GoodsMovement.item_id == item.id, GoodsMovement.kind == GoodsMove.LEFT, GoodsRequest.fate == fate)
    )
    return int(moved or 0)


def _move(
    session: Session,
    item_id: uuid.UUID,
    kind: GoodsMove,
    milli: int,
    *,
    on: date,
    by: User,
    at: datetime,
    request: GoodsRequest | None = None,
    store: GoodsStore | None = None,
) -> GoodsMovement:
    """The next movement, with what is there after it. Raises FileRefused, DatedWrongly."""
    last = session.scalars(
        select(GoodsMovement).where(GoodsMovement.item_id == item_id).order_by(GoodsMovement.seq.desc()).limit(1)
    ).one()
    if on < last.moved_on:
        raise DatedWrongly("before_the_last", last.moved_on)
    into_store = {GoodsMove.OUT: -milli, GoodsMove.LEFT: -milli, GoodsMove.BACK: milli}.get(kind, 0)
    out = {GoodsMove.OUT: milli, GoodsMove.BACK: -milli}.get(kind, 0)
    if last.in_store_milli + into_store < 0:
        raise FileRefused("more_than_there", most=told(last.in_store_milli))
    row = GoodsMovement(
        item_id=item_id,
        seq=last.seq + 1,
        kind=kind,
        milli=milli,
        store_id=store.id if store else last.store_id,
        request_id=request.id if request else None,
        in_store_milli=last.in_store_milli + into_store,
        out_milli=last.out_milli + out,
        moved_on=on,
        actor=by.name,
        at=at,
    )
    session.add(row)
    session.flush()
    log_contents.enter(session, row)
    return row


def _end(
    session: Session, file: CaseFile, measure: GoodsMeasure, *, document: str, on: date, by: User, at: datetime
) -> None:
    measure.ended_on, measure.end_document = on, document
    session.flush()
    _note(session, file, FileAct.MEASURE_ENDED, by, at, on=on, measure=str(measure.id))


def _lock(session: Session, file: CaseFile, measure: GoodsMeasure | None = None) -> None:
    session.flush()
    session.refresh(file, with_for_update=True)
    if measure is not None:
        session.refresh(measure)
        if measure.file_id != file.id:
            raise FileRefused("of_another_file")


def _not_ended(file: CaseFile) -> None:
    """Nothing is taken for a matter that has ended; what is held yet goes its way."""
    if file.state in ENDED:
        raise FileRefused("file_ended")


def _standing_measure(measure: GoodsMeasure) -> None:
    if measure.ended_on is not None:
        raise FileRefused("measure_ended")


def _leader(user: User) -> None:
    """行政处罚法 art. 56 and 行政强制法 art. 18, 25 name the head of the authority."""
    if Role.LEADER not in user.roles:
        raise FileRefused("head_approves")


def _day(file: CaseFile, on: date, at: datetime) -> None:
    if on > local_date(at, file.timezone):
        raise DatedWrongly("in_the_future", on)
    if on < local_date(file.registered_at, file.timezone):
        raise DatedWrongly("before_registration", on)


def _words(typed: str, why: str, most: int) -> str:
    said = " ".join(typed.split())
    if not 0 < len(said) <= most:
        raise FileRefused(why)
    return said


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _note(
    session: Session,
    file: CaseFile,
    act: FileAct,
    by: User,
    at: datetime,
    *,
    on: date | None = None,
    **facts: str | int,
) -> None:
    steps.note(session, file, act, by=By.person(by), at=at, done_on=on, facts=facts)
