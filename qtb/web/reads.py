"""Recording a reading of undecided results before anything is shown: what cannot be recorded is not shown."""

from __future__ import annotations

from flask import g

from qtb.extensions import db
from qtb.services import reads
from qtb.services.reads import Subject
from qtb.store.unit import unit
from qtb.web.access import actor


def recorded(what: str, *subjects: Subject) -> None:
    """Record that somebody reads works' or years' scores or levels, where they are not public, in one unit."""
    found = [one for one in subjects if reads.is_undecided(db.session(), one)]
    if found:  # a unit ends what was read so far, so none is begun for nothing
        with unit(db.session()) as work:
            for one in found:
                reads.record(work, one, what, actor=actor(), now=g.now)
