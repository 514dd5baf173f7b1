"""What is left of a form, and of its texts, where the applicant is hidden."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from qtb.domain import blindness
from qtb.domain.blindness import STRUCK
from qtb.domain.fields import FieldSpec, FormSpec

WORD = some.text(alphabet="甲乙丙丁AB", min_size=1, max_size=6)


def field(**given: object) -> dict[str, object]:
    return {"type": "text", "label": {"zh": "项", "en": "Item"}, **given}


def form(**fields: object) -> FormSpec:
    label = {"zh": "表", "en": "Form"}
    return FormSpec.model_validate({"title": label, "sections": [{"title": label, "fields": fields}]})


@pytest.mark.parametrize(
    ("given", "is_withheld"),
    [
        ({}, False), ({"personal": True}, True), ({"stamped": True}, True), ({"anonymous": False}, True),
        ({"type": "file", "accept": ["pdf"]}, True), ({"type": "file", "accept": ["pdf"], "anonymous": True}, False),
        ({"type": "ref", "refers": "recommenders"}, True),
    ],
)  # fmt: skip
def test_files_people_seals_and_references_are_withheld_unless_the_definition_says_otherwise(
    given: dict[str, object], is_withheld: bool
) -> None:
    assert blindness.is_withheld(FieldSpec.model_validate(field(**given))) is is_withheld


def test_a_form_is_left_without_them_and_without_sections_that_held_nothing_else() -> None:
    columns = {"name": field(personal=True), "post": field()}
    spec = form(a=field(), b=field(personal=True), rows=field(type="rows", columns=columns))
    assert list(blindness.open_part(spec).fields) == ["a", "rows"]
    assert list(blindness.open_part(spec).fields["rows"].columns) == ["post"]
    people = field(type="rows", columns={"name": field(personal=True)})
    assert blindness.open_part(form(b=field(personal=True), people=people)).sections == []


def test_what_forms_say_of_people_is_found_in_fields_and_rows() -> None:
    spec = form(a=field(), lead=field(personal=True), rows=field(type="rows", columns={"name": field(personal=True)}))
    values = {"a": "甲", "lead": "张三", "rows": [{"name": "李四"}, {}]}
    assert [one for one in blindness.personal(spec, values) if one] == ["张三", "李四"]


def test_units_and_teams_are_struck_out_whole_and_as_they_are_called() -> None:
    hidden = blindness.names(["上海浦江电机有限公司", "总装一班"], ["张三", "赵"])
    assert blindness.struck("浦江电机的总装一班由张三带领，上海浦江电机有限公司认可，赵说好", hidden) == (
        f"{STRUCK}的{STRUCK}由{STRUCK}带领，{STRUCK}认可，赵说好"
    )


def test_a_name_is_struck_out_in_whatever_case_and_in_all_that_a_value_holds() -> None:
    hidden = blindness.names(["ACME Motors"], [])
    value = {"rows": [{"a": "of acme motors"}], "n": 3, "no": None}
    assert blindness.struck(value, hidden) == {"rows": [{"a": f"of {STRUCK}"}], "n": 3, "no": None}


@given(some.lists(WORD, max_size=4), some.text(alphabet="甲乙丙丁ab", max_size=30))
def test_no_name_is_left_in_a_text(people: list[str], text: str) -> None:
    hidden = blindness.names([], people)
    left = blindness.struck(text, hidden)
    assert not [name for name in hidden if name.casefold() in left.casefold()]
