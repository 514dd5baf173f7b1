"""filling: versions of forms, drafts"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
BEFORE = sa.text("submission_id IS NULL")


def upgrade() -> None:
    op.add_column("answer", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.create_table(
        "answer_version",
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("form", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account_id", ROW_ID),
        sa.Column("saved_at", INSTANT, nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("request_key", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id", "form"], ["answer.submission_id", "answer.form"],
            name=op.f("fk_answer_version_submission_id_form"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_answer_version_account_id")),
        sa.PrimaryKeyConstraint("submission_id", "form", "number", name=op.f("pk_answer_version")),
    )
    # What stands already is each form's first version; who saved it is in the history.
    op.execute(
        'INSERT INTO answer_version (submission_id, form, number, saved_at, "values", request_key) '
        'SELECT submission_id, form, 1, saved_at, "values", \'\' FROM answer'
    )
    op.create_table(
        "answer_draft",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("unit_id", ROW_ID, nullable=False),
        sa.Column("submission_id", ROW_ID),
        sa.Column("form", sa.String(40), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("request_key", sa.String(64), nullable=False),
        sa.Column("kept_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_answer_draft_account_id")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_answer_draft_cycle_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_answer_draft_unit_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_answer_draft_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_draft")),
    )
    one = ["account_id", "submission_id", "form"]
    op.create_index("uq_answer_draft_submission", "answer_draft", one, unique=True)
    op.create_index(
        "uq_answer_draft_before", "answer_draft", ["account_id", "cycle_id", "unit_id", "form"], unique=True,
        sqlite_where=BEFORE, postgresql_where=BEFORE,
    )
    op.create_index(op.f("ix_answer_draft_submission_id_form"), "answer_draft", ["submission_id", "form"])


def downgrade() -> None:
    op.drop_table("answer_draft")
    op.drop_table("answer_version")
    op.drop_column("answer", "version")
