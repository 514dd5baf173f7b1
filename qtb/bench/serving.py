"""A web process of its own, to see what it holds in memory: `python -m qtb.bench.serving`, told by stdin what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from qtb.bench.asking import Backends, Browser, ask
from qtb.bench.ground import settings
from qtb.web import create_app

EACH = 5


def memory_mb(config: Mapping[str, Any], asked: Sequence[tuple[str, str]]) -> float:
    """Return the memory, shared parts by share, of a process that has answered each (path, cookie) a few times."""
    order = {"url": config["SQLALCHEMY_DATABASE_URI"], "secret": config["SECRET_KEY"], "asked": asked}
    done = subprocess.run(
        [sys.executable, "-m", __name__], input=json.dumps(order), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    """Serve what is ordered and print how many megabytes that takes."""
    order = json.load(sys.stdin)
    app = create_app({**settings(make_url(order["url"])), "SECRET_KEY": order["secret"]})
    for _ in range(EACH):
        for path, cookie in order["asked"]:
            assert ask(app, Browser(cookie).environ(path), Backends()).status == 200
    print(_held_mb())


def _held_mb() -> float:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    main()
