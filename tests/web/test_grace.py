"""The grace behind a shown end: no page of anybody outside the organiser tells of it before it has been used."""

from __future__ import annotations

import re

from tests.journeys.test_moved_date import GRACE, graced
from tests.web.conftest import Web
from tests.world import at

VARYING = re.compile(r'<time[^>]*>[^<]*</time>|name="(?:back|csrf_token|request_key)"(?: type="hidden")? value="[^"]*"')
PAGES = {
    None: ["/", "/cycles/2024", "/cycles/2024/results"],
    "alice": ["/applicant/", "/submissions/1", "/submissions/1/forms/declaration", "/submissions/1/moves/submit", "/"],
    "rita": ["/recommender/", "/cycles/2024"],
    "eve": ["/evaluator/", "/cycles/2024"],
}


def pages(web: Web) -> dict[tuple[str | None, str], str]:
    """Return every page of everybody outside the organiser, as it reads."""
    return {
        (who, path): VARYING.sub("", web.client(who).get(path).text) for who, paths in PAGES.items() for path in paths
    }


def test_no_page_of_anybody_else_tells_of_the_grace(web: Web) -> None:
    web.world.placed("registered", "总装一班")
    web.go("2024-05-31 23:50")
    plain = pages(web)
    graced(web.world)
    web.go("2024-05-31 23:50")
    assert pages(web) == plain
    admin = web.client("olga").get("/admin/cycles/2024").text
    assert f"另有宽限 {GRACE} 分钟（不对外显示）" in admin
    web.go("2024-06-01 00:10")
    for page in pages(web).values():
        for told in ("宽限", "00:30"):
            assert told not in page
    web.go("2024-06-01 00:45")
    refused = web.client("alice").post("/submissions/1/moves", data={"transition": "submit"})
    assert refused.status_code == 409
    assert "5月31日 24:00" in refused.text
    assert "00:30" not in refused.text


def test_a_late_hand_in_is_marked_for_the_organiser_and_for_whoever_handed_it_in(web: Web) -> None:
    web.world.placed("registered", "总装一班")
    graced(web.world)
    web.go("2024-06-01 00:10")
    assert web.client("alice").post("/submissions/1/moves", data={"transition": "submit"}).status_code == 303
    marked = {who: "宽限期内提交" in web.client(who).get("/submissions/1").text for who in ("olga", "alice", "rita")}
    assert marked == {"olga": True, "alice": True, "rita": False}


def test_the_applicant_is_not_told_that_somebody_else_acted_in_the_grace(web: Web) -> None:
    web.world.now = at("2024-05-20 09:00")
    team = web.world.placed("submitted", "总装一班")
    graced(web.world, "recommend")
    web.go("2024-07-01 00:10")
    assert web.client("rita").post(f"/submissions/{team}/moves", data={"transition": "recommend"}).status_code == 303
    read = {who: web.client(who).get(f"/submissions/{team}").text for who in ("olga", "alice", "rita")}
    marked = [who for who, page in read.items() if "宽限期内提交" in page]
    assert marked == ["olga"]
