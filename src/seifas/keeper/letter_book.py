"""Waves, letters, codes and questions in memory: found by wave, patient, reference and the tag of a code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from seifas.errors import Missing
from seifas.keeper.letter_model import GIVEN, QUEUED, Ask, Letter, Wave


class Claim(NamedTuple):
    """Letters that jobs is making: the tags of their codes by letter, and since when (boot ms)."""

    wave: bytes
    channel: str
    tags: dict[bytes, bytes]
    since_ms: int


class LetterBook:
    """Everything of notices while the vault is unlocked."""

    def __init__(self) -> None:
        self._waves: dict[bytes, Wave] = {}
        self._letters: dict[bytes, Letter] = {}
        self._of_wave: dict[bytes, dict[bytes, None]] = {}
        self._of_patient: dict[bytes, dict[bytes, None]] = {}
        self._by_tag: dict[bytes, bytes] = {}
        self._by_ref: dict[str, bytes] = {}
        self._queued: dict[str, dict[bytes, None]] = {}
        self._given: dict[bytes, None] = {}
        self.asks: dict[bytes, Ask] = {}
        self.claims: dict[bytes, Claim] = {}
        """What jobs is making, by the claim's token. Gone with the keeper: then it is made anew, with other codes."""
        self.fetched: dict[tuple[bytes, bytes], None] = {}
        """(session, wave) for which a passkey was touched to download."""
        self.wrong: list[int] = []
        """When codes were tried of late that are none: boot ms, oldest first."""

    def load(self, waves: Iterable[Wave], letters: Iterable[Letter], asks: Iterable[Ask]) -> None:
        """Replaces everything, as at unlock."""
        fresh = LetterBook()
        self.__dict__.update(fresh.__dict__)
        self._waves = {one.id: one for one in waves}
        for letter in sorted(letters, key=lambda one: (one.at_ms, one.id)):
            self.put(letter)
        self.asks = {one.id: one for one in sorted(asks, key=lambda one: one.received_ms)}

    # -- waves

    def put_wave(self, wave: Wave) -> None:
        self._waves[wave.id] = wave

    def drop_wave(self, ident: bytes) -> None:
        self._waves.pop(ident, None)

    def wave(self, ident: bytes) -> Wave:
        """Raises Missing."""
        found = self._waves.get(ident)
        if found is None:
            raise Missing("there is no such wave of notices")
        return found

    def waves(self, case: bytes = b"") -> list[Wave]:
        """Of a case, or all; oldest first."""
        return sorted((one for one in self._waves.values() if case in (b"", one.case)), key=lambda one: one.made_ms)

    def objects(self) -> Iterator[bytes]:
        """Every object that a wave names."""
        for wave in self._waves.values():
            yield from (one.object for one in wave.batches if one.object)

    # -- letters

    def put(self, letter: Letter) -> None:
        """Adds or replaces; a queued one goes to the end of its channel's queue."""
        before = self._letters.get(letter.id)
        if before is not None:
            self._queued.get(before.channel, {}).pop(letter.id, None)
            self._given.pop(letter.id, None)
            for code in before.codes:
                self._by_tag.pop(code.tag, None)
        self._letters[letter.id] = letter
        self._of_wave.setdefault(letter.wave, {})[letter.id] = None
        self._of_patient.setdefault(letter.patient, {})[letter.id] = None
        if letter.ref:
            self._by_ref[letter.ref] = letter.id
        for code in letter.codes:
            self._by_tag[code.tag] = letter.id
        if letter.state == QUEUED:
            self._queued.setdefault(letter.channel, {})[letter.id] = None
        elif letter.state == GIVEN:
            self._given[letter.id] = None

    def drop(self, ident: bytes) -> None:
        letter = self._letters.pop(ident, None)
        if letter is None:
            return
        self._of_wave.get(letter.wave, {}).pop(ident, None)
        self._of_patient.get(letter.patient, {}).pop(ident, None)
        self._queued.get(letter.channel, {}).pop(ident, None)
        self._given.pop(ident, None)
        self._by_ref.pop(letter.ref, None)
        for code in letter.codes:
            self._by_tag.pop(code.tag, None)

    def letter(self, ident: bytes) -> Letter:
        """Raises Missing."""
        found = self._letters.get(ident)
        if found is None:
            raise Missing("there is no such letter")
        return found

    def find(self, ident: bytes) -> Letter | None:
        return self._letters.get(ident)

    def given(self) -> list[Letter]:
        """Messages that jobs has not told of yet."""
        return [self._letters[one] for one in self._given]

    def letters_of(self, wave: bytes) -> list[Letter]:
        return [self._letters[one] for one in self._of_wave.get(wave, ())]

    def of_patient(self, patient: bytes) -> list[Letter]:
        return [self._letters[one] for one in self._of_patient.get(patient, ())]

    def by_tag(self, tag: bytes, never: Letter) -> Letter:
        """The letter of a code, or `never`: both take one look at each of two tables."""
        return self._letters.get(self._by_tag.get(tag, never.id), never)

    def by_ref(self, ref: str) -> Letter | None:
        ident = self._by_ref.get(ref)
        return self._letters[ident] if ident is not None else None

    def queued(self, channel: str, now_ms: int) -> Iterator[Letter]:
        """Letters that wait on a channel and are due, the longest first. Look at few: who is not due stands last."""
        for ident in list(self._queued.get(channel, ())):
            letter = self._letters[ident]
            if letter.due_ms > now_ms:
                return
            yield letter

    def waiting(self, channel: str) -> int:
        return len(self._queued.get(channel, ()))
