"""Read YAML as data and nothing else: YAML 1.2 scalars, no tags, no anchors, no duplicate keys, a depth limit.

Stock loaders read `on:` as true and `23:59` as a number, and keep the last of two equal keys. A definition
written by an organiser must mean what it looks like, and every complaint must name file, line and key.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from yaml.nodes import MappingNode, Node, ScalarNode

from qtb.domain.errors import DefinitionError

Path = tuple[str | int, ...]
Places = dict[Path, int]

# Only its syntax is used: what a plain scalar means is said below. Twenty times faster than a parser in Python.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_DEPTH = 16
MAX_CHARACTERS = 400_000
INTEGER = re.compile(r"[-+]?\d{1,15}")
WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def read(text: str, file: str) -> tuple[Any, Places]:
    """Return the data and, for every path in it, the line (from 1) where it stands.

    Raises DefinitionError naming file and line for anything that is not plain data.
    """
    if len(text) > MAX_CHARACTERS:
        raise DefinitionError([f"{file}:1: larger than {MAX_CHARACTERS} characters"])
    try:
        _refuse_tricks(text, file)
        node = yaml.compose(text, Loader=LOADER)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise DefinitionError([f"{file}:{mark.line + 1 if mark else 1}: {error.problem or error.context}"]) from None
    except (YAMLError, ValueError) as error:
        raise DefinitionError([f"{file}:1: {str(error).splitlines()[0]}"]) from None
    places: Places = {(): 1}
    return (None if node is None else _value(node, (), places, file)), places


def _refuse_tricks(text: str, file: str) -> None:
    # Before composing: a deep document would exhaust the stack, an alias could expand without end.
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        line = _line(event)
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            raise DefinitionError([f"{file}:{line}: anchors and aliases are not allowed"])
        if getattr(event, "tag", None):
            raise DefinitionError([f"{file}:{line}: tags are not allowed"])
        depth += isinstance(event, CollectionStartEvent)
        depth -= isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise DefinitionError([f"{file}:{line}: nested deeper than {MAX_DEPTH}"])


def _line(found: Any) -> int:
    return int(found.start_mark.line) + 1


def _value(node: Node, path: Path, places: Places, file: str) -> Any:
    places.setdefault(path, _line(node))
    if isinstance(node, ScalarNode):
        return _scalar(node)
    if isinstance(node, MappingNode):
        return _mapping(node, path, places, file)
    return [_value(child, (*path, n), places, file) for n, child in enumerate(node.value)]


def _mapping(node: MappingNode, path: Path, places: Places, file: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = _line(key_node)
        if not isinstance(key_node, ScalarNode):
            raise DefinitionError([f"{file}:{line}: a key must be a word"])
        key = str(key_node.value)
        if key in found:
            raise DefinitionError([f"{file}:{line}: {_dotted((*path, key))}: given twice"])
        places[(*path, key)] = line
        found[key] = _value(value_node, (*path, key), places, file)
    return found


def _scalar(node: ScalarNode) -> Any:
    text = str(node.value)
    if node.style in ("'", '"', "|", ">"):
        return text
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    # Amounts and weights stay text here and become Decimal in their model: no binary fractions.
    return text


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)


def place(places: Places, path: Path) -> int:
    """Return the line of `path`, or of the nearest thing around it."""
    while path not in places:
        path = path[:-1]
    return places[path]


def dotted(path: Path) -> str:
    """Write a path as `states.draft.label`."""
    return _dotted(path)
