"""Reminders of what units have yet to hand in, and of an amendment: each once, to whom it concerns, nothing moot."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from qtb.domain import lint
from qtb.domain.errors import Missing
from qtb.services import letters as wordings
from qtb.services import outbox, reminders
from qtb.services.definitions import letters
from qtb.store.accounts import Unit
from qtb.store.outbox import Outbox
from qtb.store.unit import unit
from tests.domain.sample import edited
from tests.domain.test_form_check import FIGURES
from tests.services.test_reminders import POST, letter_of, move_row, rows_of, ticked
from tests.threads import at_once
from tests.web.test_hand_ins import SUMMARY, save, send
from tests.world import World, at

OURS = "浦东区质协"


def told(world: World, *instants: str) -> list[int]:
    """Let the clock's part be done at each instant; return how many letters about hand-ins were queued at each."""
    return [one.get("hand_in_soon", 0) for one in ticked(world, *instants)]


@pytest.fixture
def june(world: World) -> World:
    """The first of June: one unit has a team that was handed in to it, the other only a draft."""
    world.go("2024-05-20 10:00")
    world.submitted()
    world.enter("bob", team="草稿班", recommender=str(world.units["机电行业协会"].id), unit_name="江南物业")
    world.go("2024-06-01 10:00")
    return world


def hand_all_in(world: World) -> None:
    """Hand in both forms of the unit."""
    figures = {**FIGURES, "teams_registered": "1", "teams_declared": "1", "teams_recommended": "0"}
    for form, raw in {"statistics": figures, "summary": SUMMARY}.items():
        save(world, form, raw)
        send(world, form)


def test_each_step_leaves_once_and_none_after_the_edge(june: World) -> None:
    instants = "2024-06-16 08:59", "2024-06-16 09:00", "2024-06-16 09:01", "2024-06-27 09:00", "2024-06-29 09:00"
    assert told(june, *instants) == [0, 1, 0, 1, 1]
    assert told(june, "2024-06-30 23:59", "2024-07-01", "2024-08-01 09:00") == [0, 0, 0]
    rows = rows_of(june, "hand_in_soon")
    assert {(row.unit_id, row.to_role) for row in rows} == {(june.units[OURS].id, "recommender")}
    assert [row.about["days"] for row in rows] == [14, 3, 1]


def test_after_an_outage_one_letter_leaves_and_asleep_over_the_edge_none(june: World) -> None:
    assert told(june, "2024-06-29 12:00", "2024-06-29 12:01") == [1, 0]
    june.now = at("2024-08-29 12:00")
    assert told(june, "2024-08-29 12:00") == [0]


def test_the_letter_names_what_is_lacking_until_when_and_where(june: World) -> None:
    figures = {**FIGURES, "teams_registered": "1", "teams_declared": "1", "teams_recommended": "0"}
    save(june, "statistics", figures)
    told(june, "2024-06-16 09:00")
    (row,) = rows_of(june, "hand_in_soon")
    letter = letter_of(june, row)
    assert letter.recipients == ["rita@example.org"]
    for part in ("成果统计表", "推进工作总结", "2024年6月30日 24:00（上海时间）", "/recommender/hand-ins", OURS):
        assert part in letter.body
    assert "30 Jun 2024, 24:00 (Shanghai)" in letter.body
    send(june, "statistics")
    letter = letter_of(june, row)
    assert "成果统计表" not in letter.body
    assert "推进工作总结" in letter.body


def test_who_has_handed_all_in_is_told_nothing_and_a_letter_on_its_way_is_moot(june: World) -> None:
    told(june, "2024-06-16 09:00")
    (row,) = rows_of(june, "hand_in_soon")
    hand_all_in(june)
    assert wordings.is_moot(june.session, row, june.now)
    with pytest.raises(Missing, match="letter_moot"):
        letter_of(june, row)
    assert told(june, "2024-06-27 09:00") == [0]


