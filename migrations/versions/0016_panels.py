"""panels of judges, declared conflicts, sheets that were stood back from, plans of who judges what"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("sheet") as table:
        table.add_column(sa.Column("recused_at", INSTANT))
        table.add_column(sa.Column("recusal_reason", sa.String(500), nullable=False, server_default=""))
        table.create_check_constraint(op.f("ck_sheet_recused_or_final"), "recused_at IS NULL OR NOT is_final")
    op.create_table(
        "panel",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_panel_cycle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel")),
        sa.UniqueConstraint("cycle_id", "title", name=op.f("uq_panel_cycle_id_title")),
    )
    op.create_table(
        "panel_member",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("panel_id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("is_leader", sa.Boolean(), nullable=False),
        sa.Column("most", sa.Integer()),
        sa.ForeignKeyConstraint(["panel_id"], ["panel.id"], name=op.f("fk_panel_member_panel_id")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_panel_member_cycle_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_panel_member_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_member")),
        sa.UniqueConstraint("cycle_id", "account_id", name=op.f("uq_panel_member_cycle_id_account_id")),
    )
    op.create_index(op.f("ix_panel_member_panel_id"), "panel_member", ["panel_id"])
    op.create_index(
        "uq_panel_member_leader", "panel_member", ["panel_id"], unique=True,
        sqlite_where=sa.text("is_leader"), postgresql_where=sa.text("is_leader"),
    )
    op.create_table(
        "conflict",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("unit_id", ROW_ID),
        sa.Column("submission_id", ROW_ID),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("declared_by", ROW_ID),
        sa.Column("declared_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("clears", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(unit_id IS NULL) <> (submission_id IS NULL)", name=op.f("ck_conflict_one_subject")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_conflict_account_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_conflict_unit_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_conflict_submission_id")),
        sa.ForeignKeyConstraint(["declared_by"], ["account.id"], name=op.f("fk_conflict_declared_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
    )
    op.create_index(op.f("ix_conflict_account_id"), "conflict", ["account_id"])
    op.create_table(
        "assignment_plan",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("pairs", sa.JSON(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("made_by", ROW_ID),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("applied_at", INSTANT),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_assignment_plan_cycle_id")),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name=op.f("fk_assignment_plan_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_plan")),
    )
    op.create_index(op.f("ix_assignment_plan_cycle_id"), "assignment_plan", ["cycle_id"])


def downgrade() -> None:
    op.drop_table("assignment_plan")
    op.drop_table("conflict")
    op.drop_table("panel_member")
    op.drop_table("panel")
    op.execute("DELETE FROM sheet WHERE recused_at IS NOT NULL")  # the table before would take them for open ones
    with op.batch_alter_table("sheet") as table:
        table.drop_constraint(op.f("ck_sheet_recused_or_final"))
        table.drop_column("recusal_reason")
        table.drop_column("recused_at")
