"""The recommending unit's pages: the queue in groups, ranking, several at once, quotas, members and deputies."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from qtb.store.cycles import Cycle
from qtb.store.recommendations import ranked
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.services.test_members import stand_in
from tests.services.test_recommending import OURS, allow
from tests.web.conftest import Web, web
from tests.world import at

__all__ = ["web"]
QUEUE, RANKING, BATCH, MEMBERS = "/recommender/", "/recommender/ranking", "/recommender/batch", "/unit/members"


@pytest.fixture
def works(web: Web) -> list[int]:
    """Three works that wait for rita."""
    return [web.world.submitted(f"{n}班") for n in "甲乙丙"]


@pytest.fixture
def rita(web: Web) -> FlaskClient:
    """The recommending unit's browser."""
    return web.client("rita")


def order(web: Web) -> list[int]:
    """Return the unit's order as it is kept."""
    web.world.session.rollback()
    return ranked(web.world.session, web.world.session.get_one(Cycle, web.world.cycle.id), web.world.units[OURS].id)


def saved(client: FlaskClient, works: list[int], **given: Any) -> Any:
    """Save the ranking as its page would."""
    seen = {"cycle": "2024", "seen_order": ",".join(map(str, works))}
    numbers = {f"rank-{one}": str(n) for n, one in enumerate(works, 1)}
    return client.post(RANKING, data={**seen, **numbers, **given})


def test_the_queue_is_in_groups_and_each_shows_its_own(web: Web, rita: FlaskClient, works: list[int]) -> None:
    web.world.move(works[0], "defer", "rita", note="再看")
    page = rita.get(QUEUE).text
    for told in ("待初审 2", "缓评 1", "退回修改 0", "推荐截止"):
        assert told in re.sub(r"\s+", " ", page), told
    groups = dict(re.findall(r'href="(/recommender/\?cycle=2024&amp;group=\d)"[^>]*>([^<\d]+?) \d+</a>', page))
    deferred = next(path for path, label in groups.items() if label == "缓评").replace("&amp;", "&")
    shown = rita.get(deferred).text.partition("<tbody>")[2]
    assert ("甲班" in shown, "乙班" in shown) == (True, False)
    every = rita.get(QUEUE + "?cycle=2024&group=99&q=班").text
    assert "乙班" in every
    assert re.search(r'href="/recommender/\?cycle=2024&amp;q=[^"]+" aria-current="true">全部', every)
    assert re.search(r'cycle=2024&amp;group=1&amp;q=', every)
    assert 'name="group"' not in every
    found = rita.get(QUEUE + "?cycle=2024&q=乙").text.partition("<tbody>")[2]
    assert ("乙班" in found, "丙班" in found) == (True, False)


def test_a_long_list_of_what_waits_begins_with_the_most_pressing(web: Web, rita: FlaskClient) -> None:
    for n in range(12):
        web.world.submitted(f"{n}组")

    def waits(path: str) -> tuple[bool, int, str]:
        shown = rita.get(path).text.partition('<details class="card queue-todo"')[2].partition("</details>")[0]
        more = re.search(r'href="([^"]+)">显示全部 12 项', shown)
        return shown.startswith(" open"), shown.count("<li>"), more[1].replace("&amp;", "&") if more else ""

    is_open, n, more = waits(QUEUE + "?cycle=2024&q=组&endpoint=x&_external=1&_method=POST")
    assert (is_open, n) == (False, 10)
    assert more.startswith(QUEUE)
    assert "q=" in more
    assert waits(more) == (True, 12, "")


def test_numbers_and_arrows_make_an_order(web: Web, rita: FlaskClient, works: list[int]) -> None:
    first, second, third = works
    assert saved(rita, works, **{f"rank-{third}": "1"}).status_code == 303
    assert order(web) == [third, first, second]
    assert saved(rita, [third, first, second], up=str(second)).status_code == 303
    assert order(web) == [third, second, first]
    late = saved(rita, works, up=str(second))
    assert (late.status_code, "其他成员更改" in late.text) == (409, True)
    rows = re.findall(r'name="rank-(\d+)" value="(\d)"', late.text)
    assert rows == [(str(third), "1"), (str(second), "2"), (str(first), "3")]


@pytest.mark.parametrize(
    ("ranks", "said"),
    [(["abc", "2", "3"], "“abc”不是名次"), (["1.5", "2", "3"], "不是名次"), (["-5", "2", "3"], "不是名次"),
     (["", "2", "3"], "不是名次"), (["0", "2", "3"], "不是名次"), (["1", "2", "4"], "不是名次"),
     (["3", "3", "3"], "不能并列"), (["1", "1", "1"], "不能并列")],
)  # fmt: skip
def test_what_is_no_order_is_refused_and_still_shown(
    web: Web, rita: FlaskClient, works: list[int], ranks: list[str], said: str
) -> None:
    typed = {f"rank-{one}": text for one, text in zip(works, ranks, strict=True)}
    answer = saved(rita, works, **typed)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert re.findall(r'name="rank-\d+" value="([^"]*)"', answer.text) == ranks
    assert order(web) == works


