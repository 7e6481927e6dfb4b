"""Writing a record: begun, kept as it is typed, read over to the person, put right by new lines, finished.

行政处罚法 art. 42 and 55: two officers with certificates that were shown, and every inquiry and inspection is taken
down; art. 64(8): so is a hearing, and where the party does not sign, the chair notes it. Until it is read over a record
is a draft of its writers; afterwards nothing in it is overwritten.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from cases.casework import file_facts, hearings, officers
from cases.casework.approvals import lock
from cases.casework.days import local_date
from cases.casework.errors import DatedWrongly, FileRefused
from cases.casework.rights import has_role_on, require_role
from cases.casework.steps import By, note
from cases.casework.table import ENDED
from cases.casework.taking import reason_of
from cases.records import reading
from cases.records import typed as as_typed
from cases.records.reading import LineValue, RecordValue
from cases.records.stock import Entry, Stock
from cases.records.typed import Said, Typed, TypedLine, Who
from models.case_files import CaseFile, FileHearing
from models.enums import (
    FileAct,
    FileState,
    PartyRole,
    QualificationKind,
    RecordEnding,
    RecordKind,
    RecordSpeaker,
    RecordState,
    Role,
)
from models.parties import FileParty, Witness
from models.people import User
from models.personal_data import PersonalDataKey
from models.records import FileRecord, RecordLine

LONGEST_REASON = 400
LONGEST_NAME = 200
OFFICERS = frozenset({Role.OFFICER})
# what a decision stands on is asked before it (行政诉讼法 art. 35)
BEFORE_THE_DECISION = frozenset(
    {
        FileState.REGISTERED,
        FileState.FILED,
        FileState.INVESTIGATED,
        FileState.REVIEWED,
        FileState.NOTICED,
        FileState.HEARD,
    }
)
# who of a case file can be asked at a hearing
AT_A_HEARING = frozenset({PartyRole.PARTY, PartyRole.LEGAL_REPRESENTATIVE, PartyRole.AGENT})


def begin(
    session: Session,
    key: PersonalDataKey,
    file_id: uuid.UUID,
    kind: RecordKind,
    stock: Stock,
    *,
    by: User,
    at: datetime,
) -> FileRecord:
    """A draft with what is known already: place, time, the officers in charge, the party, what is asked of everybody.

    Raises UnknownFile, NotEntitled, FileRefused.
    """
    file = lock(session, file_id)
    hearing = hearing_of(session, file_id) if kind is RecordKind.HEARING else None
    _check_time_for_it(file, kind, hearing)
    _check_writer(session, file, kind, hearing, by)
    known = select(func.max(FileRecord.number)).where(FileRecord.file_id == file_id, FileRecord.kind == kind)
    record_id = uuid.uuid4()
    draft = _first_draft(session, file, kind, hearing, stock, by, at)
    record = FileRecord(
        id=record_id,
        file_id=file_id,
        kind=kind,
        number=(session.scalar(known) or 0) + 1,
        state=RecordState.DRAFT,
        revision=1,
        hearing_id=None if hearing is None else hearing.id,
        written_by_id=by.id,
        written_at=at,
        changed_at=at,
        draft_sealed=_sealed_draft(key, record_id, draft),
        place=file.place,
    )
    session.add(record)
    session.flush()
    return record


def keep(
    session: Session,
    key: PersonalDataKey,
    record_id: uuid.UUID,
    typed: Typed,
    revision: int,
    *,
    by: User,
    at: datetime,
) -> int:
    """Keeps the draft as it is typed; its new revision. revision: of what was typed over.

    Raises FileRefused: it was read over or dropped, another wrote meanwhile, it is none of theirs, it is too long.
    """
    record = _mine(session, key, record_id, by)
    if record.state is not RecordState.DRAFT:
        raise FileRefused("record_is_read")
    if record.revision != revision:
        raise FileRefused("record_written_meanwhile")
    record.draft_sealed = _sealed_draft(key, record.id, as_typed.tidy(typed))
    record.revision, record.changed_at = revision + 1, at
    session.flush()
    return record.revision


def read_over(session: Session, key: PersonalDataKey, record_id: uuid.UUID, *, by: User, at: datetime) -> FileRecord:
    """It was read over, or given to be read, to who was asked: from now on it stands.

    Raises FileRefused for what is missing, DatedWrongly for a time that cannot be, StepRefused in the archive.
    """
    file, record = _locked(session, key, record_id, by)
    if record.state is not RecordState.DRAFT:
        raise FileRefused("record_is_read")
    said = as_typed.read(reading.draft_of(key, record), record.kind, file.timezone)
    hearing = record.hearing
    _check_time_for_it(file, record.kind, hearing)
    ended_at = said.ended_at or max(said.begun_at, at.replace(second=0, microsecond=0))
    _check_times(file, hearing, said.begun_at, ended_at, at)
    on = local_date(said.begun_at, file.timezone)
    first, second = _people(session, file, hearing, said, on)
    _check_elsewhere(session, file, record, (first, second), said.begun_at, ended_at)
    certificates = (None, None) if hearing else (_certificate(session, first, on), _certificate(session, second, on))
    asked = _asked(session, record, said)
    # only now, so that nothing is written before everything was asked
    record.place, record.begun_at, record.ended_at = said.place, said.begun_at, ended_at
    record.first_id, record.second_id = first.id, second.id
    record.first_certificate, record.second_certificate = certificates
    record.file_party_id, record.witness_id = asked
    record.bystander_sealed = _seal(key, record, "bystander", said.bystander) if said.bystander else None
    somebody = said.asked.who is not Who.NOBODY
    record.certificate_shown, record.rights_told = somebody and hearing is None, somebody
    lines = tuple(
        LineValue(uuid.uuid4(), number, None, RecordSpeaker(line.speaker) if line.speaker else None, line.ask, line.say)
        for number, line in enumerate(said.lines, start=1)
    )
    record.state, record.draft_sealed, record.read_at = RecordState.READ, None, at
    record.read_sha256 = reading.digest_of(RecordValue(record, lines, None, said.bystander, "", ""), lines)
    session.flush()
    _write_lines(session, key, record, lines, by, at)
    on_record = {"lines": len(lines), "sha256": record.read_sha256}
    _note(session, file, record, FileAct.RECORD_READ, by=by, at=at, on=on, **on_record)
    return record


def correct(
    session: Session,
    key: PersonalDataKey,
    record_id: uuid.UUID,
    *,
    corrects: int,
    say: str,
    by: User,
    at: datetime,
) -> RecordLine:
    """A new line that puts right the one of this number; 0: that adds to the whole. Raises FileRefused."""
    file, record = _locked(session, key, record_id, by)
    _check_read(record)
    numbers = session.scalars(select(RecordLine.number).where(RecordLine.record_id == record.id)).all()
    if corrects != 0 and corrects not in numbers:
        raise FileRefused("record_no_such_line", number=corrects)
    said = say.strip()
    if not 0 < len(said) <= as_typed.LONGEST_LINE:
        raise FileRefused("record_line_unanswered", number=max(numbers) + 1)
    line = LineValue(uuid.uuid4(), max(numbers) + 1, corrects, None, "", said)
    (row,) = _write_lines(session, key, record, (line,), by, at)
    _note(session, file, record, FileAct.RECORD_CORRECTED, by=by, at=at, line=line.number, corrects=corrects)
    return row


def finish(
    session: Session,
    key: PersonalDataKey,
    record_id: uuid.UUID,
    ending: RecordEnding,
    *,
    reason: str = "",
    witness: str = "",
    by: User,
    at: datetime,
) -> FileRecord:
    """The person signs, refuses to before a witness, or nobody was there to. Raises FileRefused."""
    file, record = _locked(session, key, record_id, by)
    _check_read(record)
    nobody = reading.who_was_asked(record) is Who.NOBODY
    if nobody and ending is not RecordEnding.ABSENT:
        raise FileRefused("record_nobody_to_sign")
    if not nobody and ending is RecordEnding.ABSENT:
        raise FileRefused("record_somebody_was_there")
    why, seen_by = _why_unsigned(record, ending, reason, witness)
    value = replace(reading.value(session, key, record), ending_reason=why, ending_witness=seen_by)
    record.ending_reason_sealed = _seal(key, record, "ending_reason", why) if why else None
    record.ending_witness_sealed = _seal(key, record, "ending_witness", seen_by) if seen_by else None
    record.state, record.ending, record.finished_at = RecordState.FINISHED, ending, at
    record.sha256 = reading.digest_of(value)
    session.flush()
    assert record.begun_at is not None, "it was read over"
    on = local_date(record.begun_at, file.timezone)
    on_record = {"ending": ending.value, "sha256": record.sha256}
    _note(session, file, record, FileAct.RECORD_FINISHED, by=by, at=at, on=on, **on_record)
    return record


def drop(session: Session, key: PersonalDataKey, record_id: uuid.UUID, *, reason: str, by: User, at: datetime) -> None:
    """A draft that is not gone on with; what was typed stays sealed where it is. Raises FileRefused."""
    file, record = _locked(session, key, record_id, by)
    if record.state is not RecordState.DRAFT:
        raise FileRefused("record_is_read")
    record.state, record.drop_reason = RecordState.DROPPED, reason_of(reason, LONGEST_REASON)
    session.flush()
    _note(session, file, record, FileAct.RECORD_DROPPED, by=by, at=at, reason=record.drop_reason)


def hearing_of(session: Session, file_id: uuid.UUID) -> FileHearing | None:
    """The one that can be taken down: announced, and not given up."""
    found = reversed(hearings.hearings_of(session, file_id))
    return next((each for each in found if each.to_be_held_at is not None and each.given_up_on is None), None)


def may_begin(session: Session, file: CaseFile, kind: RecordKind, user: User) -> bool:
    """Whether it would not be refused to this person now. `user.grants` are loaded."""
    hearing = hearing_of(session, file.id) if kind is RecordKind.HEARING else None
    try:
        _check_time_for_it(file, kind, hearing)
    except FileRefused:
        return False
    if user.id in file_facts.recused_in(session, file.id):
        return False
    if hearing is not None:
        return user.id == hearing.chair_id or hearings.why_not_chair(session, file, user) is None
    return has_role_on(session, user, Role.OFFICER, file.id)


def chosen_text(entry: Entry) -> TypedLine:
    """What of the stock was picked, as a line to be gone on with."""
    if entry.kind is RecordKind.INQUIRY:
        return TypedLine(ask=entry.zh)
    return TypedLine(say=entry.zh, speaker=entry.speaker.value if entry.speaker else "")


# --- who and when


def _check_time_for_it(file: CaseFile, kind: RecordKind, hearing: FileHearing | None) -> None:
    if file.state in ENDED:
        raise FileRefused("record_after_the_end")
    if kind is RecordKind.INQUIRY and file.state not in BEFORE_THE_DECISION:
        raise FileRefused("record_after_the_decision")
    if kind is RecordKind.HEARING and (hearing is None or file.state not in BEFORE_THE_DECISION):
        raise FileRefused("record_of_no_hearing")


def _check_writer(session: Session, file: CaseFile, kind: RecordKind, hearing: FileHearing | None, by: User) -> None:
    if kind is not RecordKind.HEARING:
        require_role(session, by, OFFICERS, file.id, to=FileAct.RECORD_READ)
    elif hearing is not None and by.id != hearing.chair_id and hearings.why_not_chair(session, file, by) is not None:
        raise FileRefused("record_clerk_unfit", name=by.display_name)
    if by.id in file_facts.recused_in(session, file.id):
        raise FileRefused("recused", name=by.display_name)


def _check_times(
    file: CaseFile, hearing: FileHearing | None, begun_at: datetime, ended_at: datetime, at: datetime
) -> None:
    """As for any day of a case file: it may lie back, never ahead, and never before the matter was registered."""
    if ended_at < begun_at:
        raise DatedWrongly("record_ends_before_it_begins", _there(begun_at, file))
    if ended_at > at:
        raise DatedWrongly("in_the_future", _there(ended_at, file))
    if local_date(begun_at, file.timezone) < local_date(file.registered_at, file.timezone):
        raise DatedWrongly("before_registration", _there(begun_at, file))
    if hearing is not None and hearing.to_be_held_at is not None:
        day = local_date(hearing.to_be_held_at, file.timezone)
        if local_date(begun_at, file.timezone) < day:
            raise DatedWrongly("before_its_day", day)


def _people(session: Session, file: CaseFile, hearing: FileHearing | None, said: Said, on: date) -> tuple[User, User]:
    """The two officers, fit for it on that day; of a hearing its chair and a clerk who did not investigate."""
    second = _user(session, said.second_id)
    if hearing is not None:
        if hearing.chair_id is None:
            raise FileRefused("record_of_no_hearing")
        if second.id == hearing.chair_id or hearings.why_not_chair(session, file, second) is not None:
            raise FileRefused("record_clerk_unfit", name=second.display_name)
        return _user(session, hearing.chair_id), second
    assert said.first_id is not None, "only a hearing has no first officer"
    first = _user(session, said.first_id)
    for each in (first, second):
        why = officers.why_not_officer(session, file, each, on)
        if why is not None:
            raise FileRefused(why, name=each.display_name)
    return first, second


def _check_elsewhere(
    session: Session,
    file: CaseFile,
    record: FileRecord,
    people: tuple[User, User],
    begun_at: datetime,
    ended_at: datetime,
) -> None:
    """Nobody takes down two things at one time. Their accounts are locked, so of two at once one is refused."""
    ids = sorted((each.id for each in people), key=str)
    session.scalars(select(User.id).where(User.id.in_(ids)).order_by(User.id).with_for_update(key_share=True)).all()
    asked = select(FileRecord).where(
        FileRecord.id != record.id,
        FileRecord.begun_at < ended_at,
        FileRecord.ended_at > begun_at,
        or_(FileRecord.first_id.in_(ids), FileRecord.second_id.in_(ids)),
    )
    other = session.scalar(asked.order_by(FileRecord.begun_at).limit(1))
    if other is None or other.begun_at is None or other.ended_at is None:
        return
    name = next(each.display_name for each in people if each.id in (other.first_id, other.second_id))
    begun, ended = (
        as_typed.shown_time(each, file.timezone).replace("T", " ") for each in (other.begun_at, other.ended_at)
    )
    raise FileRefused("record_officer_elsewhere", name=name, begun=begun, ended=ended)


def _asked(session: Session, record: FileRecord, said: Said) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """The part in the case file, or the witness of it. Raises FileRefused for one of another."""
    if said.asked.who is Who.PARTY:
        link = session.get(FileParty, said.asked.id)
        if link is None or link.file_id != record.file_id or link.ended_at is not None:
            raise FileRefused("record_nobody_asked")
        if record.kind is RecordKind.HEARING and link.role not in AT_A_HEARING:
            raise FileRefused("record_nobody_asked")
        return link.id, None
    if said.asked.who is Who.WITNESS:
        witness = session.get(Witness, said.asked.id)
        if witness is None or witness.file_id != record.file_id:
            raise FileRefused("record_nobody_asked")
        return None, witness.id
    return None, None


def _why_unsigned(record: FileRecord, ending: RecordEnding, reason: str, witness: str) -> tuple[str, str]:
    """Why it is not signed, and who saw that; of one that is signed, nothing. Raises FileRefused."""
    if ending is RecordEnding.SIGNS:
        return "", ""
    why, seen_by = reason_of(reason, LONGEST_REASON), " ".join(witness.split())
    # at a hearing the chair's own note is enough (行政处罚法 art. 64(8))
    if not seen_by and record.kind is not RecordKind.HEARING:
        raise FileRefused("record_seen_by_nobody")
    if len(seen_by) > LONGEST_NAME:
        raise FileRefused("text_too_long", field="witness", most=LONGEST_NAME)
    return why, seen_by


def _check_read(record: FileRecord) -> None:
    if record.state is RecordState.DRAFT:
        raise FileRefused("record_not_read")
    if record.state is not RecordState.READ:
        raise FileRefused("record_is_finished")


# --- rows


def _first_draft(
    session: Session,
    file: CaseFile,
    kind: RecordKind,
    hearing: FileHearing | None,
    stock: Stock,
    by: User,
    at: datetime,
) -> Typed:
    in_charge = [str(each.user_id) for each in officers.officers_of(session, file.id)]
    first, second = (in_charge + [str(by.id)] * (str(by.id) not in in_charge) + ["", ""])[:2]
    place = file.place
    if hearing is not None:
        place = hearing.place or ""
        first, second = str(hearing.chair_id), str(by.id) if by.id != hearing.chair_id else ""
    return Typed(
        place=place,
        begun=as_typed.shown_time(at, file.timezone),
        first=first,
        second=second,
        asked=_likely_asked(session, file, kind),
        lines=tuple(chosen_text(entry) for entry in stock.for_a(kind, file.offence) if entry.starts),
    )


def _likely_asked(session: Session, file: CaseFile, kind: RecordKind) -> str:
    party = session.scalar(
        select(FileParty.id)
        .where(FileParty.file_id == file.id, FileParty.ended_at.is_(None), FileParty.role == PartyRole.PARTY)
        .order_by(FileParty.linked_at, FileParty.id)
        .limit(1)
    )
    if party is not None and kind is not RecordKind.INSPECTION:
        return f"{Who.PARTY.value}:{party}"
    return ""


def _write_lines(
    session: Session, key: PersonalDataKey, record: FileRecord, lines: Sequence[LineValue], by: User, at: datetime
) -> list[RecordLine]:
    rows = [
        RecordLine(
            id=line.id,
            record_id=record.id,
            number=line.number,
            corrects=line.corrects,
            speaker=line.speaker,
            ask_sealed=key.seal(line.ask, f"record_line.ask:{line.id}") if line.ask else None,
            say_sealed=key.seal(line.say, f"record_line.say:{line.id}"),
            written_by_id=by.id,
            written_at=at,
        )
        for line in lines
    ]
    session.add_all(rows)
    session.flush()
    return rows


def _note(
    session: Session,
    file: CaseFile,
    record: FileRecord,
    act: FileAct,
    *,
    by: User,
    at: datetime,
    on: date | None = None,
    **facts: Any,
) -> None:
    """on: the day it happened, said where that is another than today."""
    told = {"record": str(record.id), "kind": record.kind.value, "number": record.number} | facts
    done_on = on if on != local_date(at, file.timezone) else None
    note(session, file, act, by=By.person(by), at=at, done_on=done_on, facts=told)


def _locked(session: Session, key: PersonalDataKey, record_id: uuid.UUID, by: User) -> tuple[CaseFile, FileRecord]:
    """Its case file, locked, and the record as it is now. Raises FileRefused for who does not write it."""
    file_id = session.scalars(select(FileRecord.file_id).where(FileRecord.id == record_id)).one()
    return lock(session, file_id), _mine(session, key, record_id, by)


def _mine(session: Session, key: PersonalDataKey, record_id: uuid.UUID, by: User) -> FileRecord:
    session.get_one(FileRecord, record_id, with_for_update=True, populate_existing=True)
    record = reading.find(session, record_id)
    assert record is not None, "it was there a moment ago"
    draft = reading.draft_of(key, record) if record.draft_sealed is not None else None
    if not reading.may_write(record, by.id, draft):
        raise FileRefused("record_of_others")
    return record


def _user(session: Session, user_id: uuid.UUID) -> User:
    """Raises FileRefused."""
    found = session.scalar(select(User).where(User.id == user_id).options(selectinload(User.grants)))
    if found is None or not found.active:
        raise FileRefused("record_two_officers", article="penalty-42")
    return found


def _certificate(session: Session, user: User, on: date) -> str:
    found = officers.valid_certificate(session, user.id, QualificationKind.ENFORCEMENT, on)
    assert found is not None, "asked before"
    return found.number


def _sealed_draft(key: PersonalDataKey, record_id: uuid.UUID, draft: Typed) -> bytes:
    return key.seal(as_typed.as_json(draft), f"file_record.draft:{record_id}")


def _seal(key: PersonalDataKey, record: FileRecord, column: str, text: str) -> bytes:
    return key.seal(text, f"file_record.{column}:{record.id}")


def _there(at: datetime, file: CaseFile) -> datetime:
    """A refusal names the time as the clock of the place shows it."""
    return at.astimezone(ZoneInfo(file.timezone))
