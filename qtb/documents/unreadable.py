"""The one way in which a file is refused, whichever reader meets it."""

from __future__ import annotations

from qtb.domain.errors import Invalid


class NoticeUnreadable(Invalid):
    """The file or text given is no notice that can be read; `key` says why."""
