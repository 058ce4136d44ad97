"""docs/asvs.md names every section of ASVS 5.0 once, counts them rightly, and points at tests that exist."""

import re
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
PAGE = (HERE.parent / "docs" / "asvs.md").read_text(encoding="utf-8")
SECTIONS = (5, 4, 7, 4, 4, 8, 6, 4, 2, 7, 7, 3, 4, 3, 4, 5, 3)
"""How many sections each chapter of the standard has (5.0, docs/asvs.md says which state of it)."""


def rows() -> list[tuple[str, str]]:
    return re.findall(r"^\| V(\d+\.\d+) [^|]*\| ([^|]*) \|", PAGE, re.MULTILINE)


def test_every_section_once_and_in_order() -> None:
    wanted = [f"{chapter}.{at}" for chapter, number in enumerate(SECTIONS, 1) for at in range(1, number + 1)]
    assert [one for one, _ in rows()] == wanted


def test_the_counts_at_the_top() -> None:
    found = Counter(said.strip("* ") for _, said in rows())
    numbers = re.search(r"^\| sections of (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", PAGE, re.MULTILINE)
    assert numbers is not None
    told = [int(one) for one in numbers.groups()]
    assert told == [len(rows()), found["met"], found["partly"], found["not met"], found["-"]]


def test_named_tests_exist() -> None:
    named = set(re.findall(r"[a-z]+/test_[a-z0-9_]+\.py", PAGE))
    assert len(named) > 40
    assert [one for one in sorted(named) if not (HERE / one).exists()] == []
