"""Filling pages: drafts, late and stale saves with their texts, versions, copies, print; and bodies meant to hurt."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from qtb import clock
from qtb.domain.roles import Actor
from qtb.store.answers import Answer, AnswerVersion
from qtb.store.drafts import AnswerDraft
from qtb.store.unit import unit
from tests.colleagues import colleague
from tests.web.conftest import Web
from tests.world import DECLARATION, MEMBERS, REGISTRATION

FLAT: dict[str, Any] = {
    **{key: value for key, value in DECLARATION.items() if key != "metrics"},
    **{f"metrics-{n}-{name}": cell for n, row in enumerate(DECLARATION["metrics"]) for name, cell in row.items()},
}


@pytest.fixture
def team(web: Web) -> int:
    """A registered team with its declaration in its first version."""
    found = web.world.enter()
    web.world.move(found, "register", "alice")
    web.world.declare(found)
    return found


def path(team: int, rest: str = "") -> str:
    """The address of the team's declaration."""
    return f"/submissions/{team}/forms/declaration{rest}"


def carried(client: FlaskClient, address: str) -> dict[str, str]:
    """What a fresh page carries in its hidden fields."""
    text = client.get(address).text
    names = ("seen", "since", "request_key", "takes")
    found = {name: re.search(rf'name="{name}" type="hidden" value="([^"]*)"', text) for name in names}
    return {name: match[1] if match else "" for name, match in found.items()}


def count(web: Web, table: type) -> int:
    """How many rows a table has."""
    web.world.session.rollback()
    return web.world.session.scalar(select(func.count()).select_from(table)) or 0


def title(web: Web, team: int) -> str:
    """The title that is saved."""
    web.world.session.rollback()
    return str(web.world.session.get_one(Answer, (team, "declaration")).values["title"])


def test_what_is_typed_is_kept_and_drawn_again_until_it_is_saved(web: Web, team: int) -> None:
    alice = web.client("alice")
    page = carried(alice, path(team))
    kept = alice.post(path(team, "/draft"), data={**FLAT, **page, "title": "写到一半", "metrics-0-before": "abc"})
    assert (kept.status_code, kept.json["kept"], kept.json["says"]) == (200, True, "已自动保存 10:00")
    again = alice.get(path(team)).text
    assert "写到一半" in again
    assert 'value="abc"' in again
    assert "尚未保存的内容" in again
    assert title(web, team) == DECLARATION["title"]
    for who in ("olga", "rita"):
        assert "写到一半" not in web.client(who).get(path(team)).text
    saved = alice.post(path(team), data={**FLAT, **carried(alice, path(team)), "title": "写完了"})
    assert saved.status_code == 303
    assert (title(web, team), count(web, AnswerDraft)) == ("写完了", 0)
    assert "尚未保存的内容" not in alice.get(path(team)).text


def test_a_save_after_the_sign_in_ended_leads_back_to_the_form(web: Web, team: int) -> None:
    client = web.client()
    assert client.post(path(team), data=FLAT).status_code == 302
    assert client.post(path(team, "/draft"), data=FLAT).status_code == 302  # what follows by itself changes nothing
    given = {"email": "alice@example.org", "password": "a long enough secret"}
    assert client.post("/sign-in", data=given).location == path(team)


def test_a_draft_can_be_thrown_away(web: Web, team: int) -> None:
    alice = web.client("alice")
    alice.post(path(team, "/draft"), data={**FLAT, **carried(alice, path(team)), "title": "写到一半"})
    asked = re.findall(r"<details>(.*?)</details>", alice.get(path(team)).text, re.S)
    assert [one for one in asked if 'name="discard"' in one and "不能恢复" in one]
    assert alice.post(path(team, "/draft"), data={"discard": "1"}).status_code == 303
    assert count(web, AnswerDraft) == 0
    assert "写到一半" not in alice.get(path(team)).text


def test_who_may_not_keep_a_draft(web: Web, team: int) -> None:
    answers = {who: web.client(who).post(path(team, "/draft"), data=FLAT).status_code for who in ("bob", "olga", "eve")}
    assert answers == {"bob": 404, "olga": 403, "eve": 403}
    assert web.client().post(path(team, "/draft"), data=FLAT).status_code == 302
    assert web.client("alice").post(path(team, "/draft").replace("declaration", "diary"), data=FLAT).status_code == 404
    assert count(web, AnswerDraft) == 0


