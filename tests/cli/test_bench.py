"""`qtb bench`: it runs on both databases, says what it promises, and leaves nothing behind. No time is asserted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, select

from qtb.bench import cases, floors, ground, postgres
from qtb.bench import sweep as bench
from qtb.services import sweep
from qtb.store import verification
from qtb.store.audit import History
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from tests.cli.calls import good, refused, run

SHARED = {"bench", "what", "database", "rows", "runs", "floor_seconds", "seconds", "ratio", "target", "ok"}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where throw-away databases can be made, on each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'named.db'}"
    return str(request.getfixturevalue("postgres_url").format(name="postgres"))


def figures(*arguments: str) -> list[dict[str, Any]]:
    """Measure, and return what the JSON holds; every figure has the shared keys."""
    told = json.loads(good({}, "bench", *arguments, "--json"))
    assert (told["version"], told["bench"]) == (1, arguments[0])
    assert all(one.keys() >= SHARED for one in told["figures"])
    found: list[dict[str, Any]] = told["figures"]
    return found


@pytest.mark.postgresql
@pytest.mark.usefixtures("postgres_url")
def test_without_an_address_both_databases_are_measured() -> None:
    found = figures("sweep", "--rows", "12", "--runs", "1")
    assert [(one["what"], one["database"], one["rows"]) for one in found] == [
        ("sweep", "sqlite", 12), ("sweep", "postgresql", 12)
    ]  # fmt: skip
    assert all(one["ratio"] > 0 and one["per_second"] > 0 for one in found)


def test_without_postgresql_only_sqlite_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QTB_TEST_PG_URL", raising=False)
    monkeypatch.setattr(postgres, "_binaries", lambda: None)
    done = run({}, "bench", "sweep", "--rows", "12", "--runs", "1", "--lang", "en")
    assert (done.exit_code, "only SQLite" in done.stderr) == (0, True)
    assert "sqlite" in done.stdout
    assert "postgresql" not in done.stdout


def test_a_move_and_the_verification(place: str) -> None:
    (move,) = figures("move", "--rows", "10", "--runs", "1", "--database-url", place)
    assert {"floor_cpu_us", "cpu_us", "floor_per_second", "per_second"} <= move.keys()
    verify, million = figures("verify", "--rows", "40", "--runs", "1", "--database-url", place)
    assert verify["rows"] == million["rows"] > 40
    assert million["million_seconds"] > 0


def test_growth_and_several_workers(place: str) -> None:
    asked = ("--rows", "10", "--runs", "1", "--scale", "--workers", "2", "--database-url", place)
    found = {one["what"]: one for one in figures("sweep", *asked)}
    assert {"sweep", "linear", "memory"} <= found.keys()
    assert found["memory"]["many_mb"] > 10
    assert ("workers-2" in found) == place.startswith("postgresql")
    if "workers-2" in found:
        assert (found["workers-2"]["lost"], found["workers-2"]["doubled"]) == (0, 0)


def test_the_pages(place: str) -> None:
    found = {one["what"]: one for one in figures("pages", "--rows", "100", "--runs", "1", "--database-url", place)}
    assert len(found) == 9
    memory = found.pop("memory")
    assert memory["memory_mb"] > 10
    keys = {"cpu_ms", "cpu_target", "queries", "queries_target", "gzip_kb", "plain_kb", "over"}
    assert all(one.keys() >= keys and one["ok"] == (not one["over"]) for one in found.values())


def test_the_growth_of_pages(tmp_path: Path) -> None:
    place = f"sqlite:///{tmp_path / 'named.db'}"
    found = figures("pages", "--rows", "100", "--runs", "1", "--scale", "--database-url", place)
    assert {(one["few_rows"], one["rows"]) for one in found} == {(100, 1000)}


def test_nothing_is_left_behind(place: str, tmp_path: Path) -> None:
    said = good({}, "bench", "sweep", "--rows", "10", "--runs", "1", "--database-url", place)
    assert "倍数" in said
    assert list(tmp_path.iterdir()) == []
    if place.startswith("postgresql"):
        with floors.bare(make_url(place)) as bare:
            assert bare.scan("SELECT 1 FROM pg_database WHERE starts_with(datname, 'qtb_bench')") == 0


def test_the_floor_writes_what_the_door_writes(place: str) -> None:
    with ground.grounds(place) as (one,), bench._standing(one, 7) as full:
        with full.copy("floor") as url:
            with floors.bare(url) as bare:
                assert floors.sweep(bare, full.year, bench.NOW) == 7
            by_floor = _written(url)
        with full.copy("ours") as url:
            with ground.session_on(url) as session:
                assert sum(swept.n_moved for swept in sweep.sweep(session, now=bench.NOW)) == 7
            by_door = _written(url)
    assert by_floor == by_door


def _written(url: Any) -> list[Any]:
    with ground.session_on(url) as session:
        told = (History.transition, History.from_state, History.to_state, History.role, History.at, History.due)
        queries = (
            select(Submission.id, Submission.state, Submission.kind, Submission.state_since, Submission.version),
            select(History.subject, History.subject_id, History.seq, History.prev_hash, *told),
            select(Outbox.submission_id, Outbox.letter, Outbox.to_role, Outbox.status, Outbox.next_at),
        )
        return [sorted(map(repr, session.execute(query))) for query in queries]


def test_a_history_written_in_bulk_verifies(place: str) -> None:
    with ground.grounds(place) as (one,), ground.session_on(one.made("bulk")) as session:
        year = cases.year(session, opens_at=bench.OPENS, closes_at=bench.CLOSES, n_applicants=3, n_recommenders=2)
        cases.stand(session, year, 7)
        assert cases.moved(session, year, next(year.moves()), limit=4) == 4
        n_read, findings = verification.verify(session)
        assert (n_read > 7 + 4, findings) == (True, [])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["sweep", "--rows", "0"], 2), (["sweep", "--rows", "many"], 2), (["pages", "--rows", "99"], 2),
        (["move", "--runs", "0"], 2), (["sweep", "--workers", "1,x"], 2), (["sweep", "--workers", "0"], 2),
        (["sweep", "--workers", ""], 2), (["nonsense"], 2),
        (["verify", "--database-url", "nonsense"], 1), (["verify", "--database-url", "sqlite://"], 1),
        (["verify", "--database-url", "mysql://somewhere/else"], 1),
        (["verify", "--database-url", "sqlite:////nowhere/at/all.db"], 1),
        (["verify", "--database-url", "postgresql://nobody@127.0.0.1:1/none"], 1),
    ],
)  # fmt: skip
def test_bad_options_get_a_sentence(arguments: list[str], code: int) -> None:
    assert "Traceback" not in refused({}, "bench", *arguments, code=code)
