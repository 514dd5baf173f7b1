"""What the files of a definition are made of: strict frozen objects, wordings in two languages, edges of rows."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Key = str


class Strict(BaseModel):
    """A frozen object that refuses unknown keys and converts nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Text(Strict):
    """A wording in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def get(self, language: str) -> str:
        """Return the wording in `zh` or `en`."""
        return self.en if language == "en" else self.zh


class Edge(Strict):
    """A moment of a timeline row: when it opens, closes, or the instant it is held at.

    `silent` is a moment of its own for each case: when it has stood where it stands, with the row open, for so many
    working days.
    """

    row: Key
    edge: Literal["opens", "closes", "held", "silent"]
    working_days: int = Field(default=0, ge=0, le=250)
