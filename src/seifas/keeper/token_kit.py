"""The kit: the tokens that hold one half of the epoch key (crypto.epoch_halves), made, opened and ended here.

Every token of the kit has a key object of its own for every epoch, so that any one of them opens the vault. A new epoch
makes new objects in all of them and ends the old ones; one that is not attached stops it, for a spare that stays behind
would both keep the erased openable and be no spare any more. The objects' labels say which clinic, key store and epoch.

`loose_ms` of an epoch's row is the last moment when copies may have been made that open without these objects: when the
kit was bound (copies from before have no token's half), when a token left it without being there, at a restore. Once
such copies have run out ([retention] key_backup_days), an erasure is final at once; until then the certificate names
the day.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple, NoReturn

from seifas.crypto import epoch_halves, slots
from seifas.crypto.epoch_halves import Asked, TokenHalf
from seifas.crypto.token_slots import TokenSlot, open_token_slot, slot_challenge
from seifas.errors import Invalid, Locked, Missing, Refused, SeifasError, Unavailable
from seifas.storage import tokens

log = logging.getLogger("seifas.tokens")

TOKEN_ROW: Final = "token"  # noqa: S105 - the name of a row
"""The row of a key store generation that says which tokens hold the other half of its epoch key."""

_DAY_MS: Final = 86_400_000

OpenHalf = Callable[[bytes, bytes, int], bytes]
"""(row, clinic, epoch) to the token's half of the epoch key."""


class Plan(NamedTuple):
    """What the next epoch is bound to."""

    serials: tuple[str, ...]
    store: bytes
    loose_ms: int


class Part(NamedTuple):
    """The token's half of a new epoch: what goes into its key, and the row that goes into the key store."""

    half: bytes
    row: bytes


def none_at_hand(row: bytes, clinic: bytes, epoch: int) -> NoReturn:
    raise Locked("this vault's keys need its token too: attach it, and give its PIN", where="pin")


def opener(module: str, pin: str) -> OpenHalf:
    """Opens the token's half with whichever token of the kit is attached."""
    return partial(_opened, module, pin) if pin else none_at_hand


def _opened(module: str, pin: str, row: bytes, clinic: bytes, epoch: int) -> bytes:
    half = epoch_halves.decode_half(row)
    there = {one.serial for one in tokens.attached(module)}
    # A token that was put in after the module was loaded is found by being asked for: so all are, if none is seen.
    kit = [one for one in half.tokens if one.serial in there] or list(half.tokens)
    absent: SeifasError | None = None
    gone = False
    for one in kit:
        challenge = epoch_halves.half_challenge(one, clinic=clinic, epoch=epoch)
        try:
            answer = tokens.answer(module, one.serial, bytes.fromhex(one.object), challenge, pin)
        except Missing:
            gone = True
        except Unavailable as error:
            absent = error
        else:
            return epoch_halves.open_half(half, one, answer, clinic=clinic, epoch=epoch)
    if gone or absent is None:
        raise Refused(
            f"the attached token has no key of epoch {epoch}: it was destroyed when the next epoch began, and what was "
            "sealed under it is dead (take a copy of the key store that was made after that); or the keeper's user may "
            "not see it",
            where=f"epoch {epoch}",
        )
    names = ", ".join(one.label for one in half.tokens)
    raise Unavailable(f"none of the tokens of this vault answers ({names}): {absent.message}", where=absent.where)


def root_by_token(raw: bytes | None, module: str, pin: str) -> bytes:
    """The root by the first token slot whose token is attached. Raises Refused (PIN, no such slot), Unavailable."""
    ways = [slot for slot in slots.decode_slots(raw or b"[]") if isinstance(slot, TokenSlot)]
    if not ways:
        raise Refused("no token is a way into this vault: give a passphrase", where="slots")
    absent: SeifasError | None = None
    for slot in ways:
        try:
            answer = tokens.answer(module, slot.serial, bytes.fromhex(slot.object), slot_challenge(slot), pin)
        except (Missing, Unavailable) as error:
            absent = error
        else:
            return open_token_slot(slot, answer)
    told = absent.message if absent is not None else ""
    raise Unavailable(f"no token that is a way in answers: {told}", where=ways[0].serial)


def half_in(rows: Mapping[str, bytes]) -> TokenHalf | None:
    """The token's half in the rows of a key store generation; None for one that opens without tokens."""
    row = rows.get(TOKEN_ROW)
    return epoch_halves.decode_half(row) if row is not None else None


