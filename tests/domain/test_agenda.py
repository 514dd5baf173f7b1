"""What stands ahead for a calendar: shown instants only, nothing of a suspended case, own ends by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from qtb.domain import agenda
from qtb.domain.agenda import Change, Wait
from qtb.domain.decide import Case
from qtb.domain.roles import Actor
from qtb.domain.timeline import Extension, Row, Timeline
from qtb.services import definitions
from tests.world import ROWS, at

DEFINITION = definitions.load("qtb")
WINDOWS = {
    one.key: Row(one.key, one.seq, one.title, one.opens_at, one.closes_at, one.held_at, grace=timedelta(hours=2))
    for one in ROWS
    if one.opens_at and one.closes_at
}
TIMES = Timeline(WINDOWS, calendar=DEFINITION.calendar)
ALICE = Actor(1, "alice", "web", {"applicant": frozenset({10})})
FACTS = {
    "registration_complete": True, "declaration_complete": True, "experience_complete": True, "form_conclusion": "",
    "n_sheets_final": 0, "n_sheets_open": 0,
    "share_consent": "", "award_level": "", "taken_back": False, "n_blocks": 0, "n_objections_open": 0,
    "shortlisted": False, "consent_held": False, "nominated": False, "eliminated": False,
}  # fmt: skip
CASE = Case(7, DEFINITION.workflow.start, 10, 20, 1, FACTS, state_since=at("2024-05-20"))


def test_a_case_has_its_window_and_what_comes_of_it_at_the_end_that_is_shown() -> None:
    opening, closing = agenda.of_case(DEFINITION, CASE, timeline=TIMES, actor=ALICE)
    assert (opening.edge.edge, opening.at, opening.fate) == ("opens", at("2024-02-01"), None)
    assert (closing.edge.edge, closing.at) == ("closes", at("2024-06-01"))
    assert [act.en for act in closing.acts][-1] == "Register"
    assert closing.fate is not None


def test_a_suspended_case_has_nothing_ahead() -> None:
    asleep = replace(CASE, suspended_at=at("2024-05-21"))
    assert agenda.of_case(DEFINITION, asleep, timeline=TIMES, actor=ALICE) == []


def test_those_who_may_not_act_read_only_what_the_clock_does() -> None:
    stranger = Actor(2, "bob", "web", {"applicant": frozenset({11})})
    (closing,) = agenda.of_case(DEFINITION, CASE, timeline=TIMES, actor=stranger)
    assert (closing.edge.edge, closing.acts) == ("closes", ())


@pytest.mark.parametrize("level", ["", "none", "BENCHMARK"])
@pytest.mark.parametrize("n_final", [0, 3])
def test_sealed_facts_change_no_moment(level: str, n_final: int) -> None:
    for state in DEFINITION.workflow.states:
        plain = replace(CASE, state=state)
        sealed = replace(plain, facts={**FACTS, "award_level": level, "n_sheets_final": n_final})
        told = [agenda.of_case(DEFINITION, one, timeline=TIMES, actor=ALICE) for one in (plain, sealed)]
        assert told[0] == told[1], state


def test_waiting_cases_are_counted_and_those_with_an_end_of_their_own_stand_alone() -> None:
    rows = agenda.turns(DEFINITION.workflow, "recommender")
    state = next(iter(rows))
    cases = [replace(CASE, id=number, state=state) for number in (1, 2, 3)]
    times = replace(TIMES, extensions=(Extension("recommend", at("2024-07-05"), submission_id=2),))
    assert agenda.waits(rows, cases, timeline=times) == [
        Wait("recommend", at("2024-07-01"), 2), Wait("recommend", at("2024-07-05"), 1, 2),
    ]  # fmt: skip
    assert agenda.waits(rows, [], timeline=times) == [Wait("recommend", at("2024-07-01"), 0)]


def test_a_revision_counts_what_reaches_the_case() -> None:
    mine = Extension("declare", at("2024-06-05"), unit_id=10)
    changes = [Change("declare", at("2024-03-01")), Change("declare", at("2024-04-01"), mine)]
    assert agenda.revision(changes, "declare", CASE) == (2, at("2024-04-01"))
    assert agenda.revision(changes, "declare", agenda.EVERYBODY) == (1, at("2024-03-01"))
    assert agenda.revision(changes, "register", CASE) == (0, None)
