"""A scheduler's sweep as a process of its own, to be killed: `python -m tests.faults.sweeping URL INSTANT LIMIT`."""

from __future__ import annotations

import sys
from datetime import datetime

from qtb import config
from qtb.base import bare_app
from qtb.extensions import db
from qtb.services import sweep


def main(url: str, instant: str, limit: str) -> None:
    """Sweep once, in slices of `limit`."""
    given = {"QTB_HOME": "nowhere", "QTB_SECRET_KEY": "for tests only", "QTB_DATABASE_URL": url}
    app = bare_app({**config.settings(given), "SQLALCHEMY_DATABASE_URI": url})
    with app.app_context():
        swept = sweep.sweep(db.session(), now=datetime.fromisoformat(instant), limit=int(limit))
        sys.exit(any(one.failure for one in swept))


if __name__ == "__main__":
    main(*sys.argv[1:])
