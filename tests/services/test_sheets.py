"""Sheets of later rounds, every version of a sheet, reopening one, and what happens to its draft."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qtb.domain.errors import Refusal
from qtb.services import advance, drafts, evaluations, letters, recusals, sheets
from qtb.services.letters import Post
from qtb.store import evaluations as store
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.services.test_evaluations import facts, refusal, scores
from tests.threads import at_once
from tests.world import World, at

JULY = "2024-07-02 10:00"


@pytest.fixture
def work(world: World) -> int:
    """Return a work that is being judged, in July."""
    case = world.placed("recommended")
    world.go(JULY)
    return case


def own(world: World, work: int, whose: str = "eve", kind: str = "MAT") -> Sheet:
    """Return somebody's sheet as it is stored."""
    mine = select(Sheet).filter_by(submission_id=work, evaluator_id=world.people[whose].id, kind=kind)
    return world.session.scalars(mine).one()


def give(world: World, work: int, who: str, kind: str = "") -> None:
    """Give a work to a judge by the kind of sheet."""
    with unit(world.session) as session:
        row, person = session.get_one(Submission, work), world.people[who]
        evaluations.assign(session, row, person, kind=kind, actor=world.actor("olga"), now=world.now)


def save(world: World, work: int, raw: dict[str, str], *, whose: str = "eve", kind: str = "MAT", **given: Any) -> None:
    """Keep a sheet's scores."""
    with unit(world.session) as session:
        sheet = own(world, work, whose, kind)
        how = {"seen": sheet.version, "finish": True, **given}
        evaluations.score(session, sheet, raw, actor=world.actor(whose), now=world.now, **how)


def reopened(world: World, work: int, reason: str = "漏评一项", *, who: str = "olga", **given: Any) -> None:
    """Reopen a sheet."""
    with unit(world.session) as session:
        sheets.reopen(session, own(world, work, **given), reason, actor=world.actor(who), now=world.now)


def versions(world: World, work: int) -> list[tuple[int, str | None, bool]]:
    """Return the versions of eve's sheet: number, by whom, whether finished; the latest first."""
    world.session.rollback()
    told = store.versions(world.session, own(world, work).id).told()
    return [(row.number, name, row.is_final) for row, name in told]  # type: ignore[attr-defined]


def presented(world: World, score: str = "10") -> dict[str, str]:
    """Return a filled sheet of the presentation."""
    return dict.fromkeys(world.cycle.definition.rubric.sheets["PRE"].items, score)


# --- which sheet where -------------------------------------------------------------------------------


def test_a_work_is_given_the_sheets_of_where_it_stands(world: World, work: int) -> None:
    assert refusal(give, world, work, "eve", "PRE").key == "unknown_sheet"
    world.judged(work)
    world.move(work, "evaluate", "olga")
    assert refusal(give, world, work, "ewa", "MAT").key == "unknown_sheet"
    give(world, work, "ewa")
    give(world, work, "eve", "PRE")  # who judged the paper may judge the presentation
    give(world, work, "ewa", "SIT")
    found = world.session.execute(select(Sheet.kind, func.count()).group_by(Sheet.kind)).all()
    assert sorted((kind, n) for kind, n in found) == [("MAT", 3), ("PRE", 2), ("SIT", 1)]


def test_sheets_of_a_later_round_guard_no_move_and_bear_on_the_score(world: World, work: int) -> None:
    world.judged(work)
    world.move(work, "evaluate", "olga")
    assert facts(world, work) == (3, 0)
    for name in ("eve", "ed", "ewa"):
        give(world, work, name, "PRE")
        save(world, work, presented(world), whose=name, kind="PRE")
    assert facts(world, work) == (3, 0)
    assert str(own(world, work, "ewa", "PRE").total) == "60.00"
    world.sound()


def test_a_sheet_is_filled_only_while_its_round_lasts(world: World, work: int) -> None:
    world.assign(work, "eve", "ed", "eli", "ewa")
    for name in ("eve", "ed", "eli"):
        save(world, work, scores(world), whose=name)
    world.move(work, "evaluate", "olga")
    assert refusal(save, world, work, scores(world), whose="ewa").key == "not_judged"
    give(world, work, "ewa", "PRE")
    world.override(work, "recommended")  # the presentation waits until the evaluation is closed again
    assert refusal(save, world, work, presented(world), whose="ewa", kind="PRE").key == "not_judged"
    save(world, work, scores(world), whose="ewa")


