"""What adopting a definition would do: where states go, what stands against it, what changes, and what is agreed to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from qtb.adoption_words import change_words
from qtb.domain import adoption, adoption_changes, definition, fields, rubric, workflow
from qtb.domain.adoption import Plan, Sheets, Standing
from qtb.domain.adoption_changes import NESTED, WORDINGS, Change
from qtb.domain.definition import Definition
from qtb.i18n import LANGUAGES, catalogue, in_words
from tests.adopting import MAPPING, as_definition, changed, evolve, renamed
from tests.domain.sample import edited, real
from tests.domain.small import small

ROWS = {key: True for key, row in real().timeline.rows.items() if row.gate}
FULL = Standing(states={"submitted": 4, "recommended": 3, "escalated": 2, "draft": 1}, rows=ROWS)


def planned(new: Definition, standing: Standing = FULL, mapping: dict[str, str] | None = None) -> Plan:
    """Compare the real programme with another."""
    return adoption.compare(real(), new, standing=standing, mapping=MAPPING if mapping is None else mapping)


def refusals(plan: Plan) -> list[str]:
    """Return the keys of what stands against a plan."""
    return [one.key for one in plan.refusals]


def change(plan: Plan, area: str, key: str) -> Change:
    """Return the one change of a piece."""
    return next(one for one in plan.changes if (one.area, one.key) == (area, key))


def part(plan: Plan, area: str, key: str, name: str) -> tuple[Any, Any]:
    """Return what a part of a changed piece was and is."""
    return next((one.before, one.after) for one in change(plan, area, key).parts if one.name == name)


def test_each_state_is_kept_mapped_gone_or_new() -> None:
    plan = planned(as_definition(evolve))
    fates = {one.key: (one.fate, one.n, one.to) for one in plan.places}
    assert fates["submitted"] == ("kept", 4, "submitted")
    assert fates["recommended"] == ("mapped", 3, "endorsed")
    assert fates["escalated"] == ("mapped", 2, "submitted")
    assert fates["screened"] == fates["endorsed"] == ("new", 0, "")
    assert fates["draft"] == ("kept", 1, "draft")
    assert refusals(plan) == []
    assert [one.key for one in plan.moving] == ["escalated", "recommended"]


def test_a_state_that_is_gone_needs_a_place_only_while_somebody_stands_there() -> None:
    new = as_definition(evolve)
    plan = planned(new, mapping={})
    assert refusals(plan) == ["adopt_unmapped", "adopt_unmapped"]
    assert [one.args["n"] for one in plan.refusals] == [2, 3]
    empty = planned(new, Standing(states={"submitted": 1}, rows=ROWS), {})
    assert refusals(empty) == []
    assert {one.key for one in empty.places if one.fate == "gone"} == {"escalated", "recommended"}


def test_wrong_names_in_the_mapping_are_said() -> None:
    plan = planned(as_definition(evolve), mapping={**MAPPING, "nowhere": "draft", "draft": "nirvana"})
    assert refusals(plan) == ["adopt_from", "adopt_to", "adopt_unmapped"]


def test_a_state_may_be_emptied_though_it_stays() -> None:
    plan = planned(as_definition(evolve), mapping={**MAPPING, "submitted": "screened"})
    place = next(one for one in plan.places if one.key == "submitted")
    assert (place.fate, place.to) == ("mapped", "screened")


def test_a_state_that_means_something_else_now_is_restated() -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["states"]["returned"]["kind"] = "live"

    standing = Standing(states={"returned": 5}, rows=ROWS)
    plan = planned(as_definition(edit), standing, {})
    assert [(one.key, one.fate, one.to) for one in plan.moving] == [("returned", "restated", "returned")]
    assert part(plan, "state", "returned", "kind") == ("side", "live")


def test_a_case_in_a_state_that_no_definition_knows_can_be_brought_back() -> None:
    standing = Standing(states={"limbo": 1}, rows=ROWS)
    assert refusals(planned(as_definition(evolve), standing, {})) == ["adopt_unmapped"]
    assert refusals(planned(as_definition(evolve), standing, {"limbo": "draft"})) == []


def test_nothing_to_do_and_another_programme() -> None:
    assert refusals(planned(real(), mapping={})) == ["adopt_same"]
    assert "adopt_programme" in refusals(planned(small(), mapping={}))


def test_only_layout_is_no_change() -> None:
    plan = planned(as_definition(lambda raw: None), mapping={})
    assert (plan.changes, refusals(plan)) == ((), [])
    assert plan.old.hash != plan.new.hash


def test_a_new_gate_row_must_be_in_the_timeline() -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["rows"]["defend"] = {**raw["rows"]["evaluate"], "title": {"zh": "现场答辩", "en": "Defence"}}

    new = as_definition(edit, "timeline.yaml")
    assert refusals(planned(new, mapping={})) == ["adopt_row"]
    assert refusals(planned(new, Standing(rows={**ROWS, "defend": False}), {})) == []
    assert change(planned(new, mapping={}), "row", "defend").kind == "added"


def test_a_row_that_wants_an_instant_is_noted() -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["rows"]["promote"]["held"] = "09:00"

    plan = planned(as_definition(edit, "timeline.yaml"), Standing(rows={**ROWS, "promote": False}), {})
    assert ([one.key for one in plan.notes], refusals(plan)) == (["adopt_held"], [])


def test_a_form_that_is_gone_is_refused_once_it_was_filled() -> None:
    def edit(raw: dict[str, Any]) -> None:
        for state in raw["states"].values():
            state["edits"] = [one for one in state.get("edits", []) if one["form"] != "declaration"]

    texts = {name: text for name, text in changed(edit).items() if name != "forms/declaration.yaml"}
    new = definition.from_files(texts)
    assert refusals(planned(new, Standing(rows=ROWS), {})) == []
    plan = planned(new, Standing(rows=ROWS, answers={"declaration": 7, "registration": 9}), {})
    assert [(one.key, one.args["n"]) for one in plan.refusals] == [("adopt_form", 7)]
    assert change(plan, "form", "declaration").kind == "gone"


def test_fields_that_come_and_go_are_told_and_new_duties_noted() -> None:
    def edit(raw: dict[str, Any]) -> None:
        first = raw["sections"][0]["fields"]
        gone = next(iter(first))
        del first[gone]
        first["slogan"] = {"type": "text", "label": {"zh": "口号", "en": "Slogan"}, "required": True, "max": 20}

    plan = planned(as_definition(edit, "forms/declaration.yaml"), Standing(rows=ROWS, answers={"declaration": 2}), {})
    fields_told = [(one.kind, one.key) for one in plan.changes if one.area == "field"]
    assert ("added", "slogan") in fields_told
    assert [kind for kind, _ in fields_told] == ["gone", "added"]
    assert [one.key for one in plan.notes] == ["adopt_required"]


def test_a_level_that_is_gone_is_refused_once_it_was_proposed() -> None:
    def edit(raw: dict[str, Any]) -> None:
        del raw["levels"]["PROGRESS"]

    new = as_definition(edit, "rubric.yaml")
    assert refusals(planned(new, Standing(rows=ROWS, levels={"BENCHMARK": 3}), {})) == []
    assert refusals(planned(new, Standing(rows=ROWS, levels={"PROGRESS": 1}), {})) == ["adopt_level"]


@pytest.mark.parametrize("what", ["max", "gone", "added", "step"])
def test_scores_by_another_scale_are_refused_and_unwritten_sheets_are_not(what: str) -> None:
    def edit(raw: dict[str, Any]) -> None:
        items = raw["sheets"]["MAT"]["items"]
        if what == "max":
            items["M8_FEATURE"]["max"] = 6
        elif what == "gone":
            del items["M8_FEATURE"]
        elif what == "added":
            items["M9"] = items["M8_FEATURE"]
        else:
            raw["step"] = 1

    new = as_definition(edit, "rubric.yaml")
    assert refusals(planned(new, Standing(rows=ROWS, sheets={"MAT": Sheets(4, 0)}), {})) == []
    assert refusals(planned(new, Standing(rows=ROWS, sheets={"MAT": Sheets(4, 1)}), {})) == ["adopt_scores"]


def test_another_sheet_in_front_is_refused_once_sheets_are_given_out() -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["sheets"] = {"TALK": raw["sheets"]["MAT"], **raw["sheets"]}

    new = as_definition(edit, "rubric.yaml")
    assert refusals(planned(new, Standing(rows=ROWS), {})) == []
    assert refusals(planned(new, Standing(rows=ROWS, sheets={"MAT": Sheets(1, 0)}), {})) == ["adopt_sheet"]


def test_other_wordings_in_the_rubric_are_no_other_scale() -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["sheets"]["MAT"]["items"]["M8_FEATURE"]["guide"] = {"zh": "更清楚的说明", "en": "Clearer"}

    plan = planned(as_definition(edit, "rubric.yaml"), Standing(rows=ROWS, sheets={"MAT": Sheets(4, 4)}), {})
    assert refusals(plan) == []
    assert [one.name for one in change(plan, "item", "M8_FEATURE").parts] == ["wording"]


def test_suspended_cases_need_a_rule_to_go_on_by() -> None:
    def edit(raw: dict[str, Any]) -> None:
        del raw["suspension"]

    new = as_definition(edit)
    assert refusals(planned(new, Standing(rows=ROWS), {})) == []
    assert refusals(planned(new, Standing(rows=ROWS, n_suspended=2), {})) == ["adopt_suspended"]
    assert change(planned(new, mapping={}), "suspension", "suspension").kind == "gone"


def test_what_changes_about_a_move_is_told_part_by_part() -> None:
    def edit(raw: dict[str, Any]) -> None:
        rule = raw["transitions"]["share"]
        rule["by"] = ["applicant"]
        rule["during"] = "publish"
        rule["label"] = {"zh": "公开", "en": "Publish"}
        rule["then"] = []
        rule["when"] = []
        rule["undo"] = {"by": ["organiser"]}
        raw["transitions"]["pass_on"]["at"]["working_days"] = 20

    plan = planned(as_definition(edit), mapping={})
    assert part(plan, "move", "share", "by") == (["organiser"], ["applicant"])
    assert part(plan, "move", "share", "during") == ("promote", "publish")
    assert {one.name for one in change(plan, "move", "share").parts} == {
        "by", "during", "then", "when", "undo", "wording",
    }  # fmt: skip
    assert [one.name for one in change(plan, "move", "pass_on").parts] == ["at"]
    said = change_words(plan, change(plan, "move", "share"), "zh")
    for words in ("公开", "办理角色", "主办方", "申报单位", "活动成果发布", "成果宣传推广", "在线分享通知", "30 天"):
        assert words in said
    assert "20" in change_words(plan, change(plan, "move", "pass_on"), "en")


def test_calendar_years_are_told() -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["worked"].append("2024-06-01")

    plan = planned(as_definition(edit, "calendar/2024.yaml"), mapping={})
    assert [(one.area, one.key) for one in plan.changes] == [("calendar", "2024")]
    assert "2024-06-01" in change_words(plan, plan.changes[0], "zh")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_change_and_refusal_has_words(lang: str) -> None:
    plans = [planned(as_definition(evolve), mapping={}), planned(small(), mapping={"draft": "x"})]
    for plan in plans:
        said = [change_words(plan, one, lang) for one in plan.changes]
        said += [in_words(one, lang) for one in (*plan.refusals, *plan.notes)]
        assert len(said) > 5
        for text in said:
            assert not {"adoption.", "refusal.", "cli.", "role.", "letter.", "form.", "%("} & set(text.split()), text
            assert "adoption." not in text
            assert "cli." not in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_part_that_can_change_has_a_name(lang: str) -> None:
    shapes: list[type[BaseModel]] = [
        workflow.State, workflow.Transition, workflow.Reminder, workflow.Suspension, workflow.RowKind,
        workflow.Programme, fields.FieldSpec, fields.FormSpec, rubric.Sheet, rubric.Item, rubric.Level,
    ]  # fmt: skip
    names = {name for shape in shapes for name in shape.model_fields} - WORDINGS - NESTED
    names |= {"wording", "path", "code", "step", "days"}
    known = catalogue(lang)._catalog
    assert [name for name in sorted(names) if f"adoption.part.{name}" not in known] == []


def test_the_digest_is_of_what_is_agreed_to() -> None:
    new = as_definition(evolve)
    shown = planned(new).digest
    busy = Standing(states={**FULL.states, "submitted": 40}, rows=ROWS)
    assert planned(new, busy).digest == shown
    more = Standing(states={**FULL.states, "recommended": 4}, rows=ROWS)
    assert planned(new, more).digest != shown
    assert planned(new, mapping={**MAPPING, "escalated": "screened"}).digest != shown
    due = adoption.Due("award", new.workflow.transitions["award"].label, 1)
    assert replace(planned(new), due=(due,)).digest != shown


def test_a_plan_is_plain_values() -> None:
    told = json.loads(json.dumps(planned(as_definition(evolve), mapping={}).as_dict(), ensure_ascii=False))
    assert set(told) == {"old", "new", "states", "refusals", "notes", "changes", "due"}
    assert told["refusals"][0]["args"]["state"]["zh"]
    assert {"key", "label", "fate", "n", "to", "to_label"} == set(told["states"][0])


def test_a_mere_name_is_no_change_of_what_names_it() -> None:
    new = as_definition(lambda raw: renamed(raw, "recommended", "endorsed"))
    standing = Standing(states={"recommended": 1}, rows=ROWS)
    assert planned(new, standing, {"recommended": "endorsed"}).changes == ()
    assert {one.area for one in planned(new, standing, {}).changes} == {"path", "move", "reminder", "queue", "quota"}


def test_certificates_that_hold_are_not_ended_by_adopting() -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["from"] = ["shared"]

    new = as_definition(edit, "certificate.yaml")
    held = Standing(rows=ROWS, certificates={"awarded": 2, "shared": 1, "revoked": 4})
    plan = planned(new, held, {})
    assert refusals(plan) == ["adopt_certificates"]
    assert plan.refusals[0].args == {"n": 2}
    assert change(plan, "certificate", "certificate").kind == "changed"
    assert refusals(planned(new, Standing(rows=ROWS, certificates={"shared": 1, "revoked": 4}), {})) == []
    assert refusals(planned(real(), held, {})) == ["adopt_same"]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("old", "new", "file", "area"),
    [
        ("drop_high: 1", "drop_high: 0", "rubric.yaml", "reckoning"),
        ("ties: [M7_RESULTS, M6_IMPROVE", "ties: [M6_IMPROVE", "rubric.yaml", "reckoning"),
        ('{MAT: "0.7", PRE: "0.3"}', '{MAT: "0.6", PRE: "0.4"}', "rubric.yaml", "reckoning"),
        ("  answer_days: 15", "  answer_days: 10", "workflow.yaml", "objections"),
        ("  - {form: registration, field: district}\n", "", "workflow.yaml", "figures"),
        ("    until: recommend\n    most: 1", "    until: recommend\n    most: 2", "workflow.yaml", "reroutes"),
    ],
)
def test_what_a_whole_part_says_differently_is_told(lang: str, old: str, new: str, file: str, area: str) -> None:
    found = adoption_changes.changes(real(), edited(old, new, file))
    assert [one.area for one in found] == [area]
    assert f"adoption.area.{area}" in catalogue(lang)._catalog