@pytest.mark.parametrize("given", [{"seen_order": ""}, {"seen_order": "x,1"}, {"seen_order": "9" * 40}])
def test_a_broken_order_is_refused(web: Web, rita: FlaskClient, works: list[int], given: dict[str, str]) -> None:
    assert saved(rita, works, **given).status_code == 409
    assert order(web) == works


def test_ranking_after_the_row_is_refused_and_nothing_changes(web: Web, rita: FlaskClient, works: list[int]) -> None:
    late = web.world.placed("recommended", "丁班")
    web.go("2024-07-01 00:00")
    answer = saved(rita, [late], up=str(late))
    assert answer.status_code == 409
    assert "2024年6月30日 24:00" in answer.text


def test_several_move_together_or_not_at_all(web: Web, rita: FlaskClient, works: list[int]) -> None:
    asked = {"cycle": "2024", "move": "return", "work": works}
    confirm = rita.get(BATCH, query_string=asked).text
    assert confirm.count('name="work"') == 3
    empty = rita.post(BATCH, data={**asked, "note": ""})
    assert empty.status_code == 422
    done = rita.post(BATCH, data={**asked, "note": "请补充数据", "due": "2024-05-30"}, follow_redirects=True)
    assert "已办理 3 件" in done.text
    assert {web.world.session.get_one(Submission, one).due_at for one in works} == {at("2024-05-31")}
    again = rita.post(BATCH, data={**asked, "work": [*works, web.world.submitted("丁班")], "note": "再来"})
    assert (again.status_code, "有 3 件不符合条件" in again.text) == (409, True)
    assert [one.about().get("note") for one in web.world.trail(works[0])].count("再来") == 0


def test_a_batch_with_works_that_are_gone_does_nothing(web: Web, rita: FlaskClient, works: list[int]) -> None:
    lost = web.world.submitted("丁班")
    with unit(web.world.session) as work:
        work.get_one(Submission, lost).recommender_id = web.world.units["机电行业协会"].id
    answer = rita.post(BATCH, data={"cycle": "2024", "move": "return", "note": "请改", "work": [*works, lost]})
    assert (answer.status_code, "有 1 件已不在本单位" in answer.text) == (409, True)
    assert [web.world.state(one) for one in [*works, lost]] == ["submitted"] * 4
    assert answer.text.count('name="work"') == 3


@pytest.mark.parametrize(
    ("given", "status"),
    [({"move": "register"}, 404), ({"move": "x" * 500}, 404), ({"cycle": "1999"}, 404), ({"work": []}, 422),
     ({"work": ["0", "-1", "9" * 30, "x"]}, 422), ({"due": "soon"}, 422), ({"due": "2023-01-01"}, 422),
     ({"due": "2024-07-09"}, 422), ({"work": [str(n) for n in range(1, 300)]}, 422)],
)  # fmt: skip
def test_bad_batches_are_refused(
    web: Web, rita: FlaskClient, works: list[int], given: dict[str, Any], status: int
) -> None:
    answer = rita.post(BATCH, data={"cycle": "2024", "move": "return", "work": works, "note": "请改", **given})
    assert answer.status_code == status
    assert [web.world.state(one) for one in works] == ["submitted"] * 3


def test_anothers_works_are_not_among_the_selected(web: Web, works: list[int]) -> None:
    answer = web.client("ralf").post(BATCH, data={"cycle": "2024", "move": "decline", "work": works, "note": "不推荐"})
    assert answer.status_code == 422
    assert [web.world.state(one) for one in works] == ["submitted"] * 3


def test_a_quota_is_seen_where_one_recommends_and_set_by_the_organiser(
    web: Web, rita: FlaskClient, works: list[int]
) -> None:
    olga, path = web.client("olga"), "/admin/cycles/2024/quotas"
    given = {"unit_id": str(web.world.units[OURS].id), "n": "1", "mode": "block"}
    assert olga.post(path, data=given).status_code == 303
    for bad in ({"n": "-1"}, {"n": "x"}, {"n": "1" * 30}, {"mode": "often"}):
        assert olga.post(path, data={**given, **bad}).status_code == 422, bad
    assert olga.post(path, data={**given, "unit_id": "999"}).status_code == 404
    for client in (rita, web.client("alice"), web.client("eve")):
        assert client.get(path).status_code == 403
    assert "推荐名额 1 个，已推荐 0 个，剩余 1 个" in rita.get(QUEUE).text
    assert "剩余 1 个" in rita.get(f"/submissions/{works[0]}/moves/recommend").text
    both = rita.post(BATCH, data={"cycle": "2024", "move": "recommend", "work": works[:2], "note": ""})
    assert (both.status_code, "推荐名额为 1 个" in both.text) == (409, True)
    web.world.move(works[0], "recommend", "rita")
    refused = rita.post(f"/submissions/{works[1]}/moves", data={"transition": "recommend", "note": "好"})
    assert (refused.status_code, "超出 1 个" in refused.text, "好" in refused.text) == (409, True, True)
    allow(web.world, 1, "warn")
    assert rita.post(f"/submissions/{works[1]}/moves", data={"transition": "recommend"}).status_code == 303
    page = olga.get(path).text
    assert "设定了推荐名额" in olga.get("/admin/cycles/2024").text
    assert "超出名额 1 个" in page


