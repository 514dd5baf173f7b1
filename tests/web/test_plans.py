"""The pages on which dates are moved: nothing is saved without a preview, and nothing but what it showed."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from qtb.cli import plan_words
from qtb.i18n import word
from qtb.services.cycles import as_planned
from qtb.services.plans import Asked, foresee
from qtb.store.cycles import Cycle, Extension, timeline_of
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from tests.web.conftest import Web
from tests.world import at

ROW = "/admin/cycles/2024/rows/register"
LATER = {"opens_at": "2024-02-01T00:00", "closes_at": "2024-06-08T00:00", "grace": "0"}
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def shown(answer: TestResponse) -> dict[str, str]:
    """Return what the apply form of a preview sends along."""
    form = answer.text[answer.text.index('id="apply"') :]
    return {name: html.unescape(value) for name, value in HIDDEN.findall(form)}


def applied(client: FlaskClient, path: str, asked: dict[str, Any], **given: Any) -> TestResponse:
    """Look at the preview of a change and apply it, meaning it: to register until after declaring ends is odd."""
    preview = client.get(path, query_string=asked)
    assert preview.status_code == 200, preview.text
    return client.post(path, data={**shown(preview), "reason": "台风", "tell": "yes", "sure": "yes", **given})


def closes(web: Web, key: str) -> Any:
    """Return a row's end as it is stored."""
    web.world.session.rollback()
    return timeline_of(web.world.session, web.world.cycle.id).rows[key].closes_at


def test_a_row_is_moved_only_after_its_preview(web: Web) -> None:
    team = web.world.enter()
    client = web.client("olga")
    preview = client.get(ROW, query_string=LATER)
    number = web.world.session.get_one(Submission, team).number
    for words in ("2024年5月31日 24:00", "2024年6月7日 24:00", number, "草稿：1 件"):
        assert words in preview.text
    assert closes(web, "register") == at("2024-06-01")
    blind = client.post(ROW, data={**LATER, "reason": "台风", "seen": shown(preview)["seen"]})
    assert blind.status_code == 409
    assert closes(web, "register") == at("2024-06-01")
    assert applied(client, ROW, LATER).location == "/admin/cycles/2024"
    assert closes(web, "register") == at("2024-06-08")
    (letter,) = web.world.session.scalars(select(Outbox).filter_by(letter="date_changed"))
    assert (letter.to_role, letter.about["cases"]) == ("applicant", [team])
    page = client.get("/admin/cycles/2024").text
    assert "台风" in page
    assert "活动报名 · 截止 2024年5月31日 24:00（上海时间） → 2024年6月7日 24:00（上海时间）" in page


def test_nobody_is_told_when_the_box_is_empty(web: Web) -> None:
    web.world.enter()
    client = web.client("olga")
    data = {**shown(client.get(ROW, query_string=LATER)), "reason": "台风", "sure": "yes"}
    assert client.post(ROW, data=data).status_code == 303
    assert web.world.session.scalar(select(func.count()).where(Outbox.letter == "date_changed")) == 0


def test_somebody_faster_and_another_plan_are_shown_anew(web: Web) -> None:
    client = web.client("olga")
    first = shown(client.get(ROW, query_string=LATER))
    assert applied(client, ROW, {**LATER, "closes_at": "2024-06-05T00:00"}).status_code == 303
    late = client.post(ROW, data={**first, "reason": "台风之后"})
    assert late.status_code == 409
    assert "台风之后" in late.text
    assert "2024年6月4日 24:00" in late.text
    assert client.post(ROW, data={**shown(late), "reason": "台风", "sure": "yes"}).status_code == 303


def test_what_is_grave_is_saved_only_by_somebody_who_means_it(web: Web) -> None:
    web.world.enter()
    client = web.client("olga")
    past = {**LATER, "closes_at": "2024-05-10T00:00"}
    preview = client.get(ROW, query_string=past)
    assert "报名截止未提交" in preview.text
    assert 'name="sure"' in preview.text
    data = {**shown(preview), "reason": "台风"}
    refused = client.post(ROW, data=data)
    assert refused.status_code == 422
    assert client.post(ROW, data={**data, "sure": "yes"}).status_code == 303


def test_an_order_that_lets_nothing_through_offers_no_button(web: Web) -> None:
    promote = {"opens_at": "2024-06-01T00:00", "closes_at": "2024-07-31T00:00"}
    preview = web.client("olga").get("/admin/cycles/2024/rows/promote", query_string=promote)
    assert preview.status_code == 200
    assert "没有申报能够走完流程" in preview.text
    assert 'id="apply"' not in preview.text


