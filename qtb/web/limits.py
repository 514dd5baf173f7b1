"""How often one may try at the doors that stand open to everybody, so that nobody guesses passwords by the thousand.

An address may be a whole office behind one router: it may try often, and for long only what failed counts. A name may
fail a few times from one address, counted before the password is looked at, so that tries at once gain nothing, and
forgotten when it is right. From addresses where its person has never been it may be tried a few dozen times in all:
whoever guesses shuts those and keeps nobody out where he usually signs in. Counted in this process, or in a Redis that
all nodes share; while that is away each node counts for itself.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter, RateLimitExceeded, RouteLimit
from limits import parse
from limits.errors import ConfigurationError, StorageError

from qtb import clock
from qtb.domain.errors import Invalid, Reason
from qtb.extensions import db
from qtb.services.accounts import token_hash
from qtb.store import accounts
from qtb.web import errors

KNOWN = 200  # a person's latest sign-ins that tell from where he comes
SECONDS = 0.5  # for a Redis to answer; people wait for it
PREFIX = "qtb"
MEMORY, REDIS = ("memory",), ("redis", "rediss", "redis+unix")


def init_app(app: Flask) -> None:
    """Put its limits around each view of the table. Raises Invalid for a store that cannot be."""
    if not app.config["RATELIMIT_ENABLED"]:
        return
    limiter = _limiter(app, str(app.config["RATELIMIT_URL"]))
    for rule in RULES:
        limit = RouteLimit(
            rule.often, key_function=rule.by, scope=rule.scope, shared=True, methods=[rule.method],
            deduct_when=_is_refused if rule.only_refused else None, exempt_when=rule.exempt, limiter=limiter,
        )  # fmt: skip
        for endpoint in rule.endpoints:
            limited: Any = limit(app.view_functions[endpoint])
            app.view_functions[endpoint] = _forgiving(limiter, rule, limited) if rule.forgives else limited

    def too_often(error: RateLimitExceeded) -> ResponseReturnValue:
        wait = _seconds(limiter, error)
        minutes: dict[str, object] = {"minutes": math.ceil(wait / 60)}
        is_name = error.limit.scope in ("name", "name here")
        reason = Reason("too_often_name", minutes) if is_name else Reason("too_often", minutes)
        return errors.page(429, (reason,), {"Retry-After": str(wait)})

    app.register_error_handler(RateLimitExceeded, too_often)


def _forgiving(limiter: Limiter, rule: Rule, view: Callable[..., Any]) -> Callable[..., Any]:
    """Let what was tried before count no more once it has led somewhere."""
    item = parse(rule.often)

    @wraps(view)
    def forgiving(*args: Any, **given: Any) -> Any:
        answer = view(*args, **given)
        if request.method == rule.method and getattr(answer, "status_code", 0) == 303:
            with contextlib.suppress(StorageError):
                limiter.limiter.clear(item, PREFIX, rule.by(), rule.scope)
        return answer

    return forgiving


def _limiter(app: Flask, url: str) -> Limiter:
    limiter = Limiter(
        _address, storage_uri=url, storage_options=_options(url), strategy="moving-window", key_prefix=PREFIX,
        in_memory_fallback_enabled=True,
        swallow_errors=True,  # a store that goes away between the question and the count
    )  # fmt: skip
    try:
        limiter.init_app(app)
    except (ConfigurationError, StorageError, ValueError):
        raise Invalid("ratelimit_url") from None  # not repeated: it may hold a password
    return limiter


def _options(url: str) -> dict[str, Any]:
    scheme = urlsplit(url).scheme
    if scheme in MEMORY:
        return {}
    if scheme not in REDIS:
        raise Invalid("ratelimit_url")
    try:
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        raise Invalid("ratelimit_redis") from None
    # By itself it would try for seconds, with somebody waiting in front of the page.
    patience = {"socket_timeout": SECONDS, "socket_connect_timeout": SECONDS, "retry": Retry(NoBackoff(), 0)}
    return {"wrap_exceptions": True, **patience}


def _seconds(limiter: Limiter, error: RateLimitExceeded) -> int:
    """Return how long to wait: exactly, or the whole window while the store does not say."""
    window, breached = error.limit.limit.get_expiry(), limiter.current_limit
    with contextlib.suppress(StorageError):
        if breached is not None:
            return min(window, max(1, math.ceil(breached.reset_at - clock.real().timestamp())))
    return window


def _is_refused(response: Response) -> bool:
    return response.status_code == 403


def _address() -> str:
    return _place(request.remote_addr or "")


def _place(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return "here"  # a socket of this machine has no address
    # Whoever has one address of version 6 has all of its network.
    return str(address) if address.version == 4 else f"{int(address) >> 64:x}::/64"


def _name() -> str:
    # Hashed, so that the store tells nobody who signs in here.
    return token_hash(request.form.get("email", "").strip().lower())


def _name_here() -> str:
    return f"{_name()} {_address()}"


def _is_known() -> bool:
    """Tell whether the person behind the name has signed in from here before; of nobody it is not so."""
    if request.method != "POST":
        return False
    known = accounts.addresses(db.session(), request.form.get("email", "").strip(), limit=KNOWN)
    return _address() in {_place(one) for one in known}


def _link() -> str:
    return token_hash(str((request.view_args or {}).get("token")))


@dataclass(frozen=True, slots=True)
class Rule:
    """How often one may ask for some views, together; of tries `only_refused` ones count, or all.

    With `forgives` they are forgotten when one leads on; `exempt` says for whom there is no such limit.
    """

    scope: str
    endpoints: tuple[str, ...]
    often: str
    by: Callable[[], str] = _address
    only_refused: bool = False
    forgives: bool = False
    exempt: Callable[[], bool] | None = None
    method: str = "POST"


DOORS = ("accounts.sign_in", "accounts.recommender_sign_in")
LINKS = ("accounts.set_up", "accounts.invitation")
RULES = (
    Rule("doors", DOORS, "60 per minute"),
    Rule("doors refused", DOORS, "100 per hour", only_refused=True),
    Rule("name here", DOORS, "5 per 15 minutes", _name_here, forgives=True),
    Rule("name", DOORS, "50 per hour", _name, exempt=_is_known),
    Rule("sign-up", ("accounts.sign_up",), "60 per hour"),
    Rule("sign-up name", ("accounts.sign_up",), "20 per 15 minutes", _name),
    Rule("links", LINKS, "60 per minute"),
    Rule("one link", LINKS, "20 per 15 minutes", _link),
    Rule("calendars", ("feeds.year", "feeds.personal"), "300 per minute", method="GET"),
    Rule("verify", ("verify.check",), "30 per minute"),
    Rule("verify code", ("verify.page", "certificates.show"), "120 per minute", method="GET"),
    Rule("objections", ("objections.object_to",), "20 per hour"),
    Rule("published papers", ("published.papers",), "60 per minute", method="GET"),
    Rule("objection code", ("objections.standing",), "60 per minute", method="GET"),
    Rule("demo's clock", ("demo_clock.set_clock",), "60 per minute"),
)
