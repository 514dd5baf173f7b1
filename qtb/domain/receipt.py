"""What a receipt says: when what was handed in, by whom, and the hash of the content. Canonical JSON, no I/O."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from qtb.domain import evidence
from qtb.domain.fields import FormSpec
from qtb.domain.timeline import canonical

FORMAT = 1
# Easily read aloud and typed: no 0 and O, no 1 and I.
SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 16  # 80 bits: nobody meets one by trying


def code(drawn: Sequence[int]) -> str:
    """Return a receipt's code from so many numbers drawn at random below len(SIGNS)."""
    signs = "".join(SIGNS[n] for n in drawn)
    return "-".join(signs[n : n + 4] for n in range(0, len(signs), 4))


def plain(typed: str) -> str:
    """Return a code as it is kept, however it was typed."""
    signs = "".join(sign for sign in typed.upper() if sign in SIGNS)[: CODE_LENGTH + 1]
    return "-".join(signs[n : n + 4] for n in range(0, len(signs), 4))


def content(forms: Mapping[str, FormSpec], answers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what was inside: each form with the SHA-256 of its values, each file with its own, and one hash of all.

    A form's values are hashed as JSON with sorted keys and no spaces, in UTF-8; `sha256` is of the texts
    `form:hash` of all forms, sorted, one a line.
    """
    inside = [
        {"form": key, "title": forms[key].title.zh, "sha256": values_hash(values)}
        for key, values in sorted(answers.items())
        if key in forms
    ]
    whole = evidence.digest("\n".join(f"{one['form']}:{one['sha256']}" for one in inside))
    return {"forms": inside, "files": list(_files(forms, answers)), "sha256": whole}


def values_hash(values: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a form's values."""
    return evidence.digest(json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def written(facts: Mapping[str, Any], *, code: str, at: datetime, inside: Mapping[str, Any]) -> str:
    """Return the receipt's text: JSON with sorted keys, indented for whoever opens it."""
    told = {"format": FORMAT, "code": code, "at": canonical(at), "content": dict(inside), **facts}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1)


def _files(forms: Mapping[str, FormSpec], answers: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for form, values in sorted(answers.items()):
        for key, spec in forms[form].fields.items() if form in forms else ():
            if spec.type == "file":
                for one in values.get(key) or ():
                    yield {"form": form, "field": spec.label.zh, **{k: one.get(k) for k in ("name", "size", "sha256")}}
