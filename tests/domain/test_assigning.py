"""Sharing works out: never over a limit, never to somebody barred, as many as can be, and evenly."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from qtb.domain.assigning import Judge, Shares, Short, Work, share


def loads_of(judges: list[Judge], shares: Shares) -> dict[int, int]:
    """Return each judge's works, earlier ones too."""
    new = Counter(judge for _, judge in shares.pairs)
    return {judge.id: judge.load + new[judge.id] for judge in judges}


@st.composite
def yards(draw: st.DrawFn, *, works: int = 12, judges: int = 7) -> tuple[list[Work], list[Judge]]:
    """Works and judges of up to two panels."""
    limits = st.none() | st.integers(0, 6)
    people = [
        Judge(100 + n, draw(st.integers(1, 2)), draw(st.integers(0, 3)), draw(limits))
        for n in range(draw(st.integers(0, judges)))
    ]
    barred = st.frozensets(st.integers(100, 99 + judges), max_size=4)
    panels = st.none() | st.integers(1, 2)
    n_works = draw(st.integers(0, works))
    return [Work(n, draw(panels), draw(st.integers(0, 4)), draw(barred)) for n in range(n_works)], people


@given(yards(), st.integers(0, 5))
@settings(deadline=None)
def test_limits_conflicts_and_panels_are_kept_and_what_lacks_is_named(
    yard: tuple[list[Work], list[Judge]], seed: int
) -> None:
    works, judges = yard
    shares = share(works, judges, seed=seed)
    by_work, by_judge = {one.id: one for one in works}, {one.id: one for one in judges}
    assert len(set(shares.pairs)) == len(shares.pairs)
    for work, judge in shares.pairs:
        assert judge not in by_work[work].barred
        assert by_judge[judge].panel == by_work[work].panel
    new = Counter(judge for _, judge in shares.pairs)
    assert [one for one in judges if one.limit is not None and new[one.id] > max(0, one.limit - one.load)] == []
    n_given = Counter(work for work, _ in shares.pairs)
    lacks = {one.work: one.n for one in shares.short}
    assert all(n_given[one.id] + lacks.get(one.id, 0) == one.needs for one in works)
    assert share(list(reversed(works)), list(reversed(judges)), seed=seed).pairs == shares.pairs


@given(yards(), st.integers(0, 5))
@settings(deadline=None)
def test_nothing_more_could_be_given_and_no_work_could_pass_to_a_judge_with_less(
    yard: tuple[list[Work], list[Judge]], seed: int
) -> None:
    works, judges = yard
    shares = share(works, judges, seed=seed)
    loads, given_to = loads_of(judges, shares), set(shares.pairs)

    def may(work: Work, judge: Judge) -> bool:
        room = judge.limit is None or loads[judge.id] < judge.limit
        free = judge.id not in work.barred and (work.id, judge.id) not in given_to
        return room and free and work.panel == judge.panel

    by_work = {one.id: one for one in works}
    assert [(one.work, judge.id) for one in shares.short for judge in judges if may(by_work[one.work], judge)] == []
    for work_id, judge_id in shares.pairs:
        better = [one.id for one in judges if may(by_work[work_id], one) and loads[one.id] + 2 <= loads[judge_id]]
        assert better == []


@given(yards(works=4, judges=4), st.integers(0, 3))
@settings(deadline=None, max_examples=60)
def test_no_other_shares_meet_more_needs_or_are_more_even(yard: tuple[list[Work], list[Judge]], seed: int) -> None:
    works, judges = yard

    def choices(work: Work) -> list[tuple[int, ...]]:
        able = [one.id for one in judges if one.panel == work.panel and one.id not in work.barred]
        return [some for n in range(min(work.needs, len(able)) + 1) for some in combinations(able, n)]

    best: tuple[int, int, int] | None = None
    for chosen in product(*(choices(work) for work in works)):
        new = Counter(judge for some in chosen for judge in some)
        if all(one.limit is None or new[one.id] <= max(0, one.limit - one.load) for one in judges):
            lacking = sum((work.needs - len(some)) ** 2 for work, some in zip(works, chosen, strict=True))
            uneven = sum((one.load + new[one.id]) ** 2 for one in judges)
            best = max(best or (-1, 0, 0), (sum(new.values()), -lacking, -uneven))
    shares = share(works, judges, seed=seed)
    loads = loads_of(judges, shares)
    lacking = sum(one.n**2 for one in shares.short)
    assert best == (len(shares.pairs), -lacking, -sum(n**2 for n in loads.values()))


@given(st.integers(1, 30), st.integers(1, 8), st.integers(1, 8), st.integers(0, 9))
@settings(deadline=None)
def test_without_conflicts_and_limits_loads_differ_by_one_at_most(
    n_works: int, n_judges: int, n: int, seed: int
) -> None:
    judges = [Judge(one, 1) for one in range(n_judges)]
    shares = share([Work(one, 1, min(n, n_judges)) for one in range(n_works)], judges, seed=seed)
    loads = loads_of(judges, shares).values()
    assert max(loads) - min(loads) <= 1
    assert shares.short == ()


def test_each_reason_of_a_lack_is_named() -> None:
    judges = [Judge(1, 1, load=2, limit=2), Judge(2, 1), Judge(3, 2)]
    works = [Work(10, None, 1), Work(11, 3, 2), Work(12, 2, 2), Work(13, 1, 2), Work(14, 1, 1, frozenset({2}))]
    assert share(works, judges).short == (
        Short(10, 1, "no_panel"), Short(11, 2, "no_panel"), Short(12, 1, "few"), Short(13, 1, "limits"),
        Short(14, 1, "limits"),
    )  # fmt: skip


def test_what_is_lacking_is_spread() -> None:
    shares = share([Work(one, 1, 2) for one in range(3)], [Judge(1, 1, limit=2), Judge(2, 1, limit=1)])
    assert sorted(one.n for one in shares.short) == [1, 1, 1]


def test_another_seed_draws_among_equals() -> None:
    works, judges = [Work(one, 1, 2) for one in range(12)], [Judge(one, 1) for one in range(6)]
    assert len({share(works, judges, seed=seed).pairs for seed in range(5)}) > 1
