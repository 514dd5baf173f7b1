"""A year: what its rows must be, moving a row with a reason, extensions; and that a cycle keeps its definition."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Invalid, Missing, Refusal
from qtb.domain.timeline import canonical
from qtb.services import cycles, definitions, edges, sweep
from qtb.services.cycles import Planned
from qtb.store import cycles as store
from qtb.store.cycles import Cycle, Extension, TimelineRow
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.domain.sample import edited
from tests.world import ROWS, World, at, month

NOW = at("2024-01-15")


def opened(world: World, **given: Any) -> int:
    """Open another year; return its id."""
    asked: dict[str, Any] = {
        "definition": definitions.load("qtb"),
        "key": "2025",
        "year": 2025,
        "title": "2025年",
        "rows": ROWS,
        "notice": {},
        "actor": world.actor("olga"),
        "now": NOW,
        **given,
    }
    with unit(world.session):
        return cycles.open_cycle(world.session, **asked).id


def refused(world: World, **given: Any) -> Refusal:
    """Open a year that must be refused; see that nothing was stored."""
    with pytest.raises(Refusal) as error:
        opened(world, **given)
    world.session.rollback()
    assert world.session.scalar(select(func.count()).select_from(Cycle)) == 1
    return error.value


def with_row(key: str, **given: Any) -> list[Planned]:
    """Return the rows with one of them changed."""
    return [replace(row, **given) if row.key == key else row for row in ROWS]


def test_a_year_is_opened_with_its_rows_and_recorded(world: World) -> None:
    cycle_id = opened(world)
    times = store.timeline_of(world.session, cycle_id)
    assert list(times.rows) == [row.key for row in ROWS]
    assert times.rows["publish"].held_at == at("2024-08-20 10:00")
    (entry,) = world.history("cycle", cycle_id)
    assert (entry.kind, entry.role) == ("created", "organiser")
    assert entry.about()["changes"]["rows"]["declare"]["closes"] == canonical(at("2024-06-01"))
    world.sound()


FAULTS = [
    ("a gate left out", [row for row in ROWS if row.key != "declare"], "row_missing"),
    ("no rows", [], "row_missing"),
    ("a row twice", [*ROWS, ROWS[3]], "row_twice"),
    ("a gate without dates", with_row("declare", opens_at=None, closes_at=None), "row_undated"),
    ("a start without an end", with_row("declare", closes_at=None), "row_undated"),
    ("an end without a start", with_row("briefing", opens_at=None), "row_undated"),
    ("an end before its start", with_row("declare", closes_at=at("2024-01-01")), "row_reversed"),
    ("an end at its start", with_row("declare", closes_at=at("2024-02-01")), "row_reversed"),
    ("no publication instant", with_row("publish", held_at=None), "row_held"),
    ("a publication instant before its row", with_row("publish", held_at=at("2024-07-31 23:59")), "row_held"),
    ("a publication instant after its row", with_row("publish", held_at=at("2024-09-01 00:01")), "row_held"),
]


def test_rows_that_cannot_drive_a_year_are_refused(world: World) -> None:
    for what, rows, key in FAULTS:
        found = refused(world, rows=rows)
        assert (found.key, found.status) == (key, 422), what
        assert key in [reason.key for reason in cycles.faults(definitions.load("qtb"), rows)]


def test_all_faults_are_found_at_once() -> None:
    rows = [row for row in with_row("declare", closes_at=at("2024-01-01")) if row.key != "evaluate"]
    found = cycles.faults(definitions.load("qtb"), [*rows, rows[0]])
    assert {reason.key for reason in found} == {"row_missing", "row_reversed", "row_twice"}
    assert cycles.faults(definitions.load("qtb"), ROWS) == []


def test_rows_that_gate_nothing_may_lack_dates_or_be_notes(world: World) -> None:
    rows = [*with_row("briefing", opens_at=None, closes_at=None), Planned("note_10", 10, "联欢", None, None)]
    cycle_id = opened(world, rows=rows)
    assert "briefing" not in store.timeline_of(world.session, cycle_id).rows
    assert world.session.scalar(select(func.count()).where(TimelineRow.cycle_id == cycle_id)) == 10


def test_what_has_ended_is_not_extended(world: World) -> None:
    team = world.placed("withdrawn")
    with pytest.raises(Conflict) as error:
        world.extend("declare", "2024-06-10", submission_id=team)
    assert error.value.key == "extension_ended"
    world.sound()


def test_a_key_that_no_item_has_is_refused(world: World) -> None:
    with pytest.raises(Invalid) as error:
        opened(world, rows=[*ROWS, Planned("k" * 60, 10, "联欢", None, None)])
    assert error.value.key == "row_unknown"


def test_a_head_that_cannot_be_is_refused(world: World) -> None:
    odd = [{"key": ""}, {"key": "x" * 41}, {"year": 1989}, {"year": 2201}, {"title": "  "}, {"title": "年" * 201}]
    for given in odd:
        assert refused(world, **given).key == "cycle_head"


def test_a_key_is_used_once(world: World) -> None:
    found = refused(world, key="2024")
    assert isinstance(found, Conflict)
    assert (found.key, found.args_) == ("cycle_exists", {"cycle": "2024"})


def test_a_cycle_keeps_the_definition_it_was_opened_with(world: World) -> None:
    changed = edited("    from: [draft]\n    to: registered", "    from: [draft]\n    to: submitted")
    other = opened(world, definition=changed)
    mine = world.session.get_one(Cycle, world.cycle.id).definition
    theirs = world.session.get_one(Cycle, other).definition
    assert (mine.workflow.transitions["register"].to, theirs.workflow.transitions["register"].to) == (
        "registered",
        "submitted",
    )
    assert mine.hash != theirs.hash
    world.move(world.enter(), "register", "alice")


# --- moving a row ------------------------------------------------------------------------------------


def change(world: World, planned: Planned, *, reason: str = "场地调整", seen: int | None = None) -> None:
    """Move a row of the world's year."""
    with unit(world.session):
        cycle = world.session.get_one(Cycle, world.cycle.id)
        cycles.change_row(
            world.session,
            cycle,
            planned,
            actor=world.actor("olga"),
            now=world.now,
            reason=reason,
            seen=cycle.version if seen is None else seen,
        )


