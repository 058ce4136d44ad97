"""What stands in a report of a leak case, as blocks for the Typst document: method, figures, bounds, limits.

Patients stand in it masked; no word of the sample's own text does.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any, Final

import babel.numbers
import msgspec

from seifas.leaks.results import Explained, Matched, Result, Traced
from seifas.web.desk.leaks import explained, matched, traced
from seifas.web.desk.leaks.frame import power, share
from seifas.web.desk.leaks.labels import Labels, Masked

MOST_ROWS: Final = 300
"""Rows of one table; what is beyond them is counted."""

_CANDIDATES: Final = 3
Say = Callable[..., str]


class Block(msgspec.Struct, frozen=True):
    """heading (text, level), par or lead (text), list (rows of texts), facts (rows of two), table (head, rows)."""

    kind: str
    text: str = ""
    level: int = 2
    rows: list[Any] = []
    head: list[str] = []
    widths: list[int] = []


class Words(msgspec.Struct, frozen=True):
    """How a report speaks: `t(key, **words)`, its language, and moments in the clinic's zone."""

    t: Say
    language: str
    when: Callable[[int], str]


def breaking(text: str) -> str:
    """A stranger's text that a column can hold: what has no place to break gets one every 16 letters."""
    return " ".join(
        "\u200b".join(textwrap.wrap(word, 16, break_on_hyphens=False)) if len(word) > 16 else word
        for word in "".join(one if one.isprintable() else " " for one in text).split()
    )


def patients_of(found: Result) -> list[bytes]:
    """Whom a report of this result names, masked."""
    if isinstance(found, Matched):
        return [one.patient for row in found.rows[:MOST_ROWS] for one in matched.shown(row)[:_CANDIDATES]]
    return traced.patients(found) if isinstance(found, Traced) else []


def masked(label: Masked | None, w: Words) -> str:
    if label is None:
        return w.t("leak-gone")
    year = f", {label.year}" if label.year else ""
    decoy = f" ({w.t('leak-decoy-for', label=label.decoy)})" if label.is_decoy else ""
    return f"{label.name}{year} [{label.mark}]{decoy}"


def of_case(case: dict[str, Any], approval: dict[str, Any] | None, by: str, w: Words) -> list[Block]:
    """The case, who approved, the files."""
    facts = [
        [w.t("leak-case"), breaking(case["title"])], [w.t("leak-ground"), breaking(case["ground"])],
        [w.t("leak-begun"), f"{case['by'] or w.t('approval-at-machine')}, {w.when(case['made_ms'])}"],
        [w.t("state"), w.t(case["stands"])], [w.t("leak-number"), case["id"]],
    ]  # fmt: skip
    if approval is None:
        facts.append([w.t("leak-approved-by"), w.t("leak-approved-unknown")])
    else:
        facts.append([w.t("leak-asked-by"), f"{approval['asked_by']}, {w.when(approval['created_ms'])}"])
        signed = [f"{one['account']} ({w.t(one['hat'])}), {w.when(one['at_ms'])}" for one in approval["signed"]]
        facts.append([w.t("leak-approved-by"), "; ".join(signed) or w.t("approval-none-yet")])
    facts.append([w.t("leak-report-by"), by])
    files = [
        [breaking(one["name"]), str(one["size"]), w.when(one["kept_ms"]), " ".join(textwrap.wrap(one["sha256"], 16))]
        for one in case["files"]
    ]
    made = [
        Block("heading", w.t("leak-report"), level=1), Block("facts", rows=facts), Block("heading", w.t("leak-files")),
    ]  # fmt: skip
    if not files:
        return [*made, Block("par", w.t("leak-files-none"))]
    head = [w.t("leak-file"), w.t("leak-bytes"), w.t("leak-came"), "SHA-256"]
    return [*made, Block("table", head=head, rows=files, widths=[5, 2, 3, 6])]


def of_result(found: Result, made_ms: int, labels: Labels, w: Words) -> list[Block]:
    """One result: what was found, by which method, within which limits."""
    if isinstance(found, Matched):
        title, blocks = "leak-result-match", _matched(found, labels, w)
    elif isinstance(found, Traced):
        title, blocks = "leak-result-attribute", _traced(found, labels, w)
    else:
        title, blocks = "leak-result-explain", _explained(found, w)
    return [Block("heading", f"{w.t(title)} · {w.when(made_ms)}"), *blocks]


def _unread(found: Matched | Traced, w: Words) -> list[Block]:
    if not found.unread:
        return []
    rows = [f"{breaking(one['source'])}: {w.t(one['words'])}" for one in matched.unread(found.unread[:MOST_ROWS])]
    return [Block("heading", w.t("leak-unread"), level=3), Block("list", rows=rows)]


