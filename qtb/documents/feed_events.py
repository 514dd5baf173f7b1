"""The events of calendar feeds in words. The time zone stands in the text too: not every calendar shows it.

An end is the last half hour before it, so that 24:00 is shown on the day that it ends. An event's UID is made of what
it is about and never of its date: a moved date moves the event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from qtb import clock
from qtb.documents.icalendar import Event
from qtb.domain import agenda, timeline
from qtb.domain.agenda import EVERYBODY, Change, Moment, Wait
from qtb.domain.decide import Case
from qtb.domain.evidence import digest
from qtb.domain.row_order import Whom
from qtb.domain.timeline import Owned, Timeline
from qtb.domain.workflow import Edge
from qtb.i18n import word
from qtb.store.cycles import Cycle, Extension, TimelineRow
from qtb.store.presentation import Presentation, Slot

LENGTH = timedelta(minutes=30)
AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Feed:
    """A year as a feed tells it: the cycle, its windows, and every change of a date that is shown."""

    cycle: Cycle
    times: Timeline
    changes: Sequence[Change]

    def uid(self, *parts: object) -> str:
        """Return the UID of what the parts name: the same for ever, and another one in every installation."""
        mark = digest(f"{self.cycle.key} {timeline.canonical(self.cycle.created_at)}")[:20]
        return f"{'-'.join(map(str, parts))}@{mark}.qtb"

    def row(self, key: str) -> TimelineRow:
        """Return the row with this key."""
        return next(row for row in self.cycle.rows if row.key == key)


def of_rows(
    feed: Feed, lang: str, *, notes: Mapping[str, Sequence[str]] | None = None, ringing: Collection[str] = (),
    everything: bool = False,
) -> Iterator[Event]:  # fmt: skip
    """Yield the events of a year's dated rows: a gate's edges, of other rows the span.

    `notes` go behind the name of a row's end; a row that is `ringing` has an alarm before its end, with `everything`
    every gate has, before its instant too.
    """
    for row in feed.cycle.rows:
        kind = feed.cycle.definition.timeline.rows.get(row.key)
        if row.key not in feed.times.rows:
            continue
        if kind is None or not kind.gate:
            yield _span(feed, row, lang)
            continue
        for moment in agenda.of_row(feed.times, row.key):
            closes = moment.edge.edge == "closes"
            named = "".join((notes or {}).get(row.key, ())) if closes else ""
            rings = (closes and row.key in ringing) or (everything and moment.edge.edge != "opens")
            uid = feed.uid(row.key, moment.edge.edge)
            yield _event(feed, moment, EVERYBODY, uid, _title(feed, moment.edge, lang) + named, lang, rings=rings)


def of_case(feed: Feed, moment: Moment, case: Case, named: str, lang: str, url: str) -> Event:
    """Return an edge that concerns one case; it rings where its party must have acted by then."""
    # Whoever hands in again begins another silence: another event, for no row was moved.
    since = (int(case.state_since.timestamp()),) if moment.edge.edge == "silent" else ()
    uid = feed.uid("case", case.id, moment.edge.row, moment.edge.edge, *since)
    summary = word(lang, "feed.about", what=_title(feed, moment.edge, lang), name=named)
    rings = bool(moment.acts) and moment.edge.edge == "closes"
    return _event(feed, moment, case, uid, summary, lang, rings=rings, url=url)


def of_wait(feed: Feed, wait: Wait, case: Case, named: str, lang: str, url: str) -> Event:
    """Return the end of a row for one work that waits and has an end of its own."""
    edge = Edge(row=wait.row_key, edge="closes")
    summary = word(lang, "feed.about", what=_title(feed, edge, lang), name=named)
    uid = feed.uid("turn", case.id, wait.row_key, edge.edge)
    return _event(feed, Moment(edge, wait.at), case, uid, summary, lang, rings=True, url=url)


def of_extension(feed: Feed, extension: Extension, named: str, lang: str) -> Event:
    """Return the end of a row for those to whom it was extended."""
    edge = Edge(row=extension.row_key, edge="closes")
    summary = word(lang, "feed.about", what=_title(feed, edge, lang), name=named)
    uid = feed.uid("extension", extension.id)
    theirs = Whom(extension.submission_id or 0, extension.unit_id or 0)
    return _event(feed, Moment(edge, extension.until), theirs, uid, summary, lang, rings=True)


def of_turn(feed: Feed, made: Presentation, slot: Slot, named: str, lang: str, url: str) -> Iterator[Event]:
    """Yield when a work presents, and when its slides are due; each act on the round may have moved them."""
    stamp = made.version, made.drawn_at or feed.cycle.created_at
    if slot.starts_at is None or slot.ends_at is None:
        return
    summary = word(lang, "feed.about", what=word(lang, "feed.turn", place=made.place), name=named)
    lines = (
        word(lang, "feed.turn_at", at=clock.shown(slot.starts_at, lang), n=slot.place_no),
        word(lang, "feed.turn_place", place=made.place),
    )
    uid = feed.uid("presentation", slot.submission_id)
    yield Event(uid, *stamp, summary, slot.starts_at, slot.ends_at, lines, url, slot.starts_at - AHEAD)
    due = slot.submission.slides_due_at
    if due is not None and slot.submission.suspended_at is None:  # on hold nobody can upload them
        summary = word(lang, "feed.about", what=word(lang, "feed.slides"), name=named)
        said = word(lang, "feed.at_closes", at=clock.shown(due, lang, is_end=True))
        uid = feed.uid("slides", slot.submission_id)
        yield Event(uid, *stamp, summary, due - LENGTH, due, (said,), url, due - AHEAD)


def _event(
    feed: Feed, moment: Moment, case: Owned, uid: str, summary: str, lang: str, *, rings: bool, url: str = ""
) -> Event:
    row = feed.row(moment.edge.row)
    n_changes, changed_at = agenda.revision(feed.changes, row.key, case)
    is_end = moment.edge.edge in ("closes", "silent")
    starts = moment.at - LENGTH if is_end else moment.at
    at = clock.shown(moment.at, lang, is_end=is_end)
    lines = (word(lang, f"feed.at_{moment.edge.edge}", at=at), *_about(feed, row, lang), *_outlook(moment, lang))
    return Event(
        uid, n_changes, changed_at or feed.cycle.created_at, summary, starts, starts + LENGTH, lines,
        url or _address(row), moment.at - AHEAD if rings else None,
    )  # fmt: skip


def _span(feed: Feed, row: TimelineRow, lang: str) -> Event:
    """Return the event of a row without a gate: whole days where it begins and ends with one."""
    window = feed.times.rows[row.key]
    n_changes, changed_at = agenda.revision(feed.changes, row.key, EVERYBODY)
    starts, ends = (at.astimezone(clock.ZONE) for at in (window.opens_at, feed.times.ends_at(row.key, EVERYBODY)))
    whole = _is_midnight(starts) and _is_midnight(ends)
    tell = clock.day if whole else clock.shown
    key = "feed.span" if whole else "feed.span_timed"  # a day has no zone, an instant names its own
    span = word(lang, key, first=tell(starts, lang), last=tell(ends, lang, is_end=True))
    return Event(
        feed.uid(row.key, "span"), n_changes, changed_at or feed.cycle.created_at, _row_title(feed, row, lang),
        starts.date() if whole else starts, ends.date() if whole else ends, (span, *_about(feed, row, lang)),
        _address(row),
    )  # fmt: skip


def _title(feed: Feed, edge: Edge, lang: str) -> str:
    return word(lang, f"feed.{edge.edge}", row=_row_title(feed, feed.row(edge.row), lang))


def _row_title(feed: Feed, row: TimelineRow, lang: str) -> str:
    kind = feed.cycle.definition.timeline.rows.get(row.key)
    return kind.title.en if lang == "en" and kind is not None else row.title


def _about(feed: Feed, row: TimelineRow, lang: str) -> Iterator[str]:
    yield word(lang, "feed.row", cycle=feed.cycle.title, seq=row.seq, row=_row_title(feed, row, lang))
    if row.party:
        yield word(lang, "feed.party", party=row.party)
    if row.url:
        yield word(lang, "feed.url", url=row.url)


def _outlook(moment: Moment, lang: str) -> Iterator[str]:
    if moment.acts:
        yield word(lang, "feed.acts", acts=word(lang, "feed.comma").join(act.get(lang) for act in moment.acts))
    if moment.fate is not None:
        yield word(lang, "feed.fate", move=moment.fate)


def _address(row: TimelineRow) -> str:
    # Only what is an address: the notice's own words may be anything.
    plain = row.url.startswith(("http://", "https://")) and min(row.url) > " "
    return row.url if plain else ""


def _is_midnight(at: datetime) -> bool:
    return at.time() == datetime.min.time()
