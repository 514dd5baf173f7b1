"""The conversation's page: the hour that it tells is the one on the wall."""

from __future__ import annotations

import re

from tests.web.conftest import Web, web

__all__ = ["web"]


def test_a_message_is_withdrawn_at_the_hour_of_the_wall(web: Web) -> None:
    path = f"/submissions/{web.world.submitted()}/conversation"
    alice = web.client("alice")
    assert alice.post(path, data={"body": "写错了", "reader": "all"}).status_code == 303
    (withdraw,) = re.findall(rf'action="({path}/\d+/withdraw)"', alice.get(path).text)
    page = alice.post(withdraw, follow_redirects=True).text
    (said,) = re.findall(r'role="status"[^>]*>(.*?)</div>', page, re.S)[:1]
    assert ("10:00" in said, "02:00" in said) == (True, False)
