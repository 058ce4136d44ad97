"""What each kind of alarm means and what to do next, as keys of words; and the words of deeds in the log."""

from __future__ import annotations

from typing import NamedTuple

from seifas.keeper.alarm_book import ANNOUNCED


class Kind(NamedTuple):
    """Keys: what has happened, and what is done about it."""

    means: str
    next: str


KINDS: dict[str, Kind] = {
    "canary": Kind("alarm-canary", "next-stolen"),
    "canaries-listed": Kind("alarm-canaries-listed", "next-stolen"),
    "cold-day": Kind("alarm-cold-day", "next-stolen"),
    "insisting": Kind("alarm-insisting", "next-stolen"),
    "search-day": Kind("alarm-search-day", "next-stolen"),
    "searches": Kind("alarm-searches", "next-stolen"),
    "guessing": Kind("alarm-guessing", "next-stolen"),
    "changes": Kind("alarm-changes", "next-vandal"),
    "glass": Kind("alarm-glass", "next-glass"),
    "warm-charts": Kind("alarm-warm-charts", "next-busy"),
    "warm-cards": Kind("alarm-warm-cards", "next-busy"),
    "caller-cards": Kind("alarm-caller-cards", "next-busy"),
    "cold-month": Kind("alarm-cold-month", "next-drip"),
    "month-near": Kind("alarm-month-near", "next-drip"),
    "session-full": Kind("alarm-session-full", "next-busy"),
    "share-passed": Kind("alarm-share-passed", "next-busy"),
    "cold-clinic": Kind("alarm-cold-clinic", "next-clinic"),
    "clinic-near": Kind("alarm-clinic-near", "next-clinic"),
    "cold-kept": Kind("alarm-cold-kept", "next-clinic"),
    "worklist-week": Kind("alarm-worklist-week", "next-note"),
    "erasures": Kind("alarm-erasures", "next-request"),
    "exports": Kind("alarm-exports", "next-drip"),
    "export": Kind("alarm-export", "next-expected"),
    "export-key": Kind("alarm-export-key", "next-machine"),
    "bulk-export": Kind("alarm-bulk-export", "next-expected"),
    "bulk-exports": Kind("alarm-bulk-exports", "next-program"),
    "erasure": Kind("alarm-erasure", "next-note"),
    "erasure-waits": Kind("alarm-erasure-waits", "next-request"),
    "machine-day": Kind("alarm-machine-day", "next-program"),
    "machine-search": Kind("alarm-machine-search", "next-program"),
    "client-added": Kind("alarm-client-added", "next-machine"),
    "client-disabled": Kind("alarm-client-disabled", "next-note"),
    "account-added": Kind("alarm-account-added", "next-expected"),
    "account-disabled": Kind("alarm-account-disabled", "next-expected"),
    "account-enabled": Kind("alarm-account-enabled", "next-expected"),
    "hats-taken": Kind("alarm-hats-taken", "next-expected"),
    "invited": Kind("alarm-invited", "next-expected"),
    "invited-again": Kind("alarm-invited-again", "next-theirs"),
    "login-link": Kind("alarm-login-link", "next-machine"),
    "means-taken": Kind("alarm-means-taken", "next-expected"),
    "passkey-added": Kind("alarm-passkey-added", "next-theirs"),
    "passkey-removed": Kind("alarm-passkey-removed", "next-theirs"),
    "password-set": Kind("alarm-password-set", "next-theirs"),
    "passkey-copied": Kind("alarm-passkey-copied", "next-stolen"),
    "sign-in-guessing": Kind("alarm-sign-in-guessing", "next-theirs"),
    "ways-in": Kind("alarm-ways-in", "next-machine"),
    "token-behind": Kind("alarm-token-behind", "next-machine"),
    "settings-changed": Kind("alarm-settings-changed", "next-machine"),
    "clinic-contact": Kind("alarm-clinic-contact", "next-expected"),
    "hold-cleared": Kind("alarm-hold-cleared", "next-expected"),
    "rehearsal-failed": Kind("alarm-rehearsal-failed", "next-recovery"),
    "clock-jump": Kind("alarm-clock-jump", "next-machine"),
    "without-witness": Kind("alarm-without-witness", "next-machine"),
    "witness-ahead": Kind("alarm-witness-ahead", "next-witness"),
    "witness-fork": Kind("alarm-witness-fork", "next-witness"),
    "witness-silent": Kind("alarm-witness-silent", "next-witness-silent"),
    "lines-withheld": Kind("alarm-lines-withheld", "next-expected"),
    "portal-erasure": Kind("alarm-portal-erasure", "next-request"),
    "portal-invited-again": Kind("alarm-portal-invited-again", "next-expected"),
    "requests-full": Kind("alarm-requests-full", "next-note"),
    "requests-read": Kind("alarm-requests-read", "next-busy"),
    "leak-case": Kind("alarm-leak-case", "next-expected"),
    "tip": Kind("alarm-tip", "next-tip"),
    "tips-full": Kind("alarm-tips-full", "next-tip"),
    "tips-pace": Kind("alarm-tips-pace", "next-tip"),
    "tips-guessing": Kind("alarm-tips-guessing", "next-note"),
    "tips-read": Kind("alarm-tips-read", "next-busy"),
    "leak-search": Kind("alarm-leak-search", "next-expected"),
    "leak-pass": Kind("alarm-leak-pass", "next-machine"),
    "leak-demo": Kind("alarm-leak-demo", "next-expected"),
    "leak-open": Kind("alarm-leak-open", "next-expected"),
    "decoys-planted": Kind("alarm-decoys-planted", "next-expected"),
    "decoy-rung": Kind("alarm-decoy-rung", "next-leak"),
    "watch-changed": Kind("alarm-watch-changed", "next-watch"),
    "watch-silent": Kind("alarm-watch-silent", "next-watch"),
    "case-opened": Kind("alarm-case-opened", "next-expected"),
    "case-exercise": Kind("alarm-case-exercise", "next-expected"),
    "case-unsent": Kind("alarm-case-unsent", "next-case-unsent"),
    "case-person": Kind("alarm-case-person", "next-expected"),
    "evidence-exported": Kind("alarm-evidence-exported", "next-expected"),
    "case-reopened": Kind("alarm-case-reopened", "next-case-reopened"),
    "case-letters-taken": Kind("alarm-case-letters-taken", "next-expected"),
    "asked-full": Kind("alarm-asked-full", "next-note"),
    "notice-codes-guessed": Kind("alarm-notice-codes", "next-note"),
    "flood-siege-public": Kind("alarm-flood-siege-public", "next-flood"),
    "flood-siege-staff": Kind("alarm-flood-siege-staff", "next-flood"),
    "flood-silent": Kind("alarm-flood-silent", "next-flood-silent"),
    "certificate-ending": Kind("alarm-certificate-ending", "next-certificate"),
    "flood-late": Kind("alarm-flood-late", "next-flood"),
    "flood-lowered": Kind("alarm-flood-lowered", "next-theirs"),
    "flood-full": Kind("alarm-flood-full", "next-flood-full"),
    "flood-pace": Kind("alarm-flood-full", "next-flood-full"),
    "flood-removed": Kind("alarm-flood-removed", "next-expected"),
    "flood-book": Kind("alarm-flood-book", "next-expected"),
    "flood-books": Kind("alarm-flood-books", "next-busy"),
}
_APPROVAL = Kind("alarm-approval", "next-approval")
_OTHER = Kind("alarm-other", "next-note")


