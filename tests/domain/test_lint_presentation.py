"""Lint of the presentation: each thing that it refuses, made by editing the real programme."""

from __future__ import annotations

import pytest

from qtb.domain import definition, lint
from qtb.services.definitions import letters
from tests.domain.sample import files

RUBRIC, WORKFLOW, FORM = "rubric.yaml", "workflow.yaml", "forms/slides.yaml"
SLIDES = "slides: {form: slides, working_days: 5, remind: [3, 1]}"
CASES = [
    (RUBRIC, SLIDES, SLIDES.replace("form: slides", "form: foils"), "unknown form foils"),
    (RUBRIC, SLIDES, SLIDES.replace("form: slides", "form: form_review"), "the form form_review takes no file"),
    (RUBRIC, SLIDES, SLIDES.replace("[3, 1]", "[1, 3]"), "the most first"),
    (RUBRIC, SLIDES, SLIDES.replace("[3, 1]", "[3, 0]"), "at least 1"),
    (RUBRIC, "  after: MAT", "  after: PRE", "is not the one that decides"),
    (RUBRIC, "  sheet: PRE\n  after", "  sheet: MAT\n  after", "no state in which works are decided"),
    (WORKFLOW, "        until: slides_due_at\n", "", "no state lets slides be filled"),
    (WORKFLOW, "when: [{fact: shortlisted", "when: [{fact: long_listed", "unknown fact long_listed"),
    (WORKFLOW, "fact: shortlisted, op: eq, value: true", "fact: shortlisted, op: gt, value: true", "does not fit"),
    (FORM, "sheets: [PRE]", "sheets: [POST]", "no sheet is called POST"),
    (FORM, "judged: true\n", "", "belong to a form that is `judged`"),
]


@pytest.mark.parametrize(("file", "old", "new", "says"), CASES)
def test_what_cannot_work_is_refused_with_its_place(file: str, old: str, new: str, says: str) -> None:
    given = files()
    assert old in given[file]
    found = lint.findings(definition.from_files({**given, file: given[file].replace(old, new)}), letters())
    assert [line for line in found if says in line and ".yaml:" in line]


def test_a_form_that_waits_for_slides_is_refused_where_none_are_due() -> None:
    given = files()
    without = definition.from_files({**given, RUBRIC: given[RUBRIC].replace(f"  {SLIDES}\n", "")})
    found = lint.findings(without, letters())
    assert [line for line in found if "no slides are due in this programme" in line]


def test_an_older_definition_without_a_presentation_still_loads() -> None:
    given = files()
    head, _, rest = given[RUBRIC].partition("shortlist:\n")
    rubric = head + rest.partition("ties:")[1] + rest.partition("ties:")[2]
    old = {key: text for key, text in given.items() if key != FORM}
    begin, _, behind = old[WORKFLOW].partition("    edits:\n      # Only works that present")
    workflow = begin + behind[behind.index("  awarded:") :]
    found = definition.from_files({**old, RUBRIC: rubric, WORKFLOW: workflow})
    assert found.rubric.shortlist is None
    assert lint.findings(found, letters()) == []
