"""Every refusal as a page with its reasons; never a traceback."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException

from qtb.domain.errors import Reason, Refusal
from qtb.extensions import db
from qtb.web.public import is_ours


def init_app(app: Flask) -> None:
    """Register a handler for each kind of failure."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _away)
    app.register_error_handler(InterfaceError, _away)
    app.register_error_handler(DBAPIError, _data)


def page(status: int, reasons: tuple[Reason, ...], headers: dict[str, str] | None = None) -> ResponseReturnValue:
    """Return the error page with its reasons in words."""
    db.session.rollback()
    return render_template("error.html", status=status, reasons=reasons, back=_back()), status, headers or {}


def _back() -> str:
    """Return the address of the page of ours whose form was refused; empty where there is none."""
    try:
        came = urlsplit(request.referrer or "")
    except ValueError:  # no address at all
        return ""
    if request.method != "POST" or came.netloc != request.host:
        return ""
    address = came.path + (f"?{came.query}" if came.query else "")
    return address if is_ours(address) else ""


def _refused(error: Refusal) -> ResponseReturnValue:
    return page(error.status, error.reasons)


def _forged(error: CSRFError) -> ResponseReturnValue:
    return page(400, (Reason("csrf"),))


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if 300 <= status < 400:
        return error.get_response()
    allow = error.get_headers() if status == 405 else []
    key = f"http_{status}" if status in (400, 404, 405, 413, 415) else "http_other"
    return page(status, (Reason(key),), {name: value for name, value in allow if name == "Allow"})


def _away(error: DBAPIError) -> ResponseReturnValue:
    db.session.rollback()
    db.session.remove()
    return _plain_503()


def _data(error: DBAPIError) -> ResponseReturnValue:
    # The database refused a value that our own checks let through; the connection is fine.
    if error.connection_invalidated:
        return _away(error)
    raise error


def _plain_503() -> ResponseReturnValue:
    # Without the layout: that would ask the database who is signed in.
    text = "数据库暂时无法连接，请稍后再试。The database cannot be reached; please try again in a moment.\n"
    return text, 503, {"Retry-After": "10", "Content-Type": "text/plain; charset=utf-8"}
