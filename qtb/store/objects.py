"""Where the bytes of files lie: a folder, or a bucket of an S3-compatible server; the same few acts on both.

An object is written whole under a key that nobody knows yet, so a crash leaves at most one that no row names.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from qtb.domain.errors import Invalid, Refusal

PART = 1024 * 1024
PATIENCE: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}  # people wait for it


class StorageAway(Refusal):
    """The storage of files does not answer, or has no room."""

    status = 503


class Storage:
    """One place for files; `folder` is set where it lies on this machine."""

    def __init__(self, store: Any, folder: Path | None = None) -> None:
        self._store, self._folder = store, folder

    def put(self, path: Path) -> str:
        """Keep a file and return the key under which it lies."""
        name = uuid.uuid4().hex
        key = f"{name[:2]}/{name}"
        with _reached():
            obstore.put(self._store, key, path)
            self._make_durable(key)
        return key

    def chunks(self, key: str) -> Iterator[bytes]:
        """Yield a file piece by piece. Raises FileNotFoundError at once where it is gone, StorageAway."""
        with _reached():
            found = obstore.get(self._store, key)
        return (bytes(part) for part in found.stream(min_chunk_size=PART))

    def delete(self, key: str) -> None:
        """Let a file be gone; one that is gone already stays so."""
        with contextlib.suppress(FileNotFoundError), _reached():
            obstore.delete(self._store, key)

    def older(self, than: datetime) -> Iterator[str]:
        """Yield the keys of what was written before an instant."""
        with _reached():
            found = [one["path"] for page in obstore.list(self._store) for one in page if one["last_modified"] < than]
        yield from found

    def _make_durable(self, key: str) -> None:
        """Let a power cut find the bytes and their name on the disk: the row that names them is about to be there."""
        if self._folder is None:
            return
        path = self._folder / key
        for one in (path, path.parent, self._folder):
            handle = os.open(one, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def storage(place: str, environment: Mapping[str, str] = os.environ) -> Storage:
    """Return the storage at a folder, or at `s3://bucket/prefix` with the AWS_ variables of the environment."""
    if place.startswith("s3://"):
        return Storage(S3Store.from_url(place, config=_s3(environment), client_options=_client(environment),
                                        retry_config=PATIENCE))  # fmt: skip
    if "://" in place:
        raise Invalid("storage_place")
    folder = Path(place).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Storage(LocalStore(prefix=folder), folder)
    except (BaseError, OSError) as error:
        raise StorageAway("storage_away") from error


@contextlib.contextmanager
def _reached() -> Iterator[None]:
    """Raise StorageAway for whatever the storage fails with but a file that is gone."""
    try:
        yield
    except (BaseError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise StorageAway("storage_away") from error


def _s3(environment: Mapping[str, str]) -> Any:
    names = {
        "endpoint": "AWS_ENDPOINT_URL", "access_key_id": "AWS_ACCESS_KEY_ID", "region": "AWS_REGION",
        "secret_access_key": "AWS_SECRET_ACCESS_KEY",
    }  # fmt: skip
    return {name: environment[variable] for name, variable in names.items() if environment.get(variable)}


def _client(environment: Mapping[str, str]) -> Any:
    return {"allow_http": environment.get("AWS_ENDPOINT_URL", "").startswith("http:")}
