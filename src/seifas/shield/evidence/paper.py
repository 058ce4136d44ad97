"""What papers about a flood are made of: blocks, numbers and times as a reader of the language writes them."""

from __future__ import annotations

import importlib.resources
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from seifas.errors import Invalid
from seifas.shield.charts import PRINTED, Chart, svg
from seifas.shield.evidence.forms import moment
from seifas.shield.evidence.words import WORDS
from seifas.typesetting import typeset

Block = dict[str, Any]

# Read at import: the process runs as a user of its own, who may not be able to read the package's files.
_SHEET: Final = importlib.resources.files("seifas.shield.evidence").joinpath("sheet.typ").read_bytes()
_FAILED: Final = "the paper could not be made; the minutes and addresses it is made of are kept"


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Whose flood it is. `event`: 32 hex digits; `ended_ms` 0 while it goes on. `log`, `line`, `digest`: the audit
    log's name, the line of the last minute and its SHA-256 in hex; `problems`: what is wrong with the chain of minutes,
    None where nobody checked it. `ports`: those of the site, in words."""

    clinic: str
    event: str
    made_ms: int
    ended_ms: int = 0
    host: str = ""
    ports: str = "80, 443"
    log: str = ""
    line: int = -1
    digest: str = ""
    problems: tuple[str, ...] | None = None
    provider: str = ""
    provider_phone: str = ""
    provider_number: str = ""
    phone: str = ""
    exercise: bool = False


def words_of(language: str) -> Mapping[str, str]:
    """Raises Invalid for a language that there are no words in."""
    if language not in WORDS:
        raise Invalid("a paper is made in one of: " + ", ".join(WORDS), where="language")
    return WORDS[language]


def set_as_pdf(about: About, language: str, title: str, parts: Sequence[tuple[str, Sequence[Block]]]) -> bytes:
    """The PDF/A of a paper. For a thread. Raises Unavailable where it cannot be made."""
    words = words_of(language)
    data = {
        "language": language, "title": title, "clinic": about.clinic, "day": at(about.made_ms)[:10],
        "exercise": words["exercise"] if about.exercise else "",
        "foot": words["foot"].format(event=about.event, made=at(about.made_ms)),
        "parts": [{"title": heading, "blocks": blocks} for heading, blocks in parts],
    }  # fmt: skip
    return typeset(_SHEET, msgspec.json.encode(data).decode("utf-8"), _FAILED)


def at(ms: int) -> str:
    """A moment, UTC, to the second."""
    return moment(ms)[:-1].replace("T", " ")


def number(value: float, language: str) -> str:
    """A number of which people read three figures: thousands apart, a comma for the point in Lithuanian."""
    if math.isnan(value) or abs(value) >= 1e18:
        return "?"
    said = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.3g}"
    if language == "lt":
        return said.replace(",", "\u00a0").replace(".", ",")
    return said


def percent(share: float, language: str) -> str:
    """A share of one."""
    return f"{number(round(share * 100, 1), language)}\u00a0%"


def text(words: str) -> Block:
    return {"kind": "text", "text": words}


def strong(words: str) -> Block:
    return {"kind": "strong", "text": words}


def small(words: str) -> Block:
    return {"kind": "small", "text": words}


def points(items: Sequence[str]) -> Block:
    return {"kind": "points", "items": list(items)}


def mono(lines: Sequence[str]) -> Block:
    return {"kind": "mono", "lines": list(lines)}


def blank(lines: int) -> Block:
    """Lines to write on."""
    return {"kind": "blank", "lines": lines}


def facts(rows: Sequence[tuple[str, str]], in_mono: Sequence[tuple[str, str]] = ()) -> Block:
    """A name and what it is, a row each; rows that are empty are left out."""
    told = [(name, value, False) for name, value in rows] + [(name, value, True) for name, value in in_mono]
    return {"kind": "facts", "rows": [row for row in told if row[1]]}


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], mono_columns: Sequence[int] = ()
) -> Block:
    return {
        "kind": "table", "head": list(head), "rows": [list(row) for row in rows], "widths": list(widths),
        "mono": list(mono_columns),
    }  # fmt: skip


def drawn(chart: Chart, language: str, title: str, unit: str, looks: Sequence[str]) -> list[Block]:
    """A chart under its title, with its legend and what its edges stand for. `unit` is said after a number."""
    words = words_of(language)
    seen = [*looks, *sorted({f"mode-{one.mode}" for one in chart.bands})]
    note = words["axis"].format(
        top=number(chart.top, language) + unit,
        peak=number(chart.peak, language) + unit,
        at=at(chart.peak_ms)[:16],
        begins=at(chart.begins_ms)[:16],
        ends=at(chart.ends_ms)[:16],
    )
    return [
        text(title),
        {"kind": "chart", "svg": svg(chart), "alt": f"{title}. {note}", "note": note,
         "legend": [[PRINTED[one], words[f"look-{one}"]] for one in seen]},
    ]  # fmt: skip
