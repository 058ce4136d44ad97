"""Photos of the demo's patients: before and after, sealed and filed as the darkroom and the keeper do it.

A few dozen patients have them, most of whom come today, so that whoever tries the demo finds some. Some patients have
consented to a photo's being shown to everybody: these stand in the public gallery.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from datetime import date
from hashlib import sha256
from typing import Final

import msgspec

from seifas.crypto import stream
from seifas.crypto.aad import NOBODY, Purpose
from seifas.darkroom.decoding import Header
from seifas.darkroom.feeding import Developed
from seifas.darkroom.imaging import jpeg, watermark
from seifas.darkroom.renditions import Granted, sealed_renditions
from seifas.demo.chart import SYNTHETIC_CODE, SYNTHETIC_SYSTEM
from seifas.demo.days import day
from seifas.demo.dice import Dice, stable_id
from seifas.demo.pictures import HEIGHT, WIDTH, drawn
from seifas.demo.schedule import appointments
from seifas.keeper.keyring import Keyring
from seifas.keeper.photo_model import About, PhotoFacts, Publication, Stored, new_ids, record_id
from seifas.keeper.photo_showing import seed as view_seed
from seifas.keeper.photographing import changes_of
from seifas.keeper.vault import Change
from seifas.records.consents import HASH_SYSTEM, PAIR_LETTERS, USE_SYSTEM, caption_of

MOST: Final = 60
_PATIENTS_EACH: Final = 60  # in a small demo one of so many has photos
_TODAY: Final = 24
_SITES: Final = (
    ("Veidas", "Face", "redness"), ("Kakta", "Forehead", "lines"), ("Pilvas", "Abdomen", "scar"),
    ("Rankos", "Hands", "spots"), ("Kaklas", "Neck", "lines"), ("Nugara", "Back", "spots"),
)
_PUBLISHED: Final = 4
"""Patients whose last picture, and the first beside it, are published."""

_SHOWN_AT: Final = 90


class Photographed(msgspec.Struct):
    """One patient's photos: records to be filed with theirs, sealed objects, and publications."""

    changes: list[Change] = []
    objects: list[tuple[bytes, bytes]] = []
    publications: list[Publication] = []


class _Collected:
    """Stands where objects are put; they are stored later, by the process that has the store."""

    def __init__(self, found: list[tuple[bytes, bytes]]) -> None:
        self._found = found

    def put(self, ident: bytes, chunks: Iterable[bytes]) -> int:
        whole = b"".join(chunks)
        self._found.append((ident, whole))
        return len(whole)


