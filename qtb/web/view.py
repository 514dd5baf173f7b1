"""What templates need: instants, labels, icons and the frame of every page."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_login import current_user
from lucide.jinja import lucide
from markupsafe import Markup

from qtb import clock
from qtb.domain import files, form_check
from qtb.domain.errors import Missing
from qtb.domain.fields import FieldSpec
from qtb.domain.roles import ROLES
from qtb.domain.workflow import Text
from qtb.extensions import db
from qtb.forms import dynamic
from qtb.i18n import escaped, failure, language, say, sayer
from qtb.services import health
from qtb.store import cycles
from qtb.store.cycles import Cycle
from qtb.web import access, years

# The main act first, the one that cannot be undone last.
TONES = {"primary": "btn-primary", "plain": "btn-outline-primary", "danger": "btn-outline-danger"}
PLACE = 2**52  # an id that no row has, and that every route takes
BADGE = Markup('<span class="state state-{}">{}</span>')
# The look of a kind of state; colour is never alone, the label says the same.
LOOKS = {"start": "secondary", "live": "blue", "side": "orange", "end": "dark"}


def init_app(app: Flask) -> None:
    """Register filters and globals."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(text=_text, instant=_instant, day=_day, lines=escaped, end_instant=_end_instant,
                                 end_day=_end_day, wall=_wall, instant_of=datetime.fromisoformat,
                                 facts=json.loads)  # fmt: skip
    app.jinja_env.globals.update(
        url_for=address, again=again, here=lambda: access.here() or "/", nav=nav, icon=icon, actor=access.actor,
        state_of=state_of, badge=badge, badges=badges, tones=TONES, home_url=access.home, is_staff=is_staff,
        case_url=case_url, case_urls=case_urls, failure=failure, asked=form_check.asked,
        conditions=dynamic.conditions, file_size=files.size, accepted=files.accepted, file_limits=file_limits,
    )  # fmt: skip
    app.context_processor(_frame)


def file_limits(spec: FieldSpec) -> str:
    """Return what a field for files takes, in words."""
    kinds, mb = " / ".join(spec.accept).upper(), spec.max_mb or files.MOST_MB
    if spec.max_pages:
        return say("file.limits_pages", kinds=kinds, mb=mb, pages=spec.max_pages)
    many = [say("file.limits_many", n=spec.max)] if (spec.max or 1) > 1 else []
    return say("list.and").join([say("file.limits", kinds=kinds, mb=mb), *many])


@cache
def icon(name: str) -> Markup:
    """Return an inline SVG that readers pass over; drawn once, since each costs a tree that is copied and written."""
    return Markup(lucide(name, size=18, **{"class": "icon", "aria-hidden": "true"}))


def state_of(submission: Any) -> dict[str, str]:
    """Return the label and look of a submission's state in the reader's wording; `submission` may be a list's row."""
    known = g.setdefault("states", {})  # a list shows the same few states again and again
    place = submission.cycle_id, submission.state
    if place not in known:
        state = years.of(db.session(), submission.cycle_id).cycle.definition.workflow.states[submission.state]
        look = "green" if state.listed else LOOKS[state.kind]
        known[place] = {"label": state.wording(language(), staff=is_staff()), "look": look}
    found: dict[str, str] = known[place]
    return found


def badge(submission: Any, *, mark: bool = True) -> Markup:
    """Return a submission's state as a badge, and with `mark` whether its clock stands still."""
    if "badges" not in g:
        g.badges = badges()
    drawn: Markup = g.badges(submission, mark=mark)
    return drawn


def badges() -> Callable[..., Markup]:
    """Return `badge` for the rows of a list, each look drawn once: they show the same few again and again."""
    known: dict[tuple[int, str, bool], Markup] = {}

    def drawn(submission: Any, *, mark: bool = True) -> Markup:
        key = submission.cycle_id, submission.state, mark and submission.suspended_at is not None
        if key not in known:
            state = state_of(submission)
            known[key] = BADGE.format(state["look"], state["label"]) + (_held_mark() if key[-1] else "")
        return known[key]

    return drawn


def _held_mark() -> Markup:
    return " " + BADGE.format("orange", Markup("{} {}").format(icon("pause"), say("suspension.mark")))


def case_url(submission_id: int) -> str:
    """Return a submission's address: without the router, which a list would ask fifty times."""
    return case_urls()(submission_id)


def case_urls() -> Callable[[int], str]:
    """Return `case_url` for the rows of a list, which all begin alike."""
    return f"{request.script_root}/submissions/{{}}".format


