"""The public notice: objections by name from anybody, taken up and answered by the organiser, one award suspended."""

from __future__ import annotations

import io
import re
from typing import Any

import pdfplumber
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from qtb.domain.errors import Conflict, Denied
from qtb.effects.mail import Letter
from qtb.services import check, objections, undo
from qtb.services.answers import Incorrect
from qtb.services.letters import Post, letter_of
from qtb.store.files import File
from qtb.store.objections import Objection
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from qtb.web.access import NOBODY
from tests import files
from tests.consenting import answer, bodies, lay, waive
from tests.services.test_certificates import issue
from tests.web.conftest import Web
from tests.world import World

PUBLISHED, LAST_DAY, OVER = "2024-08-20 10:00", "2024-08-27 23:59", "2024-08-28 00:00"
PERSON = {
    "by_kind": "person", "by_name": "测试异议人", "by_phone": "13800000000", "by_email": "objector@example.org",
    "item": "指标数据", "grounds": "返工率与公开报表不符。",
}  # fmt: skip
UNIT = {**PERSON, "by_kind": "unit", "by_name": "某某制造厂", "by_uscc": "91310000000000001Y"}
ANSWER = {"finding": "经核查，数据属实。", "reply": "感谢监督，结果维持。"}


def accepted(world: World, one: int, who: str = "olga") -> None:
    with unit(world.session) as session:
        row = session.get_one(Objection, one)
        objections.accept(session, row, actor=world.actor(who), now=world.now, seen=row.version)


def answered(world: World, one: int, raw: dict[str, Any], outcome: str = "upheld") -> None:
    with unit(world.session) as session:
        row = session.get_one(Objection, one)
        objections.decide(session, row, outcome, raw, actor=world.actor("olga"), now=world.now, seen=row.version)


@pytest.fixture
def work(web: Web) -> int:
    """A work that was published with a level."""
    found = web.world.placed("evaluated")
    web.world.propose(found)
    web.go(PUBLISHED)
    return found


def address(web: Web, work: int) -> str:
    number = web.world.session.get_one(Submission, work).number
    return f"/cycles/2024/results/{number}/objection"


def sent(client: FlaskClient, url: str, answers: dict[str, Any], key: str = "key-1", **given: Any) -> Any:
    return client.post(url, data={**answers, "request_key": key, **given}, content_type="multipart/form-data")


def all_of(world: World, table: type[Any], *clauses: Any) -> list[Any]:
    world.session.rollback()
    return list(world.session.scalars(select(table).where(*clauses).order_by(table.id)))


def filed(world: World, work: int, key: str = "k") -> int:
    with unit(world.session) as session:
        row = session.get_one(Submission, work)
        return objections.file(session, row, PERSON, laid=[], actor=NOBODY, now=world.now, request_key=key).id


def told(world: World) -> dict[str, Letter]:
    """Return the letters to whoever objected, by name, as they would leave now."""
    world.session.rollback()
    rows = world.session.scalars(select(Outbox).where(Outbox.to_role == "objector").order_by(Outbox.id))
    post = Post(None, "qtb@localhost", "https://example.org")
    return {row.letter: letter_of(world.session, row, post=post, now=world.now) for row in rows}


def test_a_code_is_typed_where_there_is_no_link(web: Web, work: int) -> None:
    stranger, code = web.client(), web.world.session.get_one(Objection, filed(web.world, work)).code
    assert 'href="/objections"' in stranger.get("/cycles/2024/results").text
    assert 'name="code"' in stranger.get("/objections").text
    shown = stranger.get("/objections", query_string={"code": f" {code.lower()} "}, follow_redirects=True)
    assert (shown.status_code, "指标数据" in shown.text) == (200, True)
    assert stranger.get("/objections?code=XXXX", follow_redirects=True).status_code == 404


