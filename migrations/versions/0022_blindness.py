"""judges who do not learn whose work it is"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sheet", sa.Column("is_blind", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("cycle", sa.Column("blind", sa.JSON(), server_default="{}", nullable=False))


def downgrade() -> None:
    op.drop_column("cycle", "blind")
    op.drop_column("sheet", "is_blind")