# --- versions ----------------------------------------------------------------------------------------


def test_every_save_is_a_version_and_an_earlier_one_comes_back(world: World, work: int) -> None:
    world.assign(work, "eve")
    save(world, work, {"M1_POSITION": "5", "comment": "初稿"}, finish=False)
    save(world, work, {"M1_POSITION": "7", "comment": "再稿"}, finish=False)
    assert versions(world, work) == [(2, "eve", False), (1, "eve", False)]
    with unit(world.session) as session:
        sheet = own(world, work)
        sheets.restore(session, sheet, 1, seen=2, actor=world.actor("eve"), now=world.now)
    world.session.rollback()
    assert (own(world, work).scores, own(world, work).comment) == ({"M1_POSITION": "5"}, "初稿")
    assert versions(world, work)[0] == (3, "eve", False)
    world.sound()


def test_an_unknown_version_a_stale_page_and_a_finished_sheet_restore_nothing(world: World, work: int) -> None:
    world.assign(work, "eve")
    save(world, work, {"M1_POSITION": "5"}, finish=False)

    def restore(number: int, seen: int, who: str = "eve") -> None:
        with unit(world.session) as session:
            sheets.restore(session, own(world, work), number, seen=seen, actor=world.actor(who), now=world.now)

    assert refusal(restore, 9, 1).status == 404
    assert refusal(restore, 1, 0).key == "stale"
    assert refusal(restore, 1, 1, "ed").key == "not_yours"
    save(world, work, scores(world))
    assert refusal(restore, 1, 2).key == "sheet_final"


def test_one_page_sent_twice_finishes_once(world: World, work: int) -> None:
    world.assign(work, "eve")
    for _ in range(2):
        save(world, work, scores(world), key="page-1", seen=0)
    assert versions(world, work) == [(1, "eve", True)]
    assert sum(row.kind == "sheet" for row in world.history("submission", work)) == 1


def test_saving_ends_the_draft_of_the_sheet(world: World, work: int) -> None:
    world.assign(work, "eve")
    eve, place = world.actor("eve"), evaluations.place(own(world, work))

    def keep(key: str) -> bool:
        with unit(world.session) as session:
            typed = drafts.Typed({"M1_POSITION": "x"}, 0, key)
            return drafts.keep(session, place, typed=typed, actor=eve, now=world.now)

    assert keep("page-1")
    assert drafts.mine(world.session, place, actor=eve) is not None
    save(world, work, {"M1_POSITION": "5"}, key="page-1", finish=False)
    assert drafts.mine(world.session, place, actor=eve) is None
    assert not keep("page-1")  # what was on its way when the page was saved does not come back


# --- reopening ---------------------------------------------------------------------------------------


def test_a_finished_sheet_is_reopened_with_a_reason_and_counts_again_once_finished(world: World, work: int) -> None:
    world.assign(work, "eve", "ed")
    save(world, work, scores(world))
    reopened(world, work)
    assert facts(world, work) == (0, 2)
    assert (own(world, work).total, set(own(world, work).scores.values())) == (None, {"5"})
    entry = world.history("submission", work)[-1]
    assert (entry.kind, entry.about()["note"]) == ("sheet_reopened", "漏评一项")
    told = sheets.reopening(world.session, own(world, work))
    assert told is not None
    assert told.about()["note"] == "漏评一项"
    save(world, work, scores(world, "4"))
    assert facts(world, work) == (1, 1)
    assert versions(world, work) == [(3, "eve", True), (2, "olga", False), (1, "eve", True)]
    assert sheets.reopening(world.session, own(world, work)) is None
    world.sound()


def test_the_judge_alone_is_told(world: World, work: int) -> None:
    world.assign(work, "eve", "ed")
    save(world, work, scores(world))
    reopened(world, work)
    row = world.session.scalars(select(Outbox).filter_by(letter=sheets.LETTER)).one()
    found = letters.letter_of(world.session, row, post=Post(None, "", "https://qtb.example.org"), now=world.now)
    assert list(found.recipients) == ["eve@example.org"]
    assert "漏评一项" not in found.body  # it is read on the page of the sheet


