"""What the keeper asks the budget: who wants to do what to which patient."""

from __future__ import annotations

from enum import IntEnum

import msgspec

NOBODY = bytes(16)
"""In place of an id: no patient, no account, the clinic itself."""


class Action(IntEnum):
    """The deeds that cost something, or are counted."""

    OPEN_CARD = 1
    """Name, contact, appointments, by id."""
    OPEN_CHART = 2
    """Anything clinical, any photo."""
    CALLER_HIT = 3
    """A card by caller proof: surname with birth date or full phone, exactly one match."""
    CALLER_MISS = 4
    """A caller proof that matched nobody, or more than one."""
    SEARCH = 5
    """`patients` are listed, masked. Conditional and counting requests are searches of whom they would match."""
    MAKE_LINK = 6
    """Booking, checking in, starting a visit. Costs what opening would; the form itself is the reason."""
    REGISTER = 7
    """A patient who did not exist before. `patient` must be an id that the keeper has just drawn."""
    CREATE = 8
    """A new resource of an existing patient: shows nothing, hides nothing."""
    CHANGE = 9
    """Deleting or overwriting. Not: overwriting within 24 h what the same account wrote."""
    WORKLIST = 10
    """One signature over `patients`; `worklist` is its id."""
    WORKLIST_OPEN = 11
    """A card from the list `worklist`."""
    BREAK_GLASS = 12
    """One patient at once, in an emergency."""
    GLASS_CONFIRM = 13
    """The same, signed by a colleague too: `second`."""
    ERASE = 14
    """After two approvals and the announced wait: the erasure itself."""
    EXPORT = 15
    """Everything of one patient, to take away."""


class Actor(IntEnum):
    STAFF = 0
    MACHINE = 1


class Strength(IntEnum):
    """How the session was signed in."""

    PASSKEY = 0
    PASSWORD = 1
    LINK = 2
    TOKEN = 3


class Ask(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One question. Ids are 16 bytes; `at` is budget time in ms (BudgetClock), never earlier than an `at` before it.

    fresh_passkey: a passkey gesture for this very request, or within the session's few fresh minutes.
    reason:    the kind of reason given, "" for none. Only whether there is one matters here.
    warm:      a genuine care link exists (the schedule decides).
    entry:     the schedule has an entry for the patient near today, by whomever and however young: it says why the
               chart is opened, so no reason is asked; the price stays that of a cold patient.
    canary:    the patient is a decoy; for SEARCH and WORKLIST, `canaries` are those among `patients`.
    per_day:   a machine client's own limit of patients a day.
    second:    GLASS_CONFIRM: the colleague, whose fresh gesture `fresh_passkey` then is.
    """

    at: int
    account: bytes
    session: bytes
    action: Action
    patient: bytes = NOBODY
    patients: tuple[bytes, ...] = ()
    actor: Actor = Actor.STAFF
    strength: Strength = Strength.PASSKEY
    fresh_passkey: bool = False
    reason: str = ""
    warm: bool = False
    entry: bool = False
    canary: bool = False
    canaries: tuple[bytes, ...] = ()
    per_day: int = 0
    second: bytes = NOBODY
    worklist: bytes = NOBODY
