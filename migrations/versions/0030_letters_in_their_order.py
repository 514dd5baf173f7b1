"""the index of the letters that wait, in the order in which they are claimed"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_outbox_status_next_at"), "outbox")
    op.create_index(op.f("ix_outbox_status_next_at_id"), "outbox", ["status", "next_at", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_outbox_status_next_at_id"), "outbox")
    op.create_index(op.f("ix_outbox_status_next_at"), "outbox", ["status", "next_at"])
