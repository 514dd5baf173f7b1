"""Pages ask the database as often as is written here, and lists as often for three items as for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import event, func, select

from qtb.extensions import db
from qtb.services import certificates, cycles
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle, Extension
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.web.conftest import Web, web
from tests.world import World, at

__all__ = ["web"]

# page → at most so many questions: one says who asks, one what time the demo has, one reads all years with their dates.
# What waits for somebody is asked even when no row is open: something may be unread. Without the demo's clock that is 4
# for one's own entries and 6 for the queue. On the organiser's pages one more asks for the alarm.
# Where the public notice is told of, one asks the ledger since when: what was published late is on notice longer.
# The history asks once whether any year has results that are not public: reading those is on record.
LISTS: dict[str | None, dict[str, int]] = {
    "alice": {"/applicant/": 5, "/submissions/1": 7},
    "rita": {"/recommender/": 7, "/recommender/ranking": 5, "/submissions/1": 7},
    "eve": {"/evaluator/": 4, "/submissions/1": 7},
    "olga": {
        "/admin/": 7, "/admin/submissions": 7, "/admin/cycles": 6, "/admin/cycles/2024": 9,
        "/admin/cycles/2024/ledger": 11, "/admin/users": 7, "/admin/units": 7, "/admin/history": 12,
        "/admin/outbox": 5, "/submissions/1": 10, "/admin/cycles/2024/duplicates": 8, "/submissions/1/team": 7,
        "/admin/cycles/2024/certificates": 9, "/admin/cycles/2024/judging": 10,
    },
    None: {"/": 2, "/cycles/2024": 2, "/cycles/2024/results": 4, "/sign-in": 1},
}  # fmt: skip


def test_lists_ask_as_often_for_three_items_as_for_one(web: Web) -> None:
    _fill(web.world, "一班")
    _publish(web)
    few = _counted(web)
    for team in ("二班", "三班"):
        web.world.now = at("2024-05-20 10:00")
        _fill(web.world, team)
    _publish(web)
    many = _counted(web)
    assert few == many
    most = {(who, path): n for who, paths in LISTS.items() for path, n in paths.items()}
    assert {place: n for place, n in few.items() if n > most[place]} == {}


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
        given = world.session.scalar(select(func.count()).select_from(Extension)) or 0
        for n, reach in enumerate(({"submission": row}, {"unit": group}, {}), start=given):
            cycles.extend(
                world.session, row.cycle, row_key="recommend", until=at("2024-07-01") + timedelta(hours=n + 1),
                reason="测试",
                actor=world.actor("olga"), now=world.now, **reach,
            )  # fmt: skip
    world.now = at("2024-07-06")
    world.judged(done)
    world.sweep()
    world.propose(done)


def _publish(web: Web) -> None:
    web.go("2024-08-20 10:00")
    with unit(web.world.session) as work:
        year = work.get_one(Cycle, web.world.cycle.id)
        certificates.issue(work, year, actor=web.world.actor("olga"), now=web.world.now)


def _counted(web: Web) -> dict[tuple[str | None, str], int]:
    counts = {}
    for who, paths in LISTS.items():
        client = web.client(who)
        for path in paths:
            client.get(path)
            with _counting() as asked:
                assert client.get(path).status_code == 200
            counts[who, path] = len(asked)
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


