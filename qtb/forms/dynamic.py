"""A WTForms form from a form of the definition. Its checks are the definition's own, by `domain.form_check`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    Form,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice

from qtb.domain.errors import Invalid
from qtb.domain.fields import MOST_ROWS, FieldSpec, FormSpec
from qtb.domain.form_check import Checked, is_blank
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
    "uscc": {"autocapitalize": "characters", "spellcheck": "false"},
}
SPARE = 1  # empty rows that stand below the filled ones
# What a page carries besides its fields: the form's version and the case's last move that were drawn, this drawing's
# own key, and that of the draft drawn on it.
CARRIED = ("seen", "since", "request_key", "takes")
MOST_DIGITS = 4  # of a row's number: rows are renumbered when read, a script that adds and drops them leaves gaps
Options = Mapping[str, Sequence[tuple[str, str]]]


def build(spec: FormSpec, values: Mapping[str, Any], options: Options, *, anew: bool = False) -> FlaskForm:
    """Return a bound form: what was posted, or with `anew` or else the values. `options` fill the ref fields."""
    asked = {key: field for key, field in spec.fields.items() if is_typed(field)}
    _refuse_odd_rows(asked)
    fields = {key: _field(key, field, options) for key, field in asked.items()}
    shape = type("DynamicForm", (FlaskForm,), {**fields, **{name: HiddenField() for name in CARRIED}})
    data = {key: _shown(value) for key, value in values.items()}
    page: FlaskForm = shape(formdata=None, data=data) if anew else shape(data=data)
    for key, field in asked.items():
        if field.type == "rows":
            _pad(page[key], field)
    return page


def raw(form: FlaskForm, spec: FormSpec) -> dict[str, Any]:
    """Return what was filled in, as the core checks it."""
    return {key: form[key].data for key, field in spec.fields.items() if is_typed(field)}


def show_errors(form: FlaskForm, checked: Checked) -> None:
    """Put each error to its field, or to the cell of a row, in words."""
    for name, reasons in checked.errors.items():
        key, _, cell = name.partition(".")
        field = form[key]
        if cell:
            row, column = cell.split(".")
            field = _filled_rows(field)[int(row)][column]
        field.errors = [in_words(reason) for reason in reasons]


def conditions(spec: FieldSpec) -> str:
    """Return when a field is asked, as the page's script reads it; empty when always."""
    return json.dumps([one.model_dump(exclude_none=True) for one in spec.asked_if]) if spec.asked_if else ""


def is_typed(spec: FieldSpec) -> bool:
    """Tell whether a field stands on the page to be typed into."""
    return not spec.by_system and spec.type != "file"


def _refuse_odd_rows(asked: Mapping[str, FieldSpec]) -> None:
    """Raise Invalid for rows numbered as no page numbers them; the library would read such numbers too."""
    for name in request.form:
        key, _, rest = name.partition("-")
        if key in asked and asked[key].type == "rows":
            index = rest.partition("-")[0]
            if index.isdigit() and not (index.isascii() and len(index) <= MOST_DIGITS):
                raise Invalid("form_row_number", name=name[:60])


def _filled_rows(field: Field) -> list[Any]:
    """Return the rows that the check counts: those in which something stands."""
    return [entry.form for entry in field.entries if not all(map(is_blank, entry.data.values()))]


def _pad(field: Field, spec: FieldSpec) -> None:
    """Let there be rows to type into, without a script too."""
    least = max(spec.min or 0, len(_filled_rows(field)) + SPARE)
    while len(field.entries) < min(least, spec.max or MOST_ROWS):
        field.append_entry()


def _field(key: str, spec: FieldSpec, options: Options) -> Field:
    label = spec.label.get(language())
    described = spec.help.get(language()) if spec.help else ""
    if spec.type == "rows":
        columns = {name: _field(name, column, options) for name, column in spec.columns.items()}
        row = type("Row", (Form,), columns)
        return FieldList(FormField(row), label, description=described, max_entries=(spec.max or MOST_ROWS) + 1)
    look = {
        **WIDGETS.get(spec.type, {}),
        **WIDGETS.get(spec.pattern or "", {}),
        **({"data-limit": str(spec.max)} if spec.max and spec.type in ("text", "longtext") else {}),
    }
    if spec.type == "bool":
        return BooleanField(label, description=described)
    if spec.type == "longtext":
        rows = {"rows": str(min(10, 3 + (spec.max or 0) // 200))}
        return TextAreaField(label, description=described, render_kw={**look, **rows})
    if spec.type in ("enum", "ref"):
        return SelectField(label, description=described, choices=_choices(key, spec, options), validate_choice=False)
    return StringField(label, description=described, render_kw=look)


def _choices(key: str, spec: FieldSpec, options: Options) -> list[Any]:
    empty = SelectChoice("", say("form.choose"))
    if key in options:
        return [empty, *(SelectChoice(value, shown) for value, shown in options[key])]
    lang = language()
    return [
        empty,
        *(
            SelectChoice(choice.key, choice.label.get(lang), optgroup=choice.group.get(lang) if choice.group else None)
            for choice in spec.choices
        ),
    ]


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return [{name: _shown(cell) for name, cell in row.items()} for row in value if isinstance(row, Mapping)]
    return "" if value is None else value if isinstance(value, (bool, str)) else str(value)
