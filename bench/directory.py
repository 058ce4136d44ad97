"""Speed and size of the patient name directory: `python -m bench.directory --patients N`.

Synthetic patients: Lithuanian surnames put together from syllables and real endings (8 forms a family, drawn by a Zipf
law of exponent 0.8), 800 given names (0.9), 15 % with a former surname, everybody with a personal code and a mobile
number, 60 % with an e-mail address. A patient is a function of its number, so the directory is the only thing that
grows. Search terms are drawn from patients, so frequent names are asked for often. Prints wall and CPU milliseconds.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import time
from collections.abc import Callable, Iterator
from hashlib import blake2b
from itertools import accumulate

from seifas.errors import Invalid
from seifas.keeper.directory.asking import Query
from seifas.keeper.directory.card import Card, decode, encode
from seifas.keeper.directory.index import Directory

_CONSONANTS = (*"bdgklmnprstvzžšč", "j", "br", "gr", "kr", "tr", "st", "sk")
_VOWELS = (*"aeiuoyėū", "ai", "au", "ie", "uo")
_ENDINGS = (
    "as", "is", "ys", "us", "ius", "aitė", "ytė", "utė", "ienė", "auskas", "evičius", "auskaitė", "auskienė",
    "evičienė", "aitis", "aitienė", "ėnas", "ėnienė",
)  # fmt: skip


class Clinic:
    """Makes the same patients for the same seed, by number."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        bases = [self._made(rng, ("", "n", "l", "k", "nt")) for _ in range(6000)]
        self._families = [base + rng.choice(_ENDINGS) for base in bases for _ in range(8)]
        self._given = [self._made(rng, ("as", "a", "ė", "is")) for _ in range(800)]
        self._family_weights = list(accumulate((at + 1) ** -0.8 for at in range(len(self._families))))
        self._given_weights = list(accumulate((at + 1) ** -0.9 for at in range(len(self._given))))
        self._seed = seed

    @staticmethod
    def _made(rng: random.Random, ends: tuple[str, ...]) -> str:
        syllables = (rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(2))
        return ("".join(syllables) + rng.choice(ends)).capitalize()

    def card(self, number: int) -> Card:
        """The patient of a number."""
        rng = random.Random(number * 1_000_003 + self._seed)
        family = rng.choices(self._families, cum_weights=self._family_weights)[0]
        given = rng.choices(self._given, cum_weights=self._given_weights)[0]
        birth = f"{rng.randrange(1935, 2020)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
        return Card(
            patient=blake2b(b"%d %d" % (self._seed, number), digest_size=16).digest(),
            family=family,
            given=(given,),
            former=(rng.choice(self._families),) if rng.random() < 0.15 else (),
            birth=birth,
            sex=rng.choice("mf"),
            codes=(f"{rng.choice('34')}{birth.replace('-', '')[2:]}{rng.randrange(10_000):04}",),
            phones=(f"3706{rng.randrange(10**7):07}",),
            emails=(f"pacientas.{number}@example.lt",) if rng.random() < 0.6 else (),
        )

    def bodies(self, patients: int) -> Iterator[bytes]:
        """Encoded cards, as the keeper opens them."""
        return (encode(self.card(number)) for number in range(patients))


def _typo(rng: random.Random, word: str) -> str:
    at = rng.randrange(len(word))
    return rng.choice((word[:at] + word[at + 1 :], word[:at] + rng.choice("aeiknrst") + word[at + 1 :]))


