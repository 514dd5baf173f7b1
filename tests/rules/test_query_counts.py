"""Lists cost the same number of queries with one item and with three: nothing is asked anew for each row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from qtb.extensions import db
from qtb.services import cycles
from qtb.store.accounts import Unit
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.web.conftest import Web, web
from tests.world import World, at

__all__ = ["web"]

LISTS = {
    "alice": ["/applicant/"],
    "rita": ["/recommender/"],
    "eve": ["/evaluator/"],
    "olga": [
        "/admin/", "/admin/submissions", "/admin/cycles", "/admin/cycles/2024", "/admin/users", "/admin/units",
        "/admin/history", "/admin/outbox", "/submissions/1",
    ],
    None: ["/", "/cycles/2024", "/cycles/2024/results"],
}  # fmt: skip
MOST = 24  # one submission as the organiser sees it, alarms included


def test_lists_ask_as_often_for_three_items_as_for_one(web: Web) -> None:
    _fill(web.world, "一班")
    web.go("2024-08-20 10:00")
    few = _counted(web)
    for team in ("二班", "三班"):
        web.world.now = at("2024-05-20 10:00")
        _fill(web.world, team)
    web.go("2024-08-20 10:00")
    many = _counted(web)
    assert few == many
    assert 0 < max(few.values()) <= MOST
    assert len(few) >= 14


def _fill(world: World, team: str) -> None:
    """Add one row to every list: an awarded work with sheets, one in the queue, an extension, a unit with people."""
    world.now = at("2024-05-20 10:00")
    done = world.submitted(team)
    world.move(done, "recommend", "rita")
    world.submitted(f"{team}（待推荐）")
    world.enter(team=f"{team}（未报名）")
    with unit(world.session):
        row = world.session.get_one(Submission, done)
        group = world.session.get_one(Unit, row.unit_id)
        for reach in ({"submission": row}, {"unit": group}, {}):
            cycles.extend(
                world.session, row.cycle, row_key="recommend", until=at("2024-07-05"), reason="测试",
                actor=world.actor("olga"), now=world.now, **reach,
            )  # fmt: skip
    world.now = at("2024-07-06")
    world.judged(done)
    world.sweep()
    world.propose(done)


def _counted(web: Web) -> dict[str, int]:
    counts = {}
    for who, paths in LISTS.items():
        client = web.client(who)
        for path in paths:
            client.get(path)
            with _counting() as asked:
                assert client.get(path).status_code == 200
            counts[path] = len(asked)
    return counts


@contextmanager
def _counting() -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield asked
    event.remove(db.engine, "before_cursor_execute", note)


