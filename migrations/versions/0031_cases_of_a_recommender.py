"""the index of what a recommending unit has before it, year by year"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Without statistics SQLite may take the year's entries, all of them for each unit, where the unit alone is indexed.
    op.create_index(op.f("ix_submission_recommender_id_cycle_id"), "submission", ["recommender_id", "cycle_id"])
    op.drop_index(op.f("ix_submission_recommender_id"), "submission")


def downgrade() -> None:
    op.create_index(op.f("ix_submission_recommender_id"), "submission", ["recommender_id"])
    op.drop_index(op.f("ix_submission_recommender_id_cycle_id"), "submission")
