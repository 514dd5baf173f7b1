"""Files of a form: sent up by who fills it and in time only, handed out to who may read it only."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from qtb.store.answers import Answer, AnswerVersion
from qtb.store.files import File
from tests import crafted, files
from tests.web.conftest import Web
from tests.world import PEOPLE

OTHERS = [name for name, (own, _) in PEOPLE.items() if own != PEOPLE["alice"][0]]
ASKED_BY_SCRIPT = {"Accept": "application/json"}


def send(web: Web, who: str | None, case: int, body: bytes, **more: Any) -> TestResponse:
    """Send a file to the declaration's report."""
    field, name = more.pop("field", "report_file"), more.pop("name", "申报书.pdf")
    data = {"file": (io.BytesIO(body), name)}
    return web.client(who).post(f"/submissions/{case}/forms/declaration/files/{field}", data=data, **more)


def rows(web: Web, case: int) -> list[File]:
    """Return all files of a case, first to last."""
    web.world.session.rollback()
    web.world.session.expire_all()
    return list(web.world.session.scalars(select(File).where(File.submission_id == case).order_by(File.id)))


def stored(web: Web) -> list[bytes]:
    """Return what lies in the storage."""
    return [path.read_bytes() for path in Path(web.app.config["FILES"]).rglob("*") if path.is_file()]


@pytest.fixture
def case(web: Web) -> int:
    """A registered team whose declaration is being filled in."""
    found = web.world.enter()
    web.world.move(found, "register", "alice")
    return found


