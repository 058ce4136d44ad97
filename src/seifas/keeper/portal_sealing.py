"""Seals what people write under the patient's own key; gives addresses and codes names that nobody can try outside."""

from __future__ import annotations

import hmac
import unicodedata
from typing import Final

from seifas.crypto import envelope
from seifas.crypto.aad import Purpose
from seifas.errors import Invalid, Tampered
from seifas.keeper.keeper import Keeper
from seifas.keeper.model import Head
from seifas.keeper.portal_model import MOST_TEXT

TEXT: Final = 1
ANSWER: Final = 2
ADDRESS: Final = 3
"""Which field of a row a sealed text is: part of what its ciphertext is bound to."""


def seal_text(keeper: Keeper, head: Head, ident: bytes, field: int, text: str) -> bytes:
    """Seals words under the patient's own key. Raises Invalid for what is no text or too long."""
    if len(text) > MOST_TEXT:
        raise Invalid(f"a text has at most {MOST_TEXT} letters", where="text")
    try:
        plain = text.encode()
    except UnicodeEncodeError:
        raise Invalid("this is no text", where="text") from None
    keyring = keeper.require_unlocked().keyring
    return envelope.seal(
        keyring.patient(head.patient, head.check).card, plain, purpose=Purpose.STATE, clinic=keyring.clinic,
        patient=head.patient, record=ident, version=field, epoch=keyring.epoch,
    )


def open_text(keeper: Keeper, head: Head, ident: bytes, field: int, sealed: bytes) -> str:
    """The words again; "" for none. Raises Tampered."""
    if not sealed:
        return ""
    keyring = keeper.require_unlocked().keyring
    plain = envelope.open_sealed(
        keyring.patient(head.patient, head.check).card, sealed, purpose=Purpose.STATE, clinic=keyring.clinic,
        patient=head.patient, record=ident, version=field,
    )
    try:
        return plain.decode()
    except UnicodeDecodeError:
        raise Tampered("a kept text is not as written", where=ident.hex()) from None


def words_of(text: str, *, where: str = "text", least: int = 1) -> str:
    """Free text as it is kept: line ends of one kind, nothing that turns the direction. Raises Invalid."""
    kept = unicodedata.normalize("NFC", text[: 2 * MOST_TEXT].replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not least <= len(kept) <= MOST_TEXT:
        raise Invalid(f"write between {least} and {MOST_TEXT} letters", where=where)
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs"} and letter not in "\n\t" for letter in kept):
        raise Invalid("this has characters that are no writing", where=where)
    return kept


def tag_of(keeper: Keeper, what: bytes, text: str) -> bytes:
    """The HMAC-SHA256 (32 bytes) under which an address, a code or a date is known here: it cannot be tried outside."""
    return hmac.digest(keeper.require_unlocked().keyring.state_key, b"portal " + what + b"\0" + text.encode(), "sha256")
