"""The organiser's board of the judging: numbers, who is late, the picture, reminders, works taken away."""

from __future__ import annotations

from sqlalchemy import select

from qtb.store.evaluations import Sheet
from qtb.store.outbox import Outbox
from tests.judging import facts, panel, recuse, works
from tests.web.conftest import Web, web

__all__ = ["web"]
BOARD = "/admin/cycles/2024/judging"


def letters(web: Web) -> list[Outbox]:
    """Return the reminders that were queued."""
    web.world.session.rollback()
    return list(web.world.session.scalars(select(Outbox).filter_by(letter="judge_reminder")))


def made(web: Web) -> list[int]:
    """Let three works be judged by a panel, one sheet of eve's finished, one of ed's stood back from."""
    world = web.world
    web.go("2024-05-20 10:00")
    cases = works(world, 3)
    panel(world, "eve", "ed")
    for case in cases:
        world.assign(case, "eve", "ed")
    world.score(cases[0], "eve")
    recuse(world, cases[0], "ed")
    return cases


def test_the_board_counts_by_panel_and_by_judge(web: Web) -> None:
    made(web)
    web.go("2024-07-10 10:00")
    page = web.client("olga").get(BOARD).get_data(as_text=True)
    assert "已完成 1 / 5 份评分表，待完成 4 份，其中逾期 0 份。" in page
    assert '<svg class="spread"' in page
    assert "<style" not in page.split("spread")[1]
    assert "滞后" not in page.split("</thead>")[2].split("</table>")[0]
    assert "催办全部滞后专家" not in page
    assert "有效评分不足的成果（3）" in page
    assert "还缺 2 位专家" in page
    assert "eve" in page


def test_who_is_late_stands_first_and_is_reminded_once_a_day(web: Web) -> None:
    made(web)
    web.go("2024-08-28 10:00")
    client = web.client("olga")
    page = client.get(BOARD).get_data(as_text=True)
    assert "催办全部滞后专家（2）" in page
    assert client.post(BOARD, data={"who": "late"}).status_code == 303
    assert len(letters(web)) == 2
    again = client.post(BOARD, data={"who": "late"})
    assert again.status_code == 409
    assert "今天已催办过，最近一次是 2024" in again.get_data(as_text=True)
    assert len(letters(web)) == 2
    for who in ("x", "panel-99", "999999", "", "panel-"):
        assert client.post(BOARD, data={"who": who}).status_code == 404
    web.go("2024-08-29 10:00")
    assert client.post(BOARD, data={"who": web.world.people["eve"].id}).status_code == 303
    assert len(letters(web)) == 3


def test_nobody_else_sees_the_board_or_reminds(web: Web) -> None:
    made(web)
    for who in ("alice", "rita", "eve"):
        assert web.client(who).get(BOARD).status_code == 403
        assert web.client(who).post(BOARD, data={"who": "late"}).status_code == 403
    assert letters(web) == []


def test_an_unfinished_work_is_taken_away(web: Web) -> None:
    cases = made(web)
    client, eve = web.client("olga"), web.world.people["eve"].id
    mine = select(Sheet).filter_by(evaluator_id=eve).order_by(Sheet.id)
    done, first, _ = web.world.session.scalars(mine).all()
    tries = ((done.id, "x", 409), (first.id, " ", 422), (10**6, "x", 404), (first.id, "调整", 303))
    for sheet, reason, status in tries:
        answer = client.post(f"/admin/cycles/2024/sheets/{sheet}/away", data={"reason": reason})
        assert answer.status_code == status
    assert facts(web.world, cases[1]) == (0, 1)