DECLARE = Planned("declare", 4, "成果申报", **month(2, 6))


def test_a_moved_row_bites_at_once_and_is_recorded_with_both_dates(world: World) -> None:
    team = world.enter()
    world.move(team, "register", "alice")
    world.declare(team)
    change(world, DECLARE)
    entry = world.history("cycle", world.cycle.id)[-1]
    assert (entry.kind, entry.about()["note"]) == ("row", "场地调整")
    before, after = entry.about()["changes"]["declare"]
    assert (before["closes"], after["closes"]) == (canonical(at("2024-06-01")), canonical(at("2024-07-01")))
    world.go("2024-06-01 00:00")
    assert world.state(team) == "registered"
    world.move(team, "submit", "alice")
    world.sound()


def test_a_row_moved_to_an_earlier_end_ends_what_it_ends(world: World) -> None:
    team = world.enter()
    world.move(team, "register", "alice")
    change(world, replace(DECLARE, closes_at=at("2024-03-15")))
    assert [one.key for one in world.refused(team, "submit", "alice")] == ["fact_declaration_complete"]
    world.go("2024-03-15 00:00")
    assert world.state(team) == "lapsed"


def test_moving_a_row_needs_a_reason(world: World) -> None:
    for reason in ("", "  ", "\n"):
        with pytest.raises(Invalid) as error:
            change(world, DECLARE, reason=reason)
        assert error.value.key == "reason_required"


IMPOSSIBLE = [
    (replace(DECLARE, closes_at=at("2024-01-01")), "row_reversed"),
    (replace(DECLARE, closes_at=None), "row_undated"),
    (replace(DECLARE, opens_at=None, closes_at=None), "row_undated"),
    (Planned("publish", 7, "活动成果发布", **month(8, 8)), "row_held"),
]


def test_a_row_cannot_be_moved_to_where_it_cannot_be(world: World) -> None:
    before = store.timeline_of(world.session, world.cycle.id)
    for planned, key in IMPOSSIBLE:
        with pytest.raises(Invalid) as error:
            change(world, planned)
        assert error.value.key == key
        assert store.timeline_of(world.session, world.cycle.id) == before


def test_a_row_that_is_not_there_is_missing(world: World) -> None:
    with pytest.raises(Missing):
        change(world, replace(DECLARE, key="winter"))


def test_moving_a_row_from_a_stale_page_is_a_conflict(world: World) -> None:
    seen = world.session.get_one(Cycle, world.cycle.id).version
    change(world, DECLARE, seen=seen)
    with pytest.raises(Conflict) as error:
        change(world, replace(DECLARE, closes_at=at("2024-09-01")), seen=seen)
    assert error.value.key == "stale_by"
    assert store.timeline_of(world.session, world.cycle.id).rows["declare"].closes_at == at("2024-07-01")


