"""Replays the day model on a real ledger and the real care links, and counts what the work was asked for on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import blake2b

import msgspec

from seifas.drill.day_deeds import BY_PATIENT, DAY, PLANNED_AHEAD, START, Deed, Shape, Step, Visit
from seifas.drill.day_model import DayModel
from seifas.keeper.budget import officer
from seifas.keeper.budget.asks import Action, Ask
from seifas.keeper.budget.charges import Charge, Flag, Kind
from seifas.keeper.budget.decisions import Decision, Outcome
from seifas.keeper.budget.ledger import Ledger
from seifas.keeper.budget.limits import Limits
from seifas.keeper.schedule.links import CareLinks
from seifas.keeper.schedule.pages import PATIENT, DayPage, Entry

REASON_S, GESTURE_S = 3, 8


def ident(kind: str, number: int) -> bytes:
    return blake2b(f"{kind}{number}".encode(), digest_size=16).digest()


class Schedule:
    """Day pages of one doctor for all, behind the real rule of who is warm."""

    def __init__(self) -> None:
        self._links = CareLinks()
        self._pages: dict[str, DayPage] = {}
        self._where: dict[int, str] = {}
        self._first: dict[bytes, list[str]] = {}

    def add(
        self, number: int, at_ms: int, patient: bytes, maker: bytes, made_ms: int, *, status: str = "booked"
    ) -> None:
        date = datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()
        entry = Entry(
            ident("visit", number), bytes(16), at_ms, 15, patient, maker, made_ms,
            confirmed=maker == PATIENT, status=status,
        )
        page = self._pages.get(date) or DayPage(bytes(16), date)
        self._put(msgspec.structs.replace(page, entries=(*page.entries, entry)))
        self._where[number] = date
        self._first.setdefault(patient, []).append(date)

    def present(self, number: int, who: bytes, at_ms: int) -> None:
        if number not in self._where:
            return  # its booking was stopped
        page = self._pages[self._where[number]]
        mine = ident("visit", number)
        entries = tuple(
            msgspec.structs.replace(
                entry, status="arrived", touched_by=who if who != entry.made_by else entry.touched_by,
                touched_at_ms=at_ms,
            )
            if entry.id == mine else entry
            for entry in page.entries
        )
        self._put(msgspec.structs.replace(page, entries=entries))

    def warm(self, patient: bytes, account: bytes, at_ms: int) -> bool:
        return self._links.warm(patient, account, at_ms)

    def entered(self, patient: bytes, at_ms: int) -> bool:
        """There is an entry near today, settled or not: the desk's own screen shows why the chart is opened."""
        today = datetime.fromtimestamp(at_ms / 1000, UTC).date()
        return any(abs((datetime.fromisoformat(day).date() - today).days) <= 3 for day in self._first.get(patient, ()))

    def _put(self, page: DayPage) -> None:
        self._pages[page.date] = page
        self._links.put(page)


class Tally(msgspec.Struct):
    """What happened over all days. Keys of the counters by person are (day, who)."""

    reasons: Counter[tuple[int, int]]
    gestures: Counter[tuple[int, int]]
    stops: list[tuple[Step, Decision]]
    alarms: Counter[str]
    kinds: Counter[str]
    cold_a_day: Counter[int]
    used_most: int = 0

    def worst(self) -> tuple[int, int, int]:
        """(reasons, gestures, seconds) of the worst day of any one person."""
        keys = set(self.reasons) | set(self.gestures)
        seconds = [self.reasons[key] * REASON_S + self.gestures[key] * GESTURE_S for key in keys]
        return max(self.reasons.values(), default=0), max(self.gestures.values(), default=0), max(seconds, default=0)


