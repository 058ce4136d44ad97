"""Signs for a case with the clinic's evidence key: only a digest comes in, and each signature is a line of the log."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.keeper.case_opening import officer_of
from seifas.keeper.door import OPS, Caller
from seifas.keeper.evidence_key import DIGEST, EvidenceKey, make, sign
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class Sign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`digest`: SHA-256 of what is signed."""

    session: str
    case: bytes
    digest: bytes


@OPS.op("case.certificate", OfSession, "desk")
async def certificate(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """{certificate (X.509, DER), sha256}: the clinic's evidence certificate, made when it is first asked for."""
    moment = keeper.now()
    officer_of(keeper, args.session, "case.certificate", moment)
    key = await evidence_key(keeper, moment)
    return {"certificate": key.certificate, "sha256": hashlib.sha256(key.certificate).digest()}


@OPS.op("case.sign_digest", Sign, "desk")
async def sign_digest(keeper: Keeper, caller: Caller, args: Sign) -> dict[str, Any]:
    """{signature, certificate}: ECDSA on P-256 (DER) over the digest. That it was signed is durable before."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.sign_digest", moment)
    case = keeper.cases.get(args.case)
    if len(args.digest) != DIGEST:
        raise Invalid("what is signed is a SHA-256 digest of 32 bytes", where="digest")
    key = await evidence_key(keeper, moment)
    await keeper.commit([
        keeper.leaf(
            moment, Action.STAMPED, account=session.account, session=session.id, objects=(case.id, args.digest),
            note="signed",
        )
    ])
    return {"signature": await asyncio.to_thread(sign, key, args.digest), "certificate": key.certificate}


async def evidence_key(keeper: Keeper, moment: Moment) -> EvidenceKey:
    """The clinic's, made where there is none. There is never a second one."""
    async with keeper.lock_of(b"evidence key"):
        if keeper.evidence_key is not None:
            return keeper.evidence_key
        key = await asyncio.to_thread(make, keeper.settings.clinic.name, moment.wall_ms)
        leaf = keeper.leaf(
            moment, Action.STAMPED, objects=(hashlib.sha256(key.certificate).digest(),), note="certificate"
        )
        await keeper.commit([leaf], [keeper.row(Kind.EVIDENCE_KEY, key.id, key)])
        keeper.evidence_key = key
        return key
