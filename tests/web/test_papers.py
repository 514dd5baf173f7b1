"""Papers and receipts through the pages: for whom they are, what they hold, and the public check."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from qtb.documents import signed_papers
from qtb.services import receipts
from qtb.store.objects import storage
from qtb.store.receipts import Receipt
from tests import files
from tests.web.conftest import Web
from tests.world import World


def one_receipt(web: Web) -> tuple[int, Receipt]:
    """Hand a team in; return its id and its receipt."""
    team = web.world.submitted()
    web.world.session.rollback()
    return team, web.world.session.scalars(select(Receipt).where(Receipt.submission_id == team)).one()


def test_whoever_hands_in_gets_a_receipt_of_that_instant(web: Web) -> None:
    team, found = one_receipt(web)
    told = json.loads(found.said)
    assert found.at == web.world.now
    assert found.hash == web.world.trail(team)[-1].hash == told["history"]["hash"]
    assert [one["form"] for one in told["content"]["forms"]] == ["declaration", "registration"]
    page = web.client("alice").get(f"/submissions/{team}").text
    assert f"/submissions/{team}/receipts/{found.seq}.pdf" in page


def test_a_later_hand_in_gets_another_and_the_first_says_so(web: Web) -> None:
    team, first = one_receipt(web)
    web.world.move(team, "return", "rita", note="请补充数据")
    web.world.declare(team, results="返工率由三降到零点八。")
    web.world.move(team, "resubmit", "alice")
    web.world.session.rollback()
    both = web.world.session.scalars(select(Receipt).order_by(Receipt.seq)).all()
    assert [json.loads(one.said)["move"] for one in both] == ["提交申报", "重新提交"]
    assert json.loads(both[0].said)["content"]["sha256"] != json.loads(both[1].said)["content"]["sha256"]
    assert "又提交过新的内容" in web.client().get(f"/verify?code={first.code}").text
    assert "又提交过新的内容" not in web.client().get(f"/verify?code={both[1].code.lower()}").text


def test_a_refused_hand_in_leaves_no_receipt(world: World) -> None:
    team = world.enter()
    world.move(team, "register", "alice")
    world.refused(team, "submit", "alice")
    assert not world.session.scalars(select(Receipt)).all()


def test_no_receipt_no_hand_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    team = world.enter()
    world.move(team, "register", "alice")
    world.declare(team)
    before = world.position(team)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr(receipts.wording, "written", broken)
    with pytest.raises(RuntimeError):
        world.move(team, "submit", "alice")
    assert world.position(team) == before


def test_the_file_of_a_receipt_verifies_until_a_byte_is_changed(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    team, found = one_receipt(web)
    answer = web.client("alice").get(f"/submissions/{team}/receipts/{found.seq}.pdf")
    assert answer.content_type == "application/pdf"
    good = web.client().post("/verify", data={"file": (io.BytesIO(answer.data), "r.pdf")})
    assert good.status_code == 200
    assert "没有任何改动" in good.text
    assert found.code in good.text
    spoiled = answer.data.replace(b"%%EOF", b"%%EOE", 1)
    for body in (spoiled, b"hello", answer.data * 2):
        bad = web.client().post("/verify", data={"file": (io.BytesIO(body), "r.pdf")})
        assert bad.status_code == 422, len(body)
        assert "已被改动" in bad.text
    for nothing in ({}, {"file": (io.BytesIO(), "r.pdf")}):
        told = web.client().post("/verify", data=nothing)
        assert (told.status_code, "没有选择文件" in told.get_data(as_text=True)) == (422, True)
    told = web.client().post("/verify", json={"file": ""})
    assert (told.status_code, "请通过页面上的表单提交" in told.get_data(as_text=True)) == (415, True)
    monkeypatch.setattr(signed_papers, "MAX_BYTES", len(answer.data) - 1)
    assert web.client().post("/verify", data={"file": (io.BytesIO(answer.data), "r.pdf")}).status_code == 422
    assert web.client().get("/verify?code=AAAA-BBBB").status_code == 404
    assert web.client().get("/verify").status_code == 200
    assert "BEGIN CERTIFICATE" in web.client().get("/verify/key").text


def test_papers_are_for_those_who_may_read_the_form(web: Web, tmp_path: Path) -> None:
    team, found = one_receipt(web)
    lay(web, tmp_path)
    paths = {
        "declaration.pdf": f"/submissions/{team}/papers/declaration.pdf",
        "registration.docx": f"/submissions/{team}/papers/registration.docx",
        "receipt": f"/submissions/{team}/receipts/{found.seq}.pdf",
        "whole": f"/submissions/{team}/dossier.zip",
    }
    web.world.move(team, "recommend", "rita")
    web.world.assign(team, "eve")
    codes = {
        name: {key: web.client(name).get(path).status_code for key, path in paths.items()}
        for name in ("alice", "bob", "rita", "ralf", "olga", "eve")
    }
    assert set(codes["alice"].values()) == set(codes["rita"].values()) == set(codes["olga"].values()) == {200}
    assert set(codes["bob"].values()) == set(codes["ralf"].values()) == {404}
    assert codes["eve"] == {"declaration.pdf": 200, "registration.docx": 404, "receipt": 403, "whole": 403}
    assert web.client().get(paths["whole"]).status_code == 302
    assert web.client("alice").get(f"/submissions/{team}/papers/nothing.pdf").status_code == 404
    assert web.client("alice").get(f"/submissions/{team}/papers/declaration.exe").status_code == 404


def lay(web: Web, folder: Path) -> None:
    """Lay the team's files into the storage."""
    files.lay(web.world.session, storage(str(web.app.config["FILES"])), folder)


def test_a_dossier_says_which_file_is_lost(web: Web) -> None:
    team, _ = one_receipt(web)
    answer = web.client("alice").get(f"/submissions/{team}/dossier.zip")
    assert answer.status_code == 409
    assert "成果材料.pdf" in answer.text


def test_the_whole_submission_is_one_file(web: Web, tmp_path: Path) -> None:
    team, found = one_receipt(web)
    lay(web, tmp_path)
    answer = web.client("alice").get(f"/submissions/{team}/dossier.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {
            "报名表.pdf", "报名表.docx", "申报表.pdf", "申报表.docx", f"receipts/{found.code}.pdf",
            "files/成果材料/成果材料.pdf", "files/申报单位意见与真实性承诺（盖章件）/成果材料.pdf",
        }  # fmt: skip
    assert re.search(r"filename\*=UTF-8''20240001", answer.headers["Content-Disposition"])
