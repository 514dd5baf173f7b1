"""an index of the works of which a sheet is in"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

SHEETS = "ix_submission_sheets"
COLUMNS = ["cycle_id", "state", "suspended_at", "n_sheets_final", "n_sheets_open"]
SOME = sa.text("n_sheets_final > 0")


def upgrade() -> None:
    # Whose sheets are in is asked on every page of the organiser: not by a walk along those without any.
    op.create_index(SHEETS, "submission", COLUMNS, sqlite_where=SOME, postgresql_where=SOME)


def downgrade() -> None:
    op.drop_index(SHEETS, "submission")
