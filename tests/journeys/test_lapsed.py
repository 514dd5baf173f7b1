"""The clock's lapses: exactly at the instant, not one microsecond before; when it fell due and when it was done.

A submission whose recommender stays silent is passed on first, unless it came too late for that: see `JUNE`.
"""

from datetime import timedelta

import pytest

from qtb.domain.timeline import canonical
from tests.world import World, at

TICK = timedelta(microseconds=1)
JUNE = at("2024-06-12 09:00")  # fifteen working days later the recommending row has ended

# (state, the move that ends it, its edge, where it leads, the letter)
EDGES = [
    ("draft", "lapse_unregistered", "2024-06-01", "lapsed", ("lapsed", "applicant")),
    ("registered", "lapse_undeclared", "2024-06-01", "lapsed", ("lapsed", "applicant")),
    ("submitted", "lapse_unrecommended", "2024-07-01", "lapsed", ("lapsed", "applicant")),
    ("returned", "lapse_unrecommended", "2024-07-01", "lapsed", ("lapsed", "applicant")),
    ("deferred", "lapse_unrecommended", "2024-07-01", "lapsed", ("lapsed", "applicant")),
    ("escalated", "lapse_passed_on", "2024-09-01", "lapsed", ("lapsed", "applicant")),
    ("amending", "lapse_unamended", "2024-09-01", "lapsed", ("lapsed", "applicant")),
    ("recommended", "lapse_unevaluated", "2024-09-01", "lapsed", ("lapsed", "applicant")),
]


def entered(world: World, state: str, team: str = "总装一班") -> int:
    """A team in a state in March, or sent back if it is to be handed in again in June."""
    return world.placed("returned" if state == "submitted" else state, team)


def arrive(world: World, team: int, state: str) -> None:
    """Let a team that was sent back be handed in again in June."""
    if state == "submitted":
        world.now = JUNE
        world.move(team, "resubmit", "alice")


@pytest.mark.parametrize(("state", "move", "edge", "end", "letter"), EDGES)
def test_the_clock_ends_a_state_at_its_edge_and_not_before(
    world: World, state: str, move: str, edge: str, end: str, letter: tuple[str, str]
) -> None:
    team = entered(world, state)
    arrive(world, team, state)
    n_letters, n_moves = len(world.letters(team)), len(world.trail(team))
    world.now = at(edge) - TICK
    assert world.sweep() == []
    assert world.state(team) == state
    world.now = at(edge)
    assert [(one.transition, one.n_moved, one.failure) for one in world.sweep()] == [(move, 1, "")]
    assert world.state(team) == end
    world.sweep()
    assert len(world.trail(team)) == n_moves + 1
    assert world.letters(team)[n_letters:] == [letter]
    world.sound()


def test_history_tells_when_it_fell_due_and_when_it_was_done(world: World) -> None:
    cases = {state: entered(world, state, f"{state}班") for state, *_ in EDGES}
    for state, move, edge, end, _ in sorted(EDGES, key=lambda one: one[2]):
        arrive(world, cases[state], state)
        world.now = at(edge) + timedelta(hours=7, microseconds=3)
        world.sweep()
        last = world.trail(cases[state])[-1]
        assert (last.transition, last.from_state, last.to_state) == (move, state, end)
        assert (last.due, last.at) == (canonical(at(edge)), world.now)
        assert (last.via, last.role, last.actor_id) == ("clock", "clock", None)
        assert last.row_key == world.cycle.definition.workflow.transitions[move].at.row


def test_every_state_that_the_clock_can_end_is_covered_here(world: World) -> None:
    workflow = world.cycle.definition.workflow
    lapses = {key for key in workflow.clocked() if key.startswith("lapse")}
    assert lapses == {move for _, move, *_ in EDGES}
    assert {(state, key) for key in lapses for state in workflow.sources(key)} == {
        (state, move) for state, move, *_ in EDGES
    }


