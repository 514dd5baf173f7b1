"""Works that were evaluated, and a presentation of them, for tests to go on from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from qtb.domain.presentation import Break, Day
from qtb.services import evaluations, shortlist, slots
from qtb.store import presentation as store
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.world import World, at

JULY = "2024-07-10 10:00"
HALL = "秘密发布厅"
LACKING = {"presenters": [{"name": "测试发布人", "post": "组长"}]}


def evaluated(world: World, *percents: int, who: str = "alice") -> list[int]:
    """Return works that were evaluated in July, each with so many of a hundred points from each of three judges."""
    start = world.now
    ids = [world.placed("recommended", team=f"{n}班{who}", who=who) for n, _ in enumerate(percents, 1)]
    if start < at(JULY):
        world.go(JULY)
    for submission_id, percent in zip(ids, percents, strict=True):
        world.assign(submission_id, "eve", "ed", "eli")
        for name in ("eve", "ed", "eli"):
            _score(world, submission_id, name, percent)
    world.later(minutes=1)
    world.sweep()
    assert {world.state(one) for one in ids} == {"evaluated"}
    return ids


def confirm(world: World, *ids: int, reason: str = "领导小组研究决定") -> int:
    """Let these works be the shortlist."""
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        asked = shortlist.plan(shortlist.board(session, cycle), ids)
        return shortlist.confirm(
            session, cycle, ids, shown=asked.digest, reason=reason, actor=world.actor("olga"), now=world.now
        )


def day(starts: str = "2024-08-01 09:00", *, place: str = HALL, breaks: Sequence[tuple[str, str]] = ()) -> Day:
    """Return a day in August."""
    return Day(at(starts), 15, 5, place, tuple(Break(at(first), at(last)) for first, last in breaks))


def draw(world: World, given: Day | None = None, *, seed: str = "7 19 23", reason: str = "", **over: Any) -> list[str]:
    """Draw the order."""
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        made = store.of(session, cycle.id)
        seen = over.get("seen", made.version if made else 0)
        return slots.draw(
            session, cycle, given or day(), seed=seed, reason=reason, seen=seen, actor=world.actor("olga"),
            now=world.now,
        )  # fmt: skip


def number(world: World, submission_id: int) -> str:
    """Return a work's number."""
    return world.session.get_one(Submission, submission_id).number


def _score(world: World, submission_id: int, name: str, percent: int) -> None:
    items = world.cycle.definition.rubric.sheets["MAT"].items
    left, raw = float(percent), {}
    for key, item in items.items():
        raw[key] = str(min(left, float(item.max)))
        left -= float(raw[key])
    with unit(world.session) as session:
        mine = select(Sheet).filter_by(submission_id=submission_id, evaluator_id=world.people[name].id, kind="MAT")
        sheet = session.scalars(mine).one()
        evaluations.score(session, sheet, raw, actor=world.actor(name), now=world.now, seen=sheet.version, finish=True)
