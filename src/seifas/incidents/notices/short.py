"""Notices by e-mail and text message: that there is one, and the code that shows it. Nothing else leaves in the clear.

Neither names the clinic, the person or what it is about: a message is read over shoulders, by families and by those who
carry it. An address that would give the clinic away is left out of text messages.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from seifas.incidents.notices.composing import CaseWords
from seifas.incidents.notices.wording import fill, wording_of
from seifas.names.folding import words as folded


class Message(msgspec.Struct, frozen=True):
    """`subject` is empty for a text message."""

    subject: str
    text: str


def mail(language: str, case: CaseWords, *, code: str, ref: str, until: str) -> Message:
    """The e-mail of a notice."""
    words = wording_of(language)
    text = fill(words.mail.text, address=case.address, code=code, until=until, phone=case.phone, ref=ref)
    return Message(_stamped(words.mail.subject, words.exercise, case), text.strip() + "\n")


def sms(language: str, case: CaseWords, *, code: str, clinic: str) -> Message:
    """The text message of a notice: with the address, unless that names the `clinic`."""
    words = wording_of(language)
    if case.address and neutral(case.address, clinic):
        text = fill(words.sms.text, code=code, address=case.address.removeprefix("https://"), phone=case.phone)
    else:
        text = fill(words.sms.text_plain, code=code, phone=case.phone)
    return Message("", _stamped(text, words.exercise, case))


def asked(language: str, address: str, *, code: str, until: str) -> Message:
    """The answer to "was I affected?", the same for whoever is affected and whoever is not."""
    words = wording_of(language)
    text = fill(words.asked.text, address=address, code=code, until=until)
    return Message(words.asked.subject, text.strip() + "\n")


def asked_sms(language: str, address: str, *, code: str) -> Message:
    """The same as a text message."""
    words = wording_of(language)
    return Message("", fill(words.asked.sms, address=address.removeprefix("https://"), code=code))


def neutral(text: str, clinic: str) -> bool:
    """Whether a text, or the host in it, holds none of the words (of four letters and more) of the clinic's name."""
    host = urlsplit(text).hostname or ""
    plain = "".join(folded(text)) + " " + "".join(folded(host.replace("-", " ").replace(".", " ")))
    return not any(len(word) >= 4 and word in plain for word in folded(clinic))


def _stamped(text: str, stamp: str, case: CaseWords) -> str:
    return f"[{stamp}] {text}" if case.exercise else text
