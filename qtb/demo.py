"""A made-up year to look at: the 2024 notice, every role, a few dozen entries, and the year before it.

The demo's clock starts on 20 May 2024. Units, people and works are invented; nothing here is used outside `--demo`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from qtb import clock, config, demo_cases, demo_organiser
from qtb.clock import ZONE
from qtb.demo_files import Shelf
from qtb.demo_texts import APPLICANTS, FILLED, GUIDING, RECOMMENDERS, STAFF, THIS_YEAR, UNITS, at, comment, dated
from qtb.demo_texts import registration as registered
from qtb.domain import notice as reader
from qtb.domain.roles import UNIT_KINDS, Actor
from qtb.i18n import say, word
from qtb.services import (
    accounts,
    advance,
    answers,
    definitions,
    evaluations,
    notices,
    outbox,
    reminders,
    submissions,
    sweep,
)
from qtb.services.answers import Filled
from qtb.services.outbox import Post
from qtb.store.accounts import Account, Unit
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.objects import Storage
from qtb.store.outbox import Setting
from qtb.store.submissions import Submission
from qtb.store.unit import unit

START = datetime(2024, 5, 20, 10, 0, tzinfo=ZONE)
ROOT = Actor(None, "demo", "cli", {"organiser": frozenset({0})})
PEOPLE = {  # sign-in name: (role, unit)
    "organiser": ("organiser", STAFF),
    "evaluator1": ("evaluator", STAFF),
    "evaluator2": ("evaluator", STAFF),
    "evaluator3": ("evaluator", STAFF),
    "recommender1": ("recommender", RECOMMENDERS[0]),
    "recommender2": ("recommender", RECOMMENDERS[1]),
    "guiding1": ("guiding", GUIDING[0]),
    "guiding2": ("guiding", GUIDING[1]),
    "applicant1": ("applicant", APPLICANTS[0]),
    "applicant2": ("applicant", APPLICANTS[1]),
    "applicant3": ("applicant", APPLICANTS[2]),
}


def is_told(session: Session) -> bool:
    """Tell whether the demo's database is filled to the end; setting its clock is the last thing done."""
    return session.get(Setting, clock.OFFSET) is not None


def fill(session: Session, *, secret: str, storage: Storage) -> None:
    """Fill an empty demo database, and a storage with its files."""
    story = _Story(session, random.Random(2024), Shelf(storage))
    with unit(session):
        story.people(secret)
    story.last_year()
    story.this_year()
    with unit(session):
        clock.set_to(session, START)


def notice(*, secret: str, address: str) -> str:
    """Return what the command line says about the demo: the clock and the accounts."""
    lines = [word("zh", "demo.accounts"), ""]
    for name, (role, unit_name) in PEOPLE.items():
        password = password_of(secret, name)
        lines.append(f"  {name + '@example.org':26} {password:26} {say('role.' + role)}  {unit_name}")
    lines += ["", f"  {word('zh', 'doors.recommender_sign_in')}: {address}/recommender/sign-in"]
    return "\n".join(lines)


def password_of(secret: str, name: str) -> str:
    """Return a demo account's password: different on every installation, the same at every start."""
    mark = hmac.new(secret.encode(), f"demo:{name}".encode(), hashlib.sha256).digest()
    return "demo-" + base64.b32encode(mark)[:16].decode().lower()


