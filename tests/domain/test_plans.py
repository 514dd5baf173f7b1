"""Plans without a database: the clock's next edge, windows, reminders, order; and what may not be seen in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from qtb.domain import plan_letters, plans, row_order
from qtb.domain.decide import Case
from qtb.domain.plan_model import Change, Cohort, Member, Plan
from qtb.domain.row_order import EVERYBODY, Whom
from qtb.domain.timeline import Extension, Timeline
from tests.domain.sample import edited, real, times
from tests.world import at

DEFINITION = real()
TIMES = replace(times(), calendar=DEFINITION.calendar)
FACTS = {
    "registration_complete": True, "declaration_complete": True, "experience_complete": True, "form_conclusion": "",
    "n_sheets_final": 0, "n_sheets_open": 0,
    "share_consent": "", "award_level": "", "taken_back": False, "n_blocks": 0, "n_objections_open": 0,
    "shortlisted": False, "consent_held": False, "nominated": False, "eliminated": False,
}  # fmt: skip
NOW = at("2024-05-20 10:00")


def cohort(state: str, *, id_: int = 7, since: datetime = NOW, **facts: object) -> Cohort:
    """Return one case in a state, as a cohort of its own."""
    case = Case(id_, state, 10, None, 1, {**FACTS, **facts}, state_since=since)
    return Cohort(case, [Member(id_, f"2024{id_:04d}", 10, 20)])


def moved(key: str, **dates: object) -> Change:
    """Return a change of one row."""
    return Change({key: replace(TIMES.rows[key], **dates)})  # type: ignore[arg-type]


def plan(change: Change, *cohorts: Cohort, now: datetime = NOW, whom: Whom = EVERYBODY) -> Plan:
    """Return the plan of a change."""
    return plans.compare(DEFINITION, change, TIMES, cohorts=cohorts, now=now, whom=whom)


def test_the_path_says_which_rows_follow_each_other() -> None:
    rows = ["register", "declare", "recommend", "evaluate", "publish", "promote"]
    assert row_order.path_rows(DEFINITION.workflow) == rows
    shorter = edited("path: [draft, registered, submitted, recommended, evaluated, awarded, shared]",
                     "path: [draft, registered, submitted]")  # fmt: skip
    assert row_order.path_rows(shorter.workflow) == rows[:2]


def test_an_overlap_is_odd_only_where_the_clock_acts_at_the_opening() -> None:
    early = moved("evaluate", opens_at=at("2024-06-15"))
    assert [one.reason.key for one in plan(early).findings] == ["order_overlap"]
    assert plan(moved("declare", opens_at=at("2024-02-15"))).findings == ()
    name = "  complete_evaluation:\n"
    without = edited("    at: {row: evaluate, edge: opens}", "    at: {row: evaluate, edge: closes}")
    assert name in without.text.replace("\\n", "\n")
    found = plans.compare(without, early, TIMES, cohorts=(), now=NOW).findings
    assert [one.reason.key for one in found] == []


def test_an_extension_for_one_is_held_against_that_ones_windows() -> None:
    later = Change(extension=Extension("declare", at("2024-07-10"), submission_id=7))
    assert [one.reason.key for one in plan(later, whom=Whom(7, 10)).findings] == ["order_ends"]
    with_more = replace(TIMES, extensions=(Extension("recommend", at("2024-08-01"), submission_id=7),))
    found = plans.compare(DEFINITION, later, with_more, cohorts=(), now=NOW, whom=Whom(7, 10)).findings
    assert "order_ends" not in [one.reason.key for one in found]


def test_days_that_are_not_known_are_said_and_break_nothing() -> None:
    far = moved("recommend", opens_at=at("2041-04-01"), closes_at=at("2041-07-01"))
    found = plan(far, cohort("submitted"))
    assert "calendar_year" in [one.reason.key for one in found.findings]


def test_a_silence_moves_with_the_opening_it_is_counted_from() -> None:
    (effect,) = plan(moved("recommend", opens_at=at("2024-06-03")), cohort("submitted")).effects[:1]
    assert (effect.kind, effect.edge, effect.transition) == ("moves", "silent", "pass_on")
    assert effect.before is not None
    assert effect.after is not None
    assert effect.after > effect.before


def test_where_the_next_act_becomes_another_one_both_are_named() -> None:
    waits = cohort("submitted", since=at("2024-05-08 09:00"))
    (now_silent,) = plan(moved("recommend", opens_at=at("2024-05-10")), waits).effects[:1]
    assert (now_silent.kind, now_silent.was) == ("moves", "")
    effects = plan(moved("recommend", closes_at=at("2024-05-25")), waits).effects
    (other,) = [one for one in effects if one.kind == "becomes"]
    assert (other.was, other.was_edge, other.before) == ("pass_on", "silent", at("2024-05-29"))
    assert (other.transition, other.edge, other.after) == ("lapse_unrecommended", "closes", at("2024-05-25"))
    assert "moves" not in [one.kind for one in effects]
    (back,) = plan(moved("recommend", closes_at=at("2024-05-15")), waits).effects[:1]
    assert (back.kind, back.was, back.transition) == ("at_once", "pass_on", "lapse_unrecommended")


def test_a_silence_that_ends_with_its_row_is_cut_off_by_it() -> None:
    case = cohort("submitted", since=at("2024-05-08 09:00")).case
    rows = {**TIMES.rows, "recommend": replace(TIMES.rows["recommend"], closes_at=at("2024-05-29"))}
    found = plans.due(DEFINITION, case, replace(TIMES, rows=rows))
    assert found is not None
    assert (found.transition, found.edge.edge) == ("lapse_unrecommended", "closes")


def test_an_undecided_work_is_moved_with_its_edge_but_by_nothing_yet() -> None:
    (effect,) = plan(moved("publish", held_at=at("2024-08-25 10:00")), cohort("evaluated")).effects
    assert (effect.kind, effect.edge, effect.transition) == ("moves", "held", "")
    past = moved("publish", opens_at=at("2024-05-01"), held_at=at("2024-05-02 10:00"))
    assert [one.kind for one in plan(past, cohort("evaluated")).effects if one.edge == "held"] == ["moves"]
    (decided,) = plan(past, cohort("evaluated", award_level="none")).effects
    assert (decided.kind, decided.transition) == ("at_once", "not_award")


def test_what_is_suspended_or_already_owed_is_not_moved() -> None:
    later = moved("declare", closes_at=at("2024-06-11"))
    asleep = cohort("registered")
    asleep = replace(asleep, case=replace(asleep.case, suspended_at=NOW))
    assert plan(later, asleep).effects == ()
    owed = plan(moved("declare", closes_at=at("2024-05-10")), cohort("registered"), now=at("2024-06-02"))
    assert "at_once" not in [one.kind for one in owed.effects]


def test_a_window_that_opens_again_is_said() -> None:
    found = plan(moved("declare", closes_at=at("2024-06-11")), cohort("registered"), now=at("2024-06-01"))
    assert [one.kind for one in found.effects] == ["moves", "opens"]


# --- reminders ---------------------------------------------------------------------------------------


def reminders(change: Change, *cohorts: Cohort, now: datetime = NOW) -> dict[int, tuple[bool, str, int]]:
    """Return what becomes of the applicant's reminders before declaring ends, by how many days ahead."""
    mine = [one for one in plan(change, *cohorts, now=now).reminders if one.reminder == "declare_soon"]
    return {one.days: (one.is_sent, one.fate, one.n) for one in mine}


