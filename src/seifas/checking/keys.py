"""Keys: apart from the data, and more than one way to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seifas.checking import databases
from seifas.checking.model import HIGH, RANSOM, STOLEN, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight
from seifas.storage.database_places import DatabaseAt

BESIDE: Final = Kind(
    "keys-beside-data", HIGH, "The key store lies on the data's disk", STOLEN,
    "Whoever takes that disk has both halves: all that is left between them and every record is a passphrase that they "
    "may try for years.",
    "Stop the vault, move the key store's directory to another disk (better one that is encrypted), and name it in "
    "[paths] keys; in PostgreSQL: keys_database on another machine than database.",
)
ONE_WAY: Final = Kind(
    "one-way-in", HIGH, "Only one passphrase opens the vault", RANSOM,
    "Clinics lose keys more often than thieves find them. When the one who knows it is away or gone, everything is "
    "gone, without any thief.",
    'seifas custodians new --custodians "3:ona,jonas,rasa,tomas,ieva", and seifas passphrase add for a second person.',
)
ONE_TOKEN: Final = Kind(
    "token-alone", HIGH, "One token alone holds half of every key", RANSOM,
    "When it breaks or is lost, nothing opens any more: not by passphrase, not by all custodians together.",
    "Attach a second token and seifas hsm bind both; keep it in another place (docs/running/hsm.md).",
)
KINDS: Final = (BESIDE, ONE_WAY, ONE_TOKEN)


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    at = sight.settings.keys_at(sight.data)
    if isinstance(at, DatabaseAt):
        data = sight.settings.state_at(sight.data)
        if isinstance(data, DatabaseAt) and set(databases.hosts(at)) & set(databases.hosts(data)):
            yield BESIDE.seen("[storage] database and keys_database name the same machine")
    elif sight.same_disk(sight.keys, sight.data):
        inside = sight.keys.resolve().is_relative_to(sight.data.resolve())
        yield BESIDE.seen(f"{sight.keys} is {'inside' if inside else 'on the same disk as'} {sight.data}")
    if (told := sight.inside) is None:
        yield unseen((ONE_WAY, ONE_TOKEN), sight.closed)
        return
    if told.passphrases + told.token_ways < 2 and not told.custodians:
        yield ONE_WAY.seen(f"passphrases: {told.passphrases}, tokens: {told.token_ways}, no custodians")
    if told.kit == 1:
        yield ONE_TOKEN.seen("the kit of this epoch has one token")
