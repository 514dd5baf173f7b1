"""The sources as the rules read them: parsed Python, parsed templates, catalogues, definitions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from qtb.domain.definition import Definition
from qtb.services import definitions

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("zh", "en")


@lru_cache
def modules() -> dict[str, ast.Module]:
    """Return every module of the package, parsed, by its path from the root."""
    found = {}
    for path in sorted((ROOT / "qtb").rglob("*.py")):
        if "_data" not in path.parts:
            found[path.relative_to(ROOT).as_posix()] = ast.parse(path.read_text("utf-8"))
    return found


@lru_cache
def templates() -> dict[str, nodes.Template]:
    """Return every page template, parsed, by its path from the root."""
    environment = Environment(autoescape=True, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
    paths = [path for path in sorted((ROOT / "templates").rglob("*")) if path.is_file()]
    return {path.relative_to(ROOT).as_posix(): environment.parse(path.read_text("utf-8")) for path in paths}


@lru_cache
def catalogue(lang: str) -> dict[str, str]:
    """Return key → wording of one language, from all its files."""
    found = {}
    for path in sorted((ROOT / "qtb" / "locale" / lang).glob("*.po")):
        with path.open("rb") as file:
            found |= {str(message.id): str(message.string) for message in read_po(file, locale=lang) if message.id}
    return found


@lru_cache
def programmes() -> dict[str, Definition]:
    """Return the definitions in the workflows folder by key."""
    return {key: definitions.load(key) for key in definitions.programmes()}


def texts(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield the string constants of a tree, docstrings left out."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def called(node: ast.Call) -> str:
    """Return the last name of what is called: `b` of a.b(…)."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
