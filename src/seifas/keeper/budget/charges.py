"""Charges: everything that ever changes the ledger, small enough to ride in an audit line, in the order applied.

A charge tells what happened, not what it costs: the limits of the day decide that. Fields are only ever added at the
end with a default, and numbers of kinds and flags never change, because old logs are replayed.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from seifas.errors import Invalid
from seifas.keeper.budget.asks import NOBODY


class Kind(IntEnum):
    """What was charged. The numbers stand in the log."""

    FREE = 0
    """Nothing; never written."""
    REPEAT = 1
    """Already paid by this account. Written only where it counts against another session's bound."""
    WARM_CARD = 2
    WARM = 3
    COLD = 4
    CALLER = 5
    MISS = 6
    SEARCH = 7
    WORKLIST = 8
    WORKLIST_CARD = 9
    GLASS = 10
    CHANGE = 11
    ERASE = 12
    REGISTERED = 13
    MACHINE = 14
    MACHINE_SEARCH = 15
    REFUSED = 16
    """Refused in a way that is remembered: an alarm rang, or a step-up was demanded and is now being insisted past."""
    CONFIRMED = 30
    """A patient confirmed a link that an account had made: its cost is given back."""
    SUSPEND = 31
    RELEASE = 32
    REFUND_ACCOUNT = 33
    REFUND_SESSION = 34
    RAISE = 35


class Flag:
    """Bits of `Charge.flags`."""

    FRESH = 1
    """With a passkey gesture: not counted against the session's bound."""
    LIFT = 2
    """The gesture raised a ceiling: warm charts, search, or caller misses."""
    LINK = 4
    """A link was made."""
    EXPORT = 8
    SECOND = 16
    """A colleague signed too: `other`."""
    SEEN = 32
    """REPEAT: a cold patient, read through a session that had not read it yet."""


class Charge(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One step of the ledger. `at` is budget time in ms.

    patients: whom it concerns (one, or those listed).
    other:    WORKLIST, WORKLIST_CARD: its id. GLASS with SECOND: the colleague.
    code:     the alarm that rang with it, or the refusal; for RAISE the name of the bound.
    amount, until: RAISE: by how much, and until which budget time. WARM with LIFT: lifts made by the one gesture.
    canaries: SEARCH: the decoys among the patients.
    """

    kind: Kind
    at: int
    account: bytes = NOBODY
    session: bytes = NOBODY
    patients: tuple[bytes, ...] = ()
    flags: int = 0
    other: bytes = NOBODY
    code: str = ""
    amount: int = 0
    until: int = 0
    canaries: tuple[bytes, ...] = ()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Charge)


def encode(charge: Charge) -> bytes:
    """MessagePack, about 70 bytes for one patient."""
    return _encoder.encode(charge)


def decode(data: bytes) -> Charge:
    """Raises Invalid where the bytes are no charge."""
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise Invalid("these bytes are no budget charge", where="charge") from error
