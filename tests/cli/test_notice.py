# ruff: noqa: E501 - tables of cases are easier to judge unbroken
"""`qtb notice` at the terminal: what goes to which stream, with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qtb.cli.notice import WORDS, notice
from qtb.domain.notice_words import WORDS as DOUBTS

TEXT = "关于开展2024年活动的通知\n序号\t内容\t时间\t责任单位\n1\t活动报名http://a.cn\t2月底\t各单位\n2\t评审\t待定\t协会\n某协会\n2024年1月15日\n"


def _run(*arguments: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(notice, list(arguments), input=given)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "通知.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_json_is_all_there_is_on_stdout(file: Path) -> None:
    result = _run("read", str(file), "--format", "json")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert json.loads(result.stdout) == {
        "title": "关于开展2024年活动的通知",
        "year": 2024,
        "notice_date": "2024-01-15",
        "rows": [
            {"seq": 1, "title": "活动报名", "text": "2月底", "start": "2024-02-21", "end": "2024-02-29", "party": "各单位",
             "url": "http://a.cn", "fuzzy": True, "inherited": False},
            {"seq": 2, "title": "评审", "text": "待定", "start": None, "end": None, "party": "协会", "url": None, "fuzzy": False,
             "inherited": False},
        ],
        "warnings": [{"row": 2, "code": "undecided", "message": "第2行「待定」表明时间尚未确定，请在确定后填写。"}],
    }  # fmt: skip
    assert '\n  "title": "关于' in result.stdout


def test_pasted_text_and_year_and_language(file: Path) -> None:
    text = "关于活动的通知\n内容\t时间\n报名\t3月\n评审\t待定\n"
    result = _run("read", "-", "--format", "json", "--year", "2025", "--lang", "en", given=text)
    found = json.loads(result.stdout)
    assert (found["year"], found["rows"][0]["start"]) == (2025, "2025-03-01")
    assert found["warnings"][0]["message"].startswith("Row 2")
    assert json.loads(_run("read", "-", "--format", "json", given=text).stdout)["warnings"][0]["code"] == "year_unknown"


def test_table_is_aligned(file: Path) -> None:
    lines = _run("read", str(file)).stdout.splitlines()
    assert "活动报名" in lines[3]
    assert "2024-02-21~" in lines[3]
    assert lines[-1].startswith("! 第2行")
    assert "As printed" in _run("read", str(file), "--lang", "en").stdout


def test_no_schedule_is_three() -> None:
    result = _run("read", "-", "--format", "json", given="感谢信\n谢谢大家。\n")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["rows"] == []
    assert result.stderr == "没有找到活动时间安排。\n"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("a.docx", b"junk", "损坏"), ("a.exe", b"MZ\x00\x01\x02", "exe"), ("a.txt", b"", "没有内容"), ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "另存"),
     ("a.txt", bytes(range(256)) * 9, "编码")],
)  # fmt: skip
def test_unreadable_is_two(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    result = _run("read", str(tmp_path / name), "--format", "json")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["read", "/no/such/file"], ["read", "/"], ["read", "a\x00b"], ["read", "-", "--year", "12"], ["read", "-", "--year", "x"],
                                       ["read"], ["read", "-", "--format", "xml"], ["diff", "-"]])  # fmt: skip
def test_wrong_use_is_two(arguments: list[str]) -> None:
    result = _run(*arguments, given="3月")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_diff(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.txt"
    other.write_text(file.read_text("utf-8").replace("2月底", "3月"), encoding="utf-8")
    assert "改期  1  活动报名" in _run("diff", str(file), str(other)).stdout
    (change,) = json.loads(_run("diff", str(file), str(other), "--format", "json").stdout)
    assert (change["kind"], change["old"]["start"], change["new"]["start"]) == ("moved", "2024-02-21", "2024-03-01")
    assert _run("diff", str(file), str(file)).stdout == ""


def test_every_wording_stands_in_both_languages() -> None:
    assert all(len(pair) == 2 and all(pair) for pair in [*WORDS.values(), *DOUBTS.values()])
