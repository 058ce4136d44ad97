"""Notices changed settings: whoever writes to the disk could raise a budget or send the alarms elsewhere.

The settings file is open to the machine's owner and is not sealed. What the keeper sealed is a digest of the settings
that the vault was last unlocked with; when they differ at the next unlock, that is a line and an alarm. Where the
listeners are is left out: `--port` changes them for a run.
"""

from __future__ import annotations

import hashlib

import msgspec

from seifas.keeper.alarming import ring
from seifas.keeper.founding import facts_row
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.settings import Listen, Settings, replaced

_encode = msgspec.json.Encoder(order="deterministic").encode


def digest(settings: Settings) -> bytes:
    """SHA-256 over every setting but the listeners."""
    return hashlib.sha256(b"seifas settings 1\0" + _encode(replaced(settings, listen=Listen()))).digest()


async def notice(keeper: Keeper) -> bool:
    """After an unlock: remembers the settings, and rings where they are not those of the unlock before."""
    now = digest(keeper.settings)
    before = keeper.facts.settings
    if now == before:
        return False
    opened = keeper.require_unlocked()
    facts = msgspec.structs.replace(keeper.facts, settings=now)
    moment = keeper.now()
    puts = [facts_row(opened.keyring, facts)]
    if before:
        text = "The settings were changed since the vault was unlocked last. Look at settings.toml: was it you?"
        puts += ring(keeper, moment, "settings-changed", 2, text)
    note = "changed" if before else "first"
    await keeper.commit([keeper.leaf(moment, Action.SETTINGS, objects=(now[:16],), note=note)], puts)
    keeper.facts = facts
    return bool(before)
