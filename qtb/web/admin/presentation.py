"""The presentation of a year: its shortlist, the order by lot, slides, and who judges."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qtb.documents import running_order
from qtb.domain.errors import Invalid, Missing, Refusal
from qtb.domain.presentation import Break, Day, lots
from qtb.extensions import db
from qtb.i18n import say
from qtb.services import presentation_sheets, shortlist, slots
from qtb.store import accounts, answers, panels
from qtb.store import presentation as store
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from qtb.web.access import actor, audience
from qtb.web.admin.pages import pages
from qtb.web.parse import instant, optional_instant, seen, whole
from qtb.web.sending import sent
from qtb.web.view import cycle_or_404

BREAKS = 4  # rows of the form


@pages.get("/cycles/<key>/presentation")
@audience("organiser")
def presentation_of(key: str) -> ResponseReturnValue:
    """Show the round: who is proposed and listed, who has which turn, who lacks slides."""
    return _page(cycle_or_404(key))


@pages.post("/cycles/<key>/presentation/shortlist")
@audience("organiser")
def shortlist_plan(key: str) -> ResponseReturnValue:
    """Show what confirming the ticked works would do."""
    try:
        return _plan_page(cycle_or_404(key), None)
    except Refusal as error:
        return _page(cycle_or_404(key), error), error.status


@pages.post("/cycles/<key>/presentation/shortlist/confirm")
@audience("organiser")
def confirm_shortlist(key: str) -> ResponseReturnValue:
    """Let the ticked works be the shortlist, if it is still as it was shown."""
    form = request.form
    try:
        with unit(db.session()) as work:
            n = shortlist.confirm(
                work, cycle_or_404(key), _chosen(), shown=form.get("shown", ""), reason=form.get("reason", ""),
                actor=actor(), now=g.now,
            )  # fmt: skip
    except Invalid as error:
        return _plan_page(cycle_or_404(key), error), error.status
    except Refusal as error:
        return _page(cycle_or_404(key), error), error.status
    flash(say("presentation.confirmed", n=n), "success")
    return redirect(url_for("admin.presentation_of", key=key), 303)


@pages.post("/cycles/<key>/presentation/draw")
@audience("organiser")
def draw_slots(key: str) -> ResponseReturnValue:
    """Draw the order by lot and give each work its turn."""
    form = request.form

    def deed(work: Session, cycle: Cycle) -> int:
        version, reason, seed = seen(form.get("seen", "")), form.get("reason", ""), form.get("seed", "")
        return len(slots.draw(work, cycle, _day(), seed=seed, reason=reason, seen=version, actor=actor(), now=g.now))

    return _done(key, "presentation.drawn", deed)


@pages.post("/cycles/<key>/presentation/move")
@audience("organiser")
def move_slots(key: str) -> ResponseReturnValue:
    """Let the drawn order begin at another time or place."""
    form = request.form

    def deed(work: Session, cycle: Cycle) -> int:
        version, reason = seen(form.get("seen", "")), form.get("reason", "")
        return len(slots.move(work, cycle, _day(), reason=reason, seen=version, actor=actor(), now=g.now))

    return _done(key, "presentation.moved", deed)


@pages.get("/cycles/<key>/presentation/sheets")
@audience("organiser")
def presentation_plan(key: str) -> ResponseReturnValue:
    """Show what giving the works on the shortlist to panels would do."""
    cycle = cycle_or_404(key)
    try:
        plan = presentation_sheets.plan(db.session(), cycle, _panels(request.args.getlist("panel")))
    except Refusal as error:
        return _page(cycle, error), error.status
    chosen = request.args.getlist("panel")
    return render_template("admin/presentation_sheets.html", cycle=cycle, plan=plan, panels=chosen)


@pages.post("/cycles/<key>/presentation/sheets")
@audience("organiser")
def give_presentation(key: str) -> ResponseReturnValue:
    """Give the works on the shortlist to panels, if it is still as it was shown."""
    form = request.form

    def deed(work: Session, cycle: Cycle) -> int:
        chosen = _panels(form.getlist("panel"))
        return presentation_sheets.give(work, cycle, chosen, shown=form.get("shown", ""), actor=actor(), now=g.now)

    return _done(key, "presentation.given", deed)


@pages.post("/cycles/<key>/presentation/site")
@audience("organiser")
def order_site_check(key: str) -> ResponseReturnValue:
    """Order an on-site check of one work."""
    form = request.form

    def deed(work: Session, cycle: Cycle) -> int:
        judges = [whole(text) or 0 for text in form.getlist("judge")]
        return presentation_sheets.order(
            work, cycle, whole(form.get("work", "")) or 0, judges, kind=form.get("kind", ""),
            reason=form.get("reason", ""), actor=actor(), now=g.now,
        )  # fmt: skip

    return _done(key, "presentation.given", deed)


@pages.get("/cycles/<key>/running-order.<kind>")
@audience("organiser")
def running_order_of(key: str, kind: str) -> ResponseReturnValue:
    """Send the running order as a paper or a workbook."""
    cycle = cycle_or_404(key)
    made = store.of(db.session(), cycle.id)
    if kind not in ("pdf", "xlsx") or made is None or made.drawn_at is None:
        raise Missing("file")
    turns = store.slots(db.session(), cycle.id)
    names = _presenters(cycle)
    if kind == "pdf":
        body = running_order.pdf(cycle.title, made, turns, names, now=g.now)
    else:
        body = running_order.xlsx(made, turns, names)
    return sent(body, f"{cycle.key} {say('running.title')}", kind)


def _done(key: str, said: str, deed: Callable[[Session, Cycle], int]) -> ResponseReturnValue:
    try:
        with unit(db.session()) as work:
            n = deed(work, cycle_or_404(key))
    except Refusal as error:
        return _page(cycle_or_404(key), error), error.status
    flash(say(said, n=n), "success")
    return redirect(url_for("admin.presentation_of", key=key), 303)


def _chosen() -> list[int]:
    return [whole(text) or 0 for text in request.form.getlist("work")]


def _panels(texts: list[str]) -> list[int]:
    return [whole(text) or 0 for text in texts]


def _day() -> Day:
    """Return the day as it was typed. Raises Invalid."""
    form = request.form
    minutes, questions = whole(form.get("minutes", "")), whole(form.get("questions", ""))
    pairs = zip(form.getlist("break_from"), form.getlist("break_to"), strict=False)
    breaks = [found for first, last in pairs if (found := _break(first, last))]
    starts_at = instant(form.get("starts_at", ""), say("presentation.starts_at"))
    return Day(
        starts_at, -1 if minutes is None else minutes, -1 if questions is None else questions, form.get("place", ""),
        tuple(breaks),
    )  # fmt: skip


def _break(first: str, last: str) -> Break | None:
    what = say("presentation.break")
    starts_at, ends_at = optional_instant(first, what), optional_instant(last, what)
    if starts_at is None and ends_at is None:
        return None
    if starts_at is None or ends_at is None:
        raise Invalid("instant", what=what)
    return Break(starts_at, ends_at)


def _presenters(cycle: Cycle) -> dict[int, str]:
    """Return the names of the presenters by work: the first column of the rows of the slides' form."""
    rule = shortlist.rule_of(cycle).slides
    if rule is None or rule.form not in cycle.definition.forms:
        return {}
    fields = cycle.definition.forms[rule.form].fields
    rows = [(key, next(iter(field.columns))) for key, field in fields.items() if field.type == "rows"]
    found = {}
    ids = [one.submission_id for one in store.slots(db.session(), cycle.id)]
    for one, forms in answers.of_many(db.session(), ids).items():
        values = forms.get(rule.form, {})
        found[one] = "、".join(str(row.get(column, "")) for key, column in rows for row in values.get(key) or [])
    return found


