"""A whole year over made-up cases: counted out of history, the same for one seed, and nothing else is touched."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from qtb.domain.errors import Invalid, Missing
from qtb.domain.rehearsal_report import Report
from qtb.domain.roles import Actor
from qtb.i18n import failure
from qtb.services import rehearsal, rehearsal_year
from qtb.services.rehearsal_door import Crowd
from qtb.store.accounts import Unit
from qtb.store.history import History
from qtb.store.submissions import Submission
from qtb.store.throwaway import throwaway
from qtb.store.types import Base
from qtb.store.unit import unit
from tests.domain import small
from tests.domain.sample import edited
from tests.world import World, at


@pytest.fixture(scope="module")
def ideas() -> Report:
    """The small programme, rehearsed."""
    return rehearsal.rehearse(small.year(), n_submissions=250, seed=5)


@pytest.fixture(scope="module")
def notice() -> Report:
    """The year of the notice beside the definition, rehearsed."""
    return rehearsal.rehearse(rehearsal_year.of_notice("qtb"), n_submissions=250, seed=3)


def is_whole(report: Report) -> None:
    """Assert what holds for every rehearsal: nothing lost, nothing found, days that add up to the totals."""
    assert sum(report.totals.states.values()) == report.totals.entered
    assert (report.findings.audit, report.findings.check, report.findings.failures) == (0, (), ())
    assert report.findings.unaddressed == 0
    for name in ("moves", "letters"):
        for key, n in getattr(report.totals, name).items():
            assert sum(getattr(day, name).get(key, 0) for day in report.days) == n
    assert sum(one.n for day in report.days for one in day.refusals) == sum(one.n for one in report.totals.refusals)
    assert sum(report.totals.letters.values()) == report.n_letters


def test_a_second_programme_with_names_of_its_own(ideas: Report) -> None:
    is_whole(ideas)
    assert set(ideas.totals.moves) == {"file", "drop", "sweep_out", "crown", "bin", "tell"}
    assert ideas.totals.letters == {"submitted": ideas.totals.moves["file"]}
    assert ideas.totals.entered + next(one.n for one in ideas.totals.refusals if not one.transition) == 250
    reasons = {(one.transition, one.reason, one.row) for one in ideas.totals.refusals}
    assert {("", "closed", "gather"), ("file", "closed", "gather")} <= reasons
    assert ("file", "fact_registration_complete", "gather") in reasons
    assert ideas.findings.idle_rows == ()


def test_one_seed_is_one_report_in_whatever_order_the_database_reads(
    notice: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turned_round(name: str) -> sqlite3.Connection:
        connection = sqlite3.Connection(name)
        connection.execute("PRAGMA reverse_unordered_selects=ON").close()
        return connection

    monkeypatch.setattr("qtb.store.throwaway.sqlite3.connect", turned_round)
    again = rehearsal.rehearse(rehearsal_year.of_notice("qtb"), n_submissions=250, seed=3)
    assert replace(again, seconds=notice.seconds) == notice


def test_reminders_leave_on_the_mornings_before_an_end(notice: Report) -> None:
    told = {day.date.isoformat() for day in notice.days if day.letters.get("register_soon")}
    assert told == {"2024-05-17", "2024-05-28", "2024-05-30"}
    lacking = {day.date.isoformat() for day in notice.days if day.letters.get("hand_in_soon")}
    assert lacking == {"2024-06-16", "2024-06-27", "2024-06-29"}


def test_the_clock_moves_at_its_edges(ideas: Report) -> None:
    days = {day.date.isoformat(): day for day in ideas.days}
    assert {date for date, day in days.items() if "sweep_out" in day.moves} == {"2024-04-01"}
    assert "crown" in days["2024-04-10"].moves
    assert ideas.findings.undecided == ideas.totals.states["filed"] > 0
    assert [one.state for one in ideas.findings.occupied] == ["filed", "crowned", "told"]


def test_one_seed_one_report(ideas: Report) -> None:
    assert rehearsal.rehearse(small.year(), n_submissions=250, seed=5) == ideas
    assert rehearsal.rehearse(small.year(), n_submissions=250, seed=6) != ideas


def test_a_window_in_which_nobody_can_act_is_found() -> None:
    each = (rehearsal.rehearse(small.year(), n_submissions=1, seed=seed) for seed in range(30))
    report = next(one for one in each if "crown" not in one.totals.moves)
    is_whole(report)
    assert report.findings.idle_rows == ("telling",)


def test_an_extension_for_all_is_followed() -> None:
    year = replace(small.year(), extensions=(("gather", at("2024-04-06")), ("gather", at("2024-03-20"))))
    report = rehearsal.rehearse(year, n_submissions=120, seed=1)
    is_whole(report)
    assert {day.date.isoformat() for day in report.days if "sweep_out" in day.moves} == {"2024-04-06"}


def test_the_notices_year(notice: Report) -> None:
    is_whole(notice)
    states = rehearsal_year.of_notice("qtb").definition.workflow.states
    assert set(notice.totals.states) <= set(states)
    assert len(notice.days) > 365
    assert len(notice.totals.moves) >= 12
    assert {"register", "declare", "recommend"} <= set(notice.findings.refused_rows)
    assert notice.findings.undecided == notice.totals.states.get("evaluated", 0)
    assert all(one.rests for one in notice.findings.occupied)


def test_the_report_explains_itself_as_json(ideas: Report) -> None:
    found = ideas.as_json(small.small())
    assert found["labels"]["states"]["crowned"] == {"zh": "已奖", "en": "Crowned"}
    assert set(found["totals"]["moves"]) <= set(found["labels"]["transitions"])
    assert found["days"][0]["date"] == "2024-02-29"
    assert {"transition", "reason", "row", "n"} == set(found["totals"]["refusals"][0])


def test_a_cycle_is_copied_and_not_touched(world: World) -> None:
    world.submitted()
    world.extend("declare", "2024-06-11")
    world.extend("register", "2024-06-20", unit_name="江南物业")
    before = counts(world)
    year = rehearsal_year.of_cycle(world.session, "2024")
    assert year.extensions == (("declare", at("2024-06-11")),)
    assert [row.key for row in year.rows] == [row.key for row in world.cycle.rows]
    report = rehearsal.rehearse(year, n_submissions=30, seed=1)
    is_whole(report)
    assert report.key == "2024"
    assert counts(world) == before


def counts(world: World) -> dict[str, int]:
    """Return how many rows each table of the installation holds."""
    world.session.rollback()
    tables = Base.metadata.sorted_tables
    return {table.name: world.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


@pytest.mark.parametrize(("n", "seed"), [(0, 1), (-1, 1), (100_001, 1), (10, -1), (10, 2**31)])
def test_numbers_out_of_range_are_refused(n: int, seed: int) -> None:
    with pytest.raises(Invalid):
        rehearsal.rehearse(small.year(), n_submissions=n, seed=seed)


def test_a_year_that_cannot_be_opened_is_refused() -> None:
    year = small.year()
    with pytest.raises(Invalid, match="row_missing"):
        rehearsal.rehearse(replace(year, rows=year.rows[:2]), n_submissions=5, seed=1)


def test_what_is_not_there_is_said(world: World) -> None:
    with pytest.raises(Missing):
        rehearsal_year.of_cycle(world.session, "1999")
    with pytest.raises(Missing):
        rehearsal_year.of_notice("nope")


def test_whoever_tries_a_move_has_made_it_or_is_among_the_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: Counter[str] = Counter()

    def counted(self: Crowd, transition: str, actor: Actor, ids: Sequence[int], now: datetime) -> None:
        tried[transition] += len(ids)
        inner(self, transition, actor, ids, now)

    inner = Crowd.tried
    monkeypatch.setattr(Crowd, "tried", counted)
    limited = edited(
        "severity: warn\n    at: [declaring]\n    test:\n      a_year: {per_unit: 5, per_team: 1}",
        "severity: block\n    at: [declaring]\n    test:\n      a_year: {per_unit: 2, per_team: 1}",
        "eligibility.yaml",
    )
    year = replace(rehearsal_year.of_notice("qtb"), definition=limited)
    report = rehearsal.rehearse(year, n_submissions=200, seed=2)
    is_whole(report)
    refused: Counter[str] = Counter()
    for one in report.totals.refusals:
        refused[one.transition] += one.n
    assert any(one.reason == "rule_blocks" for one in report.totals.refusals)
    assert dict(tried) == {key: report.totals.moves.get(key, 0) + refused[key] for key in tried}


def test_one_case_is_enough_for_a_year() -> None:
    is_whole(rehearsal.rehearse(small.year(), n_submissions=1, seed=2))


def test_throw_away_databases_are_apart_and_read_only_outside_units() -> None:
    with throwaway() as one, throwaway() as other:
        with unit(one):
            one.add(Unit(name="a", name_key="a", kind="applicant", created_at=at("2024-01-01")))
        assert other.scalar(select(func.count()).select_from(Unit)) == 0
        assert one.scalar(select(func.count()).select_from(Unit)) == 1
        assert one.scalar(select(func.count()).select_from(History)) == 0
        assert one.scalar(select(func.count()).select_from(Submission)) == 0
        one.add(Unit(name="b", name_key="b", kind="applicant", created_at=at("2024-01-01")))
        with pytest.raises(OperationalError):
            one.flush()
        one.rollback()


def test_a_throw_away_database_keeps_all_beyond_its_cache_and_has_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with throwaway() as session:
        assert list(tmp_path.iterdir()) == []
        for n in range(30):  # some six megabytes, three times its cache
            with unit(session):
                names = [f"{n}-{k} " + "x" * 1_000 for k in range(100)]
                session.add_all(Unit(name=a, name_key=a, kind="applicant", created_at=at("2024-01-01")) for a in names)
        with pytest.raises(ZeroDivisionError):
            _taken_back(session)
        assert session.scalars(text("PRAGMA integrity_check")).all() == ["ok"]
        assert session.scalar(select(func.count()).select_from(Unit)) == 3_000
        assert list(tmp_path.iterdir()) == []


def _taken_back(session: Session) -> None:
    with unit(session):
        session.execute(delete(Unit))
        raise ZeroDivisionError


def test_working_days_that_nobody_knows_are_in_the_report() -> None:
    plain = rehearsal_year.of_notice("qtb")
    later = [
        replace(row, **{name: when and when + timedelta(days=1096) for name, when in (
            ("opens_at", row.opens_at), ("closes_at", row.closes_at), ("held_at", row.held_at),
        )}) for row in plain.rows
    ]  # fmt: skip
    report = rehearsal.rehearse(replace(plain, key="2027", year=2027, rows=tuple(later)), n_submissions=3, seed=1)
    assert report.totals.entered == 3
    found = next(line for line in report.findings.failures if line.startswith("pass_on: "))
    assert "2027" in failure(found.removeprefix("pass_on: "), "en")
    assert report.findings.check == ()