class ClinicDay:
    """A clinic at work: shape and seed in, a tally out. `ledger` and `schedule` are open to a thief in its midst."""

    def __init__(self, shape: Shape, seed: int, limits: Limits | None = None) -> None:
        self.model = DayModel(shape, seed)
        self.ledger = Ledger(limits)
        self.schedule = Schedule()
        self.tally = Tally(Counter(), Counter(), [], Counter(), Counter(), Counter())
        self._sessions: dict[int, bytes] = {}
        self._signed_in = 0
        self._loaded: set[int] = set()
        for visit in self.model.before():
            self._stand(visit)

    def account(self, who: int) -> bytes:
        return PATIENT if who == BY_PATIENT else ident("staff", who)

    def patient(self, number: int) -> bytes:
        return ident("patient", number)

    def begin(self, day: int) -> list[Step]:
        """The steps of a day, once what stands in its schedule and the next days' is there."""
        for ahead in range(day, day + PLANNED_AHEAD):
            if ahead not in self._loaded:
                self._loaded.add(ahead)
                for visit in self.model.planned(ahead):
                    self._stand(visit)
        return self.model.day(day)

    def work(self, days: Iterable[int]) -> Tally:
        for day in days:
            for step in self.begin(day):
                self.do(step)
        return self.tally

    def do(self, step: Step) -> Decision | None:
        """One deed, with whatever the budget wants to see for it. Returns the last decision."""
        if step.deed is Deed.SIGN_IN:
            self._signed_in += 1
            self._sessions[step.who] = ident("session", self._signed_in)
            return None
        ask = self._ask(step)
        decision = self.ledger.charge(ask)
        key = ((step.at_ms - START) // DAY, step.who)
        for _ in range(2):
            if decision.outcome is Outcome.NEED_REASON:
                self.tally.reasons[key] += 1
                ask = msgspec.structs.replace(ask, reason="treatment")
            elif decision.outcome is Outcome.NEED_STEPUP:
                self.tally.gestures[key] += 1
                ask = msgspec.structs.replace(ask, fresh_passkey=True)
            else:
                break
            decision = self.ledger.charge(ask)
        self._note(step, decision)
        if decision.outcome is Outcome.ALLOW and step.visit >= 0:
            self._schedule(step)
        return decision

    def steal(self, account: bytes, at_ms: int, n: int) -> bool:
        """A cold chart through a session of this account, passkey and all."""
        ask = Ask(
            at=at_ms, account=account, session=ident("stolen", 0), action=Action.OPEN_CHART,
            patient=ident("victim", n), reason="treatment", fresh_passkey=True,
        )  # fmt: skip
        return self.ledger.charge(ask).outcome is Outcome.ALLOW

    def suspend_and_refund(self, account: bytes, at_ms: int) -> None:
        """The officer's one click."""
        self.ledger.apply(officer.suspend(at_ms, account))
        self.ledger.apply(officer.refund_account(at_ms, account))

    def _ask(self, step: Step) -> Ask:
        account, patient = self.account(step.who), self.patient(step.patient)
        more: dict[str, object] = {}
        if step.listed:
            more["patients"] = tuple(self.patient(one) for one in dict.fromkeys(step.listed))
        if step.deed in (Deed.RECALL_LIST, Deed.RECALL_CARD):
            more["worklist"] = ident("list", step.visit)
        if step.deed is Deed.RECALL_LIST:
            more["reason"] = "recall"
        elif step.deed is Deed.GLASS:
            more["reason"] = "emergency"
        elif self.schedule.entered(patient, step.at_ms):
            more["entry"] = True
        return Ask(
            at=step.at_ms, account=account, session=self._sessions[step.who], action=ACTIONS[step.deed],
            patient=patient, warm=self.schedule.warm(patient, account, step.at_ms), **more,
        )

    def _note(self, step: Step, decision: Decision) -> None:
        tally = self.tally
        if decision.outcome is not Outcome.ALLOW:
            tally.stops.append((step, decision))
        if decision.alarm is not None:
            tally.alarms[decision.alarm.kind] += 1
        tally.kinds[decision.kind.name] += 1
        if decision.kind.name in ("COLD", "GLASS"):
            tally.cold_a_day[(step.at_ms - START) // DAY] += 1
            left = self.ledger.remaining(self.account(step.who), self._sessions[step.who], step.at_ms)
            limits = self.ledger.limits
            tally.used_most = max(tally.used_most, limits.cold_clinic_day - limits.glass_kept - left.cold_clinic_day)

    def _schedule(self, step: Step) -> None:
        who, patient = self.account(step.who), self.patient(step.patient)
        if step.deed is Deed.BOOK:
            self.schedule.add(step.visit, START + step.day * DAY + DAY // 2, patient, who, step.at_ms)
        elif step.deed is Deed.WALK_IN:
            self.schedule.add(step.visit, step.at_ms, patient, who, step.at_ms, status="walkin")
        elif step.deed is Deed.STATUS:
            self.schedule.present(step.visit, who, step.at_ms)

    def _stand(self, visit: Visit) -> None:
        self.schedule.add(
            visit.number, visit.at_ms, self.patient(visit.patient), self.account(visit.made_by), visit.made_ms,
            status="done" if visit.been else "booked",
        )
        if visit.made_by != BY_PATIENT and not visit.been:  # booked at the desk before the first day, after a visit
            charge = Charge(
                Kind.REPEAT, visit.made_ms, self.account(visit.made_by), patients=(self.patient(visit.patient),),
                flags=Flag.LINK,
            )
            self.ledger.apply(charge)


ACTIONS = {
    Deed.SEARCH: Action.SEARCH,
    Deed.CALLER: Action.CALLER_HIT,
    Deed.CALLER_MISS: Action.CALLER_MISS,
    Deed.CARD: Action.OPEN_CARD,
    Deed.CHART: Action.OPEN_CHART,
    Deed.BOOK: Action.MAKE_LINK,
    Deed.WALK_IN: Action.MAKE_LINK,
    Deed.STATUS: Action.MAKE_LINK,
    Deed.REGISTER: Action.REGISTER,
    Deed.NOTE: Action.CREATE,
    Deed.AMEND: Action.CHANGE,
    Deed.RECALL_LIST: Action.WORKLIST,
    Deed.RECALL_CARD: Action.WORKLIST_OPEN,
    Deed.GLASS: Action.BREAK_GLASS,
}
