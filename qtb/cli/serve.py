"""`qtb serve`: the pages and the scheduler in one process."""

from __future__ import annotations

import importlib

import click

from qtb.cli.commands import Worded
from qtb.cli.context import refused


@click.command(cls=Worded)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
def serve(host: str, port: int) -> None:
    """Serve the pages and watch the clock."""
    demo = bool(click.get_current_context().find_root().ensure_object(dict).get("demo"))
    # By name: this mouth starts the others without knowing them.
    with refused():
        importlib.import_module("qtb.serve").serve(demo=demo, host=host, port=port)
