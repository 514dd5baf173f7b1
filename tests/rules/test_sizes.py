"""Sizes: functions and files stay small enough to be read at once."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator

from tests.rules.sources import ROOT, modules

MAX_FUNCTION, P90_FUNCTION, MEDIAN_FUNCTION = 40, 25, 8
MAX_FILE, P90_FILE = 250, 220


def functions() -> Iterator[tuple[int, str]]:
    """Yield (lines, where) of every function, from `def` to its last line."""
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield (node.end_lineno or node.lineno) - node.lineno + 1, f"{path}:{node.lineno} {node.name}"


def files() -> list[tuple[int, str]]:
    """Return (lines, path) of every module."""
    return [(len((ROOT / path).read_text("utf-8").splitlines()), path) for path in modules()]


def p90(sizes: list[int]) -> float:
    """Return the size that nine of ten do not exceed."""
    return statistics.quantiles(sizes, n=10, method="inclusive")[-1]


def test_no_function_is_long() -> None:
    assert sorted(one for one in functions() if one[0] > MAX_FUNCTION) == []


def test_most_functions_are_short() -> None:
    sizes = [size for size, _ in functions()]
    longest = sorted(functions(), reverse=True)[:15]
    assert len(sizes) > 300
    assert statistics.median(sizes) <= MEDIAN_FUNCTION, longest
    assert p90(sizes) <= P90_FUNCTION, longest


def test_no_file_is_long() -> None:
    assert sorted(one for one in files() if one[0] > MAX_FILE) == []


def test_most_files_are_short() -> None:
    assert p90([size for size, _ in files()]) <= P90_FILE, sorted(files(), reverse=True)[:15]
