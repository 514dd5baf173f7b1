"""Run Alembic inside the app: its engine, its metadata, one transaction for all revisions."""

from alembic import context
from flask import current_app
from sqlalchemy import func

from qtb.store.types import Instant
from qtb.store.unit import WRITE

HEAD = 0x515442  # any number, so long as it stays the same
db = current_app.extensions["migrate"].db


def run() -> None:
    with db.engine.connect().execution_options(**WRITE) as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=True,
            compare_type=True,
            transactional_ddl=True,  # SQLite can, and half an upgrade would leave history without its triggers
            render_item=_render,
            process_revision_directives=_skip_empty,
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                # Of nodes that start together one brings the database to head; the others wait and find it there.
                connection.execute(func.pg_advisory_xact_lock(HEAD).select())
            context.run_migrations()
        connection.commit()


def _render(kind, item, _context):
    # A revision must not change when a class of ours does.
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


def _skip_empty(_context, _revision, directives) -> None:
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


run()
