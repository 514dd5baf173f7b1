"""known works that judges score first, and what they gave them"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "known_work",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("made_by", ROW_ID),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("retired_at", INSTANT),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_known_work_cycle_id")),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name=op.f("fk_known_work_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_work")),
    )
    op.create_index(op.f("ix_known_work_cycle_id"), "known_work", ["cycle_id"])
    op.create_table(
        "trial",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("known_id", ROW_ID, nullable=False),
        sa.Column("evaluator_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("total", sa.Numeric(7, 2), nullable=False),
        sa.Column("finished_at", INSTANT, nullable=False),
        sa.Column("voided_at", INSTANT),
        sa.Column("voided_reason", sa.String(2000), nullable=False),
        sa.ForeignKeyConstraint(["known_id"], ["known_work.id"], name=op.f("fk_trial_known_id")),
        sa.ForeignKeyConstraint(["evaluator_id"], ["account.id"], name=op.f("fk_trial_evaluator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial")),
        sa.UniqueConstraint("known_id", "evaluator_id", "number", name=op.f("uq_trial_known_id_evaluator_id_number")),
    )
    op.create_index(op.f("ix_trial_evaluator_id"), "trial", ["evaluator_id"])
    op.add_column("cycle", sa.Column("n_known", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("cycle", "n_known")
    op.drop_table("trial")
    op.drop_table("known_work")
