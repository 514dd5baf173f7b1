"""Requests without a server: an application is called as WSGI says, and only the call is on the watch."""

from __future__ import annotations

import contextvars
import gzip
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from werkzeug.test import Client, EnvironBuilder

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer: status, bytes, CPU of this process, and of the database's where it is another."""

    status: int
    body: bytes
    cpu: float
    database_cpu: float = 0.0

    @property
    def zipped(self) -> int:
        """How many bytes go over the wire behind a proxy that compresses."""
        return len(gzip.compress(self.body, 6))


@dataclass(frozen=True, slots=True)
class Browser:
    """Somebody's cookie and the token of that person's forms."""

    cookie: str = ""
    token: str = ""

    def environ(self, path: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the request for a page, or for what a form sends."""
        filled = {**form, "csrf_token": self.token} if form is not None else None
        method, headers = "POST" if form is not None else "GET", [("Cookie", self.cookie), ("Accept-Language", "zh")]
        return dict(EnvironBuilder(path=path, method=method, headers=headers, data=filled).get_environ())


@dataclass(frozen=True, slots=True)
class Backends:
    """The processes of a database server that answer this one; without any, the database runs in this process."""

    pids: list[int] = field(default_factory=list)

    def cpu(self) -> float:
        """Return the CPU seconds that they have used, where the system tells."""
        return sum(_ran(pid) for pid in self.pids)


def ask(app: WSGI, environ: dict[str, Any], backends: Backends) -> Asked:
    """Call an application once, in a context of its own as on a server."""
    answered: list[str] = []

    def start(status: str, headers: object, exc_info: object = None) -> None:
        answered.append(status)

    def call() -> bytes:
        parts = app(environ, start)
        try:
            return b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()

    context, before = contextvars.Context(), backends.cpu()
    cpu = time.process_time()
    body = context.run(call)
    cpu = time.process_time() - cpu
    return Asked(int(answered[-1].split()[0]), body, cpu, backends.cpu() - before)


def signed_in(app: WSGI, *, path: str, cookie: str, email: str, password: str) -> Browser:
    """Sign in through the page, as a person would; `cookie` is the name of the one that keeps it."""
    client = Client(app)
    form = {"email": email, "password": password, "csrf_token": _token(client.get(path).get_data(as_text=True))}
    answer = client.post(path, data=form)
    if answer.status_code not in (302, 303):
        raise RuntimeError(f"nobody could sign in at {path}: {answer.status_code}")
    page = client.get(answer.location)
    stored = client.get_cookie(cookie)
    return Browser(f"{cookie}={stored.value if stored else ''}", _token(page.get_data(as_text=True)))


def _token(page: str) -> str:
    found = TOKEN.search(page)
    return found[1] if found else ""


def _ran(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0
