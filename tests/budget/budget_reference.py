"""The budget's rules a second time: slow, by scanning a list of everything that ever happened.

Written from docs/budgets.md and not from the ledger, so that the two agreeing means something.
"""

from __future__ import annotations

from budget_event_list import CLINIC
from budget_openings import Openings

from seifas.keeper.budget.asks import NOBODY, Action, Actor, Ask
from seifas.keeper.budget.limits import DAY


class Reference(Openings):
    # -- the rules; each gives (outcome, code, kind, limit, wait, left, alarm)

    def decide(self, ask: Ask, now: int) -> tuple[object, ...]:
        if ask.account in self.suspended:
            return self.no("STOP", "suspended")
        if ask.canary or (ask.canaries and ask.action is not Action.SEARCH):
            return self.no("STOP", "canary", alarm=self.ring("canary", ask, now))
        if ask.actor is Actor.MACHINE:
            return self.machine(ask, now)
        match ask.action:
            case Action.OPEN_CARD | Action.OPEN_CHART | Action.MAKE_LINK:
                return self.open(ask, now)
            case Action.EXPORT:
                return self.export(ask, now)
            case Action.BREAK_GLASS | Action.GLASS_CONFIRM:
                return self.glass(ask, now)
            case Action.CALLER_HIT | Action.CALLER_MISS:
                return self.caller(ask, now)
            case Action.SEARCH:
                return self.search(ask, now)
            case Action.WORKLIST | Action.WORKLIST_OPEN:
                return self.worklist(ask, now)
            case Action.CHANGE:
                bound = max(self.limits.change_patients, self.warm_bound(ask.account, now))
                return self.plain("changes", "change_patients", "CHANGE", ask, now, bound=bound)
            case Action.ERASE:
                return self.erase(ask, now)
            case Action.REGISTER:
                self.add("charts", ask.account, ask.patient, now)
                self.add("registered", CLINIC, ask.patient, now)
                return self.yes("REGISTERED")
            case _:
                return self.yes("FREE")

    def export(self, ask: Ask, now: int) -> tuple[object, ...]:
        me, patient = ask.account, ask.patient
        bound = self.limits.export_day + self.raised(me, "export_day", now)
        done = self.live("exports", me, now)
        if patient not in done and len(done) >= bound:
            wait = self.wait("exports", me, now, bound)
            return self.no("STOP", "exports", bound, wait, self.ring("exports", ask, now))
        if not ask.reason:
            return self.no("NEED_REASON", "reason")
        if not ask.fresh_passkey:
            return self.no("NEED_STEPUP", "gesture")
        warm = self.warm(ask, now)
        if patient in self.live("charts", me, now):
            answer = self.again(ask, now, warm, link=False)
        else:
            answer = self.warm_chart(ask, now) if warm else self.cold(ask, now, reason=True)
        if answer[0] == "ALLOW":
            self.add("exports", me, patient, now)
            if not answer[-1]:
                answer = (*answer[:-1], self.ring("export", ask, now))
        return answer

    def glass(self, ask: Ask, now: int) -> tuple[object, ...]:
        me, patient, limits = ask.account, ask.patient, self.limits
        if self.warm(ask, now) or patient in self.live("charts", me, now):
            return self.open(ask, now)
        refused = self.cold_bounds(ask, now, glass=True)
        if refused:
            return refused
        if not ask.reason:
            return self.no("NEED_REASON", "reason")
        mine, everyones = self.live("glass", me, now), self.live("clinic_glass", CLINIC, now)
        second = ask.action is Action.GLASS_CONFIRM
        if second:
            if (
                ask.second in (NOBODY, me) or ask.second in self.suspended
                or len(self.live("confirms", ask.second, now)) >= limits.glass_account
            ):  # fmt: skip
                return self.no("STOP", "glass-colleague", limits.glass_account)
        elif len(mine) >= limits.glass_account or len(everyones) >= limits.glass_clinic_day:
            wait = max(
                self.wait("glass", me, now, limits.glass_account),
                self.wait("clinic_glass", CLINIC, now, limits.glass_clinic_day),
            )
            limit = limits.glass_account if len(mine) >= limits.glass_account else limits.glass_clinic_day
            return self.no("NEED_SECOND", "glass-second", limit, wait)
        if not ask.fresh_passkey:
            return self.no("NEED_STEPUP", "gesture")
        self.paid_cold(ask, now, fresh=True)
        self.add("glass", me, patient, now)
        self.add("clinic_glass", CLINIC, me + patient, now)
        if second:
            self.tick("confirms", ask.second, now)
        self.add("rung", CLINIC, b"glass" + me, now)
        return self.yes("GLASS", max(0, limits.glass_account - len(mine) - 1), "glass")

    def caller(self, ask: Ask, now: int) -> tuple[object, ...]:
        me, patient, limits = ask.account, ask.patient, self.limits
        misses, cards = self.live("misses", me, now), self.live("callers", me, now)
        if len(misses) >= limits.caller_misses_day:
            bound = limits.caller_misses_day
            wait = self.wait("misses", me, now, bound)
            return self.no("STOP", "guessing", bound, wait, self.ring("guessing", ask, now))
        bound = limits.caller_cards + self.raised(me, "caller_cards", now)
        if len(cards) >= bound:
            wait = self.wait("callers", me, now, bound)
            return self.no("STOP", "caller-cards", bound, wait, self.ring("caller-cards", ask, now))
        free = limits.caller_misses * (1 + len(self.live("miss_lifts", me, now)))
        lift = len(misses) >= free
        if lift and not ask.fresh_passkey:
            return self.no("NEED_STEPUP", "caller-misses", free, self.wait("misses", me, now, free))
        if ask.action is Action.CALLER_MISS:
            answer = self.yes("MISS", limits.caller_misses_day - len(misses) - 1)
            self.tick("misses", me, now)
        elif patient in self.live("cards", me, now) or patient in self.live("charts", me, now):
            answer = self.yes("REPEAT")
        elif self.warm(ask, now):
            answer = self.warm_card(ask, now)
        else:
            self.add("callers", me, patient, now)
            self.add("cards", me, patient, now)
            answer = self.yes("CALLER", bound - len({*cards, patient}))
        if lift and answer[0] == "ALLOW":
            self.tick("miss_lifts", me, now)
        return answer

    def search(self, ask: Ask, now: int) -> tuple[object, ...]:
        me, here, limits = ask.account, ask.session, self.limits
        if len(ask.patients) > limits.search_hits:
            return self.no("STOP", "search-wide", limits.search_hits)
        known = {*self.live("cards", me, now), *self.live("charts", me, now)}
        mine, its = self.live("listed", me, now), self.live("slisted", here, now)
        new = [one for one in dict.fromkeys(ask.patients) if one not in known and not (one in mine and one in its)]
        if not new:
            return self.yes("FREE")
        bound = limits.search_account_day + self.raised(me, "search_account_day", now)
        to_me, to_it = len(set(new) - set(mine)), len(set(new) - set(its))
        if len(mine) + to_me > bound:
            wait = self.wait("listed", me, now, bound - to_me + 1)
            return self.no("STOP", "search-day", bound, wait, self.ring("search-day", ask, now))
        allowed = limits.search_session * (1 + len(self.live("search_lifts", here, now)))
        if len(its) + to_it > allowed:
            if not ask.fresh_passkey:
                wait = self.wait("slisted", here, now, allowed - to_it + 1)
                return self.gesture("search-session", ask, now, allowed, wait, new[0])
            self.tick("search_lifts", here, now)
        self.sessions[here] = me
        alarm = self.decoys(ask, now)
        for one in new:
            self.add("listed", me, one, now)
            self.add("slisted", here, one, now)
            if ask.fresh_passkey:
                self.forget("refused", here, one)
        return self.yes("SEARCH", bound - len(mine) - to_me, alarm)

    def decoys(self, ask: Ask, now: int) -> str:
        me, here, limits = ask.account, ask.session, self.limits
        for one in ask.canaries:
            self.add("decoys", me, one, now)
            self.add("sdecoys", here, one, now)
        mine, its = len(self.live("decoys", me, now)), len(self.live("sdecoys", here, now))
        if ask.canaries and (mine >= limits.canaries_account or its >= limits.canaries_session):
            return self.ring("canaries-listed", ask, now)
        return ""

    def worklist(self, ask: Ask, now: int) -> tuple[object, ...]:
        limits, me = self.limits, ask.account
        patients = set(ask.patients)
        if ask.action is Action.WORKLIST_OPEN:
            made, listed = self.lists.get(ask.worklist, (0, set()))
            asked = patients or {ask.patient}
            if not asked <= listed or now - made >= limits.worklist_days * DAY:
                return self.no("STOP", "worklist-gone")
            known = {*self.live("cards", me, now), *self.live("charts", me, now)}
            for one in asked - known:
                self.add("cards", me, one, now)
            return self.yes("WORKLIST_CARD")
        if not 1 <= len(patients) <= limits.worklist_patients:
            return self.no("STOP", "worklist-size", limits.worklist_patients)
        used = self.live("worklisted", CLINIC, now)
        bound, new = limits.worklist_week + self.raised(NOBODY, "worklist_week", now), len(patients - set(used))
        if len(used) + new > bound:
            wait = self.wait("worklisted", CLINIC, now, bound - new + 1)
            alarm = self.ring("worklist-week", ask, now, whose=NOBODY)
            return self.no("STOP", "worklist-week", bound, wait, alarm)
        if not ask.reason:
            return self.no("NEED_REASON", "reason")
        if not ask.fresh_passkey:
            return self.no("NEED_STEPUP", "gesture")
        for one in patients:
            self.add("worklisted", CLINIC, one, now)
        self.lists[ask.worklist] = (now, patients)
        return self.yes("WORKLIST", bound - len(used) - new)

    def erase(self, ask: Ask, now: int) -> tuple[object, ...]:
        done = self.live("erased", CLINIC, now)
        bound = self.limits.erase_day + self.raised(NOBODY, "erase_day", now)
        if ask.patient not in done and len(done) >= bound:
            wait = self.wait("erased", CLINIC, now, bound)
            return self.no("STOP", "erasures", bound, wait, self.ring("erasures", ask, now, whose=NOBODY))
        self.add("erased", CLINIC, ask.patient, now)
        return self.yes("ERASE", bound - len({*done, ask.patient}), self.ring("erasure", ask, now))

    def machine(self, ask: Ask, now: int) -> tuple[object, ...]:
        me, limits = ask.account, self.limits
        if ask.action in (Action.REGISTER, Action.CREATE):
            return self.yes("FREE")
        if ask.action is Action.SEARCH:
            if len(ask.patients) > limits.search_hits:
                return self.no("STOP", "search-wide", limits.search_hits)
            used = self.live("listed", me, now)
            new = set(ask.patients) - set(used) - set(self.live("machine", me, now))
            if not new:
                return self.yes("FREE")
            bound = ask.per_day * limits.machine_listed_times
            if len(used) + len(new) > bound:
                wait = self.wait("listed", me, now, bound - len(new) + 1)
                return self.no("STOP", "machine-search", bound, wait, self.ring("machine-search", ask, now))
            self.sessions[ask.session] = me
            alarm = self.decoys(ask, now)
            for one in new:
                self.add("listed", me, one, now)
                self.add("slisted", ask.session, one, now)
            return self.yes("MACHINE_SEARCH", bound - len(used) - len(new), alarm)
        if ask.action in (
            Action.WORKLIST, Action.WORKLIST_OPEN, Action.BREAK_GLASS, Action.GLASS_CONFIRM, Action.ERASE,
        ):  # fmt: skip
            return self.no("STOP", "not-for-machines")
        if len(self.live("misses", me, now)) >= limits.caller_misses_day:
            return self.no("STOP", "guessing", limits.caller_misses_day, 0, self.ring("guessing", ask, now))
        if ask.action is Action.CALLER_MISS:
            self.tick("misses", me, now)
            return self.yes("MISS")
        used = self.live("machine", me, now)
        if ask.patient not in used and len(used) >= ask.per_day:
            wait = self.wait("machine", me, now, ask.per_day)
            return self.no("STOP", "machine-day", ask.per_day, wait, self.ring("machine-day", ask, now))
        self.add("machine", me, ask.patient, now)
        return self.yes("MACHINE", max(0, ask.per_day - len({*used, ask.patient})))
