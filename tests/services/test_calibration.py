"""Known works before real ones: what is asked of whom, what stands, what the organiser sees of distance and drift."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from qtb.domain.errors import Refusal
from qtb.services import calibration
from qtb.store import calibration as store
from qtb.store.calibration import Known, Trial
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from tests.services.test_sheets import own, reopened, save
from tests.threads import at_once
from tests.world import World


@pytest.fixture
def work(world: World) -> int:
    """Return a work in July that eve and ed judge."""
    case = world.placed("recommended")
    world.go("2024-07-10 10:00")
    world.assign(case, "eve", "ed")
    return case


def points(world: World, each: str = "4") -> dict[str, str]:
    """Return the same points for every item."""
    return dict.fromkeys(world.cycle.definition.rubric.sheets["MAT"].items, each)


def make(world: World, title: str = "样例甲", who: str = "olga", **given: Any) -> int:
    """Make a known work; return its id."""
    with unit(world.session) as session:
        how = {"text": "班组概况……", "points": points(world), "reasons": {"M1_POSITION": "定位清楚"}, **given}
        cycle = session.get_one(Cycle, world.cycle.id)
        return calibration.make(session, cycle, title=title, actor=world.actor(who), now=world.now, **how).id


def score(world: World, known: int, who: str = "eve", each: str = "5") -> int:
    """Let a judge score a known work; return the trial's id."""
    with unit(world.session) as session:
        row = session.get_one(Known, known)
        return calibration.score(session, row, points(world, each), actor=world.actor(who), now=world.now).id


def again(world: World, trial: int, reason: str = "误填", who: str = "olga") -> None:
    """Let a judge try again."""
    with unit(world.session) as session:
        row = session.get_one(Trial, trial)
        calibration.let_again(session, row, reason=reason, actor=world.actor(who), now=world.now)


def board(world: World) -> list[calibration.Line]:
    """Return the board as it stands now."""
    world.session.rollback()
    return calibration.board(world.session, world.session.get_one(Cycle, world.cycle.id))


def why(act: Callable[..., Any], *given: Any, **more: Any) -> str:
    """Return why an act is refused."""
    with pytest.raises(Refusal) as refused:
        act(*given, **more)
    return refused.value.reasons[0].key


def test_without_known_works_nothing_is_asked(world: World, work: int) -> None:
    save(world, work, points(world))
    assert own(world, work).is_final


def test_known_works_come_first_and_then_the_door_is_open(world: World, work: int) -> None:
    first, second = make(world), make(world, "样例乙")
    make(world, "样例丙")
    assert why(save, world, work, points(world)) == "calibrate_first"
    assert why(save, world, work, points(world), finish=False) == "calibrate_first"
    score(world, first)
    assert why(save, world, work, points(world)) == "calibrate_first"
    score(world, second)
    save(world, work, points(world))
    assert own(world, work).is_final
    assert why(save, world, work, points(world), whose="ed") == "calibrate_first"
    world.sound()


def test_who_had_finished_a_real_sheet_is_not_stopped(world: World, work: int) -> None:
    save(world, work, points(world))
    make(world)
    assert calibration.lacking(world.session, world.session.get_one(Cycle, 1), "MAT", world.people["eve"].id) == 0
    assert calibration.lacking(world.session, world.session.get_one(Cycle, 1), "MAT", world.people["ed"].id) == 1
    assert calibration.lacking(world.session, world.session.get_one(Cycle, 1), "PRE", world.people["ed"].id) == 0


def test_whose_only_finished_sheet_is_reopened_is_not_stopped_either(world: World, work: int) -> None:
    save(world, work, points(world))
    first = make(world)
    reopened(world, work)
    line = next(one for one in board(world) if one.name == "eve")
    assert (line.n_lacking, line.trials) == (0, {})
    save(world, work, points(world))
    assert own(world, work).is_final
    assert next(one for one in board(world) if one.name == "ed").n_lacking == 1
    score(world, first, "ed")


