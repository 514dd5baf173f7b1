"""The main pages: CPU, queries and bytes of each, beside the smallest Flask page in the same database and run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event, text

from qtb.bench import crowd, serving
from qtb.bench.asking import Asked, Backends, Browser, ask, signed_in
from qtb.bench.crowd import EMAIL, PASSWORD, Crowd
from qtb.bench.figures import Figure
from qtb.bench.ground import Ground, session_on, settings
from qtb.bench.smallest import smallest_app
from qtb.extensions import db
from qtb.web import create_app

TIMES_FLOOR, GROWN, MEMORY_MB = 4.0, 1.2, 120.0
WARM = 3
SPREAD = 10  # growth is measured from a tenth of the rows to ten times as many
NOT_COUNTED = ("PRAGMA", "BEGIN", "SET TRANSACTION")
FLOOR, MOVE = "floor", "move"


@dataclass(frozen=True, slots=True)
class Limit:
    """What a page may cost: CPU milliseconds, queries, kilobytes gzipped."""

    cpu_ms: float
    queries: int
    kb: float | None = None


LIMITS = {
    "sign-in": Limit(3, 1), "mine": Limit(5, 5, 8), "status": Limit(5, 6, 8), "list": Limit(12, 6, 15),
    "works": Limit(12, 6), "queue": Limit(12, 6), "dashboard": Limit(10, 8), MOVE: Limit(6, 8),
}  # fmt: skip


@dataclass
class Site:
    """The application on a filled database, its people signed in, and the smallest one beside it."""

    app: Flask
    smallest: Flask
    crowd: Crowd
    people: Mapping[str, Browser]
    backends: Backends
    counted: list[str]
    answers: dict[str, list[tuple[Asked, int]]] = field(default_factory=dict)

    def requests(self) -> dict[str, tuple[str, str]]:
        """Return each page's person and path."""
        return {
            "sign-in": ("", "/sign-in"), "mine": ("applicant", "/applicant/"),
            "status": ("applicant", f"/submissions/{self.crowd.own}"), "list": ("organiser", "/admin/submissions"),
            "works": ("evaluator", "/evaluator/"), "queue": ("recommender", "/recommender/"),
            "dashboard": ("organiser", "/admin/"),
        }  # fmt: skip

    def round(self) -> None:
        """Ask for every page once, the smallest first."""
        self._keep(FLOOR, ask(self.smallest, Browser().environ(f"/{self.crowd.own}"), self.backends))
        for name, (who, path) in self.requests().items():
            self.counted.clear()
            self._keep(name, ask(self.app, self.people[who].environ(path), self.backends), 200)

    def move(self, submission_id: int) -> None:
        """Make one move as its form would."""
        self.counted.clear()
        form = {"transition": self.crowd.move, "note": ""}
        environ = self.people["recommender"].environ(f"/submissions/{submission_id}/moves", form)
        self._keep(MOVE, ask(self.app, environ, self.backends), 303)

    def cpu(self, name: str) -> float:
        """Return the median of the CPU seconds, those of the first few left out."""
        return median(asked.cpu for asked, _ in self.answers[name][WARM:])

    def _keep(self, name: str, asked: Asked, status: int = 200) -> None:
        if asked.status != status:
            raise RuntimeError(f"{name} answered {asked.status}; its time says nothing")
        self.answers.setdefault(name, []).append((asked, len(self.counted)))


def speed(ground: Ground, *, rows: int, runs: int) -> Iterator[Figure]:
    """Measure every page, and the memory of a process that has answered each."""
    with _site(ground, rows, "pages") as site:
        _visit([site], runs)
        for name, limit in LIMITS.items():
            yield _figure(site, name, limit, database=ground.kind, rows=rows)
        asked = [(path, site.people[who].cookie) for who, path in site.requests().values()]
        held = serving.memory_mb(site.app.config, asked)
        more = {"memory_mb": held, "over": "" if held <= MEMORY_MB else "memory"}
        yield Figure("pages", "memory", ground.kind, rows, 1, MEMORY_MB, held <= MEMORY_MB, more=more)


