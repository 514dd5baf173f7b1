"""The good way: a team from registration to sharing, by people and by the clock, each step in the history."""

from sqlalchemy import select

from qtb.demo_texts import experience
from qtb.store import verification
from qtb.store.audit import History
from tests.world import World


def test_a_team_travels_from_registration_to_sharing(world: World) -> None:
    team = world.enter()
    assert world.state(team) == "draft"
    world.move(team, "register", "alice")
    world.declare(team)
    world.move(team, "submit", "alice")
    world.go("2024-04-02 10:00")
    assert [one.key for one in world.refused(team, "recommend", "rita")] == ["fact_experience_complete"]
    world.fill(team, "experience", experience(1, world.now), "rita")
    world.move(team, "recommend", "rita", note="同意")
    world.go("2024-07-02 10:00")
    world.judged(team)
    world.sweep()
    assert world.state(team) == "evaluated"
    world.propose(team)
    world.go("2024-08-20 09:59")
    assert world.state(team) == "evaluated"
    world.go("2024-08-20 10:00")
    assert world.state(team) == "awarded"
    world.go("2024-10-01 00:00")
    world.move(team, "share", "olga")
    assert world.state(team) == "shared"

    moves = world.session.scalars(
        select(History).where(History.subject == "submission", History.to_state != "").order_by(History.seq)
    ).all()
    assert [(row.transition, row.to_state, row.via) for row in moves] == [
        ("", "draft", "web"),
        ("register", "registered", "web"),
        ("submit", "submitted", "web"),
        ("recommend", "recommended", "web"),
        ("complete_evaluation", "evaluated", "clock"),
        ("award", "awarded", "clock"),
        ("share", "shared", "web"),
    ]
    n_read, findings = verification.verify(world.session)
    assert n_read > len(moves)
    assert findings == []
