"""The order among the guard rails: what takes longest comes last."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let linting and typing run after the other rules; the sorting is stable."""
    items.sort(key=lambda item: item.path.name == "test_lint_types.py")
