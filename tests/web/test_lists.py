"""What pages list and which year they are about; drafts of notices; what was typed stays after a refusal."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import func, insert, select

from qtb.domain.evidence import GENESIS
from qtb.i18n import LANGUAGES, word
from qtb.services import accounts, cycles, suspension
from qtb.store import lists
from qtb.store import years as stored
from qtb.store.accounts import Account, Unit
from qtb.store.cycles import Cycle, NoticeDraft
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web import years
from tests.journeys.test_form_review import REVIEW
from tests.rules.sources import ROOT
from tests.web.conftest import Web
from tests.world import ROWS, at

NOTICE = (
    "关于开展2025年质量信得过班组活动的通知\n\n"
    "1\t活动报名\t2-5月\t申报单位\n2\t成果申报\t2-5月\t申报单位\n3\t成果推荐\t4-6月\t推荐单位\n"
    "4\t成果评价\t7-8月\t主办方\n5\t成果发布\t8月\t主办方\n6\t宣传推广\t10-12月\t主办方"
)


def another_year(web: Web, year: int, *, days: int) -> None:
    """Open a year whose rows lie some days after those of 2024."""
    by = timedelta(days=days)
    rows = [
        replace(
            row, opens_at=row.opens_at and row.opens_at + by, closes_at=row.closes_at and row.closes_at + by,
            held_at=row.held_at and row.held_at + by,
        )
        for row in ROWS
    ]  # fmt: skip
    with unit(web.world.session) as work:
        cycles.open_cycle(
            work, definition=web.world.cycle.definition, key=str(year), year=year, title=f"{year}年质量信得过班组",
            rows=rows, notice={}, actor=web.world.actor("olga"), now=web.world.now,
        )  # fmt: skip


def heading(page: str) -> str:
    """Return a page's main part, so that links elsewhere do not count."""
    return page.split("<main", 1)[1]


def test_the_history_says_what_was_changed_in_words(web: Web) -> None:
    team = web.world.submitted()
    web.world.propose(web.world.placed("evaluated", team="总装二班"))
    page = web.client("olga").get("/admin/history?subject=submission").text
    assert "成果名称" in page
    assert "<ins>降低总装线返工率</ins>" in page
    assert "<ins>制造类</ins>" in page
    assert "12 行" in page  # the members
    assert "&#34;" not in page
    assert web.world.state(team) == "submitted"


def test_the_history_says_in_the_programmes_zone_when_a_move_was_due(web: Web) -> None:
    web.world.enter()
    web.go("2024-06-01 00:07")
    text = web.client("olga").get("/admin/history").text
    assert "应于 2024年6月1日 00:00（上海时间）" in text
    assert "16:00Z" not in text


def test_the_year_is_the_one_that_runs_then_the_next_then_the_latest(web: Web) -> None:
    another_year(web, 2025, days=366)
    another_year(web, 2027, days=366 + 730)
    found = stored.dated(web.world.session)
    for when, year in {
        "2023-06-01": 2024, "2024-05-20": 2024, "2025-05-20": 2025, "2026-06-01": 2027, "2027-06-01": 2027,
        "2031-01-01": 2027,
    }.items():  # fmt: skip
        chosen = years.current(found, at(when))
        assert chosen is not None
        assert (when, chosen.year) == (when, year)
    assert years.current([], at("2024-05-20")) is None


def test_opening_next_year_leaves_the_running_one_on_the_first_pages(web: Web) -> None:
    another_year(web, 2025, days=366)
    team = web.world.submitted()
    assert "<h1>2024年质量信得过班组</h1>" in web.client().get("/").text
    admin = web.client("olga")
    assert 'href="/admin/cycles/2024"' in heading(admin.get("/admin/").text)
    other = heading(admin.get("/admin/?cycle=2025").text)
    assert 'href="/admin/cycles/2025"' in other
    assert 'href="/admin/?cycle=2024"' in other
    assert "cycle=2025&amp;state=" in other
    assert admin.get("/admin/?cycle=nothing").status_code == 404
    queue = web.client("rita")
    row = f'<a href="/submissions/{team}">总装一班</a>'
    assert row in queue.get("/recommender/").text
    assert row not in queue.get("/recommender/?cycle=2025").text
    assert 'href="/recommender/?cycle=2025"' in queue.get("/recommender/").text
    assert queue.get("/recommender/?cycle=nothing").status_code == 404