@pytest.mark.parametrize(
    ("prepare", "reason", "who", "key"),
    [
        (None, "漏评一项", "olga", "sheet_open"),
        ("finish", "  ", "olga", "conflict_reason"),
        ("finish", "漏评一项", "rita", "only_organiser"),
        ("close", "漏评一项", "olga", "not_judged"),
        ("late", "漏评一项", "olga", "closed"),
    ],
)
def test_what_stands_against_reopening(
    world: World, work: int, prepare: str | None, reason: str, who: str, key: str
) -> None:
    world.assign(work, "eve", "ed", "eli")
    for name in ("eve", "ed", "eli") if prepare == "close" else ("eve",) if prepare else ():
        save(world, work, scores(world), whose=name)
    if prepare == "close":
        world.move(work, "evaluate", "olga")
    if prepare == "late":
        world.now = at("2024-09-02")
    before = versions(world, work)
    found: Refusal = refusal(reopened, world, work, reason, who=who)
    assert found.key == key or found.reasons[0].key == key
    assert versions(world, work) == before
    world.session.rollback()


def test_a_begun_sheet_is_taken_away_with_its_versions_and_one_that_was_finished_is_not(
    world: World, work: int
) -> None:
    world.assign(work, "eve", "ed")

    def take(whose: str) -> None:
        with unit(world.session) as session:
            actor = world.actor("olga")
            recusals.take_away(session, own(world, work, whose), "任务调整", actor=actor, now=world.now)

    save(world, work, {"M1_POSITION": "5"}, whose="ed", finish=False)
    take("ed")
    assert facts(world, work) == (0, 1)
    save(world, work, scores(world))
    reopened(world, work)
    assert refusal(take, "eve").key == "sheet_was_final"
    assert facts(world, work) == (0, 1)


def test_reopening_and_closing_at_once_leave_one_of_both(world: World, work: int) -> None:
    world.judged(work)
    sheet_id, cycle_id, olga, now = own(world, work).id, world.cycle.id, world.actor("olga"), world.now
    world.session.rollback()

    def close(session: Session) -> None:
        with unit(session):
            cycle = session.get_one(Cycle, cycle_id)
            advance.advance(session, "evaluate", cycle=cycle, now=now, actor=olga, ids=[work])

    def reopen(session: Session) -> None:
        with unit(session):
            sheets.reopen(session, session.get_one(Sheet, sheet_id), "漏评一项", actor=olga, now=now)

    raised = [one for one in at_once([close, reopen]) if one is not None]
    is_closed = world.state(work) != "recommended"
    assert facts(world, work) == ((3, 0) if is_closed else (2, 1))
    assert len(raised) == 1
    assert isinstance(raised[0], Refusal), raised
    world.sound()


def test_reopening_and_finishing_at_once_leave_a_sheet_that_its_counts_agree_with(world: World, work: int) -> None:
    world.assign(work, "eve", "ed")
    sheet_id, raw = own(world, work).id, scores(world)
    eve, olga, now = world.actor("eve"), world.actor("olga"), world.now
    world.session.rollback()

    def finish(session: Session) -> None:
        with unit(session):
            evaluations.score(session, session.get_one(Sheet, sheet_id), raw, actor=eve, now=now, seen=0, finish=True)

    def reopen(session: Session) -> None:
        with unit(session):
            sheets.reopen(session, session.get_one(Sheet, sheet_id), "漏评一项", actor=olga, now=now)

    finished, refused = at_once([finish, reopen])
    assert finished is None
    is_first = isinstance(refused, Refusal)  # nothing was finished yet that could be reopened
    assert is_first or refused is None, refused
    assert facts(world, work) == ((1, 1) if is_first else (0, 2))
    assert own(world, work).version == (1 if is_first else 2)
    world.sound()


def test_two_who_reopen_at_once_reopen_once(world: World, work: int) -> None:
    world.assign(work, "eve", "ed")
    save(world, work, scores(world))
    sheet_id, olga, now = own(world, work).id, world.actor("olga"), world.now
    world.session.rollback()

    def reopen(session: Session) -> None:
        with unit(session):
            sheets.reopen(session, session.get_one(Sheet, sheet_id), "漏评一项", actor=olga, now=now)

    raised = [one for one in at_once([reopen, reopen]) if one is not None]
    assert [getattr(one, "key", one) for one in raised] == ["sheet_open"]
    assert versions(world, work) == [(2, "olga", False), (1, "eve", True)]
    assert world.session.scalar(select(func.count()).select_from(Outbox).filter_by(letter=sheets.LETTER)) == 1
    world.sound()
