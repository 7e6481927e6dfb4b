"""Records that officers take down: inspections, inquiries, hearings.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime
from models.migrations.closed_lists import hold

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ACTS_BEFORE = (
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
ACTS = (*ACTS_BEFORE, "record_read", "record_corrected", "record_finished", "record_dropped")


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "file_record",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _words("inspection", "inquiry", "hearing", name="record_kind"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", _words("draft", "read", "finished", "dropped", name="record_state"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("hearing_id", sa.Uuid(), nullable=True),
        sa.Column("written_by_id", sa.Uuid(), nullable=False),
        _at("written_at"),
        _at("changed_at"),
        sa.Column("draft_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("drop_reason", sa.String(length=400), nullable=True),
        sa.Column("place", sa.String(length=300), nullable=False),
        _at("begun_at", nullable=True),
        _at("ended_at", nullable=True),
        sa.Column("first_id", sa.Uuid(), nullable=True),
        sa.Column("second_id", sa.Uuid(), nullable=True),
        sa.Column("first_certificate", sa.String(length=64), nullable=True),
        sa.Column("second_certificate", sa.String(length=64), nullable=True),
        sa.Column("file_party_id", sa.Uuid(), nullable=True),
        sa.Column("witness_id", sa.Uuid(), nullable=True),
        sa.Column("bystander_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("certificate_shown", sa.Boolean(), nullable=False),
        sa.Column("rights_told", sa.Boolean(), nullable=False),
        _at("read_at", nullable=True),
        sa.Column("read_sha256", sa.String(length=64), nullable=True),
        sa.Column("ending", _words("signs", "refuses", "absent", name="record_ending"), nullable=True),
        sa.Column("ending_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("ending_witness_sealed", sa.LargeBinary(), nullable=True),
        _at("finished_at", nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(file_party_id IS NULL OR witness_id IS NULL) AND "
            "(bystander_sealed IS NULL OR (file_party_id IS NULL AND witness_id IS NULL AND kind = 'inspection'))",
            name=op.f("ck_file_record_one_was_asked"),
        ),
        sa.CheckConstraint(
            "(kind = 'hearing') = (hearing_id IS NOT NULL)", name=op.f("ck_file_record_hearing_names_it")
        ),
        sa.CheckConstraint(
            "(state = 'dropped') = (drop_reason IS NOT NULL)", name=op.f("ck_file_record_dropped_with_a_reason")
        ),
        sa.CheckConstraint(
            "(state = 'finished') = (ending IS NOT NULL) AND (ending IS NULL) = (sha256 IS NULL) "
            "AND (ending IS NULL) = (finished_at IS NULL)",
            name=op.f("ck_file_record_finished_whole"),
        ),
        sa.CheckConstraint(
            "(state IN ('draft', 'dropped')) = (draft_sealed IS NOT NULL)", name=op.f("ck_file_record_draft_as_typed")
        ),
        sa.CheckConstraint(
            "(state IN ('read', 'finished')) = (read_at IS NOT NULL) AND (read_at IS NULL) = (begun_at IS NULL) "
            "AND (read_at IS NULL) = (ended_at IS NULL) AND (read_at IS NULL) = (first_id IS NULL) "
            "AND (read_at IS NULL) = (second_id IS NULL) AND (read_at IS NULL) = (read_sha256 IS NULL)",
            name=op.f("ck_file_record_read_whole"),
        ),
        sa.CheckConstraint(
            "ending IS NULL OR ending = 'signs' OR ending_reason_sealed IS NOT NULL",
            name=op.f("ck_file_record_says_why"),
        ),
        sa.CheckConstraint(
            "kind = 'hearing' OR read_at IS NULL OR (first_certificate IS NOT NULL AND second_certificate IS NOT NULL)",
            name=op.f("ck_file_record_officers_have_certificates"),
        ),
        sa.CheckConstraint("ended_at >= begun_at", name=op.f("ck_file_record_runs_forward")),
        sa.CheckConstraint("first_id <> second_id", name=op.f("ck_file_record_two_people")),
        sa.CheckConstraint("number >= 1 AND revision >= 1", name=op.f("ck_file_record_counts_from_one")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_record_file_id_case_file")),
        sa.ForeignKeyConstraint(
            ["file_party_id"], ["file_party.id"], name=op.f("fk_file_record_file_party_id_file_party")
        ),
        sa.ForeignKeyConstraint(["first_id"], ["user.id"], name=op.f("fk_file_record_first_id_user")),
        sa.ForeignKeyConstraint(
            ["hearing_id"], ["file_hearing.id"], name=op.f("fk_file_record_hearing_id_file_hearing")
        ),
        sa.ForeignKeyConstraint(["second_id"], ["user.id"], name=op.f("fk_file_record_second_id_user")),
        sa.ForeignKeyConstraint(["witness_id"], ["witness.id"], name=op.f("fk_file_record_witness_id_witness")),
        sa.ForeignKeyConstraint(["written_by_id"], ["user.id"], name=op.f("fk_file_record_written_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_record")),
        sa.UniqueConstraint("file_id", "kind", "number", name=op.f("uq_file_record_file_id_kind_number")),
    )
    op.create_index(op.f("ix_file_record_first_id"), "file_record", ["first_id"], unique=False)
    op.create_index(op.f("ix_file_record_hearing_id"), "file_record", ["hearing_id"], unique=False)
    op.create_index(op.f("ix_file_record_second_id"), "file_record", ["second_id"], unique=False)
    op.create_table(
        "record_line",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("corrects", sa.Integer(), nullable=True),
        sa.Column(
            "speaker",
            _words("chair", "investigator", "party", "agent", "witness", "other", name="record_speaker"),
            nullable=True,
        ),
        sa.Column("ask_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("say_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("written_by_id", sa.Uuid(), nullable=False),
        _at("written_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "corrects IS NULL OR (corrects >= 0 AND corrects < number)", name=op.f("ck_record_line_corrects_one_before")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_record_line_number_counts_from_one")),
        sa.ForeignKeyConstraint(["record_id"], ["file_record.id"], name=op.f("fk_record_line_record_id_file_record")),
        sa.ForeignKeyConstraint(["written_by_id"], ["user.id"], name=op.f("fk_record_line_written_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_line")),
        sa.UniqueConstraint("record_id", "number", name=op.f("uq_record_line_record_id_number")),
    )
    op.create_table(
        "record_look",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        _at("at"),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.CheckConstraint("actor <> '' AND reason <> ''", name=op.f("ck_record_look_says_who_and_why")),
        sa.ForeignKeyConstraint(["record_id"], ["file_record.id"], name=op.f("fk_record_look_record_id_file_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_look")),
    )
    op.create_index(op.f("ix_record_look_record_id"), "record_look", ["record_id"], unique=False)
    _protect()
    _hold_acts(ACTS)


def _hold_acts(acts: tuple[str, ...]) -> None:
    hold("file_event", "act", "file_act", acts)
    hold("file_approval", "step", "approved_step", acts)


def _protect() -> None:
    """Lines are only added to, but for sealing them anew; looks are append-only."""
    guards = (
        ("record_line", "UPDATE OF record_id, number, corrects, speaker, written_by_id, written_at"),
        ("record_line", "DELETE"),
        ("record_look", "UPDATE"),
        ("record_look", "DELETE"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for table, verb in guards:
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.split()[0].lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    for table in ("record_line", "record_look"):
        op.execute(
            f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
    for table, verb in (*guards, ("record_line", "TRUNCATE"), ("record_look", "TRUNCATE")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.split()[0].lower()} BEFORE {verb} ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
        )


def downgrade() -> None:
    _hold_acts(ACTS_BEFORE)
    op.drop_table("record_look")
    op.drop_table("record_line")
    op.drop_table("file_record")
    if op.get_bind().dialect.name != "sqlite":
        for table in ("record_line", "record_look"):
            op.execute(f"DROP FUNCTION {table}_append_only()")