@pytest.mark.parametrize("outcome", ["rejected", "upheld", "dismissed"])
def test_whoever_objects_is_written_to_at_the_address_that_was_given(web: Web, work: int, outcome: str) -> None:
    world = web.world
    one = filed(world, work)
    code = world.session.get_one(Objection, one).code
    (received,) = told(world).values()
    assert received.recipients == ["objector@example.org"]
    for text in ("测试异议人", code, f"https://example.org/objections/{code}"):
        assert text in received.body, text
    if outcome == "dismissed":
        with unit(world.session) as session:
            row = session.get_one(Objection, one)
            objections.dismiss(session, row, actor=world.actor("olga"), now=world.now, seen=0, reason="不在异议范围")
        assert list(told(world)) == ["objector_received", "objector_answered"]
        assert all(text in told(world)["objector_answered"].body for text in ("不予受理", "不在异议范围"))
        return
    accepted(world, one)
    assert "2024年9月" in told(world)["objector_taken"].body
    answered(world, one, ANSWER, outcome)
    ended = told(world)["objector_answered"].body
    assert ("异议成立" if outcome == "upheld" else "异议不成立") in ended
    assert "感谢监督，结果维持。" in ended
    assert len(told(world)) == 3


def test_without_an_address_nobody_is_written_to(web: Web, work: int) -> None:
    with unit(web.world.session) as session:
        row, raw = session.get_one(Submission, work), {**PERSON, "by_email": ""}
        objections.file(session, row, raw, laid=[], actor=NOBODY, now=web.world.now, request_key="k")
    assert told(web.world) == {}


def test_somebody_objects_and_reads_with_the_code_how_it_stands(web: Web, work: int) -> None:
    stranger = web.client()
    assert "提出异议" in stranger.get("/cycles/2024/results").text
    page = stranger.get(address(web, work)).text
    assert "2024年8月27日 24:00" in page
    assert "调查结论" not in page
    answer = sent(stranger, address(web, work), PERSON)
    assert answer.status_code == 303
    shown = stranger.get(answer.location).text
    (row,) = all_of(web.world, Objection)
    assert row.code in shown
    assert "待受理" in shown
    assert "测试异议人" not in shown
    assert row.values["grounds"] == PERSON["grounds"]
    assert row.accepted_at is None
    web.world.session.rollback()
    assert web.world.session.get_one(Submission, work).n_objections_open == 0  # nobody suspends an award by writing
    assert web.client().get("/objections/AAAA-AAAA-AAAA-AAAA").status_code == 404
    assert sorted(letter for letter in web.world.letters(work) if letter[0].startswith("objection")) == [
        ("objection_filed", "organiser")
    ]


def test_a_unit_sends_its_stamped_paper_and_evidence_which_only_the_organiser_gets(web: Web, work: int) -> None:
    stranger = web.client()
    refused = sent(stranger, address(web, work), UNIT)
    assert refused.status_code == 422
    assert 'id="stamped_file-error"' in refused.text
    papers = {
        "file-stamped_file": (io.BytesIO(files.pdf()), "异议书.pdf"),
        "file-evidence_files": [(io.BytesIO(files.picture()), "照片.png"), (io.BytesIO(files.word()), "说明.docx")],
    }
    assert sent(stranger, address(web, work), UNIT, **papers).status_code == 303
    kept = all_of(web.world, File, File.objection_id.is_not(None))
    assert [(one.field, one.name) for one in kept] == [
        ("stamped_file", "异议书.pdf"), ("evidence_files", "照片.png"), ("evidence_files", "说明.docx"),
    ]  # fmt: skip
    assert web.client("olga").get(f"/files/{kept[0].id}").status_code == 200
    for who in ("alice", "rita", "eve"):
        assert web.client(who).get(f"/files/{kept[0].id}").status_code == 404
    assert web.client("olga").post(f"/files/{kept[0].id}/away").status_code == 404


