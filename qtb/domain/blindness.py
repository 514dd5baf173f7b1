"""What a judge reads of a work whose applicant is hidden: forms without what tells whose it is, names struck out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from qtb.domain.fields import FieldSpec, FormSpec

STRUCK = "〔…〕"
# What stands around the part of a name by which people know a unit or a team.
PLACES = ("上海市", "上海")
ENDINGS = ("股份有限公司", "有限责任公司", "有限公司", "集团公司", "集团", "公司", "班组", "小组", "班", "组")
LEAST_SHORT, LEAST = 3, 2  # characters of what a short name, and any name, must have to be struck out


def is_withheld(field: FieldSpec) -> bool:
    """Tell whether a field is left out: files, people and references, unless the definition says otherwise."""
    if field.anonymous is not None:
        return not field.anonymous
    return field.type == "file" or field.personal or field.stamped or field.refers is not None


def open_part(spec: FormSpec) -> FormSpec:
    """Return a form without the fields, and the columns of rows, that tell whose work it is."""
    sections = [one.model_copy(update={"fields": _open(one.fields)}) for one in spec.sections]
    return spec.model_copy(update={"sections": [one for one in sections if one.fields]})


def _open(fields: Mapping[str, FieldSpec]) -> dict[str, FieldSpec]:
    kept = {key: field for key, field in fields.items() if not is_withheld(field)}
    rows = {key: field.model_copy(update={"columns": _open(field.columns)}) for key, field in kept.items()}
    return {key: rows[key] if field.columns else field for key, field in kept.items() if _says(rows[key], field)}


def _says(shown: FieldSpec, field: FieldSpec) -> bool:
    return bool(shown.columns) or not field.columns


def personal(spec: FormSpec, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a filled form says of people: names, phones, addresses; `values` as they are stored."""
    for key, field in spec.fields.items():
        if field.columns:
            about = [name for name, column in field.columns.items() if _is_told(column)]
            for row in values.get(key) or ():
                yield from (str(row.get(name) or "") for name in about)
        elif _is_told(field):
            yield str(values.get(key) or "")


def _is_told(field: FieldSpec) -> bool:
    return field.personal and field.type == "text"


def names(whole: Iterable[str], people: Iterable[str]) -> frozenset[str]:
    """Return all that is struck out: the names of units and teams, whole and as people call them, and of people."""
    found = {one for name in whole for one in _called(name.strip())} | {name.strip() for name in people}
    return frozenset(name for name in found if len(name) >= LEAST)


def _called(name: str) -> Iterator[str]:
    yield name
    ending = next((one for one in ENDINGS if name.endswith(one)), "")
    place = next((one for one in PLACES if name.startswith(one)), "")
    short = (name.removesuffix(ending), name.removeprefix(place), name.removesuffix(ending).removeprefix(place))
    yield from (one for one in short if len(one) >= LEAST_SHORT)


def struck(value: Any, hidden: frozenset[str]) -> Any:
    """Return a stored value with every one of the names in its texts struck out, the longest first."""
    if isinstance(value, str):
        return _pattern(hidden).sub(STRUCK, value) if hidden else value
    if isinstance(value, Mapping):
        return {key: struck(one, hidden) for key, one in value.items()}
    return [struck(one, hidden) for one in value] if isinstance(value, list) else value


def _pattern(hidden: frozenset[str]) -> re.Pattern[str]:
    longest = sorted(hidden, key=lambda name: (-len(name), name))
    return re.compile("|".join(map(re.escape, longest)), re.IGNORECASE)
