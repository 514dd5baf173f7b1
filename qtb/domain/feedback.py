"""What applicants are told of their evaluation once it is public, as data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from qtb.domain.shapes import Key, Strict


class Feedback(Strict):
    """Works in which states have a feedback, what it tells, and the roles that read it.

    `total` and `items` are means over the scores that counted, `comments` those that the organiser releases.
    """

    source: list[Key] = Field(alias="from", min_length=1)
    tells: list[Literal["level", "total", "items", "comments"]] = Field(min_length=1)
    to: list[Key] = Field(min_length=1)
