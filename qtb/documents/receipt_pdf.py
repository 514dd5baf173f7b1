"""A receipt as a signed PDF, and what a receipt's file says, read back without any database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from qtb import clock
from qtb.documents import signed_papers, signing, typesetting
from qtb.documents.signing import Keys
from qtb.i18n import word

LANG = "zh"
KIND = "receipt"


def written(said: str, *, address: str, by: Keys) -> bytes:
    """Return the PDF of a receipt; `address` is the page that checks it."""
    told = json.loads(said)
    title = word(LANG, "receipt.heading")
    data = {
        "title": title, "programme": told["cycle"], "code": told["code"], "said": said, "address": address,
        "qr": signed_papers.qr(f"{address}?code={told['code']}"), "facts": list(_facts(told)),
        "inside": word(LANG, "receipt.inside"), "content": list(_content(told["content"])),
        "heads": [word(LANG, "receipt.item"), "SHA-256"], "foot": word(LANG, "paper.no_fee"),
        "notes": [word(LANG, f"receipt.note_{n}") for n in (1, 2)],
    }  # fmt: skip
    return signing.signed(typesetting.pdf(KIND, data), by, reason=title)


def read(pdf: bytes, certificate: bytes) -> dict[str, Any] | None:
    """Return what a receipt says; None where it is none of ours, or any byte was changed."""
    found = signed_papers.read(pdf, certificate)
    return found.told if found and found.kind == KIND else None


def instant(text: str) -> str:
    """Return a canonical instant as a person reads it, with its zone."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(clock.ZONE)
    return word(LANG, "receipt.instant", at=f"{at:%Y-%m-%d %H:%M:%S}")


def _facts(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield word(LANG, "receipt.at"), instant(told["at"])
    for key in ("move", "number", "unit", "team", "title", "recommender", "code"):
        yield word(LANG, f"receipt.{key}"), str(told[key])
    yield word(LANG, "receipt.sha256"), told["content"]["sha256"]


def _content(inside: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in inside["forms"]:
        yield one["title"], one["sha256"]
    for one in inside["files"]:
        yield f"{one['field']}：{one['name']}（{one['size']:,} B）", one["sha256"]
