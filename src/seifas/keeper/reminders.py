"""Reminders as they are kept: one row for each appointment of tomorrow that was dealt with (Kind.REMINDER). Pure.

A row names the schedule's entry, no patient and no address; it goes when the day is over.
"""

from __future__ import annotations

import msgspec

MOST_TRIES = 3
AGAIN_MS = 15 * 60_000

GIVEN, SENT, FAILED, OUTBOX, OFF, NOWHERE = "given", "sent", "failed", "outbox", "off", "nowhere"
"""Handed to jobs; taken by the mail server or the webhook; not taken; a demo's, which goes to nobody; the patient wants
none; there is no address."""

NO_REMINDERS = "urn:seifas:no-reminders"
"""The extension of a Patient who wants no reminders: valueBoolean true."""


class Reminder(msgspec.Struct, frozen=True, array_like=True):
    """`day` is the appointment's date, YYYY-MM-DD; `state` one of the words above."""

    entry: bytes
    day: str
    state: str
    at_ms: int
    tries: int = 1


class _Flag(msgspec.Struct, frozen=True):
    url: str = ""
    valueBoolean: bool = False


class _Coding(msgspec.Struct, frozen=True):
    code: str = ""


class _Concept(msgspec.Struct, frozen=True):
    coding: tuple[_Coding, ...] = ()


class _Spoken(msgspec.Struct, frozen=True):
    language: _Concept = _Concept()
    preferred: bool = False


class _Wishes(msgspec.Struct, frozen=True):
    extension: tuple[_Flag, ...] = ()
    communication: tuple[_Spoken, ...] = ()


class Wishes(msgspec.Struct, frozen=True):
    """Whether a patient wants reminders, and in which language ("" where the card does not say)."""

    wanted: bool
    language: str


_DECODER = msgspec.json.Decoder(_Wishes)


def wishes_of(body: bytes) -> Wishes:
    """What a Patient's record says. One that cannot be read wants none: rather no letter than an unwanted one."""
    try:
        read = _DECODER.decode(body)
    except msgspec.DecodeError:
        return Wishes(wanted=False, language="")
    spoken = sorted(read.communication, key=lambda one: not one.preferred)
    codes = [coding.code[:2].lower() for one in spoken for coding in one.language.coding]
    off = any(one.url == NO_REMINDERS and one.valueBoolean for one in read.extension)
    return Wishes(wanted=not off, language=next(iter(codes), ""))


def due_again(reminder: Reminder | None, now_ms: int) -> bool:
    """Whether an appointment still has to be reminded of."""
    if reminder is None:
        return True
    if reminder.state not in (GIVEN, FAILED) or reminder.tries >= MOST_TRIES:
        return False
    return now_ms - reminder.at_ms >= AGAIN_MS or now_ms < reminder.at_ms
