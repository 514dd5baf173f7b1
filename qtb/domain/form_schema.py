"""A form as JSON Schema (draft 2020-12): what other programs may hand over, by the definition that makes the page.

What a schema cannot say is left to `form_check`: check characters, comparisons among answers, what a reference names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtb.domain.field_values import PATTERNS
from qtb.domain.fields import MOST_ROWS, Condition, FieldSpec, FormSpec

DRAFT = "https://json-schema.org/draft/2020-12/schema"
SHAPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"}, "longtext": {"type": "string"},
    "int": {"type": ["integer", "string"], "pattern": r"^[-+]?[0-9]{1,13}$"},
    "decimal": {"type": ["integer", "string"], "pattern": r"^[-+]?[0-9]{1,13}(\.[0-9]{1,6})?$"},
    "date": {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    "month": {"type": "string", "pattern": r"^\d{4}-\d{2}$"},
    "enum": {"type": "string"}, "bool": {"type": ["boolean", "string"]},
    "ref": {"type": ["integer", "string"], "pattern": r"^\d{1,10}$"},
}  # fmt: skip


def schema(name: str, spec: FormSpec) -> dict[str, Any]:
    """Return the JSON Schema of a filled form; fields that the system says itself are read-only and not required."""
    fields = spec.fields
    asked = [key for key, field in fields.items() if field.asked_if and _is_wanted(field)]
    found = {"$schema": DRAFT, "title": spec.title.zh, "description": spec.title.en, "$id": f"form:{name}"}
    more = {"allOf": [_if(fields[key], key) for key in asked]} if asked else {}
    return {**found, **_object(fields), **more}


def _object(fields: Mapping[str, FieldSpec]) -> dict[str, Any]:
    required = [key for key, field in fields.items() if _is_wanted(field) and not field.asked_if]
    return {
        "type": "object", "properties": {key: _property(field) for key, field in fields.items()},
        "required": required,
    }  # fmt: skip


def _is_wanted(field: FieldSpec) -> bool:
    return (field.required or field.must_be_true) and not field.by_system and field.type != "file"


def _property(field: FieldSpec) -> dict[str, Any]:
    told: dict[str, Any] = {"title": field.label.zh, "description": field.label.en}
    if field.by_system or field.type == "file":  # files are sent to their field by themselves
        return {**told, "readOnly": True}
    if field.type == "rows":
        bounds = {"minItems": field.min if field.required else None, "maxItems": field.max or MOST_ROWS}
        return {**told, "type": "array", "items": _object(field.columns), **_said(bounds)}
    return {**told, **SHAPES[field.type], **_limits(field)}


def _limits(field: FieldSpec) -> dict[str, Any]:
    if field.type == "enum":
        return {"enum": [choice.key for choice in field.choices] + ([] if field.required else [""])}
    if field.type in ("text", "longtext"):
        least = field.min or (1 if field.required else None)
        pattern = PATTERNS[field.pattern].pattern if field.pattern and field.required else None
        return _said({"minLength": least, "maxLength": field.max, "pattern": pattern and f"^(?:{pattern})$"})
    if field.type in ("int", "decimal"):
        return _said({"minimum": field.min, "maximum": field.max})
    return {}


def _if(field: FieldSpec, key: str) -> dict[str, Any]:
    """Return that a field is required where all of its conditions hold; a comparison that has no words asks nothing."""
    conditions = [_holds(one) for one in field.asked_if]
    return {"if": {"allOf": conditions}, "then": {"required": [key]}}


def _holds(condition: Condition) -> dict[str, Any]:
    there = {"required": [condition.field]}
    if condition.op == "eq":
        return {**there, "properties": {condition.field: {"const": condition.value}}}
    if condition.op == "in" and isinstance(condition.value, list):
        return {**there, "properties": {condition.field: {"enum": condition.value}}}
    if condition.op == "filled":
        return {**there, "properties": {condition.field: {"not": {"enum": ["", None, []]}}}}
    return {"not": {}}


def _said(limits: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in limits.items() if value is not None}
