"""Mentions in text: what stands near a known name, or near a code, telephone or address that stands alone.

The vault knows which names it looks for, so names come from `known`. What else a paragraph says belongs to the name
before it; to the first name, if it stands before all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

from seifas.leaks import patterns, terms
from seifas.leaks.towns import first_town
from seifas.names.folding import fold

Known = Callable[[str], list[tuple[int, int]]]

_MOST_LINES: Final = 40
_MARGIN: Final = 50
_HYPHENS: Final = frozenset(("-", "–", "‐", "‑", " - ", " – "))
_MOST_TEXT: Final = 16_000
_SHOWN: Final = 600
_DOCTOR: Final = re.compile(
    r"(?<!\w)(?i:gyd(?:ytoj\w{0,4})?|dr|prof|doc|doctor|daktar\w{0,4}|chirurg\w{0,4}|dermatolog\w{0,4}|"
    r"kosmetolog\w{0,4}|surgeon|dermatologist)\.?[ \t]{1,3}((?:[^\W\d_a-z]\.[ ]?){0,2}[^\W\d_a-z]\w{1,30}"
    r"(?:[ -][^\W\d_a-z]\w{1,30}){0,2})"
)
_JOINT: Final = re.compile(r"[ \t\u00a0]{1,3}|,[ \t]?")
_SENTENCE: Final = re.compile(
    r"(?<!gim)(?<!tel)(?<!gyd)(?<!dr)(?<!Dr)[.!?;]\s+(?=[^\W\d_a-ząčęėįšųūž])"
)


class Said(Struct, frozen=True):
    """What a text says of one person. `row` is the line's number; `span` in characters of `text`."""

    row: int
    span: tuple[int, int]
    text: str
    names: tuple[str, ...] = ()
    births: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    doctors: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    city: str = ""


class _Anchor(Struct):
    start: int
    end: int
    names: list[str]


def said(lines: Sequence[str], known: Known, *, first: int = 1) -> Iterator[Said]:
    """Every mention in some lines; `first` is the number of the first of them."""
    for start, block in _paragraphs(lines):
        yield from _of_paragraph(block, first + start, known)