def test_every_year_that_can_be_entered_now_or_later_is_offered(web: Web) -> None:
    another_year(web, 2025, days=366)
    another_year(web, 2022, days=-730)
    page = web.client("alice").get("/applicant/").text
    assert 'href="/applicant/cycles/2024/enter"' in page
    assert 'href="/applicant/cycles/2025/enter"' not in page
    assert "2025年质量信得过班组</button>" in page
    assert "2025年2月" in page  # why not yet
    assert "2022年质量信得过班组" not in page
    web.go("2024-06-20 10:00")  # this year's row is over: still named, with the reason
    page = web.client("alice").get("/applicant/").text
    assert "2024年质量信得过班组</button>" in page
    web.go("2025-03-01 10:00")
    page = web.client("alice").get("/applicant/").text
    assert 'href="/applicant/cycles/2025/enter"' in page
    assert "2024年质量信得过班组" not in page


def crowd(web: Web, n: int, like: int, *, state: str = "recommended", kind: str = "live") -> None:
    """Add n works like another one in some state, by default one in which neither its unit nor its recommender acts."""
    row = web.world.session.get_one(Submission, like)
    given = {
        "cycle_id": row.cycle_id, "unit_id": row.unit_id, "recommender_id": row.recommender_id, "kind": kind,
        "state": state, "state_since": web.world.now, "created_at": web.world.now, "version": 0,
        "head_hash": GENESIS, "team_name": "后来班",
    }  # fmt: skip
    with unit(web.world.session) as work:
        work.execute(insert(Submission), [{**given, "number": f"C{n:05d}", "team_key": f"c{n}"} for n in range(n)])


def test_an_old_pressing_thing_stays_to_do_behind_a_crowd(web: Web) -> None:
    team, mine = web.world.submitted(), web.world.enter(team="等报名的班")
    crowd(web, 60, team)
    rita = web.client("rita").get("/recommender/").text
    todo, listed = rita.split("data-label", 1)
    assert f'href="/submissions/{team}"' in todo
    assert f'<a href="/submissions/{team}">' in listed[:400]  # and first in the list
    assert f'href="/submissions/{mine}"' in web.client("alice").get("/applicant/").text


def test_a_work_to_be_judged_by_the_unit_is_not_called_by_one_of_the_answers(web: Web) -> None:
    web.world.submitted()
    assert '<span class="todo-what">初审</span>' in web.client("rita").get("/recommender/").text


def test_of_more_things_than_a_page_takes_the_most_pressing_are_shown(web: Web) -> None:
    team = web.world.submitted()
    crowd(web, lists.MOST + 20, team, state="returned", kind="side")
    soon = web.world.enter(team="先报的班")
    web.world.session.rollback()
    page = web.client("alice").get("/applicant/").text.split("data-label", 1)[0]
    assert page.count("todo-what") == lists.MOST
    assert re.search(r'/submissions/(\d+)"', heading(page))[1] == str(soon)


def test_things_to_do_of_every_running_year_are_shown_the_most_pressing_first(web: Web) -> None:
    late, soon = web.world.submitted("先审的班"), web.world.enter(team="先报的班")
    another_year(web, 2025, days=250)
    web.world.extend("register", "2024-06-02", submission_id=soon)
    first = web.world.enter(team="更急的班")
    page = web.client("alice").get("/applicant/").text.split("data-label", 1)[0]
    assert page.index(f"/submissions/{first}") < page.index(f"/submissions/{soon}")
    web.go("2024-06-05 10:00")
    page = web.client("rita").get("/recommender/?cycle=2025").text
    assert page.count(f'"/submissions/{late}"') == 1  # to do, though the list is another year's


