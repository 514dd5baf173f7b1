"""`qtb notice`: read a published notice's schedule, and compare two versions of it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Final, NoReturn

import click

from qtb.cli.commands import Group
from qtb.cli.commands import lang as chosen
from qtb.documents.notices import MAX_MB, read_file
from qtb.documents.unreadable import NoticeUnreadable
from qtb.domain.notice import Notice, RowChange, diff
from qtb.domain.numerals import width

NO_SCHEDULE: Final = 3
UNUSABLE: Final = 2
WORDS: Final[dict[str, tuple[str, str]]] = {
    "notice.too_large": ("文件超过 {limit_mb} MB，未读取。", "The file is larger than {limit_mb} MB and was not read."),
    "notice.empty": ("文件没有内容。", "The file is empty."),
    "notice.wrong_kind": (
        "文件类型（{kind}）不是可读取的通知，请使用 .docx、.pdf、.html 或 .txt。",
        "A file of this kind ({kind}) is no readable notice; use .docx, .pdf, .html or .txt.",
    ),
    "notice.old_word": (
        "这是旧版 Word（.doc）文件，请另存为 .docx 或 .pdf 后再读取。",
        "This is an old Word file (.doc); save it as .docx or .pdf and read that.",
    ),
    "notice.damaged": (
        "文件（{kind}）已损坏或内容与扩展名不符，无法读取。",
        "The file ({kind}) is damaged or not what its name says.",
    ),
    "notice.too_deep": ("文件结构嵌套过深，未读取。", "The file is nested too deeply and was not read."),
    "notice.encoding": ("无法识别文件的文字编码。", "The encoding of the text cannot be recognised."),
    "notice.bomb": (
        "文件解压后过大（上限 {limit_mb} MB），未读取。",
        "The file unpacks too far (limit {limit_mb} MB) and was not read.",
    ),
    "notice.locked": ("文件已加密，无法读取。", "The file is encrypted."),
    "notice.entities": ("文件含有不允许的 XML 实体，未读取。", "The file defines XML entities, which is not allowed."),
    "notice.too_many_pages": ("PDF 超过 {limit} 页，未读取。", "The PDF has more than {limit} pages and was not read."),
    "notice.no_text": ("PDF 中没有文字（可能是扫描件），无法读取。", "The PDF holds no text; it may be a scan."),
    "notice.no_file": ("无法打开文件：{name}", "The file cannot be opened: {name}"),
    "notice.no_schedule": ("没有找到活动时间安排。", "No schedule was found."),
    "notice.year": ("年度应在 1990 与 2100 之间。", "The year must lie between 1990 and 2100."),
}
_KINDS: Final = {
    "added": ("新增", "added"),
    "removed": ("删除", "removed"),
    "moved": ("改期", "moved"),
    "changed": ("修改", "changed"),
}
_FIELDS: Final = {
    "title": ("事项", "title"), "start": ("开始", "start"), "end": ("结束", "end"), "party": ("责任单位", "party"),
    "text": ("原文时间", "text"), "url": ("网址", "url"),
}  # fmt: skip
_FORMAT: Final = click.option(
    "--format", "form", type=click.Choice(["json", "table"]), default="table", show_default=True
)
_YEAR: Final = click.option("--year", type=int)


@click.group(cls=Group)
def notice() -> None:
    """Read the schedule out of a published notice."""


@notice.command("read")
@click.argument("file")
@_YEAR
@_FORMAT
def read_command(file: str, year: int | None, form: str) -> None:
    """Print the dated rows of the notice in FILE; - reads pasted text from standard input."""
    lang = chosen()
    found = _opened(file, year, lang)
    if form == "json":
        _print(json.dumps(found.as_dict(lang), ensure_ascii=False, indent=2))
    elif found.rows:
        _print("\n".join(_table(found, lang)))
    if not found.rows:
        _fail(NO_SCHEDULE, lang, "notice.no_schedule")


@notice.command("diff")
@click.argument("old")
@click.argument("new")
@_YEAR
@_FORMAT
def diff_command(old: str, new: str, year: int | None, form: str) -> None:
    """Print what changed from the notice in OLD to the one in NEW."""
    lang = chosen()
    changes = diff(_opened(old, year, lang), _opened(new, year, lang))
    if form == "json":
        _print(json.dumps([change.as_dict() for change in changes], ensure_ascii=False, indent=2))
    else:
        _print("\n".join(line for change in changes for line in _change(change, lang)))


def _opened(file: str, year: int | None, lang: str) -> Notice:
    if year is not None and not 1990 <= year <= 2100:
        _fail(UNUSABLE, lang, "notice.year")
    try:
        return read_file(_content(file), "" if file == "-" else Path(file).name, year=year)
    except NoticeUnreadable as refusal:
        _fail(UNUSABLE, lang, refusal.key, **refusal.args_)
    except (OSError, ValueError):
        _fail(UNUSABLE, lang, "notice.no_file", name=file)


def _content(file: str) -> bytes:
    # One byte more than allowed is enough to know that a file is too large.
    most = MAX_MB * 1024 * 1024 + 1
    if file == "-":
        return sys.stdin.buffer.read(most)
    with Path(file).open("rb") as stream:
        return stream.read(most)


def _fail(code: int, lang: str, key: str, **args: object) -> NoReturn:
    shown = {name: printable(str(value)) for name, value in args.items()}
    click.echo(WORDS[key][lang == "en"].format(**shown), err=True)
    raise SystemExit(code)


def printable(text: str) -> str:
    """Give text that any terminal can print on one line."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "?", text)[:300]


def _print(text: str) -> None:
    # Bytes, because a terminal without UTF-8 must not turn a reading into a traceback.
    if text:
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
    sys.stdout.flush()


def _table(found: Notice, lang: str) -> list[str]:
    """Lay the rows out in columns, doubts below."""
    none = "—"
    head = (
        ("#", "Title", "As printed", "Start", "End", "Party")
        if lang == "en"
        else ("序号", "事项", "原文时间", "开始", "结束", "责任单位")
    )
    cells = [
        (
            str(r.seq),
            r.title,
            r.text,
            f"{r.start or none}{'~' if r.fuzzy and r.start else ''}",
            f"{r.end or none}",
            r.party,
        )
        for r in found.rows
    ]
    rows = [tuple(printable(c) for c in row) for row in (head, *cells)]
    widths = [max(width(row[i]) for row in rows) for i in range(len(head))]
    lines = ["  ".join(c + " " * (w - width(c)) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "-" * min(sum(widths) + 2 * (len(widths) - 1), 200))
    title = [f"{printable(found.title)} ({found.year or none})"] if found.title else []
    return [*title, *lines, *(f"! {printable(w.message(lang))}" for w in found.warnings)]


def _change(change: RowChange, lang: str) -> list[str]:
    is_english = lang == "en"
    row = change.new or change.old
    lines = [f"{_KINDS[change.kind][is_english]}  {row.seq}  {printable(row.title)}"] if row else []
    for name in change.fields:
        before, after = getattr(change.old, name), getattr(change.new, name)
        lines.append(
            f"    {_FIELDS[name][is_english]}: {printable(str(before or '—'))} → {printable(str(after or '—'))}"
        )
    return lines
