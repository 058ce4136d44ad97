"""Slots: the forms in which the root key is stored. Any one of them opens it; changing one touches nothing else.

A passphrase slot wraps the root under Argon2id (RFC 9106); a custodian slot wraps it once for each group of k out of
n people; a token slot (token_slots.py) under a key object in an HSM or card. All wrap with Cobblestone-256, which
commits to its key: under AES-GCM alone, one crafted slot could be made to open with two passphrases, to two different
roots. Slots are plain data (JSON through msgspec, bytes as base64), their parameters are bound into the wrap, and
nothing here reads or writes a file. Layouts: docs/formats/slots.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from math import comb
from os import urandom
from secrets import choice
from struct import Struct
from typing import Final
from unicodedata import normalize

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seifas.crypto.aad import ALG_COBBLESTONE256, ID_SIZE, NOBODY, Purpose, bind
from seifas.crypto.envelope import KEY_SIZE
from seifas.crypto.printable import MARK_SIZE, SECRET_SIZE, CustodianSecret, from_text, to_text
from seifas.crypto.token_slots import TokenSlot, checked_token_slot
from seifas.crypto.wrapping import WRAPPED_SIZE, checked_name, checked_root, is_id, is_name, unwrap, with_length, wrap
from seifas.errors import Invalid, Refused, SeifasError, Tampered, Unavailable

SLOT_FORMAT: Final = 1
MOST_CUSTODIANS: Final = 7
"""4 of 7 are 35 wraps. More people than this know each other too little to be custodians."""
SHORTEST_PASSPHRASE: Final = 16
LONGEST_PASSPHRASE: Final = 1024

_SALT_SIZE: Final = 16
_COST: Final = Struct(">III")
_DOES_NOT_OPEN: Final = "this passphrase does not open this slot"
_CONSONANTS: Final = "bdfghjklmnprstvz"
_VOWELS: Final = "aiou"
_WORD: Final = (_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS, _CONSONANTS)
_GENERATED: Final = re.compile(f"(?:[{_CONSONANTS}][{_VOWELS}][{_CONSONANTS}][{_VOWELS}][{_CONSONANTS}]){{5,}}")


class Profile(msgspec.Struct, frozen=True):
    """Cost of one guess. Memory in KiB: `memory_kib` is tried first, halved down to `floor_kib` if it cannot be had."""

    name: str
    memory_kib: int
    floor_kib: int
    passes: int
    lanes: int


FULL: Final = Profile(name="full", memory_kib=1024 * 1024, floor_kib=256 * 1024, passes=3, lanes=4)
DEMO: Final = Profile(name="demo", memory_kib=64 * 1024, floor_kib=64 * 1024, passes=1, lanes=2)
"""For demonstrations and tests only; the slot says so and the word cannot be changed without breaking it."""


class PassphraseSlot(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="passphrase", forbid_unknown_fields=True
):
    """The root under one person's passphrase. `id` is 32 hex digits, `salt` 16 bytes, `wrapped` 104 bytes."""

    format: int
    id: str
    name: str
    profile: str
    memory_kib: int
    passes: int
    lanes: int
    salt: bytes
    wrapped: bytes


class CustodianSlot(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="custodians", forbid_unknown_fields=True
):
    """The root for any `needed` of the people in `names`.

    `wraps` has one entry of 104 bytes for every group, in the order of `itertools.combinations`; `checks` 16 bytes a
    person, by which a wrong secret is told from a right one without the others.
    """

    format: int
    id: str
    needed: int
    names: tuple[str, ...]
    checks: tuple[bytes, ...]
    wraps: tuple[bytes, ...]


Slot = PassphraseSlot | CustodianSlot | TokenSlot

_SLOTS: Final = msgspec.json.Decoder(tuple[Slot, ...])


def encode_slots(slots: tuple[Slot, ...]) -> bytes:
    """The slots as JSON for a file, two spaces indented."""
    return msgspec.json.format(msgspec.json.encode(slots), indent=2) + b"\n"


