"""time: grace, suspension, the ledger of the clock, cases set aside, letters about units"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("account", sa.Column("feed_nonce", sa.String(32), nullable=False, server_default=""))
    op.add_column("submission", sa.Column("suspended_at", INSTANT))
    op.drop_index(op.f("ix_submission_cycle_id_state"), "submission")
    op.create_index(op.f("ix_submission_cycle_id_state_id"), "submission", ["cycle_id", "state", "id"])
    op.create_index(op.f("ix_submission_cycle_id_id"), "submission", ["cycle_id", "id"])
    parent = sa.Column("parent_id", ROW_ID, sa.ForeignKey("unit.id", name="fk_unit_parent_id"))
    op.add_column("unit", parent, inline_references=True)
    with op.batch_alter_table("timeline_row") as table:
        table.add_column(sa.Column("grace_minutes", sa.Integer(), nullable=False, server_default="0"))
        table.create_check_constraint(op.f("ck_timeline_row_grace"), "grace_minutes BETWEEN 0 AND 10080")
    with op.batch_alter_table("outbox") as table:
        table.alter_column("submission_id", existing_type=ROW_ID, nullable=True)
        table.add_column(sa.Column("unit_id", ROW_ID))
        table.add_column(sa.Column("cycle_id", ROW_ID))
        table.add_column(sa.Column("account_id", ROW_ID))
        table.add_column(sa.Column("about", sa.JSON(), nullable=False, server_default="{}"))
        table.create_foreign_key(op.f("fk_outbox_unit_id"), "unit", ["unit_id"], ["id"])
        table.create_foreign_key(op.f("fk_outbox_cycle_id"), "cycle", ["cycle_id"], ["id"])
        table.create_foreign_key(op.f("fk_outbox_account_id"), "account", ["account_id"], ["id"])
        table.create_check_constraint(
            op.f("ck_outbox_about_one"), "submission_id IS NOT NULL OR (unit_id IS NOT NULL AND cycle_id IS NOT NULL)"
        )
    op.create_table(
        "ledger",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("row_key", sa.String(40), nullable=False),
        sa.Column("edge", sa.String(10), nullable=False),
        sa.Column("due", sa.String(27), nullable=False),
        sa.Column("transition", sa.String(40), nullable=False),
        sa.Column("batch_id", sa.String(32), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("n_moved", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(300), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_ledger_cycle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint(
            "cycle_id", "row_key", "edge", "due", "transition", "batch_id",
            name=op.f("uq_ledger_cycle_id_row_key_edge_due_transition_batch_id"),
        ),
    )
    op.create_index(op.f("ix_ledger_cycle_id_at"), "ledger", ["cycle_id", "at"])
    op.create_table(
        "setback",
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("transition", sa.String(40), nullable=False),
        sa.Column("due", sa.String(27), nullable=False),
        sa.Column("failed_at", INSTANT, nullable=False),
        sa.Column("retry_at", INSTANT, nullable=False),
        sa.Column("n_tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(300), nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_setback_submission_id")),
        sa.PrimaryKeyConstraint("submission_id", "transition", name=op.f("pk_setback")),
    )
    op.create_index(op.f("ix_setback_ended_at"), "setback", ["ended_at"])


def downgrade() -> None:
    op.drop_table("setback")
    op.drop_table("ledger")
    with op.batch_alter_table("outbox") as table:
        table.drop_constraint(op.f("ck_outbox_about_one"))
        table.drop_constraint(op.f("fk_outbox_account_id"))
        table.drop_constraint(op.f("fk_outbox_cycle_id"))
        table.drop_constraint(op.f("fk_outbox_unit_id"))
        table.drop_column("about")
        table.drop_column("account_id")
        table.drop_column("cycle_id")
        table.drop_column("unit_id")
        table.alter_column("submission_id", existing_type=ROW_ID, nullable=False)
    with op.batch_alter_table("timeline_row") as table:
        table.drop_constraint(op.f("ck_timeline_row_grace"))
        table.drop_column("grace_minutes")
    op.drop_column("unit", "parent_id")
    op.drop_index(op.f("ix_submission_cycle_id_id"), "submission")
    op.drop_index(op.f("ix_submission_cycle_id_state_id"), "submission")
    op.create_index(op.f("ix_submission_cycle_id_state"), "submission", ["cycle_id", "state"])
    op.drop_column("submission", "suspended_at")
    op.drop_column("account", "feed_nonce")
