"""The registry of numbers: none missing, none double, whoever dies in between; and what may become of a sheet."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.steps import By
from cases.entitlements import EVERYTHING, Scope
from cases.papers import number_forms, registry
from cases.papers.errors import PaperRefused
from models.case_files import CaseFile, PaperService
from models.database import transaction
from models.enums import (
    CaseSource,
    FileAct,
    Procedure,
    ServedPaper,
    ServiceMode,
    SheetKind,
    SheetState,
)
from models.papers import NumberedSheet, NumberSeries, SheetEvent
from models.people import User
from tests.conftest import Database
from tests.rows import NOON, add_user, after

BY = By("wang")
PROCESSES = {"postgresql": 50, "sqlite": 20}  # on SQLite one writes at a time in any case
LAST_EVENING = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
NEW_YEAR = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)


def test_fifty_processes_that_are_killed_leave_no_gap_and_no_double(database: Database) -> None:
    processes = PROCESSES[database.engine.dialect.name]
    program = [sys.executable, "-m", "tests.cases.papers.drawing_processes", database.url, str(processes), "1"]
    ran = subprocess.run(program, check=True, capture_output=True, text=True, timeout=300)
    said = [int(line) for line in ran.stdout.split()]
    with database.sessions() as session:
        last = session.scalar(select(NumberSeries.last))
        numbers = sorted(session.scalars(select(NumberedSheet.number)))
        first_events = session.scalar(select(func.count()).select_from(SheetEvent).where(SheetEvent.seq == 1))
        states = set(session.scalars(select(NumberedSheet.state)))
        missing = registry.missing_numbers(session, SheetKind.DECISION, 2026)
    assert len(numbers) >= processes, "they hardly drew anything, so nothing was tried"
    assert numbers == list(range(1, len(numbers) + 1)), "a gap, or a double"
    assert last == len(numbers)
    assert first_events == len(numbers)
    assert missing == ()
    assert len(said) == len(set(said)), "one number was given to two"
    assert set(said) <= set(numbers), "what was told as drawn is not in the registry"
    assert states <= {SheetState.DRAWN, SheetState.USED}
    with database.sessions.begin() as session:
        assert registry.draw(session, SheetKind.DECISION, by=BY, at=NOON).number == len(numbers) + 1


def test_a_lost_row_is_told_by_the_count(sqlite_database: Database) -> None:
    with sqlite_database.sessions.begin() as session:
        for _ in range(3):
            registry.draw(session, SheetKind.DEMAND, by=BY, at=NOON)
    with sqlite_database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER numbered_sheet_no_delete"))
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(text("DROP TRIGGER sheet_event_no_delete"))
        sheet = "SELECT id FROM numbered_sheet WHERE number = 2"
        connection.execute(text(f"DELETE FROM sheet_event WHERE sheet_id IN ({sheet})"))  # noqa: S608
        connection.execute(text("DELETE FROM numbered_sheet WHERE number = 2"))
    with sqlite_database.sessions() as session:
        (counted,) = registry.counts(session, 2026)
    assert (counted.last, counted.missing) == (3, (2,))


def test_each_kind_and_each_year_counts_by_itself(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        _add_file(session)
        file_id = session.scalars(select(CaseFile.id)).one()
        drawn = [
            registry.draw(session, kind, by=BY, at=at, file_id=file_id).text
            for kind, at in (
                (SheetKind.DECISION, LAST_EVENING),
                (SheetKind.DECISION, LAST_EVENING),
                (SheetKind.PENALTY_NOTICE, LAST_EVENING),
                (SheetKind.DECISION, NEW_YEAR),
            )
        ]
    assert drawn == [
        "〔2026〕城管罚决字第0001号",
        "〔2026〕城管罚决字第0002号",
        "〔2026〕城管罚告字第0001号",
        "〔2027〕城管罚决字第0001号",
    ]


def test_the_bureau_writes_its_numbers_in_its_own_form(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        before = registry.draw(session, SheetKind.DECISION, by=BY, at=NOON)
        number_forms.set_form(session, SheetKind.DECISION, "东综执罚决〔{year}〕第{number:06}号", by=BY, at=after(1))
        since = registry.draw(session, SheetKind.DECISION, by=BY, at=after(2))
    assert (before.text, since.text) == ("〔2026〕城管罚决字第0001号", "东综执罚决〔2026〕第000002号")


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ("第{number}号", "form_without_year_or_number"),
        ("〔{year}〕第号", "form_without_year_or_number"),
        ("〔{year}〕第{number}{number}号", "form_without_year_or_number"),
        ("〔{year}〕第{number}号{case}", "form_without_year_or_number"),
        ("〔{year}〕第{number.__class__}号", "form_without_year_or_number"),
        ("〔{year}〕第{number!r}号", "form_unreadable"),
        ("〔{year}〕第{number:{year}}号", "form_unreadable"),
        ("〔{year}〕第{number:9999}号", "form_unreadable"),
        ("〔{year:04}〕第{number}号", "form_unreadable"),
        ("〔{year}〕第{number号", "form_unreadable"),
        ("〔{year}〕\n第{number}号", "form_unreadable"),
        ("很" * 90 + "{year}{number}", "form_too_long"),
        ("〔{year}〕城管罚告字第{number:06}号", "form_of_another"),
    ],
)
def test_a_form_that_writes_no_number_is_refused(sqlite_database: Database, form: str, why: str) -> None:
    with transaction(sqlite_database.sessions) as session, pytest.raises(PaperRefused) as refused:
        number_forms.set_form(session, SheetKind.DECISION, form, by=BY, at=NOON)
    assert refused.value.why == why


def test_a_form_that_another_series_had_once_is_not_taken(sqlite_database: Database) -> None:
    """Numbers of before are still there under it."""
    old = "旧〔{year}〕{number}"
    with transaction(sqlite_database.sessions) as session:
        number_forms.set_form(session, SheetKind.DEMAND, old, by=BY, at=NOON)
        number_forms.set_form(session, SheetKind.DEMAND, "新〔{year}〕{number}", by=BY, at=after(1))
        with pytest.raises(PaperRefused, match="form of another"):
            number_forms.set_form(session, SheetKind.DECISION, old, by=BY, at=after(2))


def test_a_sheet_goes_its_way_with_a_name_and_a_reason_at_every_turn(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        file = _add_file(session)
        used = registry.draw(session, SheetKind.DECISION, by=BY, at=NOON, file_id=file.id)
        registry.use(session, used, "file_paper:1", by=BY, at=after(1))
        spoilt = registry.draw(session, SheetKind.DECISION, by=BY, at=after(2))
        registry.void(session, spoilt, " 打印机卡纸 ", by=By("sun"), at=after(3))
        refused = [
            _why(lambda: registry.use(session, used, "file_paper:2", by=BY, at=after(4))),
            _why(lambda: registry.use(session, spoilt, "file_paper:2", by=BY, at=after(4))),
            _why(lambda: registry.void(session, spoilt, "again", by=BY, at=after(4))),
            _why(lambda: registry.void(session, used, "  ", by=BY, at=after(4))),
            _why(lambda: registry.void(session, used, "x" * 401, by=BY, at=after(4))),
            _why(lambda: registry.write_off(session, used, by=BY, at=after(4), reason="核对无误")),
            _why(lambda: registry.write_off(session, spoilt, by=BY, at=after(4), reason="核对无误")),
        ]
        steps.take_step(session, file, FileAct.REFUSE_FILING, by=BY, at=after(5))
        registry.write_off(session, used, by=By("sun"), at=after(6), reason="核对无误")
        history = [(event.to_state, event.actor, event.reason) for event in registry.events_of(session, used.id)]
        voided = [(event.to_state, event.reason) for event in registry.events_of(session, spoilt.id)]
    assert refused == [
        "sheet_not_free",
        "sheet_not_free",
        "sheet_ended",
        "no_reason",
        "reason_too_long",
        "sheet_still_needed",
        "sheet_not_used",
    ]
    assert history == [
        (SheetState.DRAWN, "wang", ""),
        (SheetState.USED, "wang", "file_paper:1"),
        (SheetState.WRITTEN_OFF, "sun", "核对无误"),
    ]
    assert voided == [(SheetState.DRAWN, ""), (SheetState.VOIDED, "打印机卡纸")]


def test_what_reached_the_party_and_a_files_own_number_are_not_voided(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        file = _add_file(session)
        user = session.scalars(select(User)).one()
        own = registry.draw(session, SheetKind.CASE_FILE, by=BY, at=NOON, file_id=file.id)
        registry.use(session, own, f"case_file:{file.id}", by=BY, at=NOON)
        told = registry.draw(session, SheetKind.PENALTY_NOTICE, by=BY, at=NOON, file_id=file.id)
        registry.use(session, told, "file_paper:1", by=BY, at=NOON)
        service = PaperService(
            file_id=file.id,
            paper=ServedPaper.NOTICE,
            mode=ServiceMode.PERSONAL,
            receiver="party",
            address="",
            reference="signed",
            begun_on=NOON.date(),
            recorded_by_id=user.id,
            recorded_at=after(1),
        )
        session.add(service)
        under_way = registry.draw(session, SheetKind.DEMAND, by=BY, at=NOON, file_id=file.id)
        registry.use(session, under_way, "file_paper:2", by=BY, at=NOON)
        registry.void(session, under_way, "另行制作", by=BY, at=after(2))
        service.served_on = NOON.date()
        refused = [
            _why(lambda: registry.void(session, own, "错", by=BY, at=after(2))),
            _why(lambda: registry.void(session, told, "错", by=BY, at=after(2))),
        ]
    assert refused == ["number_of_a_file", "sheet_was_served"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM numbered_sheet",
        "DELETE FROM sheet_event",
        "UPDATE sheet_event SET reason = 'better'",
        "UPDATE numbered_sheet SET state = 'voided'",
        "UPDATE numbered_sheet SET state = 'used'",
    ],
    ids=["sheet_deleted", "event_deleted", "event_reworded", "voided_for_nothing", "used_for_nothing"],
)
def test_the_schema_keeps_what_the_registry_says(database: Database, statement: str) -> None:
    with transaction(database.sessions) as session:
        registry.draw(session, SheetKind.DECISION, by=BY, at=NOON)
    with pytest.raises(DBAPIError), database.engine.begin() as connection:
        connection.execute(text(statement))


def test_a_rolled_back_transaction_leaves_its_number_to_the_next(sqlite_database: Database) -> None:
    with sqlite_database.sessions() as session:
        assert registry.draw(session, SheetKind.DECISION, by=BY, at=NOON).number == 1
        session.rollback()
    with transaction(sqlite_database.sessions) as session:
        assert registry.draw(session, SheetKind.DECISION, by=BY, at=NOON).number == 1


def test_sheets_are_listed_for_who_may_see_their_files(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        file = _add_file(session)
        of_file = registry.draw(session, SheetKind.DECISION, by=BY, at=NOON, file_id=file.id)
        of_none = registry.draw(session, SheetKind.WINDOW_SLIP, by=BY, at=after(1))
        everything = registry.sheets(session, EVERYTHING)
        drawn = registry.sheets(session, EVERYTHING, kind=SheetKind.WINDOW_SLIP, state=SheetState.DRAWN)
        nothing = registry.sheets(session, Scope(frozenset()))
    assert [sheet.id for sheet in everything] == [of_none.id, of_file.id]
    assert [sheet.id for sheet in drawn] == [of_none.id]
    assert nothing == []


def _add_file(session: Session) -> CaseFile:
    user = add_user(session)
    file = CaseFile(
        source=CaseSource.PATROL,
        source_note="",
        procedure=Procedure.ORDINARY,
        law_code="03.01.001",
        title="违法停车",
        facts="",
        place="北门",
        timezone="Asia/Shanghai",
        conduct_from_at=NOON,
        conduct_to_at=NOON,
    )
    return steps.open_file(session, file, by=By.person(user), at=NOON, facts={})


def _why(try_it: object) -> str:
    with pytest.raises(PaperRefused) as refused:
        try_it()  # type: ignore[operator]
    return refused.value.why
