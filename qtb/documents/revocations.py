"""The list of a year's certificates that hold no more: signed, so that it can be asked without us."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qtb.documents import signing
from qtb.documents.signing import Keys

FORMAT = 1
MAX_BYTES = 5 * 1024 * 1024


def written(year: str, at: str, ended: list[dict[str, str]], *, by: Keys) -> str:
    """Return the list as JSON: `list` and the `signature` over its canonical text, in Base64."""
    told = {"format": FORMAT, "year": year, "at": at, "ended": ended}
    sealed = {"list": told, "signature": signing.sealed(_canonical(told), by)}
    return json.dumps(sealed, ensure_ascii=False, indent=1)


def read(text: bytes, certificate: bytes) -> dict[str, Any] | None:
    """Return a list's contents; None where it is none of ours, or was changed."""
    try:
        sealed = json.loads(text if len(text) <= MAX_BYTES else b"{}")
        told, signature = sealed["list"], str(sealed["signature"])
        is_ours = signing.is_sealed(_canonical(told), signature, certificate)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return told if is_ours and isinstance(told, dict) and told.get("format") == FORMAT else None


def _canonical(told: Mapping[str, Any]) -> bytes:
    """Return keys sorted, no spaces, UTF-8."""
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
