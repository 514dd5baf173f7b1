"""Three hundred clients that send a byte and wait must not keep others from being answered."""

from __future__ import annotations

import socket
import threading
import urllib.request
from contextlib import ExitStack

import pytest
from waitress.server import create_server

from qtb.serve import waitress_options
from qtb.web import create_app

BODY = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc"


@pytest.mark.parametrize("start", [BODY, b"GET / HT"], ids=["body", "head"])
def test_slow_senders_hold_nobody_up(settings: dict[str, object], start: bytes) -> None:
    app = create_app(settings)
    server = create_server(app, host="127.0.0.1", port=0, **waitress_options(app))
    threading.Thread(target=server.run, daemon=True).start()
    with ExitStack() as stack:
        for _ in range(300):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", server.effective_port)))
            slow.sendall(start)
        for _ in range(8):
            with urllib.request.urlopen(f"http://127.0.0.1:{server.effective_port}/sign-in", timeout=20) as answer:
                assert answer.status == 200
    server.close()
