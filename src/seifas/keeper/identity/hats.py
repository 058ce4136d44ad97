"""What each hat may do. A person may own several hats and wears one at a time: a session has exactly one.

The table is an allow-list of operations; what is not in it is refused. Opening is two currencies, so the
operations that read and write records are narrowed once more by the pseudo-operations `open.*` and `write.*`: reception
may call `record.read`, but only for what `open.card` covers.
"""

from __future__ import annotations

from enum import StrEnum

from seifas.errors import Refused


class Hat(StrEnum):
    """The hat a session wears. MACHINE is worn by access tokens of clients only and can never be given to a person.

    OUTSIDE is a named approver from outside the clinic (a lawyer, the data protection officer of another clinic): it
    decides about requests where the clinic has no second person, sees nothing else, and goes with no other hat.
    """

    DOCTOR = "doctor"
    NURSE = "nurse"
    RECEPTION = "reception"
    OFFICER = "officer"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    OUTSIDE = "outside"
    MACHINE = "machine"


PERSONS: frozenset[Hat] = frozenset(Hat) - {Hat.MACHINE}

# Everyone may look after their own session and their own means of signing in, whatever hat they wear. `session.` is not
# given as a prefix: freezing, thawing and looking at other people's sessions are the officer's.
_OWN = frozenset({
    "session.who", "session.end", "session.list", "session.end_other", "session.hat", "session.lock", "session.resume",
    "session.here",
    "session.left",
    "stepup.", "passkey.", "password.", "totp.", "recovery.", "account.own", "clinic.profile", "notice.",
})

_TREATING = _OWN | {
    "photo.", "capture.", "publication.", "consent.", "portal.",
    "patient.", "record.", "worklist.", "glass.", "schedule.", "drop.", "tip.enter",
    "approval.ask", "approval.mine", "approval.withdraw", "template.list", "template.get",
    "review.mine", "review.answer",
    "open.card", "open.chart", "open.photo", "write.card", "write.chart", "write.photo",
}

ALLOWED: dict[Hat, frozenset[str]] = {
    # Charts and photos, within the budget; break-the-glass; recalls. Never accounts, alarms or the log.
    Hat.DOCTOR: _TREATING,
    # The same reach as a doctor: in an aesthetic clinic nurses photograph, treat and review. The budget bounds both.
    Hat.NURSE: _TREATING,
    # Cards, search, the caller's proof, the schedule and recall lists (which show cards). No chart, no photo, and no
    # break-the-glass: that one opens clinical text.
    Hat.RECEPTION: _OWN | {
        "patient.search", "patient.caller", "patient.merge", "patient.unmerge", "patient.merged", "patient.typing",
        "worklist.", "schedule.", "drop.", "portal.", "tip.enter",
        "record.read", "record.where", "record.write", "record.appointments", "record.appointment",
        "approval.ask", "approval.mine", "approval.withdraw", "template.list", "template.get",
        "open.card", "write.card",
    },
    # Watches: alarms, approvals, the log, everyone's sessions, suspending and refunding budgets, undoing changes. Opens
    # no chart except through `incident.`, which asks for a reason, a gesture and rings like any other opening.
    Hat.OFFICER: _OWN | {
        "alarm.", "approval.", "audit.", "session.", "budget.", "change.", "incident.", "review.", "house.",
        "leak.", "decoy.", "watch.", "tip.", "case.", "shield.",
        "client.list", "client.disable", "export.list", "export.stop", "settings.view", "template.list", "template.get",
        "portal.requests", "portal.request", "portal.answer",
    },
    # Runs the machine and the accounts and sees no patient: none of patient, record, photo, worklist, glass, schedule.
    Hat.ADMINISTRATOR: _OWN | {
        "account.", "client.", "settings.", "clinic.", "template.", "house.", "shield.",
        "approval.ask", "approval.mine", "approval.withdraw", "approval.list",
        "approval.decide", "alarm.list",
    },
    # Reads the log and checks it; discloses nothing and changes nothing.
    Hat.AUDITOR: _OWN | {"audit.read", "audit.list", "audit.verify", "audit.proof", "audit.checkpoint"},
    Hat.OUTSIDE: _OWN | {"approval.list", "approval.decide"},
    # A program: records, search and appointments only, narrowed again by its scopes and its own budget. It has no means
    # of signing in to look after, takes no gesture and breaks no glass; it sees of the schedule one patient at a time.
    Hat.MACHINE: frozenset({
        "session.who", "session.end", "patient.search", "record.", "audit.events",
        "schedule.book", "schedule.move", "schedule.status",
        "export.ask", "export.status", "export.file", "export.end",
        "open.card", "open.chart", "write.card", "write.chart",
    }),
}


def allows(hat: Hat, op: str) -> bool:
    """True when the hat may call `op`: the table holds it whole, or holds its first part with the dot (0.2 µs)."""
    table = ALLOWED[hat]
    return op in table or op[: op.find(".") + 1] in table


def require(hat: Hat, op: str) -> None:
    """Raise Refused unless `allows(hat, op)`. The message names the hat and the operation, never its arguments."""
    if not allows(hat, op):
        raise Refused(f"The hat '{hat}' may not do this. Change hats, or ask someone who may.", where=op)
