"""The catalogues: every key that is used has a wording in both languages, filled by the names that are handed over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from jinja2 import nodes

from qtb.domain import field_values
from qtb.domain.facts import FACTS
from qtb.domain.roles import ROLES
from qtb.domain.workflow import Text
from qtb.store.history import SUBJECTS
from tests.rules.sources import LANGUAGES, ROOT, called, catalogue, modules, programmes, templates

NAMED = re.compile(r"(?<!%)(?:%%)*%\((\w+)\)[sd]")
STRAY = re.compile(r"(?<!%)(?:%%)*%(?![%(])")
# Calls that name a refusal first; what they raise is worded as refusal.<key>.
REFUSALS = {"Refusal", "Invalid", "Conflict", "Denied", "Missing", "Reason", "FieldError"}
FORMATTED = {  # a key that is put together: what stands in for the hole
    "field_{}": [*field_values.PATTERNS, "date", "month"],
    "fact_{}": list(FACTS),
}
# What the wording may count on without being handed over.
GIVEN_BY_ITSELF: dict[str, set[str]] = {}


@dataclass(frozen=True)
class Use:
    """A key used somewhere, and the names handed over with it; None when they cannot be seen."""

    where: str
    key: str
    names: frozenset[str] | None


def python_uses() -> Iterator[Use]:
    """Yield every key that a module names: of refusals, of say(…) and of word(lang, …)."""
    for path, tree in modules().items():
        family = REFUSALS | _family(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            where, name = f"{path}:{node.lineno}", called(node)
            if name in family and node.args:
                yield from (Use(where, f"refusal.{key}", _names(node, name)) for key in _keys(node.args[0]))
            if name == "__init__" and _super_of_family(tree, node, family):
                yield from (Use(where, f"refusal.{key}", _names(node, name)) for key in _keys(node.args[0]))
            if name == "say" and node.args:
                yield from (Use(where, key, _names(node, name)) for key in _keys(node.args[0]))
            if name == "word" and len(node.args) > 1:
                yield from (Use(where, key, _names(node, name)) for key in _keys(node.args[1]))


def _family(tree: ast.Module) -> set[str]:
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) in REFUSALS for base in node.bases)
    } - {"DefinitionError", "NotNow", "Unscored", "Incorrect"}


def _super_of_family(tree: ast.Module, call: ast.Call, family: set[str]) -> bool:
    if not call.args or not isinstance(call.args[0], ast.Constant) or not isinstance(call.args[0].value, str):
        return False
    for node in ast.walk(tree):
        mine = isinstance(node, ast.ClassDef) and any(ast.unparse(base) in family for base in node.bases)
        if mine and call in list(ast.walk(node)):
            return True
    return False


def _keys(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _keys(node.body)
        yield from _keys(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        pattern = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        yield from (pattern.format(word) for word in FORMATTED[pattern]) if pattern in FORMATTED else [pattern]


def _names(node: ast.Call, name: str) -> frozenset[str] | None:
    if any(keyword.arg is None for keyword in node.keywords):
        return None
    if name == "Reason":
        if len(node.args) == 1:
            return frozenset()
        given = node.args[1]
        if not isinstance(given, ast.Dict) or not all(isinstance(key, ast.Constant) for key in given.keys):
            return None
        return frozenset(str(key.value) for key in given.keys if isinstance(key, ast.Constant))
    return frozenset(str(keyword.arg) for keyword in node.keywords)


def template_uses() -> Iterator[Use]:
    """Yield every key that a template names with _(…)."""
    for path, tree in templates().items():
        for node in tree.find_all(nodes.Call):
            if isinstance(node.node, nodes.Name) and node.node.name == "_" and node.args:
                names = None if node.dyn_kwargs else frozenset(keyword.key for keyword in node.kwargs)
                for key in _template_keys(node.args[0]):
                    yield Use(f"{path}:{node.lineno}", key, names)


def _template_keys(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Const):
        yield str(node.value)
    elif isinstance(node, nodes.CondExpr):
        for branch in (node.expr1, node.expr2):
            yield from _template_keys(branch) if branch is not None else ()
    elif isinstance(node, (nodes.Concat, nodes.Add)):
        parts = node.nodes if isinstance(node, nodes.Concat) else [node.left, node.right]
        yield "".join(str(part.value) if isinstance(part, nodes.Const) else "{}" for part in parts)


def missing(uses: Iterator[Use], lang: str) -> list[str]:
    """Return the uses whose key has no wording; of a key with holes at least one must fit."""
    known = catalogue(lang)
    found = []
    for use in uses:
        if "{}" in use.key:
            if use.key != "{}" and not any(_pattern(use.key).fullmatch(key) for key in known):
                found.append(f"{use.where}: {use.key}")
        elif use.key not in known:
            found.append(f"{use.where}: {use.key}")
    return found


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, key.split("{}"))))


@pytest.fixture(params=LANGUAGES)
def lang(request: pytest.FixtureRequest) -> str:
    """Each language in turn."""
    return str(request.param)


def test_there_is_something_to_check() -> None:
    assert len(list(python_uses())) > 60
    assert len(list(template_uses())) > 60
    assert len(catalogue("zh")) > 200


def test_both_languages_have_the_same_keys() -> None:
    zh, en = catalogue("zh").keys(), catalogue("en").keys()
    assert (sorted(zh - en), sorted(en - zh)) == ([], [])


def test_no_wording_is_empty(lang: str) -> None:
    assert [key for key, wording in catalogue(lang).items() if not wording.strip()] == []


def test_both_languages_name_the_same_things() -> None:
    zh, en = catalogue("zh"), catalogue("en")
    differ = [key for key in zh.keys() & en.keys() if set(NAMED.findall(zh[key])) != set(NAMED.findall(en[key]))]
    assert differ == []


def test_no_wording_has_a_stray_percent_sign(lang: str) -> None:
    filled = [key for key, wording in catalogue(lang).items() if NAMED.search(wording)]
    assert [key for key in filled if STRAY.search(catalogue(lang)[key])] == []


def test_every_key_in_the_code_has_a_wording(lang: str) -> None:
    found = missing(python_uses(), lang)
    assert not found, "\n".join(found)


def test_every_key_in_the_templates_has_a_wording(lang: str) -> None:
    found = missing(template_uses(), lang)
    assert not found, "\n".join(found)


def test_every_wording_is_handed_what_it_names(lang: str) -> None:
    wordings = catalogue(lang)
    found = []
    for use in (*python_uses(), *template_uses()):
        if use.names is None or use.key not in wordings:
            continue
        lacking = set(NAMED.findall(wordings[use.key])) - use.names - GIVEN_BY_ITSELF.get(use.key, set())
        if lacking:
            found.append(f"{use.where}: {use.key} names {sorted(lacking)}")
    assert not found, "\n".join(found)


def test_every_fact_and_role_has_a_wording(lang: str) -> None:
    needed = [f"refusal.fact_{fact}" for fact in FACTS] + [f"role.{role}" for role in (*ROLES, "clock")]
    assert [key for key in needed if key not in catalogue(lang)] == []


def test_every_kind_of_entry_has_a_name(lang: str) -> None:
    """The kinds are the texts among the first arguments of what writes an entry of history, or constants of them."""
    constants = {name: text for module in modules().values() for name, text in _constants(module)}
    kinds = {kind for module in modules().values() for kind in _kinds(module, constants)} - set(SUBJECTS) - set(ROLES)
    assert {"begin", "edit", "waived", "message", "redirect", "compared"} <= kinds
    assert sorted(kind for kind in kinds if f"kindof.{kind}" not in catalogue(lang)) == []


def _constants(module: ast.Module) -> Iterator[tuple[str, str]]:
    for one in module.body:
        if isinstance(one, ast.Assign):
            for target in one.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                values = one.value.elts if isinstance(one.value, ast.Tuple) else [one.value]
                for name, value in zip(names, values, strict=False):
                    text = getattr(value, "value", None)
                    if isinstance(name, ast.Name) and isinstance(text, str):
                        yield name.id, text


def _kinds(module: ast.Module, constants: Mapping[str, str]) -> Iterator[str]:
    calls = (one for one in ast.walk(module) if isinstance(one, ast.Call))
    writers = (call for call in calls if called(call) in ("record", "_record", "_note", "Entry"))
    for part in (part for call in writers for one in call.args[1:3] for part in ast.walk(one)):
        name = getattr(part, "attr", getattr(part, "id", ""))
        found = constants.get(name) if name else getattr(part, "value", None)
        if isinstance(found, str):
            yield found


def test_every_letter_exists_in_both_languages_and_is_more_than_a_stub(lang: str) -> None:
    named = {
        effect.letter
        for definition in programmes().values()
        for rule in definition.workflow.transitions.values()
        for effect in rule.then
    }
    assert len(named) >= 8
    short = []
    for letter in sorted(named):
        path = ROOT / "templates" / "mail" / f"{letter}.{lang}.txt"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        subject, body = (lines[0], "".join(lines[1:])) if lines else ("", "")
        if not subject.startswith("Subject: ") or len(body) < 60 or "{{" not in body:
            short.append(path.name)
    assert short == []


def test_every_label_of_a_definition_is_in_both_languages() -> None:
    labels = [text for definition in programmes().values() for text in _labels(definition.workflow)]
    labels += [text for definition in programmes().values() for text in _labels(definition.timeline)]
    labels += [text for definition in programmes().values() for text in _labels(definition.rubric)]
    forms = [form for definition in programmes().values() for form in definition.forms.values()]
    labels += [text for form in forms for text in _labels(form)]
    assert len(labels) > 150
    assert [label for label in labels if not label.zh.strip() or not label.en.strip()] == []
    han = re.compile(r"[\u4e00-\u9fff]")
    assert [label for label in labels if not han.search(label.zh) or han.search(label.en)] == []


def _labels(shape: object) -> Iterator[Text]:
    if isinstance(shape, Text):
        yield shape
    elif isinstance(shape, dict):
        for value in shape.values():
            yield from _labels(value)
    elif isinstance(shape, list):
        for value in shape:
            yield from _labels(value)
    elif hasattr(type(shape), "model_fields"):
        for name in type(shape).model_fields:
            yield from _labels(getattr(shape, name))
