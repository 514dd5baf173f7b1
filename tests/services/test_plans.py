"""A change of dates foreseen: what it does to cases, windows and promises; and applied only as it was shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from qtb.domain.errors import Conflict, Denied, Invalid, Refusal
from qtb.domain.plan_model import Effect, Plan
from qtb.domain.timeline import canonical
from qtb.services import plans
from qtb.services.cycles import Planned
from qtb.services.plans import Asked
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle, Extension, TimelineRow, timeline_of
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.world import ROWS, World, at, month


def row(key: str, **given: Any) -> Asked:
    """Ask for one row with some of its dates changed."""
    old = next(one for one in ROWS if one.key == key)
    dates = {"opens_at": old.opens_at, "closes_at": old.closes_at, "held_at": old.held_at, **given}
    return Asked((Planned(key, old.seq, old.title, **dates),))


def foreseen(world: World, asked: Asked) -> Plan:
    """Return the plan of a change; see that reckoning it wrote nothing."""
    world.session.rollback()
    cycle = world.session.get_one(Cycle, world.cycle.id)
    version, found = cycle.version, plans.foresee(world.session, cycle, asked, now=world.now).plan
    assert not world.session.dirty
    assert not world.session.new
    assert cycle.version == version
    return found


def apply(world: World, asked: Asked, plan: Plan, *, seen: int | None = None, **given: Any) -> Plan:
    """Apply a change as the organiser."""
    options: dict[str, Any] = {"actor": world.actor("olga"), "reason": "台风顺延", **given}
    with unit(world.session):
        cycle = world.session.get_one(Cycle, world.cycle.id)
        version = cycle.version if seen is None else seen
        return plans.apply(
            world.session, cycle, asked, seen=version, shown=plan.mark, now=world.now, **options
        )  # fmt: skip


def done(world: World, asked: Asked, **given: Any) -> Plan:
    """Foresee a change and apply it."""
    return apply(world, asked, foreseen(world, asked), **given)


def deferred(world: World) -> int:
    """Hand a team's case in and have it deferred on the 20th of May; it is the 25th of June."""
    world.now = at("2024-05-20 09:00")
    team = world.submitted()
    world.move(team, "defer", "rita", "缓评")
    world.now = at("2024-06-25 09:00")
    return team


def about(plan: Plan, kind: str) -> list[tuple[str, str, str, int]]:
    """Return the effects of one kind as (state, row, move, how many)."""
    return [(one.state, one.row_key, one.transition, one.n) for one in plan.effects if one.kind == kind]


def letters(world: World) -> list[Outbox]:
    """Return the letters about moved dates."""
    world.session.rollback()
    return list(world.session.scalars(select(Outbox).filter_by(letter="date_changed").order_by(Outbox.id)))


def test_a_later_end_moves_the_next_edge_of_those_whom_it_concerns(world: World) -> None:
    first, other = world.placed("registered", "第一班"), world.enter(team="第二班")
    plan = foreseen(world, row("declare", closes_at=at("2024-06-11")))
    assert about(plan, "moves") == [("registered", "declare", "lapse_undeclared", 1)]
    (moved,) = plan.effects
    assert (moved.before, moved.after) == (at("2024-06-01"), at("2024-06-11"))
    assert moved.numbers == (world.session.get_one(Submission, first).number,)
    assert world.session.get_one(Submission, other).number not in moved.numbers
    assert not plan.is_grave
    assert [(one.row_key, one.edge) for one in plan.dates] == [("declare", "closes")]


def test_an_end_in_the_past_would_end_cases_at_once_and_says_so(world: World) -> None:
    world.placed("registered", "第一班")
    asked = row("declare", closes_at=at("2024-02-20"))
    plan = foreseen(world, asked)
    assert about(plan, "at_once") == [("registered", "declare", "lapse_undeclared", 1)]
    assert about(plan, "shuts") == [("registered", "declare", "", 1)]
    with pytest.raises(Invalid) as error:
        apply(world, asked, plan)
    assert error.value.key == "plan_unsure"
    apply(world, asked, plan, sure=True)
    world.sweep()
    assert world.state(1) == "lapsed"


def test_what_has_lapsed_stays_lapsed_and_is_said(world: World) -> None:
    team = world.placed("registered", "第一班")
    world.go("2024-06-02 00:00")
    plan = foreseen(world, row("declare", closes_at=at("2024-06-11")))
    assert about(plan, "stays") == [("lapsed", "declare", "", 1)]
    assert about(foreseen(world, row("declare", closes_at=at("2024-05-20"))), "stays") == []
    done(world, row("declare", closes_at=at("2024-06-11")))
    world.sweep()
    assert world.state(team) == "lapsed"