def pages_of(web: Web, path: str) -> tuple[int, int, int]:
    """Return how many rows the first and second page have, and the rows of an absurd page."""
    client = web.client("olga")
    found = []
    for number in ("1", "2"):
        page = client.get(f"{path}{'&' if '?' in path else '?'}page={number}")
        assert page.status_code == 200
        found.append(heading(page.text).count("<tr") - 1)
    for odd in ("-1", "0", "9" * 30, "9" * 5_000, "1e3", "²", "", "x", "1.5"):
        page = client.get(f"{path}{'&' if '?' in path else '?'}page={quote(odd)}")
        assert page.status_code == 200
        assert heading(page.text).count("<tr") > 1
    last = heading(client.get(f"{path}{'&' if '?' in path else '?'}page=99999999").text).count("<tr") - 1
    return found[0], found[1], last


def test_users_units_and_letters_come_in_pages(web: Web) -> None:
    team = web.world.submitted()
    olga, now = web.world.actor("olga"), web.world.now
    with unit(web.world.session) as work:
        for n in range(60):
            accounts.add_unit(work, name=f"第{n}分公司", kind="applicant", actor=olga, now=now)
            accounts.add_account(work, name=f"某人{n}", email=f"p{n}@example.org", actor=olga, now=now)
            work.add(
                Outbox(
                    key=f"k{n}", batch_id="b", submission_id=team, effect="mail", letter="submitted",
                    to_role="applicant", status="kept", created_at=now, next_at=now, error="nobody",
                )
            )  # fmt: skip
    for path, table in {"/admin/users": Account, "/admin/units": Unit, "/admin/outbox": Outbox}.items():
        rest = web.world.session.scalar(select(func.count()).select_from(table)) - 50
        assert (path, pages_of(web, path)) == (path, (50, rest, rest))
    assert pages_of(web, "/admin/outbox?status=kept")[0] == 50
    assert 'href="/admin/outbox?status=kept&amp;page=2"' in web.client("olga").get("/admin/outbox?status=kept").text


def test_every_letter_has_a_name_in_both_languages(web: Web) -> None:
    names = {path.name.split(".")[0] for path in (ROOT / "templates" / "mail").iterdir()}
    assert len(names) >= 12
    for lang in LANGUAGES:
        assert [name for name in names if word(lang, f"letter.{name}") == f"letter.{name}"] == []


def test_the_organiser_reads_a_letter_as_it_would_leave(web: Web) -> None:
    web.world.submitted()
    row = web.world.session.scalars(select(Outbox).where(Outbox.to_role == "recommender")).one()
    client = web.client("olga")
    with unit(web.world.session):
        row.status, row.error = "kept", "nobody"
    shown = client.get("/admin/outbox").text
    assert f'<a href="/admin/outbox/{row.id}">请审核推荐</a>' in shown
    assert "<small>nobody</small>" not in shown
    assert "没有收件人" in shown
    page = client.get(f"/admin/outbox/{row.id}").text
    assert "rita@example.org" in page
    assert "：请审核推荐 / " in page
    assert "waiting for your recommendation" in page
    assert client.get("/admin/outbox/987654").status_code == 404
    assert web.client("rita").get(f"/admin/outbox/{row.id}").status_code == 403


def read(web: Web, **given: object) -> tuple[int, dict[str, str]]:
    """Let the organiser read a notice; return the draft's id and what its page would send unchanged."""
    client = web.client("olga")
    answer = client.post("/admin/notices/read", data={"text": NOTICE, "programme": "qtb", **given})
    assert answer.status_code == 303, answer.text
    page = client.get(answer.location).text
    form = page[page.index("data-warn") : page.index("form-foot")]
    fields = dict(re.findall(r'<input class="form-control"[^>]* name="([^"]+)"[^>]* value="([^"]*)"', form))
    chosen = r'<select [^>]*name="([^"]+)"(?:(?!</select>).)*?<option value="([^"]*)" selected'
    return int(answer.location.rsplit("/", 1)[1]), fields | dict(re.findall(chosen, form, re.DOTALL))


