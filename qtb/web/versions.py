"""The versions of a form: who saved what when, and what changed from one to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qtb.domain import decide, form_diff
from qtb.domain.errors import Missing
from qtb.domain.fields import FieldSpec, FormSpec
from qtb.domain.form_diff import FieldDiff
from qtb.extensions import db
from qtb.i18n import language, say
from qtb.store import answers as store
from qtb.store import facts, files
from qtb.store import hand_ins as handed
from qtb.store.files import File
from qtb.store.hand_ins import HandIn
from qtb.store.submissions import Submission
from qtb.store.versions import Told
from qtb.web import hand_ins
from qtb.web.access import SIGNED_IN, actor, audience
from qtb.web.answers import Choices, readable, ref_options
from qtb.web.parse import whole

pages = Blueprint("versions", __name__)

MOST = 2**31 - 1  # that a column of numbers holds
Crumbs = Sequence[tuple[str, str]]  # address and name of the pages above


@pages.get("/submissions/<int:submission_id>/forms/<form>/versions")
@audience(SIGNED_IN)
def show(submission_id: int, form: str) -> ResponseReturnValue:
    """List a form's versions and show what differs between two: the last two unless asked otherwise."""
    submission, spec = readable(submission_id, form)
    told = store.versions(db.session(), submission_id, form).told()
    urls = {
        row.number: url_for("versions.one", submission_id=submission_id, form=form, number=row.number)
        for row, _ in told
    }
    back = url_for("answers.read", submission_id=submission_id, form=form), spec.title.get(language())
    return _shown(
        spec, told, ref_options(submission.cycle, any_active=True), crumbs=[_case(submission), back], urls=urls,
        ended=_ended(submission, form),
    )  # fmt: skip


@pages.get("/submissions/<int:submission_id>/forms/<form>/versions/<int:number>")
@audience(SIGNED_IN)
def one(submission_id: int, form: str, number: int) -> ResponseReturnValue:
    """Show a form as it stood in one version."""
    submission, spec = readable(submission_id, form)
    told = store.versions(db.session(), submission_id, form).one(min(number, MOST))
    back = url_for("versions.show", submission_id=submission_id, form=form), say("versions.title")
    return _one(spec, told, ref_options(submission.cycle, any_active=True), crumbs=[_case(submission), back])


@pages.get("/hand-ins/<int:hand_in_id>/versions")
@audience("recommender", "organiser")
def show_hand_in(hand_in_id: int) -> ResponseReturnValue:
    """List the versions of a unit's form and show what differs between two."""
    kept = hand_ins.readable(hand_in_id)
    spec, told = kept.cycle.definition.forms[kept.form], handed.versions(db.session(), kept.id).told()
    urls = {row.number: url_for("versions.one_hand_in", hand_in_id=kept.id, number=row.number) for row, _ in told}
    choices = hand_ins.options(kept.cycle, kept.unit)
    ended = files.ended(db.session(), kept, kept.form)
    return _shown(spec, told, choices, crumbs=[_unit(kept)], urls=urls, ended=ended)


@pages.get("/hand-ins/<int:hand_in_id>/versions/<int:number>")
@audience("recommender", "organiser")
def one_hand_in(hand_in_id: int, number: int) -> ResponseReturnValue:
    """Show a unit's form as it stood in one version."""
    kept = hand_ins.readable(hand_in_id)
    told = handed.versions(db.session(), kept.id).one(min(number, MOST))
    back = url_for("versions.show_hand_in", hand_in_id=kept.id), say("versions.title")
    spec, choices = kept.cycle.definition.forms[kept.form], hand_ins.options(kept.cycle, kept.unit)
    return _one(spec, told, choices, crumbs=[_unit(kept), back])


def _shown(
    spec: FormSpec, told: Sequence[Told], choices: Choices, *, crumbs: Crumbs, urls: Mapping[int, str],
    ended: Sequence[File],
) -> str:  # fmt: skip
    if not told:
        raise Missing("form")
    older, newer = _chosen(told, "from", 1), _chosen(told, "to", 0)
    found = _differences(spec, choices, older[0].values, newer[0].values)
    changed, same = ([one for one in found if one.is_same == is_same] for is_same in (False, True))
    return render_template(
        "answers/versions.html", spec=spec, told=told, older=older, newer=newer, changed=changed, same=same,
        ended=ended, crumbs=crumbs, urls=urls,
    )  # fmt: skip


def _one(spec: FormSpec, told: Told | None, choices: Choices, *, crumbs: Crumbs) -> str:
    if told is None:
        raise Missing("version")
    return render_template(
        "answers/version.html", spec=spec, version=told[0], who=told[1], choices=choices, crumbs=crumbs
    )


def _case(submission: Submission) -> tuple[str, str]:
    return url_for("cases.show", submission_id=submission.id), f"{submission.number} {submission.team_name}"


def _unit(kept: HandIn) -> tuple[str, str]:
    if actor().holds("organiser"):
        return url_for("admin.handed_in", key=kept.cycle.key), f"{kept.unit.name} {kept.cycle.title}"
    return url_for("hand_ins.due", cycle=kept.cycle.key), say("hand_in.due")


def _ended(submission: Submission, form: str) -> Sequence[File]:
    """Return the files that stood on a form before, for those whom it concerns."""
    concerned = decide.is_concerned(facts.as_case(submission), actor=actor())
    return files.ended(db.session(), submission, form) if concerned else ()


def _chosen(told: Sequence[Told], name: str, position: int) -> Told:
    """Return the version that the address names, else the one at a position, or the oldest. Raises Missing."""
    if name not in request.args:
        return told[min(position, len(told) - 1)]
    number = whole(request.args[name])
    chosen = next((one for one in told if one[0].number == number), None)
    if chosen is None:
        raise Missing("version")
    return chosen


def _differences(
    spec: FormSpec, choices: Choices, older: Mapping[str, Any], newer: Mapping[str, Any]
) -> list[FieldDiff]:
    refs = {key: name for options in choices.values() for key, name in options}
    return form_diff.compare(spec, older, newer, shown=_worded(refs))


def _worded(refs: Mapping[str, str]) -> Callable[[FieldSpec, Any], str]:
    """Return how a value reads on the page."""

    def shown(spec: FieldSpec, value: Any) -> str:
        if spec.type == "bool":
            return say("form.yes") if value else say("form.no")
        if value is None or value == "":
            return ""
        if spec.type == "enum":
            return next((one.label.get(language()) for one in spec.choices if one.key == value), str(value))
        if spec.type == "ref":
            return refs.get(str(value), str(value))
        if spec.type == "file":
            return say("list.and").join(str(one.get("name", "")) for one in value)
        return str(value)

    return shown
