"""Going against a decision, and having it executed: the order of the law, its days, and what it refuses."""

import uuid
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from cases.casework.errors import FileRefused
from cases.service import appeals, enforcement
from cases.service.appeals import Ended, Filed
from cases.service.enforcement import Window, window
from models.appeals import Appeal
from models.case_files import CaseFile
from models.database import reading, transaction
from models.enums import AppealKind, AppealResult, CourtResult, FileAct, ServedPaper
from models.retention import LegalHold
from tests.cases.casework.case_scene import day_of
from tests.cases.service.conftest import FINE_FEN, Decided
from tests.cases.service.test_paying import Till

GOVERNMENT, COURT = "台州市人民政府", "台州市椒江区人民法院"


@pytest.fixture
def till(decided: Decided) -> Till:
    decided.bureau.serve(decided.fined, ServedPaper.DECISION)
    decided.bureau.step(decided.fined, FileAct.SERVE)
    return Till(decided.bureau, decided.fined)


def appeal(till: Till, kind: AppealKind, body: str = GOVERNMENT) -> uuid.UUID:
    with transaction(till.bureau.sessions) as session:
        filed = Filed(kind, body, till.today)
        return appeals.file_appeal(session, till.file_id, filed, by=till.by(session), at=till.bureau.now).id


def end(till: Till, appeal_id: uuid.UUID, result: AppealResult) -> None:
    with transaction(till.bureau.sessions) as session:
        ended = Ended(result, till.today, "决定书 1", told_on=till.today)
        appeals.end_appeal(session, appeal_id, ended, by=till.by(session), at=till.bureau.now)


def demand(till: Till) -> None:
    with transaction(till.bureau.sessions) as session:
        enforcement.demand(session, till.file_id, by=till.by(session), at=till.bureau.now)


def ask_court(till: Till) -> uuid.UUID:
    with transaction(till.bureau.sessions) as session:
        by, at = till.by(session), till.bureau.now
        return enforcement.ask_court(session, till.file_id, COURT, "申 1", till.today, by=by, at=at).id


def test_who_appeals_has_the_evidence_kept_and_no_second_way_open_at_once(till: Till) -> None:
    """行政复议法 art. 29."""
    asked = appeal(till, AppealKind.RECONSIDERATION)
    with pytest.raises(FileRefused, match="appeal under way"):
        appeal(till, AppealKind.SUIT, COURT)
    end(till, asked, AppealResult.UPHELD)
    with pytest.raises(FileRefused, match="reconsidered before"):
        appeal(till, AppealKind.RECONSIDERATION)
    sued = appeal(till, AppealKind.SUIT, COURT)
    end(till, sued, AppealResult.UPHELD)
    with pytest.raises(FileRefused, match="court has spoken"):
        appeal(till, AppealKind.SUIT, COURT)
    with pytest.raises(FileRefused, match="appeal has ended"):
        end(till, sued, AppealResult.REVOKED)
    with reading(till.bureau.sessions) as session:
        held = session.scalars(select(LegalHold).order_by(LegalHold.put_at)).all()
        assert [each.reason.split(":")[0] for each in held] == ["reconsideration", "suit"]
        assert all(each.lifted_at is None for each in held)


def test_a_decision_on_the_spot_goes_to_reconsideration_before_it_goes_to_a_court(decided: Decided) -> None:
    """行政复议法 (2023) art. 23(1)."""
    till = Till(decided.bureau, decided.on_the_spot)
    decided.bureau.serve(decided.on_the_spot, ServedPaper.DECISION)
    with reading(till.bureau.sessions) as session:
        open_ways = appeals.ways(session, session.get_one(CaseFile, till.file_id))
    assert open_ways.first == "reconsideration-23"
    assert (open_ways.reconsideration_until, open_ways.suit_until) == (date(2026, 5, 6), None)
    with pytest.raises(FileRefused, match="reconsideration first"):
        appeal(till, AppealKind.SUIT, COURT)
    end(till, appeal(till, AppealKind.RECONSIDERATION), AppealResult.NOT_ADMITTED)
    appeal(till, AppealKind.SUIT, COURT)


def test_the_ways_that_are_open_end_on_their_days(till: Till) -> None:
    """Served on 3 March: 60 days end on Saturday 2 May, in the holidays; six months on 3 September."""
    with reading(till.bureau.sessions) as session:
        file = session.get_one(CaseFile, till.file_id)
        open_ways = appeals.ways(session, file)
    assert (open_ways.reconsideration_until, open_ways.suit_until) == (date(2026, 5, 6), date(2026, 9, 3))


def test_revoking_lowers_what_is_owed_to_nothing_and_waits_for_a_leader(till: Till) -> None:
    end(till, appeal(till, AppealKind.RECONSIDERATION), AppealResult.REVOKED)
    assert till.owed().account.owed_fen == 0
    with reading(till.bureau.sessions) as session:
        assert appeals.to_be_revoked(session, session.get_one(CaseFile, till.file_id))


