"""What jobs is told of one person to write to them: address and language from their record, and a new code."""

from __future__ import annotations

import hmac
from typing import Any, Final

import msgspec

from seifas.crypto.typed_codes import read_code
from seifas.errors import Missing
from seifas.keeper.directory.card import Card
from seifas.keeper.keeper import Keeper
from seifas.keeper.letter_model import GONE, NOWHERE, Code, Letter
from seifas.keeper.reminders import wishes_of
from seifas.keeper.schedule.pages import day_of

_MOST_LINES: Final = 8
_MOST_LINE: Final = 120


class _Address(msgspec.Struct, frozen=True):
    use: str = ""
    type: str = ""
    text: str = ""
    line: tuple[str, ...] = ()
    postalCode: str = ""
    city: str = ""
    state: str = ""
    country: str = ""


class _Addresses(msgspec.Struct, frozen=True):
    address: tuple[_Address, ...] = ()


_DECODE = msgspec.json.Decoder(_Addresses).decode


class Whom(msgspec.Struct, frozen=True):
    """`why`: empty, or the state in which the letter's channel ends: nobody is there, or not at such an address."""

    why: str = ""
    address: tuple[str, ...] = ()
    language: str = ""


def whom(keeper: Keeper, letter: Letter) -> Whom:
    """How to reach a letter's patient on its channel; one line for a mail address or telephone number."""
    try:
        vault = keeper.require_unlocked().vault
        head = vault.head(letter.patient)
        body = vault.record(head, vault.entry(head, "Patient", letter.patient)).body
    except Missing:
        return Whom(GONE)
    card = keeper.directory.card(letter.patient)
    if card is None or card.deceased or letter.patient in keeper.canaries:
        return Whom(GONE)
    spoken = wishes_of(body).language
    language = spoken or keeper.settings.clinic.languages[0]
    found: tuple[str, ...]
    if letter.channel == "letter":
        found = postal(card, body)
    elif letter.address:
        # The answer to a question goes to the contact that was named, while it still stands on the card.
        found = (letter.address,) if letter.address in (*card.emails, *card.phones) else ()
    else:
        found = (card.emails if letter.channel == "mail" else card.phones)[:1]
    return Whom("", found, language) if found else Whom(NOWHERE)


def postal(card: Card, body: bytes) -> tuple[str, ...]:
    """The lines of the window: name, street, code and town, country; empty where there is no town or no street."""
    try:
        known = [one for one in _DECODE(body).address if one.use not in ("old", "billing")]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
    best = sorted(known, key=lambda one: (one.type == "physical", one.use != "home"))
    for one in best:
        street = [_line(each) for each in one.line if _line(each)]
        town = _line(f"{one.postalCode} {one.city}")
        if street and one.city.strip():
            lines = [*street, town, _line(one.country)]
        elif one.text.strip():
            lines = [_line(each) for each in one.text.splitlines()]
        else:
            continue
        name = _line(f"{' '.join(card.given)} {card.family}")
        return tuple(each for each in (name, *lines) if each)[:_MOST_LINES]
    return ()


def _line(text: str) -> str:
    return " ".join("".join(one for one in text if one.isprintable() or one.isspace()).split())[:_MOST_LINE]


def tag_of(keeper: Keeper, code: str) -> bytes:
    """Under which a code is known here (HMAC-SHA-256): it cannot be tried outside. Of what is no code too, so that one
    takes as long as the other."""
    key = keeper.require_unlocked().keyring.state_key
    return hmac.digest(key, b"notice code\0" + read_code(code).encode(), "sha256")


def with_code(keeper: Keeper, letter: Letter, tag: bytes, now_ms: int, lasts_ms: int) -> Letter:
    """The letter with one code more; codes that are long over go."""
    kept = tuple(one for one in letter.codes if one.until_ms > now_ms)[-7:]
    return msgspec.structs.replace(letter, codes=(*kept, Code(tag, now_ms + lasts_ms)))


def day(keeper: Keeper, ms: int) -> str:
    """YYYY-MM-DD in the clinic's zone; empty for 0."""
    return day_of(ms, keeper.schedule.zone) if ms else ""


def finding_of(keeper: Keeper, letter: Letter) -> dict[str, Any]:
    """A Finding of incidents.notices.composing."""
    return {
        "grade": letter.grade, "sure": letter.sure, "categories": letter.categories, "day": day(keeper, letter.day_ms)
    }


def page_of_codes(keeper: Keeper, language: str) -> str:
    """The address of the page for codes, as letters print it."""
    known = keeper.settings.clinic.languages
    shown = next((one for one in (language[:2], "en") if one in known), known[0])
    return keeper.settings.incidents.notice_address or f"{keeper.settings.portal_url}/{shown}/code"
