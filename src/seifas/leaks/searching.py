"""Whose is it: each row and each mention of the case's samples against everybody, by what cards say, then by care.

Two stages. All mentions are compared by what is on cards, which a search reads once. Only where that leaves more than
one likely patient, and the mention says something of a procedure, a doctor or a day, is the care of the likely ones
read, patient by patient, with a line for each. Mentions are paid for from the case's approval before they are compared;
what comes after the last is counted and left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from seifas.errors import SeifasError
from seifas.leaks import ocr, terms
from seifas.leaks.asking import CaseFile, CaseKeeper
from seifas.leaks.job import Job
from seifas.leaks.loaded import LoadedPeople
from seifas.leaks.matching import Match, Matcher
from seifas.leaks.mentions import Finder, Mention
from seifas.leaks.people import Care
from seifas.leaks.reading import client as reading
from seifas.leaks.reading.pieces import Picture, Piece, Unread
from seifas.leaks.results import SHOWN_TEXT, Candidate, Matched, Row, body_of
from seifas.storage.objects import Objects

AT_ONCE: Final = 250
"""Mentions that are paid for and compared together."""

SOON_S: Final = 1.0
"""What was found waits no longer than this for more of it."""

MOST_CANDIDATES: Final = 50
MOST_LEFT_OUT: Final = 20_000
"""Mentions that are still counted when the budget is used up; then reading ends."""

_ASKED: Final = 20
_SURE: Final = 0.995
_LIKELY: Final = 0.001


class Samples:
    """The case's files, read one after the other by jailed workers. What cannot be read is listed; the rest goes on."""

    def __init__(self, job: Job, keeper: CaseKeeper, objects: Objects, socket: Path) -> None:
        self._job = job
        self._keeper = keeper
        self.objects = objects
        self._socket = socket

    def pieces(self, files: Sequence[CaseFile], *, again: bool = False) -> Iterator[Piece]:
        """Everything but what is unread, which goes to the job's list. `again`: once more, which nobody is told."""
        self._job.tell("searching", files=len(files), bytes=sum(one.size for one in files))
        going_on = self._job.go_on
        for file in files:
            try:
                sealed = self._counted(file, again)
                for piece in reading.read(self._socket, file.name, sealed, file.size, going_on=going_on):
                    if not isinstance(piece, Unread):
                        yield piece
                    elif not again:
                        self.unread(piece.source, piece.word)
            except SeifasError as error:  # of the sealed file or of the reader: the keeper is not asked for pieces
                if not again:
                    self.unread(file.name, error.code)
            if not again:
                self._job.add(files_done=1)

    def unread(self, source: str, word: str) -> None:
        self._job.not_read(source, word)

    def _counted(self, file: CaseFile, again: bool) -> Iterator[bytes]:
        for piece in self._keeper.opened(self.objects, file):
            self._job.add(bytes_read=0 if again else len(piece))
            yield piece


def match(job: Job, keeper: CaseKeeper, people: LoadedPeople, samples: Samples, files: Sequence[CaseFile]) -> None:
    """Fills the job's rows, and has the result kept."""
    job.tell("loading")
    matcher = people.matcher(keeper, lambda count: job.tell(people=count))
    comparing = _Comparing(job, keeper, people, matcher)
    for mention in _mentions(job, samples, files, Finder(matcher.spans)):
        if not comparing.take(mention):
            break
    comparing.flush()
    job.tell("keeping")
    result = Matched(tuple(job.rows), tuple(job.unread), job.counts["left_out"], round(job.seconds, 3), job.searched)
    job.end("done", result=keeper.found("match", body_of(result)))


def _mentions(job: Job, samples: Samples, files: Sequence[CaseFile], finder: Finder) -> Iterator[Mention]:
    for piece in samples.pieces(files):
        if not isinstance(piece, Picture):
            yield from finder.of(piece)
            continue
        job.add(pictures=1)
        written = ocr.prose_of(piece)
        if isinstance(written, Unread):
            samples.unread(written.source, written.word)
        elif written is not None:
            yield from finder.of(written)


class _Comparing:
    """Gathers mentions, pays for them, compares them."""

    def __init__(self, job: Job, keeper: CaseKeeper, people: LoadedPeople, matcher: Matcher) -> None:
        self._job = job
        self._keeper = keeper
        self._people = people
        self._matcher = matcher
        self._waiting: list[Mention] = []
        self._since = time.monotonic()

    def take(self, mention: Mention) -> bool:
        """False where nothing more is to be brought."""
        self._waiting.append(mention)
        if len(self._waiting) >= AT_ONCE or time.monotonic() - self._since > SOON_S:
            self.flush()
        return self._job.counts["left_out"] < MOST_LEFT_OUT

    def flush(self) -> None:
        batch, self._waiting, self._since = self._waiting, [], time.monotonic()
        if not batch:
            return
        self._job.add(mentions=len(batch))
        paid = self._keeper.charge(len(batch))
        if paid < len(batch):
            self._job.add(left_out=len(batch) - paid)
        mine = [_in_one_tongue(one) for one in batch[:paid]]
        first = [self._matcher.match(one, most=MOST_CANDIDATES) for one in mine]
        wanted = [_to_ask(one, found) for one, found in zip(mine, first, strict=True)]
        care = self._people.care_of(self._keeper, [patient for one in wanted for patient in one])
        for mention, by_card, asked in zip(mine, first, wanted, strict=True):
            found, told = by_card, {patient: _as_concepts(care[patient]) for patient in asked}
            if told:
                found = self._matcher.match(mention, told, MOST_CANDIDATES)
            self._job.rows.append(_row(mention, found))
        self._job.add(matched=len(mine))


def _in_one_tongue(mention: Mention) -> Mention:
    return msgspec.structs.replace(mention, terms=_concepts(mention.terms)) if mention.terms else mention


def _as_concepts(care: Care) -> Care:
    return msgspec.structs.replace(care, terms=_concepts(care.terms))


def _concepts(texts: tuple[str, ...]) -> tuple[str, ...]:
    """What a text means in the glossary's own words, whichever language it is in; itself where it means nothing."""
    return tuple(dict.fromkeys(name for text in texts for name in [one.term for one in terms.found(text)] or [text]))


def _to_ask(mention: Mention, found: Match) -> list[bytes]:
    """Whose care would help to tell: nobody's where the card is enough or the mention says nothing of care."""
    if not (mention.terms or mention.doctors or mention.dates or mention.city) or not found.candidates:
        return []
    if found.candidates[0].probability >= _SURE:
        return []
    return [one.patient for one in found.candidates[:_ASKED] if one.probability >= _LIKELY]


def _row(mention: Mention, found: Match) -> Row:
    kept = tuple(Candidate(one.patient, one.probability, one.why) for one in found.candidates)
    care = bool(mention.terms or mention.doctors)
    newest = max((one for one in mention.dates if len(one) == 10), default="")
    return Row(mention.source, mention.row, mention.span, mention.text[:SHOWN_TEXT], kept, found.nobody, care, newest)
