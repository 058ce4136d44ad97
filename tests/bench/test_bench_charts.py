"""The pictures of the bench's figures: what is drawn, how far, and what nobody can draw."""

from __future__ import annotations

import xml.etree.ElementTree as xml
from pathlib import Path

import pytest
from bench.charts import drawn, row, write
from bench.figures import Bar, Figure, alone, beside
from bench.report import Report


def test_right_of_the_bar_is_better_whichever_way_it_is_meant() -> None:
    assert row(beside("reads", "/s", [800], "peer", [100], Bar(at_least=4))).far == 2
    assert row(beside("reads", "/s", [200], "peer", [100], Bar(at_least=4))).far == 0.5
    assert row(alone("time", "ms", [5], Bar(at_most=50, unit="ms"))).far == 10
    assert row(alone("time", "ms", [500], Bar(at_most=50, unit="ms"))).far == 0.1
    assert row(beside("reads", "/s", [300], "peer", [100])).words == "3x peer"


@pytest.mark.parametrize(
    "figure",
    [
        alone("nothing to compare with", "ms", [5]), alone("none, and none allowed", "", [0], Bar(at_most=0, unit="")),
        alone("nought", "%", [0], Bar(at_least=99, unit="%")),
        Figure(what="not measured", unit="", ours=(), bar="≥ 2x"),
        beside("a peer of nought", "/s", [1], "peer", [0], Bar(at_least=2)),
    ],
    ids=["alone", "bar-of-nought", "value-of-nought", "not-measured", "peer-of-nought"],
)  # fmt: skip
def test_what_has_no_place_on_the_scale_is_left_out(figure: Figure) -> None:
    assert row(figure) is None
    assert drawn("part", [figure]) == ""


def test_words_are_no_markup_and_both_colours_are_there(tmp_path: Path) -> None:
    hostile = '<script>alert("1")</script> & more'
    bar = Bar(at_most=50, unit="ms")
    parts = {"part": [alone(hostile, "ms", [1], bar), alone("slow", "ms", [90], bar)], "bare": [alone("x", "ms", [1])]}
    told = Report(at="2026-11-22T00:00", machine={}, patients=60, phase_s=1.0, rounds=1, figures=parts)
    made = write(told, tmp_path / "charts")
    assert [path.name for path in made] == ["part.svg"]
    tree = xml.fromstring(made[0].read_text(encoding="utf-8"))
    assert not [one for one in tree.iter() if one.tag.endswith("script")]
    assert {one.get("fill") for one in tree.iter() if one.tag.endswith("rect")} >= {"#2b6f8f", "#b3431b"}
    assert any(hostile in (one.text or "") for one in tree.iter())
