"""Reminders: each step once for each date, to those whose turn it is, and nothing about what is over."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from qtb.domain.calendar import Calendar
from qtb.domain.errors import Conflict, Invalid
from qtb.effects.mail import Letter
from qtb.services import letters, outbox, reminder_letters, reminders, suspension, units
from qtb.services.outbox import Delivered, Post
from qtb.store import reminders as store
from qtb.store.accounts import Membership
from qtb.store.cycles import TimelineRow
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.threads import at_once
from tests.world import World, at

TEAMS = ("一班", "二班", "三班", "四班")
POST = Post(None, "qtb@example.org", "https://qtb.example.org")


def steps(world: World) -> list[tuple[str, int]]:
    """Return the reminders in the outbox as (letter, days before), oldest first."""
    return [(row.letter, row.about["days"]) for row in rows_of(world)]


def rows_of(world: World, letter: str = "") -> list[Outbox]:
    """Return the reminders in the outbox, oldest first."""
    world.session.rollback()
    found = world.session.scalars(select(Outbox).order_by(Outbox.id)).all()
    return [row for row in found if letters.is_reminder(row) and row.letter.startswith(letter)]


def ticked(world: World, *instants: str) -> list[dict[str, int]]:
    """Let the clock's part be done at each instant; return what was queued at each."""
    found = []
    for instant in instants:
        world.go(instant)
        found.append(world.remind())
    return found


def move_row(world: World, key: str, closes_at: str) -> None:
    with unit(world.session):
        row = world.session.scalars(select(TimelineRow).filter_by(cycle_id=world.cycle.id, key=key)).one()
        row.closes_at = at(closes_at)


def letter_of(world: World, row: Outbox) -> Letter:
    return letters.letter_of(world.session, row, post=POST, now=world.now)


def body(world: World, row: Outbox) -> str:
    return letter_of(world, row).body


def named(text: str) -> list[str]:
    """Return the teams that a letter names."""
    return [team for team in TEAMS if team in text]


def handed_in(world: World, when: str, *teams: str, recommender: str = "浦东区质协") -> list[int]:
    """Hand teams' declarations in at an instant; return their ids."""
    world.now = at(when)
    found = []
    for team in teams:
        found.append(world.enter(team=team, recommender=str(world.units[recommender].id)))
        world.move(found[-1], "register", "alice")
        world.declare(found[-1], title=f"{team}的成果")
        world.move(found[-1], "submit", "alice")
    return found


def set_above(world: World, below: str, above: str | None) -> None:
    with unit(world.session):
        parent = world.units[above] if above else None
        units.set_above(world.session, world.units[below], parent, actor=world.actor("olga"), now=world.now)


def test_each_step_leaves_once_at_its_moment_and_none_after_the_edge(world: World) -> None:
    world.enter()
    one = {"register_soon": 1}
    assert ticked(world, "2024-05-17 08:59", "2024-05-17 09:00", "2024-05-17 09:01") == [{}, one, {}]
    assert ticked(world, "2024-05-28 08:59", "2024-05-28 09:00", "2024-05-30 08:59", "2024-05-30 09:00") == [
        {}, one, {}, one,
    ]  # fmt: skip
    assert ticked(world, "2024-05-31 23:59", "2024-06-01", "2024-06-02") == [{}, {}, {}]
    assert steps(world) == [("register_soon", 14), ("register_soon", 3), ("register_soon", 1)]
    assert {row.to_role for row in rows_of(world)} == {"applicant"}


def test_the_letter_says_which_team_and_until_when(world: World) -> None:
    team = world.enter()
    ticked(world, "2024-05-29 08:00")
    (row,) = rows_of(world)
    letter = letter_of(world, row)
    assert letter.recipients == ["alice@example.org"]
    assert "总装一班：报名即将截止" in letter.subject
    assert "截止时间：2024年5月31日 24:00（上海时间）" in letter.body
    assert "Deadline: 31 May 2024, 24:00 (Shanghai)" in letter.body
    assert f"https://qtb.example.org/submissions/{team}" in letter.body


