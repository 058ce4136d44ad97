"""What the clinic knows of itself, read with its root from a copy that is not served: to hold a thief's haul against.

No thief gets this. It says who is warm to whom (so that the rest of a haul is "beyond"), who is a decoy, and what the
cards say, so that a counter can be shown to see what it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from seifas.demo.secret import demo_passphrase_file
from seifas.keeper import unlocking
from seifas.keeper.directory.card import Card
from seifas.keeper.model import Kind
from seifas.keeper.schedule.links import CareLinks
from seifas.keeper.schedule.pages import DayPage
from seifas.settings import load
from seifas.storage.opening import open_state


class Truth:
    """`cards` of all real patients by id (hex); `decoys` those of the others; `accounts` the ids of logins."""

    def __init__(
        self, cards: dict[str, Card], decoys: dict[str, Card], accounts: dict[str, bytes], pages: Iterable[DayPage],
        zone: str,
    ) -> None:
        self.cards = cards
        self.decoys = decoys
        self.accounts = accounts
        self._links = CareLinks(pages, zone=ZoneInfo(zone))
        self._order = sorted(cards)

    def is_warm(self, account: str, patient: str, at_ms: int) -> bool:
        """Whether there is a genuine link at this moment: one that stood there before any thief came."""
        return self._links.warm(bytes.fromhex(patient), self.accounts[account], at_ms)

    def warm(self, account: str, at_ms: int) -> frozenset[str]:
        """All patients who are warm to this account."""
        return frozenset(patient for patient in self.cards if self.is_warm(account, patient, at_ms))

    def strangers(self, account: str, at_ms: int) -> Iterator[str]:
        """The others, in a fixed order."""
        return (patient for patient in self._order if not self.is_warm(account, patient, at_ms))

    def cold(self, account: str, at_ms: int) -> list[str]:
        """All of them."""
        return list(self.strangers(account, at_ms))


def truth_of(data: Path) -> Truth:
    """Of a built demo that no keeper has open."""
    settings = load(data)
    root = unlocking.root_by_passphrase(settings.keys_at(data), demo_passphrase_file(data).read_text().strip())
    keystore, keyring = unlocking.open_keys(settings.keys_at(data), settings.clinic_id, root)
    state = open_state(settings.state_at(data))
    try:
        loaded = unlocking.load_state(state, keyring)
        cards = {card.patient.hex(): card for card in unlocking.cards(keyring, keystore, loaded.heads)}
    finally:
        state.close()
        keystore.close()
    decoys = {ident.hex(): cards.pop(ident.hex()) for ident in loaded.canaries}
    return Truth(
        cards=cards, decoys=decoys,
        accounts={one.name: one.id for one in loaded.structs[Kind.ACCOUNT]},
        pages=loaded.structs[Kind.DAY_PAGE], zone=settings.clinic.zone,
    )
