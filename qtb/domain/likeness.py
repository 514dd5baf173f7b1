"""Which works look alike: titles by their letters, texts by the sentences they share, teams of one unit by name."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

TITLE, TEXT, TEAM = 85, 30, 85  # from so many in a hundred on, works are shown as alike
SHORTEST = 12  # characters of a sentence that says something
USUAL = 20  # a sentence that so many works share is the form's, not anybody's
SIGNS = re.compile(r"[\W_]+")
SENTENCE = re.compile(r"[^。！？；!?;\n]*[。！？；!?;\n]|[^。！？；!?;\n]+$")


@dataclass(frozen=True, slots=True)
class Work:
    """What is compared of a work."""

    id: int
    year: int
    unit_id: int
    team: str
    title: str
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two works that look alike, by their ids in order, and how much of a hundred each sign says."""

    low_id: int
    high_id: int
    title: int = 0
    text: int = 0
    team: int = 0


def alike(works: Sequence[Work], *, year: int) -> list[Pair]:
    """Return the pairs that look alike with at least one of them in a year, in the order of their ids."""
    known = {work.id: work for work in works}
    titles, texts, teams = _titles(works), _texts(works), _teams(works)
    found = [
        Pair(low, high, titles.get((low, high), 0), texts.get((low, high), 0), teams.get((low, high), 0))
        for low, high in sorted({*titles, *texts, *teams})
        if year in (known[low].year, known[high].year)
    ]
    return [one for one in found if one.text >= TEXT or one.title >= TITLE or one.team >= TEAM]


def sentences(text: str) -> list[str]:
    """Return a text's sentences as they stand; together they are the text."""
    return SENTENCE.findall(text)


def plain(text: str) -> str:
    """Return what is compared of a text: letters and digits, whatever their width and case."""
    bare = SIGNS.sub("", text)
    if unicodedata.is_normalized("NFKC", bare):  # most are, without their signs; asking costs a tenth of doing
        return bare.casefold()
    return SIGNS.sub("", unicodedata.normalize("NFKC", bare)).casefold()


def telling(text: str) -> Iterator[str]:
    """Yield the plain sentences of a text that are long enough to tell something."""
    yield from (said for part in sentences(text) if len(said := plain(part)) >= SHORTEST)


def _titles(works: Sequence[Work]) -> dict[tuple[int, int], int]:
    """Compare each title that is given with the others, each spelling once."""
    from rapidfuzz import fuzz, process  # at first use: it costs memory that a page need not have

    spelt: defaultdict[str, list[int]] = defaultdict(list)
    for work in works:
        if key := plain(work.title):
            spelt[key].append(work.id)
    keys, found = sorted(spelt), {}
    for n, key in enumerate(keys):
        found.update(dict.fromkeys(_pairs(spelt[key]), 100))
        for other, score, _ in process.extract(key, keys[n + 1 :], scorer=fuzz.ratio, score_cutoff=TITLE, limit=None):
            found.update({_pair(a, b): int(score) for a in spelt[key] for b in spelt[other]})
    return found


def _texts(works: Sequence[Work]) -> dict[tuple[int, int], int]:
    """Return how much of the shorter work's sentences, by length, stands in the other word for word."""
    said = {work.id: {one for text in work.texts.values() for one in telling(text)} for work in works}
    where: defaultdict[str, list[int]] = defaultdict(list)
    for work_id, lines in said.items():
        for line in lines:
            where[line].append(work_id)
    shared: Counter[tuple[int, int]] = Counter()
    for line, ids in where.items():
        for pair in _pairs(ids) if 1 < len(ids) <= USUAL else ():
            shared[pair] += len(line)
    long = {work_id: sum(map(len, lines)) for work_id, lines in said.items()}
    return {(low, high): 100 * n // min(long[low], long[high]) for (low, high), n in shared.items()}


def _teams(works: Sequence[Work]) -> dict[tuple[int, int], int]:
    """Compare the teams that one unit has entered in one year."""
    from rapidfuzz import fuzz

    groups: defaultdict[tuple[int, int], list[Work]] = defaultdict(list)
    for work in works:
        groups[work.unit_id, work.year].append(work)
    scores = (
        (_pair(one.id, other.id), int(fuzz.ratio(plain(one.team), plain(other.team))))
        for group in groups.values()
        for one, other in combinations(group, 2)
        if plain(one.team) and plain(other.team)
    )
    return {pair: score for pair, score in scores if score >= TEAM}


def _pairs(ids: Sequence[int]) -> list[tuple[int, int]]:
    return list(combinations(sorted(ids), 2))


def _pair(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)
