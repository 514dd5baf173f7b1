"""No state's name stands in the code or in a template: they ask for kind, edits, facts and offers instead.

So a programme may call its states what it likes. A word that is a state's name and means something else in one
place is written down here with its reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from jinja2 import nodes

from tests.rules.sources import modules, programmes, templates, texts

OTHERWISE = {
    ("qtb/web/admin/notices.py", "draft"): "a notice being read, refused as refusal.draft",
}


def states() -> set[str]:
    """Return the names of all states of all programmes."""
    return {state for definition in programmes().values() for state in definition.workflow.states}


def in_python(path: str, tree: ast.AST, names: set[str]) -> Iterator[str]:
    """Yield where a module names a state."""
    for node in texts(tree):
        if node.value in names and (path, node.value) not in OTHERWISE:
            yield f"{path}:{node.lineno}: {node.value!r}"


def in_template(path: str, tree: nodes.Template, names: set[str]) -> Iterator[str]:
    """Yield where a template names a state in an expression."""
    for node in tree.find_all(nodes.Const):
        if node.value in names and (path, node.value) not in OTHERWISE:
            yield f"{path}:{node.lineno}: {node.value!r}"


def test_there_are_states_to_look_for() -> None:
    assert len(states()) >= 13
    assert len(templates()) >= 30
    assert len(modules()) >= 40


def test_no_module_names_a_state() -> None:
    assert [where for path, tree in modules().items() for where in in_python(path, tree, states())] == []


def test_no_template_names_a_state() -> None:
    assert [where for path, tree in templates().items() for where in in_template(path, tree, states())] == []


def test_what_is_excepted_is_still_there() -> None:
    for path, word in OTHERWISE:
        assert word in [node.value for node in texts(modules()[path])], f"{path} no longer says {word!r}"


@pytest.mark.parametrize(
    "source", ["if row.state == 'draft': pass", "STATES = ('awarded', 'shared')", "x = f\"{'lapsed'}\""]
)
def test_a_name_in_code_would_be_seen(source: str) -> None:
    assert list(in_python("x.py", ast.parse(source), states()))


def test_docstrings_and_comments_may_name_states() -> None:
    source = '"""draft"""\n# awarded\ndef f():\n    """lapsed"""\n'
    assert list(in_python("x.py", ast.parse(source), states())) == []