# (when it was handed in, when its silence ends): a weekend, Labour Day, the Dragon Boat Festival, the row's beginning
SILENCES = [
    ("2024-03-01 09:00", "2024-04-24"),
    ("2024-04-07 23:59", "2024-04-27"),
    ("2024-04-19 00:00", "2024-05-14"),
    ("2024-05-31 23:59", "2024-06-25"),
    ("2024-06-06 08:00", "2024-06-29"),
]


@pytest.mark.parametrize(("since", "edge"), SILENCES)
def test_a_silent_recommender_is_passed_over_after_fifteen_working_days(world: World, since: str, edge: str) -> None:
    team = world.placed("returned")
    world.now = at(since)
    world.override(team, "submitted")
    n_letters, n_moves = len(world.letters(team)), len(world.trail(team))
    world.now = at(edge) - TICK
    assert world.sweep() == []
    world.now = at(edge)
    assert [(one.transition, one.n_moved, one.failure) for one in world.sweep()] == [("pass_on", 1, "")]
    last = world.trail(team)[-1]
    assert (last.to_state, last.due, last.row_key) == ("escalated", canonical(at(edge)), "recommend")
    world.sweep()
    assert len(world.trail(team)) == n_moves + 1
    assert world.letters(team)[n_letters:] == [("passed_on", "organiser"), ("passed_on", "recommender")]
    world.sound()


def test_a_silence_that_the_rows_end_cuts_off_passes_nothing_on_however_late_the_sweep(world: World) -> None:
    team = world.placed("returned")
    world.now = JUNE
    world.move(team, "resubmit", "alice")
    world.go("2024-12-31")
    last = world.trail(team)[-1]
    assert (last.transition, last.due) == ("lapse_unrecommended", canonical(at("2024-07-01")))


def test_all_sheets_in_close_the_evaluation_instead_of_lapsing_it(world: World) -> None:
    team = world.placed("recommended")
    world.now = at("2024-07-02")
    world.judged(team)
    world.sweep()
    assert [row.transition for row in world.trail(team)][-1] == "complete_evaluation"


def test_three_sheets_of_four_wait_for_the_deadline_and_then_close_the_evaluation(world: World) -> None:
    team = world.placed("recommended")
    world.now = at("2024-07-02")
    world.judged(team)
    world.assign(team, "ewa")
    world.now = at("2024-09-01") - TICK
    world.sweep()
    assert world.state(team) == "recommended"
    world.now = at("2024-09-01")
    world.sweep()
    closed = world.trail(team)[3]
    assert (closed.transition, closed.to_state, closed.due) == ("close_evaluation", "evaluated", canonical(world.now))


def test_two_finished_sheets_are_too_few(world: World) -> None:
    team = world.placed("recommended")
    world.now = at("2024-07-02")
    world.assign(team, "eve", "ed", "eli")
    world.score(team, "eve")
    world.score(team, "ed")
    world.go("2024-09-01")
    assert [row.transition for row in world.trail(team)][-1] == "lapse_unevaluated"


def test_only_the_clock_makes_the_clocks_moves(world: World) -> None:
    team = world.placed("registered")
    world.now = at("2024-06-02")
    for who in ("alice", "rita", "olga"):
        assert [one.key for one in world.refused(team, "lapse_undeclared", who)] == ["role"]


def test_many_lapse_together_and_each_has_its_own_entry_and_letter(world: World) -> None:
    teams = [world.enter(team=f"第{n}班") for n in range(12)]
    world.go("2024-06-01 00:00")
    for team in teams:
        assert world.state(team) == "lapsed"
        assert [row.transition for row in world.trail(team)] == ["", "lapse_unregistered"]
        assert world.letters(team) == [("lapsed", "applicant")]
    world.sound()


def test_a_lapsed_entry_is_not_opened_again_by_a_later_extension(world: World) -> None:
    team = world.enter()
    world.go("2024-06-01 00:00")
    world.extend("register", "2024-06-10")  # for all: the ended stay ended
    world.go("2024-06-02 00:00")
    assert world.state(team) == "lapsed"
    assert "state" in [one.key for one in world.refused(team, "register", "alice")]
