"""What a letter about moved dates says: the dates as they were and are, the unit's works, and why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from qtb import clock
from qtb.store.history import History
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission

MOST_NAMED = 100  # works in one letter; how many there are is said in any case


def is_mine(row: Outbox) -> bool:
    """Tell whether a letter is about moved dates."""
    return "rows" in row.about


def values(session: Session, row: Outbox, lang: str) -> dict[str, str]:
    """Return the placeholders' values in one language; said as it was decided, whatever has been moved since."""
    ids = row.about["cases"]
    mine = select(Submission).options(joinedload(Submission.unit)).where(Submission.id.in_(ids[:MOST_NAMED]))
    works = [_line(n, one, row) for n, one in enumerate(session.scalars(mine.order_by(Submission.number)), 1)]
    more = [f"… +{len(ids) - len(works)}"] if len(ids) > len(works) else []
    return {
        **{edge: "\n".join(_dates(row, edge, lang)) for edge in ("opens", "closes", "held")},
        "works": "\n".join([*works, *more]), "n_works": str(len(ids)), "move_note": _reason(session, row),
    }  # fmt: skip


def given_back(entry: History, submission: Submission, lang: str) -> dict[str, str]:
    """Return the later ends, and dates of its own, that a submission has been given on going on; none of other entries.

    The ends are named, a line each.
    """
    if entry.kind != "resumed":
        return {}
    about = entry.about()
    shown = {key: clock.shown(datetime.fromisoformat(at), lang, is_end=True) for key, at in about["changes"].items()}
    own = {key: about[name] for key, name in (("due", "due_at"), ("slides_due", "slides_due_at")) if name in about}
    rows = [row for row in submission.cycle.rows if row.key in shown]
    return {
        "closes": "\n".join(f"{row.seq}. {row.title}\n   {shown[row.key]}" for row in rows),
        **{key: clock.shown(datetime.fromisoformat(at), lang, is_end=True) for key, at in own.items()},
    }


def _dates(row: Outbox, edge: str, lang: str) -> list[str]:
    titles = {one.key: (one.seq, one.title) for one in row.cycle.rows} if row.cycle else {}
    named = [(titles.get(key, (0, key)), moved) for key, moved in row.about["rows"].items() if moved["edge"] == edge]
    return [
        f"{seq}. {title}\n   {_shown(moved, 'from', lang)} → {_shown(moved, 'to', lang)}"
        for (seq, title), moved in sorted(named, key=lambda pair: pair[0])
    ]


def _shown(moved: dict[str, str], which: str, lang: str) -> str:
    return clock.shown(datetime.fromisoformat(moved[which]), lang, is_end=moved["edge"] == "closes")


def _line(n: int, work: Submission, row: Outbox) -> str:
    if row.to_role == "evaluator":  # judges are written numbers: whose it is may be hidden from them
        return f"{n}. {work.number}"
    whose = work.unit.name if row.to_role != "applicant" and row.account_id is None else ""
    return f"{n}. {' · '.join(filter(None, [work.number, work.team_name, work.title, whose]))}"


def _reason(session: Session, row: Outbox) -> str:
    entry = session.scalars(select(History).where(History.batch_id == row.batch_id).limit(1)).first()
    return str(entry.about().get("note", "")) if entry else ""
