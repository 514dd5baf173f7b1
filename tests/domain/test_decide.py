"""Decisions: every reason that stands against a move, in words of the notice; which buttons to show, from when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qtb.domain import decide
from qtb.domain.decide import Case
from qtb.domain.errors import Reason
from qtb.domain.roles import CLOCK, Actor
from qtb.domain.timeline import Extension, Timeline
from tests.domain.sample import real, times
from tests.domain.test_machine import ALICE, CASE, FACTS
from tests.world import at

RITA = Actor(6, "rita", "web", {"recommender": frozenset({20})})
OLGA = Actor(7, "olga", "web", {"organiser": frozenset({30})})


def why(
    transition: str, case: Case = CASE, actor: Actor = ALICE, now: str = "2024-05-01", rows: Timeline | None = None
) -> tuple[Reason, ...]:
    """Return the reasons against a move."""
    return decide.explain(real(), transition, case, timeline=rows or times(), actor=actor, now=at(now))


def offers(case: Case, actor: Actor, now: str = "2024-05-01") -> dict[str, decide.Offer]:
    """Return what is offered by key."""
    found = decide.offers(real(), case, timeline=times(), actor=actor, now=at(now))
    return {offer.key: offer for offer in found}


def test_nothing_stands_against_a_move_that_may_be_made() -> None:
    assert why("submit") == ()


def test_a_closed_row_is_cited_with_number_name_and_instants() -> None:
    (reason,) = why("submit", now="2024-06-03 09:00")
    assert (reason.key, reason.args) == (
        "closed",
        {"seq": 4, "row": "成果申报", "at": at("2024-06-01"), "now": at("2024-06-03 09:00")},
    )


def test_a_row_not_yet_open_is_cited_with_its_start() -> None:
    (reason,) = why("submit", now="2024-01-31 23:59")
    assert (reason.key, reason.args) == ("not_open", {"seq": 4, "row": "成果申报", "at": at("2024-02-01")})


def test_an_edge_that_has_not_come_is_cited() -> None:
    (reason,) = why("lapse_undeclared", actor=CLOCK)
    assert (reason.key, reason.args) == ("not_due", {"seq": 4, "row": "成果申报", "at": at("2024-06-01")})
    rows = Timeline(times().rows, (Extension("declare", at("2024-06-08"), submission_id=CASE.id),))
    (reason,) = why("lapse_undeclared", actor=CLOCK, now="2024-06-02", rows=rows)
    assert reason.args["at"] == at("2024-06-08")


def test_a_wrong_state_names_the_state_and_the_move() -> None:
    (reason,) = why("submit", replace(CASE, state="draft"))
    workflow = real().workflow
    assert (reason.key, reason.args) == (
        "state",
        {"state": workflow.states["draft"].label, "move": workflow.transitions["submit"].label},
    )


def test_a_wrong_role_names_those_who_may() -> None:
    (reason,) = why("submit", actor=RITA)
    assert (reason.key, reason.args["roles"]) == ("role", ("applicant",))
    (reason,) = why("lapse_undeclared", now="2024-06-01")
    assert (reason.key, reason.args["roles"]) == ("role", ("clock",))


def test_each_guard_that_fails_is_a_reason() -> None:
    short = replace(CASE, state="recommended", facts={**FACTS, "n_sheets_final": 2, "n_sheets_open": 1})
    reasons = why("complete_evaluation", short, CLOCK, "2024-07-02")
    assert [reason.key for reason in reasons] == ["fact_n_sheets_final", "fact_n_sheets_open"]


def test_all_reasons_are_told_at_once_in_a_fixed_order() -> None:
    bad = replace(CASE, state="draft", facts={**FACTS, "declaration_complete": False})
    reasons = why("submit", bad, ALICE, "2024-07-01")
    assert [reason.key for reason in reasons] == ["state", "closed", "fact_declaration_complete"]


def test_who_may_not_is_told_that_and_no_more() -> None:
    bad = replace(CASE, state="draft", facts={**FACTS, "declaration_complete": False})
    assert [reason.key for reason in why("submit", bad, RITA, "2024-07-01")] == ["role"]


def test_offers_are_the_moves_of_ones_roles_from_where_it_stands() -> None:
    assert offers(CASE, ALICE).keys() == {"submit", "withdraw"}
    assert offers(CASE, RITA).keys() == set()
    assert offers(replace(CASE, state="submitted"), RITA).keys() == {"recommend", "return", "decline", "defer"}
    assert offers(replace(CASE, state="recommended"), OLGA).keys() == {"evaluate", "ask_amendment"}
    assert offers(CASE, CLOCK) == {}


def test_an_offer_is_enabled_when_nothing_stands_against_it() -> None:
    found = offers(CASE, ALICE)
    assert found["submit"].enabled
    assert found["submit"].from_at is None
    late = offers(CASE, ALICE, "2024-06-01")
    assert not late["submit"].enabled
    assert late["withdraw"].enabled


def test_a_disabled_offer_tells_from_when_it_will_work() -> None:
    early = offers(replace(CASE, state="submitted"), RITA, "2024-03-01")
    assert not early["recommend"].enabled
    assert early["recommend"].from_at == at("2024-04-01")
    assert offers(replace(CASE, state="submitted"), RITA, "2024-07-01")["recommend"].from_at is None


@pytest.mark.parametrize(
    ("state", "form", "actor", "now", "keys"),
    [
        ("draft", "registration", ALICE, "2024-05-01", []),
        ("draft", "registration", ALICE, "2024-06-01", ["closed"]),
        ("draft", "registration", ALICE, "2024-01-01", ["not_open"]),
        ("draft", "declaration", ALICE, "2024-05-01", ["edit_state"]),
        ("draft", "registration", RITA, "2024-05-01", ["edit_role"]),
        ("registered", "declaration", ALICE, "2024-05-01", []),
        ("submitted", "declaration", ALICE, "2024-05-01", ["edit_state"]),
        ("returned", "declaration", ALICE, "2024-06-15", []),
        ("returned", "declaration", ALICE, "2024-07-01", ["closed"]),
        ("lapsed", "declaration", ALICE, "2024-05-01", ["edit_state"]),
        ("registered", "declaration", OLGA, "2024-05-01", ["edit_role"]),
    ],
)
def test_who_may_edit_what_when(state: str, form: str, actor: Actor, now: str, keys: list[str]) -> None:
    case = replace(CASE, state=state)
    reasons = decide.edit_refusal(real(), form, case, timeline=times(), actor=actor, now=at(now))
    assert [reason.key for reason in reasons] == keys


def test_an_extension_lets_one_edit_longer() -> None:
    rows = Timeline(times().rows, (Extension("declare", at("2024-06-08"), unit_id=10),))
    asked = {"timeline": rows, "actor": ALICE, "now": at("2024-06-05")}
    assert decide.edit_refusal(real(), "declaration", CASE, **asked) == ()
    other = decide.edit_refusal(
        real(),
        "declaration",
        replace(CASE, unit_id=11),
        **{**asked, "actor": Actor(8, "bob", "web", {"applicant": frozenset({11})})},
    )
    assert [reason.key for reason in other] == ["closed"]


@pytest.mark.parametrize(
    ("state", "facts", "expected"),
    [
        ("draft", {}, ("lapse_unregistered", "2024-06-01")),
        ("registered", {}, ("lapse_undeclared", "2024-06-01")),
        ("submitted", {}, ("pass_on", "2024-04-24")),  # fifteen working days after the row has opened
        ("escalated", {}, ("lapse_passed_on", "2024-09-01")),
        ("returned", {}, ("lapse_unrecommended", "2024-07-01")),
        ("awarded", {}, None),
        ("lapsed", {}, None),
        ("recommended", {"n_sheets_final": 0}, ("lapse_unevaluated", "2024-09-01")),
        ("recommended", {"n_sheets_open": 1}, ("close_evaluation", "2024-09-01")),
        ("recommended", {}, ("complete_evaluation", "2024-07-01")),
        ("evaluated", {}, ("award", "2024-08-20 10:00")),
        ("evaluated", {"award_level": "none"}, ("not_award", "2024-08-20 10:00")),
        ("evaluated", {"award_level": ""}, None),
    ],
)
def test_what_the_clock_will_do_next(state: str, facts: dict[str, object], expected: tuple[str, str] | None) -> None:
    case = replace(CASE, state=state, facts={**FACTS, **facts})
    found = decide.ahead(real(), case, timeline=times(), sealed=False)
    moves = real().workflow.transitions
    assert found is None if expected is None else found is not None
    if found and expected:
        assert (found.transition, found.at) == (moves[expected[0]], at(expected[1]))


@pytest.mark.parametrize(("state", "edge"), [("recommended", "2024-09-01"), ("evaluated", "2024-08-20 10:00")])
def test_what_is_told_outside_is_the_same_whatever_the_sealed_facts_are(state: str, edge: str) -> None:
    told = set()
    for n_final, n_open, level in [(0, 0, ""), (3, 0, ""), (3, 1, "none"), (5, 0, "BENCHMARK"), (2, 2, "PROGRESS")]:
        facts = {**FACTS, "n_sheets_final": n_final, "n_sheets_open": n_open, "award_level": level}
        found = decide.ahead(real(), replace(CASE, state=state, facts=facts), timeline=times(), sealed=True)
        told.add((found.transition, found.at, found.edge.row) if found else None)
    assert len(told) == 1
    assert (told.pop() or ())[:2] == (None, at(edge))


def test_what_hangs_on_no_sealed_fact_is_told() -> None:
    moves = real().workflow.transitions
    for since, expected in (("2024-05-10", "pass_on"), ("2024-06-20", "lapse_unrecommended")):
        case = replace(CASE, state="submitted", state_since=at(since))
        found = decide.ahead(real(), case, timeline=times(), sealed=True)
        assert found is not None
        assert found.transition is moves[expected]


def test_the_forms_one_may_edit_whether_or_not_their_row_is_open() -> None:
    assert [edit.form for edit in decide.edits(real(), CASE, actor=ALICE)] == ["declaration"]
    assert decide.edits(real(), CASE, actor=RITA) == ()
