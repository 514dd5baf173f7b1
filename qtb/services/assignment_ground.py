"""What plans of who judges what rest on: works, judges, panels, conflicts and loads, each asked for once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from qtb.domain import assigning, conflicts
from qtb.store import accounts, assignments, panels
from qtb.store import conflicts as known
from qtb.store.accounts import Account
from qtb.store.cycles import Cycle
from qtb.store.panels import Panel, PanelMember
from qtb.store.submissions import Submission


@dataclass(frozen=True, slots=True)
class Ground:
    """What plans of a year rest on."""

    cycle: Cycle
    works: dict[int, Submission]
    given: dict[int, set[int]]
    panels: Sequence[Panel]
    members: dict[int, PanelMember]
    loads: Mapping[int, int]
    people: dict[int, Account]
    judges: Mapping[int, conflicts.Judge]
    facts: Mapping[int, conflicts.Work]

    def panel_of(self, work: Submission) -> Panel | None:
        """Return the panel that judges a work's category."""
        found: Panel | None = panels.by_category(self.panels).get(work.category)
        return found

    def barred(self, work_id: int) -> frozenset[int]:
        """Return who may not be given a work: those in conflict, and those who have it."""
        mine = self.facts[work_id]
        found = {one for one, judge in self.judges.items() if conflicts.between(judge, mine)}
        return frozenset(found | self.given[work_id])

    def as_works(self, panel_id: int | None, n: int) -> list[assigning.Work]:
        """Return the works of a panel (None: of all) as the solver takes them."""
        found = []
        for work in self.works.values():
            panel = self.panel_of(work)
            if panel_id is None or (panel is not None and panel.id == panel_id):
                needs = max(0, n - len(self.given[work.id]))
                found.append(assigning.Work(work.id, panel.id if panel else None, needs, self.barred(work.id)))
        return found

    def as_judges(self) -> list[assigning.Judge]:
        """Return the members of the panels who may still judge, as the solver takes them."""
        return [
            assigning.Judge(one, member.panel_id, self.loads.get(one, 0), member.most)
            for one, member in self.members.items() if one in self.judges and one in self.people
        ]  # fmt: skip


def ground(session: Session, cycle: Cycle) -> Ground:
    """Return what plans of a year rest on."""
    kind = cycle.definition.counted
    works = {work.id: work for work in assignments.judged(session, cycle, kind)}
    of_year = panels.of_cycle(session, cycle.id)
    people = {one.id: one for one in accounts.with_role(session, "evaluator")}
    return Ground(
        cycle, works, assignments.given(session, works, kind), of_year,
        {one.account_id: one for panel in of_year for one in panel.members}, panels.loads(session, cycle.id),
        people, known.judges(session, people), known.works(session, works),
    )  # fmt: skip
