"""Is whoever extorts the thief? What each demand proves, and which demands seem to come from one hand.

A demand that shows nothing, or only what anybody could have taken from what was public by then, proves nothing about
who took the data. One whose samples hold patients who were not public yet was written by somebody who holds unpublished
records, or has them from who does. That is all that can be said: the verdict is about what a demand proves, never an
identity. Demands are laid together when they share a payment address or a contact, or when their wording is alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec
from rapidfuzz import fuzz

from seifas.incidents.demands import Kept, instant
from seifas.leaks.results import Matched
from seifas.names.contacts import email_form, phone_digits
from seifas.names.folding import fold

Word = Literal["only-public", "unpublished", "no-proof", "not-searched"]

SURE: Final = 0.9
"""A row of a sample counts for a patient from this probability on."""

ALIKE: Final = 88.0
"""Wordings are alike from this token-set ratio on (0 to 100; rapidfuzz)."""

LEAST_WORDS: Final = 12
"""Shorter wordings are alike by chance: "pay or we publish" is in all of them."""

_WORDS: Final = re.compile(r"[a-z0-9]{2,}")
_LETTERS: Final = re.compile(r"[^\W\d_]")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of the case was found to hold. `patients` (16 bytes each) at `SURE` or more; `rows` that the search
    read; `searched`: False while no search has gone over it."""

    file: str
    patients: frozenset[bytes] = frozenset()
    rows: int = 0
    searched: bool = False


def shown_of(results: Iterable[Matched], files: Mapping[str, str]) -> dict[str, Shown]:
    """What the case's searches found in each of its files (`files`: name by id in hex). A row says only the name of its
    file, so of two files with one name in one search neither counts as searched by it."""
    patients: dict[str, set[bytes]] = {}
    rows: dict[str, int] = {}
    for result in results:
        named: dict[str, list[str]] = {}
        for file in result.files:
            named.setdefault(files.get(file, ""), []).append(file)
        by_name = {name: some[0] for name, some in named.items() if name and len(some) == 1}
        for file in by_name.values():
            patients.setdefault(file, set())
        for row in result.rows:
            file_of = by_name.get(row.source) or by_name.get(row.source.partition("/")[0])
            if file_of is None:
                continue
            rows[file_of] = rows.get(file_of, 0) + 1
            patients[file_of] |= {one.patient for one in row.candidates if one.probability >= SURE}
    return {
        file: Shown(file=file, patients=frozenset(some), rows=rows.get(file, 0), searched=True)
        for file, some in patients.items()
    }


