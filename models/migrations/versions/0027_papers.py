"""Papers and the registry of numbers: sheets, what became of them, documents, officers' keys and signatures.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime
from models.migrations.closed_lists import hold

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

ACTS = (
    "added",
    "changed",
    "role_granted",
    "role_withdrawn",
    "disabled",
    "enabled",
    "password_given",
    "password_changed",
    "signed_in",
    "locked",
    "unlocked",
    "session_ended",
    "identity_linked",
    "token_made",
    "token_revoked",
    "hook_made",
    "hook_switched_on",
    "hook_switched_off",
    "hook_tested",
)
ADDED = (
    "signing_key_made",
    "signature_put",
    "signature_removed",
)
SHEET_KINDS = (
    "case_file",
    "correction_order",
    "penalty_notice",
    "hearing_notice",
    "decision",
    "spot_decision",
    "no_penalty_decision",
    "seizure_decision",
    "release_decision",
    "payment_notice",
    "payment_receipt",
    "demand",
    "court_application",
    "window_slip",
    "goods_list",
)
SHEET_STATES = (
    "drawn",
    "used",
    "voided",
    "written_off",
)


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "number_form",
        sa.Column("kind", _words(*SHEET_KINDS, name="formed_kind"), nullable=False),
        sa.Column("form", sa.String(length=80), nullable=False),
        sa.Column("set_by", sa.String(length=100), nullable=False),
        _at("set_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("form <> ''", name=op.f("ck_number_form_has_form")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_form")),
    )
    op.create_index("ix_number_form_kind_set_at", "number_form", ["kind", "set_at"], unique=False)
    op.create_table(
        "number_series",
        sa.Column("kind", _words(*SHEET_KINDS, name="series_kind"), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("last >= 0", name=op.f("ck_number_series_counts_up")),
        sa.CheckConstraint("year BETWEEN 2000 AND 9999", name=op.f("ck_number_series_year_in_full")),
        sa.PrimaryKeyConstraint("kind", "year", name=op.f("pk_number_series")),
    )
    op.create_table(
        "officer_key",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("public_pem", sa.Text(), nullable=False),
        sa.Column("private_sealed", sa.LargeBinary(), nullable=False),
        _at("made_at"),
        _at("ended_at", nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_officer_key_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_key")),
        sa.UniqueConstraint("key_id", name=op.f("uq_officer_key_key_id")),
    )
    op.create_index(
        "uq_officer_key_in_use",
        "officer_key",
        ["user_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "signature_image",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("image_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        _at("put_at"),
        _at("ended_at", nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("width_px > 0 AND height_px > 0", name=op.f("ck_signature_image_has_size")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_signature_image_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature_image")),
    )
    op.create_index(
        "uq_signature_image_in_use",
        "signature_image",
        ["user_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "numbered_sheet",
        sa.Column("kind", _words(*SHEET_KINDS, name="sheet_kind"), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=100), nullable=False),
        sa.Column("state", _words(*SHEET_STATES, name="sheet_state"), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("used_for", sa.String(length=64), nullable=True),
        sa.Column("void_reason", sa.String(length=400), nullable=True),
        sa.Column("drawn_by", sa.String(length=100), nullable=False),
        _at("drawn_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'voided') = (void_reason IS NOT NULL)", name=op.f("ck_numbered_sheet_voided_with_a_reason")
        ),
        sa.CheckConstraint("number >= 1 AND text <> ''", name=op.f("ck_numbered_sheet_has_number")),
        sa.CheckConstraint("state <> 'drawn' OR used_for IS NULL", name=op.f("ck_numbered_sheet_drawn_is_free")),
        sa.CheckConstraint(
            "state NOT IN ('used', 'written_off') OR used_for IS NOT NULL",
            name=op.f("ck_numbered_sheet_used_for_something"),
        ),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_numbered_sheet_file_id_case_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_numbered_sheet")),
        sa.UniqueConstraint("kind", "year", "number", name=op.f("uq_numbered_sheet_kind_year_number")),
        sa.UniqueConstraint("text", name=op.f("uq_numbered_sheet_text")),
    )
    op.create_index(op.f("ix_numbered_sheet_file_id"), "numbered_sheet", ["file_id"], unique=False)
    op.create_table(
        "file_paper",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            _words(
                "filing_approval",
                "inspection_record",
                "inquiry_record",
                "correction_order",
                "seizure_decision",
                "seizure_list",
                "release_decision",
                "investigation_report",
                "legal_opinion",
                "penalty_notice",
                "defence_record",
                "defence_review",
                "hearing_notice",
                "hearing_record",
                "decision",
                "spot_decision",
                "no_penalty_decision",
                "payment_notice",
                "service_receipt",
                "demand",
                "court_application",
                "closing_report",
                "volume_cover",
                "window_slip",
                name="paper_kind",
            ),
            nullable=False,
        ),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sheet_id", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=True),
        sa.Column("template", sa.String(length=100), nullable=False),
        sa.Column("template_sha256", sa.String(length=64), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        _at("made_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("length(template_sha256) = 64", name=op.f("ck_file_paper_template_is_known")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_file_paper_version_counts_from_one")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_paper_file_id_case_file")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_file_paper_made_by_id_user")),
        sa.ForeignKeyConstraint(
            ["pdf_sha256"], ["sealed_object.sha256"], name=op.f("fk_file_paper_pdf_sha256_sealed_object")
        ),
        sa.ForeignKeyConstraint(["sha256"], ["sealed_object.sha256"], name=op.f("fk_file_paper_sha256_sealed_object")),
        sa.ForeignKeyConstraint(
            ["sheet_id"], ["numbered_sheet.id"], name=op.f("fk_file_paper_sheet_id_numbered_sheet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_paper")),
        sa.UniqueConstraint(
            "file_id", "kind", "about", "version", name=op.f("uq_file_paper_file_id_kind_about_version")
        ),
    )
    op.create_index(op.f("ix_file_paper_sha256"), "file_paper", ["sha256"], unique=False)
    op.create_index(op.f("ix_file_paper_sheet_id"), "file_paper", ["sheet_id"], unique=False)
    op.create_table(
        "sheet_event",
        sa.Column("sheet_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("to_state", _words(*SHEET_STATES, name="sheet_to_state"), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        _at("at"),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_sheet_event_has_actor")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_sheet_event_seq_counts_from_one")),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_sheet_event_actor_id_user")),
        sa.ForeignKeyConstraint(
            ["sheet_id"], ["numbered_sheet.id"], name=op.f("fk_sheet_event_sheet_id_numbered_sheet")
        ),
        sa.PrimaryKeyConstraint("sheet_id", "seq", name=op.f("pk_sheet_event")),
    )
    op.create_table(
        "paper_signature",
        sa.Column("paper_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("image_id", sa.Uuid(), nullable=True),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        _at("signed_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["signature_image.id"], name=op.f("fk_paper_signature_image_id_signature_image")
        ),
        sa.ForeignKeyConstraint(["key_id"], ["officer_key.id"], name=op.f("fk_paper_signature_key_id_officer_key")),
        sa.ForeignKeyConstraint(["paper_id"], ["file_paper.id"], name=op.f("fk_paper_signature_paper_id_file_paper")),
        sa.ForeignKeyConstraint(
            ["pdf_sha256"], ["sealed_object.sha256"], name=op.f("fk_paper_signature_pdf_sha256_sealed_object")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_paper_signature_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_signature")),
        sa.UniqueConstraint("paper_id", "place", name=op.f("uq_paper_signature_paper_id_place")),
        sa.UniqueConstraint("paper_id", "user_id", name=op.f("uq_paper_signature_paper_id_user_id")),
    )
    op.create_index(op.f("ix_paper_signature_user_id"), "paper_signature", ["user_id"], unique=False)
    _refuse("sheet_event", "append-only", "UPDATE", "DELETE")
    _refuse("numbered_sheet", "never given up", "DELETE")
    hold("account_event", "act", "account_act", (*ACTS, *ADDED))


def _refuse(table: str, why: str, *verbs: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in verbs:
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is {why}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is {why}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE {' OR '.join((*verbs, 'TRUNCATE'))} ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_kept()"
    )


def downgrade() -> None:
    hold("account_event", "act", "account_act", ACTS)
    for table in (
        "paper_signature",
        "sheet_event",
        "file_paper",
        "numbered_sheet",
        "signature_image",
        "officer_key",
        "number_series",
        "number_form",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION sheet_event_kept()")
        op.execute("DROP FUNCTION numbered_sheet_kept()")