def drafts(web: Web) -> int:
    """Return how many drafts there are."""
    web.world.session.rollback()
    return web.world.session.scalar(select(func.count()).select_from(NoticeDraft))


def test_rows_are_added_to_a_notice_by_hand(web: Web) -> None:
    draft_id, fields = read(web)
    assert fields["title-6"] == ""
    client, path = web.client("olga"), f"/admin/notices/{draft_id}"
    added = {"title-6": "表彰大会", "start-6": "2025-09-01", "end-6": "2025-09-02", "key-7": "exchange"}
    dated = {"start-7": "2025-09-10", "end-7": "2025-09-12"}
    unnamed = client.post(path, data={**fields, **dated})
    assert (unnamed.status_code, 'value="2025-09-10"' in unnamed.text) == (422, True)
    assert client.post(path, data={**fields, **added, **dated}).location == "/admin/cycles/2025"
    rows = web.world.session.scalars(select(Cycle).filter_by(key="2025")).one().rows
    assert [(row.seq, row.title) for row in rows][6:] == [(7, "表彰大会"), (8, "活动优秀成果交流会")]
    assert (rows[6].opens_at, rows[6].closes_at) == (at("2025-09-01"), at("2025-09-03"))
    assert rows[7].key == "exchange"


@pytest.mark.parametrize(
    "wrong", [{"start-0": "soon"}, {"key-1": "nothing"}, {"title-2": "带\x00字"}, {"year": "abc"}, {"key": "9\x009"}]
)
def test_what_was_corrected_stays_on_the_page_after_a_refusal(web: Web, wrong: dict[str, str]) -> None:
    draft_id, fields = read(web)
    given = {**fields, "title-0": "改过的活动报名", "end-0": "2025-06-07", "title": "改过的标题", "title-8": "手工行"}
    given |= {"key": "y-2025", "year": "2026", **wrong}
    answer = web.client("olga").post(f"/admin/notices/{draft_id}", data=given)
    assert answer.status_code == 422
    for name in ("title-0", "end-0", "title", "title-8", "key", "year"):
        assert f'name="{name}"' in answer.text
        assert f'value="{given[name]}"' in answer.text
    assert 'id="refusal"' in answer.text
    assert re.search(r"<details[^>]* open><summary>(?:(?!</summary>).)*手工添加", answer.text, re.DOTALL)
    blank = web.client("olga").post(f"/admin/notices/{draft_id}", data={**given, "title": "", "key": ""})
    assert 'name="title" type="text" value=""' in blank.text
    assert 'name="key" type="text" value=""' in blank.text


def test_a_draft_is_discarded_after_a_second_look_and_a_confirmed_one_never(web: Web) -> None:
    draft_id, fields = read(web)
    client = web.client("olga")
    assert client.post(f"/admin/notices/{draft_id}/discard").status_code == 422
    assert drafts(web) == 1
    assert client.post(f"/admin/notices/{draft_id}/discard", data={"sure": "yes"}).location == "/admin/cycles"
    assert drafts(web) == 0
    assert client.post(f"/admin/notices/{draft_id}/discard", data={"sure": "yes"}).status_code == 404
    draft_id, fields = read(web)
    assert client.post(f"/admin/notices/{draft_id}/done").status_code == 404
    assert client.post(f"/admin/notices/{draft_id}", data=fields).status_code == 303
    assert client.post(f"/admin/notices/{draft_id}/discard", data={"sure": "yes"}).status_code == 409
    assert web.client("rita").post(f"/admin/notices/{draft_id}/discard", data={"sure": "yes"}).status_code == 403
    assert drafts(web) == 1


