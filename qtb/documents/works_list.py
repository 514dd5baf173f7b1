"""The list of its recommended works behind a unit's form, as a table for the paper and the sheet alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from qtb.documents.form_content import LANG, Group, Paper, Piece, shown
from qtb.domain.fields import FormSpec, ListColumn, WorksList

# What the system says of a work, and what stands on its forms.
Listed = tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]]]


def behind(paper: Paper, spec: WorksList, forms: Mapping[str, FormSpec], works: Sequence[Listed]) -> Paper:
    """Return a paper with the list behind what stands on it."""
    group = Group(spec.title.get(LANG), (replace(table(spec, forms, works), label=""),))
    return replace(paper, groups=(*paper.groups, group))


def table(spec: WorksList, forms: Mapping[str, FormSpec], works: Sequence[Listed]) -> Piece:
    """Return the list as a table, a work a row, in the order given."""
    heads = tuple(column.label.get(LANG) for column in spec.columns)
    rows = tuple(tuple(_cell(column, forms, work) for column in spec.columns) for work in works)
    return Piece("table", spec.title.get(LANG), heads=heads, rows=rows)


def _cell(column: ListColumn, forms: Mapping[str, FormSpec], work: Listed) -> str:
    said, answers = work
    if column.said:
        return str(said[column.said] or "")
    if not column.form or not column.field:
        return ""
    return shown(forms[column.form].fields[column.field], answers.get(column.form, {}).get(column.field))
