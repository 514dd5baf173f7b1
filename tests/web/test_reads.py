"""Whoever reads scores or levels before they are public is on record, work by work and page by page."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from qtb.services import reads
from qtb.store.reads import Read
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.web.conftest import Web
from tests.web.test_sheets import sheet_id

PUBLISHED = "2024-08-20 10:00"


@pytest.fixture
def work(web: Web) -> int:
    """Return a work with scores and a proposed level, in July."""
    case = web.world.placed("recommended")
    web.go("2024-07-02 10:00")
    web.world.judged(case)
    web.go("2024-07-02 10:01")
    web.world.propose(case)
    return case


def on_record(web: Web) -> list[tuple[str, int | None]]:
    """Return what was read, of which work, oldest first."""
    web.world.session.rollback()
    rows = web.world.session.execute(select(Read.what, Read.submission_id).order_by(Read.id))
    return [(what, one) for what, one in rows]


def pages(web: Web, work: int) -> dict[str, tuple[str, int | None]]:
    year = "/admin/cycles/2024"
    return {
        f"/submissions/{work}": ("case", work), f"{year}/results": ("results", None),
        f"{year}/results.xlsx": ("workbook", None), f"{year}/deliberations.pdf": ("deliberations", None),
        f"{year}/judging": ("board", None), f"/admin/sheets/{sheet_id(web, work)}": ("sheet", work),
        "/admin/history": ("history", None),
    }  # fmt: skip


def test_every_page_with_undecided_results_records_its_reader(web: Web, work: int) -> None:
    olga = web.client("olga")
    for path, read in pages(web, work).items():
        before = on_record(web)
        assert olga.get(path).status_code == 200
        assert on_record(web) == [*before, read], path
    row = web.world.session.scalars(select(Read)).first()
    assert row is not None
    assert (row.account_id, row.cycle_id) == (web.world.people["olga"].id, web.world.cycle.id)


def test_what_is_public_is_read_by_anybody_without_a_record(web: Web, work: int) -> None:
    web.go(PUBLISHED)
    olga = web.client("olga")
    for path in pages(web, work):
        assert olga.get(path).status_code == 200
    assert on_record(web) == []


def test_the_works_own_people_and_its_judges_see_no_results_and_are_not_recorded(web: Web, work: int) -> None:
    for name in ("alice", "rita", "eve"):
        assert web.client(name).get(f"/submissions/{work}").status_code == 200
    assert on_record(web) == []


def test_the_readings_are_listed_by_person_and_by_work(web: Web, work: int) -> None:
    olga, path = web.client("olga"), "/admin/cycles/2024/reads"
    assert "还没有查阅记录" in olga.get(path).text
    olga.get(f"/submissions/{work}")
    olga.get("/admin/cycles/2024/results")
    number = web.world.session.get_one(Submission, work).number
    page = olga.get(path).text
    assert page.index("评价结果页") < page.index("案例页")
    only = olga.get(f"{path}?number={number}").text
    assert "案例页" in only
    assert "评价结果页" not in only
    assert "案例页" in olga.get(f"{path}?person={web.world.people['olga'].id}").text
    assert "案例页" not in olga.get(f"{path}?person=99999").text
    for odd in ("?person=x", "?before=x", "?number=" + "9" * 500, "?before=" + "9" * 15):
        assert olga.get(path + odd).status_code == 200
    for name in ("alice", "rita", "eve", None):
        assert web.client(name).get(path).status_code in (302, 303, 403, 404)


def test_what_cannot_be_recorded_is_not_shown(web: Web, work: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object, **given: object) -> None:
        raise OperationalError("insert", {}, Exception("read-only"))

    monkeypatch.setattr(reads, "record", fails)
    answer = web.client("olga").get("/admin/cycles/2024/results")
    assert answer.status_code == 503
    assert "总装一班" not in answer.text


def test_more_readings_than_a_page_takes_are_further_back(web: Web, work: int) -> None:
    olga = web.client("olga")
    olga.get(f"/submissions/{work}")
    web.world.session.rollback()
    copy = text('INSERT INTO "read" (cycle_id, submission_id, account_id, what, address, at) '
                "SELECT cycle_id, submission_id, account_id, what, '10.0.0.9', at FROM \"read\"")  # fmt: skip
    with unit(web.world.session) as session:
        for _ in range(7):
            session.execute(copy)
    page = olga.get("/admin/cycles/2024/reads").text
    assert page.count("10.0.0.9") == 100
    before = page.split("before=", 1)[1].split("&", 1)[0].split('"', 1)[0]
    assert olga.get(f"/admin/cycles/2024/reads?before={before}").text.count("10.0.0.9") == 27
