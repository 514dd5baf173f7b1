"""What the serving process does beside answering."""

from __future__ import annotations

import gc

from qtb.serve import settled


def test_what_the_start_has_built_is_out_of_the_collectors_rounds() -> None:
    before = gc.get_freeze_count()
    try:
        settled()
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()
