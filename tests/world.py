"""A small world to tell stories in: one year as in the 2024 notice, units, people, and a hand-moved clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from qtb.domain.errors import Reason, Refusal
from qtb.domain.evidence import GENESIS
from qtb.domain.roles import Actor
from qtb.services import (
    accounts,
    advance,
    answers,
    cycles,
    definitions,
    evaluations,
    override,
    reminders,
    submissions,
    sweep,
)
from qtb.services.answers import Filled
from qtb.services.cycles import Planned
from qtb.store import audit, verification
from qtb.store.accounts import Account, Unit
from qtb.store.audit import Entry, History
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests import files

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    """Return the instant of a Shanghai wall-clock time written as 2024-05-31 or 2024-05-31 23:59."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def month(first: int, last: int, *, held: str | None = None) -> dict[str, datetime | None]:
    """Return the window from the first day of a month of 2024 to the end of another."""
    after = at(f"{2024 + last // 12}-{last % 12 + 1:02d}-01")
    return {"opens_at": at(f"2024-{first:02d}-01"), "closes_at": after, "held_at": at(held) if held else None}


ROWS = [
    Planned("register", 1, "活动报名", **month(2, 5)),
    Planned("briefing", 2, "活动推进及成果申报说明会", at("2024-02-21"), at("2024-03-01")),
    Planned("coaching", 3, "活动成果辅导、培训活动", **month(1, 12)),
    Planned("declare", 4, "成果申报", **month(2, 5)),
    Planned("recommend", 5, "成果推荐", **month(4, 6)),
    Planned("evaluate", 6, "成果评价及推优", **month(7, 8)),
    Planned("publish", 7, "活动成果发布", **month(8, 8, held="2024-08-20 10:00")),
    Planned("exchange", 8, "活动优秀成果交流会", **month(9, 9)),
    Planned("promote", 9, "成果宣传推广", **month(10, 12)),
]

MEMBERS = [{"name": f"组员{n:02d}", "sex": "F", "age": "30", "post": "操作工"} for n in range(1, 13)]

REGISTRATION: dict[str, Any] = {
    "unit_name": "浦江电机厂", "uscc": "91310000000000001Y", "unit_nature": "PRIVATE", "industry": "C38",
    "category": "MANUFACTURING", "district": "PUDONG", "team_founded": "2019-03", "team_size": "12",
    "leader_name": "测试组长", "team_duty": "负责总装线质量。", "work_content": "装配与检验。",
    "products_customers": "电机；整机厂。", "members": MEMBERS,
    "contact_name": "测试联系人", "contact_phone": "021-55550000", "contact_email": "contact@example.org",
    "truth_commit": "on", "privacy_consent": "on",
}  # fmt: skip

METRICS = [
    {"name": name, "unit": "%", "before": "3", "target": "1", "actual": "0.9", "period": "2023年"}
    for name in ("返工率", "投诉率", "停机率")
]

DECLARATION: dict[str, Any] = {
    "title": "降低总装线返工率", "build_from": "2023-01", "build_to": "2023-12", "team_profile": "十二人。",
    "customers_needs": "下道工序要准时。", "objectives": "返工率低于百分之一。", "planning": "分三步。",
    "basic_mgmt": "作业标准齐全。", "competence": "每月一训。", "process_control": "关键点受控。",
    "improvement": "完成两项改进。", "results": "返工率由三降到一。", "metrics": METRICS, "distinctive": "看板。",
    "incidents_any": "none", "share_consent": "full", "national_wish": "yes", "unit_opinion": "同意申报。",
    "unit_opinion_on": "2024-02-20", "truth_commit": "on",
}  # fmt: skip


