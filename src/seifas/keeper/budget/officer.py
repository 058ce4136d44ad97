"""The officer's acts, and the patient's: charges like any other, so that they replay. Who may is checked before.

Suspending and refunding take one click. Raising takes two approvals, which the caller has recorded.
"""

from __future__ import annotations

from seifas.errors import Invalid
from seifas.keeper.budget.asks import NOBODY
from seifas.keeper.budget.charges import Charge, Kind
from seifas.keeper.budget.limits import DAY

ACCOUNT_BOUNDS = (
    "warm_charts", "warm_cards", "cold_account_day", "cold_account_month", "caller_cards", "search_account_day",
    "change_patients", "export_day",
)
CLINIC_BOUNDS = ("cold_clinic_day", "worklist_week", "erase_day")
LONGEST_RAISE = 30 * DAY


def suspend(at: int, account: bytes) -> Charge:
    """Everything this account asks for is stopped, until `release`."""
    return Charge(Kind.SUSPEND, at, account)


def release(at: int, account: bytes) -> Charge:
    return Charge(Kind.RELEASE, at, account)


def refund_account(at: int, account: bytes) -> Charge:
    """Gives back what the account used in the last day, to itself and to the clinic."""
    return Charge(Kind.REFUND_ACCOUNT, at, account)


def refund_session(at: int, account: bytes, session: bytes) -> Charge:
    """The same for one session that was stolen, its cold openings and searches; the rest of the account's day stays."""
    return Charge(Kind.REFUND_SESSION, at, account, session)


def raise_limit(at: int, bound: str, by: int, until: int, *, account: bytes = NOBODY) -> Charge:
    """Adds `by` to a bound of an account, or of the clinic, until budget time `until`; `by` 0 takes it back.

    A later raise of the same bound takes the place of the one before. Raises Invalid for a bound that cannot be
    raised, and for more than a month.
    """
    bounds = CLINIC_BOUNDS if account == NOBODY else ACCOUNT_BOUNDS
    if bound not in bounds:
        raise Invalid(f"this bound cannot be raised; these can: {', '.join(bounds)}", where="bound")
    if not 0 <= by <= 1000:
        raise Invalid("a bound is raised by 0 to 1000", where="by")
    if not at <= until <= at + LONGEST_RAISE:
        raise Invalid("a bound is raised for at most 30 days", where="until")
    return Charge(Kind.RAISE, at, account, code=bound, amount=by, until=until)


def link_confirmed(at: int, maker: bytes, patient: bytes) -> Charge:
    """The patient confirmed, over a channel that staff does not hold, a link that `maker` had made.

    What the link cost is given back to the maker and the clinic: so a reception that books strangers all month does
    not run into the month's bound. Nothing happens where the link cost nothing.
    """
    return Charge(Kind.CONFIRMED, at, maker, patients=(patient,))
