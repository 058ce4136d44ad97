"""May this patient be opened: card, chart, link, export. The order is: paid already, warm, cold."""

from __future__ import annotations

from seifas.keeper.budget.asks import Action, Ask
from seifas.keeper.budget.books import AccountBook, Books, SessionBook
from seifas.keeper.budget.charges import Charge, Flag, Kind
from seifas.keeper.budget.decisions import Alarm, Currency, Decision, Outcome
from seifas.keeper.budget.notices import ring
from seifas.keeper.budget.refusals import demand_gesture, refuse


def open_patient(books: Books, ask: Ask, now: int) -> Decision:
    """OPEN_CARD, OPEN_CHART, MAKE_LINK.

    A link to a warm patient shows a card and no more. A cold patient's card by id costs what the chart would, so that
    reading all names costs as much as reading all charts.
    """
    account, link = books.account(ask.account), ask.action is Action.MAKE_LINK
    warm = is_warm(books, account, ask, now)
    card = ask.action is Action.OPEN_CARD or (link and warm)
    flags = Flag.LINK if link else 0
    if account.charts.has(ask.patient, now) or (card and account.cards.has(ask.patient, now)):
        return _again(books, account, ask, now, 0 if account.links.has(ask.patient, now) else flags)
    if not warm:
        return open_cold(books, account, ask, now, flags)
    return warm_card(books, account, ask, now, flags) if card else _warm_chart(books, account, ask, now, 0)


def is_warm(books: Books, account: AccountBook, ask: Ask, now: int) -> bool:
    """Warm by a genuine link; or booked by this account, which paid for it then, and now due; or new since yesterday.

    The schedule does not count an account's own bookings as genuine, and rightly. But the desk books a third of those
    it later checks in, and the price of opening was paid when the link was made. A patient who was registered within
    24 hours has no past to steal.
    """
    return (
        ask.warm
        or (ask.entry and account.links.has(ask.patient, now))
        or books.clinic.registered.has(ask.patient, now)
    )


def export_patient(books: Books, ask: Ask, now: int) -> Decision:
    """EXPORT: a reason and a gesture for each, even if it is open already; and the price of opening."""
    account, limits = books.account(ask.account), books.limits
    bound = limits.export_day + books.raised(account.raises, "export_day", now)
    if not account.exports.has(ask.patient, now) and account.exports.count(now) >= bound:
        return refuse(books, ask, now, "exports", limit=bound, frees_ms=account.exports.frees(now, bound))
    if not ask.reason:
        return refuse(books, ask, now, "reason")
    if not ask.fresh_passkey:
        return refuse(books, ask, now, "gesture")
    if account.charts.has(ask.patient, now):
        return _again(books, account, ask, now, Flag.EXPORT)
    if is_warm(books, account, ask, now):
        return _warm_chart(books, account, ask, now, Flag.EXPORT)
    return open_cold(books, account, ask, now, Flag.EXPORT)


def _again(books: Books, account: AccountBook, ask: Ask, now: int, flags: int) -> Decision:
    """Paid within 12 hours: free for the account.

    But what a colleague's day has paid for must not all be readable through a stolen second session: a cold patient
    counts against the bound of every session that it is read through.
    """
    alarm = ring(books, ask, now, "export", 1) if flags & Flag.EXPORT else None
    if account.day.has(ask.patient, now) and not is_warm(books, account, ask, now):
        session = books.session(ask.session)
        if not session.seen.has(ask.patient, now):
            flags |= Flag.SEEN
            if ask.fresh_passkey:
                flags |= Flag.FRESH
            else:
                demanded = _without_gesture(books, session, ask, now)
                if demanded is not None:
                    return demanded
            return _allow(ask, now, Kind.REPEAT, Currency.NOTHING, flags=flags, left=-1, alarm=alarm)
    if flags:
        return _allow(ask, now, Kind.REPEAT, Currency.NOTHING, flags=flags, left=-1, alarm=alarm)
    return _FREE_REPEAT


_FREE_REPEAT = Decision(outcome=Outcome.ALLOW, kind=Kind.REPEAT)


def warm_card(books: Books, account: AccountBook, ask: Ask, now: int, flags: int) -> Decision:
    """The card of a patient with a genuine link."""
    bound = books.limits.warm_cards + books.raised(account.raises, "warm_cards", now)
    used = account.warm_cards.count(now)
    if not account.warm_cards.has(ask.patient, now):
        if used >= bound:
            return refuse(books, ask, now, "warm-cards", limit=bound, frees_ms=account.warm_cards.frees(now, bound))
        used += 1
    return _allow(ask, now, Kind.WARM_CARD, Currency.CARD, flags=flags, left=max(0, bound - used), alarm=None)


def _warm_chart(books: Books, account: AccountBook, ask: Ask, now: int, flags: int) -> Decision:
    """The chart of a patient with a genuine link.

    At the ceiling a gesture says that the day is a busy one and lifts it by half, twice a day at most: a stolen session
    cannot, and a doctor on a flu Monday makes one gesture and not fifteen.
    """
    ceiling, used, lifts = books.warm_ceiling(account, now), account.warm.count(now), 0
    if not account.warm.has(ask.patient, now):
        if used >= ceiling:
            half, wait = books.warm_half(account, now), account.warm.frees(now, ceiling)
            lifts = (used - ceiling) // half + 1
            if account.warm_lifts.count(now) + lifts > books.limits.warm_lifts:
                return refuse(books, ask, now, "warm-charts", limit=ceiling, frees_ms=wait)
            if not ask.fresh_passkey:
                return demand_gesture(books, ask, now, "warm-gesture", ask.patient, limit=ceiling, frees_ms=wait)
            flags |= Flag.LIFT
            ceiling += lifts * half
        used += 1
    alarm = ring(books, ask, now, "export", 1) if flags & Flag.EXPORT else None
    if ask.fresh_passkey:
        flags |= Flag.FRESH
    left = max(0, ceiling - used)
    return _allow(ask, now, Kind.WARM, Currency.CHART, flags=flags, left=left, alarm=alarm, amount=lifts)


