"""The summary of a flood for the police and the national CERT, as PDF: what happened, how it was counted, what it does
not prove. It names networks and, in the samples, what was sent; single addresses are in the lists only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from seifas.shield import charts
from seifas.shield.evidence import paper
from seifas.shield.evidence.book import Book, busiest_networks
from seifas.shield.evidence.paper import About, Block, at, number
from seifas.shield.evidence.plain import head_lines, header_names, path_shown, plain
from seifas.shield.evidence.totals import Totals, totals
from seifas.shield.model import Change, Minute

_MOST_ROWS: Final = 20
_MOST_CHANGES: Final = 60
_MOST_SAMPLES: Final = 6


def summary(
    about: About, minutes: Sequence[Minute], changes: Sequence[Change], book: Book | None, language: str
) -> bytes:
    """The PDF in "lt" or "en". `book` None: networks by requests only, and no count of addresses over the whole event.
    For a thread. Raises Unavailable where it cannot be made, Invalid for another language."""
    words = paper.words_of(language)
    found = totals(minutes, book, _MOST_ROWS)
    parts = [
        ("", _head(about, found, words)),
        (words["facts"], [*_facts(found, words, language), paper.text(words["touched"]), *_charts(minutes, language)]),
        (words["changes"], [_changes(changes, words, language)]),
        (words["lanes"], [_lanes(found, words, language)]),
        (words["prefixes"], _prefixes(found, book, words, language)),
        (words["signatures"], _signatures(found, words, language)),
        (words["paths"], [_counted(words["path"], words, language, [(path_shown(one), n) for one, n in found.paths])]),
        (words["samples"], _samples(found.samples, words)),
        (words["checking"], _checking(about, found, words)),
        (words["careful"], [paper.points([words["careful-1"], words["careful-2"], words["careful-3"]])]),
    ]
    return paper.set_as_pdf(about, language, words["summary"], parts)


def _head(about: About, found: Totals, words: Mapping[str, str]) -> list[Block]:
    end = at(about.ended_ms) if about.ended_ms else words["ongoing"]
    period = f"{at(found.begins_ms)} – {end}" if found.minutes else words["no-minutes"]
    return [
        paper.facts(
            [(words["for"], words["for-whom"]), (words["clinic"], plain(about.clinic)),
             (words["site"], plain(about.host)), (words["period"], period), (words["made"], at(about.made_ms))],
            [(words["event"], about.event)],
        )
    ]  # fmt: skip


def _facts(found: Totals, words: Mapping[str, str], language: str) -> list[Block]:
    def told(value: float) -> str:
        return number(value, language)

    how = words["exact"] if found.distinct_exact else words["sketched"]
    if found.distinct_of_minute:
        how = f"{how}; {words['of-minute']}"
    clock = words["clock-unknown"] if found.clock_ms is None else told(found.clock_ms)
    peak = words["at"].format(value=told(found.peak_rate), at=at(found.peak_ms)[:16])
    return [
        paper.facts([
            (words["requests"], told(found.requests)), (words["connections"], told(found.connections)),
            (words["bytes"], told(found.bytes_out)), (words["peak"], peak if found.minutes else ""),
            (words["distinct"], f"{told(found.distinct)} ({how})"),
            (words["distinct-minute"], told(found.peak_distinct)), (words["newcomers"], told(found.newcomers)),
            (words["lost"], told(found.lines_lost)), (words["clock"], clock),
        ])
    ]  # fmt: skip


def _charts(minutes: Sequence[Minute], language: str) -> list[Block]:
    words = paper.words_of(language)
    slots = charts.slots_of(minutes)
    drawn = (
        (charts.traffic(slots), "traffic", "/s", ("in", "asked", "away")),
        (charts.known(slots), "known", "/s", ("in", "away")),
        (charts.addresses(slots), "addresses", "/min", ("addresses",)),
    )
    return [
        block for chart, title, unit, looks in drawn if chart is not None
        for block in paper.drawn(chart, language, words[title], unit, looks)
    ]  # fmt: skip


def _changes(changes: Sequence[Change], words: Mapping[str, str], language: str) -> Block:
    if not changes:
        return paper.text(words["none"])
    rows = [
        (at(one.ms), words.get(f"listener-{one.listener}", plain(one.listener)),
         f"{_mode(one.before, words)} – {_mode(one.after, words)}"
         + (f" ({words['by-hand-mark']})" if one.by_hand else ""), why(one, language))
        for one in changes[:_MOST_CHANGES]
    ]  # fmt: skip
    if len(changes) > _MOST_CHANGES:
        rows.append(("…", "", "", f"+ {len(changes) - _MOST_CHANGES}"))
    return paper.table([words[one] for one in ("when", "listener", "from-to", "why")], rows, (4, 4, 4, 8))


def _mode(mode: int, words: Mapping[str, str]) -> str:
    return words.get(f"mode-{mode}", str(mode))


def why(change: Change, language: str) -> str:
    """Why a mode changed, with what was measured and its bound."""
    words = paper.words_of(language)
    known = words.get(f"why-{change.why}")
    if known is None:
        return plain(change.why)
    value, bound = change.figures.get(change.why), change.figures.get(f"{change.why}_bound")
    return known.format(
        value="?" if value is None else number(value, language), bound="?" if bound is None else number(bound, language)
    )


def _lanes(found: Totals, words: Mapping[str, str], language: str) -> Block:
    rows = [
        (words[f"lane-{one.lane}"], *(number(each, language) for each in (one.got, one.asked, one.away, one.bytes_out)))
        for one in found.lanes if one.got or one.asked or one.away
    ]  # fmt: skip
    if not rows:
        return paper.text(words["none"])
    return paper.table([words[one] for one in ("lane", "got", "asked", "away", "bytes")], rows, (6, 4, 4, 4, 4))


def _prefixes(found: Totals, book: Book | None, words: Mapping[str, str], language: str) -> list[Block]:
    counted: tuple[tuple[str, int], ...] = ()
    if book is not None:
        four, six = busiest_networks(book, _MOST_ROWS)
        counted = tuple(sorted((*four, *six), key=lambda pair: -pair[1])[:_MOST_ROWS])
    asked = sorted((*found.prefixes4, *found.prefixes6), key=lambda pair: -pair[1])[:_MOST_ROWS]
    blocks = [_counted(words["network"], words, language, [(plain(one, 60), n) for one, n in asked])]
    if found.announcers:
        blocks.append(
            _counted(words["announcer"], words, language, [(plain(one, 80), n) for one, n in found.announcers])
        )
    if counted:
        head = [words["network"], words["by-addresses"]]
        blocks.append(paper.table(head, [(one, number(n, language)) for one, n in counted], (3, 1), (0,)))
    return [*blocks, paper.small(words["prefixes-note"])]


def _counted(name: str, words: Mapping[str, str], language: str, rows: Iterable[tuple[str, int]]) -> Block:
    told = [(one, number(n, language)) for one, n in rows]
    if not told:
        return paper.text(words["none"])
    return paper.table([name, words["by-requests"]], told, (5, 1), (0,))


def _signatures(found: Totals, words: Mapping[str, str], language: str) -> list[Block]:
    if not found.signatures:
        return [paper.text(words["none"])]
    names = header_names(found.samples)
    rows = [(plain(one, 32), number(n, language), names.get(one, "")) for one, n in found.signatures]
    head = [words["signature"], words["by-requests"], words["signature-names"]]
    return [paper.table(head, rows, (4, 2, 8), (0, 2)), paper.small(words["signatures-note"])]


def _samples(samples: Sequence[str], words: Mapping[str, str]) -> list[Block]:
    if not samples:
        return [paper.text(words["none"])]
    step = max(1, len(samples) // _MOST_SAMPLES)
    chosen = samples[::step][:_MOST_SAMPLES]
    return [*(paper.mono(head_lines(one)) for one in chosen), paper.small(words["samples-note"])]


def _checking(about: About, found: Totals, words: Mapping[str, str]) -> list[Block]:
    checked = ""
    if about.problems is not None:
        checked = (
            words["checked-no"].format(problems="; ".join(map(plain, about.problems[:10])))
            if about.problems else words["checked-yes"].format(count=found.minutes)
        )  # fmt: skip
    return [
        paper.text(words["check"]),
        paper.facts(
            [(words["checked"], checked), (words["line"], str(about.line) if about.line >= 0 else "")],
            [(words["log"], plain(about.log)), (words["digest"], about.digest)],
        ),
    ]
