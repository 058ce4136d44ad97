"""The certificate of an erasure anew, when it may promise more than it could in the commit that erased."""

from __future__ import annotations

import msgspec

from seifas.crypto.epoch_halves import TokenHalf
from seifas.keeper import certifying
from seifas.keeper.certifying import Certificate
from seifas.keeper.keeper import Keeper
from seifas.keeper.model import Kind


async def certified_at_once(keeper: Keeper, tag: bytes, made: Certificate, half: TokenHalf) -> Certificate:
    """Stores and returns it in the form that names no day: the former epoch's objects are gone from all tokens."""
    final = certifying.at_once(made, tuple(one.label for one in half.tokens))
    stone = msgspec.structs.replace(keeper.tombstones[tag], certificate=certifying.encode(final))
    keeper.tombstones[tag] = stone
    await keeper.commit([], [keeper.row(Kind.TOMBSTONE, tag, stone)])
    return final
