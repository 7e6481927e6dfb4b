"""Paying: over the counter, in cash, later and in parts, too much; and what is owed on each day of it."""

import hashlib
import uuid
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Executable, delete, insert, select, update

from cases.casework.errors import DatedWrongly, FileRefused
from cases.casework.steps import By
from cases.service import appeals, corrections, paying, plans
from cases.service.appeals import Ended, Filed
from cases.service.owed import Owed, owed
from cases.service.paying import Came, cash_due_on
from cases.service.plans import Wanted
from evidence.audit import Brought, audit
from evidence.audit_verdict import FaultCode
from models.case_files import CaseFile
from models.database import reading, transaction
from models.enums import (
    AppealKind,
    AppealResult,
    CashGround,
    ExhibitKind,
    ExhibitMoment,
    FileAct,
    FileState,
    PaymentMeans,
    PlanState,
    RefundGround,
    RefundState,
    ServedPaper,
    SheetState,
)
from models.exhibits import Exhibit, SealedObject
from models.papers import NumberedSheet, SheetEvent
from models.payments import FeeRemission, Payment
from tests.cases.casework.case_scene import Bureau, day_of
from tests.cases.service.conftest import FINE_FEN, SPOT_FINE_FEN, Decided
from tests.evidence.log_scene import without_guards


class Till:
    """Takes money for one case of a bureau, as the officer in charge."""

    def __init__(self, bureau: Bureau, file_id: uuid.UUID) -> None:
        self.bureau, self.file_id = bureau, file_id
        self._slips = 0

    @property
    def today(self) -> date:
        return day_of(self.bureau.day)

    def by(self, session: Any, name: str = "li") -> By:
        return By.person(self.bureau.user(session, name))

    def bank(self, fen: int, slip: str | None = None, on: date | None = None) -> Payment:
        self._slips += 1
        came = Came(fen, PaymentMeans.BANK, on or self.today, f"slip {self._slips}" if slip is None else slip)
        with transaction(self.bureau.sessions) as session:
            return paying.take_payment(session, self.file_id, came, by=self.by(session), at=self.bureau.now)

    def cash(self, fen: int, ground: CashGround = CashGround.SMALL) -> Payment:
        with transaction(self.bureau.sessions) as session:
            user = self.bureau.user(session, "li")
            return paying.take_cash(
                session, self.file_id, fen, "浙财票 00012345", ground, user=user, at=self.bureau.now
            )

    def hand_in(self, payment_id: uuid.UUID, on: date | None = None) -> None:
        with transaction(self.bureau.sessions) as session:
            paying.hand_in(session, payment_id, on or self.today, by=self.by(session), at=self.bureau.now)

    def owed(self) -> Owed:
        with reading(self.bureau.sessions) as session:
            return owed(session, session.get_one(CaseFile, self.file_id), self.today)

    def ask_plan(self, *parts: tuple[int, int]) -> uuid.UUID:
        """Each part: the day and the fen."""
        wanted = [Wanted(day_of(day), fen) for day, fen in parts]
        with transaction(self.bureau.sessions) as session:
            user = self.bureau.user(session, "li")
            return plans.ask(session, self.file_id, wanted, "低保户", self.today, user=user, at=self.bureau.now).id

    def grant(self, plan_id: uuid.UUID, by: str = "wu") -> None:
        with transaction(self.bureau.sessions) as session:
            plans.grant(session, plan_id, "经济困难属实", user=self.bureau.user(session, by), at=self.bureau.now)


@pytest.fixture
def till(decided: Decided) -> Till:
    """The decision was served on the first day; the last day to pay is the sixteenth after it."""
    decided.bureau.serve(decided.fined, ServedPaper.DECISION)
    return Till(decided.bureau, decided.fined)


def test_a_fine_paid_in_time_is_paid_once_and_has_its_numbered_receipt(till: Till) -> None:
    assert till.owed().last_day == date(2026, 3, 18)
    assert till.bank(5_000).receipt == "〔2026〕城管收字第000001号"
    second = till.bank(FINE_FEN - 5_000, slip="slip B")
    assert second.receipt == "〔2026〕城管收字第000002号"
    assert till.owed().is_paid
    with pytest.raises(FileRefused, match="payment known"):
        till.bank(FINE_FEN, slip="slip B")
    told = [each for each in till.bureau.events(till.file_id) if each.act is FileAct.PAYMENT_MADE]
    assert [each.facts["amount_fen"] for each in told] == [5_000, FINE_FEN - 5_000]


