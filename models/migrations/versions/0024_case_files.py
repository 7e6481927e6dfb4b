"""Case files: their steps, officers, approvals, notices, decisions, defence, hearings, service of papers.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime
from models.migrations.closed_lists import hold

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

OUTCOME_KIND_WORDS = (
    "no_penalty",
    "warning",
    "fine",
)
APPROVED_STEP_WORDS = (
    "register",
    "file",
    "refuse_filing",
    "make_ordinary",
    "end_investigation",
    "pass_legal_review",
    "fail_legal_review",
    "notify",
    "hear",
    "reopen",
    "decide",
    "spare",
    "serve",
    "perform",
    "enforce",
    "close",
    "archive",
    "withdraw",
    "transfer",
    "revoke",
    "officer_assigned",
    "officer_recused",
    "facts_said",
    "approval_asked",
    "approval_marked",
    "approval_withdrawn",
    "defence_said",
    "defence_answered",
    "defence_waived",
    "hearing_asked",
    "hearing_announced",
    "hearing_held",
    "hearing_given_up",
    "clock_stopped",
    "clock_started",
    "term_extended",
    "party_entered",
    "witness_entered",
    "goods_entered",
    "goods_moved",
    "measure_taken",
    "measure_ended",
    "document_made",
    "document_signed",
    "paper_served",
    "service_failed",
    "payment_made",
    "payment_deferred",
    "corrected",
    "demanded",
    "court_asked",
    "reported",
    "reconsideration",
    "suit",
    "volume_made",
    "review_scored",
    "shared",
)
FILE_STATE_WORDS = (
    "registered",
    "not_filed",
    "filed",
    "investigated",
    "reviewed",
    "noticed",
    "heard",
    "decided",
    "spared",
    "served",
    "performed",
    "enforcing",
    "closed",
    "archived",
    "withdrawn",
    "transferred",
    "revoked",
)
SPARE_GROUND_WORDS = (
    "slight_and_corrected",
    "first_and_corrected",
    "no_fault",
    "under_age",
    "not_accountable",
    "limitation",
)


LOGGED = ("seal", "custody", "transition", "decision", "deletion", "key", "opening", "account", "fence")


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "qualification",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _words("enforcement", "legal", name="qualification_kind"), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        _at("recorded_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_qualification_runs_forward")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_qualification_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualification")),
        sa.UniqueConstraint("kind", "number", name=op.f("uq_qualification_kind_number")),
    )
    op.create_index(op.f("ix_qualification_user_id"), "qualification", ["user_id"], unique=False)
    op.create_table(
        "case_file",
        sa.Column("number", sa.String(length=100), nullable=True),
        sa.Column(
            "source",
            _words(
                "camera", "patrol", "complaint", "superior", "transfer", "media", "digital_city", name="case_source"
            ),
            nullable=False,
        ),
        sa.Column("source_note", sa.String(length=400), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("procedure", _words("simple", "ordinary", name="procedure"), nullable=False),
        sa.Column("state", _words(*FILE_STATE_WORDS, name="file_state"), nullable=False),
        sa.Column("offence", _words("illegal_parking", "street_vending", "dumping", name="offence"), nullable=True),
        sa.Column("law_code", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=True),
        sa.Column("area_id", sa.String(length=64), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        _at("conduct_from_at"),
        _at("conduct_to_at"),
        sa.Column("review_grounds", sa.JSON(), nullable=False),
        _at("registered_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(source = 'camera') = (incident_id IS NOT NULL)", name=op.f("ck_case_file_camera_has_incident")
        ),
        sa.CheckConstraint("law_code <> '' AND title <> ''", name=op.f("ck_case_file_says_what")),
        sa.CheckConstraint("conduct_to_at >= conduct_from_at", name=op.f("ck_case_file_conduct_runs_forward")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_case_file_area_id_area")),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_case_file_camera_id_camera")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_case_file_incident_id_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("incident_id", name=op.f("uq_case_file_incident_id")),
        sa.UniqueConstraint("number", name=op.f("uq_case_file_number")),
    )
    op.create_index(op.f("ix_case_file_area_id"), "case_file", ["area_id"], unique=False)
    op.create_index(op.f("ix_case_file_camera_id"), "case_file", ["camera_id"], unique=False)
    op.create_index(op.f("ix_case_file_law_code"), "case_file", ["law_code"], unique=False)
    op.create_index("ix_case_file_state_registered_at", "case_file", ["state", "registered_at"], unique=False)
    op.create_table(
        "file_approval",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("step", _words(*APPROVED_STEP_WORDS, name="approved_step"), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("chain", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        _at("asked_at"),
        sa.Column("state", _words("open", "approved", "returned", "withdrawn", name="approval_state"), nullable=False),
        _at("ended_at", nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_file_approval_ended_whole")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_file_approval_has_reason")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user.id"], name=op.f("fk_file_approval_asked_by_id_user")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_approval_file_id_case_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_approval")),
    )
    op.create_index(op.f("ix_file_approval_file_id"), "file_approval", ["file_id"], unique=False)
    op.create_index(
        "uq_file_approval_open",
        "file_approval",
        ["file_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "file_event",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("act", _words(*APPROVED_STEP_WORDS, name="file_act"), nullable=False),
        sa.Column("from_state", _words(*FILE_STATE_WORDS, name="file_from_state"), nullable=True),
        sa.Column("to_state", _words(*FILE_STATE_WORDS, name="file_to_state"), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        _at("at"),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_file_event_has_actor")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_file_event_seq_counts_from_one")),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_file_event_actor_id_user")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_event_file_id_case_file")),
        sa.PrimaryKeyConstraint("file_id", "seq", name=op.f("pk_file_event")),
    )
    op.create_table(
        "file_notice",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hearing_offered", sa.Boolean(), nullable=False),
        sa.Column("outcome", _words(*OUTCOME_KIND_WORDS, name="outcome_kind"), nullable=False),
        sa.Column("fine_fen", sa.Integer(), nullable=True),
        sa.Column("spare_ground", _words(*SPARE_GROUND_WORDS, name="spare_ground"), nullable=True),
        sa.Column("provision_id", sa.String(length=64), nullable=False),
        sa.Column("band", sa.String(length=64), nullable=True),
        sa.Column("correction", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("proposed", sa.JSON(), nullable=False),
        sa.Column("departs_because", sa.Text(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        _at("made_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(outcome = 'fine') = (fine_fen IS NOT NULL)", name=op.f("ck_file_notice_fine_has_amount")),
        sa.CheckConstraint("outcome <> 'no_penalty'", name=op.f("ck_file_notice_intends_a_penalty")),
        sa.CheckConstraint("fine_fen IS NULL OR fine_fen > 0", name=op.f("ck_file_notice_fine_is_positive")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_notice_file_id_case_file")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_file_notice_made_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_notice")),
        sa.UniqueConstraint("file_id", "version", name=op.f("uq_file_notice_file_id_version")),
    )
    op.create_table(
        "file_hearing",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=True),
        _at("to_be_held_at", nullable=True),
        sa.Column("place", sa.String(length=300), nullable=True),
        sa.Column("in_public", sa.Boolean(), nullable=False),
        sa.Column("chair_id", sa.Uuid(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("opinion", sa.Text(), nullable=True),
        sa.Column("given_up_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("held_on IS NULL OR opinion <> ''", name=op.f("ck_file_hearing_held_with_an_opinion")),
        sa.CheckConstraint("held_on IS NULL OR chair_id IS NOT NULL", name=op.f("ck_file_hearing_held_by_somebody")),
        sa.CheckConstraint("held_on IS NULL OR given_up_on IS NULL", name=op.f("ck_file_hearing_held_or_given_up")),
        sa.ForeignKeyConstraint(["chair_id"], ["user.id"], name=op.f("fk_file_hearing_chair_id_user")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_hearing_file_id_case_file")),
        sa.ForeignKeyConstraint(["notice_id"], ["file_notice.id"], name=op.f("fk_file_hearing_notice_id_file_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_hearing")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_file_hearing_notice_id")),
    )
    op.create_index(op.f("ix_file_hearing_file_id"), "file_hearing", ["file_id"], unique=False)
    op.create_table(
        "file_officer",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("certificate", sa.String(length=64), nullable=False),
        _at("assigned_at"),
        _at("ended_at", nullable=True),
        sa.Column("end_reason", sa.String(length=400), nullable=True),
        sa.Column("recused", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_file_officer_ended_with_a_reason")
        ),
        sa.CheckConstraint("place IN (1, 2)", name=op.f("ck_file_officer_one_of_two")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_officer_file_id_case_file")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_file_officer_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_officer")),
    )
    op.create_index(op.f("ix_file_officer_file_id"), "file_officer", ["file_id"], unique=False)
    op.create_index(op.f("ix_file_officer_user_id"), "file_officer", ["user_id"], unique=False)
    op.create_index(
        "uq_file_officer_place",
        "file_officer",
        ["file_id", "place"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_file_officer_user",
        "file_officer",
        ["file_id", "user_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "paper_service",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column(
            "paper",
            _words(
                "notice", "hearing_notice", "correction_order", "decision", "demand", "measure", name="served_paper"
            ),
            nullable=False,
        ),
        sa.Column(
            "mode",
            _words("personal", "left", "mail", "electronic", "entrusted", "public_notice", name="service_mode"),
            nullable=False,
        ),
        sa.Column("receiver", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.Column("reference", sa.String(length=400), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=True),
        sa.Column("failed_on", sa.Date(), nullable=True),
        sa.Column("failure", sa.String(length=400), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        _at("recorded_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("receiver <> ''", name=op.f("ck_paper_service_has_receiver")),
        sa.CheckConstraint(
            "(failed_on IS NULL) = (failure IS NULL)", name=op.f("ck_paper_service_failed_with_a_reason")
        ),
        sa.CheckConstraint("served_on IS NULL OR failed_on IS NULL", name=op.f("ck_paper_service_served_or_failed")),
        sa.CheckConstraint(
            "served_on IS NULL OR served_on >= begun_on", name=op.f("ck_paper_service_served_after_begun")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_paper_service_file_id_case_file")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["user.id"], name=op.f("fk_paper_service_recorded_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_service")),
    )
    op.create_index(op.f("ix_paper_service_file_id"), "paper_service", ["file_id"], unique=False)
    op.create_table(
        "approval_mark",
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", _words("agrees", "returns", name="approval_verdict"), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        _at("at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_approval_mark_has_reason")),
        sa.CheckConstraint("level >= 1", name=op.f("ck_approval_mark_level_counts_from_one")),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["file_approval.id"], name=op.f("fk_approval_mark_approval_id_file_approval")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_approval_mark_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_mark")),
        sa.UniqueConstraint("approval_id", "level", name=op.f("uq_approval_mark_approval_id_level")),
        sa.UniqueConstraint("approval_id", "user_id", name=op.f("uq_approval_mark_approval_id_user_id")),
    )
    op.create_table(
        "defence_point",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("said_by", sa.String(length=200), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=True),
        _at("entered_at"),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        _at("answered_at", nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("text <> '' AND said_by <> ''", name=op.f("ck_defence_point_says_who_and_what")),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (accepted IS NULL) "
            "AND (answer IS NULL) = (answered_by_id IS NULL)",
            name=op.f("ck_defence_point_answered_whole"),
        ),
        sa.ForeignKeyConstraint(["answered_by_id"], ["user.id"], name=op.f("fk_defence_point_answered_by_id_user")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_defence_point_file_id_case_file")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["owner_statement.id"], name=op.f("fk_defence_point_statement_id_owner_statement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_defence_point")),
        sa.UniqueConstraint("file_id", "number", name=op.f("uq_defence_point_file_id_number")),
    )
    op.create_table(
        "file_decision",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=False),
        _at("revoked_at", nullable=True),
        sa.Column("revoke_reason", sa.Text(), nullable=True),
        sa.Column("outcome", _words(*OUTCOME_KIND_WORDS, name="outcome_kind"), nullable=False),
        sa.Column("fine_fen", sa.Integer(), nullable=True),
        sa.Column("spare_ground", _words(*SPARE_GROUND_WORDS, name="spare_ground"), nullable=True),
        sa.Column("provision_id", sa.String(length=64), nullable=False),
        sa.Column("band", sa.String(length=64), nullable=True),
        sa.Column("correction", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("proposed", sa.JSON(), nullable=False),
        sa.Column("departs_because", sa.Text(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        _at("made_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(outcome = 'fine') = (fine_fen IS NOT NULL)", name=op.f("ck_file_decision_fine_has_amount")
        ),
        sa.CheckConstraint(
            "(outcome = 'no_penalty') = (spare_ground IS NOT NULL)", name=op.f("ck_file_decision_spared_on_a_ground")
        ),
        sa.CheckConstraint(
            "outcome = 'no_penalty' OR notice_id IS NOT NULL", name=op.f("ck_file_decision_penalty_was_announced")
        ),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoke_reason IS NULL)", name=op.f("ck_file_decision_revoked_with_a_reason")
        ),
        sa.CheckConstraint("fine_fen IS NULL OR fine_fen > 0", name=op.f("ck_file_decision_fine_is_positive")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_decision_file_id_case_file")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_file_decision_made_by_id_user")),
        sa.ForeignKeyConstraint(["notice_id"], ["file_notice.id"], name=op.f("fk_file_decision_notice_id_file_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_decision")),
    )
    op.create_index(op.f("ix_file_decision_file_id"), "file_decision", ["file_id"], unique=False)
    op.create_index(
        "uq_file_decision_holds",
        "file_decision",
        ["file_id"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    _append_only()
    hold("log_entry", "kind", "log_kind", (*LOGGED, "case_file"))


def _append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER file_event_no_{verb.lower()} BEFORE {verb} ON file_event "
                "BEGIN SELECT RAISE(ABORT, 'file_event is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION file_event_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'file_event is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER file_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON file_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION file_event_append_only()"
    )


def downgrade() -> None:
    hold("log_entry", "kind", "log_kind", LOGGED)
    op.drop_table("file_decision")
    op.drop_table("defence_point")
    op.drop_table("approval_mark")
    op.drop_table("paper_service")
    op.drop_table("file_officer")
    op.drop_table("file_hearing")
    op.drop_table("file_notice")
    op.drop_table("file_event")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION file_event_append_only()")
    op.drop_table("file_approval")
    op.drop_table("case_file")
    op.drop_table("qualification")
