"""Review of archived case files by a score sheet: begun by a named person, judged item by item, on record when done.

What the program sees by itself stands beside the items with pointers, as it was when the review began; it deducts
nothing. Nobody reviews a matter they were in charge of. Results are shown for an area and never as a ranking.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from cases.casework import steps
from cases.casework.steps import By
from cases.entitlements import Scope
from cases.scope import files_within
from cases.volume import formula, review_facts
from cases.volume.checks import CHECKS
from cases.volume.errors import ScoreRefused
from cases.volume.order import Order
from cases.volume.score_sheet import ScoreSheet
from models.case_files import CaseFile, FileOfficer
from models.dispatch import Area
from models.enums import FileAct, FileState
from models.people import User
from models.volumes import FileScore, FileScoreItem

LONGEST_REASON, LONGEST_OPINION = 1000, 4000


@dataclass(frozen=True)
class Mark:
    """What a person says of one item."""

    deducted: int
    reason: str = ""


@dataclass(frozen=True)
class Reviewable:
    """An archived file. score: the newest review of it, with who reviews."""

    file: CaseFile
    score: FileScore | None


@dataclass(frozen=True)
class Reviewables:
    rows: Sequence[Reviewable]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class AreaFigures:
    """area: its name; None: files that lie in none. figures: by code of the measure; None: it divides by nothing."""

    area: str | None
    files: int
    figures: Mapping[str, float | None]


def begin(
    session: Session, file_id: uuid.UUID, sheet: ScoreSheet, order: Order, *, by: User, at: datetime
) -> FileScore:
    """A review with what the program found, or the one under way where it is this person's.

    Raises ScoreRefused: not in the archive, an officer of the matter, in another's hands.
    """
    file = session.get_one(CaseFile, file_id, with_for_update=True)
    _check_reviewer(session, file, by)
    under_way = session.scalar(select(FileScore).where(FileScore.file_id == file_id, FileScore.finished_at.is_(None)))
    if under_way is not None:
        if under_way.reviewer_id != by.id:
            raise ScoreRefused("in_other_hands")
        return under_way
    facts = review_facts.load(session, file, order, at=at)
    score = FileScore(file_id=file_id, sheet=sheet.title, reviewer_id=by.id, begun_at=at, opinion="")
    session.add(score)
    session.flush()
    for place, item in enumerate(sheet.item, start=1):
        found = None if item.check is None else CHECKS[item.check](facts).as_json()
        session.add(FileScoreItem(score_id=score.id, place=place, code=item.code, points=item.points, found=found))
    session.flush()
    return score


def finish(
    session: Session, file_id: uuid.UUID, marks: Mapping[str, Mark], *, opinion: str, by: User, at: datetime
) -> FileScore:
    """Ends the review under way. Raises ScoreRefused: none is, another's, points with no reason or that are not there.

    Nothing is written where one item is refused.
    """
    file = session.get_one(CaseFile, file_id, with_for_update=True)
    _check_reviewer(session, file, by)
    score = session.scalar(
        select(FileScore)
        .where(FileScore.file_id == file_id, FileScore.finished_at.is_(None))
        .options(selectinload(FileScore.items))
    )
    if score is None:
        raise ScoreRefused("not_begun")
    if score.reviewer_id != by.id:
        raise ScoreRefused("in_other_hands")
    if set(marks) - {item.code for item in score.items}:
        raise ScoreRefused("unknown_item")
    said = opinion.strip()
    if not 0 < len(said) <= LONGEST_OPINION:
        raise ScoreRefused("no_opinion", most=LONGEST_OPINION)
    judged = [(item, _judged(item, marks.get(item.code, Mark(0)))) for item in score.items]
    for item, mark in judged:
        item.deducted, item.reason = mark.deducted, mark.reason
    total = sum(item.points for item in score.items)
    score.points = total - sum(mark.deducted for _, mark in judged)
    score.opinion, score.finished_at = said, at
    session.flush()
    facts = {
        "score": str(score.id),
        "sheet": score.sheet,
        "points": score.points,
        "of": total,
        "deducted": {item.code: item.deducted for item in score.items if item.deducted},
    }
    steps.note(session, file, FileAct.REVIEW_SCORED, by=By.person(by), at=at, facts=facts)
    return score


def reviews_of(session: Session, file_id: uuid.UUID) -> Sequence[FileScore]:
    """The newest first, with their items and reviewers."""
    return session.scalars(
        select(FileScore)
        .where(FileScore.file_id == file_id)
        .order_by(FileScore.begun_at.desc(), FileScore.id)
        .options(selectinload(FileScore.items), joinedload(FileScore.reviewer))
    ).all()


def may_review(session: Session, file: CaseFile, user: User) -> bool:
    return file.state is FileState.ARCHIVED and not _was_in_charge(session, file, user)


def reviewables(
    session: Session, scope: Scope, *, open_only: bool = False, page: int = 1, page_size: int = 50
) -> Reviewables:
    """Archived files within the scope, newest first. open_only: those of which no review is finished."""
    conditions: list[ColumnElement[bool]] = [files_within(scope), CaseFile.state == FileState.ARCHIVED]
    if open_only:
        conditions.append(~exists().where(FileScore.file_id == CaseFile.id, FileScore.finished_at.is_not(None)))
    total = session.scalar(select(func.count()).select_from(CaseFile).where(*conditions)) or 0
    pages = max(-(-total // page_size), 1)
    page = min(max(page, 1), pages)
    files = session.scalars(
        select(CaseFile)
        .where(*conditions)
        .order_by(CaseFile.registered_at.desc(), CaseFile.id)
        .limit(page_size)
        .offset((page - 1) * page_size)
    ).all()
    scores = session.scalars(
        select(FileScore)
        .where(FileScore.file_id.in_([file.id for file in files]))
        .order_by(FileScore.begun_at)
        .options(joinedload(FileScore.reviewer))
    )
    newest = {score.file_id: score for score in scores}
    return Reviewables([Reviewable(file, newest.get(file.id)) for file in files], total, page, pages)


def figures(session: Session, scope: Scope, sheet: ScoreSheet) -> list[AreaFigures]:
    """Of each area with reviewed files, by its name: the measures over the newest finished review of each file."""
    newer = FileScore.__table__.alias("newer")
    newest = ~exists().where(
        newer.c.file_id == FileScore.file_id,
        newer.c.finished_at.is_not(None),
        newer.c.finished_at > FileScore.finished_at,
    )
    rows = session.execute(
        select(Area.name, func.count(), func.sum(FileScore.points))
        .select_from(FileScore)
        .join(CaseFile, CaseFile.id == FileScore.file_id)
        .outerjoin(Area, Area.id == CaseFile.area_id)
        .where(and_(files_within(scope), FileScore.finished_at.is_not(None), FileScore.sheet == sheet.title, newest))
        .group_by(Area.name)
        .order_by(Area.name)
    )
    return [AreaFigures(name, files, _figures(sheet, files, float(points or 0))) for name, files, points in rows]


def _figures(sheet: ScoreSheet, files: int, points: float) -> dict[str, float | None]:
    known = {
        "mean_points": points / files,
        "total": float(sheet.total),
        "files": float(files),
        "deducted": sheet.total * files - points,
    }
    return {measure.code: formula.value(measure.formula, known) for measure in sheet.measure}


def _check_reviewer(session: Session, file: CaseFile, user: User) -> None:
    if file.state is not FileState.ARCHIVED:
        raise ScoreRefused("not_archived")
    if _was_in_charge(session, file, user):
        raise ScoreRefused("own_matter")


def _was_in_charge(session: Session, file: CaseFile, user: User) -> bool:
    """Ever: who was replaced or stood back was in it too."""
    asked = select(FileOfficer.id).where(FileOfficer.file_id == file.id, FileOfficer.user_id == user.id).limit(1)
    return session.scalar(asked) is not None


def _judged(item: FileScoreItem, mark: Mark) -> Mark:
    reason = mark.reason.strip()
    if not 0 <= mark.deducted <= item.points:
        raise ScoreRefused("points_not_there", code=item.code, points=item.points)
    if mark.deducted and not 0 < len(reason) <= LONGEST_REASON:
        raise ScoreRefused("deducted_without_reason", code=item.code)
    return Mark(mark.deducted, reason[:LONGEST_REASON])