@pytest.mark.parametrize("swept", [True, False])
def test_a_late_save_says_the_row_the_end_and_the_time_and_keeps_the_text_as_a_draft(
    web: Web, team: int, swept: bool
) -> None:
    alice = web.client("alice")
    page = carried(alice, path(team))
    web.world.session.rollback()
    if swept:
        web.go("2024-06-01 00:00")
    else:
        web.world.later(days=30)
        with unit(web.world.session):
            clock.set_to(web.world.session, web.world.now)
    late = alice.post(path(team), data={**FLAT, **page, "title": "迟到的题目"})
    assert late.status_code == 409
    for told in ("第4项“成果申报”", "2024年5月31日 24:00", "现在是2024年6月", "迟到的题目", "作为草稿保留"):
        assert told in late.text
    assert title(web, team) == DECLARATION["title"]
    assert count(web, AnswerDraft) == 1
    assert "迟到的题目" in alice.get(path(team)).text


def test_an_entry_is_kept_before_there_is_a_submission(web: Web) -> None:
    alice, address = web.client("alice"), "/applicant/cycles/2024/enter"
    page = carried(alice, address)
    kept = alice.post(f"{address}/draft", data={**page, "team_name": "半个班组", "team_size": "many"})
    assert kept.json["kept"] is True
    assert "半个班组" in alice.get(address).text
    assert "半个班组" not in web.client("bob").get(address).text
    raw = {key: value for key, value in REGISTRATION.items() if key != "members"}
    again = carried(alice, address)
    done = alice.post(address, data={**raw, **again, "team_name": "整个班组", "recommender": "3"})
    assert done.status_code == 303, done.text
    assert count(web, AnswerDraft) == 0
    late = alice.post(f"{address}/draft", data={**again, "team_name": "半个班组"})
    assert (late.json["kept"], count(web, AnswerDraft)) == (False, 0)


def test_an_entry_that_is_refused_is_kept(web: Web) -> None:
    alice, address = web.client("alice"), "/applicant/cycles/2024/enter"
    page = carried(alice, address)
    web.go("2024-06-01 00:00")
    late = alice.post(address, data={**page, "team_name": "迟到班"})
    assert (late.status_code, count(web, AnswerDraft)) == (409, 1)
    assert "迟到班" in alice.get(address).text


def _anna(web: Web) -> Actor:
    return colleague(web.world)


def test_a_save_on_an_older_version_is_merged_or_shown_side_by_side(web: Web, team: int) -> None:
    _anna(web)
    alice, anna = web.client("alice"), web.client("anna")
    mine, hers = carried(alice, path(team)), carried(anna, path(team))
    assert alice.post(path(team), data={**FLAT, **mine, "title": "甲稿"}).status_code == 303
    clash = anna.post(path(team), data={**FLAT, **hers, "title": "乙稿<b>", "planning": "分五步。"})
    assert clash.status_code == 409
    for told in ("甲稿", "乙稿&lt;b&gt;", "alice", 'name="pick-title"', 'value="分五步。"'):
        assert told in clash.text
    assert 'name="pick-planning"' not in clash.text
    assert title(web, team) == "甲稿"
    again = anna.get(path(team)).text  # her text is her draft meanwhile
    assert "乙稿" in again
    assert "此后有人保存了新的版本" in again
    undecided = {**FLAT, **hers, "title": "乙稿<b>", "planning": "分五步。", "against": "2"}
    assert anna.post(path(team), data=undecided).status_code == 409
    assert anna.post(path(team), data={**undecided, "pick-title": "mine"}).status_code == 303
    web.world.session.rollback()
    found = web.world.session.get_one(Answer, (team, "declaration")).values
    assert (found["title"], found["planning"]) == ("乙稿<b>", "分五步。")