def open_cold(books: Books, account: AccountBook, ask: Ask, now: int, flags: int) -> Decision:
    """A patient without a genuine link: bounds that nothing lifts, then the reason, then the gesture."""
    stopped = cold_stop(books, account, ask, now)
    if stopped is not None:
        return stopped
    if not (ask.reason or ask.entry or ask.action is Action.MAKE_LINK):
        return refuse(books, ask, now, "reason")
    limits, used = books.limits, account.day.count(now)
    new = not account.day.has(ask.patient, now)
    if ask.fresh_passkey:
        flags |= Flag.FRESH
    else:
        if new and used >= limits.share:
            wait = account.day.frees(now, limits.share)
            return demand_gesture(books, ask, now, "cold-share", ask.patient, limit=limits.share, frees_ms=wait)
        demanded = _without_gesture(books, books.session(ask.session), ask, now)
        if demanded is not None:
            return demanded
    bound = limits.cold_account_day + books.raised(account.raises, "cold_account_day", now)
    alarm = _cold_notice(books, account, ask, now) if new else None
    if alarm is None and flags & Flag.EXPORT:
        alarm = ring(books, ask, now, "export", 1)
    left = max(0, bound - used - new)
    return _allow(ask, now, Kind.COLD, Currency.CHART, flags=flags, left=left, alarm=alarm)


def cold_stop(books: Books, account: AccountBook, ask: Ask, now: int, *, glass: bool = False) -> Decision | None:
    """The bounds of a cold opening that neither reason nor gesture moves: account's day and month, clinic's day.

    `glass`: the places that are kept for emergencies may be used, and a quarter is no bound.
    Otherwise nobody may use more than a quarter of the clinic's day unless another quarter of it is still left: so one
    thief with a passkey gets 60, and never the colleagues' last places.
    """
    if account.day.has(ask.patient, now):
        return None
    limits, clinic = books.limits, books.clinic
    used = account.day.count(now)
    bound = limits.cold_account_day + books.raised(account.raises, "cold_account_day", now)
    if used >= bound:
        return refuse(books, ask, now, "cold-day", limit=bound, frees_ms=account.day.frees(now, bound))
    if not account.month.has(ask.patient, now):
        bound = limits.cold_account_month + books.raised(account.raises, "cold_account_month", now)
        if account.month.count(now) >= bound:
            return refuse(books, ask, now, "cold-month", limit=bound, frees_ms=account.month.frees(now, bound))
    if clinic.cold.has(ask.patient, now):
        return None  # a colleague paid for this patient: the clinic's day pays once
    room, taken = books.cold_room(now, glass=glass), clinic.cold.count(now)
    if taken >= room:
        return refuse(books, ask, now, "cold-clinic", limit=room, frees_ms=clinic.cold.frees(now, room))
    if not glass and used >= limits.share and taken >= room - limits.share:
        wait = min(account.day.frees(now, limits.share), clinic.cold.frees(now, room - limits.share))
        return refuse(books, ask, now, "cold-kept", limit=limits.share, frees_ms=wait)
    return None


def _without_gesture(books: Books, session: SessionBook, ask: Ask, now: int) -> Decision | None:
    """The bounds of cold openings on a session without a gesture: its hour and its day."""
    limits, patient = books.limits, ask.patient
    for window, bound in ((session.hour, limits.cold_session_hour), (session.day, limits.cold_session_day)):
        if window.count(now) >= bound and not window.has(patient, now):
            wait = window.frees(now, bound)
            return demand_gesture(books, ask, now, "cold-session", patient, limit=bound, frees_ms=wait)
    return None


def _cold_notice(books: Books, account: AccountBook, ask: Ask, now: int) -> Alarm | None:
    """What rings although it was allowed; the first that applies."""
    limits = books.limits
    taken = books.clinic.cold.count(now) + 1
    if not books.clinic.cold.has(ask.patient, now) and taken == limits.cold_clinic_day * limits.warn_percent // 100:
        return ring(books, ask, now, "clinic-near", taken)
    month = account.month.count(now) + (not account.month.has(ask.patient, now))
    if month == limits.cold_account_month * limits.warn_percent // 100:
        return ring(books, ask, now, "month-near", month)
    today = account.day.count(now) + 1
    if today == limits.share + 1:
        return ring(books, ask, now, "share-passed", today)
    if not ask.fresh_passkey:
        plain = books.session(ask.session).day.count(now) + 1
        if plain == limits.cold_session_day:
            return ring(books, ask, now, "session-full", plain)
    return None


def _allow(
    ask: Ask, now: int, kind: Kind, currency: Currency, *, flags: int, left: int, alarm: Alarm | None, amount: int = 0
) -> Decision:
    code = alarm.kind if alarm is not None else ""
    charge = Charge(kind, now, ask.account, ask.session, (ask.patient,), flags, code=code, amount=amount)
    return Decision(outcome=Outcome.ALLOW, kind=kind, currency=currency, charge=charge, left=left, alarm=alarm)
