"""The facts of a case, entered once: each with what it rests on. An entry "facts" holds all of them as they stand.

A number is typed, or counted in a frozen snapshot of who is affected; then the snapshot and the query are kept with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from seifas.errors import Invalid
from seifas.incidents.filings.catalogue import FACTS, Fact
from seifas.incidents.local_time import a_day, span, zone_of
from seifas.incidents.standing import Entry

KIND: Final = "facts"
"""The kind of the entry."""

MOST_TEXT: Final = 6_000
MOST_LINE: Final = 300
MOST_GROUNDS: Final = 60
MOST_NUMBER: Final = 10**12
_REFERENCE: Final = re.compile(r"(?:file|event|demand|snapshot|entry):[0-9a-f]{32}\Z|(?:profile|case)\Z")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2})?\Z")


class Count(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number as a query into a snapshot: `snapshot` its id in hex, `query` as the keeper said it back."""

    snapshot: str
    query: str
    n: int
    at_ms: int


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of one fact: `text` for a line, a text, a number, a moment ("YYYY-MM-DDTHH:MM" or a day) or one
    choice; `chosen` for several. `grounds` are references: "file:HEX", "event:HEX", "demand:HEX", "snapshot:HEX",
    "entry:HEX", "profile", "case". `unknown`: a person says that nothing is known of it, whatever the
    case's data say."""

    text: str = ""
    chosen: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()
    count: Count | None = None
    unknown: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return not self.text and not self.chosen


Answers = Mapping[str, Answer]
NOTHING: Final = Answer()


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of an entry "facts". `zone` is that of its moments; `snapshot` the one numbers are counted in (hex), or
    ""."""

    zone: str
    answers: dict[str, Answer] = {}
    snapshot: str = ""

    def answer(self, name: str) -> Answer:
        """What is known of a fact; nothing where it was not answered."""
        return self.answers.get(name, NOTHING)


def checked(facts: Facts) -> Facts:
    """The same without what is empty. Raises Invalid with the fact's id in `where`."""
    zone_of(facts.zone)
    if facts.snapshot and not re.fullmatch("[0-9a-f]{32}", facts.snapshot):
        raise Invalid("this is no snapshot", where="snapshot")
    kept = {}
    for name, answer in facts.answers.items():
        fact = FACTS.get(name)
        if fact is None:
            raise Invalid("there is no such fact", where="facts")
        _check(fact, answer, facts.zone)
        if not answer.empty or answer.unknown:
            kept[name] = answer
    return msgspec.structs.replace(facts, answers=kept)


def _check(fact: Fact, answer: Answer, zone: str) -> None:
    where, text = fact.id, answer.text
    if len(answer.grounds) > MOST_GROUNDS or any(not _REFERENCE.match(one) for one in answer.grounds):
        raise Invalid("what it rests on is a file, an event, a demand or a snapshot of this case", where=where)
    if answer.chosen and fact.kind != "many":
        raise Invalid("one answer", where=where)
    if answer.count is not None and (fact.kind != "number" or text != str(answer.count.n)):
        raise Invalid("a counted number is the one that was counted", where=where)
    if any(ord(one) < 32 and one not in "\n\t" for one in text) or "\x7f" in text:
        raise Invalid("take out what is no text", where=where)
    match fact.kind:
        case "many":
            known = {name for name, _, _ in fact.choices}
            if text or len(set(answer.chosen)) != len(answer.chosen) or not known.issuperset(answer.chosen):
                raise Invalid("choose from the list", where=where)
        case "one":
            if text and not any(name == text for name, _, _ in fact.choices):
                raise Invalid("choose from the list", where=where)
        case "number":
            if text and (not re.fullmatch("[0-9]{1,13}", text) or int(text) > MOST_NUMBER):
                raise Invalid("a whole number", where=where)
        case "moment":
            if text:
                _moment(text, zone, where)
        case "day":
            if text:
                a_day(text, where)
        case "line":
            if len(text) > MOST_LINE or "\n" in text:
                raise Invalid(f"one line of at most {MOST_LINE} letters", where=where)
        case "text":
            if len(text) > MOST_TEXT:
                raise Invalid(f"at most {MOST_TEXT:,} letters", where=where)


def _moment(text: str, zone: str, where: str) -> None:
    if not _MOMENT.match(text):
        raise Invalid("a time like 2026-03-24T14:05, or a day like 2026-03-24", where=where)
    try:
        span(text, zone, "minute" if "T" in text else "day")
    except Invalid as error:
        raise Invalid(error.message, where=where) from None


def last_ms(facts: Facts, name: str) -> int | None:
    """The last ms (UTC) of a moment or a day among the facts; None where it is not known."""
    text = facts.answer(name).text
    if not text:
        return None
    found = span(text, facts.zone, "minute" if "T" in text else "day")
    return None if found is None else found[1]


def written(facts: Facts) -> bytes:
    """The body of the entry. Raises Invalid."""
    return msgspec.json.encode(checked(facts), order="deterministic")


def newest(entries: Iterable[Entry]) -> tuple[str, Facts] | None:
    """The id (hex) of the newest entry of facts that can be read, and the facts; None where there is none."""
    for one in sorted(entries, key=lambda each: -each.seq):
        if one.kind != KIND:
            continue
        try:
            return one.entry, checked(msgspec.json.decode(one.body, type=Facts))
        except (msgspec.DecodeError, UnicodeDecodeError, Invalid):
            continue
    return None


def merged(typed: Answers, proposed: Answers) -> dict[str, Answer]:
    """What is known: what a person wrote, and what the case's own data say where nobody wrote anything."""
    return {name: one for name in FACTS if (one := typed.get(name) or proposed.get(name)) is not None}