def the_same(half: TokenHalf | None) -> Plan | None:
    """The next epoch is bound as this one."""
    if half is None:
        return None
    return Plan(tuple(one.serial for one in half.tokens), bytes.fromhex(half.store), half.loose_ms)


def first_plan(serials: Sequence[str], now_ms: int) -> Plan:
    return Plan(tuple(serials), os.urandom(16), now_ms)


def make(module: str, pin: str, plan: Plan, *, clinic: bytes, epoch: int) -> Part:
    """New objects in every token of the kit, and a new half behind them. Raises Unavailable where one is not there,
    Refused for the PIN; then no object is left."""
    if not pin:
        raise Locked("the token's PIN is needed for a new epoch: lock, and unlock with it", where="pin")
    if not plan.serials or len(set(plan.serials)) != len(plan.serials):
        raise Invalid("name each token of the kit once", where="token")
    there = {one.serial: one for one in tokens.attached(module)}
    label = f"{_prefix(clinic, plan.store)}{epoch}"
    kit: list[Asked] = []
    try:
        for serial in plan.serials:
            made = tokens.make_object(module, serial, label, pin)
            named = there[serial].label if serial in there else serial
            kit.append(Asked(serial, named or serial, made, partial(_ask, module, serial, made, pin)))
        secret, half = epoch_halves.new_half(
            kit, clinic=clinic, epoch=epoch, store=plan.store, loose_ms=plan.loose_ms
        )
    except BaseException:
        for one in kit:
            _try_destroy(module, pin, one.serial, one.key_object)
        raise
    return Part(secret, epoch_halves.encode_half(half))


def _ask(module: str, serial: str, key_object: bytes, pin: str, challenge: bytes) -> bytes:
    return tokens.answer(module, serial, key_object, challenge, pin)


def end(module: str, pin: str, half: TokenHalf) -> bool:
    """Destroys the objects of an epoch in every token of its kit; whether all are gone for certain."""
    ended = [_try_destroy(module, pin, one.serial, bytes.fromhex(one.object)) for one in half.tokens]
    return all(ended)


def all_there(module: str, half: TokenHalf) -> bool:
    return not _absent(module, half)


def require_all(module: str, half: TokenHalf | None) -> None:
    """Raises Unavailable naming the tokens of the kit that are not attached."""
    absent = _absent(module, half) if half is not None else []
    if absent:
        raise Unavailable(
            f"a new epoch needs every token of the kit; attach {', '.join(absent)}, or take it out of the kit with "
            "`seifas hsm bind`", where="token",
        )


def _absent(module: str, half: TokenHalf) -> list[str]:
    there = {one.serial for one in tokens.attached(module)}
    return [one.label for one in half.tokens if one.serial not in there]


def tidy(module: str, pin: str, half: TokenHalf, *, clinic: bytes) -> None:
    """Destroys what a rotation that was cut off left in the attached tokens: this key store's objects of other epochs.
    Never stands in the way of an unlock."""
    kept = {one.object for one in half.tokens}
    try:
        for token in tokens.attached(module):
            if token.serial not in {one.serial for one in half.tokens}:
                continue
            for ident in tokens.objects(module, token.serial, pin, _prefix(clinic, bytes.fromhex(half.store))):
                if ident.hex() not in kept:
                    tokens.destroy_object(module, token.serial, ident, pin)
                    log.info("an epoch's key that a cut-off rotation left was destroyed", extra={"token": token.label})
    except SeifasError as error:
        log.error("the tokens were not looked through", extra={"code": error.code, "where": error.where})


def is_final(half: TokenHalf | None, now_ms: int, key_backup_days: int) -> bool:
    """Whether every copy that opens without the kit's objects has run out by now."""
    return half is not None and now_ms > half.loose_ms + key_backup_days * _DAY_MS


def _prefix(clinic: bytes, store: bytes) -> str:
    return f"seifas epoch {clinic.hex()[:8]} {store.hex()} "


def _try_destroy(module: str, pin: str, serial: str, key_object: bytes) -> bool:
    try:
        tokens.destroy_object(module, serial, key_object, pin)
    except SeifasError as error:
        log.error("an old epoch's key is still in a token", extra={"code": error.code, "where": error.where})
        return False
    return True
