"""The record of recusals of a year as a paper: who stood back from which work, when and why, and what was declared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from qtb import clock
from qtb.documents import typesetting
from qtb.documents.form_content import LANG
from qtb.i18n import word
from qtb.store.conflicts import Declared
from qtb.store.evaluations import Sheet


def written(title: str, sheets: Sequence[Sheet], declared: Sequence[Declared], *, now: datetime) -> bytes:
    """Return the PDF; `title` is the year's."""
    data = {
        "programme": title, "title": word(LANG, "recusal.record"),
        "printed": word(LANG, "recusal.printed", at=_at(now)), "none": word(LANG, "recusal.none"),
        "parts": [
            {"title": word(LANG, "recusal.part_works"), "heads": _heads("number", "team", "judge", "reason", "at"),
             "rows": [_sheet(sheet) for sheet in sheets]},
            {"title": word(LANG, "recusal.part_declared"), "heads": _heads("about", "by", "judge", "reason", "at"),
             "rows": [_declared(one) for one in declared]},
        ],
        "signs": [word(LANG, "recusal.sign_leader"), word(LANG, "recusal.sign_office")],
    }  # fmt: skip
    return typesetting.pdf("recusals", data)


def _heads(*keys: str) -> list[str]:
    return [word(LANG, f"recusal.{key}") for key in keys]


def _sheet(sheet: Sheet) -> list[str]:
    submission = sheet.submission
    team = f"{submission.unit.name} {submission.team_name}"
    at = _at(sheet.recused_at) if sheet.recused_at else ""
    return [submission.number, team, sheet.evaluator.name, sheet.recusal_reason, at]


def _declared(one: Declared) -> list[str]:
    about = one.unit.name if one.unit else one.submission.number if one.submission else ""
    ended = [word(LANG, "recusal.ended", at=_at(one.ended_at))] if one.ended_at else []
    by = one.declarer.name if one.declarer else ""
    return [about, by, one.account.name, "；".join([one.reason, *ended]), _at(one.declared_at)]


def _at(at: datetime) -> str:
    return f"{at.astimezone(clock.ZONE):%Y-%m-%d %H:%M}"
