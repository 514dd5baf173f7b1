"""History in plain words: when, who, what; and for those outside the organiser, nothing that must stay hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from qtb.domain.roles import Actor
from qtb.i18n import language, say
from qtb.store.audit import History
from qtb.store.submissions import Submission

# What happens around judging is the organiser's to see: who judges, who has finished, which level is proposed.
OPEN_KINDS = {"begin", "move", "edit", "override", "extension"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story."""

    at: datetime
    who: str
    what: str
    note: str
    kind: str
    due: str


def told(submission: Submission, entries: Sequence[tuple[History, str | None]], actor: Actor) -> list[Line]:
    """Return a submission's history as the actor may read it, latest first."""
    staff = actor.holds("organiser")
    return [_line(submission, row, name, staff) for row, name in entries if staff or row.kind in OPEN_KINDS]


def _line(submission: Submission, row: History, name: str | None, staff: bool) -> Line:
    about = row.about()
    note = str(about.get("note", ""))
    who, what = _who(submission, row, name, staff), _what(submission, row, about, staff)
    return Line(row.at, who, what, note, row.kind, row.due)


def _who(submission: Submission, row: History, name: str | None, staff: bool) -> str:
    if row.via == "clock":
        return say("role.clock")
    role = say(f"role.{row.role}") if row.role else ""
    if staff or row.role == "applicant":
        name = name or (submission.unit.name if row.role == "applicant" else "")
        return say("history.person", name=name, role=role) if role and name else name or role
    if row.role == "recommender" and submission.recommender is not None:
        return submission.recommender.name
    return role


def _what(submission: Submission, row: History, about: dict[str, object], staff: bool) -> str:
    definition = submission.cycle.definition
    if row.kind == "move" and row.transition in definition.workflow.transitions:
        return definition.workflow.transitions[row.transition].done.get(language())
    if row.kind == "edit":
        form = definition.forms.get(str(about.get("form")))
        changes = about.get("changes")
        n_fields = len(changes) if isinstance(changes, dict) else 0
        return say("history.edit", form=form.title if form else "", n=n_fields)
    if row.kind == "override":
        state = definition.workflow.states[row.to_state]
        return say("history.override", state=state.wording(language(), staff=staff))
    return say(f"history.{row.kind}")