def _matched(found: Matched, labels: Labels, w: Words) -> list[Block]:
    count = matched.counted(found)
    facts = [
        [w.t("leak-rows"), str(count.rows)],
        [w.t("leak-kind-sure"), f"{count.sure} ({w.t('leak-people')}: {count.people})"],
        [w.t("leak-kind-several"), str(count.several)], [w.t("leak-kind-nobody"), str(count.nobody)],
    ]  # fmt: skip
    if found.left_out:
        facts.append([w.t("leak-count-left-out").capitalize(), str(found.left_out)])
    facts += [[w.t("leak-decoys"), f"{label or '?'}: {number}"] for label, number in matched.decoys(labels)]
    rows = []
    for row in found.rows[:MOST_ROWS]:
        told = matched.as_shown(row, labels)
        said = [
            f"{masked(one['label'], w)}: {share(one['probability'], w.language)}"
            + (f" ({', '.join(w.t(each) for each in one['why'])})" if one["why"] else "")
            for one in told["candidates"][:_CANDIDATES]
        ]
        place = f"{breaking(row.source)} : {row.row}" if row.row else breaking(row.source)
        rows.append([place, "\n".join(said), share(row.nobody, w.language)])
    head = [w.t("leak-place"), w.t("leak-candidates"), w.t("leak-nobody")]
    blocks = [Block("facts", rows=facts)]
    if rows:
        blocks.append(Block("table", head=head, rows=rows, widths=[4, 10, 2]))
    if count.rows > MOST_ROWS:
        blocks.append(Block("par", w.t("leak-report-more", n=count.rows - MOST_ROWS)))
    return [
        *blocks, *_unread(found, w), Block("heading", w.t("leak-method"), level=3),
        Block("list", rows=[w.t("leak-method-match"), w.t("leak-limit-match"), w.t("leak-limit-masked")]),
    ]  # fmt: skip


def _traced(found: Traced, labels: Labels, w: Words) -> list[Block]:
    tally = [[w.t(words), str(number)] for words, number in traced.tallied(found)]
    rows = []
    for name, traces in traced.by_picture(found, labels):
        for one in traces:
            view = "; ".join(part for part in (
                f"{w.t('leak-view')} {one['view']}" if one["view"] else "", one["account"],
                w.t(one["hat"]) if one["hat"] else "", f"{w.t('leak-session')} {breaking(one['session'])}"
                if one["session"] else "", w.when(one["wall_ms"]) if one["wall_ms"] else "",
                w.t(one["how"]) if one["how"] else "",
            ) if part)  # fmt: skip
            figures = (
                f"z = {_plain(one['z'], w)}; {w.t('leak-threshold')} {_plain(one['threshold'], w)}; "
                f"{w.t('leak-bound')} {power(one['bound'], w.language)}; {w.t('leak-tested')} {one['tested']}"
            ) if one["tested"] else ""  # fmt: skip
            who = f"{w.t('leak-photo')} {one['photo']}; {masked(one['patient'], w)}" if one["photo"] else ""
            place = breaking(name) if name else w.t("leak-together")
            rows.append(["\n".join(part for part in (place, who) if part), w.t(one["words"]),
                         "\n".join(part for part in (view, figures) if part)])  # fmt: skip
    means = [w.t(f"leak-means-{verdict}") for verdict in traced.VERDICTS
             if any(one.verdict == verdict for one in found.traces)]  # fmt: skip
    head = [w.t("leak-picture"), w.t("leak-verdict"), w.t("leak-view-led")]
    blocks = [Block("lead", w.t("leak-never-thief")), Block("facts", rows=tally)]
    if rows:
        blocks.append(Block("table", head=head, rows=rows[:MOST_ROWS], widths=[5, 3, 8]))
    if len(rows) > MOST_ROWS:
        blocks.append(Block("par", w.t("leak-report-more", n=len(rows) - MOST_ROWS)))
    return [
        *blocks, *_unread(found, w), Block("heading", w.t("leak-method"), level=3),
        Block("list", rows=[w.t("leak-method-attribute", n=traced.tested(found)), *means, w.t("leak-limit-attribute")]),
    ]  # fmt: skip


def _plain(value: float, w: Words) -> str:
    return babel.numbers.format_decimal(round(value, 2), locale=w.language)


def _explained(found: Explained, w: Words) -> list[Block]:
    told = explained.as_shown(found)
    facts = [
        [w.t("leak-sample"), w.t("leak-sample-of", patients=found.patients, photos=found.photos)],
        [w.t("leak-storage"), share(found.storage, w.language)], [w.t("leak-lines-read"), str(found.lines)],
    ]  # fmt: skip
    if found.not_before_ms:
        facts.append([w.t("leak-not-before"), w.when(found.not_before_ms)])
    rows = [
        [
            " ".join([w.t(one["kind"]), one["account"], *(each["id"][:8] for each in one["sessions"])]),
            f"{w.when(one['since_ms'])} – {w.when(one['until_ms'])}", f"{one['hits']} / {one['opened']}",
            share(one["posterior"], w.language), power(one["chance"], w.language),
        ]
        for one in told["ways"]
    ]  # fmt: skip
    head = [w.t("leak-way"), w.t("leak-window"), w.t("leak-hits"), w.t("leak-posterior"), w.t("leak-chance")]
    blocks = [Block("lead", w.t(told["verdict"])), Block("par", w.t(told["means"])), Block("facts", rows=facts)]
    if rows:
        blocks.append(Block("table", head=head, rows=rows, widths=[5, 5, 2, 2, 2]))
    return [
        *blocks, Block("heading", w.t("leak-method"), level=3),
        Block("list", rows=[w.t("leak-method-explain"), w.t("leak-limit-explain")]),
    ]  # fmt: skip
