"""What people write into a case: events, tasks, people, who was told what, decisions, claims, notes.

Each is the body of one entry of the case, as JSON. Nothing is changed: who corrects writes another entry of the same
kind about the first one, who takes back writes the same with `retracted` saying why. standing.py tells what stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from seifas.errors import Invalid
from seifas.incidents.local_time import Precision, a_day, span, zone_of

EventWord = Literal[
    "first-signal", "aware", "aware-significant", "aware-processor", "new-fact", "contained", "high-risk", "request",
    "early-warning", "incident-notice", "report-asked", "investigation", "refusal", "leave", "other",
]  # fmt: skip
Role = Literal[
    "director", "officer", "counsel", "it", "press", "doctor", "police", "prosecutor", "authority", "insurer", "other"
]
TaskState = Literal["open", "done", "dropped"]
Way = Literal["meeting", "telephone", "mail", "message", "letter", "other"]
SourceKind = Literal[
    "vault", "clinic", "press", "police", "authority", "expert", "patient", "extorter", "thief", "other"
]

WORDS: Final[tuple[EventWord, ...]] = (
    "first-signal", "aware", "aware-significant", "aware-processor", "new-fact", "contained", "high-risk", "request",
    "early-warning", "incident-notice", "report-asked", "investigation", "refusal", "leave", "other",
)  # fmt: skip
"""What an event is for the deadlines. All but "other" start, stop or change one."""
SIGNED_WORDS: Final = frozenset({
    "aware", "aware-significant", "aware-processor", "contained", "high-risk", "early-warning", "incident-notice",
    "leave",
})  # fmt: skip
"""Events that clocks hang on: whoever writes one signs it by passkey."""
ROLES: Final[tuple[Role, ...]] = (
    "director", "officer", "counsel", "it", "press", "doctor", "police", "prosecutor", "authority", "insurer", "other",
)  # fmt: skip
STATES: Final[tuple[TaskState, ...]] = ("open", "done", "dropped")
WAYS: Final[tuple[Way, ...]] = ("meeting", "telephone", "mail", "message", "letter", "other")
SOURCES: Final[tuple[SourceKind, ...]] = (
    "vault", "clinic", "press", "police", "authority", "expert", "patient", "extorter", "thief", "other",
)  # fmt: skip

MOST_TEXT: Final = 4_000
MOST_LINE: Final = 300
MOST_EVIDENCE: Final = 100
_HEX: Final = re.compile(r"[0-9a-f]{32}\Z")


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """`retracted`: why it was taken back; empty while it stands."""

    retracted: str = ""


class Event(Document, frozen=True, kw_only=True):
    """Something that happened. `at` is local time in `zone`: "YYYY-MM-DDTHH:MM" where `precision` is minute or hour,
    "YYYY-MM-DD" where it is day or month, "" where unknown. `source`: who says so. `evidence`: ids of files, in hex."""

    what: str
    word: EventWord = "other"
    at: str
    zone: str
    precision: Precision = "minute"
    source: str = ""
    evidence: tuple[str, ...] = ()

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last ms (UTC) at which it can have been; None where unknown."""
        return span(self.at, self.zone, self.precision)


class Task(Document, frozen=True, kw_only=True):
    """Something to be done. `due`: "YYYY-MM-DDTHH:MM" in `zone`, or ""; `owner`: the entry of a person, in hex, or "";
    `outcome`: what came of it."""

    what: str
    due: str = ""
    zone: str = "Europe/Vilnius"
    owner: str = ""
    state: TaskState = "open"
    outcome: str = ""

    @property
    def due_ms(self) -> int:
        """When it is due; of an hour that clocks go through twice, the first time. 0 where it is due at no time."""
        lasts = span(self.due, self.zone, "minute") if self.due else None
        return lasts[0] if lasts else 0


class Person(Document, frozen=True, kw_only=True):
    """Who has a part in the case; never a patient. `account`: their user name here, if they have one."""

    name: str
    role: Role
    organisation: str = ""
    phone: str = ""
    email: str = ""
    account: str = ""
    note: str = ""


class Told(Document, frozen=True, kw_only=True):
    """That a person was told something: who in the management knew what, and when, has to be provable afterwards.
    `person`: the entry of the person, in hex. `at` to the minute."""

    person: str
    what: str
    at: str
    zone: str
    way: Way = "telephone"