def address(endpoint: str, **values: Any) -> str:
    """Return `url_for`, asked once where ids are all that differs: a list would ask the router fifty times."""
    if any(type(value) is not int for value in values.values()) or endpoint.startswith("."):
        return url_for(endpoint, **values)
    pattern, marks = _pattern(request.script_root, endpoint, tuple(values))
    for mark, value in zip(marks, values.values(), strict=True):
        pattern = pattern.replace(mark, str(value))
    return pattern


def again(endpoint: str, **changes: Any) -> str:
    """Return a page's address as it was asked for, with changes; a name of the router's own is nobody's to choose."""
    kept = {name: value for name, value in request.args.items() if name != "endpoint" and not name.startswith("_")}
    return url_for(endpoint, **{**kept, **(request.view_args or {}), **changes})


@lru_cache(maxsize=1_024)
def _pattern(_root: str, endpoint: str, names: tuple[str, ...]) -> tuple[str, list[str]]:
    """Return an endpoint's address with a number that stands for each id, and these numbers."""
    marks: dict[str, Any] = {name: PLACE + n for n, name in enumerate(names)}
    return url_for(endpoint, **marks), [str(mark) for mark in marks.values()]


def nav() -> Markup:
    """Return the links to a person's pages."""
    mine = access.actor()
    return _nav(language(), tuple(role for role in ROLES if mine.holds(role)), request.endpoint, request.script_root)


@lru_cache(maxsize=1_024)
def _nav(_lang: str, roles: tuple[str, ...], endpoint: str | None, _root: str) -> Markup:
    """Draw what `nav` returns: it hangs on nothing but these, and its links are a thirtieth of a page's cost."""
    return Markup(current_app.jinja_env.get_template("nav.html").render(roles=roles, here=endpoint))


def is_staff() -> bool:
    """Tell whether the person reads the staff's wording: everybody who works on entries of others."""
    mine = access.actor()
    return any(mine.holds(role) for role in ("organiser", "recommender", "evaluator"))


def cycle_or_404(key: str) -> Cycle:
    """Return the cycle with this key."""
    cycle = cycles.by_key(db.session(), key)
    if cycle is None:
        raise Missing("cycle")
    return cycle


def _frame() -> dict[str, Any]:
    mine = access.actor()
    now = g.get("now") or clock.real()
    found = watched().alarm if mine.holds("organiser") else None
    alarms = alarm_lines(found) if found else []
    return {
        "now": now, "demo": current_app.config["DEMO"], "me": current_user._get_current_object(), "alarms": alarms,
        "_": sayer(language()), "actor": lambda: mine,
    }  # fmt: skip


def watched() -> health.Watched:
    """Return how the clock is watched: asked once, for the frame and for the page in it."""
    if "watched" not in g:
        session, now = db.session(), g.get("now") or clock.real()
        g.watched = health.watched(session, real_now=clock.real(), now=now, years=years.timelines(session))
    found: health.Watched = g.watched
    return found


def alarm_lines(alarm: health.Alarm) -> list[str]:
    """Return what is wrong with the machinery, a sentence each."""
    down = say("alarm.down", at=_instant(alarm.beat_at)) if alarm.beat_at else say("alarm.never")
    return [
        *([down] if alarm.is_down else []),
        *([say("alarm.failure", failure=alarm.failure)] if alarm.failure else []),
        *([say("alarm.overdue", n=_bounded(alarm.n_overdue))] if alarm.n_overdue else []),
        *([say("alarm.dead", n=alarm.n_dead)] if alarm.n_dead else []),
        *([say("alarm.undecided", n=alarm.n_undecided)] if alarm.n_undecided else []),
        *([say("alarm.aside", n=alarm.n_aside)] if alarm.n_aside else []),
    ]


def _bounded(n: int) -> str:
    return str(n) if n <= health.MOST_COUNTED else f"{health.MOST_COUNTED}+"


def _text(value: Text | None) -> str:
    return value.get(language()) if value is not None else ""


def _instant(value: datetime) -> str:
    return clock.shown(value, language())


def _end_instant(value: datetime) -> str:
    return clock.shown(value, language(), is_end=True)


def _day(value: datetime) -> str:
    return clock.day(value, language())


def _end_day(value: datetime) -> str:
    return clock.day(value, language(), is_end=True)


def _wall(value: datetime | None) -> str:
    return value.astimezone(clock.ZONE).strftime("%Y-%m-%dT%H:%M") if value else ""
