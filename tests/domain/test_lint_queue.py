"""Lint of the queue, the ranking, the quota and due dates: each thing that it refuses."""

from __future__ import annotations

import pytest

from qtb.domain import lint
from qtb.services.definitions import letters
from tests.domain.sample import edited

RANKING = "ranking: {by: recommender, during: recommend}"
MOVES = "  moves: [recommend]"
CASES = [
    ("from: [returned], ranked: true", "from: [lost], ranked: true", "queue.2.from: unknown state lost"),
    ("from: [returned], ranked: true", "from: [submitted], ranked: true", "submitted stands in two groups"),
    (RANKING, RANKING.replace("recommender", "organiser"), "no unit's own works: organiser"),
    (RANKING, RANKING.replace("during: recommend", "during: spring"), "no gate: spring"),
    (RANKING, RANKING.replace("during: recommend", "during: briefing"), "no gate: briefing"),
    (MOVES, "  moves: [promote]", "quota.moves: unknown move promote"),
    ("  counts: [recommended,", "  counts: [praised,", "quota.counts: unknown state praised"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "finding"), CASES)
def test_lint_refuses(old: str, new: str, finding: str) -> None:
    found = lint.findings(edited(old, new), letters())
    assert any(finding in one for one in found)


def test_a_due_date_needs_a_row_to_lie_in() -> None:
    dated = "    note: required\n    due: optional"
    found = lint.findings(edited(f"    during: recommend\n{dated}", dated), letters())
    assert any("transitions.return.due: a due date lies within a row" in one for one in found)
