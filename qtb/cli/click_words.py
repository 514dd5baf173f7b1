"""What click says by itself, in the language chosen: it asks gettext, and is answered here by our catalogue.

Its own way would need a compiled file in a folder named by the environment. What is put in its place is two names in
each of its modules; a test compares what these ask with what the catalogue holds.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from click import core, exceptions, formatting, parser, types

from qtb.cli import commands

PARTS: tuple[ModuleType, ...] = (core, exceptions, formatting, parser, types)

# Asked for where a type is made, before anybody has chosen a language; the Chinese sentences do without them.
NOUNS = ("file", "directory", "path")


def install() -> None:
    """Let click speak the language of each call."""
    for part in PARTS:
        names: Any = vars(part)
        for name, said in (("_", _said), ("ngettext", _counted)):
            if name in names:
                names[name] = said


def _said(text: str) -> str:
    return text if text in NOUNS else commands.say(text)


def _counted(one: str, many: str, n: int) -> str:
    return commands.say(one if n == 1 else many)
