"""Tips as the public process puts them in, and answers as it reads them, beside a keeper in process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable
from typing import Any

from keeper_rig import Asked, Rig

from seifas.keeper import tip_receipts, tip_sealing
from seifas.keeper.tip_receipts import Keys
from seifas.keeper.tip_sealing import Place, TipAnswer, TipFile, TipText

TEXT = "Pavogtus įrašus siūlo pirkti žmogus, kurį pažįstu"


def run(rig: Rig, deed: Callable[[Asked], Awaitable[Any]]) -> Any:
    return rig.run(deed)


def fresh(asked: Asked) -> tuple[str, Keys]:
    receipt = tip_receipts.new()
    return receipt, tip_receipts.keys_of(tip_receipts.read(receipt), asked.keeper.settings.clinic_id)


async def told(asked: Asked, keys: Keys, text: str = TEXT, ident: bytes = b"") -> bytes:
    part = ident or os.urandom(16)
    public = (await asked.op("public", "drop.key"))["key"]
    place = Place(asked.keeper.settings.clinic_id, keys.lookup, part)
    sealed = tip_sealing.seal_text(public, place, TipText(text, "lt", 5))
    await asked.op("public", "tip.put", lookup=keys.lookup, answer_key=keys.public, id=part, sealed=sealed)
    return part


async def sent(
    asked: Asked, keys: Keys, data: bytes, *, name: str = "telefonas.jpg", sha256: bytes = b"", size: int = 0
) -> bytes:
    part, key = os.urandom(16), os.urandom(32)
    place = Place(asked.keeper.settings.clinic_id, keys.lookup, part)
    sealer = tip_sealing.file_sealer(key, place)
    sealed = sealer.update(data) + sealer.finish()
    await asked.op("public", "tip.file_begin", id=part, size=len(sealed))
    for number, at in enumerate(range(0, len(sealed), tip_sealing.PART)):
        piece = sealed[at : at + tip_sealing.PART]
        await asked.op("public", "tip.file_part", id=part, number=number, data=piece)
    public = (await asked.op("public", "drop.key"))["key"]
    header = TipFile(key, name, size or len(data), sha256 or hashlib.sha256(data).digest(), 7)
    await asked.op(
        "public", "tip.file_end", lookup=keys.lookup, answer_key=keys.public, id=part,
        sealed=tip_sealing.seal_file(public, place, header),
    )
    return part


async def answers(asked: Asked, keys: Keys) -> list[TipAnswer]:
    rows = await asked.op("public", "tip.look", lookup=keys.lookup)
    clinic = asked.keeper.settings.clinic_id
    return [tip_sealing.open_answer(keys.seed, Place(clinic, keys.lookup, one["id"]), one["sealed"]) for one in rows]