def test_changes_that_do_not_go_together_are_drawn_together(web: Web) -> None:
    _anna(web)
    team = web.world.enter()
    address = f"/submissions/{team}/forms/registration"
    alice, anna = web.client("alice"), web.client("anna")
    mine, hers = carried(alice, address), carried(anna, address)
    cells = {f"members-{n}-{name}": cell for n, row in enumerate(MEMBERS) for name, cell in row.items()}
    raw = {key: value for key, value in REGISTRATION.items() if key != "members"}
    raw = {**raw, "team_name": "总装一班", "recommender": str(web.world.units["浦东区质协"].id)}
    assert alice.post(address, data={**raw, **cells, **mine, "trained_people": "12"}).status_code == 303
    fewer = {key: cell for key, cell in cells.items() if not key.startswith("members-11-")}
    both = anna.post(address, data={**raw, **fewer, **hers, "team_size": "11"})
    assert both.status_code == 422
    for drawn in (
        r'name="trained_people"[^>]* value="12"',
        r'name="team_size"[^>]* value="11"',
        r'name="seen"[^>]*"2"',
    ):
        assert re.search(drawn, both.text), drawn
    assert 'id="trained_people-error"' in both.text


def test_a_double_click_saves_once(web: Web, team: int) -> None:
    alice = web.client("alice")
    page = {**FLAT, **carried(alice, path(team)), "title": "一次"}
    assert [alice.post(path(team), data=page).status_code for _ in range(2)] == [303, 303]
    assert count(web, AnswerVersion) == 3  # registration, declaration, and this one


def test_versions_are_listed_compared_and_shown_to_those_who_may_read(web: Web, team: int) -> None:
    alice = web.client("alice")
    rows = {"metrics-0-actual": "0.5", "title": "降低总装线<返工>率"}
    alice.post(path(team), data={**FLAT, **carried(alice, path(team)), **rows})
    page = alice.get(path(team, "/versions")).text
    assert "<ins>" in page
    assert "&lt;返工&gt;" in page or "&lt;" in page
    assert "修改" in page
    assert "未改动的" in page
    assert DECLARATION["title"] in alice.get(path(team, "/versions/1")).text
    assert alice.get(path(team, "/versions/9")).status_code == 404
    for odd in ("?from=9", "?from=x", "?to=-1", "?to=99999999999999"):
        assert alice.get(path(team, "/versions") + odd).status_code == 404
    assert "没有不同" in alice.get(path(team, "/versions?from=2&to=2")).text
    for who, status in (("bob", 404), ("olga", 200), ("eve", 404)):
        assert web.client(who).get(path(team, "/versions")).status_code == status
        assert web.client(who).get(path(team, "/print")).status_code == status


def test_the_print_view_holds_every_answer_and_nothing_else(web: Web, team: int) -> None:
    page = web.client("alice").get(path(team, "/print")).text
    for text in (DECLARATION["objectives"], DECLARATION["results"], "返工率", "是"):
        assert text in page
    assert "<nav" not in page


def test_progress_is_said_per_section_and_for_the_whole(web: Web) -> None:
    other = web.world.enter(team="总装二班")
    web.world.move(other, "register", "alice")
    alice = web.client("alice")
    page = alice.get(path(other)).text
    parts = [(int(done), int(most)) for done, most in re.findall(r"必填 (\d+)/(\d+)", page)]
    (done, most), sections = parts[0], parts[1:]
    assert (done, most) == (sum(one for one, _ in sections), sum(one for _, one in sections))
    kept = alice.post(path(other, "/draft"), data={**carried(alice, path(other)), "title": "成果"}).json
    assert kept["whole"] == f"必填 {done + 1}/{most}"


def test_who_else_types_is_said_within_the_unit_only(web: Web, team: int) -> None:
    _anna(web)
    alice, anna = web.client("alice"), web.client("anna")
    anna.post(path(team, "/draft"), data={**FLAT, **carried(anna, path(team))})
    assert "正在由 anna 编辑（10:00）" in alice.get(path(team)).text
    assert "anna" not in web.client("olga").get(path(team)).text.replace("anna@", "")
    assert "正在由" not in anna.get(path(team)).text


