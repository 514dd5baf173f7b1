"""No award: decided as such, at the publication instant and not before; the undecided waits for its decision."""

from datetime import timedelta

from qtb.services import edges
from tests.world import World, at

HELD = at("2024-08-20 10:00")


def evaluated(world: World, team: str = "总装一班") -> int:
    """A work whose evaluation is closed, in July."""
    work = world.placed("recommended", team)
    world.now = at("2024-07-02 10:00")
    world.judged(work)
    world.sweep()
    assert world.state(work) == "evaluated"
    return work


def test_a_work_without_award_is_told_so_at_the_publication_instant(world: World) -> None:
    work = evaluated(world)
    n_letters = len(world.letters(work))
    world.propose(work, "none")
    world.now = HELD - timedelta(microseconds=1)
    assert world.sweep() == []
    assert (world.state(work), len(world.letters(work))) == ("evaluated", n_letters)
    world.now = HELD
    world.sweep()
    assert world.trail(work)[-1].transition == "not_award"
    assert world.state(work) == "not_awarded"
    assert world.letters(work)[n_letters:] == [("not_awarded", "applicant")]
    world.sound()


def test_one_is_awarded_and_the_other_not_at_the_same_instant(world: World) -> None:
    world.now = at("2024-03-01 09:00")
    winner, loser = world.placed("evaluated", "总装一班"), world.placed("evaluated", "总装二班")
    world.propose(winner, "BENCHMARK")
    world.propose(loser, "none")
    world.now = HELD
    assert sorted((one.transition, one.n_moved) for one in world.sweep()) == [("award", 1), ("not_award", 1)]
    assert (world.state(winner), world.state(loser)) == ("awarded", "not_awarded")


def test_the_undecided_waits_for_its_decision_and_the_organiser_is_told(world: World) -> None:
    work = evaluated(world)
    world.go("2024-08-20 09:59")
    assert edges.undecided(world.session, now=world.now) == 0
    for when in ("2024-08-20 10:00", "2024-08-31 23:59", "2024-09-01 00:00", "2025-01-01 00:00"):
        world.go(when)
        assert world.state(work) == "evaluated"
        assert edges.undecided(world.session, now=world.now) == 1
    world.propose(work, "none")
    assert edges.undecided(world.session, now=world.now) == 0
    world.sweep()
    assert world.state(work) == "not_awarded"


def test_a_work_scored_until_the_last_day_of_both_rows_keeps_its_chance(world: World) -> None:
    work = world.placed("recommended")
    world.now = at("2024-07-02")
    world.judged(work)
    world.assign(work, "ewa")  # one sheet stays open, so only the deadline closes the evaluation
    world.go("2024-09-01 00:01")
    assert world.state(work) == "evaluated"
    world.propose(work, "EXCELLENT")
    world.sweep()
    assert world.state(work) == "awarded"


def test_a_level_proposed_after_the_instant_is_awarded_at_the_next_sweep(world: World) -> None:
    work = evaluated(world)
    world.go("2024-08-21 09:00")
    world.propose(work, "PROGRESS")
    world.sweep()
    last = world.trail(work)[-1]
    assert (last.transition, last.due, last.at) == ("award", "2024-08-20T02:00:00.000000Z", world.now)


def test_a_changed_mind_before_the_instant_counts_and_each_proposal_is_recorded(world: World) -> None:
    work = evaluated(world)
    for level in ("BENCHMARK", "none", "EXCELLENT", "none"):
        world.propose(work, level)
    world.go("2024-08-20 10:00")
    assert world.state(work) == "not_awarded"
    world.sound()


def test_a_work_without_award_cannot_be_shared_or_revoked(world: World) -> None:
    work = world.placed("not_awarded")
    world.now = at("2024-10-02")
    for move in ("share", "revoke"):
        assert "state" in [one.key for one in world.refused(work, move, "olga", note="试")]
