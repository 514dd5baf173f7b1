"""Papers as answers: who writes which kind, and how it is sent."""

from __future__ import annotations

import io

from flask import send_file
from flask.typing import ResponseReturnValue

from qtb.documents import dossier, form_pdf
from qtb.documents.form_content import Paper


def _as_word(paper: Paper) -> bytes:
    from qtb.documents import form_docx  # at first use: its library costs memory that a page need not have

    return form_docx.written(paper)


WRITERS = {"pdf": form_pdf.written, "docx": _as_word}
TYPES = {
    "pdf": "application/pdf", "zip": "application/zip",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


def sent(body: bytes, name: str, kind: str) -> ResponseReturnValue:
    """Return a paper as an answer: PDFs open in the browser, the others are saved."""
    return send_file(
        io.BytesIO(body), TYPES[kind], as_attachment=kind != "pdf", download_name=f"{dossier.name(name)}.{kind}"
    )
