"""Certificates: issued once the results are out, one for each work; revoked, reissued, ended with the award."""

from __future__ import annotations

import json

import pytest

from qtb.domain import definition, evidence
from qtb.domain.errors import Refusal
from qtb.services import certificates as service
from qtb.services import check, cycles
from qtb.store import certificates as store
from qtb.store.certificates import Certificate
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.domain.sample import files
from tests.world import ROWS, World

LEVELS = ("BENCHMARK", "EXCELLENT", "EXCELLENT")


def awarded(world: World, *levels: str) -> list[int]:
    """Let the year be told to the publication: a work with each level; return their ids."""
    teams = [world.placed("evaluated", team=f"{n}班") for n in range(len(levels))]
    for team, level in zip(teams, levels, strict=True):
        world.propose(team, level)
    world.go("2024-08-20 10:00")
    return teams


def issue(world: World, who: str = "olga", ids: list[int] | None = None) -> list[Certificate]:
    """Issue what is lacking."""
    with unit(world.session):
        year = world.session.get_one(Cycle, world.cycle.id)
        return service.issue(world.session, year, actor=world.actor(who), now=world.now, ids=ids)


def revoke(world: World, number: str, reason: str = "材料不实", who: str = "olga") -> None:
    """Revoke a certificate."""
    with unit(world.session):
        service.revoke(world.session, the(world, number), reason=reason, actor=world.actor(who), now=world.now)


def reissue(world: World, number: str, reason: str = "更名", who: str = "olga") -> str:
    """Reissue a certificate; return the new number."""
    with unit(world.session):
        found = the(world, number)
        return service.reissue(world.session, found, reason=reason, actor=world.actor(who), now=world.now).number


def the(world: World, number: str) -> Certificate:
    """Return the certificate with a number."""
    found = store.by_number(world.session, number)
    assert found is not None
    return found


def is_valid(world: World, number: str) -> bool:
    """Tell whether a certificate holds."""
    world.session.rollback()
    found = service.standing(world.session, number)
    assert found is not None
    return found.is_valid


def object_to(world: World, team: int, n: int) -> None:
    """Let a work have so many open objections."""
    with unit(world.session):
        world.session.get_one(Submission, team).n_objections_open = n


def key_of(refused: pytest.ExceptionInfo[Refusal]) -> str:
    """Return the key of a refusal."""
    return refused.value.key


def test_numbers_run_within_a_level_and_each_work_gets_one(world: World) -> None:
    teams = awarded(world, *LEVELS)
    made = issue(world)
    assert sorted(one.number for one in made) == ["2024-BG-0001", "2024-YX-0001", "2024-YX-0002"]
    assert sorted(one.submission_id for one in made) == teams
    assert issue(world) == []
    assert [row.kind for row in world.history("submission", teams[0])][-1] == "certificate_issued"
    world.sound()


def test_nothing_is_issued_before_the_results_are_out(world: World) -> None:
    team = world.placed("evaluated")
    world.propose(team)
    assert issue(world) == []
    assert issue(world, ids=[team]) == []
    world.go("2024-08-20 09:59")
    assert issue(world) == []
    world.go("2024-08-20 10:00")
    assert len(issue(world, ids=[team])) == 1


def test_a_work_with_an_open_objection_waits(world: World) -> None:
    teams = awarded(world, "PROGRESS", "PROGRESS")
    object_to(world, teams[0], 1)
    assert [one.submission_id for one in issue(world)] == [teams[1]]
    object_to(world, teams[0], 0)
    (made,) = issue(world)
    assert made.submission_id == teams[0]
    object_to(world, teams[0], 1)
    assert is_valid(world, made.number)  # until the objection is found right, and the award taken away
    with pytest.raises(Refusal) as refused:
        reissue(world, made.number)
    assert key_of(refused) == "certificate_objection"


def test_only_the_organiser_issues_revokes_and_reissues(world: World) -> None:
    awarded(world, "PROGRESS")
    with pytest.raises(Refusal) as refused:
        issue(world, "alice")
    assert key_of(refused) == "only_organiser"
    number = issue(world)[0].number
    for act in (revoke, reissue):
        with pytest.raises(Refusal) as refused:
            act(world, number, who="rita")
        assert key_of(refused) == "only_organiser"
    assert is_valid(world, number)


def test_what_it_says_stays_as_it_was_issued(world: World) -> None:
    (team,) = awarded(world, "BENCHMARK")
    (made,) = issue(world)
    told = json.loads(made.said)
    assert made.fingerprint == evidence.digest(made.said)
    assert (told["unit"], told["team"], told["level"]) == ("浦江电机厂", "0班", "BENCHMARK")
    assert "《降低总装线返工率》" in told["statement"]["zh"]
    assert "标杆级" in told["statement"]["zh"]
    assert "Benchmark" in told["statement"]["en"]
    with unit(world.session):
        world.session.get_one(Submission, team).team_name = "新名班"
    assert the(world, made.number).team_name == "0班"
    renamed = the(world, reissue(world, made.number))
    assert (renamed.team_name, json.loads(renamed.said)["team"]) == ("新名班", "新名班")


