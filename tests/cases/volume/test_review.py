"""Review of archived files: what the program sees by itself, who may judge, and what no formula may count."""

import uuid
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from cases.casework import steps
from cases.entitlements import EVERYTHING, Limit, Scope
from cases.volume import formula, review
from cases.volume.checks import CHECKS, Result, ReviewFacts, Said, Served
from cases.volume.errors import FormulaRefused, ScoreRefused, SheetUnusable
from cases.volume.order import read_order
from cases.volume.review import Mark
from cases.volume.score_sheet import OURS, read_sheet, sheet_of
from models.case_files import CaseFile, DefencePoint
from models.database import reading, transaction
from models.enums import FileAct, FileState, OutcomeKind, PaperKind, Procedure, Role
from models.people import User
from models.volumes import FileScore
from tests.cases.volume.filed import add_area, add_user, hour, lead_to_archive, lead_to_decision, open_file
from tests.conftest import Database

SHEET, ORDER = read_sheet(), read_order()
DAY = date(2026, 3, 2)
IN_ORDER = ReviewFacts(
    procedure=Procedure.ORDINARY,
    acts=(
        (1, FileAct.FILE, DAY),
        (2, FileAct.PASS_LEGAL_REVIEW, DAY),
        (3, FileAct.NOTIFY, DAY),
        (4, FileAct.DECIDE, DAY),
        (5, FileAct.VOLUME_MADE, DAY),
    ),
    officers=("钱一 (33-1)", "孙二 (33-2)"),
    notice=Said(OutcomeKind.FINE, 10_000, DAY),
    decision=Said(OutcomeKind.FINE, 10_000, DAY),
    review_due=True,
    unanswered=(),
    points=1,
    served=(Served("notice", DAY, "EMS-1"), Served("decision", DAY, "EMS-2")),
    missed=(),
    clocks=3,
    exhibits=4,
    deleted=0,
    breaks=(),
    missing=(),
)


def test_a_file_in_order_passes_every_check_of_the_sheet() -> None:
    assert {name: CHECKS[name](IN_ORDER).result for name in CHECKS} == dict.fromkeys(CHECKS, Result.HOLDS)
    assert {item.check for item in SHEET.item} - {None} == set(CHECKS)
    assert SHEET.total == 100


@pytest.mark.parametrize(
    ("check", "differs", "result", "why"),
    [
        ("two_officers", {"officers": ("钱一",)}, "fails", "fewer"),
        ("evidence_intact", {"breaks": ("entry 3 names another digest",)}, "fails", "broken"),
        ("evidence_intact", {"deleted": 1}, "fails", "deleted"),
        ("evidence_intact", {"exhibits": 0}, "not_called_for", "none"),
        ("legal_review", {"acts": ((3, FileAct.NOTIFY, DAY), (4, FileAct.DECIDE, DAY))}, "fails", "not_passed"),
        (
            "legal_review",
            {"acts": ((4, FileAct.DECIDE, DAY), (5, FileAct.PASS_LEGAL_REVIEW, DAY))},
            "fails",
            "not_passed",
        ),
        ("legal_review", {"acts": ((4, FileAct.DECIDE, DAY),), "review_due": False}, "not_called_for", "not_due"),
        ("notice_first", {"acts": ((3, FileAct.DECIDE, DAY), (4, FileAct.NOTIFY, DAY))}, "fails", "not_told"),
        ("notice_first", {"notice": None}, "fails", "not_told"),
        ("notice_first", {"served": (Served("notice", date(2026, 3, 3), "EMS-1"),)}, "fails", "not_served"),
        ("notice_first", {"served": (), "procedure": Procedure.SIMPLE}, "holds", "told"),
        ("notice_first", {"decision": Said(OutcomeKind.NO_PENALTY, None, DAY)}, "not_called_for", "no_penalty"),
        ("defence_answered", {"unanswered": (2,)}, "fails", "unanswered"),
        ("defence_answered", {"points": 0}, "not_called_for", "none_said"),
        ("not_heavier", {"decision": Said(OutcomeKind.FINE, 10_001, DAY)}, "fails", "heavier"),
        ("not_heavier", {"notice": Said(OutcomeKind.WARNING, None, DAY)}, "fails", "heavier"),
        ("not_heavier", {"decision": Said(OutcomeKind.WARNING, None, DAY)}, "holds", "no_heavier"),
        ("served", {"served": ()}, "fails", "not_served"),
        ("served", {"served": (Served("decision", DAY, " "),)}, "fails", "unproven"),
        ("served", {"decision": None}, "not_called_for", "nothing_decided"),
        ("clocks_kept", {"clocks": 0}, "not_called_for", "none"),
        ("papers_complete", {"missing": ((PaperKind.DECISION, PaperKind.SPOT_DECISION),)}, "fails", "missing"),
        ("volume_bound", {"acts": ()}, "fails", "not_bound"),
    ],
)
def test_a_check_says_what_does_not_hold_and_what_was_not_called_for(
    check: str, differs: dict[str, object], result: str, why: str
) -> None:
    found = CHECKS[check](replace(IN_ORDER, **differs))
    assert (found.result.value, found.why) == (result, why)


