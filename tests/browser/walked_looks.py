"""What is seen on a walk over pages: each in both languages, on a telephone and on a desktop, in one theme or both
(walking.asked_of). And what must be so on every one of them.

axe finds nothing serious or critical, nothing is wider than the screen, no word is in the other language, no page is
heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import walking
from playwright.sync_api import Error
from shown_words import read, wrong
from walking import LANGUAGES, LOOKS, Visit, Walker

MOST_BYTES = 150_000


@dataclass
class Seen:
    """A page as it was shown: the status and the language of each answer, its texts, its weight, and what is wrong."""

    visit: Visit
    statuses: dict[str, int] = field(default_factory=dict)
    says: dict[str, str | None] = field(default_factory=dict)
    texts: dict[str, set[str]] = field(default_factory=dict)
    weight: int = 0
    unreached: list[dict[str, Any]] = field(default_factory=list)
    grave: list[dict[str, Any]] = field(default_factory=list)
    wide: list[dict[str, Any]] = field(default_factory=list)


def walked(walker: Walker, visits: dict[str, Sequence[Visit]]) -> list[Seen]:
    """All of these pages, by language in the same order."""
    pairs = zip(*(visits[language] for language in LANGUAGES), strict=True)
    return [_seen(walker, dict(zip(LANGUAGES, pair, strict=True))) for pair in pairs]


def _seen(walker: Walker, pair: dict[str, Visit]) -> Seen:
    seen = Seen(pair["lt"])
    for language, visit in pair.items():
        try:
            page, seen.statuses[language], weight = walker.show(visit, language)
        except Error as error:
            seen.unreached.append({"page": visit.name, "language": language, "error": str(error)[:300]})
            continue
        seen.weight = max(seen.weight, weight)
        seen.texts[language] = read(page)
        seen.says[language] = page.locator("html").get_attribute("lang")
        for place, rules in walking.asked_of(visit.name, language):
            theme, width = LOOKS[language][place]
            over = walker.look(page, theme, width)
            here = {"page": visit.name, "language": language, "theme": theme, "width": width}
            seen.grave += [here | one for one in walking.grave(page, rules)]
            if over > 0:
                seen.wide.append(here | {"by": over})
    return seen


def assert_each_is_the_one_that_is_meant(walk: Sequence[Seen]) -> None:
    unreached = [row for one in walk for row in one.unreached]
    assert not unreached, walking.report(unreached)
    other = [{"page": one.visit.name, "answers": one.statuses, "meant": one.visit.status} for one in walk
             if one.visit.status and set(one.statuses.values()) != {one.visit.status}]
    assert not other, walking.report(other)


def assert_nothing_grave(walk: Sequence[Seen]) -> None:
    found = [row for one in walk for row in one.grave]
    assert not found, walking.report(found)


def assert_nothing_is_wider_than_the_screen(walk: Sequence[Seen]) -> None:
    found = [row for one in walk for row in one.wide]
    assert not found, walking.report(found)


def assert_each_speaks_its_language(walk: Sequence[Seen]) -> None:
    found: list[dict[str, Any]] = []
    for one in walk:
        if one.visit.door == "unlock":  # the keeper's own page knows no visitor's language: it says all in both
            continue
        mistakes = wrong(one.texts.get("lt", set()), one.texts.get("en", set()))
        if mistakes["lt"] or mistakes["en"] or one.says != {"lt": "lt", "en": "en"}:
            found.append({"page": one.visit.name, "says": one.says, **mistakes})
    assert not found, walking.report(found)


def assert_none_is_heavy(walk: Sequence[Seen]) -> None:
    assert [one.visit.name for one in walk if one.weight < 500] == []
    heavy = {one.visit.name: one.weight for one in walk if one.visit.prepare is None and one.weight > MOST_BYTES}
    assert heavy == {}