def _paragraphs(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """(index of the first line, lines) between empty lines. A line that is only a few words, a heading or a name, goes
    with what follows it after an empty line."""
    block: list[str] = []
    start = size = blanks = 0
    for at, line in enumerate(lines):
        if not line.strip():
            blanks += 1
            if block and (blanks > 1 or not _is_heading(block)):
                yield start, block
                block, size = [], 0
            elif block:
                block.append("")
            continue
        blanks = 0
        if not block:
            start = at
        block.append(line)
        size += len(line)
        if len(block) >= _MOST_LINES or size >= _MOST_TEXT:
            yield start, block
            block, size = [], 0
    if block:
        yield start, block


def _is_heading(block: list[str]) -> bool:
    return len(block) == 1 and len(block[0]) <= 60 and not any(char.isdigit() for char in block[0]) and (
        not block[0].rstrip().endswith((".", ",", "!", "?"))
    )


def _of_paragraph(block: list[str], number: int, known: Known) -> Iterator[Said]:
    text = "\n".join(block)
    # Where lines are cut by a margin, names and numbers go on in the next; in lists they do not.
    flowing = "".join(f"{line}{' ' if _is_cut(line) else chr(10)}" for line in block)[: len(text)]
    found = list(patterns.everything(flowing))
    people, doctors = _names(flowing, known, [one for kind, one in found if kind == "email"])
    if not people and not any(kind in ("code", "phone", "email") for kind, _ in found):
        return
    anchors = people or _lone(text, found)
    cuts = _cuts(text, anchors)
    for place, anchor in enumerate(anchors):
        start, end = cuts[place], cuts[place + 1]
        yield _gathered(text, number, anchor, (start, end), found, doctors)


def _is_cut(line: str) -> bool:
    line = line.rstrip()
    return len(line) >= _MARGIN and (line[-1].isalnum() or line[-1] in ",-(")


def same(names: Iterable[str], others: Iterable[str]) -> bool:
    """Whether names are among others in some case form: every word begins as one of theirs does."""
    known = {word[:4] for name in others for word in fold(name).split()}
    return all(word[:4] in known for name in names for word in fold(name).split())


def _names(text: str, known: Known, barred: Sequence[patterns.Found]) -> tuple[list[_Anchor], list[tuple[int, str]]]:
    """Known names as anchors, neighbouring parts joined, one for the same name again; doctors, (where, name), apart."""
    people: list[_Anchor] = []
    titled = [one for one in _DOCTOR.finditer(text) if one[1][0].isupper()]
    doctors = [(one.start(1), one[1]) for one in titled]
    for start, end in sorted(known(text)):
        if not 0 <= start < end <= len(text):
            continue
        if any(one.start(1) < end and start < one.end(1) for one in titled):
            continue
        if any(one.start < end and start < one.end for one in barred):
            continue
        last = people[-1] if people else None
        gap = text[last.end : start] if last is not None else ""
        if last is not None and start < last.end:
            continue
        if last is not None and (gap in _HYPHENS or (
            _JOINT.fullmatch(gap) and " " not in text[last.start : last.end] and " " not in text[start:end]
        )):
            last.end = end
            last.names = [text[last.start : end]]
        elif last is None or not same([text[start:end]], last.names):
            people.append(_Anchor(start, end, [text[start:end]]))
    return people, doctors


def _lone(text: str, found: list[tuple[str, patterns.Found]]) -> list[_Anchor]:
    """Codes, telephones and addresses as anchors, where no name is known: one for a paragraph that has one of each at
    most, else one for each line."""
    alone = sorted((one for kind, one in found if kind in ("code", "phone", "email")), key=lambda one: one.start)
    kinds = [kind for kind, _ in found if kind in ("code", "phone", "email")]
    anchors: list[_Anchor] = []
    for one in alone:
        if not anchors or (len(kinds) > len(set(kinds)) and "\n" in text[anchors[-1].end : one.start]):
            anchors.append(_Anchor(one.start, one.end, []))
    return anchors


def _cuts(text: str, anchors: list[_Anchor]) -> list[int]:
    """Where what belongs to one anchor ends and to the next begins: at the line or sentence between them if there is
    one, else right before the next."""
    cuts = [0]
    for one, other in pairwise(anchors):
        between = text[one.end : other.start]
        at = between.rfind("\n")
        if at < 0:
            ends = list(_SENTENCE.finditer(between))
            at = ends[-1].end() - 1 if ends else -1
        cuts.append(one.end + at + 1 if at >= 0 else other.start)
    return [*cuts, len(text)]


def _gathered(
    text: str, number: int, anchor: _Anchor, part: tuple[int, int], found: list[tuple[str, patterns.Found]],
    doctors: list[tuple[int, str]],
) -> Said:
    start, end = part
    facts: dict[str, list[str]] = {"code": [], "birth": [], "date": [], "phone": [], "email": []}
    for kind, one in found:
        if start <= one.start < end and one.value not in facts[kind]:
            facts[kind].append(one.value)
    if not facts["birth"]:
        _old_dates(facts)
    own = text[start:end]
    shown_from = text.rfind("\n", 0, anchor.start) + 1
    shown_from = max(shown_from, anchor.start - _SHOWN // 2)
    shown_to = text.find("\n", anchor.end)
    shown_to = min(len(text) if shown_to < 0 else shown_to, shown_from + _SHOWN)
    shown_to = max(shown_to, min(anchor.end, shown_from + 2 * _SHOWN))
    return Said(
        row=number + text.count("\n", 0, anchor.start), text=text[shown_from:shown_to],
        span=(anchor.start - shown_from, min(anchor.end, shown_to) - shown_from), names=tuple(anchor.names),
        births=tuple(facts["birth"]), codes=tuple(facts["code"]), phones=tuple(facts["phone"]),
        emails=tuple(facts["email"]), dates=tuple(facts["date"]), city=first_town(own),
        terms=tuple(dict.fromkeys(one.term for one in terms.found(own))),
        doctors=tuple(dict.fromkeys(name for at, name in doctors if start <= at < end)),
    )  # fmt: skip


_ADULT_YEARS: Final = 17


def _old_dates(facts: dict[str, list[str]]) -> None:
    """A date with nobody's word for it is one of birth if it lies so far back that no record of a visit would."""
    newest = max((day for day in facts["date"]), default="")
    for day in facts["date"][:]:
        limit = min(int(newest[:4]), patterns.this_year()) - _ADULT_YEARS if len(facts["date"]) > 1 else (
            patterns.this_year() - _ADULT_YEARS
        )
        if int(day[:4]) <= limit:
            facts["date"].remove(day)
            facts["birth"].append(day)