@dataclass
class World:
    """The year, the people, and what they do; each verb is one unit of work at the world's `now`."""

    session: Session
    cycle: Cycle
    now: datetime = field(default_factory=lambda: at("2024-03-01 09:00"))
    units: dict[str, Unit] = field(default_factory=dict)
    people: dict[str, Account] = field(default_factory=dict)
    n_keys: int = 0

    @classmethod
    def made(cls, session: Session, now: str = "2024-03-01 09:00") -> World:
        """Return the year, two applicant units, two recommenders, the organiser with evaluators; made at first."""
        with unit(session):
            if cycle := session.scalar(select(Cycle).filter_by(key="2024")):
                return cls(
                    session, cycle, at(now), {one.name: one for one in session.scalars(select(Unit))},
                    {one.name: one for one in session.scalars(select(Account))},
                )  # fmt: skip
        root = Actor(None, "set-up", "cli", {"organiser": frozenset({0})})
        with unit(session):
            cycle = cycles.open_cycle(
                session, definition=definitions.load("qtb"), key="2024", year=2024, title="2024年质量信得过班组",
                rows=ROWS, notice={}, actor=root, now=at("2024-01-15"),
            )  # fmt: skip
            world = cls(session, cycle, at(now))
            for name, kind in UNITS.items():
                world.units[name] = accounts.add_unit(session, name=name, kind=kind, actor=root, now=at("2024-01-15"))
            for name, (unit_name, role) in PEOPLE.items():
                world._add_person(name, unit_name, role, root)
        return world

    def _add_person(self, name: str, unit_name: str, role: str, root: Actor) -> None:
        person = accounts.add_account(
            self.session, name=name, email=f"{name}@example.org", actor=root, now=at("2024-01-15")
        )
        person.password_hash = accounts.hasher.hash("a long enough secret")
        accounts.grant(self.session, person, self.units[unit_name], role, actor=root, now=at("2024-01-15"))
        self.people[name] = person

    def another_cycle(self, key: str) -> int:
        """Open another year with the same rows; return its id."""
        with unit(self.session):
            return cycles.open_cycle(
                self.session, definition=self.cycle.definition, key=key, year=2024, title="另一年度", rows=ROWS,
                notice={}, actor=self.actor("olga"), now=self.now,
            ).id  # fmt: skip

    def actor(self, name: str) -> Actor:
        """Return a person as an actor with that person's roles."""
        unit_name, role = PEOPLE[name]
        return Actor(self.people[name].id, name, "web", {role: frozenset({self.units[unit_name].id})})

    def go(self, when: str) -> None:
        """Move the clock to a Shanghai wall-clock time and let the sweep run."""
        self.now = at(when)
        self.sweep()

    def later(self, **by: float) -> None:
        """Move the clock on without a sweep."""
        self.now += timedelta(**by)

    def sweep(self) -> list[sweep.Swept]:
        """Let the clock do what it owes."""
        return sweep.sweep(self.session, now=self.now)

    def remind(self) -> dict[str, int]:
        """Queue the reminders that are due; return how many letters of each."""
        queued: Counter[str] = Counter()
        for one in reminders.remind(self.session, now=self.now):
            assert not one.failure
            queued[one.reminder] += one.n_queued
        return dict(queued)

    def enter(self, who: str = "alice", team: str = "总装一班", **given: Any) -> int:
        """Enter a team with a complete registration form; return its id."""
        self.n_keys += 1
        raw = {**REGISTRATION, "recommender": str(self.units["浦东区质协"].id), "team_name": team, **given}
        with unit(self.session):
            return submissions.enter(
                self.session, cycle=self.cycle, unit_id=self.units[PEOPLE[who][0]].id, actor=self.actor(who),
                filled=Filled("registration", raw), now=self.now, request_key=f"key-{self.n_keys}",
            ).id  # fmt: skip

    def many(self, n: int) -> None:
        """Let n teams stand at the start, written in bulk, each with its first entry."""
        workflow = self.cycle.definition.workflow
        row = {
            "cycle_id": self.cycle.id, "unit_id": self.units["浦江电机厂"].id, "state": workflow.start, "kind": "start",
            "state_since": self.now, "created_at": self.now, "version": 0, "head_hash": GENESIS,
        }  # fmt: skip
        entry = Entry("submission", "begin", self.actor("alice"), self.now, to_state=workflow.start, role="applicant")
        with unit(self.session):
            self.session.execute(insert(Submission), [{**row, "number": f"M{number:05d}"} for number in range(n)])
            audit.append(self.session, entry, select(Submission).where(Submission.version == 0))
            audit.follow(self.session.connection(), entry)

    def declare(self, submission_id: int, who: str = "alice", **given: Any) -> None:
        """Fill the declaration."""
        self.fill(submission_id, "declaration", {**DECLARATION, **given}, who)

    def fill(self, submission_id: int, form: str, raw: Mapping[str, Any], who: str = "alice") -> None:
        """Save a form."""
        with unit(self.session):
            row = self.session.get_one(Submission, submission_id)
            files.let_stand(self.session, row, form, now=self.now)
            answers.save(self.session, row, filled=Filled(form, raw), actor=self.actor(who), now=self.now)

    def move(self, submission_id: int, transition: str, who: str, note: str = "") -> None:
        """Make a move through the door."""
        with unit(self.session):
            advance.advance(
                self.session, transition, cycle=self.session.get_one(Cycle, self.cycle.id), now=self.now,
                actor=self.actor(who), ids=[submission_id], note=note,
            )  # fmt: skip

    def refused(self, submission_id: int, transition: str, who: str, note: str = "") -> list[Reason]:
        """Try a move that must be refused; return the reasons given."""
        before = self.position(submission_id)
        try:
            self.move(submission_id, transition, who, note)
        except Refusal as refusal:
            assert self.position(submission_id) == before
            return list(refusal.reasons)
        raise AssertionError(f"{transition} was not refused")

    def override(self, submission_id: int, to_state: str, who: str = "olga", reason: str = "更正登记错误") -> None:
        """Put a submission into a state against the rules."""
        with unit(self.session):
            override.override(
                self.session, to_state, cycle=self.session.get_one(Cycle, self.cycle.id), now=self.now,
                submission_id=submission_id, actor=self.actor(who), reason=reason,
            )  # fmt: skip

    def extend(
        self, row_key: str, until: str, *, submission_id: int | None = None, unit_name: str = "", who: str = "olga"
    ) -> None:
        """Let a row end later, for one submission, one unit, or all."""
        with unit(self.session):
            cycles.extend(
                self.session, self.session.get_one(Cycle, self.cycle.id), row_key=row_key, until=at(until),
                reason="系统维护，顺延", actor=self.actor(who), now=self.now,
                submission=self.session.get(Submission, submission_id) if submission_id else None,
                unit=self.units[unit_name] if unit_name else None,
            )  # fmt: skip

    def vouch(self, *ids: int) -> None:
        """Let the recommender's forms of these be complete, as far as moves ask."""
        with unit(self.session):
            mine = update(Submission).where(Submission.id.in_(ids))
            self.session.execute(mine.values(experience_complete=True))

    def placed(self, state: str, team: str = "总装一班", **given: Any) -> int:
        """Enter a team with both forms complete and put it into a state by override; return its id."""
        submission_id = self.enter(team=team, **given)
        self.move(submission_id, "register", "alice")
        self.declare(submission_id)
        self.vouch(submission_id)
        if self.state(submission_id) != state:
            self.override(submission_id, state)
        return submission_id

    def submitted(self, team: str = "总装一班", **given: Any) -> int:
        """Enter, register, declare and submit a team; return its id."""
        submission_id = self.enter(team=team)
        self.move(submission_id, "register", "alice")
        self.declare(submission_id, **given)
        self.vouch(submission_id)
        self.move(submission_id, "submit", "alice")
        return submission_id

    def judged(self, submission_id: int, *, score: str = "5") -> None:
        """Assign the three evaluators and let each finish a sheet."""
        self.assign(submission_id, "eve", "ed", "eli")
        for name in ("eve", "ed", "eli"):
            self.score(submission_id, name, score)

    def assign(self, submission_id: int, *names: str) -> None:
        """Give a work to evaluators."""
        with unit(self.session):
            row = self.session.get_one(Submission, submission_id)
            for name in names:
                evaluations.assign(self.session, row, self.people[name], actor=self.actor("olga"), now=self.now)

    def score(self, submission_id: int, who: str, score: str = "5") -> None:
        """Finish an evaluator's sheet with one score for every item."""
        items = self.cycle.definition.rubric.sheets["MAT"].items
        with unit(self.session):
            mine = select(Sheet).filter_by(submission_id=submission_id, evaluator_id=self.people[who].id)
            sheet = self.session.scalars(mine).one()
            raw = dict.fromkeys(items, score)
            actor = self.actor(who)
            evaluations.score(
                self.session, sheet, raw, actor=actor, now=self.now, seen=sheet.version, finish=True
            )

    def propose(self, submission_id: int, level: str = "EXCELLENT", reason: str = "") -> None:
        """Let a work have a level: with a reason for it alone, else whatever the ranking says, as all at once do."""
        with unit(self.session):
            row, olga = self.session.get_one(Submission, submission_id), self.actor("olga")
            if reason:
                evaluations.propose(self.session, row, level, reason=reason, actor=olga, now=self.now)
            else:
                evaluations.give(self.session, row, level, "level", actor=olga, now=self.now)

    def state(self, submission_id: int) -> str:
        """Return where a submission stands in the database."""
        self.session.rollback()
        return str(self.session.scalar(select(Submission.state).where(Submission.id == submission_id)))

    def position(self, submission_id: int) -> tuple[str, int, int]:
        """Return state, version and number of letters: what a refused move must leave as it was."""
        self.session.rollback()
        query = select(Submission.state, Submission.version).where(Submission.id == submission_id)
        state, version = self.session.execute(query).one()
        return str(state), int(version), len(self.letters(submission_id))

    def trail(self, submission_id: int) -> list[History]:
        """Return the entries that moved a submission, oldest first."""
        self.session.rollback()
        mine = (History.subject == "submission") & (History.subject_id == submission_id) & (History.to_state != "")
        return list(self.session.scalars(select(History).where(mine).order_by(History.seq)))

    def history(self, subject: str, subject_id: int) -> list[History]:
        """Return all entries about one subject, oldest first."""
        self.session.rollback()
        mine = (History.subject == subject) & (History.subject_id == subject_id)
        return list(self.session.scalars(select(History).where(mine).order_by(History.seq)))

    def letters(self, submission_id: int) -> list[tuple[str, str]]:
        """Return the letters that wait for a submission as (letter, role), oldest first."""
        rows = self.session.execute(
            select(Outbox.letter, Outbox.to_role).where(Outbox.submission_id == submission_id).order_by(Outbox.id)
        )
        return [(letter, role) for letter, role in rows]

    def sound(self) -> int:
        """Assert that every history verifies; return how many entries were read."""
        self.session.rollback()
        n_read, findings = verification.verify(self.session)
        assert findings == []
        return n_read


UNITS = {
    "浦江电机厂": "applicant", "江南物业": "applicant", "浦东区质协": "recommender", "机电行业协会": "recommender",
    "活动办公室": "organiser",
}  # fmt: skip
PEOPLE = {
    "alice": ("浦江电机厂", "applicant"), "bob": ("江南物业", "applicant"),
    "rita": ("浦东区质协", "recommender"), "ralf": ("机电行业协会", "recommender"),
    "olga": ("活动办公室", "organiser"), "eve": ("活动办公室", "evaluator"),
    "ed": ("活动办公室", "evaluator"), "eli": ("活动办公室", "evaluator"), "ewa": ("活动办公室", "evaluator"),
}  # fmt: skip
