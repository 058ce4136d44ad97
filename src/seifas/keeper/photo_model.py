"""What the keeper keeps of a photo: the facts that lead from its Media resource to its key and its sealed objects.

A photo is two records of one patient: a FHIR `Media` resource, which is shown and corrected like any other, and a
record of the internal type "Photo", sealed under the patient's photos key, which never leaves the keeper. The second's
id is derived from the first's under the routing key, so that one leads to the other and on a disk neither does.
"""

from __future__ import annotations

import hmac
import os
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Missing, Tampered
from seifas.keeper.keyring import Keyring
from seifas.keeper.model import Entry, Head
from seifas.keeper.vault import Vault

TYPE: Final = "Photo"
"""The internal record type. FHIR knows no such resource, and no op shows one."""

RENDITIONS: Final = ("original", "full", "screen", "thumb")
"""The sealed objects of a photo: as received; for printing (at most 24 MP); 2048 px; 512 px on the long side."""

CONTENT_TYPES: Final = {"jpeg": "image/jpeg", "png": "image/png", "heic": "image/heic", "webp": "image/webp"}
"""By the word for the format that the intake worker recognised in the bytes."""

USES: Final = ("teaching", "publication")

VIEWS: Final = ("", "front", "left", "right", "left-oblique", "right-oblique", "top", "back", "other")
VIEW_SYSTEM: Final = "urn:seifas:view"
LONGEST_SITE: Final = 80
LONGEST_NOTE: Final = 2000


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of a photo when it is begun. `view` is one of VIEWS; `taken_ms` is for a silent camera."""

    body_site: str = ""
    view: str = ""
    note: str = ""
    taken_ms: int = 0


class Stored(msgspec.Struct, frozen=True):
    """One sealed object: its id (16 bytes), the bytes inside before sealing, and the picture's pixels."""

    id: bytes
    size: int
    width: int
    height: int


class PhotoFacts(msgspec.Struct, frozen=True, kw_only=True, tag_field="resourceType", tag=TYPE):
    """The body of a "Photo" record, as JSON. `id` is its own in hex, `media` the photo's (16 bytes).

    `key` is the photo's own, 32 random bytes, under which its objects are sealed at `epoch`; `sha256` is of the bytes
    as they were received; `exif` what the camera wrote, which no rendition carries; `by` the account (empty: import);
    `fingerprint` what finds the picture again in a leak search (darkroom/imaging/fingerprint.py), at most 8 KB, empty
    for photos from before there was one.
    """

    id: str
    media: bytes
    key: bytes
    epoch: int
    objects: dict[str, Stored]
    sha256: bytes
    exif: dict[str, str]
    taken_ms: int
    received_ms: int
    by: bytes
    source: str
    format: str
    fingerprint: bytes = b""

    def __repr__(self) -> str:
        return "PhotoFacts(...)"


class Underway(msgspec.Struct, frozen=True, array_like=True):
    """A state row (Kind.CAPTURE): objects that the darkroom was let write and no record names yet.

    It goes with the commit that names them; where that never comes, its objects are swept.
    """

    photo: bytes
    patient: bytes
    objects: tuple[bytes, ...]
    began_ms: int


class Publication(msgspec.Struct, frozen=True, array_like=True):
    """A state row (Kind.PUBLICATION): one photo, given for one use. Deleting the row is the death of its key.

    `consent` is the FHIR Consent (16 bytes) that it hangs on, `sha256` the photo's original bytes that the consent
    names; `object` the sealed, marked copy, whose pixels `width` and `height` count.
    """

    id: bytes
    photo: bytes
    patient: bytes
    use: str
    consent: bytes
    key: bytes
    epoch: int
    object: bytes
    sha256: bytes
    caption: str
    width: int
    height: int
    made_ms: int
    by: bytes

    def __repr__(self) -> str:
        return "Publication(...)"


encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(PhotoFacts).decode


def record_id(keyring: Keyring, media: bytes) -> bytes:
    """The 16 bytes under which a photo's "Photo" record is filed; without the routing key they look random."""
    return hmac.digest(keyring.routing, b"photo of" + media, "sha256")[:16]


def photo_entries(vault: Vault, head: Head, media: bytes) -> tuple[Entry, Entry]:
    """The live entries (Media, Photo) of a photo. Raises Missing where it is no photo, or is deleted."""
    try:
        return vault.entry(head, "Media", media), vault.entry(head, TYPE, record_id(vault.keyring, media))
    except Missing:
        raise Missing("there is no such photo") from None


def facts_of(vault: Vault, head: Head, entry: Entry) -> PhotoFacts:
    """The facts in a "Photo" entry. Raises Tampered where they are not those of the record they were sealed as."""
    facts = facts_in(vault.record(head, entry).body, entry.id.hex())
    if record_id(vault.keyring, facts.media) != entry.id:
        raise Tampered("the facts of a photo are another photo's", where=entry.id.hex())
    return facts


def facts_in(body: bytes, where: str = "photo") -> PhotoFacts:
    """The facts that the body of a "Photo" record holds. Raises Tampered."""
    try:
        return _decode(body)
    except msgspec.DecodeError:
        raise Tampered("the facts of a photo cannot be read", where=where) from None


def photos_of(vault: Vault, head: Head, *, deleted: bool = False) -> list[tuple[Entry, PhotoFacts]]:
    """All photos of a patient with the entry of their facts, oldest first; `deleted`: those that were deleted too."""
    found = [
        (entry, facts_of(vault, head, entry))
        for entry in vault.manifest(head).values()
        if entry.type == TYPE and (deleted or not entry.deleted)
    ]
    return sorted(found, key=lambda one: (one[1].taken_ms or one[1].received_ms, one[1].media))


def located(vault: Vault, photo: bytes) -> Head:
    """The head of the patient whose photo this is. Raises Missing, the same for what never was."""
    if len(photo) != 16:
        raise Missing("there is no such photo")
    try:
        return vault.head(vault.patient_of("Media", photo))
    except Missing:
        raise Missing("there is no such photo") from None


def words_of(about: About) -> dict[str, Any]:
    """The fields of a Media that say what it shows; None where nothing is said."""
    return {
        "bodySite": {"text": about.body_site} if about.body_site else None,
        "view": {"coding": [{"system": VIEW_SYSTEM, "code": about.view}], "text": about.view} if about.view else None,
        "note": [{"text": about.note}] if about.note else None,
    }


def checked_about(about: About) -> About:
    """The same with its spaces trimmed. Raises Invalid for an unknown view, a text too long or a year out of reach."""
    site, note = " ".join(about.body_site.split()), about.note.strip()
    if about.view not in VIEWS:
        raise Invalid(f"a view is one of: {', '.join(filter(None, VIEWS))}", where="view")
    if len(site) > LONGEST_SITE or len(note) > LONGEST_NOTE:
        raise Invalid(f"a body site has at most {LONGEST_SITE} letters, a note {LONGEST_NOTE}", where="note")
    if not 0 <= about.taken_ms < 1 << 43:
        raise Invalid("the moment of taking is in no year that we know", where="taken_ms")
    return About(site, about.view, note, about.taken_ms)


def new_ids() -> dict[str, bytes]:
    """Names for the objects of a photo that is to come."""
    return {rendition: os.urandom(16) for rendition in RENDITIONS}