def test_a_later_version_leaves_the_list_when_it_is_done(web: Web) -> None:
    draft_id, _ = read_later(web)
    client = web.client("olga")
    assert f'href="/admin/notices/{draft_id}"' in client.get("/admin/cycles").text
    assert client.post(f"/admin/notices/{draft_id}/done").location == "/admin/cycles"
    assert f'href="/admin/notices/{draft_id}"' not in client.get("/admin/cycles").text
    assert client.get(f"/admin/notices/{draft_id}").status_code == 200  # still to be read
    assert client.post(f"/admin/notices/{draft_id}/done").status_code == 409


def read_later(web: Web) -> tuple[int, str]:
    """Let the organiser read a later version of the year's notice; return the draft's id and address."""
    answer = web.client("olga").post(
        "/admin/notices/read", data={"text": NOTICE, "programme": "qtb", "cycle": "2024"}
    )
    assert answer.status_code == 303
    return int(answer.location.rsplit("/", 1)[1]), answer.location


def test_a_later_version_of_an_unknown_year_is_not_found(web: Web) -> None:
    client = web.client("olga")
    given = {"text": NOTICE, "programme": "qtb", "cycle": "2042"}
    assert client.post("/admin/notices/read", data=given).status_code == 404
    assert client.get("/admin/notices/read?cycle=2042").status_code == 404
    assert drafts(web) == 0


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("no\x00tice.txt", "notice.txt"), ("通\x1b[31m知\u202e.txt", "通[31m知.txt"), ("\x00", "未命名文件"),
        ("长" * 300 + ".txt", "长" * 196 + ".txt"), ("x" * 300, "x" * 200),
    ],
)  # fmt: skip
def test_the_name_of_an_upload_is_kept_without_what_cannot_be_seen(web: Web, name: str, kept: str) -> None:
    upload = (io.BytesIO(NOTICE.encode()), name)
    data = {"file": upload, "programme": "qtb"}
    answer = web.client("olga").post("/admin/notices/read", data=data, content_type="multipart/form-data")
    assert answer.status_code == 303
    assert web.world.session.scalars(select(NoticeDraft)).one().file_name == kept


def test_a_refused_row_keeps_what_was_typed_in_its_own_open_form(web: Web) -> None:
    given = {"opens_at": "2024-07-01T01:02", "closes_at": "2024-06-08T03:04", "grace": "17"}
    answer = web.client("olga").get("/admin/cycles/2024/rows/register", query_string=given)
    assert answer.status_code == 422
    (form,) = re.findall(r"<details open>(?:(?!</details>).)*</details>", heading(answer.text), re.DOTALL)
    assert "/rows/register" in form
    for name in ("opens_at", "closes_at", "grace"):
        assert f'value="{given[name]}"' in form
    held = {"opens_at": "2024-08-01T00:00", "closes_at": "2024-09-01T00:00", "held_at": "2024-10-02T05:06"}
    answer = web.client("olga").get("/admin/cycles/2024/rows/publish", query_string={**given, **held})
    assert 'name="held_at" value="2024-10-02T05:06"' in answer.text


def test_a_refused_extension_keeps_what_was_typed_in_its_open_form(web: Web) -> None:
    group = web.world.units["江南物业"].id
    given = {
        "row": "declare", "reach": "unit", "unit_id": str(group), "number": "20249999", "until": "2024-03-01T01:02",
        "back": "submission",
    }  # fmt: skip
    answer = web.client("olga").get("/admin/cycles/2024/extensions", query_string=given)
    assert answer.status_code == 422
    (form,) = re.findall(r"<details open>(?:(?!</details>).)*</details>", heading(answer.text), re.DOTALL)
    for name in ("number", "until", "back"):
        assert f'value="{given[name]}"' in form
    assert re.findall(r'value="(\w+)" selected', form) == ["declare", "unit", str(group)]


