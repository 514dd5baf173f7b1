"""indexes in the order in which a year is walked: a unit's entries of a year, since when those of a state stand there"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

STANDING = "ix_submission_standing"
BEFORE = ["cycle_id", "state", "suspended_at", "n_sheets_final", "state_since", "form_conclusion"]
AFTER = [
    "cycle_id", "state", "suspended_at", "state_since", "n_sheets_final", "n_sheets_open", "taken_back",
    "form_conclusion",
]  # fmt: skip


def upgrade() -> None:
    op.drop_index(STANDING, "submission")
    op.create_index(STANDING, "submission", AFTER)
    # Without statistics SQLite takes the year's entries, all of them, where the unit alone is indexed.
    op.create_index(op.f("ix_submission_unit_id_cycle_id"), "submission", ["unit_id", "cycle_id"])
    op.drop_index(op.f("ix_submission_unit_id"), "submission")


def downgrade() -> None:
    op.create_index(op.f("ix_submission_unit_id"), "submission", ["unit_id"])
    op.drop_index(op.f("ix_submission_unit_id_cycle_id"), "submission")
    op.drop_index(STANDING, "submission")
    op.create_index(STANDING, "submission", BEFORE)
