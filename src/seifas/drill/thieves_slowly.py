"""Thieves who have time: a stolen session for its twelve hours, ten of them for a day, insiders for a month.

They know every rule, never tire, are never unlucky with decoys, and take turns over every way there is: opening,
booking, walk-ins, visits, arrivals, emergencies, recalls. What counts is who got out that was not genuinely booked at
that moment: "beyond".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.drill.thieves_clock import DAY_MS, HOUR_MS, MovedVault
from seifas.drill.thieves_haul import Haul
from seifas.drill.thieves_truth import Truth
from seifas.drill.thieves_wire import WireThief, enrol_by_wire, sign_in_by_wire

_STEP_MS: Final = 9 * 60_000  # under the ten minutes after which a session that nobody uses locks
_TRIES: Final = 3

Spend = Callable[["Member", str], bool]


class Member:
    """One account in the thieves' hands, over as many sessions as it takes."""

    def __init__(self, gang: Gang, account: str, *, passkey: SoftAuthenticator | None) -> None:
        self.gang = gang
        self.account = account
        self.passkey = passkey
        self.beyond: dict[str, int] = {}
        self.warm: dict[str, int] = {}
        self.shared: set[str] = set()
        self.thief = WireThief(gang.vault.call, "", passkey, gang.origin)
        self.sign_in()

    def sign_in(self) -> None:
        """A fresh session; what was taken stays taken."""
        vault = self.gang.vault
        if self.passkey is None:
            self.thief.session = vault.sign_in(self.account)
        else:
            self.thief.session = sign_in_by_wire(vault.call, self.passkey, self.gang.origin)
        self.thief.frozen = False

    def after(self) -> None:
        """Sorts what has come out since the last look. What another member already had is no new loss."""
        now = self.gang.vault.now_ms
        new = self.thief.haul.charts - self.beyond.keys() - self.warm.keys() - self.shared
        if not new:
            return
        others = {patient for other in self.gang.members for patient in (other.beyond if other is not self else ())}
        for patient in new:
            if self.gang.truth.is_warm(self.account, patient, now):
                self.warm[patient] = now
            elif patient in others:
                self.shared.add(patient)
            else:
                self.beyond[patient] = now


class Gang:
    """All thieves of one clinic. `cold` gives patients nobody has taken yet and who are warm to no one."""

    def __init__(self, vault: MovedVault, truth: Truth) -> None:
        self.vault = vault
        self.truth = truth
        self.origin = vault.keeper.settings.origins[0]
        self.members: list[Member] = []
        self.tried: set[str] = set()

    def join(self, account: str, *, with_passkey: bool) -> Member:
        """A session of this account gets into the thieves' hands; its owner has a passkey either way."""
        passkey = enrol_by_wire(self.vault.call, self.vault.sign_in(account), self.origin)
        member = Member(self, account, passkey=passkey if with_passkey else None)
        self.members.append(member)
        return member

    def cold(self, member: Member) -> Iterator[str]:
        """Untouched cold patients, one after another."""
        strangers = self.truth.strangers(member.account, self.vault.now_ms)
        return (patient for patient in strangers if patient not in self.tried)

    @property
    def beyond(self) -> dict[str, int]:
        """Patients beyond, with when their chart first got out to anyone."""
        return {patient: at for member in self.members for patient, at in member.beyond.items()}

    @property
    def haul(self) -> Haul:
        together = Haul()
        for member in self.members:
            together.add(member.thief.haul)
        return together


def most_within(times: list[int], span_ms: int) -> int:
    """The most events that fall into any window of this length."""
    times = sorted(times)
    return max((bisect_right(times, at + span_ms - 1) - number for number, at in enumerate(times)), default=0)


def spend(member: Member, how: list[Spend]) -> int:
    """Takes cold patients by the given ways in turn, until each way in turn was refused; how many were taken."""
    taken = refused = 0
    for number, patient in enumerate(member.gang.cold(member)):
        if how[number % len(how)](member, patient):
            member.gang.tried.add(patient)
            taken, refused = taken + 1, 0
        else:
            refused += 1
        member.after()
        if refused >= min(_TRIES, len(how)) or member.thief.frozen:
            break
    return taken


def read(member: Member, patient: str) -> bool:
    return member.thief.everything(patient)


