"""What the budget answers: whether it may be done, what that costs, and what is to be told to whom."""

from __future__ import annotations

from enum import IntEnum

import msgspec

from seifas.keeper.budget.asks import NOBODY
from seifas.keeper.budget.charges import Charge, Kind


class Outcome(IntEnum):
    ALLOW = 0
    NEED_REASON = 1
    """A one-key reason; nothing was charged."""
    NEED_STEPUP = 2
    """A passkey gesture for this request."""
    NEED_SECOND = 3
    """A colleague's passkey."""
    STOP = 4
    """No, and nothing that this person can add changes it."""


class Currency(IntEnum):
    NOTHING = 0
    CARD = 1
    CHART = 2
    LISTING = 3
    CHANGE = 4


class Severity(IntEnum):
    """The numbers that alarms are delivered by."""

    NOTICE = 1
    WARNING = 2
    URGENT = 3


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """To be delivered by others. `text` is a fixed sentence with figures, never a name."""

    kind: str
    severity: Severity
    text: str
    account: bytes = NOBODY
    session: bytes = NOBODY


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The answer to one Ask. Nothing is charged until its charge is applied.

    code:     stable word for the log and for translations, "" when allowed. Not for the browser: it tells a decoy.
    message:  for people: what, which bound, when it frees, what to do. "" when allowed.
    limit:    the bound that was met, 0 for none.   frees_ms: until it lets through again, 0 for never by itself.
    left:     what remains of the currency that was charged, after this; -1 where nothing was charged.
    """

    outcome: Outcome
    kind: Kind = Kind.FREE
    currency: Currency = Currency.NOTHING
    charge: Charge | None = None
    code: str = ""
    message: str = ""
    limit: int = 0
    frees_ms: int = 0
    freeze_session: bool = False
    alarm: Alarm | None = None
    left: int = -1


class Remaining(msgspec.Struct, frozen=True, kw_only=True):
    """What an account has left, for its own page and for the officer's. Counts of patients; none is negative."""

    warm_charts: int
    warm_cards: int
    cold_session_hour: int
    cold_session_day: int
    cold_account_day: int
    cold_account_month: int
    cold_clinic_day: int
    caller_cards: int
    search_session: int
    search_account_day: int
    change_patients: int
    suspended: bool
    caller_misses: int = 0
    """Callers who cannot be found, before a gesture is asked for."""


def charge_of(decision: Decision) -> Charge | None:
    """What has to be applied and written to the log with the deed; None where the ledger stays as it is.

    A refusal has a charge too, where it is remembered.
    """
    return decision.charge
