"""Which way did it go out: a thief's session within a month of normal work, and copies of the storage.

The month is the day model's (drill/day_model.py), without a server: who opened which chart when is all that is asked.
A thief rides an account for one session, or a little every day, and publishes a part; or copies the disk and publishes
anybody, or whom the clinic sees often.
"""

from __future__ import annotations

import time
from collections import defaultdict
from random import Random

from bench.figures import Bar, Figure, alone
from bench.setting import Setting
from seifas.drill.day_deeds import DAY, HOUR, MINUTE, START, USUAL, Deed
from seifas.drill.day_model import DayModel
from seifas.leaks.explaining import Explanation, Opening, Shown, Thing, explained

DAYS = 28
PATIENTS = 24_000
BAR = 0.99
"""Share of trials."""

_DEEDS = {Deed.CARD: "card", Deed.CALLER: "card", Deed.RECALL_CARD: "card", Deed.CHART: "chart", Deed.GLASS: "chart",
          Deed.NOTE: "chart"}  # fmt: skip


def month(seed: int) -> list[Opening]:
    """Four weeks of the ordinary shape: about 15,000 openings of a dozen accounts."""
    model = DayModel(USUAL, seed)
    model.before()
    sessions: defaultdict[int, int] = defaultdict(int)
    lines: list[Opening] = []
    for day in range(DAYS):
        for step in model.day(day):
            if step.deed is Deed.SIGN_IN:
                sessions[step.who] += 1
            elif (deed := _DEEDS.get(step.deed)) is not None:
                session = (step.who * 10_000 + sessions[step.who]).to_bytes(16, "big")
                lines.append(
                    Opening(len(lines), step.at_ms, deed, _account(step.who), session, (_patient(step.patient),))
                )
    return lines


def _account(who: int) -> bytes:
    return b"a" + who.to_bytes(15, "big")


def _patient(number: int) -> bytes:
    return b"p" + number.to_bytes(15, "big")


def theft(lines: list[Opening], dice: Random, *, days: int, charts: int) -> tuple[list[Opening], set[bytes], bytes]:
    """The month with a thief in it: (all lines, what was taken, the account that was ridden). `charts` a day."""
    account = dice.choice(sorted({one.account for one in lines}))
    taken: set[bytes] = set()
    added: list[Opening] = []
    first = dice.randrange(DAYS - days + 1)
    for day in range(first, first + days):
        session = dice.randbytes(16)
        at = START + day * DAY + dice.randrange(6, 20) * HOUR
        for _ in range(charts):
            patient = _patient(dice.randrange(PATIENTS))
            at += dice.randrange(1, MINUTE)
            taken.add(patient)
            added.append(Opening(len(lines) + len(added), at, "chart", account, session, (patient,)))
    return lines + added, taken, account


def sample(patients: list[bytes]) -> list[Thing]:
    return [Thing(patient=one, probability=0.97, shown=Shown.CHART) for one in patients]


def named(found: Explanation, account: bytes) -> bool:
    """Whether the first way is the thief's account, and explains most of the sample."""
    best = found.ways[0] if found.ways else None
    return (
        found.verdict == "opened" and best is not None and best.account == account and best.hits * 3 >= found.things * 2
    )


def run(setting: Setting) -> list[Figure]:
    trials = 40 if setting.quick else 400
    dice = Random(20170324)
    months = [month(seed) for seed in range(4)]
    figures = []
    spent: list[float] = []
    for name, days, charts, published in (
        ("a session, 20 charts, 10 published", 1, 20, 10), ("a session, 60 charts, 35 published", 1, 60, 35),
        ("ten days of 10 charts, 35 published", 10, 10, 35),
    ):  # fmt: skip
        right = 0
        for trial in range(trials):
            lines, taken, account = theft(months[trial % len(months)], dice, days=days, charts=charts)
            shown = dice.sample(sorted(taken), published)
            started = time.process_time()
            right += named(explained(sample(shown), lines, patients=PATIENTS), account)
            spent.append(time.process_time() - started)
        figures.append(_share(f"the thief's account named first: {name}", right, trials))
    for name, often in (("by lot", False), ("by how often they are opened", True)):
        right = 0
        for trial in range(trials):
            lines = months[trial % len(months)]
            chosen = [
                dice.choice(lines).patients[0] if often and dice.random() < 0.5 else _patient(dice.randrange(PATIENTS))
                for _ in range(35)
            ]
            found = explained(sample(list(dict.fromkeys(chosen))), lines, patients=PATIENTS)
            right += found.verdict == "storage"
        figures.append(_share(f"a copy of the storage called storage, 35 published {name}", right, trials))
    figures.append(alone("explaining a sample by a month of lines", "s CPU", spent))
    return figures


def _share(name: str, right: int, trials: int) -> Figure:
    return alone(name, "of trials", [right / trials], Bar(at_least=BAR, unit="of trials"), f"{right} of {trials}")
