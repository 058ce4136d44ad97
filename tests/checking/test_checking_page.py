"""docs/running/check.md and the code say the same of every finding."""

from __future__ import annotations

import re
from pathlib import Path

from seifas.checking import looking
from seifas.checking.model import SEVERITIES, STORIES

PAGE = Path(__file__).parents[2] / "docs" / "running" / "check.md"


def test_every_finding_stands_on_the_page_as_in_the_code() -> None:
    page = PAGE.read_text()
    sections = dict(re.findall(r"^### `([a-z0-9-]+)`\n\n(.*?)(?=^#|\Z)", page, re.M | re.S))
    assert set(sections) == looking.IDS
    for kind in looking.KINDS:
        assert sections[kind.id].strip() == (
            f"{kind.severity}. {kind.title}.\n\n- Why: {kind.why} *{kind.story}*\n- Fix: {kind.fix}"
        ), kind.id


def test_ids_are_one_each_and_severities_known() -> None:
    assert len(looking.IDS) == len(looking.KINDS)
    for kind in looking.KINDS:
        assert kind.severity in SEVERITIES
        assert kind.story in STORIES
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", kind.id)
        assert not kind.title.endswith(".")
        assert kind.why.endswith(".")
        assert kind.fix.endswith(".")
