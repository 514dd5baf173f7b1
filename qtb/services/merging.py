"""Saves that meet: what one page holds, and what it comes to together with what was saved since it was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from qtb.domain.errors import Conflict
from qtb.domain.fields import FormSpec
from qtb.domain.merge import merge
from qtb.domain.roles import Actor
from qtb.store.versions import Versions


class Clash(Conflict):
    """Somebody saved the form meanwhile and changed the same fields; nothing was stored until a person chooses."""

    def __init__(self, merged: Merging) -> None:
        n, who = len(merged.clashes), merged.who
        super().__init__("form_clash" if who else "form_clash_nobody", who=who, at=merged.at, n=n)
        self.merged = merged


@dataclass(frozen=True, slots=True)
class Merging:
    """A form merged with the version that was saved meanwhile: which, by whom, when, and what both changed."""

    values: Mapping[str, Any]
    clashes: Mapping[str, tuple[Any, Any]]
    version: int
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it came in, and what the person had before his eyes: the form's version, the case's last move.

    `key` names the drawing of the page and `takes` the draft drawn on it; `picks` are the choices made in view of the
    version `against`.
    """

    form: str
    raw: Mapping[str, Any]
    seen: int | None = None
    since: str | None = None
    key: str = ""
    takes: str = ""
    picks: Mapping[str, str] = field(default_factory=dict)
    against: int | None = None
    ends_draft: bool = True  # a file is no page: what is typed beside it is not saved with it


def merging(
    spec: FormSpec, versions: Versions, filled: Filled, mine: Mapping[str, Any], actor: Actor
) -> Merging | None:  # fmt: skip
    """Merge with the form's latest version; None where the person has seen it, or made it from this same page."""
    told = versions.latest()
    if told is None or filled.seen is None:
        return None
    latest, who = told
    seen = max(filled.seen, versions.saved_from(actor.user_id, filled.key))
    if seen == latest.number:
        return None
    known_base = versions.one(seen)
    base = known_base[0].values if known_base else {}
    picks = filled.picks if filled.against == latest.number else {}
    found = merge(spec, base, theirs=latest.values, mine=mine, picks=picks)
    return Merging(found.values, found.clashes, latest.number, who or "", latest.saved_at)
