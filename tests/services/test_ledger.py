"""The ledger of the clock: every edge with its time, its slices summed, what fails stands aside and is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, text

from qtb.domain.errors import Conflict, Denied
from qtb.services import edges, ledger, suspension, sweep
from qtb.services.ledger import Line, Moved
from qtb.store import ledger as store
from qtb.store import ledger_reads as reads
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.services.test_plans import done, row
from tests.world import World, at

OVER = "2024-06-01 00:00"
TRIGGERS = {
    "sqlite": [
        "CREATE TRIGGER stuck BEFORE UPDATE ON submission WHEN OLD.number = '{number}' AND NEW.state <> OLD.state "
        "BEGIN SELECT RAISE(ABORT, 'this one is stuck'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'this one is stuck'; END $$",
        "CREATE TRIGGER stuck BEFORE UPDATE ON submission FOR EACH ROW "
        "WHEN (OLD.number = '{number}' AND NEW.state <> OLD.state) EXECUTE FUNCTION stuck()",
    ],
}
GONE = {"sqlite": "DROP TRIGGER stuck", "postgresql": "DROP TRIGGER stuck ON submission"}


@pytest.fixture
def stuck(world: World) -> Iterator[int]:
    """Nine teams, one of which the database does not let move; its id."""
    ids = [world.enter(team=f"{n}班") for n in range(9)]
    number = world.session.get_one(Submission, ids[4]).number
    for statement in TRIGGERS[dialect(world)]:
        run(world, statement.format(number=number))
    return ids[4]


def dialect(world: World) -> str:
    """Return the kind of database."""
    return str(world.session.get_bind().dialect.name)


def run(world: World, statement: str) -> None:
    """Change the database's own rules."""
    with unit(world.session):
        world.session.execute(text(statement))


def line(world: World, row_key: str, edge: str) -> Line:
    """Return the one line of an edge."""
    (found,) = (one for one in told(world) if (one.row_key, one.edge) == (row_key, edge))
    return found


def told(world: World) -> list[Line]:
    """Return the ledger of the world's year."""
    world.session.rollback()
    return ledger.told(world.session, world.cycle, now=world.now)


def moved(world: World, row_key: str, edge: str) -> dict[str, Moved]:
    """Return the moves of an edge by their keys."""
    return {one.transition: one for one in line(world, row_key, edge).moves}


def test_every_edge_of_every_row_is_there_in_order(world: World) -> None:
    lines = told(world)
    assert len(lines) == 2 * len(world.cycle.rows) + 1  # and the publication instant
    assert [one.due for one in lines] == sorted(one.due for one in lines)
    assert {one.phase for one in lines} == {"ahead", "before", "unseen"}  # the sweep has not run yet
    world.sweep()
    assert {one.phase for one in told(world)} == {"ahead", "before", "done"}


def test_an_edge_says_when_it_was_due_and_when_it_was_done(world: World) -> None:
    team = world.enter()
    world.now = at("2024-06-01 00:07")
    world.sweep()
    found = line(world, "register", "closes")
    assert (found.due, found.done_at, found.phase) == (at(OVER), world.now, "done")
    assert found.delay is not None
    assert found.delay.total_seconds() == 420
    one = moved(world, "register", "closes")["lapse_unregistered"]
    assert (one.n_moved, one.first_at, one.last_at, one.failure) == (1, world.now, world.now, "")
    assert world.trail(team)[-1].at == world.now


def test_the_slices_of_an_edge_are_summed(world: World) -> None:
    world.many(25)
    world.now = at(OVER)
    sweep.sweep(world.session, now=world.now, limit=10)
    assert moved(world, "register", "closes")["lapse_unregistered"].n_moved == 25


def test_an_edge_ahead_says_how_many_it_would_move(world: World) -> None:
    ids = [world.enter(team=f"{n}班") for n in range(3)]
    world.move(ids[0], "register", "alice")
    assert moved(world, "register", "closes")["lapse_unregistered"].n_ahead == 2
    world.extend("register", "2024-06-10", submission_id=ids[1])
    ends = [one for one in told(world) if (one.row_key, one.edge) == ("register", "closes")]
    assert [(one.due, [move.n_ahead for move in one.moves]) for one in ends] == [
        (at(OVER), [1]), (at("2024-06-10"), [1])
    ]  # fmt: skip