def test_the_grace_is_told_to_nobody_and_moves_no_reminder(world: World) -> None:
    world.enter()
    with unit(world.session):
        world.session.scalars(select(TimelineRow).filter_by(key="register")).one().grace_minutes = 600
    assert ticked(world, "2024-05-28 08:59", "2024-05-28 09:00") == [{"register_soon": 1}, {"register_soon": 1}]
    assert "24:00" in body(world, rows_of(world)[-1])
    assert ticked(world, "2024-06-01 05:00") == [{}]


def test_after_an_outage_over_all_steps_one_letter_leaves(world: World) -> None:
    world.enter()
    assert ticked(world, "2024-05-31 12:00", "2024-05-31 12:01") == [{"register_soon": 1}, {}]
    assert steps(world) == [("register_soon", 1)]


def test_asleep_over_the_edge_nothing_is_reminded(world: World) -> None:
    world.enter()
    world.submitted("二班")
    assert ticked(world, "2024-08-29 12:00") == [{}]


def test_who_came_after_the_step_was_due_is_reminded_at_the_next(world: World) -> None:
    world.now = at("2024-05-20 10:00")
    world.enter()
    assert ticked(world, "2024-05-20 10:01", "2024-05-29") == [{}, {"register_soon": 1}]
    assert steps(world) == [("register_soon", 3)]


def test_a_moved_date_makes_a_new_reminder_and_the_same_date_none(world: World) -> None:
    world.enter()
    ticked(world, "2024-05-29")
    move_row(world, "register", "2024-06-11")
    assert ticked(world, "2024-05-29 09:00", "2024-05-29 09:01") == [{"register_soon": 1}, {}]
    first, second = rows_of(world)
    assert letters.is_moot(world.session, first, world.now)
    assert "2024年6月10日 24:00" in body(world, second)
    move_row(world, "register", "2024-06-01")
    assert ticked(world, "2024-05-29 10:00") == [{}]


def test_an_extension_of_one_case_moves_its_reminder_only(world: World) -> None:
    extended, plain = world.enter(team="一班"), world.enter(team="二班")
    world.extend("register", "2024-06-11", submission_id=extended)
    assert ticked(world, "2024-05-18", "2024-05-28", "2024-05-29") == [
        {"register_soon": 1}, {"register_soon": 1}, {"register_soon": 1},
    ]  # fmt: skip
    assert [row.submission_id for row in rows_of(world)] == [plain, extended, plain]
    assert ticked(world, "2024-06-08") == [{"register_soon": 1}]
    assert "2024年6月10日 24:00" in body(world, rows_of(world)[-1])


def test_a_suspended_case_is_left_alone(world: World) -> None:
    team = world.enter()
    with unit(world.session):
        row = world.session.get_one(Submission, team)
        suspension.suspend(world.session, row, actor=world.actor("olga"), now=world.now, reason="核实材料")
    assert ticked(world, "2024-05-29") == [{}]


def test_a_recommender_gets_one_letter_about_all_that_waits(world: World) -> None:
    handed_in(world, "2024-05-30 10:00", "一班", "二班")
    handed_in(world, "2024-05-30 10:00", "四班", recommender="机电行业协会")
    with unit(world.session):  # as if handed in late, so that no silence is in the way
        world.session.execute(update(Submission).values(state_since=at("2024-06-27 08:00")))
    assert ticked(world, "2024-06-27 08:59", "2024-06-27 09:00", "2024-06-27 09:01") == [
        {"hand_in_soon": 2}, {"recommend_soon": 2, "hand_in_soon": 2}, {},
    ]  # fmt: skip
    mine, theirs = rows_of(world, "recommend_soon")
    letter = letter_of(world, mine)
    assert letter.recipients == ["rita@example.org"]
    assert named(letter.body) == ["一班", "二班"]
    assert "还有 2 件申报待审核" in letter.subject
    assert "推荐截止时间：2024年6月30日 24:00（上海时间）" in letter.body
    assert letter.body.count("https://qtb.example.org/submissions/") == 4  # both works, in both languages
    assert letter_of(world, theirs).recipients == ["ralf@example.org"]
    assert named(letter_of(world, theirs).body) == ["四班"]
    assert (mine.submission_id, mine.unit_id) == (None, world.units["浦东区质协"].id)


