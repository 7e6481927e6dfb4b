"""The index that case files are found by: read anew in the transaction of each act, just before it commits.

Every act on a case file is an event, and cases/casework/steps.py says with each that the file is `due`; what belongs to
the act may still be written after its event, so the words are gathered when the transaction is about to commit. Names,
phones and addresses of persons are sealed elsewhere and never among them; a person is found by the keyed digest
(cases/volume/search.py).
"""

import uuid
from collections.abc import Iterator

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from cases.volume.search_words import joined, pieces_of
from models.case_files import CaseFile, DefencePoint, FileDecision, FileHearing, FileNotice, PaperService
from models.incidents import Incident
from models.papers import NumberedSheet
from models.parties import FileParty, FileVehicle, GoodsItem, GoodsMeasure, Party
from models.records import FileRecord
from models.volumes import FileSearch

DUE, LISTENS = "case files due for the index", "case files are indexed"


def due(session: Session, file_id: uuid.UUID) -> None:
    """Its words are gathered anew before this transaction commits."""
    if not session.info.get(LISTENS):
        session.info[LISTENS] = True
        event.listen(session, "before_commit", _index_due)
    session.info.setdefault(DUE, set()).add(file_id)


def index(session: Session, file_id: uuid.UUID) -> None:
    """Gathers the words of a case file that is there."""
    file = session.get(CaseFile, file_id)
    if file is None:  # its transaction was rolled back
        return
    words = joined(_texts(session, file))
    row = session.scalar(select(FileSearch).where(FileSearch.file_id == file_id))
    if row is None:
        row = FileSearch(file_id=file_id)
        session.add(row)
    if row.words != words:
        row.words, row.grams = words, " ".join(pieces_of(words))
    session.flush()


def _index_due(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint: what it is in commits later
        return
    session.flush()
    waiting: set[uuid.UUID] = session.info.pop(DUE, set())
    for file_id in sorted(waiting):
        index(session, file_id)


def _texts(session: Session, file: CaseFile) -> Iterator[str | None]:
    yield from (file.number, file.title, file.facts, file.place, file.source_note, file.law_code)
    if file.incident_id is not None:
        yield session.scalar(select(Incident.plate).where(Incident.id == file.incident_id))
    notices = session.scalars(select(FileNotice).where(FileNotice.file_id == file.id).order_by(FileNotice.version))
    decisions = session.scalars(select(FileDecision).where(FileDecision.file_id == file.id).order_by(FileDecision.id))
    for outcome in (*notices, *decisions):
        yield from (outcome.reasons, outcome.correction, outcome.departs_because)
    points = select(DefencePoint).where(DefencePoint.file_id == file.id).order_by(DefencePoint.number)
    for point in session.scalars(points):
        yield from (point.text, point.answer)
    hearings = select(FileHearing).where(FileHearing.file_id == file.id).order_by(FileHearing.asked_on, FileHearing.id)
    for hearing in session.scalars(hearings):
        yield from (hearing.place, hearing.opinion)
    yield from session.scalars(
        select(FileRecord.place)
        .where(FileRecord.file_id == file.id, FileRecord.read_at.is_not(None))
        .order_by(FileRecord.read_at)
    )
    yield from session.scalars(
        select(PaperService.reference).where(PaperService.file_id == file.id).order_by(PaperService.recorded_at)
    )
    yield from session.scalars(
        select(Party.public_name)
        .join(FileParty, FileParty.party_id == Party.id)
        .where(FileParty.file_id == file.id)
        .order_by(FileParty.linked_at, FileParty.id)
    )
    yield from session.scalars(
        select(FileVehicle.plate).where(FileVehicle.file_id == file.id).order_by(FileVehicle.entered_at, FileVehicle.id)
    )
    yield from session.scalars(
        select(GoodsMeasure.document)
        .where(GoodsMeasure.file_id == file.id)
        .order_by(GoodsMeasure.recorded_at, GoodsMeasure.id)
    )
    things = select(GoodsItem).where(GoodsItem.file_id == file.id).order_by(GoodsItem.entered_at, GoodsItem.number)
    for thing in session.scalars(things):
        yield from (thing.name, thing.number, thing.remarks)
    yield from session.scalars(
        select(NumberedSheet.text).where(NumberedSheet.file_id == file.id).order_by(NumberedSheet.drawn_at)
    )
