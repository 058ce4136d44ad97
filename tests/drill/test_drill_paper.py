"""The drill's paper: what stands on it is the report's, in both languages, on three pages; figures side by side."""

import io
import os
import re
import signal
import threading
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pypdf
import pytest

from seifas.drill import report
from seifas.drill.frame import Beside, Context, Figure, Other, Silent, Step, StepResult, Told
from seifas.drill.lanes import run_beside
from seifas.drill.paper import contents, paper
from seifas.drill.paper_words import SHEET, STEPS, said
from seifas.drill.running import run
from seifas.drill.steps import STEPS as ALL
from seifas.errors import Tampered

PATIENCE_S = 60.0
VALUES = ("0", "24,000 patients, 288,000 entries, 60 pictures", "10", "24,000 in 31 s", "2 ms", "not stopped", "never",
          "599 of 600, p99 121 ms", "none", "yes", "all of 80 patients", "80 of 80 tried", "at most 20", "at least 29",
          "4.4 s", "all")  # fmt: skip


def told(name: str, *, kept: bool = True, value: str = "7") -> Told:
    figures = tuple(Figure(label, value, "at most 20") for label, _ in STEPS["en"][name].figures)
    beside = Beside("A plain record system", "Everything.", tuple(Figure(one.label, "24,000") for one in figures))
    return Told(name, "Title", "The story.", StepResult("p", "d", "l", kept, figures), 1.0, (beside,))


def drill(*steps: Told) -> report.Drill:
    return report.Drill(datetime(2026, 11, 21, 12, tzinfo=UTC), 75.4, 24_000, 1, False, steps)


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


# -- the paper


def test_both_languages_know_every_step_and_every_word() -> None:
    assert SHEET["lt"].keys() == SHEET["en"].keys()
    assert list(STEPS["lt"]) == list(STEPS["en"])
    assert set(STEPS["lt"]) == {step.name for step in ALL}
    for name, about in STEPS["lt"].items():
        assert [label for label, _ in about.figures] == [label for label, _ in STEPS["en"][name].figures]


@pytest.mark.parametrize("language", ["lt", "en"])
def test_the_paper_has_all_steps_on_at_most_three_pages(language: str) -> None:
    long = "24,000 patients, 288,000 entries, 60 pictures"
    pdf = paper(drill(*(told(step.name, value=long) for step in ALL)), language)
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) <= 3
    text = text_of(pdf)
    for about in STEPS[language].values():
        assert about.title in text
    assert SHEET[language]["kept"].format(all=len(ALL)) in text
    assert SHEET[language]["limit-root"] in text
    assert "24,000" in text if language == "en" else "24,000" not in text


@pytest.mark.parametrize("language", ["lt", "en"])
def test_a_broken_promise_stands_at_its_head_and_in_what_to_do(language: str) -> None:
    text = text_of(paper(drill(told("vandal"), told("flood", kept=False)), language))
    assert SHEET[language]["broken"].format(broken=1, all=2) in text
    assert text.count(STEPS[language]["flood"].title) == 2
    assert SHEET[language]["mark-broken"] in text


def test_a_step_that_did_not_finish_is_said_and_not_left_blank() -> None:
    unknown = StepResult("p", "d", "l", False, notes=("ZeroDivisionError in x:1",))
    text = text_of(paper(drill(Told("flood", "t", "s", unknown, 1.0)), "en"))
    assert SHEET["en"]["unfinished"] in text


@pytest.mark.parametrize("value", VALUES)
def test_no_english_is_left_in_a_lithuanian_figure(value: str) -> None:
    words = set(re.findall(r"[a-z]{2,}", value)) - {"ms"}
    assert not words & set(re.findall(r"[a-z]{2,}", said(value, "lt")))
    assert said(value, "en") == value


def test_numbers_are_written_as_each_language_writes_them() -> None:
    assert said("24,000 in 1.5 s", "lt") == "24\N{NO-BREAK SPACE}000 per 1,5 s"
    assert said("1,24", "lt") == "1,24"


@pytest.mark.parametrize(
    "value", ["", "x" * 5_000, "\x00\x1b[31m", "\u202eabc", "\\", "{{ 7 * 7 }}", "</td>", "{}", "漢字 😀"]
)
def test_any_words_are_set_as_words(value: str) -> None:
    data = contents(drill(told("vandal", value=value)), "lt")
    assert msgspec.json.decode(msgspec.json.encode(data)) == data
    assert len(pypdf.PdfReader(io.BytesIO(paper(drill(told("vandal", value=value)), "lt"))).pages) >= 1


def test_a_figure_is_not_read_as_typst() -> None:
    text = text_of(paper(drill(told("vandal", value='#read("/etc/passwd") $x^2$ *b*')), "en"))
    assert '#read("/etc/passwd")' in text.replace("”", '"').replace("“", '"')
    assert "root:" not in text


# -- beside each other


def test_figures_of_other_systems_stand_at_their_label() -> None:
    ours = StepResult("p", "d", "l", True, (Figure("a", "1", "2"), Figure("b", "3")))
    beside = (Beside("one", "x", (Figure("b", "9"), Figure("c", "8"))), Beside("two", "y", (Figure("a", "7"),)))
    rows = report.rows(Told("n", "t", "s", ours, 1.0, beside))
    assert [(row.label, row.value, row.beside) for row in rows] == [
        ("a", "1", ("", "7")), ("b", "3", ("9", "")), ("c", "", ("8", "")),
    ]
    page = report.as_html(drill(Told("n", "t", "s", ours, 1.0, beside)))
    assert page.count('data-system="one"') == 3
    assert "<th>two</th>" in page


