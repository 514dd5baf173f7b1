"""Web and scheduler in one command: what a small association runs, and what the demo is."""

from __future__ import annotations

import contextlib
import gc
import socket

import waitress
from flask import Flask

from qtb import clock, scheduler, schema
from qtb import demo as demonstration
from qtb.extensions import db
from qtb.services import accounts, definitions
from qtb.store.objects import storage
from qtb.store.unit import unit
from qtb.web import create_app

THREADS = 8
CONNECTIONS = 2_000


def serve(*, demo: bool = False, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Bring the database to head, say how to get in, and answer until stopped."""
    with contextlib.closing(_listening(host, port)) as listener:
        app = prepared(demo=demo)
        address = app.config["BASE_URL"] or f"http://{host}:{listener.getsockname()[1]}"
        _announce(app, address)
        running = scheduler.start(app)
        settled()
        try:
            waitress.serve(app, sockets=[listener], **waitress_options(app))
        finally:
            running.shutdown(wait=False)


def prepared(*, demo: bool) -> Flask:
    """Return the web application with its database at head and, in a demo, filled."""
    app = create_app(demo=demo)
    with app.app_context():
        schema.bring_to_head()
        for key in definitions.programmes():
            definitions.load(key)
        if demo:
            _fill(app)
        db.session.remove()
    return app


def settled() -> None:
    """Take what the start has built out of the collector's rounds: going over it all stops a page for 0.1 s."""
    gc.collect()
    gc.freeze()


def _fill(app: Flask) -> None:
    if demonstration.is_told(db.session()):
        return
    # A telling that was broken off is told again from the start; only made-up data is lost.
    db.session.remove()
    schema.migrations().downgrade(revision="base")
    schema.migrations().upgrade()
    kept = storage(str(app.config["FILES"]))
    demonstration.fill(db.session(), secret=str(app.config["SECRET_KEY"]), storage=kept)


def _announce(app: Flask, address: str) -> None:
    print(f"QTB  {address}", flush=True)
    with app.app_context():
        if app.config["DEMO"]:
            print(demonstration.notice(secret=str(app.config["SECRET_KEY"]), address=address), flush=True)
            return
        with unit(db.session()) as work:
            token = accounts.set_up_link(work, now=clock.real())
        db.session.remove()
    if token:
        print("首次使用，请打开一次性链接建立主办方账号 / First use: open this one-time link", flush=True)
        print(f"  {address}/setup/{token}", flush=True)


def _listening(host: str, port: int) -> socket.socket:
    # Bound before anything else, so that a taken port is said at once and nothing has been done.
    return socket.create_server((host, port), backlog=1024)


def waitress_options(app: Flask) -> dict[str, object]:
    """Return how waitress is to serve the app.

    It reads a request whole before a thread sees it, so slow clients hold no thread; and it takes many connections,
    or a hundred slow senders would keep everybody else waiting at the door.
    """
    return {
        "threads": THREADS,
        "ident": "qtb",
        "max_request_body_size": app.config["MAX_UPLOAD"],
        "channel_timeout": 60,
        "connection_limit": CONNECTIONS,
        "asyncore_use_poll": True,  # select() ends at 1,024 sockets
        "clear_untrusted_proxy_headers": True,
        **proxy_options(app),
    }


def proxy_options(app: Flask) -> dict[str, object]:
    """Return whose word waitress is to take for where a request came from; without a proxy nobody's."""
    headers = {"x-forwarded-for", "x-forwarded-proto"}
    proxy = app.config["BEHIND_PROXY"]
    return {"trusted_proxy": proxy, "trusted_proxy_headers": headers} if proxy else {}
