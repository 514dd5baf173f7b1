"""The demo's files: one made-up paper for each field that must hold one, laid into the storage for each work."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from qtb.documents import form_pdf
from qtb.documents.form_content import Group, Paper, Piece
from qtb.domain.fields import FieldSpec
from qtb.domain.files import Looked
from qtb.domain.roles import Actor
from qtb.i18n import word
from qtb.services import files
from qtb.store import files as store
from qtb.store.objects import Storage
from qtb.store.submissions import Submission


@dataclass
class Shelf:
    """The papers, each written once, and where they are laid."""

    storage: Storage
    papers: dict[str, bytes] = field(default_factory=dict)

    def fill(self, session: Session, row: Submission, form: str, *, actor: Actor, now: datetime) -> None:
        """Let a file stand in each field of a form that must have one."""
        standing = store.standing(session, row, form)
        for key, spec in row.cycle.definition.forms[form].fields.items():
            if spec.type == "file" and spec.required and key not in standing:
                body = self._paper(spec)
                looked = Looked(f"{spec.label.zh}.pdf", "pdf", len(body), 1, hashlib.sha256(body).hexdigest())
                laid = self._laid(body)
                files.attach(session, row, form, key, looked=looked, key=laid, actor=actor, now=now)

    def _laid(self, body: bytes) -> str:
        with tempfile.TemporaryDirectory(prefix="qtb-demo-") as folder:
            path = Path(folder) / "file"
            path.write_bytes(body)
            return self.storage.put(path)

    def _paper(self, spec: FieldSpec) -> bytes:
        title = spec.label.zh
        if title not in self.papers:
            said = Group(title, (Piece("long", title, word("zh", "demo.paper")),))
            paper = Paper(title, word("zh", "demo.cycle", year=2024), "", "", (said,), word("zh", "demo.paper"))
            self.papers[title] = form_pdf.written(paper)
        return self.papers[title]
