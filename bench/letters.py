"""Letters a second of one core, and whether any of them has another patient's data: 24,000, or as many as --letters.

    .venv/bin/python -m bench.letters [--letters 24000] [--read 24000]

Each letter is set as PDF/A-2a as the jobs process sets it, packed in batches of a hundred, and read again with pypdf:
it has to hold its own name, street, number and code, and nobody else's.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import resource
import sys
import time
import zipfile
from typing import NamedTuple

import pypdf

from bench.figures import Bar, Figure, alone
from bench.setting import Setting
from seifas.crypto.typed_codes import new_code
from seifas.incidents.notices.composing import CaseWords, Finding
from seifas.incidents.notices.setting import Addressed, packed, pdf_of

BATCH = 100
CASE = CaseWords(
    "2026-11-20", {"lt": "Iš mūsų serverio nukopijuoti įrašai.", "en": "Records were copied from our server."},
    {"lt": "Pakeitėme raktus ir pranešėme policijai.", "en": "We changed the keys and told the police."},
    "J. Petraitė, +370 37 200 000, dap@pavyzdys.lt", "+370 37 200 000", "https://pacientams.lt/lt/code",
    ("Klinika „Pavyzdys“", "Laisvės al. 1, Kaunas"), "p. d. 200, 44001 Kaunas",
)
FINDINGS = (
    Finding("published", 0.97, ("identity", "contact", "code", "health", "photos"), "2026-11-21"),
    Finding("taken", 1.0, ("identity", "contact", "health"), "2026-11-21"),
    Finding("reachable", 1.0, ("identity", "contact", "code", "health", "photos", "appointments", "messages")),
)
OWN = re.compile(r"(?:Vardenytė|Rūta|Gatvės|Nr)(\d{5})")


def addressed(n: int) -> Addressed:
    """Patient n: everything about them holds their number."""
    return Addressed(
        f"Nr{n:05}", ("lt", "en")[n % 2], (f"Rūta{n:05} Vardenytė{n:05}", f"Gatvės{n:05} g. 1", "LT-44001 Kaunas"),
        FINDINGS[n % len(FINDINGS)], new_code(), "2026-11-22", "2027-05-21",
    )


class Written(NamedTuple):
    """What came of so many letters: CPU seconds of setting and packing, letters read again and found with another
    person's data, bytes of all."""

    letters: int
    cpu_s: float
    read: int
    foreign: int
    size: int


def written(letters: int, reread: int) -> Written:
    cpu = 0.0
    read = foreign = size = 0
    for start in range(0, letters, BATCH):
        people = [addressed(n) for n in range(start, min(start + BATCH, letters))]
        began = time.process_time()
        archive = packed((one.ref, pdf_of(CASE, one)) for one in people)
        cpu += time.process_time() - began
        size += len(archive)
        if read < reread:
            foreign += sum(not by_itself(archive, one, n) for n, one in enumerate(people, start))
            read += len(people)
        if start % (20 * BATCH) == 0:
            print(f"{start + len(people)} of {letters}", file=sys.stderr)
    return Written(letters, cpu, read, foreign, size)


def run(setting: Setting) -> list[Figure]:
    """For `python -m bench`: 2,000 letters, of which a tenth is read again."""
    made = written(200 if setting.quick else 2_000, 100 if setting.quick else 200)
    return [
        alone("letters to patients, PDF/A-2a, of one core", "/s", [made.letters / made.cpu_s],
              Bar(at_least=15, unit="/s"), f"{made.size // made.letters:,} bytes each"),
        alone(f"letters with another patient's data, of {made.read}", "", [made.foreign], Bar(at_most=0, unit="")),
    ]  # fmt: skip


def main() -> int:
    """Prints one line of JSON; 1 where a bar is missed."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--letters", type=int, default=24_000)
    asked.add_argument("--read", type=int, default=24_000)
    wanted = asked.parse_args()
    made = written(wanted.letters, wanted.read)
    rate = made.letters / made.cpu_s
    print(json.dumps({
        "letters": made.letters, "a_second_of_a_core": round(rate, 1), "read": made.read,
        "with_anothers_data": made.foreign, "bytes_each": made.size // made.letters,
        "most_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }))  # fmt: skip
    return 0 if rate >= 15 and made.foreign == 0 else 1


def by_itself(archive: bytes, one: Addressed, n: int) -> bool:
    """Whether the letter of this person is in the batch, with their data and nobody else's."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        pages = pypdf.PdfReader(io.BytesIO(opened.read(f"{one.ref}.pdf"))).pages
        text = re.sub(r"\s+", "", " ".join(page.extract_text() for page in pages))
    return set(OWN.findall(text)) == {f"{n:05}"} and text.count(one.code) == 1


if __name__ == "__main__":
    sys.exit(main())
