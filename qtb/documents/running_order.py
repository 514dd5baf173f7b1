"""The running order of a presentation, as a paper and as a workbook, with what is needed to draw it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from qtb import clock
from qtb.documents import table_xlsx, typesetting
from qtb.documents.form_content import LANG
from qtb.documents.table_xlsx import Table
from qtb.domain import presentation
from qtb.i18n import word
from qtb.store.presentation import Presentation, Slot

COLUMNS = ("n", "from", "until", "number", "team", "title_col", "unit", "presenters")
LOTS = ("number", "lot")


def pdf(
    title: str, made: Presentation, slots: Sequence[Slot], presenters: Mapping[int, str], *, now: datetime
) -> bytes:
    """Return the PDF; `title` is the year's, `presenters` are their names by work."""
    data = {
        "programme": title, "title": _said("title"), "printed": _said("printed", at=_at(now)),
        "place": _said("place_is", place=made.place),
        "zone": _said("zone"),
        "length": _said("length", minutes=made.minutes, questions=made.questions),
        "heads": _heads(COLUMNS), "rows": [[str(cell) for cell in row] for row in _rows(slots, presenters)],
        "drawn": _said("drawn", at=_at(made.drawn_at) if made.drawn_at else "", n=made.n_draws),
        "seed": _said("seed_is", seed=made.seed), "how": _said("how"),
        "works": _said("works_are", works="、".join(made.drawn)),
    }  # fmt: skip
    return typesetting.pdf("running_order", data)


def xlsx(made: Presentation, slots: Sequence[Slot], presenters: Mapping[int, str]) -> bytes:
    """Return the workbook: the order, and the lots."""
    lots = presentation.lots(made.drawn, made.seed).items()
    about = [(_said("place"), made.place), (_said("seed"), made.seed), (_said("how_short"), _said("how"))]
    return table_xlsx.written(
        [
            Table(_said("title"), _heads(COLUMNS), _rows(slots, presenters)),
            Table(_said("lots"), _heads(LOTS), [*lots, *about]),
        ]
    )


def _rows(slots: Sequence[Slot], presenters: Mapping[int, str]) -> list[list[Any]]:
    return [
        [
            one.place_no, _at(one.starts_at), _at(one.ends_at), one.submission.number, one.submission.team_name,
            one.submission.title, one.submission.unit.name, presenters.get(one.submission_id, ""),
        ]
        for one in slots
        if one.starts_at and one.ends_at
    ]  # fmt: skip


def _heads(names: Sequence[str]) -> list[str]:
    return [_said(name) for name in names]


def _said(name: str, **args: object) -> str:
    return word(LANG, f"running.{name}", **args)


def _at(at: datetime | None) -> str:
    return f"{at.astimezone(clock.ZONE):%Y-%m-%d %H:%M}" if at else ""
