"""Refusals: a key and arguments, never a sentence; the wording comes from the catalogue (`qtb/locale`)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason why something may not be done: the catalogue key `refusal.<key>` and what it names."""

    key: str
    args: dict[str, object] = field(default_factory=dict)


class Refusal(Exception):
    """Something asked for is not done; `key` finds the sentence, `args_` fill it, `status` is its HTTP code."""

    status = 400

    def __init__(self, key: str, /, **args: object) -> None:
        super().__init__(key, args)
        self.key = key
        self.args_: dict[str, object] = args

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons to show, most important first."""
        return (Reason(self.key, self.args_),)


LF = "\n"


def told(error: Exception) -> str:
    """Return an error as it is kept in a table: a refusal as its key and arguments, to be worded where it is shown."""
    if not isinstance(error, Refusal):
        # The first line only: what follows in a database's error are the statement and its values.
        return f"{type(error).__name__}: {str(getattr(error, 'orig', None) or error).partition(LF)[0]}"[:300]
    args = {name: value if isinstance(value, (int, str)) else str(value) for name, value in error.args_.items()}
    return json.dumps({"key": error.key, "args": args}, ensure_ascii=False)


def retold(text: str) -> Reason | None:
    """Return the reason that `told` kept; None for any other error."""
    try:
        kept = json.loads(text)
        return Reason(kept["key"], kept["args"])
    except (ValueError, TypeError, KeyError):
        return None


class Invalid(Refusal):
    """What was given cannot be right."""

    status = 422


class Denied(Refusal):
    """Who asked may not."""

    status = 403


class Missing(Refusal):
    """There is no such thing, or the asker may not know of it: both look the same."""

    status = 404


class Conflict(Refusal):
    """It was right once, but not now: a window has shut, or somebody was faster."""

    status = 409


class NotNow(Conflict):
    """A move is refused; every reason is given."""

    def __init__(self, reasons: tuple[Reason, ...]) -> None:
        super().__init__(reasons[0].key if reasons else "changed", **(reasons[0].args if reasons else {}))
        self._reasons = reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """All reasons, in the order in which they were found."""
        return self._reasons or super().reasons


class DefinitionError(Invalid):
    """A definition file is wrong; `findings` are `file:line: key: what` lines."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("definition", findings="\n".join(findings))
        self.findings = findings
