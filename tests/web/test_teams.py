"""A team across years: by unit and name, by the organiser's link, for those it concerns, levels only when published."""

from __future__ import annotations

from typing import Any

import pytest

from qtb.domain.errors import Denied, Refusal
from qtb.services import cycles, teams
from qtb.store.answers import Answer
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.web.conftest import Web
from tests.world import DECLARATION, ROWS, World, at


def earlier(world: World, year: int = 2023, team: str = "总装一班", state: str = "awarded") -> int:
    """Enter a team in an earlier year, with a level, and put it into a state; return its id."""
    with unit(world.session):
        made = cycles.open_cycle(
            world.session, definition=world.cycle.definition, key=str(year), year=year, title=f"{year}年", rows=ROWS,
            notice={}, actor=world.actor("olga"), now=world.now,
        ).id  # fmt: skip
    present = world.cycle.id
    world.cycle = world.session.get_one(Cycle, made)
    submission_id = world.placed("evaluated", team=team)
    world.propose(submission_id, "BENCHMARK")
    if state != "evaluated":
        world.override(submission_id, state)
    world.cycle = world.session.get_one(Cycle, present)
    return submission_id


def linked(world: World, submission_id: int, earlier_id: int, who: str = "olga", reason: str = "班组改名") -> None:
    """Join a submission's team to an earlier one."""
    with unit(world.session) as work:
        row = work.get_one(Submission, submission_id)
        teams.link(work, row, earlier_id, reason=reason, actor=world.actor(who), now=world.now)


def had(world: World, submission_id: int) -> list[dict[str, Any]]:
    """Return the earlier levels of a submission's team."""
    world.session.rollback()
    return teams.levels(world.session, world.session.get_one(Submission, submission_id))


def test_the_same_team_of_the_same_unit_is_found_in_earlier_years(world: World) -> None:
    earlier(world)
    now, other = world.enter(team="总装 一班"), world.enter("bob", team="总装一班", unit_name="江南物业")
    assert [(one["year"], one["title"]) for one in had(world, now)] == [("2023", DECLARATION["title"])]
    assert had(world, other) == []


def test_a_level_is_said_only_once_it_is_published(world: World) -> None:
    submission_id = earlier(world, state="evaluated")
    now = world.enter()
    assert had(world, now) == []
    present, world.cycle = world.cycle, world.session.get_one(Submission, submission_id).cycle
    world.override(submission_id, "awarded")
    world.cycle = present
    assert len(had(world, now)) == 1


def test_the_declaration_says_the_earlier_levels_by_itself(world: World) -> None:
    earlier(world)
    submission_id = world.submitted()
    world.session.rollback()
    values = world.session.get_one(Answer, (submission_id, "declaration")).values
    assert [one["year"] for one in values["prior_levels"]] == ["2023"]


def test_a_renamed_team_is_joined_step_by_step_and_can_be_parted(world: World) -> None:
    oldest, older = earlier(world, 2022, "甲班"), earlier(world, 2023, "乙班")
    now = world.enter(team="丙班")
    assert had(world, now) == []
    linked(world, now, older)
    linked(world, older, oldest)
    assert [one["year"] for one in had(world, now)] == ["2023", "2022"]
    entry = world.history("submission", now)[-1]
    assert (entry.kind, entry.about()["note"]) == ("team_linked", "班组改名")
    with unit(world.session) as work:
        teams.unlink(work, work.get_one(Submission, now), actor=world.actor("olga"), now=world.now)
    assert had(world, now) == []
    assert world.sound()


def test_links_that_cannot_be_are_refused(world: World) -> None:
    old, now = earlier(world, team="甲班"), world.enter(team="丙班")
    same, later = world.enter(team="甲班"), world.enter(team="丁班")
    for submission_id, earlier_id, reason, key in (
        (now, later, "改名", "team_link_year"), (old, now, "改名", "team_link_year"),
        (same, old, "改名", "team_link_same"),
        (now, 999, "改名", "submission"), (now, old, " ", "reason_required"),
    ):  # fmt: skip
        with pytest.raises(Refusal) as met:
            linked(world, submission_id, earlier_id, reason=reason)
        assert met.value.key == key
    linked(world, now, old)
    with pytest.raises(Refusal, match="team_linked"):
        linked(world, now, old)
    with pytest.raises(Denied):
        linked(world, later, old, who="alice")


def test_two_names_cannot_be_each_others_origin(world: World) -> None:
    first, second = earlier(world, 2022, "甲班"), earlier(world, 2023, "乙班")
    linked(world, second, first)
    third = world.enter(team="甲班")
    with pytest.raises(Refusal, match="team_link_circle"):
        linked(world, third, second)


def test_who_it_concerns_reads_it_and_nobody_else(web: Web) -> None:
    old = earlier(web.world)
    now = web.world.submitted()
    number = web.world.session.get_one(Submission, old).number
    for name in ("alice", "rita", "olga"):
        page = web.client(name).get(f"/submissions/{now}/team")
        assert (page.status_code, number in page.text, "标杆" in page.text) == (200, True, True), name
    assert web.client("ralf").get(f"/submissions/{now}/team").status_code == 404
    assert web.client("bob").get(f"/submissions/{now}/team").status_code == 404
    web.world.override(now, "recommended")
    web.world.assign(now, "eve")
    assert web.client("eve").get(f"/submissions/{now}/team").status_code == 403
    assert "/team" not in web.client("eve").get(f"/submissions/{now}").text


def test_what_is_not_published_is_on_nobodys_page(web: Web) -> None:
    earlier(web.world, state="evaluated")
    now = web.world.submitted()
    for name in ("alice", "rita", "olga"):
        assert "标杆" not in web.client(name).get(f"/submissions/{now}/team").text


def test_the_organiser_joins_and_parts_on_the_page(web: Web) -> None:
    old, now = earlier(web.world, team="甲班"), web.world.enter(team="丙班")
    client, address = web.client("olga"), f"/submissions/{now}/team"
    assert f'value="{old}"' in client.get(f"{address}?q=甲班").text
    assert client.post(address, data={"earlier": "x", "reason": "改名"}).status_code == 404
    assert client.post(address, data={"earlier": str(old)}).status_code == 422
    assert client.post(address, data={"earlier": str(old), "reason": "改名"}).status_code == 303
    assert "甲班" in client.get(address).text
    assert client.post(address, data={"act": "unlink"}).status_code == 303
    assert client.post(address, data={"act": "unlink"}).status_code == 409
    assert web.client("alice").post(address, data={"earlier": str(old), "reason": "改名"}).status_code == 403
    assert at("2024-05-01") < web.world.now