def growth(ground: Ground, *, rows: int, runs: int) -> Iterator[Figure]:
    """Measure every page with a tenth of the rows and, in turns, with ten times as many."""
    few, many = max(100, rows // SPREAD), rows * SPREAD
    with _site(ground, few, "few") as small, _site(ground, many, "many") as large:
        _visit([small, large], runs)
        for name in LIMITS:
            before, after = small.cpu(name), large.cpu(name)
            ratio = after / before
            more = {"few_rows": few, "queries": max(n for _, n in large.answers[name])}
            yield Figure("pages", name, ground.kind, many, runs, GROWN, ratio <= GROWN, before, after, ratio, more)


def _visit(sites: Sequence[Site], runs: int) -> None:
    for _ in range(WARM + runs):
        for site in sites:
            site.round()
    for turn in range(min(WARM + runs, *(len(site.crowd.movable) for site in sites), 10**6)):
        for site in sites:
            site.move(site.crowd.movable[turn])


def _figure(site: Site, name: str, limit: Limit, *, database: str, rows: int) -> Figure:
    kept = site.answers[name][WARM:]
    floor, cpu = site.cpu(FLOOR), site.cpu(name)
    queries, zipped = max(n for _, n in kept), median(asked.zipped for asked, _ in kept) / 1000
    over = {
        "cpu": cpu * 1000 > limit.cpu_ms, "queries": queries > limit.queries,
        "bytes": limit.kb is not None and zipped > limit.kb, "floor": cpu / floor > TIMES_FLOOR,
    }  # fmt: skip
    more = {
        "floor_ms": floor * 1000, "cpu_ms": cpu * 1000, "cpu_target": limit.cpu_ms,
        "database_ms": median(asked.database_cpu for asked, _ in kept) * 1000,
        "queries": queries, "queries_target": limit.queries,
        "gzip_kb": zipped, "gzip_target": limit.kb, "plain_kb": median(len(asked.body) for asked, _ in kept) / 1000,
        "over": " ".join(what for what, is_over in over.items() if is_over),
    }  # fmt: skip
    ok = not any(over.values())
    return Figure("pages", name, database, rows, len(kept), TIMES_FLOOR, ok, floor, cpu, cpu / floor, more)


@contextmanager
def _site(ground: Ground, rows: int, name: str) -> Iterator[Site]:
    url = ground.made(name)
    with ExitStack() as stack:
        stack.callback(ground.dropped, url)
        with session_on(url) as session:
            gathered = crowd.gather(session, rows)
        app, smallest = create_app(settings(url)), smallest_app(url)
        engines = [_engine(app), smallest.extensions["engine"]]
        for engine in engines:
            stack.callback(engine.dispose)
        people = {role: _person(app, role) for role in ("applicant", "recommender", "evaluator", "organiser")}
        yield Site(app, smallest, gathered, {"": Browser(), **people}, _backends(engines), _counting(engines[0]))


def _person(app: Flask, role: str) -> Browser:
    path = "/recommender/sign-in" if role == "recommender" else "/sign-in"
    cookie = str(app.config["SESSION_COOKIE_NAME"])
    return signed_in(app.wsgi_app, path=path, cookie=cookie, email=EMAIL.format(role), password=PASSWORD)


def _engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def _backends(engines: Sequence[Engine]) -> Backends:
    if engines[0].dialect.name == "sqlite":
        return Backends()
    found = []
    for engine in engines:  # a request takes the connection that the pool holds already
        with engine.connect() as connection:
            found.append(int(connection.scalar(text("SELECT pg_backend_pid()")) or 0))
    return Backends(found)


def _counting(engine: Engine) -> list[str]:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(NOT_COUNTED):
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    return asked
