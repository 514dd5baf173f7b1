"""Files put into one field, replaced and taken away at the same moment, and while a deadline passes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain.errors import Refusal
from qtb.domain.files import Looked
from qtb.services import files as service
from qtb.store import files as store
from qtb.store.answers import Answer
from qtb.store.files import File
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.colleagues import colleague
from tests.faults.test_races import ROUNDS, Deed, ready, sort
from tests.threads import at_once
from tests.world import World, at


def put(world: World, case: int, name: str, *, field: str = "report_file", who: Any = None) -> Deed:
    """The storing of a file's row."""
    actor, now = who or world.actor("alice"), world.now
    looked = Looked(f"{name}.pdf", "pdf", 1000, 1, "0" * 64)

    def deed(session: Session) -> str:
        with unit(session):
            row = session.get_one(Submission, case)
            key = f"{case}-{name}"
            service.attach(session, row, "declaration", field, looked=looked, key=key, actor=actor, now=now)
        return name

    return deed


def away(world: World, file_id: int) -> Deed:
    """The taking away of a file."""
    actor, now = world.actor("alice"), world.now

    def deed(session: Session) -> str:
        with unit(session):
            service.take_away(session, session.get_one(File, file_id), actor=actor, now=now)
        return "away"

    return deed


def stands(world: World, case: int, field: str = "report_file") -> list[str]:
    """The names of the files that stand in a field, which are those among the answers."""
    world.session.rollback()
    world.session.expire_all()
    found = store.answers(world.session, world.session.get_one(Submission, case), "declaration").get(field, [])
    assert world.session.get_one(Answer, (case, "declaration")).values[field] == found
    return [one["name"] for one in found]


def rows(world: World, case: int) -> list[File]:
    """The files of a case that were put there by a test."""
    return list(world.session.scalars(select(File).where(File.key.startswith(f"{case}-")).order_by(File.id)))


def test_of_two_files_at_once_in_a_field_for_one_the_later_stands_and_the_other_is_kept(world: World) -> None:
    anna = colleague(world)
    for case in ready(world, ROUNDS):
        done, refused = sort(at_once([put(world, case, "a"), put(world, case, "b", who=anna)]))
        assert (sorted(done), refused) == (["a", "b"], [])
        assert len(stands(world, case)) == 1
        first, second = rows(world, case)
        assert (first.ended_at, second.ended_at) == (world.now, None)
    world.sound()


def test_files_at_once_keep_to_the_number_that_a_field_takes(world: World) -> None:
    (case,) = ready(world, 1)
    for n in range(18):
        put(world, case, f"{n}", field="evidence_files")(world.session)
    done, refused = sort(at_once([put(world, case, f"new-{n}", field="evidence_files") for n in range(5)]))
    assert len(done) == 2
    assert {(one.key, one.args_["max"]) for one in refused if isinstance(one, Refusal)} == {("file_many", 20)}
    assert len(stands(world, case, "evidence_files")) == 20
    world.sound()


def test_a_file_replaced_and_taken_away_at_once_leaves_one_or_none(world: World) -> None:
    for case in ready(world, ROUNDS):
        put(world, case, "old")(world.session)
        old = rows(world, case)[0].id
        done, refused = sort(at_once([put(world, case, "new"), away(world, old), away(world, old)]))
        assert (sorted(done), refused) == (["away", "away", "new"], [])
        assert stands(world, case) == ["new.pdf"]
        assert [row.ended_at is None for row in rows(world, case)] == [False, True]
    world.sound()


def test_a_file_that_meets_the_deadline_stands_before_it_or_is_refused(world: World) -> None:
    for case in ready(world, ROUNDS):
        world.now = at("2024-05-31 23:59")
        before = put(world, case, "before")
        world.now = at("2024-06-01 00:01")
        done, refused = sort(at_once([before, put(world, case, "after")]))
        assert done == ["before"]
        assert [one.status for one in refused if isinstance(one, Refusal)] == [409]
        assert stands(world, case) == ["before.pdf"]
        world.now = at("2024-03-01 09:00")
