"""Statement and defence: what the party says, point by point, and what is answered to each.

行政处罚法 art. 45: everything that is said is looked into, what holds is taken up, and nothing becomes heavier because
it was said. Art. 62: without hearing the party there is no decision, unless it gives that right up itself.
"""

import uuid
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases.casework.approvals import lock
from cases.casework.days import local_date
from cases.casework.errors import DatedWrongly, FileRefused, StepRefused, UnknownPoint
from cases.casework.rights import require_role
from cases.casework.steps import By, note
from models.case_files import CaseFile, DefencePoint
from models.enums import FileAct, FileState, Role
from models.people import User
from models.statements import OwnerStatement

LONGEST_TEXT = 4000
LONGEST_NAME = 200
# once it is decided, what the party says is an appeal
MAY_BE_HEARD = frozenset(
    {
        FileState.REGISTERED,
        FileState.FILED,
        FileState.INVESTIGATED,
        FileState.REVIEWED,
        FileState.NOTICED,
        FileState.HEARD,
    }
)
WORKS = frozenset({Role.OFFICER})


def points_of(session: Session, file_id: uuid.UUID) -> list[DefencePoint]:
    """In the order in which they were said."""
    return list(
        session.scalars(select(DefencePoint).where(DefencePoint.file_id == file_id).order_by(DefencePoint.number))
    )


def say(
    session: Session,
    file_id: uuid.UUID,
    *,
    text: str,
    said_by: str,
    said_on: date,
    by: User,
    at: datetime,
    statement_id: uuid.UUID | None = None,
) -> DefencePoint:
    """One point of the party's. said_by: as what they spoke (the party, an agent), and no name. statement_id: where
    it was said on the owner's page.

    Raises UnknownFile, NotEntitled, StepRefused once it is decided, FileRefused, DatedWrongly.
    """
    file = _open_file(session, file_id, by, FileAct.DEFENCE_SAID)
    point = _text(text, LONGEST_TEXT, "no_point")
    speaker = _text(said_by, LONGEST_NAME, "no_speaker")
    if statement_id is not None:
        statement = session.get(OwnerStatement, statement_id)
        if statement is None or statement.incident_id != file.incident_id:
            raise FileRefused("statement_of_another")
    elif said_on < local_date(file.conduct_from_at, file.timezone):
        raise DatedWrongly("before_the_conduct", file.conduct_from_at)
    if said_on > local_date(at, file.timezone):
        raise DatedWrongly("in_the_future", said_on)
    last = session.scalar(select(func.max(DefencePoint.number)).where(DefencePoint.file_id == file_id))
    row = DefencePoint(
        file_id=file_id,
        number=(last or 0) + 1,
        text=point,
        said_by=speaker,
        said_on=said_on,
        statement_id=statement_id,
        entered_at=at,
    )
    session.add(row)
    session.flush()
    told = {"point": str(row.id), "number": row.number, "statement": str(statement_id) if statement_id else None}
    # what was said before the matter was on the register has its day in the row
    done_on = said_on if said_on >= local_date(file.registered_at, file.timezone) else None
    note(session, file, FileAct.DEFENCE_SAID, by=By.person(by), at=at, done_on=done_on, facts=told)
    return row


def answer(session: Session, point_id: uuid.UUID, *, text: str, accepted: bool, by: User, at: datetime) -> DefencePoint:
    """What is answered to a point, once. accepted: it holds, and the outcome has to take it up.

    Raises UnknownPoint, NotEntitled, StepRefused once it is decided, FileRefused, DatedWrongly.
    """
    file_id = session.scalar(select(DefencePoint.file_id).where(DefencePoint.id == point_id))
    if file_id is None:
        raise UnknownPoint(point_id)
    file = _open_file(session, file_id, by, FileAct.DEFENCE_ANSWERED)
    row = session.get_one(DefencePoint, point_id, populate_existing=True)
    if row.answer is not None:
        raise FileRefused("answered_already", number=row.number)
    row.answer, row.accepted = _text(text, LONGEST_TEXT, "no_answer"), accepted
    row.answered_by_id, row.answered_at = by.id, at
    session.flush()
    told = {"point": str(row.id), "number": row.number, "accepted": accepted}
    note(session, file, FileAct.DEFENCE_ANSWERED, by=By.person(by), at=at, facts=told)
    return row


def waive(
    session: Session,
    file_id: uuid.UUID,
    *,
    reference: str,
    waived_on: date,
    by: User,
    at: datetime,
    hearing: bool = False,
) -> None:
    """The party gave up, in writing, to say anything more (行政处罚法 art. 62); hearing: and to ask for a hearing.

    reference: the paper on which it did. It counts for what the party was told last. Raises UnknownFile, NotEntitled,
    StepRefused where it was told nothing yet, FileRefused, DatedWrongly.
    """
    file = _open_file(session, file_id, by, FileAct.DEFENCE_WAIVED)
    if file.state is not FileState.NOTICED:
        raise StepRefused(file.state, FileAct.DEFENCE_WAIVED)
    said = _text(reference, LONGEST_NAME, "no_reference")
    told = {"rights": ["defence", "hearing"] if hearing else ["defence"], "reference": said}
    note(session, file, FileAct.DEFENCE_WAIVED, by=By.person(by), at=at, done_on=waived_on, facts=told)


def _open_file(session: Session, file_id: uuid.UUID, by: User, act: FileAct) -> CaseFile:
    file = lock(session, file_id)
    require_role(session, by, WORKS, file_id, to=act)
    if file.state not in MAY_BE_HEARD:
        raise StepRefused(file.state, act)
    return file


def _text(text: str, most: int, why: str) -> str:
    said = text.strip()
    if not said:
        raise FileRefused(why)
    if len(said) > most:
        raise FileRefused("text_too_long", field="text", most=most)
    return said
