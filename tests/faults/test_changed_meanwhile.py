"""A date that is changed while a sweep is on its way: the sweep acts on what is so, never on what it had read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qtb.domain.errors import Refusal
from qtb.domain.timeline import Timeline
from qtb.extensions import db
from qtb.services import cycles, suspension, sweep
from qtb.store import cycles as store
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.world import World, at

LATE = "2024-06-01 00:01"  # a minute after registration and declaration have ended


def _extended(world: World, case: int) -> None:
    row = world.session.get_one(Submission, case)
    cycles.extend(
        world.session, row.cycle, row_key="register", until=at("2024-06-30"), reason="系统维护", submission=row,
        actor=world.actor("olga"), now=at("2024-05-31 23:59"),
    )  # fmt: skip


def _resumed(world: World, case: int) -> None:
    row = world.session.get_one(Submission, case)
    suspension.resume(world.session, row, actor=world.actor("olga"), now=at(LATE), reason="材料已核实")


@pytest.mark.parametrize("change", [_extended, _resumed], ids=["extended", "resumed"])
def test_what_is_given_while_a_sweep_reads_is_not_taken_by_it(
    world: World, monkeypatch: pytest.MonkeyPatch, change: Callable[[World, int], None]
) -> None:
    world.now = at("2024-05-20 09:00")
    case, other = world.enter(), world.enter(team="另一个班")  # the other keeps the sweep busy
    if change is _resumed:
        with unit(world.session):
            row = world.session.get_one(Submission, case)
            suspension.suspend(world.session, row, actor=world.actor("olga"), now=world.now, reason="核实材料")
    entered, reader = threading.Event(), store.timeline_of

    def slow(session: Session, cycle_id: int) -> Timeline:
        found = reader(session, cycle_id)
        if threading.current_thread() is not threading.main_thread() and not entered.is_set() and _writes(session):
            entered.set()
            time.sleep(0.7)  # what is changed now is changed after it was read
        return found

    monkeypatch.setattr(store, "timeline_of", slow)
    engine = db.engine  # of the pushed app context, which the thread does not see

    def sweep_alone() -> None:
        with Session(engine) as session:
            sweep.sweep(session, now=at(LATE))

    sweeper = threading.Thread(target=sweep_alone)
    sweeper.start()
    assert entered.wait(20)
    refused = _done(world, change, case)
    sweeper.join(30)
    world.now = at(LATE)
    world.sweep()
    # The sweep was first: the extension comes too late and says so. The suspended case was not the sweep's to take.
    assert (world.state(case), refused) == (("lapsed", "extension_ended") if change is _extended else ("draft", ""))
    assert world.state(other) == "lapsed"
    n_given = world.session.scalar(select(func.count()).select_from(store.Extension)) or 0
    assert (n_given > 0) == (change is _resumed)
    world.sound()


def _done(world: World, change: Callable[[World, int], None], case: int) -> str:
    try:
        with unit(world.session):
            change(world, case)
    except Refusal as refusal:
        return refusal.key
    return ""


def _writes(session: Session) -> bool:
    return bool(session.connection().get_execution_options().get("qtb_write"))
