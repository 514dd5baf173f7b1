"""One submission, for everybody who may see it: where it stands, its forms, its moves, its history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain import decide, machine
from qtb.domain.definition import Definition
from qtb.domain.eligibility import Finding
from qtb.domain.errors import Missing, Refusal
from qtb.domain.fields import FormSpec
from qtb.domain.roles import MOVERS, is_party
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Text
from qtb.extensions import db
from qtb.i18n import language, say
from qtb.services import answers as filling
from qtb.services import certificates, conflicts, conversation, eligibility, feedback, quotas, reroute, suspension, undo
from qtb.services.advance import advance
from qtb.store import accounts, audit, duplicates, evaluations, facts, files, lists, plans, presentation
from qtb.store import answers as store
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import steps, story, years
from qtb.web.access import SIGNED_IN, actor, audience
from qtb.web.parse import optional_end
from qtb.web.reads import recorded
from qtb.web.view import TONES

pages = Blueprint("cases", __name__)


@pages.get("/submissions/<int:submission_id>")
@audience(SIGNED_IN)
def show(submission_id: int) -> ResponseReturnValue:
    """Show where a submission stands."""
    submission = found(submission_id)
    if actor().holds("organiser"):
        recorded("case", submission)
    times = years.of(db.session(), submission.cycle_id).times
    definition = submission.cycle.definition
    entries = audit.entries(db.session(), "submission", submission.id)
    answers = store.answers(db.session(), submission.id)
    rules = _rules(submission, answers, entries)
    case = eligibility.judged_case(submission, rules)
    recommenders = _recommenders(submission, case, answers)
    return render_template(
        "cases/show.html",
        submission=submission,
        definition=definition,
        standing=steps.standing(
            submission, [row for row, _ in entries], times, sealed=not actor().holds("organiser")
        ),
        offers=sorted(
            decide.offers(definition, case, timeline=times, actor=actor(), now=g.now),
            key=lambda offer: list(TONES).index(offer.transition.tone),
        ),
        edits=_edits(submission, times, answers, recommenders),
        undo=undo.offer(submission, undo.as_last(row for row, _ in entries), timeline=times, actor=actor(), now=g.now),
        may_suspend=suspension.is_offered(submission, actor()),
        story=story.told(submission, entries, actor()),
        answers=_readable(submission, answers),
        receipts=_receipts(definition, [row for row, _ in entries]),
        certificate=certificates.held(submission, [row for row, _ in entries]),
        feedback=feedback.is_offered(submission, [row for row, _ in entries], actor()),
        is_concerned=decide.is_concerned(case, actor=actor()),
        rules=list(rules.items()),
        reroute=reroute.offer(submission, [row for row, _ in entries], timeline=times, actor=actor(), now=g.now),
        talks=bool(conversation.sides(submission, actor())),
        turn=_turn(submission, case),
        staff=_staff_view(submission) if actor().holds("organiser") else None,
    )


@pages.get("/submissions/<int:submission_id>/moves/<transition>")
@audience(SIGNED_IN)
def confirm(submission_id: int, transition: str) -> ResponseReturnValue:
    """Say what a move will do and who will be told, before it is made."""
    submission = found(submission_id)
    offer = _offer(submission, transition)
    return _move_page(submission, offer, "", None)


@pages.post("/submissions/<int:submission_id>/moves")
@audience(SIGNED_IN)
def move(submission_id: int) -> ResponseReturnValue:
    """Make a move through the door."""
    transition, note, due = (request.form.get(name, "") for name in ("transition", "note", "due"))
    try:
        with unit(db.session()) as work:
            submission = found(submission_id)
            cycle, number = submission.cycle, submission.number
            definition = cycle.definition
            due_at = optional_end(due, say("due.label"))
            advance(
                work, transition, cycle=cycle, now=g.now, actor=actor(), ids=[submission_id], note=note, due_at=due_at
            )
    except Refusal as error:
        submission = found(submission_id)
        offer = _offer(submission, transition)
        return _move_page(submission, offer, note, error, due), error.status
    flash(say("case.moved", number=number, done=definition.workflow.transitions[transition].done), "success")
    return redirect(url_for("cases.show", submission_id=submission_id), 303)


def _move_page(
    submission: Submission, offer: decide.Offer, note: str, refusal: Refusal | None, due: str = ""
) -> str:
    answers = store.answers(db.session(), submission.id)
    recommenders = accounts.units(db.session(), "recommender", active=False)
    edits = _edits(submission, years.of(db.session(), submission.cycle_id).times, answers, recommenders)
    mine = submission.recommender_id if offer.key in quota_moves(submission.cycle) else None
    quota = quotas.standings(db.session(), submission.cycle, [mine]).get(mine) if mine else None
    stage = eligibility.judged_at(submission.cycle.definition, offer.key)
    rules = eligibility.standing(db.session(), submission, [stage], now=g.now, values=answers) if stage else {}
    return render_template(
        "cases/move.html", submission=submission, offer=offer, note=note, refusal=refusal, edits=edits, due=due,
        quota=quota, rules=list(rules.items()),
    )  # fmt: skip


def quota_moves(cycle: Cycle) -> list[str]:
    """Return the moves of a year that use a quota up."""
    quota = cycle.definition.workflow.quota
    return quota.moves if quota else []


def found(submission_id: int) -> Submission:
    """Return a submission that the person may see. Raises Missing."""
    submission = lists.find(db.session(), submission_id, actor())
    if submission is None:
        raise Missing("submission")
    return submission


def _recommenders(submission: Submission, case: decide.Case, answers: dict[str, dict[str, Any]]) -> Sequence[Unit]:
    """Return the units that the page names: all of them only where a form can be filled or names another one."""
    definition, own = submission.cycle.definition, submission.recommender
    fields = [(form, key) for form, spec in definition.forms.items() for key, f in spec.fields.items() if f.refers]
    named = {answers.get(form, {}).get(key) for form, key in fields} - {None, ""}
    if decide.edits(definition, case, actor=actor()) or named - {own.id if own else None}:
        return accounts.units(db.session(), "recommender", active=False)
    return [own] if own else []


def _turn(submission: Submission, case: decide.Case) -> dict[str, Any] | None:
    """Return the turn at the presentation for the applicant and the organiser; nobody else learns that there is one."""
    rule = submission.cycle.definition.rubric.shortlist
    if not submission.shortlisted or not any(is_party(role, actor(), case) for role in ("applicant", "organiser")):
        return None
    slot, made = presentation.slot(db.session(), submission.id), presentation.of(db.session(), submission.cycle_id)
    if slot is None or made is None or rule is None or rule.slides is None:
        return None
    there = files.standing(db.session(), submission, rule.slides.form)
    return {"slot": slot, "made": made, "has_slides": bool(there)}


def _receipts(definition: Definition, rows: Sequence[audit.History]) -> list[audit.History]:
    """Return the moves that were receipted, latest first."""
    moves = definition.workflow.transitions
    return [row for row in reversed(rows) if row.transition in moves and moves[row.transition].receipt]


def _readable(submission: Submission, answers: dict[str, dict[str, Any]]) -> list[tuple[str, FormSpec]]:
    """Return the filled forms that the person may read, in the order of the case's way."""
    case, forms = facts.as_case(submission), submission.cycle.definition.forms
    limited = any(forms[key].sheets for key in answers if key in forms)
    held = presentation.kinds_held(db.session(), submission.id, actor().user_id) if limited else ()
    may = {key for key, spec in forms.items() if decide.may_read(spec, case, actor=actor(), held=held)}
    return [(key, spec) for key, spec in forms.items() if key in answers and key in may]


