"""levels that were decided for one work alone, apart from the ranking's"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


# What the leaders agreed on, and nothing was decided about since, was decided alone.
AGREED = """
UPDATE award SET own = {true} WHERE submission_id IN (
    SELECT said.subject_id FROM history said
    WHERE said.subject = 'submission' AND said.kind = 'deliberated' AND NOT EXISTS (
        SELECT 1 FROM history later
        WHERE later.subject = 'submission' AND later.subject_id = said.subject_id
        AND later.kind IN ('level', 'deliberated') AND later.seq > said.seq))
"""


def upgrade() -> None:
    op.add_column("award", sa.Column("own", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("elimination", sa.Column("former_own", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(AGREED.format(true="true" if op.get_bind().dialect.name == "postgresql" else "1"))


def downgrade() -> None:
    op.drop_column("elimination", "former_own")
    op.drop_column("award", "own")
