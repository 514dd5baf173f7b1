"""From a notice to a year: what a row is, what its days mean, confirmed once, compared with a later version."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb.domain import notice as reader
from qtb.domain.definition import Definition
from qtb.domain.errors import Conflict, Denied, Invalid, Missing
from qtb.domain.notice import Notice, NoticeRow
from qtb.domain.roles import Actor
from qtb.services import definitions, notices
from qtb.services.notices import Row
from qtb.store import verification
from qtb.store.cycles import Cycle, NoticeDraft
from qtb.store.unit import unit
from tests.world import ROWS, World, at

ROOT = Actor(None, "set-up", "cli", {"organiser": frozenset({0})})
NOW = at("2024-01-15")

PRINTED = [
    ("活动报名", "2-5月", "各自愿申报单位"), ("活动推进及成果申报说明会", "2月底", "市质协"),
    ("活动成果辅导、培训活动", "1-12月", "市质协"), ("成果申报", "2-5月", "各自愿申报单位"),
    ("成果推荐", "4-6月", "各推荐单位"), ("成果评价及推优", "7-8月", "市质协"), ("活动成果发布", "8月", "市质协"),
    ("活动优秀成果交流会", "9月", "市质协"), ("成果宣传推广", "10-12月", "市质协"),
]  # fmt: skip


def printed(rows: list[tuple[str, str, str]] = PRINTED) -> Notice:
    lines = ["关于开展2024年“质量信得过班组”建设活动的通知", "\t序号\n\t内  容\n\t时  间\n\t责任单位\n"]
    lines += [f"\t{n}\n\t{title}\n\t{text}\n\t{party}\n" for n, (title, text, party) in enumerate(rows, 1)]
    return reader.read_text("\n".join(lines))


@pytest.fixture
def definition() -> Definition:
    return definitions.load("qtb")


def titles(*names: str) -> list[NoticeRow]:
    return [NoticeRow(n, name, "") for n, name in enumerate(names, 1)]


def draft(session: Session, notice: Notice | None = None, **given: object) -> NoticeDraft:
    found = notice or printed()
    with unit(session):
        return notices.read_draft(
            session, name="通知.docx", notice=found, programme="qtb", actor=ROOT, now=NOW, **given
        )


def confirm(session: Session, found: NoticeDraft, actor: Actor = ROOT, **given: object) -> Cycle:
    definition = definitions.load("qtb")
    rows = notices.as_planned(definition, notices.suggested_rows(definition, found))
    with unit(session):
        return notices.confirm(
            session, found, **{"key": "2024", "title": "2024年", "year": 2024, "rows": rows, **given},
            actor=actor, now=NOW,
        )  # fmt: skip


def test_a_notice_becomes_the_year_it_announces(session: Session) -> None:
    cycle = confirm(session, draft(session))
    found = [(row.key, row.seq, row.title, row.opens_at, row.closes_at, row.held_at) for row in cycle.rows]
    expected = [(row.key, row.seq, row.title, row.opens_at, row.closes_at) for row in ROWS]
    assert [row[:5] for row in found] == [
        row if row[0] != "briefing" else (*row[:3], at("2024-02-21"), at("2024-03-01")) for row in expected
    ]
    held = {row[0]: row[5] for row in found if row[5]}
    assert held == {"publish": at("2024-08-31 10:00")}
    assert cycle.notice["title"] == "关于开展2024年“质量信得过班组”建设活动的通知"
    assert cycle.notice["file_name"] == "通知.docx"
    assert verification.verify(session) == (1, [])


def test_a_draft_keeps_the_rows_as_printed_and_the_doubts(session: Session) -> None:
    found = draft(session)
    session.expire_all()
    kept = notices.notice_of(session.get_one(NoticeDraft, found.id).notice)
    assert kept == printed()
    assert "2-5月" in kept.rows[0].source
    assert kept.rows[1].fuzzy
    assert [(one.row, one.code) for one in kept.warnings] == [(one.row, one.code) for one in printed().warnings]


def test_a_draft_is_confirmed_once(session: Session) -> None:
    found = draft(session)
    confirm(session, found)
    with pytest.raises(Conflict, match="draft_confirmed"):
        confirm(session, found, key="2024-again")
    assert session.scalars(select(Cycle.key)).all() == ["2024"]
    session.refresh(found)
    assert (found.confirmed_at, found.cycle_id) == (NOW, session.scalars(select(Cycle.id)).one())


def test_only_the_organiser(session: Session, world: World) -> None:
    found = draft(session)
    with pytest.raises(Denied, match="only_organiser"):
        confirm(session, found, actor=world.actor("rita"), key="x")
    with pytest.raises(Denied), unit(session):
        notices.read_draft(session, name="", notice=printed(), programme="qtb", actor=world.actor("rita"), now=NOW)


def test_an_unknown_programme(session: Session) -> None:
    with pytest.raises(Missing), unit(session):
        notices.read_draft(session, name="", notice=printed(), programme="nope", actor=ROOT, now=NOW)


def test_a_refused_confirmation_leaves_the_draft_open(session: Session) -> None:
    found = draft(session, printed(PRINTED[:3]))
    with pytest.raises(Invalid, match="row_missing"):
        confirm(session, found)
    session.refresh(found)
    assert found.confirmed_at is None
    assert session.scalars(select(Cycle)).all() == []


def test_rows_are_known_by_their_titles(definition: Definition) -> None:
    rows = titles(*(title for title, _, _ in PRINTED))
    assert list(notices.suggest(definition, rows).values()) == list(definition.timeline.rows)


def test_rows_are_known_by_the_longest_word_and_each_item_is_given_once(definition: Definition) -> None:
    rows = titles("班组报名", "开展评审", "成果发布与表彰", "再次报名", "优秀成果现场交流会", "总结", "申报材料提交")
    found = notices.suggest(definition, rows)
    assert list(found.values()) == ["register", "evaluate", "publish", "", "exchange", "", "declare"]


def test_spaces_in_a_title_do_not_matter(definition: Definition) -> None:
    assert notices.suggest(definition, titles("成果 申报", "活动　报名")) == {0: "declare", 1: "register"}


def test_nothing_is_made_of_nothing(definition: Definition) -> None:
    assert notices.suggest(definition, []) == {}
    assert notices.as_planned(definition, []) == []


def test_days_are_inclusive_and_in_shanghai(definition: Definition) -> None:
    row = Row(1, "活动报名", "register", date(2024, 2, 1), date(2024, 5, 31))
    (planned,) = notices.as_planned(definition, [row])
    assert (planned.opens_at, planned.closes_at) == (at("2024-02-01"), at("2024-06-01"))
    assert planned.held_at is None


def test_the_instant_is_the_organisers_or_the_last_day(definition: Definition) -> None:
    row = Row(7, "活动成果发布", "publish", date(2024, 8, 1), date(2024, 8, 31))
    chosen = replace(row, held_at=at("2024-08-20 10:00"))
    assert [one.held_at for one in notices.as_planned(definition, [row])] == [at("2024-08-31 10:00")]
    assert [one.held_at for one in notices.as_planned(definition, [chosen])] == [at("2024-08-20 10:00")]


def test_other_rows_are_kept_under_keys_of_their_own(definition: Definition) -> None:
    rows = [Row(3, "总结"), Row(3, "座谈"), Row(4, "其他", start=date(2024, 3, 1))]
    planned = notices.as_planned(definition, rows)
    assert [one.key for one in planned] == ["note_3", "note_3_2", "note_4"]
    assert [(one.opens_at, one.closes_at) for one in planned] == [(None, None), (None, None), (at("2024-03-01"), None)]


def test_a_later_version_is_compared_row_by_row(session: Session) -> None:
    cycle = confirm(session, draft(session))
    moved = [("活动报名", "2-6月", "各自愿申报单位"), *PRINTED[1:], ("活动总结", "12月", "市质协")]
    later = draft(session, printed(moved), cycle=cycle)
    found = notices.differences(session, cycle, later)
    assert [(one.change.kind, one.key) for one in found] == [("moved", "register"), ("added", "")]
    assert notices.differences(session, cycle, draft(session)) == []


def test_a_year_without_a_notice_is_compared_by_its_rows(world: World) -> None:
    later = draft(world.session)
    cycle = world.session.get_one(Cycle, world.cycle.id)
    kinds = {(one.change.kind, one.key) for one in notices.differences(world.session, cycle, later)}
    assert {kind for kind, _ in kinds} <= {"changed"}  # text and party, no date
