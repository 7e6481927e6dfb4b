"""The volume of a case file, its review by a score sheet, and the words it is found by.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

# SQLite: an FTS5 table that holds the index alone and reads the rows of file_search. Pieces are single tokens, so where
# in a text they stand is not kept (detail=none). https://www.sqlite.org/fts5.html, sections 4.4.3 and 4.6
INDEX = """
    CREATE VIRTUAL TABLE file_search_fts USING fts5(
        grams, content='file_search', content_rowid='number', detail='none', columnsize=0,
        tokenize='unicode61 remove_diacritics 0')
"""
ADD = "INSERT INTO file_search_fts(rowid, grams) VALUES (new.number, new.grams);"
TAKE = "INSERT INTO file_search_fts(file_search_fts, rowid, grams) VALUES ('delete', old.number, old.grams);"
SQLITE = (
    INDEX,
    f"CREATE TRIGGER file_search_fts_insert AFTER INSERT ON file_search BEGIN {ADD} END",
    f"CREATE TRIGGER file_search_fts_delete AFTER DELETE ON file_search BEGIN {TAKE} END",
    f"CREATE TRIGGER file_search_fts_update AFTER UPDATE ON file_search BEGIN {TAKE} {ADD} END",
)
# PostgreSQL: the pieces by a function that says what taking a text apart costs: string_to_array counts as nothing,
# and the planner would rather read every text than the index
POSTGRESQL = (
    """
    CREATE FUNCTION file_search_fts_pieces(grams text) RETURNS text[] AS $$
    BEGIN RETURN string_to_array(grams, ' '); END
    $$ LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000
    """,
    "CREATE INDEX file_search_fts ON file_search USING gin (file_search_fts_pieces(grams))",
)


def _words(*names: str, name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=32)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _volumes()
    _scores()
    op.create_table(
        "file_search",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("grams", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_search_file_id_case_file")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_file_search")),
        sa.UniqueConstraint("file_id", name=op.f("uq_file_search_file_id")),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def _volumes() -> None:
    op.create_table(
        "file_volume",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("order", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", _words("asked", "made", "failed", name="volume_state"), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        _at("asked_at"),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        _at("made_at", nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("contents", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name=op.f("ck_file_volume_failed_says_why")),
        sa.CheckConstraint("(state = 'made') = (contents IS NOT NULL)", name=op.f("ck_file_volume_made_has_contents")),
        sa.CheckConstraint("(state = 'made') = (pages IS NOT NULL)", name=op.f("ck_file_volume_made_has_pages")),
        sa.CheckConstraint("(state = 'made') = (sha256 IS NOT NULL)", name=op.f("ck_file_volume_made_has_bytes")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_file_volume_has_reason")),
        sa.CheckConstraint("done >= 0 AND parts >= 0 AND version >= 1", name=op.f("ck_file_volume_counts")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user.id"], name=op.f("fk_file_volume_asked_by_id_user")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_volume_file_id_case_file")),
        sa.ForeignKeyConstraint(["sha256"], ["sealed_object.sha256"], name=op.f("fk_file_volume_sha256_sealed_object")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_volume")),
        sa.UniqueConstraint("file_id", "version", name=op.f("uq_file_volume_file_id_version")),
    )
    op.create_index(op.f("ix_file_volume_sha256"), "file_volume", ["sha256"], unique=False)
    op.create_index(op.f("ix_file_volume_state"), "file_volume", ["state"], unique=False)
    asked = sa.text("state = 'asked'")
    op.create_index(
        "uq_file_volume_asked", "file_volume", ["file_id"], unique=True, sqlite_where=asked, postgresql_where=asked
    )


def _scores() -> None:
    op.create_table(
        "file_score",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("sheet", sa.String(length=64), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        _at("begun_at"),
        _at("finished_at", nullable=True),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(finished_at IS NULL) = (points IS NULL)", name=op.f("ck_file_score_finished_whole")),
        sa.CheckConstraint("points IS NULL OR points >= 0", name=op.f("ck_file_score_points_count")),
        sa.ForeignKeyConstraint(["file_id"], ["case_file.id"], name=op.f("fk_file_score_file_id_case_file")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["user.id"], name=op.f("fk_file_score_reviewer_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_score")),
    )
    op.create_index(op.f("ix_file_score_file_id"), "file_score", ["file_id"], unique=False)
    op.create_index(op.f("ix_file_score_reviewer_id"), "file_score", ["reviewer_id"], unique=False)
    under_way = sa.text("finished_at IS NULL")
    op.create_index(
        "uq_file_score_under_way",
        "file_score",
        ["file_id"],
        unique=True,
        sqlite_where=under_way,
        postgresql_where=under_way,
    )
    op.create_table(
        "file_score_item",
        sa.Column("score_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("found", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("deducted", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("deducted = 0 OR reason <> ''", name=op.f("ck_file_score_item_deducted_with_a_reason")),
        sa.CheckConstraint(
            "points > 0 AND deducted >= 0 AND deducted <= points",
            name=op.f("ck_file_score_item_deducts_what_there_is"),
        ),
        sa.ForeignKeyConstraint(["score_id"], ["file_score.id"], name=op.f("fk_file_score_item_score_id_file_score")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_score_item")),
        sa.UniqueConstraint("score_id", "code", name=op.f("uq_file_score_item_score_id_code")),
    )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        op.execute("DROP TABLE file_search_fts")
    op.drop_table("file_search")
    if not sqlite:
        op.execute("DROP FUNCTION file_search_fts_pieces(text)")
    op.drop_table("file_score_item")
    op.drop_table("file_score")
    op.drop_table("file_volume")
