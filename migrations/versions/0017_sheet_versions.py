"""every version of a score sheet; what stands on a sheet now is its first known one"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)

SHEET = sa.table(
    "sheet", sa.column("id", ROW_ID), sa.column("version", sa.Integer), sa.column("evaluator_id", ROW_ID),
    sa.column("assigned_at", INSTANT), sa.column("finished_at", INSTANT), sa.column("scores", sa.JSON),
    sa.column("comment", sa.String), sa.column("is_final", sa.Boolean),
)  # fmt: skip


def upgrade() -> None:
    made = op.create_table(
        "sheet_version",
        sa.Column("sheet_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account_id", ROW_ID),
        sa.Column("saved_at", INSTANT, nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("request_key", sa.String(64), nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["sheet_id"], ["sheet.id"], name=op.f("fk_sheet_version_sheet_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sheet_version_account_id")),
        sa.PrimaryKeyConstraint("sheet_id", "number", name=op.f("pk_sheet_version")),
    )
    rows = op.get_bind().execute(sa.select(SHEET).where(SHEET.c.version > 0)).all()
    first = [
        {
            "sheet_id": row.id, "number": row.version, "account_id": row.evaluator_id,
            "saved_at": row.finished_at or row.assigned_at, "values": {**row.scores, "comment": row.comment},
            "request_key": "", "is_final": row.is_final,
        }
        for row in rows
    ]  # fmt: skip
    if first:
        op.bulk_insert(made, first)


def downgrade() -> None:
    op.drop_table("sheet_version")
