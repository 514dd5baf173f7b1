"""levels laid before the guiding bodies, and what these answered"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "laying",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("works", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("laid_by", ROW_ID),
        sa.Column("laid_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_laying_cycle_id")),
        sa.ForeignKeyConstraint(["laid_by"], ["account.id"], name=op.f("fk_laying_laid_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_laying")),
    )
    op.create_index(op.f("ix_laying_cycle_id"), "laying", ["cycle_id"])
    op.create_table(
        "consent",
        sa.Column("laying_id", ROW_ID, nullable=False),
        sa.Column("unit_id", ROW_ID, nullable=False),
        sa.Column("agrees", sa.Boolean()),
        sa.Column("note", sa.String(2000), nullable=False),
        sa.Column("answered_by", ROW_ID),
        sa.Column("answered_at", INSTANT),
        sa.Column("waived_at", INSTANT),
        sa.Column("waived_reason", sa.String(2000), nullable=False),
        sa.CheckConstraint("(agrees IS NULL) = (answered_at IS NULL)", name=op.f("ck_consent_answered")),
        sa.ForeignKeyConstraint(["laying_id"], ["laying.id"], name=op.f("fk_consent_laying_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_consent_unit_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["account.id"], name=op.f("fk_consent_answered_by")),
        sa.PrimaryKeyConstraint("laying_id", "unit_id", name=op.f("pk_consent")),
    )
    op.add_column("submission", sa.Column("consent_held", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("submission", "consent_held")
    op.drop_table("consent")
    op.drop_table("laying")