def test_a_file_stands_among_the_answers_and_is_handed_out(web: Web, case: int) -> None:
    body = files.pdf(2)
    assert send(web, "alice", case, body).status_code == 303
    (row,) = rows(web, case)
    answer = web.world.session.get_one(Answer, (case, "declaration"))
    assert answer.values["report_file"] == [row.as_answer()]
    assert (row.name, row.n_pages, row.size) == ("申报书.pdf", 2, len(body))
    got = web.client("alice").get(f"/files/{row.id}")
    assert got.data == body
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["Content-Disposition"].isascii()  # a server encodes it as Latin-1, the test client does not
    assert "filename*=UTF-8''%E7%94%B3%E6%8A%A5%E4%B9%A6.pdf" in got.headers["Content-Disposition"]
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert got.headers["Cache-Control"] == "private, no-cache"
    again = web.client("alice").get(f"/files/{row.id}", headers={"If-None-Match": got.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    page = web.client("alice").get(f"/submissions/{case}/forms/declaration").text
    assert f"/files/{row.id}" in page
    assert row.sha256[:12] in page


def test_a_file_put_in_its_place_keeps_the_one_before(web: Web, case: int) -> None:
    first, second = files.pdf(1), files.pdf(2)
    n = select(func.count()).select_from(AnswerVersion).where(AnswerVersion.form == "declaration")
    before = web.world.session.scalar(n) or 0
    send(web, "alice", case, first, name="a.pdf")
    send(web, "alice", case, second, name="b.pdf")
    old, new = rows(web, case)
    assert old.ended_at is not None
    assert new.ended_at is None
    assert web.client("alice").get(f"/files/{old.id}").data == first
    versions = web.client("alice").get(f"/submissions/{case}/forms/declaration/versions").text
    assert f'/files/{old.id}"' in versions.split('id="files-before"')[1]
    assert f'/files/{new.id}"' not in versions.split('id="files-before"')[1]
    assert "修改了申报表：成果材料" in web.client("alice").get(f"/submissions/{case}").text
    assert web.world.session.scalar(n) == before + 2
    changes = [entry.about()["changes"] for entry in web.world.history("submission", case) if entry.kind == "edit"][-1]
    assert [one[0]["name"] for one in changes["report_file"]] == ["a.pdf", "b.pdf"]
    compared = web.client("alice").get(f"/submissions/{case}/forms/declaration/versions")
    assert "a.pdf" in compared.text
    assert "b.pdf" in compared.text


def test_a_file_is_taken_away_and_kept_among_what_stood_before(web: Web, case: int) -> None:
    send(web, "alice", case, files.pdf())
    (row,) = rows(web, case)
    assert web.client("alice").post(f"/files/{row.id}/away").status_code == 303
    assert rows(web, case)[0].ended_at is not None
    assert web.world.session.get_one(Answer, (case, "declaration")).values["report_file"] == []
    assert web.client("alice").post(f"/files/{row.id}/away").status_code == 303


def test_several_files_stand_in_a_field_for_several(web: Web, case: int) -> None:
    for name in ("a.png", "a.png"):
        assert send(web, "alice", case, files.picture(), field="evidence_files", name=name).status_code == 303
    assert [row.ended_at for row in rows(web, case)] == [None, None]


@pytest.mark.parametrize("who", [*OTHERS, None])
def test_who_does_not_fill_the_form_sends_nothing(web: Web, case: int, who: str | None) -> None:
    assert send(web, who, case, files.pdf()).status_code in (302, 403, 404, 409)
    assert rows(web, case) == []
    assert stored(web) == []


def test_a_file_that_comes_late_is_refused_and_nothing_is_left(web: Web, case: int) -> None:
    web.go("2025-03-01 10:00")
    late = send(web, "alice", case, files.pdf(), headers=ASKED_BY_SCRIPT)
    assert late.status_code == 409
    assert late.json is not None
    assert late.json["says"]
    assert rows(web, case) == []
    assert stored(web) == []


@pytest.mark.parametrize("body", [b"", b"<html>", files.macros(), files.picture()])
def test_a_bad_file_is_refused_with_a_sentence_and_nothing_is_left(web: Web, case: int, body: bytes) -> None:
    answer = send(web, "alice", case, body, headers=ASKED_BY_SCRIPT)
    assert answer.status_code == 422
    assert answer.json is not None
    assert "refusal" not in answer.json["says"]
    assert rows(web, case) == []
    assert stored(web) == []


def test_what_is_too_large_is_refused(web: Web, case: int) -> None:
    web.app.config["MAX_UPLOAD"] = 100_000
    assert send(web, "alice", case, bytes(200_000)).status_code == 413
    assert rows(web, case) == []


def test_a_field_that_takes_no_files_is_not_found(web: Web, case: int) -> None:
    assert send(web, "alice", case, files.pdf(), field="title").status_code == 404
    assert send(web, "alice", case, files.pdf(), field="nothing").status_code == 404
    assert web.client("alice").get("/files/999999").status_code == 404


def test_a_file_is_handed_out_to_those_who_may_read_the_form_only(web: Web, case: int) -> None:
    send(web, "alice", case, files.pdf())
    (row,) = rows(web, case)
    got = {who: web.client(who).get(f"/files/{row.id}").status_code for who in (*web.world.people, None)}
    read = {
        who: web.client(who).get(f"/submissions/{case}/forms/declaration/read").status_code
        for who in (*web.world.people, None)
    }
    assert got == read
    assert set(got.values()) == {200, 302, 404}


def test_whoever_puts_a_file_in_place_of_another_is_told_of_which(web: Web, case: int) -> None:
    said = [send(web, "alice", case, files.pdf(), name=f"{n}.pdf", headers=ASKED_BY_SCRIPT).json for n in "ab"]
    assert [one and one["says"].count("取代了 a.pdf") for one in said] == [0, 1]


def test_a_field_that_is_full_says_so_and_leaves_nothing(web: Web, case: int) -> None:
    for _ in range(20):
        send(web, "alice", case, files.picture(), field="evidence_files")
    full = send(web, "alice", case, files.picture(), field="evidence_files", headers=ASKED_BY_SCRIPT)
    assert full.status_code == 409
    assert full.json is not None
    assert "20" in full.json["says"]
    assert len(stored(web)) == len(rows(web, case)) == 20


@pytest.mark.parametrize(("n", "told"), [(57, "文件自述为 57 页"), (3, "无法统计其页数")])
def test_pages_that_nobody_counted_are_said_to_be_so(web: Web, case: int, n: int, told: str) -> None:
    said = send(web, "alice", case, crafted.pages_claimed(n), headers=ASKED_BY_SCRIPT)
    assert said.status_code == 200
    assert said.json is not None
    assert told in said.json["says"]
    assert rows(web, case)[0].n_pages is None
    other = send(web, "alice", case, files.word(), field="evidence_files", headers=ASKED_BY_SCRIPT)
    assert other.json is not None
    assert "无法统计" not in other.json["says"]


def test_a_draft_outlives_a_file_that_goes_up_or_away_beside_it(web: Web, case: int) -> None:
    address = f"/submissions/{case}/forms/declaration"
    draft = {"seen": "0", "request_key": "page-1", "title": "写到一半的成果名称"}
    assert web.client("alice").post(f"{address}/draft", data=draft).status_code == 200
    send(web, "alice", case, files.pdf())
    assert "写到一半的成果名称" in web.client("alice").get(address).text
    web.client("alice").post(f"/files/{rows(web, case)[0].id}/away")
    assert "写到一半的成果名称" in web.client("alice").get(address).text


def test_what_was_typed_comes_along_with_a_file_and_is_kept(web: Web, case: int) -> None:
    page = web.client("alice").get(f"/submissions/{case}/forms/declaration").text
    assert page.count('formaction="') == page.count("formenctype=") == page.count("data-send=")
    carried = dict(re.findall(r'name="(seen|since|takes|request_key)"[^>]*value="([^"]*)"', page))
    typed = {**carried, "title": "写到一半的成果名称", "objectives": "返工率。\r\n二。"}
    sent = {**typed, "file-report_file": (io.BytesIO(files.pdf()), "a.pdf"), "file-evidence_files": (io.BytesIO(), "")}
    address = f"/submissions/{case}/forms/declaration"
    assert web.client("alice").post(f"{address}/files/report_file", data=sent).status_code == 303
    assert "写到一半的成果名称" in web.client("alice").get(address).text
    (row,) = rows(web, case)
    drawn = web.client("alice").get(address).text
    carried = dict(re.findall(r'name="(seen|since|takes|request_key)"[^>]*value="([^"]*)"', drawn))
    again = {**carried, "title": "改过的成果名称"}
    assert web.client("alice").post(f"/files/{row.id}/away", data=again).status_code == 303
    assert "改过的成果名称" in web.client("alice").get(address).text
    drawn = web.client("alice").get(address).text
    carried = dict(re.findall(r'name="(seen|since|takes|request_key)"[^>]*value="([^"]*)"', drawn))
    assert web.client("alice").post(address, data={**carried, "title": "存下的成果名称"}).status_code == 303
    web.world.session.rollback()
    assert web.world.session.get_one(Answer, (case, "declaration")).values["title"] == "存下的成果名称"


def test_what_was_typed_is_kept_though_the_file_is_refused(web: Web, case: int) -> None:
    address = f"/submissions/{case}/forms/declaration"
    page = web.client("alice").get(address).text
    carried = dict(re.findall(r'name="(seen|since|takes|request_key)"[^>]*value="([^"]*)"', page))
    bad = {**carried, "title": "写到一半的成果名称", "file-report_file": (io.BytesIO(b"<html>"), "a.pdf")}
    assert web.client("alice").post(f"{address}/files/report_file", data=bad).status_code == 422
    assert "写到一半的成果名称" in web.client("alice").get(address).text
    many = {**carried, "file-report_file": (io.BytesIO(files.pdf()), "a.pdf"), **{f"x{n}": "" for n in range(3_000)}}
    assert web.client("alice").post(f"{address}/files/report_file", data=many).status_code == 303