def test_an_extension_is_listed_with_who_when_and_why(web: Web) -> None:
    team = web.world.enter()
    client, number = web.client("olga"), web.world.session.get_one(Submission, team).number
    asked = {"row": "register", "reach": "one", "number": number, "until": "2024-06-11T00:00", "back": "submission"}
    done = applied(client, "/admin/cycles/2024/extensions", asked, reason="盖章延误")
    assert done.location == f"/submissions/{team}"
    for page in ("/admin/cycles/2024", f"/submissions/{team}"):
        text = client.get(page).text
        for words in ("盖章延误", "olga 于 2024年5月20日", "2024年6月10日 24:00"):
            assert words in text, page
    again = client.post("/admin/cycles/2024/extensions", data={**asked, "reason": "再来", "seen": "1", "shown": "x"})
    assert again.status_code == 409
    web.world.session.rollback()
    assert web.world.session.scalar(select(func.count()).select_from(Extension)) == 1


REACHES = [
    ("one", "只适用于这一件申报"),
    ("unit", "只适用于浦江电机厂的申报"),
    ("all", "公开时间表和日历订阅将显示新日期"),
]


@pytest.mark.parametrize(("reach", "words"), REACHES)
def test_who_will_see_the_new_date_is_said_by_reach(web: Web, reach: str, words: str) -> None:
    number = web.world.session.get_one(Submission, web.world.enter()).number
    asked = {
        "row": "register", "reach": reach, "number": number, "unit_id": web.world.units["浦江电机厂"].id,
        "until": "2024-06-11T00:00",
    }  # fmt: skip
    text = web.client("olga").get("/admin/cycles/2024/extensions", query_string=asked).text
    assert [one for _, one in REACHES if one in text] == [words]


def test_an_extension_that_gives_nothing_is_refused_at_the_form(web: Web) -> None:
    web.world.extend("register", "2024-06-11")
    asked = {"row": "register", "reach": "all", "until": "2024-06-11T00:00"}
    answer = web.client("olga").get("/admin/cycles/2024/extensions", query_string=asked)
    assert answer.status_code == 409
    assert "2024年6月10日 24:00" in answer.text


def test_the_year_is_shifted(web: Web) -> None:
    client = web.client("olga")
    asked = {"days": "7", "hours": "", "from": ""}
    preview = client.get("/admin/cycles/2024/shift", query_string=asked)
    assert "2024年8月27日 10:00" in preview.text
    assert applied(client, "/admin/cycles/2024/shift", asked, sure="yes").status_code == 303
    assert closes(web, "promote") == at("2025-01-08")
    earlier = {"days": "-1", "hours": "-2", "from": "evaluate"}
    assert applied(client, "/admin/cycles/2024/shift", earlier, sure="yes").status_code == 303
    assert closes(web, "evaluate") == at("2024-09-06 22:00")


def test_a_shift_shows_the_later_ends_that_move_with_it(web: Web) -> None:
    web.world.extend("register", "2024-06-11", unit_name="江南物业")
    client, asked = web.client("olga"), {"days": "7", "hours": "", "from": ""}
    preview = client.get("/admin/cycles/2024/shift", query_string=asked).text
    assert all(words in preview for words in ("一并移动的延期截止", "江南物业", "2024年6月17日 24:00"))
    assert applied(client, "/admin/cycles/2024/shift", asked, sure="yes").status_code == 303
    story = client.get("/admin/cycles/2024").text
    assert "调整了延期后的截止时间" in story
    assert client.get("/admin/history").text.count("延期调整") >= 1
    assert client.get("/calendar").status_code == 200


BAD = [
    (ROW, {**LATER, "closes_at": "2024-01-01T00:00"}, 422),
    (ROW, {**LATER, "closes_at": "soon"}, 422),
    (ROW, {**LATER, "grace": "10081"}, 422),
    (ROW, {**LATER, "grace": "-5"}, 422),
    (ROW, {**LATER, "grace": "½"}, 422),
    (ROW, {**LATER, "closes_at": "2024-06-01T00:00"}, 422),
    ("/admin/cycles/2024/rows/winter", LATER, 404),
    ("/admin/cycles/2042/rows/register", LATER, 404),
    ("/admin/cycles/2024/shift", {"days": "", "hours": ""}, 422),
    ("/admin/cycles/2024/shift", {"days": "1e3"}, 422),
    ("/admin/cycles/2024/shift", {"days": "9" * 400}, 422),
    ("/admin/cycles/2024/shift", {"days": "1", "from": "winter"}, 404),
    ("/admin/cycles/2024/extensions", {"row": "register", "reach": "unit", "until": "2024-06-11T00:00"}, 422),
    ("/admin/cycles/2024/extensions", {"row": "register", "reach": "all", "until": ""}, 422),
    ("/admin/cycles/2024/extensions", {"row": "winter", "reach": "all", "until": "2024-06-11T00:00"}, 404),
]


