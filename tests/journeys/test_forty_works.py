"""A whole evaluation: forty works, three panels, fifteen judges, from the plan to certificates and an upheld objection.

On the way: all score two known works first, judges stand back and are replaced, one stays late, three works are
presented, two stand equal across the last place, the leaders part them, the publication waits for a guiding body,
everything is published in one sweep, and the best work goes up to the national round.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from qtb.services import accounts, check, deliberation, evaluations, objections
from qtb.store.evaluations import Sheet
from qtb.store.objections import Objection
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.consenting import answer, bodies, lay
from tests.judging import applied, asked, panel, recuse
from tests.services.test_calibration import board, make, score, why
from tests.services.test_certificates import is_valid, issue
from tests.services.test_nominations import choose, places
from tests.services.test_results import give, of, planned, propose_all, standing
from tests.web.test_objections import ANSWER, accepted, filed
from tests.world import PEOPLE, World

CATEGORIES = ("MANUFACTURING", "MARKET_SERVICE", "CONSTRUCTION")
PANELS = {key: [f"judge{5 * n + one:02d}" for one in range(5)] for n, key in enumerate(CATEGORIES)}
N_WORKS, N_JUDGES_EACH, N_PRESENTED = 40, 4, 3
EQUAL = (17, 18)  # by their merit, counted from 0: the last of 2 + 16 places lies between them
PUBLISHED = "2024-08-20 10:30"  # half an hour after the instant: a body consents late


def team(n: int) -> str:
    return f"班组{n:02d}"


def total(n: int) -> str:
    """Return what every judge gives the n-th work: half a point less than the one before, but for the equal two."""
    return str(Decimal(92) - Decimal(EQUAL[0] if n == EQUAL[1] else n) / 2)


@pytest.fixture
def works(world: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Forty recommended works in three categories, and fifteen judges in three panels, on 2 July."""
    world.go("2024-05-20 10:00")
    found = [world.placed("recommended", team=team(n), category=CATEGORIES[n % 3]) for n in range(N_WORKS)]
    world.go("2024-07-02 10:00")
    with unit(world.session) as session:
        for name in (name for names in PANELS.values() for name in names):
            monkeypatch.setitem(PEOPLE, name, ("活动办公室", "evaluator"))
            olga, now = world.actor("olga"), world.now
            person = accounts.add_account(session, name=name, email=f"{name}@example.org", actor=olga, now=now)
            accounts.grant(session, person, world.units["活动办公室"], "evaluator", actor=olga, now=now)
            world.people[name] = person
    for n, (key, names) in enumerate(PANELS.items()):
        panel(world, *names, title=f"第{n + 1}组", keys=(key,), most=14)
    return found


def open_sheets(world: World) -> list[tuple[int, str]]:
    """Return (work, judge) of the sheets that are to be finished."""
    world.session.rollback()
    query = select(Sheet).where(Sheet.is_open).order_by(Sheet.id)
    return [(one.submission_id, one.evaluator.name) for one in world.session.scalars(query)]


def stand_back(world: World) -> list[int]:
    """Let three judges stand back from a work each, and give it to the colleague who has it not; return the works."""
    found = []
    for names in PANELS.values():
        mine = select(Sheet).filter_by(evaluator_id=world.people[names[0]].id).order_by(Sheet.id)
        work = world.session.scalars(mine).first()
        assert work is not None
        case = work.submission_id
        had = set(world.session.scalars(select(Sheet.evaluator_id).filter_by(submission_id=case)))
        recuse(world, case, names[0])
        world.assign(case, next(name for name in names if world.people[name].id not in had))
        found.append(case)
    return found


def present(world: World, works: list[int]) -> None:
    """Let works be presented before a panel of three, who give each 90 of a hundred."""
    judges, items = ("eve", "ed", "eli"), world.cycle.definition.rubric.sheets["PRE"].items
    raw = dict(zip(items, ("20", "20", "15", "15", "10", "10"), strict=True))
    for case in works:
        for name in judges:
            with unit(world.session) as session:
                row, person, olga = session.get_one(Submission, case), world.people[name], world.actor("olga")
                sheet = evaluations.assign(session, row, person, kind="PRE", actor=olga, now=world.now)
                session.flush()
                mine = world.actor(name)
                evaluations.score(session, sheet, raw, actor=mine, now=world.now, seen=sheet.version, finish=True)


