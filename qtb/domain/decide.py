"""Why a move is refused, and which moves to offer: in the words of the notice, not of the software."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from qtb.domain import facts, machine, roles
from qtb.domain.definition import Definition
from qtb.domain.errors import Invalid, Reason
from qtb.domain.fields import FormSpec
from qtb.domain.roles import Actor
from qtb.domain.shapes import Key
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Edge, Edit, Transition


@dataclass(frozen=True, slots=True)
class Case:
    """A submission as values: what a decision needs and no more."""

    id: int
    state: str
    unit_id: int
    recommender_id: int | None
    version: int
    facts: Mapping[str, Any]
    state_since: datetime = datetime(1, 1, 1, tzinfo=UTC)
    suspended_at: datetime | None = None
    slides_due_at: datetime | None = None
    blocking: Mapping[str, tuple[Reason, ...]] | None = None  # move → the rules of eligibility in its way, if judged

    def before(self, move: str) -> Case:
        """Return the case as the door finds it right before a move: with the rules counted that bear on it."""
        if self.blocking is None or move not in self.blocking:
            return self
        return replace(self, facts={**self.facts, facts.N_BLOCKS: len(self.blocking[move])})


@dataclass(frozen=True, slots=True)
class Offer:
    """A move to show as a button; disabled ones carry their reasons and, if known, when they will work."""

    key: str
    transition: Transition
    reasons: tuple[Reason, ...]
    from_at: datetime | None = None

    @property
    def enabled(self) -> bool:
        """Tell whether the move may be made now."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Ahead:
    """The clock's next act on a case: when, at which edge, and (where it may be told) which move."""

    at: datetime
    edge: Edge
    transition: Transition | None


def may(
    definition: Definition, transition: str, case: Case, *, timeline: Timeline, actor: Actor, now: datetime
) -> bool:
    """Ask the machine of the definition."""
    probe = machine.Probe(case.before(transition), timeline=timeline, actor=actor, now=now)
    return machine.permits(definition.machine, transition, probe)


def explain(
    definition: Definition, transition: str, case: Case, *, timeline: Timeline, actor: Actor, now: datetime
) -> tuple[Reason, ...]:
    """Return every reason why the case may not make the move now; empty when it may."""
    rule = definition.workflow.transitions[transition]
    found: list[Reason] = []
    if case.state not in definition.workflow.sources(transition):
        found.append(Reason("state", {"state": definition.workflow.states[case.state].label, "move": rule.label}))
    if not machine.is_allowed(rule, actor, case):
        # And no more: why it would be refused to those who may is not for everybody to know.
        return (Reason("role", {"roles": tuple(rule.by) or ("clock",), "move": rule.label}),)
    if not machine.is_awake(case):
        found.append(Reason("suspended", {"at": case.suspended_at}))
    if not machine.is_time(rule, timeline, case, now):
        found.append(_untimely(rule, timeline, case, now))
    case = case.before(transition)
    for guard in [guard for guard in rule.when if not facts.answer(guard, case.facts)]:
        named = (case.blocking or {}).get(transition, ()) if guard.fact == facts.N_BLOCKS else ()
        found += named or [Reason(f"fact_{guard.fact}", {"wanted": guard.value})]
    return tuple(found)


def offers(
    definition: Definition, case: Case, *, timeline: Timeline, actor: Actor, now: datetime
) -> tuple[Offer, ...]:
    """Return the moves of this actor's roles from the case's state, each with what stands in its way."""
    found = []
    for key, rule in definition.workflow.transitions.items():
        if case.state in definition.workflow.sources(key) and rule.by and machine.is_allowed(rule, actor, case):
            # The machine judges; the reasons only say why.
            allowed = may(definition, key, case, timeline=timeline, actor=actor, now=now)
            why = () if allowed else explain(definition, key, case, timeline=timeline, actor=actor, now=now)
            found.append(Offer(key, rule, why, _from_at(rule, timeline, now)))
    return tuple(found)


def edit_refusal(
    definition: Definition, form: str, case: Case, *, timeline: Timeline, actor: Actor, now: datetime
) -> tuple[Reason, ...]:
    """Return why the actor may not edit this form of the case now; empty when he may."""
    state = definition.workflow.states[case.state]
    edits = [edit for edit in state.edits if edit.form == form]
    mine = [edit for edit in edits if roles.is_party(edit.by, actor, case)]
    if edits and not mine:  # whoever has no part in it does not learn whether anybody may
        return (Reason("edit_role", {"roles": tuple(edit.by for edit in edits)}),)
    mine = [edit for edit in mine if applies(edit, case)]
    if not mine:
        # The clock may have moved the case on at the very instant at which its row closed: that is said first.
        closed = _closed_rows(definition, form, case, timeline=timeline, actor=actor, now=now)
        return (*closed, Reason("edit_state", {"state": state.label, "form": definition.forms[form].title}))
    if not machine.is_awake(case):
        return (Reason("suspended", {"at": case.suspended_at}),)
    still = [edit for edit in mine if edit.until is None or case.slides_due_at is None or now < case.slides_due_at]
    rows = [edit.during for edit in still if edit.during]
    if len(rows) < len(still) or any(timeline.is_open(row, case, now) for row in rows):
        return ()
    if not still:
        return (Reason("slides_late", {"at": case.slides_due_at, "now": now}),)
    return (shut(timeline, rows[0], case, now),)


