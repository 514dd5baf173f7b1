"""certificates: issued, revoked, replaced"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
UNREVOKED = sa.text("revoked_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "certificate",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("cycle_id", ROW_ID, nullable=False),
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("code", sa.String(24), nullable=False),
        sa.Column("level", sa.String(40), nullable=False),
        sa.Column("team_name", sa.String(50), nullable=False),
        sa.Column("unit_name", sa.String(100), nullable=False),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("issued_by", ROW_ID),
        sa.Column("revoked_at", INSTANT),
        sa.Column("revoked_reason", sa.String(500), nullable=False, server_default=""),
        sa.Column("replaces_id", ROW_ID),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_reason = '')", name=op.f("ck_certificate_revoked_why")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_certificate_cycle_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_certificate_submission_id")),
        sa.ForeignKeyConstraint(["issued_by"], ["account.id"], name=op.f("fk_certificate_issued_by")),
        sa.ForeignKeyConstraint(["replaces_id"], ["certificate.id"], name=op.f("fk_certificate_replaces_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("number", name=op.f("uq_certificate_number")),
        sa.UniqueConstraint("code", name=op.f("uq_certificate_code")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_certificate_replaces_id")),
    )
    op.create_index(
        "uq_certificate_unrevoked", "certificate", ["submission_id"], unique=True,
        sqlite_where=UNREVOKED, postgresql_where=UNREVOKED,
    )
    op.create_index(op.f("ix_certificate_cycle_id_level_id"), "certificate", ["cycle_id", "level", "id"])
    op.create_index(op.f("ix_certificate_submission_id"), "certificate", ["submission_id"])


def downgrade() -> None:
    op.drop_table("certificate")
