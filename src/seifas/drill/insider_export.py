"""Step "an allowed export leaks": three receivers are given lists, and somebody at one of them publishes from his.

Each list is read by a program of its receiver's, within its budget, and holds decoys planted for it alone. Most
patients stand on all three lists. The officer drops what was published into a case; it has to name the list, by its
decoys, and the account, by the log.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np

from seifas.demo.schedule import patient_id
from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.stage import Stage
from seifas.errors import Unavailable
from seifas.leaks.client import BlockingLeaks
from seifas.leaks.results import Explained, Matched, Result, read

RECEIVERS: Final = ("mailing house", "laboratory", "insurer")
_LEAKING: Final = 1
_EACH: Final = 40
_COMMON: Final = 30
_DECOYS: Final = 5
_PUBLISHED: Final = 35
_PER_DAY: Final = 60
_SURE: Final = 0.9


class Export(msgspec.Struct, frozen=True):
    """One receiver's list as it left: rows as they stand in its file, the program's account, ids of its decoys, and
    seconds that reading it took."""

    account: str
    rows: tuple[tuple[str, ...], ...]
    patients: frozenset[str]
    decoys: frozenset[str]


class Found(msgspec.Struct, frozen=True):
    """What the case says, and in how many seconds."""

    matched: Matched
    explained: Explained
    seconds: float


def run(context: Context) -> StepResult:
    stage = context.stage("insider")
    dice = np.random.default_rng(context.seed)
    context.screen.say("three receivers are given lists; one of them leaks")
    stage.start()
    try:
        exports = [_export(context, stage, number, dice) for number in range(len(RECEIVERS))]
        refused = _more(context, stage)
        rows = exports[_LEAKING].rows
        published = [rows[n] for n in dice.permutation(len(rows))[:_PUBLISHED]]
        found = _searched(stage, _table(published))
    finally:
        stage.stop()
    return _told(exports, published, found, refused)


def _list_of(context: Context, receiver: int) -> list[str]:
    """Whom this list is about: most of them the same for all."""
    own = range(_COMMON + receiver * (_EACH - _COMMON), _COMMON + (receiver + 1) * (_EACH - _COMMON))
    return [patient_id(context.seed, number) for number in (*range(_COMMON), *own) if number < context.patients]


def _export(context: Context, stage: Stage, receiver: int, dice: np.random.Generator) -> Export:
    """The receiver's program reads the cards of its list; the clinic mixes in the decoys before the file leaves."""
    account = f"export-{receiver}"
    with stage.admin() as admin:
        made = admin.call("admin.client_add", name=account, per_day=_PER_DAY, scopes="system/*.rs")
    program = stage.with_key(made["client_id"], made["private_jwk"])
    patients = _list_of(context, receiver)
    rows = [_row(program.read(f"/fhir/Patient/{one}").json) for one in patients]
    planted = stage.seifas("leaks", "plant", "--label", RECEIVERS[receiver], "--count", str(_DECOYS))["people"]
    rows += [(one["family"], one["given"], one["birth"], one["phone"], one["email"]) for one in planted]
    mixed = tuple(rows[n] for n in dice.permutation(len(rows)))
    return Export(f"client {account}", mixed, frozenset(patients), frozenset(_hex(one["patient"]) for one in planted))


def _hex(ident: Any) -> str:
    return ident.hex() if isinstance(ident, bytes) else str(ident)


def _row(card: dict[str, Any]) -> tuple[str, ...]:
    name = card["name"][0]
    by_kind = {one["system"]: one["value"] for one in reversed(card.get("telecom", []))}
    return (name["family"], name["given"][0], card["birthDate"], by_kind.get("phone", ""), by_kind.get("email", ""))


def _more(context: Context, stage: Stage) -> int:
    """How many patients a program gets that reads on beyond its list, before its budget refuses it."""
    with stage.admin() as admin:
        made = admin.call("admin.client_add", name="export-greedy", per_day=_PER_DAY, scopes="system/*.rs")
    program = stage.with_key(made["client_id"], made["private_jwk"])
    for number in range(context.patients):
        if program.read(f"/fhir/Patient/{patient_id(context.seed, number)}").status != 200:
            return number
    return context.patients


def _table(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("family", "given", "birth", "phone", "email"))
    writer.writerows(rows)
    return text.getvalue().encode()


def _searched(stage: Stage, sample: bytes) -> Found:
    with stage.admin() as admin, BlockingLeaks(stage.data / "run" / "samples.sock") as door:
        case = bytes(admin.call("leak.admin_begin", title="a list that leaked", ground="drill")["case"])

        def asked() -> dict[str, Any]:
            return {"admin_pass": admin.call("leak.admin_pass", case=case)["pass"]}

        door.keep(asked, case, "list.csv", io.BytesIO(sample), len(sample))
        began = time.monotonic()
        matched = _result(door, asked, case, "match")
        explained = _result(door, asked, case, "explain")
        took = time.monotonic() - began
        admin.call("leak.admin_close", case=case)
    assert isinstance(matched, Matched)
    assert isinstance(explained, Explained)
    return Found(matched, explained, took)


def _result(door: BlockingLeaks, asked: Callable[[], dict[str, Any]], case: bytes, kind: str) -> Result:
    job = door.call("search.begin", **asked(), case=case, kind=kind)["job"]
    told = door.followed(job)
    if told["state"] != "done":
        raise Unavailable(f"the search for {kind} ended as {told['state']}: {told['error']}")
    return read(door.call("search.found", job=job, count=2_000))


def _told(exports: list[Export], published: list[tuple[str, ...]], found: Found, refused: int) -> StepResult:
    leaking = exports[_LEAKING]
    named = {
        row.candidates[0].patient.hex() for row in found.matched.rows
        if row.candidates and row.candidates[0].probability >= _SURE
    }
    own = len(named & leaking.decoys)
    others = sum(len(named & one.decoys) for one in exports if one is not leaking)
    right = len(named & leaking.patients)
    best = found.explained.ways[0] if found.explained.ways else None
    account = best.account if best is not None else "none"
    kept = own > 0 and others == 0 and account == leaking.account and refused <= _PER_DAY
    return StepResult(
        promise="A list that left with permission and turns up says which one it was, and through whose account it "
                "was read; and it holds no more patients than its receiver was allowed.",
        deed=f"{len(exports)} receivers were given lists of {_EACH} patients, {_COMMON} of them the same; somebody "
             f"inside the second published {len(published)} rows. A program read on beyond its list.",
        loot=f"{len(published)} rows of his own list, which named it: {own} decoys were that list's, {others} "
             f"another's; the log named {'its account' if account == leaking.account else 'another account'}. The "
             f"program that read on was stopped at {refused} patients.",
        kept=kept,
        figures=(
            Figure("patients an export can hold", str(refused), f"at most {_PER_DAY}"),
            Figure("decoys of the leaking list that were recognised", str(own), "at least 1"),
            Figure("decoys of other lists", str(others), "0"),
            Figure("patients recognised at 0.9 and more", str(right)),
            Figure("the account the log names first", account, leaking.account),
            Figure("what the log says of the whole set", found.explained.verdict),
            Figure("seconds from the file to the answer", f"{found.seconds:.1f}"),
        ),
        notes=(
            "Whoever strikes the decoys out must know who is nobody: they stand in no register, but neither do some "
            "patients.",
        ),
    )  # fmt: skip
