"""The JSON Schema of a form: it takes what the check takes, and what it refuses the check refuses too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from qtb.demo_texts import experience
from qtb.domain import form_check
from qtb.domain.form_check import Known
from qtb.domain.form_schema import schema
from tests.domain.sample import real
from tests.domain.test_form_check import FIGURES, TODAY
from tests.world import DECLARATION, REGISTRATION

FORMS = real().forms
WHOLE: dict[str, dict[str, Any]] = {
    "registration": {**REGISTRATION, "recommender": 7, "team_name": "总装一班"}, "declaration": DECLARATION,
    "experience": experience(1, datetime(2024, 5, 1, tzinfo=UTC)),
    "statistics": {**FIGURES, "figures_note": "撤回一队"},
}  # fmt: skip
ODD: list[Any] = [None, "", "x" * 5_000, -1, 3, [], {}, True, "2024-13-45", "9" * 30, [{}], [1], "none", "some"]


def refused(form: str, raw: dict[str, Any]) -> bool:
    """Tell whether the form's own check finds anything wrong or missing."""
    about = Known({key: {7} for key, field in FORMS[form].fields.items() if field.refers})
    found = form_check.check(FORMS[form], raw, today=TODAY, known=about)
    return bool(found.errors or found.missing)


def taken(form: str, raw: dict[str, Any]) -> bool:
    """Tell whether the schema takes it."""
    return bool(Draft202012Validator(schema(form, FORMS[form])).is_valid(raw))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_a_sound_schema(form: str) -> None:
    Draft202012Validator.check_schema(schema(form, FORMS[form]))
    assert list(schema(form, FORMS[form])["properties"]) == list(FORMS[form].fields)


@pytest.mark.parametrize("form", WHOLE)
def test_a_whole_form_is_taken_by_both(form: str) -> None:
    assert taken(form, WHOLE[form])


@pytest.mark.parametrize("form", WHOLE)
def test_what_the_schema_refuses_the_check_refuses(form: str) -> None:
    n_refused = 0
    for key in WHOLE[form]:
        for value in ODD:
            raw = {**WHOLE[form], key: value}
            if not taken(form, raw):
                n_refused += 1
                assert refused(form, raw) or _is_nothing(form, key, value), (key, value)
        rest = {one: value for one, value in WHOLE[form].items() if one != key}
        assert refused(form, rest) >= (not taken(form, rest)), key
    assert n_refused > 50


def _is_nothing(form: str, key: str, value: Any) -> bool:
    """Tell whether the check takes for an empty, true or written answer what the schema does not."""
    field = FORMS[form].fields[key]
    is_plain = field.type == "bool" or field.by_system or not field.required
    return is_plain or isinstance(value, int) or value in (None, "", [], {})


def test_a_field_that_hangs_on_another_is_required_with_it() -> None:
    wanted = {**DECLARATION, "incidents_any": "some"}
    hanging = [key for key, field in FORMS["declaration"].fields.items() if field.asked_if and field.required]
    assert hanging
    assert not taken("declaration", {key: value for key, value in wanted.items() if key not in hanging})