def test_a_list_names_what_came_in_since_and_leaves_out_what_is_done(world: World) -> None:
    first, _ = handed_in(world, "2024-05-31 10:00", "一班", "二班")
    third = handed_in(world, "2024-05-31 11:00", "三班")[0]
    with unit(world.session):
        world.session.execute(update(Submission).values(state_since=at("2024-06-26")))
    ticked(world, "2024-06-28")
    (row,) = rows_of(world, "recommend_soon")
    world.later(minutes=5)
    world.vouch(first)
    world.move(first, "recommend", "rita")
    with unit(world.session):
        world.session.execute(update(Submission).filter_by(id=third).values(state_since=world.now))
    assert named(body(world, row)) == ["二班", "三班"]


def test_a_works_own_extension_makes_a_letter_of_its_own(world: World) -> None:
    first, _ = handed_in(world, "2024-05-31 10:00", "一班", "二班")
    world.extend("recommend", "2024-07-03", submission_id=first)
    with unit(world.session):
        world.session.execute(update(Submission).values(state_since=at("2024-06-27")))
    found = ticked(world, "2024-06-28", "2024-06-30")
    assert [one["recommend_soon"] for one in found] == [1, 2]
    _, extended, one = rows_of(world, "recommend_soon")
    assert (extended.about["days"], one.about["days"]) == (3, 1)
    assert [named(body(world, row)) for row in (one, extended)] == [["二班"], ["一班"]]
    assert "2024年7月2日 24:00" in body(world, extended)


# (handed in, five, ten, fifteen working days are over): over 清明 with its make-up Sunday, over 五一 with both.
SILENCES = [
    ("2024-04-03 10:00", "2024-04-12", "2024-04-19", "2024-04-26"),
    ("2024-04-26 23:59", "2024-05-08", "2024-05-14", "2024-05-21"),
    ("2024-05-02 12:00", "2024-05-11", "2024-05-17", "2024-05-24"),
]


@pytest.mark.parametrize(("since", "five", "ten", "fifteen"), SILENCES)
def test_a_silence_is_told_after_five_and_ten_working_days_and_passed_on_after_fifteen(
    world: World, since: str, five: str, ten: str, fifteen: str
) -> None:
    (team,) = handed_in(world, since, "一班")
    for when, letter, to in ((five, "recommend_silent", "recommender"), (ten, "recommend_silent_above", "above")):
        world.now = at(f"{when} 09:00") - timedelta(seconds=1)  # over at midnight, told of in the morning
        world.sweep()
        assert world.remind() == {}
        assert ticked(world, f"{when} 09:00", f"{when} 09:00") == [{letter: 1}, {}]
        assert (rows_of(world)[-1].letter, rows_of(world)[-1].to_role) == (letter, to)
    world.now = at(fifteen) - timedelta(seconds=1)
    world.sweep()
    assert "最晚处理时间" in body(world, rows_of(world)[-1])
    before = world.state(team)
    assert ticked(world, fifteen, "2024-05-29") == [{}, {}]
    assert world.state(team) != before
    assert ("passed_on", "organiser") in world.letters(team)


def test_before_recommending_opens_nobody_is_silent(world: World) -> None:
    handed_in(world, "2024-03-04 10:00", "一班")
    assert ticked(world, "2024-03-29", "2024-04-10 08:59", "2024-04-10 09:00") == [{}, {}, {"recommend_silent": 1}]


def test_each_day_that_brings_a_new_silence_one_letter_lists_them_all(world: World) -> None:
    handed_in(world, "2024-05-13 10:00", "一班", "二班")
    handed_in(world, "2024-05-14 10:00", "三班")
    one = {"recommend_silent": 1}
    assert ticked(world, "2024-05-21 09:00", "2024-05-21 12:00", "2024-05-22 09:00", "2024-05-23 09:00") == [
        one, {}, one, {},
    ]  # fmt: skip
    first, second = rows_of(world)
    assert [named(body(world, row)) for row in (first, second)] == [["一班", "二班"], ["一班", "二班", "三班"]]


