"""What a page that is being filled in carries: the person's draft, how far the form is, who else is at it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, request
from flask_wtf import FlaskForm

from qtb import clock
from qtb.domain.errors import Refusal
from qtb.domain.fields import FormSpec
from qtb.domain.form_check import Checked
from qtb.domain.progress import Progress, progress, total
from qtb.extensions import db
from qtb.forms import dynamic
from qtb.i18n import in_words, language, say
from qtb.services import drafts
from qtb.services.drafts import Typed
from qtb.services.merging import Filled
from qtb.store.drafts import AnswerDraft, Place
from qtb.store.unit import unit
from qtb.web.access import actor
from qtb.web.parse import seen, whole


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a filling page shows beside its fields."""

    url: str
    copy_url: str  # empty where there is nothing to copy from
    draft_at: datetime | None
    is_overtaken: bool  # somebody saved since the draft was begun
    parts: list[str]
    whole: str
    others: str
    who: int | None
    ended: str  # drawings of the page that were saved: what a browser still holds of them is not needed any more
    merges: bool = True  # what others saved meanwhile is merged with it


def hidden(*, version: int, since: str, draft: AnswerDraft | None) -> dict[str, Any]:
    """Return what a fresh drawing of a page carries in its hidden fields."""
    carried = {"request_key": secrets.token_urlsafe(16), "since": since}
    if draft is None:
        return {**carried, "seen": version, "takes": ""}
    return {**carried, "seen": draft.seen, "takes": draft.request_key}


def typed(page: FlaskForm, spec: FormSpec) -> Typed:
    """Return what stands on a page, to be kept as a draft."""
    return Typed(dynamic.raw(page, spec), _seen(page), _text(page, "request_key"), _text(page, "takes"))


def filled(page: FlaskForm, spec: FormSpec, form: str) -> Filled:
    """Return what stands on a page, to be saved; `pick-<field>` are choices of a merge view."""
    picks = {key: request.form.get(f"pick-{key}", "") for key in spec.fields}
    return Filled(
        form, dynamic.raw(page, spec), _seen(page), _text(page, "since") or None, _text(page, "request_key"),
        _text(page, "takes"), picks, whole(request.form.get("against", "")),
    )  # fmt: skip


def keep_sent_along(place: Place, spec: FormSpec, choices: Mapping[str, Any]) -> None:
    """Keep what was typed on a page without a script, which sends it along with a file. Raises as a draft does."""
    if "seen" not in request.form:
        return
    page = dynamic.build(spec, {}, choices)
    with unit(db.session()) as work:
        drafts.keep(work, place, typed=typed(page, spec), actor=actor(), now=g.now)


def keep_refused(place: Place, page: FlaskForm, spec: FormSpec) -> datetime | None:
    """Keep what was typed though it could not be saved; None where not even that may be."""
    try:
        with unit(db.session()) as work:
            is_kept = drafts.keep(work, place, typed=typed(page, spec), actor=actor(), now=g.now)
    except Refusal:
        return None
    return g.now if is_kept else None


def shown(
    place: Place, spec: FormSpec, checked: Checked, *, url: str, draft_at: datetime | None,
    is_overtaken: bool = False, copies: bool = True,
) -> Keeping:  # fmt: skip
    """Return what the page shows beside its fields."""
    parts, ended = progress(spec, checked), drafts.saved_keys(db.session(), place, actor=actor())
    copy_url = f"{url.removesuffix('/draft')}/copy" if copies else ""
    return Keeping(
        url, copy_url, draft_at, is_overtaken, [_worded(part) for part in parts],
        _worded(total(parts)), others(place), actor().user_id, " ".join(ended),
    )  # fmt: skip


def as_json(
    place: Place, spec: FormSpec, checked: Checked, *, is_kept: bool, closed: Refusal | None = None
) -> dict[str, Any]:
    """Return what the page's script says after a draft was kept; `closed` is why the form cannot be saved any more."""
    says = say("draft.kept", at=hour(g.now)) if is_kept else ""
    if closed is not None:
        says = " ".join([*(in_words(reason) for reason in closed.reasons), say("draft.kept_closed")])
    return {"kept": is_kept, "says": says, "others": others(place), **counted(spec, checked)}


def counted(spec: FormSpec, checked: Checked) -> dict[str, Any]:
    """Return how far a form is, section by section and as a whole, as the page's script shows it."""
    parts = progress(spec, checked)
    return {"parts": [_worded(part) for part in parts], "whole": _worded(total(parts))}


def others(place: Place) -> str:
    """Return who else of the person's unit types here, a sentence each; empty for nobody."""
    found = drafts.at_work(db.session(), place, actor=actor(), now=g.now)
    return " ".join(say("draft.other", who=name, at=hour(at)) for name, at in found)


def hour(at: datetime) -> str:
    """Return the time of today, or day and time."""
    local, today = at.astimezone(clock.ZONE), g.now.astimezone(clock.ZONE).date()
    return f"{local:%H:%M}" if local.date() == today else clock.shown(at, language())


def merged_with(values: Mapping[str, Any], draft: AnswerDraft | None) -> dict[str, Any]:
    """Return what stands in the fields: what is saved, under what was typed since."""
    return {**values, **(draft.values if draft else {})}


def _worded(part: Progress) -> str:
    return say("form.progress", done=part.n_done, all=part.n_all) if part.n_all else ""


def _seen(page: FlaskForm) -> int:
    return seen(_text(page, "seen"))


def _text(page: FlaskForm, name: str) -> str:
    return str(page[name].data or "")[:64]