@pytest.mark.parametrize(("path", "asked", "status"), BAD)
def test_what_cannot_be_is_refused_with_a_reason(web: Web, path: str, asked: dict[str, str], status: int) -> None:
    client = web.client("olga")
    for answer in (client.get(path, query_string=asked), client.post(path, data=asked)):
        assert answer.status_code == status


def test_nobody_else_sees_or_makes_a_plan(web: Web) -> None:
    for who in ("alice", "rita", "eve", None):
        client = web.client(who)
        for path in (ROW, "/admin/cycles/2024/shift", "/admin/cycles/2024/extensions"):
            assert client.get(path, query_string=LATER).status_code in (302, 303, 403)
            assert client.post(path, data=LATER).status_code in (302, 303, 403)
    assert closes(web, "register") == at("2024-06-01")


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh", "待主办方代审）；保存后：2024年5月24日 24:00（上海时间） 推荐截止未推荐（逾期失效）"),
        ("en", "Now: The recommending unit stays silent (Passed on to the organiser), 11 Jun 2024, 24:00"),
    ],
)
def test_where_the_clock_would_act_otherwise_both_acts_are_named_with_their_dates(
    web: Web, lang: str, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    team = web.world.submitted()
    client = web.client("olga")
    client.post("/language", data={"lang": lang, "back": "/"})
    asked = {"opens_at": "2024-04-01T00:00", "closes_at": "2024-05-25T00:00", "grace": "0"}
    page = html.unescape(client.get("/admin/cycles/2024/rows/recommend", query_string=asked).text)
    assert words in page
    assert word(lang, "plan.kind.becomes") in page
    assert word(lang, "plan.kind.moves") not in page
    monkeypatch.setattr(plan_words, "lang", lambda: lang)
    monkeypatch.setattr(plan_words, "say", partial(word, lang))
    year = web.world.session.get_one(Cycle, web.world.cycle.id)
    change = replace(as_planned(next(row for row in year.rows if row.key == "recommend")), closes_at=at("2024-05-25"))
    plan_words.told(year, foresee(web.world.session, year, Asked((change,)), now=web.world.now).plan)
    told = capsys.readouterr().out
    assert words in told
    assert web.world.session.get_one(Submission, team).number in told


def test_an_extension_is_taken_back_from_the_year_and_from_the_case(web: Web) -> None:
    team = web.world.placed("registered")
    web.world.extend("declare", "2200-01-01", submission_id=team)
    client = web.client("olga")
    (one,) = web.world.session.scalars(select(Extension))
    path = f"/admin/cycles/2024/extensions/{one.id}"
    for page in ("/admin/cycles/2024", f"/submissions/{team}"):
        assert f'action="{path}"' in client.get(page).text
    preview = client.get(path, query_string={"until": "", "back": "submission"})
    assert "2024年5月31日 24:00" in preview.text
    assert web.world.session.get_one(Submission, team).number in preview.text
    shorter = applied(client, path, {"until": "2024-06-11T00:00", "back": "submission"}, reason="误批")
    assert shorter.location == f"/submissions/{team}"
    assert applied(client, path, {"until": ""}, reason="误批").location == "/admin/cycles/2024"
    year = client.get("/admin/cycles/2024").text
    assert "已收回" in year
    assert path not in year
    assert "收回了延期" in client.get(f"/submissions/{team}").text
    assert "收回了延期" in web.client("alice").get(f"/submissions/{team}").text
    assert client.get(path).status_code == 404
    letters = web.world.session.scalars(select(Outbox.about).filter_by(letter="date_changed")).all()
    assert [one["cases"] for one in letters] == [[team], [team]]


def test_one_that_was_given_to_all_is_told_in_the_year_with_both_ends(web: Web) -> None:
    web.world.extend("declare", "2024-07-11")
    client = web.client("olga")
    (one,) = web.world.session.scalars(select(Extension))
    path = f"/admin/cycles/2024/extensions/{one.id}"
    assert "公开时间表和日历订阅将显示新日期" in client.get(path).text
    assert applied(client, path, {}, reason="误批").status_code == 303
    year = client.get("/admin/cycles/2024").text
    assert "成果申报 · 截止 2024年7月10日 24:00（上海时间） → 2024年5月31日 24:00（上海时间）" in year
    assert client.get(path, query_string={"until": "soon"}).status_code == 422
    assert web.client("alice").get(path).status_code == 403
