"""Languages: every wording of the software has a key, and the `.po` files of `locale/<lang>/` say it.

The catalogues are read as they are at start, so nothing has to be compiled and nothing can be stale.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, g, has_request_context, request, session
from flask_babel import Domain
from markupsafe import Markup

from qtb import clock
from qtb.config import PACKAGE
from qtb.domain.errors import Reason, retold
from qtb.domain.workflow import Text
from qtb.extensions import babel

LANGUAGES = ("zh", "en")
# Refusals whose `at` and `until` are ends: 24:00.
ENDS = {
    "closed", "objection_late", "undo_ended", "extension_given", "extension_early", "extension_over",
    "extension_longer", "due_past", "due_beyond", "slides_late", "slot_outside",
}  # fmt: skip


class Catalogue(Domain):  # type: ignore[misc]
    """A domain whose translations come straight from the .po file of the locale."""

    def get_translations(self) -> Translations:
        """Return the translations of the present locale."""
        return catalogue(language())


@lru_cache
def catalogue(lang: str) -> Translations:
    """Return one language's catalogue, merged from all its files; a key given twice is an error, not a choice."""
    merged = Catalog(locale=lang)
    for path in sorted((PACKAGE / "locale" / lang).glob("*.po")):
        for key, message in _messages(path):
            if key in merged:
                raise ValueError(f"{path}: {key} is given twice")
            merged[key] = message
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return Translations(compiled, domain="messages")


def _messages(path: Path) -> Iterator[tuple[str, Message]]:
    text = path.read_text("utf-8")
    messages = [message for message in read_po(io.StringIO(text)) if message.id]
    # The reader itself keeps the last of two equal keys in one file, so the lines are counted.
    if len(messages) != len(re.findall(r'^msgid "(?!"$)', text, re.MULTILINE)):
        raise ValueError(f"{path}: a key is given twice, or over several lines")
    return ((str(message.id), message) for message in messages)


def init_app(app: Flask) -> None:
    """Choose the language by the person's choice, then the browser's, Chinese first."""
    domain = Catalogue()
    babel.init_app(app, locale_selector=language, default_domain=domain)
    app.jinja_env.globals.update(_=say, lang=language, in_words=in_words)


def language() -> str:
    """Return `zh` or `en`, chosen once for a request: a page asks for hundreds of wordings."""
    try:
        lang: str = g.lang  # one look: every other question to the context costs as much as a wording
    except AttributeError:
        if not has_request_context():
            return "zh"
        lang = g.lang = _choose()
    except RuntimeError:  # no context at all
        return "zh"
    return lang


def say(key: str, /, **args: Any) -> str:
    """Return the wording of a key in the present language, filled with the arguments."""
    return word(language(), key, **args)


@cache
def sayer(lang: str) -> Callable[..., str]:
    """Return `say` for one language: a page that knows its own need not ask at every wording."""
    return partial(word, lang)


def word(lang: str, key: str, /, **args: Any) -> str:
    """Return the wording of a key in a given language; texts among the arguments are put into it too."""
    text = _plain(lang, key)
    if not args:
        return text
    shown = {name: value.get(lang) if isinstance(value, Text) else value for name, value in args.items()}
    return text % shown


@lru_cache(maxsize=8_192)
def _plain(lang: str, key: str) -> str:
    return str(catalogue(lang).gettext(key))


def in_words(reason: Reason, lang: str | None = None) -> str:
    """Return a reason as a sentence."""
    lang = lang or language()
    args: dict[str, Any] = {}
    for name, value in reason.args.items():
        if name == "roles" and isinstance(value, tuple):
            value = word(lang, "list.or").join(word(lang, f"role.{role}") for role in value)
        elif isinstance(value, tuple):
            value = word(lang, "list.and").join(_part(one, lang) for one in value)
        elif isinstance(value, datetime):
            value = clock.shown(value, lang, is_end=name in ("at", "until") and reason.key in ENDS)
        args[name] = value
    return word(lang, f"refusal.{reason.key}", **args)


def _part(value: Any, lang: str) -> str:
    """Return one of several things that a sentence names: a reason is a sentence of its own, put inside."""
    if isinstance(value, Reason):
        return in_words(value, lang).rstrip("。.")
    return value.get(lang) if isinstance(value, Text) else str(value)


def failure(text: str, lang: str | None = None) -> str:
    """Return an error that was kept in a table: a refusal as a sentence, any other as it is."""
    reason = retold(text)
    return in_words(reason, lang) if reason else text


def _choose() -> str:
    chosen = session.get("lang")
    return chosen if chosen in LANGUAGES else (request.accept_languages.best_match(LANGUAGES) or "zh")


def escaped(text: str) -> Markup:
    """Return text safe for HTML with its line ends kept."""
    return Markup("<br>").join(text.split("\n"))
