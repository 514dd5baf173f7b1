"""Real threads, each with a session and a connection of its own, let go at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy.orm import Session

from qtb.extensions import db


def at_once(deeds: Sequence[Callable[[Session], Any]]) -> list[Any]:
    """Do all deeds at once; return what each returned or raised, in their order."""
    engine = db.engine  # of the pushed app context, which the threads do not see
    gate = threading.Barrier(len(deeds))

    def alone(deed: Callable[[Session], Any]) -> Any:
        with Session(engine) as session:
            gate.wait(timeout=30)
            try:
                return deed(session)
            except Exception as error:
                session.rollback()
                return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(alone, deeds))
