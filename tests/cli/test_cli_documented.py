"""Commands that the documentation tells people to type exist: the verb, and each of its options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from seifas.cli.verbs import VERBS, command_of
from seifas.drill.steps import STEPS

VERBS_BY_NAME = {one.name: one for one in VERBS}
ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/systemd/*.service")])
_CODE = re.compile(
    r"`([^`]+)`|^(?: {4,}|```)?((?:/\S+/|ExecStart\w*=\S*/)?seifas [^`\n]*(?:\\\n[^\n]*)*)", re.MULTILINE
)
_TYPED = re.compile(r"(?:\S*/)?seifas ([a-z][a-z-]*\b(?![.=]).*)", re.DOTALL)


def _typed(page: Path) -> list[str]:
    """What is said to be typed after `seifas`, up to a comment."""
    text = re.sub(r"^```.*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = [(one or other).replace("\\\n", " ").rstrip("\\") for one, other in _CODE.findall(text)]
    typed = [match[1] for one in found if (match := _TYPED.match(" ".join(one.split())))]
    # In the pages of formats most such words are labels of bytes ("seifas flood chain"), and no commands.
    labels = page.parent.name == "formats"
    return [one.split(" #")[0] for one in typed if not labels or one.split()[0] in VERBS_BY_NAME]


def _wrong(typed: str) -> str:
    """What is wrong with it, or nothing."""
    words = typed.split()
    if words[0] not in VERBS_BY_NAME:
        return f"no verb {words[0]}"
    command = command_of(VERBS_BY_NAME[words.pop(0)])
    options = set(_options(command))
    while words and words[0] in getattr(command, "commands", ()):
        command = command.commands[words.pop(0)]
        options |= set(_options(command))
    return " ".join(
        f"no option {option}" for option in re.findall(r"(?<!\S)\[?(--[a-z-]+)", " ".join(words))
        if option not in options | {"--help"}
    )


def _options(command: Any) -> list[str]:
    return [name for one in command.params for name in (*one.opts, *one.secondary_opts)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_tells_people_to_type_exists(page: Path) -> None:
    wrong = {one: said for one in _typed(page) if (said := _wrong(one))}
    assert wrong == {}


def test_the_searcher_sees_them() -> None:
    typed = [one for page in PAGES for one in _typed(page)]
    assert len(typed) > 150
    assert sum("--" in one for one in typed) > 60
    assert _wrong("restore --data X --nothing Y") == "no option --nothing"
    assert _wrong("destroy") == "no verb destroy"
    assert _wrong("import fhir --date-first") == "no option --date-first"


def test_steps_of_the_drill_that_pages_name_exist() -> None:
    known = {one.name for one in STEPS}
    named = [
        name for page in PAGES for typed in _typed(page) for only in re.findall(r"drill .*--only ([\w,-]+)", typed)
        for name in only.split(",")
    ]
    assert named
    assert set(named) <= known
