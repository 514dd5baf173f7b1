"""One line of an import sheet: which unit and team it means, and what stands against it, by the form's own check."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qtb.domain.errors import Reason
from qtb.domain.fields import FieldSpec, FormSpec
from qtb.domain.form_check import Known
from qtb.domain.roles import UNIT_KINDS
from qtb.domain.timeline import Timeline
from qtb.services import answers, submissions
from qtb.store import accounts, cycles, imports
from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle

YES = {"是", "√", "✓"}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)  # a month, as spreadsheets keep it


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sheet: the unit (None: it would be made), the team, and what stands against it, by field.

    What is against the line as a whole stands under "".
    """

    row: int
    unit_name: str
    unit_id: int | None
    team: str
    raw: dict[str, Any]
    errors: dict[str, list[Reason]]
    missing: tuple[str, ...]


@dataclass
class Sheet:
    """What the lines of one sheet are judged by; each question to the database is asked once for all lines.

    `by_code`: the units whose teams gave a code; `code`, `name`, `team`: the fields that hold code, unit and team.
    """

    cycle: Cycle
    key: str
    named: dict[str, Unit]
    by_code: dict[str, set[int]]
    units: dict[int, Unit]
    entered: set[tuple[int, str | None]]
    recommenders: set[int]
    code: str
    name: str
    team: str
    times: Timeline

    @property
    def form(self) -> FormSpec:
        """The form that the lines fill."""
        return self.cycle.definition.forms[self.key]


def sheet_of(session: Session, cycle: Cycle, lines: Sequence[dict[str, Any]]) -> Sheet:
    """Return what these lines are judged by."""
    key = submissions.entry_form(cycle)
    fields = cycle.definition.forms[key].fields
    code = _first(fields, lambda spec: spec.pattern == "uscc")
    name = _first(fields, lambda spec: spec.prefill == "unit_name")
    cells = [line["cells"] for line in lines]
    named = {str(one[one_key]) for one in cells for one_key in _names(fields, name) if one.get(one_key)}
    by_code = imports.by_answer(session, key, code, {_code(one, code) for one in cells})
    return Sheet(
        cycle, key, imports.named(session, named), by_code,
        imports.by_id(session, {unit_id for ids in by_code.values() for unit_id in ids}),
        imports.entered(session, cycle.id), {one.id for one in accounts.units(session, "recommender")},
        code, name, _first(fields, lambda spec: spec.column == "team_name"), cycles.timeline_of(session, cycle.id),
    )  # fmt: skip


def _first(fields: Mapping[str, FieldSpec], fits: Callable[[FieldSpec], bool]) -> str:
    return next((key for key, spec in fields.items() if fits(spec)), "")


def _names(fields: Mapping[str, FieldSpec], name: str) -> list[str]:
    return [name, *(key for key, spec in fields.items() if spec.refers)]


def _code(cells: Mapping[str, Any], code: str) -> str:
    return unicodedata.normalize("NFKC", str(cells.get(code, ""))).strip().upper()


def judged(session: Session, sheet: Sheet, line: dict[str, Any], now: datetime) -> Line:
    """Return what a line means and what stands against it."""
    cells, errors = line["cells"], dict[str, list[Reason]]()
    name = str(cells.get(sheet.name, "")).strip()
    group = _group(sheet, name, _code(cells, sheet.code), errors)
    name, unit_id = (group.name, group.id) if group else (name, 0)
    said = {key: _raw(sheet, spec, str(cells[key])) for key, spec in sheet.form.fields.items() if key in cells}
    raw: dict[str, Any] = {**said, **_rows(sheet, line, errors)}
    refs = {key: sheet.recommenders for key, spec in sheet.form.fields.items() if spec.refers}
    known = Known(refs, said={"year": sheet.cycle.year, "unit_name": name})
    checked = answers.check(sheet.cycle, sheet.key, raw, known=known, now=now)
    for key, reasons in checked.errors.items():
        field, _, cell = key.partition(".")
        errors.setdefault(field, []).extend(_placed(sheet, line, field, cell, reason) for reason in reasons)
    errors.update({key: [Reason("import_formula", {})] for key in line["formulas"]})
    team = str(checked.values.get(sheet.team) or "")
    if not team and sheet.team not in errors:
        errors[sheet.team] = [Reason("import_no_team", {})]
    if (unit_id, accounts.name_key(team)) in sheet.entered:
        errors.setdefault(sheet.team, []).append(Reason("team_taken", {"team": team}))
    refusal = submissions.entry_refusal(session, sheet.cycle, unit_id, now=now, times=sheet.times)
    if refusal:
        errors[""] = [refusal]
    return Line(line["row"], name, unit_id or None, team, raw, errors, checked.missing)


