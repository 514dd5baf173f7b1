"""Whole forms: rows, conditions, checks among answers, what the system says; the seven forms of the notice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from qtb.domain import form_check
from qtb.domain.fields import FormSpec
from qtb.domain.form_check import Checked, Known
from tests.domain.sample import real, standing
from tests.world import DECLARATION, MEMBERS, METRICS, REGISTRATION

TODAY = date(2024, 3, 1)
COMPLETE = {**REGISTRATION, "recommender": "7", "team_name": "总装一班"}
FIGURES = {
    "units_total": "4", "staff_total": "300", "teams_total": "20", "teams_cumulative": "50", "teams_active": "15",
    "participants": "123", "teams_registered": "8", "teams_declared": "6", "teams_recommended": "5",
    "trained_people": "40", "suggestions": "9", "certified_people": "3",
}  # fmt: skip
SAID = {"teams_registered": 8, "teams_declared": 6, "teams_recommended": 5}


def check(form: str, raw: dict[str, Any], **known: Any) -> Checked:
    """Check a form of the real programme."""
    about = Known(**{"refs": {"recommender": {7}}, "files": standing(form), **known})
    return form_check.check(real().forms[form], raw, today=TODAY, known=about)


def test_a_file_that_must_stand_is_missing_until_it_does() -> None:
    assert check("declaration", DECLARATION, files={}).missing == ("report_file", "unit_opinion_file")
    assert check("declaration", DECLARATION).complete


def said(found: Checked, key: str) -> list[str]:
    """Return the keys of the reasons against a field."""
    return [reason.key for reason in found.errors.get(key, [])]


def test_rows_are_read_and_empty_ones_dropped() -> None:
    rows = [{}, MEMBERS[0], {"name": " ", "sex": ""}, *MEMBERS[1:]]
    found = check("registration", {**COMPLETE, "members": rows})
    assert found.complete
    assert [row["name"] for row in found.values["members"]] == [row["name"] for row in MEMBERS]
    assert found.values["members"][0]["age"] == 30


def test_a_wrong_cell_is_named_by_row_and_column() -> None:
    rows = [{**METRICS[0], "name": "太" * 41}, *METRICS[1:]]
    assert said(check("declaration", {**DECLARATION, "metrics": rows}), "metrics.0.name") == ["field_too_long"]
    found = check("declaration", {**DECLARATION, "metrics": [{**METRICS[0], "unit": ""}, *METRICS[1:]]})
    assert (found.errors, found.missing) == ({}, ("metrics.0.unit",))


def test_too_few_rows_are_missing_and_too_many_wrong() -> None:
    assert check("declaration", {**DECLARATION, "metrics": METRICS[:2]}).missing == ("metrics",)
    honour = {"name": "奖", "level": "市级", "giver": "某协会", "month": "2023-05"}
    assert said(check("declaration", {**DECLARATION, "honours": [honour] * 31}), "honours") == ["field_rows_many"]
    assert check("declaration", {**DECLARATION, "honours": []}).complete


@pytest.mark.parametrize("rows", ["x", 3, ["x"], [["x"]], {"0": {}}, [None]])
def test_rows_of_another_shape_are_refused(rows: Any) -> None:
    assert said(check("registration", {**COMPLETE, "members": rows}), "members") == ["field_type"]


def test_a_field_is_asked_only_where_the_other_answers_fit() -> None:
    assert check("declaration", {**DECLARATION, "incidents_any": "some"}).missing == ("incidents",)
    found = check("declaration", {**DECLARATION, "incidents": "说明" * 300})
    assert found.complete, "what is not asked cannot be wrong"
    assert found.values["incidents"] == ""
    spec = real().forms["declaration"]
    assert "incidents" in form_check.asked(spec, {"incidents_any": "some"})
    assert "incidents" not in form_check.asked(spec, {"incidents_any": "none"})


@pytest.mark.parametrize(
    ("form", "changed", "at"),
    [
        ("registration", {"team_size": "13"}, "team_size"),
        ("registration", {"trained_people": "13"}, "trained_people"),
        ("registration", {"category": "SPECIALISED_SME"}, "category"),
        ("declaration", {"build_from": "2024-01", "build_to": "2023-12"}, "build_to"),
        ("declaration", {"publicity_from": "2024-02-02", "publicity_to": "2024-02-01"}, "publicity_to"),
    ],
)
def test_answers_that_contradict_each_other_are_wrong(form: str, changed: dict[str, str], at: str) -> None:
    base = COMPLETE if form == "registration" else DECLARATION
    assert said(check(form, {**base, **changed}), at) == ["form_check"]


def test_a_contradiction_that_is_explained_is_none() -> None:
    assert check("registration", {**COMPLETE, "team_size": "13", "team_size_reason": "一人外派"}).complete
    assert check("registration", {**COMPLETE, "category": "SPECIALISED_SME", "sme_specialised": "on"}).complete


def test_a_warning_stands_in_nobodys_way() -> None:
    found = check("experience", {"certified_reviewers": "0"})
    assert [reason.key for reason in found.warnings["first_reviewers"]] == ["form_check"]
    assert not found.errors
    assert not check("experience", {"certified_reviewers": "1"}).warnings


def test_the_system_says_what_nobody_types() -> None:
    found = check("registration", {**COMPLETE, "activity_year": "1999"}, said={"year": 2024})
    assert found.values["activity_year"] == 2024


def test_shares_are_reckoned_half_up_and_empty_where_there_is_no_whole() -> None:
    found = check("statistics", FIGURES, said=SAID)
    assert found.complete, found
    assert (found.values["coverage_rate"], found.values["achievement_rate"]) == ("41.00", "75.00")
    assert form_check.percent(1, 8) == "12.50"
    assert form_check.percent(5, 80_000) == "0.01"
    assert form_check.percent(1, 0) == form_check.percent(None, 3) == form_check.percent(3, "") == ""


def test_a_changed_figure_of_the_system_wants_a_word() -> None:
    changed = {**FIGURES, "teams_registered": "9"}
    assert check("statistics", changed, said=SAID).missing == ("figures_note",)
    assert check("statistics", {**changed, "figures_note": "一个班组纸质报名"}, said=SAID).complete
    assert form_check.proposed(real().forms["statistics"], SAID) == SAID


@pytest.mark.parametrize(
    ("changed", "at"),
    [
        ({"participants": "301"}, "participants"),
        ({"teams_active": "21"}, "teams_active"),
        ({"teams_cumulative": "7"}, "teams_cumulative"),
        ({"teams_declared": "9"}, "teams_declared"),
        ({"teams_recommended": "7"}, "teams_recommended"),
    ],
)
def test_figures_must_fit_each_other(changed: dict[str, str], at: str) -> None:
    assert "form_check" in said(check("statistics", {**FIGURES, **changed, "figures_note": "改"}, said=SAID), at)


def test_a_form_has_a_length_as_a_whole() -> None:
    full = {"org_and_mobilise": 800, "training": 800, "activities": 1000, "results": 1000, "next_plan": 800}
    text = {key: "字" * n for key, n in full.items()}
    assert check("summary", {**text, "problems": "字" * 500}).complete
    spec = real().forms["summary"].model_copy(update={"max_total": 4899})
    found = form_check.check(spec, {**text, "problems": "字" * 500}, today=TODAY)
    assert said(found, "next_plan") == ["form_total"]


def test_numbers_are_compared_as_numbers_and_money_has_two_places() -> None:
    assert check("statistics", {**FIGURES, "participants": "9", "staff_total": "10"}, said=SAID).complete
    odd = check("declaration", {**DECLARATION, "benefit_wanyuan": "1.234"})
    assert said(odd, "benefit_wanyuan") == ["field_places"]
    assert check("declaration", {**DECLARATION, "benefit_wanyuan": "1.230"}).values["benefit_wanyuan"] == "1.230"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.floats(allow_nan=True),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(st.data())
def test_whatever_comes_in_gets_an_answer_and_never_a_crash(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(sorted(real().forms)))
    spec = real().forms[form]
    raw = data.draw(st.dictionaries(st.sampled_from(sorted(spec.fields)), ANY, max_size=8))
    found = check(form, raw)
    assert {name.partition(".")[0] for name in (*found.errors, *found.missing)} <= set(spec.fields)
    again = check(form, found.values)
    assert not [name for name in again.errors if name not in found.errors and "form_check" not in said(again, name)]


WRONG = {
    "unknown field in a check": {"checks": [{"at": "nope", "then": [{"field": "a", "op": "filled"}], "says": 0}]},
    "unknown field in a condition": {"checks": [{"at": "a", "then": [{"field": "b", "op": "filled"}], "says": 0}]},
    "nobody explains": {"explains": "b"},
}


@pytest.mark.parametrize("extra", WRONG.values(), ids=WRONG)
def test_a_form_that_names_what_is_not_there_is_refused(extra: dict[str, Any]) -> None:
    label = {"zh": "项", "en": "item"}
    for rule in extra.get("checks", []):
        rule["says"] = label
    base = {"title": label, "sections": [{"title": label, "fields": {"a": {"type": "text", "label": label}}}]}
    FormSpec.model_validate(base)
    with pytest.raises(ValidationError, match="no field is called"):
        FormSpec.model_validate({**base, **extra})


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "rows"}, {"type": "text", "columns": {"a": {"type": "text", "label": {"zh": "项", "en": "item"}}}},
        {"type": "file"}, {"type": "int", "percent": ["a", "a"]}, {"type": "text", "auto": "weather"},
    ],
)  # fmt: skip
def test_a_field_that_does_not_fit_its_type_is_refused(wrong: dict[str, Any]) -> None:
    label = {"zh": "项", "en": "item"}
    field = {"label": label, **wrong}
    with pytest.raises(ValidationError):
        FormSpec.model_validate({"title": label, "sections": [{"title": label, "fields": {"a": field}}]})