def test_after_an_outage_a_unit_gets_one_letter_about_all_silences(world: World) -> None:
    handed_in(world, "2024-05-13 10:00", "一班")
    handed_in(world, "2024-05-14 10:00", "二班")
    assert ticked(world, "2024-05-23 09:00", "2024-05-23 09:01") == [{"recommend_silent": 1}, {}]
    assert named(body(world, rows_of(world)[0])) == ["一班", "二班"]


def test_an_answer_ends_the_silence_and_a_new_turn_begins_it_anew(world: World) -> None:
    (team,) = handed_in(world, "2024-05-13 10:00", "一班")
    world.now = at("2024-05-20 10:00")
    world.move(team, "return", "rita", note="请补充数据")
    assert ticked(world, "2024-05-21 09:00") == [{}]
    world.move(team, "resubmit", "alice")
    assert ticked(world, "2024-05-29 08:59", "2024-05-29 09:00") == [{}, {"recommend_silent": 1}]


def test_the_unit_above_is_told_and_without_one_the_organiser(world: World) -> None:
    handed_in(world, "2024-05-13 10:00", "一班")
    ticked(world, "2024-05-28 09:00")
    (row,) = rows_of(world, "recommend_silent_above")
    assert letter_of(world, row).recipients == ["olga@example.org"]
    set_above(world, "浦东区质协", "机电行业协会")
    world.session.expire_all()
    letter = letter_of(world, row)
    assert letter.recipients == ["ralf@example.org"]
    assert "浦东区质协有 1 件申报超过 10 个工作日未审核" in letter.subject
    assert "/submissions/" not in letter.body  # they may not open what is not before them
    with unit(world.session):  # nobody is left there
        world.session.execute(update(Membership).filter_by(role="recommender").values(ended_at=world.now))
    assert letter_of(world, row).recipients == ["olga@example.org"]


def test_units_do_not_stand_above_each_other(world: World) -> None:
    set_above(world, "浦东区质协", "机电行业协会")
    for below, above in (("机电行业协会", "浦东区质协"), ("浦东区质协", "浦东区质协")):
        with pytest.raises(Conflict):
            set_above(world, below, above)
    for below, above in (("浦东区质协", "活动办公室"), ("浦江电机厂", "浦东区质协"), ("浦江电机厂", None)):
        with pytest.raises(Invalid):
            set_above(world, below, above)
    set_above(world, "浦东区质协", "机电行业协会")
    set_above(world, "浦东区质协", None)
    told = [row.kind for row in world.history("unit", world.units["浦东区质协"].id)]
    assert told == ["created", "above", "above"]
    world.sound()


def test_evaluators_are_reminded_each_alone_and_the_organiser_of_all(world: World) -> None:
    first, second = world.placed("recommended", "一班"), world.placed("recommended", "二班")
    world.now = at("2024-07-02 10:00")
    world.assign(first, "eve", "ed")
    world.assign(second, "eve")
    world.score(first, "ed")
    assert ticked(world, "2024-08-29") == [{"score_soon": 1, "evaluate_soon": 1}]
    mine, all_of_it = rows_of(world)
    assert letter_of(world, mine).recipients == ["eve@example.org"]
    numbers = [world.session.get_one(Submission, one).number for one in (first, second)]
    assert [one for one in numbers if one in body(world, mine)] == numbers
    assert named(body(world, mine)) == []  # whose it is may be hidden from judges
    assert "ed" not in [word.split("@")[0] for word in body(world, mine).split()]
    assert letter_of(world, all_of_it).recipients == ["olga@example.org"]
    assert named(body(world, all_of_it)) == ["一班", "二班"]
    world.score(first, "eve")
    assert [one for one in numbers if one in body(world, mine)] == numbers[1:]


def test_an_expert_who_is_one_no_more_is_not_reminded(world: World) -> None:
    first = world.placed("recommended", "一班")
    world.now = at("2024-07-02 10:00")
    world.assign(first, "eve")
    with unit(world.session):
        world.session.execute(update(Membership).filter_by(role="evaluator").values(ended_at=world.now))
    assert ticked(world, "2024-08-29") == [{"evaluate_soon": 1}]