def may_draft(definition: Definition, form: str, case: Case, *, actor: Actor) -> bool:
    """Tell whether the actor may keep what he types into a form of the case: whoever fills it in any of its states.

    Not by window or state: while somebody types the row closes and the clock moves the case on.
    """
    return bool(_ever_edited(definition, form, case, actor))


def shut(timeline: Timeline, row_key: str, case: Case, now: datetime) -> Reason:
    """Return the reason that cites a closed row: its number, name and the instant."""
    row = timeline.rows[row_key]
    if now < row.opens_at:
        return Reason("not_open", {"seq": row.seq, "row": row.title, "at": row.opens_at})
    closed_at = timeline.ends_at(row_key, case)
    return Reason("closed", {"seq": row.seq, "row": row.title, "at": closed_at, "now": now})


def ahead(definition: Definition, case: Case, *, timeline: Timeline, sealed: bool) -> Ahead | None:
    """Return what the clock will do next to the case as it stands, or None.

    With `sealed`, for anybody outside the organiser: where it hangs on facts that are not published, only the last
    instant at which anything can happen, which is the same whatever those facts are.
    """
    workflow = definition.workflow
    rules = [rule for key, rule in workflow.transitions.items() if rule.at and case.state in workflow.sources(key)]
    if not machine.is_awake(case):
        return None
    found = [Ahead(at, edge, rule) for rule in rules if (edge := rule.at) and (at := _known_at(timeline, edge, case))]
    if sealed and any(guard.fact in facts.SEALED for rule in rules for guard in rule.when):
        last = max(found, key=lambda one: one.at, default=None)
        return last and replace(last, transition=None)
    due = [one for one in found if one.transition and all(facts.answer(g, case.facts) for g in one.transition.when)]
    return min(due, key=lambda one: one.at, default=None)


def edits(definition: Definition, case: Case, *, actor: Actor) -> tuple[Edit, ...]:
    """Return the forms that the actor may edit in this state, whether or not their row is open."""
    state = definition.workflow.states[case.state]
    return tuple(edit for edit in state.edits if roles.is_party(edit.by, actor, case) and applies(edit, case))


def applies(edit: Edit, case: Case) -> bool:
    """Tell whether an edit is there for a case at all."""
    return all(facts.answer(guard, case.facts) for guard in edit.when)


def _ever_edited(definition: Definition, form: str, case: Case, actor: Actor) -> list[Edit]:
    """Return the actor's edits of this form, in whatever state."""
    edits = [edit for state in definition.workflow.states.values() for edit in state.edits if edit.form == form]
    return [edit for edit in edits if roles.is_party(edit.by, actor, case)]


def _closed_rows(
    definition: Definition, form: str, case: Case, *, timeline: Timeline, actor: Actor, now: datetime
) -> tuple[Reason, ...]:
    rows = dict.fromkeys(edit.during for edit in _ever_edited(definition, form, case, actor) if edit.during)
    shut_rows = [key for key in rows if not timeline.is_open(key, case, now) and now >= timeline.rows[key].opens_at]
    return tuple(shut(timeline, key, case, now) for key in shut_rows)


def _known_at(timeline: Timeline, edge: Edge, case: Case) -> datetime | None:
    """Return an edge's instant as it is shown; None for a silence that the row's end cuts off or nobody can count."""
    try:
        at = timeline.shown_at(edge, case)
    except Invalid:  # the sweep reports it; a page that only looks ahead goes on
        return None
    return None if edge.edge == "silent" and at >= timeline.closes_at(edge.row, case) else at


def _untimely(rule: Transition, timeline: Timeline, case: Case, now: datetime) -> Reason:
    if rule.at is None:
        return shut(timeline, str(rule.during), case, now)
    row = timeline.rows[rule.at.row]
    return Reason("not_due", {"seq": row.seq, "row": row.title, "at": timeline.shown_at(rule.at, case)})


def _from_at(rule: Transition, timeline: Timeline, now: datetime) -> datetime | None:
    opens_at = timeline.rows[rule.during].opens_at if rule.during else None
    return opens_at if opens_at and opens_at > now else None


def is_concerned(case: Case, *, actor: Actor) -> bool:
    """Tell whether somebody takes part in a case, and does not only judge it."""
    return any(roles.is_party(role, actor, case) for role in roles.MOVERS)


def may_read(form: FormSpec, case: Case, *, actor: Actor, held: Collection[Key] = ()) -> bool:
    """Tell whether somebody who may see a case may read a form of it: evaluators what they judge, others by role.

    `held` are the kinds of sheet that an evaluator has of the work, asked of forms that name some.
    """
    if not is_concerned(case, actor=actor):
        return form.judged and (not form.sheets or not set(form.sheets).isdisjoint(held))
    return not form.read_by or any(roles.is_party(role, actor, case) for role in form.read_by)
