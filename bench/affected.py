"""Who is affected: a planted hostile session and a planted leak of 35 against the plan, and how long it takes.

A clinic in process, over a copy of the demo. A doctor works, and colleagues; then a thief rides the doctor's account in
a session of its own, reads, prints, and searches; 35 patients are found in a leak, a part of them among those he read.
Whom it must come to is planned before, with the care links read from the disk by other code; the grades of everybody
have to be the plan, not one more or less.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import msgspec

from bench.figures import Bar, Figure, alone
from bench.served import Served
from bench.setting import Setting
from seifas.drill.thieves_clock import MovedVault, moved_vault
from seifas.drill.thieves_truth import Truth, truth_of
from seifas.errors import SeifasError

PUBLISHED = 35
BAR_S = 5.0
_THIEF, _COLLEAGUE, _OFFICER = "doctor1", "doctor2", "officer1"
_READ, _COLD = 24, 8
"""Warm patients that the thief reads, and others: under the bounds that would stop him."""


class Plan(msgspec.Struct):
    """Patients (hex) by the grade that they have to come to; whoever is in none of these is sealed."""

    published: set[str]
    taken: set[str]
    reachable: set[str]
    everybody: set[str]

    def grade(self, patient: str) -> str:
        if patient in self.published:
            return "published"
        if patient in self.taken:
            return "taken"
        return "reachable" if patient in self.reachable else "ciphertext"

    def counts(self) -> dict[str, int]:
        found = dict.fromkeys(("published", "taken", "reachable", "ciphertext"), 0)
        for one in self.everybody:
            found[self.grade(one)] += 1
        return found


def run(setting: Setting) -> list[Figure]:
    rounds = 1 if setting.quick else max(3, setting.rounds)
    with _vault(setting) as (vault, truth):
        setting.say("a thief reads, a leak is found")
        case, args, plan = planted(vault, truth, Random(20170324))
        officer = vault.sign_in(_OFFICER)
        spent: list[float] = []
        fallen: list[float] = []
        wrong = missing = 0
        for _ in range(rounds):
            began = time.perf_counter()
            made = vault.call("case.affected", session=officer, case=case, **args)
            spent.append(time.perf_counter() - began)
            wrong = max(wrong, differing(vault, officer, case, made, plan))
            missing = max(missing, sum(abs(made["counts"][key] - many) for key, many in plan.counts().items()))
            began = time.perf_counter()
            after = vault.call("case.affected", session=officer, case=case, keys_touched=True, **args)
            fallen.append(time.perf_counter() - began)
            sealed = plan.counts()["ciphertext"]
            missing = max(missing, abs(after["reopened"] - sealed), after["counts"]["ciphertext"])
        began = time.perf_counter()
        told = vault.call("case.count", session=officer, case=case, snapshot=made["snapshot"], where={"exempt": True})
        counting = time.perf_counter() - began
    many = f"{len(plan.everybody):,} patients"
    note = ", ".join(f"{key} {number:,}" for key, number in plan.counts().items())
    return [
        alone(f"people whose grade is not the planned one, {many}", "people", [wrong], Bar(at_most=0, unit="people"),
              note),
        alone("counts that are not the planned ones, and exemptions not reopened by a fallen key", "people",
              [missing + abs(told["n"] - plan.counts()["ciphertext"])], Bar(at_most=0, unit="people")),
        alone(f"who is affected, {many}", "s", spent, Bar(at_most=BAR_S, unit="s"), "computed, frozen, durable"),
        alone(f"again after a key fell, {many}", "s", fallen, Bar(at_most=BAR_S, unit="s"), "everybody reachable"),
        alone("a count in a snapshot", "s", [counting]),
    ]  # fmt: skip


@contextmanager
def _vault(setting: Setting) -> Iterator[tuple[MovedVault, Truth]]:
    served = Served(setting.work / f"affected-{time.time_ns():x}", "plain")
    try:
        served.copy_from(setting.clinic())
        truth = truth_of(served.data)
        with moved_vault(served.data) as vault:
            yield vault, truth
    finally:
        served.remove()


def planted(vault: MovedVault, truth: Truth, dice: Random) -> tuple[bytes, dict[str, Any], Plan]:
    """(the case, the arguments of the computation, the plan)."""
    warm = sorted(truth.warm(_THIEF, vault.now_ms))
    cold = [one for _, one in zip(range(4 * _COLD), truth.strangers(_THIEF, vault.now_ms), strict=False)]
    _reads(vault, vault.sign_in(_THIEF), dice.sample(warm, min(5, len(warm))))  # the doctor himself
    _reads(vault, vault.sign_in(_COLLEAGUE), sorted(truth.warm(_COLLEAGUE, vault.now_ms))[:20])
    vault.let_pass(60_000)
    since = vault.now_ms
    thief = vault.sign_in(_THIEF)
    read = _reads(vault, thief, dice.sample(warm, min(_READ, len(warm))))
    read |= _reads(vault, thief, dice.sample(cold, _COLD))
    listed = vault.call("patient.search", session=thief, family=truth.cards[cold[-1]].family)
    read |= {one["patient"].hex() for one in listed} & truth.cards.keys()
    vault.call("record.print", session=thief, patient=bytes.fromhex(min(read)), what="card", reason="visit")
    hostile = next(
        one["id"] for one in vault.call("session.list", session=thief) if one["current"]
    )
    vault.let_pass(60_000)
    until = vault.now_ms
    _reads(vault, vault.sign_in(_COLLEAGUE), sorted(truth.warm(_COLLEAGUE, vault.now_ms))[:20])
    known = sorted(read)
    others = sorted(truth.cards.keys() - read)
    published = set(dice.sample(known, min(12, len(known))))
    published |= set(dice.sample(others, PUBLISHED - len(published)))
    case = _leak(vault, sorted(published), dice)
    plan = Plan(published, read, set(truth.warm(_THIEF, since)), set(truth.cards))
    return case, {"since_ms": since, "until_ms": until, "sessions": [hostile]}, plan


def _reads(vault: MovedVault, session: str, patients: list[str]) -> set[str]:
    """Those of the patients whose cards came."""
    read = set()
    for one in patients:
        try:
            vault.call("record.read", session=session, type="Patient", id=bytes.fromhex(one), reason="visit")
        except SeifasError:
            continue
        read.add(one)
    return read


def _leak(vault: MovedVault, published: list[str], dice: Random) -> bytes:
    """A case in which a search found these, among rows of nobody and rows that are undecided."""
    leak = vault.admin("leak.admin_begin", title="a sample of 35", ground="bench")["case"]
    officer = vault.sign_in(_OFFICER)
    opened = vault.call("case.open", session=officer, title="Taken and published", kind="leak", links=[leak])
    rows: list[Any] = [
        ["sample.csv", n, [0, 9], "", [[bytes.fromhex(one), 0.6 + dice.random() * 0.4, ["surname", "code"]]], 0.0, True]
        for n, one in enumerate(published)
    ]
    rows += [["sample.csv", 100 + n, [0, 9], "", [], 1.0] for n in range(15)]
    rows += [["sample.csv", 200 + n, [0, 9], "", [[bytes.fromhex(published[0]), 0.3, []]], 0.2] for n in range(5)]
    given = vault.admin("leak.admin_pass", case=leak)["pass"]
    search = vault.leaks("leak.start", case=leak, admin_pass=given)["search"]
    body = msgspec.msgpack.encode({"type": "match", "rows": rows, "unread": [], "left_out": 0, "seconds": 0.0})
    vault.leaks("leak.found", search=search, kind="match", body=body)
    return bytes(opened["case"])


def differing(vault: MovedVault, officer: str, case: bytes, made: dict[str, Any], plan: Plan) -> int:
    """How many people have another grade than was planned, or are missing."""
    pseudonym = vault.keeper.require_unlocked().keyring.pseudonym
    planned = {pseudonym(bytes.fromhex(one)): plan.grade(one) for one in plan.everybody}
    found: dict[bytes, str] = {}
    asked = {"session": officer, "case": case, "snapshot": made["snapshot"], "count": 500}
    after = b""
    while True:
        page = vault.call("case.snapshot", **asked, after=after)
        found |= {row["patient"]: row["grade"] for row in page["rows"]}
        after = page["next"]
        if not after:
            break
    return sum(found.get(one) != planned.get(one) for one in found.keys() | planned.keys())