def test_a_revoked_one_says_why_and_is_not_issued_again_by_itself(world: World) -> None:
    (team,) = awarded(world, "PROGRESS")
    number = issue(world)[0].number
    for bad in ("", "  ", "字" * 501):
        with pytest.raises(Refusal):
            revoke(world, number, bad)
    revoke(world, number)
    assert not is_valid(world, number)
    assert the(world, number).revoked_reason == "材料不实"
    assert issue(world) == []
    with pytest.raises(Refusal) as refused:
        revoke(world, number)
    assert key_of(refused) == "certificate_revoked"
    last = world.history("submission", team)[-1]
    assert (last.kind, last.about()["note"], last.about()["number"]) == ("certificate_revoked", "材料不实", number)
    world.sound()


def test_a_reissued_one_replaces_the_old_and_no_number_comes_twice(world: World) -> None:
    (team,) = awarded(world, "PROGRESS")
    first = issue(world)[0].number
    second = reissue(world, first)
    assert (first, second) == ("2024-TJ-0001", "2024-TJ-0002")
    assert (is_valid(world, first), is_valid(world, second)) == (False, True)
    old = the(world, first)
    assert old.after is not None
    assert (old.after.number, old.revoked_reason) == (second, "更名")
    with pytest.raises(Refusal) as refused:
        reissue(world, first)
    assert (key_of(refused), refused.value.args_["number"]) == ("certificate_replaced", second)
    revoke(world, second)
    assert reissue(world, second) == "2024-TJ-0003"
    kinds = [row.kind for row in world.history("submission", team)][-4:]
    assert kinds == ["certificate_issued", "certificate_replaced", "certificate_revoked", "certificate_replaced"]
    world.sound()


def test_a_work_that_loses_its_award_holds_none_and_gets_it_back_with_it(world: World) -> None:
    (team,) = awarded(world, "PROGRESS")
    number = issue(world)[0].number
    world.later(days=1)
    world.move(team, "revoke", "olga", note="材料不实")
    assert not is_valid(world, number)
    with pytest.raises(Refusal) as refused:
        reissue(world, number)
    assert key_of(refused) == "certificate_not_now"
    world.session.rollback()
    year = world.session.get_one(Cycle, world.cycle.id)
    assert [(one["number"], one["reason"]) for one in service.revoked(world.session, year)] == [(number, "")]
    assert service.revoked(world.session, year)[0]["since"] == "2024-08-21T02:00:00.000000Z"
    world.override(team, "awarded")
    assert is_valid(world, number)


def test_another_level_ends_a_certificate_until_it_is_reissued(world: World) -> None:
    (team,) = awarded(world, "PROGRESS")
    number = issue(world)[0].number
    with unit(world.session):
        world.session.get_one(Submission, team).award_level = "BENCHMARK"
    assert not is_valid(world, number)
    assert issue(world) == []
    new = reissue(world, number, "等级更正")
    assert new == "2024-BG-0001"
    assert (is_valid(world, number), is_valid(world, new)) == (False, True)


def test_history_tells_the_same_as_the_table(world: World) -> None:
    (team,) = awarded(world, "PROGRESS")

    def told() -> tuple[str, str]:
        row = world.session.get_one(Submission, team)
        found = service.valid_of(world.session, row)
        return service.held(row, world.history("submission", team)[::-1]), found.number if found else ""

    assert told() == ("", "")
    first = issue(world)[0].number
    assert told() == (first, first)
    second = reissue(world, first)
    assert told() == (second, second)
    revoke(world, second)
    assert told() == ("", "")


def test_a_year_without_the_file_has_no_certificates(world: World) -> None:
    bare = definition.from_files({name: text for name, text in files().items() if name != definition.CERTIFICATE})
    with unit(world.session) as work:
        year = cycles.open_cycle(
            work, definition=bare, key="2025", year=2024, title="无证书", rows=ROWS, notice={},
            actor=world.actor("olga"), now=world.now,
        )  # fmt: skip
    assert (service.states(year), service.revoked(world.session, year)) == ([], [])
    with pytest.raises(Refusal) as refused, unit(world.session) as work:
        service.issue(work, work.get_one(Cycle, year.id), actor=world.actor("olga"), now=world.now)
    assert key_of(refused) == "certificates_none"


def test_the_self_check_finds_a_certificate_that_says_something_else(world: World) -> None:
    (team,) = awarded(world, "PROGRESS")
    (made,) = issue(world)
    number, mark = made.number, made.fingerprint
    assert world.history("submission", team)[-1].about()["sha256"] == mark

    def found() -> list[str]:
        return [one.row for one in check.check(world.session, now=world.now).findings if one.what == "certificate"]

    assert found() == []
    with unit(world.session):
        the(world, number).said += " "
    assert found() == [f"certificate {number}"]
