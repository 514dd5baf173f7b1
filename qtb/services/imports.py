"""Importing teams from a spreadsheet: what each line would create or why it cannot, then all of it or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qtb.domain.errors import Conflict, Invalid, NotNow
from qtb.domain.roles import UNIT_KINDS, Actor
from qtb.services import accounts as people
from qtb.services import behalf, import_lines, submissions
from qtb.services.answers import Filled
from qtb.services.cycles import only_organiser
from qtb.services.import_lines import Line
from qtb.store import accounts, audit, imports
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.imports import ImportFile
from qtb.store.unit import lock


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do; the digest names it."""

    lines: tuple[Line, ...]
    form: str
    digest: str

    @property
    def wrong(self) -> list[Line]:
        """The lines with an error."""
        return [line for line in self.lines if line.errors]

    @property
    def new_units(self) -> list[str]:
        """The units that would be made, by name, each once."""
        names = {accounts.name_key(line.unit_name): line.unit_name for line in self.lines if line.unit_id is None}
        return [name for key, name in names.items() if key]


def keep(
    session: Session, cycle: Cycle, *, name: str, content: bytes, lines: Sequence[dict[str, Any]], actor: Actor,
    now: datetime,
) -> ImportFile:  # fmt: skip
    """Keep what was read of a file, to be looked at before it is applied."""
    only_organiser(actor)
    kept = ImportFile(
        cycle_id=cycle.id, file_name=name[:200], sha256=hashlib.sha256(content).hexdigest(), lines=list(lines),
        read_by=actor.user_id, read_at=now,
    )  # fmt: skip
    session.add(kept)
    session.flush()
    return kept


def plan(session: Session, cycle: Cycle, lines: Sequence[dict[str, Any]], *, now: datetime) -> Plan:
    """Return what importing these lines would do, line by line, by the check of the form's own page."""
    sheet = import_lines.sheet_of(session, cycle, lines)
    found = [import_lines.judged(session, sheet, line, now) for line in lines]
    found = [import_lines.against_others(line, found) for line in found]
    told = [[one.row, one.unit_name, one.unit_id, one.raw, sorted(one.errors)] for one in found]
    text = json.dumps([cycle.id, told], ensure_ascii=False, sort_keys=True)
    return Plan(tuple(found), sheet.key, hashlib.sha256(text.encode()).hexdigest())


def apply(session: Session, kept: ImportFile, *, shown: str, actor: Actor, now: datetime) -> list[int]:
    """Make the units and enter the teams of a file, as it was shown, or nothing; return the entries' ids.

    Raises NotNow where the year takes none any more, Invalid where a line is wrong, Conflict where the plan is another
    by now or the file was applied before.
    """
    only_organiser(actor)
    lock(session, kept)
    if kept.applied_at is not None:
        raise Conflict("import_done", at=kept.applied_at)
    cycle = session.get_one(Cycle, kept.cycle_id)
    found = plan(session, cycle, kept.lines, now=now)
    _refuse(found, shown)
    made = [_entered(session, cycle, kept, found.form, line, actor=actor, now=now) for line in found.lines]
    changes = {"file": kept.sha256, "name": kept.file_name, "entries": len(made), "units": len(found.new_units)}
    audit.record(session, cycle, "imported", actor=actor, now=now, role="organiser", changes=changes)
    kept.applied_at = now
    return made


def _refuse(found: Plan, shown: str) -> None:
    against = [reason for line in found.wrong for reason in line.errors.get("", ())]
    shut = [reason for reason in against if reason.key in ("closed", "not_open")]
    if shut:
        raise NotNow(tuple(shut[:1]))
    if found.wrong:
        raise Invalid("import_wrong", n=len(found.wrong))
    if found.digest != shown:
        raise Conflict("import_plan")


def _entered(
    session: Session, cycle: Cycle, kept: ImportFile, form: str, line: Line, *, actor: Actor, now: datetime
) -> int:
    group = session.get(Unit, line.unit_id) if line.unit_id else _made(session, line.unit_name, actor=actor, now=now)
    assert group is not None
    row = submissions.enter(
        session, cycle=cycle, unit_id=group.id, filled=Filled(form, line.raw), now=now,
        actor=behalf.acting(group, actor=actor), request_key=f"import-{kept.id}-{line.row}",
    )  # fmt: skip
    changes = {"file": kept.sha256, "line": line.row}
    audit.record(session, row, "imported", actor=actor, now=now, role="organiser", changes=changes)
    return row.id


def _made(session: Session, name: str, *, actor: Actor, now: datetime) -> Unit:
    known = imports.named(session, [name]).get(accounts.name_key(name))  # an earlier line may have made it
    return known or people.add_unit(session, name=name, kind=UNIT_KINDS["applicant"], actor=actor, now=now)
