"""Adopting a definition: previewed, refused, done as a whole, recorded; nothing of another year is touched."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qtb.domain import definition
from qtb.domain.adoption import Plan
from qtb.domain.definition import Definition
from qtb.domain.errors import Conflict, DefinitionError, Denied, Invalid, NotNow
from qtb.services import adoption, advance, check, override, sweep, undo
from qtb.services.edges import Owed
from qtb.services.letters import letter_of
from qtb.services.outbox import Post
from qtb.store import verification
from qtb.store.audit import History
from qtb.store.cycles import Cycle
from qtb.store.ledger import Ledger
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission, counts_by_state
from qtb.store.unit import unit
from tests.adopting import MAPPING, adopted, as_definition, changed, evolved, lay, renamed, serve
from tests.domain.sample import files
from tests.world import World, at


@pytest.fixture
def new() -> Definition:
    """The programme as it has been changed."""
    return definition.from_files(evolved())


def previewed(world: World, new: Definition, mapping: dict[str, str] | None = None) -> Plan:
    """Ask what adopting would do."""
    world.session.rollback()
    year = world.session.get_one(Cycle, world.cycle.id)
    return adoption.preview(
        world.session, year, new, mapping=MAPPING if mapping is None else mapping, now=world.now
    )


def pinned(world: World) -> tuple[str, int]:
    """Return what the year is pinned to and its version."""
    world.session.rollback()
    year = world.session.get_one(Cycle, world.cycle.id)
    return year.definition_hash, year.version


def sound(world: World) -> None:
    """Assert that the self-check and the history find nothing."""
    assert check.check(world.session, now=world.now).findings == []
    world.sound()


def test_adopting_moves_what_must_and_records_it(world: World, new: Definition) -> None:
    ready, lost = world.placed("recommended"), world.placed("escalated", "二班")
    kept = world.placed("submitted", "三班")
    old, version = pinned(world)
    plan = adopted(world, new)
    assert [(one.key, one.n, one.to) for one in plan.moving] == [
        ("escalated", 1, "submitted"), ("recommended", 1, "endorsed"),
    ]  # fmt: skip
    assert pinned(world) == (new.hash, version + 1)
    assert [world.state(one) for one in (ready, lost, kept)] == ["endorsed", "submitted", "submitted"]
    entry = world.history("submission", ready)[-1]
    assert (entry.kind, entry.from_state, entry.to_state) == ("adopt", "recommended", "endorsed")
    assert entry.about() == {"note": "流程修订", "changes": {"definition": [old, new.hash]}}
    assert world.history("submission", kept)[-1].kind != "adopt"
    last = world.history("cycle", world.cycle.id)[-1].about()
    assert last["changes"]["definition"] == [old, new.hash]
    assert last["changes"]["mapping"] == MAPPING
    assert definition.from_text(last["replaced"]).hash == old
    sound(world)


def test_the_year_goes_on_under_the_new_rules_and_another_one_under_the_old(world: World, new: Definition) -> None:
    case, other = world.submitted(), world.another_cycle("2025")
    adopted(world, new)
    world.now = at("2024-04-02")
    assert [one.key for one in world.refused(case, "recommend", "rita")] == ["state"]
    world.move(case, "screen", "rita")
    world.move(case, "recommend", "rita")
    assert world.state(case) == "endorsed"
    assert world.session.get_one(Cycle, other).definition_hash != new.hash
    sound(world)


def test_a_preview_writes_nothing(world: World, new: Definition) -> None:
    world.placed("recommended")
    before, n = pinned(world), world.sound()
    assert [one.key for one in previewed(world, new, {}).refusals] == ["adopt_unmapped"]
    assert previewed(world, new).refusals == ()
    assert (pinned(world), world.sound()) == (before, n)


def test_what_stands_against_it_is_refused_whole(world: World, new: Definition) -> None:
    case = world.placed("recommended")
    before = pinned(world)
    with pytest.raises(NotNow) as refused:
        adopted(world, new, {})
    assert [one.key for one in refused.value.reasons] == ["adopt_unmapped"]
    assert pinned(world) == before
    assert world.state(case) == "recommended"
    sound(world)


def test_answers_levels_sheets_and_suspensions_of_the_year_are_seen(world: World) -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["step"] = 1
        del raw["levels"]["EXCELLENT"]

    def stay(raw: dict[str, Any]) -> None:
        del raw["suspension"]

    case = world.placed("recommended")
    world.now = at("2024-07-02")
    world.judged(case)
    world.sweep()
    world.propose(case)
    plan = previewed(world, as_definition(edit, "rubric.yaml"), {})
    assert [(one.key, one.args["n"]) for one in plan.refusals] == [("adopt_level", 1), ("adopt_scores", 3)]
    assert previewed(world, as_definition(stay), {}).refusals == ()


def test_a_year_that_was_changed_meanwhile_is_not_overrun(world: World, new: Definition) -> None:
    seen = pinned(world)[1]
    world.extend("declare", "2024-06-10")
    with pytest.raises(Conflict) as refused:
        adopted(world, new, seen=seen)
    assert refused.value.key == "stale_by"


def test_another_plan_than_the_one_shown_is_not_carried_out(world: World, new: Definition) -> None:
    shown = previewed(world, new).digest
    world.placed("recommended")
    with pytest.raises(Conflict) as refused:
        adopted(world, new, shown=shown)
    assert refused.value.key == "adopt_plan"
    assert pinned(world)[0] != new.hash
    # How many stay where they are may change while somebody reads.
    shown = previewed(world, new).digest
    world.placed("submitted", "二班")
    adopted(world, new, shown=shown)
    sound(world)


def test_it_is_the_organisers_and_wants_a_reason(world: World, new: Definition) -> None:
    for name in ("alice", "rita", "eve"):
        with pytest.raises(Denied):
            adopted(world, new, actor=world.actor(name))
    for reason in ("", "  ", "\u200b"):
        with pytest.raises(Invalid, match="reason_required"):
            adopted(world, new, reason=reason)
    with pytest.raises(Invalid, match="field_too_long"):
        adopted(world, new, reason="长" * 5_000)
    assert pinned(world)[0] != new.hash


def test_twice_is_once(world: World, new: Definition) -> None:
    adopted(world, new)
    with pytest.raises(NotNow, match="adopt_same"):
        adopted(world, new, {})


def test_there_and_back(world: World, new: Definition) -> None:
    case, old = world.placed("recommended"), world.cycle.definition
    adopted(world, new)
    adopted(world, old, {"endorsed": "recommended"})
    assert world.state(case) == "recommended"
    assert [row.kind for row in world.history("submission", case)][-2:] == ["adopt", "adopt"]
    sound(world)


def test_two_states_may_change_places(world: World) -> None:
    one, two = world.placed("submitted"), world.placed("returned", "二班")
    adopted(world, as_definition(lambda raw: None), {"submitted": "returned", "returned": "submitted"})
    assert (world.state(one), world.state(two)) == ("returned", "submitted")
    sound(world)


def test_a_state_of_another_kind_brings_the_column_up_to_date(world: World) -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["states"]["returned"]["kind"] = "live"

    case = world.placed("returned")
    adopted(world, as_definition(edit), {})
    assert world.session.get_one(Submission, case).kind == "live"
    entry = world.history("submission", case)[-1]
    assert (entry.kind, entry.from_state, entry.to_state) == ("adopt", "returned", "returned")
    sound(world)


def test_an_end_that_comes_to_life_does_not_double_a_team(world: World) -> None:
    gone = world.placed("withdrawn")
    world.placed("submitted")
    before = pinned(world)
    with pytest.raises(Conflict) as refused:
        adopted(world, as_definition(lambda raw: None), {"withdrawn": "submitted"})
    assert (refused.value.key, pinned(world), world.state(gone)) == ("team_taken", before, "withdrawn")
    sound(world)


def test_what_the_clock_would_do_at_once_is_what_it_does(world: World) -> None:
    def edit(raw: dict[str, Any]) -> None:
        raw["transitions"]["lapse_undeclared"]["at"] = {"row": "register", "edge": "opens"}

    for n in range(3):
        world.placed("registered", f"{n}班")
    world.placed("submitted")
    new = as_definition(edit)
    plan = adopted(world, new, {})
    assert [(one.transition, one.n) for one in plan.due] == [("lapse_undeclared", 3)]
    assert [(one.transition, one.n_moved) for one in world.sweep()] == [("lapse_undeclared", 3)]
    sound(world)


def test_silences_begin_anew_where_a_case_was_put(world: World, new: Definition) -> None:
    def edit(raw: dict[str, Any]) -> None:
        rule = raw["transitions"]["pass_on"]
        rule["from"] = ["submitted", "returned"]

    world.now = at("2024-04-02")
    kept, put = world.placed("returned"), world.placed("registered", "二班")
    world.now = at("2024-04-30 10:00")
    both = as_definition(edit)
    assert [(one.transition, one.n) for one in previewed(world, both, {}).due] == [("pass_on", 1)]
    plan = adopted(world, both, {"registered": "returned"})
    assert [(one.transition, one.n) for one in plan.due] == [("pass_on", 1)]
    world.sweep()
    assert (world.state(kept), world.state(put)) == ("escalated", "returned")


def test_what_was_taken_back_stays_so(world: World, new: Definition) -> None:
    work = world.placed("recommended")
    world.go("2024-07-20 10:00")
    world.judged(work)
    world.go("2024-07-20 10:01")
    assert world.state(work) == "evaluated"
    with unit(world.session) as session:
        row = session.get_one(Submission, work)
        undo.undo(session, row, actor=world.actor("olga"), now=world.now, reason="再看一份评分表")
    assert previewed(world, new).due == ()
    adopted(world, new)
    world.later(minutes=1)
    world.sweep()
    assert (world.state(work), world.session.get_one(Submission, work).taken_back) == ("endorsed", True)
    sound(world)
    world.go("2024-09-01")  # until the row ends, as before
    assert world.state(work) != "endorsed"
    sound(world)


def test_the_date_asked_for_stays(world: World) -> None:
    def rename(raw: dict[str, Any]) -> None:
        renamed(raw, "returned", "sent_back")

    case, due = world.submitted(), at("2024-04-20")
    world.now = at("2024-04-02 10:00")
    with unit(world.session) as session:
        advance.advance(
            session, "return", cycle=session.get_one(Cycle, world.cycle.id), now=world.now, actor=world.actor("rita"),
            ids=[case], note="请补充", due_at=due,
        )  # fmt: skip
    adopted(world, as_definition(rename), {"returned": "sent_back"})
    assert world.state(case) == "sent_back"
    assert world.session.get_one(Submission, case).due_at == due
    world.move(case, "resubmit", "alice")
    assert world.session.get_one(Submission, case).due_at is None
    sound(world)


def test_many_cases_follow_in_slices(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "SLICE", 100)
    world.many(250)
    adopted(world, as_definition(lambda raw: renamed(raw, "draft", "outline")), {"draft": "outline"})
    assert counts_by_state(world.session, world.cycle.id) == {"outline": 250}
    batches = select(func.count(History.batch_id.distinct())).where(History.kind == "adopt")
    assert world.session.scalar(batches) == 3
    assert world.enter(team="新班")
    sound(world)


def test_the_last_move_cannot_be_taken_back_to_a_state_that_is_gone(world: World) -> None:
    case = world.submitted()
    adopted(world, as_definition(lambda raw: renamed(raw, "registered", "enrolled")), {})
    row = world.session.get_one(Submission, case)
    with pytest.raises(NotNow, match="undo_nothing"), unit(world.session):
        undo.undo(world.session, row, actor=world.actor("alice"), now=world.now, reason="误交")
    sound(world)


def test_whoever_read_the_year_before_is_told_to_read_it_again(world: World, new: Definition) -> None:
    case = world.placed("submitted")
    world.session.rollback()
    stale = world.session.get_one(Cycle, world.cycle.id)
    pin = type("Pin", (), {"id": stale.id, "definition": stale.definition})()
    adopted(world, new)
    for act in (
        lambda: advance.advance(
            world.session, "withdraw", cycle=pin, now=world.now, actor=world.actor("alice"), ids=[case]
        ),
        lambda: override.override(
            world.session, "declined", cycle=pin, submission_id=case, actor=world.actor("olga"), now=world.now,
            reason="更正",
        ),
    ):
        with pytest.raises(Conflict, match="adopted_meanwhile"), unit(world.session):
            act()
    assert world.state(case) == "submitted"


def test_the_folder_says_what_is_proposed(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not adoption.is_proposed(world.cycle)
    assert adoption.proposed(world.cycle).hash == world.cycle.definition_hash
    serve(monkeypatch, tmp_path, evolved())
    assert adoption.is_proposed(world.cycle)
    assert adoption.proposed(world.cycle).hash == definition.from_files(evolved()).hash
    lay(tmp_path, changed(lambda raw: raw["states"].pop("withdrawn")))
    assert adoption.is_proposed(world.cycle)
    with pytest.raises(DefinitionError):
        adoption.proposed(world.cycle)
    monkeypatch.setattr("qtb.config.workflows_folder", lambda *_: tmp_path / "empty")
    assert not adoption.is_proposed(world.cycle)


def test_a_year_without_working_days_is_noted(world: World) -> None:
    world.now = at("2024-05-20")
    texts = {name: text for name, text in files().items() if not name.startswith("calendar/")}
    plan = previewed(world, definition.from_files(texts), {})
    assert [one.key for one in plan.notes] == ["calendar_year"]
    assert {one.area for one in plan.changes} == {"calendar"}


def test_letters_that_wait_are_still_written(world: World, new: Definition) -> None:
    world.now = at("2024-04-02")
    case = world.submitted()
    world.move(case, "recommend", "rita")
    adopted(world, new)
    row = world.session.scalars(select(Outbox).filter_by(submission_id=case, letter="recommended")).one()
    assert letter_of(world.session, row, post=Post("", "qtb@localhost", "https://example.org"), now=world.now)


def test_a_year_that_adopts_between_asking_and_moving_is_no_failure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = world.enter()
    proper, new = sweep.edges.owing, as_definition(renames_the_lapse)

    def asked(session: Session, *, now: datetime) -> list[Owed]:
        found = proper(session, now=now)
        monkeypatch.undo()
        adopted(world, new, mapping={})
        return found

    world.now = at("2024-06-01")
    monkeypatch.setattr(sweep.edges, "owing", asked)
    swept = [(one.transition, one.n_moved, one.failure) for one in world.sweep()]
    assert swept == [("expire", 1, "")]
    assert world.trail(team)[-1].transition == "expire"
    lines = world.session.execute(select(Ledger.transition, Ledger.failure).where(Ledger.transition != "")).all()
    assert [tuple(one) for one in lines] == [("expire", "")]


def renames_the_lapse(raw: dict[str, Any]) -> None:
    """Call the move that ends drafts otherwise."""
    moves = raw["transitions"]
    raw["transitions"] = {"expire" if key == "lapse_unregistered" else key: rule for key, rule in moves.items()}


def test_history_of_the_batch_is_one_act(world: World, new: Definition) -> None:
    cases = [world.placed("recommended", f"{n}班") for n in range(4)]
    adopted(world, new)
    world.session.rollback()
    rows = world.session.scalars(select(History).where(History.kind == "adopt")).all()
    assert {row.subject_id for row in rows} == set(cases)
    assert len({row.batch_id for row in rows}) == 1
    assert verification.verify(world.session)[1] == []
    assert sweep.sweep(world.session, now=world.now) == []
