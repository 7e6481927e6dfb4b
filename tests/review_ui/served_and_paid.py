"""A decision of a case file, and one of everything that serving and paying puts beside it: for who may reach what."""

import uuid
from datetime import date, timedelta

from sqlalchemy.orm import Session

from models.appeals import Appeal, CourtRequest, Demand
from models.case_files import CaseFile, FileDecision, FileNotice
from models.enums import (
    AppealKind,
    ConsentChannel,
    OrderState,
    OutcomeKind,
    PaymentMeans,
    PlanState,
    RefundGround,
    RefundState,
)
from models.payments import Payment, PaymentOrder, PaymentPlan, PlanPart, Refund
from models.people import User
from models.personal_data import PersonalDataKey
from models.serving import ServiceConsent
from tests.rows import after

AT = after(240)
TODAY = date(2026, 3, 2)
FINE_FEN = 20_000


def add_serving_and_paying(
    session: Session, key: PersonalDataKey, file: CaseFile, notice: FileNotice, user: User
) -> dict[str, str]:
    """The ids, by the names in the paths."""
    decision = FileDecision(
        file_id=file.id,
        notice_id=notice.id,
        outcome=OutcomeKind.FINE,
        fine_fen=FINE_FEN,
        provision_id="test-parking",
        correction="",
        reasons="as told",
        proposed={},
        made_by_id=user.id,
        made_at=AT,
        decided_on=TODAY,
    )
    session.add(decision)
    session.flush()
    of_the_file = {"file_id": file.id, "decision_id": decision.id}
    consent_id = uuid.uuid4()
    consent = ServiceConsent(
        id=consent_id,
        file_id=file.id,
        channel=ConsentChannel.EMAIL,
        number_sealed=key.seal("zhang@mail.example", f"service_consent.number:{consent_id}"),
        number_shown="zha***",
        reference="同意书 3",
        signed_on=TODAY,
        recorded_by_id=user.id,
        recorded_at=AT,
    )
    order = PaymentOrder(
        **of_the_file,
        key=f"fine:{file.id.hex}:1",
        provider_id=f"C-{file.id.hex[:8]}",
        means=PaymentMeans.QR,
        amount_fen=5_000,
        state=OrderState.OPEN,
        pay_url="https://pay.example/C1",
        first_tried_at=AT,
        made_by_id=user.id,
        made_at=AT,
    )
    payment = Payment(
        **of_the_file,
        means=PaymentMeans.BANK,
        amount_fen=FINE_FEN,
        paid_on=TODAY,
        reference=f"slip {file.id.hex[:8]}",
        recorded_at=AT,
    )
    session.add_all([consent, order, payment])
    session.flush()
    refund = Refund(
        file_id=file.id,
        payment_id=payment.id,
        key=f"refund:{file.id.hex}:1",
        amount_fen=1_000,
        ground=RefundGround.OVERPAID,
        because="多缴",
        state=RefundState.PROMISED,
        made_by_id=user.id,
        made_at=AT,
    )
    plan = PaymentPlan(
        **of_the_file,
        state=PlanState.ASKED,
        asked_on=TODAY,
        because="低保户",
        recorded_by_id=user.id,
        recorded_at=AT,
        parts=[PlanPart(number=1, due_on=TODAY + timedelta(days=60), amount_fen=FINE_FEN)],
    )
    appeal = Appeal(
        **of_the_file,
        kind=AppealKind.RECONSIDERATION,
        body="台州市人民政府",
        reference="",
        filed_on=TODAY,
        recorded_by_id=user.id,
        recorded_at=AT,
    )
    demand = Demand(**of_the_file, made_on=TODAY, fine_fen=FINE_FEN, late_fee_fen=0, made_by_id=user.id, made_at=AT)
    session.add_all([refund, plan, appeal, demand])
    session.flush()
    court = CourtRequest(
        **of_the_file,
        demand_id=demand.id,
        court="椒江区人民法院",
        reference="申 1",
        asked_on=TODAY,
        fine_fen=FINE_FEN,
        late_fee_fen=0,
        made_by_id=user.id,
        made_at=AT,
    )
    session.add(court)
    session.flush()
    return {
        "consent_id": str(consent.id),
        "order_id": str(order.id),
        "payment_id": str(payment.id),
        "refund_id": str(refund.id),
        "plan_id": str(plan.id),
        "appeal_id": str(appeal.id),
        "demand_id": str(demand.id),
        "court_request_id": str(court.id),
    }
