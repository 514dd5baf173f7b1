"""`qtb form`: the fields as data, and a filled form's errors by field, exit 1 where there are any."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.calls import good, refused, run
from tests.world import REGISTRATION


def test_a_form_is_shown_as_data() -> None:
    told = json.loads(good({}, "form", "show", "registration", "--format", "json"))
    fields = {field["key"]: field for field in told["fields"]}
    assert (told["form"], told["about"], told["title"]["zh"]) == ("registration", "submission", "报名表")
    assert fields["uscc"]["required"]
    assert fields["uscc"]["pattern"] == "uscc"
    assert [column["key"] for column in fields["members"]["columns"]][:3] == ["name", "sex", "age"]
    assert "members.name" in good({}, "form", "show", "registration")


def test_a_filled_form_is_checked_as_the_page_checks_it(tmp_path: Path) -> None:
    file = tmp_path / "filled.json"
    whole = {**REGISTRATION, "recommender": 7, "team_name": "总装一班"}
    file.write_text(json.dumps(whole, ensure_ascii=False), "utf-8")
    assert json.loads(good({}, "form", "check", "registration", str(file))) == {"errors": {}, "ok": True}
    file.write_text(json.dumps({**whole, "uscc": "91310000000000001X"}, ensure_ascii=False), "utf-8")
    told = run({}, "form", "check", "registration", str(file))
    assert told.exit_code == 1
    assert json.loads(told.stdout) == {"errors": {"uscc": ["统一社会信用代码的校验码不对，请核对。"]}, "ok": False}


def test_names_that_a_form_does_not_have_are_told(tmp_path: Path) -> None:
    file = tmp_path / "filled.json"
    members = [{**REGISTRATION["members"][0], "rank": "1"}, *REGISTRATION["members"][1:]]
    whole = {**REGISTRATION, "recommender": 7, "team_name": "总装一班", "members": members, "teamname": "总装"}
    file.write_text(json.dumps(whole, ensure_ascii=False), "utf-8")
    told = run({}, "form", "check", "registration", str(file))
    assert told.exit_code == 1
    assert json.loads(told.stdout)["errors"] == {
        "teamname": ["表中没有这一项。"], "members.0.rank": ["表中没有这一项。"],
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "[]", "{", "3", "[" * 100_000, '{"a": ' + "9" * 5_000 + "}", "\x00"])
def test_what_is_no_json_object_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "odd.json"
    file.write_text(text, "utf-8")
    assert "JSON" in refused({}, "form", "check", "registration", str(file))


def test_where_a_json_file_is_wrong_is_told_in_chinese(tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_text('{"a": 1,\n "b" 2}', "utf-8")
    told = refused({}, "form", "check", "registration", str(file))
    assert "第 2 行第 6 个字符" in told
    assert "没有文件" in refused({}, "form", "check", "registration", str(tmp_path / "none.json"))


def test_unknown_forms_and_files_are_named(tmp_path: Path) -> None:
    assert "registration" in refused({}, "form", "show", "nope")
    assert refused({}, "form", "check", "registration", str(tmp_path / "none.json"))
