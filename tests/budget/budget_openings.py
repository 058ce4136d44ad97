"""The rules of opening a card or a chart, warm and cold, as the reference has them: by scanning the list."""

from __future__ import annotations

from budget_event_list import CLINIC, EventList

from seifas.keeper.budget.asks import NOBODY, Action, Ask
from seifas.keeper.budget.limits import DAY


class Openings(EventList):
    # -- each gives (outcome, code, kind, limit, wait, left, alarm)

    def warm(self, ask: Ask, now: int) -> bool:
        return (
            ask.warm
            or (ask.entry and ask.patient in self.live("links", ask.account, now))
            or ask.patient in self.live("registered", CLINIC, now)
        )

    def open(self, ask: Ask, now: int) -> tuple[object, ...]:
        me, patient, link = ask.account, ask.patient, ask.action is Action.MAKE_LINK
        warm = self.warm(ask, now)
        card = ask.action is Action.OPEN_CARD or (link and warm)
        if patient in self.live("charts", me, now) or (card and patient in self.live("cards", me, now)):
            return self.again(ask, now, warm, link=link)
        if warm:
            answer = self.warm_card(ask, now) if card else self.warm_chart(ask, now)
        else:
            answer = self.cold(ask, now, reason=ask.reason or ask.entry or link)
            if link and answer[0] == "ALLOW":
                self.add("link_costs", me, patient, now)
        if link and answer[0] == "ALLOW":
            self.add("links", me, patient, now)
        return answer

    def again(self, ask: Ask, now: int, warm: bool, *, link: bool) -> tuple[object, ...]:
        me, here, patient = ask.account, ask.session, ask.patient
        if not warm and patient in self.live("day", me, now) and patient not in self.live("seen", here, now):
            if not ask.fresh_passkey:
                refused = self.session_room(ask, now)
                if refused:
                    return refused
                self.add("hour", here, patient, now)
                self.add("sday", here, patient, now)
            else:
                self.forget("refused", here, patient)
            self.add("seen", here, patient, now)
            self.sessions[here] = me
        if link and patient not in self.live("links", me, now):
            self.add("links", me, patient, now)
        return self.yes("REPEAT")

    def warm_card(self, ask: Ask, now: int) -> tuple[object, ...]:
        return self.plain("warm_cards", "warm_cards", "WARM_CARD", ask, now, code="warm-cards", also="cards")

    def warm_bound(self, account: bytes, now: int) -> int:
        base = self.ceiling(account, now)
        lifts = len(self.live("warm_lifts", account, now))
        return base + lifts * max(1, base // 2) + self.raised(account, "warm_charts", now)

    def warm_chart(self, ask: Ask, now: int) -> tuple[object, ...]:
        me, patient = ask.account, ask.patient
        opened = self.live("warm", me, now)
        bound, half = self.warm_bound(me, now), max(1, self.ceiling(me, now) // 2)
        if patient not in opened and len(opened) >= bound:
            lifts = 0
            while len(opened) >= bound + lifts * half:
                lifts += 1
            wait = self.wait("warm", me, now, bound)
            if len(self.live("warm_lifts", me, now)) + lifts > self.limits.warm_lifts:
                return self.no("STOP", "warm-charts", bound, wait, self.ring("warm-charts", ask, now))
            if not ask.fresh_passkey:
                return self.gesture("warm-gesture", ask, now, bound, wait, patient)
            for _ in range(lifts):
                self.tick("warm_lifts", me, now)
            bound += lifts * half
        if patient not in opened:
            self.opened_on.append((me, now // DAY))
        self.add("warm", me, patient, now)
        self.add("charts", me, patient, now)
        if ask.fresh_passkey:
            self.forget("refused", ask.session, patient)
        return self.yes("WARM", max(0, bound - len({*opened, patient})))

    def cold_bounds(self, ask: Ask, now: int, *, glass: bool) -> tuple[object, ...] | None:
        me, patient, limits = ask.account, ask.patient, self.limits
        today = self.live("day", me, now)
        if patient in today:
            return None
        bound = limits.cold_account_day + self.raised(me, "cold_account_day", now)
        if len(today) >= bound:
            return self.no("STOP", "cold-day", bound, self.wait("day", me, now, bound), self.ring("cold-day", ask, now))
        month = self.live("month", me, now)
        bound = limits.cold_account_month + self.raised(me, "cold_account_month", now)
        if patient not in month and len(month) >= bound:
            wait = self.wait("month", me, now, bound)
            return self.no("STOP", "cold-month", bound, wait, self.ring("cold-month", ask, now))
        taken = self.live("clinic", CLINIC, now)
        if patient in taken:
            return None
        room = limits.cold_clinic_day + self.raised(NOBODY, "cold_clinic_day", now)
        if not glass:
            room -= max(0, limits.glass_kept - len(self.live("clinic_glass", CLINIC, now)))
        if len(taken) >= room:
            wait = self.wait("clinic", CLINIC, now, room)
            return self.no("STOP", "cold-clinic", room, wait, self.ring("cold-clinic", ask, now, whose=NOBODY))
        if not glass and len(today) >= limits.share and len(taken) >= room - limits.share:
            wait = min(
                self.wait("day", me, now, limits.share), self.wait("clinic", CLINIC, now, room - limits.share)
            )
            return self.no("STOP", "cold-kept", limits.share, wait, self.ring("cold-kept", ask, now))
        return None

    def cold(self, ask: Ask, now: int, *, reason: object) -> tuple[object, ...]:
        me, here, patient, limits = ask.account, ask.session, ask.patient, self.limits
        refused = self.cold_bounds(ask, now, glass=False)
        if refused:
            return refused
        if not reason:
            return self.no("NEED_REASON", "reason")
        today = self.live("day", me, now)
        if not ask.fresh_passkey:
            if patient not in today and len(today) >= limits.share:
                wait = self.wait("day", me, now, limits.share)
                return self.gesture("cold-share", ask, now, limits.share, wait, patient)
            refused = self.session_room(ask, now)
            if refused:
                return refused
        alarm = "" if patient in today else self.cold_notice(ask, now)
        self.paid_cold(ask, now)
        bound = limits.cold_account_day + self.raised(me, "cold_account_day", now)
        assert here
        return self.yes("COLD", max(0, bound - len({*today, patient})), alarm)

    def cold_notice(self, ask: Ask, now: int) -> str:
        me, patient, limits = ask.account, ask.patient, self.limits
        taken, month = self.live("clinic", CLINIC, now), self.live("month", me, now)
        if patient not in taken and len(taken) + 1 == limits.cold_clinic_day * limits.warn_percent // 100:
            return self.ring("clinic-near", ask, now, whose=NOBODY)
        if len({*month, patient}) == limits.cold_account_month * limits.warn_percent // 100:
            return self.ring("month-near", ask, now)
        if len(self.live("day", me, now)) == limits.share:
            return self.ring("share-passed", ask, now)
        if not ask.fresh_passkey and len(self.live("sday", ask.session, now)) + 1 == limits.cold_session_day:
            return self.ring("session-full", ask, now)
        return ""

    def paid_cold(self, ask: Ask, now: int, *, fresh: bool | None = None) -> None:
        me, here, patient = ask.account, ask.session, ask.patient
        self.sessions[here] = me
        for window, owner in (
            ("charts", me), ("day", me), ("month", me), ("clinic", CLINIC), ("charged", here), ("seen", here),
        ):  # fmt: skip
            self.add(window, owner, patient, now)
        if ask.fresh_passkey if fresh is None else fresh:
            self.forget("refused", here, patient)
        else:
            self.add("hour", here, patient, now)
            self.add("sday", here, patient, now)

    def session_room(self, ask: Ask, now: int) -> tuple[object, ...] | None:
        limits = self.limits
        for window, bound in (("hour", limits.cold_session_hour), ("sday", limits.cold_session_day)):
            used = self.live(window, ask.session, now)
            if ask.patient not in used and len(used) >= bound:
                wait = self.wait(window, ask.session, now, bound)
                return self.gesture("cold-session", ask, now, bound, wait, ask.patient)
        return None

    def gesture(
        self, code: str, ask: Ask, now: int, limit: int, wait: int, about: bytes
    ) -> tuple[object, ...]:
        """A gesture is demanded; asking for too many others meanwhile freezes."""
        refused = self.live("refused", ask.session, now)
        if about not in refused:
            if len(refused) >= self.limits.insist:
                return self.no("STOP", "insisting", self.limits.insist, 0, self.ring("insisting", ask, now))
            self.add("refused", ask.session, about, now)
            self.sessions[ask.session] = ask.account
        return self.no("NEED_STEPUP", code, limit, wait)

    def plain(
        self, window: str, name: str, kind: str, ask: Ask, now: int, *, bound: int = 0, code: str = "", also: str = ""
    ) -> tuple[object, ...]:
        """So many different patients a day, and no more to it."""
        bound = (bound or getattr(self.limits, name)) + self.raised(ask.account, name, now)
        used = self.live(window, ask.account, now)
        if ask.patient not in used and len(used) >= bound:
            wait = self.wait(window, ask.account, now, bound)
            return self.no("STOP", code or window, bound, wait, self.ring(code or window, ask, now))
        self.add(window, ask.account, ask.patient, now)
        if also:
            self.add(also, ask.account, ask.patient, now)
        return self.yes(kind, max(0, bound - len({*used, ask.patient})))