def test_a_system_that_cannot_be_run_is_said_and_breaks_no_promise(tmp_path: Path) -> None:
    def fails(context: Context) -> Beside:
        raise ZeroDivisionError("Žukauskienė")

    step = Step("x", "t", "s", lambda context: StepResult("p", "d", "l", True), (Other("peer", fails),))
    [done] = run([step], Context(tmp_path, patients=50))
    assert done.result.kept
    assert "Could not be run" in done.beside[0].loot
    assert "Žukauskienė" not in str(done)


# -- side by side


class Clinicless(Context):
    """A context without a clinic: what is tested is who runs where."""

    def __init__(self, place: Path) -> None:
        super().__init__(place, patients=50)
        self._built = place
        self._plain = place / "plain" / "filled"


def acting(name: str, act: Any) -> Step:
    return Step(name, name, "s.", act)


def meet(place: Path, name: str, *all_of_them: str) -> None:
    """Returns when all have come: steps that run one after another never meet."""
    (place / f"{name}.came").touch()
    until = time.monotonic() + PATIENCE_S
    while not all((place / f"{one}.came").exists() for one in all_of_them):
        assert time.monotonic() < until, "nothing ran beside it"
        time.sleep(0.01)


def test_steps_side_by_side_are_told_in_their_own_order(tmp_path: Path) -> None:
    def slow(name: str, context: Context) -> StepResult:
        (context.room("slow") / "file").write_text("x")
        meet(tmp_path, name, "one", "two", "three")
        return StepResult("p", "d", str(os.getpid()), True, (Figure("a", "1"),))

    def fast(context: Context) -> StepResult:
        (tmp_path / "three.came").touch()
        return StepResult("p", "d", str(os.getpid()), True)

    steps = [acting("one", partial(slow, "one")), acting("two", partial(slow, "two")), acting("three", fast)]
    done = run_beside(steps, Clinicless(tmp_path), 3)
    assert all(one.result.kept for one in done)
    assert [one.name for one in done] == ["one", "two", "three"]
    assert len({one.result.loot for one in done} | {str(os.getpid())}) == 4
    assert done[0].result.figures == (Figure("a", "1"),)
    assert not list((tmp_path / "rooms").iterdir())


def test_a_step_that_dies_or_fails_side_by_side_has_broken_its_promise(tmp_path: Path) -> None:
    def dies(context: Context) -> StepResult:
        os._exit(9)

    def fails(context: Context) -> StepResult:
        raise Tampered("a row was changed", where="rows.db")

    def holds(context: Context) -> StepResult:
        return StepResult("p", "d", "l", True)

    steps = [acting("dies", dies), acting("fails", fails), acting("holds", holds)]
    done = run_beside(steps, Clinicless(tmp_path), 2)
    assert [one.result.kept for one in done] == [False, False, True]
    assert "rows.db" in done[1].result.notes[0]


def test_a_lane_clears_its_own_rooms_and_nobody_elses(tmp_path: Path) -> None:
    context = Clinicless(tmp_path)
    mine = context.room("mine")
    lane = context.lane(Silent())
    its = lane.room("its")
    lane.clear()
    assert mine.exists()
    assert not its.exists()


def test_a_drill_that_breaks_off_ends_its_steps_and_lets_them_clean_up(tmp_path: Path) -> None:
    def long(context: Context) -> StepResult:
        try:
            (tmp_path / "began").write_text("")
            time.sleep(2 * PATIENCE_S)
        finally:
            (tmp_path / "cleaned").write_text("")
        raise AssertionError

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupted)
    def interrupt() -> None:
        until = time.monotonic() + PATIENCE_S
        while not (tmp_path / "began").exists() and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGUSR1)

    interrupting = threading.Thread(target=interrupt)
    began = time.monotonic()
    try:
        interrupting.start()
        with pytest.raises(KeyboardInterrupt):
            run_beside([acting("one", long)], Clinicless(tmp_path), 1)
    finally:
        interrupting.join()
        signal.signal(signal.SIGUSR1, before)
    assert time.monotonic() - began < 2 * PATIENCE_S
    assert (tmp_path / "began").exists()
    assert (tmp_path / "cleaned").exists()


def test_a_flood_has_the_machine_for_itself(tmp_path: Path) -> None:
    def timed(context: Context) -> StepResult:
        began = time.monotonic()
        return StepResult("p", "d", f"{began} {time.monotonic()}", True)

    def beside(name: str, context: Context) -> StepResult:
        began = time.monotonic()
        meet(tmp_path, name, "one", "two")
        return StepResult("p", "d", f"{began} {time.monotonic()}", True)

    steps = [acting("flood", timed), *(acting(name, partial(beside, name)) for name in ("one", "two"))]
    done = run_beside(steps, Clinicless(tmp_path), 3)
    assert all(one.result.kept for one in done)
    spans = {one.name: [float(at) for at in one.result.loot.split()] for one in done}
    assert spans["flood"][0] >= max(spans["one"][1], spans["two"][1])
    assert spans["one"][0] < spans["two"][1]
