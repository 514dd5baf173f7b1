"""What is wrong with what follows the publication: the public notice with its objections, the figures."""

from __future__ import annotations

from collections.abc import Iterator

from qtb.domain.definition import Definition
from qtb.domain.feedback import Feedback
from qtb.domain.objections import Objections
from qtb.domain.roles import MOVERS, ROLES

FILE = "workflow.yaml"
HANDLES = "organiser"


def findings(definition: Definition) -> Iterator[str]:
    """Yield what is wrong as `file:line: key: what` lines."""
    rule = definition.workflow.objections
    if rule is not None:
        yield from (_at(definition, what, "objections", key) for key, what in _wrong(definition, rule))
    consent = definition.workflow.consent
    if consent is not None and (consent.by not in ROLES or consent.by in MOVERS):
        yield _at(definition, f"no role that only reads: {consent.by}", "consent", "by")
    if definition.workflow.feedback is not None:
        yield from _told(definition, definition.workflow.feedback)
    for n, figure in enumerate(definition.workflow.figures):
        form = definition.forms.get(figure.form)
        field = form.fields.get(figure.field) if form else None
        if field is None or field.type != "enum":
            yield _at(definition, f"no field with choices: {figure.form}.{figure.field}", "figures", n)


def _told(definition: Definition, rule: Feedback) -> Iterator[str]:
    for state in rule.source:
        where = definition.workflow.states.get(state)
        if where is None:
            yield _at(definition, f"unknown state {state}", "feedback", "from")
        elif where.judged or where.decided:
            yield _at(definition, f"in {state} nothing is published yet", "feedback", "from")
    unknown = [role for role in rule.to if role not in MOVERS]
    yield from (_at(definition, f"no party of a work: {role}", "feedback", "to") for role in unknown)


def _wrong(definition: Definition, rule: Objections) -> Iterator[tuple[str, str]]:
    workflow, rows = definition.workflow, definition.timeline.rows
    form = definition.forms.get(rule.form)
    if form is None or form.about != "objection":
        yield "form", f"{rule.form} is no form about an objection"
    elif {section.by for section in form.sections} - {None, HANDLES}:
        yield "form", f"its parts are filled by whoever objects, and by {HANDLES}"
    named = (rule.writes_to.name, rule.writes_to.email) if rule.writes_to and form else ()
    yield from (("writes_to", f"no field {field}") for field in named if form and field not in form.fields)
    if rule.since.row not in rows or not rows[rule.since.row].gate:
        yield "since", f"no gate: {rule.since.row}"
    if rule.since.edge == "silent":
        yield "since", "a silence is a moment of each case, not of the year"
    unknown = [state for state in rule.against if state not in workflow.states]
    yield from (("against", f"unknown state {state}") for state in unknown)
    move = workflow.transitions.get(rule.upheld)
    if move is None or HANDLES not in move.by or move.note == "none":
        yield "upheld", f"{rule.upheld} is no move of the {HANDLES} with a note"
    elif not unknown and set(rule.against) - set(workflow.sources(rule.upheld)):
        yield "upheld", f"{rule.upheld} does not leave every state that may be objected to"


def _at(definition: Definition, what: str, *path: str | int) -> str:
    return f"{FILE}:{definition.line(FILE, *path)}: {'.'.join(map(str, path))}: {what}"
