"""The scheduler: it keeps no jobs, it only wakes the sweep, each minute and at the next edge.

What is due lies in the data, so an outage heals itself at the next tick, two schedulers at once are harmless, and
nothing has to be remembered between ticks.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from qtb import clock, i18n
from qtb.domain.errors import Refusal
from qtb.extensions import db
from qtb.services import duplicates, edges, health, outbox, reminders, sweep
from qtb.services.outbox import Delivered, Post
from qtb.services.reminders import Reminded
from qtb.services.sweep import Swept
from qtb.store import drafts
from qtb.store.unit import unit

log = logging.getLogger("qtb.scheduler")

MINUTE, EDGE = "minute", "edge"
AGAIN = timedelta(seconds=3)
FORGOTTEN = timedelta(days=400)  # a draft that nobody has touched for a year and a month is personal data without use


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one tick did, and the machine's time at which the next edge falls."""

    swept: list[Swept] = field(default_factory=list)
    reminded: list[Reminded] = field(default_factory=list)
    delivered: Delivered = field(default_factory=Delivered)
    edge_at: datetime | None = None


def run(app: Flask, stop: threading.Event | None = None) -> None:
    """Watch the clock until `stop` is set; a tick under way is finished first."""
    scheduler = start(app)
    try:
        # An event instead of APScheduler's blocking scheduler: a signal's handler can set it.
        (stop or threading.Event()).wait()
    finally:
        scheduler.shutdown(wait=True)


def start(app: Flask) -> BackgroundScheduler:
    """Start watching the clock in threads of this process and return the scheduler, to be shut down at the end."""
    # Two threads: an edge that falls while letters are being sent must not wait for them.
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(2)},
        job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        timezone=clock.ZONE,
    )
    node = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"

    def wake() -> None:
        tick(app, node, plan=plan)

    def plan(edge_at: datetime) -> None:
        if scheduler.running:
            scheduler.add_job(wake, "date", run_date=edge_at, id=EDGE, replace_existing=True)

    scheduler.add_job(wake, "interval", minutes=1, id=MINUTE, next_run_time=clock.real())
    scheduler.start()
    return scheduler


def tick(app: Flask, node: str, plan: Callable[[datetime], None] | None = None) -> Ticked:
    """Sweep, leave a sign of life, plan the next edge, send letters.

    A database that is away is logged and tried again in a moment.
    """
    try:
        with app.app_context():
            return _tick(app, db.session(), node, plan)
    except (SQLAlchemyError, Refusal, OSError) as error:
        log.error("tick failed: %s", _brief(error))
    except Exception:
        log.exception("tick failed")
    if plan is not None:
        plan(clock.real() + AGAIN)  # in place of the edge, which the tick that succeeds will plan
    return Ticked()


def next_edge(session: Session, *, demo: bool) -> datetime | None:
    """Return the machine's time at which the next edge falls: the demo's clock runs apart from it."""
    now = clock.now(session, demo=demo)
    edge_at = edges.next_edge(session, now=now)
    return None if edge_at is None else clock.real() + (edge_at - now)


def _tick(app: Flask, session: Session, node: str, plan: Callable[[datetime], None] | None) -> Ticked:
    now = clock.now(session, demo=app.config["DEMO"])
    swept = sweep.sweep(session, now=now)
    reminded = reminders.remind(session, now=now)  # after the sweep, which ends what nobody need be reminded of
    post, wrong = _post(app)
    _report(swept, reminded)
    failures = [f"{one.cycle} {one.transition}: {i18n.failure(one.failure, 'zh')}" for one in swept if one.failure]
    failures += [f"{one.cycle} {one.reminder}: {i18n.failure(one.failure, 'zh')}" for one in reminded if one.failure]
    night = duplicates.night_failure(session)
    failures += [*([wrong] if wrong else []), *([_night(night)] if night else [])]
    _beat(session, node, now, swept, failures)
    edge_at = next_edge(session, demo=app.config["DEMO"])
    session.rollback()
    if plan is not None and edge_at is not None:
        plan(edge_at)  # before the letters: they may take longer than the edge is away
    delivered = outbox.deliver(session, post=post, now=now) if post else Delivered()
    failed = duplicates.search_at_night(session, now=now)  # last: it takes seconds, and its failure is nobody else's
    if failed and failed != night:
        log.error("%s", _night(failed))
        _beat(session, node, now, swept, [*failures, _night(failed)])
    return Ticked(swept, reminded, delivered, edge_at)


def _beat(session: Session, node: str, now: datetime, swept: list[Swept], failures: list[str]) -> None:
    n_moved, failure = sum(one.n_moved for one in swept), "; ".join(failures)
    with unit(session):
        health.beat(session, node=node, real_now=clock.real(), now=now, n_moved=n_moved, failure=failure)
        drafts.forget(session, before=now - FORGOTTEN)


def _night(failure: str) -> str:
    return f"{i18n.word('zh', 'duplicate.title')}: {i18n.failure(failure, 'zh')}"


def _post(app: Flask) -> tuple[Post | None, str]:
    """Return the post office, or what is wrong with its settings: the sweep goes on without it."""
    try:
        return Post.of(app.config), ""
    except Refusal as refusal:
        log.error("%s", _brief(refusal))
        return None, _brief(refusal)


def _report(swept: list[Swept], reminded: list[Reminded]) -> None:
    for done in reminded:
        if done.failure:
            log.error("%s %s: %s", done.cycle, done.reminder, done.failure)
        else:
            log.info("%s %s: %d letters queued", done.cycle, done.reminder, done.n_queued)
    for one in swept:
        if one.failure:
            log.error("%s %s: %s", one.cycle, one.transition, one.failure)
        elif one.due_at is not None:
            log.info("%s %s: %d moved, %d set aside, due %s", *_told(one))


def _told(one: Swept) -> tuple[object, ...]:
    return one.cycle, one.transition, one.n_moved, one.n_aside, one.due_at


def _brief(error: Exception) -> str:
    if isinstance(error, Refusal):
        return "; ".join(i18n.in_words(reason, "zh") for reason in error.reasons)
    # The first line only: what follows in a database's error are the statement and its values.
    return f"{type(error).__name__}: {str(getattr(error, 'orig', None) or error).splitlines()[0][:300]}"
