"""The files of forms, of what units hand in, and of objections: which stand now, and which stood before them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from qtb.domain import files
from qtb.domain.files import Looked
from qtb.store.hand_ins import HandIn
from qtb.store.objections import Objection
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId

Owner = Submission | HandIn  # whose files come and go while the form is filled
Holder = Owner | Objection
N_OWNERS = " + ".join(
    f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in ("submission_id", "hand_in_id", "objection_id")
)


class File(Base):
    """One file; it stands until `ended_at`, when it was replaced or taken away, and is kept after that."""

    __tablename__ = "file"
    __table_args__ = (
        CheckConstraint(f"{N_OWNERS} = 1", name="owner"),
        Index(None, "submission_id"),
        Index(None, "hand_in_id"),
        Index(None, "objection_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))
    hand_in_id: Mapped[int | None] = mapped_column(ForeignKey("hand_in.id"))
    objection_id: Mapped[int | None] = mapped_column(ForeignKey("objection.id"))
    form: Mapped[str] = mapped_column(String(40))
    field: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10))
    size: Mapped[int] = mapped_column(RowId)
    n_pages: Mapped[int | None]
    sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(80), unique=True)  # in the storage
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    hand_in: Mapped[HandIn | None] = relationship()
    objection: Mapped[Objection | None] = relationship()

    @classmethod
    def laid(
        cls, owner: Holder, form: str, field: str, looked: Looked, *, key: str, account_id: int | None, now: datetime
    ) -> File:  # fmt: skip
        """Return the row of a file that lies in the storage, to stand in a field of its owner's form."""
        return cls(
            **{_COLUMN[type(owner)]: owner.id}, form=form, field=field, name=looked.name, kind=looked.kind,
            size=looked.size, n_pages=looked.n_pages, sha256=looked.sha256, key=key, account_id=account_id,
            uploaded_at=now,
        )  # fmt: skip

    def as_answer(self) -> dict[str, Any]:
        """Return the file as it stands among the answers."""
        return files.as_answer(self.id, Looked(self.name, self.kind, self.size, self.n_pages, self.sha256))


def standing(session: Session, owner: Holder, form: str) -> dict[str, list[File]]:
    """Return the files that stand on a form, by field, in the order in which they came."""
    mine = _of(owner), File.form == form, File.ended_at.is_(None)
    found: dict[str, list[File]] = {}
    for row in session.scalars(select(File).where(*mine).order_by(File.id)):
        found.setdefault(row.field, []).append(row)
    return found


def answers(session: Session, owner: Holder, form: str) -> dict[str, list[dict[str, Any]]]:
    """Return the files that stand on a form as its answers, by field."""
    return {key: [row.as_answer() for row in rows] for key, rows in standing(session, owner, form).items()}


def ended(session: Session, owner: Owner, form: str) -> Sequence[File]:
    """Return the files that stood on a form before, latest first."""
    mine = _of(owner), File.form == form, File.ended_at.is_not(None)
    return session.scalars(select(File).where(*mine).order_by(File.id.desc())).all()


def instead_of(session: Session, row: File) -> File | None:
    """Return the file that ended when another took its place."""
    mine = (File.submission_id if row.submission_id else File.hand_in_id) == (row.submission_id or row.hand_in_id)
    same = File.form == row.form, File.field == row.field, File.ended_at == row.uploaded_at, File.id < row.id
    return session.scalar(select(File).where(mine, *same).order_by(File.id.desc()).limit(1))


def of(session: Session, submission_id: int) -> Sequence[File]:
    """Return all files that stand on a submission's forms."""
    mine = File.submission_id == submission_id, File.ended_at.is_(None)
    return session.scalars(select(File).where(*mine).order_by(File.id)).all()


def _of(owner: Holder) -> ColumnElement[bool]:
    column: ColumnElement[int] = getattr(File, _COLUMN[type(owner)])
    return column == owner.id


_COLUMN: dict[type, str] = {Submission: "submission_id", HandIn: "hand_in_id", Objection: "objection_id"}
