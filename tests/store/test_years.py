"""Years with their dates: rows are kept by the year's head, and never by what is not so for everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import event
from sqlalchemy.orm import Session

from qtb.extensions import db
from qtb.services import cycles
from qtb.services.cycles import as_planned
from qtb.store import years
from qtb.store.unit import unit
from tests.world import World, at


def _end(session: Session, key: str) -> datetime:
    session.rollback()
    return years.dated(session)[0].times.rows[key].closes_at


def _statements(session: Session) -> list[str]:
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    try:
        session.rollback()
        years.dated(session)
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", note)
    return [one for one in asked if "timeline_row" in one]


def test_rows_are_read_once_and_anew_when_something_was_written_about_the_year(world: World) -> None:
    session = world.session
    world.cycle.id  # noqa: B018 (the year is made at first)
    years._KEPT.clear()
    assert [len(_statements(session)) for _ in range(3)] == [1, 0, 0]
    before = _end(session, "declare")
    _move(world, "2024-06-05")
    assert before != _end(session, "declare") == at("2024-06-05")
    assert len(_statements(session)) == 0


def test_what_another_process_wrote_is_seen_at_once(world: World) -> None:
    _end(world.session, "declare")
    _move(world, "2024-06-05")
    with Session(db.engine) as other:  # knows the same heads
        assert _end(other, "declare") == at("2024-06-05")


def test_what_a_unit_reads_is_not_kept_for_others(world: World) -> None:
    session, key = world.session, "declare"
    before = _end(session, key)
    years._KEPT.clear()
    with unit(session):
        row = next(row for row in years.dated(session)[0].cycle.rows if row.key == key)
        row.closes_at = at("2024-06-05")
        session.flush()  # the year's head is still the old one
        assert years.dated(session)[0].times.rows[key].closes_at == at("2024-06-05")
        session.rollback()
    assert _end(session, key) == before


def test_an_extension_for_one_case_is_seen_though_the_year_has_the_same_head(world: World) -> None:
    session, team = world.session, world.submitted()
    head = years.dated(session)[0].cycle.head_hash
    assert years.one(session, world.cycle.id).times.extensions == ()
    world.extend("recommend", "2024-07-08", submission_id=team)
    session.rollback()
    for year in (years.dated(session)[0], years.one(session, world.cycle.id)):
        assert [one.submission_id for one in year.times.extensions] == [team]
        assert year.cycle.head_hash == head


def test_rows_come_in_their_order_and_those_with_dates_as_windows(world: World) -> None:
    found = years.dated(world.session)
    assert [year.cycle.id for year in found] == [world.cycle.id]
    assert [row.seq for row in found[0].rows] == sorted(row.seq for row in found[0].rows)
    assert set(found[0].times.rows) == {row.key for row in found[0].rows if row.opens_at}


def _move(world: World, until: str) -> None:
    session = world.session
    with unit(session):
        year = years.dated(session)[0].cycle
        row = as_planned(next(row for row in year.rows if row.key == "declare"))
        cycles.change_rows(
            session, year, [replace(row, closes_at=at(until))], actor=world.actor("olga"), now=world.now,
            reason="系统维护", seen=year.version,
        )  # fmt: skip
