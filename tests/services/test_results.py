"""A year's results from its sheets, second opinions, and levels proposed for all works at once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Denied, Invalid
from qtb.services import check, deliberation, evaluations, proposals, results
from qtb.services.results import Judged, Standing
from qtb.store import evaluations as store
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Award
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.faults.test_races import Deed
from tests.threads import at_once
from tests.world import World, at

# Points for the items M1 … M8, in their order: the sum is the total.
GOOD, FAIR, POOR = "90", "80", "50"


def entered(world: World, team: str) -> int:
    """Let a work wait for its judges: it was entered in May."""
    july, world.now = world.now, at("2024-05-20 10:00")
    work = world.placed("recommended", team=team)
    world.now = july
    return work


def scored(world: World, team: str, *totals: str) -> int:
    """Let a work be scored by eve, ed and eli, in this order, and its evaluation be closed."""
    work = entered(world, team)
    names = ("eve", "ed", "eli")[: len(totals)]
    world.assign(work, *names)
    for name, total in zip(names, totals, strict=True):
        give(world, work, name, total)
    world.override(work, "evaluated")
    return work


def give(world: World, work: int, name: str, total: str) -> None:
    """Finish a sheet with a total, filling its items from the first one on."""
    left, raw = Decimal(total), {}
    for key, item in world.cycle.definition.rubric.sheets["MAT"].items.items():
        raw[key] = str(min(left, item.max))
        left -= Decimal(raw[key])
    with unit(world.session) as session:
        mine = next(one for one in store.sheets(session, work) if one.evaluator.name == name)
        evaluations.score(session, mine, raw, actor=world.actor(name), now=world.now, seen=mine.version, finish=True)


@pytest.fixture
def july(world: World) -> World:
    """The row of evaluation is open."""
    world.go("2024-07-10 10:00")
    return world


def standing(world: World) -> Standing:
    world.session.rollback()
    return results.standing(world.session, world.session.get_one(Cycle, world.cycle.id))


def of(found: Standing, team: str) -> Judged:
    return next(one for one in found.works if one.row.team_name == team)


def planned(world: World) -> proposals.Plan:
    return proposals.plan(world.session.get_one(Cycle, world.cycle.id), standing(world))


def propose_all(world: World, shown: str, who: str = "olga") -> int:
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        return proposals.propose_all(session, cycle, shown=shown, actor=world.actor(who), now=world.now)


def take_back(world: World, who: str = "olga") -> int:
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        return proposals.take_back(session, cycle, actor=world.actor(who), now=world.now)


def levels(world: World) -> dict[str, str]:
    world.session.rollback()
    rows = world.session.execute(select(Submission.team_name, Submission.award_level))
    return {team: level for team, level in rows}  # noqa: C416 (typed)


def test_a_year_is_reckoned_by_the_rules(july: World) -> None:
    scored(july, "甲班", "88.5", "90", "79")
    scored(july, "乙班", FAIR, FAIR)
    waiting = entered(july, "丙班")
    july.assign(waiting, "eve")
    found = standing(july)
    assert [(one.row.team_name, one.place.rank, one.score) for one in found.works] == [
        ("甲班", 1, Decimal("88.50")), ("乙班", None, None), ("丙班", None, None),
    ]  # fmt: skip
    assert of(found, "乙班").results["MAT"].flags == ("few",)
    judges = [(one.name, one.n_given, one.n_final) for one in found.judges]
    assert judges == [("ed", 2, 2), ("eli", 1, 1), ("eve", 3, 2)]
    assert [cut.n_valid for cut in found.cuts] == [1, 1, 1]


def test_a_draft_of_a_sheet_counts_for_nothing(july: World) -> None:
    work = entered(july, "甲班")
    july.assign(work, "eve")
    with unit(july.session) as session:
        (sheet,) = store.sheets(session, work)
        evaluations.score(
            session, sheet, {"M1_POSITION": "9"}, actor=july.actor("eve"), now=july.now, seen=0, finish=False
        )
    assert of(standing(july), "甲班").results["MAT"].n_valid == 0


def test_equal_scores_are_parted_by_an_item_of_those_that_counted(july: World) -> None:
    scored(july, "甲班", FAIR, FAIR, FAIR)
    other = entered(july, "乙班")
    july.assign(other, "eve", "ed", "eli")
    items = july.cycle.definition.rubric.sheets["MAT"].items
    raw = {**dict.fromkeys(items, "0"), "M7_RESULTS": "15", "M6_IMPROVE": "15", "M3_BASIC": "20"}
    raw |= {"M1_POSITION": "10", "M2_PLANNING": "10", "M4_COMPETENCE": "10"}
    for name in ("eve", "ed", "eli"):
        with unit(july.session) as session:
            mine = next(one for one in store.sheets(session, other) if one.evaluator.name == name)
            evaluations.score(session, mine, raw, actor=july.actor(name), now=july.now, seen=0, finish=True)
    july.override(other, "evaluated")
    assert [(one.row.team_name, one.place.rank) for one in standing(july).works] == [("乙班", 1), ("甲班", 2)]


def test_a_harsh_judge_is_seen_and_changes_no_result(july: World) -> None:
    for team, base in (("甲班", 80), ("乙班", 84), ("丙班", 70)):
        scored(july, team, str(base + 3), str(base), str(base - 3))
    found = standing(july)
    assert {one.name: one.leniency for one in found.judges} == {
        "eve": Decimal("3.00"), "ed": Decimal("0.00"), "eli": Decimal("-3.00"),
    }  # fmt: skip
    assert [(one.score, one.corrected) for one in found.works] == [
        (Decimal(n).quantize(Decimal("0.01")),) * 2 for n in (84, 80, 70)
    ]


def test_a_level_that_hangs_on_one_judge_is_named(july: World) -> None:
    scored(july, "甲班", "76", "75", "60")
    one = of(standing(july), "甲班")
    assert one.place.level == "EXCELLENT"  # 75 counts, 76 and 60 are left out
    assert one.without == {"eve": "PROGRESS", "ed": "PROGRESS"}  # 67.5 and 68; without eli it is 75.5
    scored(july, "乙班", "65", "66", "67")
    assert of(standing(july), "乙班").without == {}


def test_levels_are_proposed_for_all_as_shown_and_taken_back(july: World) -> None:
    scored(july, "甲班", GOOD, GOOD, GOOD)
    scored(july, "乙班", FAIR, FAIR, FAIR)
    scored(july, "丙班", POOR, POOR, POOR)
    scored(july, "丁班", GOOD)
    july.propose(july.session.scalar(select(Submission.id).where(Submission.team_name == "乙班")) or 0, "BENCHMARK")
    plan = planned(july)
    assert sorted((one.work.row.team_name, one.before, one.after) for one in plan.changes) == [
        ("丙班", "", "none"), ("乙班", "BENCHMARK", "PROGRESS"), ("甲班", "", "EXCELLENT"),
    ]  # fmt: skip
    assert [one.row.team_name for one in plan.unresolved] == ["丁班"]
    assert propose_all(july, plan.digest) == 3
    assert levels(july) == {"甲班": "EXCELLENT", "乙班": "PROGRESS", "丙班": "none", "丁班": ""}
    assert check.check(july.session, now=july.now).findings == []
    with pytest.raises(Invalid, match="levels_nothing"):
        propose_all(july, planned(july).digest)
    assert take_back(july) == 3
    assert levels(july) == {"甲班": "", "乙班": "BENCHMARK", "丙班": "", "丁班": ""}
    with pytest.raises(Conflict, match="levels_nothing_to_undo"):
        take_back(july)
    kinds = [row.kind for row in july.history("cycle", july.cycle.id)]
    assert kinds[-2:] == ["levels_proposed", "levels_taken_back"]
    assert check.check(july.session, now=july.now).findings == []
    july.sound()


def test_what_was_decided_by_hand_since_is_not_taken_back(july: World) -> None:
    first, second = scored(july, "甲班", FAIR, FAIR, FAIR), scored(july, "乙班", POOR, POOR, POOR)
    propose_all(july, planned(july).digest)
    july.propose(first, "PROGRESS")
    assert take_back(july) == 1
    assert levels(july) == {"甲班": "PROGRESS", "乙班": ""}
    assert july.session.get(Award, second) is None


def test_the_same_level_given_by_hand_since_is_a_decision_too(july: World) -> None:
    first = scored(july, "甲班", FAIR, FAIR, FAIR)
    propose_all(july, planned(july).digest)
    given = levels(july)["甲班"]
    july.later(hours=1)
    july.propose(first, given)
    assert take_back(july) == 0
    assert levels(july) == {"甲班": given}


def test_what_was_decided_alone_is_left_alone_by_a_proposal_for_all(july: World) -> None:
    first, second = scored(july, "甲班", GOOD, GOOD, GOOD), scored(july, "乙班", FAIR, FAIR, FAIR)
    july.propose(first, "PROGRESS", "与乙班并列，照顾一线")
    with unit(july.session) as session:
        work = session.get_one(Submission, second)
        olga = july.actor("olga")
        deliberation.deliberate(session, work, "none", reason="材料存疑", names="甲、乙", actor=olga, now=july.now)
    plan = planned(july)
    assert (plan.changes, {one.row.team_name for one in plan.own}) == ((), {"甲班", "乙班"})
    assert {one.row.team_name: one.row.own for one in standing(july).works} == {"甲班": True, "乙班": True}
    july.propose(first, "", "待议")
    assert [one.work.row.team_name for one in planned(july).changes] == ["甲班"]


def test_another_level_than_the_rankings_has_a_reason(july: World) -> None:
    first, lacking = scored(july, "甲班", GOOD, GOOD, GOOD), scored(july, "乙班", GOOD)

    def give(work: int, level: str, reason: str = "") -> None:
        with unit(july.session) as session:
            row, olga = session.get_one(Submission, work), july.actor("olga")
            evaluations.propose(session, row, level, reason=reason, actor=olga, now=july.now)

    for work, level in ((first, "BENCHMARK"), (first, "none"), (lacking, "none"), (lacking, "PROGRESS")):
        with pytest.raises(Invalid, match="level_reason"):
            give(work, level)
    assert set(levels(july).values()) == {""}
    give(first, "EXCELLENT")
    give(lacking, "none", "评分不足三份")
    notes = [row.about()["note"] for row in july.history("submission", lacking) if row.kind == "level"]
    assert notes == ["评分不足三份"]
    give(first, "")
    assert levels(july) == {"甲班": "", "乙班": "none"}
    assert check.check(july.session, now=july.now).findings == []


def test_a_plan_that_is_out_of_date_is_refused_and_changes_nothing(july: World) -> None:
    scored(july, "甲班", FAIR, FAIR, FAIR)
    shown = planned(july).digest
    scored(july, "乙班", GOOD, GOOD, GOOD)
    with pytest.raises(Conflict, match="levels_changed"):
        propose_all(july, shown)
    assert set(levels(july).values()) == {""}


def test_only_the_organiser_proposes(july: World) -> None:
    scored(july, "甲班", FAIR, FAIR, FAIR)
    shown = planned(july).digest
    for who in ("alice", "rita", "eve"):
        with pytest.raises(Denied):
            propose_all(july, shown, who)
        with pytest.raises(Denied):
            take_back(july, who)


def test_works_that_were_published_are_left_alone(july: World) -> None:
    done = scored(july, "甲班", FAIR, FAIR, FAIR)
    july.propose(done, "PROGRESS")
    july.go("2024-08-20 10:00")
    assert july.state(done) == "awarded"
    assert planned(july).changes == ()
    assert of(standing(july), "甲班").score == Decimal("80.00")


def test_two_who_propose_at_once_propose_once(july: World) -> None:
    for team, total in (("甲班", GOOD), ("乙班", FAIR)):
        scored(july, team, total, total, total)
    shown = planned(july).digest
    actor, now, cycle_id = july.actor("olga"), july.now, july.cycle.id

    def proposes() -> Deed:
        def deed(session: Session) -> int:
            with unit(session):
                cycle = session.get_one(Cycle, cycle_id)
                return proposals.propose_all(session, cycle, shown=shown, actor=actor, now=now)

        return deed

    found = at_once([proposes(), proposes()])
    assert sorted(type(one).__name__ for one in found) == ["Conflict", "int"], found
    july.sound()
    assert [row.kind for row in july.history("cycle", july.cycle.id)].count("levels_proposed") == 1
