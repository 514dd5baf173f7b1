"""recommender: due dates, the experience form's fact and score, ranking, quotas, deputies and unit admins"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("submission", sa.Column("due_at", INSTANT))
    complete = sa.Column("experience_complete", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("submission", complete)
    op.add_column("submission", sa.Column("first_review_score", sa.String(10)))
    op.add_column("membership", sa.Column("is_admin", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("membership", sa.Column("until", INSTANT))
    principal = sa.Column("principal_id", ROW_ID, sa.ForeignKey("account.id", name="fk_membership_principal_id"))
    op.add_column("membership", principal, inline_references=True)
    op.execute(
        "UPDATE membership SET is_admin = true WHERE id IN "
        "(SELECT min(id) FROM membership WHERE ended_at IS NULL GROUP BY unit_id, role)"
    )
    op.create_table(
        "recommendation",
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("recommender_id", ROW_ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("placed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_recommendation_submission_id")),
        sa.ForeignKeyConstraint(["recommender_id"], ["unit.id"], name=op.f("fk_recommendation_recommender_id")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_recommendation")),
    )
    op.create_table(
        "unit_quota",
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("unit_id", ROW_ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_unit_quota_cycle_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_quota_unit_id")),
        sa.PrimaryKeyConstraint("cycle_id", "unit_id", name=op.f("pk_unit_quota")),
    )


def downgrade() -> None:
    op.drop_table("unit_quota")
    op.drop_table("recommendation")
    op.drop_column("membership", "principal_id")
    op.drop_column("membership", "until")
    op.drop_column("membership", "is_admin")
    op.drop_column("submission", "first_review_score")
    op.drop_column("submission", "experience_complete")
    op.drop_column("submission", "due_at")
