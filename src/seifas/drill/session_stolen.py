"""Step "session stolen": a thief at the desk with a live session, alone and with nine others, for an hour and a month.

At once over HTTP on a served clinic; where it takes hours, on a vault in this process whose clocks are moved on. The
thieves know every rule and are never unlucky with decoys; what they get is counted from what came out.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from seifas.drill import thieves_slowly as slowly
from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.stage import Stage
from seifas.drill.thieves import READING, Hands, Stopped, Thief, alarms_in, harvest, open_all
from seifas.drill.thieves_clock import moved_vault
from seifas.drill.thieves_haul import Haul
from seifas.drill.thieves_slowly import Gang, Theft
from seifas.drill.thieves_truth import Truth, truth_of

SESSION, PASSKEY, CLINIC, MONTH = 20, 60, 100, 300
"""Charts beyond the genuinely booked: of a session, with its passkey, of the clinic a day, of an account in 30 days."""

FREEZE_S, ALARM_S = 1.0, 10.0
TREATING: Final = ("doctor1", "doctor2", "doctor3", "doctor4", "doctor5", "doctor6", "nurse1", "nurse2", "nurse3")
_COLLEAGUE: Final = "reception2"
_MOST_TRIED: Final = 2000
_QUICK_DAYS: Final = 3


class Caught(NamedTuple):
    """A thief on the served clinic: what he got, whom of it he had no link to, and how he was stopped."""

    haul: Haul
    beyond: set[str]
    froze_s: float
    told_s: float
    colleague: bool


def run(context: Context) -> StepResult:
    context.clinic()
    screen = context.screen
    screen.say("a thief has a session, and no passkey")
    one = _served(context, passkey=False)
    screen.say("a thief has a session and its passkey")
    two = _served(context, passkey=True)
    screen.say("ten thieves have ten sessions, and a day")
    rides = {
        "one session, its twelve hours": _slowly(context, lambda gang: _ride(gang, passkey=False)),
        "ten accounts with their passkeys, a day": _slowly(context, _ten),
    }
    days = _QUICK_DAYS if context.quick else 31
    screen.say(f"somebody inside takes a little every day, for {days} days; then two who book for each other")
    rides[f"one insider, {days} days"] = _slowly(context, lambda gang: _drip(gang, ("doctor1",), days))
    rides[f"two insiders, {days} days"] = _slowly(context, lambda gang: _drip(gang, ("doctor1", "nurse1"), days))
    return _told(context, one, two, rides)


# -- at once, over HTTP


def _served(context: Context, *, passkey: bool) -> Caught:
    stage = context.stage("session")
    truth = truth_of(stage.data)
    hands = Hands()
    stage.start()
    try:
        now = time.time_ns() // 1_000_000
        thief = hands.thief(stage, "doctor1", passkey=passkey)
        harvest(thief, (card.family for card in truth.cards.values()), most=270)
        cold = list(itertools.islice(truth.strangers("doctor1", now), _MOST_TRIED))
        warm = sorted(truth.warm("doctor1", now))
        with contextlib.suppress(Stopped):
            open_all(thief, warm, READING.values())
            open_all(thief, cold, READING.values())
            open_all(thief, reversed(cold), READING.values(), careful=False)
        kind = "cold-day" if passkey else "insisting"
        return Caught(
            thief.haul, thief.haul.out - set(warm), thief.froze_at - thief.stopped_at, _told_after(stage, kind),
            _colleague_works(hands, stage, truth, thief.haul.out),
        )
    finally:
        hands.close()
        stage.stop()


def _told_after(stage: Stage, kind: str) -> float:
    """Seconds from the alarm to its delivery; more than the bar if nobody was told."""
    give_up = time.monotonic() + ALARM_S
    while time.monotonic() < give_up:
        for one in alarms_in(stage.log.read_bytes()):
            if one.kind == kind:
                return max(0.0, one.delivered - one.raised)
        time.sleep(0.1)
    return ALARM_S + 1


def _colleague_works(hands: Hands, stage: Stage, truth: Truth, taken: set[str]) -> bool:
    """Somebody else at the desk opens booked patients and some who are not."""
    now = time.time_ns() // 1_000_000
    colleague = hands.cookie(stage, _COLLEAGUE)
    booked = sorted(truth.warm(_COLLEAGUE, now) - taken)[:10]
    others = list(itertools.islice((one for one in truth.strangers(_COLLEAGUE, now) if one not in taken), 5))
    return all(Thief.card(colleague, patient).status == 200 for patient in (*booked, *others))


# -- with time


def _slowly(context: Context, theft: Callable[[Gang], Theft]) -> Theft:
    stage = context.stage("weeks")
    truth = truth_of(stage.data)
    with moved_vault(stage.data) as vault:
        return theft(Gang(vault, truth))


def _ride(gang: Gang, *, passkey: bool) -> Theft:
    return slowly.ride_a_session(gang, gang.join("doctor1", with_passkey=passkey))


def _ten(gang: Gang) -> Theft:
    for account in (*TREATING, "reception1"):
        gang.join(account, with_passkey=True)
    return slowly.ride_many(gang)


def _drip(gang: Gang, accounts: tuple[str, ...], days: int) -> Theft:
    for account in accounts:
        gang.join(account, with_passkey=True)
    return slowly.drip(gang, days)


# -- what is told


def _told(context: Context, one: Caught, two: Caught, rides: dict[str, Theft]) -> StepResult:
    broken = list(_broken(one, two, rides))
    most = max(theft.beyond for theft in rides.values())
    day = max(theft.beyond_day for theft in rides.values())
    return StepResult(
        promise="A stolen session opens a handful of strangers' records, then it is stopped and somebody is told. "
                "Whoever has an appointment is treated meanwhile as ever.",
        deed="Live sessions were stolen: one, one with its passkey, ten of ten people, insiders for weeks. The thieves "
             "tried searches, ids, lists, transactions, history, pages, bookings, walk-ins, visits, emergencies, other "
             "people's names and each other's help.",
        loot=f"{len(one.beyond)} strangers in an hour with the session alone and {len(two.beyond)} with its passkey; "
             f"never more than {day} a day from the whole clinic of {context.patients:,}, and {most} by two insiders "
             "together in weeks.",
        kept=not broken,
        figures=tuple(_figures(one, two, rides)),
        notes=(
            *broken,
            "Strangers are patients who had no genuine appointment or visit near that moment. Those who had are the "
            "day's work: a session sees up to 30 of their charts a day, with its passkey 60.",
            "The thieves are luckier than thieves: no decoy is among those they open.",
            *([f"Quick: the insiders had {_QUICK_DAYS} days instead of 31."] if context.quick else []),
        ),
    )


def _broken(one: Caught, two: Caught, rides: dict[str, Theft]) -> Iterator[str]:
    for name, caught, bar in (("session", one, SESSION), ("session with its passkey", two, PASSKEY)):
        if len(caught.beyond) > bar:
            yield f"a {name} took {len(caught.beyond)} strangers; {bar} is the most"
        if not 0 <= caught.froze_s <= FREEZE_S:
            yield f"a {name} was frozen after {caught.froze_s:.1f} s"
        if caught.told_s > ALARM_S:
            yield f"nobody was told of a {name} within {ALARM_S:.0f} s"
        if not caught.colleague:
            yield f"a colleague could not work on after a {name} was stopped"
        if not caught.haul.out:
            yield f"a {name} took nothing at all: the attack itself does not work"
    for name, theft in rides.items():
        if theft.beyond_day > CLINIC or theft.beyond_month > MONTH:
            yield f"{name}: {theft.beyond_day} in a day, {theft.beyond_month} in 30 days by one account"
    if rides["one session, its twelve hours"].beyond > SESSION:
        yield "a session that was ridden for twelve hours took more than its bound"


def _figures(one: Caught, two: Caught, rides: dict[str, Theft]) -> Iterator[Figure]:
    for name, caught, bar in (("a stolen session", one, SESSION), ("with its passkey", two, PASSKEY)):
        yield Figure(f"strangers opened, {name}", str(len(caught.beyond)), f"at most {bar}")
        yield Figure(f"charts and cards in all, {name}", f"{len(caught.haul.charts)} and {len(caught.haul.cards)}")
        yield Figure(f"masked names listed, {name}", str(len(caught.haul.listed)), "at most 300")
        yield Figure(f"from the stop to the freeze, {name}", f"{max(0.0, caught.froze_s) * 1000:.0f} ms",
                     f"at most {FREEZE_S:.0f} s")
        yield Figure(f"from the alarm to somebody's ears, {name}", f"{caught.told_s:.1f} s", f"at most {ALARM_S:.0f} s")
    for name, theft in rides.items():
        yield Figure(f"strangers opened, {name}", str(theft.beyond))
        yield Figure(f"in the clinic's worst 24 hours, {name}", str(theft.beyond_day), f"at most {CLINIC}")
        yield Figure(f"by one account in 30 days, {name}", str(theft.beyond_month), f"at most {MONTH}")
        yield Figure(f"booked patients' charts in a day, {name}", str(theft.warm_day), "at most 60")
