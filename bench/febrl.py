"""FEBRL4 with three fields missing: our matcher beside Splink on the same rows: `python -m bench.febrl`.

5,000 Australian people, each once as they are (our "patients") and once misspelt (the "leaked rows"); from each leaked
row three of ten fields are gone (bench/febrl_peers.py). F1 over pairs, at the threshold that is best for each side, and
with at most one person to a leaked row for both. The matcher is as shipped: nothing is trained on this data.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.figures import Bar, Figure, beside, shown
from bench.served import ROOT
from bench.setting import Setting
from seifas.leaks.matching import Matcher
from seifas.leaks.mentions import Mention
from seifas.leaks.people import Person

PEERS = Path(os.environ.get("SEIFAS_PEERS", ROOT / "build" / "peers")) / "bin" / "python"
PEOPLE = 5_000

Pair = tuple[str, str, float]


def peers(seed: int, missing: str) -> dict[str, Any]:
    """Both sides of the data and Splink's pairs. Raises FileNotFoundError without the peers' Python."""
    if not PEERS.exists():
        raise FileNotFoundError(f"no peers at {PEERS}: see docs/matching-people.md, or set SEIFAS_PEERS")
    command = [str(PEERS), str(Path(__file__).with_name("febrl_peers.py")), str(seed), missing]
    done = subprocess.run(command, capture_output=True, check=True, timeout=900)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def person(record: Mapping[str, str | None]) -> Person:
    """A record as a patient's card."""
    return Person(
        patient=_id(record), families=_one(record["surname"]), givens=_one(record["given_name"]), birth=_birth(record),
        codes=_one(record["soc_sec_id"]), city=record["suburb"] or "", lines=_lines(record),
    )  # fmt: skip


def mention(record: Mapping[str, str | None]) -> Mention:
    """A record as a leaked row."""
    birth = _birth(record)
    return Mention(
        source="febrl4b", row=1, names=(*_one(record["surname"]), *_one(record["given_name"])),
        births=(birth,) if birth else (), codes=_one(record["soc_sec_id"]), city=record["suburb"] or "",
        lines=_lines(record),
    )  # fmt: skip


def _id(record: Mapping[str, str | None]) -> bytes:
    return str(record["rec_id"]).encode().ljust(16, b" ")


def _one(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _birth(record: Mapping[str, str | None]) -> str:
    date = record["date_of_birth"] or ""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 else ""


def _lines(record: Mapping[str, str | None]) -> tuple[str, ...]:
    fields = ("street_number", "address_1", "address_2", "postcode", "state")
    return tuple(line for field in fields if (line := record[field]))


def ours(first: list[dict[str, str | None]], second: list[dict[str, str | None]]) -> list[Pair]:
    """The candidates of every leaked row with their probabilities."""
    matcher = Matcher([person(record) for record in first])
    return [
        (candidate.patient.decode().strip(), str(record["rec_id"]), candidate.probability)
        for record in second
        for candidate in matcher.match(mention(record)).candidates
    ]


def best_f1(pairs: Iterable[Pair], people: int, *, one_each: bool) -> float:
    """F1 at the threshold that is best; a pair is true if both ends are the same person."""
    ranked = sorted(pairs, key=lambda pair: (-pair[2], pair[0]))
    taken: set[str] = set()
    best, true, said = 0.0, 0, 0
    for at, (one, other, score) in enumerate(ranked):
        if not (one_each and other in taken):
            taken.add(other)
            said += 1
            true += one.rpartition("-org")[0] == other.partition("-dup")[0]
        if at + 1 == len(ranked) or ranked[at + 1][2] < score:
            best = max(best, 2 * true / (said + people))
    return best


def compared(seed: int, missing: str) -> list[Figure]:
    """F1 of both, and how long they took."""
    data = peers(seed, missing)
    began = time.perf_counter()
    found = ours(data["first"], data["second"])
    took = time.perf_counter() - began
    theirs = [(str(one), str(other), float(weight)) for one, other, weight in data["pairs"]]
    how = "the lines of the address" if missing == "lines" else "three drawn for each row"
    figures = []
    for one_each in (True, False):
        our_f1, their_f1 = (best_f1(pairs, PEOPLE, one_each=one_each) for pairs in (found, theirs))
        figures.append(beside(
            f"FEBRL4, fields missing: {how}; F1, {'one a row' if one_each else 'all pairs'}", "F1", [our_f1], "Splink",
            [their_f1], Bar(at_least=1.0),
            f"{our_f1:.4f} beside {their_f1:.4f}; seed {seed}, ours {took:.1f} s, Splink {data['seconds']:.1f} s",
        ))  # fmt: skip
    return figures


def run(setting: Setting) -> list[Figure]:
    """For `python -m bench`."""
    seeds = (1,) if setting.quick else (1, 2, 3)
    return [figure for missing in ("lines", "rows") for seed in seeds for figure in compared(seed, missing)]


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.febrl", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for missing in ("lines", "rows"):
        for figure in compared(chosen.seed, missing):
            print(shown(figure))


if __name__ == "__main__":
    main()
