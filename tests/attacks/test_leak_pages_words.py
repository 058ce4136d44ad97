"""A result that lies: the leaks process reads strangers' files; what it tells is shown in words of ours or not at all.
And a report is text, whatever the text."""

from __future__ import annotations

import msgspec
import pytest

from seifas.leaks.results import Candidate, Explained, Left, Matched, Row, Trace, Traced, Way
from seifas.typesetting import typeset
from seifas.web.desk.leaks import explained, matched, traced
from seifas.web.desk.leaks.frame import power, share, spoken
from seifas.web.desk.leaks.labels import Masked
from seifas.web.desk.leaks.report_blocks import Words, breaking, of_result
from seifas.web.desk.leaks.reporting import _SHEET, Report
from seifas.web.words import LANGUAGES, WORDS, say

LIE = "<script>alert(3)</script>"
PATIENT = b"p" * 16


def test_words_of_a_result_that_are_none_of_ours() -> None:
    row = Row(LIE, 1, (0, 1), LIE, (Candidate(PATIENT, 0.7, ("surname", LIE, "../x", "surname")),), 0.3)
    told = matched.as_shown(row, {})
    assert [one["why"] for one in told["candidates"]] == [["leak-why-surname"]]
    assert matched.unread((Left("a", LIE), Left("b", "damaged")))[0]["words"] == "leak-unread-other"
    trace = Trace(LIE, PATIENT, PATIENT, LIE, how=LIE, hat=LIE, session="", line=-5, proof=-7, bound=float("nan"))
    shown = traced.as_shown(trace, {})
    assert {shown["words"], shown["means"]} <= WORDS.keys()
    assert (shown["how"], shown["hat"], shown["line"], shown["verdict"]) == ("", "", "", "cannot-tell")
    way = Way(LIE, LIE, (LIE,), 0, 0, 1, 1, 0.0, 0.5, 1.0, (1,))
    whole = explained.as_shown(Explained(LIE, 0.5, 1, 0, (way,)))
    assert (whole["verdict"], whole["ways"][0]["kind"]) == ("leak-explained-cannot-tell", "leak-way-other")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_of_hostile_text_is_a_report(language: str) -> None:
    texts = [
        LIE, '#panic("x")', '#import "@preview/x": *', "$ x $ *b* _i_ `c` \\ #{", "\x00\u202e", "w" * 5000, "[]{}",
    ]
    labels = {PATIENT: Masked(PATIENT.hex(), "P… A…", "1980", "#panic()", True)}
    rows = tuple(Row(one, 1, (0, 1), one, (Candidate(PATIENT, 0.95, ("surname",)),), 0.05) for one in texts)
    traces = tuple(
        Trace(one, PATIENT, PATIENT, "named", 9.0, account=one, session="ab" * 16, tested=3, bound=0.0) for one in texts
    )
    words = Words(lambda name, **more: say(language, name, **more), language, str)
    blocks = of_result(Matched(rows, (Left(texts[1], LIE),)), 1, labels, words)
    blocks += of_result(Traced(traces), 1, labels, words)
    blocks += of_result(Explained("opened", 0.0, 1, 1, ()), 1, labels, words)
    report = Report("#title", "#clinic", language, "2026-11-22", "#", blocks)
    body = typeset(_SHEET, msgspec.json.encode(report).decode(), "it could not be made")
    assert body.startswith(b"%PDF-")


def test_figures_are_never_rounded_to_certainty() -> None:
    assert share(1.0, "en") == "> 99.9 %"
    assert share(0.0, "lt") == "< 0,1 %"
    assert power(2.34e-13, "lt") == "2,4·10⁻¹³"
    assert power(0.0, "en") == power(float("nan"), "en") == power(5e-320, "en") == "< 10⁻³⁰⁰"
    assert power(1.0, "en") == power(7.0, "en") == "1"
    assert {spoken(one) for one in (0.0, 0.2, 0.6, 0.95, 0.999)} <= WORDS.keys()
    assert max(map(len, breaking("w" * 300).split("\u200b"))) <= 16
