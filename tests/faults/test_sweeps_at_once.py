"""Several sweeps at once over two thousand cases, one of which the database refuses to move."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from qtb.domain.timeline import canonical
from qtb.services import edges, sweep
from qtb.store import ledger
from qtb.store.unit import unit
from tests.faults.crowds import crowd, moved_once, running, stand, sweeping
from tests.threads import at_once
from tests.world import World, at

MOVE, EDGE, LATER = "lapse_undeclared", at("2024-06-01"), at("2024-06-10")
N_CASES, N_EXTENDED = 2_000, 60

REFUSING = {
    "sqlite": [
        "CREATE TRIGGER refusing BEFORE INSERT ON history WHEN NEW.subject_id = {case} AND NEW.subject = 'submission'"
        " BEGIN SELECT RAISE(ABORT, 'this one is refused'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE check_violation USING MESSAGE = 'this one is refused'; END $$",
        "CREATE TRIGGER refusing BEFORE INSERT ON history FOR EACH ROW"
        " WHEN (NEW.subject_id = {case} AND NEW.subject = 'submission') EXECUTE FUNCTION refuse()",
    ],
}  # fmt: skip
ALLOWING = {"sqlite": "DROP TRIGGER refusing", "postgresql": "DROP TRIGGER refusing ON history"}


def refuse(world: World, case: int) -> None:
    """Let the database refuse every entry about one case."""
    with unit(world.session) as work:
        for statement in REFUSING[work.get_bind().dialect.name]:
            work.execute(text(statement.format(case=case)))


def allow(world: World) -> None:
    """Let the database refuse nothing any more."""
    with unit(world.session) as work:
        work.execute(text(ALLOWING[work.get_bind().dialect.name]))


@pytest.fixture
def standing(world: World) -> list[int]:
    """Two thousand cases whose end is the same but for some, which have an extension each."""
    ids = crowd(world, N_CASES)
    stand(world, ids, "registered")
    for one in ids[:N_EXTENDED]:
        world.extend("declare", "2024-06-10", submission_id=one)
    world.session.rollback()
    return ids


def _sweep(session: Session) -> list[sweep.Swept]:
    return sweep.sweep(session, now=EDGE, limit=100)


def test_four_threads_move_each_case_once_and_one_failing_case_stops_no_other(
    world: World, standing: list[int]
) -> None:
    failing, extended = standing[1_000], standing[:N_EXTENDED]
    refuse(world, failing)
    _raise(at_once([_sweep] * 4))
    world.now = EDGE
    world.sweep()  # what one of them had locked while another looked
    moved_once(world, MOVE, [one for one in standing[N_EXTENDED:] if one != failing])
    aside = ledger.setbacks(world.session)
    assert [(one.submission_id, one.transition, one.due) for one in aside] == [(failing, MOVE, canonical(EDGE))]
    assert "this one is refused" in aside[0].error
    assert {world.state(one) for one in (failing, *extended[:5])} == {"registered"}
    assert edges.overdue(world.session, now=EDGE) == 0  # it stands in the ledger and is no alarm of its own

    world.now = EDGE + timedelta(minutes=30)
    assert world.sweep() == []  # not tried each minute
    allow(world)
    world.now = EDGE + timedelta(days=1)
    assert [(one.transition, one.n_moved) for one in world.sweep()] == [(MOVE, 1)]
    assert world.trail(failing)[-1].due == canonical(EDGE)
    assert ledger.setbacks(world.session) == []
    world.now = LATER
    assert [(one.transition, one.n_moved) for one in world.sweep()] == [(MOVE, N_EXTENDED)]
    assert {row.due for one in extended[:5] for row in world.trail(one)[-1:]} == {canonical(LATER)}
    moved_once(world, MOVE, standing)
    assert world.sound() >= 3 * N_CASES


def test_two_processes_move_each_case_once_and_one_failing_case_stops_no_other(
    world: World, database_url: str, standing: list[int]
) -> None:
    failing = standing[-1]
    refuse(world, failing)
    both = [sweeping(database_url, EDGE, limit=100) for _ in range(2)]
    with running(*both):
        assert [one.wait(timeout=55) for one in both] == [0, 0]
    world.now = EDGE
    world.sweep()
    moved_once(world, MOVE, [one for one in standing[N_EXTENDED:] if one != failing])
    assert [one.submission_id for one in ledger.setbacks(world.session)] == [failing]
    assert world.state(failing) == "registered"
    world.sound()


def test_a_case_set_aside_by_several_at_once_is_set_aside_and_its_tries_are_counted(world: World) -> None:
    ids = crowd(world, 20)

    def set_aside(session: Session) -> list[sweep.Swept]:
        for one in ids:
            with unit(session):
                ledger.set_aside(session, one, MOVE, due=EDGE, now=EDGE, retry_in=timedelta(hours=1), error="refused")
        return []

    _raise(at_once([set_aside] * 4))
    world.session.rollback()
    kept = ledger.setbacks(world.session)
    assert sorted(one.submission_id for one in kept) == ids
    assert {(one.n_tries, one.retry_at) for one in kept} == {(4, EDGE + timedelta(hours=4))}


def _raise(outcomes: list[Any]) -> None:
    for one in outcomes:
        if isinstance(one, BaseException):
            raise one
        assert [swept.failure for swept in one if swept.failure] == []