def test_an_earlier_form_comes_in_as_a_draft_and_what_was_left_out_is_said(web: Web, team: int) -> None:
    other = web.world.enter(team="总装二班")
    web.world.move(other, "register", "alice")
    alice = web.client("alice")
    assert "总装一班" in alice.get(path(other, "/copy")).text
    assert alice.post(path(other, "/copy"), data={"source": str(team)}).status_code == 303
    page = alice.get(path(other)).text
    assert DECLARATION["objectives"] in page
    assert "未带入：" in page
    assert "尚未保存" in page
    assert web.world.session.get(Answer, (other, "declaration")) is None
    for odd in ("", "x", "987654", "9" * 30):
        assert alice.post(path(other, "/copy"), data={"source": odd}).status_code == 404
    assert web.client("bob").get(path(other, "/copy")).status_code == 404


def test_an_entry_takes_over_a_team_of_the_unit(web: Web, team: int) -> None:
    alice, address = web.client("alice"), "/applicant/cycles/2024/enter"
    assert alice.post(f"{address}/copy", data={"source": str(team)}).status_code == 303
    page = alice.get(address).text
    assert REGISTRATION["work_content"] in page
    assert "组员07" in page
    assert web.client("bob").post(f"{address}/copy", data={"source": str(team)}).status_code == 404


HOSTILE: dict[str, dict[str, Any]] = {
    "parts": {"data": "a=1&" * 200_000, "content_type": "application/x-www-form-urlencoded"},
    "names": {"data": "&".join(f"m{n}=1" for n in range(200_000)), "content_type": "application/x-www-form-urlencoded"},
    "pieces": {
        "data": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 200_000 + b"--x--",
        "content_type": "multipart/form-data; boundary=x",
    },
    "50 MB": {"data": b"title=" + b"a" * 50_000_000, "content_type": "application/x-www-form-urlencoded"},
    "3 MB": {"data": b"title=" + b"a" * 3_000_000, "content_type": "application/x-www-form-urlencoded"},
    "far row": {"data": {f"{rows}-999999999-name": "x" for rows in ("metrics", "members")}},
    "endless row": {"data": {f"{rows}-{'9' * 5_000}-name": "x" for rows in ("metrics", "members")}},
    "odd digit": {"data": {f"{rows}-²-name": "x" for rows in ("metrics", "members")}},
    "odd key": {"data": {"request_key": "a\x00b", "title": "x"}},
    "deep": {"data": b"[" * 100_000, "content_type": "application/json"},
    "half a character": {"data": b'{"title": "\\ud800"}', "content_type": "application/json"},
}


@pytest.mark.parametrize("body", HOSTILE, ids=list(HOSTILE))
def test_a_body_meant_to_hurt_is_refused_and_stores_nothing(web: Web, team: int, body: str) -> None:
    alice, before = web.client("alice"), count(web, AnswerVersion)
    for address in (path(team), path(team, "/draft"), "/applicant/cycles/2024/enter/draft"):
        answer = alice.post(address, **HOSTILE[body])
        assert 400 <= answer.status_code < 500, (address, answer.status_code)
        assert count(web, AnswerDraft) == 0
    assert (count(web, AnswerVersion), title(web, team)) == (before, DECLARATION["title"])


def test_halves_of_characters_never_reach_the_database(web: Web, team: int) -> None:
    alice, page = web.client("alice"), carried(web.client("alice"), path(team))
    odd = "&".join([*(f"{name}={value}" for name, value in page.items()), "title="]).encode() + b"\xed\xa0\x80"
    form = "application/x-www-form-urlencoded"
    for rest in ("", "/draft"):
        assert alice.post(path(team, rest), data=odd, content_type=form).status_code < 500
    assert alice.get(path(team)).status_code == 200
    assert title(web, team) == DECLARATION["title"]


def test_the_saving_line_says_when_the_stage_has_ended_and_keeps_what_is_typed(web: Web, team: int) -> None:
    alice = web.client("alice")
    page = carried(alice, path(team))
    web.go("2024-06-01 00:05")
    kept = alice.post(path(team, "/draft"), data={**FLAT, **page, "title": "晚了五分钟"})
    assert (kept.status_code, kept.json["kept"]) == (200, True)
    assert "2024年5月31日 24:00" in kept.json["says"]
    assert "已作为草稿保留，不能再提交" in kept.json["says"]
    assert "晚了五分钟" in alice.get(path(team)).text
