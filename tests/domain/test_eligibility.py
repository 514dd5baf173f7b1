"""The rules of eligibility: each met and unmet, what is missing, what time does, what is switched off, and lint."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtb.domain import eligibility, lint
from qtb.domain.eligibility import Earlier, Finding, Situation, judge
from qtb.domain.errors import DefinitionError
from qtb.i18n import in_words
from qtb.services import definitions
from qtb.services.eligibility import labels
from tests.domain.sample import edited, real

DEFINITION = real()
RULES = DEFINITION.eligibility.rules
DAY = date(2024, 5, 20)
VALUES: dict[str, dict[str, Any]] = {
    "registration": {
        "uscc": "91310000000000001Y", "district": "PUDONG", "team_founded": "2019-03", "dept_in_charge": "质量部",
        "secret_level": False,
    },
    "declaration": {
        "build_from": "2023-01", "build_to": "2023-12", "incidents_any": "none", "publicity_from": "2024-05-06",
        "publicity_to": "2024-05-10",
    },
}  # fmt: skip
SITUATION = Situation(
    2024, DEFINITION.calendar, {"registration": True, "declaration": True}, recommender=True, labels=labels(DEFINITION)
)


def found(code: str, values: Any = VALUES, situation: Situation = SITUATION, on: date = DAY) -> Finding:
    """Return what one rule comes to."""
    (finding,) = [one for one in judge(RULES, values, situation, on=on) if one.code == code]
    return finding


def but(**given: Any) -> dict[str, dict[str, Any]]:
    """Return the values with some fields changed, whichever form they stand on."""
    return {form: {**fields, **{key: given[key] for key in given if key in fields}} for form, fields in VALUES.items()}


TOLD = {"E6", "E12", "E15"}
UNMET: list[tuple[str, str, dict[str, Any], dict[str, Any], str]] = [
    ("E1", "not_yet", {"district": ""}, {}, "所在区"),
    ("E2", "blocks", {"team_founded": "2023-06"}, {}, "11 个月（至少 12 个月）"),
    ("E3", "warns", {"build_from": "2023-08"}, {}, "5 个月（至少 6 个月）"),
    ("E3", "warns", {"build_from": "2021-01", "build_to": "2022-04"}, {}, "25 个月（不超过 24 个月）"),
    ("E4", "blocks", {}, {"complete": {"registration": False, "declaration": True}}, "报名表"),
    ("E5", "blocks", {"incidents_any": "some"}, {}, "没有"),
    ("E7", "blocks", {}, {"recommender": False}, "推荐单位"),
    ("E8", "warns", {}, {"earlier": (Earlier(2022, "BENCHMARK"),)}, "2025 年起"),
    ("E10", "warns", {}, {"n_of_unit": 5}, "6 项（最多 5 项）"),
    ("E10", "warns", {}, {"n_of_team": 1}, "2 项（最多 1 项）"),
    ("E11", "blocks", {}, {"elsewhere_team": True}, "其他推荐单位"),
    ("E11", "blocks", {}, {"elsewhere_title": True}, "其他推荐单位"),
    ("E13", "blocks", {}, {"complete": {"registration": True}}, "申报表"),
    ("E14", "blocks", {"secret_level": True}, {}, "否"),
    ("E16", "warns", {"publicity_to": "2024-05-09"}, {}, "4 个工作日（至少 5 个）"),
]  # fmt: skip


def test_every_rule_is_there_and_has_an_example() -> None:
    assert list(RULES) == [f"E{n}" for n in range(1, 17)]
    assert {code for code, *_ in UNMET} | TOLD | {"E9"} == set(RULES)
    assert not RULES["E9"].on


@pytest.mark.parametrize("code", [code for code in RULES if code not in TOLD | {"E9"}])
def test_each_rule_is_met(code: str) -> None:
    finding = found(code)
    assert (finding.status, finding.counts) == ("met", False)
    assert all(in_words(why, lang) for why in finding.why for lang in ("zh", "en"))


@pytest.mark.parametrize(("code", "status", "values", "situation", "said"), UNMET)
def test_each_rule_is_unmet_and_says_why_with_the_numbers(
    code: str, status: str, values: dict[str, Any], situation: dict[str, Any], said: str
) -> None:
    finding = found(code, but(**values), replace(SITUATION, **situation))
    counts = RULES[code].severity == "block" and not RULES[code].guarded
    assert (finding.status, finding.counts) == (status, counts)
    assert said in " ".join(in_words(why, "zh") for why in finding.why)
    assert all("%" not in in_words(why, "en") for why in finding.why)


@pytest.mark.parametrize("code", sorted(TOLD))
def test_what_is_only_said_is_information(code: str) -> None:
    assert found(code).status == "info"


def test_a_form_that_nobody_has_saved_is_not_asked_but_one_with_a_gap_is() -> None:
    assert found("E2", {}).status == "not_yet"
    assert not found("E2", {}).counts
    gap = found("E2", but(team_founded=""))
    assert (gap.status, gap.counts) == ("not_yet", True)


def test_what_is_missing_is_said_once() -> None:
    (why,) = found("E3", but(build_from="", build_to="")).why
    assert why.key == "rule_missing"
    assert why.args["fields"] == tuple(dict.fromkeys(cast("tuple[str, ...]", why.args["fields"])))
    assert len(cast("tuple[str, ...]", why.args["fields"])) == 2


def test_the_holidays_count_as_no_working_days() -> None:
    assert found("E16", but(publicity_from="2024-04-29", publicity_to="2024-05-05")).status == "warns"
    assert found("E16", but(publicity_from="2024-04-28", publicity_to="2024-05-07")).status == "met"
    assert found("E16", but(publicity_from="1999-04-28", publicity_to="1999-05-07")).status == "not_yet"
    assert found("E16", but(publicity_from="2024-05-10", publicity_to="2024-05-06")).status == "warns"


def test_a_waived_rule_stands_in_nobodys_way_and_says_why() -> None:
    finding = found("E5", but(incidents_any="some"), replace(SITUATION, waived={"E5": "主办方同意"}))
    assert (finding.status, finding.counts, finding.waived) == ("info", False, "主办方同意")


def test_each_blocking_rule_is_said_by_its_code() -> None:
    several = judge(RULES, but(incidents_any="some", team_founded="2024-03"), SITUATION, on=DAY)
    told = [in_words(why, "zh") for why in eligibility.blocking(several)]
    assert [text.split()[0] for text in told] == ["E2", "E5"]


months = st.dates(date(2018, 1, 1), date(2024, 12, 31)).map(lambda day: day.isoformat()[:7])
days = st.dates(date(2024, 1, 1), date(2025, 12, 31))


@given(founded=months, one=days, two=days)
def test_a_team_only_grows_older(founded: str, one: date, two: date) -> None:
    first, last = (found("E2", but(team_founded=founded), on=day).status for day in sorted((one, two)))
    assert (first, last) != ("met", "blocks")


@given(ended=months, one=days, two=days)
def test_what_has_ended_only_recedes(ended: str, one: date, two: date) -> None:
    values = but(build_from="2015-01", build_to=ended)
    first, last = (found("E3", values, on=day).status for day in sorted((one, two)))
    assert (first, last) != ("warns", "met")


anything = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=12) | months | days.map(str)


@given(st.dictionaries(st.sampled_from([*VALUES["registration"], *VALUES["declaration"]]), anything), days)
def test_nothing_that_is_typed_breaks_a_rule_or_wakes_one_that_is_off(given_: dict[str, Any], day: date) -> None:
    off = {code: rule.model_copy(update={"on": False}) for code, rule in RULES.items()}
    assert judge(off, but(**given_), SITUATION, on=day) == []
    for finding in judge(RULES, but(**given_), SITUATION, on=day):
        assert finding.code != "E9"
        assert finding.counts <= (finding.rule.severity == "block")
        assert finding.counts <= (finding.status != "met")
        assert all(in_words(why, "zh") for why in finding.why)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("field: registration.team_founded", "field: registration.team_begun", "unknown field registration.team_begun"),
        ("field: registration.team_founded", "field: registration.uscc", "is no month or date"),
        ("forms: [registration]", "forms: [report]", "unknown form report"),
        ("forms: [declaration]", "forms: [registration]", "submit is not guarded by registration_complete"),
        ("    test:\n      a_year", "    guarded: true\n    test:\n      a_year", "not guarded by nothing_complete"),
        ("years: {BENCHMARK: 2}", "years: {GOLD: 2}", "unknown level GOLD"),
        ("incidents_any, value: none", "incidents_any, value: never", "never becomes never"),
        ("at: [sharing]", "at: [dreaming]", "unknown stage dreaming"),
        ("sharing: [share]", "sharing: [publish]", "unknown move publish"),
        ("sharing: [share]", "sharing: [withdraw]", "the move withdraw is not guarded by n_blocks"),
        ("recommending: [recommend, recommend_instead]", "recommending: [recommend]", "no stage of eligibility.yaml"),
        ("sharing: [share]", "sharing: [share, submit]", "belongs to another stage too"),
    ],
)
def test_lint_names_what_does_not_resolve(old: str, new: str, said: str) -> None:
    found_ = lint.findings(edited(old, new, "eligibility.yaml"), definitions.letters())
    assert any(said in one and ".yaml:" in one for one in found_), found_


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("years: {BENCHMARK: 2}", "ages: {BENCHMARK: 2}", "eligibility.yaml:"),
        ("      cool_off: {years: {BENCHMARK: 2},", "      cooling: {years: {BENCHMARK: 2},", "cooling"),
        ("severity: info\n    at: [recommending]", "severity: block\n    at: [recommending]", "has a test"),
    ],
)
def test_an_unknown_test_or_parameter_is_refused_with_its_place(old: str, new: str, said: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        edited(old, new, "eligibility.yaml")
    assert any(said in one for one in refused.value.findings), refused.value.findings


def test_a_programme_may_have_no_rules() -> None:
    assert real().eligibility is not None
    assert eligibility.judge({}, VALUES, SITUATION, on=DAY) == []
