"""The shapes that notice reading passes along: blocks in, a notice with rows and warnings out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from qtb.domain.notice_words import word

MAX_CHARS: Final = 2_000_000
MAX_LINES: Final = 10_000
MAX_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as printed; `inherited` where a vertical merge repeats the cell above."""

    text: str
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One line or paragraph of running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A grid of cells; `knows_merges` where the source tells merged cells from blank ones."""

    rows: tuple[tuple[Cell, ...], ...]
    knows_merges: bool = False


Block = Paragraph | Table


@dataclass(frozen=True, slots=True)
class Warning_:
    """A doubt that somebody should look at: the row's number (None: the whole notice), a code, the words in doubt."""

    row: int | None
    code: str
    text: str = ""

    def message(self, lang: str = "zh") -> str:
        """Say the doubt in one sentence."""
        return word(self.code, lang, self.row, self.text)

    def as_dict(self, lang: str = "zh") -> dict[str, object]:
        """Give the warning as plain values."""
        return {"row": self.row, "code": self.code, "message": self.message(lang)}


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One dated line of the schedule; `source` is the whole row as printed, to show beside a draft."""

    seq: int
    title: str
    text: str
    start: date | None = None
    end: date | None = None
    party: str = ""
    url: str | None = None
    fuzzy: bool = False
    inherited: bool = False
    source: str = ""

    def as_dict(self) -> dict[str, object]:
        """Give the row as plain values, dates in ISO form, without its source."""
        return {
            "seq": self.seq,
            "title": self.title,
            "text": self.text,
            "start": self.start.isoformat() if self.start else None,
            "end": self.end.isoformat() if self.end else None,
            "party": self.party,
            "url": self.url,
            "fuzzy": self.fuzzy,
            "inherited": self.inherited,
        }


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says: its title, its activity year, its own date, its schedule and the doubts."""

    title: str
    year: int | None
    notice_date: date | None
    rows: tuple[NoticeRow, ...] = ()
    warnings: tuple[Warning_, ...] = ()

    def as_dict(self, lang: str = "zh") -> dict[str, object]:
        """Give the notice as plain values, warnings worded in the language."""
        return {
            "title": self.title,
            "year": self.year,
            "notice_date": self.notice_date.isoformat() if self.notice_date else None,
            "rows": [row.as_dict() for row in self.rows],
            "warnings": [warning.as_dict(lang) for warning in self.warnings],
        }


@dataclass(frozen=True, slots=True)
class Draft:
    """A row as found, its dates not yet read: they need the activity year, which needs all rows."""

    title: str
    text: str
    seq: int | None = None
    party: str = ""
    url: str | None = None
    inherited: bool = False
    source: str = ""
    only: str = ""  # "start" or "end" where the heading says so
    start_text: str | None = None  # set where start and end stand in two columns
    end_text: str | None = None
    year: int | None = None  # from a heading above the row
    whole: bool = True  # the text is nothing but a date
    hint: str = ""  # words around the date that the reading must see