def test_a_later_end_that_gives_nothing_any_more_is_no_edge(world: World) -> None:
    team = world.enter()
    world.extend("register", "2024-06-10", submission_id=team)
    done(world, row("register", closes_at=at("2024-06-30")), sure=True)
    world.now = at("2024-06-09 12:00")
    assert edges.next_edge(world.session, now=world.now) == at("2024-06-30")
    assert edges.next_deadline(world.session, now=world.now) == at("2024-06-30")
    world.go("2024-06-10 00:01")
    found = line(world, "register", "closes")
    assert (found.due, found.phase, found.is_extension) == (at("2024-06-30"), "ahead", False)


def test_the_next_edge_shown_is_that_of_any_row_also_where_no_clock_move_hangs_on_it(world: World) -> None:
    world.now = at("2024-09-15 10:00")
    ahead = [one.due for one in told(world) if one.due and one.due > world.now]
    assert edges.next_deadline(world.session, now=world.now) == ahead[0] == at("2024-10-01")
    last = ahead[-1]
    assert edges.next_deadline(world.session, now=last - timedelta(seconds=1)) == last
    assert edges.next_deadline(world.session, now=last) is None
    minutes = row("declare", grace_minutes=30)
    world.now = at("2024-05-20 10:00")
    done(world, minutes)
    assert edges.next_deadline(world.session, now=at("2024-05-31 10:00")) == at("2024-06-01")


def test_a_later_end_that_came_before_the_row_was_moved_beyond_it_stays_one(world: World) -> None:
    team = world.enter()
    world.extend("register", "2024-06-10", submission_id=team)
    world.go("2024-06-10 00:00")
    done(world, row("register", closes_at=at("2024-06-30")), sure=True)
    ends = [one for one in told(world) if (one.row_key, one.edge) == ("register", "closes")]
    assert [(one.due, one.is_extension, one.phase) for one in ends] == [
        (at(OVER), False, "done"), (at("2024-06-10"), True, "done"), (at("2024-06-30"), False, "ahead")
    ]  # fmt: skip


def test_a_silence_is_forecast_on_the_day_on_which_it_ends(world: World) -> None:
    world.now = at("2024-04-08 09:00")
    world.submitted()
    (found,) = (one for one in told(world) if one.edge == "silent")
    (one,) = found.moves
    assert (one.transition, one.n_ahead, found.phase) == ("pass_on", 1, "ahead")
    world.now = found.due
    world.sweep()
    (found,) = (one for one in told(world) if one.edge == "silent")
    assert [(one.n_moved, one.n_ahead) for one in found.moves] == [(1, 0)]


def test_a_case_is_forecast_once_at_the_first_edge_that_would_take_it(world: World) -> None:
    world.now = at("2024-04-08 09:00")
    world.submitted()
    waiting = world.placed("recommended", "总装二班")
    world.now = at("2024-07-02 09:00")
    world.judged(waiting)  # every sheet is in: the clock takes it at once, and not at the row's end again
    world.now = at("2024-04-09 09:00")
    ahead = {move.transition: move.n_ahead for one in told(world) for move in one.moves if move.n_ahead}
    assert ahead == {"pass_on": 1, "complete_evaluation": 1}


def test_a_silence_that_begins_with_its_row_is_forecast_before_the_row_opens(world: World) -> None:
    world.submitted()  # in March, and the row opens in April
    ahead = {move.transition: (one.due, move.n_ahead) for one in told(world) for move in one.moves if move.n_ahead}
    assert ahead == {"pass_on": (at("2024-04-24"), 1)}


