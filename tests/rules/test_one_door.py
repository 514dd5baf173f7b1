"""One door: nothing but qtb/services/advance.py writes a submission's state, its kind, or since when."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import get_args

import pytest

from qtb.domain.fields import FieldSpec
from tests.rules.sources import called, modules

DOOR = "qtb/services/advance.py"
KEPT = {"state", "state_since", "kind"}
PROBE = ("qtb/domain/machine.py", "self.state")  # the judge's stand-in for a case, not a row
COLUMNS = "qtb/services/answers.py"  # setattr by a field's `column`, which the test below keeps harmless
FOLLOW = "qtb/store/audit.py"  # follow(**values), whose callers are looked at instead
ROW_MAKERS = {"Submission"}
RAW = re.compile(r"\b(update|insert\s+into|replace\s+into|merge\s+into)\s+submission\b", re.IGNORECASE)
BULK = {"bulk_update_mappings", "bulk_insert_mappings", "bulk_save_objects"}
BACK_DOORS = {"set_attribute", "set_committed_value", *BULK}


def writes(path: str, tree: ast.Module) -> Iterator[str]:
    """Yield each place that writes, or could write, what only the door may."""
    for node in ast.walk(tree):
        line = f"{path}:{getattr(node, 'lineno', 0)}: "
        for target in _targets(node):
            kept = isinstance(target, ast.Attribute) and target.attr in KEPT
            if kept and (path, ast.unparse(target)) != PROBE:
                yield line + ast.unparse(target)
            if isinstance(target, ast.Subscript) and "__dict__" in ast.unparse(target.value):
                yield line + ast.unparse(target)
        if isinstance(node, ast.Call):
            yield from (line + what for what in _calls(path, node))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and RAW.search(node.value):
            yield line + node.value[:60]


def _targets(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from (one for one in ast.walk(target))
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        yield node.target
    elif isinstance(node, (ast.For, ast.comprehension)):
        yield from ast.walk(node.target)
    elif isinstance(node, ast.withitem) and node.optional_vars:
        yield from ast.walk(node.optional_vars)
    elif isinstance(node, ast.Delete):
        yield from node.targets
    elif isinstance(node, ast.NamedExpr):
        yield node.target


def _calls(path: str, node: ast.Call) -> Iterator[str]:
    name, text = called(node), ast.unparse(node)[:80]
    named = {keyword.arg for keyword in node.keywords} | _keys(node)
    about_submission = "Submission" in ast.unparse(node.func)
    if name in ("setattr", "__setattr__"):
        given = [one.value for one in node.args[:2] if isinstance(one, ast.Constant)]
        if KEPT & set(given) or (not given and path != COLUMNS):
            yield text
    if name in BACK_DOORS and not _names_another(node):
        yield text
    if name == "values":
        # A unit has a kind too, so a kind counts where the statement is about submissions or does not say about what.
        if named & {"state", "state_since"} or ("kind" in named and not _about_another_table(node)):
            yield text
        if None in named and path != FOLLOW:
            yield text
    if name in ("update", "insert") and about_submission and named & KEPT:
        yield text
    if name in ROW_MAKERS and (named & KEPT or None in named):
        yield text
    if name == "follow" and len(node.args) + len(node.keywords) > 2:
        yield text


def _keys(node: ast.Call) -> set[str]:
    dicts = [part for one in node.args for part in ast.walk(one) if isinstance(part, ast.Dict)]
    return {key.value for one in dicts for key in one.keys if isinstance(key, ast.Constant)}


def _names_another(node: ast.Call) -> bool:
    """Tell whether an attribute is set by its name, and it is none that the door keeps."""
    named = node.args[1] if len(node.args) > 1 else None
    return isinstance(named, ast.Constant) and isinstance(named.value, str) and named.value not in KEPT


def _about_another_table(node: ast.Call) -> bool:
    tables = [
        ast.unparse(part.args[0])
        for part in ast.walk(node.func)
        if isinstance(part, ast.Call) and called(part) in ("update", "insert") and part.args
    ]
    return bool(tables) and not any("ubmission" in table or table == "table" for table in tables)


def test_only_the_door_writes_a_submissions_state() -> None:
    assert len(modules()) > 40
    found = [where for path, tree in modules().items() if path != DOOR for where in writes(path, tree)]
    assert found == []


def test_the_door_itself_writes_it() -> None:
    tree = modules()[DOOR]
    assert len(list(writes(DOOR, tree))) >= 3


def test_no_form_field_fills_what_the_door_keeps() -> None:
    columns = {name for part in get_args(FieldSpec.model_fields["column"].annotation) for name in get_args(part)}
    assert "team_name" in columns
    assert not columns & (KEPT | {"version", "head_hash"})


@pytest.mark.parametrize(
    "source",
    [
        "row.state = 'x'", "row.kind = 'end'", "row.state_since = now", "row.state, n = 'x', 1", "row.state: str = 'x'",
        "row.state += 'x'", "setattr(row, 'state', 'x')",
        "object.__setattr__(row, 'kind', 'x')", "setattr(row, name, 1)",
        "row.__dict__['state'] = 'x'", "for row.state in names: pass", "[0 for row.state in names]",
        "session.execute(update(Submission).where(a).values(state='x'))", "update(Submission).values({'state': 'x'})",
        "update(Submission).values(kind='end')", "statement.values(kind='end')", "update(Submission).values(**given)",
        "update(store.Submission).values({Submission.title: 'a', 'kind': 'x'})", "Submission(state='x', unit_id=1)",
        "Submission(**given)", "store.Submission(kind='live')",
        "session.execute(text('UPDATE submission SET state=1'))",
        "session.bulk_update_mappings(Submission, rows)", "attributes.set_committed_value(row, 'state', 'x')",
        "audit.follow(session, entry, state='x')", "with a as row.state: pass", "update(table).values(kind='x')",
        "set_committed_value(row, name, 1)", "session.query(Submission).update({'state': 'x'})", "del row.state",
    ],
)  # fmt: skip
def test_a_back_door_would_be_seen(source: str) -> None:
    assert list(writes("qtb/services/other.py", ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "unit = Unit(kind='applicant', name=name)", "if row.state == 'x': pass", "state = row.state", "x = row.kind",
        "update(Unit).where(a).values(kind='applicant')", "insert(Counter).values(key=key, value=0)",
        "setattr(row, 'title', 'x')", "audit.follow(session, entry)", "Submission(cycle_id=1, number='a')",
        "set_committed_value(cycle, 'rows', rows)",
        "update(Submission).values(n_sheets_final=1)", "select(Submission).where(Submission.state == 'x')",
    ],
)  # fmt: skip
def test_what_is_allowed_is_not_mistaken_for_a_back_door(source: str) -> None:
    assert list(writes("qtb/services/other.py", ast.parse(source))) == []
