"""The organiser's pages."""

from qtb.web.admin import accounts, adoptions, cycles, history, home, ledger, notices, plans, rehearsals, submissions
from qtb.web.admin.pages import pages as blueprint

__all__ = [
    "accounts", "adoptions", "blueprint", "cycles", "history", "home", "ledger", "notices", "plans",
    "rehearsals", "submissions",
]  # fmt: skip
