"""The frame of the drill: a broken promise, a step that breaks off, the report, the command's exit code."""

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seifas.cli import drilling
from seifas.cli.main import app
from seifas.drill import report
from seifas.drill.frame import Context, Figure, Step, StepResult, Told
from seifas.drill.running import run
from seifas.drill.steps import STEPS, chosen
from seifas.errors import Conflict, Invalid, Tampered

KEPT = StepResult("It holds.", "He tried.", "Nothing.", True, (Figure("hits", "0", "0"),), ("All was seen.",))
BROKEN = StepResult("It holds.", "He tried <b>hard</b> & long.", "35 records.", False)


def step(name: str, result: StepResult | Exception) -> Step:
    def act(context: Context) -> StepResult:
        if isinstance(result, Exception):
            raise result
        return result

    return Step(name, f"Title of {name}", "Then this happened.", act)


def drill(*results: StepResult) -> report.Drill:
    told = tuple(Told(f"step_{n}", f"Step {n}", "The story.", one, 1.5) for n, one in enumerate(results))
    return report.Drill(datetime(2026, 11, 21, 12, tzinfo=UTC), 75.4, 24_000, 1, False, told)


# -- running


def test_all_steps_run_also_after_one_that_broke(tmp_path: Path) -> None:
    steps = [step("one", BROKEN), step("two", KEPT)]
    told = run(steps, Context(tmp_path, patients=50))
    assert [(one.name, one.result.kept) for one in told] == [("one", False), ("two", True)]


@pytest.mark.parametrize("error", [Tampered("a row was changed", where="rows.db"), ZeroDivisionError("Žukauskienė")])
def test_a_step_that_breaks_off_has_not_kept_its_promise(tmp_path: Path, error: Exception) -> None:
    told = run([step("one", error)], Context(tmp_path, patients=50))[0]
    assert not told.result.kept
    assert "Žukauskienė" not in str(told)
    assert ("rows.db" in told.result.notes[0]) == isinstance(error, Tampered)


def test_steps_are_chosen_by_name_and_in_the_storys_order() -> None:
    assert chosen(()) == STEPS
    names = tuple(one.name for one in STEPS)
    assert tuple(one.name for one in chosen(names[::-1])) == names
    with pytest.raises(Invalid, match="disk_stolen"):
        chosen(("disk_stolen", "no_such_step"))
    assert len(set(names)) == len(names)
    for one in STEPS:
        assert re.fullmatch(r"[a-z_]+", one.name)
        assert one.story.endswith(".")


def test_another_clinic_is_not_taken_for_the_drills_own(tmp_path: Path) -> None:
    (tmp_path / "clinic").mkdir()
    with pytest.raises(Conflict):
        Context(tmp_path, patients=50).clinic()
    (tmp_path / "drill-clinic.json").write_text(json.dumps({"patients": 60, "seed": 1, "passphrase_file": "x"}))
    with pytest.raises(Conflict):
        Context(tmp_path, patients=50).clinic()


def test_a_clinic_is_built_once_and_copied(tmp_path: Path) -> None:
    first = Context(tmp_path, patients=50, seed=3)
    built = first.clinic()
    second = Context(tmp_path, patients=50, seed=3)
    assert second.clinic() == built
    assert second.today == first.today
    stage = second.stage("copy")
    assert (stage.data / "data" / "rows.db").read_bytes() == (built / "data" / "rows.db").read_bytes()
    assert len(second.root(stage.data)) == 32
    room = second.room("work")
    second.close()
    assert not stage.data.exists()
    assert not room.exists()
    assert built.exists()


# -- the report


class Page(HTMLParser):
    """Tags and attributes of a page, and whether it is balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    page = Page(report.as_html(drill(KEPT, BROKEN)))
    assert not page.open
    assert "script" not in page.tags
    assert not {"link", "img", "iframe", "object"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href")]


def test_the_page_says_what_happened_and_quotes_what_it_was_given() -> None:
    text = report.as_html(drill(KEPT, BROKEN))
    assert "1 of 2 promises broken" in text
    assert text.count("promise kept") == 1
    assert "He tried &lt;b&gt;hard&lt;/b&gt; &amp; long." in text
    assert "24,000 patients" in text
    assert "1 min 15 s" in text


def test_a_broken_step_shows_its_notes_at_once() -> None:
    broken = StepResult("p", "d", "l", False, (Figure("a", "b"),), ("why",))
    assert report.as_html(drill(broken)).count("<details open>") == 2
    assert "<details open>" not in report.as_html(drill(KEPT))


def test_json_and_page_are_written(tmp_path: Path) -> None:
    page, data = report.write(drill(KEPT, BROKEN), tmp_path / "new" / "place")
    told = json.loads(data.read_text())
    assert told["kept"] is False
    assert told["broken"] == ["step_1"]
    assert told["steps"][0]["figures"] == [{"label": "hits", "value": "0", "bar": "0"}]
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("results", "said"),
    [((KEPT,), "The promise was kept"), ((BROKEN,), "The promise was broken"), ((KEPT, KEPT), "All 2 promises kept"),
     ((BROKEN, BROKEN), "2 of 2 promises broken")],
)
def test_the_headline(results: tuple[StepResult, ...], said: str) -> None:
    assert report.headline(drill(*results).steps) == said


# -- the command


@pytest.mark.parametrize(("result", "status"), [(KEPT, 0), (BROKEN, 1), (Tampered("x"), 1)])
def test_the_command_ends_with_one_where_a_promise_is_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, result: StepResult | Exception, status: int
) -> None:
    monkeypatch.setattr(drilling, "chosen", lambda names: (step("one", result),))
    done = CliRunner().invoke(app, ["drill", "--quick", "--report", str(tmp_path / "report"), "--json"])
    assert done.exit_code == status
    told = json.loads(done.stdout)
    assert told["kept"] is (status == 0)
    assert Path(told["report"]).exists()
    words = CliRunner().invoke(app, ["drill", "--quick", "--report", str(tmp_path / "report")])
    assert words.exit_code == status


@pytest.mark.parametrize(
    ("args", "where"), [(["--only", "nothing"], "nothing"), (["--patients", "3"], "--patients"),
                        (["--patients", "-1"], "--patients")]
)
def test_wrong_input_is_refused_before_anything_is_built(tmp_path: Path, args: list[str], where: str) -> None:
    done = CliRunner().invoke(app, ["drill", *args, "--report", str(tmp_path / "report"), "--json"])
    assert done.exit_code == Invalid.exit_status
    assert json.loads(done.stdout)["where"] == where
    assert not (tmp_path / "report").exists()
