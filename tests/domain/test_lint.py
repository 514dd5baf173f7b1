"""Lint: each thing that it refuses, made by editing the real programme; and the real programme is sound."""

from __future__ import annotations

import pytest

from qtb.domain import lint
from qtb.domain.definition import CERTIFICATE
from qtb.services.definitions import letters
from tests.domain.sample import edited, files, real


def test_the_real_programme_is_sound() -> None:
    assert lint.findings(real(), letters()) == []


LAPSE = "    from: [draft]\n    to: lapsed\n    at: {row: register, edge: closes}"
EDIT = "      - {form: registration, by: applicant, during: register}"
JUDGED = "    judged: evaluate\n    edits"
AGAIN, MOST = "from: [declined]\n    to: submitted", "recommend\n    most: 1"
CASES = [
    (
        "two starts",
        "  registered:\n    kind: live",
        "  registered:\n    kind: start",
        "exactly one state is of kind start",
    ),
    ("no start", "    kind: start", "    kind: live", "exactly one state is of kind start"),
    (
        "a state called like a kind",
        "  shared:\n    kind: live",
        "  live:\n    kind: live",
        "may not be called like a kind",
    ),
    ("a way out of an unknown state", AGAIN, AGAIN.replace("declined", "lost"), "unknown state lost"),
    ("a way out to nowhere", AGAIN, AGAIN.replace("submitted", "lost"), "reroutes.again.to: unknown state lost"),
    ("a second way out", AGAIN, AGAIN.replace("declined", "returned"), "a second way out of returned"),
    ("a way out until no row", f"    until: {MOST}", f"    until: spring{MOST[9:]}", "reroutes.again.until"),
    ("an unknown form to be emptied", "empties: [form_review]", "empties: [nothing]", "unknown form nothing"),
    (
        "forms emptied by the clock",
        "at: {row: register, edge: closes}\n    then:",
        "at: {row: register, edge: closes}\n    empties: [registration]\n    then:",
        "the clock moves many at once",
    ),
    ("path to nowhere", "path: [draft,", "path: [drift,", "path.0: unknown state drift"),
    ("unknown form", EDIT, EDIT.replace("registration", "sign_up"), "states.draft.edits.0.form: unknown form sign_up"),
    ("edited at any time", EDIT, EDIT.replace(", during: register", ""), "edits.0: applicant fills a form"),
    ("unknown editor", EDIT, EDIT.replace("applicant", "teacher"), "states.draft.edits.0.by: unknown role teacher"),
    ("an editor who moves nothing", EDIT, EDIT.replace("applicant", "evaluator"), "unknown role evaluator"),
    ("unknown row of an edit", EDIT, EDIT.replace("during: register", "during: spring"), "unknown row spring"),
    (
        "an edit during a row that may lack dates",
        EDIT,
        EDIT.replace("during: register", "during: briefing"),
        "briefing",
    ),
    ("unknown holder", "    holder: organiser\n    decided", "    holder: boss\n    decided", "unknown role boss"),
    ("unknown row of judging", JUDGED, JUDGED.replace("evaluate", "autumn"), "unknown row autumn"),
    ("judging in a row that may lack dates", JUDGED, JUDGED.replace("evaluate", "exchange"), "exchange"),
    (
        "unknown source",
        "    from: [registered]\n    to: submitted",
        "    from: [listed]\n    to: submitted",
        "transitions.submit.from: unknown state listed",
    ),
    ("unknown target", "    to: shared\n", "    to: hidden\n", "transitions.share.to: unknown state hidden"),
    (
        "unknown mover",
        "    from: [registered]\n    to: submitted\n    by: [applicant]",
        "    from: [registered]\n    to: submitted\n    by: [pupil]",
        "transitions.submit.by: unknown role pupil",
    ),
    (
        "unknown row of a move",
        "    during: promote",
        "    during: winter",
        "transitions.share.during: unknown row winter",
    ),
    ("a move during a row that may lack dates", "    during: promote", "    during: exchange", "exchange"),
    ("unknown row of an edge", LAPSE, LAPSE.replace("row: register", "row: winter"), "unknown row winter"),
    ("an edge of a row that may lack dates", LAPSE, LAPSE.replace("row: register", "row: exchange"), "exchange"),
    ("unknown fact", "fact: registration_complete", "fact: is_nice", "transitions.register.when: unknown fact is_nice"),
    (
        "a value of the wrong type",
        "fact: registration_complete, op: eq, value: true",
        "fact: registration_complete, op: eq, value: 1",
        "does not fit the fact registration_complete",
    ),
    (
        "an order among texts",
        "fact: award_level, op: eq, value: none",
        "fact: award_level, op: gt, value: none",
        "does not fit the fact award_level",
    ),
    (
        "a list where a value belongs",
        "op: in, value: [full, abstract]",
        "op: eq, value: [full, abstract]",
        "does not fit",
    ),
    ("a value where a list belongs", "op: in, value: [full, abstract]", "op: in, value: full", "does not fit"),
    (
        "a letter that is not there",
        "letter: shared, to: applicant",
        "letter: cheers, to: applicant",
        "transitions.share.then: no letter cheers in both languages",
    ),
    ("an unknown reader", "letter: shared, to: applicant", "letter: shared, to: mayor", "unknown role mayor"),
    ("neither people nor clock", "    by: [organiser]\n    during: promote", "    during: promote", "either `by`"),
    ("people and clock", LAPSE, LAPSE + "\n    by: [applicant]", "either `by`"),
    ("an edge and a window", LAPSE, LAPSE + "\n    during: register", "exclude each other"),
    ("a note by the clock", LAPSE, LAPSE + "\n    note: optional", "the clock writes no notes"),
    ("a state nobody reaches", "    to: revoked\n", "    to: withdrawn\n", "states.revoked: no move leads here"),
    (
        "a state without an end",
        "    from: [submitted, returned, deferred]\n    to: lapsed",
        "    from: [submitted]\n    to: lapsed",
        "states.returned: no clock edge ends this state",
    ),
    (
        "an end with a way out",
        "    from: [awarded, shared]\n    to: revoked",
        "    from: [awarded, lapsed]\n    to: revoked",
        "states.lapsed: an end has no way out",
    ),
    ("two unguarded moves at one edge", "      - {fact: n_sheets_final, op: lt, value: 3}\n"
     "      - {fact: eliminated, op: eq, value: false}\n", "", "when"),
]