def test_what_is_wrong_is_said_at_its_field_and_leaves_nothing(web: Web, work: int) -> None:
    stranger = web.client()
    hostile = {"file-evidence_files": (io.BytesIO(b"MZ\x90\x00" + b"\0" * 200), "证据.pdf")}
    for answers, papers, where in (
        ({**PERSON, "by_name": ""}, {}, "by_name-error"),
        ({**PERSON, "by_phone": "123"}, {}, "by_phone-error"),
        ({**PERSON, "grounds": "长" * 2001}, {}, "grounds-error"),
        ({**UNIT, "by_uscc": "91310000000000001X"}, {}, "by_uscc-error"),
        (PERSON, hostile, "refusal"),
        ({**PERSON, "grounds": "a\x00b"}, {}, "grounds-error"),
    ):
        refused = sent(stranger, address(web, work), answers, **papers)
        assert (refused.status_code, f'id="{where}"' in refused.text) == (422, True), where
        assert PERSON["item"] in refused.text  # nothing typed is lost
    assert all_of(web.world, Objection) == all_of(web.world, File, File.objection_id.is_not(None)) == []


def test_nothing_can_be_objected_to_before_the_publication_or_after_the_notice(web: Web) -> None:
    world, stranger = web.world, web.client()
    work = world.placed("evaluated")
    world.propose(work)
    web.go("2024-08-20 09:59")
    assert stranger.get(address(web, work)).status_code == 404  # as if there were no such work
    assert sent(stranger, address(web, work), PERSON).status_code == 404
    web.go(PUBLISHED)
    web.go(LAST_DAY)
    assert stranger.get(address(web, work)).status_code == 200
    web.go(OVER)
    late = sent(stranger, address(web, work), PERSON)
    assert late.status_code == 409
    assert "公示期已于2024年8月27日 24:00（上海时间）结束" in late.text
    assert "提出异议" not in stranger.get("/cycles/2024/results").text
    assert all_of(world, Objection) == []


def test_what_was_published_late_is_on_notice_from_then_on(web: Web) -> None:
    """It waited for a consent; by the row alone the notice would be over on the day on which it becomes public."""
    world, stranger = web.world, web.client()
    work = world.placed("evaluated")
    web.go("2024-08-10 10:00")
    world.propose(work)
    people = bodies(world)
    laying = lay(world)
    web.go("2024-09-10 10:00")
    for one in people.values():
        answer(world, laying, one)
    web.go("2024-09-10 10:01")
    assert world.state(work) == "awarded"
    assert "9月18日 24:00" in stranger.get("/cycles/2024/results").text
    assert sent(stranger, address(web, work), PERSON).status_code == 303
    web.go("2024-09-19 00:00")
    late = sent(stranger, address(web, work), PERSON, key="key-2")
    assert late.status_code == 409
    assert "2024年9月18日 24:00" in late.text  # the autumn festival lies between, and a Saturday that is worked


def test_a_late_work_without_a_level_prolongs_no_notice_and_one_put_there_by_hand_has_its_own(web: Web) -> None:
    world, stranger = web.world, web.client()
    first, late, other = (world.placed("evaluated", team=f"{n}班") for n in range(3))
    world.propose(first)
    web.go(PUBLISHED)
    web.go("2024-09-10 10:00")
    assert sent(stranger, address(web, first), PERSON).status_code == 409
    world.propose(late, "none")
    web.go("2024-09-10 10:01")
    assert world.state(late) == "not_awarded"
    assert "提出异议" not in stranger.get("/cycles/2024/results").text
    world.propose(other, "PROGRESS")
    world.override(other, "awarded")
    listed = stranger.get("/cycles/2024/results").text
    assert (address(web, other) in listed, address(web, first) in listed) == (True, False)
    assert sent(stranger, address(web, other), PERSON, key="key-2").status_code == 303
    refused = stranger.get(address(web, first)).text
    assert "8月27日 24:00" in refused
    assert "9月18日" not in refused


