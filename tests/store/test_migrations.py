"""Migrations: up, the same as the models, down to nothing, and up again; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import flask_migrate
import pytest
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import insert, inspect, text
from sqlalchemy.exc import DBAPIError

from qtb import config, schema
from qtb.domain.roles import CLOCK
from qtb.extensions import db
from qtb.services import deliberation
from qtb.store.audit import Entry, History
from qtb.store.evaluations import Award
from qtb.store.submissions import Submission
from qtb.store.types import Base
from qtb.store.unit import unit
from tests.world import World


@pytest.fixture(autouse=True)
def bound(app: Flask) -> None:
    schema.migrations()


def test_the_revisions_are_told_without_alembic_as_it_tells_them(app: Flask) -> None:
    head = ScriptDirectory(str(config.folder("migrations"))).get_current_head()
    assert schema.revisions() == (head, head)
    flask_migrate.downgrade(revision="0027")
    assert schema.revisions() == ("0027", head)
    flask_migrate.downgrade(revision="base")
    assert schema.revisions() == (None, head)
    schema.bring_to_head()
    assert schema.revisions() == (head, head) == (_revision(), head)


def _tables() -> set[str]:
    db.session.rollback()
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_head_has_every_table_of_the_models(app: Flask) -> None:
    assert _tables() == set(Base.metadata.tables)
    assert len(_tables()) >= 15


def test_the_models_and_the_migrations_agree(app: Flask) -> None:
    flask_migrate.check()  # exits when they differ; the next test makes sure that it does


def test_a_difference_would_be_noticed(app: Flask) -> None:
    with unit(db.session()):
        db.session.execute(text("ALTER TABLE setting ADD COLUMN extra INTEGER"))
    db.session.remove()
    with pytest.raises(SystemExit):
        flask_migrate.check()


def test_down_to_nothing_and_up_again(app: Flask) -> None:
    flask_migrate.downgrade(revision="base")
    assert _tables() == set()
    if db.engine.dialect.name == "postgresql":
        functions = text("SELECT count(*) FROM pg_proc WHERE proname LIKE 'history%'")
        assert db.session.scalar(functions) == 0
        db.session.rollback()
    flask_migrate.upgrade()
    assert _tables() == set(Base.metadata.tables)
    flask_migrate.check()


def test_what_the_leaders_had_agreed_on_before_is_theirs_alone_afterwards(world: World) -> None:
    ids = [world.placed("evaluated", team=f"{n}班") for n in range(2)]
    olga = world.actor("olga")
    for one in ids:
        with unit(world.session) as session:
            work = session.get_one(Submission, one)
            deliberation.deliberate(session, work, "none", reason="存疑", names="甲", actor=olga, now=world.now)
    world.propose(ids[1], "PROGRESS")
    world.session.rollback()
    flask_migrate.downgrade(revision="0027")
    flask_migrate.upgrade()
    assert [world.session.get_one(Award, one).own for one in ids] == [True, False]


def test_history_is_append_only_after_going_down_and_up(app: Flask) -> None:
    flask_migrate.downgrade(revision="base")
    flask_migrate.upgrade()
    entry = Entry("unit", "created", CLOCK, datetime(2024, 1, 1, tzinfo=UTC))
    columns = {**entry.columns(), "subject_id": 1, "seq": 1, "from_state": "", "due": "", "prev_hash": "p", "hash": "h"}
    with unit(db.session()):
        db.session.execute(insert(History).values(columns))
    for statement in ("UPDATE history SET kind = 'x'", "DELETE FROM history"):
        with pytest.raises(DBAPIError, match="append-only"), unit(db.session()):
            db.session.execute(text(statement))


def test_an_upgrade_that_fails_leaves_nothing_and_is_finished_later(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    flask_migrate.downgrade(revision="base")
    monkeypatch.setattr("alembic.op.execute", _fail)  # the triggers of a later revision cannot be made
    with pytest.raises(SystemExit):
        flask_migrate.upgrade()
    assert (_revision(), _tables()) == (None, set())
    monkeypatch.undo()
    flask_migrate.upgrade()
    assert _tables() == set(Base.metadata.tables)


def _revision() -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _fail(*args: object, **kw: object) -> None:
    raise RuntimeError("no triggers today")