@pytest.mark.parametrize(
    ("fen", "slip", "on", "why"),
    [(0, "slip", None, "no amount"), (-5, "slip", None, "no amount"), (5, " ", None, "no reference")],
    ids=["nothing", "less_than_nothing", "no_slip"],
)
def test_what_is_no_payment_is_refused(till: Till, fen: int, slip: str, on: date | None, why: str) -> None:
    with pytest.raises(FileRefused, match=why):
        till.bank(fen, slip=slip, on=on)


def test_nothing_is_paid_ahead_of_today_or_before_the_decision(till: Till) -> None:
    for wrong in (day_of(till.bureau.day + 1), day_of(0)):
        with pytest.raises(DatedWrongly):
            till.bank(FINE_FEN, on=wrong)


def test_what_comes_late_bears_the_late_fee_and_a_reconsideration_stops_it(till: Till) -> None:
    """行政处罚法 art. 72(1), 73(3). Last day 18 March; asked to reconsider on the 20th, ended on the 25th."""
    till.bureau.day = 18
    with transaction(till.bureau.sessions) as session:
        filed = Filed(AppealKind.RECONSIDERATION, "台州市人民政府", till.today)
        appeal = appeals.file_appeal(session, till.file_id, filed, by=till.by(session), at=till.bureau.now)
    till.bureau.day = 23
    assert till.owed().account.late_fee_fen == 600
    with transaction(till.bureau.sessions) as session:
        ended = Ended(AppealResult.UPHELD, till.today, "台政复〔2026〕8号", told_on=till.today)
        appeals.end_appeal(session, appeal.id, ended, by=till.by(session), at=till.bureau.now)
    till.bureau.day = 25
    # late on the 19th, and then on the 26th and 27th
    assert till.owed().account.late_fee_fen == 3 * 600
    till.bank(FINE_FEN)
    assert till.owed().account.owed_fen == 3 * 600
    till.bureau.day = 60
    assert till.owed().account.owed_fen == 3 * 600
    till.bank(1_800)
    assert till.owed().is_paid


def test_a_late_fee_is_let_go_by_name_and_never_the_fine(till: Till) -> None:
    """行政处罚法 art. 72: it may be asked for; 行政强制法 art. 42."""

    def let_go(because: str = "主动缴清，情节轻微") -> None:
        with transaction(till.bureau.sessions) as session:
            paying.let_go(session, till.file_id, because, by=till.by(session, "wu"), at=till.bureau.now)

    with pytest.raises(FileRefused, match="fine comes first"):
        let_go()
    till.bureau.day = 20
    till.bank(FINE_FEN)
    assert till.owed().account.owed_fen == 4 * 600
    with pytest.raises(FileRefused, match="no reason"):
        let_go(" ")
    let_go()
    assert till.owed().is_paid
    with pytest.raises(FileRefused, match="no late fee"):
        let_go()


def test_cash_is_taken_on_the_spot_alone_up_to_a_hundred_yuan_and_goes_on_in_two_days_and_two(
    decided: Decided,
) -> None:
    """行政处罚法 art. 68, 69, 71, 85: two working days; 3 March 2026 is a Tuesday."""
    till = Till(decided.bureau, decided.on_the_spot)
    with pytest.raises(FileRefused, match="more than owed"):
        till.cash(SPOT_FINE_FEN + 1)
    payment = till.cash(SPOT_FINE_FEN)
    assert (payment.receipt, payment.reference) == (None, "浙财票 00012345")
    assert cash_due_on(payment) == date(2026, 3, 5)
    with pytest.raises(DatedWrongly):
        till.hand_in(payment.id, on=day_of(0))
    till.bureau.day += 2
    till.hand_in(payment.id)
    with reading(till.bureau.sessions) as session:
        handed_in = session.get_one(Payment, payment.id)
        assert cash_due_on(handed_in) == date(2026, 3, 9)  # Thursday and two: Friday, Monday
    till.hand_in(payment.id)
    with pytest.raises(FileRefused, match="cash is banked"):
        till.hand_in(payment.id)


