"""an index from which the organiser's pages count what is overdue and what waits, without reading the rows"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NAME = "ix_submission_standing"
COLUMNS = ["cycle_id", "state", "suspended_at", "n_sheets_final", "state_since", "form_conclusion"]


def upgrade() -> None:
    op.create_index(NAME, "submission", COLUMNS)


def downgrade() -> None:
    op.drop_index(NAME, "submission")
