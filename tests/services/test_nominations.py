"""Recommending published works to the next round: the rule's proposal, the organiser's choice, the form it begins."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection
from typing import Any

import pytest
from openpyxl import load_workbook as workbook
from sqlalchemy import update

from qtb.documents.nominations_xlsx import written
from qtb.domain.errors import Refusal
from qtb.services import nominations
from qtb.store import answers
from qtb.store import nominations as store
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.threads import at_once
from tests.web.test_objections import filed
from tests.world import World

EXPERIENCE = {
    "experience_title": "看板促改进", "background": "返工率偏高。", "practice": "每日看板。",
    "effect": "返工率由三降到一。",
    "replicability": "装配行业。", "reason": "成效明显。", "opinion": "同意推荐。", "contact": "测试联系人",
    "contact_phone": "021-55550000", "keywords": [{"word": word} for word in ("看板", "返工", "改进")],
    "stamp_date": "2024-05-01",
}  # fmt: skip


@pytest.fixture
def works(world: World) -> list[int]:
    """Return four published works of the highest level, the best first; the third does not wish to go up."""
    world.now = world.now.replace(month=5, day=20)
    found = []
    for n, wish in enumerate(("yes", "yes", "no", "yes"), 1):
        case = world.enter(team=f"{n}班")
        world.move(case, "register", "alice")
        world.declare(case, national_wish=wish)
        world.vouch(case)
        world.move(case, "submit", "alice")
        if n == 1:
            world.fill(case, "experience", EXPERIENCE, "rita")
        world.override(case, "recommended")
        found.append(case)
    world.go("2024-07-10 10:00")
    for n, case in enumerate(found):
        world.judged(case, score=("5", "4.5", "4", "3")[n])
        world.move(case, "evaluate", "olga")
    for case in found:
        world.propose(case, "BENCHMARK")
    return found


def standing(world: World) -> nominations.Standing:
    """Return how it stands now."""
    world.session.rollback()
    return nominations.standing(world.session, world.session.get_one(Cycle, world.cycle.id))


def choose(world: World, ids: Collection[int], reason: str = "", *, shown: str = "", who: str = "olga") -> int:
    """Recommend works as they stand now."""
    digest = shown or standing(world).digest
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        done = nominations.choose(
            session, cycle, ids, shown=digest, reason=reason, actor=world.actor(who), now=world.now
        )
        return done.n


def places(world: World, text: str, who: str = "olga") -> None:
    """Say how many places there are."""
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        nominations.set_places(session, cycle, text, actor=world.actor(who), now=world.now)


def why(act: Callable[..., Any], *given: Any, **more: Any) -> str:
    """Return why an act is refused."""
    with pytest.raises(Refusal) as refused:
        act(*given, **more)
    return refused.value.reasons[0].key


def proposed(world: World) -> list[int]:
    """Return whom the rule proposes."""
    return [one.work.id for one in standing(world).candidates if one.is_proposed]


def test_before_the_publication_there_is_nobody(world: World, works: list[int]) -> None:
    assert standing(world).candidates == ()
    assert why(choose, world, works[:1]) == "nomination_unknown"


def test_the_rule_goes_by_result_wish_objections_and_places(world: World, works: list[int]) -> None:
    world.go("2024-08-20 10:00")
    assert proposed(world) == [works[0], works[1], works[3]]
    places(world, "2")
    assert proposed(world) == works[:2]
    with unit(world.session) as session:
        session.execute(update(Submission).where(Submission.id == works[0]).values(n_objections_open=1))
    assert proposed(world) == [works[1], works[3]]
    places(world, "")
    assert standing(world).places is None


def test_who_is_chosen_gets_the_form_begun_and_a_letter(world: World, works: list[int]) -> None:
    world.go("2024-08-20 10:00")
    places(world, "2")
    assert choose(world, works[:2]) == 2
    taken = answers.answers(world.session, works[0])["national"]
    assert (taken["experience_title"], taken["contact"]) == ("看板促改进", "测试联系人")
    assert [one["word"] for one in taken["keywords"]] == ["看板", "返工", "改进"]
    assert ("nominated", "applicant") in world.letters(works[0])
    assert world.session.get_one(Submission, works[0]).nominated
    world.fill(works[0], "national", {**taken, "organiser_opinion": "同意推荐。"}, "olga")
    assert why(world.fill, works[3], "national", taken, "olga") == "edit_state"
    world.sound()


def test_a_departure_from_the_rule_has_a_reason(world: World, works: list[int]) -> None:
    world.go("2024-08-20 10:00")
    places(world, "2")
    assert why(choose, world, [works[0], works[3]]) == "nomination_reason"
    choose(world, [works[0], works[3]], "第二名已由行业推荐")
    found = store.of_cycle(world.session, world.cycle.id)
    assert [(one.submission_id, one.place, one.note) for one in found.values()] == [
        (works[0], 1, ""), (works[3], 2, "第二名已由行业推荐"),
    ]  # fmt: skip
    choose(world, works[:2])
    assert list(store.of_cycle(world.session, world.cycle.id)) == works[:2]
    assert ("nomination_off", "applicant") in world.letters(works[3])
    kinds = [row.kind for row in world.history("submission", works[3])][-2:]
    assert kinds == ["nominated", "nomination_off"]


def test_what_cannot_be_is_refused(world: World, works: list[int]) -> None:
    world.go("2024-08-20 10:00")
    shown = standing(world).digest
    places(world, "1")
    assert why(choose, world, works[:1], shown=shown) == "nomination_changed"
    assert why(choose, world, works[:1], who="eve") == "only_organiser"
    assert why(choose, world, [999]) == "nomination_unknown"
    for text in ("-1", "1000", "１", "two", "9" * 30, "0" * 9 + "9" * 9):
        assert why(places, world, text) == "nomination_places"
    assert why(places, world, "1", who="rita") == "only_organiser"


def test_two_choices_at_once_have_one_winner(world: World, works: list[int]) -> None:
    world.go("2024-08-20 10:00")
    places(world, "2")
    digest, olga, now, cycle_id = standing(world).digest, world.actor("olga"), world.now, world.cycle.id

    def pick(ids: list[int]) -> Callable[..., int]:
        def done(session: Any) -> int:
            with unit(session):
                cycle = session.get_one(Cycle, cycle_id)
                return nominations.choose(session, cycle, ids, shown=digest, reason="理由", actor=olga, now=now).n

        return done

    done = at_once([pick(works[:2]), pick(works[1:2])])
    n, late = sorted(done, key=lambda one: isinstance(one, Refusal))
    assert late.reasons[0].key == "nomination_changed"  # it was decided beside another list than the one that stands
    world.session.rollback()
    marked = [one for one in works if world.session.get_one(Submission, one).nominated]
    assert marked == list(store.of_cycle(world.session, world.cycle.id))
    assert len(marked) == n
    world.sound()


def test_no_reason_lets_more_go_up_than_there_are_places(world: World, works: list[int]) -> None:
    world.go("2024-08-20 10:00")
    places(world, "1")
    assert why(choose, world, works[:2], "两项都很好") == "nomination_over"
    places(world, "0")
    assert why(choose, world, works[:1], "理由") == "nomination_over"
    assert store.of_cycle(world.session, world.cycle.id) == {}


def test_no_reason_recommends_against_the_applicants_wish_or_past_an_objection(world: World, works: list[int]) -> None:
    world.go("2024-08-20 10:00")
    places(world, "2")
    assert why(choose, world, [works[0], works[2]], "单位领导同意") == "nomination_wish"
    choose(world, works[:2])
    for one in (works[1], works[3]):
        with unit(world.session) as session:
            session.execute(update(Submission).where(Submission.id == one).values(n_objections_open=1))
    assert why(choose, world, [works[0], works[3]], "理由") == "nomination_objection"
    assert choose(world, works[:2], "异议答复前先保留") == 2


def test_an_objection_that_is_filed_and_not_looked_at_yet_stands_in_the_way_too(
    world: World, works: list[int]
) -> None:
    world.go("2024-08-20 10:00")
    places(world, "1")
    assert proposed(world) == works[:1]
    filed(world, works[0])
    assert proposed(world) == works[1:2]
    assert why(choose, world, works[:1], "理由") == "nomination_objection"


def test_a_choice_made_beside_another_one_is_looked_at_again(world: World, works: list[int]) -> None:
    world.go("2024-08-20 10:00")
    places(world, "2")
    seen = standing(world).digest
    choose(world, works[:2])
    assert why(choose, world, works[:1], "理由", shown=seen) == "nomination_changed"


def test_what_was_revoked_holds_no_place_and_leaves_with_the_next_choice(world: World, works: list[int]) -> None:
    world.go("2024-08-20 10:00")
    places(world, "2")
    choose(world, works[:2])
    world.move(works[0], "revoke", "olga", note="数据不实")
    found = standing(world)
    assert [one.submission_id for one in found.gone] == [works[0]]
    book = workbook(io.BytesIO(written(found, world.cycle.definition.rubric))).active
    assert [(row[0], row[1]) for row in book.iter_rows(min_row=2, values_only=True)][:2] == [
        (1, "20240002"), (None, "20240003"),
    ]  # fmt: skip
    assert choose(world, [works[1], works[3]]) == 2
    assert standing(world).gone == ()
    assert "nomination_off" not in [letter for letter, _ in world.letters(works[0])]  # it says that the level stays
    assert world.session.get_one(Submission, works[0]).nominated is False
    moved = [row.about()["changes"] for row in world.history("submission", works[1]) if row.kind == "nomination_moved"]
    assert moved == [{"place": [2, 1]}]


def test_a_reason_that_no_longer_holds_is_not_kept(world: World, works: list[int]) -> None:
    world.go("2024-08-20 10:00")
    places(world, "1")
    choose(world, works[1:2], "第一名另有安排")
    places(world, "2")
    choose(world, works[:2])
    assert [one.note for one in store.of_cycle(world.session, world.cycle.id).values()] == ["", ""]


def test_the_form_can_be_filled_after_the_evaluation_has_ended(world: World, works: list[int]) -> None:
    world.go("2024-11-01 10:00")
    choose(world, works[:2], "名额待定")
    assert answers.answers(world.session, works[0])["national"]["contact"] == "测试联系人"
    world.fill(works[1], "national", {"experience_title": "另写"}, "olga")


def test_what_could_not_be_begun_is_said(world: World, works: list[int]) -> None:
    world.go("2024-08-20 10:00")
    digest = standing(world).digest
    with unit(world.session) as session:
        cycle = session.get_one(Cycle, world.cycle.id)
        done = nominations.choose(
            session, cycle, works[:2], shown=digest, reason="名额待定", actor=world.actor("olga"), now=world.now
        )
    assert done.blank == ("20240002",)
