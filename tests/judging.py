"""Panels, conflicts and plans of who judges what, made in a world for tests."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from qtb.services import accounts, assignment_lines, assignment_plans, conflicts, panels, recusals
from qtb.services.assignment_lines import Shown
from qtb.store.accounts import Account
from qtb.store.assignments import AssignmentPlan
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.panels import Panel
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.world import World

JUDGES = ("eve", "ed", "eli", "ewa")


def works(world: World, n: int, state: str = "recommended", **given: Any) -> list[int]:
    """Put works into a state in July; return their ids."""
    world.now = world.now.replace(month=3)
    found = [world.placed(state, team=f"班组{given.get('category', '')}{one:02d}", **given) for one in range(n)]
    world.now = world.now.replace(month=7, day=2)
    return found


def panel(
    world: World, *names: str, title: str = "制造业组", keys: tuple[str, ...] = ("MANUFACTURING",),
    most: int | None = None,
) -> int:  # fmt: skip
    """Make a panel of judges, the first of whom leads; return its id."""
    with unit(world.session) as work:
        cycle, olga = work.get_one(Cycle, world.cycle.id), world.actor("olga")
        made = panels.save(work, cycle, None, title=title, keys=keys, actor=olga, now=world.now)
        work.flush()
        for n, name in enumerate(names):
            person = work.get_one(Account, world.people[name].id)
            panels.put(work, made, person, cycle=cycle, leads=n == 0, most=most, actor=olga, now=world.now)
        return made.id


def asked(world: World, n: int = 3, panel_id: int | None = None, seed: int = 0) -> int:
    """Ask for a plan; return its id."""
    with unit(world.session) as work:
        cycle = work.get_one(Cycle, world.cycle.id)
        actor = world.actor("olga")
        return assignment_plans.ask(work, cycle, n=n, panel_id=panel_id, seed=seed, actor=actor, now=world.now).id


def looked(world: World, plan_id: int) -> Shown:
    """Return what a plan means now."""
    world.session.rollback()
    return assignment_lines.look(world.session, world.session.get_one(AssignmentPlan, plan_id))


def applied(world: World, plan_id: int, shown: str = "") -> int:
    """Apply a plan as it is shown now, or as a mark says."""
    mark = shown or looked(world, plan_id).mark
    with unit(world.session) as work:
        plan = work.get_one(AssignmentPlan, plan_id)
        return assignment_plans.apply(work, plan, shown=mark, actor=world.actor("olga"), now=world.now)


def recuse(world: World, work_id: int, who: str, reason: str = "曾辅导该班组", *, whole_unit: bool = False) -> None:
    """Let a judge stand back from a work."""
    with unit(world.session) as work:
        sheet = work.scalars(select(Sheet).filter_by(submission_id=work_id, evaluator_id=world.people[who].id)).one()
        recusals.recuse(work, sheet, reason, actor=world.actor(who), now=world.now, whole_unit=whole_unit)


def declare(
    world: World, who: str, about: int | str, *, by: str = "olga", reason: str = "曾任顾问", clears: bool = False
) -> int:
    """Declare a conflict with a work (by id) or a unit (by name); return its id."""
    with unit(world.session) as work:
        subject = work.get_one(Submission, about) if isinstance(about, int) else world.units[about]
        person = work.get_one(Account, world.people[who].id)
        actor, now = world.actor(by), world.now
        made = conflicts.declare(work, person, subject, reason=reason, actor=actor, now=now, clears=clears)
        work.flush()
        return made.id


def belongs(world: World, who: str, unit_name: str, role: str) -> None:
    """Let a judge be a member of another unit too."""
    with unit(world.session) as work:
        person = work.get_one(Account, world.people[who].id)
        accounts.grant(work, person, world.units[unit_name], role, actor=world.actor("olga"), now=world.now)


def sheets(world: World, work_id: int) -> list[tuple[int, bool]]:
    """Return (judge, stood back) of a work's sheets."""
    world.session.rollback()
    found = select(Sheet.evaluator_id, Sheet.recused_at).where(Sheet.submission_id == work_id).order_by(Sheet.id)
    return [(one, at is not None) for one, at in world.session.execute(found)]


def facts(world: World, work_id: int) -> tuple[int, int]:
    """Return how many sheets are final and how many open, as guards see it."""
    world.session.rollback()
    query = select(Submission.n_sheets_final, Submission.n_sheets_open).where(Submission.id == work_id)
    final, still_open = world.session.execute(query).one()
    return int(final), int(still_open)


def panel_of(world: World, panel_id: int) -> Panel:
    """Return a panel as it is stored."""
    world.session.rollback()
    return world.session.get_one(Panel, panel_id)
