"""who read undecided results"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "read",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("submission_id", ROW_ID),
        sa.Column("account_id", ROW_ID),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("address", sa.String(60), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_read_cycle_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_read_submission_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_read_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read")),
    )
    op.create_index(op.f("ix_read_cycle_id_id"), "read", ["cycle_id", "id"])


def downgrade() -> None:
    op.drop_table("read")