def test_cash_for_a_fine_of_the_ordinary_procedure_is_refused_but_in_remote_places(till: Till) -> None:
    for ground in (CashGround.SMALL, CashGround.HARD_LATER):
        with pytest.raises(FileRefused, match="cash only on the spot"):
            till.cash(FINE_FEN, ground)
    assert till.cash(FINE_FEN, CashGround.REMOTE).cash_ground is CashGround.REMOTE


def test_a_plan_is_granted_by_another_and_puts_its_parts_off(till: Till) -> None:
    """行政处罚法 art. 66."""
    with pytest.raises(FileRefused, match="plan is not the whole"):
        till.ask_plan((30, 5_000))
    with pytest.raises(FileRefused, match="plan days wrong"):
        till.ask_plan((30, 5_000), (20, 15_000))
    plan_id = till.ask_plan((30, 5_000), (60, 15_000))
    with pytest.raises(FileRefused, match="plan is asked for"):
        till.ask_plan((30, FINE_FEN))
    with pytest.raises(FileRefused, match="ones own"):
        till.grant(plan_id, by="li")
    till.grant(plan_id)
    till.bureau.day = 29
    stands = till.owed()
    assert (stands.account.late_fee_fen, stands.account.next_due_on) == (0, day_of(30))
    till.bank(5_000)
    till.bureau.day = 61
    assert till.owed().account.late_fee_fen == 15_000 * 3 // 100
    assert stands.plan is not None
    assert stands.plan.state is PlanState.GRANTED


def test_a_plan_that_does_not_fit_any_more_is_not_granted(till: Till) -> None:
    plan_id = till.ask_plan((30, FINE_FEN))
    till.bank(5_000)
    with pytest.raises(FileRefused, match="plan is not the whole"):
        till.grant(plan_id)


def test_what_was_paid_too_much_is_given_back_once(till: Till) -> None:
    payment = till.bank(FINE_FEN + 3_000)
    assert till.owed().account.over_fen == 3_000

    def back(fen: int) -> uuid.UUID:
        with transaction(till.bureau.sessions) as session:
            return paying.give_back(
                session,
                payment.id,
                fen,
                RefundGround.OVERPAID,
                "多缴",
                by=till.by(session, "wu"),
                at=till.bureau.now,
            ).id

    with pytest.raises(FileRefused, match="not paid too much"):
        back(3_001)
    refund_id = back(3_000)
    with pytest.raises(FileRefused, match="not paid too much"):
        back(1)
    with transaction(till.bureau.sessions) as session:
        done = paying.gave_back(session, refund_id, till.today, "退 1", by=till.by(session), at=till.bureau.now)
        assert done.state is RefundState.DONE
    assert till.owed().account.over_fen == 0
    assert till.owed().is_paid


def test_what_somebody_changes_behind_our_back_is_found_by_the_events_in_the_log(till: Till) -> None:
    payment = till.bank(5_000)
    at = till.bureau.now
    made_up = {"decision_id": payment.decision_id, "amount_fen": 600, "because": "-", "granted_at": at}
    receipt = NumberedSheet.text == payment.receipt
    with till.bureau.sessions() as session:
        sheet_id = session.scalars(select(NumberedSheet.id).where(receipt)).one()
        made_up |= {"file_id": till.file_id, "granted_by_id": till.bureau.user(session, "li").id}
        assert audit(session, Brought(), at=at).faults == []
    paid, file = f"payment {payment.id}", f"case_file {till.file_id}"
    tampering: list[tuple[Executable, FaultCode, str, str]] = [
        (update(Payment).values(amount_fen=50_000), FaultCode.REWRITTEN, paid, "amount_fen"),
        (update(Payment).values(receipt="〔2026〕1"), FaultCode.REWRITTEN, paid, "receipt"),
        (update(Payment).values(paid_on=day_of(0)), FaultCode.REWRITTEN, paid, "paid_on"),
        (delete(Payment), FaultCode.DROPPED, paid, "its row is gone"),
        (insert(FeeRemission).values(made_up), FaultCode.INSERTED, "fee_remission ", "no event"),
        (
            update(CaseFile).where(CaseFile.id == till.file_id).values(state=FileState.CLOSED),
            FaultCode.STATE,
            file,
            "it stands at closed",
        ),
        (
            update(NumberedSheet).where(receipt).values(state=SheetState.WRITTEN_OFF),
            FaultCode.STATE,
            f"numbered_sheet {sheet_id}",
            "its last event says used",
        ),
        (
            delete(SheetEvent).where(SheetEvent.sheet_id == sheet_id, SheetEvent.seq == 1),
            FaultCode.DROPPED,
            f"sheet_event/{sheet_id}/1",
            "its row is gone",
        ),
    ]
    for tamper, code, where, said in tampering:
        with till.bureau.sessions() as session:
            without_guards(session)
            session.execute(tamper)
            (fault,) = audit(session, Brought(), at=at).faults
            session.rollback()
        assert (fault.code, fault.where[: len(where)]) == (code, where)
        assert said in fault.what


