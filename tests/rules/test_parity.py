"""One rule, two faces: the clause that the database applies, the explanation, and `transitions` never disagree.

Random cases (state and since when, facts, unit, recommender, suspended or not) stand in the database; random questions
(actor, instant around the edges and the ends of silences, extensions, graces) are asked of all three, for every
transition.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from qtb.domain import decide, timeline
from qtb.domain.definition import Definition
from qtb.domain.evidence import GENESIS
from qtb.domain.roles import CLOCK, Actor
from qtb.domain.timeline import Extension, Timeline
from qtb.domain.workflow import Edge
from qtb.extensions import db
from qtb.store import cycles, facts
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.world import World, at

N_CASES, N_QUESTIONS = 240, 160
TICK = timedelta(microseconds=1)
GATES = ["register", "declare", "recommend", "evaluate", "publish", "promote"]
FACTS = {
    "registration_complete": [False, True],
    "declaration_complete": [False, True],
    "experience_complete": [False, True],
    "form_conclusion": ["", "pass", "return"],
    "n_sheets_final": [0, 1, 2, 3, 4],
    "n_sheets_open": [0, 0, 1, 2],
    "share_consent": ["", "full", "abstract", "none", "Full"],
    "award_level": ["", "none", "BENCHMARK", "PROGRESS", "None"],
    "taken_back": [False, False, True],
    "n_blocks": [0, 0, 0, 1, 2],
    "n_objections_open": [0, 0, 0, 1],
    "shortlisted": [False, True],
    "consent_held": [False, False, True],
    "nominated": [False, True],
    "eliminated": [False, True],
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
        actor, now = _actor(world, rng), _instant(rng, times, _silences(definition, times, cases.values()))
        for key in definition.workflow.transitions:
            _compare(world.session, definition, key, cases, times, actor, now, answers)
    assert sum(answers.values()) >= 2_000 * len(definition.workflow.transitions)
    for key in definition.workflow.transitions:
        for answer in (True, False):
            assert answers[key, answer] >= 5, f"{key} was answered {answer} only {answers[key, answer]} times"
    assert {case.suspended_at is None for case in cases.values()} == {True, False}


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
    assert len(edges) >= 6
    asked: Counter[str] = Counter()
    for _ in range(20):
        times = _timeline(world, rng, list(cases))
        now = _instant(rng, times, _silences(world.cycle.definition, times, cases.values()))
        for edge in edges:
            text = facts.due_text(edge, times, now)
            if isinstance(text, str):
                found = dict.fromkeys(cases, text)
            else:
                found = {row[0]: row[1] for row in world.session.execute(select(Submission.id, text))}
            # Of a silence, only of those that it has ended.
            due = [case for case in cases.values() if edge.edge != "silent" or times.has_come(edge, case, now)]
            for case in due:
                assert found[case.id] == timeline.canonical(times.edge_at(edge, case))
            asked[edge.edge] += len(due)
    assert asked.keys() == {"opens", "closes", "held", "silent"}
    assert asked["silent"] >= 500


def test_a_silence_is_cut_off_by_the_end_of_its_row_on_both_faces(world: World) -> None:
    rng = random.Random(11)
    _fill(world, rng)
    cases = {row.id: facts.as_case(row) for row in world.session.scalars(select(Submission))}
    definition = world.cycle.definition
    (key,) = (key for key, edge in _silent_edges(definition))
    n_cut_off = 0
    for _ in range(40):
        times = _timeline(world, rng, list(cases))
        (edge,) = (edge for _, edge in _silent_edges(definition))
        late = times.edges([Edge(row=edge.row, edge="closes")])[-1] + timedelta(days=40)
        clauses = facts.qualifies(definition, key, times=times, actor=CLOCK, now=late)
        by_sql = set(world.session.scalars(select(Submission.id).where(*clauses)))
        for case in cases.values():
            if case.state in definition.workflow.sources(key) and case.suspended_at is None:
                in_time = times.edge_at(edge, case) < times.closes_at(edge.row, case)
                assert (case.id in by_sql) == in_time
                n_cut_off += not in_time
    assert n_cut_off >= 20


def _silent_edges(definition: Definition) -> list[tuple[str, Edge]]:
    found = [(key, definition.workflow.transitions[key].at) for key in definition.workflow.clocked()]
    return [(key, edge) for key, edge in found if edge is not None and edge.edge == "silent"]


def _silences(definition: Definition, times: Timeline, cases: Iterable[decide.Case]) -> list[datetime]:
    """The instants at which some case's silence ends."""
    return sorted({times.edge_at(edge, case) for _, edge in _silent_edges(definition) for case in cases})


def _fill(world: World, rng: random.Random) -> None:
    states = world.cycle.definition.workflow.states
    units = [world.units["浦江电机厂"].id, world.units["江南物业"].id]
    recommenders = [world.units["浦东区质协"].id, world.units["机电行业协会"].id, None]
    rows = []
    for n in range(N_CASES):
        state = list(states)[n % len(states)]
        # Around the opening of the row that silences are counted in, midnights, holidays and the row's end.
        beside = rng.choice([-TICK, 0 * TICK, TICK, 9_000 * TICK])
        since = at("2024-03-25") + timedelta(days=rng.randrange(100)) + beside
        suspended_at = since + timedelta(days=1) if rng.random() < 0.1 else None
        rows.append(
            {
                "cycle_id": world.cycle.id, "unit_id": rng.choice(units), "recommender_id": rng.choice(recommenders),
                "number": f"P{n:05d}", "state": state, "kind": states[state].kind, "state_since": since,
                "suspended_at": suspended_at, "created_at": world.now, "team_name": "", "title": "", "category": "",
                "version": 0, "head_hash": GENESIS, **{fact: rng.choice(values) for fact, values in FACTS.items()},
            }
        )  # fmt: skip
    with unit(world.session):
        world.session.execute(insert(Submission), rows)


def _timeline(world: World, rng: random.Random, ids: list[int]) -> Timeline:
    kept = cycles.timeline_of(world.session, world.cycle.id)
    graces = [timedelta(0), timedelta(0), timedelta(minutes=1), timedelta(minutes=30), timedelta(days=7)]
    rows = {key: replace(row, grace=rng.choice(graces)) for key, row in kept.rows.items()}
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
    return Timeline(rows, tuple(found), kept.calendar)


def _instant(rng: random.Random, times: Timeline, silences: list[datetime]) -> datetime:
    rows = [times.rows[key] for key in GATES]
    edges = [edge for row in rows for edge in (row.opens_at, row.closes_at, row.shuts_at)]
    edges += [row.held_at for row in times.rows.values() if row.held_at]
    if times.extensions and rng.random() < 0.6:
        edges = [until for one in times.extensions for until in (one.until, one.until + times.rows[one.row_key].grace)]
    elif rng.random() < 0.3:
        edges = silences
    offsets = [timedelta(0), TICK, -TICK, timedelta(days=3)]
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
