"""Break-the-glass: one patient at once. It rings every time, and it counts in every cold bound."""

from __future__ import annotations

from seifas.keeper.budget.asks import NOBODY, Action, Ask
from seifas.keeper.budget.books import Books
from seifas.keeper.budget.charges import Charge, Flag, Kind
from seifas.keeper.budget.decisions import Currency, Decision, Outcome
from seifas.keeper.budget.notices import ring
from seifas.keeper.budget.openings import cold_stop, is_warm, open_patient
from seifas.keeper.budget.refusals import refuse


def break_glass(books: Books, ask: Ask, now: int) -> Decision:
    """BREAK_GLASS alone, GLASS_CONFIRM with a colleague. A patient who is open or warm anyway opens without breaking.

    Ordinary cold openings never touch the last `glass_kept` places of the clinic's day, so that a thief who burns the
    rest cannot keep a doctor from an emergency.
    """
    limits, clinic, account = books.limits, books.clinic, books.account(ask.account)
    if is_warm(books, account, ask, now) or account.charts.has(ask.patient, now):
        return open_patient(books, ask, now)
    stopped = cold_stop(books, account, ask, now, glass=True)
    if stopped is not None:
        return stopped
    if not ask.reason:
        return refuse(books, ask, now, "reason")
    flags = Flag.FRESH
    if ask.action is Action.GLASS_CONFIRM:
        colleague = books.account(ask.second)
        if (
            ask.second in (NOBODY, ask.account)
            or colleague.suspended
            or colleague.confirms.count(now) >= limits.glass_account
        ):
            return refuse(books, ask, now, "glass-colleague", limit=limits.glass_account)
        flags |= Flag.SECOND
    else:
        mine, all_ = account.glass.count(now), clinic.glass.count(now)
        if mine >= limits.glass_account or all_ >= limits.glass_clinic_day:
            wait = max(account.glass.frees(now, limits.glass_account), clinic.glass.frees(now, limits.glass_clinic_day))
            limit = limits.glass_account if mine >= limits.glass_account else limits.glass_clinic_day
            return refuse(books, ask, now, "glass-second", limit=limit, frees_ms=wait)
    if not ask.fresh_passkey:
        return refuse(books, ask, now, "gesture")
    alarm = ring(books, ask, now, "glass", 1)
    charge = Charge(
        Kind.GLASS, now, ask.account, ask.session, (ask.patient,), flags,
        other=ask.second if flags & Flag.SECOND else NOBODY, code="glass",
    )
    return Decision(
        outcome=Outcome.ALLOW, kind=Kind.GLASS, currency=Currency.CHART, charge=charge, alarm=alarm,
        left=max(0, limits.glass_account - account.glass.count(now) - 1),
    )
