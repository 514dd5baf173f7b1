"""Taken back: the last move is undone by those whom the definition lets, its letters with it, while it makes sense."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from qtb.domain import undo as rules
from qtb.domain.errors import Conflict, Denied, Invalid, NotNow, Refusal
from qtb.services import check, undo
from qtb.store import facts
from qtb.store.cycles import timeline_of
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.journeys.test_moved_date import graced
from tests.services.test_sheets import reopened, save, scores
from tests.world import World, at

REASON = "点错了，撤销"


def take_back(world: World, submission_id: int, who: str, reason: str = REASON, seen: int | None = None) -> None:
    """Take the last move back as a person."""
    with unit(world.session):
        row = world.session.get_one(Submission, submission_id)
        undo.undo(world.session, row, actor=world.actor(who), now=world.now, reason=reason, seen=seen)


def refused(world: World, submission_id: int, who: str) -> list[str]:
    """Try to take the last move back, which must be refused; return the keys of the reasons."""
    before = world.position(submission_id)
    with pytest.raises(Refusal) as caught:
        take_back(world, submission_id, who)
    assert world.position(submission_id) == before
    return [reason.key for reason in caught.value.reasons]


def letters(world: World, submission_id: int) -> list[tuple[str, str, str]]:
    """Return (letter, role, status) of all letters of a submission, oldest first."""
    rows = world.session.execute(
        select(Outbox.letter, Outbox.to_role, Outbox.status)
        .where(Outbox.submission_id == submission_id)
        .order_by(Outbox.id)
    )
    return [tuple(row) for row in rows]


def test_the_applicant_recalls_a_submission_and_no_letter_leaves(world: World) -> None:
    team = world.submitted()
    world.later(hours=2)
    take_back(world, team, "alice")
    assert world.state(team) == "registered"
    entry = world.history("submission", team)[-1]
    assert (entry.kind, entry.transition, entry.from_state, entry.to_state) == (
        "undo", "submit", "submitted", "registered"
    )  # fmt: skip
    assert (entry.role, entry.about()["note"]) == ("applicant", REASON)
    assert letters(world, team)[-2:] == [
        ("submitted", "applicant", "dropped"), ("to_recommend", "recommender", "dropped")
    ]  # fmt: skip
    world.declare(team, title="改了再交")
    world.move(team, "submit", "alice")
    assert world.state(team) == "submitted"
    world.sound()


def test_those_who_have_had_their_letter_get_a_correction(world: World) -> None:
    team = world.submitted()
    with unit(world.session):
        sent = select(Outbox).where(Outbox.submission_id == team, Outbox.letter == "to_recommend")
        letter = world.session.scalars(sent).one()
        letter.status, letter.n_tries = "sent", 1
    take_back(world, team, "alice")
    assert letters(world, team)[-3:] == [
        ("submitted", "applicant", "dropped"), ("to_recommend", "recommender", "sent"),
        ("undone", "recommender", "waiting"),
    ]  # fmt: skip


def test_the_recommender_and_the_organiser_take_a_recommendation_back(world: World) -> None:
    world.now = at("2024-05-06 09:00")
    first, second = world.submitted(), world.submitted("总装二班")
    for team, who in ((first, "rita"), (second, "olga")):
        world.move(team, "recommend", "rita")
        assert refused(world, team, "ralf") == ["role"]
        assert refused(world, team, "alice") == ["role"]
        take_back(world, team, who)
        assert world.state(team) == "submitted"
        assert world.history("submission", team)[-1].role == {"rita": "recommender", "olga": "organiser"}[who]


def test_only_the_last_step_can_be_taken_back_and_only_once(world: World) -> None:
    world.now = at("2024-05-06 09:00")
    team = world.submitted()
    world.move(team, "recommend", "rita")
    assert refused(world, team, "alice") == ["role"]  # the last step is not hers any more
    take_back(world, team, "rita")
    assert refused(world, team, "rita") == ["undo_nothing"]
    assert refused(world, team, "alice") == ["undo_nothing"]


def test_not_after_its_days(world: World) -> None:
    world.now = at("2024-05-06 09:00")
    team = world.submitted()
    world.later(days=3)
    take_back(world, team, "alice")
    world.move(team, "submit", "alice")
    world.later(days=3, seconds=1)
    assert refused(world, team, "alice") == ["undo_days"]


def test_not_where_the_clock_would_end_it_at_once(world: World) -> None:
    world.now = at("2024-05-31 20:00")
    team = world.submitted()
    world.go("2024-06-01 00:00")
    assert refused(world, team, "alice") == ["undo_ended"]
    world.extend("declare", "2024-06-05", submission_id=team)
    take_back(world, team, "alice")
    world.sweep()
    assert world.state(team) == "registered"


def test_an_evaluation_that_was_reopened_stays_open_until_a_sheet_changes(world: World) -> None:
    team = world.placed("recommended")
    world.go("2024-07-02 09:00")
    world.judged(team)
    world.move(team, "evaluate", "olga")
    take_back(world, team, "olga")
    world.sweep()
    assert world.state(team) == "recommended"  # though every sheet is in
    assert check.check(world.session, now=world.now).findings == []
    world.assign(team, "ewa")
    world.score(team, "ewa")
    world.sweep()
    assert [(one.kind, one.transition) for one in world.trail(team)[-2:]] == [
        ("undo", "evaluate"), ("move", "complete_evaluation")
    ]  # fmt: skip
    world.sound()


def test_a_definition_without_the_hold_refuses_and_says_so(world: World) -> None:
    team = world.placed("recommended")
    world.go("2024-07-02 09:00")
    world.judged(team)
    world.move(team, "evaluate", "olga")
    definition, row = world.cycle.definition, world.session.get_one(Submission, team)
    moves = definition.workflow.transitions
    bare = moves["complete_evaluation"].model_copy(update={"when": moves["complete_evaluation"].when[:2]})
    workflow = definition.workflow.model_copy(update={"transitions": {**moves, "complete_evaluation": bare}})
    (reason,) = rules.explain(
        replace(definition, workflow=workflow), facts.as_case(row), undo.last_move(world.session, team),
        timeline=timeline_of(world.session, world.cycle.id), actor=world.actor("olga"), now=world.now,
    )  # fmt: skip
    assert (reason.key, reason.args["at"]) == ("undo_passed", at("2024-07-01"))


def test_a_step_after_the_undoing_ends_its_hold(world: World) -> None:
    team = world.placed("recommended")
    world.go("2024-07-02 09:00")
    world.judged(team)
    world.move(team, "evaluate", "olga")
    take_back(world, team, "olga")
    world.move(team, "evaluate", "olga")
    assert not world.session.get_one(Submission, team).taken_back


def test_what_the_clock_closed_is_opened_again_by_undoing_or_override_and_a_sheet_reopened(world: World) -> None:
    """Else nobody could reopen a sheet: the clock closes the evaluation half a minute after the last one is in."""
    team = world.placed("recommended")
    world.go("2024-07-02 09:00")
    world.judged(team)
    for opened in (lambda: take_back(world, team, "olga"), lambda: world.override(team, "recommended")):
        world.sweep()
        assert world.trail(team)[-1].transition == "complete_evaluation"
        opened()
        world.later(minutes=5)
        world.sweep()
        assert world.state(team) == "recommended"
        assert check.check(world.session, now=world.now).findings == []
        reopened(world, team)
        save(world, team, scores(world))
    world.sweep()
    assert world.state(team) == "evaluated"
    world.sound()


def test_what_is_marked_as_undone_and_was_not_is_found(world: World) -> None:
    team = world.submitted()
    with unit(world.session):
        world.session.get_one(Submission, team).taken_back = True
    (found,) = check.check(world.session, now=world.now).findings
    assert (found.code, found.what) == ("I4", "taken_back")


def test_a_reopened_evaluation_ends_with_its_row(world: World) -> None:
    team = world.placed("recommended")
    world.go("2024-08-30 09:00")
    world.judged(team)
    world.move(team, "evaluate", "olga")
    take_back(world, team, "olga")
    world.go("2024-09-01 00:00")
    assert world.trail(team)[-1].transition == "close_evaluation"


def test_not_in_the_grace_where_it_would_be_ended_before_anybody_is_told(world: World) -> None:
    world.now = at("2024-05-31 20:00")
    team = world.submitted()
    graced(world)
    world.go("2024-06-01 00:10")
    assert refused(world, team, "alice") == ["undo_ended"]


def test_a_move_without_a_rule_is_not_taken_back(world: World) -> None:
    team = world.enter()
    world.move(team, "register", "alice")
    for who in ("alice", "olga"):
        assert refused(world, team, who) in (["undo_nothing"], ["role"])
    world.go("2024-06-01 00:00")
    assert refused(world, team, "olga") == ["undo_nothing"]  # what the clock did stays


def test_taking_evaluation_back_forgets_the_level_and_taking_sharing_back_keeps_it(world: World) -> None:
    team = world.placed("recommended")
    world.go("2024-07-02 09:00")
    world.judged(team)
    world.assign(team, "ewa")  # while her sheet is open, the clock does not close the evaluation by itself
    world.move(team, "evaluate", "olga")
    world.propose(team)
    take_back(world, team, "olga")
    assert (world.state(team), level(world, team)) == ("recommended", "")
    world.move(team, "evaluate", "olga")
    world.propose(team)
    world.go("2024-10-08 09:00")
    world.move(team, "share", "olga")
    take_back(world, team, "olga")
    assert (world.state(team), level(world, team)) == ("awarded", "EXCELLENT")
    world.sound()


def test_a_withdrawn_team_comes_back_unless_it_is_entered_again(world: World) -> None:
    team = world.submitted()
    world.move(team, "withdraw", "alice")
    assert refused(world, team, "alice") == ["role"]  # a withdrawal is the organiser's to undo
    twin = world.enter()
    with pytest.raises(Conflict, match="team_taken"):
        take_back(world, team, "olga")
    world.move(twin, "discard", "alice")
    take_back(world, team, "olga")
    assert world.state(team) == "submitted"


def test_a_reason_is_required_and_a_stale_page_is_refused(world: World) -> None:
    team = world.submitted()
    with pytest.raises(Invalid, match="reason_required"):
        take_back(world, team, "alice", reason=" ")
    version = world.session.get_one(Submission, team).version
    with pytest.raises(Conflict, match="'stale'"):
        take_back(world, team, "alice", seen=version - 1)
    take_back(world, team, "alice", seen=version)


def test_a_suspended_case_is_not_taken_back(world: World) -> None:
    from qtb.services import suspension

    team = world.submitted()
    with unit(world.session):
        row = world.session.get_one(Submission, team)
        suspension.suspend(world.session, row, actor=world.actor("olga"), now=world.now, reason="核查")
    assert refused(world, team, "alice") == ["suspended"]


def test_the_errors_are_of_their_kinds(world: World) -> None:
    team = world.submitted()
    with pytest.raises(Denied):
        take_back(world, team, "rita")
    take_back(world, team, "alice")
    with pytest.raises(NotNow):
        take_back(world, team, "alice")


def level(world: World, submission_id: int) -> str:
    """Return the level that stands at a submission."""
    return str(world.session.scalar(select(Submission.award_level).where(Submission.id == submission_id)))
