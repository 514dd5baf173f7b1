"""Suspended: nothing moves a case, nobody edits it, no deadline ends it; on going on its days are given back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from qtb.domain import definition as definitions
from qtb.domain.errors import Conflict, Denied, Invalid, Refusal
from qtb.i18n import in_words
from qtb.services import cycles, letters, suspension
from qtb.services.letters import Post
from qtb.store import facts
from qtb.store.cycles import Extension
from qtb.store.evaluations import Sheet
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.world import ROWS, World, at

DAYS = timedelta(days=90)
POST = Post(None, "qtb@example.org", "")


def suspend(world: World, submission_id: int, who: str = "olga", reason: str = "接到举报，核查中") -> None:
    """Stop a submission's clock as a person."""
    with unit(world.session):
        row = world.session.get_one(Submission, submission_id)
        suspension.suspend(world.session, row, actor=world.actor(who), now=world.now, reason=reason)


def resume(world: World, submission_id: int, who: str = "olga") -> dict[str, str]:
    """Let it go on; return until when the days of each row are given back."""
    with unit(world.session):
        row = world.session.get_one(Submission, submission_id)
        given = suspension.resume(world.session, row, actor=world.actor(who), now=world.now, reason="核查完毕")
        return {one.row_key: one.until.astimezone(at("2024-01-01").tzinfo).isoformat() for one in given}


@pytest.fixture
def team(world: World) -> int:
    """A registered team with a complete declaration, suspended eleven days before its deadline."""
    submission_id = world.placed("registered")
    world.go("2024-05-21 00:00")
    suspend(world, submission_id)
    return submission_id


def test_no_deadline_ends_it_and_nothing_moves_it(world: World, team: int) -> None:
    other = world.placed("registered", "总装二班")
    before = world.position(team)
    for day in ("2024-06-01 00:00", "2024-07-01 00:00", "2024-08-18 23:59"):
        world.go(day)
        assert world.position(team) == before
    assert world.state(other) == "lapsed"
    reasons = world.refused(team, "submit", "alice")
    assert reasons[0].key == "suspended"
    assert "2024年5月21日" in in_words(reasons[0], "zh")
    assert [one.key for one in world.refused(team, "withdraw", "alice")] == ["suspended"]


def test_nobody_edits_it(world: World, team: int) -> None:
    with pytest.raises(Refusal, match="suspended"):
        world.declare(team, title="暂停期间")


def test_ninety_days_over_its_deadline_are_given_back(world: World, team: int) -> None:
    world.now = at("2024-05-21") + DAYS
    assert world.now == at("2024-08-19")
    world.sweep()
    assert resume(world, team) == {
        "declare": at("2024-08-30").isoformat(), "recommend": at("2024-09-29").isoformat(),
        "evaluate": at("2024-11-30").isoformat(),
    }  # fmt: skip
    world.go("2024-08-29 23:59")
    world.move(team, "submit", "alice")
    world.sweep()
    assert world.state(team) == "submitted"  # the next row's end does not make the days worthless
    world.move(team, "recommend", "rita")
    world.go("2024-09-29 00:00")
    assert world.state(team) == "recommended"
    world.sound()


def test_given_back_to_this_one_only_and_to_the_second(world: World, team: int) -> None:
    world.now = at("2024-05-21") + DAYS
    resume(world, team)
    world.go("2024-08-30 00:00")
    assert world.state(team) == "lapsed"
    granted = world.session.scalars(select(Extension)).all()
    assert {one.submission_id for one in granted} == {team}
    entry = next(one for one in world.history("submission", team) if one.kind == "resumed")
    assert entry.about()["changes"]["declare"] == "2024-08-29T16:00:00.000000Z"
    assert entry.about()["note"] == "核查完毕"


def test_a_row_that_had_not_begun_or_was_over_is_not_made_longer(world: World, team: int) -> None:
    world.now = at("2024-05-23")
    assert set(resume(world, team)) == {"declare", "recommend"}
    done = world.placed("recommended", "总装二班")
    world.go("2024-08-01 09:00")
    suspend(world, done)
    world.later(days=2)
    assert set(resume(world, done)) == {"evaluate"}


def test_days_are_not_given_back_where_the_definition_says_so(world: World) -> None:
    text = world.cycle.definition_text
    assert "gives_back: true" in text
    with unit(world.session):
        made_up = definitions.from_text(text.replace("gives_back: true", "gives_back: false"))
        year = cycles.open_cycle(
            world.session, definition=made_up, key="hard", year=2024, title="不补回的年度", rows=ROWS, notice={},
            actor=world.actor("olga"), now=world.now,
        )  # fmt: skip
        world.cycle = year
    submission_id = world.placed("registered")
    world.go("2024-05-21 00:00")
    suspend(world, submission_id)
    world.now = at("2024-05-21") + DAYS
    world.sweep()
    assert world.state(submission_id) == "registered"
    assert resume(world, submission_id) == {}
    world.sweep()
    assert world.state(submission_id) == "lapsed"


