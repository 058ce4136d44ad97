"""Which records are of one person: a record that was merged into another is found under that other one only.

Both stay whole and sealed under their own keys; a merge is a sealed state row and a FHIR `link` in both Patients.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from seifas.keeper.directory.card import LIST_LIMIT, Card
from seifas.keeper.directory.index import Directory
from seifas.names.folding import fold

MOST = 4
"""Records merged into one: more than a person gathers, fewer than a thief would like behind one opening."""


class Merge(msgspec.Struct, frozen=True, array_like=True):
    """`other` was merged into `survivor` by an account. `was_active`: what `other` was before."""

    other: bytes
    survivor: bytes
    by: bytes
    made_ms: int
    was_active: bool = True


class MergeBook:
    """The merges in force, and the cards of all that they concern; each merge is also a sealed state row."""

    def __init__(self) -> None:
        self._by_other: dict[bytes, Merge] = {}
        self._cards: dict[bytes, Card] = {}

    def load(self, merges: Iterable[Merge], directory: Directory) -> None:
        """Replaces everything, as at unlock: hides the merged cards in a directory that holds all."""
        self._by_other, self._cards = {}, {}
        for merge in merges:
            self.put(merge, directory)

    def put(self, merge: Merge, directory: Directory) -> None:
        """From now on `other` is found under `survivor`."""
        self._by_other[merge.other] = merge
        for patient in (merge.other, merge.survivor):
            card = self._cards.get(patient) or directory.card(patient)
            if card is not None:
                self._cards[patient] = card
        directory.remove(merge.other)
        self._list(merge.survivor, directory)

    def take_back(self, merge: Merge, directory: Directory) -> None:
        """Both are found again, each under its own names."""
        self._by_other.pop(merge.other, None)
        card = self._cards.pop(merge.other, None)
        if card is not None:
            directory.put(card)
        self._list(merge.survivor, directory)
        if not self.others_of(merge.survivor):
            self._cards.pop(merge.survivor, None)

    def put_card(self, card: Card, directory: Directory) -> None:
        """What `directory.put` is for a record that stands alone."""
        merge = self._by_other.get(card.patient)
        if merge is None and card.patient not in self._cards:
            directory.put(card)
            return
        self._cards[card.patient] = card
        self._list(merge.survivor if merge is not None else card.patient, directory)

    def touching(self, patient: bytes) -> list[Merge]:
        """The merges that end when this patient is erased: their rows go in the same commit."""
        return [one for one in self._by_other.values() if patient in (one.other, one.survivor)]

    def drop(self, patient: bytes, directory: Directory) -> None:
        """Forgets an erased patient; what was merged with it is found under its own names again."""
        for merge in self.touching(patient):
            self._by_other.pop(merge.other)
            left = self._cards.get(merge.survivor if merge.other == patient else merge.other)
            if left is not None:
                self.put_card(left, directory)
        self._cards.pop(patient, None)

    def of(self, other: bytes) -> Merge | None:
        """The merge that ended this record."""
        return self._by_other.get(other)

    def others_of(self, survivor: bytes) -> list[Merge]:
        """The merges into this record, oldest first."""
        if survivor not in self._cards:
            return []
        found = [one for one in self._by_other.values() if one.survivor == survivor]
        return sorted(found, key=lambda one: one.made_ms)

    def made_by(self, account: bytes, since_ms: int) -> list[Merge]:
        """The merges that an account made since a moment."""
        return [one for one in self._by_other.values() if one.by == account and one.made_ms >= since_ms]

    def _list(self, survivor: bytes, directory: Directory) -> None:
        own = self._cards.get(survivor)
        if own is not None:
            others = [self._cards[one.other] for one in self.others_of(survivor) if one.other in self._cards]
            directory.put(blended(own, others))


def blended(card: Card, others: Iterable[Card]) -> Card:
    """A card that is also found by the names, codes and numbers of others: who calls uses what they remember."""
    former, given = list(card.former), list(card.also_given)
    codes, coded, phones, emails = list(card.codes), list(card.coded), list(card.phones), list(card.emails)
    for other in others:
        former += [name for name in (other.family, *other.former) if fold(name) != fold(card.family)]
        known = {fold(name) for name in card.given}
        given += [name for name in (*other.given, *other.also_given) if fold(name) not in known]
        codes += other.codes
        coded += other.coded
        phones += other.phones
        emails += other.emails
    return msgspec.structs.replace(
        card, former=_few(former), also_given=_few(given), codes=_few(codes), coded=_few(coded), phones=_few(phones),
        emails=_few(emails),
    )  # fmt: skip


def _few(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))[:LIST_LIMIT]
