"""Used and bound of all that is counted, for one account and for the clinic: what an officer's bars show. Pure."""

from __future__ import annotations

import msgspec

from seifas.keeper.budget.books import Books


class Bar(msgspec.Struct, frozen=True):
    """Patients (or times) used of a bound; `raised` is what two people added to it."""

    bound: str
    used: int
    most: int
    raised: int = 0


def of_account(books: Books, account: bytes, now: int) -> tuple[Bar, ...]:
    """One account of staff, in the order of importance."""
    limits, book = books.limits, books.account(account)

    def bar(bound: str, used: int, most: int = 0) -> Bar:
        raised = books.raised(book.raises, bound, now)
        return Bar(bound, used, (most or int(getattr(limits, bound))) + raised, raised)

    warm = books.warm_ceiling(book, now)
    lifted = books.raised(book.raises, "warm_charts", now)
    return (
        bar("cold_account_day", book.day.count(now)), bar("cold_account_month", book.month.count(now)),
        Bar("warm_charts", book.warm.count(now), warm, lifted), bar("warm_cards", book.warm_cards.count(now)),
        bar("caller_cards", book.callers.count(now)), bar("search_account_day", book.listed.count(now)),
        bar("change_patients", book.changes.count(now), max(limits.change_patients, warm)),
        bar("export_day", book.exports.count(now)), bar("glass_account", book.glass.count(now)),
    )  # fmt: skip


def of_machine(books: Books, account: bytes, per_day: int, now: int) -> tuple[Bar, ...]:
    """One program: patients opened and patients listed a day."""
    book = books.account(account)
    return (
        Bar("machine", book.machine.count(now), per_day),
        Bar("machine_listed", book.listed.count(now), per_day * books.limits.machine_listed_times),
    )


def of_clinic(books: Books, now: int) -> tuple[Bar, ...]:
    """What all share."""
    limits, clinic = books.limits, books.clinic

    def bar(bound: str, used: int) -> Bar:
        raised = books.raised(clinic.raises, bound, now)
        return Bar(bound, used, int(getattr(limits, bound)) + raised, raised)

    return (
        bar("cold_clinic_day", clinic.cold.count(now)), bar("glass_clinic_day", clinic.glass.count(now)),
        bar("worklist_week", clinic.listed.count(now)), bar("erase_day", clinic.erased.count(now)),
    )  # fmt: skip
