"""Searching case files: by their words, number, plate, party, place, code, state, officer and dates. Reading only.

Everything is narrowed by the scope in the same query, counts too: what lies outside is not there. A person is found by
the whole name, number or phone alone, through its keyed digest: the search has no list of names to leak.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, false, func, select, text
from sqlalchemy.orm import Session

from cases import parties
from cases.entitlements import Scope
from cases.scope import files_within
from cases.volume.search_words import PIECE, pieces_of_term, terms_of
from models.case_files import CaseFile, FileOfficer
from models.enums import FileState, Offence
from models.incidents import Incident
from models.parties import FileParty, Party
from models.people import User
from models.personal_data import PersonalDataKey
from models.volumes import FileSearch

Condition = ColumnElement[bool]

# the index that migration 0030 made; its name is models/volumes.py SEARCH_INDEX
IN_SQLITE = text("file_search.number IN (SELECT rowid FROM file_search_fts WHERE file_search_fts MATCH :pieces)")
IN_POSTGRESQL = text("file_search_fts_pieces(file_search.grams) @> CAST(:pieces AS text[])")


@dataclass(frozen=True)
class Asked:
    """What to look for; what is left out narrows nothing. words: everything a file says, its number and plates too.

    party: a whole name, identity number or phone. officer: in charge now or once. first_at, end_at: the conduct reaches
    into that time, end_at not included.
    """

    words: str = ""
    party: str = ""
    place: str = ""
    law_code: str = ""
    state: FileState | None = None
    offence: Offence | None = None
    officer: str = ""
    first_at: datetime | None = None
    end_at: datetime | None = None


@dataclass(frozen=True)
class Hit:
    file: CaseFile
    plate: str | None


@dataclass(frozen=True)
class Found:
    """total: of all pages, within the scope."""

    hits: Sequence[Hit]
    total: int
    page: int
    pages: int


def search(
    session: Session,
    asked: Asked,
    scope: Scope,
    key: PersonalDataKey | None = None,
    *,
    page: int = 1,
    page_size: int = 50,
) -> Found:
    """The newest first; a page past the end is the last one. key: without it no person is found by a name."""
    conditions = [files_within(scope), *_conditions(session, asked, scope, key)]
    total, rows = _page(session, conditions, page, page_size)
    pages = max(-(-total // page_size), 1)
    if page > pages:
        page = pages
        total, rows = _page(session, conditions, page, page_size)
    return Found([Hit(file, plate) for file, plate in rows], total, page, pages)


def _page(
    session: Session, conditions: Sequence[Condition], page: int, page_size: int
) -> tuple[int, list[tuple[CaseFile, str | None]]]:
    """How many there are in all, and this page of them: asked once, since the texts are read for both."""
    counted = select(CaseFile.id, CaseFile.registered_at, func.count().over().label("total")).where(*conditions)
    shown = (
        counted.order_by(CaseFile.registered_at.desc(), CaseFile.id).limit(page_size).offset((page - 1) * page_size)
    ).subquery()
    rows = session.execute(
        select(CaseFile, Incident.plate, shown.c.total)
        .join(shown, shown.c.id == CaseFile.id)
        .outerjoin(Incident, Incident.id == CaseFile.incident_id)
        .order_by(CaseFile.registered_at.desc(), CaseFile.id)
    ).all()
    if rows:
        return rows[0][2], [(file, plate) for file, plate, _ in rows]
    return (session.scalar(select(func.count()).select_from(CaseFile).where(*conditions)) or 0) if page > 1 else 0, []


def officers(session: Session, scope: Scope) -> list[User]:
    """Who is or was in charge of a file within the scope."""
    named = select(FileOfficer.user_id).join(CaseFile, CaseFile.id == FileOfficer.file_id).where(files_within(scope))
    return list(session.scalars(select(User).where(User.id.in_(named)).order_by(User.display_name, User.id)))


def _conditions(session: Session, asked: Asked, scope: Scope, key: PersonalDataKey | None) -> Iterator[Condition]:
    terms = terms_of(asked.words)
    if terms:
        yield CaseFile.id.in_(_with_words(session.get_bind().dialect.name, terms))
    elif asked.words.strip():
        yield false()  # nothing but signs: no text has them
    if asked.party.strip():
        yield CaseFile.id.in_(_with_party(session, asked.party, scope, key))
    if asked.place.strip():
        yield func.lower(CaseFile.place).contains(asked.place.strip().lower(), autoescape=True)
    if asked.law_code.strip():
        yield CaseFile.law_code.startswith(asked.law_code.strip(), autoescape=True)
    yield from _of_rows(asked)


def _of_rows(asked: Asked) -> Iterator[Condition]:
    if asked.state is not None:
        yield CaseFile.state == asked.state
    if asked.offence is not None:
        yield CaseFile.offence == asked.offence
    if asked.officer:
        yield exists().where(
            FileOfficer.file_id == CaseFile.id, FileOfficer.user_id == User.id, User.name == asked.officer
        )
    if asked.first_at is not None:
        yield CaseFile.conduct_to_at >= asked.first_at
    if asked.end_at is not None:
        yield CaseFile.conduct_from_at < asked.end_at


def _with_words(engine: str, terms: Sequence[str]) -> Select[uuid.UUID]:
    """The pieces are asked of the index, and of what it finds the words themselves."""
    pieces = sorted({piece for term in terms for piece in pieces_of_term(term)})
    if engine == "sqlite":
        matching = IN_SQLITE.bindparams(pieces=" ".join(f'"{piece}"' for piece in pieces))
    else:
        matching = IN_POSTGRESQL.bindparams(pieces=pieces)
    # what is no longer than a piece is one: the index has said already that it is there
    says = [FileSearch.words.contains(term, autoescape=True) for term in terms if len(term) > PIECE]
    return select(FileSearch.file_id).where(matching, *says)


def _with_party(session: Session, typed: str, scope: Scope, key: PersonalDataKey | None) -> Select[uuid.UUID]:
    """A company is found by a part of its name, which is public; a person only by the whole of what is asked for."""
    if key is None:
        named = func.lower(Party.public_name).contains(typed.strip().lower(), autoescape=True)
        return select(FileParty.file_id).join(Party, Party.id == FileParty.party_id).where(named)
    found = {
        each for party in parties.search(session, key, typed, scope) for each in parties.entries_of(session, party.id)
    }
    return select(FileParty.file_id).where(FileParty.party_id.in_(found))
