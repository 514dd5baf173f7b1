"""The real `qtb scheduler` as a process to be killed, in small slices: `python -m tests.faults.scheduling LIMIT`.

Settings come from the environment, as they do for everybody; only the slice is smaller than it would be.
"""

from __future__ import annotations

import sys
from functools import partial

from qtb.cli import qtb
from qtb.services import sweep


def main(limit: str) -> None:
    """Run the command until it is told to end."""
    sweep.sweep = partial(sweep.sweep, limit=int(limit))  # type: ignore[assignment]
    qtb.main(["scheduler"], prog_name="qtb")


if __name__ == "__main__":
    main(*sys.argv[1:])
