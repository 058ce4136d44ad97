"""Every number of the theft budget. They are the settings of `[budget]`; docs/budgets.md says why each is what it is.

"A day" is a sliding 24 hours, "an hour" a sliding 60 minutes, never a calendar one: a budget that refills at midnight
is twice a budget for whoever waits for midnight.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from seifas.errors import Invalid

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def _some(description: str, most: int = 100_000) -> Meta:
    return Meta(ge=1, le=most, description=description)


def _any(description: str, most: int = 100_000) -> Meta:
    return Meta(ge=0, le=most, description=description)


class Limits(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The bounds of `[budget]`. Raises Invalid where two numbers contradict each other."""

    # -- warm: patients with a genuine care link
    visit_days: Annotated[int, _any("A visit keeps a patient warm for so many days.")] = 14
    appointment_days: Annotated[int, _any("An appointment makes a patient warm so many days before and after.")] = 3
    own_link_hours: Annotated[
        int, _any("A link made by the opener counts once it is so old, unless the patient confirmed it.")
    ] = 24
    links_kept_days: Annotated[
        int, _any("A patient whom an account booked itself is warm to it, near that appointment, for so long.", 366)
    ] = 92
    warm_charts: Annotated[int, _some("Warm charts an account may open a day, whatever its history.")] = 30
    warm_times_median: Annotated[int, _some("Or so many times the account's median day, if that is more.", 10)] = 2
    warm_history_days: Annotated[int, _some("Days of history the median is taken over.", 366)] = 28
    warm_history_least: Annotated[int, _some("Days with warm charts needed before the median counts.", 366)] = 10
    warm_growth_percent: Annotated[
        int, _some("One day counts in the median for at most so much of the median before it.", 1000)
    ] = 125
    warm_charts_most: Annotated[int, _some("No history raises the warm ceiling above this.")] = 120
    warm_lifts: Annotated[
        int, _any("Passkey gestures a day that raise the warm ceiling by half each, for 24 hours.", 10)
    ] = 2
    warm_cards: Annotated[int, _some("Warm cards an account may open a day.")] = 200

    # -- paid once, free again
    repeat_hours: Annotated[
        int, _any("What an account has paid for it may open again free of charge for so long.", 24)
    ] = 12

    # -- cold: no genuine care link
    cold_session_hour: Annotated[int, _some("Cold patients an hour on a session, without a passkey gesture.")] = 10
    cold_session_day: Annotated[int, _some("Cold patients a day on a session, without a gesture.")] = 20
    cold_account_day: Annotated[int, _some("Cold patients an account a day, with gestures.")] = 60
    cold_account_month: Annotated[int, _some("Cold patients an account in `month_days`.")] = 300
    month_days: Annotated[int, _some("How long a month is, in days.", 366)] = 30
    cold_clinic_day: Annotated[int, _some("Cold openings a day of all accounts together.")] = 100
    cold_share_percent: Annotated[
        int, _some("Beyond this part of the clinic's day: with gestures, and while as much is left to others.", 100)
    ] = 25
    insist: Annotated[
        int, _some("Different patients asked for after a step-up was demanded, before the session is frozen.")
    ] = 5

    # -- callers
    caller_cards: Annotated[int, _some("Cards an account opens a day by caller proof.")] = 60
    caller_misses: Annotated[int, _some("Caller proofs a day that match nobody, before a gesture and after each.")] = 10
    caller_misses_day: Annotated[int, _some("Caller proofs that match nobody, an account a day.")] = 60

    # -- searching
    search_hits: Annotated[int, _some("Patients listed by one query.")] = 20
    search_session: Annotated[int, _some("Different patients listed a day on a session, before a gesture.")] = 60
    search_account_day: Annotated[int, _some("Different patients listed to an account a day.")] = 300
    search_queries: Annotated[int, _some("Searches an hour on a session, before a gesture and after each.")] = 120

    # -- worklists
    worklist_patients: Annotated[int, _some("Patients on one worklist.")] = 40
    worklist_week: Annotated[int, _some("Patients put on the clinic's worklists in `worklist_week_days`.")] = 40
    worklist_week_days: Annotated[
        int, _some("Days of a worklist week; six, so that Monday's list at nine is not too early after last Monday's.")
    ] = 6
    worklist_days: Annotated[int, _some("Days for which a worklist opens cards.", 60)] = 5

    # -- break-the-glass
    glass_account: Annotated[int, _some("Patients an account opens by breaking the glass in `glass_hours`.")] = 3
    glass_hours: Annotated[int, _some("Hours of an account's break-the-glass window.", 24 * 30)] = 12
    glass_clinic_day: Annotated[int, _some("Break-the-glass openings a day of the whole clinic.")] = 8
    glass_kept: Annotated[
        int, _any("Part of the clinic's cold day that only break-the-glass may use.")
    ] = 12

    # -- changes
    change_patients: Annotated[
        int, _some("Patients whose records an account deletes from or overwrites a day; never under its warm ceiling.")
    ] = 30
    erase_day: Annotated[int, _some("Erasures a day of the whole clinic.")] = 5
    export_day: Annotated[int, _some("Whole patients an account exports a day, one gesture each.")] = 10

    # -- programs
    machine_listed_times: Annotated[
        int, _some("Patients listed to a program a day, as a multiple of the patients it may open.", 100)
    ] = 3
    machine_without_approval: Annotated[int, _any("Patients a day a program gets without two approvals.")] = 200

    bulk_exports: Annotated[
        int, _any("Bulk exports of the whole clinic in `month_days`, each allowed by two people.", 100)
    ] = 2

    # -- decoys and alarms
    canaries_session: Annotated[int, _some("Decoys listed on a session in a day that ring.")] = 3
    canaries_account: Annotated[int, _some("Decoys listed to an account in a day that ring.")] = 5
    warn_percent: Annotated[int, _some("Part of the clinic's day and an account's month that warns.", 100)] = 80
    alarm_again_minutes: Annotated[int, _some("The same alarm for the same account rings again after so long.")] = 60

    # -- time
    clock_jump_seconds: Annotated[int, _some("Wall and boot clock may part by so much before it rings.")] = 60
    off_hours: Annotated[
        int, _any("Hours a switched-off machine counts as running, at most, each time it starts.", 72)
    ] = 0

    def __post_init__(self) -> None:
        for lower, upper in _ORDERED:
            if getattr(self, lower) > getattr(self, upper):
                raise Invalid(f"budget.{lower} is more than budget.{upper}", where=f"budget.{lower}")
        if self.glass_kept + self.share >= self.cold_clinic_day:
            raise Invalid("budget.glass_kept and cold_share_percent leave nothing to open", where="budget.glass_kept")

    @property
    def share(self) -> int:
        """Cold patients a day that any account may open before it has to leave as many to the others."""
        return max(1, self.cold_clinic_day * self.cold_share_percent // 100)


_ORDERED = (
    ("cold_session_hour", "cold_session_day"),
    ("cold_session_day", "cold_account_day"),
    ("cold_account_day", "cold_account_month"),
    ("cold_account_day", "cold_clinic_day"),
    ("warm_charts", "warm_charts_most"),
    ("warm_history_least", "warm_history_days"),
    ("search_hits", "search_session"),
    ("search_session", "search_account_day"),
    ("caller_misses", "caller_misses_day"),
    ("worklist_patients", "worklist_week"),
    ("worklist_days", "worklist_week_days"),
    ("glass_account", "glass_clinic_day"),
    ("canaries_session", "canaries_account"),
)