def test_a_return_with_a_date_shows_it_to_the_applicant(web: Web, rita: FlaskClient, works: list[int]) -> None:
    path = f"/submissions/{works[0]}/moves"
    assert 'name="due"' in rita.get(path + "/return").text
    assert rita.post(path, data={"transition": "return", "note": "请改", "due": "2024-05-27"}).status_code == 303
    alice = web.client("alice")
    assert "2024年5月27日 24:00" in alice.get(f"/submissions/{works[0]}").text
    home = alice.get("/applicant/").text
    assert ("5月27日" in home, "已逾期" in home) == (True, False)
    web.go("2024-05-28 00:00")
    home = alice.get("/applicant/").text
    assert ("已逾期" in home, "完成期限 2024年5月27日 24:00" in home, "截止 2024年6月30日 24:00" in home) == (True,) * 3
    late = {"transition": "return", "note": "请改", "due": "2024-05-01"}
    kept = rita.post(f"/submissions/{works[1]}/moves", data=late)
    assert (kept.status_code, "2024-05-01" in kept.text, "请改" in kept.text) == (422, True, True)
    assert "2024年5月1日 24:00" in kept.text


def test_a_deputy_acts_in_anothers_name_until_the_instant(web: Web, works: list[int]) -> None:
    stand_in(web.world, "2024-05-22", email="ralf@example.org", who="olga")
    ralf = web.client("ralf")
    assert ralf.post(f"/submissions/{works[0]}/moves", data={"transition": "recommend"}).status_code == 303
    assert "ralf（代rita）" in web.client("rita").get(f"/submissions/{works[0]}").text
    assert "ralf（代rita）" in web.client("olga").get(f"/submissions/{works[0]}").text
    assert "ralf" not in web.client("alice").get(f"/submissions/{works[0]}").text
    web.go("2024-05-22 00:00")
    assert ralf.post(f"/submissions/{works[1]}/moves", data={"transition": "recommend"}).status_code == 404
    web.world.sound()


def test_members_are_looked_after_by_their_admin(web: Web, rita: FlaskClient) -> None:
    page = rita.post(f"{MEMBERS}/invite", data={"name": "新人", "email": "new@example.org"})
    assert (page.status_code, "/invitations/" in page.text) == (200, True)
    assert rita.post(f"{MEMBERS}/invite", data={"name": "新人", "email": "new@example.org"}).status_code == 409
    others = [
        rita.post(f"{MEMBERS}/invite", data={"name": "某", "email": f"{one}@example.org"}) for one in ("eve", "bob")
    ]
    assert [(one.status_code, "不能由本单位加入" in one.text) for one in others] == [(409, True)] * 2
    (path,) = re.findall(r'action="(/unit/members/\d+/link)"', rita.get(MEMBERS).text)
    assert "/invitations/" in rita.post(path).text
    assert web.client("ralf").post(path).status_code == 404
    for bad in ({"email": "no"}, {"email": ""}, {"name": ""}, {"name": "长" * 500}):
        given = {"name": "又一人", "email": "more@example.org", **bad}
        assert rita.post(f"{MEMBERS}/invite", data=given).status_code == 422, bad
    page = rita.get(MEMBERS).text
    mine = re.findall(r"/unit/members/(\d+)/end", page)
    asked = "".join(re.findall(r"<details>(.*?)</details>", page, re.S))  # what takes away is asked first
    for act in ("end", "member"):
        assert asked.count(f'/{act}"') == page.count(f'/{act}"') > 0
    alice = web.client("alice")
    assert set(mine).isdisjoint(re.findall(r"/unit/members/(\d+)/end", alice.get(MEMBERS).text))
    for path in (f"{MEMBERS}/{mine[0]}/end", f"{MEMBERS}/{mine[0]}/admin", f"{MEMBERS}/999/end"):
        assert alice.post(path).status_code == 404
    assert alice.get(f"{MEMBERS}?unit={web.world.units[OURS].id}").status_code == 404
    assert web.client("eve").get(MEMBERS).status_code == 403
    own = next(one for one in mine if rita.post(f"{MEMBERS}/{one}/end").status_code == 409)
    assert rita.post(f"{MEMBERS}/{own}/deputy", data={"email": "d@example.org", "until": ""}).status_code == 422
