"""What the shape of `certificate.yaml` cannot say: that its names resolve and each level has a code of its own."""

from __future__ import annotations

from collections.abc import Iterator

from qtb.domain.definition import CERTIFICATE, Definition

KINDS = ("start", "live", "side", "end")


def findings(definition: Definition) -> Iterator[str]:
    """Yield what is wrong as `file:line: key: what` lines."""
    spec = definition.certificate
    if spec is None:
        return
    known = (*definition.workflow.states, *KINDS)
    yield from (_at(definition, f"unknown state {name}", "from") for name in spec.source if name not in known)
    levels = definition.rubric.levels
    yield from (_at(definition, f"unknown level {key}", "levels", key) for key in spec.levels if key not in levels)
    yield from (_at(definition, f"no look for the level {key}", "levels") for key in levels if key not in spec.levels)
    seen = set[str]()
    for key, look in spec.levels.items():
        if look.code in seen:
            yield _at(definition, f"another level has the code {look.code}", "levels", key, "code")
        seen.add(look.code)


def _at(definition: Definition, what: str, *path: str) -> str:
    return f"{CERTIFICATE}:{definition.line(CERTIFICATE, *path)}: {'.'.join(path)}: {what}"