class Decision(Document, frozen=True, kw_only=True):
    """What was decided, on what grounds, by whom (an entry of a person, or ""). Signed by passkey by who writes it."""

    question: str
    decided: str
    grounds: str
    by: str = ""
    against: str = ""


class Claim(Document, frozen=True, kw_only=True):
    """What somebody says, held beside what others say on the same subject. `says` keeps its unit: patients and photos
    are different counts. `dated`: "YYYY-MM-DD" or ""."""

    subject: str
    says: str
    source: str
    kind: SourceKind = "other"
    dated: str = ""
    evidence: tuple[str, ...] = ()


class Note(Document, frozen=True, kw_only=True):
    """Anything else worth keeping."""

    text: str


KINDS: Final[Mapping[str, type[Document]]] = MappingProxyType({
    "event": Event, "task": Task, "person": Person, "told": Told, "decision": Decision, "claim": Claim, "note": Note,
})  # fmt: skip
"""Kind of entry -> what its body is."""


def checked(document: Document) -> None:
    """Raises Invalid, with `where` naming the field, unless every field says what it should."""
    _line("retracted", document.retracted, empty=True)
    match document:
        case Event():
            _text("what", document.what)
            _known("word", document.word, WORDS)
            if document.precision == "unknown":
                if document.at:
                    raise Invalid("leave the time empty, or say how exactly it is known", where="at")
                if document.word in SIGNED_WORDS:
                    raise Invalid("a clock hangs on this: give its time", where="at")
            zone_of(document.zone)
            _ = document.span
            _line("source", document.source)
            _ids("evidence", document.evidence)
        case Task():
            _line("what", document.what)
            zone_of(document.zone)
            try:
                _ = document.due_ms
            except Invalid as error:
                raise Invalid(error.message, where="due") from None
            _ids("owner", (document.owner,) if document.owner else ())
            _known("state", document.state, STATES)
            _text("outcome", document.outcome, empty=True)
        case Person():
            _line("name", document.name)
            _known("role", document.role, ROLES)
            for where in ("organisation", "phone", "email", "account", "note"):
                _line(where, getattr(document, where), empty=True)
        case Told():
            _ids("person", (document.person,))
            _text("what", document.what)
            _known("way", document.way, WAYS)
            span(document.at, document.zone, "minute")
        case Decision():
            _line("question", document.question)
            _text("decided", document.decided)
            _text("grounds", document.grounds)
            _text("against", document.against, empty=True)
            _ids("by", (document.by,) if document.by else ())
        case Claim():
            _line("subject", document.subject)
            _line("says", document.says)
            _line("source", document.source)
            _known("kind", document.kind, SOURCES)
            if document.dated:
                a_day(document.dated, "dated")
            _ids("evidence", document.evidence)
        case Note():
            _text("text", document.text)


def written(document: Document) -> bytes:
    """The body of the entry. The same document gives the same bytes: a signature is over them. Raises Invalid."""
    checked(document)
    return msgspec.json.encode(document)


def read(kind: str, body: bytes) -> Document | None:
    """The document of an entry; None for a kind of another owner, or a body that is none of ours."""
    wanted = KINDS.get(kind)
    if wanted is None:
        return None
    try:
        found = msgspec.json.decode(body, type=wanted)
        checked(found)
    except (msgspec.DecodeError, UnicodeDecodeError, Invalid):
        return None
    return found


def _text(where: str, text: str, *, empty: bool = False, most: int = MOST_TEXT) -> None:
    if not empty and not text.strip():
        raise Invalid("write something here", where=where)
    if len(text) > most:
        raise Invalid(f"at most {most:,} letters", where=where)
    if any(ord(one) < 32 and one not in "\n\t" for one in text) or "\x7f" in text:
        raise Invalid("take out what is no text", where=where)


def _line(where: str, text: str, *, empty: bool = False) -> None:
    _text(where, text, empty=empty, most=MOST_LINE)
    if "\n" in text:
        raise Invalid("one line", where=where)


def _known(where: str, word: str, known: Iterable[str]) -> None:
    if word not in known:
        raise Invalid(f"one of: {', '.join(known)}", where=where)


def _ids(where: str, ids: tuple[str, ...]) -> None:
    if len(ids) > MOST_EVIDENCE or any(not _HEX.match(one) for one in ids):
        raise Invalid("this is no id", where=where)
