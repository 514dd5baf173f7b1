"""`qtb scheduler`: the clock's watcher in a process of its own; any number of them is safe."""

from __future__ import annotations

import contextlib
import importlib
import logging
import signal
import threading

import click
from sqlalchemy.exc import OperationalError

from qtb.cli.commands import Worded, say
from qtb.cli.context import make_app, refused, require_head


@click.command(cls=Worded)
def scheduler() -> None:
    """Watch the clock until the process is told to end; a sweep under way is finished first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    with refused():
        app = make_app()
        # A database that is away now is waited for, as it is later on.
        with app.app_context(), contextlib.suppress(OperationalError):
            require_head()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    click.echo(say("cli.scheduler_runs"))
    # By name: the command line and the scheduler are two mouths, and neither knows the other.
    importlib.import_module("qtb.scheduler").run(app, stop)