def test_a_notice_into_a_year_without_working_days_ends_by_its_row(web: Web) -> None:
    work = web.world.placed("evaluated")
    web.go("2024-08-10 10:00")
    web.world.propose(work)
    lay(web.world) if bodies(web.world) else None
    web.go("2029-01-05 10:00")
    for one in ("市质量办", "市总工会"):
        waive(web.world, 1, one)
    web.go("2029-01-05 10:01")
    assert web.world.state(work) == "awarded"
    assert web.client().get("/cycles/2024/results").status_code == 200
    assert sent(web.client(), address(web, work), PERSON).status_code == 409


def test_while_an_objection_waits_no_certificate_leaves_and_one_that_left_says_so(web: Web, work: int) -> None:
    one = filed(web.world, work)
    assert issue(web.world) == []
    web.world.session.rollback()
    with unit(web.world.session) as session:
        row = session.get_one(Objection, one)
        olga, now = web.world.actor("olga"), web.world.now
        objections.dismiss(session, row, actor=olga, now=now, seen=row.version, reason="与本成果无关")
    code = issue(web.world)[0].code
    assert "证书有效" in web.client().get(f"/certificates/{code}").text
    accepted(web.world, filed(web.world, work, "k2"))
    page = web.client().get(f"/certificates/{code}").text
    assert "正在核查" in page
    assert "证书有效" not in page


def test_a_form_sent_twice_objects_once(web: Web, work: int) -> None:
    stranger = web.client()
    first, second = (sent(stranger, address(web, work), PERSON, key="same") for _ in range(2))
    assert first.location == second.location
    assert len(all_of(web.world, Objection)) == 1


def test_taken_up_it_suspends_that_award_alone_until_it_is_answered(web: Web, work: int) -> None:
    world, olga = web.world, web.client("olga")
    one = filed(world, work)
    assert "待受理" in olga.get("/admin/cycles/2024/objections").text
    assert olga.post(f"/admin/objections/{one}/accept", data={"seen": "0"}).status_code == 303
    assert "异议核查中" in web.client().get("/cycles/2024/results").text
    web.go("2024-10-08 10:00")
    assert [reason.key for reason in world.refused(work, "share", "olga")] == ["fact_n_objections_open"]
    alice = web.client("alice").get(f"/submissions/{work}").text
    assert "结果暂缓生效" in alice
    assert "测试异议人" not in alice
    page = olga.get(f"/admin/objections/{one}").text
    assert "测试异议人" in page
    assert "2024年9月10日 24:00" in page
    early = olga.post(f"/admin/objections/{one}", data={"seen": "1", "outcome": "rejected", "finding": "无"})
    assert early.status_code == 422
    assert 'id="reply-error"' in early.text
    answered = olga.post(f"/admin/objections/{one}", data={"seen": "1", "outcome": "rejected", **ANSWER})
    assert answered.status_code == 303
    code = all_of(world, Objection)[0].code
    told = web.client().get(f"/objections/{code}").text
    assert "异议不成立" in told
    assert ANSWER["reply"] in told
    assert ANSWER["finding"] not in told
    assert check.check(world.session, now=world.now).findings == []
    world.move(work, "share", "olga")
    mine = [letter for letter in world.letters(work) if letter[0].startswith("objection")]
    assert mine == [("objection_filed", "organiser")] + [
        (letter, role)
        for letter in ("objection_open", "objection_ended")
        for role in ("applicant", "recommender")
    ]
    world.sound()


def test_an_objection_that_is_right_revokes_the_award_at_once(web: Web, work: int) -> None:
    world, olga = web.world, web.client("olga")
    one = filed(world, work)
    olga.post(f"/admin/objections/{one}/accept", data={"seen": "0"})
    answered = olga.post(f"/admin/objections/{one}", data={"seen": "1", "outcome": "upheld", **ANSWER})
    assert answered.status_code == 303
    last = world.trail(work)[-1]
    assert (last.transition, last.about()["note"]) == ("revoke", ANSWER["finding"])
    assert "总装一班" not in web.client().get("/cycles/2024/results").text
    assert "已撤销" in web.client("alice").get(f"/submissions/{work}").text
    world.sound()


