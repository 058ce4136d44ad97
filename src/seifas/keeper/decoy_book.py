"""Decoys: people who are nobody, planted so that a sample that holds one says where it is from.

Two kinds. A canary is a record among the patients', as the demo's are: whoever takes the whole directory has it, and to
open it rings. A decoy of an export is in no directory: it was given out once, into one list for one receiver, so a
sample that holds it came from that list. Both are known to leak searches; `export` names the set that they belong to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from seifas.keeper.directory.card import Card, decode
from seifas.names.contacts import email_form, phone_digits

CANARY: Final = "canary"
EXPORT: Final = "export"
KINDS: Final = (CANARY, EXPORT)


class Decoy(msgspec.Struct, frozen=True, array_like=True):
    """A sealed state row. `card` is the encoded card that it shows; `alias` the address that only it has; `rung_ms`
    when that address, or its telephone number, was last used."""

    patient: bytes
    export: bytes
    kind: str
    label: str
    card: bytes
    alias: str
    made_ms: int
    by: bytes = b""
    rung_ms: int = 0


class DecoyBook:
    """All decoys, by the id of the person that they pretend to be."""

    def __init__(self) -> None:
        self._by_patient: dict[bytes, Decoy] = {}
        self._outside: list[bytes] = []
        self._addresses: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._by_patient)

    def load(self, decoys: Iterable[Decoy]) -> None:
        """Replaces everything, as at unlock."""
        self._by_patient = {one.patient: one for one in decoys}
        self._order()

    def put(self, decoys: Iterable[Decoy]) -> None:
        before = len(self._by_patient)
        self._by_patient = self._by_patient | {one.patient: one for one in decoys}  # anew: threads may be reading
        if len(self._by_patient) != before:
            self._order()

    def drop(self, patient: bytes) -> None:
        if self._by_patient.pop(patient, None) is not None:
            self._order()

    def get(self, patient: bytes) -> Decoy | None:
        return self._by_patient.get(patient)

    def all(self) -> list[Decoy]:
        return list(self._by_patient.values())

    def card(self, patient: bytes) -> Card | None:
        """The card of a decoy that is in no directory."""
        one = self._by_patient.get(patient)
        return decode(one.card) if one is not None and one.kind == EXPORT else None

    def outside(self, after: bytes, until: bytes) -> list[Card]:
        """The cards of decoys that are in no directory, with ids above `after` and up to `until` (empty: all)."""
        return [
            decode(self._by_patient[one].card) for one in self._outside if one > after and (not until or one <= until)
        ]

    def rung(self, address: str) -> Decoy | None:
        """The decoy whose alias or telephone number this is, written in any way. Found at once, however many there are:
        strangers send the mail that this is asked for."""
        found = self._addresses.get(email_form(address)) or self._addresses.get(phone_digits(address))
        return self._by_patient.get(found) if found else None

    def _order(self) -> None:
        addresses: dict[str, bytes] = {}
        for one in sorted(self._by_patient.values(), key=lambda one: -one.made_ms):
            addresses |= dict.fromkeys(filter(None, (one.alias, *decode(one.card).phones)), one.patient)
        self._addresses = addresses  # of two with one number, the first that was planted
        self._outside = sorted(one.patient for one in self._by_patient.values() if one.kind == EXPORT)
