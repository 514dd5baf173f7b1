"""Sharing works out among judges: a flow of least cost, so that nobody judges what he may not and loads are even."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

TIES = 8  # which of two equal plans it is, is drawn: the same judges should not always meet


@dataclass(frozen=True, slots=True)
class Work:
    """A work: the panel that judges it, how many judges it still needs, and who may not be given it."""

    id: int
    panel: int | None
    needs: int
    barred: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge: the panel, how many works there are already, and at most how many there may be (None: any number)."""

    id: int
    panel: int
    load: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Short:
    """A work that lacks `n` judges, and why: no panel, too few who may judge it, or their limits."""

    work: int
    n: int
    why: str


@dataclass(frozen=True, slots=True)
class Shares:
    """Who is given what, as (work, judge), and what is left over."""

    pairs: tuple[tuple[int, int], ...]
    short: tuple[Short, ...]


def share(works: Sequence[Work], judges: Sequence[Judge], *, seed: int = 0) -> Shares:
    """Give each work the judges that it needs.

    As many needs as possible are met, what is lacking is spread, then the sum of the squares of the loads is least:
    no two loads differ by two where one work could pass from one to the other. The same seed gives the same shares.
    """
    pairs: list[tuple[int, int]] = []
    for panel in sorted({judge.panel for judge in judges}):
        mine = sorted((work for work in works if work.panel == panel and work.needs > 0), key=lambda work: work.id)
        own = sorted((judge for judge in judges if judge.panel == panel), key=lambda judge: judge.id)
        if mine:
            pairs += _flow(mine, own, Random(f"{seed}/{panel}"))
    return Shares(tuple(sorted(pairs)), tuple(lacking(works, judges, pairs)))


def _flow(works: Sequence[Work], judges: Sequence[Judge], chance: Random) -> Iterator[tuple[int, int]]:
    """Yield the pairs of one panel by the network simplex method.

    A unit of flow is a sheet: from a work over a judge to the sink. A judge's arcs to the sink cost 1, 3, 5 … (the
    steps of the squares); a work's own arcs there, for what it lacks, more than all else together and each one more.
    """
    import networkx as nx  # at first use: it costs memory that a scheduler need not have

    graph = nx.MultiDiGraph()
    needed = sum(work.needs for work in works)
    even = TIES * (needed + 1)  # the weight of a step: no draw outweighs it
    lacking = even * 2 * (needed + 1) * (max((judge.load for judge in judges), default=0) + needed + 1)
    graph.add_node("sink", demand=needed)
    for work in works:
        graph.add_node(("work", work.id), demand=-work.needs)
        _steps(graph, ("work", work.id), work.needs, lambda n: lacking * (needed * needed + n))
        for judge in judges:
            if judge.id not in work.barred:
                weight = chance.randrange(TIES)
                graph.add_edge(("work", work.id), ("judge", judge.id), capacity=1, weight=weight)
    for judge in judges:
        if ("judge", judge.id) in graph:
            room = len(works) if judge.limit is None else min(len(works), max(0, judge.limit - judge.load))
            _steps(graph, ("judge", judge.id), room, lambda n, load=judge.load: even * (2 * (load + n) + 1))
    flow: Mapping[Any, Any] = nx.network_simplex(graph)[1]
    for work in works:
        for node, arcs in flow["work", work.id].items():
            if node != "sink" and arcs[0]:
                yield work.id, node[1]


def _steps(graph: Any, node: tuple[str, int], n: int, cost: Any) -> None:
    for step in range(n):
        graph.add_edge(node, "sink", capacity=1, weight=cost(step))


def lacking(works: Sequence[Work], judges: Sequence[Judge], pairs: Sequence[tuple[int, int]]) -> Iterator[Short]:
    """Yield the works that get fewer judges than they need, each with the reason."""
    given: dict[int, int] = {}
    for work_id, _ in pairs:
        given[work_id] = given.get(work_id, 0) + 1
    panels: dict[int, list[int]] = {}
    for judge in judges:
        panels.setdefault(judge.panel, []).append(judge.id)
    for work in works:
        n = work.needs - given.get(work.id, 0)
        if n > 0:
            own = panels.get(work.panel, []) if work.panel is not None else []
            able = sum(one not in work.barred for one in own)
            yield Short(work.id, n, "no_panel" if not own else "few" if able < work.needs else "limits")
