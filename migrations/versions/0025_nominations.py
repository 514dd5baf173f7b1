"""works recommended to the next round"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "nominated",
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(2000), nullable=False),
        sa.Column("chosen_by", ROW_ID),
        sa.Column("chosen_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_nominated_submission_id")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_nominated_cycle_id")),
        sa.ForeignKeyConstraint(["chosen_by"], ["account.id"], name=op.f("fk_nominated_chosen_by")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_nominated")),
    )
    op.create_index(op.f("ix_nominated_cycle_id"), "nominated", ["cycle_id"])
    op.create_table(
        "nomination_places",
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_nomination_places_cycle_id")),
        sa.PrimaryKeyConstraint("cycle_id", name=op.f("pk_nomination_places")),
    )
    op.add_column("submission", sa.Column("nominated", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("submission", "nominated")
    op.drop_table("nomination_places")
    op.drop_table("nominated")
