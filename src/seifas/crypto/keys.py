"""The key tree: root, epoch keys, and the bundles of random keys that hang from an epoch.

    root -> epoch key -> one PatientKeys a patient, one ClinicKeys

Every key of a bundle is random and none is derived from another: children of one key could not be destroyed apart.
Wrapped keys are sealed records (envelope.py); their layouts stand in docs/formats/keys.md. Erasing a patient deletes
the bundle, and a new epoch key under which only the survivors are wrapped again makes copies of the old one useless.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest, digest
from os import urandom
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from seifas.crypto.aad import ID_SIZE, NOBODY, Purpose
from seifas.crypto.envelope import KEY_SIZE, open_sealed, seal, sealer
from seifas.errors import Invalid, Tampered

CHECK_SIZE: Final = 16

_INFO: Final = b"seifas/1/"


class PatientKeys(msgspec.Struct, frozen=True):
    """The four keys of one patient, 32 random bytes each; deleting them erases everything sealed under them."""

    clinical: bytes
    photos: bytes
    card: bytes
    audit: bytes

    def __repr__(self) -> str:
        return "PatientKeys(...)"


class ClinicKeys(msgspec.Struct, frozen=True):
    """The keys that belong to no patient, 32 bytes each.

    `dropbox` is the seed of the drop box's private key (dropbox.py), `signing` the Ed25519 seed (RFC 8032) of the
    audit log's signer; the others are AES-256 or HMAC keys.
    """

    routing: bytes
    state: bytes
    audit: bytes
    schedule: bytes
    documents: bytes
    dropbox: bytes
    signing: bytes

    def __repr__(self) -> str:
        return "ClinicKeys(...)"


def new_root() -> bytes:
    """A random root key of 32 bytes. Slots (slots.py) are the only form in which it is ever stored."""
    return urandom(KEY_SIZE)


def new_epoch_key() -> bytes:
    """A random epoch key of 32 bytes."""
    return urandom(KEY_SIZE)


def new_patient_keys() -> PatientKeys:
    return PatientKeys(*(urandom(KEY_SIZE) for _ in PatientKeys.__struct_fields__))


def new_clinic_keys() -> ClinicKeys:
    return ClinicKeys(*(urandom(KEY_SIZE) for _ in ClinicKeys.__struct_fields__))


def wrap_epoch(root: bytes, key: bytes, *, clinic: bytes, epoch: int) -> bytes:
    """The epoch key sealed under the root: 68 bytes, purpose EPOCH, epoch in the header."""
    if len(key) != KEY_SIZE:
        raise Invalid("an epoch key is 32 bytes")
    return seal(
        sealer(root),
        key,
        purpose=Purpose.EPOCH,
        clinic=clinic,
        patient=NOBODY,
        record=NOBODY,
        version=0,
        epoch=epoch,
    )


def unwrap_epoch(root: bytes, blob: bytes, *, clinic: bytes, epoch: int) -> bytes:
    """The epoch key, 32 bytes. `Tampered` if it was wrapped for another clinic, epoch or root."""
    key = open_sealed(
        sealer(root),
        blob,
        purpose=Purpose.EPOCH,
        clinic=clinic,
        patient=NOBODY,
        record=NOBODY,
        version=0,
        epoch=epoch,
    )
    if len(key) != KEY_SIZE:
        raise Tampered("a wrapped epoch key has a wrong size")
    return key


def seal_patient_keys(under: AESGCM, keys: PatientKeys, *, clinic: bytes, patient: bytes, epoch: int) -> bytes:
    """The bundle under the epoch key (`under` = `sealer(epoch key)`): 164 bytes, purpose KEYS."""
    bundle = _joined(keys.clinical, keys.photos, keys.card, keys.audit)
    return _seal_bundle(under, bundle, purpose=Purpose.KEYS, clinic=clinic, patient=patient, epoch=epoch)


def open_patient_keys(under: AESGCM, blob: bytes, *, clinic: bytes, patient: bytes, epoch: int) -> PatientKeys:
    """The patient's keys. `Tampered` if the bundle is another patient's, of another epoch, or changed."""
    bundle = _open_bundle(under, blob, 4, purpose=Purpose.KEYS, clinic=clinic, patient=patient, epoch=epoch)
    return PatientKeys(bundle[0:32], bundle[32:64], bundle[64:96], bundle[96:128])


def rewrap_patient_keys(
    old: AESGCM, new: AESGCM, blob: bytes, *, clinic: bytes, patient: bytes, old_epoch: int, new_epoch: int
) -> bytes:
    """The same bundle under the next epoch key. What is sealed under the patient's keys is not touched."""
    bundle = _open_bundle(old, blob, 4, purpose=Purpose.KEYS, clinic=clinic, patient=patient, epoch=old_epoch)
    return _seal_bundle(new, bundle, purpose=Purpose.KEYS, clinic=clinic, patient=patient, epoch=new_epoch)


