"""honours that teams won elsewhere"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "team_honour",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("unit_id", ROW_ID, nullable=False),
        sa.Column("team_key", sa.String(100), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("giver", sa.String(60), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("entered_by", ROW_ID),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("verified_by", ROW_ID),
        sa.Column("verified_at", INSTANT),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_team_honour_unit_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["account.id"], name=op.f("fk_team_honour_entered_by")),
        sa.ForeignKeyConstraint(["verified_by"], ["account.id"], name=op.f("fk_team_honour_verified_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_honour")),
        sa.UniqueConstraint("unit_id", "team_key", "year", "level", "name", name="uq_team_honour_once"),
    )
    op.create_index(op.f("ix_team_honour_unit_id_team_key"), "team_honour", ["unit_id", "team_key"])


def downgrade() -> None:
    op.drop_table("team_honour")
