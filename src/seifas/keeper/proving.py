"""Opens one audit line to an outsider: a proof file with that line's own key, which opens no other (docs/formats)."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from seifas.audit.leaf import disclose, disclose_inner
from seifas.audit.proof import build_proof
from seifas.audit.tiles import CHECKPOINT, TileReader
from seifas.errors import Missing
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.model import Head


class Prove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    index: int
    with_reason: bool = False


@OPS.op("admin.audit_proof", Prove, "admin")
async def prove(keeper: Keeper, caller: Caller, args: Prove) -> dict[str, Any]:
    """{proof}: a C2SP tlog-proof file with the opened line. That a line was shown is a line itself."""
    proof = await proof_of(keeper, args.index, with_reason=args.with_reason)
    await keeper.commit([keeper.leaf(keeper.now(), Action.AUDIT_VIEW, note=f"proof:{args.index}")])
    return {"proof": proof}


async def proof_of(keeper: Keeper, index: int, *, with_reason: bool = False) -> bytes:
    """The file. Raises Missing for a line that there is not, or whose reason died with its patient's keys. The caller
    writes the line that says so before it shows the file."""
    opened = keeper.require_unlocked()
    await asyncio.to_thread(opened.audit.publish, opened.state)
    audit = opened.audit
    if not 0 <= index < audit.published:
        raise Missing(f"the log has {audit.published} lines, numbered from 0", where=str(index))
    reader = TileReader(audit.directory, audit.published)
    leaf = reader.entry(index)
    line, has_detail = audit.read(leaf, index)
    inner_key = None
    if with_reason and has_detail:
        head = _patient_of(keeper, line.pseudonym)
        inner_key = disclose_inner(opened.keyring.patient(head.patient, head.check).audit, leaf)
    note = (audit.directory / CHECKPOINT).read_bytes()
    return build_proof(reader, note, index, outer_key=disclose(opened.keyring.audit, leaf), inner_key=inner_key)


def _patient_of(keeper: Keeper, pseudonym: bytes) -> Head:
    opened = keeper.require_unlocked()
    for patient, head in opened.vault.heads.items():
        if opened.keyring.pseudonym(patient) == pseudonym:
            return head
    raise Missing("the reason cannot be opened: the patient was erased")
