"""What a vault that nobody serves holds, to the last byte, wherever it lies; and small ones to move about."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from keeper_rig import Asked, Rig
from photo_rig import patient_of, take

from seifas.settings import Settings
from seifas.storage.opening import key_store, open_rows, open_state
from seifas.storage.opening_objects import open_objects


def content(data: Path, settings: Settings) -> dict[str, Any]:
    """Every state row, audit line still held, row, key, slot and object."""
    state = open_state(settings.state_at(data))
    rows = open_rows(settings.rows_at(data))
    keys = key_store(settings.keys_at(data))
    try:
        held = {tag.hex(): hashlib.sha256(body).hexdigest() for tag, body in state.load()}
        keys.open(keys.generations()[-1])
        ids = list(rows.ids())
        objects = open_objects(settings.objects_at(data))
        return {
            "state": held, "root": state.root, "lines": state.leaf_count, "meta": state.metas(),
            "rows": dict(zip(ids, rows.get_many(ids), strict=True)), "generation": keys.generation,
            "keys": dict(keys.items()), "epoch": keys.epoch(), "slots": keys.slots(),
            "objects": {ident: b"".join(objects.get(ident)) for ident in objects.ids()},
        }
    finally:
        keys.close()
        rows.close()
        state.close()


def filled(data: Path, patients: int = 3) -> Rig:
    """A vault with some patients, a photo each, and one large object."""
    rig = Rig(data)
    rig.run(lambda asked: used(asked, patients, first=9_000_000))
    return rig


async def used(asked: Asked, patients: int = 1, first: int = 2000) -> bytes:
    """Somebody works with it, the first photo has so many bytes; the last patient."""
    name = f"gydytoja{os.urandom(3).hex()}"
    doctor = await asked.person(name, "doctor")
    patient = b""
    for number in range(patients):
        patient = await patient_of(asked, doctor, f"Petrauskas{number}")
        await take(asked, doctor, patient, os.urandom(first if number == 0 else 2000))
    return patient
