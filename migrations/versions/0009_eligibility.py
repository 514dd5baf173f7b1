"""eligibility: how many rules block a move; the conversation inside a case"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("submission", sa.Column("n_blocks", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "message",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("author_id", ROW_ID, nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("reader", sa.String(20), nullable=False),
        sa.Column("recommender_id", ROW_ID),
        sa.Column("body", sa.String(2000), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_message_submission_id")),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"], name=op.f("fk_message_author_id")),
        sa.ForeignKeyConstraint(["recommender_id"], ["unit.id"], name=op.f("fk_message_recommender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index(op.f("ix_message_submission_id"), "message", ["submission_id"])
    op.create_table(
        "message_read",
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("last_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_message_read_submission_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_message_read_account_id")),
        sa.PrimaryKeyConstraint("submission_id", "account_id", name=op.f("pk_message_read")),
    )


def downgrade() -> None:
    op.drop_table("message_read")
    op.drop_table("message")
    op.drop_column("submission", "n_blocks")