def test_one_that_fails_stands_aside_and_the_rest_moves(world: World, stuck: int) -> None:
    world.go(OVER)
    one = moved(world, "register", "closes")["lapse_unregistered"]
    assert (one.n_moved, one.n_aside) == (8, 1)
    (kept,) = reads.aside(world.session, world.cycle.id, limit=10)
    assert (kept.submission_id, kept.n_tries, kept.retry_at) == (stuck, 1, world.now + sweep.RETRY)
    assert "this one is stuck" in kept.error
    world.later(minutes=30)
    world.sweep()
    assert kept.n_tries == 1  # not before its time
    world.later(minutes=31)
    world.sweep()
    (kept,) = reads.aside(world.session, world.cycle.id, limit=10)
    assert kept.n_tries == 2
    world.sound()


def test_one_that_was_aside_is_tried_again_and_ends(world: World, stuck: int) -> None:
    world.go(OVER)
    run(world, GONE[dialect(world)])
    world.later(hours=1)
    world.sweep()
    assert world.state(stuck) == world.state(stuck - 1)
    assert reads.error_of(world.session, stuck) == ""
    assert world.trail(stuck)[-1].due == world.trail(stuck - 1)[-1].due  # late, and still due when it was due
    one = moved(world, "register", "closes")["lapse_unregistered"]
    assert (one.n_moved, one.n_aside, one.last_at) == (9, 0, world.now)
    assert store.setbacks(world.session) == []


def test_the_organiser_may_have_it_tried_at_once(world: World, stuck: int) -> None:
    world.go(OVER)
    world.later(minutes=1)
    with pytest.raises(Denied):
        again(world, stuck, "alice")
    again(world, stuck)
    world.sweep()
    assert "stuck" in reads.error_of(world.session, stuck)
    run(world, GONE[dialect(world)])
    again(world, stuck)
    world.sweep()
    assert world.state(stuck) == world.state(stuck - 1)
    with pytest.raises(Conflict, match="not_aside"):
        again(world, stuck)


def test_having_it_tried_again_stands_in_its_history(world: World, stuck: int) -> None:
    world.go(OVER)
    again(world, stuck)
    entry = world.history("submission", stuck)[-1]
    assert (entry.kind, entry.actor_id, entry.role) == ("retried", world.actor("olga").user_id, "organiser")
    world.sound()


def test_the_organiser_may_have_all_tried_at_once(world: World) -> None:
    _aside(world, 3)
    world.go(OVER)
    with pytest.raises(Denied):
        all_again(world, "alice")
    assert all_again(world) == 3
    assert [(one.transition, one.n_moved, one.n_aside) for one in world.sweep()] == [("lapse_unregistered", 3, 0)]
    assert store.setbacks(world.session) == []
    for one in world.session.scalars(select(Submission.id)).all():
        assert [entry.kind for entry in world.history("submission", one)][-2:] == ["retried", "move"]
    with pytest.raises(Conflict, match="none_aside"):
        all_again(world)
    world.sound()


def all_again(world: World, who: str = "olga") -> int:
    """Ask for another try of all as a person."""
    with unit(world.session) as work:
        return ledger.try_all_again(work, world.cycle, actor=world.actor(who), now=world.now)


ALL_STUCK = {
    "sqlite": [
        "CREATE TRIGGER stuck BEFORE UPDATE ON submission WHEN NEW.state <> OLD.state {but} "
        "BEGIN SELECT RAISE(ABORT, 'all are stuck'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'all are stuck'; END $$",
        "CREATE TRIGGER stuck BEFORE UPDATE ON submission FOR EACH ROW WHEN (NEW.state <> OLD.state {but}) "
        "EXECUTE FUNCTION stuck()",
    ],
}


def test_a_fault_common_to_all_sets_nobody_aside_and_all_move_once_it_is_mended(world: World) -> None:
    world.many(40)
    for statement in ALL_STUCK[dialect(world)]:
        run(world, statement.format(but=""))
    world.now = at(OVER)
    for _ in range(3):
        (swept,) = world.sweep()
        assert (swept.n_moved, swept.n_aside) == (0, 0)
        assert "all are stuck" in swept.failure
        world.later(minutes=1)
    assert store.setbacks(world.session) == []
    run(world, GONE[dialect(world)])
    assert [(one.n_moved, one.n_aside, one.failure) for one in world.sweep()] == [(40, 0, "")]
    world.sound()


