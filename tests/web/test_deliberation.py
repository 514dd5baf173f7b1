"""The leaders' deliberation: another level with reason and names, on record and on paper, and no score touched."""

from __future__ import annotations

import io
import re

import pdfplumber
import pytest

from qtb.services import results
from tests.services.test_results import GOOD, levels, scored
from tests.web.conftest import Web

SAID = {"level": "BENCHMARK", "reason": "现场表现突出，合议一致。", "names": "测试组长甲、测试组长乙"}


@pytest.fixture
def work(web: Web) -> int:
    """A judged work in July."""
    web.go("2024-07-10 10:00")
    return scored(web.world, "甲班", GOOD, GOOD, GOOD)


def test_a_level_is_agreed_on_with_reason_and_names(web: Web, work: int) -> None:
    olga, world = web.client("olga"), web.world
    before = results.standing(world.session, world.cycle).works[0].score
    assert olga.post(f"/admin/submissions/{work}/deliberation", data=SAID).status_code == 303
    assert levels(world) == {"甲班": "BENCHMARK"}
    assert results.standing(world.session, world.cycle).works[0].score == before
    entry = world.history("submission", work)[-1]
    assert (entry.kind, entry.about()["note"], entry.about()["names"]) == ("deliberated", SAID["reason"], SAID["names"])
    answer = olga.get("/admin/cycles/2024/deliberations.pdf")
    with pdfplumber.open(io.BytesIO(answer.data)) as document:
        text = re.sub(r"\s", "", "".join(page.extract_text() for page in document.pages))
    for part in ("合议记录", "甲班", "未拟定", "标杆级", "测试组长甲", "2024年7月10日"):
        assert part in text, part
    world.sound()


@pytest.mark.parametrize("lacking", ["reason", "names", "level"])
def test_without_reason_names_or_level_nothing_is_agreed_on(web: Web, work: int, lacking: str) -> None:
    answer = web.client("olga").post(f"/admin/submissions/{work}/deliberation", data={**SAID, lacking: " "})
    assert answer.status_code == 422
    assert levels(web.world) == {"甲班": ""}


def test_only_the_organiser_records_and_reads_it(web: Web, work: int) -> None:
    for who in ("alice", "rita", "eve"):
        client = web.client(who)
        assert client.post(f"/admin/submissions/{work}/deliberation", data=SAID).status_code == 403
        assert client.get("/admin/cycles/2024/deliberations.pdf").status_code == 403
    web.client("olga").post(f"/admin/submissions/{work}/deliberation", data=SAID)
    assert "现场表现突出" not in web.client("alice").get(f"/submissions/{work}").text


def test_after_the_publication_there_is_nothing_to_agree_on(web: Web, work: int) -> None:
    web.world.propose(work)
    web.go("2024-08-20 10:00")
    assert web.client("olga").post(f"/admin/submissions/{work}/deliberation", data=SAID).status_code == 409
    assert levels(web.world) == {"甲班": "EXCELLENT"}
