"""History: what the database hashes is what Python hashes, what is tampered with is found, nothing can be rewritten."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qtb.domain import evidence
from qtb.domain.errors import Conflict
from qtb.extensions import db
from qtb.store import audit, verification
from qtb.store.audit import History
from qtb.store.submissions import Submission
from qtb.store.unit import WRITE, unit
from qtb.store.verification import Finding
from tests.world import World

NOTES = [
    "同意推荐",
    "quotes \" and ' and “这样的”",
    "back\\slash \\n \\u0041 \\\\",
    "emoji 🎉👩‍🏭🇨🇳",
    "line\u2028separator\u2029here",
    "two\nlines\tand a tab",
    "𠮷野家 composed é",
    "%(percent)s %s {brace} $dollar :colon ;--",
    "x" * 2_000,
]


def test_the_chain_written_by_the_database_is_pythons(world: World) -> None:
    team = world.submitted()
    world.go("2024-04-02")
    for note in NOTES:
        world.move(team, "return", "rita", note=note)
        world.move(team, "resubmit", "alice")
    rows = world.history("submission", team)
    assert [row.about()["note"] for row in rows if row.transition == "return"] == NOTES
    prev = evidence.GENESIS
    for seq, row in enumerate(rows, start=1):
        assert (row.seq, row.prev_hash) == (seq, prev)
        assert row.hash == evidence.digest(audit.canonical(row))
        prev = row.hash
    subject = world.session.get_one(Submission, team)
    assert (subject.version, subject.head_hash) == (len(rows), prev)
    world.sound()


def test_edits_with_any_text_are_chained_like_moves(world: World) -> None:
    team = world.enter(leader_name='组长 "甲"\\乙', team_duty="第一行\n第二行🎉\u2028第三")
    changes = world.history("submission", team)[-1].about()["changes"]
    assert changes["team_duty"] == [None, "第一行\n第二行🎉\u2028第三"]
    assert changes["leader_name"] == [None, '组长 "甲"\\乙']
    world.sound()


def test_the_address_of_whoever_acted_stands_in_the_details_only(world: World) -> None:
    team = world.enter()
    with unit(world.session):
        row = world.session.get_one(Submission, team)
        actor = world.actor("olga")
        actor = type(actor)(actor.user_id, actor.name, actor.via, actor.units, "203.0.113.9")
        audit.record(world.session, row, "edit", actor=actor, now=world.now)
    last = world.history("submission", team)[-1]
    assert last.about()["address"] == "203.0.113.9"
    assert "203.0.113.9" not in audit.canonical(last)
    world.sound()


def test_a_batch_of_many_is_chained_each_from_its_own_head(world: World) -> None:
    teams = [world.enter(team=f"第{n}班") for n in range(30)]
    world.now = world.now.replace(month=7)
    (swept,) = world.sweep()
    assert swept.n_moved == 30
    lasts = [world.trail(team)[-1] for team in teams]
    assert len({row.batch_id for row in lasts}) == 1
    assert len({row.hash for row in lasts}) == 30
    world.sound()


def test_an_entry_from_a_stale_position_is_refused(world: World) -> None:
    team = world.enter()
    row = world.session.get_one(Submission, team)
    before = row.version - 1
    with pytest.raises(Conflict) as refusal, unit(world.session):
        audit.record(world.session, row, "edit", actor=world.actor("olga"), now=world.now, seen=before)
    assert refusal.value.key == "stale_by"
    world.sound()


# --- tampering with full access to the database ------------------------------------------------------


@pytest.fixture
def tampering(world: World) -> Callable[..., tuple[int, list[Finding]]]:
    """Run statements without triggers, verify, and take it all back; {team} is a submission with six entries."""
    team = world.submitted()
    other = world.submitted("总装二班")
    world.go("2024-04-02")
    world.move(team, "recommend", "rita", note="同意")
    assert len(world.history("submission", team)) == 6
    world.sound()

    def tamper(*statements: str) -> tuple[int, list[Finding]]:
        world.session.rollback()
        with db.engine.connect().execution_options(**WRITE) as connection:
            _without_triggers(connection)
            for statement in statements:
                done = connection.execute(text(statement.format(team=team, other=other)))
                assert done.rowcount > 0
            _, findings = verification.verify(Session(connection))
            connection.rollback()
        return team, findings

    return tamper


def _without_triggers(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(text("DROP TRIGGER history_no_UPDATE"))
        connection.execute(text("DROP TRIGGER history_no_DELETE"))
    else:
        connection.execute(text("ALTER TABLE history DISABLE TRIGGER USER"))


Tampering = Callable[..., tuple[int, list[Finding]]]
MINE = "subject = 'submission' AND subject_id = {team}"
CHANGES = {
    "details": 'details = \'{{"note": "不同意"}}\'',
    "salt": "salt = 'abc'",
    "kind": "kind = 'edit2'",
    "transition": "transition = 'decline'",
    "from_state": "from_state = 'returned'",
    "to_state": "to_state = 'declined'",
    "actor_id": "actor_id = 1 + (actor_id % 2)",
    "role": "role = 'organiser'",
    "via": "via = 'cli'",
    "row_key": "row_key = 'publish'",
    "due": "due = '2024-01-01T00:00:00.000000Z'",
    "batch_id": "batch_id = 'f00'",
    "hash": "hash = '{zeros}'".format(zeros="0" * 64),
    "prev_hash": "prev_hash = '{zeros}'".format(zeros="1" * 64),
}


def test_a_changed_column_is_found(tampering: Tampering) -> None:
    for column, change in CHANGES.items():
        team, findings = tampering(f"UPDATE history SET {change} WHERE {MINE} AND seq = 4")
        code = "broken_link" if column == "prev_hash" else "altered"
        assert findings[:1] == [Finding("submission", team, 4, code)], column


def test_every_column_that_could_be_changed_is_covered_here() -> None:
    numbering = {"id", "subject", "subject_id", "seq", "at"}  # these have tests of their own
    assert CHANGES.keys() | numbering == {column.key for column in History.__table__.columns}


def test_a_changed_instant_is_found(tampering: Tampering) -> None:
    instant = "'2024-03-01 01:00:00.000001'" if db.engine.dialect.name == "sqlite" else "'2024-03-01 01:00:00.000001Z'"
    team, findings = tampering(f"UPDATE history SET at = {instant} WHERE {MINE} AND seq = 3")
    assert findings == [Finding("submission", team, 3, "altered")]


def test_an_entry_deleted_in_the_middle_is_found(tampering: Tampering) -> None:
    team, findings = tampering(f"DELETE FROM history WHERE {MINE} AND seq = 3")
    assert findings == [Finding("submission", team, 4, "gap")]


def test_the_first_entry_deleted_is_found(tampering: Tampering) -> None:
    team, findings = tampering(f"DELETE FROM history WHERE {MINE} AND seq = 1")
    assert findings == [Finding("submission", team, 2, "gap")]


def test_deleted_and_renumbered_is_found(tampering: Tampering) -> None:
    shift = f"UPDATE history SET seq = -seq WHERE {MINE} AND seq > 3"
    back = f"UPDATE history SET seq = -seq - 1 WHERE {MINE} AND seq < 0"
    team, findings = tampering(f"DELETE FROM history WHERE {MINE} AND seq = 3", shift, back)
    assert findings[0] == Finding("submission", team, 3, "broken_link")
    assert Finding("submission", team, 3, "altered") in findings


def test_a_cut_tail_is_found(tampering: Tampering) -> None:
    team, findings = tampering(f"DELETE FROM history WHERE {MINE} AND seq > 3")
    assert findings[0] == Finding("submission", team, 3, "head")


def test_swapped_entries_are_found(tampering: Tampering) -> None:
    team, findings = tampering(
        f"UPDATE history SET seq = -3 WHERE {MINE} AND seq = 3",
        f"UPDATE history SET seq = 3 WHERE {MINE} AND seq = 4",
        f"UPDATE history SET seq = 4 WHERE {MINE} AND seq = -3",
    )
    assert findings[0] == Finding("submission", team, 3, "broken_link")


def test_a_wiped_history_is_found(tampering: Tampering) -> None:
    team, findings = tampering("DELETE FROM history")
    assert Finding("submission", team, 0, "head") in findings
    assert {finding.subject for finding in findings} == set(audit.SUBJECTS)


def test_an_entry_moved_to_another_subject_is_found(tampering: Tampering) -> None:
    team, findings = tampering(f"UPDATE history SET subject_id = {{other}}, seq = 99 WHERE {MINE} AND seq = 4")
    assert Finding("submission", team, 5, "gap") in findings
    assert any(finding.code == "gap" and finding.seq == 99 for finding in findings)


def test_a_state_changed_behind_the_door_is_found(tampering: Tampering) -> None:
    for state in ("awarded", "draft"):
        team, findings = tampering(f"UPDATE submission SET state = '{state}' WHERE id = {{team}}")
        assert findings == [Finding("submission", team, 6, "state")]


def test_a_head_or_version_changed_behind_the_door_is_found(tampering: Tampering) -> None:
    team, findings = tampering("UPDATE submission SET version = version + 1 WHERE id = {team}")
    assert findings == [Finding("submission", team, 6, "head")]


def test_a_subject_that_vanished_is_found(tampering: Tampering) -> None:
    team, findings = tampering(
        "DELETE FROM outbox WHERE submission_id = {team}",
        "DELETE FROM receipt WHERE submission_id = {team}",
        "DELETE FROM file WHERE submission_id = {team}",
        "DELETE FROM answer_version WHERE submission_id = {team}",
        "DELETE FROM answer WHERE submission_id = {team}",
        "DELETE FROM submission WHERE id = {team}",
    )
    assert findings == [Finding("submission", team, 6, "head")]


def test_a_forged_entry_at_the_end_is_found(tampering: Tampering) -> None:
    columns = [column.key for column in History.__table__.columns if column.key != "id"]
    given = ["7" if name == "seq" else "'awarded'" if name == "to_state" else name for name in columns]
    team, findings = tampering(
        f"INSERT INTO history ({', '.join(columns)}) SELECT {', '.join(given)} FROM history WHERE {MINE} AND seq = 6"
    )
    assert findings[0] == Finding("submission", team, 7, "broken_link")


# --- append only -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement", ["UPDATE history SET kind = 'edit'", "DELETE FROM history", "UPDATE history SET details = details"]
)
def test_the_database_refuses_to_rewrite_history(world: World, statement: str) -> None:
    n_entries = world.sound()
    with pytest.raises(DBAPIError, match="append-only"), unit(world.session):
        world.session.execute(text(statement))
    assert world.sound() == n_entries


@pytest.mark.postgresql
def test_postgresql_refuses_to_truncate_history(world: World) -> None:
    if db.engine.dialect.name == "sqlite":
        return  # SQLite has no TRUNCATE
    with pytest.raises(DBAPIError, match="append-only"), unit(world.session):
        world.session.execute(text("TRUNCATE history CASCADE"))
    world.sound()


def test_the_database_refuses_a_second_entry_from_one_position(world: World) -> None:
    team = world.enter()
    columns = [column.key for column in History.__table__.columns if column.key != "id"]
    names = ", ".join(columns)
    with pytest.raises(DBAPIError), unit(world.session):
        world.session.execute(
            text(f"INSERT INTO history ({names}) SELECT {names} FROM history WHERE subject_id = {team}")
        )


def test_verifying_counts_what_it_read(world: World, session: Session) -> None:
    n_before = world.sound()
    for n in range(3):
        world.enter(team=f"第{n}班")
    assert world.sound() == audit.count(session) == n_before + 6  # each team: begun, filled


def test_entries_come_latest_first_with_the_name_of_who_acted(world: World, session: Session) -> None:
    team = world.submitted()
    world.go("2024-07-01")
    found = audit.entries(session, "submission", team)
    assert [row.seq for row, _ in found] == sorted((row.seq for row, _ in found), reverse=True)
    assert [name for _, name in found][:2] == [None, "alice"]
    seqs = session.scalars(select(History.seq).where(History.subject_id == team, History.subject == "submission"))
    assert sorted(seqs) == list(itertools.islice(itertools.count(1), len(found)))
