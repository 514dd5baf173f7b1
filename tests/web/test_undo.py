"""Taking back, suspending and going on in the browser: what the pages say, to whom, and what a stale page gets."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from qtb.store.submissions import Submission
from tests.web.conftest import Web

REASON = {"reason": "点错了，撤销"}


def page(web: Web, who: str, path: str) -> str:
    """Return a page that must be there."""
    answer = web.client(who).get(path)
    assert answer.status_code == 200, (who, path)
    return answer.text


def seen(client: FlaskClient, path: str) -> str:
    """Return the version that a page was drawn from."""
    return re.search(r'name="seen" value="(\d+)"', client.get(path).text)[1]


def state(web: Web, team: int) -> str:
    """Return where a submission stands."""
    return web.world.state(team)


def test_the_page_says_what_is_undone_and_which_letters_are_dropped(web: Web) -> None:
    team = web.world.submitted()
    client = web.client("alice")
    text = client.get(f"/submissions/{team}/undo").text
    assert "提交申报" in text
    assert "将不再发出的通知" in text
    assert "推荐单位" in text
    version = seen(client, f"/submissions/{team}/undo")
    answer = client.post(f"/submissions/{team}/undo", data={**REASON, "seen": version})
    assert (answer.status_code, answer.location) == (303, f"/submissions/{team}")
    assert state(web, team) == "registered"
    told = page(web, "alice", f"/submissions/{team}")
    assert "撤销了“" in told
    assert REASON["reason"] in told


def test_who_is_offered_it(web: Web) -> None:
    team = web.world.submitted()
    for who, is_offered in (("alice", True), ("rita", False), ("olga", False)):
        assert (f"/submissions/{team}/undo" in page(web, who, f"/submissions/{team}")) is is_offered, who
        assert web.client(who).get(f"/submissions/{team}/undo").status_code == (200 if is_offered else 404), who
    web.world.move(team, "recommend", "rita")
    for who, is_offered in (("alice", False), ("rita", True), ("olga", True)):
        assert (f"/submissions/{team}/undo" in page(web, who, f"/submissions/{team}")) is is_offered, who
    assert web.client("bob").get(f"/submissions/{team}/undo").status_code == 404
    assert web.client("alice").post(f"/submissions/{team}/undo", data={**REASON, "seen": "99"}).status_code == 409


def test_a_button_that_is_off_says_why_and_who_may(web: Web) -> None:
    team = web.world.submitted()
    web.go("2024-05-27 10:00")
    text = page(web, "alice", f"/submissions/{team}")
    assert "只能在 3 天内撤销" in text
    assert "可撤销的人" in text
    assert f'href="/submissions/{team}/undo"' not in text
    assert "只能在 3 天内撤销" in page(web, "alice", f"/submissions/{team}/undo")


def test_a_page_that_is_out_of_date_gets_409_and_keeps_the_reason(web: Web) -> None:
    team = web.world.submitted()
    client = web.client("rita")
    web.world.move(team, "recommend", "rita")
    version = seen(client, f"/submissions/{team}/undo")
    web.client("olga").post(f"/submissions/{team}/undo", data={**REASON, "seen": version})
    answer = client.post(f"/submissions/{team}/undo", data={**REASON, "seen": version})
    assert answer.status_code == 409
    assert REASON["reason"] in answer.text
    assert "olga" not in answer.text


@pytest.mark.parametrize("given", [{"reason": " "}, {"reason": "长" * 2_001}, {}])
def test_bad_reasons(web: Web, given: dict[str, str]) -> None:
    team = web.world.submitted()
    client = web.client("alice")
    version = seen(client, f"/submissions/{team}/undo")
    assert client.post(f"/submissions/{team}/undo", data={**given, "seen": version}).status_code == 422
    assert state(web, team) == "submitted"


def test_the_organiser_suspends_and_everybody_reads_it(web: Web) -> None:
    team = web.world.submitted()
    client = web.client("olga")
    path = f"/submissions/{team}/suspension"
    assert "暂停期间" in client.get(path).text
    given = {"reason": "接到举报，核查中", "seen": seen(client, path)}
    assert client.post(f"/submissions/{team}/suspend", data=given).status_code == 303
    for who in ("alice", "rita", "olga"):
        text = page(web, who, f"/submissions/{team}")
        assert "已暂停：自 2024年5月20日" in text, who
        assert "接到举报，核查中" in text, who
        assert "暂停了计时" in text, who
        assert not re.search(rf'href="/submissions/{team}/moves/', text), who
    assert "此件自" in page(web, "rita", f"/submissions/{team}")  # the reason at each button
    for who, path in (("alice", "/applicant/"), ("rita", "/recommender/"), ("olga", "/admin/submissions")):
        assert "已暂停" in page(web, who, path), who


def test_going_on_says_which_days_are_given_back(web: Web) -> None:
    team = web.world.placed("registered")
    client = web.client("olga")
    path = f"/submissions/{team}/suspension"
    client.post(f"/submissions/{team}/suspend", data={"reason": "核查", "seen": seen(client, path)})
    web.go("2024-06-09 10:00")
    before = client.get(path).text
    assert "“成果申报”延至 2024年6月20日 24:00" in before
    answer = client.post(f"/submissions/{team}/resume", data={"reason": "核查完毕", "seen": seen(client, path)})
    assert answer.status_code == 303
    after = client.get(answer.location).text
    assert "已补回期限：“成果申报”延至 2024年6月20日 24:00" in after
    assert "恢复了计时，补回期限" in page(web, "alice", f"/submissions/{team}")
    assert f"/submissions/{team}/moves/submit" in page(web, "alice", f"/submissions/{team}")


def test_only_those_whom_the_definition_lets_may_suspend(web: Web) -> None:
    team = web.world.submitted()
    for who in ("alice", "rita"):
        client = web.client(who)
        assert client.get(f"/submissions/{team}/suspension").status_code == 404
        assert client.post(f"/submissions/{team}/suspend", data={"reason": "x", "seen": "1"}).status_code == 403
        assert f"/submissions/{team}/suspension" not in client.get(f"/submissions/{team}").text
    assert web.world.session.get_one(Submission, team).suspended_at is None


def test_an_override_of_a_suspended_entry_says_that_it_stays_so(web: Web) -> None:
    team = web.world.submitted()
    client = web.client("olga")
    path = f"/submissions/{team}/suspension"
    client.post(f"/submissions/{team}/suspend", data={"reason": "核查", "seen": seen(client, path)})
    assert "改变状态后仍处于暂停" in page(web, "olga", f"/submissions/{team}")
    given = {"state": "returned", "reason": "更正", "sure": "yes"}
    assert client.post(f"/admin/submissions/{team}/override", data=given).status_code == 303
    assert "已暂停：自" in page(web, "alice", f"/submissions/{team}")


def test_an_evaluator_reads_why_a_suspended_work_cannot_be_scored(web: Web) -> None:
    work = web.world.placed("recommended")
    web.go("2024-07-02 09:00")
    web.world.assign(work, "eve")
    client = web.client("olga")
    path = f"/submissions/{work}/suspension"
    client.post(f"/submissions/{work}/suspend", data={"reason": "核查", "seen": seen(client, path)})
    assert "暂停计时" in page(web, "eve", "/evaluator/")


def test_a_page_twice_suspends_once(web: Web) -> None:
    team = web.world.submitted()
    client = web.client("olga")
    given = {"reason": "核查", "seen": seen(client, f"/submissions/{team}/suspension")}
    assert client.post(f"/submissions/{team}/suspend", data=given).status_code == 303
    assert client.post(f"/submissions/{team}/suspend", data=given).status_code == 409
    assert client.post(f"/submissions/{team}/resume", data=given).status_code == 409  # a version behind


def test_the_page_says_what_follows_of_a_silence(web: Web) -> None:
    web.go("2024-05-08 09:00")
    team = web.world.submitted()
    web.go("2024-05-27 10:00")
    web.world.move(team, "decline", "rita", note="再议")
    text = page(web, "rita", f"/submissions/{team}/undo")
    assert "未答复的时间继续自 2024年5月8日 09:00" in text
    assert "撤销后如无其他办理：2024年5月28日 24:00（上海时间） · 推荐单位逾期未答复" in text
    web.go("2024-05-29 09:00")
    text = page(web, "rita", f"/submissions/{team}/undo")
    assert "该期限已过，随即自动办理：2024年5月28日 24:00（上海时间） · 推荐单位逾期未答复" in text


def test_the_page_says_nothing_of_a_silence_where_none_is_counted(web: Web) -> None:
    team = web.world.submitted()
    text = page(web, "alice", f"/submissions/{team}/undo")
    assert "未答复的时间" not in text
    assert "撤销后如无其他办理：2024年5月31日 24:00（上海时间） · 申报截止未提交" in text
