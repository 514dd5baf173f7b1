"""What a definition's shape cannot say: that its names resolve and that no case can get stuck."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from qtb.domain import (
    facts,
    lint_certificates,
    lint_eligibility,
    lint_hand_ins,
    lint_nomination,
    lint_presentation,
    lint_published,
    lint_queue,
    lint_sheets,
    roles,
)
from qtb.domain.definition import Definition
from qtb.domain.reminders import ABOVE
from qtb.domain.workflow import Key, Reminder, Transition

ZONE = "Asia/Shanghai"  # what qtb/clock.py shows
KINDS = ("start", "live", "side", "end")
ANY_TIME = "organiser"  # who may fill a form while no row is open
MAX_KEY = 40  # characters: a reminder's key is part of its letters' keys


def findings(definition: Definition, letters: Iterable[str]) -> list[str]:
    """Return what is wrong as `file:line: key: what` lines; empty when the definition is sound.

    `letters` are the names of the mails that exist in both languages.
    """
    known = set(letters)
    return [
        *_frame(definition),
        *_kinds(definition),
        *_states(definition),
        *_moves(definition, known),
        *_reach(definition),
        *_ends(definition),
        *_clashes(definition),
        *_edges(definition),
        *_setbacks(definition),
        *_reminders(definition, known),
        *lint_hand_ins.findings(definition),
        *lint_published.findings(definition),
        *lint_eligibility.findings(definition),
        *lint_queue.findings(definition),
        *lint_sheets.findings(definition),
        *lint_presentation.findings(definition),
        *lint_certificates.findings(definition),
        *lint_nomination.findings(definition),
        *_reroutes(definition),
    ]


def _at(definition: Definition, what: str, *path: str | int, file: str = "workflow.yaml") -> str:
    return f"{file}:{definition.line(file, *path)}: {'.'.join(map(str, path))}: {what}"


def _frame(definition: Definition) -> Iterator[str]:
    if definition.workflow.programme.zone != ZONE:
        yield _at(definition, f"the programme's clock hangs in {ZONE}; others are not supported", "programme", "zone")
    for name in ("sheets", "levels"):
        if not getattr(definition.rubric, name):
            yield _at(definition, "at least one is needed", name, file="rubric.yaml")


def _kinds(definition: Definition) -> Iterator[str]:
    starts = [key for key, state in definition.workflow.states.items() if state.kind == "start"]
    if len(starts) != 1:
        yield _at(definition, f"exactly one state is of kind start, here {len(starts)}", "states")
    for key in definition.workflow.states:
        if key in KINDS:
            yield _at(definition, "a state may not be called like a kind", "states", key)
    for n, key in enumerate(definition.workflow.path):
        if key not in definition.workflow.states:
            yield _at(definition, f"unknown state {key}", "path", n)


def _states(definition: Definition) -> Iterator[str]:
    for key, state in definition.workflow.states.items():
        for n, edit in enumerate(state.edits):
            place = ("states", key, "edits", n)
            if edit.form not in definition.forms:
                yield _at(definition, f"unknown form {edit.form}", *place, "form")
            if edit.by not in roles.MOVERS:
                yield _at(definition, f"unknown role {edit.by}", *place, "by")
            if edit.during is None and edit.by != ANY_TIME:
                yield _at(definition, f"{edit.by} fills a form only while a row is open: `during`", *place)
            yield from (_at(definition, what, *place, "during") for what in _wrong_row(definition, edit.during))
        if state.holder and state.holder not in roles.ROLES:
            yield _at(definition, f"unknown role {state.holder}", "states", key, "holder")
        for what in _wrong_row(definition, state.judged):
            yield _at(definition, what, "states", key, "judged")


def _moves(definition: Definition, letters: set[str]) -> Iterator[str]:
    for key, rule in definition.workflow.transitions.items():
        for part, what in _wrong_names(definition, rule, letters):
            yield _at(definition, what, "transitions", key, part)
        if (rule.at is None) == (not rule.by):
            yield _at(definition, "a move has either `by` (people) or `at` (the clock)", "transitions", key)
        if rule.at is not None and rule.during is not None:
            yield _at(definition, "`at` and `during` exclude each other", "transitions", key, "during")
        if rule.at is not None and rule.note != "none":
            yield _at(definition, "the clock writes no notes", "transitions", key, "note")


def _wrong_names(definition: Definition, rule: Transition, letters: set[str]) -> Iterator[tuple[str, str]]:
    states = definition.workflow.states
    yield from (("from", f"unknown state {name}") for name in rule.source if name not in states and name not in KINDS)
    if rule.to not in states:
        yield "to", f"unknown state {rule.to}"
    yield from (("by", f"unknown role {role}") for role in rule.by if role not in roles.MOVERS)
    yield from (("during", what) for what in _wrong_row(definition, rule.during))
    yield from (("at", what) for what in _wrong_row(definition, rule.at.row if rule.at else None))
    for guard in rule.when:
        if guard.fact not in facts.FACTS:
            yield "when", f"unknown fact {guard.fact}"
        elif not facts.fits(guard):
            yield "when", f"{guard.op} {guard.value!r} does not fit the fact {guard.fact}"
    for form in rule.empties:
        if form not in definition.forms:
            yield "empties", f"unknown form {form}"
        if rule.at is not None:
            yield "empties", "the clock moves many at once and empties no forms"
    for effect in rule.then:
        if effect.letter not in letters:
            yield "then", f"no letter {effect.letter} in both languages"
        if effect.to not in roles.ROLES:
            yield "then", f"unknown role {effect.to}"


def _wrong_row(definition: Definition, key: str | None) -> Iterator[str]:
    rows = definition.timeline.rows
    if key is not None and key not in rows:
        yield f"unknown row {key}"
    elif key is not None and not rows[key].gate:
        yield f"the row {key} is no gate, so it may lack its dates"


def _reach(definition: Definition) -> Iterator[str]:
    workflow = definition.workflow
    reached, todo = set(), [key for key, state in workflow.states.items() if state.kind == "start"]
    while todo:
        state = todo.pop()
        if state not in reached:
            reached.add(state)
            todo += [rule.to for key, rule in workflow.transitions.items() if state in workflow.sources(key)]
    for key in workflow.states:
        if key not in reached:
            yield _at(definition, "no move leads here", "states", key)


def _ends(definition: Definition) -> Iterator[str]:
    workflow = definition.workflow
    ended = {state for key in workflow.clocked() for state in workflow.sources(key)}
    for key, state in workflow.states.items():
        if state.kind != "end" and not state.rests and key not in ended:
            yield _at(definition, "no clock edge ends this state, and it does not say `rests: true`", "states", key)
        if state.kind == "end" and any(key in workflow.sources(move) for move in workflow.transitions):
            yield _at(definition, "an end has no way out", "states", key)


def _clashes(definition: Definition) -> Iterator[str]:
    workflow = definition.workflow
    for one, two in combinations(workflow.clocked(), 2):
        first, second = workflow.transitions[one], workflow.transitions[two]
        shared = set(workflow.sources(one)) & set(workflow.sources(two))
        if first.at == second.at and shared and not (first.when and second.when):
            yield _at(definition, f"leaves {sorted(shared)[0]} at the same edge as {one}", "transitions", two)


def _edges(definition: Definition) -> Iterator[str]:
    workflow = definition.workflow
    edges = [("transitions", key, rule.at) for key, rule in workflow.transitions.items() if rule.at]
    edges += [("reminders", key, rule.at) for key, rule in workflow.reminders.items()]
    for part, key, edge in edges:
        if (edge.edge == "silent") != (edge.working_days > 0):
            yield _at(definition, "`working_days` (1 or more) belong to a silence and to nothing else", part, key, "at")


def _setbacks(definition: Definition) -> Iterator[str]:
    """What goes against the stream: taking a move back, stopping a case's clock."""
    for key, rule in definition.workflow.transitions.items():
        if rule.undo is not None:
            yield from _movers(definition, rule.undo.by, "transitions", key, "undo", "by")
    suspension = definition.workflow.suspension
    if suspension is not None:
        yield from _movers(definition, suspension.by, "suspension", "by")
        yield from _sources(definition, suspension.source, "suspension", "from")


