"""`qtb cycle`: opened from its notice, shown, moved, extended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from qtb.store.cycles import Cycle, Extension, TimelineRow
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests.cli.calls import OLGA, good, refused
from tests.services.test_notices import PRINTED
from tests.world import World, at

Settings = dict[str, Any]


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    """A notice as a text file."""
    lines = ["关于开展2024年“质量信得过班组”建设活动的通知", "\t序号\n\t内  容\n\t时  间\n\t责任单位\n"]
    lines += [f"\t{n}\n\t{title}\n\t{text}\n\t{party}\n" for n, (title, text, party) in enumerate(PRINTED, 1)]
    path = tmp_path / "通知.txt"
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_a_year_is_opened_from_its_notice(settings: Settings, world: World, notice: Path) -> None:
    held = ("--held", "publish=2024-08-20 10:00")
    said = good(settings, "cycle", "open", "--notice", str(notice), "--key", "2024b", *held, *OLGA)
    assert "2024b" in said
    world.session.rollback()
    cycle = world.session.scalars(select(Cycle).filter_by(key="2024b")).one()
    rows = {row.key: (row.opens_at, row.closes_at, row.held_at) for row in cycle.rows}
    assert rows["declare"] == (at("2024-02-01"), at("2024-06-01"), None)
    assert rows["publish"] == (at("2024-08-01"), at("2024-09-01"), at("2024-08-20 10:00"))
    assert cycle.title == "关于开展2024年“质量信得过班组”建设活动的通知"
    assert "2024b" in good(settings, "cycle", "list")
    assert "publish" in good(settings, "cycle", "show", "2024b", "--lang", "en")


def test_bad_input_to_open(settings: Settings, world: World, notice: Path, tmp_path: Path) -> None:
    def open_(*arguments: str, code: int = 1) -> str:
        return refused(settings, "cycle", "open", *arguments, code=code)

    given = ("--notice", str(notice))
    open_("--notice", str(tmp_path / "absent"), "--key", "x", *OLGA, code=2)
    open_(*given, *OLGA, code=2)
    open_(*given, "--key", "x", code=2)
    open_(*given, "--key", "x", "--year", "19", *OLGA, code=2)
    open_(*given, "--key", "x", "--held", "publish", *OLGA, code=2)
    open_(*given, "--key", "x", "--held", "publish=soon", *OLGA, code=2)
    open_(*given, "--key", "x", "--held", "nope=2024-08-20", *OLGA)
    open_(*given, "--key", "x", "--held", "publish=2025-08-20", *OLGA)
    open_(*given, "--key", "x", "--programme", "nope", *OLGA)
    open_(*given, "--key", "x" * 41, *OLGA)
    assert "主办方" in open_(*given, "--key", "x", "--as", "rita@example.org")
    assert "2024" in open_(*given, "--key", "2024", *OLGA)
    (tmp_path / "empty.txt").write_bytes(b"")
    open_("--notice", str(tmp_path / "empty.txt"), "--key", "x", *OLGA)
    (tmp_path / "none.txt").write_text("没有时间安排的通知。", "utf-8")
    assert "活动报名" in open_("--notice", str(tmp_path / "none.txt"), "--key", "x", *OLGA)
    (tmp_path / "odd.docx").write_bytes(b"PK\x03\x04 not a document")
    open_("--notice", str(tmp_path / "odd.docx"), "--key", "x", *OLGA)
    world.session.rollback()
    assert world.session.scalars(select(Cycle.key)).all() == ["2024"]


def test_a_row_is_moved(settings: Settings, world: World) -> None:
    said = good(
        settings, "cycle", "row", "2024", "declare", "--closes", "2024-06-15", "--reason", "节假日顺延", *OLGA
    )
    assert "2024年6月15日 24:00" in said
    world.session.expire_all()
    row = world.session.scalars(select(TimelineRow).filter_by(key="declare")).one()
    assert (row.opens_at, row.closes_at) == (at("2024-02-01"), at("2024-06-16"))
    assert world.history("cycle", world.cycle.id)[-1].about()["note"] == "节假日顺延"


def test_bad_input_to_row(settings: Settings, world: World) -> None:
    def row(*arguments: str, code: int = 1) -> str:
        return refused(settings, "cycle", "row", *arguments, code=code)

    reason = ("--reason", "x")
    row("2024", "declare", *reason, *OLGA, code=2)
    row("2024", "declare", "--closes", "2024-06-15", *OLGA, code=2)
    row("nope", "declare", "--closes", "2024-06-15", *reason, *OLGA)
    row("2024", "nope", "--closes", "2024-06-15", *reason, *OLGA)
    row("2024", "declare", "--closes", "2024-06-15", "--reason", " ", *OLGA)
    row("2024", "declare", "--closes", "2024-01-15", *reason, *OLGA)
    row("2024", "publish", "--held", "2024-10-01", *reason, *OLGA)
    row("2024", "declare", "--closes", "2024-06-15", *reason, "--as", "alice@example.org")
    assert len(world.history("cycle", world.cycle.id)) == 1


def test_extensions_for_all_one_unit_one_submission(settings: Settings, world: World) -> None:
    team = world.enter()
    given = ("cycle", "extend", "2024", "declare", "--until", "2099-06-10", "--reason", "台风", "--yes")
    assert "20240001" in good(settings, *given, "--submission", "20240001", *OLGA)
    assert "江南物业" in good(settings, *given, "--unit", "江南物业", *OLGA)
    assert "全体" in good(settings, *given, *OLGA)
    refused(settings, *given, "--unit", "江南物业", *OLGA)
    world.session.rollback()
    found = world.session.execute(select(Extension.submission_id, Extension.unit_id, Extension.until)).all()
    assert [tuple(one) for one in found] == [
        (team, None, at("2099-06-11")), (None, world.units["江南物业"].id, at("2099-06-11")),
        (None, None, at("2099-06-11")),
    ]  # fmt: skip
    assert "台风" in good(settings, "cycle", "show", "2024")


def test_bad_input_to_extend(settings: Settings, world: World) -> None:
    def extend(*arguments: str, code: int = 1) -> str:
        return refused(settings, "cycle", "extend", *arguments, code=code)

    given = ("--until", "2024-06-10", "--reason", "x")
    extend("2024", "declare", "--reason", "x", *OLGA, code=2)
    extend("2024", "declare", *given, "--unit", "x", "--submission", "1", *OLGA, code=2)
    extend("2024", "declare", "--until", "2024-05-01", "--reason", "x", *OLGA)
    extend("2024", "briefing", *given, *OLGA)
    extend("2024", "declare", *given, "--unit", "没有的单位", *OLGA)
    for reach in ("--unit", "--submission"):  # an empty name is no name, and certainly not everybody
        extend("2024", "declare", *given, reach, "", *OLGA)
    extend("2024", "declare", *given, "--submission", "20249999", *OLGA)
    extend("2024", "declare", *given, "--as", "rita@example.org")
    assert refused(settings, "cycle", "show", "nope")


def test_lists_of_an_empty_system(settings: Settings, session: Session) -> None:
    assert good(settings, "cycle", "list").splitlines() == ["代号  年份  名称  申报"]


def test_a_dry_run_says_what_would_happen_and_saves_nothing(settings: Settings, world: World) -> None:
    world.now = at("2024-05-20 10:00")
    team = world.enter()
    number = world.session.get_one(Submission, team).number
    row = ("cycle", "row", "2024", "register", "--closes", "2099-06-07", "--dry-run", *OLGA)
    said = good(settings, *row)
    for words in (number, "2024年5月31日 24:00", "2099年6月7日 24:00", "报名截止未提交", "请核对年份", "申报单位 1 个"):
        assert words in said
    assert "clock's next act" in good(settings, *row, "--lang", "en")
    good(settings, "cycle", "extend", "2024", "register", "--until", "2099-06-07", "--dry-run", *OLGA)
    assert len(world.history("cycle", world.cycle.id)) == 1
    assert world.session.scalars(select(Extension)).all() == []


def test_what_is_grave_needs_a_yes(settings: Settings, world: World) -> None:
    team = world.enter()
    given = ("cycle", "extend", "2024", "register", "--until", "2099-06-07", "--reason", "台风", *OLGA)
    assert "--yes" in refused(settings, *given)
    assert good(settings, *given, "--yes")
    world.session.rollback()
    letters = world.session.scalars(select(Outbox.about).filter_by(letter="date_changed")).all()
    assert [one["cases"] for one in letters] == [[team]]


def test_the_grace_of_a_row_is_set_and_shown(settings: Settings, world: World) -> None:
    said = good(settings, "cycle", "row", "2024", "declare", "--grace", "30", "--reason", "网络拥堵", *OLGA)
    assert "+30 分钟" in said
    assert "+30 minutes" in good(settings, "cycle", "show", "2024", "--lang", "en")
    world.session.rollback()
    assert world.session.scalars(select(TimelineRow.grace_minutes).filter_by(key="declare")).one() == 30
    refused(settings, "cycle", "row", "2024", "declare", "--grace", "10081", "--reason", "x", *OLGA, code=2)


def test_a_year_is_shifted(settings: Settings, world: World) -> None:
    with unit(world.session):
        world.session.execute(update(TimelineRow).values(closes_at=at("2098-01-01")).filter_by(key="promote"))
    shift = ("cycle", "shift", "2024", "--days", "7")
    assert "2098年1月7日 24:00" in good(settings, *shift, "--dry-run", *OLGA)
    said = good(settings, *shift, "--hours", "-24", "--from", "exchange", "--reason", "场地", "--yes", *OLGA)
    assert "2098年1月6日 24:00" in said
    assert world.history("cycle", world.cycle.id)[-1].about()["changes"].keys() == {"promote"}


def test_a_shift_says_which_later_ends_move(settings: Settings, world: World) -> None:
    with unit(world.session):
        world.session.execute(update(TimelineRow).values(closes_at=at("2098-01-01")).filter_by(key="promote"))
    world.extend("promote", "2098-02-01", unit_name="江南物业")
    said = good(settings, "cycle", "shift", "2024", "--days", "7", "--dry-run", "--lang", "en", *OLGA)
    assert "Later ends that move too" in said
    assert "江南物业" in said
    assert "7 Feb 2098" in said


def test_bad_input_to_shift(settings: Settings, world: World) -> None:
    def shift(*arguments: str, code: int = 1) -> str:
        return refused(settings, "cycle", "shift", *arguments, code=code)

    given = ("--days", "7", "--reason", "x")
    shift("2024", "--days", "7", *OLGA, code=2)
    shift("2024", *given, *OLGA)
    shift("2024", "--days", "0", "--reason", "x", *OLGA)
    shift("2024", "--days", "367", "--reason", "x", *OLGA, code=2)
    shift("2024", *given, "--from", "winter", *OLGA)
    shift("nope", *given, *OLGA)
    shift("2024", *given, "--as", "rita@example.org")
    assert len(world.history("cycle", world.cycle.id)) == 1


def test_an_extension_is_taken_back(settings: Settings, world: World) -> None:
    number = world.session.get_one(Submission, world.enter()).number
    world.extend("register", "2099-06-07", submission_id=1)
    world.extend("register", "2099-06-07", unit_name="江南物业")
    taken = ("cycle", "unextend", "2024", "register", "--submission", number, *OLGA)
    said = good(settings, *taken, "--dry-run", "--lang", "en")
    assert "Moved by the clock as soon as this is saved" in said
    assert number in said
    refused(settings, *taken, code=2)  # without a reason
    assert "--yes" in refused(settings, *taken, "--reason", "误批")
    shorter = good(settings, *taken, "--until", "2098-06-07", "--reason", "误批", "--yes")
    assert "2098年6月7日" in shorter
    assert "已收回" in good(settings, *taken, "--reason", "误批", "--yes")
    assert "已收回" in good(settings, "cycle", "show", "2024")
    refused(settings, *taken, "--reason", "再来")
    unit_ = ("cycle", "unextend", "2024", "register", "--reason", "误批", *OLGA)
    refused(settings, *unit_, "--unit", "江南物业", "--submission", number, code=2)
    refused(settings, *unit_)  # nothing was given to all
    good(settings, *unit_, "--unit", "江南物业", "--yes")
    world.session.rollback()
    assert [one.is_held for one in world.session.scalars(select(Extension))] == [False, False]
