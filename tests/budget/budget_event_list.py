"""Everything that ever happened, in one list. Nothing is kept up to date or expires: each question walks it all."""

from __future__ import annotations

from statistics import median_low

from seifas.keeper.budget.asks import Ask
from seifas.keeper.budget.limits import DAY, HOUR, MINUTE, Limits

CLINIC = b"the clinic"


class EventList:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.adds: list[tuple[int, str, bytes, bytes, int]] = []  # (index, window, owner, key, at)
        self.forgotten: dict[tuple[str, bytes, bytes | None], int] = {}  # before which index it does not count
        self.index = 0
        self.suspended: set[bytes] = set()
        self.raises: dict[tuple[bytes, str], tuple[int, int]] = {}
        self.opened_on: list[tuple[bytes, int]] = []  # (account, day): one warm chart each
        self.lists: dict[bytes, tuple[int, set[bytes]]] = {}
        self.sessions: dict[bytes, bytes] = {}
        self.spans = {
            "cards": limits.repeat_hours * HOUR, "charts": limits.repeat_hours * HOUR,
            "month": limits.month_days * DAY, "links": limits.links_kept_days * DAY,
            "link_costs": limits.month_days * DAY, "glass": limits.glass_hours * HOUR,
            "confirms": limits.glass_hours * HOUR, "hour": HOUR, "refused": HOUR,
            "worklisted": limits.worklist_week_days * DAY, "rung": limits.alarm_again_minutes * MINUTE,
        }  # fmt: skip

    # -- the list

    def add(self, window: str, owner: bytes, key: bytes, at: int) -> None:
        self.index += 1
        self.adds.append((self.index, window, owner, key, at))

    def tick(self, window: str, owner: bytes, at: int) -> None:
        """An event that counts each time."""
        self.add(window, owner, b"%d" % (self.index + 1), at)

    def forget(self, window: str, owner: bytes, key: bytes | None = None) -> None:
        self.forgotten[window, owner, key] = self.index

    def live(self, window: str, owner: bytes, now: int) -> dict[bytes, int]:
        """Keys and when each was last added, of those that count at `now`."""
        span = self.spans.get(window, DAY)
        found: dict[bytes, int] = {}
        for index, name, whose, key, at in self.adds:
            if (name, whose) != (window, owner) or now - at >= span:
                continue
            if index <= self.forgotten.get((window, owner, None), 0):
                continue
            if index <= self.forgotten.get((window, owner, key), 0):
                continue
            found[key] = max(at, found.get(key, at))
        return found

    def wait(self, window: str, owner: bytes, now: int, bound: int) -> int:
        """How long until fewer than `bound` are left: tries every moment at which one leaves."""
        if bound <= 0:
            return 0
        span, times = self.spans.get(window, DAY), sorted(self.live(window, owner, now).values())
        if len(times) < bound:
            return 0
        for at in times:
            if sum(other + span > at + span for other in times) < bound:
                return at + span - now
        raise AssertionError("all leave in the end")

    def raised(self, owner: bytes, name: str, now: int) -> int:
        amount, until = self.raises.get((owner, name), (0, 0))
        return amount if now < until else 0

    def ceiling(self, account: bytes, now: int) -> int:
        """The warm ceiling before lifts and raises, worked out day by day from the beginning."""
        limits, today = self.limits, now // DAY
        counts: dict[int, int] = {}
        for whose, day in self.opened_on:
            if whose == account:
                counts[day] = counts.get(day, 0) + 1
        weights: dict[int, int] = {}

        def median(day: int) -> int:
            past = [weight for other, weight in weights.items() if day - limits.warm_history_days <= other < day]
            return median_low(past) if len(past) >= limits.warm_history_least else 0

        for day in sorted(counts):
            if day < today:
                most = max(
                    limits.warm_charts // limits.warm_times_median, 1, median(day) * limits.warm_growth_percent // 100
                )
                weights[day] = min(counts[day], most)
        return max(limits.warm_charts, min(limits.warm_charts_most, limits.warm_times_median * median(today)))

    # -- acts

    def give_back(self, account: bytes, patient: bytes, now: int) -> None:
        for window in ("day", "month", "glass"):
            self.forget(window, account, patient)
        self.forget("clinic_glass", CLINIC, account + patient)
        everyone = {owner for _, window, owner, _, _ in self.adds if window == "day"}
        if not any(patient in self.live("day", other, now) for other in everyone):
            self.forget("clinic", CLINIC, patient)

    def refund_account(self, account: bytes, now: int) -> None:
        for patient in self.live("day", account, now):
            self.give_back(account, patient, now)
        for window in (
            "warm", "warm_cards", "warm_lifts", "callers", "misses", "miss_lifts", "listed", "decoys", "changes",
            "exports", "machine",
        ):  # fmt: skip
            self.forget(window, account)
        for session, owner in self.sessions.items():
            if owner == account:
                self.forget_session(session)

    def refund_session(self, session: bytes, now: int) -> None:
        account = self.sessions.get(session)
        if account is None:
            return
        for patient in self.live("charged", session, now):
            self.give_back(account, patient, now)
        for patient in self.live("slisted", session, now):
            self.forget("listed", account, patient)
        for patient in self.live("sdecoys", session, now):
            self.forget("decoys", account, patient)
        self.forget_session(session)

    def forget_session(self, session: bytes) -> None:
        for window in ("hour", "sday", "seen", "charged", "slisted", "search_lifts", "sdecoys", "refused"):
            self.forget(window, session)

    def confirmed(self, maker: bytes, patient: bytes, now: int) -> None:
        if patient in self.live("link_costs", maker, now):
            self.forget("link_costs", maker, patient)
            self.give_back(maker, patient, now)

    # -- answers

    def ring(self, code: str, ask: Ask, now: int, *, whose: bytes | None = None) -> str:
        """The alarm, unless it rang within the hour for the same; whoever rings remembers."""
        key = code.encode() + (ask.account if whose is None else whose)
        if key in self.live("rung", CLINIC, now):
            return ""
        self.add("rung", CLINIC, key, now)
        return code

    def yes(self, kind: str, left: int = -1, alarm: str = "") -> tuple[object, ...]:
        return ("ALLOW", "", kind, 0, 0, left, alarm)

    def no(self, outcome: str, code: str, limit: int = 0, wait: int = 0, alarm: str = "") -> tuple[object, ...]:
        return (outcome, code, "FREE", limit, wait, -1, alarm)
