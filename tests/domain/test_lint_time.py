"""Lint of what has to do with time: silences, reminders, undoing, suspension."""

from __future__ import annotations

import pytest

from qtb.domain import lint
from qtb.services.definitions import letters
from tests.domain.sample import edited, real

SOON = """  declare_soon:
    at: {row: declare, edge: closes}
    days: [14, 3, 1]
    from: [registered]
    to: applicant
    letter: declare_soon"""
SILENT = """  recommend_silent:
    at: {row: recommend, edge: silent, working_days: 5}
    from: [submitted]
    to: recommender
    each: unit"""
ABOVE = """    to: above
    each: unit"""
SCORE = """    to: evaluator
    each: person"""
PASS_ON = "    to: escalated\n    at: {row: recommend, edge: silent, working_days: 15}"
LAPSE = "    to: lapsed\n    at: {row: register, edge: closes}"
SUSPENSION = "suspension: {by: [organiser], from: [start, live, side], gives_back: true}"
UNDO = "    undo: {by: [applicant], days: 3}"
CASES = [
    ("unknown row", SOON, ("row: declare", "row: spring"), "reminders.declare_soon.at: unknown row spring"),
    ("a row that may lack its dates", SOON, ("row: declare", "row: briefing"), "briefing is no gate"),
    ("unknown state", SOON, ("[registered]", "[listed]"), "reminders.declare_soon.from: unknown state listed"),
    ("unknown role", SOON, ("to: applicant", "to: mayor"), "reminders.declare_soon.to: unknown role mayor"),
    ("unknown letter", SOON, ("letter: declare_soon", "letter: hello"), "declare_soon.letter: no letter hello"),
    ("days in the wrong order", SOON, ("[14, 3, 1]", "[1, 3, 14]"), "reminders.declare_soon.days: days before"),
    ("a day twice", SOON, ("[14, 3, 1]", "[14, 3, 3]"), "reminders.declare_soon.days: days before"),
    ("at the edge itself", SOON, ("[14, 3, 1]", "[14, 0]"), "reminders.declare_soon.days: days before"),
    ("no days said", SOON, ("    days: [14, 3, 1]\n", ""), "reminders.declare_soon.days: days before"),
    ("a day after", SOON, ("[14, 3, 1]", "[3, -1]"), "reminders.declare_soon.days: days before"),
    ("working days of an end", SOON, ("edge: closes", "edge: closes, working_days: 3"), "declare_soon.at: `work"),
    ("a silence of no days", SILENT, (", working_days: 5", ""), "reminders.recommend_silent.at: `working_days`"),
    ("days before a silence", SILENT, ("    from:", "    days: [2]\n    from:"), "recommend_silent.days: a silence"),
    ("above, for a single case", ABOVE, ("\n    each: unit", ""), "recommend_silent_above.to: above is told about"),
    ("experts in one letter", SCORE, ("each: person", "each: unit"), "score_soon.to: `each: person` belongs"),
    ("persons without assignments", SCORE, ("to: evaluator", "to: organiser"), "score_soon.to: `each: person` belongs"),
    ("a silent move of no days", PASS_ON, (", working_days: 15", ""), "transitions.pass_on.at: `working_days`"),
    ("a move with days at an end", LAPSE, ("edge: closes", "edge: closes, working_days: 1"), "unregistered.at: `work"),
    ("an undoer nobody knows", UNDO, ("applicant", "pupil"), "transitions.submit.undo.by: unknown role pupil"),
    ("an undoer without moves", UNDO, ("applicant", "evaluator"), "submit.undo.by: unknown role evaluator"),
    ("a stopper nobody knows", SUSPENSION, ("organiser", "pupil"), "suspension.by: unknown role pupil"),
    ("a stop in no state", SUSPENSION, ("live", "listed"), "suspension.from: unknown state listed"),
]


def test_the_real_programme_is_sound() -> None:
    assert lint.findings(real(), letters()) == []


@pytest.mark.parametrize(("text", "change", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_lint_refuses(text: str, change: tuple[str, str], words: str) -> None:
    found = lint.findings(edited(text, text.replace(*change)), letters())
    assert any(words in one for one in found), found


def test_a_name_that_is_too_long_for_a_key() -> None:
    found = lint.findings(edited("  declare_soon:\n", f"  {'d' * 41}:\n"), letters())
    assert any("longer than 40 characters" in one for one in found), found


def test_a_finding_names_its_line() -> None:
    (found,) = lint.findings(edited(SOON, SOON.replace("declare_soon\n", "declare_soon\n").replace("[14, 3, 1]", "[1]")
                                    .replace("letter: declare_soon", "letter: hello")), letters())  # fmt: skip
    file, line, _ = found.split(":", 2)
    assert (file, int(line) > 300) == ("workflow.yaml", True)