def test_a_fault_of_many_stops_none_of_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "MAX_ASIDE", 25)
    world.many(60)
    for statement in ALL_STUCK[dialect(world)]:
        run(world, statement.format(but="AND NEW.id % 2 = 0"))
    world.now = at(OVER)
    for _ in range(2):
        world.sweep()
        world.later(minutes=1)
    stands = dict(world.session.execute(select(Submission.state, func.count()).group_by(Submission.state)).all())
    assert sorted(stands.values()) == [30, 30]
    assert len(store.setbacks(world.session)) == 30
    world.later(hours=1)  # they come back together, and are cases as before
    assert [(one.n_moved, one.n_aside) for one in world.sweep()] == [(0, 25)]
    world.sweep()
    assert {one.n_tries for one in store.setbacks(world.session)} == {2}
    world.sound()


def test_one_that_need_not_move_any_more_ends(world: World, stuck: int) -> None:
    world.go(OVER)
    run(world, GONE[dialect(world)])
    world.override(stuck, "withdrawn")
    world.sweep()
    assert store.setbacks(world.session) == []


@pytest.mark.parametrize("change", ["extended", "suspended", "moved"])
def test_one_whose_end_is_another_by_now_is_aside_no_more(world: World, stuck: int, change: str) -> None:
    world.go(OVER)
    if change == "extended":
        world.extend("register", "2024-06-20", submission_id=stuck)
    with unit(world.session) as work:
        row = work.get_one(Submission, stuck)
        if change == "suspended":
            suspension.suspend(work, row, actor=world.actor("olga"), now=world.now, reason="核实材料")
        if change == "moved":
            next(one for one in row.cycle.rows if one.key == "register").closes_at = at("2024-06-20")
    world.later(minutes=1)
    world.sweep()
    assert store.setbacks(world.session) == []
    assert reads.error_of(world.session, stuck) == ""
    if change != "suspended":
        world.go("2024-06-20 00:00")
        assert [one.submission_id for one in store.setbacks(world.session)] == [stuck]  # it still cannot be moved


def test_what_is_aside_is_looked_at_by_move_and_not_one_by_one(world: World) -> None:
    _aside(world, 1)
    world.go(OVER)  # all edges are noticed
    few = _n_asked(world)
    world.now = at("2024-03-01 10:00")
    _aside(world, 5)
    assert _n_asked(world) == few
    assert len(store.setbacks(world.session)) == 6


def _aside(world: World, n: int) -> None:
    """Enter so many teams and let each be set aside at the end of its row."""
    for place in range(n):
        team, due = world.enter(team=f"{n}-{place}班"), at(OVER)
        with unit(world.session) as work:
            store.set_aside(work, team, "lapse_unregistered", due=due, now=due, retry_in=sweep.RETRY, error="stuck")


def _n_asked(world: World) -> int:
    """Return how many questions a sweep asks that leaves what is aside where it is."""
    asked: list[str] = []
    engine = world.session.get_bind()

    def keep(_work: object, _cursor: object, statement: str, *_: object) -> None:
        asked.extend([statement] if statement.startswith("SELECT") else [])

    world.now = at(OVER)
    event.listen(engine, "before_cursor_execute", keep)
    world.sweep()
    event.remove(engine, "before_cursor_execute", keep)
    return len(asked)


def again(world: World, submission_id: int, who: str = "olga") -> None:
    """Ask for another try as a person."""
    with unit(world.session):
        row = world.session.get_one(Submission, submission_id)
        ledger.try_again(world.session, row, actor=world.actor(who), now=world.now)


def test_what_was_moved_late_reads_late_though_its_edge_was_noticed_in_time(world: World) -> None:
    world.enter()
    sweep.notice(world.session, now=at(OVER))  # and then the scheduler was killed
    world.go("2024-06-01 03:00")
    found = line(world, "register", "closes")
    assert (found.due, found.done_at) == (at(OVER), at("2024-06-01 03:00"))
