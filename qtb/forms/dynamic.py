"""A WTForms form from a form of the definition. Its checks are the definition's own, by `domain.fields`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from qtb.domain.fields import Checked, FieldSpec, FormSpec
from qtb.i18n import in_words, language, say

# What the browser should offer; the text that comes back is checked on the server alone.
WIDGETS: dict[str, dict[str, str]] = {
    "int": {"inputmode": "numeric"},
    "decimal": {"inputmode": "decimal"},
    "date": {"type": "date"},
    "month": {"type": "month"},
    "phone": {"type": "tel", "autocomplete": "tel"},
    "email": {"type": "email", "autocomplete": "email"},
    "postcode": {"inputmode": "numeric"},
}
Options = Mapping[str, Sequence[tuple[str, str]]]


def build(spec: FormSpec, values: Mapping[str, Any], options: Options) -> FlaskForm:
    """Return a bound form: what was posted, or the stored values. `options` fill the ref fields."""
    fields = {key: _field(key, field, options) for key, field in spec.fields.items()}
    shape = type("DynamicForm", (FlaskForm,), {**fields, "seen": HiddenField(), "request_key": HiddenField()})
    stored = {key: _shown(value) for key, value in values.items()}
    return shape(data=stored)


def raw(form: FlaskForm, spec: FormSpec) -> dict[str, Any]:
    """Return what was filled in, as the core checks it."""
    return {key: form[key].data for key in spec.fields}


def show_errors(form: FlaskForm, checked: Checked) -> None:
    """Put each error to its field, in words."""
    for key, reasons in checked.errors.items():
        form[key].errors = [in_words(reason) for reason in reasons]


def _field(key: str, spec: FieldSpec, options: Options) -> Field:
    label = spec.label.get(language())
    about: dict[str, Any] = {
        "description": spec.help.get(language()) if spec.help else "",
        "render_kw": {
            **WIDGETS.get(spec.type, {}),
            **WIDGETS.get(spec.pattern or "", {}),
            **({"data-limit": str(spec.max)} if spec.max and spec.type in ("text", "longtext") else {}),
        },
    }
    if spec.type == "bool":
        return BooleanField(label, description=about["description"])
    if spec.type == "longtext":
        rows = {"rows": str(min(10, 3 + (spec.max or 0) // 200))}
        return TextAreaField(label, description=about["description"], render_kw={**about["render_kw"], **rows})
    if spec.type in ("enum", "ref"):
        choices = options.get(key, [(choice.key, choice.label.get(language())) for choice in spec.choices])
        chosen = [SelectChoice(value, shown) for value, shown in [("", say("form.choose")), *choices]]
        return SelectField(label, description=about["description"], choices=chosen, validate_choice=False)
    return StringField(label, **about)


def _shown(value: Any) -> Any:
    return "" if value is None else value if isinstance(value, (bool, str)) else str(value)
