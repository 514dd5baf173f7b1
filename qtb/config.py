"""Settings: environment variables with their defaults, and where things lie on disk."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from qtb.domain import files
from qtb.domain.errors import Invalid

PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return `workflows`, `templates` or `migrations`: packaged, or beside the package in a checkout."""
    packaged = PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else PACKAGE.parent / name


def workflows_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of programmes; a site names its own with QTB_WORKFLOWS_DIR."""
    return Path(environment.get("QTB_WORKFLOWS_DIR") or folder("workflows"))


def home(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for the database and the secret: QTB_HOME, or `instance` beside the sources."""
    return Path(environment.get("QTB_HOME") or PACKAGE.parent / "instance").absolute()


def settings(environment: Mapping[str, str] = os.environ, *, demo: bool = False) -> dict[str, Any]:
    """Return the Flask configuration. `demo` uses a database of its own, never the real one."""
    demo = demo or environment.get("QTB_DEMO") == "1"
    database = _database(environment, demo)
    return {
        "DEMO": demo,
        "HOME": home(environment),
        "SECRET_KEY": environment.get("QTB_SECRET_KEY") or _secret(home(environment)),
        "SQLALCHEMY_DATABASE_URI": database,
        "FILES": _files(environment, demo),
        "SIGNING_KEY": Path(environment.get("QTB_SIGNING_KEY") or home(environment) / "signing.pem"),
        "SMTP_URL": environment.get("QTB_SMTP_URL", ""),
        "MAIL_FROM": environment.get("QTB_MAIL_FROM", "qtb@localhost"),
        "BEHIND_PROXY": _proxy(environment.get("QTB_BEHIND_PROXY", "")),
        "BASE_URL": environment.get("QTB_BASE_URL", ""),
        "RATELIMIT_ENABLED": True,
        "RATELIMIT_URL": environment.get("QTB_RATELIMIT_URL") or "memory://",
        "SESSION_COOKIE_NAME": "qtb",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,  # a sign-in ends on its own day, so no answer need sign the cookie anew
        "SESSION_COOKIE_SECURE": environment.get("QTB_BASE_URL", "").startswith("https:"),
        "MAX_CONTENT_LENGTH": 24 * 1024 * 1024,
        "MAX_UPLOAD": (files.MOST_POSSIBLE_MB + 1) * files.MB,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "MAX_FORM_PARTS": 1_000,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a form may stay open for a day
        "BABEL_DEFAULT_LOCALE": "zh",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
    }


def _database(environment: Mapping[str, str], demo: bool) -> str:
    given = environment.get("QTB_DEMO_DATABASE_URL" if demo else "QTB_DATABASE_URL")
    if given:
        for short in ("postgres://", "postgresql://"):
            if given.startswith(short):
                return "postgresql+psycopg://" + given[len(short) :]
        return given
    path = home(environment) / ("demo.db" if demo else "qtb.db")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return f"sqlite:///{path}"


def _files(environment: Mapping[str, str], demo: bool) -> str:
    if demo:
        return str(home(environment) / "demo-files")
    return environment.get("QTB_FILES") or str(home(environment) / "files")


def _proxy(given: str) -> str:
    """Return the address of the proxy whose word counts, or nothing: anybody may send the headers that it sets."""
    if given in ("", "0"):
        return ""
    try:
        return str(ip_address("127.0.0.1" if given == "1" else given))
    except ValueError:
        raise Invalid("proxy_address") from None


def _secret(folder: Path) -> str:
    path = folder / "secret"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Written aside and linked: of two processes that start together one wins, and both read a whole secret.
        mine = path.with_name(f"secret.{os.getpid()}")
        mine.touch(mode=0o600)
        mine.write_text(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(mine, path)
        mine.unlink()
    return path.read_text()