def decode_slots(raw: bytes) -> tuple[Slot, ...]:
    """The slots of a file. `Tampered` if it is not such a file or a slot in it could not have been made here."""
    try:
        slots = _SLOTS.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Tampered("the slots are not as written", where="slots") from wrong
    for slot in slots:
        if isinstance(slot, PassphraseSlot):
            _checked_passphrase_slot(slot)
        elif isinstance(slot, CustodianSlot):
            _checked_custodian_slot(slot)
        else:
            checked_token_slot(slot)
    return slots


def generate_passphrase(words: int = 5) -> str:
    """Random words of five letters, consonants and vowels in turn, joined by dashes; 16 bits a word, 80 for five.

    The words are proquints (arXiv:0901.4016): no list to ship, no letter outside the Latin alphabet's common ground.
    They are typed with or without dashes, in any case.
    """
    if words < 5:
        raise Invalid("a passphrase has at least five words: 77 bits and more")
    return "-".join("".join(choice(letters) for letters in _WORD) for _ in range(words))


def new_passphrase_slot(
    root: bytes, passphrase: str, name: str, profile: Profile = FULL, *, memory_limit_kib: int | None = None
) -> PassphraseSlot:
    """A slot that opens with `passphrase`. `name` says whose it is and is stored in the clear.

    `memory_limit_kib` is what the machine can spare; below the profile's floor, or if the memory is not to be had, it
    is `Unavailable`. `Invalid` for a passphrase under 16 characters (outside the demo) or a name that is none.
    """
    checked_root(root)
    checked_name(name)
    secret = _prepared(passphrase)
    if profile.name != DEMO.name and len(secret.decode()) < SHORTEST_PASSPHRASE:
        raise Invalid(f"a passphrase has at least {SHORTEST_PASSPHRASE} characters; better have one made")
    ident, salt = urandom(ID_SIZE), urandom(_SALT_SIZE)
    memory = profile.memory_kib
    while memory >= profile.floor_kib:
        if memory_limit_kib is None or memory <= memory_limit_kib:
            slot = PassphraseSlot(
                format=SLOT_FORMAT,
                id=ident.hex(),
                name=name,
                profile=profile.name,
                memory_kib=memory,
                passes=profile.passes,
                lanes=profile.lanes,
                salt=salt,
                wrapped=bytes(WRAPPED_SIZE),
            )
            _checked_passphrase_slot(slot, Invalid)
            try:
                key = _stretched(slot, secret)
            except MemoryError:
                memory //= 2
                continue
            return msgspec.structs.replace(slot, wrapped=wrap(key, root, _passphrase_context(slot)))
        memory //= 2
    raise Unavailable(f"a passphrase slot needs {profile.floor_kib // 1024} MiB of free memory")


def open_passphrase(slot: PassphraseSlot, passphrase: str) -> bytes:
    """The root key. `Refused`, always in the same words, if the passphrase is wrong or the slot's text was changed.

    `Tampered` if the slot could not have been made here (so that hostile costs are never computed), `Unavailable` if
    the memory it asks for cannot be had.
    """
    _checked_passphrase_slot(slot)
    try:
        key = _stretched(slot, _prepared(passphrase))
        return unwrap(key, slot.wrapped, _passphrase_context(slot))
    except (Invalid, InvalidTag):
        raise Refused(_DOES_NOT_OPEN) from None
    except MemoryError:
        raise Unavailable(f"opening this slot needs {slot.memory_kib // 1024} MiB of free memory") from None


