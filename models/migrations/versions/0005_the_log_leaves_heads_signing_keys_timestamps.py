"""The log: entries, statements of seals, tree heads, signing keys, timestamps.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# of each table: columns that never change, columns that are set once where nothing was
SET_ONCE = {
    "log_entry": (("id", "kind", "reference", "at", "sha256", "content", "leaf"), ("leaf_index",)),
    "seal_statement": (("exhibit_id", "content", "stated_at"), ("signature", "key_id", "signed_at")),
    "signing_key": (("key_id", "algorithm", "public_pem", "valid_from"), ("valid_to",)),
    "tree_head": (
        ("number", "size", "root", "at", "body", "signature", "key_id"),
        ("published_to", "published_at"),
    ),
    "timestamp": (("id", "exhibit_id", "head_number", "promised_at"), ("token", "stamped_at")),
}


def hold_for_ever(table: str, fixed: tuple[str, ...], once: tuple[str, ...]) -> None:
    refusal = f"{table} is append-only"
    if op.get_bind().dialect.name == "sqlite":
        changes = [f"NEW.{column} IS NOT OLD.{column}" for column in fixed]
        changes += [f"(OLD.{column} IS NOT NULL AND NEW.{column} IS NOT OLD.{column})" for column in once]
        op.execute(
            f'CREATE TRIGGER {table}_no_update BEFORE UPDATE ON "{table}" WHEN {" OR ".join(changes)} '
            f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON \"{table}\" BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
        return
    changes = [f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in fixed]
    changes += [f"(OLD.{column} IS NOT NULL AND NEW.{column} IS DISTINCT FROM OLD.{column})" for column in once]
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{refusal}'; END $$"
    )
    op.execute(
        f'CREATE TRIGGER {table}_no_update BEFORE UPDATE ON "{table}" FOR EACH ROW '
        f"WHEN ({' OR '.join(changes)}) EXECUTE FUNCTION {table}_append_only()"
    )
    op.execute(
        f'CREATE TRIGGER {table}_no_delete BEFORE DELETE OR TRUNCATE ON "{table}" '
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )


def upgrade() -> None:
    op.create_table(
        "log_entry",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "seal",
                "custody",
                "transition",
                "decision",
                "deletion",
                "key",
                "opening",
                name="log_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_index", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind NOT IN ('deletion', 'key', 'opening') OR content IS NOT NULL", name=op.f("ck_log_entry_content_kept")
        ),
        sa.CheckConstraint("leaf_index IS NULL OR leaf_index >= 0", name=op.f("ck_log_entry_index_counts_from_zero")),
        sa.CheckConstraint("length(leaf) = 32", name=op.f("ck_log_entry_leaf_is_sha256")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_log_entry_digest_is_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_entry")),
        sa.UniqueConstraint("leaf_index", name=op.f("uq_log_entry_leaf_index")),
        sa.UniqueConstraint("reference", name=op.f("uq_log_entry_reference")),
    )
    op.create_index(
        "ix_log_entry_unsequenced",
        "log_entry",
        ["id"],
        unique=False,
        sqlite_where=sa.text("leaf_index IS NULL"),
        postgresql_where=sa.text("leaf_index IS NULL"),
    )
    op.create_table(
        "signing_key",
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("algorithm", sa.String(length=16), nullable=False),
        sa.Column("public_pem", sa.Text(), nullable=False),
        sa.Column("valid_from", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("valid_to", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(key_id) = 64", name=op.f("ck_signing_key_id_is_sha256")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_signing_key_ends_after_start")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_signing_key")),
    )
    op.create_index(
        "uq_signing_key_in_use",
        "signing_key",
        ["algorithm"],
        unique=True,
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "tree_head",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("published_to", sa.String(length=1000), nullable=True),
        sa.Column("published_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("publish_tries", sa.Integer(), nullable=False),
        sa.Column("publish_next_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("publish_failure", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "(published_at IS NULL) = (published_to IS NULL)", name=op.f("ck_tree_head_published_somewhere")
        ),
        sa.CheckConstraint("length(root) = 32", name=op.f("ck_tree_head_root_is_sha256")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_tree_head_size_counts")),
        sa.ForeignKeyConstraint(["key_id"], ["signing_key.key_id"], name=op.f("fk_tree_head_key_id_signing_key")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tree_head")),
    )
    op.create_table(
        "seal_statement",
        sa.Column("exhibit_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stated_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.String(length=64), nullable=True),
        sa.Column("signed_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(signature IS NULL) = (key_id IS NULL)", name=op.f("ck_seal_statement_signature_names_its_key")
        ),
        sa.CheckConstraint(
            "(signature IS NULL) = (signed_at IS NULL)", name=op.f("ck_seal_statement_signature_is_dated")
        ),
        sa.ForeignKeyConstraint(["exhibit_id"], ["exhibit.id"], name=op.f("fk_seal_statement_exhibit_id_exhibit")),
        sa.ForeignKeyConstraint(["key_id"], ["signing_key.key_id"], name=op.f("fk_seal_statement_key_id_signing_key")),
        sa.PrimaryKeyConstraint("exhibit_id", name=op.f("pk_seal_statement")),
    )
    op.create_index(
        "ix_seal_statement_unsigned",
        "seal_statement",
        ["exhibit_id"],
        unique=False,
        sqlite_where=sa.text("signature IS NULL"),
        postgresql_where=sa.text("signature IS NULL"),
    )
    op.create_table(
        "timestamp",
        sa.Column("exhibit_id", sa.Uuid(), nullable=True),
        sa.Column("head_number", sa.Integer(), nullable=True),
        sa.Column("promised_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("next_at", models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=True),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("stamped_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(exhibit_id IS NULL) <> (head_number IS NULL)", name=op.f("ck_timestamp_of_one_thing")),
        sa.CheckConstraint("(token IS NULL) = (stamped_at IS NULL)", name=op.f("ck_timestamp_token_has_its_time")),
        sa.CheckConstraint("token IS NULL OR answered_at IS NOT NULL", name=op.f("ck_timestamp_token_was_answered")),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_timestamp_tries_count")),
        sa.ForeignKeyConstraint(
            ["exhibit_id"], ["seal_statement.exhibit_id"], name=op.f("fk_timestamp_exhibit_id_seal_statement")
        ),
        sa.ForeignKeyConstraint(["head_number"], ["tree_head.number"], name=op.f("fk_timestamp_head_number_tree_head")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timestamp")),
        sa.UniqueConstraint("exhibit_id", name=op.f("uq_timestamp_exhibit_id")),
        sa.UniqueConstraint("head_number", name=op.f("uq_timestamp_head_number")),
    )
    op.create_index(
        "ix_timestamp_due",
        "timestamp",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("token IS NULL"),
        postgresql_where=sa.text("token IS NULL"),
    )
    for table, (fixed, once) in SET_ONCE.items():
        hold_for_ever(table, fixed, once)


def downgrade() -> None:
    op.drop_index(
        "ix_timestamp_due",
        table_name="timestamp",
        sqlite_where=sa.text("token IS NULL"),
        postgresql_where=sa.text("token IS NULL"),
    )
    op.drop_table("timestamp")
    op.drop_index(
        "ix_seal_statement_unsigned",
        table_name="seal_statement",
        sqlite_where=sa.text("signature IS NULL"),
        postgresql_where=sa.text("signature IS NULL"),
    )
    op.drop_table("seal_statement")
    op.drop_table("tree_head")
    op.drop_index(
        "uq_signing_key_in_use",
        table_name="signing_key",
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.drop_table("signing_key")
    op.drop_index(
        "ix_log_entry_unsequenced",
        table_name="log_entry",
        sqlite_where=sa.text("leaf_index IS NULL"),
        postgresql_where=sa.text("leaf_index IS NULL"),
    )
    op.drop_table("log_entry")
    if op.get_bind().dialect.name != "sqlite":
        for table in SET_ONCE:
            op.execute(f"DROP FUNCTION {table}_append_only()")
