"""Parties, witnesses, vehicles; things taken and what became of them.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

APPEND_ONLY = ("party_event", "goods_movement")

GOODS_REQUEST_FATE_WORDS = (
    "return",
    "forfeit",
    "destroy",
    "sell",
    "hand_over",
    "loss",
)


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "party",
        sa.Column("kind", _words("person", "shop", "company", name="party_kind"), nullable=False),
        sa.Column("public_name", sa.String(length=200), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_index", sa.String(length=64), nullable=True),
        sa.Column(
            "number_kind", _words("resident_id", "credit_code", "other", name="party_number_kind"), nullable=True
        ),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("number_index", sa.String(length=64), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.String(length=64), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("entered_by", sa.String(length=100), nullable=False),
        _at("entered_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(kind = 'company') = (name_sealed IS NULL)", name=op.f("ck_party_person_named_sealed")),
        sa.CheckConstraint(
            "(kind = 'company') = (public_name IS NOT NULL)", name=op.f("ck_party_company_named_in_clear")
        ),
        sa.CheckConstraint("(name_sealed IS NULL) = (name_index IS NULL)", name=op.f("ck_party_name_is_found")),
        sa.CheckConstraint(
            "(number_kind IS NULL) = (number_sealed IS NULL) AND (number_kind IS NULL) = (number_index IS NULL)",
            name=op.f("ck_party_number_whole"),
        ),
        sa.CheckConstraint("(phone_sealed IS NULL) = (phone_index IS NULL)", name=op.f("ck_party_phone_is_found")),
        sa.CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name=op.f("ck_party_merged_into_another")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["party.id"], name=op.f("fk_party_merged_into_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party")),
        sa.UniqueConstraint("number_index", name=op.f("uq_party_number_index")),
    )
    op.create_index(op.f("ix_party_merged_into_id"), "party", ["merged_into_id"], unique=False)
    op.create_index(op.f("ix_party_name_index"), "party", ["name_index"], unique=False)
    op.create_index(op.f("ix_party_phone_index"), "party", ["phone_index"], unique=False)
    op.create_index(op.f("ix_party_public_name"), "party", ["public_name"], unique=False)
    op.create_table(
        "goods_store",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("area_id", sa.String(length=64), nullable=True),
        sa.Column("opened_by", sa.String(length=100), nullable=False),
        _at("opened_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_goods_store_has_name")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_goods_store_area_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_store")),
        sa.UniqueConstraint("name", name=op.f("uq_goods_store_name")),
    )
    op.create_index(op.f("ix_goods_store_area_id"), "goods_store", ["area_id"], unique=False)
    op.create_table(
        "party_note",
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _words("credit", "hardship", name="party_note_kind"), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("legal_basis", sa.String(length=300), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.String(length=100), nullable=False),
        _at("entered_at"),
        sa.Column("removed_by", sa.String(length=100), nullable=True),
        _at("removed_at", nullable=True),
        sa.Column("remove_reason", sa.String(length=400), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("legal_basis <> ''", name=op.f("ck_party_note_has_legal_basis")),
        sa.CheckConstraint(
            "(removed_at IS NULL) = (removed_by IS NULL) AND (removed_at IS NULL) = (remove_reason IS NULL)",
            name=op.f("ck_party_note_removed_says_who_and_why"),
        ),
        sa.CheckConstraint("expires_on > from_on", name=op.f("ck_party_note_expires")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_party_note_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_note")),
    )
    op.create_index(op.f("ix_party_note_party_id"), "party_note", ["party_id"], unique=False)
    op.create_table(
        "file_party",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            _words("party", "driver", "vehicle_owner", "legal_representative", "agent", name="party_role"),
            nullable=False,
        ),
        sa.Column("acts_for_id", sa.Uuid(), nullable=True),
        sa.Column("letter", sa.String(length=200), nullable=True),
        sa.Column("linked_by", sa.String(length=100), nullable=False),
        _at("linked_at"),
        _at("ended_at", nullable=True),
        sa.Column("end_reason", sa.String(length=400), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(role = 'agent') = (letter IS NOT NULL)", name=op.f("ck_file_party_agent_has_letter")),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_file_party_ended_with_a_reason")),
        sa.ForeignKeyConstraint(["acts_for_id"], ["party.id"], name=op.f("fk_file_party_acts_for_id_party")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_party_file_id_case_file")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_file_party_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_party")),
    )
    op.create_index(op.f("ix_file_party_file_id"), "file_party", ["file_id"], unique=False)
    op.create_index(op.f("ix_file_party_party_id"), "file_party", ["party_id"], unique=False)
    op.create_index(
        "uq_file_party_role",
        "file_party",
        ["file_id", "party_id", "role"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "file_vehicle",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("plate", sa.String(length=16), nullable=False),
        sa.Column("vehicle_class", sa.String(length=60), nullable=False),
        sa.Column("colour", sa.String(length=40), nullable=False),
        sa.Column("keeper_id", sa.Uuid(), nullable=True),
        sa.Column("entered_by", sa.String(length=100), nullable=False),
        _at("entered_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("plate <> ''", name=op.f("ck_file_vehicle_has_plate")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_vehicle_file_id_case_file")),
        sa.ForeignKeyConstraint(["keeper_id"], ["party.id"], name=op.f("fk_file_vehicle_keeper_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_vehicle")),
        sa.UniqueConstraint("file_id", "plate", name=op.f("uq_file_vehicle_file_id_plate")),
    )
    op.create_index(op.f("ix_file_vehicle_keeper_id"), "file_vehicle", ["keeper_id"], unique=False)
    op.create_index(op.f("ix_file_vehicle_plate"), "file_vehicle", ["plate"], unique=False)
    op.create_table(
        "goods_measure",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            _words("prior_registration", "seizure", "sealing", "temporary_keeping", name="measure_kind"),
            nullable=False,
        ),
        sa.Column("document", sa.String(length=100), nullable=False),
        sa.Column("legal_basis", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("from_party_id", sa.Uuid(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        _at("recorded_at"),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        _at("approved_at", nullable=True),
        sa.Column("extended_until", sa.Date(), nullable=True),
        sa.Column("extend_reason", sa.String(length=400), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_document", sa.String(length=100), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "document <> '' AND legal_basis <> '' AND reason <> ''", name=op.f("ck_goods_measure_rests_on_something")
        ),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (approved_by_id IS NULL)", name=op.f("ck_goods_measure_approved_whole")
        ),
        sa.CheckConstraint("(ended_on IS NULL) = (end_document IS NULL)", name=op.f("ck_goods_measure_ended_on_paper")),
        sa.CheckConstraint(
            "(extended_until IS NULL) = (extend_reason IS NULL)", name=op.f("ck_goods_measure_extended_with_a_reason")
        ),
        sa.CheckConstraint("due_on >= taken_on", name=op.f("ck_goods_measure_runs_forward")),
        sa.CheckConstraint(
            "extended_until IS NULL OR extended_until > due_on", name=op.f("ck_goods_measure_extended_forward")
        ),
        sa.ForeignKeyConstraint(["approved_by_id"], ["user.id"], name=op.f("fk_goods_measure_approved_by_id_user")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_goods_measure_file_id_case_file")),
        sa.ForeignKeyConstraint(["from_party_id"], ["party.id"], name=op.f("fk_goods_measure_from_party_id_party")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["user.id"], name=op.f("fk_goods_measure_recorded_by_id_user")),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["goods_measure.id"], name=op.f("fk_goods_measure_replaces_id_goods_measure")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_measure")),
        sa.UniqueConstraint("document", name=op.f("uq_goods_measure_document")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_goods_measure_replaces_id")),
    )
    op.create_index(op.f("ix_goods_measure_file_id"), "goods_measure", ["file_id"], unique=False)
    op.create_table(
        "witness",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("statement_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("relation", sa.String(length=200), nullable=False),
        sa.Column("heard_on", sa.Date(), nullable=False),
        sa.Column("entered_by_id", sa.Uuid(), nullable=False),
        _at("entered_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["entered_by_id"], ["user.id"], name=op.f("fk_witness_entered_by_id_user")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_witness_file_id_case_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_witness")),
    )
    op.create_index(op.f("ix_witness_file_id"), "witness", ["file_id"], unique=False)
    op.create_table(
        "corroboration",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("witness_id", sa.Uuid(), nullable=True),
        sa.Column("exhibit_id", sa.Uuid(), nullable=True),
        sa.Column("fact", sa.String(length=300), nullable=False),
        sa.Column("not_needed_because", sa.String(length=400), nullable=True),
        sa.Column("entered_by_id", sa.Uuid(), nullable=False),
        _at("entered_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "not_needed_because IS NULL OR not_needed_because <> ''", name=op.f("ck_corroboration_says_why_none")
        ),
        sa.CheckConstraint(
            "witness_id IS NULL OR exhibit_id IS NOT NULL OR fact <> ''",
            name=op.f("ck_corroboration_bears_something_out"),
        ),
        sa.CheckConstraint(
            "(witness_id IS NULL) = (not_needed_because IS NOT NULL)", name=op.f("ck_corroboration_witness_or_why_none")
        ),
        sa.ForeignKeyConstraint(["entered_by_id"], ["user.id"], name=op.f("fk_corroboration_entered_by_id_user")),
        sa.ForeignKeyConstraint(["exhibit_id"], ["exhibit.id"], name=op.f("fk_corroboration_exhibit_id_exhibit")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_corroboration_file_id_case_file")),
        sa.ForeignKeyConstraint(["witness_id"], ["witness.id"], name=op.f("fk_corroboration_witness_id_witness")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corroboration")),
    )
    op.create_index(op.f("ix_corroboration_file_id"), "corroboration", ["file_id"], unique=False)
    op.create_table(
        "goods_item",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("measure_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=110), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            _words("tool", "merchandise", "perishable", "vehicle", "document", "other", name="goods_kind"),
            nullable=False,
        ),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("taken_milli", sa.Integer(), nullable=False),
        sa.Column("condition", sa.String(length=300), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        _at("entered_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("name <> '' AND unit <> ''", name=op.f("ck_goods_item_says_what")),
        sa.CheckConstraint("taken_milli BETWEEN 1 AND 1000000000", name=op.f("ck_goods_item_takes_something")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_goods_item_file_id_case_file")),
        sa.ForeignKeyConstraint(
            ["measure_id"], ["goods_measure.id"], name=op.f("fk_goods_item_measure_id_goods_measure")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_item")),
        sa.UniqueConstraint("number", name=op.f("uq_goods_item_number")),
    )
    op.create_index(op.f("ix_goods_item_file_id"), "goods_item", ["file_id"], unique=False)
    op.create_index(op.f("ix_goods_item_measure_id"), "goods_item", ["measure_id"], unique=False)
    op.create_table(
        "party_event",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("witness_id", sa.Uuid(), nullable=True),
        sa.Column(
            "act",
            _words(
                "entered",
                "changed",
                "merged",
                "merge_undone",
                "note_entered",
                "note_removed",
                "looked",
                name="party_act",
            ),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=100), nullable=False),
        _at("at"),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "act NOT IN ('merged', 'merge_undone', 'note_removed', 'looked') OR reason <> ''",
            name=op.f("ck_party_event_says"),
        ),
        sa.CheckConstraint("actor <> ''", name=op.f("ck_party_event_has_actor")),
        sa.CheckConstraint("(party_id IS NULL) <> (witness_id IS NULL)", name=op.f("ck_party_event_of_one")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_party_event_party_id_party")),
        sa.ForeignKeyConstraint(["witness_id"], ["witness.id"], name=op.f("fk_party_event_witness_id_witness")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_event")),
    )
    op.create_index(op.f("ix_party_event_party_id"), "party_event", ["party_id"], unique=False)
    op.create_index(op.f("ix_party_event_witness_id"), "party_event", ["witness_id"], unique=False)
    op.create_table(
        "goods_picture",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("added_by", sa.String(length=100), nullable=False),
        _at("added_at"),
        sa.CheckConstraint("position >= 1", name=op.f("ck_goods_picture_position_counts_from_one")),
        sa.ForeignKeyConstraint(["item_id"], ["goods_item.id"], name=op.f("fk_goods_picture_item_id_goods_item")),
        sa.ForeignKeyConstraint(
            ["sha256"], ["sealed_object.sha256"], name=op.f("fk_goods_picture_sha256_sealed_object")
        ),
        sa.PrimaryKeyConstraint("item_id", "position", name=op.f("pk_goods_picture")),
    )
    op.create_index(op.f("ix_goods_picture_sha256"), "goods_picture", ["sha256"], unique=False)
    op.create_table(
        "goods_request",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("fate", _words(*GOODS_REQUEST_FATE_WORDS, name="goods_request_fate"), nullable=True),
        sa.Column("milli", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("receiver_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("back_due_on", sa.Date(), nullable=True),
        sa.Column(
            "state",
            _words("asked", "approved", "refused", "withdrawn", "done", name="goods_request_state"),
            nullable=False,
        ),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        _at("asked_at"),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        _at("decided_at", nullable=True),
        sa.Column("decide_reason", sa.String(length=400), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state <> 'asked' OR decided_by_id IS NULL", name=op.f("ck_goods_request_asked_is_undecided")
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'withdrawn') OR decided_by_id IS NOT NULL",
            name=op.f("ck_goods_request_decided_by_somebody"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_goods_request_has_reason")),
        sa.CheckConstraint(
            "(fate IS NULL) = (back_due_on IS NOT NULL)", name=op.f("ck_goods_request_comes_back_or_not")
        ),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> asked_by_id", name=op.f("ck_goods_request_decided_by_another")
        ),
        sa.CheckConstraint("milli > 0", name=op.f("ck_goods_request_asks_for_something")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user.id"], name=op.f("fk_goods_request_asked_by_id_user")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user.id"], name=op.f("fk_goods_request_decided_by_id_user")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_goods_request_file_id_case_file")),
        sa.ForeignKeyConstraint(["item_id"], ["goods_item.id"], name=op.f("fk_goods_request_item_id_goods_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_request")),
    )
    op.create_index(op.f("ix_goods_request_file_id"), "goods_request", ["file_id"], unique=False)
    op.create_index(op.f("ix_goods_request_item_id"), "goods_request", ["item_id"], unique=False)
    op.create_table(
        "goods_ruling",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("fate", _words(*GOODS_REQUEST_FATE_WORDS, name="goods_fate"), nullable=False),
        sa.Column("milli", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("ruled_on", sa.Date(), nullable=False),
        sa.Column("ruled_by_id", sa.Uuid(), nullable=False),
        _at("recorded_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("document <> '' AND reason <> ''", name=op.f("ck_goods_ruling_rests_on_something")),
        sa.CheckConstraint("milli > 0", name=op.f("ck_goods_ruling_decides_something")),
        sa.ForeignKeyConstraint(["item_id"], ["goods_item.id"], name=op.f("fk_goods_ruling_item_id_goods_item")),
        sa.ForeignKeyConstraint(["ruled_by_id"], ["user.id"], name=op.f("fk_goods_ruling_ruled_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_ruling")),
    )
    op.create_index(op.f("ix_goods_ruling_item_id"), "goods_ruling", ["item_id"], unique=False)
    op.create_table(
        "goods_movement",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", _words("taken_in", "moved", "out", "back", "left", name="goods_move"), nullable=False),
        sa.Column("milli", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("in_store_milli", sa.Integer(), nullable=False),
        sa.Column("out_milli", sa.Integer(), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        _at("at"),
        sa.CheckConstraint(
            "(kind IN ('out', 'back', 'left')) = (request_id IS NOT NULL)",
            name=op.f("ck_goods_movement_out_by_request"),
        ),
        sa.CheckConstraint("(seq = 1) = (kind = 'taken_in')", name=op.f("ck_goods_movement_begins_with_taking_in")),
        sa.CheckConstraint(
            "in_store_milli >= 0 AND out_milli >= 0", name=op.f("ck_goods_movement_never_less_than_nothing")
        ),
        sa.CheckConstraint("milli > 0", name=op.f("ck_goods_movement_moves_something")),
        sa.ForeignKeyConstraint(["item_id"], ["goods_item.id"], name=op.f("fk_goods_movement_item_id_goods_item")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["goods_request.id"], name=op.f("fk_goods_movement_request_id_goods_request")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["goods_store.id"], name=op.f("fk_goods_movement_store_id_goods_store")),
        sa.PrimaryKeyConstraint("item_id", "seq", name=op.f("pk_goods_movement")),
    )
    op.create_index(op.f("ix_goods_movement_request_id"), "goods_movement", ["request_id"], unique=False)
    op.create_index(op.f("ix_goods_movement_store_id"), "goods_movement", ["store_id"], unique=False)
    for table in APPEND_ONLY:
        _refuse_changes(table)


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )


def downgrade() -> None:
    op.drop_table("goods_movement")
    op.drop_table("goods_ruling")
    op.drop_table("goods_request")
    op.drop_table("goods_picture")
    op.drop_table("party_event")
    op.drop_table("goods_item")
    op.drop_table("corroboration")
    op.drop_table("witness")
    op.drop_table("goods_measure")
    op.drop_table("file_vehicle")
    op.drop_table("file_party")
    op.drop_table("party_note")
    op.drop_table("goods_store")
    op.drop_table("party")
    if op.get_bind().dialect.name != "sqlite":
        for table in APPEND_ONLY:
            op.execute(f"DROP FUNCTION {table}_append_only()")