def test_a_reason_that_no_text_may_hold_is_refused_alike_everywhere(world: World) -> None:
    team = world.enter()
    for reason in ("a\x00b", "\x1b[31m", "half \ud800"):
        for deed in (
            lambda reason: change(world, DECLARE, reason=reason),
            lambda reason: extend(world, reason=reason),
            lambda reason: world.override(team, "awarded", reason=reason),
        ):
            with pytest.raises(Invalid) as error:
                deed(reason)
            assert error.value.key == "field_control"


# --- extensions --------------------------------------------------------------------------------------


def extend(world: World, **given: Any) -> int:
    """Grant an extension; return its id."""
    asked: dict[str, Any] = {"row_key": "declare", "until": at("2024-06-11"), "reason": "系统维护", **given}
    with unit(world.session):
        cycle = world.session.get_one(Cycle, world.cycle.id)
        return cycles.extend(world.session, cycle, actor=world.actor("olga"), now=world.now, **asked).id


def test_an_extension_says_who_gave_it_when_and_why(world: World) -> None:
    granted = world.session.get_one(Extension, extend(world))
    assert (granted.granted_by, granted.granted_at, granted.reason) == (
        world.people["olga"].id,
        world.now,
        "系统维护",
    )
    assert (granted.submission_id, granted.unit_id) == (None, None)
    world.sound()


NO_EXTENSION: list[tuple[dict[str, Any], type[Refusal], str]] = [
    ({"reason": " "}, Invalid, "reason_required"),
    ({"until": at("2024-06-01")}, Invalid, "extension_early"),
    ({"until": at("2024-05-01")}, Invalid, "extension_early"),
    ({"row_key": "winter"}, Missing, "row"),
    ({"row_key": "briefing"}, Missing, "row"),
]


def test_an_extension_that_cannot_be_is_refused(world: World) -> None:
    for given, error, key in NO_EXTENSION:
        with pytest.raises(error) as found:
            extend(world, **given)
        assert found.value.key == key
    world.session.rollback()
    assert world.session.scalar(select(func.count()).select_from(Extension)) == 0


def test_a_microsecond_longer_is_an_extension(world: World) -> None:
    extend(world, until=at("2024-06-01") + timedelta(microseconds=1))
    world.now = at("2024-06-01")
    assert store.timeline_of(world.session, world.cycle.id).is_open("declare", _case(world), world.now)


def _case(world: World) -> Any:
    return Submission(id=1, unit_id=world.units["浦江电机厂"].id)


def test_an_extension_for_a_submission_of_another_year_is_missing(world: World) -> None:
    team, other = world.enter(), world.another_cycle("2025")
    with pytest.raises(Missing), unit(world.session):
        cycles.extend(
            world.session,
            world.session.get_one(Cycle, other),
            row_key="declare",
            until=at("2024-06-11"),
            reason="顺延",
            actor=world.actor("olga"),
            now=world.now,
            submission=world.session.get_one(Submission, team),
        )


def test_the_next_instant_counts_rows_instants_and_extensions(world: World, session: Session) -> None:
    found = []
    now = at("2024-05-31 12:00")
    extend(world, until=at("2024-06-11"))
    while (edge := edges.next_edge(session, now=now)) is not None:
        found.append(edge)
        now = edge
    assert found == [
        at("2024-06-01"),
        at("2024-06-11"),
        at("2024-07-01"),
        at("2024-08-20 10:00"),
        at("2024-09-01"),
    ]


def test_what_is_overdue_is_counted_until_it_is_swept(world: World) -> None:
    for n in range(3):
        world.enter(team=f"第{n}班")
    assert edges.overdue(world.session, now=at("2024-05-31 23:59")) == 0
    world.now = at("2024-06-01")
    assert edges.overdue(world.session, now=world.now) == 3
    world.sweep()
    assert edges.overdue(world.session, now=world.now) == 0


def test_a_slice_that_fails_is_told_and_does_not_stop_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = world.enter(team="第一班"), world.placed("registered", "第二班")
    world.now = at("2024-06-01")
    proper = sweep.advance

    def failing(session: Session, transition: str, **given: Any) -> Any:
        if transition == "lapse_undeclared":
            raise Conflict("stale")
        return proper(session, transition, **given)

    monkeypatch.setattr(sweep, "advance", failing)
    swept = {one.transition: (one.n_moved, bool(one.failure)) for one in world.sweep()}
    assert swept == {"lapse_undeclared": (0, True), "lapse_unregistered": (1, False)}
    assert (world.state(first), world.state(second)) == ("lapsed", "registered")
    monkeypatch.undo()
    world.sweep()
    assert world.state(second) == "lapsed"
    world.sound()
