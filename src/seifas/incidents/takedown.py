"""Taking down: each address where data was found, who was asked to remove it, what they answered, whether it is gone.

An address goes through found, asked, answered and gone; and back to found when a look of the watcher (jobs/watching.py)
sees it again. Each step is an entry of its own that names the one before. What is written to a host or a search engine
never says whose the data is.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from seifas.errors import Invalid
from seifas.incidents import standing
from seifas.incidents.standing import Entry
from seifas.incidents.timeline import Document

Whom = Literal["host", "search", "media", "platform"]
State = Literal["found", "asked", "answered", "refused", "gone", "back"]

KIND: Final = "takedown"
"""The kind of a step's entry."""

WHOM: Final = ("host", "search", "media", "platform")
STATES: Final = ("found", "asked", "answered", "refused", "gone", "back")
_NEXT: Final[dict[str, tuple[str, ...]]] = {
    "found": ("asked", "gone"), "asked": ("answered", "refused", "gone", "asked"),
    "answered": ("gone", "asked", "refused"), "refused": ("asked", "gone"), "gone": ("back",),
    "back": ("asked", "gone"),
}  # fmt: skip
_MOST_URL: Final = 2_000
_MOST_TEXT: Final = 4_000
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\Z")


class Takedown(Document, frozen=True, kw_only=True):
    """One step for one address. `whom` is asked, at `recipient` (an address or form of theirs); `word` what was said by
    them or about them; `watch` the watch that looks again (hex), `evidence` ids in hex; `at` local time or day."""

    url: str
    whom: Whom
    state: State
    at: str
    recipient: str = ""
    reference: str = ""
    word: str = ""
    watch: str = ""
    evidence: tuple[str, ...] = ()
    seen_by: Literal["person", "watcher"] = "person"


class Step(msgspec.Struct, frozen=True):
    """A step as an entry of the case: its id in hex, the first entry of its address or "", when it was entered."""

    entry: str
    about: str
    ms: int
    takedown: Takedown


class Address(msgspec.Struct, frozen=True):
    """All steps of one address, oldest first."""

    first: str
    steps: tuple[Step, ...]

    @property
    def now(self) -> Takedown:
        """The newest step."""
        return self.steps[-1].takedown


def checked(made: Takedown, before: Takedown | None) -> Takedown:
    """The same, or Invalid with `where`: url, whom, state, recipient, word, reference. A step follows from the one
    before: what was never asked cannot have answered."""
    if made.whom not in WHOM:
        raise Invalid(f"one of: {', '.join(WHOM)}", where="whom")
    if made.state not in STATES:
        raise Invalid(f"one of: {', '.join(STATES)}", where="state")
    if before is None and made.state != "found":
        raise Invalid("an address begins by being found", where="state")
    if before is not None and made.state not in _NEXT[before.state]:
        raise Invalid(f"after {before.state!r} comes one of: {', '.join(_NEXT[before.state])}", where="state")
    host(made.url)
    if len(made.recipient) > 300 or len(made.reference) > 200:
        raise Invalid("at most 300 letters", where="recipient")
    if len(made.word) > _MOST_TEXT:
        raise Invalid(f"at most {_MOST_TEXT:,} letters", where="word")
    return made


def following(state: str) -> tuple[str, ...]:
    """The states that may come after this one."""
    return _NEXT[state]


def local(ms: int, zone: str) -> str:
    """A moment (ms, UTC) as steps write it: local time, to the minute."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def host(url: str) -> str:
    """The host of an address, an onion's too. Raises Invalid: what is asked for by name must have one."""
    try:
        parts = urllib.parse.urlsplit(url)
        name = parts.hostname or ""
        if not _HOST.match(name):
            name = name.encode("idna").decode()
    except (ValueError, UnicodeError):
        name = ""
    bad = len(url) > _MOST_URL or not url.isprintable() or parts_of(url) not in ("http", "https")
    if bad or not name or "." not in name or not _HOST.match(name):
        raise Invalid("give the whole address, with http:// or https://", where="url")
    return str(name)


def parts_of(url: str) -> str:
    """The scheme of an address, or "" where it is none."""
    try:
        return urllib.parse.urlsplit(url).scheme
    except ValueError:
        return ""


def by_address(entries: Iterable[Entry]) -> tuple[Address, ...]:
    """The steps of a case by their addresses, those that stand open first, newest first among them. A body that is no
    step counts for nothing."""
    made = []
    for chain in standing.chains(entries, KIND):
        steps = [Step(one.entry, one.about, one.ms, step) for one in chain if (step := _read(one.body))]
        if steps and not steps[-1].takedown.retracted:
            made.append(Address(chain[0].entry, tuple(steps)))
    return tuple(sorted(made, key=lambda one: (one.now.state == "gone", -one.steps[-1].ms)))