def test_registration_that_opens_again_is_said_even_without_a_case(world: World) -> None:
    world.go("2024-06-02 00:00")
    plan = foreseen(world, row("register", closes_at=at("2024-06-11")))
    assert plan.entries == (("register", True),)
    assert foreseen(world, row("declare", closes_at=at("2024-06-11"))).entries == ()


def test_an_extension_reaches_whom_it_names(world: World) -> None:
    mine, other = world.placed("registered", "第一班"), world.placed("registered", "第二班")
    world.extend("declare", "2024-06-05", submission_id=other)
    submission = world.session.get_one(Submission, mine)
    asked = Asked(row_key="declare", until=at("2024-06-11"), submission=submission)
    plan = foreseen(world, asked)
    assert [(one.kind, one.numbers) for one in plan.effects] == [("moves", (submission.number,))]
    apply(world, asked, plan)
    assert [one.about["cases"] for one in letters(world)] == [[mine]]
    assert world.session.scalar(select(func.count()).select_from(Extension)) == 2
    everybody = foreseen(world, Asked(row_key="declare", until=at("2024-06-08")))
    assert about(everybody, "moves") == [("registered", "declare", "lapse_undeclared", 1)]


def test_a_reminder_of_hand_ins_moves_with_the_row_and_with_its_own_unit_only(world: World) -> None:
    case = world.session.get_one(Submission, world.submitted())

    def moved(**asked: Any) -> list[tuple[int, str]]:
        plan = foreseen(world, Asked(row_key="recommend", until=at("2024-07-11"), **asked))
        return [(one.days, f"{one.after:%m-%d}") for one in plan.reminders if one.reminder == "hand_in_soon"]

    later = [(14, "06-26"), (3, "07-07"), (1, "07-09")]
    assert moved() == later
    assert moved(unit=world.session.get_one(Unit, world.units["浦东区质协"].id)) == later
    assert moved(unit=world.session.get_one(Unit, world.units["浦江电机厂"].id)) == []
    assert moved(submission=case) == []


def test_an_extension_of_a_unit_reaches_its_cases_only(world: World) -> None:
    world.placed("registered", "第一班")
    theirs = world.session.get_one(Unit, world.units["江南物业"].id)
    assert foreseen(world, Asked(row_key="declare", until=at("2024-06-11"), unit=theirs)).effects == ()
    mine = world.session.get_one(Unit, world.units["浦江电机厂"].id)
    found = foreseen(world, Asked(row_key="declare", until=at("2024-06-11"), unit=mine))
    assert about(found, "moves") == [("registered", "declare", "lapse_undeclared", 1)]


def test_a_moot_extension_is_named(world: World) -> None:
    team = world.placed("registered", "第一班")
    world.extend("declare", "2024-06-05", submission_id=team)
    world.extend("declare", "2024-06-20", unit_name="江南物业")
    plan = foreseen(world, row("declare", closes_at=at("2024-06-11")))
    first = world.session.scalars(select(Extension.id).order_by(Extension.id)).first()
    assert plan.moot == (first,)


def test_letters_that_named_the_old_date_are_counted(world: World) -> None:
    world.placed("registered", "第一班")
    world.submitted("第二班")
    assert foreseen(world, row("declare", closes_at=at("2024-06-11"))).letters == ()
    with unit(world.session):
        world.session.execute(update(Outbox).values(status="sent", sent_at=world.now))
    assert foreseen(world, row("declare", closes_at=at("2024-06-11"))).letters == (("registered", 1),)
    found = foreseen(world, row("recommend", opens_at=at("2024-04-15")))  # the silence is what they wait for
    assert [one for one, _ in found.letters] == ["submitted", "to_recommend"]
    with unit(world.session):  # without a mail server what is kept is what was said
        world.session.execute(update(Outbox).values(status="kept", sent_at=None))
    assert foreseen(world, row("declare", closes_at=at("2024-06-11"))).letters == (("registered", 1),)


def test_one_letter_for_each_unit_with_its_cases_and_both_dates(world: World) -> None:
    teams = [world.submitted(f"第{n}班") for n in range(2)]
    world.enter("bob", "保洁一班")
    plan = done(world, row("recommend", closes_at=at("2024-07-11")), sure=True)  # evaluating opens on the 1st
    assert plan.told == (("applicant", 1), ("recommender", 1))
    dates = {"recommend": {"edge": "closes", "from": canonical(at("2024-07-01")), "to": canonical(at("2024-07-11"))}}
    found = {(one.to_role, one.unit_id): one for one in letters(world)}
    assert set(found) == {
        ("applicant", world.units["浦江电机厂"].id), ("recommender", world.units["浦东区质协"].id)
    }
    for one in found.values():
        assert one.about == {"rows": dates, "cases": teams}
        assert (one.effect, one.status, one.submission_id, one.cycle_id) == ("mail", "waiting", None, world.cycle.id)
        assert one.batch_id == world.history("cycle", world.cycle.id)[-1].batch_id
    world.sound()


