"""`qtb audit` and `qtb check`: nothing checked is said, everything wrong is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from qtb.services import advance, behalf, check
from qtb.store.audit import History
from qtb.store.cycles import Cycle
from qtb.store.objects import storage
from qtb.store.unit import unit
from tests import files
from tests.cli.calls import good, refused, run
from tests.world import World, at

Settings = dict[str, Any]


def tamper(world: World, statement: str, **values: object) -> None:
    """Change the database past the program, as somebody with full access can."""
    with unit(world.session):
        if world.session.get_bind().dialect.name == "sqlite":
            world.session.execute(text("DROP TRIGGER IF EXISTS history_no_UPDATE"))
            world.session.execute(text("DROP TRIGGER IF EXISTS history_no_DELETE"))
        else:
            world.session.execute(text("DROP TRIGGER IF EXISTS history_no_change ON history"))
        world.session.execute(text(statement), values)


def test_a_sound_history_says_how_much_was_read(settings: Settings, world: World) -> None:
    world.submitted()
    said = good(settings, "audit", "verify", "--lang", "en")
    n = world.sound()
    assert said.splitlines() == [f"{n} entries of the history were read.", "All of them are sound."]
    assert json.loads(good(settings, "audit", "verify", "--json")) == {"n_read": n, "findings": []}


def test_an_empty_history_is_not_called_sound(settings: Settings, session: Session) -> None:
    said = good(settings, "audit", "verify", "--lang", "en")
    assert "0 entries were read" in said
    assert "sound" not in said


def test_a_changed_entry_is_named(settings: Settings, world: World) -> None:
    team = world.submitted()
    tamper(world, "UPDATE history SET details = '{}' WHERE subject = 'submission' AND seq = 2")
    assert "submission 20240001 第2条" in refused(settings, "audit", "verify")
    result = run(settings, "audit", "verify", "--json")
    found = json.loads(result.stdout)["findings"]
    assert (result.exit_code, found) == (
        1, [{"subject": "submission", "subject_id": team, "seq": 2, "code": "altered"}],
    )  # fmt: skip
    assert "I9" in refused(settings, "check")


def test_a_history_is_shown(settings: Settings, world: World) -> None:
    team = world.submitted()
    world.go("2024-04-02 10:00")
    world.move(team, "return", "rita", note="请改\n第二行")
    said = good(settings, "audit", "show", "20240001")
    assert "请改 第二行" in said
    assert "rita" in said
    assert len(said.splitlines()) == 2 + len(world.history("submission", team))
    assert "20249999" in refused(settings, "audit", "show", "20249999")


def test_a_sound_system(settings: Settings, world: World, tmp_path: Path) -> None:
    awarded(world)
    files.lay(world.session, storage(str(settings["FILES"])), tmp_path)
    assert "评分表3份" in good(settings, "check")
    report = check.check(world.session, now=world.now)
    assert report.findings == []
    assert (report.n_submissions, report.n_sheets) == (1, 3)
    assert report.n_history > 10
    assert report.n_letters == 5


def test_what_was_done_for_a_unit_is_told_as_such(settings: Settings, world: World) -> None:
    team = world.enter()
    acting = behalf.acting(world.units["浦江电机厂"], actor=world.actor("olga"))
    with unit(world.session):
        cycle = world.session.get_one(Cycle, world.cycle.id)
        advance.advance(world.session, "register", cycle=cycle, now=world.now, actor=acting, ids=[team])
    assert "olga代浦江电机厂" in good(settings, "audit", "show", "20240001")


def awarded(world: World) -> int:
    team = world.submitted()
    world.go("2024-04-02 10:00")
    world.move(team, "recommend", "rita")
    world.go("2024-07-02 10:00")
    world.judged(team)
    world.sweep()
    world.propose(team)
    world.go("2024-08-20 10:00")
    return team


def found(world: World) -> set[tuple[str, str]]:
    world.session.rollback()
    return {(one.code, one.what) for one in check.check(world.session, now=world.now).findings}


def test_each_rule_has_its_finding(settings: Settings, world: World) -> None:
    awarded(world)
    target = world.cycle.definition.workflow.start
    for statement, finding in (
        ("UPDATE submission SET n_sheets_final = 7", ("I4", "n_sheets_final")),
        ("UPDATE submission SET n_sheets_open = 7", ("I4", "n_sheets_open")),
        ("UPDATE submission SET n_objections_open = 7", ("I4", "n_objections_open")),
        ("UPDATE submission SET shortlisted = NOT shortlisted", ("I4", "shortlisted")),
        ("UPDATE submission SET eliminated = NOT eliminated", ("I4", "eliminated")),
        ("UPDATE submission SET nominated = NOT nominated", ("I4", "nominated")),
        ("UPDATE submission SET award_level = 'PROGRESS'", ("I4", "award_level")),
        ("UPDATE outbox SET status = 'sent'", ("I8", "letter_undated")),
        (
            "INSERT INTO outbox (key, batch_id, submission_id, effect, letter, to_role, status, created_at, next_at,"
            " n_tries, recipients, error) SELECT key || 'x', batch_id, submission_id, effect, letter, to_role, status,"
            " created_at, next_at, n_tries, recipients, error FROM outbox",
            ("I8", "letter_twice"),
        ),
        ("UPDATE history SET details = '{}', kind = 'override' WHERE seq = 3", ("I7", "override")),
        (f"UPDATE submission SET state = '{target}'", ("I1", "state")),
        ("UPDATE submission SET version = 1", ("I2", "head")),
        ("UPDATE history SET at = '2024-01-01 00:00:00.000000' WHERE via = 'clock'", ("I11", "early")),
        ("DELETE FROM history WHERE seq = 2", ("I9", "gap")),
    ):
        tamper(world, statement)
        assert finding in found(world), statement


def test_a_level_that_waits_for_nobodys_consent_is_found(settings: Settings, world: World) -> None:
    case = world.placed("evaluated")
    world.propose(case)
    assert found(world) == set()
    tamper(world, "UPDATE submission SET consent_held = NOT consent_held")
    assert found(world) == {("I4", "consent_held")}


def test_an_evaluator_of_the_units_concerned_is_found(settings: Settings, world: World) -> None:
    awarded(world)
    tamper(world, "UPDATE membership SET unit_id = :unit WHERE account_id = :person", unit=world.units["浦江电机厂"].id,
           person=world.people["eve"].id)  # fmt: skip
    assert found(world) == {("I5", "own_work")}


def test_what_the_clock_owes_is_found(settings: Settings, world: World) -> None:
    world.enter()
    world.now = at("2024-06-02")
    assert found(world) == {("I3", "overdue")}
    assert "submission 2024/20240001" in refused(settings, "check")


def test_a_history_without_its_subject_is_found(settings: Settings, world: World) -> None:
    with unit(world.session):
        odd = world.history("unit", world.units["江南物业"].id)[0]
        columns = {c.key: getattr(odd, c.key) for c in History.__table__.columns if c.key != "id"}
    with unit(world.session):
        world.session.add(History(**{**columns, "subject_id": 999}))
    assert ("I2", "head") in found(world)


def test_an_empty_system_is_checked(settings: Settings, session: Session) -> None:
    assert "0" in good(settings, "check")
