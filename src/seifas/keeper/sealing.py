"""Turns what the keeper stores into sealed bytes and back: rows, manifests, heads, state rows.

A row on disk is `route | body`: the route (sealed under the clinic's routing key, bound to the row's id) says which
patient the row belongs to, and only then can the patient's key open the body. Row sizes are the classes of
storage.fragments; what the body is bound to stands in docs/formats/rows.md. Pure: no I/O, no clock.
"""

from __future__ import annotations

import hashlib
import hmac
from struct import Struct

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seifas.crypto import aad, envelope
from seifas.crypto.aad import Purpose
from seifas.crypto.padding import ADDED, pad, unpad
from seifas.keeper.model import Head, Kind, Manifest, Record, StateRow
from seifas.storage.fragments import padded_size

_ROUTE = Struct(">16sB")
ROUTE_SIZE = _ROUTE.size + envelope.OVERHEAD
_ROW_ADDED = ROUTE_SIZE + envelope.OVERHEAD
_STATE_ADDED = envelope.OVERHEAD
_STATE_STEP = 256  # state rows are padded to multiples of this; a head with its card is 512 or 768

_encode = msgspec.msgpack.Encoder().encode
_decode_manifest = msgspec.msgpack.Decoder(Manifest).decode
_decode_record = msgspec.msgpack.Decoder(Record).decode
_decode_state = msgspec.msgpack.Decoder(StateRow).decode
_decode_head = msgspec.msgpack.Decoder(Head).decode


def digest(blob: bytes) -> bytes:
    return hashlib.sha256(blob).digest()


def row_name(routing: bytes, ident: bytes, part: int = 0) -> bytes:
    """The 16 bytes under which the first version of resource `ident` (or a row's fragment `part`) is stored.

    A full HMAC-SHA256 under the routing key, cut to 16: without the key, row and resource cannot be brought together.
    """
    return hmac.digest(routing, b"row" + ident + part.to_bytes(4, "big"), "sha256")[:16]


def state_tag(state: bytes, kind: Kind, ident: bytes) -> bytes:
    return hmac.digest(state, bytes([kind]) + ident, "sha256")


def _filled(data: bytes) -> bytes:
    """Padded so that route and sealed body together have a size that rows may have."""
    return pad(data, padded_size(len(data) + ADDED + _ROW_ADDED) - _ROW_ADDED)


def seal_route(routes: AESGCM, clinic: bytes, row: bytes, patient: bytes, purpose: Purpose) -> bytes:
    return envelope.seal(
        routes, _ROUTE.pack(patient, purpose), purpose=Purpose.ROUTE, clinic=clinic, patient=aad.NOBODY, record=row,
        version=0, epoch=0,
    )


def open_route(routes: AESGCM, clinic: bytes, row: bytes, blob: bytes) -> tuple[bytes, int]:
    """(patient, purpose) of a row. Raises Tampered when the row is not the one that was stored under this id."""
    plain = envelope.open_sealed(
        routes, blob[:ROUTE_SIZE], purpose=Purpose.ROUTE, clinic=clinic, patient=aad.NOBODY, record=row, version=0
    )
    patient, purpose = _ROUTE.unpack(plain)
    return patient, purpose


def seal_record(
    routes: AESGCM, key: AESGCM, record: Record, *, clinic: bytes, patient: bytes, ident: bytes, version: int,
    row: bytes, epoch: int,
) -> bytes:
    data = _encode(record)
    plain = _filled(data)
    return seal_route(routes, clinic, row, patient, Purpose.RECORD) + envelope.seal(
        key, plain, purpose=Purpose.RECORD, clinic=clinic, patient=patient, record=ident, version=version, epoch=epoch
    )


def open_record(key: AESGCM, blob: bytes, *, clinic: bytes, patient: bytes, ident: bytes, version: int) -> Record:
    plain = envelope.open_sealed(
        key, blob[ROUTE_SIZE:], purpose=Purpose.RECORD, clinic=clinic, patient=patient, record=ident, version=version
    )
    return _decode_record(unpad(plain, where=ident.hex()))


def seal_manifest(
    routes: AESGCM, key: AESGCM, manifest: Manifest, *, clinic: bytes, patient: bytes, row: bytes, epoch: int
) -> bytes:
    data = _encode(manifest)
    plain = _filled(data)
    return seal_route(routes, clinic, row, patient, Purpose.MANIFEST) + envelope.seal(
        key, plain, purpose=Purpose.MANIFEST, clinic=clinic, patient=patient, record=row, version=manifest.version,
        epoch=epoch,
    )


def open_manifest(key: AESGCM, blob: bytes, *, clinic: bytes, patient: bytes, row: bytes, version: int) -> Manifest:
    plain = envelope.open_sealed(
        key, blob[ROUTE_SIZE:], purpose=Purpose.MANIFEST, clinic=clinic, patient=patient, record=row, version=version
    )
    return _decode_manifest(unpad(plain, where=row.hex()))


def seal_state(under: AESGCM, kind: Kind, ident: bytes, body: bytes, *, clinic: bytes, tag: bytes) -> bytes:
    data = _encode(StateRow(kind, ident, body))
    total = -(-(len(data) + ADDED + _STATE_ADDED) // _STATE_STEP) * _STATE_STEP
    return envelope.seal(
        under, pad(data, total - _STATE_ADDED), purpose=Purpose.STATE, clinic=clinic, patient=aad.NOBODY,
        record=tag[:16], version=0, epoch=0,
    )


def open_state(under: AESGCM, blob: bytes, *, clinic: bytes, tag: bytes) -> StateRow:
    plain = envelope.open_sealed(
        under, blob, purpose=Purpose.STATE, clinic=clinic, patient=aad.NOBODY, record=tag[:16], version=0
    )
    return _decode_state(unpad(plain, where=tag.hex()))


def seal_card(key: AESGCM, card: bytes, *, clinic: bytes, patient: bytes, epoch: int) -> bytes:
    return envelope.seal(
        key, card, purpose=Purpose.CARD, clinic=clinic, patient=patient, record=patient, version=0, epoch=epoch
    )


def open_card(key: AESGCM, blob: bytes, *, clinic: bytes, patient: bytes) -> bytes:
    return envelope.open_sealed(
        key, blob, purpose=Purpose.CARD, clinic=clinic, patient=patient, record=patient, version=0
    )


def encode_head(head: Head) -> bytes:
    return _encode(head)


def decode_head(body: bytes) -> Head:
    return _decode_head(body)