def test_whoever_objected_reads_where_the_work_stands_after_the_answer_was_undone(web: Web, work: int) -> None:
    one = filed(web.world, work)
    accepted(web.world, one)
    answered(web.world, one, ANSWER)
    code = all_of(web.world, Objection)[0].code
    assert "已撤销" in web.client().get(f"/objections/{code}").text
    with unit(web.world.session) as session:
        row = session.get_one(Submission, work)
        undo.undo(session, row, reason="答复有误", actor=web.world.actor("olga"), now=web.world.now)
    page = web.client().get(f"/objections/{code}").text
    assert "已发布" in page
    assert "已撤销" not in page


def test_one_that_is_not_taken_up_says_why_and_suspends_nothing(web: Web, work: int) -> None:
    world, olga = web.world, web.client("olga")
    one = filed(world, work)
    assert olga.post(f"/admin/objections/{one}/dismiss", data={"seen": "0", "reason": " "}).status_code == 422
    assert olga.post(f"/admin/objections/{one}/dismiss", data={"seen": "0", "reason": "无法核实"}).status_code == 303
    (row,) = all_of(world, Objection)
    assert "无法核实" in web.client().get(f"/objections/{row.code}").text
    late = olga.post(f"/admin/objections/{one}/accept", data={"seen": "1"})
    assert late.status_code == 409
    assert "办结" in late.text
    assert not [kind for kind, _ in world.letters(work) if kind == "objection_open"]
    assert "异议" not in web.client("alice").get(f"/submissions/{work}").text


def test_nobody_but_the_organiser_handles_objections_and_no_stale_page_does(web: Web, work: int) -> None:
    world = web.world
    one = filed(world, work)
    for who in ("alice", "rita", "eve"):
        client = web.client(who)
        for url in (f"/admin/objections/{one}", "/admin/cycles/2024/objections", f"/admin/objections/{one}.pdf"):
            assert client.get(url).status_code == 403
        assert client.post(f"/admin/objections/{one}/accept", data={"seen": "0"}).status_code == 403
        with pytest.raises(Denied):
            accepted(world, one, who)
    olga = web.client("olga")
    assert olga.post(f"/admin/objections/{one}", data={"seen": "0", "outcome": "upheld", **ANSWER}).status_code == 409
    assert olga.post(f"/admin/objections/{one}/accept", data={"seen": "7"}).status_code == 409
    assert olga.post(f"/admin/objections/{one}", data={"seen": "0", "outcome": "maybe", **ANSWER}).status_code == 422
    assert olga.get("/admin/objections/999").status_code == 404
    assert world.state(work) == "awarded"


def test_the_paper_holds_both_sides(web: Web, work: int) -> None:
    world, olga = web.world, web.client("olga")
    one = filed(world, work)
    olga.post(f"/admin/objections/{one}/accept", data={"seen": "0"})
    olga.post(f"/admin/objections/{one}", data={"seen": "1", "outcome": "rejected", **ANSWER})
    answer = olga.get(f"/admin/objections/{one}.pdf")
    with pdfplumber.open(io.BytesIO(answer.data)) as document:
        text = re.sub(r"[\s\u200b]", "", "".join(page.extract_text() for page in document.pages))
    for part in ("异议登记表", "测试异议人", "指标数据", "返工率与公开报表不符", "2024年8月20日", "olga", "结果维持"):
        assert part in text, part


def test_an_answer_without_a_finding_is_refused_as_a_whole(web: Web, work: int) -> None:
    world = web.world
    one = filed(world, work)
    accepted(world, one)
    with pytest.raises(Incorrect):
        answered(world, one, {})
    with pytest.raises(Conflict):
        accepted(world, one)
    assert world.state(work) == "awarded"


def test_letters_say_nothing_of_who_objected(web: Web, work: int) -> None:
    filed(web.world, work)
    rows = all_of(web.world, Outbox, Outbox.letter.like("objection%"))
    assert rows
    assert all(PERSON["by_name"] not in str(one.about) for one in rows)
