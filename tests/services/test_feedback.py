"""What applicants are told of their evaluation: means and released comments, each release as it went out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from qtb.documents import feedback_paper
from qtb.domain.errors import Conflict, Refusal
from qtb.services import advance, evaluations, feedback
from qtb.store.cycles import Cycle
from qtb.store.feedback import Feedback
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.services.test_sheets import own
from tests.threads import at_once
from tests.world import World

PUBLISHED = "2024-08-20 10:00"
SAID = {"eve": "数据翔实。", "ed": "推广面可再广。", "eli": "", "ewa": "现场管理好。"}
POINTS = {"eve": "5", "ed": "4", "eli": "3", "ewa": "2"}


@pytest.fixture
def work(world: World) -> int:
    """Return an evaluated work with four sheets, three of them with a comment, and a level; in August."""
    case = world.placed("recommended")
    world.go("2024-07-10 10:00")
    world.assign(case, *SAID)
    items = world.cycle.definition.rubric.sheets["MAT"].items
    for name, comment in SAID.items():
        with unit(world.session) as session:
            sheet = own(world, case, name)
            raw = {**dict.fromkeys(items, POINTS[name]), "comment": comment}
            evaluations.score(
                session, sheet, raw, actor=world.actor(name), now=world.now, seen=sheet.version, finish=True
            )
    world.move(case, "evaluate", "olga")
    world.propose(case, "EXCELLENT")
    return case


def release(
    world: World, work: int, comments: dict[int, str] | None = None, note: str = "", *, seen: int = 0, who: str = "olga"
) -> Feedback:
    """Release a work's, with all comments as they stand unless some are given."""
    with unit(world.session) as session:
        mine = session.get_one(Submission, work)
        texts = dict(feedback.year(session, mine.cycle).comments(work)) if comments is None else comments
        return feedback.release(session, mine, texts, note=note, seen=seen, actor=world.actor(who), now=world.now)


def release_all(world: World, shown: str = "") -> int:
    """Release all that wait as they stand."""
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        digest = shown or feedback.year(session, cycle).digest()
        return feedback.release_all(session, cycle, shown=digest, actor=world.actor("olga"), now=world.now)


def why(act: Callable[..., Any], *given: Any, **more: Any) -> str:
    """Return why an act is refused."""
    with pytest.raises(Refusal) as refused:
        act(*given, **more)
    return refused.value.reasons[0].key


def read(world: World, work: int, who: str) -> Feedback | None:
    """Return what somebody reads of it."""
    world.session.rollback()
    return feedback.readable(world.session, world.session.get_one(Submission, work), world.actor(who))


def test_before_the_publication_nothing_is_told(world: World, work: int) -> None:
    assert why(release, world, work, {}) == "feedback_not_yet"
    assert why(release_all, world) == "feedback_nothing"


def test_means_of_what_counted_and_the_comments_without_names(world: World, work: int) -> None:
    world.go(PUBLISHED)
    row = release(world, work)
    assert (row.number, row.said["level"], row.said["total"]) == (1, "EXCELLENT", "28.00")
    assert set(row.said["sheets"]["MAT"].values()) == {"3.50"}
    assert [text for _, text in row.said["comments"]] == ["数据翔实。", "推广面可再广。", "现场管理好。"]
    paper = str(feedback_paper.paper(row))
    assert "优秀级" in paper
    assert not [name for name in SAID if name in paper]
    assert ("feedback_released", "applicant") in world.letters(work)
    assert [one.kind for one in world.history("submission", work)][-1] == "feedback"
    world.sound()


def test_the_mean_over_one_score_is_not_told(world: World) -> None:
    case = world.placed("recommended")
    world.go("2024-07-10 10:00")
    world.judged(case)
    world.move(case, "evaluate", "olga")
    world.propose(case, "EXCELLENT")
    world.go(PUBLISHED)
    assert release(world, case).said == {"comments": [], "note": "", "level": "EXCELLENT", "sheets": {}}


def test_comments_are_chosen_and_worded_and_a_later_release_takes_the_place(world: World, work: int) -> None:
    world.go(PUBLISHED)
    first, second, _ = (one for one, _ in feedback.year(world.session, world.cycle).comments(work))
    told = {first: "数据翔实。", second: "建议扩大推广。"}
    release(world, work, told, "感谢参与。")
    assert why(release, world, work, {}) == "stale"
    assert why(release, world, work, told, "感谢参与。", seen=1) == "feedback_same"
    row = release(world, work, {first: "数据翔实。"}, seen=1)
    assert (row.number, len(row.said["comments"])) == (2, 1)
    assert [one for one, _ in world.letters(work) if one.startswith("feedback")] == [
        "feedback_released", "feedback_changed",
    ]  # fmt: skip
    assert own(world, work, "ed").comment == SAID["ed"]


def test_only_the_own_applicant_reads_it_and_nobody_once_it_is_taken_back(world: World, work: int) -> None:
    world.go(PUBLISHED)
    assert read(world, work, "alice") is None
    release(world, work)
    assert read(world, work, "alice") is not None
    assert [read(world, work, name) for name in ("bob", "rita", "eve")] == [None, None, None]
    world.override(work, "evaluated")
    assert read(world, work, "alice") is None
    world.override(work, "awarded")

    def back(reason: str) -> None:
        with unit(world.session) as session:
            mine = session.get_one(Submission, work)
            feedback.take_back(session, mine, reason=reason, actor=world.actor("olga"), now=world.now)

    assert why(back, "") == "reason_required"
    back("措辞不当")
    assert read(world, work, "alice") is None
    assert why(back, "再次") == "feedback_none"
    assert release(world, work, seen=1).number == 2


def test_all_that_wait_are_released_as_they_were_shown(world: World, work: int) -> None:
    world.go(PUBLISHED)
    assert why(release_all, world, "old") == "feedback_changed"
    assert release_all(world) == 1
    assert why(release_all, world) == "feedback_nothing"


def test_what_is_revoked_beside_the_release_of_all_is_told_before_or_not_at_all(world: World, work: int) -> None:
    world.go(PUBLISHED)
    cycle_id, olga, now = world.cycle.id, world.actor("olga"), world.now
    digest = feedback.year(world.session, world.cycle).digest()
    world.session.rollback()

    def let_all(session: Session) -> int:
        with unit(session):
            return feedback.release_all(session, session.get_one(Cycle, cycle_id), shown=digest, actor=olga, now=now)

    def revoke(session: Session) -> None:
        with unit(session):
            year = session.get_one(Cycle, cycle_id)
            advance.advance(session, "revoke", cycle=year, now=now, actor=olga, ids=[work], note="数据不实")

    done = at_once([let_all, revoke])
    world.session.rollback()
    kinds = [row.kind for row in world.history("submission", work) if row.kind == "feedback" or row.to_state]
    assert not isinstance(done[1], Exception), done
    if isinstance(done[0], Conflict):
        assert "feedback" not in kinds
    else:
        assert kinds[-2:] == ["feedback", "move"], done


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"who": "eve"}, "only_organiser"), ({"comments": {999: "x"}}, "feedback_comment"),
        ({"note": "长" * 2_001}, "field_too_long"), ({"note": "a\x00"}, "field_control"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(world: World, work: int, given: dict[str, Any], key: str) -> None:
    world.go(PUBLISHED)
    assert why(release, world, work, **given) == key
    assert read(world, work, "olga") is None
