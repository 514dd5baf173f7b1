"""What a reminder says: the works that wait, or the forms that a unit has yet to hand in, as things stand now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain import decide
from qtb.domain.definition import Definition
from qtb.domain.timeline import Timeline
from qtb.domain.workflow import Edge
from qtb.store import facts, hand_in_reminders, reminders
from qtb.store.outbox import Outbox
from qtb.store.reminders import Step
from qtb.store.submissions import Submission

MOST_NAMED = 100  # works listed in one letter; how many there are is said in any case
LISTED = ("recommender", "organiser", "applicant")  # who may open what is listed; those above may not


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a reminder is about: its step, the works that wait, the edge that it was queued for."""

    step: Step
    works: Sequence[Submission]
    edge_at: datetime
    forms: Sequence[str] = ()  # or what a unit has yet to hand in


def waiting(session: Session, row: Outbox, now: datetime) -> Waiting | None:
    """Return what a reminder is about; None where that is nothing by now."""
    step = reminders.step_of(session, row)
    if step is None:
        return None
    edge_at = datetime.fromisoformat(row.about["edge"])
    if step.rule.hand_ins:
        forms = hand_in_reminders.lacking(session, step, row, now)
        return Waiting(step, (), edge_at, forms) if forms else None
    works = reminders.works(session, step, row, now)
    return Waiting(step, works, edge_at) if works else None


def values(about: Waiting, row: Outbox, lang: str, base_url: str) -> dict[str, str]:
    """Return the placeholders' values in one language."""
    step, works = about.step, about.works
    edge = step.rule.at
    if about.forms:
        return _lacking(about, lang, base_url)
    if edge.edge == "silent":
        until = until_of(works[:MOST_NAMED], step.definition, step.times, lang)
    else:
        until = shown(about.edge_at, edge, lang)
    named = works[:MOST_NAMED]
    lines = [_line(n, work, row, base_url) for n, work in enumerate(named, 1)]
    return {
        "row": step.times.rows[edge.row].title, "working_days": str(edge.working_days), "n_works": str(len(works)),
        "works": "\n".join([*lines, f"… +{len(works) - len(named)}"] if len(works) > len(named) else lines),
        "state": step.definition.workflow.states[works[0].state].wording(lang, staff=False),
        "until": until,
    }  # fmt: skip


def until_of(works: Sequence[Submission], definition: Definition, times: Timeline, lang: str) -> str:
    """Return when the clock will first end the state in which one of these stands."""
    ahead = (decide.ahead(definition, facts.as_case(work), timeline=times, sealed=True) for work in works)
    found = min(filter(None, ahead), key=lambda one: one.at, default=None)
    return shown(found.at, found.edge, lang) if found else ""


def shown(at: datetime, edge: Edge, lang: str) -> str:
    """Return an edge as a letter names it."""
    return clock.shown(at, lang, is_end=edge.edge in ("closes", "silent"))


def _lacking(about: Waiting, lang: str, base_url: str) -> dict[str, str]:
    forms, rule = about.step.definition.forms, about.step.rule
    lines = [f"{n}. {forms[key].title.get(lang)}" for n, key in enumerate(about.forms, 1)]
    return {
        "row": about.step.times.rows[rule.at.row].title, "n_works": str(len(lines)), "works": "\n".join(lines),
        "until": shown(about.edge_at, rule.at, lang),
        "link": f"{base_url}/recommender/hand-ins" if base_url else "",
    }  # fmt: skip


def _line(n: int, work: Submission, row: Outbox, base_url: str) -> str:
    """Write one work of a list; whose it is stands there for those who may know it."""
    if row.to_role == "evaluator":  # judges are written numbers: whose it is may be hidden from them
        return f"{n}. {work.number}"
    parts = [work.number, work.team_name or work.unit.name, work.title, "" if row.account_id else work.unit.name]
    line = f"{n}. {' · '.join(dict.fromkeys(filter(None, parts)))}"
    return f"{line}\n   {base_url}/submissions/{work.id}" if base_url and row.to_role in LISTED else line
