"""A submission. Facts that guards name are columns here; the forms filled in for it: `answers`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    false,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.types import Base, Chained, Instant, RowId

HAS_SHEETS = "n_sheets_final > 0"  # a clause must say it too, literally: qtb/store/facts.py


class Submission(Chained, Base):
    """One team's entry in one cycle. Only the door writes `state`, `state_since` and `kind`."""

    __tablename__ = "submission"
    __table_args__ = (
        # A team is entered once a year, but a withdrawn or lapsed entry does not stand in the way of a new one.
        Index(
            "uq_submission_team", "cycle_id", "unit_id", "team_key", unique=True,
            sqlite_where=text("kind <> 'end'"), postgresql_where=text("kind <> 'end'"),
        ),
        UniqueConstraint("cycle_id", "number"),
        Index(None, "cycle_id", "state", "id"),  # the clock takes a state's cases in the order of their ids
        Index(None, "cycle_id", "id"),  # the organiser's list, latest first
        # What is overdue and what waits for a review is counted on every page of the organiser: without the rows.
        Index("ix_submission_standing", "cycle_id", "state", "suspended_at", "state_since", "n_sheets_final",
              "n_sheets_open", "taken_back", "form_conclusion"),
        # Whose sheets are in waits for the clock among the many that have none.
        Index(
            "ix_submission_sheets", "cycle_id", "state", "suspended_at", "n_sheets_final", "n_sheets_open",
            sqlite_where=text(HAS_SHEETS), postgresql_where=text(HAS_SHEETS),
        ),
        Index(None, "unit_id", "cycle_id"),  # what a unit has entered is counted at every move that is judged
        Index(None, "recommender_id", "cycle_id"),  # and which units have teams in a year, at every reminder to them
        CheckConstraint("version >= 0 AND length(head_hash) = 64", name="chained"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    recommender_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    number: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(40))
    state_since: Mapped[datetime] = mapped_column(Instant)
    suspended_at: Mapped[datetime | None] = mapped_column(Instant)  # its clock stands still since then
    due_at: Mapped[datetime | None] = mapped_column(Instant)  # by when its holder should act; the next move clears it
    kind: Mapped[str] = mapped_column(String(10))  # the state's kind, so that queries need not know its name
    created_at: Mapped[datetime] = mapped_column(Instant)
    request_key: Mapped[str | None] = mapped_column(String(64), unique=True)  # a form sent twice enters one team

    team_name: Mapped[str] = mapped_column(String(50), default="")
    team_key: Mapped[str | None] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(60), default="")
    category: Mapped[str] = mapped_column(String(40), default="")

    registration_complete: Mapped[bool] = mapped_column(default=False)
    declaration_complete: Mapped[bool] = mapped_column(default=False)
    experience_complete: Mapped[bool] = mapped_column(default=False)
    first_review_score: Mapped[str | None] = mapped_column(String(10))
    form_conclusion: Mapped[str] = mapped_column(String(20), default="", server_default="")  # of the form review
    share_consent: Mapped[str] = mapped_column(String(20), default="")
    n_sheets_final: Mapped[int] = mapped_column(default=0)
    n_sheets_open: Mapped[int] = mapped_column(default=0)
    award_level: Mapped[str] = mapped_column(String(40), default="")
    # Its last step was taken back, and no sheet has changed since.
    taken_back: Mapped[bool] = mapped_column(default=False, server_default=false())
    n_blocks: Mapped[int] = mapped_column(default=0, server_default="0")  # of the move last judged: counted by the door

    n_objections_open: Mapped[int] = mapped_column(default=0, server_default="0")  # taken up and not yet answered

    shortlisted: Mapped[bool] = mapped_column(default=False, server_default=false())  # it presents
    # Its level lies before the bodies whose consent the publication waits for.
    consent_held: Mapped[bool] = mapped_column(default=False, server_default=false())
    eliminated: Mapped[bool] = mapped_column(default=False, server_default=false())  # confirmed: no place, no level
    nominated: Mapped[bool] = mapped_column(default=False, server_default=false())  # it goes up to the next round
    slides_due_at: Mapped[datetime | None] = mapped_column(Instant)  # once its turn was drawn

    cycle: Mapped[Cycle] = relationship()
    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    recommender: Mapped[Unit | None] = relationship(foreign_keys=[recommender_id])


class Counter(Base):
    """A number that only grows: max(number) + 1 fails as soon as two ask at once."""

    __tablename__ = "counter"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[int]


def next_number(session: Session, key: str) -> int:
    """Return the next number of a counter, locking it until the unit ends."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(Counter).values(key=key, value=0).on_conflict_do_nothing())
    grown = update(Counter).where(Counter.key == key).values(value=Counter.value + 1).returning(Counter.value)
    return int(session.execute(grown).scalar_one())


def counts_by_state(session: Session, cycle_id: int, *clauses: Any) -> dict[str, int]:
    """Return how many submissions of a cycle stand in each state."""
    query = select(Submission.state, func.count()).where(Submission.cycle_id == cycle_id, *clauses)
    return {state: n for state, n in session.execute(query.group_by(Submission.state))}  # noqa: C416 (typed)
