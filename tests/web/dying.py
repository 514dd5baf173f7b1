"""A server that is killed while it takes a file in: `python -m tests.web.dying URL HOME FILES WHERE`.

It prints its port, serves over real sockets, and kills itself (signal 9) once the bytes lie in the storage: `before`
their row is written, `within` the unit that writes it, or `after` that unit is committed.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import waitress

from qtb import config
from qtb.services import files
from qtb.web import create_app
from qtb.web import files as mouth


def die(*_: Any, **__: Any) -> None:
    """End as by a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, home: str, kept: str, where: str) -> None:
    """Serve until the fault."""
    _break_at(where)
    given = {**os.environ, "QTB_HOME": home, "QTB_SECRET_KEY": "for tests only", "QTB_FILES": kept}
    app = create_app(
        {
            **config.settings(given),
            "SQLALCHEMY_DATABASE_URI": url,
            "DEMO": True,
            "FILES": kept,
            "WTF_CSRF_ENABLED": False,
        }
    )
    server: Any = waitress.create_server(app, host="127.0.0.1", port=0)
    print(server.effective_port, flush=True)
    server.run()


def _break_at(where: str) -> None:
    if where == "before":
        files.attach = die  # type: ignore[assignment]
    elif where == "within":
        attach = files.attach

        def attach_and_die(*args: Any, **kw: Any) -> None:
            attach(*args, **kw)
            die()

        files.attach = attach_and_die  # type: ignore[assignment]
    else:
        unit = mouth.unit

        @contextmanager
        def unit_and_die(session: Any) -> Iterator[Any]:
            with unit(session) as work:
                yield work
            die()

        mouth.unit = unit_and_die  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(*sys.argv[1:])