def test_nobody_is_told_when_nobody_shall_be_or_when_nothing_that_is_shown_changes(world: World) -> None:
    world.placed("registered", "第一班")
    done(world, row("declare", closes_at=at("2024-06-11")), tell=False)
    hidden = row("declare", closes_at=at("2024-06-11"), grace_minutes=30)
    plan = done(world, hidden)
    assert (plan.told, plan.is_shown, plan.letters) == ((), False, ())
    assert about(plan, "moves") == [("registered", "declare", "lapse_undeclared", 1)]
    assert letters(world) == []
    before, after = world.history("cycle", world.cycle.id)[-1].about()["changes"]["declare"]
    assert (before["grace"], after["grace"]) == (0, 30)


def test_a_case_with_an_end_of_its_own_gets_the_letter_with_its_own_date(world: World) -> None:
    teams = [world.placed("registered", f"第{n}班") for n in range(2)]
    world.extend("declare", "2024-06-05", submission_id=teams[0])
    done(world, row("declare", closes_at=at("2024-06-11")))
    told = {tuple(one.about["cases"]): one.about["rows"]["declare"]["from"] for one in letters(world)}
    assert told == {(teams[0],): canonical(at("2024-06-05")), (teams[1],): canonical(at("2024-06-01"))}


def test_somebody_faster_is_a_conflict(world: World) -> None:
    asked = row("declare", closes_at=at("2024-06-11"))
    plan, seen = foreseen(world, asked), world.session.get_one(Cycle, world.cycle.id).version
    done(world, row("briefing", closes_at=at("2024-03-02")))
    with pytest.raises(Conflict) as error:
        apply(world, asked, plan, seen=seen)
    assert error.value.key == "stale_by"


def test_other_effects_than_those_shown_are_a_conflict_but_a_count_alone_is_none(world: World) -> None:
    world.placed("registered", "第一班")
    harmless = row("declare", closes_at=at("2024-06-11"))
    plan = foreseen(world, harmless)
    world.placed("registered", "第二班")
    assert foreseen(world, harmless).mark == plan.mark
    deadly = row("declare", closes_at=at("2024-02-20"))
    plan = foreseen(world, deadly)
    world.placed("registered", "第三班")
    with pytest.raises(Conflict) as error:
        apply(world, deadly, plan, sure=True)
    assert error.value.key == "plan_changed"
    assert timeline_of(world.session, world.cycle.id).rows["declare"].closes_at == at("2024-06-01")


def test_a_plan_applied_twice_is_applied_once(world: World) -> None:
    team = world.placed("registered", "第一班")
    submission = world.session.get_one(Submission, team)
    asked = Asked(row_key="declare", until=at("2024-06-11"), submission=submission)
    plan = foreseen(world, asked)
    apply(world, asked, plan)
    with pytest.raises(Conflict):
        apply(world, asked, plan)
    assert world.session.scalar(select(func.count()).select_from(Extension)) == 1


# --- order and overlap -------------------------------------------------------------------------------

ORDER = [
    ("recommend", {"closes_at": at("2024-05-20")}, "order_ends", False),
    ("declare", {"closes_at": at("2024-07-10")}, "order_ends", False),
    ("evaluate", {"opens_at": at("2024-06-15")}, "order_overlap", False),
    ("promote", {"opens_at": at("2025-10-01"), "closes_at": at("2025-12-01")}, "order_gap", False),
    ("declare", {"opens_at": at("2023-02-01")}, "order_long", False),
    ("recommend", {"opens_at": at("2024-06-25")}, "order_silent", False),
    ("promote", {"opens_at": at("2024-06-01"), "closes_at": at("2024-07-31")}, "order_never", True),
]


@pytest.mark.parametrize(("key", "dates", "reason", "is_error"), ORDER)
def test_an_order_that_is_odd_is_found(world: World, key: str, dates: Any, reason: str, is_error: bool) -> None:
    asked = row(key, **dates)
    plan = foreseen(world, asked)
    assert reason in [one.reason.key for one in plan.findings]
    assert bool(plan.errors) is is_error
    assert plan.is_grave
    if is_error:
        with pytest.raises(Invalid) as error:
            apply(world, asked, plan, sure=True)
        assert error.value.key == reason
    else:
        apply(world, asked, plan, sure=True)


