"""Files come and go by what HTTP says of them: odd names, false types, heads and ranges, strangers, a storage away."""

from __future__ import annotations

import io
from typing import Any

import obstore
import pytest
from obstore.exceptions import GenericError

from qtb.domain.files import LONGEST
from qtb.store import objects
from tests import files
from tests.web.conftest import Web
from tests.web.test_files import ASKED_BY_SCRIPT, rows, send, stored
from tests.web.test_files import case as case

HEAD = b"\r\nContent-Type: text/html\r\nSet-Cookie: a=b\r\n\r\n"


def send_named(web: Web, case: int, disposition: bytes, kind: bytes = b"application/pdf") -> Any:
    """Send a PDF in a body written by hand."""
    body = (
        b'--edge\r\nContent-Disposition: form-data; name="file"; ' + disposition + b"\r\nContent-Type: " + kind
        + b"\r\n\r\n" + files.pdf() + b"\r\n--edge--\r\n"
    )  # fmt: skip
    return web.client("alice").post(
        f"/submissions/{case}/forms/declaration/files/report_file", data=body,
        content_type="multipart/form-data; boundary=edge",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (b'filename="../../etc/passwd"', "passwd.pdf"),
        (b'filename="..\\\\..\\\\boot.ini"', "boot.ini.pdf"),
        (b'filename="a\x00b\x07.pdf"', "ab.pdf"),
        ('filename="a\u202efdp.exe"'.encode(), "afdp.exe.pdf"),
        (('filename="' + "长" * 300 + '.pdf"').encode(), "长" * LONGEST + ".pdf"),
        (b'filename="say \\"yes\\".pdf"', 'say "yes".pdf'),
        (b"filename*=UTF-8''a%0D%0ASet-Cookie%3A%20a%3Db.pdf", "a Set-Cookie: a=b.pdf"),
        (b"filename*=UTF-8''%00%01.pdf", "_.pdf"),
        ('filename="e\u0301.pdf"'.encode(), "\u00e9.pdf"),
    ],
)  # fmt: skip
def test_a_name_from_the_net_becomes_fit_to_be_shown_and_sent(web: Web, case: int, given: bytes, wanted: str) -> None:
    answer = send_named(web, case, given)
    assert answer.status_code == 303, answer.text
    (row,) = rows(web, case)
    assert row.name == wanted
    got = web.client("alice").get(f"/files/{row.id}")
    assert got.headers["Content-Disposition"].isascii()
    assert not set("\r\n\0") & set(got.headers["Content-Disposition"])
    assert got.headers.get("Set-Cookie", "").count("a=b") == 0
    page = web.client("alice").get(f"/submissions/{case}/forms/declaration")
    assert page.status_code == 200


def test_a_header_in_a_name_ends_there(web: Web, case: int) -> None:
    answer = send_named(web, case, b'filename="a' + HEAD + b'.pdf"')
    assert answer.status_code in (303, 400, 422)
    assert send_named(web, case, b'filename="\xff\xfe.pdf"').status_code in (303, 400, 422)
    assert all(row.name.isprintable() for row in rows(web, case))


def test_what_a_browser_says_of_the_type_does_not_count(web: Web, case: int) -> None:
    assert send_named(web, case, b'filename="a.html"', b"text/html").status_code == 303
    (row,) = rows(web, case)
    assert web.client("alice").get(f"/files/{row.id}").mimetype == "application/pdf"


def test_a_head_is_a_get_without_its_body_and_a_range_is_the_whole(web: Web, case: int) -> None:
    body = files.pdf()
    send(web, "alice", case, body)
    (row,) = rows(web, case)
    head, got = (getattr(web.client("alice"), ask)(f"/files/{row.id}") for ask in ("head", "get"))
    assert (head.status_code, head.data) == (200, b"")
    assert {**head.headers, "Set-Cookie": "", "Date": ""} == {**got.headers, "Set-Cookie": "", "Date": ""}
    assert head.content_length == len(body)
    for asked in ("bytes=0-3", "bytes=5-", "bytes=-1", "bytes=99999999-", "bytes=9-1", "lines=1"):
        part = web.client("alice").get(f"/files/{row.id}", headers={"Range": asked})
        assert (part.status_code, part.data) == (200, body)


def test_to_a_stranger_a_file_and_its_field_are_not_there(web: Web, case: int) -> None:
    send(web, "alice", case, files.pdf(), name="a.pdf")
    send(web, "alice", case, files.pdf(), name="b.pdf")
    strangers = [
        name for name in web.world.people
        if web.client(name).get(f"/submissions/{case}").status_code == 404
    ]  # fmt: skip
    assert strangers
    for row in rows(web, case):
        for name in strangers:
            assert web.client(name).get(f"/files/{row.id}").status_code == 404
            assert web.client(name).head(f"/files/{row.id}").status_code == 404
            assert web.client(name).post(f"/files/{row.id}/away").status_code in (403, 404)
            assert send(web, name, case, files.pdf()).status_code in (403, 404)
    assert [row.ended_at is None for row in rows(web, case)] == [False, True]


def test_a_storage_that_is_away_or_full_is_said_and_nothing_is_left(
    web: Web, case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(web, "alice", case, files.pdf())
    (row,) = rows(web, case)

    def away(*_: Any, **__: Any) -> Any:
        raise GenericError("away")

    monkeypatch.setattr(obstore, "get", away)
    assert web.client("alice").get(f"/files/{row.id}").status_code == 503
    monkeypatch.setattr(obstore, "put", away)
    refused = send(web, "alice", case, files.pdf(), headers=ASKED_BY_SCRIPT)
    assert (refused.status_code, len(rows(web, case)), len(stored(web))) == (503, 1, 1)
    monkeypatch.setattr(obstore, "list", away)
    monkeypatch.setattr(obstore, "delete", away)
    kept = objects.storage(str(web.app.config["FILES"]))
    for act in (lambda: list(kept.older(web.world.now)), lambda: kept.delete("a")):
        with pytest.raises(objects.StorageAway):
            act()


@pytest.mark.parametrize("place", ["/dev/null/files", "/proc/files"])
def test_a_place_that_cannot_be_is_a_sentence(web: Web, case: int, place: str) -> None:
    web.app.config["FILES"] = place
    web.app.extensions.pop("qtb_files", None)
    refused = send(web, "alice", case, files.pdf(), headers=ASKED_BY_SCRIPT)
    assert refused.status_code == 503
    assert refused.json is not None
    assert rows(web, case) == []


def test_a_case_that_moves_on_while_its_file_is_read_refuses_it(
    web: Web, case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qtb.web import files as mouth

    received = mouth.uploads.received

    def slow(*given: Any) -> Any:
        web.world.move(case, "withdraw", "alice", note="不再参加")
        return received(*given)

    monkeypatch.setattr(mouth.uploads, "received", slow)
    refused = send(web, "alice", case, files.pdf(), headers=ASKED_BY_SCRIPT)
    assert refused.status_code == 409
    assert (rows(web, case), stored(web)) == ([], [])


def test_an_empty_choice_is_no_file(web: Web, case: int) -> None:
    none = web.client("alice").post(
        f"/submissions/{case}/forms/declaration/files/report_file", data={"file": (io.BytesIO(b""), "")}
    )
    assert none.status_code == 422