@pytest.mark.parametrize(("old", "new", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_lint_refuses(old: str, new: str, words: str) -> None:
    if words == "when":
        text = files()["workflow.yaml"]
        old = "    when:\n" + old
        assert old in text
        words = "leaves recommended at the same edge as close_evaluation"
    found = lint.findings(edited(old, new), letters())
    assert any(words in finding for finding in found), found
    for finding in found:
        name, line, _ = finding.split(":", 2)
        assert (name in ("workflow.yaml", CERTIFICATE), int(line) > 0) == (True, True)


def test_a_finding_names_the_line_of_what_is_wrong() -> None:
    found = lint.findings(edited("    to: shared\n", "    to: hidden\n"), letters())
    text = files()["workflow.yaml"].splitlines()
    line = int(found[0].split(":")[1])
    assert text[line - 1] == "    to: shared"


LAPSES = (
    "lapse_unregistered", "lapse_undeclared", "lapse_unrecommended", "lapse_passed_on", "lapse_unamended",
    "lapse_unevaluated",
)  # fmt: skip


def test_a_letter_in_one_language_only_is_no_letter() -> None:
    found = lint.findings(real(), letters() - {"lapsed"})
    assert [finding.split(": ")[1] for finding in found] == [
        f"transitions.{move}.then"
        for move in LAPSES
    ]


def test_a_state_that_rests_needs_no_end() -> None:
    old = "    from: [submitted, returned, deferred]\n    to: lapsed"
    changed = edited(old, "    from: [submitted, deferred]\n    to: lapsed")
    assert any("states.returned" in finding for finding in lint.findings(changed, letters()))
    text = {**files()}
    text["workflow.yaml"] = (
        text["workflow.yaml"]
        .replace(old, "    from: [submitted, deferred]\n    to: lapsed")
        .replace("  returned:\n    kind: side", "  returned:\n    kind: side\n    rests: true")
    )
    from qtb.domain import definition

    assert lint.findings(definition.from_files(text), letters()) == []
