"""What to say to the provider at three in the morning: one page, as PDF and as plain text to read out.

Names no address that sent: the list goes separately, and only to who will act on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from seifas.shield.evidence import paper
from seifas.shield.evidence.paper import About, Block, at, number, percent
from seifas.shield.evidence.plain import plain
from seifas.shield.evidence.totals import Totals, totals
from seifas.shield.evidence.uplink import Verdict, judged, worst
from seifas.shield.model import Minute

_FIGURES: Final = (
    "rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "rx_dropped", "link_bytes", "accepted", "syn_overflows",
    "syncookies", "retransmits",
)  # fmt: skip
_ASKED: Final = ("ask-1", "ask-2", "ask-3", "ask-4", "ask-5", "ask-6")
_KNOWN: Final = ("in", "out", "lost", "untaken")


def call_sheet(
    about: About, minutes: Sequence[Minute], language: str, uplink: Mapping[str, float] | None = None
) -> bytes:
    """The PDF in "lt" or "en". `uplink`: figures of now, which count with those of the minutes. For a thread. Raises
    Unavailable where it cannot be made, Invalid for another language."""
    words = paper.words_of(language)
    found, figures = totals(minutes), worst(minutes, uplink)
    parts: list[tuple[str, list[Block]]] = [
        ("", [paper.text(words["call-first"]), paper.facts(_whom(about, words))]),
        (words["situation"], [paper.text(_saying(found, words, language)), _strongest(found, words, language)]),
        (words["verdict"], [paper.strong(verdict_words(judged(figures), language))]),
        (words["figures"], [_figures(figures, words, language)]),
        (words["asking"], [paper.points(_asking(about, words))]),
        (words["notes"], [paper.blank(5)]),
    ]
    return paper.set_as_pdf(about, language, words["call"], parts)


def call_words(
    about: About, minutes: Sequence[Minute], language: str, uplink: Mapping[str, float] | None = None
) -> str:
    """The same as plain text. Raises Invalid for another language."""
    words = paper.words_of(language)
    found, figures = totals(minutes), worst(minutes, uplink)
    lines = [words["call"], ", ".join(filter(None, (plain(about.clinic), f"{at(about.made_ms)} UTC")))]
    lines += [words["exercise"]] if about.exercise else []
    lines += ["", *(f"{name}: {value}" for name, value in _whom(about, words))]
    lines += ["", _saying(found, words, language)]
    lines += ["", words["verdict"], verdict_words(judged(figures), language)]
    lines += ["", words["figures"] + ":", *(f"  {name}: {value}" for name, value in _rows(figures, words, language))]
    lines += ["", words["asking"] + ":", *(f"{place}. {one}" for place, one in enumerate(_asking(about, words), 1))]
    return "\n".join([*lines, ""])


def verdict_words(verdict: Verdict, language: str) -> str:
    """Whether the line is full, in a sentence."""
    words = paper.words_of(language)
    shares = {name: percent(verdict.shares[name], language) if name in verdict.shares else "?" for name in _KNOWN}
    return words[f"verdict-{verdict.kind}"].format_map(shares)


def _whom(about: About, words: Mapping[str, str]) -> list[tuple[str, str]]:
    known = (("provider", about.provider), ("provider-phone", about.provider_phone),
             ("provider-number", about.provider_number), ("own-phone", about.phone), ("site", about.host))  # fmt: skip
    return [(words[name], plain(value) or words["unknown"]) for name, value in known]


def _saying(found: Totals, words: Mapping[str, str], language: str) -> str:
    if not found.minutes:
        return words["no-minutes"]
    return words["saying"].format(
        begins=at(found.begins_ms)[:16], rate=number(found.peak_rate, language),
        distinct=number(found.peak_distinct, language),
    )  # fmt: skip


def _strongest(found: Totals, words: Mapping[str, str], language: str) -> Block:
    """Who announces the networks, where a file says so: that is whom a provider can speak with. Else the networks."""
    head = words["announcer" if found.announcers else "network"]
    networks = sorted((*found.prefixes4, *found.prefixes6), key=lambda pair: -pair[1])
    rows = [(plain(one, 80), number(n, language)) for one, n in (found.announcers or networks)[:8]]
    return paper.table([head, words["by-requests"]], rows, (3, 1), (0,)) if rows else paper.small("")


def _rows(figures: Mapping[str, float], words: Mapping[str, str], language: str) -> list[tuple[str, str]]:
    known = {name: value for name, value in figures.items() if value or name != "link_bytes"}  # 0: not known
    return [(words[one], number(known[one], language)) for one in _FIGURES if one in known]


def _figures(figures: Mapping[str, float], words: Mapping[str, str], language: str) -> Block:
    rows = _rows(figures, words, language)
    return paper.facts(rows) if rows else paper.text(words["no-figures"])


def _asking(about: About, words: Mapping[str, str]) -> list[str]:
    return [words[one].format(ports=plain(about.ports)) for one in _ASKED]
