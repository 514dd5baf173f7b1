"""files of what a unit hands in, and the works that it listed; drafts are forgotten by their age"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("hand_in", sa.Column("works", sa.JSON()))
    op.create_table(
        "hand_in_version",
        sa.Column("hand_in_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account_id", ROW_ID),
        sa.Column("saved_at", INSTANT, nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("request_key", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["hand_in_id"], ["hand_in.id"], name=op.f("fk_hand_in_version_hand_in_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_hand_in_version_account_id")),
        sa.PrimaryKeyConstraint("hand_in_id", "number", name=op.f("pk_hand_in_version")),
    )
    # What was saved before has one version: what stands.
    op.execute(
        'INSERT INTO hand_in_version (hand_in_id, number, saved_at, "values", request_key) '
        "SELECT id, version, saved_at, \"values\", '' FROM hand_in WHERE version > 0"
    )
    op.create_index(op.f("ix_answer_draft_kept_at"), "answer_draft", ["kept_at"])
    with op.batch_alter_table("file") as table:
        table.alter_column("submission_id", existing_type=ROW_ID, nullable=True)
        table.add_column(sa.Column("hand_in_id", ROW_ID))
        table.create_foreign_key(op.f("fk_file_hand_in_id"), "hand_in", ["hand_in_id"], ["id"])
        table.create_check_constraint(op.f("ck_file_owner"), "(submission_id IS NULL) <> (hand_in_id IS NULL)")
        table.create_index(op.f("ix_file_hand_in_id"), ["hand_in_id"])


def downgrade() -> None:
    op.execute("DELETE FROM file WHERE submission_id IS NULL")  # the table before has no place for them
    with op.batch_alter_table("file") as table:
        table.drop_index(op.f("ix_file_hand_in_id"))
        table.drop_constraint(op.f("ck_file_owner"))
        table.drop_constraint(op.f("fk_file_hand_in_id"))
        table.drop_column("hand_in_id")
        table.alter_column("submission_id", existing_type=ROW_ID, nullable=False)
    op.drop_index(op.f("ix_answer_draft_kept_at"), "answer_draft")
    op.drop_column("hand_in", "works")
    op.drop_table("hand_in_version")
