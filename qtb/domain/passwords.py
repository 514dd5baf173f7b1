"""What a password may be. The default profile follows NIST SP 800-63B-4."""

from __future__ import annotations

import re

from qtb.domain.errors import Invalid

MIN_PASSWORD, MAX_PASSWORD = 15, 256
COMMON = ("password", "123456", "qwerty", "abcdef", "111111", "iloveyou", "letmein", "welcome")


def checked_password(password: str, *context: str) -> str:
    """Return the password if it is long enough and not common or made of the person's own words.

    The default profile follows NIST SP 800-63B-4: 15 characters, no composition rules, no forced change.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid("password_length", min=MIN_PASSWORD, max=MAX_PASSWORD)
    if any("\ud800" <= sign <= "\udfff" for sign in password):
        raise Invalid("field_control")  # half a character cannot be hashed
    lowered = password.lower()
    words = {word for text in context for word in re.split(r"[@.\s_-]+", text.lower()) if len(word) > 3}
    if len(set(lowered)) < 5 or any(word in lowered for word in words) or lowered.startswith(COMMON):
        raise Invalid("password_weak")
    return password
