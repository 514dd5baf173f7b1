"""The ledger's page: every edge, what it moved, what stands aside, and the button that tries it again."""

from __future__ import annotations

import re

import pytest

from qtb.domain.timeline import canonical
from qtb.services import health
from qtb.store.submissions import Submission
from qtb.web.view import alarm_lines
from tests.services.test_ledger import ALL_STUCK, GONE, TRIGGERS, dialect, run
from tests.web.conftest import Web
from tests.world import at

PATH = "/admin/cycles/2024/ledger"


def test_the_page_lists_every_edge_with_its_times_and_its_moves(web: Web) -> None:
    for n in range(3):
        web.world.enter(team=f"{n}班")
    text = web.client("olga").get(PATH).text
    assert "届时将流转 3 件" in text
    assert "早于本年度建立" in text
    web.go("2024-06-01 00:05")
    text = web.client("olga").get(PATH).text
    assert "2024年5月31日 24:00" in text
    assert "（迟 5 分钟）" in text
    assert "已流转 3 件" in text
    assert "暂时搁置" not in text


def test_the_number_leads_to_those_that_were_moved(web: Web) -> None:
    web.world.enter(team="到期班")
    other = web.world.enter(team="留下班")
    web.world.move(other, "register", "alice")
    web.go("2024-06-01 00:05")
    client = web.client("olga")
    links = re.findall(r'href="(/admin/submissions\?[^"]+)"', client.get(PATH).text)
    link = next(one for one in links if "lapse_unregistered" in one).replace("&amp;", "&")
    text = client.get(link).text
    assert "到期班" in text
    assert "留下班" not in text
    assert "只列出经“" in text
    due = canonical(at("2024-06-01"))
    assert client.get(f"/admin/submissions?cycle=2024&moved=nothing&due={due}").status_code == 200


def test_what_failed_stands_aside_and_can_be_tried_again_at_once(web: Web) -> None:
    stuck, _ = web.world.enter(team="卡住班"), web.world.enter(team="通过班")
    number = web.world.session.get_one(Submission, stuck).number
    for statement in TRIGGERS[dialect(web.world)]:
        run(web.world, statement.format(number=number))
    web.go("2024-06-01 00:05")
    client = web.client("olga")
    text = client.get(PATH).text
    for words in ("暂时搁置 1 件", "this one is stuck", "已流转 1 件", "搁置 1 件", number):
        assert words in text
    assert "因出错暂时搁置" in client.get("/admin/").text
    assert client.get("/admin/ledger").location == PATH
    answer = client.post(f"/admin/submissions/{stuck}/try-again")
    assert answer.location == f"{PATH}#aside"
    assert "再试仍未成功" in client.get(PATH).text
    run(web.world, GONE[dialect(web.world)])
    assert client.post(f"/admin/submissions/{stuck}/try-again").location == PATH
    text = client.get(PATH).text
    assert "已不再搁置" in text
    assert "已流转 2 件" in text
    assert "因出错暂时搁置" not in client.get("/admin/").text
    assert client.post(f"/admin/submissions/{stuck}/try-again").status_code == 409


def test_all_that_failed_can_be_tried_again_at_once(web: Web) -> None:
    stuck = [web.world.enter(team=f"{n}班") for n in range(2)]
    for statement in ALL_STUCK[dialect(web.world)]:
        run(web.world, statement.format(but=""))
    web.go("2024-06-01 00:05")
    client = web.client("olga")
    assert "全部立即再试" in client.get(PATH).text
    assert client.post(f"{PATH}/try-again").location == f"{PATH}#aside"
    assert "已再试 2 件，仍有 2 件搁置" in client.get(PATH).text
    run(web.world, GONE[dialect(web.world)])
    assert client.post(f"{PATH}/try-again").location == PATH
    assert "已再试 2 件，仍有 0 件搁置" in client.get(PATH).text
    assert client.post(f"{PATH}/try-again").status_code == 409
    assert "让时钟立即再试" in client.get(f"/submissions/{stuck[0]}").text
    assert "让时钟立即再试" not in web.client("alice").get(f"/submissions/{stuck[0]}").text


def test_only_the_organiser_reads_it(web: Web) -> None:
    team = web.world.submitted()
    for who in ("alice", "rita", "eve"):
        assert web.client(who).get(PATH).status_code == 403
        assert web.client(who).post(f"/admin/submissions/{team}/try-again").status_code == 403
        assert web.client(who).post(f"{PATH}/try-again").status_code == 403
    assert web.client("olga").get("/admin/cycles/nothing/ledger").status_code == 404
    assert PATH in web.client("olga").get("/admin/cycles/2024").text
    assert PATH in web.client("olga").get("/admin/").text


@pytest.mark.parametrize(("n", "said"), [(1, "有 1 件"), (100, "有 100 件"), (101, "有 100+ 件")])
def test_the_alarm_counts_up_to_a_hundred(n: int, said: str) -> None:
    (line,) = alarm_lines(health.Alarm(False, None, "", n, 0, 0, 0))
    assert line.startswith(said)