def kind_of(kind: str) -> Kind:
    """What a kind means; a kind that is not known says so and shows the keeper's own words."""
    return _APPROVAL if kind.startswith(ANNOUNCED) else KINDS.get(kind, _OTHER)


ACTS: dict[str, str] = {
    "start": "act-start", "unlock": "act-unlock", "lock": "act-lock", "open-card": "act-open-card",
    "open-chart": "act-open-chart", "search": "act-search", "caller": "act-caller",
    "worklist-make": "act-worklist-make", "worklist-open": "act-worklist-open", "break-glass": "act-break-glass",
    "create": "act-create", "update": "act-update", "delete": "act-delete", "import": "act-import", "undo": "act-undo",
    "schedule": "act-schedule", "schedule-view": "act-schedule-view", "sign-in": "act-sign-in",
    "sign-out": "act-sign-out", "sign-in-failed": "act-sign-in-failed", "link-made": "act-link-made",
    "step-up": "act-step-up", "session-frozen": "act-session-frozen", "session-thawed": "act-session-thawed",
    "hat": "act-hat", "account": "act-account", "client": "act-client", "approval": "act-approval",
    "budget-act": "act-budget-act", "alarm": "act-alarm", "erase": "act-erase", "rotate": "act-rotate",
    "backup": "act-backup", "restore": "act-restore", "settings": "act-settings", "audit-view": "act-audit-view",
    "clock-jump": "act-clock-jump", "hold": "act-hold", "ways": "act-ways", "rehearsal": "act-rehearsal",
    "upgrade": "act-upgrade", "photo-begin": "act-photo-begin", "photo-kept": "act-photo-kept",
    "photo-shown": "act-photo-shown", "capture": "act-capture", "published": "act-published",
    "unpublished": "act-unpublished", "consent": "act-consent", "printed": "act-printed", "exported": "act-exported",
    "merged": "act-merged", "unmerged": "act-unmerged", "job": "act-job", "portal-invite": "act-portal-invite",
    "portal-sign-in": "act-portal-sign-in", "portal-view": "act-portal-view", "portal-request": "act-portal-request",
    "portal-message": "act-portal-message", "dropped": "act-dropped", "dropped-read": "act-dropped-read",
    "reminded": "act-reminded", "clinic-edit": "act-clinic-edit", "reviewed": "act-reviewed",
    "withheld": "act-withheld", "leak-case": "act-leak-case", "leak-opened": "act-leak-opened",
    "leak-found": "act-leak-found", "leak-shown": "act-leak-shown", "decoy": "act-decoy", "watch": "act-watch",
    "case": "act-case", "case-shown": "act-case-shown", "case-entry": "act-case-entry", "snapshot": "act-snapshot",
    "letter": "act-letter", "tip": "act-tip", "asked": "act-asked", "stamped": "act-stamped", "custody": "act-custody",
    "flood": "act-flood", "flood-kept": "act-flood-kept", "flood-shown": "act-flood-shown",
}  # fmt: skip

