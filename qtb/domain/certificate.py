"""What a certificate is: `certificate.yaml` as frozen objects, when one holds, and the text that is signed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from string import Formatter
from typing import Any, Literal

from pydantic import Field, field_validator

from qtb.domain.shapes import Key, Strict, Text
from qtb.domain.timeline import canonical
from qtb.domain.workflow import Workflow

FORMAT = 1
NUMBERED = {"cycle", "level", "n"}
NAMED = {"unit", "team", "title", "cycle", "level"}
MAX_NUMBER = 60  # characters that the column holds
COLOUR = r"^#[0-9a-f]{6}$"


class Look(Strict):
    """How the certificates of a level look, and the code that stands in their numbers."""

    code: str = Field(pattern=r"^[A-Z0-9]{1,8}$")
    ink: str = Field(pattern=COLOUR)
    metal: str = Field(pattern=COLOUR)
    petals: int = Field(ge=6, le=72)  # of the rosettes
    lines: Literal[1, 2, 3]  # of the frame


class Certificates(Strict):
    """`certificate.yaml`: who may hold one, how it is numbered, what it says, how each level looks."""

    source: list[Key] = Field(alias="from", min_length=1)
    number: str
    title: Text
    to: Text
    statement: Text
    issuer: Text
    levels: dict[Key, Look]

    @field_validator("number")
    @classmethod
    def _numbered(cls, form: str) -> str:
        if (found := _names(form)) != NUMBERED:
            raise ValueError(f"needs exactly {{cycle}}, {{level}} and {{n}}, has {sorted(found)}")
        form.format(cycle="", level="", n=1)
        return form

    @field_validator("to", "statement")
    @classmethod
    def _named(cls, text: Text) -> Text:
        for form in (text.zh, text.en):
            if unknown := _names(form) - NAMED:
                raise ValueError(f"cannot say {sorted(unknown)}, only {sorted(NAMED)}")
            form.format(**dict.fromkeys(NAMED, ""))
        return text

    def states(self, workflow: Workflow) -> list[Key]:
        """Return the states whose works may hold a certificate."""
        return workflow.named(self.source)


def number(form: str, *, cycle: str, level: str, n: int) -> str:
    """Return a certificate's number."""
    return form.format(cycle=cycle, level=level, n=n)


def written(
    spec: Certificates, level: Key, *, facts: Mapping[str, Any], labels: Mapping[str, Text], at: datetime
) -> str:
    """Return what a certificate says, as JSON with sorted keys: all that its page shows, so that it stays as issued.

    `facts` are code, number, unit, team, title, cycle; `labels` those of level and programme.
    """
    told = {
        **facts, "format": FORMAT, "level": level, "at": canonical(at), "look": spec.levels[level].model_dump(),
        "level_label": labels["level"].model_dump(), "programme": labels["programme"].model_dump(),
        "heading": spec.title.model_dump(), "issuer": spec.issuer.model_dump(),
        "to": _filled(spec.to, facts, labels["level"]), "statement": _filled(spec.statement, facts, labels["level"]),
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1)


def _filled(text: Text, facts: Mapping[str, Any], level: Text) -> dict[str, str]:
    return {lang: text.get(lang).format(**{**facts, "level": level.get(lang)}) for lang in ("zh", "en")}


def _names(form: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(form) if name is not None}
    except ValueError as error:
        raise ValueError(f"braces: {error}") from None
