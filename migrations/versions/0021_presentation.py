"""who presents, when and where; the two facts that a submission's slides hang on"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("submission", sa.Column("shortlisted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("submission", sa.Column("slides_due_at", INSTANT))
    op.create_table(
        "presentation",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=False),
        sa.Column("confirmed_by", ROW_ID),
        sa.Column("seed", sa.String(64), nullable=False),
        sa.Column("drawn_at", INSTANT),
        sa.Column("n_draws", sa.Integer(), nullable=False),
        sa.Column("starts_at", INSTANT),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("breaks", sa.JSON(), nullable=False),
        sa.Column("drawn", sa.JSON(), nullable=False),
        sa.CheckConstraint("(drawn_at IS NULL) = (n_draws = 0)", name=op.f("ck_presentation_drawn")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_presentation_cycle_id")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["account.id"], name=op.f("fk_presentation_confirmed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presentation")),
        sa.UniqueConstraint("cycle_id", name=op.f("uq_presentation_cycle_id")),
    )
    op.create_table(
        "slot",
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("listed_at", INSTANT, nullable=False),
        sa.Column("place_no", sa.Integer()),
        sa.Column("starts_at", INSTANT),
        sa.Column("ends_at", INSTANT),
        sa.CheckConstraint("(place_no IS NULL) = (starts_at IS NULL)", name=op.f("ck_slot_timed")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_slot_submission_id")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_slot_cycle_id")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_slot")),
    )
    op.create_index(op.f("ix_slot_cycle_id"), "slot", ["cycle_id"])


def downgrade() -> None:
    op.drop_table("slot")
    op.drop_table("presentation")
    op.drop_column("submission", "slides_due_at")
    op.drop_column("submission", "shortlisted")