def emergency(member: Member, patient: str) -> bool:
    return member.thief.glass(patient)


def link_by_visit(member: Member, patient: str) -> bool:
    """A link, and what it makes free."""
    return member.thief.visit(patient, member.gang.vault.now_ms - HOUR_MS // 2) and read(member, patient)


def link_by_booking(member: Member, patient: str) -> bool:
    tomorrow = datetime.fromtimestamp((member.gang.vault.now_ms + DAY_MS) / 1000, UTC)
    start = int(tomorrow.replace(hour=10, minute=0, second=0, microsecond=0).timestamp() * 1000)
    return member.thief.book(patient, start) is not None and read(member, patient)


def link_by_walk_in(member: Member, patient: str) -> bool:
    return member.thief.book(patient, member.gang.vault.now_ms, walk_in=True) is not None and read(member, patient)


LINKING: Final[list[Spend]] = [link_by_visit, link_by_booking, link_by_walk_in]


def warm_charts(member: Member, patients: list[str]) -> int:
    """Reads patients who should be warm by now until it is refused; how many came out."""
    out = 0
    for patient in patients:
        if patient in member.thief.haul.charts:
            continue
        if not member.thief.everything(patient):
            break
        member.after()
        out += 1
    return out


def wait(gang: Gang, milliseconds: int, *, awake: bool = True) -> None:
    """Lets time pass; `awake` keeps the sessions from locking."""
    left = milliseconds
    while left > 0:
        step = min(left, _STEP_MS) if awake else left
        gang.vault.let_pass(step)
        left -= step
        if awake:
            for member in gang.members:
                member.thief.ask("session.list")


# -- whole thefts


class Theft(msgspec.Struct, frozen=True):
    """What a theft brought. `beyond_day`: charts beyond in the clinic's worst 24 hours; `beyond_month`: in the worst 30
    days of the account that got most; `warm_day`: charts of genuinely booked patients, in the worst 24 hours of the
    account that got most."""

    beyond: int
    beyond_day: int
    beyond_month: int
    warm_day: int
    charts: int
    cards: int
    listed: int


def summed(gang: Gang) -> Theft:
    beyond = gang.beyond
    haul = gang.haul
    return Theft(
        beyond=len(beyond), beyond_day=most_within(list(beyond.values()), DAY_MS),
        beyond_month=max(most_within(list(member.beyond.values()), 30 * DAY_MS) for member in gang.members),
        warm_day=max(most_within(list(member.warm.values()), DAY_MS) for member in gang.members),
        charts=len(haul.charts), cards=len(haul.cards), listed=len(haul.listed),
    )


def ride_a_session(gang: Gang, member: Member, hours: int = 12) -> Theft:
    """One stolen session, as long as it lives: cold ones each hour, then the booked ones."""
    for _ in range(hours):
        spend(member, [read, *LINKING])
        warm_charts(member, sorted(gang.truth.warm(member.account, gang.vault.now_ms)))
        wait(gang, HOUR_MS)
        if member.thief.frozen:
            break
    return summed(gang)


def ride_many(gang: Gang, hours: int = 12) -> Theft:
    """Several sessions of several accounts on one day, each after other patients."""
    for _ in range(hours):
        for member in gang.members:
            if not member.thief.frozen:
                spend(member, [read, *LINKING])
                spend(member, [emergency])
        wait(gang, HOUR_MS)
    for member in gang.members:
        if not member.thief.frozen:
            warm_charts(member, sorted(gang.truth.warm(member.account, gang.vault.now_ms)))
    return summed(gang)


def drip(gang: Gang, days: int = 30) -> Theft:
    """Insiders who come every day. With two and more, each day's links are read by the next one a day later."""
    linked: dict[str, list[str]] = {member.account: [] for member in gang.members}
    pairs = len(gang.members) > 1
    for _ in range(days):
        today = {}
        for number, member in enumerate(gang.members):
            member.sign_in()
            if pairs:
                warm_charts(member, linked[gang.members[number - 1].account])
            had = set(gang.tried)
            spend(member, LINKING if pairs else [read])
            today[member.account] = sorted(gang.tried - had)
        linked = today
        wait(gang, DAY_MS + HOUR_MS // 4, awake=False)
    return summed(gang)