def seal_clinic_keys(under: AESGCM, keys: ClinicKeys, *, clinic: bytes, epoch: int) -> bytes:
    """The clinic's bundle under the epoch key: 260 bytes, purpose CLINIC_KEYS."""
    bundle = _joined(*msgspec.structs.astuple(keys))
    return _seal_bundle(under, bundle, purpose=Purpose.CLINIC_KEYS, clinic=clinic, patient=NOBODY, epoch=epoch)


def open_clinic_keys(under: AESGCM, blob: bytes, *, clinic: bytes, epoch: int) -> ClinicKeys:
    """The clinic's keys. `Tampered` if the bundle is another clinic's, of another epoch, or changed."""
    bundle = _open_bundle(under, blob, 7, purpose=Purpose.CLINIC_KEYS, clinic=clinic, patient=NOBODY, epoch=epoch)
    return ClinicKeys(*(bundle[at : at + KEY_SIZE] for at in range(0, len(bundle), KEY_SIZE)))


def check_value(state_key: bytes, patient: bytes, keys: PatientKeys) -> bytes:
    """16 bytes that commit to this patient's bundle, the same in every epoch.

    Kept in the sealed state, it shows after a rewrap, a restore or a swap of key stores whether these are the keys
    with which the patient's records were written; the tag of GCM alone does not commit to a key.
    """
    return checker(state_key)(patient, keys)


def checker(state_key: bytes) -> Callable[[bytes, PatientKeys], bytes]:
    """`check_value` under this key, for many: HKDF costs more than the check value, and is done once here."""
    under = _expand(state_key, b"check")

    def check(patient: bytes, keys: PatientKeys) -> bytes:
        if len(patient) != ID_SIZE:
            raise Invalid("a patient id is 16 bytes")
        bundle = _joined(keys.clinical, keys.photos, keys.card, keys.audit)
        return _hmac(under, patient + bundle)[:CHECK_SIZE]

    return check


def verify_check(state_key: bytes, patient: bytes, keys: PatientKeys, expected: bytes) -> None:
    """`Tampered` naming the patient unless `expected` is this bundle's check value."""
    if not compare_digest(check_value(state_key, patient, keys), expected):
        raise Tampered("the keys of a patient are not those that were committed to", where=patient.hex())


def tag(key: bytes, kind: bytes, ident: bytes) -> bytes:
    """The name under which a thing with a unique identity is stored: 32 bytes, HMAC-SHA256 (RFC 2104).

    Each kind has a key of its own, HKDF-Expand(key, "seifas/1/tag/" | kind) of RFC 5869, so that a personal code and
    a card number that happen to be equal get unlike tags. Full length and only for identities that are unique: a tag
    of a name or a birth date would be found by its frequency.
    """
    return tagger(key, kind)(ident)


def tagger(key: bytes, kind: bytes) -> Callable[[bytes], bytes]:
    """`tag` under this key and kind, for many: HKDF costs more than the tag, and is done once here."""
    under = _expand(key, b"tag/" + kind)
    return lambda ident: _hmac(under, ident)


def row_id(routing_key: bytes, ident: bytes) -> bytes:
    """The 16-byte id of a stored row that belongs to `ident`: without the key it cannot be told from a random id."""
    return _hmac(_expand(routing_key, b"row"), ident)[:ID_SIZE]


def _expand(key: bytes, info: bytes) -> bytes:
    if len(key) != KEY_SIZE:
        raise Invalid("a key is 32 bytes")
    return HKDFExpand(SHA256(), KEY_SIZE, _INFO + info).derive(key)


def _hmac(key: bytes, message: bytes) -> bytes:
    return digest(key, message, "sha256")


def _joined(*keys: bytes) -> bytes:
    if any(len(key) != KEY_SIZE for key in keys):
        raise Invalid("every key of a bundle is 32 bytes")
    return b"".join(keys)


def _seal_bundle(
    under: AESGCM, bundle: bytes, *, purpose: Purpose, clinic: bytes, patient: bytes, epoch: int
) -> bytes:
    return seal(
        under, bundle, purpose=purpose, clinic=clinic, patient=patient, record=NOBODY, version=0, epoch=epoch
    )


def _open_bundle(
    under: AESGCM, blob: bytes, keys: int, *, purpose: Purpose, clinic: bytes, patient: bytes, epoch: int
) -> bytes:
    try:
        bundle = open_sealed(
            under, blob, purpose=purpose, clinic=clinic, patient=patient, record=NOBODY, version=0, epoch=epoch
        )
    except Tampered as told:
        raise Tampered(told.message, where=patient.hex()) from None
    if len(bundle) != keys * KEY_SIZE:
        raise Tampered("a bundle of keys has a wrong size", where=patient.hex())
    return bundle
