"""The address of a person's calendar feed: a signed token that needs no sign-in, until it is renewed."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import Session

from qtb.domain.errors import Missing
from qtb.domain.roles import Actor
from qtb.store import accounts, audit
from qtb.store.accounts import Account
from qtb.store.unit import lock

SALT = "calendar feed"


def token(account: Account, *, secret: str) -> str:
    """Return the token of an account's feed as it is now."""
    return str(URLSafeSerializer(secret, salt=SALT).dumps([account.id, account.feed_nonce]))


def reader(session: Session, token: str, *, secret: str, now: datetime) -> Actor:
    """Return whose feed a token opens, with the roles held now; what opens none looks like any missing page."""
    try:
        account_id, nonce = URLSafeSerializer(secret, salt=SALT).loads(token)
    except BadData:
        raise Missing("http_404") from None
    account = session.get(Account, account_id)
    if account is None or not account.is_active or not hmac.compare_digest(account.feed_nonce, nonce):
        raise Missing("http_404")
    units: dict[str, set[int]] = {}
    for one in accounts.memberships(session, account.id, now):
        units.setdefault(one.role, set()).add(one.unit_id)
    return Actor(account.id, account.name, "web", {role: frozenset(ids) for role, ids in units.items()})


def renew(session: Session, account_id: int, *, actor: Actor, now: datetime) -> None:
    """Give the account's feed a new address; the old one is dead from then on."""
    account = session.get_one(Account, account_id)
    lock(session, account)
    account.feed_nonce = secrets.token_hex(16)
    audit.record(session, account, "feed", actor=actor, now=now)
