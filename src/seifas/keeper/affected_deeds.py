"""What a line of the log says that somebody was shown of a patient, or changed. Pure; read by affected_log.py.

A line that names a patient and is none of these still counts, as something of who they are: what is new among deeds is
rather counted too much than overlooked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from seifas.keeper.affected_grading import bits
from seifas.keeper.lines import Action, Line, Outcome

CARD: Final = bits(("identity", "contact", "code"))
CHART: Final = CARD | bits(("health",))
DAY: Final = bits(("identity", "appointments"))
ALL: Final = CHART | bits(("photos", "appointments", "messages"))
MASKED: Final = bits(("masked",))
_PHOTOS: Final = bits(("photos",))
_CHANGED: Final = bits(("changed",))
_WHO: Final = bits(("identity",))


class Shown(NamedTuple):
    """A kind of proof, and categories as bits."""

    kind: str
    categories: int


_BY_ACTION: Final[Mapping[Action, Shown]] = {
    Action.OPEN_CARD: Shown("line", CARD), Action.OPEN_CHART: Shown("line", CHART), Action.CALLER: Shown("line", CARD),
    Action.WORKLIST_OPEN: Shown("line", CARD), Action.WORKLIST_MAKE: Shown("line", CARD),
    Action.BREAK_GLASS: Shown("line", CHART), Action.SEARCH: Shown("line", MASKED),
    Action.PHOTO_SHOWN: Shown("line", _PHOTOS), Action.PUBLISHED: Shown("line", _PHOTOS),
    Action.PHOTO_KEPT: Shown("line", _PHOTOS | _CHANGED), Action.PHOTO_BEGIN: Shown("line", _CHANGED),
    Action.CREATE: Shown("line", _CHANGED), Action.UPDATE: Shown("line", _CHANGED),
    Action.DELETE: Shown("line", _CHANGED), Action.IMPORT: Shown("line", _CHANGED),
    Action.UNDO: Shown("line", _CHANGED), Action.MERGED: Shown("line", _CHANGED),
    Action.UNMERGED: Shown("line", _CHANGED),
    Action.CONSENT: Shown("line", _CHANGED), Action.SCHEDULE: Shown("line", DAY | _CHANGED),
    Action.SCHEDULE_VIEW: Shown("line", DAY), Action.LEAK_SHOWN: Shown("line", CARD),
    Action.DROPPED_READ: Shown("line", bits(("contact", "messages"))),
    Action.PORTAL_MESSAGE: Shown("line", bits(("messages",))),
    Action.PORTAL_REQUEST: Shown("line", bits(("contact", "messages"))),
    Action.PORTAL_SIGN_IN: Shown("line", bits(("account",))),
    Action.PORTAL_INVITE: Shown("line", bits(("contact", "account"))),
}  # fmt: skip
_BY_PORTAL_VIEW: Final[Mapping[str, int]] = {
    "record": CHART, "photos": _PHOTOS, "document": bits(("health",)), "appointments": DAY,
    "consents": bits(("health",)), "messages": bits(("messages",)),
    "requests": bits(("contact", "messages")), "opened": _WHO, "means": bits(("contact", "account")),
}  # fmt: skip

BY_NOTE: Final[Mapping[tuple[Action, str], Shown]] = {
    (Action.CASE_SHOWN, "card"): Shown("line", CARD),  # of somebody affected, opened from a snapshot
    # Of which types a patient has records and who opened them, by a program (patient_lines.py).
    (Action.AUDIT_VIEW, "events"): Shown("line", bits(("identity", "health"))),
    (Action.LETTER, "taken"): Shown("line", bits(("identity", "contact", "health"))),  # a batch, names no patient
}  # fmt: skip
NOTHING_SHOWN: Final = frozenset({
    Action.LEAK_OPENED, Action.ALARM, Action.HOLD, Action.LINK_MADE, Action.BUDGET_ACT, Action.APPROVAL, Action.ERASE,
    Action.REMINDED, Action.UNPUBLISHED, Action.WITHHELD, Action.REVIEWED, Action.CASE, Action.CASE_SHOWN,
    Action.CASE_ENTRY, Action.SNAPSHOT, Action.LETTER, Action.AUDIT_VIEW,
})  # fmt: skip
"""Deeds over a patient that show whoever does them nothing of what is in the record, but for those of BY_NOTE."""

EXPORTS: Final = (
    Action.PRINTED, Action.EXPORTED, Action.WORKLIST_MAKE, Action.JOB, Action.PUBLISHED, Action.PHOTO_SHOWN,
)  # fmt: skip
"""Deeds whose line names what left: a sheet, a file, a list, a picture's view."""


def shown_by(line: Line) -> Shown | None:
    """What a line shows of whom it names; None for a refusal, and where nothing is shown."""
    if line.outcome != Outcome.DONE:
        return None
    action = Action(line.action)
    if (shown := BY_NOTE.get((action, line.note))) is not None:
        return shown
    if action in NOTHING_SHOWN:
        return None
    if action is Action.PRINTED:
        return Shown("export", CARD if line.note == "card" else CHART)
    if action is Action.EXPORTED:
        return Shown("export", ALL)
    if action is Action.PORTAL_VIEW:
        if line.note.startswith("address"):
            return Shown("line", _BY_PORTAL_VIEW["means"])
        return Shown("line", _BY_PORTAL_VIEW.get(line.note, CHART))
    return _BY_ACTION.get(action, Shown("line", _WHO))
