"""A definition is adopted at the moment of a move: one winner or both in order, no case in a state nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qtb.domain import definition
from qtb.domain.definition import Definition
from qtb.domain.errors import Conflict, Refusal
from qtb.extensions import db
from qtb.services import adoption, advance, check, override, submissions, suspension, sweep, undo
from qtb.services.answers import Filled
from qtb.store.audit import History
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.adopting import as_definition, renamed
from tests.domain.sample import files
from tests.threads import at_once
from tests.world import REGISTRATION, World, at

ROUNDS = 50
Deed = Callable[[Session], Any]


def both_ways(old: str, new: str) -> tuple[Definition, Definition]:
    """Return the programme with a state called otherwise, and as it is; the year goes there and back."""
    return as_definition(lambda raw: renamed(raw, old, new)), definition.from_files(files())


def adopting(world: World, new: Definition, mapping: dict[str, str]) -> Deed:
    """Adopt a definition as it was shown just before."""
    actor, now, cycle_id = world.actor("olga"), world.now, world.cycle.id
    world.session.rollback()
    year = world.session.get_one(Cycle, cycle_id)
    seen = year.version
    shown = adoption.preview(world.session, year, new, mapping=mapping, now=now).digest

    def deed(session: Session) -> str:
        with unit(session):
            adoption.adopt(
                session, session.get_one(Cycle, cycle_id), new, mapping=mapping, shown=shown, seen=seen, actor=actor,
                now=now, reason="流程修订",
            )  # fmt: skip
        return "adopt"

    return deed


def acting(world: World, act: Callable[[Session, Cycle], Any], name: str) -> Deed:
    """Do something in a year, in a unit of its own."""
    cycle_id = world.cycle.id

    def deed(session: Session) -> str:
        with unit(session):
            act(session, session.get_one(Cycle, cycle_id))
        return name

    return deed


def sort(outcomes: list[Any]) -> tuple[list[str], list[Refusal]]:
    """Part what was done from what was refused; anything else that was raised is a fault."""
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, Refusal):
            raise outcome
    done = [outcome for outcome in outcomes if not isinstance(outcome, Refusal)]
    return done, [outcome for outcome in outcomes if isinstance(outcome, Refusal)]


def known(world: World) -> None:
    """Assert that every case stands in a state, and is of a kind, that the year's definition knows."""
    world.session.rollback()
    states = world.session.get_one(Cycle, world.cycle.id).definition.workflow.states
    for row in world.session.execute(select(Submission.id, Submission.state, Submission.kind)):
        assert row.state in states, row
        assert row.kind == states[row.state].kind, row


def rounds(world: World, old: str, new: str, deed: Callable[[int, bool], Deed], n: int = ROUNDS) -> dict[str, int]:
    """Adopt there and back, each time at the moment of a deed; return how often each was done."""
    there, back = both_ways(old, new)
    told = {"adopt": 0, "deed": 0, "refused": 0}
    is_there = False
    for turn in range(n):
        target, mapping = (back, {new: old}) if is_there else (there, {old: new})
        deeds = [adopting(world, target, mapping), deed(turn, is_there)]
        done, refused = sort(at_once(deeds[:: 1 - 2 * (turn % 2)]))
        assert all(isinstance(one, Conflict) for one in refused), refused
        assert done, refused
        is_there ^= "adopt" in done
        told["adopt"] += "adopt" in done
        told["deed"] += len(done) - ("adopt" in done)
        told["refused"] += len(refused)
        known(world)
    world.sound()
    assert check.check(world.session, now=world.now).findings == []
    assert told["adopt"] + told["deed"] + told["refused"] == 2 * n
    return told


def test_a_move_into_the_state_that_is_renamed(world: World) -> None:
    cases, actor = [world.placed("registered", f"{n}班") for n in range(ROUNDS)], world.actor("alice")

    def deed(turn: int, _: bool) -> Deed:
        return acting(
            world, lambda session, year: advance.advance(
                session, "submit", cycle=year, now=world.now, actor=actor, ids=[cases[turn]]
            ), "submit",
        )  # fmt: skip

    told = rounds(world, "submitted", "handed_in", deed)
    assert told["deed"] == told["adopt"] == ROUNDS or told["refused"]


def test_a_move_out_of_the_state_that_is_renamed(world: World) -> None:
    cases, actor = [world.placed("submitted", f"{n}班") for n in range(ROUNDS)], world.actor("alice")

    def deed(turn: int, _: bool) -> Deed:
        return acting(
            world, lambda session, year: advance.advance(
                session, "withdraw", cycle=year, now=world.now, actor=actor, ids=[cases[turn]]
            ), "withdraw",
        )  # fmt: skip

    rounds(world, "submitted", "handed_in", deed)