GROUPS: dict[str, tuple[str, ...]] = {
    "deeds-opened": ("open-card", "open-chart", "caller", "worklist-open", "break-glass", "photo-shown", "portal-view"),
    "deeds-changed": ("create", "update", "delete", "undo", "merged", "unmerged", "consent", "photo-kept", "import"),
    "deeds-taken": ("exported", "printed", "published", "erase"),
    "deeds-searched": ("search", "caller", "worklist-make", "schedule-view"),
    "deeds-signed": ("sign-in", "sign-out", "sign-in-failed", "step-up", "link-made", "hat", "portal-sign-in"),
    "deeds-watched": (
        "alarm", "approval", "budget-act", "audit-view", "hold", "reviewed", "session-frozen", "session-thawed",
        "withheld", "leak-case", "leak-opened", "leak-found", "leak-shown", "decoy", "watch",
        "case", "case-shown", "case-entry", "snapshot", "letter", "tip", "asked", "stamped", "custody",
        "flood", "flood-kept", "flood-shown",
    ),
    "deeds-run": (
        "account", "client", "settings", "clinic-edit", "ways", "backup", "rehearsal", "rotate", "restore", "upgrade",
        "unlock", "lock", "clock-jump",
    ),
}  # fmt: skip
"""Filters of the log: a key of words and the deeds that it stands for."""

BARS: dict[str, str] = {
    "cold_account_day": "bar-cold-account-day", "cold_account_month": "bar-cold-account-month",
    "warm_charts": "bar-warm-charts", "warm_cards": "bar-warm-cards", "caller_cards": "bar-caller-cards",
    "search_account_day": "bar-search-account-day", "change_patients": "bar-change-patients",
    "export_day": "bar-export-day", "glass_account": "bar-glass-account", "cold_clinic_day": "bar-cold-clinic-day",
    "glass_clinic_day": "bar-glass-clinic-day", "worklist_week": "bar-worklist-week", "erase_day": "bar-erase-day",
    "machine": "bar-machine", "machine_listed": "bar-machine-listed",
}  # fmt: skip

ASKED: dict[str, str] = {
    "raise-limit": "asks-raise-limit", "client-over-200": "asks-client", "erase": "asks-erase",
    "export": "asks-export", "restore": "asks-restore", "hats": "asks-hats", "settings": "asks-settings",
    "glass": "asks-glass", "refund": "asks-refund", "means": "asks-means",
    "leak-search": "asks-leak-search", "case-export": "asks-case-export", "case-wave": "asks-case-wave",
}  # fmt: skip

EXPORTS: dict[str, str] = {
    "asked": "export-asked", "allowed": "export-allowed", "running": "export-running", "done": "export-done",
    "refused": "state-refused", "failed": "export-failed", "ended": "export-ended",
}  # fmt: skip
"""What became of a bulk export."""

STATES: dict[str, str] = {
    "pending": "state-pending", "approved": "state-approved", "refused": "state-refused",
    "expired": "state-expired", "done": "state-done",
}
