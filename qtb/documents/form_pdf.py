"""A form as an official PDF, its fonts inside."""

from __future__ import annotations

from qtb.documents import typesetting
from qtb.documents.form_content import Paper


def written(paper: Paper) -> bytes:
    """Return the PDF."""
    return typesetting.pdf("form", paper)