def _read(body: bytes) -> Takedown | None:
    try:
        return msgspec.json.decode(body, type=Takedown)
    except msgspec.DecodeError:
        return None


def looked(now: Takedown, status: int, at: str, evidence: tuple[str, ...] = ()) -> Takedown | None:
    """The step that a look of the watcher makes, or None where nothing changed. 404, 410 and 451 mean that it is gone;
    any page means that it is there. What does not answer (0) or fails (5xx) says neither."""
    gone, there = status in (404, 410, 451), 200 <= status < 400
    if gone and now.state not in ("gone",):
        return msgspec.structs.replace(now, state="gone", at=at, word=str(status), evidence=evidence, seen_by="watcher")
    if there and now.state == "gone":
        return msgspec.structs.replace(now, state="back", at=at, word=str(status), evidence=evidence, seen_by="watcher")
    return None


class Request(msgspec.Struct, frozen=True):
    """What is sent to them: plain text without a word about anybody's data."""

    subject: str
    text: str


def request(now: Takedown, language: str, clinic: str, contact: str, reference: str) -> Request:
    """The request to remove an address, in "lt" or "en" (others get "en"). Sources: GDPR art. 17(1)(d), 17(2); for
    search engines C-131/12; for hosts Regulation (EU) 2022/2065 art. 16 (notice of illegal content)."""
    words = _TEXTS.get(language, _TEXTS["en"])
    host_of = host(now.url)
    return Request(
        words["subject"].format(host=host_of, reference=reference),
        "\n\n".join((
            words["greeting"], words[now.whom], f"    {now.url}", words["why"].format(clinic=clinic),
            words["ask"], words["keep"], words["end"].format(clinic=clinic, contact=contact, reference=reference),
        )),
    )  # fmt: skip


_TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "subject": "Unlawfully published personal data on {host}: request to remove ({reference})",
        "greeting": "To whom it may concern,",
        "host": "The following address, which you host, holds health data that were published unlawfully:",
        "platform": "The following address on your service holds health data that were published unlawfully:",
        "search": "Your search results lead to the following address, which holds health data that were published "
                  "unlawfully:",
        "media": "The following address of yours shows, or leads to, health data that were published unlawfully:",
        "why": "The data were taken from {clinic} in a crime that the police are informed of. Nobody whom they concern "
               "has agreed to their publication. They are special categories of data (Article 9 of Regulation (EU) "
               "2016/679); this is a notice under Article 16 of Regulation (EU) 2022/2065 and a request under "
               "Article 17 of Regulation (EU) 2016/679.",
        "ask": "Please remove the content, or access to it and copies of it in your caches, without undue delay, and "
               "tell us when it is done.",
        "keep": "Please do not copy or pass on what you see there, and keep your access and upload records of that "
                "address for the police.",
        "end": "{clinic}\n{contact}\nOur reference: {reference}",
    },
    "lt": {
        "subject": "Neteisėtai paskelbti asmens duomenys ({host}): prašymas pašalinti ({reference})",
        "greeting": "Laba diena,",
        "host": "Šiuo jūsų serveriuose esančiu adresu neteisėtai paskelbti sveikatos duomenys:",
        "platform": "Šiuo adresu jūsų paslaugoje neteisėtai paskelbti sveikatos duomenys:",
        "search": "Jūsų paieškos rezultatai veda į šį adresą, kuriame neteisėtai paskelbti sveikatos duomenys:",
        "media": "Šis jūsų adresas rodo neteisėtai paskelbtus sveikatos duomenis arba veda į juos:",
        "why": "Duomenys pagrobti iš {clinic}; apie nusikaltimą pranešta policijai. Nė vienas žmogus, kurio jie, "
               "nesutiko, kad jie būtų skelbiami. Tai specialių kategorijų duomenys (Reglamento (ES) 2016/679 9 "
               "straipsnis); šiuo raštu pranešame pagal Reglamento (ES) 2022/2065 16 straipsnį ir prašome pagal "
               "Reglamento (ES) 2016/679 17 straipsnį.",
        "ask": "Prašome nedelsiant pašalinti turinį arba prieigą prie jo ir jo kopijas, ir pranešti mums, kai tai "
               "bus padaryta.",
        "keep": "Prašome nekopijuoti ir neplatinti to, ką ten matote, ir išsaugoti to adreso prieigos ir įkėlimo "
                "įrašus policijai.",
        "end": "{clinic}\n{contact}\nMūsų numeris: {reference}",
    },
}