def test_an_organiser_is_reminded_of_what_was_passed_on(world: World) -> None:
    handed_in(world, "2024-05-13 10:00", "一班")
    assert ticked(world, "2024-08-17 09:00") == [{"decide_soon": 1}]
    assert letter_of(world, rows_of(world)[0]).recipients == ["olga@example.org"]


def moved_on(world: World, team: int) -> None:
    world.move(team, "register", "alice")


def stopped(world: World, team: int) -> None:
    with unit(world.session):
        row = world.session.get_one(Submission, team)
        suspension.suspend(world.session, row, actor=world.actor("olga"), now=world.now, reason="核实材料")


def put_off(world: World, team: int) -> None:
    world.extend("register", "2024-06-30", submission_id=team)


def too_late(world: World, team: int) -> None:
    world.now = at("2024-05-31")  # the next step is due


@pytest.mark.parametrize("meanwhile", [moved_on, stopped, put_off, too_late])
def test_a_reminder_that_is_moot_by_the_time_it_leaves_is_dropped(world: World, meanwhile) -> None:
    team = world.enter()
    ticked(world, "2024-05-29")
    (row,) = rows_of(world)
    meanwhile(world, team)
    row_id = row.id
    outbox.deliver(world.session, post=POST, now=world.now)
    row = world.session.get_one(Outbox, row_id)
    assert (row.status, row.error, row.recipients) == ("dropped", "moot", "")


def delivered(world: World) -> list[tuple[str, int, str]]:
    """Let letters leave; return the reminders as (letter, days before, status), oldest first."""
    outbox.deliver(world.session, post=POST, now=world.now)
    return [(row.letter, row.about["days"], row.status) for row in rows_of(world)]


def test_a_letter_dropped_as_moot_leaves_once_its_date_is_back_in_time(world: World) -> None:
    world.enter()
    ticked(world, "2024-05-29 09:30")
    move_row(world, "register", "2024-06-20")
    world.now = at("2024-05-29 10:00")
    assert delivered(world) == [("register_soon", 3, "dropped")]
    move_row(world, "register", "2024-06-01")
    assert ticked(world, "2024-05-29 11:00", "2024-05-29 11:01") == [{"register_soon": 1}, {}]
    assert delivered(world) == [("register_soon", 3, "kept")]
    (row,) = rows_of(world)
    assert (row.created_at, row.n_tries, row.error) == (at("2024-05-29 11:00"), 0, "")
    assert ticked(world, "2024-05-29 12:00") == [{}]  # it has been told


def test_a_letter_dropped_as_moot_is_no_letter_once_its_time_is_over(world: World) -> None:
    world.enter()
    ticked(world, "2024-05-29 09:30")
    move_row(world, "register", "2024-06-20")
    assert [status for *_, status in delivered(world)] == ["dropped"]
    move_row(world, "register", "2024-06-01")
    assert ticked(world, "2024-05-30 10:00") == [{"register_soon": 1}]
    assert delivered(world) == [("register_soon", 3, "dropped"), ("register_soon", 1, "kept")]


def test_a_case_that_goes_on_is_reminded_of_what_was_dropped_meanwhile(world: World) -> None:
    team = world.enter()
    ticked(world, "2024-05-29 09:30")
    stopped(world, team)
    assert [status for *_, status in delivered(world)] == ["dropped"]
    with unit(world.session):
        row = world.session.get_one(Submission, team)
        suspension.resume(world.session, row, actor=world.actor("olga"), now=world.now, reason="核实完毕")
    assert ticked(world, "2024-05-29 10:00") == [{"register_soon": 1}]


def test_what_a_person_has_dropped_stays_dropped(world: World) -> None:
    world.enter()
    ticked(world, "2024-05-29 09:30")
    (row,) = rows_of(world)
    with unit(world.session):
        outbox.drop(world.session, row.id, now=world.now)
    assert ticked(world, "2024-05-29 10:00") == [{}]
    assert delivered(world) == [("register_soon", 3, "dropped")]


