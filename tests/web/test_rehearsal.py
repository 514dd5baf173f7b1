"""The rehearsal in the browser: started, watched, read; broken off, elsewhere, twice at once, wrong numbers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from qtb.domain.errors import Invalid
from qtb.web import rehearsing
from tests.domain import small
from tests.web.conftest import Web, web

__all__ = ["web"]

FORM = "/admin/cycles/2024/rehearsals"


@pytest.fixture
def olga(web: Web) -> FlaskClient:
    """The organiser's browser."""
    return web.client("olga")


@pytest.fixture
def home(web: Web) -> Path:
    """The folder in which results lie."""
    return Path(web.app.config["HOME"])


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A background that never gets anywhere: the thread ends at once and says nothing."""
    monkeypatch.setattr(rehearsing, "_run", lambda *_: None)
    yield
    rehearsing._mine.clear()


def start(client: FlaskClient, n: str = "12", seed: str = "4") -> str:
    """Start a rehearsal and return the address of its page."""
    answer = client.post(FORM, data={"n": n, "seed": seed})
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def waited(client: FlaskClient, page: str) -> str:
    """Return the page when it no longer refreshes itself."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        answer = client.get(page)
        assert answer.status_code == 200
        if "Refresh" not in answer.headers:
            return answer.text
        time.sleep(0.3)
    raise AssertionError("the rehearsal does not end")


def stored(home: Path, name: str, **content: Any) -> None:
    """Write a result file as another process would have."""
    head = {"name": name, "key": "2024", "n": 5, "seed": 1, "node": "another", "share": 0.2, "status": "running"}
    (home / "rehearsals").mkdir(parents=True, exist_ok=True)
    text = json.dumps({**head, "started": "2024-01-01T00:00:00+00:00", **content})
    (home / "rehearsals" / f"{name}.json").write_text(text, "utf-8")


def test_started_watched_and_read(olga: FlaskClient) -> None:
    assert FORM in olga.get("/admin/cycles/2024").text
    page = start(olga)
    text = waited(olga, page)
    for part in ("2024年质量信得过班组", "<svg", "全年合计", "年末各状态的案例数", "自检和历史校验均无问题"):
        assert part in text
    assert "rehearsal." not in text.replace("rehearsal.json", "")
    found = olga.get(f"{page}.json")
    assert found.json["n_submissions"] == 12
    assert "attachment" in found.headers["Content-Disposition"]
    assert page in olga.get(FORM).text


@pytest.mark.parametrize(
    ("n", "seed"),
    [("0", "1"), ("10001", "1"), ("", "1"), ("x", "1"), ("-5", "1"), ("5", ""), ("5", "-1"), ("5", "9" * 12)],
)
def test_wrong_numbers_are_said(olga: FlaskClient, n: str, seed: str) -> None:
    answer = olga.post(FORM, data={"n": n, "seed": seed})
    assert answer.status_code == 422
    assert "应" in answer.text
    assert "以往的演练" in answer.text


def test_one_at_a_time(olga: FlaskClient, stopped: None) -> None:
    page = start(olga)
    assert "Refresh" in olga.get(page).headers
    assert olga.post(FORM, data={"n": "5", "seed": "1"}).status_code == 409


def test_one_that_another_process_is_busy_with_counts_too(olga: FlaskClient, home: Path) -> None:
    stored(home, "a" * 16)
    assert "Refresh" in olga.get(f"/admin/rehearsals/{'a' * 16}").headers
    assert olga.post(FORM, data={"n": "5", "seed": "1"}).status_code == 409


def test_one_that_was_broken_off_says_so(olga: FlaskClient, home: Path, stopped: None) -> None:
    stored(home, "b" * 16, node=rehearsing.NODE)
    answer = olga.get(f"/admin/rehearsals/{'b' * 16}")
    assert answer.status_code == 200
    assert "没有完成" in answer.text
    assert "Refresh" not in answer.headers
    assert start(olga)


def test_one_that_ends_while_it_is_read_is_not_called_broken_off(
    olga: FlaskClient, home: Path, stopped: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread writes the last word and lets go between the reader's opening of the file and its question."""
    name = "d" * 16
    stored(home, name, node=rehearsing.NODE)
    rehearsing._mine.add(name)
    read_text = Path.read_text

    def ends_meanwhile(path: Path, *rest: Any) -> str:
        text = read_text(path, *rest)
        rehearsing._mine.discard(name)
        return text

    monkeypatch.setattr(Path, "read_text", ends_meanwhile)
    assert rehearsing.read(home, name)["status"] == rehearsing.UNDER_WAY


def test_one_whose_process_fell_silent_is_broken_off(
    olga: FlaskClient, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(home, "c" * 16)
    monkeypatch.setattr(rehearsing, "QUIET", rehearsing.QUIET * 0 - rehearsing.QUIET)
    assert "没有完成" in olga.get(f"/admin/rehearsals/{'c' * 16}").text


def test_a_refusal_in_the_background_is_told(
    olga: FlaskClient, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise Invalid("rehearsal_seed", most=7)

    monkeypatch.setattr(rehearsing, "rehearse", refused)
    assert "0 至 7" in waited(olga, start(olga))


def test_a_fault_in_the_background_is_told(olga: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(rehearsing, "rehearse", broken)
    assert "没有完成" in waited(olga, start(olga))


@pytest.mark.parametrize("name", ["d" * 16, "nope", "..%2f..%2fsecret", "0123456789ABCDEF"])
def test_one_that_is_not_here_is_not_found(olga: FlaskClient, name: str) -> None:
    for address in (f"/admin/rehearsals/{name}", f"/admin/rehearsals/{name}.json"):
        assert olga.get(address).status_code == 404
    assert "另一台服务器" in olga.get(f"/admin/rehearsals/{'d' * 16}").text


def test_a_file_that_is_no_result_is_not_found(olga: FlaskClient, home: Path) -> None:
    stored(home, "e" * 16)
    (home / "rehearsals" / f"{'e' * 16}.json").write_text("{", "utf-8")
    assert olga.get(f"/admin/rehearsals/{'e' * 16}").status_code == 404
    assert olga.get(FORM).status_code == 200


def test_it_is_the_organisers(web: Web) -> None:
    for name in ("alice", "rita", "eve"):
        assert web.client(name).get(FORM).status_code == 403
        assert web.client(name).post(FORM, data={"n": "5", "seed": "1"}).status_code == 403
    assert web.client("olga").get("/admin/cycles/1999/rehearsals").status_code == 404


def test_old_results_are_forgotten(home: Path, stopped: None) -> None:
    for n in range(rehearsing.KEPT + 5):
        stored(home, f"{n:016x}", status="failed", started=f"2024-01-{n + 1:02d}")
    rehearsing.start(home, small.year(), n_submissions=5, seed=1)
    kept = rehearsing.found(home)
    assert len(kept) == rehearsing.KEPT
    assert kept[-1]["started"] > "2024-01-05"
