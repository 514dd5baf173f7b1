"""Rehearsals in the background of the web: one at a time, each a file that says how far it is, then what it found.

The file lies in this node's QTB_HOME. A rehearsal dies with its process; a file that says it is under way and that
nobody touches any more is one that was broken off.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from qtb import clock
from qtb.domain.errors import Conflict, Missing, Refusal
from qtb.i18n import LANGUAGES, in_words
from qtb.services.rehearsal import refuse_numbers, rehearse
from qtb.services.rehearsal_year import Year

log = logging.getLogger("qtb.rehearsal")

MOST = 10_000
KEPT = 20
QUIET = timedelta(minutes=2)  # a rehearsal of another process that has been silent for so long is over
BEAT_SECONDS = 1.0
NAME = re.compile(r"[0-9a-f]{16}", re.ASCII)
NODE = secrets.token_hex(8)
UNDER_WAY, DONE, FAILED = "running", "done", "failed"
_starting = threading.Lock()
_mine: set[str] = set()  # those that a thread of this process is busy with


def start(home: Path, year: Year, *, n_submissions: int | None, seed: int | None) -> str:
    """Start a rehearsal and return its name. Raises Invalid for wrong numbers, Conflict while another is under way."""
    refuse_numbers(n_submissions, seed, most=MOST)
    assert n_submissions is not None
    assert seed is not None
    with _starting:
        if any(one["status"] == UNDER_WAY for one in found(home)):
            raise Conflict("rehearsal_running")
        name = secrets.token_hex(8)
        _mine.add(name)
        head = {"name": name, "key": year.key, "n": n_submissions, "seed": seed, "node": NODE, "share": 0.0}
        _write(home, name, {**head, "status": UNDER_WAY, "started": clock.real().isoformat()})
        _forget(home)
    work = threading.Thread(target=_run, args=(home, name, year, n_submissions, seed), name=f"rehearsal-{name}")
    work.daemon = True  # a server that stops does not wait for it
    work.start()
    return name


def read(home: Path, name: str) -> dict[str, Any]:
    """Return what is known of a rehearsal. Raises Missing: never there, forgotten, or on another node."""
    is_mine = name in _mine  # asked before the file is read: between the two it may write its last word and go
    try:
        one: dict[str, Any] = json.loads(_path(home, name).read_text("utf-8"))
        beat_at = datetime.fromtimestamp(_path(home, name).stat().st_mtime, UTC)
    except (OSError, ValueError):
        raise Missing("rehearsal") from None
    is_dead = not is_mine if one["node"] == NODE else clock.real() - beat_at > QUIET
    if one["status"] == UNDER_WAY and is_dead:
        one["status"] = FAILED
    return one


def found(home: Path, key: str | None = None) -> list[dict[str, Any]]:
    """Return the rehearsals on this node (of one year), latest first."""
    names = [path.stem for path in (home / "rehearsals").glob("*.json") if NAME.fullmatch(path.stem)]
    every = []
    for name in names:
        try:
            every.append(read(home, name))
        except Missing:
            continue  # forgotten in this moment
    mine = [one for one in every if key in (None, one["key"])]
    return sorted(mine, key=lambda one: str(one["started"]), reverse=True)


def _run(home: Path, name: str, year: Year, n: int, seed: int) -> None:
    head, last = read(home, name), time.monotonic()

    def told(share: float) -> None:
        nonlocal last
        if time.monotonic() - last >= BEAT_SECONDS:
            last = time.monotonic()
            _write(home, name, {**head, "share": round(share, 3)})

    try:
        report = rehearse(year, n_submissions=n, seed=seed, told=told).as_json(year.definition)
        _write(home, name, {**head, "status": DONE, "share": 1.0, "report": report})
    except Refusal as refusal:
        why = {lang: " ".join(in_words(reason, lang) for reason in refusal.reasons) for lang in LANGUAGES}
        _write(home, name, {**head, "status": FAILED, "why": why})
    except Exception:
        log.exception("rehearsal %s failed", name)
        _write(home, name, {**head, "status": FAILED})
    finally:
        _mine.discard(name)


def _path(home: Path, name: str) -> Path:
    if not NAME.fullmatch(name):
        raise Missing("rehearsal")
    return home / "rehearsals" / f"{name}.json"


def _write(home: Path, name: str, content: Mapping[str, Any]) -> None:
    path = _path(home, name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Written aside and renamed, so that nobody reads half of it.
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    os.replace(aside, path)


def _forget(home: Path) -> None:
    for one in found(home)[KEPT:]:
        _path(home, one["name"]).unlink(missing_ok=True)
