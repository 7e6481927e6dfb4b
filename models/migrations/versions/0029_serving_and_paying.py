"""Serving and paying: addresses, consents, attempts; orders, payments, plans, refunds; appeals, demands, courts.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "service_address",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("receiver_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("receiver_shown", sa.String(length=200), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("address_shown", sa.String(length=400), nullable=False),
        sa.Column("reference", sa.String(length=400), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        _at("recorded_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reference <> ''", name=op.f("ck_service_address_is_signed_somewhere")),
        sa.CheckConstraint(
            "ended_on IS NULL OR ended_on >= signed_on", name=op.f("ck_service_address_ends_after_it_began")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_service_address_file_id_case_file")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["user.id"], name=op.f("fk_service_address_recorded_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_address")),
    )
    op.create_index(op.f("ix_service_address_file_id"), "service_address", ["file_id"], unique=False)
    op.create_index(
        "uq_service_address_holds",
        "service_address",
        ["file_id"],
        unique=True,
        sqlite_where=sa.text("ended_on IS NULL"),
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_table(
        "service_consent",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("channel", _words("email", "fax", "sms", "platform", name="consent_channel"), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_shown", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=400), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        _at("recorded_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reference <> ''", name=op.f("ck_service_consent_is_signed_somewhere")),
        sa.CheckConstraint(
            "withdrawn_on IS NULL OR withdrawn_on >= signed_on", name=op.f("ck_service_consent_ends_after_it_began")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_service_consent_file_id_case_file")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["user.id"], name=op.f("fk_service_consent_recorded_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_consent")),
    )
    op.create_index(op.f("ix_service_consent_file_id"), "service_consent", ["file_id"], unique=False)
    op.create_index(
        "uq_service_consent_holds",
        "service_consent",
        ["file_id", "channel"],
        unique=True,
        sqlite_where=sa.text("withdrawn_on IS NULL"),
        postgresql_where=sa.text("withdrawn_on IS NULL"),
    )
    op.create_table(
        "service_detail",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("receiver_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "taken_by",
            _words("party", "family", "representative", "mailroom", "agent", "named", "nobody", name="served_to"),
            nullable=True,
        ),
        sa.Column("witnesses_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("recording", sa.String(length=200), nullable=True),
        sa.Column("waybill", sa.String(length=100), nullable=True),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("because", sa.String(length=400), nullable=False),
        sa.Column("counts_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["service_consent.id"], name=op.f("fk_service_detail_consent_id_service_consent")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["paper_service.id"], name=op.f("fk_service_detail_service_id_paper_service")
        ),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_service_detail")),
    )
    op.create_table(
        "appeal",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _words("reconsideration", "suit", name="appeal_kind"), nullable=False),
        sa.Column("body", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("execution_stopped_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column(
            "result",
            _words("upheld", "changed", "revoked", "unlawful", "withdrawn", "not_admitted", name="appeal_result"),
            nullable=True,
        ),
        sa.Column("result_reference", sa.String(length=100), nullable=True),
        sa.Column("changed_fine_fen", sa.Integer(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        _at("recorded_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("body <> ''", name=op.f("ck_appeal_is_heard_by_somebody")),
        sa.CheckConstraint(
            "changed_fine_fen IS NULL OR result = 'changed'", name=op.f("ck_appeal_changed_to_something")
        ),
        sa.CheckConstraint("(ended_on IS NULL) = (result IS NULL)", name=op.f("ck_appeal_ended_with_a_result")),
        sa.CheckConstraint(
            "changed_fine_fen IS NULL OR changed_fine_fen >= 0", name=op.f("ck_appeal_changed_to_an_amount")
        ),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= filed_on", name=op.f("ck_appeal_ended_after_it_began")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["file_decision.id"], name=op.f("fk_appeal_decision_id_file_decision")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_appeal_file_id_case_file")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["user.id"], name=op.f("fk_appeal_recorded_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
    )
    op.create_index(op.f("ix_appeal_file_id"), "appeal", ["file_id"], unique=False)
    op.create_index(
        "uq_appeal_under_way",
        "appeal",
        ["file_id"],
        unique=True,
        sqlite_where=sa.text("ended_on IS NULL"),
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_table(
        "demand",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("fine_fen", sa.Integer(), nullable=False),
        sa.Column("late_fee_fen", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        _at("made_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(answer IS NULL) = (answered_on IS NULL)", name=op.f("ck_demand_answered_whole")),
        sa.CheckConstraint("fine_fen >= 0 AND late_fee_fen >= 0", name=op.f("ck_demand_amounts_count")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["file_decision.id"], name=op.f("fk_demand_decision_id_file_decision")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_demand_file_id_case_file")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_demand_made_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demand")),
    )
    op.create_index(op.f("ix_demand_file_id"), "demand", ["file_id"], unique=False)
    op.create_table(
        "fee_remission",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("because", sa.String(length=400), nullable=False),
        sa.Column("granted_by_id", sa.Uuid(), nullable=False),
        _at("granted_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("because <> ''", name=op.f("ck_fee_remission_says_why")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_fee_remission_is_something")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["file_decision.id"], name=op.f("fk_fee_remission_decision_id_file_decision")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_fee_remission_file_id_case_file")),
        sa.ForeignKeyConstraint(["granted_by_id"], ["user.id"], name=op.f("fk_fee_remission_granted_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_remission")),
    )
    op.create_index(op.f("ix_fee_remission_file_id"), "fee_remission", ["file_id"], unique=False)
    op.create_table(
        "payment_order",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("means", _words("qr", "pos", "bank", "cash", name="payment_means"), nullable=False),
        sa.Column("terminal", sa.String(length=64), nullable=True),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            _words("promised", "asked", "open", "paid", "closed", "refused", name="order_state"),
            nullable=False,
        ),
        sa.Column("pay_url", sa.String(length=500), nullable=True),
        _at("expires_at", nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        _at("made_at"),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("provider_id", sa.String(length=100), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        _at("next_at", nullable=True),
        _at("lease_until", nullable=True),
        _at("first_tried_at", nullable=True),
        sa.Column("last_error", sa.String(length=400), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(means = 'pos') = (terminal IS NOT NULL)", name=op.f("ck_payment_order_pos_has_terminal")),
        sa.CheckConstraint("means IN ('qr', 'pos')", name=op.f("ck_payment_order_is_by_a_provider")),
        sa.CheckConstraint(
            "state <> 'open' OR provider_id IS NOT NULL", name=op.f("ck_payment_order_open_at_somebody")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payment_order_is_for_something")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["file_decision.id"], name=op.f("fk_payment_order_decision_id_file_decision")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_payment_order_file_id_case_file")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_payment_order_made_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_order")),
        sa.UniqueConstraint("key", name=op.f("uq_payment_order_key")),
        sa.UniqueConstraint("provider_id", name=op.f("uq_payment_order_provider_id")),
    )
    op.create_index(op.f("ix_payment_order_file_id"), "payment_order", ["file_id"], unique=False)
    op.create_index(op.f("ix_payment_order_next_at"), "payment_order", ["next_at"], unique=False)
    op.create_table(
        "payment_plan",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("state", _words("asked", "granted", "refused", "replaced", name="plan_state"), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        _at("recorded_at"),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        _at("decided_at", nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name=op.f("ck_payment_plan_decided_by_somebody"),
        ),
        sa.CheckConstraint("because <> ''", name=op.f("ck_payment_plan_says_why")),
        sa.CheckConstraint("(decided_at IS NULL) = (said IS NULL)", name=op.f("ck_payment_plan_decided_with_a_reason")),
        sa.CheckConstraint("decided_by_id <> recorded_by_id", name=op.f("ck_payment_plan_decided_by_another")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user.id"], name=op.f("fk_payment_plan_decided_by_id_user")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["file_decision.id"], name=op.f("fk_payment_plan_decision_id_file_decision")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_payment_plan_file_id_case_file")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["user.id"], name=op.f("fk_payment_plan_recorded_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_plan")),
    )
    op.create_index(op.f("ix_payment_plan_file_id"), "payment_plan", ["file_id"], unique=False)
    op.create_index(
        "uq_payment_plan_asked",
        "payment_plan",
        ["file_id"],
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.create_index(
        "uq_payment_plan_granted",
        "payment_plan",
        ["file_id"],
        unique=True,
        sqlite_where=sa.text("state = 'granted'"),
        postgresql_where=sa.text("state = 'granted'"),
    )
    op.create_table(
        "court_request",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("demand_id", sa.Uuid(), nullable=False),
        sa.Column("court", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("fine_fen", sa.Integer(), nullable=False),
        sa.Column("late_fee_fen", sa.Integer(), nullable=False),
        sa.Column(
            "result", _words("granted", "refused", "not_admitted", "withdrawn", name="court_result"), nullable=True
        ),
        sa.Column("result_on", sa.Date(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        _at("made_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("court <> ''", name=op.f("ck_court_request_asks_a_court")),
        sa.CheckConstraint("(result IS NULL) = (result_on IS NULL)", name=op.f("ck_court_request_answered_whole")),
        sa.CheckConstraint(
            "result_on IS NULL OR result_on >= asked_on", name=op.f("ck_court_request_answered_after_asked")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["file_decision.id"], name=op.f("fk_court_request_decision_id_file_decision")
        ),
        sa.ForeignKeyConstraint(["demand_id"], ["demand.id"], name=op.f("fk_court_request_demand_id_demand")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_court_request_file_id_case_file")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_court_request_made_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_court_request")),
    )
    op.create_index(op.f("ix_court_request_file_id"), "court_request", ["file_id"], unique=False)
    op.create_index(
        "uq_court_request_open",
        "court_request",
        ["file_id"],
        unique=True,
        sqlite_where=sa.text("result IS NULL"),
        postgresql_where=sa.text("result IS NULL"),
    )
    op.create_table(
        "payment",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("means", _words("qr", "pos", "bank", "cash", name="payment_means"), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("receipt", sa.String(length=100), nullable=True),
        sa.Column("cash_ground", _words("small", "hard_later", "remote", name="cash_ground"), nullable=True),
        sa.Column("taken_by_id", sa.Uuid(), nullable=True),
        sa.Column("handed_in_on", sa.Date(), nullable=True),
        sa.Column("banked_on", sa.Date(), nullable=True),
        _at("recorded_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(cash_ground IS NOT NULL) = (means = 'cash')", name=op.f("ck_payment_cash_has_a_ground")),
        sa.CheckConstraint(
            "(order_id IS NOT NULL) = (means IN ('qr', 'pos'))", name=op.f("ck_payment_order_is_by_a_provider")
        ),
        sa.CheckConstraint(
            "(taken_by_id IS NOT NULL) = (means = 'cash')", name=op.f("ck_payment_cash_was_taken_by_somebody")
        ),
        sa.CheckConstraint("reference <> ''", name=op.f("ck_payment_has_reference")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payment_is_something")),
        sa.CheckConstraint(
            "banked_on IS NULL OR banked_on >= handed_in_on", name=op.f("ck_payment_banked_after_handed_in")
        ),
        sa.CheckConstraint(
            "banked_on IS NULL OR handed_in_on IS NOT NULL", name=op.f("ck_payment_banked_by_the_bureau")
        ),
        sa.CheckConstraint(
            "handed_in_on IS NULL OR handed_in_on >= paid_on", name=op.f("ck_payment_handed_in_after_taken")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["file_decision.id"], name=op.f("fk_payment_decision_id_file_decision")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_payment_file_id_case_file")),
        sa.ForeignKeyConstraint(["order_id"], ["payment_order.id"], name=op.f("fk_payment_order_id_payment_order")),
        sa.ForeignKeyConstraint(["taken_by_id"], ["user.id"], name=op.f("fk_payment_taken_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("means", "reference", name=op.f("uq_payment_means_reference")),
        sa.UniqueConstraint("order_id", name=op.f("uq_payment_order_id")),
        sa.UniqueConstraint("receipt", name=op.f("uq_payment_receipt")),
    )
    op.create_index(op.f("ix_payment_file_id"), "payment", ["file_id"], unique=False)
    op.create_table(
        "plan_part",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_plan_part_is_something")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_plan_part_number_counts_from_one")),
        sa.ForeignKeyConstraint(["plan_id"], ["payment_plan.id"], name=op.f("fk_plan_part_plan_id_payment_plan")),
        sa.PrimaryKeyConstraint("plan_id", "number", name=op.f("pk_plan_part")),
    )
    op.create_table(
        "refund",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("ground", _words("overpaid", "changed", "revoked", name="refund_ground"), nullable=False),
        sa.Column("because", sa.String(length=400), nullable=False),
        sa.Column("state", _words("promised", "asked", "done", "refused", name="refund_state"), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        _at("made_at"),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("provider_id", sa.String(length=100), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        _at("next_at", nullable=True),
        _at("lease_until", nullable=True),
        _at("first_tried_at", nullable=True),
        sa.Column("last_error", sa.String(length=400), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(state = 'done') = (done_on IS NOT NULL)", name=op.f("ck_refund_done_on_a_day")),
        sa.CheckConstraint("because <> ''", name=op.f("ck_refund_says_why")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_refund_is_something")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_refund_file_id_case_file")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_refund_made_by_id_user")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("key", name=op.f("uq_refund_key")),
        sa.UniqueConstraint("provider_id", name=op.f("uq_refund_provider_id")),
    )
    op.create_index(op.f("ix_refund_file_id"), "refund", ["file_id"], unique=False)
    op.create_index(op.f("ix_refund_next_at"), "refund", ["next_at"], unique=False)
    op.create_index(op.f("ix_refund_payment_id"), "refund", ["payment_id"], unique=False)


def downgrade() -> None:
    op.drop_table("refund")
    op.drop_table("plan_part")
    op.drop_table("payment")
    op.drop_table("court_request")
    op.drop_table("payment_plan")
    op.drop_table("payment_order")
    op.drop_table("fee_remission")
    op.drop_table("demand")
    op.drop_table("appeal")
    op.drop_table("service_detail")
    op.drop_table("service_consent")
    op.drop_table("service_address")
