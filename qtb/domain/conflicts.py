"""Who may not judge a work, and why: what is known of the person beside what is known of the work."""

from __future__ import annotations

from dataclasses import dataclass

# Worded as conflict.<key>; the nearest relation first.
KINDS = ("own_unit", "own_recommender", "group", "former", "named", "declared", "recused")


@dataclass(frozen=True, slots=True)
class Judge:
    """What is known of a person: own units with those above them, units left, what was declared or recused from."""

    id: int
    name: str = ""  # the name's key
    units: frozenset[int] = frozenset()
    line: frozenset[int] = frozenset()
    former: frozenset[int] = frozenset()
    declared_units: frozenset[int] = frozenset()
    declared_works: frozenset[int] = frozenset()
    recused: frozenset[int] = frozenset()
    namesake_of: frozenset[int] = frozenset()  # works that name somebody else of the same name


@dataclass(frozen=True, slots=True)
class Work:
    """What is known of a work: its unit, its recommending unit with those above it, the names on its forms."""

    id: int
    unit_id: int
    recommender_id: int | None = None
    line: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()


def between(judge: Judge, work: Work) -> tuple[str, ...]:
    """Return the keys of the reasons why a person may not judge a work; empty where there is none.

    A group is one line of units: of two under the same parent neither stands above the other. Source: the rules of
    judging (no judge of the own unit, the own recommending unit, or a team that one has coached).
    """
    concerned = {work.unit_id, work.recommender_id} - {None}
    in_line = bool(judge.units & work.line or judge.line & concerned)
    found = {
        "own_unit": work.unit_id in judge.units,
        "own_recommender": work.recommender_id in judge.units,
        "group": in_line and not judge.units & concerned,
        "former": bool(judge.former & concerned),
        "named": bool(judge.name) and judge.name in work.names and work.id not in judge.namesake_of,
        "declared": work.id in judge.declared_works or bool(judge.declared_units & concerned),
        "recused": work.id in judge.recused,
    }
    return tuple(key for key in KINDS if found[key])
