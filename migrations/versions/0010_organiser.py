"""what the organiser imports, marks as no duplicate, and joins across years"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "import_file",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("read_by", ROW_ID),
        sa.Column("read_at", INSTANT, nullable=False),
        sa.Column("applied_at", INSTANT),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_import_file_cycle_id")),
        sa.ForeignKeyConstraint(["read_by"], ["account.id"], name=op.f("fk_import_file_read_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_file")),
    )
    op.create_index(op.f("ix_import_file_cycle_id"), "import_file", ["cycle_id"])

    op.create_table(
        "team_link",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("unit_id", ROW_ID, nullable=False),
        sa.Column("team_key", sa.String(100), nullable=False),
        sa.Column("earlier_unit_id", ROW_ID, nullable=False),
        sa.Column("earlier_key", sa.String(100), nullable=False),
        sa.Column("earlier_name", sa.String(50), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("linked_by", ROW_ID),
        sa.Column("linked_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_team_link_unit_id")),
        sa.ForeignKeyConstraint(["earlier_unit_id"], ["unit.id"], name=op.f("fk_team_link_earlier_unit_id")),
        sa.ForeignKeyConstraint(["linked_by"], ["account.id"], name=op.f("fk_team_link_linked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_link")),
        sa.UniqueConstraint("unit_id", "team_key", name=op.f("uq_team_link_unit_id_team_key")),
    )

    op.create_table(
        "likeness",
        sa.Column("low_id", ROW_ID, nullable=False),
        sa.Column("high_id", ROW_ID, nullable=False),
        sa.Column("title", sa.Integer(), nullable=False),
        sa.Column("text", sa.Integer(), nullable=False),
        sa.Column("team", sa.Integer(), nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("cleared_at", INSTANT),
        sa.Column("cleared_by", ROW_ID),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(["low_id"], ["submission.id"], name=op.f("fk_likeness_low_id")),
        sa.ForeignKeyConstraint(["high_id"], ["submission.id"], name=op.f("fk_likeness_high_id")),
        sa.ForeignKeyConstraint(["cleared_by"], ["account.id"], name=op.f("fk_likeness_cleared_by")),
        sa.PrimaryKeyConstraint("low_id", "high_id", name=op.f("pk_likeness")),
    )
    op.create_index(op.f("ix_likeness_high_id"), "likeness", ["high_id"])


def downgrade() -> None:
    op.drop_table("likeness")
    op.drop_table("team_link")
    op.drop_table("import_file")