def _page(cycle: Cycle, refusal: Refusal | None = None) -> str:
    session = db.session()
    found, made = shortlist.board(session, cycle), store.of(session, cycle.id)
    rule = found.rule.slides
    turns = store.slots(session, cycle.id)
    drawn = lots(made.drawn, made.seed) if made and made.drawn_at else {}
    states = cycle.definition.workflow.states
    return render_template(
        "admin/presentation.html", cycle=cycle, board=found, made=made, turns=turns, refusal=refusal, lots=drawn,
        day=slots.day_of(made) if made else None, rule=found.rule, rubric=cycle.definition.rubric, typed=request.form,
        slides=store.with_slides(session, cycle.id, rule.form) if rule else set(), n_breaks=BREAKS,
        panels=panels.of_cycle(session, cycle.id), experts=accounts.with_role(session, "evaluator"),
        site=presentation_sheets.site_kinds(cycle), ticked=set(_chosen()) if request.form.getlist("work") else None,
        undrawn=[one for one in turns if one.place_no is None and states[one.submission.state].decided],
    )  # fmt: skip


def _plan_page(cycle: Cycle, refusal: Refusal | None) -> str:
    found = shortlist.board(db.session(), cycle)
    return render_template(
        "admin/presentation_plan.html", cycle=cycle, plan=shortlist.plan(found, _chosen()), refusal=refusal,
        reason=request.form.get("reason", ""),
    )  # fmt: skip