def calibrate(world: World, work: int, judge: str) -> None:
    """Let every judge score two known works before any other sheet; one is far from what was agreed on."""
    known = [make(world, f"样例{n}") for n in "甲乙"]
    for name in (name for names in PANELS.values() for name in names):
        for one in known:
            assert why(give, world, work, judge, "80") == "calibrate_first"
            score(world, one, name, "5" if name == "judge14" else "4")
    apart = {line.name: {one.total for _, one in line.trials.values()} for line in board(world)}
    assert {name for name, found in apart.items() if found != {Decimal(0)}} == {"judge14"}


def part(world: World, work: int, level: str) -> None:
    """Let the leaders decide."""
    with unit(world.session) as session:
        row, reason = session.get_one(Submission, work), "同分，合议时比较现场答辩"
        deliberation.deliberate(
            session, row, level, reason=reason, names="judge00、judge05、judge10", actor=world.actor("olga"),
            now=world.now,
        )  # fmt: skip


def levels(world: World) -> Counter[tuple[str, str]]:
    """Return how many works stand where with which level."""
    world.session.rollback()
    query = select(Submission.state, Submission.award_level, func.count())
    return Counter({(a, b): n for a, b, n in world.session.execute(query.group_by(*query.selected_columns[:2]))})


def test_forty_works_from_the_plan_to_the_certificates(world: World, works: list[int]) -> None:
    assert applied(world, asked(world, n=N_JUDGES_EACH)) == N_WORKS * N_JUDGES_EACH
    loads = Counter(name for _, name in open_sheets(world))
    assert (len(loads), max(loads.values()) - min(loads.values()) <= 3) == (15, True)
    replaced = stand_back(world)
    late = works[-1] if works[-1] not in replaced else works[-2]
    *sheets, _ = sorted(open_sheets(world), key=lambda pair: pair[0] == late)  # the last one stays open
    calibrate(world, next(case for case, name in sheets if name == "judge14"), "judge14")
    for case, name in sheets:
        give(world, case, name, total(works.index(case)))

    world.go("2024-07-20 10:00")
    assert levels(world) == {("evaluated", ""): N_WORKS - 1, ("recommended", ""): 1}
    world.move(late, "evaluate", "olga")  # three of its four are in
    present(world, works[:N_PRESENTED])
    found = standing(world)
    assert [of(found, team(n)).place.level for n in range(4)] == ["BENCHMARK", "BENCHMARK", "EXCELLENT", "EXCELLENT"]
    assert of(found, team(0)).score == Decimal("91.40")  # 0.7 × 92 + 0.3 × 90
    assert [one.row.team_name for one in found.works if one.place.is_tied] == [team(n) for n in EQUAL]

    assert propose_all(world, planned(world).digest) == N_WORKS - 2
    for n, level in zip(EQUAL, ("EXCELLENT", "PROGRESS"), strict=True):
        part(world, works[n], level)
    people = bodies(world)
    laying = lay(world)
    answer(world, laying, people["gina"])
    answer(world, laying, people["gus"], False, "请核对同分的两件")
    world.go("2024-08-20 10:00")
    assert {state for state, _ in levels(world)} == {"evaluated"}
    assert not world.session.scalars(select(Outbox).where(Outbox.letter.in_(["awarded", "not_awarded"]))).all()

    answer(world, laying, people["gus"])
    world.go(PUBLISHED)
    assert levels(world) == {
        ("awarded", "BENCHMARK"): 2, ("awarded", "EXCELLENT"): 16, ("awarded", "PROGRESS"): N_WORKS - 18,
    }  # fmt: skip
    told = select(func.count()).select_from(Outbox).where(Outbox.letter == "awarded")
    assert world.session.scalar(told) == N_WORKS
    places(world, "1")
    assert choose(world, [works[0]]) == 1
    _object_and_certify(world, works[1])
    world.sound()
    assert check.check(world.session, now=world.now).findings == []


def _object_and_certify(world: World, work: int) -> None:
    """Let an objection be upheld; whoever is objected to has no certificate, everybody else has one."""
    one = filed(world, work)
    accepted(world, one)
    made = issue(world)
    assert len(made) == N_WORKS - 1
    with unit(world.session) as session:
        row = session.get_one(Objection, one)
        objections.decide(session, row, "upheld", ANSWER, actor=world.actor("olga"), now=world.now, seen=row.version)
    assert world.state(work) == "revoked"
    assert all(is_valid(world, one.number) for one in made)
