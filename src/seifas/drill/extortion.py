"""Step "the clinic is extorted": what is demanded, what it is worth, and what each demand proves.

35 patients are public. One writer demands 300 bitcoin and shows five of these; the same hand turns to a patient, with
the same address to pay to. Another demands 50 bitcoin and shows ten patients whom nobody has seen yet; a third
threatens and shows nothing. The officer enters all of it at the desk; the drill holds what the desk says against what
was done.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.sample_searched import searched
from seifas.drill.sample_taken import Taken, english, in_order, nobody, table, theft
from seifas.drill.stage import Browser, Stage
from seifas.drill.thieves import form_of
from seifas.drill.thieves_truth import truth_of
from seifas.errors import Unavailable

_THIEF: Final = "doctor1"
_OFFICER: Final = "officer1"
_ENOUGH: Final = 60
_PUBLIC: Final = 35
_HELD_BACK: Final = 10
_SHOWN: Final = 5
_ADDRESS: Final = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
_OTHER: Final = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
_RATES: Final = b"Date,Close\n2017-03-01,1222.50\n2017-03-13,1231.92\n2017-03-24,937.52\n2017-05-31,2286.41\n"
"""What one bitcoin was in US dollars on some days of the case (daily closes)."""

_WORTH: Final = {1: 260_302.0, 3: 103_605.0}
"""In euro: 300 BTC on the day of the report to the police; 50 BTC as the press had it on 31 May 2017."""

_NEAR: Final = 0.03
_SHOWS: Final = re.compile(
    rb'data-demand="(\d+)" data-proves="([a-z-]*)" data-unpublished="(\d*)" data-eur="([0-9.]*)"'
)
_HANDS: Final = re.compile(rb'data-hand="([0-9 ]+)"')


class Shown(msgspec.Struct, frozen=True):
    """What the desk says of a demand."""

    proves: str
    unpublished: int
    eur: float


class Ledger(msgspec.Struct, frozen=True):
    """What the desk says of all of them: by number, hands as sets of numbers, the list for the police, seconds."""

    demands: dict[int, Shown]
    hands: frozenset[frozenset[int]]
    listed: str
    seconds: float


def run(context: Context) -> StepResult:
    context.clinic()
    stage = context.stage("extortion")
    truth = truth_of(stage.data)
    order = in_order(truth, _THIEF, time.time_ns() // 1_000_000, [])
    stage.start()
    try:
        context.screen.say("a thief reads charts; a part of them becomes public")
        taken, _ = theft(stage.sign_in(_THIEF), order, _ENOUGH)
        dice = np.random.default_rng(context.seed)
        picked = [taken[n] for n in dice.permutation(len(taken))]
        held, public = picked[:_HELD_BACK], picked[_HELD_BACK : _HELD_BACK + _PUBLIC]
        context.screen.say("demands come in")
        ledger = _entered(stage, {
            "public.csv": table([*map(english, public), *nobody(context.seed, _SHOWN)], dice),
            "first.csv": table([*map(english, public[:_SHOWN])], dice),
            "second.csv": table([*map(english, held)], dice),
        })  # fmt: skip
    finally:
        stage.stop()
    return _told(ledger, public, held)


# -- the officer


def _entered(stage: Stage, files: dict[str, bytes]) -> Ledger:
    leak, kept, began = searched(stage, "demands", files)
    officer = stage.sign_in(_OFFICER)
    try:
        return _at_the_desk(officer, leak.hex(), kept, began)
    finally:
        officer.close()
        with stage.admin() as admin:
            admin.call("leak.admin_close", case=leak)


def _at_the_desk(officer: Browser, leak: str, kept: dict[str, str], began: float) -> Ledger:
    form = form_of(officer)
    opened = officer.form("/desk/cases", {"form": form, "title": "Extortion", "kind": "extortion", "link": leak})
    case = opened.headers.get("location", "")

    def post(page: str, fields: dict[str, str]) -> None:
        answer = officer.form(f"{case}/{page}", {"form": form, **fields})
        if answer.status != 303:
            raise Unavailable(f"the desk did not take what was entered: {page}, {answer.status}")

    post("takedown", {
        "do": "add", "url": "http://abcdefghij234567.onion/sample", "whom": "host", "at": "2017-03-20 10:00",
        f"file-{kept['public.csv']}": "1",
    })  # fmt: skip
    _rates(officer, f"{case}/demands/rates", form)
    for fields in _demands(kept):
        post("demands", {"do": "add", "deadline": "2017-06-30", "note": "", "patient": "", **fields})
    post("demands", {"do": "compare"})
    page = officer.read(f"{case}/demands").body
    listed = officer.read(f"{case}/demands/addresses.csv").body.decode()
    return Ledger(
        {
            int(number): Shown(proves.decode(), int(unpublished or 0), float(eur or 0))
            for number, proves, unpublished, eur in _SHOWS.findall(page)
        },
        frozenset(frozenset(map(int, one.split())) for one in _HANDS.findall(page)), listed,
        time.monotonic() - began,
    )  # fmt: skip


def _demands(kept: dict[str, str]) -> tuple[dict[str, str], ...]:
    bitcoin = {"unit": "BTC", "fixed_in": "BTC", "channel": "mail", "scope": "all"}
    return (
        {**bitcoin, "addressee": "clinic", "amount": "300", "seen": "2017-03-24 09:00", "addresses": _ADDRESS,
         "contact": "tsar@example.org", "wording": "300 bitcoin, or everything is published.",
         f"sample-{kept['first.csv']}": "1"},
        {**bitcoin, "addressee": "patient", "amount": "0.5", "seen": "2017-03-26 20:10", "addresses": "",
         "contact": "+370 600 00001", "channel": "sms", "scope": "one-record", "wording": f"pay to {_ADDRESS}"},
        {**bitcoin, "addressee": "public-sale", "amount": "50", "seen": "2017-05-31 12:00", "addresses": _OTHER,
         "contact": "sales@example.net", "channel": "tor", "wording": "The whole base is for sale.",
         f"sample-{kept['second.csv']}": "1"},
        {**bitcoin, "addressee": "clinic", "amount": "10", "seen": "2017-06-02 08:00", "addresses": "",
         "contact": "me@example.com", "wording": "I have it too. Pay me."},
    )  # fmt: skip


def _rates(officer: Browser, path: str, form: str) -> None:
    mark = os.urandom(12).hex()
    fields = (("form", form), ("source", "daily closes of 2017"))
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="rates.csv"\r\n\r\n'
    body = "".join([*parts, head]).encode() + _RATES + f"\r\n--{mark}--\r\n".encode()
    answer = officer.ask("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={mark}"})
    if answer.status != 303:
        raise Unavailable(f"the desk did not take the rates: {answer.status}")


# -- what came of it


def _told(ledger: Ledger, public: list[Taken], held: list[Taken]) -> StepResult:
    wanted = {1: "only-public", 2: "no-proof", 3: "unpublished", 4: "no-proof"}
    said = {number: one.proves for number, one in ledger.demands.items()}
    right = sum(said.get(number) == word for number, word in wanted.items())
    fresh = ledger.demands[3].unpublished if 3 in ledger.demands else 0
    worth = _near(ledger, lambda number: ledger.demands[number].eur)
    hands = ledger.hands == frozenset(map(frozenset, ({1, 2}, {3}, {4})))
    named = [one for one in (*public, *held) if one.family in ledger.listed or one.given in ledger.listed]
    kept = right == len(wanted) and fresh == len(held) and worth == len(_WORTH) and hands and not named
    return StepResult(
        promise="Of each demand the clinic knows what it was worth, whether it shows more than everybody could see, "
                "and which others are of the same hand; nothing of it pays, and nobody is called the thief.",
        deed=f"With {len(public)} patients public, three writers demanded bitcoin: one showed {_SHOWN} of these, one "
             f"{len(held)} others, one nothing; the first wrote to a patient, too.",
        loot=f"{right} of {len(wanted)} demands were told for what they prove, {fresh} of {len(held)} unpublished "
             f"patients were counted, and what belongs to one hand was {'' if hands else 'not '}laid together.",
        kept=kept,
        figures=(
            Figure("demands told for what they prove", f"{right} of {len(wanted)}", str(len(wanted))),
            Figure("patients whom only the second writer could show", str(fresh), str(len(held))),
            Figure("worth in euro, within 3 % of what was published", f"{worth} of {len(_WORTH)}", str(len(_WORTH))),
            Figure("hands", " | ".join(sorted(",".join(map(str, sorted(one))) for one in ledger.hands)), "1,2 | 3 | 4"),
            Figure("addresses handed to the police", str(max(0, ledger.listed.count("\n") - 1)), "2"),
            Figure("patients named in that list", str(len(named)), "0"),
            Figure("seconds from the files to the answer", f"{ledger.seconds:.1f}"),
        ),
        notes=("It is told what a demand proves, never who wrote it.",),
    )  # fmt: skip


def _near(ledger: Ledger, eur: Callable[[int], float]) -> int:
    return sum(
        number in ledger.demands and abs(eur(number) / worth - 1) <= _NEAR for number, worth in _WORTH.items()
    )