QUESTIONS: dict[str, Callable[[random.Random, Card], Query]] = {
    "family, 2 letters, and year": lambda _, c: Query(family=c.family[:2], birthdate=c.birth[:4]),
    "family, 3 letters": lambda _, c: Query(family=c.family[:3]),
    "free, 5 letters": lambda _, c: Query(name=c.family[:5]),
    "free, surname and given name": lambda _, c: Query(name=f"{c.family} {c.given[0]}"),
    "free, swapped, 3 + 3 letters": lambda _, c: Query(name=f"{c.given[0][:3]} {c.family[:3]}"),
    "free, swapped, 2 + 2 letters": lambda _, c: Query(name=f"{c.given[0][:2]} {c.family[:2]}"),
    "free, initial and surname": lambda _, c: Query(name=f"{c.given[0][0]}. {c.family}"),
    "genitive": lambda _, c: Query(name=c.family[:-2] + "o"),
    "one typo": lambda r, c: Query(name=_typo(r, c.family)),
    "one typo, and given name": lambda r, c: Query(name=f"{_typo(r, c.family)} {c.given[0]}"),
    "two words with typos, and year": lambda r, c: Query(
        name=f"{_typo(r, c.family)} {_typo(r, c.given[0])} {c.birth[:4]}"
    ),
    "no such name": lambda r, _: Query(name="".join(r.choices("abdegiklmnoprstuvz", k=8))),
    "3 letters and year": lambda _, c: Query(name=f"{c.family[:3]} {c.birth[:4]}"),
    "whole birth date": lambda _, c: Query(birthdate=c.birth),
    "personal code": lambda _, c: Query(identifier=c.codes[0]),
    "last 6 digits of the phone": lambda _, c: Query(phone=c.phones[0][-6:]),
}


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096


def _peak() -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def measure(patients: int, rounds: int, seed: int) -> dict[str, object]:
    """All figures, as JSON-able values: seconds, milliseconds, bytes."""
    clinic = Clinic(seed)
    bodies = list(clinic.bodies(min(patients, 24_000)))
    began = time.perf_counter()
    for body in bodies:
        decode(body)
    decoding = (time.perf_counter() - began) / len(bodies) * 24_000
    card_bytes = sum(map(len, bodies)) / len(bodies)
    del bodies
    making = time.process_time()
    for _ in clinic.bodies(min(patients, 24_000)):
        pass
    making = (time.process_time() - making) * max(1.0, patients / 24_000)
    gc.collect()
    before = _resident()
    began, began_cpu = time.perf_counter(), time.process_time()
    directory = Directory()
    directory.load(decode(body) for body in clinic.bodies(patients))
    built, built_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    gc.collect()
    after, peak = _resident(), _peak()
    rng = random.Random(seed + 1)
    asked: dict[str, dict[str, float]] = {}
    for name, question in QUESTIONS.items():
        wall: list[float] = []
        cpu: list[float] = []
        hits = 0
        for _ in range(rounds):
            query = question(rng, clinic.card(rng.randrange(patients)))
            began, began_cpu = time.perf_counter(), time.thread_time()
            try:
                hits += len(directory.search(query))
            except Invalid:  # a name of two letters, begun with fewer
                continue
            wall.append((time.perf_counter() - began) * 1e3)
            cpu.append((time.thread_time() - began_cpu) * 1e3)
        wall.sort()
        cpu.sort()
        last = (len(wall) * 99) // 100
        asked[name] = {
            "median_ms": wall[len(wall) // 2], "p99_ms": wall[last], "p99_cpu_ms": cpu[last], "hits": hits / rounds,
        }  # fmt: skip
    return {
        "patients": patients,
        "decode_24k_s": decoding,
        "card_bytes": card_bytes,
        "build_s": built,
        "build_cpu_without_making_cards_s": built_cpu - making,
        "bytes_per_patient": (after - before) / patients,
        "peak_bytes_per_patient": (peak - before) / patients,
        "search": asked,
        "search_p99_ms": max(figures["p99_ms"] for figures in asked.values()),
    }


def main() -> None:
    """Prints a table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.directory", description=__doc__)
    parser.add_argument("--patients", type=int, default=24_000)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    figures = measure(chosen.patients, chosen.rounds, chosen.seed)
    if chosen.json:
        print(json.dumps(figures))
        return
    search = figures.pop("search")
    for name, value in figures.items():
        print(f"{name:34} {value:12.3f}" if isinstance(value, float) else f"{name:34} {value:12}")
    assert isinstance(search, dict)
    print(f"\n{'question':34} {'median ms':>10} {'p99 ms':>10} {'p99 CPU':>10} {'hits':>6}")
    for name, row in search.items():
        print(f"{name:34} {row['median_ms']:10.2f} {row['p99_ms']:10.2f} {row['p99_cpu_ms']:10.2f} {row['hits']:6.1f}")


if __name__ == "__main__":
    main()
