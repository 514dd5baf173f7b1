"""Make `python3 -m qtb …` work on a machine that has Python and nothing else.

Standard library only: it makes `.venv` beside the sources, installs QTB into it once for each state of
pyproject.toml, and hands over to the same command inside.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
INSIDE = "QTB_INSIDE_VENV"  # set for the handed-over process, so that it cannot hand over again


def main() -> int:
    """Run the command here if this is the right environment, else prepare that and run it there."""
    extra = "test" if sys.argv[1:2] == ["test"] else ""
    if _is_ready(extra) or INSIDE in os.environ or not (ROOT / "pyproject.toml").exists():
        return _run()
    try:
        python = _prepare(extra)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"qtb: the environment in {HOME} could not be made: {error}", file=sys.stderr)
        return 1
    environment = {**os.environ, INSIDE: "1"}
    os.execve(python, [str(python), "-m", "qtb", *sys.argv[1:]], environment)


def _is_ready(extra: str) -> bool:
    return Path(sys.prefix).resolve() == HOME and not _stale(extra)


def _run() -> int:
    from qtb.cli import main as command_line

    return command_line()


def _prepare(extra: str) -> Path:
    if importlib.util.find_spec("ensurepip") is None:
        raise OSError("this Python has no ensurepip; on Debian: apt-get install python3-venv")
    python = HOME / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        print(f"qtb: making {HOME}", file=sys.stderr)
        venv.create(HOME, with_pip=True)
    if _stale(extra):
        _install(python, extra)
    return python


def _stamp(extra: str) -> Path:
    return HOME / f"installed-{extra or 'run'}"


def _stale(extra: str) -> bool:
    # By content, not by date: a checkout sets dates as it likes. The test set contains the run-time set.
    stamps = [_stamp("test")] if extra else [_stamp(""), _stamp("test")]
    return not any(stamp.exists() and stamp.read_text() == _fingerprint() for stamp in stamps)


def _fingerprint() -> str:
    sources = [ROOT / "pyproject.toml", ROOT / "qtb" / "build_assets.py"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def _install(python: Path, extra: str) -> None:
    print("qtb: installing (about a minute the first time)", file=sys.stderr)
    target = f"{ROOT}[{extra}]" if extra else str(ROOT)
    subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", target],
        check=True,
        stdout=sys.stderr,
    )
    _stamp(extra).write_text(_fingerprint())


if __name__ == "__main__":
    sys.exit(main())