def test_what_was_odd_before_is_not_held_against_the_change(world: World) -> None:
    plan = foreseen(world, row("declare", closes_at=at("2024-06-11")))
    assert plan.findings == ()
    assert [one.reason.key for one in plan.standing] == ["order_held"]


# --- the whole year ----------------------------------------------------------------------------------


def shift(world: World, **given: Any) -> Asked:
    """Ask for a shift."""
    world.session.rollback()
    cycle = world.session.get_one(Cycle, world.cycle.id)
    return plans.shifted(world.session, cycle, given.pop("by"), now=world.now, **given)


def test_a_shift_moves_what_is_to_come_and_leaves_what_is_past(world: World) -> None:
    world.go("2024-05-20 10:00")
    world.placed("registered", "第一班")
    before = timeline_of(world.session, world.cycle.id).rows
    done(world, shift(world, by=timedelta(days=7)))
    after = timeline_of(world.session, world.cycle.id).rows
    assert after["briefing"] == before["briefing"]
    for key in ("register", "declare", "recommend"):
        assert after[key].opens_at == before[key].opens_at
        assert after[key].closes_at == before[key].closes_at + timedelta(days=7)
    for key in ("evaluate", "publish", "promote"):
        assert after[key].opens_at == before[key].opens_at + timedelta(days=7)
    assert after["publish"].held_at == at("2024-08-27 10:00")
    entry = world.history("cycle", world.cycle.id)[-1]
    assert entry.kind == "row"
    assert set(entry.about()["changes"]) == set(before) - {"briefing"}
    assert len(letters(world)) == 1
    world.sound()


def test_a_shift_from_a_row_on_leaves_the_rows_before_it(world: World) -> None:
    asked = shift(world, by=timedelta(days=-3, hours=6), from_row="evaluate")
    assert [one.key for one in asked.rows] == ["evaluate", "publish", "exchange", "promote"]
    assert asked.rows[0].opens_at == at("2024-06-28 06:00")


NO_SHIFT: list[tuple[dict[str, Any], str]] = [
    ({"by": timedelta(0)}, "shift_by"),
    ({"by": timedelta(days=367)}, "shift_by"),
    ({"by": timedelta(days=1), "from_row": "winter"}, "row"),
]


@pytest.mark.parametrize(("given", "key"), NO_SHIFT)
def test_a_shift_that_cannot_be_is_refused(world: World, given: dict[str, Any], key: str) -> None:
    with pytest.raises(Refusal) as error:
        shift(world, **given)
    assert error.value.key == key


def test_a_year_that_is_over_has_nothing_to_shift(world: World) -> None:
    world.now = at("2025-06-01")
    with pytest.raises(Invalid) as error:
        foreseen(world, shift(world, by=timedelta(days=1)))
    assert error.value.key == "plan_nothing"


# --- what is refused ---------------------------------------------------------------------------------

NEVER: list[tuple[Asked, str]] = [
    (row("declare"), "plan_nothing"),
    (row("declare", closes_at=at("2024-01-01")), "row_reversed"),
    (row("declare", grace_minutes=10_081), "row_grace"),
    (row("declare", grace_minutes=-1), "row_grace"),
    (Asked((Planned("winter", 1, "冬", **month(2, 3)),)), "row"),
    (Asked(row_key="declare", until=at("2024-02-01")), "extension_past"),
    (Asked(row_key="declare", until=at("2024-06-01")), "extension_early"),
    (Asked(row_key="briefing", until=at("2024-06-01")), "row"),
    (row("declare", closes_at=at("2201-06-01")), "instant"),
]


@pytest.mark.parametrize(("asked", "key"), NEVER)
def test_a_change_that_cannot_be_is_not_even_foreseen(world: World, asked: Asked, key: str) -> None:
    with pytest.raises(Refusal) as error:
        foreseen(world, asked)
    assert error.value.key == key


def test_only_the_organiser_applies_and_with_a_reason(world: World) -> None:
    asked = row("declare", closes_at=at("2024-06-11"))
    with pytest.raises(Denied):
        done(world, asked, actor=world.actor("rita"))
    with pytest.raises(Invalid) as error:
        done(world, asked, reason=" ")
    assert error.value.key == "reason_required"
    world.session.rollback()
    closes = world.session.scalar(select(TimelineRow.closes_at).filter_by(cycle_id=world.cycle.id, key="declare"))
    assert closes == at("2024-06-01")
    assert letters(world) == []


def test_every_effect_names_at_most_twenty_by_number(world: World) -> None:
    world.many(25)
    (effect,) = foreseen(world, row("register", closes_at=at("2024-06-11"))).effects
    assert isinstance(effect, Effect)
    assert (effect.n, len(effect.numbers), effect.numbers[0]) == (25, 20, "M00000")