class Published(msgspec.Struct, frozen=True):
    """A file that is a copy of something public: since when, by the evidence's own words (local, in `zone`)."""

    file: str
    since: str
    zone: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one demand proves. `shown` patients of its samples, `unpublished` of them that nothing public held by then;
    `public` files were public by then. `unsearched` samples wait for a search: until then the rest is not sure."""

    entry: str
    word: Word
    shown: int = 0
    unpublished: int = 0
    public: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    unsearched: tuple[str, ...] = ()
    patients: tuple[bytes, ...] = ()


def verdicts(
    demands: Iterable[Kept], shown: Mapping[str, Shown], published: Sequence[Published]
) -> tuple[Verdict, ...]:
    """A verdict for each demand, in their order. A sample that is itself listed as public counts as public only from
    its own `since` on. Raises Invalid for a time that is none."""
    since = {one.file: instant(one.since, one.zone, "since") for one in published}
    return tuple(_verdict(one, shown, since) for one in demands)


def _verdict(kept: Kept, shown: Mapping[str, Shown], since: Mapping[str, datetime]) -> Verdict:
    demand = kept.demand
    # A demand known by its day only may have been written at that day's end: by then more was public.
    seen = instant(demand.seen_at, demand.zone, "seen_at", ends=True)
    public = tuple(file for file, at in since.items() if at <= seen)
    unsearched = tuple(one for one in demand.samples if one not in shown or not shown[one].searched)
    held = frozenset[bytes]().union(*(shown[one].patients for one in demand.samples if one in shown))
    known = frozenset[bytes]().union(*(shown[one].patients for one in public if one in shown))
    blind = any(one not in shown or not shown[one].searched for one in public)
    fresh = held - known
    word: Word
    if not demand.samples or (not held and not unsearched):
        word = "no-proof"
    elif unsearched and not fresh:
        word = "not-searched"
    elif fresh:
        # What is public and was not searched could hold them: then it is not said that it does not.
        word = "not-searched" if blind else "unpublished"
    else:
        word = "only-public"
    return Verdict(
        entry=kept.entry, word=word, shown=len(held), unpublished=len(fresh), public=public, samples=demand.samples,
        unsearched=unsearched, patients=tuple(sorted(fresh)),
    )


class Link(msgspec.Struct, frozen=True):
    """Why two demands were laid together: "address", "contact", "replaces" or "wording", and what they share (of a
    wording: how much, in per cent)."""

    one: str
    other: str
    why: str
    what: str


class Cluster(msgspec.Struct, frozen=True):
    """Demands that seem to come from one hand, and the links that say so."""

    entries: tuple[str, ...]
    links: tuple[Link, ...]


def clusters(demands: Sequence[Kept]) -> tuple[Cluster, ...]:
    """Demands laid together, the largest first. A replaced demand and what replaced it are of one hand: "replaces"."""
    links = list(_links(demands))
    parent = {one.entry: one.entry for one in demands}

    def root(entry: str) -> str:
        while parent[entry] != entry:
            entry = parent[entry]
        return entry

    for link in links:
        parent[root(link.other)] = root(link.one)
    by_root: dict[str, list[str]] = {}
    for one in demands:
        by_root.setdefault(root(one.entry), []).append(one.entry)
    made = [
        Cluster(tuple(entries), tuple(link for link in links if link.one in entries)) for entries in by_root.values()
    ]
    return tuple(sorted(made, key=lambda one: -len(one.entries)))


def _links(demands: Sequence[Kept]) -> Iterable[Link]:
    known = {one.entry for one in demands}
    worded = {one.entry: _worded(one.demand.wording) for one in demands}
    addresses = {one.entry: {address.plain for address in one.demand.paid_to if address.valid} for one in demands}
    contacts = {one.entry: _contact(one.demand.contact) for one in demands}
    for number, one in enumerate(demands):
        if one.about in known:
            yield Link(one.about, one.entry, "replaces", "")
        for other in demands[:number]:
            for address in sorted(addresses[one.entry] & addresses[other.entry]):
                yield Link(other.entry, one.entry, "address", address)
            if contacts[one.entry] and contacts[one.entry] == contacts[other.entry]:
                yield Link(other.entry, one.entry, "contact", contacts[one.entry])
            alike = _alike(worded[one.entry], worded[other.entry])
            if alike >= ALIKE:
                yield Link(other.entry, one.entry, "wording", f"{alike:.0f}")


def _contact(text: str) -> str:
    """A contact in the one spelling that compares: an e-mail address, a telephone number, or what it is without case
    and spaces."""
    if mail := email_form(text):
        return mail
    plain = "".join(text.split()).lower()
    return (phone_digits(text) if not _LETTERS.search(plain) else "") or plain


def _worded(text: str) -> str:
    return " ".join(_WORDS.findall(fold(text)))


def _alike(one: str, other: str) -> float:
    if min(len(one.split()), len(other.split())) < LEAST_WORDS:
        return 0.0
    # The sort ratio weighs what only one of them says, the set ratio forgives it: their mean is a wording that was
    # shortened or lengthened, not one that happens to hold the other's words.
    return (float(fuzz.token_set_ratio(one, other)) + float(fuzz.token_sort_ratio(one, other))) / 2