def _reroutes(definition: Definition) -> Iterator[str]:
    seen: set[Key] = set()
    for key, rule in definition.workflow.reroutes.items():
        place = ("reroutes", key)
        yield from _sources(definition, rule.source, *place, "from")
        yield from _movers(definition, rule.by, *place, "by")
        yield from (_at(definition, what, *place, "until") for what in _wrong_row(definition, rule.until))
        if rule.to is not None and rule.to not in definition.workflow.states:
            yield _at(definition, f"unknown state {rule.to}", *place, "to")
        leaves = set(definition.workflow.named(rule.source))
        if leaves & seen:
            yield _at(definition, f"a second way out of {sorted(leaves & seen)[0]}", *place, "from")
        seen |= leaves


def _reminders(definition: Definition, letters: set[str]) -> Iterator[str]:
    for key, rule in definition.workflow.reminders.items():
        place = ("reminders", key)
        if len(key) > MAX_KEY:
            yield _at(definition, f"longer than {MAX_KEY} characters", *place)
        yield from (_at(definition, what, *place, "at") for what in _wrong_row(definition, rule.at.row))
        yield from _sources(definition, rule.source, *place, "from")
        yield from (_at(definition, what, *place, "to") for what in _wrong_reader(rule))
        yield from (_at(definition, what, *place, "days") for what in _wrong_days(rule))
        if rule.letter not in letters:
            yield _at(definition, f"no letter {rule.letter} in both languages", *place, "letter")


def _wrong_reader(rule: Reminder) -> Iterator[str]:
    if rule.to not in (*roles.ROLES, ABOVE):
        yield f"unknown role {rule.to}"
    elif rule.to == ABOVE and rule.each != "unit":
        yield f"{ABOVE} is told about a unit: `each: unit`"
    elif (rule.each == "person") != (rule.to not in (*roles.MOVERS, ABOVE)):
        yield "`each: person` belongs to those who have works assigned, who may not learn of each other"


def _wrong_days(rule: Reminder) -> Iterator[str]:
    if rule.at.edge == "silent":
        if rule.days != [0]:
            yield "a silence is told at its end: no `days`"
    elif rule.days != sorted(set(rule.days), reverse=True) or rule.days[-1] < 1:
        yield "days before an edge: at least 1, the most first, each once"


def _movers(definition: Definition, named: Iterable[Key], *place: str) -> Iterator[str]:
    yield from (_at(definition, f"unknown role {role}", *place) for role in named if role not in roles.MOVERS)


def _sources(definition: Definition, named: Iterable[Key], *place: str) -> Iterator[str]:
    known = (*definition.workflow.states, *KINDS)
    yield from (_at(definition, f"unknown state {name}", *place) for name in named if name not in known)
