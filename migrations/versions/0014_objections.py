"""objections to what was published, with their files; how many of a work's are open"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
N_OWNERS = " + ".join(
    f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in ("submission_id", "hand_in_id", "objection_id")
)


def upgrade() -> None:
    op.add_column("submission", sa.Column("n_objections_open", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "objection",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("code", sa.String(24), nullable=False),
        sa.Column("request_key", sa.String(64), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("filed_at", INSTANT, nullable=False),
        sa.Column("accepted_at", INSTANT),
        sa.Column("answer_by", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome = '')", name=op.f("ck_objection_ended")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_objection_cycle_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_objection_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("code", name=op.f("uq_objection_code")),
        sa.UniqueConstraint("request_key", name=op.f("uq_objection_request_key")),
    )
    op.create_index(op.f("ix_objection_submission_id"), "objection", ["submission_id"])
    op.create_index(op.f("ix_objection_cycle_id_ended_at"), "objection", ["cycle_id", "ended_at"])
    with op.batch_alter_table("file") as table:
        table.add_column(sa.Column("objection_id", ROW_ID))
        table.create_foreign_key(op.f("fk_file_objection_id"), "objection", ["objection_id"], ["id"])
        table.drop_constraint(op.f("ck_file_owner"))
        table.create_check_constraint(op.f("ck_file_owner"), f"{N_OWNERS} = 1")
        table.create_index(op.f("ix_file_objection_id"), ["objection_id"])


def downgrade() -> None:
    op.execute("DELETE FROM file WHERE objection_id IS NOT NULL")  # the table before has no place for them
    with op.batch_alter_table("file") as table:
        table.drop_index(op.f("ix_file_objection_id"))
        table.drop_constraint(op.f("ck_file_owner"))
        table.drop_constraint(op.f("fk_file_objection_id"))
        table.drop_column("objection_id")
        table.create_check_constraint(op.f("ck_file_owner"), "(submission_id IS NULL) <> (hand_in_id IS NULL)")
    op.drop_table("objection")
    op.drop_column("submission", "n_objections_open")
