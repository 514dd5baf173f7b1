"""A server killed while it takes a file in: no row without its file, and what is left over is found and swept."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from qtb import clock
from qtb.services import files as service
from qtb.store.answers import Answer
from qtb.store.files import File
from qtb.store.objects import Storage, storage
from tests import files
from tests.rules.sources import ROOT
from tests.web.conftest import Web
from tests.web.test_files import case as case

END = "--edge--\r\n"
BODY = files.pdf()  # made once: the time is in it


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, str]]:
    """A place for files of either kind, and the environment that names it."""
    if request.param == "folder":
        return str(tmp_path / "kept"), {}
    return f"s3://qtb/{tmp_path.name}", request.getfixturevalue("s3")


@contextmanager
def running(web: Web, kept: str, more: Mapping[str, str], where: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server that kills itself there, and its port."""
    url, home = web.app.config["SQLALCHEMY_DATABASE_URI"], str(web.app.config["HOME"])
    order = [sys.executable, "-m", "tests.web.dying", str(url), home, kept, where]
    process = subprocess.Popen(order, cwd=ROOT, env={**os.environ, **more}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def send(web: Web, port: int, case: int) -> None:
    """Send a file as a browser does; the line breaks off when the server dies."""
    cookie = web.client("alice").get_cookie("qtb")
    assert cookie is not None
    head = '--edge\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    body = head.encode() + BODY + f"\r\n{END}".encode()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    about = {"Cookie": f"qtb={cookie.value}", "Content-Type": "multipart/form-data; boundary=edge"}
    line.request("POST", f"/submissions/{case}/forms/declaration/files/report_file", body, about)
    with pytest.raises((http.client.HTTPException, OSError)):
        line.getresponse()
    line.close()


def crashed(web: Web, case: int, place: tuple[str, dict[str, str]], where: str) -> Storage:
    """Let a server die there, and return what its storage is."""
    with running(web, *place, where) as (process, port):
        send(web, port, case)
        assert process.wait(timeout=60) == -9
    web.world.session.rollback()
    return storage(*place)


@pytest.mark.parametrize("where", ["before", "within"])
def test_bytes_whose_row_was_not_written_are_found_and_swept_but_not_too_soon(
    web: Web, case: int, place: tuple[str, dict[str, str]], where: str
) -> None:
    kept, now = crashed(web, case, place, where), clock.real()
    session = web.world.session
    assert session.scalars(select(File)).all() == []
    assert session.get(Answer, (case, "declaration")) is None
    (left,) = kept.older(now + timedelta(days=1))
    assert b"".join(kept.chunks(left)) == BODY
    assert list(service.check(session, kept, now=now)) == []  # it may be on its way to its row
    assert service.sweep(session, kept, now=now) == 0
    later = now + service.LEFT + timedelta(hours=1)
    assert list(service.check(session, kept, now=later)) == [("file_left", left)]
    assert service.sweep(session, kept, now=later) == 1
    assert list(kept.older(later)) == []
    web.world.sound()


def test_a_file_whose_row_was_written_stands_though_nobody_was_told(
    web: Web, case: int, place: tuple[str, dict[str, str]]
) -> None:
    kept = crashed(web, case, place, "after")
    session = web.world.session
    (row,) = session.scalars(select(File)).all()
    assert session.get_one(Answer, (case, "declaration")).values["report_file"] == [row.as_answer()]
    later = clock.real() + timedelta(days=2)
    assert list(service.check(session, kept, now=later)) == []
    assert service.sweep(session, kept, now=later) == 0
    assert b"".join(kept.chunks(row.key)) == BODY
    web.world.sound()
