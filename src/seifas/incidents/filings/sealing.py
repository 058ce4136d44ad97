"""A filing that is finished: its bytes for good, with their hashes, and then when and how it was sent.

Two bodies of entries of the kind "filing": Sealed holds the bytes; Mark, about it, says how it went. Facts that are
written later never change what was sealed: they make a supplementary filing, which shows the difference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from seifas.errors import Invalid
from seifas.incidents.filings.catalogue import FORMS, FilingKind
from seifas.incidents.filings.facts import Facts
from seifas.incidents.filings.known import Sent
from seifas.incidents.filings.rendering import Document
from seifas.incidents.filings.sheet import as_json, as_pdf
from seifas.incidents.local_time import span, zone_of
from seifas.incidents.standing import Entry

KIND: Final = "filing"
"""The kind of the entries."""

LANGUAGES: Final = ("lt", "en")
MOST_LINE: Final = 200


class Gate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was looked at before it was sealed: the legal basis, that a scan named nobody, what was blacked out, the
    fields that were knowingly left for later."""

    basis: str
    scanned: bool
    black: int = 0
    later: tuple[str, ...] = ()
    leave: str = ""


class Sealed(msgspec.Struct, frozen=True, kw_only=True, tag="sealed", tag_field="is", forbid_unknown_fields=True):
    """A finished filing. `documents`, `pdf`, `json` by language; `sha256` by "pdf-lt" and so on, in hex. `of`: the
    sealed filing that it supplements (entry, hex)."""

    form: str
    kind: FilingKind
    of: str
    facts_entry: str
    facts: Facts
    documents: dict[str, Document]
    pdf: dict[str, bytes]
    json: dict[str, bytes]
    sha256: dict[str, str]
    gate: Gate
    exercise: bool = False


class Mark(msgspec.Struct, frozen=True, kw_only=True, tag="mark", tag_field="is", forbid_unknown_fields=True):
    """How a sealed filing went: "sent" in which language, when (local, in `zone`), over what, with which reference of
    theirs (it may come later: then a second mark); or "dropped", with why in `word`."""

    state: Literal["sent", "dropped"]
    language: str = ""
    at: str = ""
    zone: str = ""
    channel: str = ""
    reference: str = ""
    word: str = ""


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed filing with all that was marked on it, oldest first. `entry` in hex; `by` who sealed it."""

    entry: str
    ms: int
    by: str
    sealed: Sealed
    marks: tuple[Mark, ...] = ()

    @property
    def state(self) -> str:
        """ "ready", "sent" or "dropped": what was sent cannot be dropped."""
        if any(one.state == "sent" for one in self.marks):
            return "sent"
        return self.marks[-1].state if self.marks else "ready"

    @property
    def sent(self) -> Mark | None:
        """How it was sent, with the newest reference."""
        return next((one for one in reversed(self.marks) if one.state == "sent"), None)


def sealed(
    documents: dict[str, Document], facts: Facts, gate: Gate, day: str, *, of: str = "",
) -> Sealed:  # fmt: skip
    """The finished filing from its documents by language. For a thread. Raises Invalid for a form that is a draft,
    Unavailable where a PDF cannot be made."""
    any_one = documents["lt"]
    if FORMS[any_one.form].status == "draft":
        raise Invalid("this form is not in force yet: it can be looked at, and not sealed", where="form")
    pdf = {language: as_pdf(one, day, draft=False) for language, one in documents.items()}
    json = {language: as_json(one, draft=False) for language, one in documents.items()}
    hashes = {f"pdf-{one}": hashlib.sha256(body).hexdigest() for one, body in pdf.items()}
    hashes |= {f"json-{one}": hashlib.sha256(body).hexdigest() for one, body in json.items()}
    return Sealed(
        form=any_one.form, kind=any_one.kind, of=of, facts_entry=any_one.facts, facts=facts, documents=documents,
        pdf=pdf, json=json, sha256=hashes, gate=gate, exercise=any_one.exercise,
    )  # fmt: skip


def checked(mark: Mark, filed: Filed) -> Mark:
    """The same. Raises Invalid with `where`: at, channel, reference, language, word, state."""
    if mark.state == "dropped":
        if filed.state == "sent":
            raise Invalid("what was sent is sent: make a supplementary filing", where="state")
        if not 3 <= len(mark.word) <= MOST_LINE or not mark.word.isprintable():
            raise Invalid("say why, in a line", where="word")
        return mark
    if mark.language not in filed.sealed.pdf:
        raise Invalid("which language was sent?", where="language")
    zone_of(mark.zone)
    if len(mark.at) != 16:
        raise Invalid("give the time to the minute, like 2026-03-24T14:05", where="at")
    span(mark.at, mark.zone, "minute")
    for where, text, least in (("channel", mark.channel, 2), ("reference", mark.reference, 0)):
        if not least <= len(text) <= MOST_LINE or not text.isprintable():
            raise Invalid(f"one line of at most {MOST_LINE} letters", where=where)
    return mark


def filings(entries: Iterable[Entry]) -> tuple[Filed, ...]:
    """The filings of a case, oldest first. An entry that is none of ours, or whose bytes are not those that its hashes
    name, counts for nothing."""
    found: dict[str, Filed] = {}
    for one in sorted(entries, key=lambda each: each.seq):
        if one.kind != KIND:
            continue
        body = _read(one.body)
        if isinstance(body, Sealed) and not one.about:
            found[one.entry] = Filed(entry=one.entry, ms=one.ms, by=one.by, sealed=body)
        elif isinstance(body, Mark) and one.about in found:
            before = found[one.about]
            found[one.about] = msgspec.structs.replace(before, marks=(*before.marks, body))
    return tuple(found.values())


def _read(body: bytes) -> Sealed | Mark | None:
    try:
        found = msgspec.json.decode(body, type=Sealed | Mark)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if isinstance(found, Sealed):
        bodies = {f"pdf-{one}": data for one, data in found.pdf.items()}
        bodies |= {f"json-{one}": data for one, data in found.json.items()}
        if {name: hashlib.sha256(data).hexdigest() for name, data in bodies.items()} != found.sha256:
            return None
    return found


def written(body: Sealed | Mark) -> bytes:
    """The body of an entry."""
    return msgspec.json.encode(body)


def last_sent(filed: Iterable[Filed], form: str) -> Filed | None:
    """The newest filing of a form that was sent."""
    return next((one for one in reversed(tuple(filed)) if one.sealed.form == form and one.state == "sent"), None)


def sent_of(filed: Iterable[Filed]) -> tuple[Sent, ...]:
    """The filings that were sent, as other filings name them."""
    return tuple(
        Sent(
            entry=one.entry, form=one.sealed.form, kind=one.sealed.kind, at=mark.at.replace("T", " "),
            channel=mark.channel, reference=mark.reference,
        )
        for one in filed if (mark := one.sent) is not None
    )  # fmt: skip
