"""What has left the door and must reach people: letters claimed one by one, sent, and marked.

A letter is claimed in a short unit, sent outside any transaction, and marked in a second short unit. A mail server
that answers slowly would otherwise hold SQLite's only write lock, or a row and a connection of PostgreSQL, against
everybody who hands something in. The claim is a lease: it puts the letter's next try LEASE away, so another sender
does not see it, and after a crash it comes up again by itself. What is left is the one double that cannot be had
without the mail server's help: a crash after the server took the letter and before the mark. The second copy then
bears the same Message-ID.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qtb import clock
from qtb.domain.errors import Conflict, Missing
from qtb.effects.mail import Letter, Line, Unreachable
from qtb.services.letters import Post as Post
from qtb.services.letters import unless_moot
from qtb.store import outbox
from qtb.store.outbox import Outbox
from qtb.store.unit import unit

BACK_OFF = tuple(timedelta(minutes=n) for n in (1, 5, 30, 120, 720))
LEASE = timedelta(minutes=15)  # longer than any talk with a server that keeps within its time limits
RUN_SECONDS = 20.0  # the sweep comes round each minute; a long queue is worked off over several runs
AGAIN, DROPPABLE = ("kept", "dead"), ("waiting", "kept", "dead")
MAX_RECIPIENTS = 1_000  # characters that the column holds


@dataclass(slots=True)
class Delivered:
    """What one run did, in letters."""

    n_sent: int = 0
    n_kept: int = 0
    n_failed: int = 0
    n_dropped: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A letter that this sender alone may send now; `n_tries` tells whether it still is when the answer is in."""

    id: int
    n_tries: int
    letter: Letter


def deliver(session: Session, *, post: Post, now: datetime, seconds: float = RUN_SECONDS) -> Delivered:
    """Send what is due, the longest due first, until nothing is or the time is up. Any number of senders is safe."""
    done, stop_at = Delivered(), time.monotonic() + seconds
    if post.server is None:
        while time.monotonic() < stop_at and _keep(session, post, now, done):
            pass
        return done
    with Line(post.server) as line:
        while time.monotonic() < stop_at and (claim := _claim(session, post, now, done)):
            try:
                refused = line.send(claim.letter, clock.real()) if claim.letter.recipients else {}
            except Unreachable as error:
                # One try of one letter in each run while the server is away: the others keep theirs.
                _mark(session, claim, dict.fromkeys(claim.letter.recipients, str(error)), now=now, done=done)
                break
            _mark(session, claim, refused, now=now, done=done)
    return done


def again(session: Session, outbox_id: int, *, now: datetime) -> Outbox:
    """Put a kept or dead letter back into the queue; the caller is in a unit."""
    row = session.get(Outbox, outbox_id, with_for_update=True)
    if row is None:
        raise Missing("letter")
    if row.status not in AGAIN:
        raise Conflict("letter_under_way")
    row.status, row.n_tries, row.next_at, row.error = "waiting", 0, now, ""
    return row


def drop(session: Session, outbox_id: int, *, now: datetime) -> Outbox:
    """Let a letter that has not left never leave; the caller is in a unit."""
    row = session.get(Outbox, outbox_id, with_for_update=True)
    if row is None:
        raise Missing("letter")
    if row.status not in DROPPABLE or _is_under_way(row, now):
        raise Conflict("letter_under_way")
    row.status = "dropped"
    return row


def counts(session: Session) -> dict[str, int]:
    """Return how many letters there are by status."""
    rows = session.execute(select(Outbox.status, func.count()).group_by(Outbox.status))
    return {status: n for status, n in rows}  # noqa: C416 (typed)


def _claim(session: Session, post: Post, now: datetime, done: Delivered) -> Claim | None:
    """Claim the next letter; those that cannot be sent at all are marked on the way."""
    while True:
        with unit(session):
            row = next(iter(outbox.due(session, now, 1)), None)
            if row is None:
                return None
            row.n_tries += 1
            try:
                letter = unless_moot(session, row, post=post, now=now)
            except DBAPIError:
                raise
            except Exception as error:  # one letter that cannot be written must not hold up those behind it
                done.n_failed += _failed(row, f"{type(error).__name__}: {error}", now)
                continue
            if letter is None:
                done.n_dropped += _dropped(row)
            elif letter.recipients or row.recipients:
                row.next_at, row.error = now + LEASE, ""
                return Claim(row.id, row.n_tries, letter)
            else:
                _hold(row, letter)
                done.n_kept += 1


def _keep(session: Session, post: Post, now: datetime, done: Delivered) -> bool:
    """Keep the next letter for the organiser to see, because there is no mail server; tell whether there was one."""
    with unit(session):
        row = next(iter(outbox.due(session, now, 1)), None)
        if row is None:
            return False
        letter = _written(session, row, post, now)
        if letter is None:
            done.n_dropped += _dropped(row)
        else:
            _hold(row, letter)
            done.n_kept += 1
        return True


def _written(session: Session, row: Outbox, post: Post, now: datetime) -> Letter | str | None:
    """Return a letter that is to be kept, or why it cannot be written: those behind it must not wait for it."""
    try:
        return unless_moot(session, row, post=post, now=now)
    except DBAPIError:
        raise
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _hold(row: Outbox, letter: Letter | str) -> None:
    """Keep a letter with its words, and say why where nobody could be meant or it could not be written."""
    row.status, row.error = "kept", letter[:300] if isinstance(letter, str) else "" if letter.recipients else "nobody"
    if isinstance(letter, Letter):
        _remember(row, letter)


def _remember(row: Outbox, letter: Letter) -> None:
    # What it was rendered from moves on: a reminder of a step that is over could not be rendered again.
    row.about = {**row.about, "said": {"subject": letter.subject, "body": letter.body}}


def _dropped(row: Outbox) -> int:
    """Drop a letter that has become moot since it was queued."""
    row.status, row.error = "dropped", "moot"
    return 1


def _is_under_way(row: Outbox, now: datetime) -> bool:
    """Tell whether a sender may be talking to the mail server about this letter: a claim clears the last error."""
    return row.status == "waiting" and row.n_tries > 0 and not row.error and row.next_at > now


def _mark(session: Session, claim: Claim, refused: Mapping[str, str], *, now: datetime, done: Delivered) -> None:
    reached = [address for address in claim.letter.recipients if address not in refused]
    with unit(session):
        row = session.get(Outbox, claim.id, with_for_update=True)
        if row is None or row.status != "waiting" or row.n_tries != claim.n_tries:
            return  # the lease ran out and another sender has it
        if reached or not refused:
            _remember(row, claim.letter)
        row.recipients = _listed([*filter(None, row.recipients.split(", ")), *reached])
        if refused:
            done.n_failed += _failed(row, "; ".join(f"{one}: {why}" for one, why in refused.items()), now)
        else:
            row.status, row.sent_at, row.error = "sent", now, ""
            done.n_sent += 1


def _failed(row: Outbox, error: str, now: datetime) -> int:
    row.error = error[:300]
    if row.n_tries > len(BACK_OFF):
        row.status = "dead"
    else:
        row.next_at = now + BACK_OFF[row.n_tries - 1]
    return 1


def _listed(addresses: Sequence[str]) -> str:
    """Join addresses, dropping whole ones at the end where the column ends."""
    text = ", ".join(addresses)
    return text if len(text) <= MAX_RECIPIENTS else text[:MAX_RECIPIENTS].rpartition(", ")[0]
