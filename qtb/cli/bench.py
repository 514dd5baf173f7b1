"""`qtb bench`: what the sweep, a move, the verification and the pages cost, each beside its floor."""

from __future__ import annotations

import importlib
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from qtb.cli.commands import Group, say
from qtb.cli.context import refused, table

SECONDS = ("floor_seconds", "seconds")  # left out of the table where it has the same in smaller units
Measure = Callable[[Any], Iterator[Any]]


class Counts(click.ParamType[list[int]]):
    """Numbers with commas between them."""

    name = "counts"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """Return the numbers, each from 1 to 16."""
        if isinstance(value, list):
            return value
        parts = [part.strip() for part in str(value).split(",")]
        if not all(part.isascii() and part.isdigit() and 1 <= int(part) <= 16 for part in parts):
            return self.fail(say("bench.counts", text=str(value)[:60]), param, ctx)
        return [int(part) for part in parts]


def measured(*, rows: int, least: int, runs: int) -> Callable[[Any], Any]:
    """Add the options that every measurement has, with its own defaults."""

    def add(command: Any) -> Any:
        for option in (
            click.option("--database-url", metavar="URL"),
            click.option("--runs", type=click.IntRange(1, 1_000), default=runs, show_default=True),
            click.option("--rows", type=click.IntRange(least, 5_000_000), default=rows, show_default=True),
            click.option("--json", "as_json", is_flag=True),
        ):
            command = option(command)
        return command

    return add


@click.group(cls=Group)
def bench() -> None:
    """Measure in throw-away databases; the installation's own is never opened."""


@bench.command()
@measured(rows=20_000, least=10, runs=3)
@click.option("--scale", is_flag=True)
@click.option("--workers", type=Counts(), metavar="N,N,…")
def sweep(scale: bool, workers: list[int] | None, rows: int, runs: int, **given: Any) -> None:
    """Measure the sweep of so many due cases; with --scale of ten times as many, with --workers by several at once."""
    of = _room("sweep")

    def measure(ground: Any) -> Iterator[Any]:
        yield from of.speed(ground, rows=rows, runs=runs)
        if scale:
            yield from of.scale(ground, rows=rows, runs=runs)
        if workers and ground.kind == "postgresql":  # on SQLite one writes at a time, whoever it is
            yield from of.workers(ground, workers, rows=rows, runs=runs)

    _tell(measure, **given)


@bench.command()
@measured(rows=1_000, least=10, runs=5)
def move(rows: int, runs: int, **given: Any) -> None:
    """Measure so many moves of one case each."""
    _tell(lambda ground: _room("move").speed(ground, rows=rows, runs=runs), **given)


@bench.command()
@measured(rows=40_000, least=10, runs=3)
def verify(rows: int, runs: int, **given: Any) -> None:
    """Measure the verification of so many entries."""
    _tell(lambda ground: _room("verify").speed(ground, rows=rows, runs=runs), **given)


@bench.command()
@measured(rows=1_000, least=100, runs=36)
@click.option("--scale", is_flag=True)
def pages(scale: bool, rows: int, runs: int, **given: Any) -> None:
    """Measure the main pages with so many submissions; with --scale a tenth beside ten times as many."""
    of = _room("pages")
    _tell(lambda ground: (of.growth if scale else of.speed)(ground, rows=rows, runs=runs), **given)


def _room(name: str) -> Any:
    # By name: what is measured includes the pages, a mouth that this one does not know.
    return importlib.import_module(f"qtb.bench.{name}")


def _tell(measure: Measure, *, as_json: bool, database_url: str | None) -> None:
    with refused(), _ended_in_order(), _room("ground").grounds(database_url) as grounds:
        if database_url is None and len(grounds) == 1:
            click.echo(say("bench.no_postgresql"), err=True)
        found = [one.flat() for ground in grounds for one in measure(ground)]
    if as_json:
        click.echo(json.dumps({"version": 1, "bench": found[0]["bench"], "figures": found}, ensure_ascii=False))
    else:
        _print(found)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM unwind as an exception does, so that a server started for the measurement ends with it."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _print(figures: Sequence[dict[str, Any]]) -> None:
    keys = dict.fromkeys(key for one in figures for key, value in one.items() if value is not None)
    hidden = {"bench", "ok", *(SECONDS if any(key.startswith("cpu_") for key in keys) else ())}
    shown = [key for key in keys if key not in hidden]
    headings = [say(f"bench.column.{key}") for key in (*shown, "ok")]
    table(headings, [[*(_cell(one.get(key)) for key in shown), _verdict(one)] for one in figures])


def _verdict(figure: dict[str, Any]) -> str:
    return say("bench.ok" if figure["ok"] else "bench.over")


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