def test_a_fine_that_was_lowered_is_owed_as_lowered_and_the_rest_can_be_given_back(till: Till) -> None:
    """行政复议法 art. 63: never to the party's disadvantage."""
    till.bank(FINE_FEN)
    with transaction(till.bureau.sessions) as session:
        filed = Filed(AppealKind.RECONSIDERATION, "台州市人民政府", till.today)
        appeal = appeals.file_appeal(session, till.file_id, filed, by=till.by(session), at=till.bureau.now)
    for changed in (FINE_FEN, FINE_FEN + 1):
        ended = Ended(AppealResult.CHANGED, till.today, "复议决定", changed_fine_fen=changed)
        with transaction(till.bureau.sessions) as session, pytest.raises(FileRefused, match="changed to more"):
            appeals.end_appeal(session, appeal.id, ended, by=till.by(session), at=till.bureau.now)
    with transaction(till.bureau.sessions) as session:
        ended = Ended(AppealResult.CHANGED, till.today, "复议决定", changed_fine_fen=12_000)
        appeals.end_appeal(session, appeal.id, ended, by=till.by(session), at=till.bureau.now)
    assert (till.owed().fine_fen, till.owed().account.over_fen) == (12_000, FINE_FEN - 12_000)


def test_a_correction_points_at_what_shows_it_and_at_no_other_matter(decided: Decided) -> None:
    till, other = Till(decided.bureau, decided.fined), Till(decided.bureau, decided.on_the_spot)
    sha256 = hashlib.sha256(b"the empty place").hexdigest()
    with transaction(till.bureau.sessions) as session:
        incident_id = till.bureau.file(till.file_id).incident_id
        sealed_at = till.bureau.now
        still = {"size_bytes": 1, "media_type": "image/jpeg", "suffix": ".jpg", "sealed_at": sealed_at}
        session.add(SealedObject(sha256=sha256, **still))
        session.flush()
        times = {"from_at": sealed_at, "to_at": sealed_at, "recipe": {}}
        kinds = {"kind": ExhibitKind.STILL, "moment": ExhibitMoment.LEFT}
        session.add(Exhibit(incident_id=incident_id, sha256=sha256, **kinds, **times))
        session.flush()
        file, by = session.get_one(CaseFile, till.file_id), till.by(session)
        (gone,) = corrections.shown_gone(session, file)
        with pytest.raises(FileRefused, match="nothing shows it"):
            corrections.record(session, till.file_id, till.today, by=by, at=till.bureau.now)
        with pytest.raises(FileRefused, match="exhibit of another"):
            corrections.record(session, other.file_id, till.today, exhibit_id=gone.id, by=by, at=till.bureau.now)
        shown = corrections.record(session, till.file_id, till.today, exhibit_id=gone.id, by=by, at=till.bureau.now)
        assert (shown.act, shown.facts["exhibit"]) == (FileAct.CORRECTED, str(gone.id))
        looked = corrections.record(
            session, other.file_id, till.today, reference="复查笔录 2", by=by, at=till.bureau.now
        )
        assert looked.facts == {"reference": "复查笔录 2", "corrected_on": till.today.isoformat()}
