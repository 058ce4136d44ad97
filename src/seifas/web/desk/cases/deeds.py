"""What a line of the log says on a case's timeline: the words of its deed and of the fixed word that stands with it."""

from __future__ import annotations

from typing import Final

from seifas.web.desk.officer.kinds import ACTS

_LOOKING: Final = frozenset({"case-shown", "leak-shown", "flood-shown"})
_LOOKED: Final = frozenset({("tip", "opened")})
_TWICE: Final = frozenset({("case-entry", "snapshot")})  # what was done has a line of its own

_SAID: Final = {
    "case": {
        "opened": "case-deed-opened", "exercise-opened": "case-deed-exercise", "closed": "case-deed-closed",
        "linked": "case-deed-linked", "statement-published": "case-deed-published",
        "statement-withdrawn": "case-deed-withdrawn",
    },
    "case-entry": {
        "deadline": "case-deed-deadline", "deadline-met": "case-deed-deadline-met", "profile": "case-deed-profile",
        "evidence": "case-deed-evidence", "custody": "case-deed-custody", "bundle": "case-deed-bundle",
        "stamp": "case-deed-stamp", "facts": "case-deed-facts", "filing": "case-deed-filing",
        "statement": "case-deed-statement", "gate": "case-deed-gate", "demand": "case-deed-demand",
        "rates": "case-deed-rates", "takedown": "case-deed-takedown", "verdict": "case-deed-verdict",
        "wave": "case-deed-wave",
        "notice-public": "case-deed-notice-public",
    },
    "leak-case": {
        "begun": "case-deed-leak-begun", "file": "case-deed-file", "asked": "case-deed-leak-asked",
        "file-forgotten": "case-deed-file-forgotten", "search": "case-deed-search", "result": "case-deed-result",
    },
    "letter": {
        "asked": "case-deed-wave-asked", "begun": "case-deed-wave-begun", "batch": "case-deed-letters-made",
        "taken": "case-deed-letters-taken", "handed": "case-deed-letters-handed", "stopped": "case-deed-wave-stopped",
        "returned": "case-deed-letters-back", "bounced": "case-deed-letters-back",
        "delivered": "case-deed-letters-delivered",
    },
    "snapshot": {"made": "case-deed-snapshot"},
    "custody": {"received": "case-deed-received"},
    "tip": {"text": "case-deed-tip-text", "file": "case-deed-tip-file", "answer": "case-deed-tip-answer",
            "note": "case-deed-tip-note", "adopted": "case-deed-tip-adopted"},
    "flood": {
        "opened": "case-deed-flood-opened", "to-calm": "case-deed-flood-calm", "to-guarded": "case-deed-flood-guarded",
        "to-siege": "case-deed-flood-siege", "ended-calm": "case-deed-flood-ended",
        "ended-unsaid": "case-deed-flood-unsaid", "notice-on": "case-deed-flood-notice",
        "notice-off": "case-deed-flood-notice-off", "order-public-auto": "case-deed-flood-auto",
        "order-public-calm": "case-deed-flood-order-calm", "order-public-guarded": "case-deed-flood-order-guarded",
        "order-public-siege": "case-deed-flood-order-siege", "order-staff-auto": "case-deed-flood-staff-auto",
        "order-staff-calm": "case-deed-flood-staff-calm", "order-staff-guarded": "case-deed-flood-staff-guarded",
        "order-staff-siege": "case-deed-flood-staff-siege",
    },
}  # fmt: skip


def only_looking(deed: str, note: str) -> bool:
    """Whether a line says no more than that somebody looked."""
    return deed in _LOOKING or (deed, note) in _LOOKED


def told_elsewhere(deed: str, note: str) -> bool:
    """Whether another line says the same."""
    return (deed, note) in _TWICE


def words_of(deed: str, note: str) -> tuple[str, str]:
    """(key of the words, what of the note they leave unsaid)."""
    known = _SAID.get(deed, {})
    for told in (note, note.partition(":")[0]):
        if told in known:
            return known[told], note[len(told) :].lstrip(":")
    return ACTS.get(deed, "act-other"), note
