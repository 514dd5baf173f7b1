"""Another recommending unit: before the recommendation, and once after a refusal; the old one is told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from qtb.demo_texts import experience
from qtb.domain.errors import Conflict, Denied, Invalid, NotNow, Refusal
from qtb.services import letters, reroute
from qtb.services.letters import Post
from qtb.store import answers
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.world import World

OTHER = "机电行业协会"
POST = Post(None, "qtb@example.org", "https://qtb.example.org")


def go_to(world: World, case: int, name: str = OTHER, who: str = "alice", reason: str = "归口单位调整") -> None:
    """Put a submission before a recommending unit as a person."""
    with unit(world.session):
        row = world.session.get_one(Submission, case)
        reroute.reroute(world.session, row, world.units[name].id, actor=world.actor(who), now=world.now, reason=reason)


def test_it_moves_to_the_other_queue_and_both_units_are_told(world: World) -> None:
    case = world.submitted()
    world.go("2024-04-10 10:00")
    go_to(world, case)
    row = world.session.get_one(Submission, case)
    assert row.recommender_id == world.units[OTHER].id
    assert answers.answers(world.session, case)["registration"]["recommender"] == world.units[OTHER].id
    assert world.letters(case)[-2:] == [("rerouted", "recommender"), ("to_recommend", "recommender")]
    mine = select(Outbox).where(Outbox.submission_id == case).order_by(Outbox.id)
    left, came = world.session.scalars(mine).all()[-2:]
    assert [one.name for one in letters.recipients(world.session, left)] == ["rita"]
    assert [one.name for one in letters.recipients(world.session, came)] == ["ralf"]
    letter = letters.letter_of(world.session, left, post=POST, now=world.now)
    assert OTHER in letter.body
    assert "归口单位调整" in letter.body
    with pytest.raises(Refusal):
        world.move(case, "recommend", "rita")
    world.vouch(case)
    world.move(case, "recommend", "ralf")
    (entry,) = [one for one in world.history("submission", case) if one.kind == "recommender"]
    assert entry.about()["changes"]["recommender"] == ["浦东区质协", OTHER]
    world.sound()


def test_what_the_unit_that_it_leaves_has_written_does_not_count_for_the_next(world: World) -> None:
    case = world.submitted()
    world.go("2024-04-10 10:00")
    world.fill(case, "experience", experience(1, world.now), "rita")
    assert world.session.get_one(Submission, case).first_review_score == "85.10"
    go_to(world, case)
    world.session.expire_all()
    row = world.session.get_one(Submission, case)
    assert (row.experience_complete, row.first_review_score, row.state_since) == (False, None, world.now)
    assert not any(answers.answers(world.session, case)["experience"][key] for key in ("reason", "opinion", "keywords"))
    assert [one.number for one, _ in answers.versions(world.session, case, "experience").told()] == [2, 1]
    assert [one.key for one in world.refused(case, "recommend", "ralf")] == ["fact_experience_complete"]
    world.fill(case, "experience", experience(2, world.now), "ralf")
    world.move(case, "recommend", "ralf")
    world.sound()


@pytest.mark.parametrize("state", ["returned", "deferred"])
def test_it_leaves_a_unit_that_sent_it_back_or_has_not_decided(world: World, state: str) -> None:
    case = world.placed(state)
    go_to(world, case)
    assert (world.state(case), world.session.get_one(Submission, case).recommender_id) == (state, world.units[OTHER].id)
    world.sound()


def test_not_after_recommending_not_by_others_not_to_the_same(world: World) -> None:
    case = world.submitted()
    with pytest.raises(Denied):
        go_to(world, case, who="rita")
    with pytest.raises(Invalid, match="reroute_same"):
        go_to(world, case, "浦东区质协")
    with pytest.raises(Invalid, match="reason_required"):
        go_to(world, case, reason=" ")
    with pytest.raises(Invalid, match="reroute_unknown"):
        go_to(world, case, "浦江电机厂")
    world.go("2024-05-20 10:00")
    world.move(case, "recommend", "rita")
    with pytest.raises(Conflict):
        go_to(world, case)


def test_not_after_the_row_has_closed(world: World) -> None:
    case = world.submitted()
    world.now = world.now.replace(month=7)
    with pytest.raises(NotNow) as refused:
        go_to(world, case)
    assert [one.key for one in refused.value.reasons] == ["closed"]


def test_a_declined_team_goes_to_another_unit_once(world: World) -> None:
    case = world.submitted()
    world.go("2024-05-20 10:00")
    world.move(case, "decline", "rita", "材料不足")
    go_to(world, case)
    assert world.state(case) == "submitted"
    assert world.trail(case)[-1].kind == "redirect"
    assert ("to_recommend", "recommender") in world.letters(case)
    with unit(world.session):
        world.override(case, "declined")
    with pytest.raises(NotNow) as refused:
        go_to(world, case, "浦东区质协")
    assert [one.key for one in refused.value.reasons] == ["reroute_spent"]
    world.sound()


def test_a_team_entered_again_meanwhile_stands_in_the_way(world: World) -> None:
    case = world.submitted()
    world.go("2024-05-20 10:00")
    world.move(case, "decline", "rita", "材料不足")
    world.enter()
    with pytest.raises(Conflict, match="team_taken"):
        go_to(world, case)
    assert world.state(case) == "declined"
