"""Certificates through the pages: nothing before the publication, for whom they are, the public check, the list."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import closing
from pathlib import Path

import pypdfium2
import pytest
from flask.testing import FlaskClient

from qtb.documents import certificate_pdf, revocations, signing
from qtb.services import certificates as service
from qtb.store import certificates as store
from qtb.store.certificates import Certificate
from tests.services.test_certificates import awarded, issue, reissue, revoke
from tests.web.conftest import Web
from tests.web.test_papers import lay

YEAR = "/admin/cycles/2024/certificates"


def told(web: Web, *levels: str) -> list[int]:
    """Tell the year to its publication on both clocks; return the works' ids."""
    teams = awarded(web.world, *levels)
    web.go("2024-08-20 10:00")
    return teams


def the(web: Web, number: str) -> Certificate:
    """Return the certificate with a number."""
    web.world.session.rollback()
    found = store.by_number(web.world.session, number)
    assert found is not None
    return found


def upload(client: FlaskClient, body: bytes) -> tuple[int, str]:
    """Let a file be checked."""
    answer = client.post("/verify", data={"file": (io.BytesIO(body), "c.pdf")})
    return answer.status_code, answer.text


def test_nothing_shows_before_the_publication(web: Web) -> None:
    world = web.world
    team = world.placed("evaluated")
    world.propose(team)
    olga = web.client("olga")
    page = olga.get(YEAR)
    assert "结果发布之后才能颁发证书" in page.text
    assert olga.post(YEAR).status_code == 303
    assert issue(world) == []
    assert "2024-YX" not in olga.get(YEAR).text
    alice = web.client("alice")
    assert "certificate.pdf" not in alice.get(f"/submissions/{team}").text
    assert alice.get(f"/submissions/{team}/certificate.pdf").status_code == 404
    told = json.loads(web.client().get("/cycles/2024/certificates/revoked.json").text)
    assert told["list"]["ended"] == []
    assert web.client().get("/certificates/2024-YX-0001").status_code == 404


def test_the_organiser_issues_all_and_finds_them(web: Web) -> None:
    told(web, "BENCHMARK", "EXCELLENT", "EXCELLENT")
    olga = web.client("olga")
    assert "待颁发 3 份" in olga.get(YEAR).text
    assert olga.post(YEAR).status_code == 303
    assert olga.post(YEAR).status_code == 303
    page = olga.get(YEAR).text
    assert "有效 3 份，失效 0 份，待颁发 0 份" in page
    assert "共 1 份" in olga.get(f"{YEAR}?level=BENCHMARK").text
    assert "共 1 份" in olga.get(f"{YEAR}?q=yx-0002").text
    assert "共 0 份" in olga.get(f"{YEAR}?q=%25").text
    assert "共 0 份" in olga.get(f"{YEAR}?standing=ended").text
    revoke(web.world, "2024-YX-0001")
    assert "共 1 份" in olga.get(f"{YEAR}?standing=ended").text
    assert "共 2 份" in olga.get(f"{YEAR}?standing=valid").text
    for name in ("alice", "rita", "eve"):
        assert web.client(name).get(YEAR).status_code == 403
        assert web.client(name).post(YEAR).status_code == 403
        assert web.client(name).get(f"{YEAR}.pdf").status_code == 403


def test_the_paper_is_for_those_concerned(web: Web) -> None:
    (team,) = told(web, "BENCHMARK")
    (made,) = issue(web.world)
    number = made.number
    path = f"/submissions/{team}/certificate.pdf"
    codes = {name: web.client(name).get(path).status_code for name in ("alice", "bob", "rita", "ralf", "olga", "eve")}
    assert codes == {"alice": 200, "bob": 404, "rita": 200, "ralf": 404, "olga": 200, "eve": 403}
    assert web.client().get(path).status_code == 302
    assert f"证书 {number}" in web.client("alice").get(f"/submissions/{team}").text
    assert "颁发了证书" in web.client("alice").get(f"/submissions/{team}").text
    revoke(web.world, number)
    assert web.client("alice").get(path).status_code == 404
    assert path not in web.client("alice").get(f"/submissions/{team}").text


def test_the_public_page_says_whether_it_holds_and_why_not(web: Web) -> None:
    (team,) = told(web, "BENCHMARK")
    (made,) = issue(web.world)
    number, code = made.number, made.code
    nobody = web.client()
    page = nobody.get(f"/certificates/{code}")
    assert page.status_code == 200
    for part in ("证书有效", number, "浦江电机厂", "标杆级", "降低总装线返工率"):
        assert part in page.text
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "Benchmark" in nobody.get(f"/certificates/{code}", headers={"Accept-Language": "en"}).text
    assert nobody.get(f"/certificates/{code.lower()}").status_code == 200
    new = reissue(web.world, number, "更名")
    page = nobody.get(f"/certificates/{code}")
    for part in ("失效", "原因：更名", f"已由证书 {new} 取代", the(web, new).code):
        assert part in page.text
    assert "浦江电机厂" not in page.text
    web.world.move(team, "revoke", "olga", note="材料不实")
    page = nobody.get(f"/certificates/{the(web, new).code}").text
    assert "该成果的评价结果已不再有效" in page
    assert "材料不实" not in page
    assert nobody.get("/certificates/AAAA-BBBB-CCCC-DDDD").status_code == 404


