"""`qtb evaluation aggregate`: the vectors by the command, and every wrong file told in a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import good, refused


def given(tmp_path: Path, what: Any) -> str:
    file = tmp_path / "scores.json"
    file.write_text(json.dumps(what), "utf-8")
    return str(file)


def one(judge: str = "a", total: Any = "88.5", **more: Any) -> dict[str, Any]:
    return {"judge": judge, "total": total, **more}


def test_a_work_is_reckoned_by_the_rules(tmp_path: Path) -> None:
    scores = [one("a", "88.5"), one("b", "91", recused=True), one("c", "86.25"), one("d", 90), one("e", "79")]
    file = given(tmp_path, {"sheet": "MAT", "scores": scores})
    told = json.loads(good({}, "evaluation", "aggregate", file))
    assert [told[key] for key in ("valid", "used", "mean")] == [4, 2, "87.38"]
    assert (told["dropped_high"], told["dropped_low"], told["flags"]) == (["d"], ["e"], [])
    assert [(each["judge"], each["fate"]) for each in told["scores"]] == [
        ("a", "used"), ("b", "recused"), ("c", "used"), ("d", "high"), ("e", "low"),
    ]  # fmt: skip


def test_without_a_valid_score_there_is_no_result(tmp_path: Path) -> None:
    told = json.loads(good({}, "evaluation", "aggregate", given(tmp_path, {"sheet": "PRE", "scores": []})))
    assert (told["valid"], told["mean"], told["flags"]) == (0, None, ["few"])


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"sheet": "NONE", "scores": []}, "MAT"),
        ({"scores": []}, "MAT"),
        ({"sheet": "MAT"}, "scores"),
        ({"sheet": "MAT", "scores": {}}, "scores"),
        ({"sheet": "MAT", "scores": ["88"]}, "scores"),
        ({"sheet": "MAT", "scores": [{"total": "88"}]}, "judge"),
        ({"sheet": "MAT", "scores": [one(recused="no")]}, "recused"),
        ({"sheet": "MAT", "scores": [one(total="eighty")]}, "eighty"),
        ({"sheet": "MAT", "scores": [one(total="NaN")]}, "NaN"),
        ({"sheet": "MAT", "scores": [one(total="1e400000000")]}, "100"),
        ({"sheet": "MAT", "scores": [one(total=True)]}, "True"),
        ({"sheet": "MAT", "scores": [one(total="100.5")]}, "100"),
        ({"sheet": "MAT", "scores": [one(total="-1")]}, "100"),
        ({"sheet": "MAT", "scores": [one(), one()]}, "a"),
    ],
)
def test_what_cannot_be_reckoned_is_refused_with_a_sentence(tmp_path: Path, what: Any, said: str) -> None:
    assert said in refused({}, "evaluation", "aggregate", given(tmp_path, what))
