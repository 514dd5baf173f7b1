"""One rule, two faces: the clause that the database applies, the explanation, and `transitions` never disagree.

Random cases (state, facts, unit, recommender) stand in the database; random questions (actor, instant around the
edges, extensions) are asked of all three, for every transition.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from qtb.domain import decide, timeline
from qtb.domain.definition import Definition
from qtb.domain.evidence import GENESIS
from qtb.domain.roles import CLOCK, Actor
from qtb.domain.timeline import Extension, Timeline
from qtb.extensions import db
from qtb.store import cycles, facts
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.world import World

N_CASES, N_QUESTIONS = 195, 130
GATES = ["register", "declare", "recommend", "evaluate", "publish", "promote"]
FACTS = {
    "registration_complete": [False, True],
    "declaration_complete": [False, True],
    "n_sheets_final": [0, 1, 2, 3, 4],
    "n_sheets_open": [0, 0, 1, 2],
    "share_consent": ["", "full", "abstract", "none", "Full"],
    "award_level": ["", "none", "BENCHMARK", "PROGRESS", "None"],
}


def test_sql_explanation_and_machine_agree_on_every_transition(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("ERROR", "transitions.core")  # it logs each refusal
    rng = random.Random(20240531)
    _fill(world, rng)
    definition = world.cycle.definition
    rows = world.session.scalars(select(Submission)).all()
    cases = {row.id: facts.as_case(row) for row in rows}
    assert len(cases) == N_CASES
    assert facts.COLUMNS.keys() == FACTS.keys()
    assert set(GATES) == {key for key, row in definition.timeline.rows.items() if row.gate}
    answers: Counter[tuple[str, bool]] = Counter()
    for _ in range(N_QUESTIONS):
        times = _timeline(world, rng, list(cases))
        actor, now = _actor(world, rng), _instant(rng, times)
        for key in definition.workflow.transitions:
            _compare(world.session, definition, key, cases, times, actor, now, answers)
    assert sum(answers.values()) >= 2_000 * len(definition.workflow.transitions)
    for key in definition.workflow.transitions:
        for answer in (True, False):
            assert answers[key, answer] >= 5, f"{key} was answered {answer} only {answers[key, answer]} times"


def _compare(
    session: Session, definition: Definition, key: str, cases: dict[int, decide.Case], times: Timeline,
    actor: Actor, now: datetime, answers: Counter[tuple[str, bool]],
) -> None:  # fmt: skip
    clauses = facts.qualifies(definition, key, times=times, actor=actor, now=now)
    by_sql = set(session.scalars(select(Submission.id).where(*clauses)))
    asked = {"timeline": times, "actor": actor, "now": now}
    for case in cases.values():
        explained = not decide.explain(definition, key, case, **asked)
        judged = decide.may(definition, key, case, **asked)
        assert (case.id in by_sql, explained) == (judged, judged), (
            f"{key} of {case} by {actor} at {now}: SQL {case.id in by_sql}, explain {explained}, transitions {judged}; "
            f"extensions {[one for one in times.extensions if timeline.reaches(one, case)]}"
        )
        answers[key, judged] += 1


def test_the_due_time_in_sql_is_the_due_time_in_python(world: World) -> None:
    rng = random.Random(7)
    _fill(world, rng)
    cases = {row.id: facts.as_case(row) for row in world.session.scalars(select(Submission))}
    workflow = world.cycle.definition.workflow
    edges = {edge for key in workflow.clocked() if (edge := workflow.transitions[key].at)}
    assert len(edges) >= 5
    for _ in range(20):
        times = _timeline(world, rng, list(cases))
        for edge in edges:
            text = facts.due_text(edge, times)
            if isinstance(text, str):
                found = dict.fromkeys(cases, text)
            else:
                found = {row[0]: row[1] for row in world.session.execute(select(Submission.id, text))}
            for case in cases.values():
                assert found[case.id] == times.edge_at(edge, case).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _fill(world: World, rng: random.Random) -> None:
    states = world.cycle.definition.workflow.states
    units = [world.units["浦江电机厂"].id, world.units["江南物业"].id]
    recommenders = [world.units["浦东区质协"].id, world.units["机电行业协会"].id, None]
    rows = []
    for n in range(N_CASES):
        state = list(states)[n % len(states)]
        rows.append(
            {
                "cycle_id": world.cycle.id, "unit_id": rng.choice(units), "recommender_id": rng.choice(recommenders),
                "number": f"P{n:05d}", "state": state, "kind": states[state].kind, "state_since": world.now,
                "created_at": world.now, "team_name": "", "title": "", "category": "", "version": 0,
                "head_hash": GENESIS, **{fact: rng.choice(values) for fact, values in FACTS.items()},
            }
        )  # fmt: skip
    with unit(world.session):
        world.session.execute(insert(Submission), rows)


def _timeline(world: World, rng: random.Random, ids: list[int]) -> Timeline:
    rows = cycles.timeline_of(world.session, world.cycle.id).rows
    units = [world.units["浦江电机厂"].id, world.units["江南物业"].id]
    focus, few = rng.choice(GATES), rng.sample(ids, 40)  # several extensions of one row, so that they compete
    found = []
    for _ in range(rng.choice([0, 1, 4, 60])):
        key = focus if rng.random() < 0.8 else rng.choice(GATES)
        until = rows[key].closes_at + timedelta(days=rng.choice([-5, 0, 1, 10, 30]), microseconds=rng.choice([0, 1]))
        reach = rng.choice(["submission"] * 12 + ["unit", "all"])
        found.append(
            Extension(
                key, until, rng.choice(few) if reach == "submission" else None,
                rng.choice(units) if reach == "unit" else None,
            )
        )  # fmt: skip
    return Timeline(rows, tuple(found))


def _instant(rng: random.Random, times: Timeline) -> datetime:
    edges = [edge for key in GATES for edge in (times.rows[key].opens_at, times.rows[key].closes_at)]
    edges += [row.held_at for row in times.rows.values() if row.held_at]
    if times.extensions and rng.random() < 0.6:
        edges = [one.until for one in times.extensions]
    offsets = [timedelta(0), timedelta(microseconds=1), -timedelta(microseconds=1), timedelta(days=3)]
    return rng.choice(edges) + rng.choice(offsets)


def _actor(world: World, rng: random.Random) -> Actor:
    if rng.random() < 0.35:
        return CLOCK
    person = world.actor(rng.choice(["alice", "bob", "rita", "ralf", "olga", "olga", "eve"]))
    if rng.random() < 0.3:  # somebody with several roles
        both = {**world.actor("alice").units, **world.actor("rita").units, **person.units}
        return Actor(person.user_id, person.name, "web", both)
    return person


def test_the_database_is_asked_and_not_python(world: World) -> None:
    clauses = facts.qualifies(
        world.cycle.definition, "submit", times=cycles.timeline_of(world.session, world.cycle.id),
        actor=world.actor("alice"), now=world.now,
    )  # fmt: skip
    statement = str(select(Submission.id).where(*clauses).compile(db.engine))
    assert "submission.state IN" in statement
    assert "declaration_complete" in statement
