"""Form fields: each type, what it takes and what not; hostile text is refused with a reason, at once."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtb.domain import field_values, form_check
from qtb.domain.field_values import FieldError
from qtb.domain.fields import FieldSpec
from qtb.domain.form_check import Checked, Known
from qtb.domain.workflow import Text
from tests.domain.sample import real, standing
from tests.world import DECLARATION, REGISTRATION

TODAY = date(2024, 3, 1)
LABEL = Text(zh="项", en="Item")


def spec(kind: str, **given: Any) -> FieldSpec:
    """Return a field."""
    return FieldSpec.model_validate({"type": kind, "label": LABEL, **given})


def take(field: FieldSpec, raw: Any, known: tuple[int, ...] = ()) -> Any:
    """Return what a field makes of a value, or the key of the reason against it."""
    try:
        return field_values.parse(field, raw, today=TODAY, known=known)
    except FieldError as error:
        return f"!{error.reason.key}"


ENUM = spec("enum", choices=[{"key": "a", "label": LABEL}, {"key": "b", "label": LABEL}])


@pytest.mark.parametrize(
    ("field", "raw", "expected"),
    [
        (spec("text"), "  总装一班 ", "总装一班"),
        (spec("text"), "", ""),
        (spec("text"), None, ""),
        (spec("text"), "   ", ""),
        (spec("text", max=3), "总装班", "总装班"),
        (spec("text", max=3), "总装一班", "!field_too_long"),
        (spec("text", max=3), "🎉🎉🎉", "🎉🎉🎉"),
        (spec("text", min=3), "总装", "!field_too_short"),
        (spec("text"), "a\nb", "!field_control"),
        (spec("text"), "a\tb", "a\tb"),
        (spec("text"), "e\u0301", "é"),
        (spec("text"), "x" * 20_001, "!field_too_long"),
        (spec("text"), "x" * 20_000, "x" * 20_000),
        (spec("text"), 12, "12"),
        (spec("text"), ["a"], "!field_type"),
        (spec("text"), {"a": 1}, "!field_type"),
        (spec("text"), 1.5, "!field_type"),
        (spec("text"), b"a", "!field_type"),
        (spec("text", pattern="phone"), "13800000000", "13800000000"),
        (spec("text", pattern="phone"), "021-55550000", "021-55550000"),
        (spec("text", pattern="phone"), "12345", "!field_phone"),
        (spec("text", pattern="phone"), "13800000000x", "!field_phone"),
        (spec("text", pattern="phone"), "138 0000 0000", "13800000000"),
        (spec("text", pattern="phone"), "138-0000-0000", "13800000000"),
        (spec("text", pattern="phone"), "+86 138 0000 0000", "13800000000"),
        (spec("text", pattern="phone"), "１３８００００００００", "13800000000"),
        (spec("text", pattern="phone"), "400-820-0000", "4008200000"),
        (spec("text", pattern="phone"), "4008200000", "4008200000"),
        (spec("text", pattern="phone"), "800 820 0000", "8008200000"),
        (spec("text", pattern="phone"), "021 5555 0000", "021-55550000"),
        (spec("text", pattern="phone"), "0512-5555000-12", "0512-5555000-12"),
        (spec("text", pattern="phone"), "13\u0663\u0663\u0663\u0663\u0663\u0663\u0663\u0663\u0663", "!field_phone"),
        (spec("text", pattern="phone"), "00000000000", "!field_phone"),
        (spec("text", pattern="phone"), "010-00000000", "!field_phone"),
        (spec("text", pattern="phone"), "500-820-0000", "!field_phone"),
        (spec("text", pattern="phone"), "138--0000000 0", "!field_phone"),
        (spec("text", pattern="postcode"), "000000", "!field_postcode"),
        (spec("text", pattern="postcode"), "999999", "!field_postcode"),
        (spec("text", pattern="postcode"), "870000", "!field_postcode"),
        (spec("text", pattern="postcode"), "010010", "010010"),
        (spec("text", pattern="uscc"), "0" * 18, "!field_uscc"),
        (spec("text", pattern="uscc"), "91310000000000001y", "91310000000000001Y"),
        (spec("text", pattern="uscc"), "91310000000000001X", "!field_uscc_check"),
        (spec("text"), "甲\u202e乙", "!field_control"),
        (spec("text"), "甲\u2066乙", "!field_control"),
        (spec("text"), "\u200e甲\u200f乙", "甲乙"),
        (spec("month"), "0001-01", "!field_early"),
        (spec("date"), "1899-12-31", "!field_early"),
        (spec("date"), "1900-01-01", "1900-01-01"),
        (spec("decimal", min=0), "9" * 13, "!field_most"),
        (spec("text", pattern="email"), "a@example.org", "a@example.org"),
        (spec("text", pattern="email"), "a@b", "!field_email"),
        (spec("text", pattern="email"), "a@example.org\nBcc: b@example.org", "!field_control"),
        (spec("text", pattern="postcode"), "200000", "200000"),
        (spec("text", pattern="postcode"), "20000", "!field_postcode"),
        (spec("longtext"), "a\r\nb\rc", "a\nb\nc"),
        (spec("longtext"), "a\x0bb", "!field_control"),
        (spec("longtext", max=5), "一二三四五", "一二三四五"),
        (spec("longtext", max=5), "一二三四五六", "!field_too_long"),
        (spec("int"), "12", 12),
        (spec("int"), "", None),
        (spec("int"), " 12 ", 12),
        (spec("int"), "-3", -3),
        (spec("int"), "+3", 3),
        (spec("int"), 12, 12),
        (spec("int"), "１２", 12),
        (spec("int"), "12.0", 12),
        (spec("int"), "12.5", "!field_integer"),
        (spec("int"), "一二", "!field_number"),
        (spec("int"), "1e3", "!field_number"),
        (spec("int"), "1_000", "!field_number"),
        (spec("int"), "٣", "!field_number"),
        (spec("int"), "9" * 5_000, "!field_number"),
        (spec("int"), "0x1f", "!field_number"),
        (spec("int"), "9" * 13, "!field_most"),
        (spec("int"), "0", 0),
        (spec("int"), "1" * 14, "!field_number"),
        (spec("int", min=3, max=200), "2", "!field_range"),
        (spec("int", min=3, max=200), "3", 3),
        (spec("int", min=3, max=200), "200", 200),
        (spec("int", min=3, max=200), "201", "!field_range"),
        (spec("decimal"), "12.50", "12.50"),
        (spec("decimal"), "１２．５", "12.5"),
        (spec("decimal"), "NaN", "!field_number"),
        (spec("decimal"), "1.1234567", "!field_number"),
        (spec("decimal"), "Infinity", "!field_number"),
        (spec("decimal", min=0), "-0.01", "!field_least"),
        (spec("decimal"), ".5", "!field_number"),
        (spec("decimal"), "", None),
        (spec("date"), "2024-02-29", "2024-02-29"),
        (spec("date"), "2023-02-29", "!field_date"),
        (spec("date"), "2024-2-9", "!field_date"),
        (spec("date"), "20240229", "!field_date"),
        (spec("date", past=True), "2024-03-02", "!field_future"),
        (spec("date", past=True), "2024-03-01", "2024-03-01"),
        (spec("date"), "0000-01-01", "!field_date"),
        (spec("date"), "", None),
        (spec("month"), "2024-02", "2024-02"),
        (spec("month"), "2024-13", "!field_month"),
        (spec("month"), "2024-2", "!field_month"),
        (spec("month"), "２０２４-02", "!field_month"),
        (spec("month", past=True), "2024-04", "!field_future"),
        (spec("month", past=True), "2024-03", "2024-03"),
        (spec("month"), "2024-02-01", "!field_month"),
        (ENUM, "a", "a"),
        (ENUM, "c", "!field_choice"),
        (ENUM, "", ""),
        (ENUM, "A", "!field_choice"),
        (ENUM, "a ", "a"),
        (spec("bool"), "on", True),
        (spec("bool"), "true", True),
        (spec("bool"), True, True),
        (spec("bool"), "", False),
        (spec("bool"), None, False),
        (spec("bool"), "off", False),
        (spec("bool"), ["on"], False),
        (spec("bool"), " Yes ", True),
    ],
)
def test_each_type_takes_what_it_is_for(field: FieldSpec, raw: Any, expected: Any) -> None:
    found = take(field, raw)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("7", 7),
        (7, 7),
        ("8", "!field_choice"),
        ("", None),
        ("x", "!field_choice"),
        ("7 ", 7),
        ("-7", "!field_choice"),
        ("9" * 5_000, "!field_choice"),
        ("７", "!field_choice"),
        ("07", 7),
    ],
)
def test_a_reference_names_one_of_those_known(raw: Any, expected: Any) -> None:
    assert take(spec("ref", refers="recommenders"), raw, known=(7, 9)) == expected


HOSTILE = ["a\x00b", "\x00", "a\x1bb", "a\x7fb", "a\x85b", "\ud800", "a\udfffb", "\x08"]


@pytest.mark.parametrize("raw", HOSTILE)
@pytest.mark.parametrize("kind", ["text", "longtext", "int", "decimal", "date", "month", "enum", "ref"])
def test_control_characters_and_lone_surrogates_are_refused_everywhere(kind: str, raw: str) -> None:
    assert take(spec(kind), raw) == "!field_control"


@given(st.text(max_size=60) | st.integers() | st.none() | st.booleans() | st.lists(st.text(), max_size=2))
def test_whatever_is_given_becomes_a_value_that_can_be_stored_or_a_reason(raw: Any) -> None:
    for kind in ("text", "longtext", "int", "decimal", "date", "month", "bool", "ref"):
        found = take(spec(kind), raw)
        assert found is None or isinstance(found, (str, int, bool))
        if isinstance(found, str):
            found.encode()
            assert "\x00" not in found


def test_a_number_too_long_to_be_written_is_refused() -> None:
    for kind in ("text", "int", "decimal", "ref", "date"):
        assert take(spec(kind), 10**5_000) in ("!field_number", "!field_too_long")


def test_a_hundred_thousand_digits_cost_no_time() -> None:
    started = time.monotonic()
    for kind in ("int", "decimal", "ref", "date", "text"):
        assert str(take(spec(kind), "9" * 100_000)).startswith("!")
    assert time.monotonic() - started < 0.5


def test_a_reason_names_limit_and_length_in_characters() -> None:
    with pytest.raises(FieldError) as error:
        field_values.parse(spec("text", max=4), "总装一班组", today=TODAY)
    assert error.value.reason.args == {"max": 4, "n": 5}
    with pytest.raises(FieldError) as error:
        field_values.parse(spec("longtext", max=500), "字" * 32_000, today=TODAY)
    assert error.value.reason.args == {"max": 500, "n": 32_000}


# --- whole forms -------------------------------------------------------------------------------------


def check(form: str, raw: dict[str, Any]) -> Checked:
    """Check a form of the real programme."""
    known = Known({"recommender": {7}}, standing(form))
    return form_check.check(real().forms[form], raw, today=TODAY, known=known)


COMPLETE = {**REGISTRATION, "recommender": "7", "team_name": "总装一班"}


def test_a_complete_form_is_complete() -> None:
    found = check("registration", COMPLETE)
    assert (found.errors, found.missing, found.complete) == ({}, (), True)
    assert found.values["recommender"] == 7
    assert found.values["team_size"] == 12
    assert found.values["privacy_consent"] is True
    assert check("declaration", DECLARATION).complete


@pytest.mark.parametrize("key", sorted(COMPLETE))
def test_each_required_field_left_out_is_missing_and_not_wrong(key: str) -> None:
    found = check("registration", {name: value for name, value in COMPLETE.items() if name != key})
    assert (found.errors, found.missing, found.complete) == ({}, (key,), False)


def test_a_promise_not_given_is_missing() -> None:
    assert check("registration", {**COMPLETE, "truth_commit": "off"}).missing == ("truth_commit",)


def test_an_optional_field_may_stay_empty() -> None:
    found = check("declaration", {**DECLARATION, "benefit_wanyuan": ""})
    assert found.complete
    assert found.values["benefit_wanyuan"] is None


def test_every_wrong_field_is_told_and_none_of_them_is_kept() -> None:
    found = check("registration", {**COMPLETE, "team_size": "2", "contact_email": "nowhere", "recommender": "8"})
    assert {key: [reason.key for reason in reasons] for key, reasons in found.errors.items()} == {
        "team_size": ["field_range"],
        "contact_email": ["field_email"],
        "recommender": ["field_choice"],
    }
    assert not found.complete
    assert not found.errors.keys() & found.values.keys()


def test_fields_that_the_form_does_not_have_are_left_out() -> None:
    found = check("registration", {**COMPLETE, "state": "awarded", "version": "99"})
    assert found.values.keys() == real().forms["registration"].fields.keys()
