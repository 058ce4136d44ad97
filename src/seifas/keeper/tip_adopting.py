"""Takes a tip's file into a leak case as evidence: opened and sealed anew on its way, piece by piece, never parsed.

There the search of leaks matches it, in workers that hold no keys, once two people have agreed; what it shows of a
picture is blurred when it is made. The bytes have to be those that were announced when they came.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterator
from typing import Any

import msgspec

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.errors import Conflict, Missing, OverBudget, Tampered
from seifas.keeper import tip_sealing
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper
from seifas.keeper.leak_cases import officer_of, open_case
from seifas.keeper.leak_keeping import MOST_FILES, object_key, received
from seifas.keeper.leak_model import LeakCase, LeakFile
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.tip_model import Tip, TipPart
from seifas.keeper.tip_reading import file_of, place_of
from seifas.keeper.tip_sealing import TipFile


class Adopt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    tip: bytes
    part: bytes
    leak: bytes


@OPS.op("tip.adopt", Adopt, "desk")
async def adopt(keeper: Keeper, caller: Caller, args: Adopt) -> dict[str, Any]:
    """{file}: of the leak case from now on, durable. Raises Conflict where it is there already, Tampered where what
    lies here is not what came."""
    async with keeper.lock_of(b"tip" + args.part):  # asked twice at once, it is taken once
        return await _adopted(keeper, args)


async def _adopted(keeper: Keeper, args: Adopt) -> dict[str, Any]:
    moment = keeper.now()
    session = officer_of(keeper, args.session, "tip.adopt", moment)
    case, tip = open_case(keeper, args.leak), keeper.tips.get(args.tip)
    part = keeper.tips.part(args.part)
    if part is None or part.tip != tip.id or part.kind != "file":
        raise Missing("there is no such file in this tip")
    if any(leak == case.id for leak, _ in part.adopted):
        raise Conflict("this file is in that case already", where="adopted")
    if len(keeper.leaks.files_of(case.id)) >= MOST_FILES:
        raise OverBudget(f"a case keeps at most {MOST_FILES} files; begin another one", where="leaks")
    header = file_of(keeper, tip, part)
    ident, made = os.urandom(16), os.urandom(16)
    epoch = keeper.require_unlocked().keyring.epoch
    keeper.leaks.sealing.add(ident)
    try:
        sha512 = await asyncio.to_thread(_sealed_anew, keeper, tip, part, header, case, ident, epoch)
        file = LeakFile(
            made, case.id, tip_sealing.name_of(header.name), header.sha256, header.size, ident, moment.wall_ms, epoch,
            sha512=sha512, by=session.account, how="tip", origin=tip.id.hex(),
        )
        now = keeper.tips.part(part.id)
        if now is None:  # the tip was removed meanwhile: it must not come back with this row
            raise Missing("there is no such file in this tip")
        changed = msgspec.structs.replace(now, adopted=(*now.adopted, (case.id, file.id)))
        leaf = keeper.leaf(
            moment, Action.TIP, account=session.account, session=session.id,
            objects=(tip.id, part.id, case.id, file.id, header.sha256[:16]), note="adopted",
        )
        await keeper.commit(
            [leaf, received(keeper, moment, file, session.id)],
            [keeper.row(Kind.LEAK_FILE, file.id, file), keeper.row(Kind.TIP_PART, part.id, changed)]
        )
        keeper.leaks.put_file(file)
        keeper.tips.put_part(changed)
    finally:
        keeper.leaks.sealing.discard(ident)
    return {"file": file.id}


def _sealed_anew(
    keeper: Keeper, tip: Tip, part: TipPart, header: TipFile, case: LeakCase, ident: bytes, epoch: int
) -> bytes:
    """Writes the object of the case; the SHA-512 of the file. For a thread. Raises Tampered, and leaves nothing."""
    objects = keeper.require_unlocked().objects
    sha256, sha512, size = hashlib.sha256(), hashlib.sha512(), 0

    def plain() -> Iterator[bytes]:
        nonlocal size
        opener = tip_sealing.file_opener(header.key, place_of(keeper, tip, part.id))
        pieces = (opener.update(chunk) for one in part.objects for chunk in objects.get(one))
        for piece in pieces:
            sha256.update(piece)
            sha512.update(piece)
            size += len(piece)
            yield piece
        last = opener.finish()
        sha256.update(last)
        sha512.update(last)
        size += len(last)
        yield last
        if size != header.size or sha256.digest() != header.sha256:
            raise Tampered("a tip's file is not the one that came", where=part.id.hex())

    objects.put(ident, stream.seal_stream(
        object_key(case, ident), plain(), purpose=Purpose.OBJECT, clinic=keeper.settings.clinic_id, patient=case.id,
        record=ident, version=1, epoch=epoch,
    ))  # fmt: skip
    return sha512.digest()
