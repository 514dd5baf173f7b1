"""Secrets planted in every hidden field: before the publication nobody they are hidden from finds one, in any format.

The crawl asks every address that answers GET, as everybody, and reads pages, PDF, Word, Excel, ZIP and calendars. That
it can find something is shown by the organiser, who finds every secret by the same crawl.
"""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import docx
import pdfplumber
import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from qtb.services import eliminations, evaluations, letters, sheets
from qtb.services.letters import Post
from qtb.store import evaluations as store
from qtb.store.outbox import Outbox
from qtb.store.submissions import Submission
from qtb.store.unit import unit
from tests import presenting
from tests.journeys.test_form_review import REVIEW as REVIEWED
from tests.services.test_calibration import make
from tests.web.conftest import Web

JUDGES = {"eve": "秘密评委甲", "ed": "秘密评委乙", "eli": "秘密评委丙"}
TOTALS = {"eve": "73.5", "ed": "71.5", "eli": "76.5"}
LEVEL = "标杆级"
OWN_SIDE = ("alice", "rita")
REVIEW = "秘密审查意见"
UNFIT = "秘密淘汰理由"  # of a judge's proposal: his own and the organiser's
AGREED, KNOWN = "秘密参考理由", "秘密样例正文"  # of a known work: the second is read by the year's judges
HALL, SEED, SPEAKER = presenting.HALL, "秘密抽签种子", "秘密发布人"
SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)
NOT_PAGES = {"public.alive", "accounts.sign_out"}


def comment(name: str) -> str:
    return f"秘密评语{TOTALS[name]}"


def first(name: str) -> str:
    return f"秘密初稿{name}"


def why(name: str) -> str:
    return f"秘密重开{name}"


@dataclass
class Planted:
    """The work with its secrets, and by whom each is to be kept from whom."""

    work: int
    number: str

    def secrets(self, reader: str | None, *, beside: bool = False) -> list[str]:
        """Return what somebody must not find: a judge knows himself, the work's own side reads its form's review.

        `beside` a finished sheet of his own a judge reads the others', without who they are.
        """
        others = [name for name in JUDGES if name != reader]
        told = [text for name in others for text in _of(name)]
        told = [text for text in told if not (beside and text in {*TOTALS.values(), *map(comment, JUDGES)})]
        # Who presents is between the organiser and that applicant, as are the place and the speakers; the lots are not.
        presented = [SEED] if reader == "alice" else [SEED, HALL, SPEAKER]
        judged = [AGREED, *([] if reader in JUDGES else [KNOWN]), *([] if reader == "ed" else [UNFIT])]
        return [*told, *judged, LEVEL, *presented, *([] if reader in OWN_SIDE else [REVIEW])]


def _of(name: str) -> tuple[str, ...]:
    return JUDGES[name], comment(name), f"{name}@example.org", TOTALS[name], first(name), why(name)


@pytest.fixture
def planted(web: Web) -> Planted:
    """July: a work was judged, some of it anew, reviewed, and has a proposed level."""
    world = web.world
    work = world.submitted()
    world.vouch(work)
    world.move(work, "recommend", "rita")
    web.go("2024-07-10 10:00")
    world.fill(work, "form_review", {**REVIEWED, "conclusion": "pass", "opinion": REVIEW}, "olga")
    world.assign(work, *JUDGES)
    with unit(world.session) as session:
        for name, shown in JUDGES.items():
            session.merge(world.people[name]).name = shown
    for name in JUDGES:
        _score(web, work, name)
    web.go("2024-07-10 10:01")
    world.propose(work, "BENCHMARK")
    with unit(world.session) as session:
        eliminations.propose(session, _sheet(web, work, "ed"), UNFIT, actor=world.actor("ed"), now=world.now)
    make(world, text=KNOWN, reasons={"M1_POSITION": AGREED})
    presenting.confirm(world, work)
    presenting.draw(world, seed=SEED)
    world.fill(work, "slides", {"presenters": [{"name": SPEAKER, "post": "组长"}]})
    return Planted(work, world.session.get_one(Submission, work).number)


def _score(web: Web, work: int, name: str) -> None:
    """Let a judge begin, finish, be asked to look again, and finish anew: each leaves a version."""
    world, left, raw = web.world, float(TOTALS[name]), {"comment": comment(name)}
    for key, item in world.cycle.definition.rubric.sheets["MAT"].items.items():
        raw[key] = str(min(left, float(item.max)))
        left -= float(raw[key])
    _save(web, work, name, {"comment": first(name)}, finish=False)
    _save(web, work, name, raw, finish=True)
    with unit(world.session) as session:
        sheets.reopen(session, _sheet(web, work, name), why(name), actor=world.actor("olga"), now=world.now)
    _save(web, work, name, raw, finish=True)


