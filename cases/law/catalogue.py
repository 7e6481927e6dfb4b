"""The catalogue of offences as rows: taken in whole, brought into force by a named person, never edited.

What held on a day is asked with `item`. A version is never changed: another follows it from a day on, or it is ended;
each is a row, with its event, in the log.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from cases.law import search as searching
from cases.law.errors import LawRefused, UnknownLaw
from cases.law.import_law import LawFile, starting_catalogue
from cases.law.items import LawItem
from cases.law.search import Indexed
from evidence import log_contents
from models.enums import LawAct, LawEditionState, Offence
from models.law_catalogue import LawEdition, LawEnding, LawEvent, LawVersion
from models.people import User

MOST_FOUND = 50
MAX_REASON = 400
MOST_KEPT = 5_000  # versions in memory
_READ: dict[uuid.UUID, LawItem] = {}


@dataclass(frozen=True)
class By:
    """Whose act it is. user: None where it was done from the command line."""

    name: str
    user: User | None = None


@dataclass(frozen=True)
class Held:
    """A version and the days on which it holds. ends_on: the first day it does not; state: of its edition."""

    item: LawItem
    edition_id: uuid.UUID
    state: LawEditionState
    source: str
    ends_on: date | None
    end_reason: str | None

    def holds_on(self, on: date) -> bool:
        in_force = self.state is LawEditionState.IN_FORCE
        return in_force and self.item.valid_from <= on and (self.ends_on is None or on < self.ends_on)


@dataclass(frozen=True)
class Changes:
    """What an edition would do to what is in force. follows: each ends an open version on its own first day."""

    new: tuple[str, ...]
    follows: tuple[str, ...]
    unchanged: tuple[str, ...]


# --- asked


def item(session: Session, code: str, on: date) -> LawItem | None:
    """The item as it was in force on that day; None: the catalogue has none."""
    row = session.scalar(_in_force(on).where(LawVersion.code == code))
    return None if row is None else read(row)


def item_version(session: Session, version_id: str) -> LawItem | None:
    """By the id that a notice or a decision names, whether it still holds or not."""
    try:
        row = session.get(LawVersion, uuid.UUID(version_id))
    except ValueError:
        return None
    return None if row is None else read(row)


def items_for(session: Session, offence: Offence, on: date) -> list[LawItem]:
    """What a sighting of this kind may be an offence by, by code."""
    rows = session.scalars(_in_force(on).where(LawVersion.offence == offence).order_by(LawVersion.code))
    return [read(row) for row in rows]


def search(session: Session, text: str, on: date, limit: int = MOST_FOUND) -> list[LawItem]:
    """By code, keyword or first letters in pinyin, best first; without words everything, by code."""
    columns = (LawVersion.id, LawVersion.code, LawVersion.found_by, LawVersion.initials)
    asked = _in_force(on).with_only_columns(*columns).where(*map(_holds_word, searching.words_of(text)))
    rows = session.execute(asked).all()
    found = searching.best(((row[0], Indexed(row[1], row[2], row[3])) for row in rows), text, limit)
    known = {each: read_before for each in found if (read_before := _READ.get(each)) is not None}
    unread = [each for each in found if each not in known]
    if unread:
        known |= {row.id: read(row) for row in session.scalars(select(LawVersion).where(LawVersion.id.in_(unread)))}
    return [known[each] for each in found]


def versions(session: Session, code: str) -> list[Held]:
    """Every version of an item that was ever taken in and not discarded, newest first. Raises UnknownLaw."""
    rows = session.scalars(
        select(LawVersion)
        .join(LawVersion.edition)
        .where(LawVersion.code == code, LawEdition.state != LawEditionState.DISCARDED)
        .options(contains_eager(LawVersion.edition), joinedload(LawVersion.ending))
        .order_by(LawVersion.valid_from.desc(), LawEdition.read_at.desc())
    ).all()
    if not rows:
        raise UnknownLaw(code)
    return [_held(row) for row in rows]


def editions(session: Session) -> list[LawEdition]:
    """With what was done with each, newest first."""
    return list(
        session.scalars(
            select(LawEdition)
            .options(selectinload(LawEdition.events).joinedload(LawEvent.user))
            .order_by(LawEdition.read_at.desc(), LawEdition.id)
        )
    )


def waiting(session: Session) -> int:
    """How many editions wait to be brought into force."""
    asked = select(func.count()).where(LawEdition.state == LawEditionState.READ)
    return session.scalar(asked) or 0


def edition(session: Session, edition_id: uuid.UUID) -> LawEdition:
    """With what was done with it. Raises UnknownLaw."""
    found = session.get(LawEdition, edition_id, options=[selectinload(LawEdition.events).joinedload(LawEvent.user)])
    if found is None:
        raise UnknownLaw(f"edition {edition_id}")
    return found


def items_of(session: Session, edition_id: uuid.UUID) -> list[LawItem]:
    """What an edition holds, by code."""
    rows = session.scalars(
        select(LawVersion).where(LawVersion.edition_id == edition_id).order_by(LawVersion.code, LawVersion.valid_from)
    )
    return [read(row) for row in rows]


def read(row: LawVersion) -> LawItem:
    """Kept once it was read: a version is never edited."""
    known = _READ.get(row.id)
    if known is None:
        known = LawItem.model_validate({**row.terms, "version_id": str(row.id)})
        if len(_READ) >= MOST_KEPT:
            _READ.clear()
        _READ[row.id] = known
    return known


def changes(session: Session, items: Sequence[LawItem]) -> Changes:
    """What bringing these into force would do. Raises LawRefused for a day on which two versions would hold."""
    held = _held_by_code(session, {each.code for each in items})
    fates = [(each.code, _fate(held.get(each.code, []), each)) for each in items]
    new, follows, unchanged = (tuple(code for code, fate in fates if fate is each) for each in _Fate)
    return Changes(new, follows, unchanged)


# --- done


def take_in(session: Session, file: LawFile, *, by: By, at: datetime) -> LawEdition:
    """Rows of a file that has no fault; nothing of it holds before it is brought into force.

    Raises LawRefused where it would overlap with what is in force, or changes nothing.
    """
    held = _held_by_code(session, {each.code for each in file.items})
    fresh = [each for each in file.items if _fate(held.get(each.code, []), each) is not _Fate.UNCHANGED]
    if not fresh:
        raise LawRefused("nothing_new")
    row = LawEdition(
        source=file.source,
        file_name=file.name[-255:],
        sha256=file.sha256,
        items=len(fresh),
        state=LawEditionState.READ,
        read_at=at,
    )
    session.add(row)
    session.flush()
    versions_of_it = [_version(row, each) for each in fresh]
    session.add_all(versions_of_it)
    session.flush()
    for version in versions_of_it:
        log_contents.enter(session, version, at=at)
    facts = {"sha256": file.sha256, "items": len(fresh), "unchanged": len(file.items) - len(fresh)}
    _append(session, row, LawAct.READ, by=by, at=at, reason=file.source, facts=facts)
    return row


def bring_into_force(session: Session, edition_id: uuid.UUID, *, by: By, reason: str, at: datetime) -> Changes:
    """From now on its versions hold on their days; open ones before them end on the day they begin.

    Raises UnknownLaw, LawRefused.
    """
    row = _locked(session, edition_id)
    reason = _reason(reason)
    if row.state is not LawEditionState.READ:
        raise LawRefused("not_waiting", state=row.state.value)
    fresh = session.scalars(select(LawVersion).where(LawVersion.edition_id == row.id)).all()
    told = changes(session, [read(version) for version in fresh])
    held = _held_by_code(session, {version.code for version in fresh})
    for version in fresh:
        coming = read(version)
        for before in held.get(version.code, []):
            if _is_followed(before, coming):
                _end_row(session, before, version.valid_from, version.id, reason=reason, at=at)
    row.state = LawEditionState.IN_FORCE
    facts = {"new": len(told.new), "follows": len(told.follows), "unchanged": len(told.unchanged)}
    _append(session, row, LawAct.BROUGHT_INTO_FORCE, by=by, at=at, reason=reason, facts=facts)
    return told


def discard(session: Session, edition_id: uuid.UUID, *, by: By, reason: str, at: datetime) -> None:
    """An edition that is not to come into force. Raises UnknownLaw, LawRefused."""
    row = _locked(session, edition_id)
    reason = _reason(reason)
    if row.state is not LawEditionState.READ:
        raise LawRefused("not_waiting", state=row.state.value)
    row.state = LawEditionState.DISCARDED
    _append(session, row, LawAct.DISCARDED, by=by, at=at, reason=reason, facts={})


def end(session: Session, version_id: uuid.UUID, ends_on: date, *, by: By, reason: str, at: datetime) -> None:
    """A version that holds no longer from that day on; on its own first day: it never held.

    Raises UnknownLaw, LawRefused.
    """
    version = session.get(LawVersion, version_id)
    if version is None:
        raise UnknownLaw(f"version {version_id}")
    row = _locked(session, version.edition_id)
    reason = _reason(reason)
    held = next((each for each in versions(session, version.code) if each.item.version_id == str(version_id)), None)
    if held is None or held.state is not LawEditionState.IN_FORCE:
        raise LawRefused("not_in_force")
    if held.end_reason is not None:
        raise LawRefused("ended_before", ends_on=str(held.ends_on))
    if ends_on < version.valid_from or (version.valid_to is not None and ends_on >= version.valid_to):
        raise LawRefused("not_while_it_holds", valid_from=version.valid_from.isoformat())
    _end_row(session, held, ends_on, None, reason=reason, at=at)
    facts = {"version": str(version_id), "code": version.code, "ends_on": ends_on.isoformat()}
    _append(session, row, LawAct.ENDED, by=by, at=at, reason=reason, facts=facts)


def start(session: Session, *, by: By, reason: str, at: datetime) -> LawEdition:
    """The starting catalogue, taken in and brought into force. Raises LawRefused where it is there already."""
    row = take_in(session, starting_catalogue(), by=by, at=at)
    bring_into_force(session, row.id, by=by, reason=reason, at=at)
    return row


# --- rows


def _in_force(on: date) -> Select[Any]:
    """Versions of editions that are in force, on a day on which they hold."""
    return (
        select(LawVersion)
        .join(LawEdition, LawEdition.id == LawVersion.edition_id)
        .outerjoin(LawEnding, LawEnding.version_id == LawVersion.id)
        .where(LawEdition.state == LawEditionState.IN_FORCE, LawVersion.valid_from <= on, _not_over(on))
    )


def _holds_word(word: str) -> ColumnElement[bool]:
    """Whether a row can be found by it at all; how well is ranked afterwards."""
    columns = (func.lower(LawVersion.code), LawVersion.found_by, LawVersion.initials)
    return or_(*(column.contains(word, autoescape=True) for column in columns))


def _not_over(on: date) -> ColumnElement[bool]:
    return and_(
        or_(LawVersion.valid_to.is_(None), LawVersion.valid_to > on),
        or_(LawEnding.ends_on.is_(None), LawEnding.ends_on > on),
    )


def _held(row: LawVersion) -> Held:
    ending = row.ending
    return Held(
        read(row),
        row.edition_id,
        row.edition.state,
        row.edition.source,
        ending.ends_on if ending else row.valid_to,
        ending.reason if ending else None,
    )


def _held_by_code(session: Session, codes: Iterable[str]) -> dict[str, list[Held]]:
    """Versions in force of these codes, on whatever day; those that never held left out."""
    rows = session.scalars(
        select(LawVersion)
        .join(LawVersion.edition)
        .where(LawVersion.code.in_(codes), LawEdition.state == LawEditionState.IN_FORCE)
        .options(contains_eager(LawVersion.edition), joinedload(LawVersion.ending))
        .order_by(LawVersion.valid_from)
    )
    found: dict[str, list[Held]] = {}
    for row in rows:
        held = _held(row)
        if held.ends_on != row.valid_from:
            found.setdefault(row.code, []).append(held)
    return found


class _Fate(Enum):
    """What bringing a version into force does to those of its code."""

    NEW = 1
    FOLLOWS = 2
    UNCHANGED = 3


def _fate(beside: Sequence[Held], coming: LawItem) -> _Fate:
    """Raises LawRefused where two would hold on one day."""
    if any(_same(before, coming) for before in beside):
        return _Fate.UNCHANGED
    for before in beside:
        if not _is_followed(before, coming) and _overlap(before, coming):
            raise LawRefused(
                "overlaps",
                code=coming.code,
                from_day=coming.valid_from.isoformat(),
                held_from=before.item.valid_from.isoformat(),
            )
    return _Fate.FOLLOWS if any(_is_followed(before, coming) for before in beside) else _Fate.NEW


def _same(held: Held, wanted: LawItem) -> bool:
    return held.end_reason is None and _terms(held.item) == _terms(wanted)


def _is_followed(before: Held, coming: LawItem) -> bool:
    """An open version gives way to one that begins later."""
    return before.ends_on is None and before.item.valid_from < coming.valid_from


def _overlap(before: Held, coming: LawItem) -> bool:
    begins_in_time = coming.valid_to is None or before.item.valid_from < coming.valid_to
    return begins_in_time and (before.ends_on is None or before.ends_on > coming.valid_from)


def _version(row: LawEdition, wanted: LawItem) -> LawVersion:
    index = searching.indexed(wanted)
    return LawVersion(
        edition_id=row.id,
        code=wanted.code,
        offence=wanted.offence,
        valid_from=wanted.valid_from,
        valid_to=wanted.valid_to,
        terms=_terms(wanted),
        found_by=index.found_by,
        initials=index.initials,
    )


def _terms(wanted: LawItem) -> dict[str, Any]:
    return wanted.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _locked(session: Session, edition_id: uuid.UUID) -> LawEdition:
    """Every edition is locked, so that two that come into force at once see each other. Raises UnknownLaw."""
    rows = session.scalars(
        select(LawEdition).order_by(LawEdition.id).with_for_update().execution_options(populate_existing=True)
    )
    found = next((row for row in rows if row.id == edition_id), None)
    if found is None:
        raise UnknownLaw(f"edition {edition_id}")
    return found


def _end_row(
    session: Session, held: Held, ends_on: date, followed_by: uuid.UUID | None, *, reason: str, at: datetime
) -> None:
    ending = LawEnding(
        version_id=uuid.UUID(held.item.version_id),
        ends_on=ends_on,
        followed_by_id=followed_by,
        reason=reason,
        ended_at=at,
    )
    session.add(ending)
    session.flush()
    log_contents.enter(session, ending, at=at)


def _reason(given: str) -> str:
    """Raises LawRefused."""
    reason = given.strip()
    if not reason or len(reason) > MAX_REASON:
        raise LawRefused("no_reason")
    return reason


def _append(
    session: Session, row: LawEdition, act: LawAct, *, by: By, at: datetime, reason: str, facts: dict[str, Any]
) -> None:
    last = session.scalar(select(func.max(LawEvent.seq)).where(LawEvent.edition_id == row.id))
    event = LawEvent(
        edition_id=row.id,
        seq=(last or 0) + 1,
        act=act,
        actor=by.name,
        actor_id=by.user.id if by.user else None,
        at=at,
        reason=reason,
        facts=facts,
    )
    session.add(event)
    session.flush()
    log_contents.enter(session, event)
