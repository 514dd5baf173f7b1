"""Pages of the feedback and of the score justification: who reads what, and the papers as real readers see them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pdfplumber
import pytest
from openpyxl import load_workbook

from qtb.services import evaluations
from qtb.store.unit import unit
from tests.cli.calls import good, refused
from tests.services.test_sheets import own
from tests.web.conftest import Web

COMMENT, NOTE = "秘密评语原文", "主办方的话"
BOARD, ONE = "/admin/cycles/2024/feedback", "/admin/submissions/1/feedback"


@pytest.fixture
def work(web: Web) -> int:
    """Return a judged work with a level; one comment is a formula by its look."""
    world = web.world
    case = world.submitted()
    world.override(case, "recommended")
    web.go("2024-07-10 10:00")
    world.assign(case, "eve", "ed", "eli", "ewa")
    for name, comment in (("eve", COMMENT), ("ed", "=1+1"), ("eli", ""), ("ewa", "")):
        with unit(world.session) as session:
            sheet = own(world, case, name)
            raw = {**dict.fromkeys(world.cycle.definition.rubric.sheets["MAT"].items, "4.5"), "comment": comment}
            evaluations.score(
                session, sheet, raw, actor=world.actor(name), now=world.now, seen=sheet.version, finish=True
            )
    world.move(case, "evaluate", "olga")
    world.propose(case, "EXCELLENT")
    return case


def text(body: bytes) -> str:
    with pdfplumber.open(io.BytesIO(body)) as document:
        return "".join("".join(page.extract_text().split()) for page in document.pages)


def test_from_the_organisers_choice_to_the_applicants_paper(web: Web, work: int) -> None:
    olga, alice = web.client("olga"), web.client("alice")
    assert "总装一班" not in olga.get(BOARD).text
    assert olga.get(ONE).status_code == 404
    web.go("2024-08-20 10:00")
    assert "按原样全部反馈（1 件）" in olga.get(BOARD).text
    assert olga.post(BOARD, data={"shown": "old"}).status_code == 409
    page = olga.get(ONE).text
    assert COMMENT in page
    assert "4.50" in page
    assert alice.get(f"/submissions/{work}/feedback").status_code == 404
    sent = {"seen": "0", "sheet": ["1"], "text-1": "意见已改写", "text-2": "=1+1", "note": NOTE}
    assert "已反馈" in olga.post(ONE, data=sent, follow_redirects=True).text
    assert olga.post(ONE, data=sent).status_code == 409
    assert f"/submissions/{work}/feedback" in alice.get(f"/submissions/{work}").text
    said = alice.get(f"/submissions/{work}/feedback").text
    assert all(one in said for one in ("意见已改写", NOTE, "优秀级", "4.50"))
    assert COMMENT not in said
    paper = text(alice.get(f"/submissions/{work}/feedback.pdf").data)
    assert all(one in paper for one in ("评价反馈书", "意见已改写", "优秀级", "36.00"))
    assert not [name for name in ("eve", "eli", COMMENT) if name in paper]
    for name in (None, "bob", "rita", "ewa"):
        for path in (f"/submissions/{work}/feedback", f"/submissions/{work}/feedback.pdf", BOARD):
            assert web.client(name).get(path).status_code in (302, 403, 404), (name, path)
    assert olga.post(f"{ONE}/back", data={"reason": ""}).status_code == 422
    olga.post(f"{ONE}/back", data={"reason": "措辞"})
    assert f"/submissions/{work}/feedback" not in alice.get(f"/submissions/{work}").text
    assert alice.get(f"/submissions/{work}/feedback.pdf").status_code == 404


def test_the_justification_is_the_organisers_and_holds_every_sheet(
    web: Web, work: int, settings: dict[str, Any], tmp_path: Path
) -> None:
    olga = web.client("olga")
    paper = text(olga.get(f"/admin/submissions/{work}/justification.pdf").data)
    assert all(one in paper for one in ("评分依据", "eve", COMMENT, "去掉的最高分", "计入", "优秀级"))
    book = load_workbook(io.BytesIO(olga.get("/admin/cycles/2024/justification.xlsx").data))
    rows = list(book["资料评价"].iter_rows(values_only=True))
    assert len(rows) == 5
    assert [row[3] for row in rows[1:]] == [4.5] * 4
    cells = [cell for row in book["资料评价"].iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    for name in ("alice", "rita", "eve"):
        client = web.client(name)
        for path in (f"/admin/submissions/{work}/justification.pdf", "/admin/cycles/2024/justification.xlsx"):
            assert client.get(path).status_code == 403
    demo, who = {**settings, "DEMO": True}, ("--as", "olga@example.org")
    for file, more in (("year.xlsx", ()), ("one.pdf", ("--number", "20240001"))):
        good(demo, "evaluation", "justify", "2024", str(tmp_path / file), *more, *who)
        assert (tmp_path / file).stat().st_size > 2_000
    assert refused(demo, "evaluation", "justify", "2024", str(tmp_path / "x.pdf"), "--number", "999", *who)
    assert refused(demo, "evaluation", "justify", "2024", str(tmp_path / "absent" / "x.xlsx"), *who)
