"""Calendar feeds: the public one of a year, and the one that tells a person what concerns them in each role."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from qtb.documents import feed_events, icalendar
from qtb.documents.feed_events import Feed
from qtb.documents.icalendar import Event
from qtb.domain import agenda
from qtb.domain.agenda import Wait
from qtb.domain.roles import Actor
from qtb.i18n import word
from qtb.store import facts, feeds, presentation
from qtb.store.submissions import Submission
from qtb.store.years import Year


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose feed it is, in which language, and where a submission's page is."""

    actor: Actor
    lang: str
    link: Callable[[int], str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for somebody in a role: in words, how many until when, and which where it stands alone."""

    role: str
    note: str
    wait: Wait
    row: Submission | None


def public(session: Session, year: Year, *, lang: str) -> bytes:
    """Return the feed of a year for everybody: its rows and nothing else."""
    return icalendar.written(year.cycle.title, feed_events.of_rows(_feed(session, year), lang), lang=lang)


def personal(session: Session, years: Sequence[Year], reader: Reader) -> bytes:
    """Return the feed of a person: the rows of these years, and by role what waits for the person until when."""
    name = word(reader.lang, "feed.mine", app=word(reader.lang, "app.name"))
    events = [event for year in years for event in _of_year(session, _feed(session, year), reader)]
    return icalendar.written(name, events, lang=reader.lang)


def _feed(session: Session, year: Year) -> Feed:
    return Feed(year.cycle, year.times, feeds.changes(session, year.cycle.id))


def _of_year(session: Session, feed: Feed, reader: Reader) -> Iterator[Event]:
    waits = [*_waits(session, feed, reader, "recommender"), *_waits(session, feed, reader, "evaluator")]
    notes: dict[str, list[str]] = {}
    for one in waits:
        if one.row is None:
            notes.setdefault(one.wait.row_key, []).append(one.note)
    ringing = {one.wait.row_key for one in waits if one.wait.n and one.row is None}
    everything = reader.actor.holds("organiser")
    yield from feed_events.of_rows(feed, reader.lang, notes=notes, ringing=ringing, everything=everything)
    yield from _extensions(session, feed, reader)
    yield from _own(session, feed, reader)
    yield from _turns(session, feed, reader)
    for one in waits:
        if one.row is not None:
            named, url = _told(one, reader)
            yield feed_events.of_wait(feed, one.wait, facts.as_case(one.row), named + one.note, reader.lang, url)


def _own(session: Session, feed: Feed, reader: Reader) -> Iterator[Event]:
    if not reader.actor.holds("applicant"):
        return
    # Only as applicant: what another role of the same person may do is not told under a case of their own.
    actor = replace(reader.actor, units={"applicant": reader.actor.units["applicant"]})
    for row in feeds.own(session, feed.cycle.id, actor):
        case = facts.as_case(row)
        for moment in agenda.of_case(feed.cycle.definition, case, timeline=feed.times, actor=actor):
            yield feed_events.of_case(feed, moment, case, _named(row, reader), reader.lang, reader.link(row.id))


def _turns(session: Session, feed: Feed, reader: Reader) -> Iterator[Event]:
    """Yield when the person's works present, and when their slides are due."""
    made = presentation.of(session, feed.cycle.id) if reader.actor.holds("applicant") else None
    if made is None:
        return
    for slot in presentation.turns(session, reader.actor.units["applicant"], feed.cycle.id):
        named, url = _named(slot.submission, reader), reader.link(slot.submission_id)
        yield from feed_events.of_turn(feed, made, slot, named, reader.lang, url)


def _told(one: Waiting, reader: Reader) -> tuple[str, str]:
    """Return what a work is called and where it is; judges are written numbers: who it is may be hidden from them."""
    row = one.row
    if row is None:
        return "", ""
    return (row.number, "") if one.role == "evaluator" else (_named(row, reader), reader.link(row.id))


def _waits(session: Session, feed: Feed, reader: Reader, role: str) -> list[Waiting]:
    """Return what waits for a role."""
    if not reader.actor.holds(role):
        return []
    rows = agenda.turns(feed.cycle.definition.workflow, role)
    find = feeds.waiting if role == "recommender" else feeds.unscored
    found = {row.id: row for row in find(session, feed.cycle, sorted(rows), reader.actor)}
    waits = agenda.waits(rows, map(facts.as_case, found.values()), timeline=feed.times)
    notes = [word(reader.lang, f"feed.waits_{role}", n=one.n) for one in waits]
    return [Waiting(role, note, one, found.get(one.case_id or 0)) for note, one in zip(notes, waits, strict=True)]


def _extensions(session: Session, feed: Feed, reader: Reader) -> Iterator[Event]:
    """Yield later ends: all of them for the organiser, for recommenders those of their units."""
    everything, own = reader.actor.holds("organiser"), reader.actor.units.get("recommender", frozenset())
    found = feeds.extensions(session, feed.cycle.id) if everything or own else []
    for extension, named in found:
        if extension.row_key in feed.times.rows and (everything or extension.unit_id in own):
            yield feed_events.of_extension(feed, extension, named, reader.lang)


def _named(row: Submission, reader: Reader) -> str:
    team = row.team_name or word(reader.lang, "case.unnamed")
    return word(reader.lang, "feed.team", team=team, number=row.number)
