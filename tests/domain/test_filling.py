"""Merging, comparing, copying and counting filled forms: pure, by the fields alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtb.domain import copying, form_diff
from qtb.domain.fields import FieldSpec, FormSpec
from qtb.domain.form_check import check
from qtb.domain.merge import is_same, merge
from qtb.domain.progress import Progress, progress, total

TODAY = date(2024, 5, 20)
LABEL = {"zh": "甲", "en": "A"}


def field(kind: str, **more: Any) -> dict[str, Any]:
    """One field."""
    return {"type": kind, "label": LABEL, **more}


FORM = FormSpec.model_validate(
    {
        "title": LABEL,
        "sections": [
            {"title": LABEL, "fields": {
                "name": field("text", required=True, max=20), "size": field("int", required=True),
                "year": field("int", auto="year"), "agreed": field("bool", must_be_true=True, copies=False),
                "kind": field("enum", choices=[{"key": "A", "label": LABEL}]),
            }},
            {"title": LABEL, "fields": {
                "why": field("longtext", required=True, asked_if=[{"field": "kind", "op": "eq", "value": "A"}]),
                "to": field("ref", refers="recommenders"),
                "members": field("rows", columns={"who": field("text", required=True), "age": field("int")}),
            }},
        ],
    }
)  # fmt: skip


def test_what_one_side_changed_is_taken_and_what_both_changed_is_asked() -> None:
    base = {"name": "甲", "size": 1, "why": "原"}
    mine = {**base, "name": "乙", "why": "我"}
    found = merge(FORM, base, theirs={**base, "size": 2, "why": "他"}, mine=mine, picks={})
    assert (found.values["name"], found.values["size"]) == ("乙", 2)
    assert found.clashes == {"why": ("他", "我")}
    for pick, text in (("theirs", "他"), ("mine", "我")):
        chosen = merge(FORM, base, theirs={**base, "why": "他"}, mine={**base, "why": "我"}, picks={"why": pick})
        assert (chosen.values["why"], chosen.clashes) == (text, {})


def test_nought_is_an_answer_and_nothing_is_one_nothing() -> None:
    assert not is_same(0, None)
    assert all(is_same(one, other) for one in (None, "", [], False) for other in (None, "", [], False))
    assert merge(FORM, {"size": 1}, theirs={"size": 0}, mine={"size": None}, picks={}).clashes == {"size": (0, None)}


def test_what_the_system_says_never_clashes() -> None:
    assert merge(FORM, {"year": 1}, theirs={"year": 2}, mine={"year": 3}, picks={}).clashes == {}


SIDES = st.fixed_dictionaries(
    {"name": st.sampled_from(["", "甲", "乙"]), "size": st.sampled_from([None, 0, 1]), "agreed": st.booleans()}
)


@given(SIDES, SIDES, SIDES)
def test_a_merge_loses_no_change(base: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any]) -> None:
    found = merge(FORM, base, theirs=theirs, mine=mine, picks={})
    for key in base:
        changed = [side[key] for side in (theirs, mine) if not is_same(side[key], base[key])]
        if key in found.clashes:
            assert found.clashes[key] == (theirs[key], mine[key])
        elif changed:
            assert all(is_same(found.values[key], one) for one in changed)
        else:
            assert is_same(found.values[key], base[key])


def counts(raw: dict[str, Any]) -> list[tuple[int, int]]:
    """Return (done, all) of each section."""
    return [(part.n_done, part.n_all) for part in progress(FORM, check(FORM, raw, today=TODAY))]


def test_progress_counts_what_is_required_of_what_is_asked() -> None:
    assert counts({}) == [(0, 3), (0, 0)]
    assert counts({"name": "甲", "size": "many"}) == [(1, 3), (0, 0)]
    assert counts({"name": "甲", "size": "3", "agreed": "on", "kind": "A"}) == [(3, 3), (0, 1)]
    assert counts({"members": [{"age": "3"}]}) == [(0, 3), (0, 1)]  # a row lacks what its column requires
    assert total([Progress(1, 3), Progress(0, 1)]) == Progress(1, 4)


def test_a_form_that_could_be_handed_in_is_wholly_done() -> None:
    checked = check(FORM, {"name": "甲", "size": "3", "agreed": "on"}, today=TODAY)
    done = total(progress(FORM, checked))
    assert checked.complete
    assert done.n_done == done.n_all


def shown(spec: FieldSpec, value: Any) -> str:
    """A value in words."""
    return "" if value is None else str(value)


@given(st.text("甲乙丙𝟙 \n", max_size=30), st.text("甲乙丙𝟙 \n", max_size=30))
def test_pieces_give_both_texts_back(before: str, after: str) -> None:
    found = form_diff.texts(before, after)
    assert "".join(text for kind, text in found if kind != "ins") == before
    assert "".join(text for kind, text in found if kind != "del") == after


def test_a_comparison_marks_characters_rows_and_what_stayed() -> None:
    before = {"name": "总装一班", "size": 12, "members": [{"who": "甲", "age": 1}, {"who": "乙", "age": 2}]}
    after = {"name": "总装二班", "size": 13, "members": [{"who": "乙", "age": 2}, {"who": "丙", "age": 3}]}
    found = {one.key: one for one in form_diff.compare(FORM, before, after, shown=shown)}
    assert found["name"].pieces == [("same", "总装"), ("del", "一"), ("ins", "二"), ("same", "班")]
    assert found["size"].pieces == [("del", "12"), ("ins", "13")]
    assert found["kind"].is_same
    assert [row.kind for row in found["members"].rows] == ["del", "same", "ins"]


def test_two_long_texts_without_anything_in_common_are_compared_soon() -> None:
    pieces = form_diff.texts("".join(map(chr, range(0x4E00, 0x9000))), "".join(map(chr, range(0x9000, 0x4E00, -1))))
    assert {kind for kind, _ in pieces} >= {"ins", "del"}


def test_a_copy_fills_what_is_empty_and_says_what_it_left_out() -> None:
    source = {"name": "旧名", "size": 9, "agreed": True, "kind": "GONE", "to": 3, "members": [{"who": "甲", "age": 1}]}
    found = copying.copy(FORM, source, into={"name": "新名", "members": [{"who": " ", "age": ""}]}, today=TODAY)
    assert found.values == {"name": "新名", "size": 9, "members": [{"who": "甲", "age": 1}]}
    assert (found.taken, found.kept) == (("size", "members"), ("name",))
    assert found.left_out == ("agreed", "kind", "to")  # declared anew each time, no longer a choice, never copied


@pytest.mark.parametrize("odd", ["text", 7, {"a": 1}, [1], [{"age": "many"}]])
def test_rows_of_another_shape_are_not_copied(odd: Any) -> None:
    assert copying.copy(FORM, {"members": odd}, into={}, today=TODAY).left_out == ("members",)