def _group(sheet: Sheet, name: str, code: str, errors: dict[str, list[Reason]]) -> Unit | None:
    """Return the unit that a line means, by its name or else by its code; say what does not go together."""
    by_name = sheet.named.get(accounts.name_key(name)) if name else None
    by_code = [sheet.units[one] for one in sorted(sheet.by_code.get(code, ()))]
    if not accounts.name_key(name) and not by_code:
        errors[sheet.name] = [Reason("import_no_unit", {})]
        return None
    if (by_name and by_name.kind != UNIT_KINDS["applicant"]) or (by_name and not by_name.is_active):
        errors[sheet.name] = [Reason("import_other_unit", {"name": by_name.name})]
        return None
    if len(by_code) > 1 or (name and by_code and by_code != [by_name]):
        errors[sheet.code] = [Reason("import_code", {"name": by_code[0].name})]
        return by_name
    return by_name or next(iter(by_code), None)


def _rows(sheet: Sheet, line: dict[str, Any], errors: dict[str, list[Reason]]) -> dict[str, list[dict[str, str]]]:
    """Return the rows that other sheets hold for a line; a formula in one of them is an error."""
    found: dict[str, list[dict[str, str]]] = {}
    for key, rows in line.get("rows", {}).items():  # lines that were kept by an earlier version have none
        columns = sheet.form.fields[key].columns
        found[key] = [
            {name: _raw(sheet, columns[name], str(text)) for name, text in row["cells"].items()} for row in rows
        ]
        formulas = [row["row"] for row in rows if row["formulas"]]
        if formulas:
            why = (Reason("import_formula", {}),)
            errors[key] = [Reason("import_in_row", {"row": formulas[0], "column": (), "why": why})]
    return found


def _placed(sheet: Sheet, line: dict[str, Any], field: str, cell: str, reason: Reason) -> Reason:
    """Return a reason against a cell of a row with the row of its sheet and the column."""
    n, _, column = cell.partition(".")
    rows = line.get("rows", {}).get(field, [])
    if not n.isdigit() or int(n) >= len(rows):
        return reason
    label = sheet.form.fields[field].columns[column].label
    return Reason("import_in_row", {"row": rows[int(n)]["row"], "column": (label,), "why": (reason,)})


def _raw(sheet: Sheet, spec: FieldSpec, text: str) -> str:
    """Return what a cell means to the form: keys for the labels that were picked, an id for a unit's name."""
    said = text.strip()
    if spec.type == "bool":
        return "yes" if said in YES else said
    if spec.type == "enum":
        return next((one.key for one in spec.choices if said in (one.label.zh, one.label.en)), said)
    if spec.refers and not said.isdigit():
        unit = sheet.named.get(accounts.name_key(said))
        return str(unit.id) if unit else said
    return text[:7] if spec.type == "month" and DAY.fullmatch(text) else text


def against_others(line: Line, lines: Sequence[Line]) -> Line:
    """Return the line with an error where an earlier line enters the same team."""
    mine = _identity(line)
    same = next((one.row for one in lines if one.row < line.row and line.team and _identity(one) == mine), None)
    if same is None:
        return line
    reason = Reason("import_twice", {"row": same})
    return replace(line, errors={**line.errors, "": [*line.errors.get("", ()), reason]})


def _identity(line: Line) -> tuple[Any, str]:
    return line.unit_id or accounts.name_key(line.unit_name), accounts.name_key(line.team)
