"""Likeness: titles by letters, texts by shared sentences, teams of one unit by name; the same however they come."""

from __future__ import annotations

import random

import pytest

from qtb.domain.likeness import SHORTEST, USUAL, Pair, Work, alike, plain, sentences

LINES = [f"第{n}条做法是把工序{n * 7}的返工原因逐一列出并当班处理" for n in range(40)]


def work(n: int, title: str = "", lines: list[str] | None = None, **given: object) -> Work:
    """Return a work with its own unit, team and title, unless others are given."""
    texts = {"x": "。".join(lines or [])}
    about = {"year": 2024, "unit_id": n, "team": f"{n}班", "title": title, "texts": texts, **given}
    return Work(n, **about)  # type: ignore[arg-type]


def only(*works: Work, year: int = 2024) -> Pair | None:
    """Return the one pair that looks alike, or None."""
    found = alike(works, year=year)
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        ("降低总装线返工率", "降低总装线返工率", True), ("降低总装线返工率", "降低 总装线 返工率！", True),
        ("降低总装线的返工率", "降低总装线返工率", True), ("降低总装线返工率", "缩短设备故障停机时间", False),
        ("ABC提升", "ａｂｃ提升", True), ("", "", False), ("！", "！", False),
    ],
)  # fmt: skip
def test_titles_are_compared_by_their_letters(one: str, other: str, is_alike: bool) -> None:
    assert (only(work(1, one), work(2, other)) is not None) == is_alike


def test_a_text_is_alike_by_how_much_of_the_shorter_stands_in_the_other() -> None:
    whole, half = work(1, lines=LINES[:10]), work(2, lines=LINES[:5] + LINES[20:25])
    pair = only(whole, half)
    assert pair is not None
    assert 45 <= pair.text <= 55
    assert only(whole, work(2, lines=LINES[10:20])) is None
    inside = only(whole, work(3, lines=LINES[2:4]))
    assert inside is not None
    assert inside.text == 100


def test_short_and_usual_sentences_tell_nothing() -> None:
    short = ["短句" * (SHORTEST // 2 - 1)] * 5
    assert only(work(1, lines=short), work(2, lines=short)) is None
    assert alike([work(n, lines=LINES[:2]) for n in range(USUAL + 1)], year=2024) == []
    assert len(alike([work(n, lines=LINES[:2]) for n in range(3)], year=2024)) == 3


def test_teams_are_compared_within_their_unit_and_year() -> None:
    assert only(work(1, team="总装一班组", unit_id=9), work(2, team="总装一班", unit_id=9)) is not None
    assert only(work(1, team="总装一班", unit_id=9), work(2, team="总装二班", unit_id=9)) is None
    assert only(work(1, team="总装一班", unit_id=8), work(2, team="总装一班", unit_id=9)) is None
    assert only(work(1, team="总装一班", unit_id=9, year=2023), work(2, team="总装一班", unit_id=9)) is None


def test_other_years_are_compared_with_but_not_among_themselves() -> None:
    old, older = work(1, "降低返工率做法", year=2023), work(2, "降低返工率做法", year=2022)
    assert alike([old, older], year=2024) == []
    found = alike([old, older, work(3, "降低返工率做法")], year=2024)
    assert [(one.low_id, one.high_id) for one in found] == [(1, 3), (2, 3)]


def test_the_order_of_the_works_changes_nothing() -> None:
    chance = random.Random(4)
    works = [work(n, f"降低{n % 7}号线返工率", chance.sample(LINES, 6)) for n in range(30)]
    found = alike(works, year=2024)
    assert found
    for _ in range(5):
        chance.shuffle(works)
        assert alike(works, year=2024) == found


def test_sentences_are_the_text() -> None:
    for text in ("", "一。二！三", "\n\n一\n", "没有句号", "a;b；c"):
        assert "".join(sentences(text)) == text
    assert plain("Ａ b－1。") == "ab1"
