"""`qtb check` reads every file again, and says which is gone, changed or left over."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from flask import Flask

from qtb import clock
from qtb.domain.files import Looked
from qtb.services import files
from qtb.store.files import File
from qtb.store.objects import Storage, storage
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests import files as made
from tests.world import World


@pytest.fixture
def kept(tmp_path: Path) -> Storage:
    """A folder for files."""
    return storage(str(tmp_path / "kept"), {})


@pytest.fixture
def row(app: Flask, world: World, kept: Storage, tmp_path: Path) -> File:
    """A file that stands on a declaration."""
    case, path = world.enter(), tmp_path / "given"
    world.move(case, "register", "alice")
    path.write_bytes(made.pdf())
    looked = Looked("a.pdf", "pdf", path.stat().st_size, 1, sha256(path.read_bytes()).hexdigest())
    with files.laid(kept, path) as key, unit(world.session):
        case_row = world.session.get_one(Submission, case)
        return files.attach(
            world.session, case_row, "declaration", "report_file", looked=looked, key=key,
            actor=world.actor("alice"), now=world.now,
        )  # fmt: skip


def found(world: World, kept: Storage, days: int = 0) -> list[str]:
    """Return what the check says of the files so many days from now."""
    said = [what for what, _ in files.check(world.session, kept, now=clock.real() + timedelta(days=days))]
    world.session.rollback()
    return said


def test_a_sound_file_is_sound(world: World, kept: Storage, row: File) -> None:
    assert found(world, kept, days=2) == []


def test_a_changed_file_is_said(world: World, kept: Storage, row: File, tmp_path: Path) -> None:
    (tmp_path / "kept" / row.key).write_bytes(b"other")
    assert found(world, kept) == ["file_altered"]


def test_a_file_that_is_gone_is_said(world: World, kept: Storage, row: File) -> None:
    kept.delete(row.key)
    assert found(world, kept) == ["file_gone"]


def test_what_no_row_names_is_said_and_swept_after_a_day(
    world: World, kept: Storage, row: File, tmp_path: Path
) -> None:
    left = kept.put(tmp_path / "given")
    assert found(world, kept) == []
    assert found(world, kept, days=2) == ["file_left"]
    assert files.sweep(world.session, kept, now=clock.real()) == 0
    assert files.sweep(world.session, kept, now=clock.real() + timedelta(days=2)) == 1
    with pytest.raises(FileNotFoundError):
        kept.chunks(left)
    assert found(world, kept, days=2) == []


def test_what_fails_in_the_unit_leaves_nothing_in_the_storage(kept: Storage, tmp_path: Path) -> None:
    path = tmp_path / "given"
    path.write_bytes(b"x")
    with pytest.raises(ZeroDivisionError), files.laid(kept, path):
        raise ZeroDivisionError
    assert [one for one in (tmp_path / "kept").rglob("*") if one.is_file()] == []
