"""Whose work it is, kept from its judges; the others' sheets, read only beside one's own finished one."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from qtb.domain.errors import Refusal
from qtb.services import blindness, letters, sheets
from qtb.services.letters import Post
from qtb.store import lists
from qtb.store.cycles import Cycle
from qtb.store.outbox import Outbox
from qtb.store.unit import unit
from tests.adopting import adopted, as_definition
from tests.services.test_sheets import own, reopened
from tests.world import World, at

JULY = "2024-07-02 10:00"


@pytest.fixture
def work(world: World) -> int:
    """Return a work in July whose texts name its unit, its team and a person."""
    case = world.placed("recommended")
    world.override(case, "registered")
    world.declare(case, title="浦江电机厂降低返工率", results="总装一班在测试组长带领下改进，电话021-55550000。")
    world.override(case, "recommended")
    world.go(JULY)
    return case


def hide(world: World, blind: bool = True, *, reason: str = "", who: str = "olga", kind: str = "MAT") -> None:
    """Change whether the judges of a kind of sheet learn whose works are."""
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        blindness.change(session, cycle, kind, blind, reason=reason, actor=world.actor(who), now=world.now)


def told(world: World, work: int) -> blindness.Seen:
    """Return what eve's pages are told of the work."""
    sheet = own(world, work)
    return blindness.seen(world.session, [sheet])[sheet.id]


def text(world: World, work: int) -> str:
    """Return all answers that eve reads."""
    return str([values for _, values in blindness.read(world.session, own(world, work))])


def test_a_hidden_applicant_is_neither_named_nor_found(world: World, work: int) -> None:
    world.assign(work, "eve")
    assert told(world, work).team_name == "总装一班"
    assert lists.find(world.session, work, world.actor("eve")) is not None
    hide(world)
    assert (told(world, work).team_name, told(world, work).title) == ("", "〔…〕降低返工率")
    assert "〔…〕在〔…〕带领下改进，电话〔…〕。" in text(world, work)
    assert lists.find(world.session, work, world.actor("eve")) is None
    fields = [key for spec, _ in blindness.read(world.session, own(world, work)) for key in spec.fields]
    assert "results" in fields
    assert not {"report_file", "unit_opinion", "evidence_files"} & {*fields}


def test_a_rubric_adopted_later_hides_the_applicant_on_the_sheets_given_before(world: World, work: int) -> None:
    world.assign(work, "eve")
    adopted(world, as_definition(lambda raw: raw["sheets"]["MAT"].update(blind=True), "rubric.yaml"), {})
    assert told(world, work).team_name == ""
    assert lists.find(world.session, work, world.actor("eve")) is None
    hide(world, False, reason="现场评价")  # the organiser's word goes before the rubric's, also the next one's
    adopted(world, as_definition(lambda raw: raw["sheets"]["MAT"].update(blind=True, others=False), "rubric.yaml"), {})
    assert told(world, work).team_name == "总装一班"


def test_sheets_given_later_are_hidden_too_and_others_are_not(world: World, work: int) -> None:
    hide(world)
    world.assign(work, "eve")
    assert told(world, work).is_blind
    assert not blindness.is_blind(world.cycle, "PRE")
    hide(world, blind=False, reason="改为公开评审")
    assert told(world, work).team_name == "总装一班"
    entries = [row.about()["changes"] for row in world.history("cycle", world.cycle.id) if row.kind == "blindness"]
    assert entries == [{"MAT": [False, True]}, {"MAT": [True, False]}]
    world.sound()


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"who": "eve"}, "only_organiser"), ({"blind": False, "reason": "理由"}, "blind_already"),
        ({"blind": False}, "reason_required"), ({"kind": "XYZ"}, "sheet"),
        ({"reason": "长" * 2_001}, "field_too_long"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(world: World, given: dict[str, object], key: str) -> None:
    with pytest.raises(Refusal) as refused:
        hide(world, **given)  # type: ignore[arg-type]
    assert refused.value.reasons[0].key == key
    assert world.session.get_one(Cycle, world.cycle.id).blind == {}


def test_the_others_are_read_only_beside_ones_own_finished_sheet(world: World, work: int) -> None:
    world.assign(work, "eve", "ed", "eli")
    world.score(work, "ed")
    assert list(sheets.beside(world.session, own(world, work))) == []
    world.score(work, "eve")
    assert [one.evaluator_id for one in sheets.beside(world.session, own(world, work))] == [world.people["ed"].id]
    reopened(world, work)
    assert list(sheets.beside(world.session, own(world, work))) == []


def test_nobody_reads_beside_a_sheet_that_the_rubric_keeps_apart(world: World, work: int) -> None:
    world.judged(work)
    mine = own(world, work)
    assert len(sheets.beside(world.session, mine)) == 2
    mine.kind = "SIT"
    assert sheets.beside(world.session, mine) == ()
    world.session.rollback()


def test_no_letter_to_a_judge_names_the_work_otherwise_than_by_its_number(world: World, work: int) -> None:
    hide(world)
    world.assign(work, "eve")
    world.score(work, "eve")
    reopened(world, work)
    world.now = at("2024-08-30 09:00")
    world.remind()
    rows = world.session.scalars(select(Outbox).where(Outbox.to_role == "evaluator")).all()
    assert {row.letter for row in rows} >= {"sheet_reopened", "score_soon"}
    post = Post(None, "qtb@example.org", "https://qtb.example.org")
    for row in rows:
        said = letters.letter_of(world.session, row, post=post, now=world.now)
        told = said.subject + said.body
        assert not [one for one in ("浦江电机厂", "总装一班", "返工率") if one in told], row.letter