@dataclass
class _Story:
    """The telling of the demo; every act goes through the services, as a person's would."""

    session: Session
    chance: random.Random
    shelf: Shelf
    units: dict[str, Unit] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    n_entries: int = 0
    swept_at: datetime | None = None

    def people(self, secret: str) -> None:
        born = datetime(2023, 1, 10, 9, 0, tzinfo=ZONE)
        for name, kind in UNITS.items():
            self.units[name] = accounts.add_unit(self.session, name=name, kind=kind, actor=ROOT, now=born)
        for name, (role, unit_name) in PEOPLE.items():
            shown = f"{word('zh', 'role.' + role)}{name[-1] if name[-1].isdigit() else ''}（演示）"
            account = accounts.add_account(self.session, name=shown, email=f"{name}@example.org", actor=ROOT, now=born)
            account.password_hash = accounts.hasher.hash(password_of(secret, name))
            accounts.grant(self.session, account, self.units[unit_name], role, actor=ROOT, now=born)
            self.accounts[name] = account

    def last_year(self) -> None:
        """Tell 2023 to its end: awarded, shared, not awarded, lapsed."""
        cycle_id = self._open(2023)
        works = [self._entry(cycle_id, n, "2023-03-06") for n in range(12)]
        for submission_id in works[:11]:
            self._moves(cycle_id, submission_id, ["register", "submit"], "2023-04-10")
        for submission_id in works[:9]:
            self._moves(cycle_id, submission_id, ["recommend"], "2023-05-15")
        self._sweep("2023-07-02")
        office, move = self._member("organiser", 0), partial(self._moves, cycle_id)
        demo_cases.review(self.session, works[:8], works[1], office=office, move=move)
        self._sweep("2023-07-20")
        for submission_id in works[:8]:
            self._judge(submission_id, "2023-07-20")
        self._sweep("2023-08-01")
        demo_organiser.decide(self.session, cycle_id, office, at("2023-08-15"))
        self._sweep("2023-09-01")
        demo_organiser.certify(self.session, cycle_id, office, at("2023-09-11"))
        for submission_id in (works[0], works[2], works[3]):  # their units agreed to sharing
            self._moves(cycle_id, submission_id, ["share"], "2023-10-16")
        self._sweep("2023-12-31")

    def this_year(self) -> None:
        """Tell 2024 day by day up to the moment at which the demo begins."""
        cycle_id = self._open(2024)
        steps = sorted((day, n, move) for n, moves in enumerate(THIS_YEAR) for day, move in dated(n, moves))
        entered: dict[int, int] = {}
        for day, n, move in steps:
            self._sweep(day)
            if not move:
                entered[n] = self._entry(cycle_id, n, day)
            self._moves(cycle_id, entered[n], [move] if move else [], day)
        self._sweep("2024-05-20")
        demo_cases.tell(self.session, cycle_id, self.units[RECOMMENDERS[0]], member=self._member)
        demo_organiser.tell(self.session, self._member("organiser", 0), START - timedelta(minutes=30))

    def _open(self, year: int) -> int:
        text = (config.workflows_folder() / "qtb" / "notice-2024.txt").read_text("utf-8")
        now = datetime(year, 1, 15, 9, 0, tzinfo=ZONE)
        with unit(self.session):
            found = reader.read_text(text.replace("2024年", f"{year}年"))
            draft = notices.read_draft(
                self.session, name=f"{year}.txt", notice=found, programme="qtb", actor=ROOT, now=now
            )
            definition = definitions.load("qtb")
            rows = notices.as_planned(definition, notices.suggested_rows(definition, draft))
            title = word("zh", "demo.cycle", year=year)
            return notices.confirm(
                self.session, draft, key=str(year), title=title, year=year, rows=rows, actor=ROOT, now=now
            ).id

    def _entry(self, cycle_id: int, n: int, day: str) -> int:
        unit_name = APPLICANTS[n % len(APPLICANTS)]
        recommender = RECOMMENDERS[n % len(RECOMMENDERS)]
        raw = registered(n, unit_name, recommender=str(self.units[recommender].id))
        self.n_entries += 1
        with unit(self.session):
            cycle = self.session.get_one(Cycle, cycle_id)
            return submissions.enter(
                self.session, cycle=cycle, unit_id=self.units[unit_name].id, filled=Filled("registration", raw),
                actor=self._member("applicant", self.units[unit_name].id), now=at(day),
                request_key=f"demo-{self.n_entries}",
            ).id  # fmt: skip

    def _moves(self, cycle_id: int, submission_id: int, moves: list[str], day: str) -> None:
        for hour, move in enumerate(moves):
            now = at(day) + timedelta(hours=hour, minutes=self.chance.randrange(50))
            with unit(self.session):
                row, cycle = self.session.get_one(Submission, submission_id), self.session.get_one(Cycle, cycle_id)
                rule = cycle.definition.workflow.transitions[move]
                by = rule.by[0]
                self._fill(row, by, now)
                actor = self._member(by, {"applicant": row.unit_id, "recommender": row.recommender_id or 0}.get(by, 0))
                note = word("zh", f"demo.note_{move}") if rule.note == "required" else ""
                advance.advance(self.session, move, cycle=cycle, now=now, actor=actor, ids=[submission_id], note=note)

    def _fill(self, row: Submission, by: str, now: datetime) -> None:
        """Fill what the submission's state lets somebody fill."""
        actor = self._member(by, {"applicant": row.unit_id, "recommender": row.recommender_id or 0}.get(by, 0))
        edits = row.cycle.definition.workflow.states[row.state].edits
        for form in (edit.form for edit in edits if edit.by == by and edit.form in FILLED):
            for raw in FILLED[form](row.id, now):
                answers.save(self.session, row, filled=Filled(form, raw), actor=actor, now=now)
            self.shelf.fill(self.session, row, form, actor=actor, now=now)

    def _judge(self, submission_id: int, day: str) -> None:
        experts = [self.accounts[name] for name in PEOPLE if PEOPLE[name][0] == "evaluator"]
        with unit(self.session):
            row = self.session.get_one(Submission, submission_id)
            items = row.cycle.definition.rubric.sheets["MAT"].items
            for n, expert in enumerate(experts):
                sheet = evaluations.assign(self.session, row, expert, actor=self._member("organiser", 0), now=at(day))
                self.session.flush()
                scores = {key: str(int(item.max) - self.chance.randrange(4)) for key, item in items.items()}
                self._score(sheet, {**scores, "comment": comment(submission_id + n)}, day)

    def _score(self, sheet: Sheet, raw: dict[str, str], day: str) -> None:
        actor = Actor(sheet.evaluator_id, "", "web", {"evaluator": frozenset({self.units[STAFF].id})})
        evaluations.score(self.session, sheet, raw, actor=actor, now=at(day), seen=sheet.version or 0, finish=True)

    def _sweep(self, day: str) -> None:
        """Let the clock do what it owes at each midnight up to a day."""
        until = now = at(day).replace(hour=0, minute=0)
        while self.swept_at is None or self.swept_at < until:
            now = self.swept_at = self.swept_at + timedelta(days=1) if self.swept_at else until
            sweep.sweep(self.session, now=now)
            reminders.remind(self.session, now=now)
            outbox.deliver(self.session, post=Post(None, "", ""), now=now)

    def _member(self, role: str, unit_id: int) -> Actor:
        """Return somebody of a unit: its demo account, or nobody in particular."""
        unit_id = unit_id or self.units[STAFF].id
        kind = UNIT_KINDS[role]
        mine = (name for name, (held, group) in PEOPLE.items() if held == role and self.units[group].id == unit_id)
        account = self.accounts.get(next(mine, ""))
        return Actor(account.id if account else None, kind, "web", {role: frozenset({unit_id})})
