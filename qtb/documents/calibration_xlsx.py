"""How far judges are from what was agreed on known works, and who drifts, as a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtb.documents import table_xlsx
from qtb.documents.form_content import LANG
from qtb.documents.table_xlsx import Table
from qtb.i18n import word
from qtb.services.calibration import Line
from qtb.store.calibration import Known


def written(board: Sequence[Line], known: Sequence[Known]) -> bytes:
    """Return the workbook: a judge a line; of each known work the distance in total and on the mean of the items."""
    heads = [word(LANG, "results.judge")]
    for one in known:
        heads += [f"{one.title} {word(LANG, 'calibration.total')}", f"{one.title} {word(LANG, 'calibration.mean')}"]
    heads += [word(LANG, "calibration.lacking"), word(LANG, "calibration.drift")]
    return table_xlsx.written([Table(word(LANG, "calibration.title"), heads, [_line(one, known) for one in board])])


def _line(line: Line, known: Sequence[Known]) -> list[Any]:
    cells: list[Any] = [line.name]
    for one in known:
        found = line.trials.get(one.id)
        cells += [found[1].total, found[1].mean] if found else [None, None]
    return [*cells, line.n_lacking, line.drift]