def test_silence_does_not_count_the_suspended_days(world: World) -> None:
    world.now = at("2024-04-08 09:00")
    quick, slow = world.submitted(), world.submitted("总装二班")
    world.go("2024-04-10 00:00")
    suspend(world, slow)
    world.later(days=30)
    world.sweep()
    assert (world.state(quick), world.state(slow)) == ("escalated", "submitted")
    resume(world, slow)
    row = world.session.get_one(Submission, slow)
    assert row.state_since == at("2024-05-08 09:00")
    ends_at = world.cycle.definition.calendar.ends_at(row.state_since, 15)
    world.now = ends_at - timedelta(seconds=1)
    world.sweep()
    assert world.state(slow) == "submitted"
    world.now = ends_at
    world.sweep()
    assert world.state(slow) == "escalated"


def test_an_override_is_possible_and_it_stays_suspended(world: World, team: int) -> None:
    world.later(days=10)
    world.override(team, "submitted")
    assert world.session.get_one(Submission, team).suspended_at == at("2024-05-21")
    world.later(days=5)
    world.sweep()
    resume(world, team)
    row = world.session.get_one(Submission, team)
    assert row.state_since == world.now  # only the days since it was put there were lost there
    assert facts.as_case(row).suspended_at is None
    world.sound()


def test_a_suspended_work_is_not_scored(world: World) -> None:
    work = world.placed("recommended")
    world.go("2024-07-02 09:00")
    world.assign(work, "eve")
    suspend(world, work)
    with pytest.raises(Refusal, match="suspended"):
        world.score(work, "eve")
    resume(world, work)
    world.score(work, "eve")
    sheet = world.session.scalars(select(Sheet).filter_by(submission_id=work)).one()
    assert sheet.is_final


def test_the_applicant_is_told_why_and_until_when(world: World, team: int) -> None:
    assert world.letters(team)[-1] == ("suspended", "applicant")
    assert "接到举报，核查中" in written(world, team)
    world.now = at("2024-05-21") + DAYS
    resume(world, team)
    assert world.letters(team)[-1] == ("resumed", "applicant")
    text = written(world, team)
    for words in ("核查完毕", "4. 成果申报\n   2024年8月29日 24:00", "2024年9月28日 24:00", "29 Aug 2024, 24:00"):
        assert words in text
    world.now = at("2025-01-01")  # every row is over
    suspend(world, team)
    world.later(days=2)
    assert resume(world, team) == {}
    assert "各项截止时间不变" in written(world, team)
    world.sound()


def written(world: World, submission_id: int) -> str:
    """Return the last letter about a submission, addressed to its applicant alone."""
    mine = select(Outbox).filter_by(submission_id=submission_id).order_by(Outbox.id.desc()).limit(1)
    letter = letters.letter_of(world.session, world.session.scalars(mine).one(), post=POST, now=world.now)
    assert letter.recipients == ["alice@example.org"]
    return letter.body


def test_who_may_and_when(world: World, team: int) -> None:
    with pytest.raises(Denied):
        resume(world, team, "alice")
    with pytest.raises(Conflict, match="suspended"):
        suspend(world, team)
    resume(world, team)
    with pytest.raises(Conflict, match="not_suspended"):
        resume(world, team)
    for who in ("alice", "rita", "eve"):
        with pytest.raises(Denied):
            suspend(world, team, who)
    with pytest.raises(Invalid, match="reason_required"):
        suspend(world, team, reason="  ")
    world.move(team, "withdraw", "alice")
    with pytest.raises(Conflict, match="suspend_state"):
        suspend(world, team)


def test_a_year_without_the_rule_knows_no_suspension(world: World) -> None:
    text = world.cycle.definition_text
    start = text.index("suspension: {by")
    made_up = definitions.from_text(text[:start] + text[text.index("}", start) + 1 :])
    assert made_up.workflow.suspension is None
    with unit(world.session):
        world.cycle = cycles.open_cycle(
            world.session, definition=made_up, key="plain", year=2024, title="不暂停的年度", rows=ROWS, notice={},
            actor=world.actor("olga"), now=world.now,
        )  # fmt: skip
    submission_id = world.enter()
    assert not suspension.is_offered(world.session.get_one(Submission, submission_id), world.actor("olga"))
    with pytest.raises(Conflict, match="suspend_never"):
        suspend(world, submission_id)