def test_a_unit_with_nothing_left_gets_no_letter_and_the_others_theirs(world: World) -> None:
    (mine,) = handed_in(world, "2024-05-13 10:00", "一班")
    handed_in(world, "2024-05-13 10:00", "四班", recommender="机电行业协会")
    outbox.deliver(world.session, post=POST, now=world.now)
    ticked(world, "2024-05-21 09:00")
    world.move(mine, "decline", "rita", note="不符合条件")
    assert outbox.deliver(world.session, post=POST, now=world.now) == Delivered(n_kept=2, n_dropped=1)
    assert [row.status for row in rows_of(world)] == ["dropped", "kept"]


def test_two_schedulers_at_once_queue_each_reminder_once(world: World) -> None:
    for n in range(30):
        world.enter(team=f"第{n}班")
    handed_in(world, "2024-05-13 10:00", *TEAMS)
    now = at("2024-05-29")
    world.session.rollback()

    def deed(session) -> int:
        return sum(one.n_queued for one in reminders.remind(session, now=now))

    queued = at_once([deed] * 4)
    assert sum(queued) == 32  # thirty drafts, one letter to the unit, one to those above it
    assert len(rows_of(world)) == 32


def test_ninety_days_asleep_make_no_flood(world: World) -> None:
    world.enter(team="三班")
    handed_in(world, "2024-03-04 10:00", "一班", "二班")
    world.now = at("2024-03-05")
    assert ticked(world, "2024-06-03", "2024-06-03 00:01", "2024-08-29", "2024-08-29 00:01") == [
        {}, {}, {"decide_soon": 1}, {},
    ]  # fmt: skip


def test_a_year_without_a_calendar_is_told_and_stops_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.enter(team="三班")
    handed_in(world, "2024-05-13 10:00", "一班")
    monkeypatch.setattr(Calendar, "is_working", lambda *_: (_ for _ in ()).throw(Invalid("calendar_year", year=2024)))
    monkeypatch.setattr("qtb.domain.calendar._cutoff", lambda calendar, day, n: calendar.before(day, n))
    world.now = at("2024-05-29")
    done = {one.reminder: (one.n_queued, bool(one.failure)) for one in reminders.remind(world.session, now=world.now)}
    assert done == {
        "register_soon": (1, False), "recommend_silent": (0, True), "recommend_silent_above": (0, True),
    }  # fmt: skip


def test_a_fault_in_one_reminder_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.enter(team="三班")
    handed_in(world, "2024-05-13 10:00", "一班")
    post = store.post

    def broken(session, step, **given):
        if step.key == "register_soon":
            raise OperationalError("insert", {}, Exception("disk full"))
        return post(session, step, **given)

    monkeypatch.setattr(store, "post", broken)
    world.now = at("2024-05-29")
    done = {one.reminder: one.failure for one in reminders.remind(world.session, now=world.now)}
    assert "disk full" in done["register_soon"]
    assert {key for key, failure in done.items() if not failure} == {"recommend_silent", "recommend_silent_above"}


def test_a_minute_with_nothing_due_writes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.enter()
    ticked(world, "2024-05-29")
    monkeypatch.setattr(reminders, "unit", lambda session: pytest.fail("a unit was opened"))
    assert world.remind() == {}


def test_many_are_queued_in_slices(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.many(25)
    monkeypatch.setattr(reminders, "SLICE", 10)
    assert ticked(world, "2024-05-29") == [{"register_soon": 25}]


def test_a_year_that_is_over_asks_for_no_working_days(world: World) -> None:
    handed_in(world, "2024-05-13 10:00", "一班")
    world.now = at("2031-05-13")
    assert world.remind() == {}


def test_what_a_reminder_is_about_is_reckoned_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.enter()
    world.now = at("2024-05-28 09:00")
    world.remind()
    asked: list[int] = []
    reckon = reminder_letters.waiting

    def counted(session: Session, row: Outbox, now: datetime) -> reminder_letters.Waiting | None:
        asked.append(row.id)
        return reckon(session, row, now)

    monkeypatch.setattr(reminder_letters, "waiting", counted)
    done = outbox.deliver(world.session, post=POST, now=world.now)
    assert (done.n_kept, len(asked)) == (1, 1)