def test_an_override_and_an_undoing(world: World) -> None:
    cases = [world.submitted(f"{n}班") for n in range(ROUNDS)]
    alice, olga = world.actor("alice"), world.actor("olga")

    def deed(turn: int, is_there: bool) -> Deed:
        state = "handed_in" if is_there else "submitted"
        if turn % 4 < 2:
            return acting(
                world, lambda session, year: override.override(
                    session, "returned", cycle=year, submission_id=cases[turn], actor=olga, now=world.now, reason=state
                ), "override",
            )  # fmt: skip
        return acting(
            world, lambda session, _: undo.undo(
                session, session.get_one(Submission, cases[turn]), actor=alice, now=world.now, reason="误交"
            ), "undo",
        )  # fmt: skip

    rounds(world, "submitted", "handed_in", deed)


def test_a_team_that_is_entered_while_the_start_is_renamed(world: World) -> None:
    actor, unit_id = world.actor("alice"), world.units["浦江电机厂"].id
    raw = {**REGISTRATION, "recommender": str(world.units["浦东区质协"].id)}

    def deed(turn: int, _: bool) -> Deed:
        filled = Filled("registration", {**raw, "team_name": f"{turn}班"})
        return acting(
            world, lambda session, year: submissions.enter(
                session, cycle=year, unit_id=unit_id, actor=actor, filled=filled, now=world.now, request_key=f"k{turn}"
            ), "enter",
        )  # fmt: skip

    told = rounds(world, "draft", "outline", deed)
    n_entered = world.session.scalar(select(func.count()).select_from(Submission))
    assert n_entered == told["deed"]


def test_a_suspension_and_its_end(world: World) -> None:
    cases, actor = [world.placed("submitted", f"{n}班") for n in range(ROUNDS // 2)], world.actor("olga")

    def deed(turn: int, _: bool) -> Deed:
        act = suspension.resume if turn % 2 else suspension.suspend
        return acting(
            world, lambda session, year: act(
                session, session.get_one(Submission, cases[turn // 2]), actor=actor, now=world.now, reason="申诉"
            ), "suspension",
        )  # fmt: skip

    rounds(world, "submitted", "handed_in", deed)


def test_the_sweep_at_the_same_moment(world: World) -> None:
    """The deadline passes in the middle of it: what the clock has ended stays ended, the rest is ended after."""
    there, _ = both_ways("lapsed", "expired")
    for n in range(60):
        world.placed("registered", f"{n}班")
    world.now = at("2024-06-01")
    now = world.now

    def swept(session: Session) -> str:
        sweep.sweep(session, now=now, limit=7)
        return "sweep"

    deeds = [adopting(world, there, {"lapsed": "expired"}), swept, swept]
    done, refused = sort(at_once(deeds))
    assert len(done) + len(refused) == 3
    known(world)
    world.sweep()
    known(world)
    ended = select(func.count()).select_from(Submission).where(Submission.kind == "end")
    assert world.session.scalar(ended) == 60
    moves = select(func.count()).where(History.kind == "move", History.transition == "lapse_undeclared")
    assert world.session.scalar(moves) == 60
    world.sound()


def test_sixteen_equal_adoptions_are_one(world: World) -> None:
    there, back = both_ways("submitted", "handed_in")
    for n in range(4):
        world.placed("submitted", f"{n}班")
    for turn in range(6):
        new, mapping = (back, {"handed_in": "submitted"}) if turn % 2 else (there, {"submitted": "handed_in"})
        done, refused = sort(at_once([adopting(world, new, mapping)] * 16))
        assert (len(done), {one.key for one in refused}) == (1, {"stale_by"})
        known(world)
    kinds = [row.kind for row in world.history("submission", 1)]
    assert kinds.count("adopt") == 6
    world.sound()


def test_whoever_read_the_year_before_in_another_process_is_told_so(world: World) -> None:
    """A process that has never met the new definition must not go on with the one that its session still holds."""
    if world.session.get_bind().dialect.name == "sqlite":
        return  # a unit there holds everything from its first moment
    there, _ = both_ways("draft", "outline")
    actor, unit_id = world.actor("alice"), world.units["浦江电机厂"].id
    adopt = adopting(world, there, {"draft": "outline"})
    world.session.rollback()

    def enter(session: Session, year: Cycle) -> None:
        assert year.definition.workflow.start == "draft"
        with Session(db.engine) as other:
            adopt(other)
        definition._KNOWN.pop(there.hash)
        filled = Filled("registration", {})
        submissions.enter(
            session, cycle=year, unit_id=unit_id, actor=actor, filled=filled, now=world.now, request_key="late"
        )

    with Session(db.engine) as session, pytest.raises(Conflict, match="adopted_meanwhile"):
        acting(world, enter, "enter")(session)
    known(world)