def test_a_moved_end_and_an_extension_for_a_unit_are_followed(june: World) -> None:
    told(june, "2024-06-16 09:00")
    (row,) = rows_of(june, "hand_in_soon")
    move_row(june, "recommend", "2024-07-11")
    assert wordings.is_moot(june.session, row, june.now), "it names an end that is none any more"
    assert told(june, "2024-06-26 08:59", "2024-06-26 09:00") == [0, 1]
    june.extend("recommend", "2024-07-21", unit_name=OURS)
    assert told(june, "2024-07-06 08:59", "2024-07-06 09:00", "2024-07-17 09:00") == [0, 1, 1]
    assert told(june, "2024-07-10 09:00") == [0], "the end for the others is not this unit's"


def test_a_letter_dropped_as_moot_leaves_once_its_date_is_back(june: World) -> None:
    assert told(june, "2024-06-16 09:00") == [1]
    move_row(june, "recommend", "2024-07-11")
    outbox.deliver(june.session, post=POST, now=june.now)
    assert [row.status for row in rows_of(june, "hand_in_soon")] == ["dropped"]
    move_row(june, "recommend", "2024-07-01")
    assert told(june, "2024-06-16 10:00", "2024-06-16 10:01") == [1, 0]
    outbox.deliver(june.session, post=POST, now=june.now)
    assert [row.status for row in rows_of(june, "hand_in_soon")] == ["kept"]


def test_a_unit_that_is_closed_is_told_nothing(june: World) -> None:
    with unit(june.session):
        june.session.get_one(Unit, june.units[OURS].id).is_active = False
    assert told(june, "2024-06-16 09:00") == [0]


def test_two_schedulers_queue_each_letter_once(june: World) -> None:
    june.now = at("2024-06-16 09:00")
    now = june.now
    made = at_once([lambda session: reminders.remind(session, now=now)] * 4)
    june.session.rollback()
    rows = june.session.scalars(select(Outbox).where(Outbox.letter == "hand_in_soon")).all()
    assert len(rows) == 1, made


def test_an_amendment_is_reminded_of(world: World) -> None:
    world.go("2024-05-20 10:00")
    team = world.placed("amending")
    found = ticked(world, "2024-08-17 09:00", "2024-08-28 09:00", "2024-08-30 09:00", "2024-08-31 09:00")
    assert [one.get("amend_soon", 0) for one in found] == [1, 1, 1, 0]
    row = rows_of(world, "amend_soon")[-1]
    letter = letter_of(world, row)
    assert letter.recipients == ["alice@example.org"]
    assert "补正" in letter.subject
    assert "2024年8月31日 24:00" in letter.body
    assert f"{POST.base_url}/submissions/{team}" in letter.body


RULE = "    hand_ins: [statistics, summary]"


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (RULE, "", "about `from` states or about `hand_ins`"),
        (RULE, f"{RULE}\n    from: [draft]", "about `from` states or about `hand_ins`"),
        (RULE, RULE.replace("summary", "declaration"), "declaration is not handed in by recommender"),
        (f"{RULE}\n    to: recommender", f"{RULE}\n    to: organiser", "statistics is not handed in by organiser"),
        (f"closes}}\n    days: [14, 3, 1]\n{RULE}", f"opens}}\n    days: [14, 3, 1]\n{RULE}", "when recommend closes"),
        ("  summary: {by: recommender, during: recommend}", "  summary: {by: recommender, during: spring}", "no gate"),
        ("  summary: {by: recommender,", "  registration: {by: recommender,", "no form about a unit's year"),
        ("  summary: {by: recommender,", "  summary: {by: evaluator,", "unknown role evaluator"),
    ],
)
def test_lint_refuses(old: str, new: str, finding: str) -> None:
    assert any(finding in one for one in lint.findings(edited(old, new), letters()))


def test_lint_refuses_a_column_of_nothing() -> None:
    old = "form: experience, field: first_review_score"
    found = lint.findings(edited(old, old.replace("first_review_score", "mark"), "forms/statistics.yaml"), letters())
    assert any("forms/statistics.yaml" in one and "no field experience.mark" in one for one in found)