def test_reminders_move_with_their_edge_and_those_that_left_leave_again() -> None:
    found = reminders(moved("declare", closes_at=at("2024-06-11")), cohort("registered"))
    assert found == {14: (True, "later", 1), 3: (False, "later", 1), 1: (False, "later", 1)}
    (first,) = [one for one in plan(moved("declare", closes_at=at("2024-06-11"))).reminders if one.days == 14][:1]
    assert (first.before, first.after) == (at("2024-05-17 09:00"), at("2024-05-27 09:00"))


def test_of_reminders_whose_new_date_is_past_only_the_last_leaves() -> None:
    found = reminders(moved("declare", closes_at=at("2024-05-23")))
    assert found == {14: (True, "never", 0), 3: (False, "at_once", 0), 1: (False, "later", 0)}


def test_a_grace_moves_no_reminder_and_nothing_that_is_shown() -> None:
    hidden = moved("declare", grace=timedelta(minutes=30))
    found = plan(hidden, cohort("registered"))
    assert (found.reminders, found.is_shown) == ((), False)
    assert [(one.edge, one.before, one.after) for one in found.dates] == [
        ("grace", timedelta(0), timedelta(minutes=30))
    ]
    assert plan_letters.told(DEFINITION, TIMES, hidden.on(TIMES), [cohort("registered")]) == []


# --- whom it concerns --------------------------------------------------------------------------------

CONCERNED = [
    ("draft", "register", {"applicant"}),
    ("registered", "declare", {"applicant"}),
    ("registered", "recommend", set()),
    ("submitted", "recommend", {"applicant", "recommender"}),
    ("returned", "recommend", {"applicant"}),
    ("recommended", "evaluate", {"applicant"}),
    ("evaluated", "publish", {"applicant"}),
    ("awarded", "promote", set()),
]


@pytest.mark.parametrize(("state", "row", "roles"), CONCERNED)
def test_those_are_told_whom_the_row_concerns_where_their_case_stands(state: str, row: str, roles: set[str]) -> None:
    closes_at = TIMES.rows[row].closes_at + timedelta(days=3)
    held = TIMES.rows[row].held_at
    change = moved(row, closes_at=closes_at, held_at=held + timedelta(days=3) if held else None)
    told = plan_letters.told(DEFINITION, TIMES, change.on(TIMES), [cohort(state)])
    assert {one.role for one in told} == roles
    assert all(one.rows[row].edge == ("held" if held else "closes") for one in told)


@pytest.mark.parametrize("level", ["", "none", "BENCHMARK"])
def test_whom_a_letter_goes_to_depends_on_nothing_sealed(level: str) -> None:
    change = moved("publish", held_at=at("2024-08-25 10:00"))
    told = plan_letters.told(DEFINITION, TIMES, change.on(TIMES), [cohort("evaluated", award_level=level)])
    assert [(one.role, one.rows["publish"].after) for one in told] == [("applicant", at("2024-08-25 10:00"))]


def test_the_mark_changes_with_what_is_grave_and_not_with_a_count() -> None:
    two = [cohort("registered"), cohort("registered", id_=8)]
    later, past = moved("declare", closes_at=at("2024-06-11")), moved("declare", closes_at=at("2024-05-10"))
    assert plan(later, *two).mark == plan(later, two[0]).mark
    assert plan(past, *two).mark != plan(past, two[0]).mark
    assert plan(later).mark != plan(moved("declare", closes_at=at("2024-06-12"))).mark


def test_a_timeline_without_the_row_is_compared_all_the_same() -> None:
    bare = Timeline({key: row for key, row in TIMES.rows.items() if key != "briefing"}, calendar=TIMES.calendar)
    found = plans.compare(
        DEFINITION, Change({"briefing": TIMES.rows["briefing"]}), bare, cohorts=[cohort("draft")], now=NOW
    )
    assert [(one.edge, one.before) for one in found.dates] == [("opens", None), ("closes", None)]
    assert found.effects == ()