@pytest.mark.parametrize(
    "text",
    ["fine_fen / files", "files + FINE", "罚款 / files", "total_amount", "mean_points * penalty", "金额", "yuan"],
)
def test_a_formula_that_names_the_fine_is_refused_with_the_article(text: str) -> None:
    with pytest.raises(FormulaRefused, match=r"art\. 74"):
        formula.check(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mean_points **2",
        "__import__('os')",
        "officers",
        "mean_points if files else 0",
        "[files]",
        "True",
        "1 +",
        "-files",
    ],
)
def test_a_formula_of_anything_but_the_named_figures_is_refused(text: str) -> None:
    with pytest.raises(FormulaRefused):
        formula.check(text)


def test_a_formula_is_worked_out_and_one_that_divides_by_nothing_says_nothing() -> None:
    known = {"mean_points": 90.0, "total": 100.0, "files": 2.0, "deducted": 20.0}
    assert formula.value("(mean_points - 10) * 100 / total + 1", known) == 81
    assert formula.value("deducted / (files - 2)", known) is None


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        ('formula = "deducted / files"', 'formula = "fine_fen / files"', FormulaRefused),
        ('check = "served"', 'check = "fined_enough"', SheetUnusable),
        ('code = "served"', 'code = "volume_bound"', SheetUnusable),
        ("points = 5", "points = 0", SheetUnusable),
    ],
    ids=["counts_fines", "check_nobody_knows", "item_twice", "item_without_points"],
)
def test_a_sheet_that_cannot_be_used_is_refused(
    tmp_path: Path, before: str, after: str, error: type[Exception]
) -> None:
    path = tmp_path / "sheet.toml"
    text = OURS.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(error):
        read_sheet(path)


def test_a_bureau_that_writes_a_sheet_down_judges_by_it(tmp_path: Path) -> None:
    assert sheet_of(None) == sheet_of(tmp_path) == SHEET
    own = OURS.read_text("utf-8").replace('name = "penalty-review"', 'name = "our-review"')
    (tmp_path / "score_sheet.toml").write_text(own, "utf-8")
    assert sheet_of(tmp_path).title == "our-review@2026.1"


class Archive:
    def __init__(self, session: Session) -> None:
        self.officer = add_user(session, "qian", "钱一", Role.OFFICER)
        second = add_user(session, "sun", "孙二", Role.OFFICER)
        self.lawyer = add_user(session, "zhou", "周三", Role.LEGAL_REVIEWER)
        self.leader = add_user(session, "lin", "林", Role.LEADER)
        add_area(session, "east")
        file = open_file(session, self.officer, area_id="east")
        lead_to_decision(session, file, (self.officer, second), self.lawyer)
        session.add(
            DefencePoint(
                file_id=file.id, number=1, text="车位空着", said_by="party", said_on=hour(5).date(), entered_at=hour(5)
            )
        )
        lead_to_archive(session, file, self.officer)
        self.file_id = file.id
        self.open = open_file(session, self.officer, hour(1)).id


@pytest.fixture
def archive(database: Database) -> Archive:
    with transaction(database.sessions) as session:
        return Archive(session)