def _offer(submission: Submission, transition: str) -> decide.Offer:
    times = years.of(db.session(), submission.cycle_id).times
    definition = submission.cycle.definition
    case = eligibility.case_of(db.session(), submission, transition, now=g.now)
    rule = definition.workflow.transitions.get(transition)
    if rule is None or not machine.is_allowed(rule, actor(), case):
        raise Missing("transition", name=transition[:40])
    reasons = decide.explain(definition, transition, case, timeline=times, actor=actor(), now=g.now)
    return decide.Offer(transition, rule, reasons)


def _edits(
    submission: Submission, times: Timeline, answers: dict[str, dict[str, Any]], recommenders: Sequence[Unit]
) -> list[tuple[str, FormSpec, tuple[Any, ...], list[Text]]]:
    case, definition = facts.as_case(submission), submission.cycle.definition
    found = []
    for edit in decide.edits(definition, case, actor=actor()):
        reasons = decide.edit_refusal(definition, edit.form, case, timeline=times, actor=actor(), now=g.now)
        raw = answers.get(edit.form, {})
        lacking = filling.missing(submission, edit.form, raw, recommenders=recommenders, now=g.now)
        found.append((edit.form, definition.forms[edit.form], reasons, lacking))
    return found


def _rules(
    submission: Submission, answers: dict[str, dict[str, Any]], entries: Sequence[tuple[audit.History, str | None]]
) -> dict[str, list[Finding]]:
    """Return what the rules of the stages ahead come to, for the parties; from what the page has read already."""
    case, definition = facts.as_case(submission), submission.cycle.definition
    if not any(is_party(role, actor(), case) for role in MOVERS):
        return {}
    stages = eligibility.stages_ahead(definition, submission.state)
    waived = eligibility.waived_by([row for row, _ in entries])
    return eligibility.standing(db.session(), submission, stages, now=g.now, values=answers, waived=waived)


def _staff_view(submission: Submission) -> dict[str, Any]:
    sheets = evaluations.sheets(db.session(), submission.id)
    definition = submission.cycle.definition
    kinds = definition.sheets_of(submission.state)
    is_judged = bool(kinds)
    had = Counter(sheet.evaluator_id for sheet in sheets if sheet.kind in kinds)
    known = accounts.with_role(db.session(), "evaluator") if is_judged else ()  # nobody else is given a sheet
    experts = [one for one in known if had[one.id] < len(kinds)]
    states = [(key, state.label.get(language())) for key, state in definition.workflow.states.items()]
    extensions = plans.granted_to(db.session(), submission)
    barred = conflicts.against(db.session(), submission, experts) if experts else {}
    return {"sheets": sheets, "experts": experts, "states": states, "extensions": extensions, "conflicts": barred,
            "kinds": kinds, "review": _reviewed(submission) if is_judged else "",
            "likenesses": duplicates.open_of(db.session(), submission.id),
            "rows": years.of(db.session(), submission.cycle_id).rows}


def _reviewed(submission: Submission) -> str:
    """Return what the review of a work's form has come to; empty where the programme knows none."""
    forms = submission.cycle.definition.forms.values()
    found = [(form, one) for form in forms for one in form.fields.values() if one.column == "form_conclusion"]
    if not found:
        return ""
    form, spec = found[0]
    labels = {choice.key: choice.label.get(language()) for choice in spec.choices}
    told = labels.get(submission.form_conclusion) or say("tools.unreviewed")
    return say("tools.review", form=form.title, told=told)
