"""The organiser's pages."""

from qtb.web.admin import (
    accounts,
    adoptions,
    assignments,
    calibration,
    certificates,
    consents,
    cycles,
    duplicates,
    eliminations,
    feedback,
    hand_ins,
    history,
    home,
    imports,
    judges,
    judging,
    ledger,
    nominations,
    notices,
    objections,
    panels,
    plans,
    presentation,
    quotas,
    reads,
    rehearsals,
    results,
    sheets,
    submissions,
)
from qtb.web.admin.pages import pages as blueprint

__all__ = [
    "accounts", "adoptions", "assignments", "blueprint", "calibration", "certificates", "consents", "cycles",
    "duplicates", "eliminations", "feedback", "hand_ins", "history", "home", "imports", "judges", "judging", "ledger",
    "nominations", "notices", "objections", "panels", "plans", "presentation", "quotas", "reads", "rehearsals",
    "results", "sheets", "submissions",
]  # fmt: skip
