"""works that judges proposed to eliminate, and what was made of it"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
OPEN = sa.text("answered_at IS NULL AND withdrawn_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "elimination",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("proposed_by", ROW_ID, nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT),
        sa.Column("confirmed", sa.Boolean()),
        sa.Column("answer", sa.String(2000), nullable=False),
        sa.Column("answered_by", ROW_ID),
        sa.Column("answered_at", INSTANT),
        sa.Column("former_level", sa.String(40), nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.CheckConstraint("(answered_at IS NULL) = (confirmed IS NULL)", name=op.f("ck_elimination_answered")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_elimination_submission_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["account.id"], name=op.f("fk_elimination_proposed_by")),
        sa.ForeignKeyConstraint(["answered_by"], ["account.id"], name=op.f("fk_elimination_answered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_elimination")),
    )
    op.create_index(op.f("ix_elimination_submission_id"), "elimination", ["submission_id"])
    op.create_index(
        "uq_elimination_open", "elimination", ["submission_id", "proposed_by"], unique=True, sqlite_where=OPEN,
        postgresql_where=OPEN,
    )  # fmt: skip
    op.add_column("submission", sa.Column("eliminated", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("submission", "eliminated")
    op.drop_table("elimination")
