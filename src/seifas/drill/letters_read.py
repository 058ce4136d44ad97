"""Letters of a wave as a printing house gets them: made by the clinic's jobs process, downloaded, read page by page."""

from __future__ import annotations

import io
import re
import time
import zipfile
from datetime import date
from typing import Final

import msgspec
import pypdf

from seifas.drill.officer_hands import Officer
from seifas.drill.thieves_truth import Truth
from seifas.errors import Unavailable

_PATIENCE_S: Final = 180.0
_SNAPSHOT: Final = re.compile(r'<option value="([0-9a-f]{32})"')
_PROGRESS: Final = re.compile(r'<progress value="(\d+)" max="(\d+)"')
_BATCH: Final = re.compile(r'name="wave" value="([0-9a-f]{32})"><input type="hidden" name="number" value="(\d+)">')
_CODE: Final = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){5}\b")
_WORDS: Final = {
    "happened_lt": "Pagrobti įrašai, jų dalis paskelbta.", "happened_en": "Records were taken, a part is public.",
    "measures_lt": "Prieiga uždaryta, pranešta policijai.", "measures_en": "The way in is shut, the police know.",
}  # fmt: skip


class Letters(msgspec.Struct, frozen=True):
    """`wanted`: how many people the wave was approved for; `made`: letters that came; `foreign`: those that name
    somebody else or share a code; `nameless`: those that name nobody of the clinic; letters a second, with waiting."""

    wanted: int
    made: int
    foreign: int
    nameless: int
    a_second: float

    @property
    def right(self) -> bool:
        """Everybody got one letter, and nobody another one's."""
        return self.made == self.wanted and not self.foreign and not self.nameless


def read_letters(officer: Officer, second: Officer, case: str, truth: Truth, known_on: date) -> Letters:
    """Has those published written to, as of what was known on this day of the clinic. Raises Unavailable where the
    letters do not come within three minutes."""
    page = officer.page(f"{case}/notices")
    snapshot = _SNAPSHOT.search(page)
    if snapshot is None:
        raise Unavailable("the desk offers no snapshot to write to")
    officer.post(f"{case}/notices", {
        "do": "ask", "snapshot": snapshot[1], "grade-published": "1", "order": "letter",
        "known_on": known_on.isoformat(), **_WORDS, "dpo": "dpo@clinic.example", "phone": "+370 37 000 000",
        "clinic": "", "back": "",
    })  # fmt: skip
    second.approve_all()
    began = time.monotonic()
    wanted = _made(officer, f"{case}/notices", began)
    seconds = time.monotonic() - began
    texts = []
    for wave, number in dict.fromkeys(_BATCH.findall(officer.page(f"{case}/notices"))):
        body = officer.post(f"{case}/notices/batch", {"wave": wave, "number": number}).body
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            texts += [_text(archive.read(name)) for name in archive.namelist() if name.endswith(".pdf")]
    named = [_named(text, truth) for text in texts]
    codes = [code for text in texts for code in set(_CODE.findall(text))]
    shared = len(codes) - len(set(codes))
    return Letters(
        wanted, len(texts), sum(len(one) > 1 for one in named) + shared, sum(not one for one in named),
        len(texts) / max(seconds, 1e-3),
    )  # fmt: skip


def _made(officer: Officer, address: str, began: float) -> int:
    """Waits until every letter of the wave has gone as far as it goes by itself; how many there are."""
    while time.monotonic() - began < _PATIENCE_S:
        page = officer.page(address)
        progress = _PROGRESS.search(page)
        batches = _BATCH.findall(page)
        if progress and int(progress[2]) and batches and _all_laid_out(page, int(progress[2])):
            return int(progress[2])
        time.sleep(0.2)
    raise Unavailable("the letters did not come")


def _all_laid_out(page: str, total: int) -> bool:
    counts = [int(one) for one in re.findall(r'</strong> · [^·]* · <span class="number">(\d+)</span>', page)]
    return sum(counts) >= total


def _text(body: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(body))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def _named(text: str, truth: Truth) -> set[str]:
    """The patients whose given name and surname stand in a text."""
    near = [one for one in truth.cards.values() if one.given and one.family in text]
    return {name for one in near if (name := f"{' '.join(one.given)} {one.family}") in text}