def test_the_public_timeline_stacks_and_today_stands_above_the_months(web: Web) -> None:
    page = web.client().get("/").text
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert '<table class="table card-table stack">' in page
    assert table.count("<td") == table.count("<td data-label=") == 6 * len(ROWS)
    top = float(re.search(r'viewBox="0 (-\d+) ', page)[1])
    flag = re.search(r'p-today-flag" x="[^"]+" y="([^"]+)" width="44" height="(\d+)"', page)
    flag_y, height = map(float, flag.groups())
    month_y = float(re.search(r'p-month" x="[^"]+" y="([^"]+)"', page)[1])
    assert top <= flag_y
    assert flag_y + height <= month_y - 12  # the size of its letters
    web.go("2031-01-01 10:00")
    assert "p-today" not in web.client().get("/").text


def test_badges_and_arrows_fit_on_phones() -> None:
    style = (ROOT / "qtb" / "static" / "app.css").read_text("utf-8")
    assert re.search(r"\.from-to \{[^}]*flex-wrap: wrap", style)
    assert re.search(r"\.table\.stack td > \.state \{[^}]*justify-self: start", style)


def test_a_row_that_was_read_wrongly_is_left_out(web: Web) -> None:
    client = web.client("olga")
    items = ["报名\t2-5月", "申报\t2-5月", "推荐\t4-6月", "评价\t7-8月", "发布\t8月", "推广\t10-12月", "午餐\t9月"]
    rows = "\n".join(f"{n}\t{item}\t主办方" for n, item in enumerate(items, 1))
    draft = client.post("/admin/notices/read", data={"text": f"2026年活动通知\n\n{rows}", "programme": "qtb"})
    page = client.get(draft.location).text
    fields = dict(re.findall(r'name="((?:start|end|held|title)-\d+)"[^>]*value="([^"]*)"', page))
    keys = ["register", "declare", "recommend", "evaluate", "publish", "promote", "-"]
    given = {**fields, **{f"key-{n}": key for n, key in enumerate(keys)}}
    answer = client.post(draft.location, data={**given, "key": "2026", "title": "活动", "year": "2026"})
    assert answer.status_code == 303
    assert "午餐" not in client.get("/cycles/2026").text


def test_an_extension_for_all_is_what_everybody_sees(web: Web) -> None:
    web.world.now = at("2024-05-20 09:00")
    web.world.extend("register", "2024-06-05")
    web.go("2024-06-02 09:00")
    page = web.client(None).get("/cycles/2024").text
    row = page.split('data-label="内容">活动报名</td>')[1].split("</tr>")[0]
    assert "2024年2月1日 – 2024年6月4日" in row
    assert "state-green" in row  # open
    web.world.now = at("2024-06-03 09:00")
    web.world.extend("declare", "2024-07-05", unit_name="浦江电机厂")  # one unit's is nobody else's business
    assert "2024年7月4日" not in web.client(None).get("/cycles/2024").text


def test_a_suspended_case_is_nothing_to_do(web: Web) -> None:
    team = web.world.enter(team="停着的班")
    assert f"/submissions/{team}" in web.client("alice").get("/applicant/").text.split("data-label", 1)[0]
    with unit(web.world.session):
        row = web.world.session.get_one(Submission, team)
        suspension.suspend(web.world.session, row, actor=web.world.actor("olga"), now=web.world.now, reason="核实材料")
    assert f"/submissions/{team}" not in web.client("alice").get("/applicant/").text.split("data-label", 1)[0]


def test_the_organiser_finds_the_works_whose_form_nobody_has_reviewed(web: Web) -> None:
    world, olga = web.world, web.client("olga")
    works = [world.placed("recommended", team=team) for team in ("甲班", "乙班")]
    web.go("2024-07-02 10:00")
    assert "2 件待审查" in olga.get("/admin/").text
    world.fill(works[0], "form_review", {**REVIEW, "conclusion": "pass"}, "olga")
    assert "1 件待审查" in olga.get("/admin/").text
    listed = olga.get("/admin/submissions?review=none").text
    assert "乙班" in listed
    assert "甲班" not in listed
