"""What has changed on a watched page: its lines of text before and now, the prices and the dates that it names.

Read in the process that fetched the page, which also delivers alarms: so every step takes time in proportion to the
text, whatever it says, and none can fail. (html.parser takes the square of an unclosed tag, and stops at some.) Nothing
of a page is run, loaded or followed. What is read out is for people to look at, and decides nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from typing import Final

import msgspec

MOST_TEXT: Final = 2_000_000
_MOST: Final = 12
_HIDDEN: Final = frozenset({"script", "style", "noscript", "template", "svg"})
_BREAKS: Final = frozenset({
    "p", "br", "div", "li", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "table", "ul",
    "ol", "pre", "blockquote", "hr", "title", "option",
})  # fmt: skip

_SIGN = r"(?:€|\$|£|₿|EUR|USD|GBP|BTC|XMR|mBTC|bitcoins?|eur(?:os?|ų|ai)?)"
# Bounded, so that no place is looked at again and again: without, 20 KB of digits took 9 s and held the whole process.
_SUM = r"\d{1,3}(?:[ \u00a0.,]\d{3}){1,4}(?:[.,]\d{1,8})?|\d{1,15}(?:[.,]\d{1,8})?"
_PRICE: Final = re.compile(rf"(?<![\w.,])(?:({_SIGN})\s?({_SUM})|({_SUM})\s?({_SIGN}))(?!\w)", re.IGNORECASE)
_DATE: Final = re.compile(
    r"(?<!\d)(?:20\d\d-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]20\d\d)(?:[ T]\d{1,2}:\d\d(?::\d\d)?)?(?!\d)"
    r"|(?<!\d)\d{1,3}\s?(?:hours?|days?|val(?:andos|andų|\.)?|dien(?:os|ų))(?!\w)",
    re.IGNORECASE,
)

_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9]{0,15})")
_LOWER: Final = {letter: letter + 32 for letter in range(ord("A"), ord("Z") + 1)}
_PIECE: Final = 10_000


class Page(msgspec.Struct, frozen=True):
    """`lines` of text in order, blank ones left out; `prices` and `deadlines` as written, the first twelve of each."""

    lines: tuple[str, ...]
    prices: tuple[str, ...]
    deadlines: tuple[str, ...]


def _texts(html: str) -> Iterator[str]:
    """The text between the tags, line breaks for those that break lines. Each search goes on where the last one ended,
    and one that finds nothing is the last."""
    plain = html.translate(_LOWER)
    at = 0
    while (start := html.find("<", at)) >= 0:
        yield _unescaped(html[at:start])
        tag = _TAG.match(plain, start)
        if html.startswith("<!--", start):
            end, past = html.find("-->", start + 4), 3
        elif tag is None and not html.startswith(("<!", "<?"), start):
            yield "<"
            at = start + 1
            continue
        else:
            end, past = html.find(">", start), 1
        if end < 0:
            return
        at = end + past
        if tag is not None and tag[2] in _BREAKS:
            yield "\n"
        if tag is not None and tag[2] in _HIDDEN and not tag[1]:
            at = plain.find(f"</{tag[2]}", at)
            if at < 0:
                return
    yield _unescaped(html[at:])


def _unescaped(text: str) -> str:
    try:
        return unescape(text)
    except ValueError:  # a number of more digits than Python reads
        return text


def read(body: bytes, charset: str = "") -> Page:
    """The page's text, whatever its bytes are: as its own charset, else as UTF-8 with what does not fit replaced."""
    try:
        text = body.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):  # no such charset, or a name that is none
        text = body.decode("utf-8", "replace")
    if "<" in text[:4096]:
        text = "".join(_texts(text[:MOST_TEXT]))
    lines = tuple(line for one in text[:MOST_TEXT].splitlines() if (line := " ".join(one.split())))
    return Page(lines, _first(_PRICE, lines), _first(_DATE, lines))


def _first(pattern: re.Pattern[str], lines: tuple[str, ...]) -> tuple[str, ...]:
    """Searched piece by piece: a pattern at work lets no other thread of the process run."""
    found: dict[str, None] = {}
    for line in lines:
        for start in range(0, len(line), _PIECE):
            for match in pattern.finditer(line[start : start + _PIECE]):
                found[" ".join(match.group(0).split())[:40]] = None
                if len(found) == _MOST:
                    return tuple(found)
    return tuple(found)


def changed(before: Page, now: Page) -> tuple[int, int]:
    """(lines that came, lines that went), however often each stands and wherever."""
    then, today = Counter(before.lines), Counter(now.lines)
    return (today - then).total(), (then - today).total()