def test_no_two_known_works_have_one_title(world: World, work: int) -> None:
    first = make(world)
    assert why(make, world) == "known_title"  # a page sent twice, say
    with unit(world.session) as session:
        calibration.retire(session, session.get_one(Known, first), actor=world.actor("olga"), now=world.now)
    make(world)


def test_the_first_try_stands_until_the_organiser_lets_try_again(world: World, work: int) -> None:
    known = make(world)
    trial = score(world, known)
    assert why(score, world, known) == "trial_stands"
    assert why(again, world, trial, "") == "reason_required"
    assert why(again, world, trial, who="eve") == "only_organiser"
    again(world, trial)
    assert why(again, world, trial) == "trial_voided"
    assert why(save, world, work, points(world)) == "calibrate_first"
    second = score(world, known, each="4")
    assert world.session.get_one(Trial, second).number == 2
    assert calibration.distance(world.session.get_one(Trial, second)).total == 0
    assert [row.kind for row in world.history("cycle", world.cycle.id)][-1] == "trial_again"


def test_a_retired_one_is_asked_of_nobody(world: World, work: int) -> None:
    known = make(world)
    for _ in range(2):
        with unit(world.session) as session:
            row = session.get_one(Known, known)
            if row.retired_at is None:
                calibration.retire(session, row, actor=world.actor("olga"), now=world.now)
    assert why(score, world, known) == "known_retired"
    save(world, work, points(world))
    assert world.session.get_one(Cycle, world.cycle.id).n_known == 0


def test_what_cannot_be_is_refused(world: World, work: int) -> None:
    assert why(make, world, who="eve") == "only_organiser"
    assert why(make, world, " ") == "known_text"
    assert why(make, world, text="") == "known_text"
    assert why(make, world, text="长" * 20_001) == "field_too_long"
    assert why(make, world, points={**points(world), "M8_FEATURE": "6"}) == "sheet_errors"
    assert why(make, world, points={}) == "sheet_errors"
    known = make(world)
    assert why(score, world, known, who="alice") == "audience"
    assert why(score, world, known, each="99") == "sheet_errors"
    assert store.mine(world.session, known, world.people["eve"].id) is None


def test_the_board_tells_distance_and_who_lacks(world: World, work: int) -> None:
    known = make(world)
    score(world, known)
    with unit(world.session) as session:
        found = {one.name: one for one in calibration.board(session, session.get_one(Cycle, world.cycle.id))}
    assert found["eve"].trials[known][1].total == Decimal(8)
    assert (found["eve"].n_lacking, found["ed"].n_lacking, found["ed"].drift) == (0, 1, None)


def test_a_judge_who_grows_lenient_drifts(world: World) -> None:
    teams = [world.placed("recommended", team=f"{n}班") for n in range(6)]
    world.go("2024-07-10 10:00")
    for n, case in enumerate(teams):
        world.assign(case, "eve", "ed")
        world.later(hours=1)
        world.score(case, "ed", "3")
        world.score(case, "eve", "3" if n < 3 else "4")
    found = {one.name: one.drift for one in calibration.board(world.session, world.cycle)}
    assert found == {"eve": Decimal("8.00"), "ed": Decimal("-8.00")}


def test_a_proposal_is_a_work_with_its_names_struck_out(world: World, work: int) -> None:
    number = world.session.get_one(type(own(world, work).submission), work).number
    title, text = calibration.proposal(world.session, world.cycle, number, actor=world.actor("olga"))
    assert title == "降低总装线返工率"
    assert "十二人。" in text
    assert not [name for name in ("浦江电机厂", "总装一班", "测试组长") if name in text]
    assert why(calibration.proposal, world.session, world.cycle, "999", actor=world.actor("olga")) == "submission"


def test_one_page_sent_twice_at_once_is_one_trial(world: World, work: int) -> None:
    known, eve, now, given = make(world), world.actor("eve"), world.now, points(world)

    def handed(session: Any) -> int:
        with unit(session):
            return calibration.score(session, session.get_one(Known, known), given, actor=eve, now=now).id

    done = at_once([handed, handed])
    assert sorted(type(one).__name__ for one in done) == ["Conflict", "int"]