def test_verify_takes_codes_numbers_and_files_of_both_papers(web: Web) -> None:
    (team,) = told(web, "PROGRESS")
    (made,) = issue(web.world)
    number, code = made.number, made.code
    nobody = web.client()
    for typed in (code, code.lower().replace("-", ""), number, number.lower()):
        assert nobody.get(f"/verify?code={typed}").headers["Location"] == f"/certificates/{code}"
    body = web.client("alice").get(f"/submissions/{team}/certificate.pdf").data
    status, page = upload(nobody, body)
    assert status == 200
    for part in ("没有任何改动", "证书有效", number, "浦江电机厂"):
        assert part in page
    assert upload(nobody, body.replace(b"%%EOF", b"%%EOE", 1))[0] == 422
    revoke(web.world, number, "材料不实")
    page = upload(nobody, body)[1]
    assert "原因：材料不实" in page
    assert "证书有效" not in page
    stranger = certificate_pdf.written(
        made.said.replace(code, "AAAA-BBBB-CCCC-DDDD"), address="x", by=signing.keys(web.app.config["SIGNING_KEY"])
    )
    assert "登记中没有这份证书" in upload(nobody, stranger)[1]


def test_reissued_and_revoked_by_the_page(web: Web) -> None:
    told(web, "PROGRESS")
    found = issue(web.world)[0].id
    olga, path = web.client("olga"), f"/admin/certificates/{found}"
    assert olga.get(path).status_code == 200
    assert olga.post(f"{path}/reissue", data={"reason": "更名"}).status_code == 422
    assert olga.post(f"{path}/reissue", data={"reason": " ", "sure": "yes"}).status_code == 422
    assert web.client("rita").post(f"{path}/reissue", data={"reason": "更名", "sure": "yes"}).status_code == 403
    assert olga.post(f"{path}/reissue", data={"reason": "更名", "sure": "yes"}).status_code == 303
    again = olga.post(f"{path}/reissue", data={"reason": "更名", "sure": "yes"})
    assert again.status_code == 409
    assert "2024-TJ-0002" in again.text
    new = the(web, "2024-TJ-0002").id
    assert olga.post(f"/admin/certificates/{new}/revoke", data={"reason": "材料不实", "sure": "yes"}).status_code == 303
    assert "失效" in olga.get(f"/admin/certificates/{new}").text
    assert olga.post(f"{path}/burn").status_code == 404
    assert olga.get("/admin/certificates/999").status_code == 404


def test_the_list_is_signed_and_names_what_holds_no_more(web: Web) -> None:
    teams = told(web, "PROGRESS", "BENCHMARK", "BENCHMARK")
    issue(web.world)
    first = reissue(web.world, "2024-TJ-0001", "更名")
    web.world.move(teams[1], "revoke", "olga", note="材料不实")
    answer = web.client().get("/cycles/2024/certificates/revoked.json")
    assert answer.content_type.startswith("application/json")
    key = signing.certificate(web.client().get("/verify/key").data)
    found = revocations.read(answer.data, key)
    assert found is not None
    named = {one["number"]: (one["reason"], one["replaced_by"]) for one in found["ended"]}
    gone = store.last_of(web.world.session, teams[1])
    assert gone is not None
    assert named == {"2024-TJ-0001": ("更名", first), gone.number: ("", "")}
    assert (found["year"], found["at"][:10]) == ("2024", "2024-08-20")
    assert web.client().get("/cycles/none/certificates/revoked.json").status_code == 404


def test_a_batch_holds_what_is_valid_of_a_level(web: Web) -> None:
    told(web, "PROGRESS", "BENCHMARK", "BENCHMARK")
    olga = web.client("olga")
    assert olga.get(f"{YEAR}.pdf").status_code == 404
    assert olga.get(f"{YEAR}.zip").status_code == 404
    issue(web.world)
    revoke(web.world, "2024-BG-0001")
    with closing(pypdfium2.PdfDocument(olga.get(f"{YEAR}.pdf").data)) as opened:
        assert len(opened) == 2
    answer = olga.get(f"{YEAR}.zip?level=BENCHMARK")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        (name,) = archive.namelist()
        body = archive.read(name)
    assert name.startswith("2024-BG-0002 ")
    told_inside = certificate_pdf.read(body, signing.keys(web.app.config["SIGNING_KEY"]).certificate)
    assert told_inside is not None
    assert told_inside["number"] == "2024-BG-0002"


def test_all_are_issued_in_portions(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    told(web, *["PROGRESS"] * 5)
    monkeypatch.setattr(service, "PORTION", 2)
    web.client("olga").post(YEAR)
    assert "有效 5 份" in web.client("olga").get(YEAR).text


def test_the_whole_submission_holds_its_certificate(web: Web, tmp_path: Path) -> None:
    (team,) = told(web, "PROGRESS")
    issue(web.world)
    lay(web, tmp_path)
    answer = web.client("alice").get(f"/submissions/{team}/dossier.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert "certificates/2024-TJ-0001.pdf" in archive.namelist()
