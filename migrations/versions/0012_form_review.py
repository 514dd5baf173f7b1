"""form review: what it comes to, asked by the guard of an amendment"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submission", sa.Column("form_conclusion", sa.String(20), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("submission", "form_conclusion")
