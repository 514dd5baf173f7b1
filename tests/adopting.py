"""The real programme changed as an organiser would change it: a state renamed, a new one in between, one removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from qtb import config
from qtb.domain import definition, strict_yaml
from qtb.domain.definition import ELIGIBILITY, Definition
from qtb.services import adoption
from qtb.store.cycles import Cycle
from qtb.store.unit import unit
from tests.domain.sample import files
from tests.world import World

RENAMED, ADDED, REMOVED = ("recommended", "endorsed"), "screened", "escalated"
MAPPING = {"recommended": "endorsed", "escalated": "submitted"}


def changed(edit: Callable[[dict[str, Any]], None], file: str = "workflow.yaml") -> dict[str, str]:
    """Return the programme's files with one of them edited as data."""
    raw = json.loads(_read(file))
    edit(raw)
    edited = {**files(), file: json.dumps(raw, ensure_ascii=False, indent=1)}
    return {**edited, ELIGIBILITY: _agreeing(raw)} if file == "workflow.yaml" else edited


def _agreeing(raw: dict[str, Any]) -> str:
    """Return the rules of eligibility without the moves that are gone."""
    rules = json.loads(_read(ELIGIBILITY))
    for moves in rules["stages"].values():
        moves[:] = [move for move in moves if move in raw["transitions"]]
    return json.dumps(rules, ensure_ascii=False, indent=1)


@lru_cache
def _read(file: str) -> str:
    return json.dumps(strict_yaml.read(files()[file], file)[0])  # text, so that each edit has data of its own


def as_definition(edit: Callable[[dict[str, Any]], None], file: str = "workflow.yaml") -> Definition:
    """Return the programme with one file edited as data."""
    return definition.from_files(changed(edit, file))


def evolve(raw: dict[str, Any]) -> None:
    """Rename the recommended state, put a screening before it, and let the organiser decide for nobody any more."""
    _without(raw, REMOVED)
    renamed(raw, *RENAMED)
    label = {"zh": "待审定", "en": "Screened"}
    states = {ADDED: {"kind": "live", "label": label, "holder": "recommender"}}
    raw["states"] = {**raw["states"], **states}
    screen = {"label": {"zh": "初审通过", "en": "Screen"}, "done": {"zh": "初审通过", "en": "screened it"}}
    raw["transitions"]["screen"] = {
        **screen, "from": ["submitted"], "to": ADDED, "by": ["recommender"], "during": "recommend", "tone": "primary",
    }  # fmt: skip
    raw["transitions"]["recommend"]["from"] = [ADDED]
    raw["transitions"]["lapse_unrecommended"]["from"].append(ADDED)


def evolved() -> dict[str, str]:
    """Return the files of the changed programme."""
    return changed(evolve)


def lay(folder: Path, texts: dict[str, str]) -> Path:
    """Lay a programme's files into a folder of programmes; return the folder."""
    for name, text in texts.items():
        path = folder / "qtb" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def serve(monkeypatch: Any, folder: Path, texts: dict[str, str]) -> None:
    """Let the programmes be read from a folder with these files."""
    lay(folder, texts)
    monkeypatch.setattr(config, "workflows_folder", lambda *_: folder)


def adopted(world: World, new: Definition, mapping: dict[str, str] | None = None, **given: Any) -> adoption.Plan:
    """Let the world's year adopt a definition, as shown just before."""
    mapping = MAPPING if mapping is None else mapping
    session = world.session
    session.rollback()
    year = session.get_one(Cycle, world.cycle.id)
    seen, plan = year.version, adoption.preview(session, year, new, mapping=mapping, now=world.now)
    about: dict[str, Any] = {"reason": "流程修订", "seen": seen, "shown": plan.digest, "actor": world.actor("olga")}
    with unit(session):
        return adoption.adopt(session, year, new, mapping=mapping, now=world.now, **{**about, **given})


def _without(raw: dict[str, Any], state: str) -> None:
    del raw["states"][state]
    moves = raw["transitions"]
    for key in [key for key, rule in moves.items() if rule["to"] == state or rule["from"] == [state]]:
        del moves[key]
    for key in [key for key, rule in raw.get("reminders", {}).items() if rule.get("from") == [state]]:
        del raw["reminders"][key]
    for rule in _leading(raw):
        rule["from"] = [one for one in rule["from"] if one != state]
    for named in _lists(raw):
        named[:] = [one for one in named if one != state]


def _leading(raw: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the moves and the reminders that lead from states."""
    reminders = [rule for rule in raw.get("reminders", {}).values() if "from" in rule]
    return [*raw["transitions"].values(), *reminders]


def _lists(raw: dict[str, Any]) -> list[list[str]]:
    """Return the lists of states in the queue and the quota."""
    return [*(group["from"] for group in raw["queue"]), raw["quota"]["counts"]]


def renamed(raw: dict[str, Any], old: str, new: str) -> None:
    """Call a state otherwise wherever it is named."""
    raw["path"] = [new if one == old else one for one in raw["path"]]
    raw["states"] = {new if key == old else key: state for key, state in raw["states"].items()}
    for rule in _leading(raw):
        rule["from"] = [new if one == old else one for one in rule["from"]]
        rule["to"] = new if rule["to"] == old else rule["to"]
    for named in _lists(raw):
        named[:] = [new if one == old else one for one in named]
