"""The judge: one shared `transitions` machine for a definition, without models, asked on probes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from transitions import Machine

from qtb.domain import machine
from qtb.domain.decide import Case
from qtb.domain.machine import Probe
from qtb.domain.roles import CLOCK, Actor
from tests.domain.sample import real, times
from tests.world import at

FACTS = {
    "registration_complete": True, "declaration_complete": True, "experience_complete": True, "form_conclusion": "",
    "n_sheets_final": 3, "n_sheets_open": 0,
    "share_consent": "full", "award_level": "BENCHMARK", "taken_back": False, "n_blocks": 0, "n_objections_open": 0,
    "shortlisted": False, "consent_held": False, "nominated": False, "eliminated": False,
}  # fmt: skip
CASE = Case(1, "registered", 10, 20, 1, FACTS)
ALICE = Actor(5, "alice", "web", {"applicant": frozenset({10})})


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Let the library not log each refusal."""
    logging.getLogger("transitions.core").setLevel(logging.ERROR)
    yield
    logging.getLogger("transitions.core").setLevel(logging.NOTSET)


def ask(transition: str, case: Case = CASE, actor: Actor = ALICE, now: str = "2024-05-01") -> bool:
    """Ask about one case."""
    probe = Probe(case, timeline=times(), actor=actor, now=at(now))
    return machine.permits(real().machine, transition, probe)


def test_the_machine_has_the_workflows_states_and_moves_and_no_others() -> None:
    built: Machine = real().machine
    assert set(built.states) == set(real().workflow.states)
    assert set(built.events) == set(real().workflow.transitions)
    assert built.models == []
    for key, rule in real().workflow.transitions.items():
        assert set(built.events[key].transitions) == set(real().workflow.sources(key))
        assert {one.dest for found in built.events[key].transitions.values() for one in found} == {rule.to}


def test_a_yes_needs_state_role_window_and_guards() -> None:
    assert ask("submit")
    assert not ask("submit", replace(CASE, state="draft"))
    assert not ask("submit", replace(CASE, unit_id=11))
    assert not ask("submit", now="2024-06-01")
    assert not ask("submit", replace(CASE, facts={**FACTS, "declaration_complete": False}))
    assert not ask("submit", actor=CLOCK)


def test_the_clocks_moves_are_the_clocks() -> None:
    assert ask("lapse_undeclared", actor=CLOCK, now="2024-06-01")
    assert not ask("lapse_undeclared", actor=CLOCK, now="2024-05-31 23:59")
    assert not ask("lapse_undeclared", now="2024-06-01")
    everything = Actor(5, "x", "web", {role: frozenset({10, 20}) for role in ("applicant", "recommender", "organiser")})
    assert not ask("lapse_undeclared", actor=everything, now="2024-06-01")


def test_asking_changes_neither_case_nor_machine() -> None:
    before = CASE
    for _ in range(3):
        assert ask("submit")
    assert before == CASE
    assert real().machine.models == []


def test_a_yes_moves_the_probe_and_a_no_does_not() -> None:
    probe = Probe(CASE, timeline=times(), actor=ALICE, now=at("2024-05-01"))
    assert machine.permits(real().machine, "submit", probe)
    assert probe.state == "submitted"
    probe = Probe(CASE, timeline=times(), actor=ALICE, now=at("2024-06-01"))
    assert not machine.permits(real().machine, "submit", probe)
    assert probe.state == "registered"


def test_there_are_no_automatic_moves() -> None:
    assert not [event for event in real().machine.events if event.startswith("to_")]
