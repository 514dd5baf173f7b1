"""The versions of a form: who saved what when, and what changed from one to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from qtb.domain import form_diff
from qtb.domain.errors import Missing
from qtb.domain.fields import FieldSpec
from qtb.domain.form_diff import FieldDiff
from qtb.extensions import db
from qtb.i18n import language, say
from qtb.store import answers as store
from qtb.store.answers import Told
from qtb.store.submissions import Submission
from qtb.web.access import SIGNED_IN, audience
from qtb.web.answers import readable, ref_options
from qtb.web.parse import whole

pages = Blueprint("versions", __name__)


@pages.get("/submissions/<int:submission_id>/forms/<form>/versions")
@audience(SIGNED_IN)
def show(submission_id: int, form: str) -> ResponseReturnValue:
    """List a form's versions and show what differs between two: the last two unless asked otherwise."""
    submission, spec = readable(submission_id, form)
    told = store.versions(db.session(), submission_id, form)
    if not told:
        raise Missing("form")
    older, newer = _chosen(told, "from", 1), _chosen(told, "to", 0)
    differences = _differences(submission, form, older[0].values, newer[0].values)
    return render_template(
        "answers/versions.html", submission=submission, key=form, spec=spec, told=told, older=older, newer=newer,
        changed=[one for one in differences if not one.is_same], same=[one for one in differences if one.is_same],
    )  # fmt: skip


@pages.get("/submissions/<int:submission_id>/forms/<form>/versions/<int:number>")
@audience(SIGNED_IN)
def one(submission_id: int, form: str, number: int) -> ResponseReturnValue:
    """Show a form as it stood in one version."""
    submission, spec = readable(submission_id, form)
    told = store.version(db.session(), submission_id, form, min(number, 2**31 - 1))
    if told is None:
        raise Missing("version")
    return render_template(
        "answers/version.html", submission=submission, key=form, spec=spec, version=told[0], who=told[1],
        choices=ref_options(submission.cycle, any_active=True),
    )  # fmt: skip


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
    submission: Submission, form: str, older: Mapping[str, Any], newer: Mapping[str, Any]
) -> list[FieldDiff]:
    names = {key: dict(options) for key, options in ref_options(submission.cycle, any_active=True).items()}
    refs = {value: name for options in names.values() for value, name in options.items()}
    spec = submission.cycle.definition.forms[form]
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
