"""The sealed objects of a photo: the bytes as received, and three renditions that are made once, when it comes; and its
fingerprint, taken from the smallest of them before it is encoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.darkroom.feeding import Developed
from seifas.darkroom.imaging import fingerprint, jpeg
from seifas.darkroom.imaging.scaling import shrunk, within
from seifas.errors import Tampered
from seifas.storage.objects import Objects

KEPT_AT: Final = 95
"""JPEG quality of what is kept, without chroma subsampling: it is decoded and encoded again whenever it is shown."""

SCREEN: Final = 2048
THUMB: Final = 512


class Granted(msgspec.Struct, frozen=True):
    """The keeper's answer to `darkroom.grant`; `objects` the ids (16 bytes) by rendition."""

    photo: bytes
    key: bytes
    clinic: bytes
    patient: bytes
    epoch: int
    objects: dict[str, bytes]

    def __repr__(self) -> str:
        return "Granted(...)"


class Place(msgspec.Struct, frozen=True):
    """One sealed object and what opens it, as the keeper tells it in several answers."""

    object: bytes
    key: bytes
    clinic: bytes
    patient: bytes
    epoch: int

    def __repr__(self) -> str:
        return "Place(...)"


class Stored(msgspec.Struct, frozen=True):
    """What the keeper is told of an object: its id, the bytes inside, the picture's pixels."""

    id: bytes
    size: int
    width: int
    height: int


class Renditions(NamedTuple):
    """What became of a photo: its sealed objects by rendition, and what finds it again (imaging/fingerprint.py)."""

    stored: dict[str, Stored]
    fingerprint: bytes

    def __repr__(self) -> str:
        return "Renditions(...)"


def place_of(answer: Any, name: str = "") -> Place:
    """The place in an answer of the keeper's."""
    return msgspec.convert(answer[name] if name else answer, Place)


def seal_into(objects: Objects, place: Place, pieces: Iterable[bytes]) -> None:
    """Seals pieces into a new object, durable on return."""
    objects.put(
        place.object,
        stream.seal_stream(
            place.key, pieces, purpose=Purpose.PHOTO, clinic=place.clinic, patient=place.patient, record=place.object,
            version=1, epoch=place.epoch,
        ),
    )  # fmt: skip


def opened(objects: Objects, place: Place) -> bytes:
    """All of an object. Raises Tampered where it is not what was sealed there, Missing where it is gone."""
    whole = b"".join(
        stream.open_stream(
            place.key, objects.get(place.object), purpose=Purpose.PHOTO, clinic=place.clinic, patient=place.patient,
            record=place.object, version=1, epoch=place.epoch,
        )
    )  # fmt: skip
    if not whole:
        raise Tampered("a sealed picture is empty", where=place.object.hex())
    return whole


def sealed_renditions(
    objects: Objects, granted: Granted, made: Developed, original: Iterator[bytes], size: int
) -> Renditions:
    """Seals the original and its renditions under the photo's key: {original, full, screen, thumb}, all durable.

    One that fails leaves what was put before it; the caller removes all.
    """
    stored = {}
    header, picture = made
    for name, long_side in (("full", 0), ("screen", SCREEN), ("thumb", THUMB)):
        height, width = picture.shape[:2]
        if long_side:
            width, height = within(width, height, long_side)
            picture = shrunk(picture, width, height)  # each from the one before: as good, and a tenth of the work
        body = jpeg.encoded(picture, KEPT_AT, full_colour=True)
        seal_into(objects, _granted_place(granted, name), (body,))
        stored[name] = Stored(granted.objects[name], len(body), width, height)
    seal_into(objects, _granted_place(granted, "original"), original)
    stored["original"] = Stored(granted.objects["original"], size, header.width, header.height)
    shown = (stored["screen"].width, stored["screen"].height)
    return Renditions(stored, fingerprint.of(picture, shown))


def _granted_place(granted: Granted, name: str) -> Place:
    return Place(granted.objects[name], granted.key, granted.clinic, granted.patient, granted.epoch)
