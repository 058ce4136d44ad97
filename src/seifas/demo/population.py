"""Patients of the demo clinic, each made from (seed, index, today) alone, in any process and any order.

    python -m seifas.demo.population --patients 2000        how many a second
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from seifas.demo.cards import patient, related_person
from seifas.demo.chart import Chart, PatientFile, resource
from seifas.demo.clinic import clinic
from seifas.demo.codes import births
from seifas.demo.dice import Dice, stable_ids
from seifas.demo.history import History
from seifas.demo.people import person
from seifas.demo.schedule import Appointment, attended, patient_id

MOST_CANARIES = 1_000
_ADULT_YEARS = 18


class Canaries(msgspec.Struct, frozen=True):
    """Decoy patients. Only `ids` tells them from others; keep it apart from everything else."""

    files: tuple[PatientFile, ...]
    ids: tuple[str, ...]


def most_patients(seed: int, today: date) -> int:
    """How many patients a seed has in the year of `today`: about 1.8 million."""
    return len(births(seed, today.year)) - MOST_CANARIES


def _is_minor(birth: date, today: date) -> bool:
    return (today.year - birth.year, today.month, today.day) < (_ADULT_YEARS, birth.month, birth.day)


def patient_file(seed: int, index: int, today: date, seen: Sequence[Appointment] = ()) -> PatientFile:
    """One patient. `seen` adds the visits that appointments of the last fortnight became (see `schedule.attended`).

    The other resources are the same bytes with and without `seen`.
    """
    ident = patient_id(seed, index)
    house = clinic(seed, today)
    who = person(seed, index, today.year)
    chart = Chart(ident, stable_ids("resources", seed, index))
    History(chart, Dice("history", seed, index), who, house).past(today)
    card = resource("Patient", ident, chart.newest, patient(who, house.organization))
    if who.guardian and _is_minor(who.birth, today):
        chart.add("RelatedPerson", chart.newest, related_person(chart, who))
    files = chart.resources
    if seen:
        recent = Chart(ident, stable_ids("recent", seed, index))
        history = History(recent, Dice("recent", seed, index), who, house)
        for entry in seen:
            history.attend(entry)
        files = files + recent.resources
    return PatientFile(id=ident, resources=(card, *files))


def population(
    seed: int, patients: int, today: date, *, start: int = 0, stop: int | None = None
) -> Iterator[PatientFile]:
    """Patients start … stop-1 of a clinic of so many, the schedule's visits included: a share for each process."""
    if not 0 <= patients <= most_patients(seed, today):
        raise ValueError("more patients than the seed has")
    recent = attended(seed, patients, today)
    for index in range(start, patients if stop is None else min(stop, patients)):
        yield patient_file(seed, index, today, recent.get(index, ()))


def canaries(seed: int, n: int, today: date) -> Canaries:
    """`n` decoys by the same generator, from the far end of its numbers: in no schedule, and nobody else's code."""
    if not 0 <= n <= MOST_CANARIES:
        raise ValueError("at most 1,000 canaries")
    last = len(births(seed, today.year)) - 1
    files = tuple(patient_file(seed, last - place, today) for place in range(n))
    return Canaries(files=files, ids=tuple(file.id for file in files))


def searchable(file: PatientFile, at_least: int = 0) -> list[str]:
    """What a thief would look for: names, code, phone, e-mail, complaints, each once, in the order of the file.

    `at_least` leaves out what is shorter in UTF-8 bytes. Random bytes hold any 3 given bytes once in 16 MiB, so that
    searching ciphertext for "Ona" finds it by chance; from 7 bytes up a hit is a leak.
    """
    found: dict[str, None] = {}
    for each in file.resources:
        if each.type in ("Patient", "RelatedPerson"):
            fields = msgspec.json.decode(each.body)
            for name in fields["name"]:
                found |= dict.fromkeys((name["family"], *name.get("given", ())))
            values = [*fields.get("identifier", ()), *fields.get("telecom", ())]
            found |= dict.fromkeys(value["value"] for value in values)
        elif each.type == "Condition":
            found[msgspec.json.decode(each.body)["code"]["text"]] = None
    return [text for text in found if len(text.encode()) >= at_least]


def _measure(seed: int, patients: int, today: date) -> str:
    began = time.perf_counter()
    resources = size = 0
    for file in population(seed, patients, today):
        resources += len(file.resources)
        size += sum(len(each.body) for each in file.resources)
    took = time.perf_counter() - began
    return (
        f"{patients / took:,.0f} patients/s ({1000 * took / patients:.3f} ms each): {patients:,} patients, "
        f"{resources:,} resources ({resources / patients:.2f} each), {size / patients / 1000:.2f} kB of JSON each\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes synthetic patients and says how many a second.")
    parser.add_argument("--patients", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--today", type=date.fromisoformat, default=None, help="YYYY-MM-DD, by default today")
    given = parser.parse_args()
    sys.stdout.write(_measure(given.seed, given.patients, given.today or date.today()))


if __name__ == "__main__":
    main()
