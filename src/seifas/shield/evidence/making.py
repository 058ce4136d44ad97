"""Every form in which the evidence leaves, by name: for the desk, the command line and a site without a vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from seifas.errors import Invalid
from seifas.shield.evidence import forms, lists, minute_forms
from seifas.shield.evidence.book import Book
from seifas.shield.evidence.callsheet import call_sheet, call_words
from seifas.shield.evidence.chain import Kept, checked
from seifas.shield.evidence.lists import Rule
from seifas.shield.evidence.paper import About
from seifas.shield.evidence.summary import summary
from seifas.shield.model import Change


class Form(msgspec.Struct, frozen=True):
    """The end of a file's name, its media type, and whether it is made of addresses: those are opened for it, and that
    is a line of the log."""

    ending: str
    media: str
    addresses: bool


FORMS: Final[Mapping[str, Form]] = MappingProxyType({
    "csv": Form("addresses.csv", "text/csv; charset=utf-8", True),
    "json": Form("addresses.json", "application/json", True),
    "nft": Form("nft", "text/plain; charset=utf-8", True),
    "haproxy": Form("map", "text/plain; charset=utf-8", True),
    "cidr": Form("cidr.txt", "text/plain; charset=utf-8", True),
    "minutes": Form("minutes.jsonl", "application/x-ndjson", False),
    "minutes-csv": Form("minutes.csv", "text/csv; charset=utf-8", False),
    "summary": Form("summary.pdf", "application/pdf", False),
    "summary-networks": Form("summary.pdf", "application/pdf", True),
    "call": Form("call.pdf", "application/pdf", False),
    "call-text": Form("call.txt", "text/plain; charset=utf-8", False),
})  # fmt: skip
"""`summary-networks` is the summary with the networks from which most addresses sent, and the count of all of them."""


class Evidence(msgspec.Struct, frozen=True):
    """What a file is made of. `book` is None where no form of addresses is made; `uplink`: the line's figures now."""

    about: About
    kept: Sequence[Kept]
    changes: Sequence[Change]
    book: Book | None = None
    uplink: Mapping[str, float] = {}


def name_of(form: str, about: About, language: str = "") -> str:
    """What the file is called: the day, the event, and the language where it has one."""
    said = f"-{language}" if FORMS[form].media == "application/pdf" or form == "call-text" else ""
    return f"flood-{forms.moment(about.made_ms)[:10]}-{about.event[:8]}{said}-{FORMS[form].ending}"


def made(form: str, evidence: Evidence, rule: Rule, language: str) -> bytes:
    """The file. For a thread. Raises Invalid for another form, a rule or language that is none, and where the book is
    missing; Unavailable where a PDF cannot be made."""
    if form not in FORMS:
        raise Invalid("a form is one of: " + ", ".join(FORMS), where="form")
    about, book = evidence.about, evidence.book
    if FORMS[form].addresses:
        if book is None:
            raise Invalid("there is no book of this event: its addresses were not kept yet", where="form")
        if form in ("csv", "json"):
            return forms.csv(book) if form == "csv" else forms.json(book, about.event)
        if form != "summary-networks":
            write = {"nft": forms.nft, "haproxy": forms.haproxy_map, "cidr": forms.cidr}[form]
            return write(lists.chosen(book, rule), rule, about.made_ms)
    if form == "minutes":
        return minute_forms.minutes_jsonl(evidence.kept)
    minutes = [link.minute for link in checked(evidence.kept).links]  # what is no minute is named, and left out
    if form == "minutes-csv":
        return minute_forms.minutes_csv(minutes)
    if form == "call":
        return call_sheet(about, minutes, language, evidence.uplink)
    if form == "call-text":
        return call_words(about, minutes, language, evidence.uplink).encode("utf-8")
    return summary(about, minutes, evidence.changes, book, language)