def new_custodian_slots(root: bytes, needed: int, names: Sequence[str]) -> tuple[list[str], CustodianSlot]:
    """The custodians' secrets as text to print, in the order of `names`, and the slot that any `needed` of them open.

    2 <= needed <= number of names <= 7, names distinct, else `Invalid`. The secrets exist nowhere else.
    """
    checked_root(root)
    count = len(names)
    if not 2 <= needed <= count <= MOST_CUSTODIANS:
        raise Invalid(f"of 2 to {MOST_CUSTODIANS} custodians, 2 or more are needed and no more than there are")
    for name in names:
        checked_name(name)
    if len(set(names)) != count:
        raise Invalid("two custodians have the same name")
    ident = urandom(ID_SIZE)
    secrets = [urandom(SECRET_SIZE) for _ in names]
    blank = CustodianSlot(
        format=SLOT_FORMAT,
        id=ident.hex(),
        needed=needed,
        names=tuple(names),
        checks=tuple(_custodian_check(ident, number, secret) for number, secret in enumerate(secrets, 1)),
        wraps=(),
    )
    wraps = tuple(
        wrap(_group_key(blank, group, [secrets[at - 1] for at in group]), root, _group_context(blank, group))
        for group in _groups(needed, count)
    )
    texts = [to_text(CustodianSecret(at, ident[:MARK_SIZE], secret)) for at, secret in enumerate(secrets, 1)]
    return texts, msgspec.structs.replace(blank, wraps=wraps)


def check_custodian(slot: CustodianSlot, text: str) -> int:
    """The number (from 1) of the custodian whose secret this is: for a rehearsal that needs no second person.

    `Invalid` names a typing error's group; `Refused` if the secret belongs to another slot or was never made here.
    """
    _checked_custodian_slot(slot)
    return _recognised(slot, text, "the secret").number


def open_custodians(slot: CustodianSlot, texts: Sequence[str]) -> bytes:
    """The root key from at least `needed` different custodians' secrets, in any order.

    `Invalid` for a typing error (secret and group named), one custodian twice, or too few; `Refused` for a secret of
    another slot or a wrong one; `Tampered` if the slot was changed.
    """
    _checked_custodian_slot(slot)
    if len(texts) > MOST_CUSTODIANS:
        raise Invalid(f"there are at most {MOST_CUSTODIANS} custodians")
    held: dict[int, tuple[int, bytes]] = {}
    for place, text in enumerate(texts, 1):
        found = _recognised(slot, text, f"secret {place}")
        if found.number in held:
            raise Invalid(f"secrets {held[found.number][0]} and {place} are of one custodian, number {found.number}")
        held[found.number] = (place, found.secret)
    if len(held) < slot.needed:
        raise Invalid(f"{slot.needed} secrets of different custodians are needed; {len(held)} given")
    group = tuple(sorted(held)[: slot.needed])
    wrapped = slot.wraps[_groups(slot.needed, len(slot.names)).index(group)]
    key = _group_key(slot, group, [held[number][1] for number in group])
    try:
        return unwrap(key, wrapped, _group_context(slot, group))
    except InvalidTag:
        raise Tampered("the secrets are right, but the slot was changed", where=f"slot {slot.id}") from None


def _recognised(slot: CustodianSlot, text: str, called: str) -> CustodianSecret:
    try:
        found = from_text(text)
    except Invalid as wrong:
        raise Invalid(f"{called}: {wrong.message}", where=f"{called}, {wrong.where}".rstrip(", ")) from None
    ident = bytes.fromhex(slot.id)
    if found.mark != ident[:MARK_SIZE] or not 1 <= found.number <= len(slot.names):
        raise Refused(f"{called} belongs to other custodians: an earlier group, or another vault")
    if _custodian_check(ident, found.number, found.secret) != slot.checks[found.number - 1]:
        raise Refused(f"{called} is not the one that was made for custodian {found.number}")
    return found


