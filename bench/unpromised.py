"""The same server without what Seifas promises: sealing, audit and budget off. In the bench's process only.

Off are: AES-GCM of rows, routes, manifests, heads and cards (the layout stays, so the stores see the same bytes moved);
HMAC names; SHA-256 of rows and of the state tree; unwrapping of patients' keys; audit leaves, checkpoint and tiles, and
with them the commit that a read waits for; the ledger and the care links that it asks. On stay: HTTP, sessions, hats
and scopes, the wire between desk and keeper, FHIR checks, versions with compare-and-swap, and durable commits of what
is written. A clinic built by it is plaintext, and no other server opens it.
"""

# mypy: disable-error-code="method-assign, assignment, attr-defined, arg-type"

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from seifas.crypto import envelope
from seifas.crypto.keys import PatientKeys
from seifas.demo import building
from seifas.keeper import charging, opening, sealing, unlocking
from seifas.keeper.commit import Committer
from seifas.keeper.directory.card import Card
from seifas.keeper.directory.card import decode as decode_card
from seifas.keeper.keeper import Keeper
from seifas.keeper.keyring import Keyring, Opened
from seifas.keeper.log import AuditLog
from seifas.storage import state, state_tree

_HEADER = bytes(envelope.HEADER_SIZE)
_TAG = bytes(envelope.TAG_SIZE)
_ZEROS = bytes(32)


def switch_off() -> None:
    """Replaces functions of the product in this process. There is no way back."""
    _sealing_off()
    _audit_off()
    _budget_off()


def _sealing_off() -> None:
    envelope.seal = lambda under, plaintext, **bound: _HEADER + plaintext + _TAG
    envelope.open_sealed = lambda under, blob, **bound: bytes(blob[envelope.HEADER_SIZE : -envelope.TAG_SIZE])
    sealing.digest = lambda blob: _ZEROS
    sealing.row_name = _row_name
    sealing.state_tag = lambda key, kind, ident: (ident + bytes([kind])).ljust(32, b"\0")[:32]
    nothing: Any = None
    Opened.clinical = Opened.card = nothing
    Keyring.patient = lambda self, patient, check: Opened(_ZEROS, _ZEROS, _ZEROS, _ZEROS, _ZEROS[:16])
    Keyring.create = _no_keys
    Keyring.sealed = lambda self, patient, bundle: (os.urandom(32), _ZEROS)  # unread
    unlocking.cards = _cards
    building._note = lambda *args: ""
    state._digest = lambda digests: _ZEROS
    state._digests = lambda rows: dict.fromkeys(rows, _ZEROS)
    state._verify = lambda number, digests, tree: None
    state.row_digest = lambda tag, body: _ZEROS
    state_tree.StateTree.update = lambda self, buckets: []


def _row_name(routing: bytes, ident: bytes, part: int = 0) -> bytes:
    return ident if not part else (int.from_bytes(ident, "big") ^ part).to_bytes(16, "big")


def _no_keys(self: Keyring, patient: bytes) -> tuple[Opened, PatientKeys | None]:
    return self.patient(patient, b""), None


def _cards(keyring: Keyring, keystore: Any, heads: dict[bytes, Any]) -> Iterator[Card]:
    for patient, head in sorted(heads.items()):
        if head.card:
            yield decode_card(sealing.open_card(None, head.card, clinic=keyring.clinic, patient=patient))


def _audit_off() -> None:
    submit = Committer.submit

    def unless_empty(self: Committer, leaves: Any, puts: Any = (), deletes: Any = (), expects: Any = ()) -> Any:
        if puts or deletes:
            return submit(self, (), puts, deletes, expects)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def commit(self: AuditLog, store: state.StateStore, groups: Sequence[state.Group], copy: Any = None) -> Any:
        bare = [state.Group((), group.puts, group.deletes, group.expects) for group in groups]
        return store.commit(groups=bare, seal_last=lambda root, size, leaves: (None, {}), on_durable=copy)

    Keeper.leaf = lambda self, *args, **named: b""
    Committer.submit = unless_empty
    AuditLog.leaf = lambda self, *args: b""
    AuditLog.commit = commit
    AuditLog.resume = lambda self, store, root: None
    AuditLog.publish = lambda self, store: 0
    unlocking._rebuild_ledger = lambda keeper, audit, loaded: None


def _budget_off() -> None:
    async def free(*args: Any, **named: Any) -> bytes:
        return b""

    _everywhere(charging.charge, free)
    _everywhere(opening.links_of, lambda *args: {})


def _everywhere(old: Callable[..., Any], new: Callable[..., Any]) -> None:
    """Replaces a function under every name by which a module of the product holds it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("seifas."):
            for held, value in list(vars(module).items()):
                if value is old:
                    setattr(module, held, new)