def _save(web: Web, work: int, name: str, raw: dict[str, str], *, finish: bool) -> None:
    world = web.world
    with unit(world.session) as session:
        mine = _sheet(web, work, name)
        evaluations.score(
            session, mine, raw, actor=world.actor(name), now=world.now, seen=mine.version, finish=finish
        )


def _sheet(web: Web, work: int, name: str) -> store.Sheet:
    found = store.sheets(web.world.session, work)
    return next(one for one in found if one.evaluator_id == web.world.people[name].id)


@pytest.mark.timeout(600)
def test_no_secret_is_found_before_the_publication_and_all_by_the_organiser(web: Web, planted: Planted) -> None:
    n_read = 0
    for name in (None, "alice", "bob", "rita", "ralf", "ewa", "eve"):
        for path, text in _everything(web, web.client(name), planted):
            beside = name in JUDGES and path == "/evaluator/sheets/1"
            found = [secret for secret in planted.secrets(name, beside=beside) if secret in text]
            assert not found, (name, path, found)
            n_read += 1
    assert n_read > 150
    left = set(planted.secrets(None))
    for _, text in _everything(web, web.client("olga"), planted):
        left -= {secret for secret in left if secret in text}
    assert not left


def test_no_letter_tells_a_secret(web: Web, planted: Planted) -> None:
    session, post = web.world.session, Post(None, "qtb@example.org", "https://qtb.example.org")
    rows = session.scalars(select(Outbox)).all()
    told = [row for row in rows if row.to_role != "organiser"]
    assert told
    for row in told:
        letter = letters.letter_of(session, row, post=post, now=web.world.now)
        own = [HALL] if row.to_role == "applicant" else []
        judge = next((name for name in JUDGES if list(letter.recipients) == [f"{name}@example.org"]), None)
        kept = [secret for secret in planted.secrets(judge) if secret not in own]
        assert not [secret for secret in kept if secret in letter.subject + letter.body]


def test_with_the_publication_the_level_is_everybodys_and_the_rest_is_not(web: Web, planted: Planted) -> None:
    web.go("2024-08-20 10:00")
    assert LEVEL in web.client().get("/cycles/2024/results").text
    assert LEVEL in web.client("alice").get(f"/submissions/{planted.work}").text
    assert ("awarded", "applicant") in web.world.letters(planted.work)
    for name in (None, "alice"):
        kept = [secret for secret in planted.secrets(name) if secret != LEVEL]
        for path, text in _everything(web, web.client(name), planted):
            assert not [secret for secret in kept if secret in text], (name, path)


def _everything(web: Web, client: FlaskClient, planted: Planted) -> Iterator[tuple[str, str]]:
    """Yield each address that lets one in, with all text of its answer."""
    for rule in web.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint not in NOT_PAGES:
            for path in _addresses(web, rule, planted):
                answer = client.get(path)
                if answer.status_code < 300:
                    yield path, _text(answer)


def _addresses(web: Web, rule: Rule, planted: Planted) -> list[str]:
    """Return the addresses of a rule that there may be something behind."""
    definition = web.world.cycle.definition
    known = {
        "key": ["2024"], "form": list(definition.forms), "transition": list(definition.workflow.transitions),
        "row_key": ["evaluate"], "kind": ["pdf", "docx", "xlsx"], "lang": ["zh"], "field": ["report_file"],
        "number": ["1"] if "int:number" in rule.rule else [planted.number],
    }  # fmt: skip
    ids = [str(planted.work), "2", "3"]
    choices = [known.get(name, ids) for name in sorted(rule.arguments)]
    found = []
    for values in itertools.product(*choices):
        path = rule.rule
        for name, value in zip(sorted(rule.arguments), values, strict=True):
            path = re.sub(rf"<(\w+:)?{name}>", value, path)
        found.append(path)
    return found


def _text(answer: TestResponse) -> str:
    kind = answer.mimetype
    if kind == "application/zip":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            return "\n".join(_read(name.rpartition(".")[2], archive.read(name)) for name in archive.namelist())
    ends = {"application/pdf": "pdf", "application/octet-stream": ""}
    end = "docx" if "wordprocessing" in kind else "xlsx" if "spreadsheet" in kind else ends.get(kind, "text")
    return _read(end, answer.data)


def _read(end: str, body: bytes) -> str:
    if end == "pdf":
        with pdfplumber.open(io.BytesIO(body)) as document:
            return re.sub(r"\s", "", "".join(page.extract_text() for page in document.pages))
    if end == "docx":
        document = docx.Document(io.BytesIO(body))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([*(one.text for one in document.paragraphs), *cells])
    if end == "xlsx":
        sheets = load_workbook(io.BytesIO(body)).worksheets
        return "\n".join(str(cell) for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row)
    # A drawing's coordinates are numbers too; its words stay.
    return SVG.sub(lambda found: re.sub(r"<[^>]*>", " ", found[0]), body.decode("utf-8", "replace"))