def _prepared(passphrase: str) -> bytes:
    """One form for what looks the same: NFC, and runs of blanks as one; generated words lower, with dashes."""
    if len(passphrase) > LONGEST_PASSPHRASE:
        raise Invalid(f"a passphrase has at most {LONGEST_PASSPHRASE} characters")
    letters = re.sub(r"[\s\-\u2010-\u2015]+", "", passphrase).lower()
    if _GENERATED.fullmatch(letters):
        return "-".join(letters[at : at + 5] for at in range(0, len(letters), 5)).encode("ascii")
    try:
        made = " ".join(normalize("NFC", passphrase).split()).encode("utf-8")
    except UnicodeEncodeError as wrong:
        raise Invalid("the passphrase is not valid text") from wrong
    if not made:
        raise Invalid("the passphrase is empty")
    return made


def _stretched(slot: PassphraseSlot, secret: bytes) -> bytes:
    return Argon2id(
        salt=slot.salt, length=KEY_SIZE, iterations=slot.passes, lanes=slot.lanes, memory_cost=slot.memory_kib
    ).derive(secret)


def _passphrase_context(slot: PassphraseSlot) -> bytes:
    cost = _COST.pack(slot.memory_kib, slot.passes, slot.lanes)
    return _bound(slot.id) + b"P" + cost + slot.salt + with_length(slot.profile) + with_length(slot.name)


def _group_context(slot: CustodianSlot, group: tuple[int, ...]) -> bytes:
    numbers = bytes([slot.needed, len(slot.names), *group])
    return _bound(slot.id) + b"C" + numbers + b"".join(map(with_length, slot.names))


def _group_key(slot: CustodianSlot, group: tuple[int, ...], secrets: list[bytes]) -> bytes:
    info = b"seifas/1/custodians/" + bytes([slot.needed, len(slot.names), *group])
    return HKDF(SHA256(), KEY_SIZE, bytes.fromhex(slot.id), info).derive(b"".join(secrets))


def _custodian_check(ident: bytes, number: int, secret: bytes) -> bytes:
    return HKDF(SHA256(), 16, ident, b"seifas/1/custodian-check/" + bytes([number])).derive(secret)


def _groups(needed: int, count: int) -> list[tuple[int, ...]]:
    return list(combinations(range(1, count + 1), needed))


def _bound(ident: str) -> bytes:
    return bind(
        fmt=SLOT_FORMAT,
        alg=ALG_COBBLESTONE256,
        purpose=Purpose.SLOT,
        clinic=NOBODY,
        patient=NOBODY,
        record=bytes.fromhex(ident),
        version=0,
    )


def _checked_passphrase_slot(slot: PassphraseSlot, error: type[SeifasError] = Tampered) -> None:
    if slot.profile == DEMO.name:
        cost = (slot.memory_kib, slot.passes, slot.lanes) == (DEMO.memory_kib, DEMO.passes, DEMO.lanes)
    else:
        cost = (
            slot.profile == FULL.name
            and FULL.floor_kib <= slot.memory_kib <= 4 * FULL.memory_kib
            and FULL.passes <= slot.passes <= 16
            and 1 <= slot.lanes <= 16
        )
    sizes = len(slot.salt) == _SALT_SIZE and len(slot.wrapped) == WRAPPED_SIZE
    if not (cost and sizes and _common(slot.format, slot.id, (slot.name,))):
        raise error("a passphrase slot is not as written", where=f"slot {slot.id[:32]}")


def _checked_custodian_slot(slot: CustodianSlot) -> None:
    count = len(slot.names)
    sizes = (
        2 <= slot.needed <= count <= MOST_CUSTODIANS
        and [len(check) for check in slot.checks] == [16] * count
        and [len(wrap) for wrap in slot.wraps] == [WRAPPED_SIZE] * comb(count, slot.needed)
    )
    if not (sizes and _common(slot.format, slot.id, slot.names)):
        raise Tampered("a custodian slot is not as written", where=f"slot {slot.id[:32]}")


def _common(slot_format: int, ident: str, names: tuple[str, ...]) -> bool:
    return (
        slot_format == SLOT_FORMAT
        and is_id(ident)
        and all(is_name(name) for name in names)
    )
