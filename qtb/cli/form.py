"""`qtb form`: a programme's forms as data, and the check of a filled one. Needs no database."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any

import click

from qtb import clock, i18n
from qtb.cli import json_file
from qtb.cli.commands import Group, lang, say
from qtb.cli.context import refused, table
from qtb.domain.definition import Definition
from qtb.domain.errors import Invalid, Missing, Reason
from qtb.domain.fields import FieldSpec, FormSpec
from qtb.domain.form_check import Checked, Known
from qtb.domain.form_check import check as checked
from qtb.domain.form_schema import schema
from qtb.services import definitions

PROGRAMME = click.option("--programme", metavar="KEY")


class Any_(Collection[Any]):
    """Whatever a field refers to: without a database there is nothing to look it up in."""

    def __contains__(self, key: object) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0


@click.group(cls=Group)
def form() -> None:
    """Show and check a programme's forms."""


@form.command()
@click.argument("name", metavar="FORM")
@click.option("--format", "shape", type=click.Choice(["table", "json", "schema"]), default="table", show_default=True)
@PROGRAMME
def show(name: str, shape: str, programme: str | None) -> None:
    """List a form's fields with their types and limits."""
    with refused():
        spec = _form(definition_of(programme), name)
        if shape == "schema":
            click.echo(json.dumps(schema(name, spec), ensure_ascii=False, indent=2))
        elif shape == "json":
            click.echo(json.dumps(as_json(name, spec), ensure_ascii=False, indent=2))
        else:
            heads = [say(f"cli.form_{head}") for head in ("field", "label", "type", "required", "limits")]
            table(heads, [_line(key, field) for key, field in _fields(spec)])


@form.command()
@click.argument("name", metavar="FORM")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@PROGRAMME
def check(name: str, file: str, programme: str | None) -> None:
    """Check a filled form (a JSON file) and list the errors by field; exit 1 where there are any."""
    with refused():
        spec = _form(definition_of(programme), name)
        errors = _errors(checked(spec, raw := json_file.read(file), today=_today(), known=_known(spec, raw)))
        errors |= {key: [i18n.in_words(Reason("field_unknown"), lang())] for key in _unknown(spec, raw)}
    click.echo(json.dumps({"errors": errors, "ok": not errors}, ensure_ascii=False, indent=2))
    if errors:
        raise click.exceptions.Exit(1)


def as_json(name: str, spec: FormSpec) -> dict[str, Any]:
    """Return a form as JSON-ready data: its fields in order, each with its section and all that limits it."""
    fields = [
        {"key": key, "section": section.title.model_dump(), **_field(field)}
        for section in spec.sections
        for key, field in section.fields.items()
    ]
    return {"form": name, "title": spec.title.model_dump(), "about": spec.about, "fields": fields}


def _field(field: FieldSpec) -> dict[str, Any]:
    found: dict[str, Any] = {"required": field.required or field.must_be_true}
    found |= field.model_dump(mode="json", exclude_defaults=True, exclude={"columns"})
    if field.columns:
        found["columns"] = [{"key": key, **_field(column)} for key, column in field.columns.items()]
    return found


def _fields(spec: FormSpec) -> Iterator[tuple[str, FieldSpec]]:
    for key, field in spec.fields.items():
        yield key, field
        yield from ((f"{key}.{name}", column) for name, column in field.columns.items())


def _line(key: str, field: FieldSpec) -> list[str]:
    limits = [f"{name} {value}" for name in ("min", "max", "places", "pattern", "max_mb", "max_pages")
              if (value := getattr(field, name)) is not None]  # fmt: skip
    limits += [", ".join(choice.key for choice in field.choices)] if field.choices else []
    must = "*" if field.required or field.must_be_true else ""
    return [key, field.label.get(lang()), field.type, must, "; ".join(limits)]


def _errors(found: Checked) -> dict[str, list[str]]:
    reasons = {key: list(several) for key, several in found.errors.items()}
    for key in found.missing:
        reasons.setdefault(key, []).append(Reason("field_missing", {}))
    return {key: [i18n.in_words(reason, lang()) for reason in several] for key, several in reasons.items()}


def _unknown(spec: FormSpec, raw: dict[str, Any]) -> Iterator[str]:
    """Yield the names in a filled form that the form does not have; a cell's as `field.row.column`."""
    yield from (key for key in raw if key not in spec.fields)
    for key, field in spec.fields.items():
        for n, row in enumerate(raw.get(key) or [] if field.type == "rows" and _is_list(raw.get(key)) else []):
            yield from (f"{key}.{n}.{name}" for name in row if name not in field.columns)


def _known(spec: FormSpec, raw: dict[str, Any]) -> Known:
    columns = {key: field for one in spec.fields.values() for key, field in one.columns.items()}
    refs = {key: Any_() for key, field in {**columns, **spec.fields}.items() if field.refers}
    files = {key: raw[key] for key, field in spec.fields.items() if field.type == "file" and _is_list(raw.get(key))}
    return Known(refs, files)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def definition_of(programme: str | None) -> Definition:
    known = definitions.programmes()
    if programme is None and len(known) != 1:
        raise Invalid("cli_programme", names=", ".join(known))
    return definitions.load(programme or known[0])


def _form(definition: Definition, name: str) -> FormSpec:
    if name not in definition.forms:
        raise Missing("unknown_form", name=name[:40], known=", ".join(definition.forms))
    return definition.forms[name]


def _today() -> date:
    return datetime.now(clock.ZONE).date()
