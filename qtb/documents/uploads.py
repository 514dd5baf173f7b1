"""Taking a file in: counted and hashed while it is copied, then read by its content in a process of its own."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from qtb.domain import files
from qtb.domain.errors import Invalid
from qtb.domain.fields import FieldSpec
from qtb.domain.files import Looked

CHUNK = 1024 * 1024
PATIENCE = 25  # seconds of real time; the process counts its own, which is less, on an idle machine


@contextmanager
def received(stream: IO[bytes], name: str, spec: FieldSpec) -> Iterator[tuple[Path, Looked]]:
    """Copy a file aside, look at it, and lend it for the block. Raises Invalid, TooLarge."""
    with tempfile.TemporaryDirectory(prefix="qtb-upload-") as folder:
        path = Path(folder) / "file"
        size, digest = _copied(stream, path, spec)
        found = _probed(path)
        files.refuse_content(spec, found["kind"], found["pages"])
        kind: str = found["kind"]
        yield path, Looked(files.clean_name(name, kind), kind, size, found["pages"], digest, found.get("claimed"))


def _copied(stream: IO[bytes], path: Path, spec: FieldSpec) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    with path.open("wb") as copy:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            files.refuse_size(spec, size)  # before the rest is read
            digest.update(chunk)
            copy.write(chunk)
    files.refuse_size(spec, size)
    return size, digest.hexdigest()


def _probed(path: Path) -> dict[str, Any]:
    order = [sys.executable, "-m", "qtb.documents.upload_probe", str(path)]
    try:
        done = subprocess.run(order, capture_output=True, timeout=PATIENCE, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        raise Invalid("file_unreadable") from None
    if "refused" in found:
        raise Invalid(found["refused"])
    return found