def test_the_whole_way_to_the_court(till: Till) -> None:
    """行政强制法 art. 53, 54, 69; 行政处罚法 art. 72."""
    with pytest.raises(FileRefused, match="not yet due"):
        demand(till)
    till.bureau.day = 190  # Tuesday 8 September; the time for a suit ended on the 3rd
    with pytest.raises(FileRefused, match="not to be enforced"):
        ask_court(till)
    demand(till)
    till.bureau.serve(till.file_id, ServedPaper.DEMAND)
    till.bureau.step(till.file_id, FileAct.ENFORCE, "sun", "wu")
    with pytest.raises(FileRefused, match="too early for the court"):
        ask_court(till)
    till.bureau.day = 190 + 13  # ten working days, Sunday the 20th being one: 21 September
    with pytest.raises(FileRefused, match="too early for the court"):
        ask_court(till)
    till.bureau.day += 1
    request_id = ask_court(till)
    with pytest.raises(FileRefused, match="court is asked"):
        ask_court(till)
    with transaction(till.bureau.sessions) as session:
        by, at = till.by(session), till.bureau.now
        answered = enforcement.court_said(session, request_id, CourtResult.GRANTED, till.today, by=by, at=at)
        assert (answered.fine_fen, answered.late_fee_fen) == (FINE_FEN, FINE_FEN)
        assert session.scalars(select(LegalHold)).one().reason.startswith("court execution")
    acts = [each.act for each in till.bureau.events(till.file_id)]
    assert FileAct.DEMANDED in acts
    assert FileAct.COURT_ASKED in acts


def test_what_is_paid_is_not_demanded(till: Till) -> None:
    till.bureau.day = 40
    till.bank(FINE_FEN)
    till.bank(till.owed().account.owed_fen)
    with pytest.raises(FileRefused, match="nothing to demand"):
        demand(till)


SERVED, DEMANDED = date(2026, 3, 3), date(2026, 9, 8)


def over(kind: AppealKind, result: AppealResult | None, told_on: date | None = None) -> Appeal:
    ended_on = None if result is None else told_on or date(2026, 6, 1)
    return Appeal(kind=kind, filed_on=date(2026, 4, 1), ended_on=ended_on, result=result, told_on=told_on)


@pytest.mark.parametrize(
    ("differs", "expected"),
    [
        ({}, Window(date(2026, 9, 22), date(2026, 12, 3))),
        ({"reconsideration_only": True}, Window(date(2026, 9, 22), date(2026, 8, 6))),
        ({"demand_served_on": None}, Window(None, date(2026, 12, 3), "demand_not_served")),
        ({"served_on": None}, Window(None, None, "decision_not_served")),
        ({"appeals": [over(AppealKind.SUIT, None)]}, Window(None, None, "appeal_under_way")),
        ({"appeals": [over(AppealKind.SUIT, AppealResult.REVOKED)]}, Window(None, None, "decision_is_revoked")),
        (
            {"appeals": [over(AppealKind.RECONSIDERATION, AppealResult.UPHELD)]},
            Window(None, None, "result_not_received"),
        ),
        (
            {"appeals": [over(AppealKind.RECONSIDERATION, AppealResult.UPHELD, date(2026, 9, 1))]},
            Window(date(2026, 9, 22), date(2026, 12, 16)),
        ),
        ({"plan_until": date(2026, 11, 30)}, Window(date(2026, 12, 1), date(2027, 3, 1))),
    ],
    ids=[
        "no_appeal",
        "reconsideration_alone",
        "no_demand",
        "decision_not_served",
        "suit_under_way",
        "revoked",
        "upheld_and_not_told",
        "upheld_and_told",
        "put_off",
    ],
)
def test_when_the_court_can_be_asked(differs: dict[str, Any], expected: Window) -> None:
    """行政强制法 art. 53, 54; 行政诉讼法 art. 45, 46; 行政处罚法 art. 72(2)."""
    asked: dict[str, Any] = {
        "reconsideration_only": False,
        "served_on": SERVED,
        "demand_served_on": DEMANDED,
        "appeals": [],
        "plan_until": None,
    }
    assert window(**(asked | differs)) == expected


def test_the_window_refuses_before_and_after_its_days() -> None:
    open_days = Window(date(2026, 9, 22), date(2026, 12, 3))
    days = (date(2026, 9, 21), date(2026, 9, 22), date(2026, 12, 3), date(2026, 12, 4))
    assert [open_days.refusal(day) for day in days] == [
        "too_early_for_the_court",
        None,
        None,
        "too_late_for_the_court",
    ]
    assert day_of(190) == date(2026, 9, 8)
