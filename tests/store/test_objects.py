"""One contract of storage, on a folder and on a real S3 server in a process of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qtb.domain.errors import Refusal
from qtb.store.objects import Storage, storage
from tests.buckets import free_port


@pytest.fixture(params=["folder", "s3"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """An empty storage of either kind."""
    if request.param == "folder":
        return storage(str(tmp_path / "files"), {})
    return storage(f"s3://qtb/{tmp_path.name}", request.getfixturevalue("s3"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of three megabytes and a bit."""
    path = tmp_path / "given"
    path.write_bytes(bytes(range(256)) * 12_289)
    return path


def test_what_is_put_is_there_and_whole(kept: Storage, file: Path) -> None:
    key = kept.put(file)
    parts = list(kept.chunks(key))
    assert b"".join(parts) == file.read_bytes()
    assert len(parts) > 1


def test_the_same_file_twice_is_two(kept: Storage, file: Path) -> None:
    first, second = kept.put(file), kept.put(file)
    kept.delete(first)
    assert b"".join(kept.chunks(second)) == file.read_bytes()


def test_what_is_gone_is_said_to_be_gone_before_anything_is_sent(kept: Storage, file: Path) -> None:
    key = kept.put(file)
    kept.delete(key)
    kept.delete(key)
    with pytest.raises(FileNotFoundError):
        kept.chunks(key)


def test_only_what_is_old_is_found_as_old(kept: Storage, file: Path) -> None:
    key, now = kept.put(file), datetime.now(UTC)
    assert list(kept.older(now - timedelta(hours=1))) == []
    assert list(kept.older(now + timedelta(hours=1))) == [key]


def test_a_storage_that_is_away_is_refused_as_such(file: Path) -> None:
    away = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}", "AWS_ACCESS_KEY_ID": "a", "AWS_REGION": "x",
            "AWS_SECRET_ACCESS_KEY": "b"}  # fmt: skip
    with pytest.raises(Refusal) as caught:
        storage("s3://qtb", away).put(file)
    assert (caught.value.key, caught.value.status) == ("storage_away", 503)


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(Refusal, match="storage_place"):
        storage("ftp://somewhere", {})
