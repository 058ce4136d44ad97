"""Clears what a write that was cut off left in the way of the same write: rows and keys that no commit ever named.

The first row of a resource has a name derived from the resource's id, and keys lie under the patient's: so an import
that was killed between its rows and its commit would find its own leavings when it is run again. They are told from
what counts by their route and the manifest. The caller holds the patients' locks.
"""

from __future__ import annotations

from collections.abc import Sequence

from seifas.errors import Missing, Tampered
from seifas.keeper import sealing
from seifas.keeper.keeper import Open
from seifas.keeper.sweeping import whole
from seifas.keeper.vault import Sealed


def clear(opened: Open, sealed: Sequence[Sealed]) -> None:
    """Deletes the leavings that stand where these patients' new rows and keys are to go.

    What belongs to a committed record, or to anybody else, stays, and is a Conflict for whoever writes there.
    """
    vault = opened.vault
    for one in sealed:
        patient = one.head.patient
        head = vault.heads.get(patient)
        if head is None and one.bundle is not None:
            opened.keystore.delete_many([vault.keyring.tag(patient)])
        known = vault.manifest(head) if head is not None else {}
        for entry in one.entries:
            if entry.version == 1 and entry.id not in known and _owner(opened, entry.row) == patient:
                opened.rows.delete_many(list(whole(opened.rows, vault.keyring, entry.row)))


def _owner(opened: Open, row: bytes) -> bytes | None:
    keyring = opened.vault.keyring
    try:
        return sealing.open_route(keyring.routes, keyring.clinic, row, opened.rows.get(row))[0]
    except (Missing, Tampered):
        return None
