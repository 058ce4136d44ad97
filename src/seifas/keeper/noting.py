"""Notes of appointments, sealed under the patient's own key inside the day page, so that erasing reaches them.

A day page belongs to the clinic and outlives an erasure, also in old backups; what somebody wrote about the patient on
it must not. A sealed note begins with a mark that no typed note can have in the store, since every typed one is sealed.
"""

from __future__ import annotations

import base64
import binascii

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seifas.crypto import envelope
from seifas.crypto.aad import Purpose
from seifas.errors import Invalid, Tampered
from seifas.keeper.schedule.pages import NOTE_LIMIT, SEALED_NOTE, Entry


def seal_note(card: AESGCM, note: str, *, clinic: bytes, patient: bytes, entry: bytes, epoch: int) -> str:
    """What stands in the page; nothing for nothing. Raises Invalid for a note that is too long."""
    if len(note) > NOTE_LIMIT:
        raise Invalid(f"A note has at most {NOTE_LIMIT} letters.", where="note")
    if not note:
        return ""
    try:
        plain = note.encode()
    except UnicodeEncodeError:
        raise Invalid("A note is text.", where="note") from None
    sealed = envelope.seal(
        card, plain, purpose=Purpose.SCHEDULE, clinic=clinic, patient=patient, record=entry, version=0, epoch=epoch
    )
    return SEALED_NOTE + base64.b64encode(sealed).decode()


def open_note(card: AESGCM, entry: Entry, *, clinic: bytes) -> str:
    """The note of an entry as it was typed. Raises Tampered."""
    if not entry.note.startswith(SEALED_NOTE):
        return entry.note
    try:
        sealed = base64.b64decode(entry.note[len(SEALED_NOTE) :], validate=True)
    except (binascii.Error, ValueError):
        raise Tampered("the note of an appointment is not as written", where=entry.id.hex()) from None
    return envelope.open_sealed(
        card, sealed, purpose=Purpose.SCHEDULE, clinic=clinic, patient=entry.patient, record=entry.id, version=0
    ).decode()
