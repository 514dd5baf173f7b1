"""History in plain words: when, who, what; and for those outside the organiser, nothing that must stay hidden."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from qtb import clock
from qtb.domain.fields import FormSpec
from qtb.domain.roles import ROLES, Actor, is_party
from qtb.i18n import language, say
from qtb.services import certificates
from qtb.services.results import NO_AWARD
from qtb.services.suspension import OWN
from qtb.store.audit import History
from qtb.store.submissions import Submission

MOST_NAMED = 2  # fields of an edit
LEVELS = {"level", "deliberated"}  # of these the organiser, who alone reads them, is told from which level to which
# What happens around judging is the organiser's to see: who judges, who has finished, which level is proposed.
OPEN_KINDS = {"begin", "move", "edit", "override", "extension", "extension_moved", "extension_taken_back", "undo",
              "suspended", "resumed", "adopt", "imported", "waived", "recommender", "redirect", "objection_open",
              "objection_ended", *certificates.KINDS}  # fmt: skip
# These the applicant alone may know too; why the organiser did the quiet ones is not said.
QUIET = {"feedback", "feedback_back", "nominated", "nomination_off"}
OWN_KINDS = {"shortlisted", "unlisted", "slot", *QUIET}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story."""

    at: datetime
    who: str
    what: str
    note: str
    kind: str
    due: str
    is_late: bool = False  # handed in within the grace
    due_at: datetime | None = None  # by when the next one was asked to act


def told(submission: Submission, entries: Sequence[tuple[History, str | None]], actor: Actor) -> list[Line]:
    """Return a submission's history as the actor may read it, latest first."""
    staff = actor.holds("organiser")
    own = {"applicant"} if is_party("applicant", actor, submission) else set()
    told_late = {*ROLES} if staff else own  # and nobody of others' acts: that there is a grace is not said
    kinds = OPEN_KINDS | OWN_KINDS if own else OPEN_KINDS
    sealed = () if own else submission.cycle.definition.sealed_forms  # whoever reads of an edit knows there was one
    mine = [
        (row, name)
        for row, name in entries
        if staff or (row.kind in kinds and not (row.kind == "edit" and row.about().get("form") in sealed))
    ]
    return [_line(submission, row, name, staff, told_late, actor) for row, name in mine]


def _line(
    submission: Submission, row: History, name: str | None, staff: bool, told_late: set[str], actor: Actor
) -> Line:
    about = row.about()
    note = "" if row.kind in QUIET and not staff else str(about.get("note", ""))
    who, what = _who(submission, row, name, staff, actor, about), _what(submission, row, about, staff)
    late = bool(about.get("late")) and row.role in told_late
    due = about.get("due_at")
    due_at = datetime.fromisoformat(str(due)) if due else None
    return Line(row.at, who, what, note, row.kind, row.due, late, due_at)


def _who(
    submission: Submission, row: History, name: str | None, staff: bool, actor: Actor, about: dict[str, object]
) -> str:
    if row.via == "clock":
        return say("role.clock")
    if about.get("behalf"):  # everybody who reads it may know that it was not the unit itself
        return say("history.behalf", name=name or say("role.organiser"), unit=submission.unit.name)
    role = say(f"role.{row.role}") if row.role else ""
    relation = ROLES.get(row.role)
    own = row.role == "recommender" and is_party("recommender", actor, submission)
    if staff or own or row.role == "applicant":
        name = in_stead(name or "", about.get("for"), getattr(submission, relation) if relation else None)
        name = name or (submission.unit.name if row.role == "applicant" else "")
        return say("history.person", name=name, role=role) if role and name else name or role
    if row.role == "recommender" and submission.recommender is not None:
        return submission.recommender.name
    return role


def in_stead(name: str, principals: object, unit_id: int | None = None) -> str:
    """Return who acted, with the one for whom he stood in; `unit_id` where it is one unit's role."""
    if not name or not isinstance(principals, dict):
        return name
    whose = principals.get(str(unit_id)) if unit_id else next(iter(principals.values()), None)
    return say("history.deputy", name=name, principal=whose) if whose else name


def _what(submission: Submission, row: History, about: dict[str, object], staff: bool) -> str:
    definition = submission.cycle.definition
    if row.kind == "move" and row.transition in definition.workflow.transitions:
        return definition.workflow.transitions[row.transition].done.get(language())
    if row.kind == "edit":
        form = definition.forms.get(str(about.get("form")))
        return _edited(form, about.get("changes"), staff)
    if row.kind == "override":
        state = definition.workflow.states.get(row.to_state)  # a definition adopted since may not know it any more
        return say("history.override", state=state.wording(language(), staff=staff) if state else row.to_state)
    if row.kind == "undo":
        rule = definition.workflow.transitions.get(row.transition)
        return say("history.undo", move=rule.label if rule else row.transition)
    given = about.get("changes")
    if row.kind in LEVELS and isinstance(given, dict):
        named = [_level(submission, str(level)) for level in given.get("level", ())]
        return say("history.level_of", what=say(f"history.{row.kind}"), level=" → ".join(named))
    if row.kind == "resumed" and isinstance(given, dict) and given:
        ends = [(key, datetime.fromisoformat(str(until))) for key, until in given.items()]
        return say("history.given_back", rows=given_back(submission, ends))
    return say(f"history.{row.kind}")


def _level(submission: Submission, level: str) -> str:
    rule = submission.cycle.definition.rubric.levels.get(level)
    if rule is not None:
        return rule.label.get(language())
    return {"": say("tools.undecided"), NO_AWARD: say("tools.no_award")}.get(level, level)  # one adopted since lacks it


def _edited(form: FormSpec | None, changes: object, staff: bool) -> str:
    """Return what was changed on a form: a field or two by name, more by their count, as of a form not all may read."""
    keys = list(changes) if isinstance(changes, dict) else []
    labels = [form.fields[key].label.get(language()) for key in keys if form and key in form.fields]
    title, may_name = form.title if form else "", staff or (form is not None and not form.read_by)
    if may_name and 0 < len(keys) == len(labels) <= MOST_NAMED:
        return say("history.edit_named", form=title, fields=say("list.and").join(labels))
    return say("history.edit", form=title, n=len(keys))


def given_back(submission: Submission, ends: Iterable[tuple[str, datetime]]) -> str:
    """Return in words until when the days of each row, and of each date of its own, are given back."""
    titles, lang = {row.key: row.title for row in submission.cycle.rows}, language()
    titles |= {name: say(key) for name, key in OWN.items()}
    shown = ((titles.get(key, key), clock.shown(until, lang, is_end=True)) for key, until in ends)
    return say("list.and").join(say("suspension.until", row=row, until=until) for row, until in shown)
