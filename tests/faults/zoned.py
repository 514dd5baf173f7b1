"""What a machine in some time zone makes of a database, as JSON: `TZ=… python -m tests.faults.zoned URL INSTANT`."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from datetime import datetime

from sqlalchemy import select

from qtb import clock, config
from qtb.base import bare_app
from qtb.domain.timeline import canonical
from qtb.extensions import db
from qtb.services import edges
from qtb.store import audit, facts, verification
from qtb.store.audit import History
from qtb.store.submissions import Submission


def main(url: str, instant: str) -> None:
    """Print the offset of the machine's zone, every due instant, what is shown of it, and all of history."""
    given = {"QTB_HOME": "nowhere", "QTB_SECRET_KEY": "for tests only", "QTB_DATABASE_URL": url}
    app = bare_app({**config.settings(given), "SQLALCHEMY_DATABASE_URI": url})
    now = datetime.fromisoformat(instant)
    with app.app_context():
        found = [
            [
                cycle.key,
                row.id,
                key,
                canonical(at),
                clock.shown(at, "zh", is_end=True),
                clock.day(at, "en", is_end=True),
            ]
            for cycle, times in edges.timelines(db.session())
            for row in db.session().scalars(select(Submission).where(Submission.cycle_id == cycle.id))
            for key in cycle.definition.workflow.clocked()
            if (edge := cycle.definition.workflow.transitions[key].at)
            for at in [times.edge_at(edge, facts.as_case(row))]
        ]
        next_edge = edges.next_edge(db.session(), now=now)
        history = db.session().scalars(select(History).order_by(History.subject, History.subject_id, History.seq)).all()
        texts = [audit.canonical(row) for row in history]
        n_read, findings = verification.verify(db.session())
        said = {
            "zone": time.strftime("%z", time.localtime(now.timestamp())),
            "due": found,
            "next": next_edge and canonical(next_edge),
            "overdue": edges.overdue(db.session(), now=now),
            "history": hashlib.sha256("\n".join(texts).encode()).hexdigest(),
            "verified": [n_read, len(findings)],
        }
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
