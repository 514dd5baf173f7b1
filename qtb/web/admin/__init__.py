"""The organiser's pages."""

from qtb.web.admin import accounts, cycles, history, home, notices, submissions
from qtb.web.admin.pages import pages as blueprint

__all__ = ["accounts", "blueprint", "cycles", "history", "home", "notices", "submissions"]
