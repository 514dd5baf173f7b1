"""A scheduler's sweep as a process of its own: `python -m qtb.bench.worker`, told by stdin what and when.

The database's address comes by stdin because others may see a command line, and it may hold a password.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, make_url

from qtb.bench.ground import session_on
from qtb.services import sweep
from qtb.store import cycles


@dataclass(frozen=True, slots=True)
class Swept:
    """What one process moved, how long it took, and the most memory it held."""

    n_moved: int
    seconds: float
    peak_mb: float


def together(n: int, *, url: URL, now: datetime) -> tuple[float, list[Swept]]:
    """Let n processes sweep a database at once; return (seconds until the last one ended, what each did)."""
    order = json.dumps({"url": url.render_as_string(hide_password=False), "now": now.isoformat()})
    command, pipe = [sys.executable, "-m", __name__], subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(n)]
    try:
        for process in processes:
            _tell(process, order)
        for process in processes:
            _answer(process)
        began = time.perf_counter()
        for process in processes:
            _tell(process, "go")
        found = [Swept(**json.loads(_answer(process))) for process in processes]
        return time.perf_counter() - began, found
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def main() -> None:
    """Open the database, say so, wait for the word, sweep, say what was done."""
    order = json.loads(sys.stdin.readline())
    with session_on(make_url(order["url"])) as session:
        assert all(cycle.definition for cycle in cycles.all_cycles(session))  # as one that has been running for a while
        session.rollback()
        print("ready", flush=True)
        sys.stdin.readline()
        began = time.perf_counter()
        swept = sweep.sweep(session, now=datetime.fromisoformat(order["now"]))
        seconds = time.perf_counter() - began
    if any(one.failure for one in swept):
        raise RuntimeError(swept)
    print(json.dumps(asdict(Swept(sum(one.n_moved for one in swept), seconds, _peak_mb()))), flush=True)


def _tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def _answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a worker ended before its time")
    return line


def _peak_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