def refused(database: Database, why: str, file_id: uuid.UUID, by: User, **marks: Mark) -> None:
    """Where there are marks, ending a review; else beginning one."""
    opinion = "" if why == "no_opinion" else "well kept"
    with transaction(database.sessions) as session:
        act = (
            partial(review.finish, session, file_id, marks, opinion=opinion)
            if marks
            else partial(review.begin, session, file_id, SHEET, ORDER)
        )
        with pytest.raises(ScoreRefused) as error:
            act(by=by, at=hour(31))
    assert error.value.why == why


def test_an_archived_file_is_judged_item_by_item_by_somebody_who_was_not_in_charge(
    database: Database, archive: Archive
) -> None:
    refused(database, "own_matter", archive.file_id, archive.officer)
    refused(database, "not_archived", archive.open, archive.leader)
    refused(database, "not_begun", archive.file_id, archive.leader, served=Mark(0))
    with transaction(database.sessions) as session:
        begun = review.begin(session, archive.file_id, SHEET, ORDER, by=archive.leader, at=hour(30))
        again = review.begin(session, archive.file_id, SHEET, ORDER, by=archive.leader, at=hour(30))
        assert again.id == begun.id
    refused(database, "in_other_hands", archive.file_id, archive.lawyer)
    refused(database, "in_other_hands", archive.file_id, archive.lawyer, served=Mark(0))
    refused(database, "points_not_there", archive.file_id, archive.leader, served=Mark(6, "never"))
    refused(database, "points_not_there", archive.file_id, archive.leader, served=Mark(-1, "never"))
    refused(database, "deducted_without_reason", archive.file_id, archive.leader, served=Mark(5, "  "))
    refused(database, "unknown_item", archive.file_id, archive.leader, fines=Mark(0))
    refused(database, "no_opinion", archive.file_id, archive.leader, served=Mark(0))
    with reading(database.sessions) as session:
        (score,) = review.reviews_of(session, archive.file_id)
        found = {item.code: item.found and (item.found["result"], item.found["why"]) for item in score.items}
        assert all(item.deducted == 0 for item in score.items), "the program deducts nothing"
    assert found["two_officers"] == ("holds", "two")
    assert found["legal_review"] == ("holds", "passed")
    assert found["defence_answered"] == ("fails", "unanswered")
    assert found["served"] == ("fails", "not_served")
    assert found["volume_bound"] == ("fails", "not_bound")
    assert found["facts_clear"] is None
    marks = {"served": Mark(5, "没有送达回证"), "defence_answered": Mark(4, "第 1 点未答复")}
    with transaction(database.sessions) as session:
        done = review.finish(session, archive.file_id, marks, opinion=" 规范 ", by=archive.leader, at=hour(31))
        assert (done.points, done.opinion) == (91, "规范")
    refused(database, "not_begun", archive.file_id, archive.leader, served=Mark(0))
    with reading(database.sessions) as session:
        file = session.get_one(CaseFile, archive.file_id)
        event = steps.events_of(session, file)[-1]
        assert (event.act, event.actor, file.state) == (FileAct.REVIEW_SCORED, "lin", FileState.ARCHIVED)
        assert event.facts["deducted"] == {"defence_answered": 4, "served": 5}


def test_figures_are_of_areas_by_name_over_the_newest_review_within_the_scope(
    database: Database, archive: Archive
) -> None:
    for number, deducted in ((30, 5), (40, 1)):
        with transaction(database.sessions) as session:
            review.begin(session, archive.file_id, SHEET, ORDER, by=archive.leader, at=hour(number))
            marks = {"served": Mark(deducted, "late")}
            review.finish(session, archive.file_id, marks, opinion="ok", by=archive.leader, at=hour(number + 1))
    with reading(database.sessions) as session:
        (east,) = review.figures(session, EVERYTHING, SHEET)
        assert (east.area, east.files) == ("east", 1)
        assert east.figures == {"share": 99.0, "deducted": 1.0}
        west = Scope(frozenset({Limit("west", None)}))
        assert review.figures(session, west, SHEET) == []
        assert review.reviewables(session, west).total == 0
        shown = review.reviewables(session, EVERYTHING)
        assert [(row.file.id, row.score and row.score.points) for row in shown.rows] == [(archive.file_id, 99)]
        assert review.reviewables(session, EVERYTHING, open_only=True).rows == []
        assert session.query(FileScore).count() == 2