def chosen(seed: int, patients: int, today: date) -> dict[bytes, int]:
    """Which patients have photos: their number among those by id. The same for the same seed and day."""
    most = min(MOST, -(-patients // _PATIENTS_EACH)) if patients else 0
    coming = [one for one in appointments(seed, patients, today) if one.ordinal == today.toordinal()] if most else []
    indexed = list(dict.fromkeys(one.patient for one in coming))[: min(_TODAY, max(1, most * 2 // 3))]
    return {bytes.fromhex(ident): number for number, ident in enumerate(_filled(indexed, seed, most))}


def _filled(ids: list[str], seed: int, most: int) -> list[str]:
    for index in range(most):
        ident = stable_id("patient", seed, index)
        if len(ids) < most and ident not in ids:
            ids.append(ident)
    return ids[:most]


def photographs(keyring: Keyring, zone: str, patient: bytes, number: int, seed: int, today: date) -> Photographed:
    """The photos of one patient, the `number`-th of those who have some."""
    dice = Dice("photos", seed, number)
    found = Photographed()
    site, english, kind = _SITES[number % len(_SITES)]
    patch = int(stable_id("patch", seed, number)[:12], 16)
    kept = []
    for view in ("front", "left")[: dice.between(1, 2)]:
        for shot, (back, left, words) in enumerate(_course(dice)):
            taken = day(today.toordinal() - back).millis(9 * 60 + dice.below(8 * 60))
            about = About(english.lower(), view, words, taken)
            picture = drawn(patch + (view == "left"), kind, left=left, shot=shot)
            ident = stable_id("photo", seed, number, view, shot)
            kept.append(_kept(found, keyring, zone, patient, about, picture, ident))
    if number < _PUBLISHED:
        pair = stable_id("pair", seed, number)[:PAIR_LETTERS]
        first = caption_of(f"{site}, prieš", f"{english}, before", pair=pair, side="before")
        _publish(found, keyring, patient, kept[0], first, dice)
        last = caption_of(f"{site}, po", f"{english}, after", pair=pair, side="after")
        _publish(found, keyring, patient, kept[-1], last, dice)
    return found


def _course(dice: Dice) -> Iterator[tuple[int, float, str]]:
    """(days before today, how much is left of what ails, in words): before, and after once or twice."""
    first = dice.between(90, 420)
    yield first, 1.0, "Prieš"
    if dice.chance(0.5):
        yield first // 2, 0.5, "Po 1-os procedūros"
    yield dice.between(3, 20), 0.15, "Po"


def _kept(
    found: Photographed, keyring: Keyring, zone: str, patient: bytes, about: About, picture: object, ident: str
) -> PhotoFacts:
    pixels = jpeg.decoded(original := jpeg.encoded(picture, 92))  # type: ignore[arg-type]  # what a camera would send
    media, key, ids = bytes.fromhex(ident), os.urandom(32), new_ids()
    granted = Granted(media, key, keyring.clinic, patient, keyring.epoch, ids)
    header = Header("jpeg", WIDTH, HEIGHT, WIDTH, HEIGHT, {}, "", "")
    sealed = sealed_renditions(
        _Collected(found.objects), granted, Developed(header, pixels), iter((original,)), len(original)  # type: ignore[arg-type]
    )
    facts = PhotoFacts(
        id=record_id(keyring, media).hex(), media=media, key=key, epoch=keyring.epoch,
        objects={name: Stored(one.id, one.size, one.width, one.height) for name, one in sealed.stored.items()},
        sha256=sha256(original).digest(), exif={"Make": "Seifas", "Model": "DEMO"}, taken_ms=about.taken_ms,
        received_ms=about.taken_ms, by=b"", source="import", format="jpeg",
        fingerprint=sealed.fingerprint,
    )
    media_change, facts_change = changes_of(zone, patient, facts, about, about.taken_ms)
    found.changes += [msgspec.structs.replace(media_change, body=_tagged(media_change.body)), facts_change]
    return facts


def _tagged(body: bytes) -> bytes:
    """A resource marked as synthetic, like all of the demo's."""
    fields = json.loads(body)
    fields["meta"]["tag"] = [{"system": SYNTHETIC_SYSTEM, "code": SYNTHETIC_CODE}]
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _publish(
    found: Photographed, keyring: Keyring, patient: bytes, facts: PhotoFacts, caption: str, dice: Dice
) -> None:
    """A consent to this photo's being shown to everybody, and the marked copy under its own key."""
    consent = bytes.fromhex(stable_id("photo consent", facts.media.hex()))
    one = Publication(
        id=os.urandom(16), photo=facts.media, patient=patient, use="publication", consent=consent, key=os.urandom(32),
        epoch=keyring.epoch, object=os.urandom(16), sha256=facts.sha256, caption=caption, width=WIDTH, height=HEIGHT,
        made_ms=facts.taken_ms, by=b"",
    )
    screen = stream.open_object(
        facts.key, dict(found.objects)[facts.objects["screen"].id], purpose=Purpose.PHOTO, clinic=keyring.clinic,
        patient=patient, record=facts.objects["screen"].id, version=1, epoch=facts.epoch,
    )
    marked = watermark.embed(jpeg.decoded(screen), view_seed(keyring, facts.media, one.id))
    blob = stream.seal_object(
        one.key, jpeg.encoded(marked, _SHOWN_AT), purpose=Purpose.PHOTO, clinic=keyring.clinic, patient=NOBODY,
        record=one.object, version=1, epoch=one.epoch,
    )
    found.objects.append((one.object, blob))
    found.publications.append(one)
    found.changes.append(Change("create", "Consent", consent, patient, 0, _consent(patient, consent, facts, dice)))


def _consent(patient: bytes, ident: bytes, facts: PhotoFacts, dice: Dice) -> bytes:
    given = day(date.fromtimestamp(facts.taken_ms / 1000).toordinal())
    return _tagged(json.dumps({
        "resourceType": "Consent", "id": ident.hex(),
        "meta": {"versionId": "1", "lastUpdated": given.moment(11 * 60, dice.below(60_000)).text},
        "status": "active",
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope",
                              "code": "patient-privacy"}], "text": "Privatumas"},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0", "display": "Patient Consent"}],
                      "text": "Paciento sutikimas"}],
        "patient": {"reference": f"Patient/{patient.hex()}"}, "dateTime": given.local(11 * 60),
        "policyRule": {"text": "photo-publication v1"},
        "provision": {
            "type": "permit",
            "code": [{"coding": [{"system": USE_SYSTEM, "code": "publication"}]}],
            "data": [{"meaning": "instance", "reference": {
                "reference": f"Media/{facts.media.hex()}",
                "identifier": {"system": HASH_SYSTEM, "value": facts.sha256.hex()},
            }}],
        },
    }).encode())
